/*
 * What a log knows of each idempotent or transactional producer (KIP-98; kafka-rules 5.5): epoch,
 * the last five batches for telling duplicates, the open transaction. It is a function of the log:
 * rebuilt from a snapshot and the batches behind it.
 */
#ifndef STORE_PRODUCER_STATE_H
#define STORE_PRODUCER_STATE_H

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "wire/batch.h"

#define PRODUCER_BATCHES 5

struct producer_batch {
	int32_t first_sequence, last_sequence;
	int64_t last_offset;
	int32_t offset_delta; /* last offset - first offset */
	int64_t timestamp;    /* max timestamp of the batch */
};

struct producer {
	int64_t id;
	int16_t epoch;
	int16_t n; /* batches kept, oldest first */
	int32_t coordinator_epoch;
	int64_t txn_first_offset; /* -1: no transaction open */
	int64_t last_timestamp;
	struct producer_batch batches[PRODUCER_BATCHES];
};

struct producer_undo {
	bool existed;
	struct producer before;
};

struct producer_state {
	struct map by_id; /* producer id -> struct producer *, owned */
	int64_t end;      /* offsets below are in it */
	bool undoing;     /* between begin and commit */
	VEC(struct producer_undo) undo;
};

void producer_state_init(struct producer_state *s);
void producer_state_fini(struct producer_state *s);
/* Forgets every producer; end stays. */
void producer_state_clear(struct producer_state *s);

enum producer_check_result { PRODUCER_OK, PRODUCER_DUPLICATE, PRODUCER_REFUSED };

struct producer_answer {
	int16_t error;       /* Kafka's code when refused */
	int64_t base_offset; /* of the original when duplicate */
	int64_t timestamp;   /* the original's max timestamp */
	char reason[120];    /* when refused */
};

/* May a client's batch be appended? Batches without a producer are always PRODUCER_OK. */
enum producer_check_result producer_state_check(
	const struct producer_state *s, const struct batch_header *h, struct producer_answer *a);

/* The batch is in the log, with its final offsets. Never refuses (followers, recovery). For a
 * control batch of a transaction, coordinator_epoch is the marker's; else -1. */
void producer_state_apply(
	struct producer_state *s, const struct batch_header *h, int32_t coordinator_epoch);

/* apply may be taken back: begin, apply …, then commit (keep) or rollback. */
void producer_state_begin(struct producer_state *s);
void producer_state_commit(struct producer_state *s);
void producer_state_rollback(struct producer_state *s);

/* Forgets producers idle since before_ms (max timestamp seen), save those in a transaction. */
void producer_state_expire(struct producer_state *s, int64_t before_ms);
/* First offset of the oldest open transaction, or -1. */
int64_t producer_state_first_unstable(const struct producer_state *s);
/* NULL when unknown. */
const struct producer *producer_state_get(const struct producer_state *s, int64_t id);

/* Kafka's snapshot file, version 1, bytes; behind its entries, which hold one batch a producer, the
 * other batches. */
void producer_state_encode(const struct producer_state *s, struct buf *out);
/* Replaces what is there. ERR_CORRUPT, ERR_VERSION, ERR_SHORT: empty then. */
int producer_state_decode(struct producer_state *s, struct slice in) MUSTCHECK;

#endif
