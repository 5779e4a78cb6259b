/* Screen 8: one group, through a rebalance that leaves one member without a partition. */
#include "stage.h"

#include <time.h>

#include "base/err.h"

#define G "정산"

/* A topic of three partitions, 70 records a second each. The member of partition 2 takes 12 of
 * them; at second 20 a fourth comes. */
static void look(struct stage *s, int64_t second, int32_t members, const char *state)
{
	int64_t end = 1000 + 70 * second;

	clock_manual_advance_ms(&s->clock, 1000);
	lag_metadata(&s->w, stage_now(s));
	feed_broker_state(s->w.m, stage_now(s), 1, BROKER_UP, -1, NULL);
	lag_list(&s->w, stage_now(s), G, state);
	lag_describe(&s->w, stage_now(s), G, state, members, strcmp(state, "Stable") ? 0 : 3,
		second < 20 ? 6 : 7);
	feed_commits_begin(s->w.m, STR_LIT(G));
	for (int32_t p = 0; p < 3; p++)
		feed_commit(s->w.m, stage_now(s), STR_LIT(G), STR_LIT("t-00000"), p,
			p == 2 ? 1000 + 12 * second : end - p, 0, STR_NULL, 0);
	feed_commits_end(s->w.m, stage_now(s), STR_LIT(G), true, 1000);
	clock_manual_advance_ms(&s->clock, 5);
	for (int32_t p = 0; p < 3; p++)
		lag_end(&s->w, stage_now(s), "t-00000", p, 500, end);
	feed_broker_offsets(s->w.m, stage_now(s), 1, 1000, 0);
	feed_progress(s->w.m, &(struct progress){.step = PROGRESS_READY});
	stage_publish(s);
}

static void begin(struct stage *s)
{
	stage_init(s, 1, 3);
	look(s, 0, 3, "Stable");
	stage_open(s, &view_group, G);
	for (int64_t i = 1; i <= 60; i++)
		look(s, i, i < 20 ? 3 : 4, i == 20 ? "PreparingRebalance" : "Stable");
}

static void a_member_waits(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	assert_string_equal(buf_z(&s.wanted), "groups " G " ");
	stage_golden(&s, "group", 80, 19);
	stage_golden(&s, "group", 100, 25);
	stage_golden(&s, "group", 120, 35);
	stage_golden(&s, "group", 40, 8);
	stage_shows(
		&s, 80, 19, "3 partitions, 4 members: a partition has one reader, so c-3 waits");
	stage_fini(&s);
}

static void tabs(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	s.ops->open_tab(s.view, 1);
	stage_golden(&s, "group-members", 80, 19);
	stage_golden(&s, "group-members", 100, 25);
	s.ops->open_tab(s.view, 2);
	stage_golden(&s, "group-owners", 80, 19);
	stage_golden(&s, "group-owners", 100, 25);
	stage_golden(&s, "group-owners", 40, 8);
	stage_key(&s, 'j');
	stage_key(&s, K_LEFT);
	stage_shows(&s, 24, 8, "first seen");
	stage_fini(&s);
}

static void every_size(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	for (int tab = 0; tab < 3; tab++) {
		s.ops->open_tab(s.view, tab);
		for (int cols = 1; cols < 140; cols += 5)
			for (int rows = 1; rows < 40; rows++)
				stage_shows(&s, cols, rows, "");
	}
	stage_shows(&s, 80, 19, "FALLING BEHIND");
	stage_fini(&s);
}

static void rebalancing(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	look(&s, 61, 4, "PreparingRebalance");
	stage_golden(&s, "group-rebalancing", 80, 19);
	stage_golden(&s, "group-rebalancing", 100, 25);
	stage_fini(&s);
}

static void stopped(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	look(&s, 61, 0, "Empty");
	look(&s, 62, 0, "Empty");
	stage_golden(&s, "group-stopped", 80, 19);
	stage_golden(&s, "group-stopped", 100, 25);
	s.ops->open_tab(s.view, 1);
	stage_shows(&s, 80, 19, "no members: nobody reads");
	stage_fini(&s);
}

/* Joined, and nothing is committed yet; then not even that. */
static void nothing_yet(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 1, 3);
	stage_open(&s, &view_group, G);
	stage_shows(&s, 80, 19, "… group " G);
	lag_list(&s.w, stage_now(&s), G, "Stable");
	feed_commits_begin(s.w.m, STR_LIT(G));
	feed_commits_end(s.w.m, stage_now(&s), STR_LIT(G), true, 1000);
	lag_describe(&s.w, stage_now(&s), G, "Empty", 0, 0, -1);
	stage_publish(&s);
	stage_golden(&s, "group-empty", 80, 19);
	stage_golden(&s, "group-empty", 100, 25);
	lag_describe(&s.w, stage_now(&s), G, "Stable", 2, 2, -1);
	stage_publish(&s);
	stage_shows(&s, 80, 19, "no commit");
	lag_list(&s.w, stage_now(&s), NULL, NULL);
	lag_list(&s.w, stage_now(&s), NULL, NULL);
	stage_publish(&s);
	stage_shows(&s, 80, 19, "! group " G " does not exist (any more): Esc goes back");
	stage_fini(&s);
}

static void denied(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 1, 3);
	lag_list(&s.w, stage_now(&s), G, "Stable");
	feed_group_failed(s.w.m, STR_LIT(G), ERR_DENIED, 30);
	feed_commits_failed(s.w.m, STR_LIT(G), 1000, ERR_DENIED, 30);
	stage_publish(&s);
	stage_open(&s, &view_group, G);
	stage_golden(&s, "group-denied", 80, 19);
	stage_golden(&s, "group-denied", 100, 25);
	stage_fini(&s);
}

/* A number is never cut: columns of words go first. */
static void large_numbers(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	for (int64_t i = 61; i < 63; i++) {
		clock_manual_advance_ms(&s.clock, 1000);
		lag_commit(&s.w, stage_now(&s), G, "t-00000", 0, 1234567890123);
		lag_end(&s.w, stage_now(&s), "t-00000", 0, 0, 9876543210123 + i);
		stage_publish(&s);
	}
	stage_shows(&s, 120, 35, "1,234,567,890,123  9,876,543,210,185  8,641,975,320,062");
	stage_shows(&s, 80, 19, "1,234,567,890,123  8,641,975,320,062");
	stage_shows(&s, 40, 12, "8,641,975,320,062");
	stage_close(&s);
	stage_open(&s, &view_groups, NULL);
	stage_shows(&s, 80, 19, "8,641,975,3");
	stage_fini(&s);
}

/* The column grows with what is in it. */
static void long_ages(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	clock_manual_advance_ms(&s.clock, 1000);
	lag_commit(&s.w, stage_now(&s), G, "t-00000", 0, 600);
	lag_end(&s.w, stage_now(&s), "t-00000", 0, 500, 5000);
	feed_unread(s.w.m, STR_LIT(G), STR_LIT("t-00000"), 0, 600,
		clock_wall_ms(&s.clock.clock) - 1250 * 1000);
	stage_publish(&s);
	stage_shows(&s, 100, 25, "  20 m 50 s  ");
	stage_shows(&s, 80, 19, "  20 m 50 s  ");
	stage_fini(&s);
}

/* What is old looks old and stays. */
static void stale(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	assert_int_equal(s.ops->age_ms(s.view), 0);
	clock_manual_advance_ms(&s.clock, 12000);
	assert_int_equal(s.ops->age_ms(s.view) / 1000, 12);
	stage_shows(&s, 80, 19, "behind");
	stage_fini(&s);
}

static void actions_go_on(void **state)
{
	struct buf b = BUF_EMPTY;
	struct stage s;

	(void)state;
	begin(&s);
	/* The cursor begins where the trouble is. */
	stage_shows(&s, 80, 19, "t-00000, partition 2");
	assert_true(s.ops->allowed(s.view, ACTION_ENTER, &b));
	s.ops->action(s.view, ACTION_ENTER);
	assert_int_equal(s.pushed, SCREEN_RECORDS);
	assert_string_equal(buf_z(&s.pushed_arg), "t-00000/2/1720");
	/* A row that came since the last draw stands before it. */
	feed_commit(s.w.m, stage_now(&s), STR_LIT(G), STR_LIT("a-topic"), 0, 1, 0, STR_NULL, 0);
	feed_commits_end(s.w.m, stage_now(&s), STR_LIT(G), false, 1000);
	stage_publish(&s);
	assert_true(s.ops->allowed(s.view, ACTION_ENTER, &b));
	s.ops->action(s.view, ACTION_ENTER);
	assert_string_equal(buf_z(&s.pushed_arg), "t-00000/2/1720");
	/* On a member that waits there is no partition to go into. */
	stage_key(&s, 'G');
	stage_shows(&s, 80, 19, "member c-3");
	assert_false(s.ops->allowed(s.view, ACTION_ENTER, &b));
	buf_clear(&b);
	assert_false(s.ops->allowed(s.view, ACTION_GROUP_DELETE_OFFSETS, &b));
	buf_clear(&b);
	s.ops->explain(s.view, &b);
	assert_non_null(strstr(buf_z(&b), "it has 4 members, 1 of them idle"));
	buf_clear(&b);
	s.ops->command(s.view, ACTION_COUNT, &b);
	assert_string_equal(buf_z(&b), "kdeck groups --describe --group '" G "'");
	buf_clear(&b);
	s.ops->crumb(s.view, &b);
	assert_string_equal(buf_z(&b), " > " G);
	buf_fini(&b);
	stage_fini(&s);
}

static void sorted_and_filtered(void **state)
{
	struct buf b = BUF_EMPTY;
	struct stage s;

	(void)state;
	begin(&s);
	s.ops->filter(s.view, STR_LIT("behind"));
	stage_draw(&s, 80, 19, &b);
	assert_non_null(strstr(buf_z(&b), "2  c-2 "));
	assert_null(strstr(buf_z(&b), "1  c-1 "));
	s.ops->filter(s.view, STR_LIT("idle"));
	buf_clear(&b);
	stage_draw(&s, 80, 19, &b);
	assert_non_null(strstr(buf_z(&b), "so c-3 waits"));
	assert_null(strstr(buf_z(&b), "2  c-2 "));
	s.ops->filter(s.view, STR_LIT(""));
	for (int i = 0; i < 4; i++)
		s.ops->action(s.view, ACTION_SORT);
	stage_shows(&s, 80, 19, "LAG v");
	buf_clear(&b);
	stage_draw(&s, 80, 19, &b);
	assert_true(strstr(buf_z(&b), "2  c-2 ") < strstr(buf_z(&b), "1  c-1 "));
	buf_clear(&b);
	s.ops->open_tab(s.view, 2);
	assert_false(s.ops->allowed(s.view, ACTION_SORT, &b));
	buf_fini(&b);
	stage_fini(&s);
}

/* Opened with nothing: the only group, or the question which. */
static void which_group(void **state)
{
	struct err e = {0};
	struct stage s;

	(void)state;
	stage_init(&s, 1, 2);
	assert_null(view_group.open(&s.ctx, NULL, &e));
	assert_non_null(strstr(e.msg, "no group to show yet"));
	lag_list(&s.w, 10, "one", "Empty");
	stage_publish(&s);
	stage_open(&s, &view_group, NULL);
	assert_string_equal(buf_z(&s.wanted), "groups one ");
	stage_close(&s);
	stage_groups(&s);
	stage_open(&s, &view_group, NULL);
	stage_golden(&s, "group-which", 80, 19);
	stage_key(&s, 'j');
	s.ops->filter(s.view, STR_LIT("pay"));
	s.ops->action(s.view, ACTION_ENTER);
	assert_string_equal(buf_z(&s.wanted), "groups payments ");
	stage_shows(&s, 80, 19, "FALLING BEHIND");
	stage_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_waits),
		cmocka_unit_test(tabs),
		cmocka_unit_test(every_size),
		cmocka_unit_test(rebalancing),
		cmocka_unit_test(stopped),
		cmocka_unit_test(nothing_yet),
		cmocka_unit_test(denied),
		cmocka_unit_test(large_numbers),
		cmocka_unit_test(long_ages),
		cmocka_unit_test(stale),
		cmocka_unit_test(actions_go_on),
		cmocka_unit_test(sorted_and_filtered),
		cmocka_unit_test(which_group),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
