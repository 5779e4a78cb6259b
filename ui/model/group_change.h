/* What happened to groups between two snapshots. Private to ui/model; read through change.h. */
#ifndef MODEL_GROUP_CHANGE_H
#define MODEL_GROUP_CHANGE_H

#include "model/change.h"

/* Calls fn for each difference, everything in it lent; times and id are left to the caller. What is
 * seen for the first time is no change. */
void groups_diff(const struct cluster *a, const struct cluster *b, change_fn *fn, void *arg);
/* "generation 6 > 7   6 of 6 partitions moved   1.1 s paused" */
void group_change_put(struct buf *out, const struct change *c);

#endif
