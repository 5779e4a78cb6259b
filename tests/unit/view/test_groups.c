/* Screen 7: groups, worst first, with the reason in the line. */
#include "stage.h"

#include "base/err.h"

/* Names, states and what they commit of what comes in; a name in Korean takes two cells a
 * syllable. */
static const struct {
	const char *name, *state;
	int32_t members, given;
	int64_t a_second; /* of 70; -1: nothing ever */
} groups[] = {
	{"audit", "Empty", 0, 0, 0},
	{"fresh", "Stable", 1, 1, -1},
	{"mail", "Stable", 3, 2, 70},
	{"payments", "Stable", 2, 2, 12},
	{"원장-장부", "Stable", 2, 2, 70},
	{"월말-정산", "PreparingRebalance", 2, 0, 70},
};

static void list(struct stage *s)
{
	feed_groups_begin(s->w.m, 1);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		feed_group_listed(s->w.m, stage_now(s), 1, str_of(groups[i].name),
			str_of(groups[i].state), STR_LIT("consumer"), STR_LIT("classic"));
	feed_groups_end(s->w.m, stage_now(s), 1, 1000);
}

static void look(struct stage *s, int64_t second)
{
	int64_t end = 1000 + 70 * second;

	clock_manual_advance_ms(&s->clock, 1000);
	lag_metadata(&s->w, stage_now(s));
	feed_broker_state(s->w.m, stage_now(s), 1, BROKER_UP, -1, NULL);
	list(s);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		int64_t at = 1000 + groups[i].a_second * second;

		lag_describe(&s->w, stage_now(s), groups[i].name, groups[i].state,
			groups[i].members, groups[i].given, 3);
		if (groups[i].a_second >= 0)
			stage_commits(s, groups[i].name, at, end);
		else
			feed_commits_end(s->w.m, stage_now(s), str_of(groups[i].name), true, 1000);
	}
	clock_manual_advance_ms(&s->clock, 5);
	for (int32_t p = 0; p < 2; p++)
		lag_end(&s->w, stage_now(s), "t-00000", p, 0, end);
	feed_broker_offsets(s->w.m, stage_now(s), 1, 1000, 0);
	feed_progress(s->w.m, &(struct progress){.step = PROGRESS_READY});
	stage_publish(s);
}

static void begin(struct stage *s)
{
	stage_init(s, 1, 2);
	for (int64_t i = 0; i <= 60; i++)
		look(s, i);
	stage_open(s, &view_groups, NULL);
}

static void rows_at_every_width(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	stage_golden(&s, "groups", 80, 19);
	stage_golden(&s, "groups", 100, 25);
	stage_golden(&s, "groups", 120, 35);
	stage_golden(&s, "groups", 40, 8);
	for (int cols = 1; cols < 130; cols += 7)
		for (int rows = 1; rows < 30; rows += 3)
			stage_shows(&s, cols, rows, "");
	stage_shows(&s, 100, 25, "6 groups");
	stage_fini(&s);
}

static void nothing_teaches(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 1, 2);
	stage_open(&s, &view_groups, NULL);
	stage_shows(&s, 80, 19, "…");
	feed_groups_begin(s.w.m, 1);
	feed_groups_end(s.w.m, stage_now(&s), 1, 1000);
	stage_publish(&s);
	stage_golden(&s, "groups-empty", 80, 19);
	stage_golden(&s, "groups-empty", 100, 25);
	stage_fini(&s);
}

static void forbidden_says_so(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 1, 2);
	feed_groups_failed(s.w.m, 1, 1000, ERR_DENIED, 31);
	stage_publish(&s);
	stage_open(&s, &view_groups, NULL);
	stage_shows(&s, 80, 19, "denied: this cluster does not let us list its groups");
	stage_close(&s);
	list(&s);
	feed_commits_failed(s.w.m, STR_LIT("mail"), 1000, ERR_DENIED, 30);
	stage_publish(&s);
	stage_open(&s, &view_groups, NULL);
	stage_shows(&s, 100, 19, "denied");
	stage_shows(&s, 100, 19, "0 of 6 groups");
	stage_fini(&s);
}

static void sort_by(struct stage *s, const char *title)
{
	struct buf b = BUF_EMPTY;

	for (int i = 0; i < 20; i++) {
		buf_clear(&b);
		stage_draw(s, 140, 19, &b);
		if (strstr(buf_z(&b), title))
			break;
		s->ops->action(s->view, ACTION_SORT);
	}
	assert_non_null(strstr(buf_z(&b), title));
	buf_fini(&b);
}

static void sorted(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	/* Worst first: nobody reads audit. */
	assert_int_equal(stage_line_of(&s, 120, 19, ">audit"), 3);
	assert_int_equal(stage_line_of(&s, 120, 19, " payments"), 4);
	sort_by(&s, "GROUP ^");
	assert_int_equal(stage_line_of(&s, 120, 19, "audit "), 3);
	assert_int_equal(stage_line_of(&s, 120, 19, "월말-정산"), 8);
	s.ops->action(s.view, ACTION_SORT_TURN);
	assert_int_equal(stage_line_of(&s, 120, 19, "월말-정산"), 3);
	sort_by(&s, "MEMBERv");
	assert_int_equal(stage_line_of(&s, 120, 19, "mail"), 3);
	sort_by(&s, "NET/Sv");
	assert_int_equal(stage_line_of(&s, 120, 19, "audit "), 3);
	sort_by(&s, "VERDICT v");
	assert_int_equal(stage_line_of(&s, 120, 19, "audit "), 3);
	stage_fini(&s);
}

static void filtered(void **state)
{
	struct stage s;
	struct buf b = BUF_EMPTY, reason = BUF_EMPTY;

	(void)state;
	begin(&s);
	s.ops->filter(s.view, STR_LIT("장부"));
	assert_int_equal(stage_line_of(&s, 120, 19, "원장-장부"), 3);
	/* Verdicts and states too. */
	s.ops->filter(s.view, STR_LIT("stopped"));
	assert_int_equal(stage_line_of(&s, 120, 19, "audit"), 3);
	s.ops->filter(s.view, STR_LIT("rebal"));
	assert_int_equal(stage_line_of(&s, 120, 19, "월말-정산"), 3);
	s.ops->filter(s.view, STR_LIT("!stable"));
	stage_draw(&s, 80, 19, &b);
	assert_non_null(strstr(buf_z(&b), "audit"));
	assert_null(strstr(buf_z(&b), "payments"));
	s.ops->filter(s.view, STR_LIT("nobody"));
	stage_shows(&s, 80, 19, "no group matches the filter");
	assert_false(s.ops->allowed(s.view, ACTION_EXPORT, &reason));
	assert_string_equal(buf_z(&reason), "no group matches the filter");
	buf_fini(&reason);
	buf_fini(&b);
	stage_fini(&s);
}

static void source_is_told_what_is_seen(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	stage_shows(&s, 80, 19, "audit");
	assert_string_equal(
		buf_z(&s.wanted), "groups audit payments mail 원장-장부 월말-정산 fresh ");
	s.ops->filter(s.view, STR_LIT("ai"));
	stage_shows(&s, 80, 19, "mail");
	assert_string_equal(buf_z(&s.wanted), "groups mail ");
	stage_fini(&s);
}

static void opens_and_comes_back(void **state)
{
	struct stage s;
	struct buf b = BUF_EMPTY;

	(void)state;
	begin(&s);
	stage_key(&s, 'j');
	stage_shows(&s, 80, 19, ">payments");
	s.ops->action(s.view, ACTION_ENTER);
	assert_int_equal(s.pushed, SCREEN_GROUP);
	assert_string_equal(buf_z(&s.pushed_arg), "payments");
	s.ops->command(s.view, ACTION_COUNT, &b);
	assert_string_equal(buf_z(&b), "kdeck groups --describe --group payments");
	buf_clear(&b);
	s.ops->explain(s.view, &b);
	assert_non_null(strstr(buf_z(&b), "payments: behind: partition 0: c-0 takes 12/s of 70/s"));
	assert_non_null(strstr(buf_z(&b), "It has 3,480 records to read"));
	buf_clear(&b);
	s.ops->save(s.view, &b);
	stage_close(&s);
	stage_open(&s, &view_groups, buf_z(&b));
	stage_shows(&s, 80, 19, ">payments");
	/* Marked rows are copied. */
	stage_key(&s, ' ');
	buf_clear(&b);
	s.ops->copy(s.view, &b);
	assert_int_equal(strncmp(buf_z(&b), "payments\tStable\tclassic\t2\t1\t3480", 25), 0);
	stage_shows(&s, 80, 19, "1 marked");
	buf_fini(&b);
	stage_fini(&s);
}

/* The cursor stays with the worst until somebody moves it, then with its row. */
static void cursor_stays(void **state)
{
	struct stage s;

	(void)state;
	begin(&s);
	stage_shows(&s, 80, 19, ">audit");
	stage_key(&s, 'j');
	stage_key(&s, 'j');
	stage_shows(&s, 80, 19, ">mail");
	s.ops->action(s.view, ACTION_SORT_TURN);
	stage_shows(&s, 80, 19, ">mail");
	stage_fini(&s);
}

/* What came since the last draw stands before it by name: the cursor is still on the same group. */
static void test_between_draws(void **state)
{
	struct buf text = BUF_EMPTY, reason = BUF_EMPTY;
	struct stage s;

	(void)state;
	begin(&s);
	stage_draw(&s, 100, 25, &text);
	stage_key(&s, 'j');
	s.ops->action(s.view, ACTION_ENTER);
	buf_clear(&text);
	buf_put_str(&text, buf_str(&s.pushed_arg));
	feed_group_listed(s.w.m, stage_now(&s), 1, STR_LIT("a-new-one"), STR_LIT("Stable"),
		STR_LIT("consumer"), STR_LIT("classic"));
	stage_publish(&s);
	assert_true(s.ops->allowed(s.view, ACTION_ENTER, &reason));
	s.ops->action(s.view, ACTION_ENTER);
	assert_string_equal(buf_z(&s.pushed_arg), buf_z(&text));
	buf_fini(&text);
	buf_fini(&reason);
	stage_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_at_every_width),
		cmocka_unit_test(nothing_teaches),
		cmocka_unit_test(forbidden_says_so),
		cmocka_unit_test(sorted),
		cmocka_unit_test(filtered),
		cmocka_unit_test(source_is_told_what_is_seen),
		cmocka_unit_test(opens_and_comes_back),
		cmocka_unit_test(cursor_stays),
		cmocka_unit_test(test_between_draws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
