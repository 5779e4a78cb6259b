/*
 * What the files of the admin client share.
 *
 *   admin.c    the client, its operations and their ids
 *   node.c     brokers as addresses with links; which one serves a question for "any"
 *   ask.c      one question: routing, sending, repeating
 *   adapt.c    a request made fit for an older version
 *   scan.c     error codes found in any response; errors as words
 *   cache.c    what Metadata told; refresh.c asks for it
 *   scatter.c  a question about many partitions: grouped, sent and repeated a broker at a time
 *   offsets.c, fetch.c   what is asked that way
 *   crowd.c   a question about many groups, by their coordinators; groups.c what is asked that way
 *   each.c, calls.c, alter.c   the rest of the interface
 *
 * Arenas here have no limit: a copy of a message (msg_copy) does not fail.
 *
 * Invariant: a user's callback is the last thing that happens to an operation, or (for those with
 * several callbacks) the operation is marked busy over it and looks whether it was cancelled.
 */
#ifndef ADMIN_ADMIN_IMPL_H
#define ADMIN_ADMIN_IMPL_H

#include "admin/admin.h"
#include "base/list.h"
#include "base/map.h"
#include "base/vec.h"
#include "io/loop.h"

/* ---- operations ---- */

struct op {
	struct list_node node;
	int64_t id;
	bool internal; /* part of another operation */
	void (*cancel)(struct op *op);
};

/* Puts it in the list and gives it an id. */
int64_t op_start(struct admin *a, struct op *op, bool internal, void (*cancel)(struct op *));
/* Out of the list: it cannot be cancelled any more. */
void op_end(struct op *op);

/* ---- nodes ---- */

/* Fetches that wait at the broker and large answers have connections of their own: a broker
 * answers a connection's requests one after the other. */
enum lane { LANE_ASK, LANE_FETCH, LANE_TAIL, LANES };

struct node {
	struct admin *admin;
	int32_t id; /* -1: an address of the bootstrap list, nobody knows whose */
	char *host;
	uint16_t port;
	struct link *link[LANES]; /* NULL: not needed yet */
	uint64_t failed;          /* a->seq of the last failure of LANE_ASK, 0: none */
	uint32_t asks;            /* that wait for it or are sent to it */
	bool doubted;             /* asked what any can answer only where no other is there */
	bool silent;              /* so was the last that any could have answered: others first */
	bool gone;                /* not in the cluster any more: freed when no ask needs it */
};

struct seed {
	char *host;
	uint16_t port;
};

/* The cluster's list has changed. */
void nodes_update(struct admin *a);
struct node *node_find(const struct admin *a, int32_t id);
/* A connected one with little to do, not a doubted or silent one unless all are; or NULL. */
struct node *node_any(const struct admin *a);
/* Sees to it that questions for any broker get one: connects, and fails them when nobody answers.
 */
void nodes_pump(struct admin *a);
/* The node's link of that lane; made when missing. */
struct link *node_link(struct node *n, enum lane lane);
void nodes_free(struct admin *a);
/* "h:p,h:p" into a->seeds. */
int seeds_parse(struct admin *a, const char *text, struct err *e) MUSTCHECK;
/* Frees those that are gone, at the end of the turn. */
void nodes_sweep_later(struct admin *a);

/* ---- asks ---- */

enum ask_state { ASK_NEW, ASK_METADATA, ASK_LINK, ASK_SENT, ASK_PAUSE };

struct ask_spec {
	int16_t key;
	const void *request;
	bool lend; /* request outlives the ask: no copy */
	struct admin_target to;
	enum lane lane;
	bool once; /* errors in the response are the owner's business; no routing again */
	bool internal;
	int16_t cap;        /* highest version, 0: any */
	int64_t timeout_ms; /* 0: the client's */
	int64_t attempt_ms; /* 0: the client's request time-out */
	admin_reply_fn *fn;
	void *arg;
};

struct ask {
	struct op op;
	struct admin *admin;
	const struct api *api;
	struct ask_spec spec;
	struct arena arena; /* the request's copy */
	enum ask_state state;
	bool change; /* a lost one must not be repeated */
	bool stale;  /* metadata has to be asked for before the next attempt */
	bool fresh;  /* that has been done for this attempt */
	uint32_t attempts, lost;
	int64_t deadline_ms;
	struct node *at; /* ASK_LINK (NULL: any), ASK_SENT */
	uint64_t since;  /* ASK_LINK for any: a->seq when the wait began */
	int64_t call;    /* ASK_SENT */
	int64_t refresh; /* ASK_METADATA */
	struct io_timer deadline, pause;
	struct loop_defer start;
	struct err last; /* why the last attempt failed; code 0: none did */
};

/* Returns the ask's id; it begins at the end of the turn. */
int64_t ask_start(struct admin *a, const struct ask_spec *spec);
/* The ask waits for that link, which is READY now. */
void ask_send(struct ask *k, struct node *n);
/* The connection it waits for failed, or nobody answers. */
void ask_unconnected(struct ask *k, const struct err *why);
static inline struct ask *ask_of(struct op *op)
{
	return CONTAINER_OF(op, struct ask, op);
}
void ask_cancel(struct op *op);

/* admin_call_each; once: as in ask_spec. */
int64_t each_start(struct admin *a, int16_t key, const void *request, int64_t timeout_ms, bool once,
	admin_each_fn *fn, void *arg);

/* Changes what `version` cannot express to what means the same there, in a shallow copy of the
 * request; arrays come from the arena. ERR_UNSUPPORTED with words when there is no such thing. */
int adapt_request(
	int16_t key, int16_t version, void *request, struct arena *a, struct err *e) MUSTCHECK;

/* ---- errors in responses ---- */

struct scan {
	size_t errors;  /* codes that are not 0 */
	size_t fine;    /* items with code 0 */
	size_t passing; /* errors that a repetition may cure, with nothing done yet */
	int16_t first;
	struct str first_said; /* the broker's own words */
	char first_item[300];  /* "topic orders", "" for the whole */
};

/* Gathers all error codes of a response; change: fewer of them count as passing. */
void scan_response(
	const struct api *api, int16_t version, const void *response, bool change, struct scan *s);
/* The line for one partition. */
const char *partition_why(struct arena *a, struct str topic, int32_t partition, int16_t code);

/* ---- the cache ---- */

struct cache {
	struct admin_metadata pub;
	char *cluster_id;
	VEC(struct admin_broker) brokers;
	VEC(const struct admin_topic *) topics; /* by name */
};

struct refresh {
	struct op op;
	struct admin *admin;
	struct list_node node;
	struct io_timer deadline;
	struct arena arena;
	struct str *names;
	size_t n;
	bool all;
	bool joined; /* the request under way answers it */
	admin_refresh_fn *fn;
	void *arg;
};

/* Takes a response in; full: topics that it does not have are gone. */
void cache_update(struct admin *a, const struct metadata_response *r, bool full);
void cache_free(struct cache *c);
int64_t refresh_start(struct admin *a, bool internal, const struct str *topics, size_t n,
	int64_t timeout_ms, admin_refresh_fn *fn, void *arg);

/* ---- the client ---- */

struct admin {
	struct loop *loop;
	struct admin_options opt; /* no zeros; strings are not used */
	char *client_id;
	VEC(struct seed) seeds;
	VEC(struct node *) nodes;
	struct list ops;
	int64_t next_id;
	uint64_t seq; /* counts failed connections */
	struct io_timer hedge;
	struct loop_defer sweep;
	struct cache cache;
	struct list refreshes;
	struct loop_defer refresh_start;
	int64_t refreshing; /* the ask under way, 0: none */
	bool refresh_full;
};

static inline int64_t deadline_from(const struct admin *a, int64_t timeout_ms)
{
	return loop_now_ms(a->loop) + (timeout_ms > 0 ? timeout_ms : a->opt.timeout_ms);
}

/* At least 1: 0 would be the client's time-out. */
static inline int64_t time_left(const struct admin *a, int64_t deadline_ms)
{
	return max_i64(1, deadline_ms - loop_now_ms(a->loop));
}

/* The pause before a repetition. */
void pause_start(struct admin *a, struct io_timer *pause, uint32_t attempt);

/* ---- scatter ---- */

struct scatter;

struct part {
	struct str topic;
	int32_t partition;
	int32_t fixed;  /* broker to be asked, -1: the leader */
	int32_t broker; /* of the attempt */
	uint16_t wave;  /* how many equal ones are before it */
	uint16_t tries;
	uint8_t state; /* enum part_state */
	int16_t error;
	const char *why;
};

struct group {
	struct list_node node;
	struct scatter *scatter;
	struct arena arena;
	uint32_t *at; /* indexes of parts, by topic and partition */
	size_t n;
	int32_t broker;
	int64_t ask;
};

struct scatter_kind {
	int16_t key;
	/* The request for the group, in its arena; *cap: as in ask_spec. */
	const void *(*build)(struct scatter *s, struct group *g, int16_t *cap);
	/* Takes the answer in: sets error of each part it tells about (group_find), and
	 * scatter_told. */
	void (*take)(struct scatter *s, struct group *g, int16_t version, const void *response);
	/* These parts are final. */
	void (*report)(struct scatter *s, const uint32_t *at, size_t n, int32_t broker);
};

struct scatter {
	struct op op;
	struct admin *admin;
	const struct scatter_kind *kind;
	enum lane lane;
	struct arena arena;
	struct part *parts;
	size_t n, open;
	int64_t deadline_ms, attempt_ms;
	bool busy, dead;
	struct list groups;
	VEC(uint32_t) finals;
	struct io_timer pause;
	struct loop_defer start;
	uint32_t rounds;
	int64_t refresh;
};

/* s is zeroed but for what its kind adds behind it; parts are filled in up to `fixed`, names
 * already in s->arena. */
void scatter_init(struct scatter *s, struct admin *a, const struct scatter_kind *kind, size_t n,
	int64_t timeout_ms);
int64_t scatter_start(struct scatter *s);
/* The part of the group, or NULL. */
struct part *group_find(struct scatter *s, struct group *g, struct str topic, int32_t partition);
/* The part has an answer. */
void scatter_told(struct scatter *s, struct part *p, int16_t error);
/* Runs over the group's topics: the number of parts from i on that are of the same topic. */
size_t group_run(const struct scatter *s, const struct group *g, size_t i);

#endif
