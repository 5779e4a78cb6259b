/*
 * A producer: records in, delivery reports out, on the loop. Bounded: when its queue is full
 * producer_send says ERR_FULL, and the ready callback tells when there is room again.
 *
 * Unless told otherwise it is idempotent with acks=all and hashes keys with murmur2, as Java does;
 * records without a key stay on one partition for a while (KIP-480).
 */
#ifndef TRAFFIC_PRODUCER_H
#define TRAFFIC_PRODUCER_H

#include "traffic/traffic.h"
#include <stdbool.h>

struct loop;
struct producer;

enum producer_partitioner {
	PARTITION_MURMUR2,     /* by key; without a key sticky */
	PARTITION_STICKY,      /* keys ignored: one partition for 16 KiB, then another */
	PARTITION_ROUND_ROBIN, /* keys ignored: one after the other */
	PARTITION_KEY,         /* by key; without a key any, each time anew */
};

/* "default", "murmur2", "sticky", "round-robin", "key"; false for any other. */
bool producer_partitioner_parse(const char *name, enum producer_partitioner *out);

/* How one record fared. Strings are lent for the callback. */
struct producer_delivery {
	void *opaque;
	struct str topic;
	int32_t partition; /* -1: none was chosen yet */
	int64_t offset;    /* -1: not told (acks=0) or not written */
	int64_t timestamp; /* -1: none */
	int64_t latency_us;
	int code; /* 0, or as traffic_error_name takes it */
};

typedef void producer_delivery_fn(void *arg, const struct producer_delivery *d, size_t n);
/* There is room again after ERR_FULL. */
typedef void producer_ready_fn(void *arg);
/* Trouble with the cluster as a whole: an address that does not answer, or, when fatal, a producer
 * that can do nothing any more (every record that waits has been or will be reported failed). */
typedef void producer_error_fn(void *arg, const struct err *e, bool fatal);

struct producer_options {
	const char *bootstrap; /* "host:port,…" */
	const char *client_id; /* NULL: "kdeck" */
	enum producer_partitioner partitioner;
	const char *compression; /* NULL: none; gzip, snappy, lz4, zstd */
	const char *acks;        /* NULL: all; "0", "1", "-1"; other than all ends idempotence */
	int64_t linger_ms;       /* < 0: librdkafka's 5 ms */
	int64_t delivery_timeout_ms; /* 0: two minutes, as Java */
	int32_t max_queued;          /* records; 0: 100,000 */
	/* Settings beside these; they win over them. */
	const struct traffic_property *properties;
	size_t n_properties;

	producer_delivery_fn *on_delivery; /* NULL: nobody asks */
	producer_ready_fn *on_ready;       /* may be NULL */
	producer_error_fn *on_error;       /* may be NULL */
	void *arg;
};

/* NULL with e set: ERR_INVALID (a setting that is unknown or cannot be: the message names it),
 * ERR_UNSUPPORTED (a compression that librdkafka was built without). Connects by itself. */
struct producer *producer_new(
	struct loop *l, const struct producer_options *o, struct err *e) MUSTCHECK;
/* What is still queued is dropped without a report: flush first. Not from inside a callback. May
 * go on in the background, see client_end. NULL is allowed. */
void producer_free(struct producer *p);

struct producer_record {
	struct str topic;
	int32_t partition; /* -1: the partitioner's choice */
	struct slice key, value;
	int64_t timestamp; /* 0: now */
	const struct traffic_header *headers;
	size_t n_headers;
	void *opaque; /* comes back with the delivery */
};

/* Copies the record. 0; ERR_FULL: not taken, on_ready will come; ERR_TOO_BIG, ERR_NOT_FOUND (no
 * such partition), ERR_INVALID, ERR_IO (a fatal error before): e (may be NULL) has the words. */
int producer_send(struct producer *p, const struct producer_record *r, struct err *e) MUSTCHECK;
/* Records that have not been reported yet. */
size_t producer_pending(const struct producer *p);

/* fn comes once: when nothing is pending any more (left 0) or the time is up. One flush at a time;
 * a second replaces the first. */
typedef void producer_flush_fn(void *arg, size_t left);
void producer_flush(struct producer *p, int64_t timeout_ms, producer_flush_fn *fn, void *arg);

/* A delivery that failed as words: "topic orders, partition 2: MSG_TIMED_OUT: …". Returns e->code.
 */
int producer_delivery_err(const struct producer_delivery *d, struct err *e);

#endif
