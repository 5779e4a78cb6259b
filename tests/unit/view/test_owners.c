/* The time line of owners: names that stay apart, columns and rows that scroll. */
#include "stage.h"

#include <time.h>

#include "view/owners_draw.h"

static const char *shortened(
	const char *const *names, size_t n, int cells, size_t at, struct buf *b)
{
	buf_clear(b);
	short_name_put(b, short_names(names, n, cells), names[at]);
	return buf_z(b);
}

static void names_stay_apart(void **state)
{
	static const char *const ids[] = {
		"rdkafka-49e06b3b-0661-470c", "rdkafka-dcf496c0-1d2e-4f00"};
	static const char *const mixed[] = {"pay-1", "pay-2-93713a64-8a81", "pay-2-bc6d43aa-4639"};
	static const char *const fit[] = {"pay-1", "pay-2"};
	static const char *const korean[] = {"결제-담당-가나다라", "결제-담당-마바사아"};
	struct buf b = BUF_EMPTY;

	(void)state;
	assert_string_equal(shortened(ids, 2, 8, 0, &b), "49e06b3b");
	assert_string_equal(shortened(ids, 2, 8, 1, &b), "dcf496c0");
	assert_string_equal(shortened(mixed, 3, 8, 0, &b), "pay-1");
	assert_string_equal(shortened(mixed, 3, 8, 1, &b), "2-93713a");
	assert_string_equal(shortened(fit, 2, 8, 1, &b), "pay-2");
	assert_string_equal(shortened(korean, 2, 8, 1, &b), "마바사아");
	/* One name alone is drawn as it is: the cell cuts it. */
	assert_string_equal(shortened(ids, 1, 8, 0, &b), ids[0]);
	assert_string_equal(shortened(ids, 0, 8, 0, &b), ids[0]);
	buf_fini(&b);
}

/* Eight rebalances of up to six members. */
static void fill(struct stage *s)
{
	stage_init(s, 1, 6);
	model_pin_group(s->w.m, STR_LIT("g"));
	lag_list(&s->w, stage_now(s), "g", "Stable");
	for (int32_t i = 0; i < 8; i++) {
		int32_t n = i % 2 ? 6 : 3;

		clock_manual_advance_ms(&s->clock, 60000);
		lag_describe(&s->w, stage_now(s), "g", "Stable", n, n, i + 1);
		stage_publish(s);
	}
}

static void draw(struct stage *s, int cols, int rows, struct owners_scroll *at, struct buf *out)
{
	struct surface all;

	buf_clear(out);
	grid_resize(&s->grid, cols, rows);
	grid_clear(&s->grid);
	all = surface_of(&s->grid);
	owners_draw(&all, model_group_owners(s->w.m, STR_LIT("g")), at);
	assert_int_equal(grid_check(&s->grid), -1);
	grid_text(&s->grid, out);
}

static void has(const struct buf *screen, const char *text)
{
	struct buf b = *screen;

	if (!strstr(buf_z(&b), text))
		fail_msg("\"%s\" is not on the screen:\n%s", text, buf_z(&b));
}

static void press(struct stage *s, struct owners_scroll *at, uint32_t code)
{
	struct event e = {.type = EVENT_KEY, .key = {code, 0}};

	assert_int_not_equal(
		owners_event(at, model_group_owners(s->w.m, STR_LIT("g")), &e), WIDGET_IGNORED);
}

static void newest_is_seen_first(void **state)
{
	struct owners_scroll at = {0};
	struct buf b = BUF_EMPTY;
	struct stage s;

	(void)state;
	fill(&s);
	draw(&s, 80, 11, &at, &b);
	has(&b, "gen 8");
	has(&b, "> c-5");
	has(&b, "columns 4-8 of 8 (left, right)");
	assert_null(strstr(buf_z(&b), "gen 3 "));
	press(&s, &at, K_LEFT);
	draw(&s, 80, 11, &at, &b);
	has(&b, "columns 3-7 of 8");
	for (int i = 0; i < 20; i++)
		press(&s, &at, K_LEFT);
	draw(&s, 80, 11, &at, &b);
	has(&b, "first seen");
	press(&s, &at, K_RIGHT);
	draw(&s, 80, 11, &at, &b);
	has(&b, "columns 2-6 of 8");
	buf_fini(&b);
	stage_fini(&s);
}

static void rows_scroll(void **state)
{
	struct owners_scroll at = {0};
	struct buf b = BUF_EMPTY;
	struct stage s;

	(void)state;
	fill(&s);
	draw(&s, 80, 8, &at, &b);
	has(&b, "rows 1-4 of 7");
	press(&s, &at, 'G');
	draw(&s, 80, 8, &at, &b);
	has(&b, "rows 4-7 of 7");
	has(&b, "     5  ");
	press(&s, &at, 'k');
	draw(&s, 80, 8, &at, &b);
	has(&b, "rows 3-6 of 7");
	press(&s, &at, K_HOME);
	draw(&s, 80, 8, &at, &b);
	has(&b, " t-00000");
	for (int cols = 1; cols < 100; cols += 3)
		for (int rows = 1; rows < 16; rows++)
			draw(&s, cols, rows, &at, &b);
	buf_fini(&b);
	stage_fini(&s);
}

static void nothing_is_said(void **state)
{
	struct owners_scroll at = {0};
	struct event e = {.type = EVENT_KEY, .key = {'j', 0}};
	struct buf b = BUF_EMPTY;
	struct stage s;

	(void)state;
	stage_init(&s, 1, 1);
	draw(&s, 80, 8, &at, &b);
	has(&b, "waiting for the group to come to rest");
	assert_int_equal(owners_event(&at, NULL, &e), WIDGET_IGNORED);
	assert_int_equal(owners_rows(NULL), 2);
	assert_int_equal(rebalances_rows(NULL, 9), 2);
	buf_fini(&b);
	stage_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_stay_apart),
		cmocka_unit_test(newest_is_seen_first),
		cmocka_unit_test(rows_scroll),
		cmocka_unit_test(nothing_is_said),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
