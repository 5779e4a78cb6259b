/* The writing side of the model, for sources. What is fed becomes visible with model_publish. */
#ifndef MODEL_FEED_H
#define MODEL_FEED_H

#include "base/err.h"
#include "model/model.h"

struct feed_broker {
	int32_t id;
	struct str host;
	int32_t port;
	struct str rack; /* null: none */
};

struct feed_partition {
	int32_t index;
	int16_t error;
	int32_t leader, leader_epoch;
	const int32_t *replicas, *isr, *offline;
	int32_t n_replicas, n_isr, n_offline;
};

struct feed_topic {
	struct str name;
	struct uuid id;
	bool internal;
	int16_t error;
	const struct feed_partition *partitions; /* by index */
	int32_t n_partitions;
};

/* Full metadata: what is not in it is gone. A callback a topic keeps the source from building the
 * whole list; topics come in rising order of names. */
struct feed_metadata {
	struct str cluster_id; /* null: not told */
	int32_t controller;
	const struct feed_broker *brokers; /* by id */
	size_t n_brokers;
	size_t n_topics;
	void (*topic)(void *arg, size_t i, struct feed_topic *out);
	void *arg;
	int32_t interval_ms;
};
void feed_metadata(struct model *m, int64_t now_ms, const struct feed_metadata *in);
/* The last try failed. */
void feed_metadata_failed(struct model *m, int code);
/* What the connection to a broker says. why may be NULL; rtt_us -1. */
void feed_broker_state(struct model *m, int64_t now_ms, int32_t id, enum broker_state state,
	int64_t rtt_us, const char *why);
/* What this machine knows of its process. A broker that metadata does not list keeps its row while
 * there is one, or was. */
void feed_broker_process(struct model *m, int64_t now_ms, int32_t id, enum broker_process process);
/* Does it vote for the controller? */
void feed_broker_votes(struct model *m, int32_t id, bool votes);
/* All that vote, brokers or not, and how many of them run; n 0: not known. */
void feed_voters(struct model *m, int32_t n, int32_t running);
/* What was done to it, in words; NULL or "": nothing. */
void feed_broker_fault(struct model *m, int32_t id, const char *words);
/* Why it says that it does not serve; NULL or "": it does, or is not asked. no_controller: that it
 * knows of none is among it. */
void feed_broker_trouble(struct model *m, int32_t id, const char *words, bool no_controller);
/* Answer of a broker for offsets (code 0), or why there is none. */
void feed_broker_offsets(
	struct model *m, int64_t now_ms, int32_t id, int32_t interval_ms, int code);

enum feed_offset { FEED_START, FEED_END, FEED_REPLICA_END, FEED_REPLICA_START };
/* One offset of one partition; replica counts for FEED_REPLICA_… only. kerr != 0: there is none.
 * False when the model does not have the partition. */
bool feed_offset(struct model *m, int64_t now_ms, struct str topic, int32_t partition,
	enum feed_offset what, int32_t replica, int64_t offset, int16_t kerr);
/* The ends of a topic's followers have been asked. */
void feed_topic_replicas(
	struct model *m, int64_t now_ms, struct str topic, int32_t interval_ms, int code);

/* Settings of a topic. full: all of them with documentation, kept as a list; else only those that
 * lists show. */
void feed_configs(struct model *m, int64_t now_ms, struct str topic, const struct topic_config *v,
	size_t n, bool full, int32_t interval_ms);
void feed_configs_failed(struct model *m, struct str topic, int code, int16_t kerr);

/* Sizes: begin, one call a replica, end. A replica not named has gone. */
void feed_sizes_begin(struct model *m, int32_t broker);
void feed_size(struct model *m, int32_t broker, struct str topic, int32_t partition, int64_t bytes);
void feed_sizes_end(struct model *m, int64_t now_ms, int32_t broker, int64_t total,
	int64_t free_bytes, int32_t interval_ms);
void feed_sizes_failed(
	struct model *m, int32_t broker, int32_t interval_ms, int code, int16_t kerr);

void feed_progress(struct model *m, const struct progress *p);
/* Something the user did. */
struct feed_deed {
	const char *topic, *group; /* what it was done to; NULL */
	const char *text;
	const char *command; /* NULL: none does the same */
	/* The change of that topic or group which it brings, not told once more when it is seen;
	 * 0: none. */
	enum change_kind effect;
	bool to_broker; /* it was done to this one */
	int32_t broker;
};
/* e NULL: done. Copied. */
void feed_action(struct model *m, int64_t now_ms, int64_t wall_ms, const struct feed_deed *d,
	const struct err *e);

/* What a broker tells of itself and of the others: c->sure is not CHANGE_SEEN. Copied. */
void feed_event(struct model *m, const struct change *c);

/* Makes what was fed the present snapshot: totals, rates, history, changes. False when nothing
 * was fed since the last time. */
bool model_publish(struct model *m, int64_t now_ms, int64_t wall_ms);

#endif
