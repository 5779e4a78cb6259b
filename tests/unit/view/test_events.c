/* Screen E: what happened to groups stands aligned, is found by `/`, and leads to its group. */
#include "stage.h"

/* Another member comes, one goes, a commit goes back. */
static void happen(struct stage *s)
{
	clock_manual_advance_ms(&s->clock, 1000);
	lag_describe(&s->w, stage_now(s), "payments", "Stable", 1, 1, 8);
	stage_commits(s, "mail", 100, 5000);
	clock_manual_advance_ms(&s->clock, 5);
	for (int32_t p = 0; p < 2; p++)
		lag_end(&s->w, stage_now(s), "t-00000", p, 0, 5270);
	stage_publish(s);
}

static void test_of_groups(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 1, 2);
	stage_groups(&s);
	happen(&s);
	stage_open(&s, &view_events, NULL);
	stage_golden(&s, "events", 80, 12);
	stage_golden(&s, "events", 120, 12);
	stage_golden(&s, "events", 40, 9);
	/* What the table cuts off stands under it. */
	stage_shows(&s, 80, 12, "generation 7 > 8   0 of 1 partitions moved");
	s.ops->action(s.view, ACTION_ENTER);
	assert_int_equal(s.pushed, SCREEN_GROUP);
	assert_string_equal(buf_z(&s.pushed_arg), "payments");
	stage_fini(&s);
}

static void filter(struct stage *s, const char *text, size_t rows)
{
	struct buf b = BUF_EMPTY;
	size_t n = 0;

	s->ops->filter(s->view, str_of(text));
	stage_draw(s, 80, 12, &b);
	for (const char *p = buf_z(&b); (p = strstr(p, "08:0")) != NULL; p++)
		n++;
	if (n != rows)
		fail_msg("%zu rows of %s, not %zu:\n%s", n, text, rows, buf_z(&b));
	buf_fini(&b);
}

/* By kind, by group, by what is said. */
static void test_are_found(void **state)
{
	struct stage s;

	(void)state;
	stage_init(&s, 1, 2);
	stage_groups(&s);
	happen(&s);
	stage_open(&s, &view_events, NULL);
	filter(&s, "member left", 1);
	filter(&s, "rewind", 2);
	filter(&s, "rewind*mail*", 2);
	filter(&s, "to be read again", 2);
	filter(&s, "audit", 1);
	filter(&s, "!mail", 3);
	filter(&s, "nothing of this", 0);
	stage_shows(&s, 80, 12, "no event matches the filter");
	stage_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_groups),
		cmocka_unit_test(test_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
