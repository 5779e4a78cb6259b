/* What the files of kdeck reassign share. Inside ui/cli (and its tests) only. */
#ifndef CLI_REASSIGN_H
#define CLI_REASSIGN_H

#include "cli/impl.h"

/* One partition and where its replicas shall be, or are. */
struct move {
	struct place at;
	struct ids replicas;    /* the preferred leader first */
	const struct str *dirs; /* the folder of each, null: any; NULL: any for all */
	size_t entry;           /* where it stood in the file */
};
typedef VEC(struct move) moves;

/* v must be sorted. NULL: it is not among them. */
const struct move *move_find(const moves *v, const struct place *at);
/* "orders-0,orders-1", sorted as v is. */
void put_moves(struct buf *out, const moves *v);

/* ---- the files (reassign_file.c) ---- */

/* A plan as --reassignment-json-file holds it, sorted; what stands in it points into text and the
 * arena. ERR_INVALID names what cannot be; ERR_TOO_BIG. strict: of a plan that is to be carried
 * out (it names partitions, each once, each with replicas, each once); else of two entries for a
 * partition the last counts. */
int plan_parse(struct str text, bool strict, struct arena *a, moves *out, struct err *e) MUSTCHECK;
/* The names in a --topics-to-move-json-file, sorted, each once. */
typedef VEC(struct str) topic_names;
int topics_parse(struct str text, struct arena *a, topic_names *out, struct err *e) MUSTCHECK;
/* The plan as Kafka's script writes it, on one line, without its end. */
void plan_put(struct buf *out, const moves *v);

/* ---- --generate (reassign_place.c) ---- */

struct place_broker {
	int32_t id;
	struct str rack; /* null: none */
};
/*
 * Spreads n partitions with `factor` replicas over the brokers (factor ≤ n_brokers, which the
 * caller makes sure of): leaders and followers evenly, each rack once before any twice. start is
 * where to begin, and moves on by n: topics laid out one after the other go on where the last
 * ended. Replicas of out[i] come from the arena.
 */
void place_replicas(const struct place_broker *brokers, size_t n_brokers, int32_t factor, size_t n,
	size_t *start, struct arena *a, struct ids *out);

/* ---- the command ---- */

/* A replica and a folder: where it is, or where it shall be. */
struct home {
	struct place at;
	int32_t broker;
	bool future; /* it is being copied there */
	bool done;   /* of a wish: the broker has taken it */
	struct str dir;
};
typedef VEC(struct home) homes;

/* What is under way for one partition. */
struct under_way {
	struct place at;
	struct ids replicas, adding, removing;
};

struct reassign {
	struct cli *c;
	struct arena tree;            /* the file; bounded */
	struct arena arena;           /* requests and answers */
	moves plan;                   /* by place */
	VEC(struct under_way) active; /* by place */
	homes homes;                  /* by place and broker */
};

/* Asks for everything that is under way, into x->active. CLI_OK or CLI_NO (printed), as all that
 * follow. */
int reassign_ask_active(struct reassign *x) MUSTCHECK;
const struct under_way *reassign_find_active(const struct reassign *x, const struct place *at);
/* Metadata of the topics of the plan and of all brokers. */
int reassign_refresh(struct reassign *x) MUSTCHECK;
/* Where the partition's replicas are by metadata; n 0: there is no such partition. */
struct ids reassign_current(const struct reassign *x, const struct place *at);
/* Begins (replicas) or cancels (without) these moves. Partitions that the cluster refused are
 * printed below `head`. With --json the results are printed too. */
int reassign_alter(struct reassign *x, const moves *v, bool cancel, const char *head) MUSTCHECK;

int reassign_execute(struct reassign *x) MUSTCHECK;
int reassign_verify(struct reassign *x) MUSTCHECK;
int reassign_cancel(struct reassign *x) MUSTCHECK;
/* Opens the client itself: --broker-list is looked at before. */
int reassign_generate(struct reassign *x) MUSTCHECK;
/* --throttle: sets it for what is under way and for the plan; current has the plan's partitions as
 * they are. */
int reassign_set_throttle(struct reassign *x, const moves *current, int64_t rate) MUSTCHECK;
/* --replica-alter-log-dirs-throttle, on the brokers of these. */
int reassign_set_dir_throttle(struct reassign *x, const homes *wishes, int64_t rate) MUSTCHECK;
/* Takes every throttle from all brokers and the plan's topics, unless --preserve-throttles. */
int reassign_clear_throttles(struct reassign *x) MUSTCHECK;

/* ---- folders (reassign_dirs.c) ---- */

/* Asks every broker where it keeps replicas of these partitions, into x->homes. A broker that does
 * not answer is told and left out. */
int reassign_find_homes(struct reassign *x, const moves *v) MUSTCHECK;
/* Null: not known, or (future) it is not being copied. */
struct str reassign_home(
	const struct reassign *x, const struct place *at, int32_t broker, bool future);
/* Fills in dirs by x->homes. */
void reassign_take_homes(struct reassign *x, moves *v);
/* The folders that v names, by broker. */
void reassign_wishes(const moves *v, homes *out);
/* Tells the brokers, again until each replica is there or --timeout is over. v is used up. */
int reassign_move_dirs(struct reassign *x, homes *v) MUSTCHECK;
enum dir_state { DIR_DONE, DIR_MOVING, DIR_MOVING_ELSEWHERE, DIR_NOT_MOVING, DIR_MISSING };
enum dir_state dir_state_of(const struct reassign *x, const struct home *wish);
/* A line in the words of Kafka's script. */
void put_dir_state(struct buf *out, const struct reassign *x, const struct home *wish);

#endif
