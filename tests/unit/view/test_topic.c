/* Screen 4: the groups that read a topic. */
#include "stage.h"

static void open_groups(struct stage *s)
{
	stage_open(s, &view_topic, "t-00000/groups");
}

static void test_readers(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 2, 2);
	stage_groups(&s);
	open_groups(&s);
	stage_golden(&s, "topic-groups", 80, 18);
	assert_string_equal(buf_z(&s.wanted), "topic t-00000 groups audit mail payments ");
	stage_golden(&s, "topic-groups", 120, 34);
	stage_golden(&s, "topic-groups", 40, 8);
	stage_key(&s, K_DOWN);
	stage_golden(&s, "topic-groups-idle", 100, 24);
	stage_key(&s, K_DOWN);
	stage_golden(&s, "topic-groups-behind", 100, 24);
	s.ops->action(s.view, ACTION_ENTER);
	assert_int_equal(s.pushed, SCREEN_GROUP);
	assert_string_equal(buf_z(&s.pushed_arg), "payments");
	stage_fini(&s);
}

static void first_row(struct stage *s, const char *group)
{
	struct buf b = BUF_EMPTY;
	const char *line;

	stage_draw(s, 80, 18, &b);
	line = strstr(buf_z(&b), "VERDICT");
	assert_non_null(line);
	line = strchr(line, '\n') + 2;
	if (strncmp(line, group, strlen(group)) != 0)
		fail_msg("%s is not in the first row:\n%s", group, buf_z(&b));
	buf_fini(&b);
}

static void test_sort_and_filter(void **state)
{
	struct stage s;
	struct buf reason = BUF_EMPTY;

	(void)state;
	stage_init(&s, 2, 2);
	stage_groups(&s);
	open_groups(&s);
	assert_true(s.ops->allowed(s.view, ACTION_SORT, &reason));
	first_row(&s, "audit");
	s.ops->action(s.view, ACTION_SORT_TURN);
	first_row(&s, "payments");
	s.ops->action(s.view, ACTION_SORT_TURN);
	for (int i = 0; i < 3; i++)
		s.ops->action(s.view, ACTION_SORT);
	first_row(&s, "mail");
	s.ops->action(s.view, ACTION_SORT_TURN);
	first_row(&s, "audit");
	s.ops->filter(s.view, STR_LIT("PAY"));
	first_row(&s, "payments");
	stage_shows(&s, 80, 18, "/ PAY");
	s.ops->filter(s.view, STR_LIT("nobody"));
	stage_shows(&s, 80, 18, "no group matches the filter");
	s.ops->open_tab(s.view, 0);
	assert_false(s.ops->allowed(s.view, ACTION_SORT, &reason));
	buf_fini(&reason);
	stage_fini(&s);
}

/* What is said where there is no row depends on what is known. */
static void test_no_readers(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 2, 2);
	feed_progress(s.w.m, &(struct progress){.step = PROGRESS_READY});
	stage_publish(&s);
	open_groups(&s);
	stage_shows(&s, 80, 18, "…");
	feed_groups_failed(s.w.m, 1, 1000, ERR_DENIED, 0);
	stage_publish(&s);
	stage_shows(&s, 80, 18, "denied");
	stage_list(&s);
	stage_publish(&s);
	stage_shows(&s, 80, 18, "none of the groups looked at so far: 0 of 3 groups");
	feed_groups_begin(s.w.m, 1);
	feed_groups_end(s.w.m, stage_now(&s), 1, 1000);
	stage_publish(&s);
	feed_groups_begin(s.w.m, 1);
	feed_groups_end(s.w.m, stage_now(&s), 1, 1000);
	stage_publish(&s);
	stage_golden(&s, "topic-no-groups", 80, 18);
	s.ops->action(s.view, ACTION_ENTER);
	assert_int_equal(s.pushed, SCREEN_COUNT);
	stage_fini(&s);
}

/* One of a thing is not many. */
static void test_singular(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 1, 1);
	lag_end(&s.w, 0, "t-00000", 0, 0, 1);
	feed_progress(s.w.m, &(struct progress){.step = PROGRESS_READY});
	stage_publish(&s);
	stage_open(&s, &view_topic, "t-00000");
	stage_shows(&s, 80, 18, "1 partition  ");
	stage_shows(&s, 80, 18, " 1 record  ");
	stage_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_sort_and_filter),
		cmocka_unit_test(test_no_readers),
		cmocka_unit_test(test_singular),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
