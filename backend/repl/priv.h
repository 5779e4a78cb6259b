/* What repl.c (which partitions) and partition.c (what happens in one) share. */
#ifndef REPL_PRIV_H
#define REPL_PRIV_H

#include "base/vec.h"
#include "repl/repl.h"

struct repl {
	struct store *store;
	struct repl_settings set;
	struct map by_name; /* struct repl_topic, owned */
	struct map by_id;
	struct list dirty;             /* partitions with something queued */
	VEC(struct plog_append) items; /* of one plog_append */
};

/* Answers what is queued with an error. */
void partition_refuse_pending(struct partition *p, int16_t error);
/* Moves the high watermark as far as it may and wakes those who wait. */
void partition_advance(struct partition *p);

#endif
