/*
 * Three struct repl in one process that replicate from each other: requests are encoded, wait in a
 * queue, are served from the leader's logs, and answered encoded. Time is turned by hand, the image
 * and the controller are the test's.
 */
#ifndef TEST_REPL_CLUSTER_H
#define TEST_REPL_CLUSTER_H

#include "../folder.h"
#include "base/buf.h"
#include "base/clock.h"
#include "repl/repl.h"
#include "wire/batch.h"

#define NODES 3

struct cluster;

struct node {
	struct cluster *cluster;
	int32_t id;
	char dir[FOLDER_MAX];
	struct store store;
	struct repl *repl;
	int64_t epoch; /* of its registration */
	bool fenced;
};

struct cluster {
	struct clock_manual clock;
	struct node nodes[NODES]; /* ids 1, 2, 3 */
	struct image_topic topic;
	struct image_partition part;
	int32_t replicas[NODES], isr[NODES];
	struct list calls;
	int64_t next_call;
	bool cut[NODES + 1]; /* by id: fetches to and from it fail */
	bool corrupt;        /* a byte of records is turned in every answer */
	/* the controller */
	int16_t alter_error; /* answered to each partition */
	int alters;          /* requests seen */
	bool mute;           /* no answer, the outcome is unknown */
};

void cluster_init(struct cluster *c);
void cluster_fini(struct cluster *c);
struct partition *cluster_part(struct cluster *c, int32_t node);
/* The image as it is, to one node, or to all with node 0. */
void cluster_show(struct cluster *c, int32_t node);
void cluster_elect(struct cluster *c, int32_t leader);
/* Turns and answers until nothing moves any more, `rounds` at most. */
void cluster_run(struct cluster *c, int rounds);
/* Time passes, in small steps with turns in between. */
void cluster_wait(struct cluster *c, int64_t ms);
/* A node anew on its folder; registered again. */
void cluster_restart(struct cluster *c, int32_t node);

struct write {
	struct repl_append append;
	struct buf bytes;
	int done;
};

/* Queues a batch of n records at a leader and has it appended. */
void cluster_write(struct cluster *c, int32_t node, struct write *w, int n);
void write_drop(struct write *w);

#endif
