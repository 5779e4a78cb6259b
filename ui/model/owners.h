/*
 * Who owned which partition of a group, over the rebalances that were seen: a row a partition, a
 * column a rebalance. The first column is how the group stood when it was looked at first. Bounded:
 * the oldest column goes, partitions beyond OWNERS_ROWS are counted only.
 */
#ifndef MODEL_OWNERS_H
#define MODEL_OWNERS_H

#include "base/vec.h"
#include "model/group.h"

#define OWNERS_COLS  16
#define OWNERS_ROWS  512
#define OWNERS_LABEL 255

struct owners_row {
	struct str topic; /* also NUL-terminated */
	int32_t partition;
};

struct owners_col {
	int64_t at_ms, wall_ms;
	int64_t paused_ms;    /* -1: not known */
	int32_t generation;   /* -1: not told */
	int32_t moved, total; /* partitions with another owner than before, of all; -1 */
	const char *why;      /* "pay-7 joined"; "" */
	bool first;           /* no rebalance: how it stood when the looking began */
	uint32_t members;
	uint16_t *owner; /* private: one a row: place of its name + 1, 0: nobody */
};

/* Somebody who owns a partition in a column. Its label may change while it lives: a client whose
 * name another one has too is told apart by its member id. */
struct owners_name {
	uint64_t id; /* of its instance or member id; 0: a free place */
	char *label; /* at most OWNERS_LABEL bytes of it; NULL: a free place */
};

struct owners {
	VEC(struct owners_row) rows; /* by topic, partition */
	VEC(struct owners_name) names;
	struct owners_col cols[OWNERS_COLS]; /* oldest first */
	size_t n;
	size_t left_out; /* partitions that found no row in the newest column */
	uint32_t count;  /* of the group's rebalances, up to the newest column */
	bool gap;        /* columns have gone */
};

void owners_init(struct owners *o);
void owners_fini(struct owners *o);
/* Looks at a group; true when a column was added: at the first look that knows the members of a
 * group at rest, and after each rebalance. Times are now. */
bool owners_look(struct owners *o, const struct group *g, int64_t now_ms, int64_t wall_ms);
/* Label of who has the row's partition; NULL: nobody. */
const char *owners_at(const struct owners *o, size_t col, size_t row);
/* Has the partition another owner than in the column before? */
bool owners_moved(const struct owners *o, size_t col, size_t row);
/* Memory held. */
size_t owners_bytes(const struct owners *o);

#endif
