/* Resets of offsets, worked out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "model/reset.h"
#include "wire/api.h"

struct scenario {
	enum reset_to to;
	int64_t at;
	int64_t now, start, end, by_time;
	int64_t want; /* -1: it cannot be */
	enum reset_clamp clamp;
	const char *effect;
};

static const struct scenario scenarios[] = {
	{RESET_EARLIEST, 0, 50, 10, 90, -1, 10, RESET_FITS, "40 to be read again"},
	{RESET_EARLIEST, 0, 10, 10, 90, -1, 10, RESET_FITS, "none"},
	{RESET_EARLIEST, 0, -1, 10, 90, -1, 10, RESET_FITS, "80 to be read"},
	{RESET_LATEST, 0, 50, 10, 90, -1, 90, RESET_FITS, "40 to be skipped"},
	{RESET_LATEST, 0, -1, 10, 90, -1, 90, RESET_FITS, "0 to be read"},
	/* an empty partition, at the beginning and after everything was deleted */
	{RESET_EARLIEST, 0, -1, 0, 0, -1, 0, RESET_FITS, "0 to be read"},
	{RESET_LATEST, 0, 0, 0, 0, -1, 0, RESET_FITS, "none"},
	{RESET_EARLIEST, 0, 20, 70, 70, -1, 70, RESET_FITS, "none"},
	{RESET_OFFSET, 5, 20, 70, 70, -1, 70, RESET_TOO_LOW, "none"},
	{RESET_TIME, 5, 20, 70, 70, -1, 70, RESET_TOO_YOUNG, "none"},
	/* where it is, also outside the log; what was never committed goes to the end */
	{RESET_CURRENT, 0, 50, 10, 90, -1, 50, RESET_FITS, "none"},
	{RESET_CURRENT, 0, 5, 10, 90, -1, 5, RESET_FITS, "none"},
	{RESET_CURRENT, 0, 100, 10, 90, -1, 100, RESET_FITS, "none"},
	{RESET_CURRENT, 0, -1, 10, 90, -1, 90, RESET_FITS, "0 to be read"},
	{RESET_OFFSET, 10, 50, 10, 90, -1, 10, RESET_FITS, "40 to be read again"},
	{RESET_OFFSET, 90, 50, 10, 90, -1, 90, RESET_FITS, "40 to be skipped"},
	{RESET_OFFSET, 91, 50, 10, 90, -1, 90, RESET_TOO_HIGH, "40 to be skipped"},
	{RESET_OFFSET, 9, 50, 10, 90, -1, 10, RESET_TOO_LOW, "40 to be read again"},
	{RESET_OFFSET, -1, 50, 10, 90, -1, 10, RESET_TOO_LOW, "40 to be read again"},
	{RESET_OFFSET, INT64_MAX, -1, 10, 90, -1, 90, RESET_TOO_HIGH, "0 to be read"},
	{RESET_OFFSET, INT64_MIN, -1, 10, 90, -1, 10, RESET_TOO_LOW, "80 to be read"},
	{RESET_SHIFT, 5, 50, 10, 90, -1, 55, RESET_FITS, "5 to be skipped"},
	{RESET_SHIFT, -5, 50, 10, 90, -1, 45, RESET_FITS, "5 to be read again"},
	{RESET_SHIFT, 0, 50, 10, 90, -1, 50, RESET_FITS, "none"},
	{RESET_SHIFT, 41, 50, 10, 90, -1, 90, RESET_TOO_HIGH, "40 to be skipped"},
	{RESET_SHIFT, -41, 50, 10, 90, -1, 10, RESET_TOO_LOW, "40 to be read again"},
	{RESET_SHIFT, INT64_MAX, 50, 10, 90, -1, 90, RESET_TOO_HIGH, "40 to be skipped"},
	{RESET_SHIFT, INT64_MIN, 50, 10, 90, -1, 10, RESET_TOO_LOW, "40 to be read again"},
	{RESET_SHIFT, 1, -1, 10, 90, -1, -1, RESET_FITS, NULL},
	/* what was deleted is neither read again nor skipped, nor what the log lost at its end */
	{RESET_SHIFT, 3, 5, 10, 90, -1, 10, RESET_TOO_LOW, "none"},
	{RESET_OFFSET, 30, 5, 10, 90, -1, 30, RESET_FITS, "20 to be skipped"},
	{RESET_OFFSET, 30, 200, 10, 90, -1, 30, RESET_FITS, "60 to be read again"},
	{RESET_LATEST, 0, 200, 10, 90, -1, 90, RESET_FITS, "none"},
	{RESET_TIME, 1000, 50, 10, 90, 42, 42, RESET_FITS, "8 to be read again"},
	{RESET_TIME, 1000, 50, 10, 90, -1, 90, RESET_TOO_YOUNG, "40 to be skipped"},
	{RESET_DURATION, 1000, 50, 10, 90, 60, 60, RESET_FITS, "10 to be skipped"},
	{RESET_DURATION, 1000, -1, 10, 90, 60, 60, RESET_FITS, "30 to be read"},
};

static void scenarios_are_worked_out(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		const struct scenario *s = &scenarios[i];
		struct reset_row row = {.topic = STR_LIT("t"),
			.now = s->now,
			.start = s->start,
			.end = s->end,
			.by_time = s->by_time,
			.clamp = RESET_TOO_YOUNG};

		if (reset_work_out(&row, s->to, s->at) != (s->want >= 0))
			fail_msg("scenario %zu", i);
		if (s->want < 0)
			continue;
		buf_clear(&b);
		reset_put_effect(&b, &row);
		if (row.to != s->want || row.clamp != s->clamp || strcmp(buf_z(&b), s->effect) != 0)
			fail_msg("scenario %zu: to %lld, clamp %d, %s", i, (long long)row.to,
				row.clamp, buf_z(&b));
	}
	buf_fini(&b);
}

static void clamps_are_said(void **state)
{
	struct reset_row row = {.now = 20, .start = 10, .end = 90, .by_time = -1};
	struct buf b = BUF_EMPTY;

	(void)state;
	assert_true(reset_work_out(&row, RESET_OFFSET, 50));
	reset_put_clamp(&b, &row);
	assert_string_equal("", buf_z(&b));
	assert_true(reset_work_out(&row, RESET_OFFSET, 1000));
	reset_put_clamp(&b, &row);
	assert_string_equal("offset 1000 is higher than the end of the log: set to 90", buf_z(&b));
	buf_clear(&b);
	assert_true(reset_work_out(&row, RESET_SHIFT, -30));
	reset_put_clamp(&b, &row);
	assert_string_equal("offset -10 is lower than the start of the log: set to 10", buf_z(&b));
	buf_clear(&b);
	assert_true(reset_work_out(&row, RESET_TIME, 7));
	reset_put_clamp(&b, &row);
	assert_string_equal("no record is as young: set to its end, 90", buf_z(&b));
	buf_fini(&b);
}

static void moments_of_a_reset(void **state)
{
	(void)state;
	assert_true(reset_by_time(RESET_DURATION) && reset_by_time(RESET_TIME));
	assert_false(reset_by_time(RESET_SHIFT));
	assert_int_equal(400, reset_moment(RESET_DURATION, 600, 1000));
	assert_int_equal(0, reset_moment(RESET_DURATION, 6000, 1000));
	assert_int_equal(1600, reset_moment(RESET_DURATION, -600, 1000));
	assert_true(reset_moment(RESET_DURATION, INT64_MIN, 1000) == INT64_MAX);
	assert_int_equal(600, reset_moment(RESET_TIME, 600, 1000));
	assert_int_equal(0, reset_moment(RESET_TIME, -600, 1000));
}

static void options_of_the_command(void **state)
{
	static const struct {
		enum reset_to to;
		int64_t at;
		const char *option;
	} all[] = {{RESET_EARLIEST, 3, "--to-earliest"}, {RESET_LATEST, 3, "--to-latest"},
		{RESET_CURRENT, 3, "--to-current"}, {RESET_OFFSET, 3, "--to-offset 3"},
		{RESET_SHIFT, -3, "--shift-by -3"},
		{RESET_DURATION, 9000000, "--by-duration PT2H30M"},
		{RESET_TIME, 1709208000000, "--to-datetime 2024-02-29T12:00:00.000Z"}};
	struct buf b = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		buf_clear(&b);
		reset_put_option(&b, all[i].to, all[i].at);
		assert_string_equal(all[i].option, buf_z(&b));
	}
	buf_fini(&b);
}

static void places_in_words(void **state)
{
	static const struct {
		enum reset_to to;
		int64_t at;
		const char *words;
	} all[] = {{RESET_EARLIEST, 0, "to the earliest record"},
		{RESET_LATEST, 0, "behind the latest record"}, {RESET_CURRENT, 0, "to where it is"},
		{RESET_OFFSET, 1200, "to offset 1,200"}, {RESET_SHIFT, -1, "1 record back"},
		{RESET_SHIFT, 5000, "5,000 records on"},
		{RESET_SHIFT, INT64_MIN, "9,223,372,036,854,775,807 records back"},
		{RESET_DURATION, 9000000, "to 2 h 30 m ago"}};
	struct buf b = BUF_EMPTY;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		buf_clear(&b);
		reset_put_words(&b, all[i].to, all[i].at);
		assert_string_equal(all[i].words, buf_z(&b));
	}
	buf_fini(&b);
}

static void members_in_words(void **state)
{
	const struct str names[] = {STR_LIT("a"), STR_LIT("b"), STR_LIT("c"), STR_LIT("d")};
	struct buf b = BUF_EMPTY;

	(void)state;
	reset_put_members(&b, "g", names, 1);
	assert_string_equal("group g has 1 member (a): stop it first", buf_z(&b));
	buf_clear(&b);
	reset_put_members(&b, "g", names, 4);
	assert_string_equal(
		"group g has 4 members (a, b, c and 1 more): stop them first", buf_z(&b));
	buf_fini(&b);
}

static void rows_become_one_commit(void **state)
{
	const struct reset_row rows[] = {{.topic = STR_LIT("a"), .partition = 0, .to = 7},
		{.topic = STR_LIT("a"), .partition = 2, .to = 8},
		{.topic = STR_LIT("b"), .partition = 1, .to = 9}};
	struct offset_commit_request q;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	reset_fill_commit(&q, &a, STR_LIT("g"), rows, ARRAY_LEN(rows));
	assert_true(str_eqz(q.group_id, "g"));
	assert_int_equal(-1, q.generation_id_or_member_epoch);
	assert_int_equal(2, q.n_topics);
	assert_int_equal(2, q.topics[0].n_partitions);
	assert_int_equal(2, q.topics[0].partitions[1].partition_index);
	assert_int_equal(8, q.topics[0].partitions[1].committed_offset);
	assert_int_equal(-1, q.topics[0].partitions[1].committed_leader_epoch);
	assert_true(str_eqz(q.topics[1].name, "b"));
	assert_int_equal(9, q.topics[1].partitions[0].committed_offset);
	reset_fill_commit(&q, &a, STR_LIT("g"), rows, 0);
	assert_int_equal(0, q.n_topics);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenarios_are_worked_out),
		cmocka_unit_test(clamps_are_said),
		cmocka_unit_test(moments_of_a_reset),
		cmocka_unit_test(options_of_the_command),
		cmocka_unit_test(places_in_words),
		cmocka_unit_test(members_in_words),
		cmocka_unit_test(rows_become_one_commit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
