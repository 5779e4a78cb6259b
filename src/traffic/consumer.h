/*
 * A consumer of explicitly named partitions, of which nothing is committed anywhere; or a member of
 * a group, which shares topics with the others and commits what has been delivered. Records come in
 * batches on the loop; a paused consumer reads ahead a bounded amount and waits.
 */
#ifndef TRAFFIC_CONSUMER_H
#define TRAFFIC_CONSUMER_H

#include "traffic/traffic.h"
#include <stdbool.h>

struct loop;
struct consumer;

enum consumer_from {
	CONSUMER_EARLIEST,
	CONSUMER_LATEST,
	CONSUMER_OFFSET,    /* at: an offset */
	CONSUMER_TIMESTAMP, /* at: ms since 1970; the end when nothing is as young */
	CONSUMER_LAST,      /* at: that many records before the end */
};

/* Where to begin in one partition. */
struct consumer_start {
	struct str topic;
	int32_t partition;
	enum consumer_from from;
	int64_t at;
};

enum consumer_time { CONSUMER_NO_TIME, CONSUMER_CREATE_TIME, CONSUMER_LOG_APPEND_TIME };

/* Lent for the callback. */
struct consumer_record {
	struct str topic;
	int32_t partition;
	int64_t offset;
	int64_t timestamp; /* ms since 1970, -1: none */
	enum consumer_time time;
	int32_t leader_epoch; /* -1: not told */
	struct slice key, value;
	const void *source; /* for consumer_headers */
};

/* The first `max` headers; returns how many the record has. Lent for the callback. */
size_t consumer_headers(const struct consumer_record *r, struct traffic_header *out, size_t max);

typedef void consumer_batch_fn(void *arg, const struct consumer_record *r, size_t n);
/* The end of the partition was reached; offset is the next one to come. */
typedef void consumer_end_fn(void *arg, struct str topic, int32_t partition, int64_t offset);
/* max_records have been delivered; nothing comes any more. */
typedef void consumer_done_fn(void *arg);
/* fatal: this partition or the whole consumer will not go on by itself. */
typedef void consumer_error_fn(void *arg, const struct err *e, bool fatal);

struct consumer_options {
	const char *bootstrap;
	const char *client_id; /* NULL: "kdeck" */
	bool read_committed;   /* Java's default is read_uncommitted */
	int64_t max_records;   /* 0: no end */
	int32_t read_ahead_kb; /* 0: 16 MiB; what a paused consumer holds at most */
	/* An offset that is not there any more: "earliest", "latest" (NULL), "error". */
	const char *reset;
	/* The group to be a member of; NULL: none. Then consumer_subscribe, not consumer_assign. */
	const char *group;
	/* Settings beside these; they win over them. */
	const struct traffic_property *properties;
	size_t n_properties;

	consumer_batch_fn *on_batch;
	consumer_end_fn *on_end;     /* may be NULL */
	consumer_done_fn *on_done;   /* may be NULL */
	consumer_error_fn *on_error; /* may be NULL */
	void *arg;
};

/* NULL with e set: ERR_INVALID (a setting that is unknown or cannot be: the message names it). */
struct consumer *consumer_new(
	struct loop *l, const struct consumer_options *o, struct err *e) MUSTCHECK;
/* Not from inside a callback. May go on in the background, see client_end. NULL is allowed. */
void consumer_free(struct consumer *c);

/* Begins to read; each partition at most once in a consumer's life (ERR_EXISTS). Timestamps are
 * looked up first; a look-up that fails comes by on_error, fatal. */
int consumer_assign(
	struct consumer *c, const struct consumer_start *s, size_t n, struct err *e) MUSTCHECK;
/* Reads what the group gives it of these topics; one that begins with ^ is a pattern. Delivered
 * records are committed every few seconds and by consumer_leave. ERR_INVALID. */
int consumer_subscribe(
	struct consumer *c, const char *const *topics, size_t n, struct err *e) MUSTCHECK;
/* Commits and leaves the group, waiting for that no longer than timeout_ms. Nothing is delivered
 * any more. False: it was not done in time; what was not committed will be read again. */
bool consumer_leave(struct consumer *c, int64_t timeout_ms) MUSTCHECK;
/* No callback of records or ends until it is false again, when they go on where they stopped;
 * allowed inside on_batch, where the batch under way is the last. */
void consumer_pause(struct consumer *c, bool paused);

#endif
