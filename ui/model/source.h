/*
 * What a view may ask of a source, as calls through a table, so that views know no socket and a
 * test can stand in for a cluster. Every call returns at once; answers come later through a
 * callback on the loop's thread, never from inside the call. A cancelled call's callback does not
 * come; what was sent may still happen.
 *
 * With read_only, everything that changes the cluster is refused with ERR_DENIED (by the callback).
 * What the user did and how it went is also in the model's changes.
 */
#ifndef MODEL_SOURCE_H
#define MODEL_SOURCE_H

#include "base/err.h"
#include "model/move.h"
#include "model/records.h"
#include "model/reset.h"

struct source;

/* e NULL: done. Lent. */
typedef void source_done_fn(void *arg, const struct err *e);

struct config_change {
	const char *name;
	const char *value; /* NULL: back to the default */
};

struct topic_spec {
	const char *name;
	int32_t partitions;  /* -1: the cluster's default */
	int16_t replication; /* -1: the cluster's default */
	const struct config_change *configs;
	size_t n_configs;
	bool validate_only;
};

struct purge_spec {
	const char *topic;
	int32_t partition;     /* -1: all */
	int64_t before_offset; /* -1: up to the high watermark */
};

struct produce_header {
	const char *name;
	struct slice value; /* p == NULL: null */
};

enum produce_partitioner { PRODUCE_BY_KEY, PRODUCE_STICKY, PRODUCE_ROUND_ROBIN };

struct produce_spec {
	const char *topic;
	int32_t partition; /* -1: partitioner */
	enum produce_partitioner partitioner;
	struct slice key, value; /* p == NULL: null. "{n}" in them becomes the record's
				    number, from 0 */
	bool literal;            /* "{n}" stays as it is */
	const struct produce_header *headers;
	size_t n_headers;
	int64_t count;           /* 0: until cancelled */
	double rate;             /* records a second, 0: as fast as they go */
	const char *acks;        /* "all", "1", "0"; NULL: all */
	const char *compression; /* NULL: none */
};

struct produce_report {
	int64_t sent, done, failed; /* records so far */
	/* the latest that was written */
	int32_t partition; /* -1 */
	int64_t offset;    /* -1 */
	int64_t latency_us;
	bool finished;
	const struct err *e; /* the latest failure, NULL: none */
};
/* After each answer (at most twenty times a second when many), and with finished at the end. */
typedef void source_produce_fn(void *arg, const struct produce_report *r);

struct produce_delivery {
	int32_t partition;
	int64_t offset;          /* -1: not told, or not written */
	struct slice key, value; /* as they went, lent for the call; p == NULL: null */
	const struct err *e;     /* NULL: written */
};
/* Every single record's fate, in order of the answers; may be NULL. */
typedef void source_delivery_fn(void *arg, const struct produce_delivery *d);

/* What is under way of a topic, in no order; lent for the call. */
typedef void source_moves_fn(void *arg, const struct err *e, const struct moving *v, size_t n);

/* ---- brokers ----------------------------------------------------------------------------- */

/* What can be done to a broker whose process this machine's kdeck runs. */
enum broker_op {
	BROKER_STOP_CLEANLY, /* its leaderships move first */
	BROKER_KILL,         /* without warning */
	BROKER_PAUSE,        /* alive, and answers nothing */
	BROKER_CONTINUE,
	BROKER_START,
	BROKER_ADD,  /* one more; its id is what was asked for, -1: the next free one */
	BROKER_CUT,  /* off from another one, and joined again */
	BROKER_SLOW, /* delay everything it does */
};

/* ---- groups ------------------------------------------------------------------------------ */

/* By topic and partition; lent for the call. With e nothing was worked out: the group has members
 * (ERR_IN_USE), or is not there, or the topic is not … */
typedef void source_plan_fn(void *arg, const struct err *e, const struct reset_row *rows, size_t n);

/* ---- browsing ---------------------------------------------------------------------------- */

enum browse_from { BROWSE_EARLIEST, BROWSE_LATEST, BROWSE_OFFSET, BROWSE_TIME, BROWSE_LAST };

struct browse_spec {
	const char *topic;
	int32_t partition; /* -1: all */
	enum browse_from from;
	int64_t at;  /* offset, ms since 1970, or how many */
	size_t page; /* records to load before waiting for source_browse_more; 0: 500 */
	bool follow; /* go on at the end */
	bool read_committed;
	size_t max_records, max_bytes; /* of the window, 0: its defaults */
};

enum browse_state {
	BROWSE_STARTING, /* looking up where to begin */
	BROWSE_READING,
	BROWSE_PAGE,      /* a page is there, more exists */
	BROWSE_END,       /* the end was reached; not following */
	BROWSE_FOLLOWING, /* at the end, waiting for new ones */
	BROWSE_FAILED,
};
const char *browse_state_name(enum browse_state s);

/* One browse; the window is read-only for views. */
struct browse {
	struct record_window window;
	enum browse_state state;
	char why[400];   /* trouble with a partition, "": none; reading goes on where it can */
	int64_t read;    /* records read so far */
	int64_t skipped; /* damaged batches passed over */
	int64_t behind;  /* records up to the ends that were seen, -1 */
};
typedef void browse_changed_fn(void *arg, struct browse *b);

/* ---- the table ---------------------------------------------------------------------------- */

/* What the screen shows: asked for in detail. Copied. */
struct source_want {
	const char *topic;         /* opened; NULL: none */
	const struct str *visible; /* topics whose rows are seen; at most 200 count */
	size_t n_visible;
	const char *group;        /* opened; NULL: none */
	const struct str *groups; /* whose rows are seen; at most 200 count */
	size_t n_groups;
};

struct source_ops {
	void (*want)(struct source *s, const struct source_want *w);
	void (*refresh)(struct source *s);
	void (*freeze)(struct source *s, bool on);
	void (*hide)(struct source *s, bool hidden);
	void (*set_read_only)(struct source *s, bool on);
	void (*cancel)(struct source *s, int64_t id);
	int64_t (*create_topic)(
		struct source *s, const struct topic_spec *t, source_done_fn *fn, void *arg);
	int64_t (*delete_topics)(struct source *s, const char *const *names, size_t n,
		source_done_fn *fn, void *arg);
	int64_t (*add_partitions)(
		struct source *s, const char *topic, int32_t total, source_done_fn *fn, void *arg);
	int64_t (*alter_configs)(struct source *s, const char *topic, const struct config_change *v,
		size_t n, source_done_fn *fn, void *arg);
	int64_t (*purge)(
		struct source *s, const struct purge_spec *p, source_done_fn *fn, void *arg);
	int64_t (*elect)(struct source *s, const char *topic, int32_t partition, source_done_fn *fn,
		void *arg);
	int64_t (*move_replicas)(struct source *s, const char *topic, const struct replica_move *v,
		size_t n, source_done_fn *fn, void *arg);
	int64_t (*list_moves)(struct source *s, const char *topic, source_moves_fn *fn, void *arg);
	bool (*broker_can)(struct source *s, enum broker_op op, int32_t broker, struct buf *command,
		struct buf *reason);
	int64_t (*broker_control)(
		struct source *s, enum broker_op op, int32_t broker, source_done_fn *fn, void *arg);
	int64_t (*cut)(
		struct source *s, int32_t a, int32_t b, bool on, source_done_fn *fn, void *arg);
	int64_t (*slow)(
		struct source *s, int32_t broker, int32_t delay_ms, source_done_fn *fn, void *arg);
	int64_t (*plan_reset)(
		struct source *s, const struct reset_spec *r, source_plan_fn *fn, void *arg);
	int64_t (*reset_offsets)(struct source *s, const struct reset_spec *r,
		const struct reset_row *rows, size_t n, source_done_fn *fn, void *arg);
	int64_t (*delete_groups)(struct source *s, const char *const *names, size_t n,
		source_done_fn *fn, void *arg);
	int64_t (*delete_offsets)(struct source *s, const char *group, const char *topic,
		int32_t partition, source_done_fn *fn, void *arg);
	int64_t (*produce)(struct source *s, const struct produce_spec *p, source_produce_fn *fn,
		source_delivery_fn *each, void *arg);
	void (*produce_forget)(struct source *s, int64_t id);
	struct browse *(*browse)(
		struct source *s, const struct browse_spec *b, browse_changed_fn *fn, void *arg);
	void (*browse_more)(struct source *s, struct browse *b);
	void (*browse_follow)(struct source *s, struct browse *b, bool on);
	void (*browse_close)(struct source *s, struct browse *b);
};

struct source {
	const struct source_ops *ops;
};

/* Tells what is on the screen now: replaces what was told before. Views tell it whenever they are
 * drawn; the same once more costs nothing. */
static inline void source_want(struct source *s, const struct source_want *w)
{
	s->ops->want(s, w);
}
/* `r`: ask everything now. */
static inline void source_refresh(struct source *s)
{
	s->ops->refresh(s);
}
/* `z`: nothing is published until it is off. */
static inline void source_freeze(struct source *s, bool on)
{
	s->ops->freeze(s, on);
}
/* The console is not seen (suspended): nothing is asked. */
static inline void source_hide(struct source *s, bool hidden)
{
	s->ops->hide(s, hidden);
}
/* From the next request on. */
static inline void source_set_read_only(struct source *s, bool on)
{
	s->ops->set_read_only(s, on);
}
/* No effect for an unknown or finished id. A produce stops sending; reports of what was sent, and
 * the last one, still come. */
static inline void source_cancel(struct source *s, int64_t id)
{
	s->ops->cancel(s, id);
}
/* Each returns an id (> 0) for source_cancel. Strings and arrays are copied. */
static inline int64_t source_create_topic(
	struct source *s, const struct topic_spec *t, source_done_fn *fn, void *arg)
{
	return s->ops->create_topic(s, t, fn, arg);
}
static inline int64_t source_delete_topics(
	struct source *s, const char *const *names, size_t n, source_done_fn *fn, void *arg)
{
	return s->ops->delete_topics(s, names, n, fn, arg);
}
/* total: how many there shall be. */
static inline int64_t source_add_partitions(
	struct source *s, const char *topic, int32_t total, source_done_fn *fn, void *arg)
{
	return s->ops->add_partitions(s, topic, total, fn, arg);
}
static inline int64_t source_alter_configs(struct source *s, const char *topic,
	const struct config_change *v, size_t n, source_done_fn *fn, void *arg)
{
	return s->ops->alter_configs(s, topic, v, n, fn, arg);
}
static inline int64_t source_purge(
	struct source *s, const struct purge_spec *p, source_done_fn *fn, void *arg)
{
	return s->ops->purge(s, p, fn, arg);
}
/* Preferred leaders; topic NULL: everywhere; partition -1: all of the topic. */
static inline int64_t source_elect(
	struct source *s, const char *topic, int32_t partition, source_done_fn *fn, void *arg)
{
	return s->ops->elect(s, topic, partition, fn, arg);
}
/* Begins moves of a topic's partitions, or (n 0 in each) cancels them; done when the cluster has
 * taken them on, which is long before the replicas are where they shall be. */
static inline int64_t source_move_replicas(struct source *s, const char *topic,
	const struct replica_move *v, size_t n, source_done_fn *fn, void *arg)
{
	return s->ops->move_replicas(s, topic, v, n, fn, arg);
}
/* Changes nothing; not refused by read_only. */
static inline int64_t source_list_moves(
	struct source *s, const char *topic, source_moves_fn *fn, void *arg)
{
	return s->ops->list_moves(s, topic, fn, arg);
}
/* Can it be done to that broker now? If so, appends the shell command that does the same; if not,
 * why. Both bufs may be NULL. Not refused by read_only: the actions are. */
static inline bool source_broker_can(struct source *s, enum broker_op op, int32_t broker,
	struct buf *command, struct buf *reason)
{
	return s->ops->broker_can(s, op, broker, command, reason);
}
/* Any of BROKER_STOP_CLEANLY to BROKER_ADD; done when it has happened: the process has ended, the
 * new one is ready. */
static inline int64_t source_broker_control(
	struct source *s, enum broker_op op, int32_t broker, source_done_fn *fn, void *arg)
{
	return s->ops->broker_control(s, op, broker, fn, arg);
}
/* Cuts the brokers off from each other, both ways, or (on false) joins them again; b -1: a from
 * all others. */
static inline int64_t source_cut(
	struct source *s, int32_t a, int32_t b, bool on, source_done_fn *fn, void *arg)
{
	return s->ops->cut(s, a, b, on, fn, arg);
}
/* delay_ms 0: as fast as it can again. */
static inline int64_t source_slow(
	struct source *s, int32_t broker, int32_t delay_ms, source_done_fn *fn, void *arg)
{
	return s->ops->slow(s, broker, delay_ms, fn, arg);
}
/* Works a reset out and changes nothing; not refused by read_only. */
static inline int64_t source_plan_reset(
	struct source *s, const struct reset_spec *r, source_plan_fn *fn, void *arg)
{
	return s->ops->plan_reset(s, r, fn, arg);
}
/* Commits the rows of a plan as they are; r says what was asked for, for the command shown. */
static inline int64_t source_reset_offsets(struct source *s, const struct reset_spec *r,
	const struct reset_row *rows, size_t n, source_done_fn *fn, void *arg)
{
	return s->ops->reset_offsets(s, r, rows, n, fn, arg);
}
/* With their offsets; groups that have members are refused. */
static inline int64_t source_delete_groups(
	struct source *s, const char *const *names, size_t n, source_done_fn *fn, void *arg)
{
	return s->ops->delete_groups(s, names, n, fn, arg);
}
/* What a group has committed in a topic, partition -1: in all of it. */
static inline int64_t source_delete_offsets(struct source *s, const char *group, const char *topic,
	int32_t partition, source_done_fn *fn, void *arg)
{
	return s->ops->delete_offsets(s, group, topic, partition, fn, arg);
}
static inline int64_t source_produce(struct source *s, const struct produce_spec *p,
	source_produce_fn *fn, source_delivery_fn *each, void *arg)
{
	return s->ops->produce(s, p, fn, each, arg);
}
/* The caller goes: sending stops as with source_cancel, and nothing of it is called back any more.
 * What is on its way goes on; the model's changes tell the end. */
static inline void source_produce_forget(struct source *s, int64_t id)
{
	s->ops->produce_forget(s, id);
}
/* Opens a browse; fn after each change (once a turn at most). Lives until source_browse_close,
 * which is allowed in fn. Never NULL: trouble is in its state. */
static inline struct browse *source_browse(
	struct source *s, const struct browse_spec *b, browse_changed_fn *fn, void *arg)
{
	return s->ops->browse(s, b, fn, arg);
}
/* One page more; no effect unless BROWSE_PAGE. */
static inline void source_browse_more(struct source *s, struct browse *b)
{
	s->ops->browse_more(s, b);
}
static inline void source_browse_follow(struct source *s, struct browse *b, bool on)
{
	s->ops->browse_follow(s, b, on);
}
static inline void source_browse_close(struct source *s, struct browse *b)
{
	s->ops->browse_close(s, b);
}

#endif
