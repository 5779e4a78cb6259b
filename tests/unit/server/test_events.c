/* Events of hand-made changes: who is told to have lost what, and how long there was no leader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "server/events.h"
#include "server/metrics.h"

#define NOW INT64_C(1700000000000)

static struct clock_manual the_clock;
static struct events *events;
static struct image_listener listener;
static struct arena arena;
static int64_t silent[4]; /* by broker; -1: not known */
static int heard;         /* by the listener inside */

static int64_t silent_since(void *arg, int32_t broker)
{
	(void)arg;
	return silent[broker];
}

static void inner_changed(
	void *arg, const struct image_topic *t, int32_t index, const struct image_partition *before)
{
	(void)arg;
	(void)t;
	(void)index;
	(void)before;
	heard++;
}

static int set_up(void **state)
{
	const struct image_listener inner = {.partition_changed = inner_changed};

	(void)state;
	clock_manual_init(&the_clock, NOW);
	events = events_new(
		&(struct events_settings){.clock = &the_clock.clock, .silent_since = silent_since});
	events_wrap(events, &inner, &listener);
	memset(silent, -1, sizeof(silent));
	heard = 0;
	arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	events_free(events);
	return 0;
}

/* ---- what is told ---------------------------------------------------------------------------- */

static const struct json_value *told(int64_t after)
{
	struct buf text = BUF_EMPTY;
	struct json_value *root = NULL;
	struct err e = {0};

	events_write(events, after, &text);
	if (json_tree_parse(arena_str(&arena, buf_str(&text)), &arena, &root, &e) < 0)
		fail_msg("%s in %s", e.msg, buf_z(&text));
	buf_fini(&text);
	return root;
}

/* The last event, which must be of that type. */
static const struct json_value *last(const char *type)
{
	const struct json_value *e = json_tree_get(told(0), "events")->child;

	assert_non_null(e);
	while (e->next)
		e = e->next;
	assert_true(str_eqz(json_tree_get(e, "type")->string, type));
	assert_int_equal(json_tree_get(e, "time")->integer, clock_wall_ms(&the_clock.clock));
	assert_int_equal(json_tree_get(e, "id")->integer, events_last(events));
	return e;
}

static int64_t number(const struct json_value *e, const char *key)
{
	const struct json_value *v = json_tree_get(e, key);

	assert_non_null(v);
	assert_true(v->is_integer);
	return v->integer;
}

static bool is_null(const struct json_value *e, const char *key)
{
	return json_tree_get(e, key)->kind == JSON_NULL;
}

/* ---- changes --------------------------------------------------------------------------------- */

static int32_t all[] = {1, 2, 3};

static struct image_partition part(int32_t leader, int32_t epoch, int32_t *isr, int32_t n)
{
	return (struct image_partition){
		.replicas = {all, 3}, .isr = {isr, n}, .leader = leader, .leader_epoch = epoch};
}

static void change(struct image_partition from, struct image_partition to)
{
	struct image_topic t = {
		.name = STR_LIT("orders"), .id = {.b = {7}}, .partitions = &to, .n_partitions = 1};

	listener.partition_changed(listener.arg, &t, 0, &from);
}

static void broker(int32_t id, int64_t epoch, bool fenced, bool leaving)
{
	const struct image_broker b = {
		.id = id, .epoch = epoch, .fenced = fenced, .in_controlled_shutdown = leaving};

	listener.broker_changed(listener.arg, id, &b);
}

static void a_leader_dies(void **state)
{
	int32_t left[] = {2, 3};
	const struct json_value *e;

	(void)state;
	silent[1] = NOW - 320;
	change(part(1, 4, all, 3), part(2, 5, left, 2));
	assert_int_equal(events_last(events), 2);
	e = json_tree_get(told(0), "events")->child;
	assert_true(str_eqz(json_tree_get(e, "type")->string, "leader"));
	assert_int_equal(number(e, "leader"), 2);
	assert_int_equal(number(e, "leader_before"), 1);
	assert_int_equal(number(e, "leader_epoch"), 5);
	assert_int_equal(number(e, "leader_epoch_before"), 4);
	assert_int_equal(number(e, "leaderless_ms"), 320);
	e = last("isr");
	assert_int_equal(json_tree_get(e, "isr")->child->integer, 2);
	assert_null(json_tree_get(e, "isr")->child->next->next);
	assert_int_equal(json_tree_get(e, "isr_before")->child->integer, 1);
	assert_int_equal(heard, 1);
	assert_int_equal(events_counts(events).elections, 1);
	assert_int_equal(events_counts(events).isr_shrinks, 1);
	assert_int_equal(events_counts(events).isr_expands, 0);
}

/* The same as seen by a node that hears no signs of life. */
static void a_leader_dies_elsewhere(void **state)
{
	int32_t left[] = {2, 3};

	(void)state;
	change(part(1, 4, all, 3), part(2, 5, left, 2));
	assert_true(is_null(json_tree_get(told(0), "events")->child, "leaderless_ms"));
}

/* The dead leader was the controller: everybody heard it, and its successor knows nothing else. */
static void a_controller_that_leads_dies(void **state)
{
	int32_t left[] = {2, 3};

	(void)state;
	events_controller(events, 1, 3);
	clock_manual_advance_ms(&the_clock, 60000);
	events_controller(events, -1, 4);
	clock_manual_advance_ms(&the_clock, 40);
	events_controller(events, 2, 5);
	clock_manual_advance_ms(&the_clock, 20);
	change(part(1, 4, all, 3), part(2, 5, left, 2));
	assert_int_equal(number(json_tree_get(told(3), "events")->child, "leaderless_ms"), 60);
	clock_manual_advance_ms(&the_clock, 60000);
	change(part(1, 5, all, 3), part(2, 6, left, 2));
	assert_true(is_null(json_tree_get(told(5), "events")->child, "leaderless_ms"));
}

static void a_leader_hands_over(void **state)
{
	int32_t left[] = {2, 3};

	(void)state;
	silent[1] = NOW - 1900; /* its last heartbeat; it lives */
	change(part(1, 4, all, 3), part(2, 5, all, 3));
	assert_int_equal(number(last("leader"), "leaderless_ms"), 0);
	broker(1, 9, false, true);
	change(part(1, 5, all, 3), part(3, 6, left, 2));
	assert_int_equal(number(json_tree_get(told(2), "events")->child, "leaderless_ms"), 0);
}

static void nobody_leads_for_a_while(void **state)
{
	int32_t only[] = {1};

	(void)state;
	silent[1] = NOW - 300;
	change(part(1, 4, only, 1), part(-1, 5, only, 1));
	assert_int_equal(number(last("leader"), "leader"), -1);
	assert_true(is_null(last("leader"), "leaderless_ms"));
	clock_manual_advance_ms(&the_clock, 5000);
	change(part(-1, 5, only, 1), part(1, 6, only, 1));
	assert_int_equal(number(last("leader"), "leaderless_ms"), 5300);
	clock_manual_advance_ms(&the_clock, 100);
	silent[1] = NOW + 5000;
	change(part(1, 6, all, 3), part(-1, 7, (int32_t[]){2}, 1));
	clock_manual_advance_ms(&the_clock, 1000);
	change(part(-1, 7, (int32_t[]){2}, 1), part(2, 8, (int32_t[]){2}, 1));
	assert_int_equal(number(last("leader"), "leaderless_ms"), 1100);
	assert_int_equal(events_counts(events).elections, 4);
}

static void a_deleted_topic_is_forgotten(void **state)
{
	struct image_partition p = part(-1, 5, all, 3);
	struct image_topic t = {
		.name = STR_LIT("orders"), .id = {.b = {7}}, .partitions = &p, .n_partitions = 1};

	(void)state;
	change(part(1, 4, all, 3), part(-1, 5, all, 3));
	listener.topic_deleted(listener.arg, &t);
	clock_manual_advance_ms(&the_clock, 5000);
	change(part(-1, 5, all, 3), part(1, 6, all, 3));
	assert_true(is_null(last("leader"), "leaderless_ms"));
}

static void the_order_of_isr_is_no_news(void **state)
{
	int32_t other[] = {3, 1, 2};

	(void)state;
	change(part(1, 4, all, 3), part(1, 4, other, 3));
	assert_int_equal(events_last(events), 0);
	change(part(1, 4, (int32_t[]){1}, 1), part(1, 4, other, 3));
	assert_int_equal(events_counts(events).isr_expands, 1);
	assert_int_equal(number(last("isr"), "leader_epoch"), 4);
}

static void brokers_come_and_go(void **state)
{
	static const char *const states[] = {
		"registered", "unfenced", "fenced", "registered", "unfenced", "shutting down"};
	const struct json_value *e;
	size_t i = 0;

	(void)state;
	broker(2, 10, true, false);
	broker(2, 10, false, false);
	broker(2, 10, false, false);
	broker(2, 10, true, false);
	broker(2, 20, true, false);
	broker(2, 20, false, false);
	broker(2, 20, false, true);
	for (e = json_tree_get(told(0), "events")->child; e; e = e->next, i++)
		assert_true(str_eqz(json_tree_get(e, "state")->string, states[i]));
	assert_int_equal(i, ARRAY_LEN(states));
	listener.broker_changed(listener.arg, 2, NULL);
	e = last("broker");
	assert_true(str_eqz(json_tree_get(e, "state")->string, "unregistered"));
	assert_int_equal(number(e, "epoch"), 20);
	listener.broker_changed(listener.arg, 2, NULL);
	assert_int_equal(events_last(events), 7);
}

static void controllers(void **state)
{
	(void)state;
	events_controller(events, -1, 0);
	assert_int_equal(events_last(events), 0);
	events_controller(events, 1, 3);
	events_controller(events, 1, 3);
	assert_int_equal(events_last(events), 1);
	assert_int_equal(number(last("controller"), "controller_before"), -1);
	events_controller(events, -1, 4);
	assert_int_equal(number(last("controller"), "controller"), -1);
	events_controller(events, -1, 5);
	assert_int_equal(events_last(events), 2);
	events_controller(events, 2, 6);
	assert_int_equal(number(last("controller"), "epoch"), 6);
	assert_int_equal(events_last(events), 3);
}

static void names_have_a_bound(void **state)
{
	char name[5000];

	(void)state;
	memset(name, 'x', sizeof(name));
	events_rebalance(events, (struct str){name, sizeof(name)}, 3, 2, "Stable", 12);
	assert_int_equal(json_tree_get(last("rebalance"), "group")->string.n, 256);
	events_rebalance(events, STR_LIT("a\"\n\xff"), 3, 2, "Stable", 12);
	assert_true(
		str_eqz(json_tree_get(last("rebalance"), "group")->string, "a\"\n\xef\xbf\xbd"));
	assert_int_equal(number(last("rebalance"), "pause_ms"), 12);
}

static void a_ring(void **state)
{
	const struct json_value *all_told;

	(void)state;
	assert_null(json_tree_get(told(5), "events")->child);
	assert_int_equal(number(told(5), "next"), 0);
	for (int i = 1; i <= EVENTS_KEPT + 7; i++)
		events_rebalance(events, STR_LIT("g"), i, 1, "Stable", 0);
	all_told = told(0);
	assert_int_equal(number(all_told, "lost"), 7);
	assert_int_equal(number(all_told, "next"), EVENTS_KEPT + 7);
	assert_int_equal(number(json_tree_get(all_told, "events")->child, "id"), 8);
	assert_int_equal(number(told(5), "lost"), 2);
	assert_int_equal(number(told(7), "lost"), 0);
	assert_int_equal(
		number(json_tree_get(told(EVENTS_KEPT + 6), "events")->child, "generation"),
		EVENTS_KEPT + 7);
	assert_null(json_tree_get(told(EVENTS_KEPT + 7), "events")->child);
	/* An id that was never given here is of an earlier life. */
	assert_int_equal(number(json_tree_get(told(99999), "events")->child, "id"), 8);
	assert_int_equal(number(json_tree_get(told(-1), "events")->child, "id"), 8);
}

static void nobody_records(void **state)
{
	const struct image_listener inner = {.partition_changed = inner_changed};
	struct image_listener out;

	(void)state;
	events_wrap(NULL, &inner, &out);
	assert_ptr_equal(out.partition_changed, inner_changed);
	events_controller(NULL, 1, 1);
	events_rebalance(NULL, STR_LIT("g"), 1, 1, "Stable", 0);
	events_begin_with(NULL, NULL);
	assert_null(events_open(NULL, "faults"));
	events_close(NULL);
	assert_int_equal(events_counts(NULL).elections, 0);
	events_free(NULL);
}

/* ---- metrics' form --------------------------------------------------------------------------- */

static void the_form_of_metrics(void **state)
{
	struct buf text = BUF_EMPTY;
	struct metrics m = {.out = &text};

	(void)state;
	metrics_one(&m, "a_total", "counter", "Help.", 5);
	metrics_family(&m, "b", "histogram", "More.");
	metrics_part(&m, "_bucket");
	metrics_label(&m, "le", STR_LIT("+Inf"));
	metrics_label(&m, "topic", STR_LIT("a\"b\\c\nd\xff"));
	metrics_value(&m, -3);
	metrics_part(&m, "_sum");
	metrics_label_int(&m, "broker", 12);
	metrics_seconds(&m, 1000050);
	assert_string_equal(buf_z(&text),
		"# HELP a_total Help.\n# TYPE a_total counter\na_total 5\n"
		"# HELP b More.\n# TYPE b histogram\n"
		"b_bucket{le=\"+Inf\",topic=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\"} -3\n"
		"b_sum{broker=\"12\"} 1.000050\n");
	buf_fini(&text);
}

#define WITH_EVENTS(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_EVENTS(a_leader_dies),
		WITH_EVENTS(a_leader_dies_elsewhere),
		WITH_EVENTS(a_controller_that_leads_dies),
		WITH_EVENTS(a_leader_hands_over),
		WITH_EVENTS(nobody_leads_for_a_while),
		WITH_EVENTS(a_deleted_topic_is_forgotten),
		WITH_EVENTS(the_order_of_isr_is_no_news),
		WITH_EVENTS(brokers_come_and_go),
		WITH_EVENTS(controllers),
		WITH_EVENTS(names_have_a_bound),
		WITH_EVENTS(a_ring),
		WITH_EVENTS(nobody_records),
		cmocka_unit_test(the_form_of_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
