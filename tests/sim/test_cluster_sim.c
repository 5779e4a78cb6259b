/*
 * Whole servers in one process, on virtual time: clusters of simulated machines with random
 * trouble, see cluster_run.c for the history and cluster_truth.h for what must hold.
 *
 *   SEED=n    begins with that seed (default 1)
 *   ROUNDS=n  seeds tried, of each size
 *   NODES=n   clusters of that size only (1, 3, 5)
 *   VERBOSE=1 prints the servers' log lines with the virtual time, VERBOSE=2 the clients', too
 *
 * A failing run names its seed and size, the virtual time, and what broke.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cluster_run.h"

#define FITS 2
/* A sanitizer takes several times as long: fewer seeds, other ones with SEED. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWER 10
#else
#define SLOWER 1
#endif

/* ---- histories ------------------------------------------------------------------------------- */

static void add(struct world_stats *sum, const struct world_stats *s)
{
	int64_t *to = (int64_t *)sum;
	const int64_t *from = (const int64_t *)s;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static void run_some(int nodes, uint64_t rounds)
{
	uint64_t first = setting("SEED", 1);
	struct world_stats sum = {0};
	int64_t virtual_us = 0;

	if (setting("NODES", (uint64_t)nodes) != (uint64_t)nodes)
		skip();
	rounds = setting("ROUNDS", rounds / SLOWER);
	for (uint64_t seed = first; seed < first + rounds; seed++) {
		struct cluster_result r;

		cluster_run(seed, nodes, FITS, &r);
		add(&sum, &r.stats);
		virtual_us += r.virtual_us;
		if (r.broken[0])
			fail_msg("%s", r.broken);
	}
	print_message("# %d nodes, %llu seeds, %lld s: %lld records acknowledged, %lld read, %lld "
		      "kills, %lld power cuts, %lld lost folders, %lld cuts, %lld pauses, %lld "
		      "clock jumps, %lld disk faults, %lld leaders\n",
		nodes, (unsigned long long)rounds, (long long)(virtual_us / 1000000),
		(long long)sum.acked, (long long)sum.read, (long long)sum.kills,
		(long long)sum.power_cuts, (long long)sum.wipes, (long long)sum.cuts,
		(long long)sum.pauses, (long long)sum.jumps, (long long)sum.disk_faults,
		(long long)sum.leaders);
	assert_true(sum.acked > (int64_t)rounds * 10 && sum.read > (int64_t)rounds * 10);
}

static void one_node(void **state)
{
	(void)state;
	run_some(1, 100);
}

static void three_nodes(void **state)
{
	(void)state;
	run_some(3, 600);
}

static void five_nodes(void **state)
{
	(void)state;
	run_some(5, 300);
}

static void same_seed_same_run(void **state)
{
	struct cluster_result a, b;

	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++)
		for (int nodes = 1; nodes <= 5; nodes += 2) {
			cluster_run(seed, nodes, 2, &a);
			cluster_run(seed, nodes, 2, &b);
			assert_true(a.trace == b.trace);
			assert_int_equal(a.steps, b.steps);
			assert_int_equal(a.virtual_us, b.virtual_us);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_run),
		cmocka_unit_test(one_node),
		cmocka_unit_test(three_nodes),
		cmocka_unit_test(five_nodes),
	};

	cluster_say();
	return cmocka_run_group_tests_name("cluster-sim", tests, NULL, NULL);
}
