/* The model: what goes leaves nothing behind, neither to what has its name next nor in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/feed.h"

struct one {
	struct uuid id;
	const char *cluster;
	int32_t broker;
};

static void give_one(void *arg, size_t i, struct feed_topic *out)
{
	static struct feed_partition p = {.n_replicas = 1, .n_isr = 1};
	struct one *o = arg;

	(void)i;
	p.leader = o->broker;
	p.replicas = p.isr = &o->broker;
	*out = (struct feed_topic){
		.name = STR_LIT("t"), .id = o->id, .partitions = &p, .n_partitions = 1};
}

static void feed_one(struct model *m, int64_t now, struct one *o)
{
	struct feed_broker broker = {o->broker, STR_LIT("h"), 1, STR_NULL};

	feed_metadata(m, now,
		&(struct feed_metadata){.cluster_id = str_of(o->cluster),
			.controller = o->broker,
			.brokers = &broker,
			.n_brokers = 1,
			.n_topics = 1,
			.topic = give_one,
			.arg = o,
			.interval_ms = 5000});
}

static bool has_values(const struct series *s)
{
	return s && s->n > 0;
}

static void run_for_a_while(struct model *m, int64_t from, struct one *o)
{
	for (int64_t t = from; t < from + 20000; t += 1000) {
		feed_one(m, t, o);
		feed_offset(m, t, STR_LIT("t"), 0, FEED_END, -1, t, 0);
		model_publish(m, t, t);
	}
}

/* Deleted and made again, or of another cluster: another topic, whose history begins. */
static void test_nothing_carries_over(void **state)
{
	struct model *m = model_new();
	struct one o = {.id = {{1}}, .cluster = "a", .broker = 1};

	(void)state;
	model_pin(m, STR_LIT("t"));
	run_for_a_while(m, 1000, &o);
	assert_true(has_values(model_topic_series(m, STR_LIT("t"))));
	o.id.b[0] = 2;
	feed_one(m, 30000, &o);
	model_publish(m, 30000, 30000);
	assert_int_equal(model_cluster(m)->topics[0]->partitions[0].hw, -1);
	assert_false(has_values(model_topic_series(m, STR_LIT("t"))));
	run_for_a_while(m, 31000, &o);
	o.cluster = "b";
	feed_one(m, 60000, &o);
	model_publish(m, 60000, 60000);
	assert_string_equal(model_cluster(m)->id, "b");
	assert_int_equal(model_cluster(m)->topics[0]->partitions[0].hw, -1);
	assert_false(has_values(model_topic_series(m, STR_LIT("t"))));
	assert_int_equal(model_total(m, TOTAL_IN_RECORDS)->n, 0);
	assert_int_equal(changes_at(model_changes(m), 0)->kind, CHANGE_CLUSTER);
	model_free(m);
}

/* Brokers that come under ever new numbers leave nothing behind. */
static void test_brokers_that_left_are_forgotten(void **state)
{
	struct model *m = model_new();
	struct one o = {.id = {{1}}, .cluster = "a", .broker = 1};
	size_t bytes = 0;

	(void)state;
	for (; o.broker < 500; o.broker++) {
		run_for_a_while(m, o.broker * 100000, &o);
		if (o.broker == 10)
			bytes = model_history_bytes(m);
	}
	assert_int_equal(model_cluster(m)->n_brokers, 1);
	assert_int_equal(model_history_bytes(m), bytes);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_carries_over),
		cmocka_unit_test(test_brokers_that_left_are_forgotten),
	};

	return cmocka_run_group_tests_name("forget", tests, NULL, NULL);
}
