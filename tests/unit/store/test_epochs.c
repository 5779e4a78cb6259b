/* Leader epochs of a log: where each begins and ends (KIP-101). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/epoch_cache.h"

/* Epochs 2 from offset 10, 4 from 20, 5 from 30; the log goes from 10 to 40. */
static void fill(struct epoch_cache *c)
{
	epoch_cache_init(c);
	assert_true(epoch_cache_assign(c, 2, 10));
	assert_true(epoch_cache_assign(c, 4, 20));
	assert_true(epoch_cache_assign(c, 5, 30));
}

static void test_ends(void **state)
{
	static const struct {
		int32_t asked, epoch;
		int64_t end;
	} rows[] = {{-1, NO_EPOCH, NO_EPOCH_OFFSET}, {0, 0, 10}, {2, 2, 20}, {3, 2, 20}, {4, 4, 30},
		{5, 5, 40}, {6, NO_EPOCH, NO_EPOCH_OFFSET}};
	struct epoch_cache c;

	(void)state;
	fill(&c);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int32_t epoch;
		int64_t end;

		epoch_cache_end(&c, rows[i].asked, 40, 10, &epoch, &end);
		assert_int_equal(epoch, rows[i].epoch);
		assert_int_equal(end, rows[i].end);
	}
	assert_int_equal(epoch_cache_at(&c, 9), NO_EPOCH);
	assert_int_equal(epoch_cache_at(&c, 29), 4);
	assert_int_equal(epoch_cache_at(&c, 30), 5);
	epoch_cache_fini(&c);
}

/* Starts and epochs rise: what a new entry contradicts goes. */
static void test_assign(void **state)
{
	static const struct {
		int32_t epoch;
		int64_t start;
		bool taken;
		size_t n;
	} rows[] = {{6, 35, true, 4}, {6, 30, true, 3}, {6, 25, true, 3}, {6, 20, true, 2},
		{6, 5, true, 1}, {5, 20, false, 3}, {4, 50, true, 2}, {-1, 50, false, 3}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct epoch_cache c;

		fill(&c);
		assert_int_equal(
			epoch_cache_assign(&c, rows[i].epoch, rows[i].start), rows[i].taken);
		assert_int_equal(c.entries.n, rows[i].n);
		if (rows[i].taken) {
			assert_int_equal(epoch_cache_latest(&c), rows[i].epoch);
			assert_int_equal(vec_last(&c.entries)->start, rows[i].start);
		}
		epoch_cache_fini(&c);
	}
}

/* One entry stays for the first offset that is left, and none for what is gone. */
static void test_cuts(void **state)
{
	static const struct {
		int64_t start;
		int32_t first;
		size_t n;
	} starts[] = {{10, 2, 3}, {19, 2, 3}, {20, 4, 2}, {29, 4, 2}, {30, 5, 1}, {40, 5, 1}};
	static const struct {
		int64_t end;
		size_t n;
	} ends[] = {{40, 3}, {31, 3}, {30, 2}, {11, 1}, {10, 0}, {0, 0}};
	struct epoch_cache c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		fill(&c);
		assert_int_equal(
			epoch_cache_truncate_start(&c, starts[i].start), starts[i].start > 10);
		assert_int_equal(c.entries.n, starts[i].n);
		assert_int_equal(c.entries.v[0].epoch, starts[i].first);
		assert_int_equal(c.entries.v[0].start, starts[i].start);
		epoch_cache_fini(&c);
	}
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		fill(&c);
		assert_int_equal(epoch_cache_truncate_end(&c, ends[i].end), ends[i].n < 3);
		assert_int_equal(c.entries.n, ends[i].n);
		epoch_cache_fini(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_assign),
		cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests_name("epochs", tests, NULL, NULL);
}
