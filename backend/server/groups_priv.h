/* What groups.c (leading) and groups_log.c (records in and out) share. */
#ifndef SERVER_GROUPS_PRIV_H
#define SERVER_GROUPS_PRIV_H

#include "server/groups.h"

/* A partition that is being read. */
struct load {
	struct list_node node; /* groups->loads */
	int32_t partition;
	int64_t next, end; /* offsets */
	int64_t records, bad;
	bool read;   /* to its end; ends when that is committed */
	bool failed; /* it cannot be read to its end */
};

struct groups {
	struct broker *broker;
	const struct group_settings *set;
	int32_t commit_ms;
	struct coordinator *coordinator;
	struct uuid topic; /* zero: not seen yet */
	int32_t n_partitions;
	struct group_log log;
	struct batch_builder builder;
	struct buf scratch; /* unpacked records */
	uint32_t *led; /* by partition: the term in which it is loading or coordinated; 0: not */
	struct list loads;
	struct list writes; /* struct write.node: asked for and not done */
	struct io_timer due, loading;
	int64_t due_ms; /* what due is set to; INT64_MAX: it does not run */
	bool moved;     /* who leads what has to be looked at */
	bool stopped;
};

/* NULL: not here. */
struct partition *groups_partition(const struct groups *g, int32_t index);
void groups_append(void *arg, int32_t partition, const struct group_entry *entries, size_t n,
	struct group_write *w);
/* Ends all writes with an error. */
void groups_fail_writes(struct groups *g, int16_t error);
/* Reads on; true: that partition is done. */
bool groups_load_some(struct groups *g, struct load *l);

#endif
