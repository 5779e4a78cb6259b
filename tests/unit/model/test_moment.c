/* Moments and spans of time as they are typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/moment.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void durations_are_java_s(void **state)
{
	static const struct {
		const char *z;
		int64_t ms;
	} good[] = {{"PT0S", 0}, {"PT1S", 1000}, {"pt1h30m", 5400000}, {"P1D", 86400000},
		{"P1DT2H3M4.5S", 93784500}, {"PT0.001S", 1}, {"PT1.5S", 1500}, {"-PT1M", -60000},
		{"PT-1M", -60000}, {"PT1.123456789S", 1123}, {"PT-0.5S", -500}};
	static const char *const bad[] = {"", "P", "PT", "1H", "PT1", "P1H", "PT1D", "PT1M1H",
		"P1W", "PT1.5H", "PT1H ", "PT99999999999999S", "PTS", "P1DT", "PT1H1H", "PT1.0H",
		"P999999999999D"};
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

static void spans_are_typed(void **state)
{
	static const struct {
		const char *z;
		int64_t ms;
	} good[] = {{"2h30m", 9000000}, {"1 d 12 h", 129600000}, {"90s", 90000}, {"0.5s", 500},
		{"3D", 259200000}, {"PT2H30M", 9000000}, {"-PT1M", -60000}, {"0s", 0}};
	static const char *const bad[] = {"", " ", "2", "h", "2h2h", "30m2h", "-2h", "2h30", "1.5h",
		"2 weeks", "1w", "999999999999d", "1d                    1h1x"};
	struct err e;
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(0, span_parse(good[i].z, &ms, &e));
		assert_int_equal(good[i].ms, ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (span_parse(bad[i], &ms, &e) != ERR_INVALID)
			fail_msg("'%s' was taken for a time", bad[i]);
}

static void durations_are_read_again(void **state)
{
	static const struct {
		int64_t ms;
		const char *z;
	} all[] = {{0, "PT0S"}, {9000000, "PT2H30M"}, {86400000, "P1D"},
		{90061001, "P1DT1H1M1.001S"}, {-1500, "-PT1.500S"}, {172800000 + 5000, "P2DT5S"},
		{INT64_MAX, NULL}, {INT64_MIN + 1, NULL}};
	struct buf b = BUF_EMPTY;
	struct err e;
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		buf_clear(&b);
		duration_put(&b, all[i].ms);
		if (all[i].z)
			assert_string_equal(all[i].z, buf_z(&b));
		assert_int_equal(0, duration_parse(buf_z(&b), &ms, &e));
		assert_int_equal(all[i].ms, ms);
	}
	buf_fini(&b);
}

static void moments_are_typed_in_the_zone_of_the_process(void **state)
{
	static const struct {
		const char *z;
		int64_t ms;
	} good[] = {{"2024-02-29 12:00", 1709175600000}, {"2024-02-29 12:00:05", 1709175605000},
		{"2024-02-29T12:00:00", 1709208000000},
		{"2024-02-29T12:00:00+09:00", 1709175600000}, {"1709175600000", 1709175600000}};
	static const char *const bad[] = {"", "2024", "2024-02-30 12:00", "2024-02-29", "12:00",
		"2024-02-29 12:00 x", "99999999999999999999", "yesterday"};
	struct err e;
	int64_t ms;

	(void)state;
	setenv("TZ", "ABC-9", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(0, moment_parse(good[i].z, &ms, &e));
		assert_int_equal(good[i].ms, ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (moment_parse(bad[i], &ms, &e) != ERR_INVALID)
			fail_msg("'%s' was taken for a moment", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_java_s),
		cmocka_unit_test(times_are_utc_unless_a_zone_follows),
		cmocka_unit_test(spans_are_typed),
		cmocka_unit_test(durations_are_read_again),
		cmocka_unit_test(moments_are_typed_in_the_zone_of_the_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
