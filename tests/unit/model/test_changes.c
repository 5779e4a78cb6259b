/* The ring of changes: what is seen and what is told of it are one line, at its time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/change.h"

#define T0 1800000000000

static struct change election(int64_t at, int32_t from, int32_t to, int32_t epoch, uint8_t sure)
{
	struct change c = change_blank(CHANGE_LEADER);

	c.wall_ms = T0 + at;
	c.topic = "orders";
	c.partition = 2;
	c.from = from;
	c.to = to;
	c.epoch_from = epoch - 1;
	c.epoch_to = epoch;
	c.sure = sure;
	return c;
}

static struct change isr(int64_t at, const char *from, const char *to, int32_t epoch, uint8_t sure)
{
	struct change c = change_blank(CHANGE_ISR);

	c.wall_ms = T0 + at;
	c.topic = "orders";
	c.partition = 2;
	c.isr_from = from;
	c.isr_to = to;
	c.epoch_to = epoch;
	c.sure = sure;
	return c;
}

static struct change broker(int64_t at, enum change_kind kind, int32_t id, uint8_t sure)
{
	struct change c = change_blank(kind);

	c.wall_ms = T0 + at;
	c.broker = id;
	c.sure = sure;
	return c;
}

static void is_line(const struct changes *all, size_t i, int64_t at, const char *text)
{
	const struct change *c = changes_at(all, i);
	struct buf line = BUF_EMPTY;

	assert_non_null(c);
	change_put(&line, c, false);
	assert_string_equal(buf_z(&line), text);
	assert_int_equal(c->wall_ms - T0, at);
	buf_fini(&line);
}

/* Polling sees an election and its ISR as one; brokers tell both, one by one, and more exactly. */
static void seen_then_told(void **state)
{
	struct change c = election(900, 4, 1, 7, CHANGE_SEEN);
	struct changes all;

	(void)state;
	changes_init(&all);
	c.isr_from = "1,3,4";
	c.isr_to = "1,3";
	changes_add(&all, &c);
	is_line(&all, 0, 900, "p2 leader 4 > 1   epoch 6 > 7   ISR 1,3,4 > 1,3");
	c = election(300, 4, 1, 7, CHANGE_TOLD);
	changes_add(&all, &c);
	c = isr(300, "1,3,4", "1,3", 7, CHANGE_TOLD);
	changes_add(&all, &c);
	c = election(300, 4, 1, 7, CHANGE_MEASURED);
	c.leaderless_ms = 210;
	changes_add(&all, &c);
	assert_int_equal(all.n, 1);
	is_line(&all, 0, 300,
		"p2 leader 4 > 1   epoch 6 > 7   ISR 1,3,4 > 1,3   0.21 s leaderless");
	/* One that knows less does not take it away. */
	c = election(350, 4, 1, 7, CHANGE_TOLD);
	c.leaderless_ms = 5000;
	changes_add(&all, &c);
	is_line(&all, 0, 300,
		"p2 leader 4 > 1   epoch 6 > 7   ISR 1,3,4 > 1,3   0.21 s leaderless");
	changes_fini(&all);
}

static void told_then_seen(void **state)
{
	struct change c = election(300, 4, 1, 7, CHANGE_MEASURED);
	struct changes all;

	(void)state;
	changes_init(&all);
	c.leaderless_ms = 4;
	changes_add(&all, &c);
	c = isr(300, "1,3,4", "1,3", 7, CHANGE_MEASURED);
	changes_add(&all, &c);
	c = election(900, 4, 1, 7, CHANGE_SEEN);
	c.isr_from = "1,3,4";
	c.isr_to = "1,3";
	changes_add(&all, &c);
	assert_int_equal(all.n, 1);
	is_line(&all, 0, 300,
		"p2 leader 4 > 1   epoch 6 > 7   ISR 1,3,4 > 1,3   < 0.01 s leaderless");
	changes_fini(&all);
}

/* Two elections between two looks are two lines once they are told. */
static void told_apart(void **state)
{
	struct change c = election(900, 4, 3, 8, CHANGE_SEEN);
	struct changes all;

	(void)state;
	changes_init(&all);
	c.epoch_from = 6;
	changes_add(&all, &c);
	c = election(200, 4, 1, 7, CHANGE_MEASURED);
	changes_add(&all, &c);
	c = election(500, 1, 3, 8, CHANGE_MEASURED);
	changes_add(&all, &c);
	assert_int_equal(all.n, 2);
	is_line(&all, 1, 200, "p2 leader 4 > 1   epoch 6 > 7");
	is_line(&all, 0, 500, "p2 leader 1 > 3   epoch 7 > 8");
	changes_fini(&all);
}

static void isr_comes_and_goes(void **state)
{
	struct change c = isr(100, "1,2,3", "1,3", 7, CHANGE_SEEN);
	struct changes all;

	(void)state;
	changes_init(&all);
	changes_add(&all, &c);
	c = isr(50, "1,2,3", "1,3", 7, CHANGE_TOLD);
	changes_add(&all, &c);
	c = isr(900, "1,3", "1,2,3", 7, CHANGE_TOLD);
	changes_add(&all, &c);
	c = isr(1000, "1,3", "1,2,3", 7, CHANGE_SEEN);
	changes_add(&all, &c);
	/* The same once more is another happening. */
	c = isr(2000, "1,2,3", "1,3", 7, CHANGE_TOLD);
	changes_add(&all, &c);
	assert_int_equal(all.n, 3);
	is_line(&all, 2, 50, "p2 ISR 1,2,3 > 1,3");
	is_line(&all, 1, 900, "p2 ISR 1,3 > 1,2,3");
	is_line(&all, 0, 2000, "p2 ISR 1,2,3 > 1,3");
	changes_fini(&all);
}

static void brokers_and_controllers(void **state)
{
	struct change c = broker(1000, CHANGE_BROKER_LOST, 4, CHANGE_SEEN);
	struct changes all;

	(void)state;
	changes_init(&all);
	c.text = "connection refused";
	changes_add(&all, &c);
	c = broker(300, CHANGE_BROKER_LOST, 4, CHANGE_MEASURED);
	changes_add(&all, &c);
	c = broker(5000, CHANGE_BROKER_BACK, 4, CHANGE_MEASURED);
	changes_add(&all, &c);
	c = broker(5500, CHANGE_BROKER_NEW, 4, CHANGE_SEEN);
	changes_add(&all, &c);
	c = broker(6000, CHANGE_BROKER_LOST, 4, CHANGE_SEEN);
	changes_add(&all, &c);
	c = broker(6100, CHANGE_BROKER_LOST, 3, CHANGE_SEEN);
	changes_add(&all, &c);
	assert_int_equal(all.n, 4);
	is_line(&all, 3, 300, "broker 4 lost: connection refused");
	is_line(&all, 2, 5000, "broker 4 back");
	is_line(&all, 1, 6000, "broker 4 lost");
	c = change_blank(CHANGE_CONTROLLER);
	c.wall_ms = T0 + 7000;
	c.from = 1;
	c.to = 2;
	changes_add(&all, &c);
	c.wall_ms = T0 + 6500;
	c.sure = CHANGE_TOLD;
	changes_add(&all, &c);
	assert_int_equal(all.n, 5);
	is_line(&all, 0, 6500, "controller 1 > 2");
	changes_fini(&all);
}

/* What ends in order is stopped, not lost: it says so itself, or it was stopped from here. */
static void stopped_in_order(void **state)
{
	struct change c = broker(300, CHANGE_BROKER_STOPPED, 4, CHANGE_MEASURED);
	struct changes all;

	(void)state;
	changes_init(&all);
	changes_add(&all, &c);
	c = broker(25000, CHANGE_BROKER_LOST, 4, CHANGE_MEASURED);
	changes_add(&all, &c);
	c = broker(26000, CHANGE_BROKER_LOST, 4, CHANGE_SEEN);
	c.text = "connection refused";
	changes_add(&all, &c);
	assert_int_equal(all.n, 1);
	is_line(&all, 0, 300, "broker 4 stopped");
	c = broker(30000, CHANGE_BROKER_BACK, 4, CHANGE_MEASURED);
	changes_add(&all, &c);
	c = broker(40000, CHANGE_BROKER_LOST, 4, CHANGE_SEEN);
	changes_add(&all, &c);
	is_line(&all, 0, 40000, "broker 4 lost");
	c = broker(40300, CHANGE_BROKER_STOPPED, 4, CHANGE_TOLD);
	changes_add(&all, &c);
	assert_int_equal(all.n, 3);
	is_line(&all, 0, 40300, "broker 4 stopped");
	changes_fini(&all);
}

static void stopped_from_here(void **state)
{
	struct change c = broker(100, CHANGE_BROKER_LOST, 4, CHANGE_SEEN);
	struct changes all;

	(void)state;
	changes_init(&all);
	changes_add(&all, &c);
	c = broker(900, CHANGE_ACTION, 4, CHANGE_SEEN);
	c.text = "broker 4 stopped from this console";
	c.effect = CHANGE_BROKER_STOPPED;
	changes_add(&all, &c);
	is_line(&all, 1, 100, "broker 4 stopped");
	assert_int_equal(changes_at(&all, 1)->kind, CHANGE_BROKER_STOPPED);
	c = broker(5000, CHANGE_BROKER_BACK, 4, CHANGE_SEEN);
	changes_add(&all, &c);
	c = broker(6000, CHANGE_BROKER_LOST, 4, CHANGE_SEEN);
	changes_add(&all, &c);
	is_line(&all, 0, 6000, "broker 4 lost");
	c = broker(7000, CHANGE_ACTION, 3, CHANGE_SEEN);
	c.effect = CHANGE_BROKER_STOPPED;
	changes_add(&all, &c);
	c = broker(7100, CHANGE_BROKER_LOST, 3, CHANGE_SEEN);
	changes_add(&all, &c);
	is_line(&all, 0, 7100, "broker 3 stopped");
	is_line(&all, 2, 6000, "broker 4 lost");
	changes_fini(&all);
}

/* Who pauses or kills a leader from here knows since when there is none. */
static void measured_by_the_action(void **state)
{
	struct change c = broker(100, CHANGE_ACTION, 4, CHANGE_SEEN);
	struct changes all;

	(void)state;
	changes_init(&all);
	c.text = "broker 4 paused from this console";
	c.command = "kill -STOP 4004";
	c.effect = CHANGE_BROKER_LOST;
	changes_add(&all, &c);
	c = broker(9000, CHANGE_BROKER_LOST, 4, CHANGE_TOLD);
	changes_add(&all, &c);
	c = election(9100, 4, 1, 7, CHANGE_TOLD);
	changes_add(&all, &c);
	assert_int_equal(all.n, 3);
	is_line(&all, 0, 9100, "p2 leader 4 > 1   epoch 6 > 7   9.00 s leaderless");
	is_line(&all, 2, 100, "broker 4 paused from this console");
	/* One that handed over in order has left nobody alone. */
	c = election(9200, 3, 1, 8, CHANGE_TOLD);
	changes_add(&all, &c);
	is_line(&all, 0, 9200, "p2 leader 3 > 1   epoch 7 > 8");
	changes_fini(&all);
}

/* Without a broker that tells, what was seen says that it is no better. */
static void seen_only(void **state)
{
	struct change c = election(2000, -1, 1, 7, CHANGE_SEEN);
	struct changes all;

	(void)state;
	changes_init(&all);
	c.leaderless_ms = 1040;
	changes_add(&all, &c);
	is_line(&all, 0, 2000, "p2 leader none > 1   epoch 6 > 7   ≈ 1.04 s leaderless");
	changes_fini(&all);
}

static void full_ring(void **state)
{
	struct changes all;

	(void)state;
	changes_init(&all);
	for (int32_t i = 0; i < CHANGES_MAX + 50; i++) {
		struct change c = election(i, 1, 2, 10 + i, CHANGE_TOLD);

		/* Told in pairs, the later of two first. */
		c.wall_ms = T0 + (i ^ 1);
		changes_add(&all, &c);
	}
	assert_int_equal(all.n, CHANGES_MAX);
	for (size_t i = 1; i < all.n; i++)
		assert_true(changes_at(&all, i)->wall_ms <= changes_at(&all, i - 1)->wall_ms);
	changes_fini(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seen_then_told),
		cmocka_unit_test(told_then_seen),
		cmocka_unit_test(told_apart),
		cmocka_unit_test(stopped_in_order),
		cmocka_unit_test(stopped_from_here),
		cmocka_unit_test(isr_comes_and_goes),
		cmocka_unit_test(brokers_and_controllers),
		cmocka_unit_test(measured_by_the_action),
		cmocka_unit_test(seen_only),
		cmocka_unit_test(full_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
