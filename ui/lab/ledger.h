/*
 * How far the lab's members have processed each partition of each group, and how far they wanted to
 * commit it: what is processed again or never, when a partition goes from one to another.
 *
 *   processed up to 80, committed 60: the next one begins at 60 and does 20 again
 *   processed up to 40, committed 60: the next one begins at 60, and 20 are lost
 *
 * What others than the lab's members did to the group is not taken for theirs: a beginning beyond
 * every commit of theirs counts nothing.
 */
#ifndef LAB_LEDGER_H
#define LAB_LEDGER_H

#include "base/map.h"

struct ledger {
	struct map rows; /* "group\0topic\0partition" -> row */
};

void ledger_init(struct ledger *l);
void ledger_fini(struct ledger *l);

/* A member begins at that offset. */
struct ledger_gap {
	int64_t again, lost;
};
struct ledger_gap ledger_begin(
	struct ledger *l, const char *group, const char *topic, int32_t partition, int64_t offset);
/* Processed all before. */
void ledger_at(
	struct ledger *l, const char *group, const char *topic, int32_t partition, int64_t next);
/* A commit is asked for. */
void ledger_commit(
	struct ledger *l, const char *group, const char *topic, int32_t partition, int64_t next);

#endif
