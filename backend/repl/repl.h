/*
 * The partitions this broker holds: which it leads, what waits to be appended, how far it is
 * committed, who waits for that.
 *
 *   repl_append()  queues a batch            any number of requests in one turn of the loop
 *   repl_turn()    one plog_append a partition, high watermarks, wake-ups, answers
 *
 * The image says what should be here (repl_follow …); this module makes it so on the disk. It
 * belongs to one loop and blocks only for opening and deleting logs.
 */
#ifndef REPL_REPL_H
#define REPL_REPL_H

#include "base/chain.h"
#include "delay/delay.h"
#include "meta/image.h"
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
	bool unclean_elections;
};

struct repl;
struct repl_topic;

struct partition {
	struct repl_topic *topic; /* NULL: deleted, only held for those that still refer to it */
	struct ref ref;
	int32_t index;
	struct plog *log; /* NULL: its log could not be opened, or it is not here */
	int32_t leader, leader_epoch;
	int32_t n_replicas, n_isr;
	bool leads;
	struct list_node dirty;
	struct list pending;      /* struct repl_append.node */
	struct list syncing;      /* appended, answered when the disk has them (flush.messages) */
	struct delay_key reads;   /* woken when there is more to read, or leadership goes */
	struct delay_key commits; /* woken when the high watermark moves, or leadership goes */
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

struct repl_settings {
	int32_t node_id;
	/* The effective settings of a topic, from image, properties and defaults. */
	void (*config)(void *arg, struct str topic, struct repl_config *out);
	void *arg;
	/* Syncs the log on another thread; done(done_arg, rc) comes on this one, also when the log
	 * is gone by then. Negative: not begun. NULL: syncs block. */
	int (*sync)(
		void *arg, struct plog *log, void (*done)(void *done_arg, int rc), void *done_arg);
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
/* Asks the settings' config() again; name null: for all topics. */
void repl_config_changed(struct repl *r, struct str name);

struct repl_topic *repl_topic(const struct repl *r, struct str name);
struct repl_topic *repl_topic_by_id(const struct repl *r, const struct uuid *id);
/* NULL: no such partition, or none of this broker's. */
struct partition *repl_partition(const struct repl_topic *t, int32_t index);
/* for (size_t i = 0; (t = repl_next(r, &i));) */
struct repl_topic *repl_next(const struct repl *r, size_t *i);

/* Kafka's code for a request that needs this broker to lead p: 0, NOT_LEADER_OR_FOLLOWER,
 * KAFKA_STORAGE_ERROR, FENCED_LEADER_EPOCH or UNKNOWN_LEADER_EPOCH (epoch -1: not asked). p NULL
 * gives UNKNOWN_TOPIC_OR_PARTITION. */
int16_t partition_check_leader(const struct partition *p, int32_t epoch);
/* NOT_ENOUGH_REPLICAS when acks=all may not be accepted now, else 0 (kafka-rules 5.4: min of
 * min.insync.replicas and the number of replicas). */
int16_t partition_check_isr(const struct partition *p);
/* What consumers may read: below this. read_committed: the last stable offset. */
int64_t partition_readable(const struct partition *p, bool committed_only);

/* A batch on its way into a log. */
struct repl_append {
	struct list_node node;
	/* in */
	uint8_t *batch; /* validated; stamped in place; lives until done */
	struct batch_header header;
	void (*done)(struct repl_append *a);
	/* out */
	struct partition *partition; /* with a reference that is the caller's to put */
	int16_t error;               /* Kafka's code */
	int64_t base_offset, last_offset;
	int64_t timestamp; /* log append time or -1 */
	int64_t log_start;
};

/* Queues; done is called in repl_turn, always. p must lead. */
void repl_append(struct partition *p, struct repl_append *a);
/* Appends what is queued. True when there was anything. */
bool repl_turn(struct repl *r);

struct partition *partition_get(struct partition *p);
void partition_put(struct partition *p);

#endif
