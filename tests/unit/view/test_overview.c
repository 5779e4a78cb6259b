/* Screen 1: how problems, the worst groups and changes share the page; one cursor over them. */
#include "stage.h"

static void draw_all(struct stage *s, const char *name)
{
	/* What is left of 80x24, 100x30, 120x40 and 40x12 by header and footer. */
	stage_golden(s, name, 80, 19);
	stage_golden(s, name, 100, 25);
	stage_golden(s, name, 120, 35);
	stage_golden(s, name, 40, 9);
}

/* Some partitions have no leader, some replicas are gone. */
static void break_topics(struct stage *s, int32_t n)
{
	s->w.topics = n;
	s->w.leaderless = true;
	lag_metadata(&s->w, stage_now(s));
	stage_publish(s);
}

static void test_trouble(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 3, 2);
	stage_groups(&s);
	stage_open(&s, &view_overview, NULL);
	draw_all(&s, "overview-groups");
	assert_string_equal(buf_z(&s.wanted), "groups audit payments mail ");
	/* Told at every draw: another screen may have told something else. */
	buf_clear(&s.wanted);
	stage_shows(&s, 80, 19, "payments");
	assert_string_equal(buf_z(&s.wanted), "groups audit payments mail ");
	break_topics(&s, 6);
	draw_all(&s, "overview-trouble");
	stage_fini(&s);
}

static void feed_one(struct stage *s, int64_t committed)
{
	for (int i = 0; i < 3; i++) {
		clock_manual_advance_ms(&s->clock, 1000);
		lag_metadata(&s->w, stage_now(s));
		feed_broker_state(s->w.m, stage_now(s), 1, BROKER_UP, -1, NULL);
		lag_list(&s->w, stage_now(s), "mail", "Stable");
		lag_describe(&s->w, stage_now(s), "mail", "Stable", 1, 1, 1);
		lag_commit(&s->w, stage_now(s), "mail", "t-00000", 0, committed);
		clock_manual_advance_ms(&s->clock, 5);
		lag_end(&s->w, stage_now(s), "t-00000", 0, 0, 1000);
		feed_broker_offsets(s->w.m, stage_now(s), 1, 1000, 0);
		feed_progress(s->w.m, &(struct progress){.step = PROGRESS_READY});
		stage_publish(s);
	}
}

static void test_all_is_well(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 1, 1);
	feed_one(&s, 1000);
	stage_open(&s, &view_overview, NULL);
	draw_all(&s, "overview-well");
	/* Enter has nothing to go to but the topics. */
	s.ops->action(s.view, ACTION_ENTER);
	assert_int_equal(s.pushed, SCREEN_TOPICS);
	stage_fini(&s);
}

/* What is known of groups is said, and how much of it. */
static void test_incomplete(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 1, 2);
	stage_ready(&s);
	stage_open(&s, &view_overview, NULL);
	stage_shows(&s, 80, 19, "groups  not known yet");
	feed_groups_failed(s.w.m, 1, 1000, ERR_DENIED, 0);
	stage_publish(&s);
	stage_shows(&s, 80, 19, "groups  denied");
	feed_groups_begin(s.w.m, 1);
	feed_groups_end(s.w.m, 0, 1, 1000);
	stage_publish(&s);
	stage_shows(&s, 80, 19, "groups  none yet");
	stage_list(&s);
	stage_publish(&s);
	stage_shows(&s, 80, 19, "0 of 3 groups");
	stage_shows(&s, 80, 19, "groups  0 of 3 looked at, none of them behind");
	stage_commits(&s, "mail", 4, 0);
	stage_publish(&s);
	stage_shows(&s, 80, 19, "≈ 6  ");
	stage_shows(&s, 80, 19, "1 of 3 groups");
	stage_fini(&s);
}

/* Down through the problems to the groups, and Enter opens what the cursor is on. */
static void test_cursor(void **state)
{
	struct stage s;
	struct buf command = BUF_EMPTY;

	(void)state;
	stage_init(&s, 3, 2);
	stage_groups(&s);
	break_topics(&s, 2);
	stage_open(&s, &view_overview, NULL);
	s.ops->action(s.view, ACTION_ENTER);
	assert_int_equal(s.pushed, SCREEN_TOPIC);
	assert_string_equal(buf_z(&s.pushed_arg), "t-00000");
	stage_key(&s, 'j');
	stage_key(&s, K_DOWN);
	s.ops->action(s.view, ACTION_ENTER);
	assert_int_equal(s.pushed, SCREEN_GROUP);
	assert_string_equal(buf_z(&s.pushed_arg), "audit");
	stage_key(&s, 'j');
	stage_shows(&s, 40, 9, "payments");
	/* It stays on its group when the problems above it go. */
	s.w.leaderless = false;
	lag_metadata(&s.w, stage_now(&s));
	stage_publish(&s);
	s.ops->action(s.view, ACTION_ENTER);
	assert_string_equal(buf_z(&s.pushed_arg), "payments");
	/* Asked between two draws: what was drawn last may be gone. */
	lag_metadata(&s.w, stage_now(&s));
	stage_commits(&s, "payments", 1000 + 12 * 60, 1000 + 70 * 60);
	stage_publish(&s);
	s.ops->command(s.view, ACTION_COUNT, &command);
	assert_string_equal(buf_z(&command), "kdeck groups --describe --group payments");
	buf_clear(&command);
	s.ops->explain(s.view, &command);
	assert_non_null(strstr(buf_z(&command), "c-0 takes 12/s of 70/s"));
	stage_key(&s, 'j');
	stage_key(&s, 'j');
	stage_key(&s, 'k');
	stage_key(&s, 'k');
	stage_key(&s, 'k');
	s.ops->action(s.view, ACTION_ENTER);
	assert_string_equal(buf_z(&s.pushed_arg), "audit");
	buf_fini(&command);
	stage_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_all_is_well),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_cursor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
