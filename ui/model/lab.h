/*
 * The lab: producers and consumers that the console runs as processes of their own, each a real
 * client, so that a crash is a crash. What a screen may see of them and ask for; no process, no
 * socket. Members stand in the order they were added; a member that has ended stays until it is
 * removed, so that one sees how it went.
 *
 *   STARTING --client is there--> RUNNING <--pause, go on--> PAUSED
 *      |                             |                          |
 *      +----------- stop ------------+--------------------------+--> STOPPING --> STOPPED
 *      +---- killed by a signal -----+----> KILLED
 *      +---- gave up, or talks nonsense --> FAILED        each of the last three: start -->
 * STARTING
 */
#ifndef MODEL_LAB_H
#define MODEL_LAB_H

#include "base/bytes.h"
#include "base/err.h"

enum lab_kind { LAB_PRODUCER, LAB_CONSUMER };

enum lab_state {
	LAB_STARTING,
	LAB_RUNNING,
	LAB_PAUSED,
	LAB_STOPPING, /* finishes what it has in hand, commits, leaves its group */
	LAB_STOPPED,
	LAB_KILLED,
	LAB_FAILED,
	LAB_STATE_COUNT,
};
/* "running"; static storage. */
const char *lab_state_name(enum lab_state s);
static inline bool lab_state_alive(enum lab_state s)
{
	return s <= LAB_STOPPING;
}

enum lab_commit {
	LAB_COMMIT_AFTER,  /* processing: a crash has records processed again (at least once) */
	LAB_COMMIT_BEFORE, /* processing: a crash loses records (at most once) */
};

enum lab_assignor { LAB_RANGE, LAB_ROUND_ROBIN, LAB_COOPERATIVE };
/* Kafka's names: "range", "roundrobin", "cooperative-sticky". */
const char *lab_assignor_name(enum lab_assignor a);
const char *lab_commit_name(enum lab_commit c); /* "after", "before" */

#define LAB_MEMBERS_MAX    64
#define LAB_NAME_MAX       100
#define LAB_TOPIC_MAX      249
#define LAB_TOPICS_MAX     999
#define LAB_GROUP_MAX      255
#define LAB_RATE_MAX       100000
#define LAB_KEYS_MAX       1000000
#define LAB_SIZE_MAX       1000000
#define LAB_PROCESS_MAX_MS 30000
#define LAB_MAX_POLL_MS    45000 /* max.poll.interval.ms of consumers; more than a record takes */
#define LAB_SESSION_MIN_MS 6000  /* group.min.session.timeout.ms */
#define LAB_SESSION_MAX_MS 300000

/* What a member is to do. Of an edit only what may change while it runs counts (marked *). */
struct lab_spec {
	enum lab_kind kind;
	char name[LAB_NAME_MAX + 1];    /* "": the next free lab-N; its client.id */
	char topic[LAB_TOPICS_MAX + 1]; /* a consumer may have several, separated by commas */
	/* a producer */
	int32_t rate;        /* * records a second */
	int32_t keys;        /* * so many different keys; 0: none */
	int32_t hot_percent; /* * of the records have the first key */
	int32_t size;        /* * bytes of a value */
	/* a consumer */
	char group[LAB_GROUP_MAX + 1];
	int32_t process_ms;     /* * for each record */
	enum lab_commit commit; /* * */
	enum lab_assignor assignor;
	int32_t session_ms;
	bool from_end;      /* where nothing was committed: the end instead of the start */
	int64_t stop_after; /* records, then it stops by itself; 0: never */
};
/* Sensible values for a form's first look: kind is as given. */
void lab_spec_init(struct lab_spec *s, enum lab_kind kind);
/* Could it be run? ERR_INVALID with what is wrong with it. */
int lab_spec_check(const struct lab_spec *s, struct err *e) MUSTCHECK;

/* One partition that a consumer holds. */
struct lab_share {
	char topic[LAB_TOPIC_MAX + 1];
	int32_t partition;
	int64_t next;      /* offset that it will process next; -1: nothing was processed yet */
	int64_t committed; /* by it; -1 */
};

struct lab_member {
	uint32_t id; /* of the row, never used twice */
	struct lab_spec spec;
	enum lab_state state;
	int32_t pid; /* of the last process */
	const struct lab_share *shares;
	size_t n_shares; /* by topic, partition */
	int64_t done;    /* records processed, or written and acknowledged */
	int64_t failed;  /* records that could not be written */
	double rate;     /* done a second, mean of the last seconds; NaN: not known yet */
	/* Counted by offsets, where a partition comes to a member of the lab from another. */
	int64_t again; /* had been processed before: committed too late, or not at all */
	int64_t lost;  /* committed, and nobody processed them */
	int32_t rebalances;
	bool put_out;           /* paused for so long that the group has gone on without it */
	int64_t since_wall_ms;  /* in this state */
	int64_t commit_wall_ms; /* the last commit that was acknowledged; -1: none */
	int32_t term_signal;    /* LAB_KILLED */
	char why[300];          /* its trouble, or why it has FAILED; "": none */
};

struct lab;

struct lab_ops {
	int (*add)(struct lab *l, const struct lab_spec *s, uint32_t *id, struct err *e);
	int (*edit)(struct lab *l, uint32_t id, const struct lab_spec *s, struct err *e);
	int (*pause)(struct lab *l, uint32_t id, bool on, struct err *e);
	int (*kill)(struct lab *l, uint32_t id, struct err *e);
	int (*stop)(struct lab *l, uint32_t id, struct err *e);
	int (*start)(struct lab *l, uint32_t id, struct err *e);
	int (*remove)(struct lab *l, uint32_t id, struct err *e);
};

/* members is the lab's: a view reads it and keeps nothing of it. */
struct lab {
	const struct lab_ops *ops;
	const struct lab_member *const *members;
	size_t n;
};

/* The members as they are now, for a screen that is frozen: nothing can be asked of the copy. */
struct lab *lab_hold(const struct lab *l);
/* NULL is allowed. */
void lab_hold_free(struct lab *l);

/* NULL: not there. */
const struct lab_member *lab_find(const struct lab *l, uint32_t id);
const struct lab_member *lab_find_name(const struct lab *l, const char *name);

/* All below: 0 or an error with its words; ERR_DENIED under --read-only; ERR_NOT_FOUND; ERR_INVALID
 * where the member's state or kind does not allow it. Each returns at once: what becomes of it is
 * seen in the member. */
static inline int lab_add(struct lab *l, const struct lab_spec *s, uint32_t *id, struct err *e)
{
	return l->ops->add(l, s, id, e);
}
/* Takes effect with the next record. */
static inline int lab_edit(struct lab *l, uint32_t id, const struct lab_spec *s, struct err *e)
{
	return l->ops->edit(l, id, s, e);
}
/* A paused producer sends nothing. A paused consumer hangs: it polls no more and answers no
 * rebalance, but its heartbeats go on. */
static inline int lab_pause(struct lab *l, uint32_t id, bool on, struct err *e)
{
	return l->ops->pause(l, id, on, e);
}
/* SIGKILL. */
static inline int lab_kill(struct lab *l, uint32_t id, struct err *e)
{
	return l->ops->kill(l, id, e);
}
static inline int lab_stop(struct lab *l, uint32_t id, struct err *e)
{
	return l->ops->stop(l, id, e);
}
/* One that has ended, with the settings it has. */
static inline int lab_start(struct lab *l, uint32_t id, struct err *e)
{
	return l->ops->start(l, id, e);
}
/* The row of one that has ended. */
static inline int lab_remove(struct lab *l, uint32_t id, struct err *e)
{
	return l->ops->remove(l, id, e);
}

#endif
