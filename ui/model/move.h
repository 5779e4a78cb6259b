/* Moving replicas of a topic to other brokers: what is asked for, and what is under way. Pure. */
#ifndef MODEL_MOVE_H
#define MODEL_MOVE_H

#include "model/cluster.h"

/* Where one partition's replicas shall be, the preferred leader first; n 0: what is under way is
 * cancelled. */
struct replica_move {
	int32_t partition;
	const int32_t *replicas;
	int32_t n;
};

/* What is under way for one partition. replicas has those that are being added, too. */
struct moving {
	int32_t partition;
	const int32_t *replicas, *adding, *removing;
	int32_t n_replicas, n_adding, n_removing;
};

/* The shell command of these moves, all of them begun or all of them cancelled; appends. */
void move_put_command(struct buf *out, const char *topic, const struct replica_move *v, size_t n);

/* What a move copies. */
struct move_cost {
	int32_t added, removed; /* replicas */
	int64_t bytes;          /* copied, of what is known */
	bool partial;           /* the size of a partition is not known */
};
/* Adds the cost for one partition. */
void move_add_cost(
	struct move_cost *c, const struct partition *p, const int32_t *replicas, int32_t n);
/* How much of its leader's log a replica has, in percent: 100 when it has all; -1: not known. */
int move_percent(const struct partition *p, int32_t broker);

#endif
