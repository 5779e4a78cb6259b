/*
 * Leader epochs of one log (KIP-101, KIP-279): which epoch begins at which offset. Epochs and
 * offsets both rise strictly. Saved as Kafka's leader-epoch-checkpoint.
 */
#ifndef STORE_EPOCH_CACHE_H
#define STORE_EPOCH_CACHE_H

#include "base/buf.h"
#include "base/vec.h"

#define NO_EPOCH        (-1)
#define NO_EPOCH_OFFSET INT64_C(-1)

struct epoch_entry {
	int32_t epoch;
	int64_t start;
};

struct epoch_cache {
	VEC(struct epoch_entry) entries;
};

void epoch_cache_init(struct epoch_cache *c);
void epoch_cache_fini(struct epoch_cache *c);

/* The first batch of epoch has this offset. Entries with an epoch or start >= these go. True when
 * something changed (save the file then). Negative epochs are ignored. */
bool epoch_cache_assign(struct epoch_cache *c, int32_t epoch, int64_t start);
/* The newest epoch, or NO_EPOCH. */
int32_t epoch_cache_latest(const struct epoch_cache *c);
/* Answers OffsetForLeaderEpoch (kafka-rules 5.4); leo is the log's end. *epoch and *end are
 * NO_EPOCH and NO_EPOCH_OFFSET when undefined. */
void epoch_cache_end(const struct epoch_cache *c, int32_t asked, int64_t leo, int64_t log_start,
	int32_t *epoch, int64_t *end);
/* The epoch that holds an offset, or NO_EPOCH. */
int32_t epoch_cache_at(const struct epoch_cache *c, int64_t offset);
/* Forgets entries that begin at or behind end. True when changed. */
bool epoch_cache_truncate_end(struct epoch_cache *c, int64_t end);
/* The log now begins at start: older entries go, the one that covers it begins there. */
bool epoch_cache_truncate_start(struct epoch_cache *c, int64_t start);

/* Kafka's text: version 0, count, "epoch offset" lines. */
void epoch_cache_print(const struct epoch_cache *c, struct buf *out);
/* ERR_CORRUPT, ERR_VERSION; c is empty then. */
int epoch_cache_parse(struct epoch_cache *c, struct str text) MUSTCHECK;

#endif
