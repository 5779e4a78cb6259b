/*
 * What is true about a simulated cluster: the records below the high watermarks that leaders had,
 * of the metadata log and of every partition, and who led in which epoch. After every turn of a
 * server it is looked at whether it fits:
 *
 *   - one leader an epoch, of the quorum and of every partition
 *   - what a replica has below its high watermark is what was committed there
 *   - who becomes leader has all that was committed; so has every member of an ISR
 *   - equal images at equal offsets
 *   - an acknowledgement with acks=all is of records that are committed, an idempotent producer's
 *     are there once and in order
 */
#ifndef SIM_CLUSTER_TRUTH_H
#define SIM_CLUSTER_TRUTH_H

#include "base/bytes.h"
#include "base/map.h"
#include "base/uuid.h"
#include "base/vec.h"

struct world;
struct node;
struct partition;
struct plog;

struct truth_batch {
	int64_t base, last;
	uint32_t crc;
	int32_t epoch;
};

/* A record's value begins with these. */
struct truth_record {
	uint32_t producer, counter;
};

struct truth_leader {
	int32_t epoch;
	int node;
};

struct truth_log {
	struct uuid topic;
	int32_t index;
	char name[40];
	int64_t start, end; /* what is known: [start, end) */
	VEC(struct truth_batch) batches;
	VEC(struct truth_record) records; /* of offset start + i; none for the metadata log */
	VEC(struct truth_leader) leaders;
};

/* Of an idempotent producer: what its next record's counter is, in the one log it writes to. */
struct truth_producer {
	bool idempotent;
	uint32_t next;  /* in the log's order */
	uint32_t acked; /* all below were acknowledged (acks=all) */
	VEC(bool) there;
};

struct truth {
	struct truth_log quorum;
	int64_t image_offset; /* the newest that anybody had */
	struct map logs;      /* by topic id and index */
	VEC(struct truth_log *) list;
	VEC(struct truth_producer) producers;
};

/* What was seen of a partition of a running server. */
struct part_view {
	struct partition *partition;
	struct truth_log *truth;
	struct plog *log;
	int64_t checked; /* offsets below are compared */
	int64_t leo, cuts;
	int32_t epoch; /* led; -1: none */
};

struct node_view {
	VEC(struct part_view) parts;
	int64_t meta_checked, meta_cuts;
	int32_t meta_epoch; /* led last; -1 */
	bool meta_leads;
};

void truth_init(struct truth *t);
void truth_fini(struct truth *t);
void node_view_reset(struct node_view *v);
void node_view_fini(struct node_view *v);

/* A new number for records. */
uint32_t truth_add_producer(struct truth *t, bool idempotent);
/* NULL: nothing was ever committed there. */
struct truth_log *truth_find(struct truth *t, const struct uuid *topic, int32_t index);
/* Who leads in the newest epoch; -1: nobody ever has. */
int truth_leader(struct truth *t, const struct uuid *topic, int32_t index);
/* n records from `counter` on were acknowledged at that offset; -1: not told. */
void truth_acked(struct world *w, const struct uuid *topic, int32_t index, uint32_t producer,
	uint32_t counter, uint32_t n, int64_t offset);
/* A client has read that. */
void truth_read(struct world *w, const struct uuid *topic, int32_t index, int64_t offset,
	struct slice value);

/* After a turn of the node's server. */
void truth_look(struct world *w, struct node *n);
/* All servers against each other; costs more. */
void truth_compare(struct world *w);
/* The cluster is whole: every acknowledged record is there. */
void truth_settled(struct world *w);

#endif
