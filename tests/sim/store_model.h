/*
 * What a log of the store simulation must hold: a plain list of the batches that were appended.
 * Between two entries there may be a gap, as a follower of a compacted log has it.
 */
#ifndef SIM_STORE_MODEL_H
#define SIM_STORE_MODEL_H

#include "base/uuid.h"
#include "base/vec.h"
#include "store/plog.h"

struct entry {
	int64_t base, timestamp;
	int32_t n, epoch, sequence;
	uint32_t crc;
	int64_t producer;
	int16_t producer_epoch;
};

struct model {
	VEC(struct entry) entries;
	bool there;
	struct uuid id;
	int64_t first, leo; /* entries lie in [first, leo) */
	int64_t flushed;    /* below, all survives the machine */
	int64_t kept_start; /* log start in the last checkpoint */
	int64_t most_start; /* the log has started here once: a checkpoint may say so */
	int64_t least;      /* a step that died may have cut the log down to here */
	bool may_restart;   /* … or begun it anew */
	int64_t cuts;
	int32_t epoch;
	struct plog *log; /* NULL while the process is down */
};

/* The entry that holds or follows offset. */
size_t entry_at(const struct model *m, int64_t offset);
static inline int64_t entry_end(const struct entry *e)
{
	return e->base + e->n;
}
/* Where the log ends when it is cut at offset. */
int64_t model_cut_end(const struct model *m, int64_t offset);
/* Entries from the one that holds offset on are gone. */
void model_cut(struct model *m, int64_t offset);
void model_restart(struct model *m, int64_t offset);
void model_add(struct model *m, const struct entry *e);
/* The producer's last batch, or NULL. */
const struct entry *model_last_of(const struct model *m, int64_t producer);

/* The batch to append, of random values from the seed, now and then compressed; free .batch. */
struct plog_append entry_make(const struct entry *e, struct batch_builder *b, int64_t seed);

#endif
