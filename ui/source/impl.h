/* Private to ui/source: the cluster source and its parts. */
#ifndef SOURCE_IMPL_H
#define SOURCE_IMPL_H

#include "admin/admin.h"
#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "base/vec.h"
#include "io/loop.h"
#include "source/face.h"
#include "source/here.h"
#include "source/source.h"
#include "traffic/producer.h"

#define METADATA_EVERY_MS 5000
#define METADATA_SMALL    2000 /* partitions; asked for every second while something is broken */
#define SIZES_EVERY_MS    10000
#define NEW_SIZES_MS      1000
#define CONFIGS_EVERY_MS  30000
#define CONFIGS_RETRY_MS  3000 /* where they could not be had */
#define QUESTION_MS       5000 /* deadline of one question of a round */
#define DEAD_PAUSE_MS     1000 /* before a broker that failed is asked again, doubled up to: */
#define DEAD_PAUSE_MAX_MS 30000
#define VISIBLE_MAX       200
#define SHOW_MS           100

/* When one kind of question is asked next. */
struct turn {
	bool busy;
	int64_t id;       /* of the question in flight */
	int64_t due_ms;   /* loop time */
	int64_t asked_ms; /* when the last was asked */
};

/* A record whose time is wanted: the next one that a group reads (unread.c). */
enum unread_try { UNREAD_NEW, UNREAD_WHOLE, UNREAD_GIVEN_UP };
struct unread_ask {
	struct str group, topic;
	int32_t partition;
	int64_t offset;
	int32_t fetch; /* place in the question, below 0: not in it */
	uint8_t tried; /* enum unread_try */
};
struct unread_asks {
	struct unread_ask *v;
	size_t n, cap;
};
struct unread {
	struct turn turn;
	struct unread_asks want, asked; /* for the next question; in the last one */
	struct arena arena, asked_arena;
	struct map denied; /* topics that we may not read, until denied_ms is long ago */
	int64_t denied_ms;
	size_t from;
	struct compress_ctx *ctx; /* NULL until it is needed */
};

/* What a screen shows of a group. */
enum group_want { GROUP_UNSEEN, GROUP_ROW, GROUP_OPENED };

/* About many groups in one, and what of its answer has been fed. */
struct group_question {
	struct broker_poll *b;
	struct turn turn;
	bool *fed;
};

/* Questions to one coordinator about its groups (groups.c). */
struct group_poll {
	struct turn list;
	struct group_question classic, newer; /* members, by protocol */
	struct group_question commits;
	int64_t pause_ms; /* 0: it answers */
	int64_t list_pause_ms;
	int64_t back_ms;  /* when a slice of the groups nobody looks at was asked for last */
	int32_t cycle_ms; /* in which each of them has its turn */
	size_t cursor;    /* place in the source's groups where the next slice begins */
};

/* A group that a broker has listed. */
struct known_group {
	struct str name; /* also NUL-terminated, owned */
	int32_t broker;  /* its coordinator, as listed last */
	int32_t parts;   /* commits that it had, -1: not asked yet */
	int64_t listed_ms;
	int64_t asked_ms;      /* for its commits, -1 */
	int64_t not_before_ms; /* it was denied */
	uint32_t list_round, pick_round;
	int32_t every_ms; /* how often it is asked for at present */
	uint8_t want;     /* enum group_want */
	bool empty;       /* has no members: nothing to describe */
	bool classic;     /* false: DescribeGroups does not know it */
	bool newer;       /* ConsumerGroupDescribe does */
};

/* Questions to one broker: a dead one holds up nobody else. */
struct broker_poll {
	struct cluster_source *s;
	int32_t id;
	struct turn offsets, sizes;
	struct group_poll groups;
	int64_t pause_ms; /* 0: it answers */
	unsigned round;
	bool seen, answered; /* listed by metadata; a first answer (or failure) came */
	int64_t ends_ms;     /* as of when the ends under way are right at least */
	bool again;          /* the answer for offsets under way is too old for commits */
	bool *handled;       /* answers of the round under way that were fed */
};

struct cluster_source {
	struct source base; /* first */
	struct loop *loop;
	struct admin *admin;
	struct model *model;
	char *bootstrap;
	struct traffic_property *properties;
	size_t n_properties;
	int32_t interval_ms;
	bool read_only, frozen, hidden;
	struct io_timer timer;
	struct turn metadata, configs, detail, replicas;
	int64_t shape_ms;                       /* when topics came or went last; 0 */
	int64_t configs_retry_ms;               /* rows that failed are asked for again then */
	bool *replicas_fed;                     /* answers of `replicas` that were fed */
	VEC(struct admin_offset) replicas_held; /* answers that wait for the others' */
	char *replicas_topic;                   /* that they are of */
	unsigned replicas_round;
	bool replicas_told; /* some broker did tell an end in this round */
	VEC(struct broker_poll *) brokers;
	VEC(struct feed_partition) scratch;
	char *opened;
	VEC(char *) visible;
	VEC(struct known_group *) groups; /* in the order they came */
	struct map group_by_name;
	char *opened_group;
	VEC(char *) visible_groups;
	int64_t tick_ms; /* rounds of commits begin at multiples of the interval from here */
	int64_t show_ms; /* what was fed is shown by then; 0: nothing waits */
	uint32_t list_round, pick_round;
	/* When ends were asked for and commits came last; kept apart where both happen in one ms.
	 */
	int64_t ends_ms, commits_ms;
	bool fresh; /* commits of a group came that had none */
	struct unread unread;
	struct here here;
	struct faces faces;
	struct list ops, browses, produces;
	int64_t next_id;
};

static inline struct cluster_source *source_of(struct source *s)
{
	return CONTAINER_OF(s, struct cluster_source, base);
}

static inline int64_t now_of(const struct cluster_source *s)
{
	return loop_now_ms(s->loop);
}

/* One turn of asking. */
void turn_begin(struct cluster_source *s, struct turn *t);
/* The next is due after the interval, or twice the time this one took. */
void turn_end(struct cluster_source *s, struct turn *t, int64_t interval_ms);
void turn_cancel(struct cluster_source *s, struct turn *t);

/* No answer was had from anybody. */
static inline bool is_silent(int16_t kerr)
{
	return kerr == KERR_NETWORK_EXCEPTION || kerr == KERR_REQUEST_TIMED_OUT;
}

/* NULL: metadata does not list it. */
struct broker_poll *poll_of(const struct cluster_source *s, int32_t id);
/* Asks what is due and starts the timer for the rest. */
void poll_run(struct cluster_source *s);
void poll_stop(struct cluster_source *s);
/* Metadata and, behind it, offsets at once. */
void poll_now(struct cluster_source *s);
/* Something of what a start waits for has come. */
void poll_progress(struct cluster_source *s);
/* Shows what was fed, unless frozen. */
void poll_publish(struct cluster_source *s);
/* The same, but more may come before: at most SHOW_MS later. */
void poll_publish_soon(struct cluster_source *s);

/* Lists, descriptions and commits that are due, a question a coordinator and kind. Returns the next
 * due time. */
int64_t groups_run(struct cluster_source *s);
/* Until when ends wait at most for commits that are being asked for; 0: they do not. */
int64_t groups_hold_ends(const struct cluster_source *s);
/* Other groups are looked at: those that have not been asked for are. */
void groups_wanted(struct cluster_source *s);
/* Everything is due. */
void groups_now(struct cluster_source *s);
/* What came of a group's commits: the records behind them are asked for when all have come. */
void unread_note(struct cluster_source *s, const struct known_group *known,
	const struct offset_fetch_response_groups *in);
void unread_run(struct cluster_source *s);
/* An answer is about to come: what is shown now would be shown again. */
bool unread_pending(const struct cluster_source *s);
void unread_init(struct cluster_source *s);
void unread_forget(struct cluster_source *s);
void unread_fini(struct cluster_source *s);
/* A broker comes, and goes. */
void groups_add_broker(struct broker_poll *b);
void groups_drop_broker(struct broker_poll *b);
/* Another cluster, or the end. */
void groups_forget_known(struct cluster_source *s);

/* Settings of visible rows, settings and ends of the opened topic. Return the next due time. */
int64_t detail_run(struct cluster_source *s);
void detail_stop(struct cluster_source *s);
/* Ends are being asked for: those of the replicas are of the same moment. */
void detail_with_offsets(struct cluster_source *s);

/* Actions (act.c) */
int64_t act_create_topic(
	struct source *base, const struct topic_spec *t, source_done_fn *fn, void *arg);
int64_t act_delete_topics(
	struct source *base, const char *const *names, size_t n, source_done_fn *fn, void *arg);
int64_t act_add_partitions(
	struct source *base, const char *name, int32_t total, source_done_fn *fn, void *arg);
int64_t act_alter_configs(struct source *base, const char *name, const struct config_change *v,
	size_t n, source_done_fn *fn, void *arg);
int64_t act_purge(struct source *base, const struct purge_spec *p, source_done_fn *fn, void *arg);
int64_t act_elect(
	struct source *base, const char *topic, int32_t partition, source_done_fn *fn, void *arg);
/* Replicas (act_move.c) */
int64_t act_move_replicas(struct source *base, const char *topic, const struct replica_move *v,
	size_t n, source_done_fn *fn, void *arg);
int64_t act_list_moves(struct source *base, const char *topic, source_moves_fn *fn, void *arg);
/* Brokers (act_brokers.c) */
bool act_broker_can(struct source *s, enum broker_op op, int32_t broker, struct buf *command,
	struct buf *reason);
int64_t act_broker_control(
	struct source *base, enum broker_op what, int32_t broker, source_done_fn *fn, void *arg);
int64_t act_cut(struct source *base, int32_t a, int32_t b, bool on, source_done_fn *fn, void *arg);
int64_t act_slow(
	struct source *base, int32_t broker, int32_t delay_ms, source_done_fn *fn, void *arg);
/* False when no action under way has that id. */
bool act_cancel(struct cluster_source *s, int64_t id);
void act_stop(struct cluster_source *s);

/* Groups (act_groups.c, plan_reset.c) */
int64_t plan_reset(struct source *base, const struct reset_spec *r, source_plan_fn *fn, void *arg);
int64_t act_reset_offsets(struct source *base, const struct reset_spec *r,
	const struct reset_row *rows, size_t n, source_done_fn *fn, void *arg);
int64_t act_delete_groups(
	struct source *base, const char *const *names, size_t n, source_done_fn *fn, void *arg);
int64_t act_delete_offsets(struct source *base, const char *group, const char *topic,
	int32_t partition, source_done_fn *fn, void *arg);

int64_t produce_start(struct source *s, const struct produce_spec *p, source_produce_fn *fn,
	source_delivery_fn *each, void *arg);
bool produce_cancel(struct cluster_source *s, int64_t id);
/* As produce_cancel, and nobody is called back any more. */
void produce_forget(struct source *s, int64_t id);
void produce_stop(struct cluster_source *s);

struct browse *browse_open(
	struct source *s, const struct browse_spec *b, browse_changed_fn *fn, void *arg);
void browse_more(struct source *s, struct browse *b);
void browse_follow(struct source *s, struct browse *b, bool on);
void browse_close(struct source *s, struct browse *b);
void browse_stop(struct cluster_source *s);

#endif
