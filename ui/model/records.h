/*
 * Records as a screen browses them: a window that is bounded in memory, merged over partitions by
 * timestamp. The bytes of one answer lie in one chunk that goes when its last record goes.
 */
#ifndef MODEL_RECORDS_H
#define MODEL_RECORDS_H

#include "base/bytes.h"
#include "base/vec.h"
#include <stdbool.h>

struct record_chunk;

struct browse_record {
	int32_t partition;
	int64_t offset;
	int64_t timestamp; /* ms since 1970, -1 */
	bool append_time;  /* timestamp is the broker's */
	int32_t leader_epoch;
	struct slice key, value; /* p == NULL: null */
	int32_t n_headers;
	struct slice headers; /* raw, as wire/batch.h's record_header_next walks them */
	uint64_t serial;      /* unique in a window, never 0: a row id */
	struct record_chunk *chunk;
};

/* Walks a record's headers: start with rest = its headers. False at the end. */
bool browse_header_next(struct slice *rest, struct str *name, struct slice *value);

struct window_lane; /* one partition on its way into the window */

struct record_window {
	struct browse_record *ring; /* oldest first from `first` */
	size_t first, n, cap;
	size_t max_records, max_bytes, bytes; /* bytes: of what chunks hold */
	uint64_t serial;
	uint64_t dropped;    /* fell out at the old end to keep the bounds */
	uint64_t appended;   /* ever put in: the oldest is number appended - n */
	uint64_t generation; /* counts changes */
	VEC(struct window_lane *) lanes;
};

/* 0: 50,000 records, 32 MiB; always room for one record. */
void window_init(struct record_window *w, size_t max_records, size_t max_bytes);
void window_fini(struct record_window *w);
/* Forgets records and lanes. */
void window_reset(struct record_window *w);
/* i = 0 is the oldest. NULL beyond. Valid until the window changes. */
const struct browse_record *window_at(const struct record_window *w, size_t i);

/* Writing side. A lane collects a partition's records in order of offsets. */
void window_lane(struct record_window *w, int32_t partition);
/* Takes batches as they lie in the log, from offset `from` on and before `until` (-1: no end), at
 * most `most` records; compressed ones are unpacked (64 MiB a batch at most). Control batches and
 * the records of `aborted` transactions (in read_committed) are passed over. *next is where to go
 * on. 0; or what was wrong with a batch (*next then lies behind it, so that browsing can go on). */
struct compress_ctx;
struct window_abort {
	int64_t producer_id, first_offset;
};
int window_put_batches(struct record_window *w, int32_t partition, struct slice batches,
	int64_t from, int64_t until, size_t most, const struct window_abort *aborted,
	size_t n_aborted, struct compress_ctx *ctx, int64_t *next, size_t *taken) MUSTCHECK;
/* The partition has nothing more to come for now (its end is reached, or it does not answer): the
 * others need not wait for it. */
void window_lane_idle(struct record_window *w, int32_t partition, bool idle);
/* Records that wait in a lane for the others. */
size_t window_lane_pending(const struct record_window *w, int32_t partition);
/* Moves records from the lanes to the window by timestamp while every lane has some or is idle; at
 * most `most`. Returns how many. */
size_t window_merge(struct record_window *w, size_t most);
/* Keeps the newest n only. */
void window_keep_last(struct record_window *w, size_t n);

#endif
