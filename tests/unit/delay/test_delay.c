/* Delayed operations: woken, expired, cancelled; each tried once a run however often it was woken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delay/delay.h"

struct op {
	struct delay_op delay;
	struct delay_watch watch[3];
	bool possible;
	int tried, expired, done;
};

static bool try_op(struct delay_op *d)
{
	struct op *o = CONTAINER_OF(d, struct op, delay);

	o->tried++;
	if (!o->possible)
		return false;
	delay_finish(d);
	o->done++;
	return true;
}

static void expire_op(struct delay_op *d)
{
	struct op *o = CONTAINER_OF(d, struct op, delay);

	o->expired++;
	delay_finish(d);
}

static const struct delay_ops ops = {try_op, expire_op};

/* One operation that expires at `when` and watches one key. */
struct bench {
	struct delay_queue q;
	struct delay_key k;
	struct op o;
};

static void bench_open(struct bench *b, int64_t when)
{
	delay_queue_init(&b->q);
	delay_key_init(&b->k);
	delay_start(&b->q, &b->o.delay, &ops, when);
	delay_watch_add(&b->o.delay, &b->o.watch[0], &b->k);
}

static void bench_close(struct bench *b)
{
	delay_key_fini(&b->k);
	delay_queue_fini(&b->q);
}

static void test_woken_when_possible(void **state)
{
	struct bench b = {0};

	(void)state;
	bench_open(&b, 100);
	assert_int_equal(delay_next(&b.q), 100);
	assert_int_equal(delay_run(&b.q, 50), 0);
	delay_key_wake(&b.k);
	assert_int_equal(delay_run(&b.q, 50), 1);
	assert_int_equal(b.o.done, 0);
	b.o.possible = true;
	assert_int_equal(delay_run(&b.q, 50), 0);
	delay_key_wake(&b.k);
	assert_int_equal(delay_run(&b.q, 50), 1);
	assert_int_equal(b.o.done, 1);
	assert_true(list_empty(&b.k.watches));
	assert_int_equal(delay_next(&b.q), INT64_MAX);
	bench_close(&b);
}

static void test_many_wakes_are_one_try(void **state)
{
	struct delay_queue q;
	struct delay_key k[3];
	struct op o = {0};

	(void)state;
	delay_queue_init(&q);
	delay_start(&q, &o.delay, &ops, 100);
	for (int i = 0; i < 3; i++) {
		delay_key_init(&k[i]);
		delay_watch_add(&o.delay, &o.watch[i], &k[i]);
	}
	for (int i = 0; i < 30; i++)
		delay_key_wake(&k[i % 3]);
	delay_run(&q, 0);
	assert_int_equal(o.tried, 1);
	delay_finish(&o.delay);
	for (int i = 0; i < 3; i++)
		delay_key_fini(&k[i]);
	delay_queue_fini(&q);
}

static void test_expires_in_order(void **state)
{
	struct delay_queue q;
	struct op o[3] = {0};

	(void)state;
	delay_queue_init(&q);
	delay_start(&q, &o[0].delay, &ops, 30);
	delay_start(&q, &o[1].delay, &ops, 10);
	delay_start(&q, &o[2].delay, &ops, 20);
	delay_run(&q, 9);
	assert_int_equal(o[0].expired + o[1].expired + o[2].expired, 0);
	delay_run(&q, 20);
	assert_int_equal(o[0].expired, 0);
	assert_int_equal(o[1].expired, 1);
	assert_int_equal(o[2].expired, 1);
	assert_int_equal(delay_next(&q), 30);
	delay_run(&q, INT64_MAX);
	assert_int_equal(o[0].expired, 1);
	delay_queue_fini(&q);
}

static void test_finished_is_forgotten(void **state)
{
	struct bench b = {0};

	(void)state;
	bench_open(&b, 5);
	delay_key_wake(&b.k);
	delay_finish(&b.o.delay);
	delay_finish(&b.o.delay);
	delay_key_wake(&b.k);
	assert_int_equal(delay_run(&b.q, 1000), 0);
	assert_int_equal(b.o.tried + b.o.expired, 0);
	/* It can be started again. */
	delay_start(&b.q, &b.o.delay, &ops, 2000);
	delay_run(&b.q, 2000);
	assert_int_equal(b.o.expired, 1);
	bench_close(&b);
}

static void test_key_goes_first(void **state)
{
	struct bench b = {0};

	(void)state;
	bench_open(&b, 5);
	delay_key_fini(&b.k);
	delay_run(&b.q, 5);
	assert_int_equal(b.o.expired, 1);
	delay_queue_fini(&b.q);
}

struct stayer {
	struct delay_watch watch;
	struct delay_op *op;
	int woken;
};

static void on_woken(struct delay_watch *w)
{
	struct stayer *s = CONTAINER_OF(w, struct stayer, watch);

	s->woken++;
	delay_mark(s->op);
}

static void test_one_that_stays(void **state)
{
	struct bench b = {0};
	struct stayer s = {.op = &b.o.delay};
	struct delay_key k;

	(void)state;
	bench_open(&b, 5);
	delay_key_init(&k);
	delay_watch_end(&s.watch);
	delay_watch_stay(&s.watch, &k, on_woken);
	for (int i = 1; i <= 2; i++) {
		delay_key_wake(&k);
		assert_int_equal(s.woken, i);
		assert_int_equal(delay_run(&b.q, 0), 1);
		assert_int_equal(b.o.tried, i);
	}
	/* There is no operation to be tried. */
	delay_finish(&b.o.delay);
	delay_key_wake(&k);
	assert_int_equal(s.woken, 3);
	assert_int_equal(delay_run(&b.q, 1000), 0);
	delay_watch_end(&s.watch);
	delay_key_wake(&k);
	assert_int_equal(s.woken, 3);
	delay_key_fini(&k);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_woken_when_possible),
		cmocka_unit_test(test_many_wakes_are_one_try),
		cmocka_unit_test(test_expires_in_order),
		cmocka_unit_test(test_finished_is_forgotten),
		cmocka_unit_test(test_key_goes_first),
		cmocka_unit_test(test_one_that_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
