/* Idempotent producers of one log: what is new, what was there before, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/producer_state.h"
#include "wire/kerr.h"

#define T0            INT64_C(1700000000000)
#define TRANSACTIONAL 0x10
#define OK            (-1)

struct world {
	struct producer_state state;
	int64_t end;
	int16_t attributes;
};

static int setup(void **state)
{
	struct world *w = ALLOC(struct world);

	producer_state_init(&w->state);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	producer_state_fini(&w->state);
	free(w);
	return 0;
}

static struct batch_header batch_of(
	const struct world *w, int64_t id, int16_t epoch, int32_t sequence, int32_t n)
{
	return (struct batch_header){.base_offset = w->end,
		.attributes = w->attributes,
		.last_offset_delta = n - 1,
		.base_timestamp = T0,
		.max_timestamp = T0 + w->end,
		.producer_id = id,
		.producer_epoch = epoch,
		.base_sequence = sequence,
		.n_records = n};
}

/* OK: it is new, and in the log now. Else Kafka's code, 0 for a duplicate of what is at *base. */
static int put_at(struct world *w, int16_t epoch, int32_t sequence, int32_t n, int64_t *base)
{
	struct batch_header h = batch_of(w, 7, epoch, sequence, n);
	struct producer_answer a;

	switch (producer_state_check(&w->state, &h, &a)) {
	case PRODUCER_OK:
		producer_state_apply(&w->state, &h, -1);
		w->end += n;
		return OK;
	case PRODUCER_DUPLICATE:
		*base = a.base_offset;
		return 0;
	default:
		return a.error;
	}
}

static int put(struct world *w, int16_t epoch, int32_t sequence, int32_t n)
{
	int64_t base;

	return put_at(w, epoch, sequence, n, &base);
}

/* Five batches back, and no further. */
static void test_duplicates(void **state)
{
	struct world *w = *state;
	int64_t base = -1;

	for (int32_t i = 0; i < 6; i++)
		assert_int_equal(put(w, 0, 2 * i, 2), OK);
	for (int32_t i = 1; i < 6; i++) {
		assert_int_equal(put_at(w, 0, 2 * i, 2, &base), 0);
		assert_int_equal(base, 2 * i);
	}
	assert_int_equal(put(w, 0, 0, 2), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	/* Only the whole batch is one. */
	assert_int_equal(put(w, 0, 4, 1), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	assert_int_equal(put(w, 0, 4, 3), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	assert_int_equal(put(w, 0, 12, 1), OK);
}

static void test_order(void **state)
{
	struct world *w = *state;

	/* Of a producer that is not known any sequence is taken. */
	assert_int_equal(put(w, 3, INT32_MAX - 2, 2), OK);
	assert_int_equal(put(w, 3, INT32_MAX, 2), OK);
	assert_int_equal(put(w, 3, 2, 1), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	assert_int_equal(put(w, 3, 0, 1), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	assert_int_equal(put(w, 3, 1, 1), OK);
	assert_int_equal(put(w, 2, 2, 1), KERR_INVALID_PRODUCER_EPOCH);
	assert_int_equal(put(w, 4, 2, 1), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	assert_int_equal(put(w, 4, 0, 1), OK);
	/* What was sent in the epoch before is none of this one. */
	assert_int_equal(put(w, 3, 1, 1), KERR_INVALID_PRODUCER_EPOCH);
	assert_int_equal(put(w, 4, 2, 1), KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	assert_int_equal(put(w, 4, 1, 1), OK);
}

/* Also one that begins with the first record of the log. */
static void test_transaction(void **state)
{
	struct world *w = *state;

	w->attributes = TRANSACTIONAL;
	assert_int_equal(put(w, 0, 0, 1), OK);
	assert_int_equal(producer_state_first_unstable(&w->state), 0);
	w->attributes = 0;
	assert_int_equal(put(w, 0, 1, 1), KERR_INVALID_TXN_STATE);
	w->attributes = TRANSACTIONAL;
	assert_int_equal(put(w, 0, 1, 1), OK);
}

static void test_expiry(void **state)
{
	struct world *w = *state;
	struct batch_header idle = batch_of(w, 1, 0, 5, 1), busy = batch_of(w, 2, 0, 5, 1);

	busy.max_timestamp = T0 + 1000;
	producer_state_apply(&w->state, &idle, -1);
	producer_state_apply(&w->state, &busy, -1);
	w->attributes = TRANSACTIONAL;
	assert_int_equal(put(w, 0, 0, 1), OK);
	producer_state_expire(&w->state, T0 + 1000);
	assert_null(producer_state_get(&w->state, 1));
	assert_non_null(producer_state_get(&w->state, 2));
	assert_non_null(producer_state_get(&w->state, 7));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_duplicates),
		TEST(test_order),
		TEST(test_transaction),
		TEST(test_expiry),
	};

	return cmocka_run_group_tests_name("producers", tests, NULL, NULL);
}
