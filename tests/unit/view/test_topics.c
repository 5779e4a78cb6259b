/* Screen 3: who reads a topic and how far behind, at every width. */
#include "stage.h"

static void test_readers(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 3, 2);
	stage_groups(&s);
	stage_open(&s, &view_topics, NULL);
	stage_golden(&s, "topics", 80, 8);
	stage_golden(&s, "topics", 100, 8);
	stage_golden(&s, "topics", 120, 8);
	stage_golden(&s, "topics", 40, 8);
	stage_fini(&s);
}

/* Not all groups are known: the number is not exact. None is known: there is no number. */
static void test_incomplete(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 1, 2);
	stage_ready(&s);
	stage_open(&s, &view_topics, NULL);
	stage_shows(&s, 80, 8, "       …           …");
	stage_list(&s);
	stage_publish(&s);
	stage_shows(&s, 80, 8, "≈ 0");
	stage_commits(&s, "mail", 4, 0);
	stage_publish(&s);
	stage_shows(&s, 80, 8, "≈ 1");
	stage_fini(&s);
}

static void test_sorted_by_lag(void **state)
{
	struct stage s;
	struct buf b = BUF_EMPTY;

	(void)state;
	stage_init(&s, 3, 2);
	stage_groups(&s);
	stage_open(&s, &view_topics, NULL);
	assert_int_equal(stage_line_of(&s, 100, 8, "t-00000"), 1);
	for (int i = 0; i < 20; i++) {
		buf_clear(&b);
		stage_draw(&s, 100, 8, &b);
		if (strstr(buf_z(&b), "LAG ^"))
			break;
		s.ops->action(s.view, ACTION_SORT);
	}
	assert_non_null(strstr(buf_z(&b), "LAG ^"));
	assert_int_equal(stage_line_of(&s, 100, 8, "t-00000"), 3);
	s.ops->action(s.view, ACTION_SORT_TURN);
	assert_int_equal(stage_line_of(&s, 100, 8, "t-00000"), 1);
	buf_fini(&b);
	stage_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_sorted_by_lag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
