/*
 * Stands in for src/admin and src/traffic under a source: two brokers, the topic "orders" with two
 * partitions led by broker 1 and 2. Every answer comes deferred, as the real ones do.
 */
#ifndef FAKE_CLUSTER_H
#define FAKE_CLUSTER_H

#include "admin/admin.h"
#include "base/buf.h"
#include "io/loop.h"

struct fake {
	struct loop *loop;
	bool dead;            /* nobody answers at all */
	bool dead_broker[3];  /* by id: answers nothing, the question hangs until its time-out */
	int slow_replica;     /* this broker's own ends do not come */
	const char *id;       /* of the cluster */
	int16_t no_configs;   /* Kafka's error instead of settings */
	int16_t refuse;       /* Kafka's error of the next change */
	int64_t end[2];       /* of the partitions */
	struct buf log[2];    /* their batches */
	int changes;          /* requests that change something */
	int questions;        /* of all kinds */
	int offsets;          /* list_offsets asked */
	int sizes;            /* log folders asked for */
	int fetches, fetched; /* questions for records, partitions in them */
	int16_t no_fetch;     /* Kafka's error instead */
	size_t cut;           /* bytes that a small fetch gets; 0: everything */
	bool whole_batches;   /* a batch that is too large comes for the first partition only, as
			       * Kafka has it */
	int64_t offsets_ms;   /* how long its answer takes */
	int16_t last_key;     /* API of the last change */
	int64_t last_count;   /* what it carried: partitions of a topic */
	int sent;             /* records of the producer */
};

extern struct fake fake;

struct admin *fake_start(struct loop *l);
void fake_end(struct admin *a);
/* Appends n records to a partition, ten ms apart from `time` on. */
void fake_append(int partition, int n, int64_t time);

/* A question of another file: fn answers it, unless it is cancelled before; over, which may be
 * NULL, comes in any case and is the last. */
typedef void fake_fn(void *arg);
int64_t fake_ask(fake_fn *fn, fake_fn *over, void *arg, int64_t after_ms);

#define PATIENCE_MS 20000
/* Turns the loop of b until the condition holds. */
#define UNTIL(b, cond)                                               \
	do {                                                         \
		int64_t end_ = loop_now_ms((b)->loop) + PATIENCE_MS; \
		while (!(cond) && loop_now_ms((b)->loop) < end_)     \
			loop_run_once((b)->loop, true);              \
		assert_true(cond);                                   \
	} while (0)

#endif
