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

/* A leader that ended, and nobody there who would make another one: the star has a cross, the row
 * is red, and the line over the grid says why. */
static void test_leader_gone(void **state)
{
	struct brokers_world w;

	(void)state;
	world_init(&w);
	feed_broker_process(w.s.w.m, stage_now(&w.s), 2, PROCESS_ENDED);
	feed_broker_trouble(w.s.w.m, w.controller, "no controller: nothing changes", true);
	stage_publish(&w.s);
	stage_open(&w.s, &view_topic, "orders");
	stage_shows(&w.s, 100, 26, "✗ 3 of 6 partitions led by broker 2, which is down");
	stage_shows(&w.s, 100, 26, "★✗");
	world_fini(&w);
}

/* One that a lost broker does not take away. */
static void test_new_topic_is_replicated(void **state)
{
	struct brokers_world w;

	(void)state;
	world_init(&w);
	stage_open(&w.s, &view_topics, NULL);
	assert_true(w.s.ops->action(w.s.view, ACTION_TOPIC_NEW) & VIEW_HANDLED);
	stage_shows(&w.s, 80, 20, "Replication factor *  3");
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_well),
		cmocka_unit_test(test_broker_lost),
		cmocka_unit_test(test_new_topic_is_replicated),
		cmocka_unit_test(test_leader_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
