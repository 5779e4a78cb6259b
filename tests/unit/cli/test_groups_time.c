/* Durations and times of kdeck groups, and columns of characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/groups.h"

static void durations_are_java_s(void **state)
{
	static const struct {
		const char *z;
		int64_t ms;
	} good[] = {{"PT0S", 0}, {"PT1S", 1000}, {"pt1h30m", 5400000}, {"P1D", 86400000},
		{"P1DT2H3M4.5S", 93784500}, {"PT0.001S", 1}, {"PT1.5S", 1500}, {"-PT1M", -60000},
		{"PT-1M", -60000}, {"PT1.123456789S", 1123}, {"PT-0.5S", -500}};
	static const char *const bad[] = {"", "P", "PT", "1H", "PT1", "P1H", "PT1D", "PT1M1H",
		"P1W", "PT1.5H", "PT1H ", "PT99999999999999S", "PTS", "P1DT", "PT1H1H"};
	struct err e;
	int64_t ms;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(0, duration_parse(good[i].z, &ms, &e));
		assert_int_equal(good[i].ms, ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (duration_parse(bad[i], &ms, &e) != ERR_INVALID)
			fail_msg("'%s' was taken for a duration", bad[i]);
}

static void times_are_utc_unless_a_zone_follows(void **state)
{
	static const struct {
		const char *z;
		int64_t ms;
	} good[] = {{"1970-01-01T00:00:00.000", 0}, {"1970-01-01T00:00:01.5", 1500},
		{"1970-01-01T00:00:00Z", 0}, {"1970-01-01T09:00:00+09:00", 0},
		{"1970-01-01T00:00", 0}, {"1969-12-31T19:00:00.250-0500", 250},
		{"2024-02-29T12:00:00.000", 1709208000000}, {"1970-01-02T00:00:00+09", 54000000}};
	static const char *const bad[] = {"", "2024-01-01", "2023-02-29T00:00:00", "yesterday",
		"2024-13-01T00:00:00", "2024-01-01T25:00:00", "2024-01-01T00:00:00 UTC",
		"2024-01-01T00:00:00+9", "2024-01-01T00:00:00.", "2024-01-01 00:00:00"};
	struct err e;
	int64_t ms;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(0, datetime_parse(good[i].z, &ms, &e));
		assert_int_equal(good[i].ms, ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (datetime_parse(bad[i], &ms, &e) != ERR_INVALID)
			fail_msg("'%s' was taken for a time", bad[i]);
}

static void columns_count_characters(void **state)
{
	struct buf b = BUF_EMPTY;
	(void)state;
	put_column(&b, STR_LIT("\xed\x95\x9c\xea\xb5\xad"), 4);
	put_column(&b, STR_LIT("longer"), 3);
	assert_string_equal("\xed\x95\x9c\xea\xb5\xad  longer", buf_z(&b));
	buf_fini(&b);
}

static void places_stand_once(void **state)
{
	group_places p = {0};
	(void)state;
	for (int i = 0; i < 6; i++)
		*vec_add(&p) = (struct group_place){
			.topic = i % 2 ? STR_LIT("a") : STR_LIT("b"), .partition = 5 - i / 4};
	group_places_unique(&p);
	assert_int_equal(4, p.n);
	assert_true(str_eqz(p.v[0].topic, "a"));
	assert_int_equal(4, p.v[0].partition);
	assert_int_equal(5, p.v[3].partition);
	vec_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_java_s),
		cmocka_unit_test(times_are_utc_unless_a_zone_follows),
		cmocka_unit_test(columns_count_characters),
		cmocka_unit_test(places_stand_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
