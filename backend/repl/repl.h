/*
 * The partitions this broker holds: which it leads, what waits to be appended, how far it is
 * committed, who waits for that; which it follows, and the fetching from their leaders.
 *
 *   repl_append()  queues a batch            any number of requests in one turn of the loop
 *   repl_turn()    one plog_append a partition, high watermarks, wake-ups, answers, and requests
 *                  to leaders and the controller that are due
 *
 *   ABSENT ──image names this broker──▶ FOLLOWING ◀──image: leader──▶ LEADING
 *      ▲                                (a leader, or none now)          │
 *      └──────────────────── image: no replica here any more ────────────┘
 *
 * The image says what should be here; this module makes it so on the disk. It belongs to one loop
 * and blocks only for opening, truncating and deleting logs. Other brokers are reached through
 * struct repl_net alone.
 */
#ifndef REPL_REPL_H
#define REPL_REPL_H

#include "base/chain.h"
#include "delay/delay.h"
#include "meta/image.h"
#include "repl/replica.h"
#include "store/store.h"

/* What a topic's settings mean for its partitions. */
struct repl_config {
	struct plog_config log;
	int32_t max_message_bytes;
	int32_t min_insync_replicas;
	bool log_append_time;
	int64_t before_max_ms; /* message.timestamp.before.max.ms */
	int64_t after_max_ms;
	int compression;       /* enum compress to store with, or -1: as produced */
	int compression_level; /* for it; COMPRESS_LEVEL_DEFAULT */
};

struct repl;
struct repl_topic;
struct repl_fetcher;
struct arena;
struct fetch_request;
struct alter_partition_request;

/* What a follower does about one partition. See follower.h. */
struct follower {
	struct repl_fetcher *fetcher; /* NULL: nobody to fetch from */
	struct list_node node;        /* of the fetcher's */
	struct list_node changed;     /* to be told to the leader with the next request */
	struct list_node held;        /* not fetched until held_until */
	bool in_session;              /* the leader's session has it */
	bool syncing;                 /* held until the disk has what was appended */
	uint64_t since;               /* answers to earlier requests do not count */
	int64_t held_until;           /* monotonic ms */
	uint32_t failures;            /* in a row */
};

struct partition {
	struct repl_topic *topic; /* NULL: deleted, only held for those that still refer to it */
	struct ref ref;
	int32_t index;
	struct plog *log;         /* NULL: not made yet, or offline, or it is not here */
	bool offline;             /* its log could not be made; tried again now and then */
	struct list_node opening; /* its log is to be made in one of the next turns */
	/* What it is once it has a log; owned, NULL when it has one. */
	struct image_partition *wanted;
	int32_t leader, leader_epoch, partition_epoch;
	int32_t n_replicas, n_isr; /* as the image has them */
	bool leads;
	uint32_t term; /* of this broker's leading: what was appended in another may be gone */
	struct replicas replicas; /* while it leads */
	struct follower follower;
	struct list_node moved; /* replicas have moved: the high watermark may, at the turn's end */
	struct list_node alter; /* an ISR to be proposed */
	struct list_node dirty;
	struct list pending;      /* struct repl_append.node */
	struct list syncing;      /* appended, answered when the disk has them (flush.messages) */
	int32_t n_syncs;          /* under way */
	int64_t unsynced;         /* first offset of those; INT64_MAX: none. Not committed before */
	struct delay_key reads;   /* woken when there is more to read, or leadership goes */
	struct delay_key ends;    /* woken when the log grows or its start moves: for followers */
	struct delay_key commits; /* woken when the high watermark or the others' log starts move,
				     or leadership goes */
	uint64_t records_in, bytes_in, bytes_out;
};

struct repl_topic {
	struct repl *repl;
	struct str name; /* owned, NUL-terminated */
	struct uuid id;
	bool internal;
	struct repl_config config;
	struct partition **partitions; /* by index; NULL: none of ours */
	int32_t n_partitions;
};

/* As link_reply_fn: e NULL and the decoded response, which lives until the callback returns; or e.
 */
typedef void repl_reply_fn(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena);

/* The way to other brokers. A call gives its id (> 0) and later calls fn exactly once, unless it is
 * cancelled; or it gives an error (<= 0) and fn is not called. Requests are encoded before it
 * returns. */
struct repl_net {
	void *arg;
	int64_t (*fetch)(void *arg, int32_t leader, const struct fetch_request *req,
		repl_reply_fn *fn, void *fn_arg);
	void (*cancel)(void *arg, int64_t id);
	/* To the active controller. */
	int64_t (*alter_partition)(void *arg, const struct alter_partition_request *req,
		repl_reply_fn *fn, void *fn_arg);
	void (*cancel_alter)(void *arg, int64_t id);
	/* Of this broker's registration; -1: none now. */
	int64_t (*broker_epoch)(void *arg);
};

struct repl_settings {
	int32_t node_id;
	/* The effective settings of a topic, from image, properties and defaults. */
	void (*config)(void *arg, struct str topic, struct repl_config *out);
	void *arg;
	/* Syncs the log on another thread; done(done_arg, rc) comes on this one, also when the log
	 * is gone by then. Negative: not begun. NULL: syncs block. */
	int (*sync)(
		void *arg, struct plog *log, void (*done)(void *done_arg, int rc), void *done_arg);
	/* The epoch of a broker that the image has, unfenced and not about to stop; -1: none such.
	 * NULL: there are no others. */
	int64_t (*live_epoch)(void *arg, int32_t broker);
	struct repl_net net;              /* fetch NULL: this broker is alone */
	int64_t lag_ms;                   /* replica.lag.time.max.ms */
	int32_t fetch_wait_ms;            /* replica.fetch.wait.max.ms */
	int32_t fetch_min_bytes;          /* replica.fetch.min.bytes */
	int32_t fetch_max_bytes;          /* replica.fetch.max.bytes, a partition */
	int32_t fetch_response_max_bytes; /* replica.fetch.response.max.bytes */
	int64_t fetch_backoff_ms;         /* replica.fetch.backoff.ms */
};

struct repl *repl_new(struct store *store, const struct repl_settings *set);
/* Lets go of partitions; the logs stay the store's. Pending appends are answered with an error. */
void repl_free(struct repl *r);

/* After the first replay of the metadata log: partitions for all that the image has, opened logs
 * where there are some of the same topic id, new ones else; logs of nobody are deleted. */
void repl_load(struct repl *r, const struct image *img);
/* One change each, as the image's listener tells them. */
void repl_topic_created(struct repl *r, const struct image_topic *t);
void repl_topic_deleted(struct repl *r, const struct image_topic *t);
void repl_partition_changed(struct repl *r, const struct image_topic *t, int32_t index);
/* A broker was registered, fenced, unfenced or unregistered. */
void repl_broker_changed(struct repl *r, int32_t id);
/* Asks the settings' config() again; name null: for all topics. */
void repl_config_changed(struct repl *r, struct str name);

struct repl_topic *repl_topic(const struct repl *r, struct str name);
struct repl_topic *repl_topic_by_id(const struct repl *r, const struct uuid *id);
/* NULL: no such partition, or none of this broker's. */
struct partition *repl_partition(const struct repl_topic *t, int32_t index);
/* for (size_t i = 0; (t = repl_next(r, &i));) */
struct repl_topic *repl_next(const struct repl *r, size_t *i);

/* Kafka's code for a request that needs this broker to lead p: 0, NOT_LEADER_OR_FOLLOWER (also when
 * its log is not made yet), KAFKA_STORAGE_ERROR (offline), FENCED_LEADER_EPOCH or
 * UNKNOWN_LEADER_EPOCH (epoch -1: not asked). p NULL gives UNKNOWN_TOPIC_OR_PARTITION. */
int16_t partition_check_leader(const struct partition *p, int32_t epoch);
/* NOT_ENOUGH_REPLICAS when acks=all may not be accepted now, else 0 (kafka-rules 5.4: min of
 * min.insync.replicas and the number of replicas). */
int16_t partition_check_isr(const struct partition *p);
/* What consumers may read: below this. read_committed: the last stable offset. */
int64_t partition_readable(const struct partition *p, bool committed_only);
/* A new leader does not know how far its predecessors had committed until it has committed
 * something of its own: it tells nobody where the end is. */
bool partition_knows_end(const struct partition *p);
/* Where an epoch ends in the leader's log, as epoch_cache_end, but with the leader's own epoch, of
 * which there may be no batch yet. */
void partition_epoch_end(const struct partition *p, int32_t asked, int32_t *epoch, int64_t *end);
/* True: a reader at offset who has last read a batch of last_epoch has read another log than this;
 * *epoch and *end say up to where they may agree. False also when last_epoch is negative. */
bool partition_diverges(const struct partition *p, int32_t last_epoch, int64_t offset,
	int32_t *epoch, int64_t *end);
/* A follower has asked for what is at f->offset (leader_leo and now_ms are filled in here). p
 * leads. UNKNOWN_LEADER_EPOCH: it is none of the replicas; NOT_LEADER_OR_FOLLOWER: an earlier
 * incarnation of that broker. */
int16_t partition_fetched(struct partition *p, struct replica_fetch *f);
/* Lowest log start of the replicas that count for it, REPLICA_UNKNOWN: not known. */
int64_t partition_low_watermark(const struct partition *p);
/* Consumers and followers that wait look again: the log's start was moved here. */
void partition_wake_readers(struct partition *p);

/* A batch on its way into a log. */
struct repl_append {
	struct list_node node;
	/* in */
	uint8_t *batch; /* validated; stamped in place; lives until done */
	struct batch_header header;
	void (*done)(struct repl_append *a);
	/* out */
	struct partition *partition; /* with a reference that is the caller's to put */
	uint32_t term;               /* partition->term then */
	int16_t error;               /* Kafka's code */
	int64_t base_offset, last_offset;
	int64_t timestamp; /* log append time or -1 */
	int64_t log_start;
};

/* Queues; done is called in repl_turn, always. p must lead. */
void repl_append(struct partition *p, struct repl_append *a);
/* Makes logs, appends what is queued, moves high watermarks, sends what is due. True: partitions
 * that had no log have one now. */
bool repl_turn(struct repl *r);
/* Something is queued for the next repl_turn. */
bool repl_has_work(const struct repl *r);
/* When repl_turn has something to do by itself, in ms of the store's monotonic clock; INT64_MAX:
 * never. */
int64_t repl_due_ms(const struct repl *r);

/* What became of an append that waits for all replicas: 0: committed; -1: not yet; else Kafka's
 * code: leadership was lost, or too few replicas are in sync now. */
int16_t repl_append_outcome(const struct repl_append *a);

struct partition *partition_get(struct partition *p);
void partition_put(struct partition *p);

#endif
