/* Screen 4: where the replicas of a topic are, and what becomes of them when a broker is lost. */
#include "brokers_world.h"

static void test_all_well(void **state)
{
	struct brokers_world w;

	(void)state;
	world_init(&w);
	stage_open(&w.s, &view_topic, "orders");
	stage_golden(&w.s, "placement-well", 100, 26);
	stage_golden(&w.s, "placement-well", 80, 19);
	world_fini(&w);
}

static void test_broker_lost(void **state)
{
	struct brokers_world w;

	(void)state;
	world_init(&w);
	world_lose(&w);
	stage_open(&w.s, &view_topic, "orders");
	stage_shows(&w.s, 100, 26, "5 of 6 partitions under-replicated: broker 4 is down");
	stage_key(&w.s, 'j');
	stage_key(&w.s, 'j');
	stage_golden(&w.s, "placement", 100, 26);
	stage_golden(&w.s, "placement", 120, 35);
	stage_golden(&w.s, "placement", 80, 19);
	stage_golden(&w.s, "placement", 40, 8);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_well),
		cmocka_unit_test(test_broker_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
