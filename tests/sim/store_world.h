/*
 * The world of the store's simulation, and looking at it: what a log must say, by the model of what
 * was appended. Used by test_store_sim.c, which makes the history.
 */
#ifndef SIM_STORE_WORLD_H
#define SIM_STORE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_disk.h"
#include "store/store.h"
#include "store_model.h"

#define LOGS       3
#define READ_EVERY 6

struct world {
	uint64_t seed;
	int step, n_logs;
	struct rng rng;
	struct clock_manual clock;
	struct sim_disk disk;
	struct store store;
	bool up;
	struct plog_config config;
	struct batch_builder builder;
	struct compress_ctx *ctx;
	struct model models[LOGS];
	uint8_t ids; /* given to topics */
	struct store_job job;
	bool job_on;
	int64_t job_starts[LOGS], job_cuts[LOGS];
	int64_t power_cuts, deaths, cut, appended, duplicates;
};

#define REQUIRE(w, cond, ...)                                                                      \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			print_error(                                                               \
				"SEED=%llu, step %d: ", (unsigned long long)(w)->seed, (w)->step); \
			fail_msg(__VA_ARGS__);                                                     \
		}                                                                                  \
	} while (0)

static inline int64_t between(struct world *w, int64_t lo, int64_t hi)
{
	return rng_between(&w->rng, lo, hi);
}

static inline bool one_in(struct world *w, uint32_t n)
{
	return rng_one_in(&w->rng, n);
}

/* Everything readable is what was appended; every offset and none else can be read. */
void check_all(struct world *w, struct model *m);
/* Look-ups by time. */
void check_time(struct world *w, struct model *m);
/* Offsets, sizes and segments fit each other. */
void check_log(struct world *w, struct model *m);
/* All logs, the dear looks now and then. */
void check_world(struct world *w);

#endif
