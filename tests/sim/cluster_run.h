/* One history of a simulated cluster from a seed, see cluster_run.c. */
#ifndef SIM_CLUSTER_RUN_H
#define SIM_CLUSTER_RUN_H

#include "../setting.h"
#include "cluster_world.h"

struct cluster_result {
	char broken[600]; /* "": nothing is wrong */
	uint64_t trace;   /* equal for equal seeds */
	int64_t virtual_us;
	uint64_t steps;
	struct world_stats stats;
};

/* Log lines are printed as VERBOSE says (1: the servers', 2: all), with the virtual time. */
void cluster_say(void);

void cluster_run(uint64_t seed, int nodes, int fits, struct cluster_result *out);

#endif
