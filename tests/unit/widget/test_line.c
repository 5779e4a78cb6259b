/* Key bar, message, tabs, spark lines, bars and figures. */
#include "drawn.h"

#include <math.h>

#include "widget/line.h"

static const struct key_hint hints[] = {
	{"Enter", "records"},
	{"p", "produce"},
	{"e", "편집"},
	{"m", "menu"},
	{"?", "help"},
	{"q", "back"},
};

static void key_bar(void **state)
{
	struct grid g;
	struct surface s;

	(void)state;
	grid_init(&g, 80, 1);
	s = surface_of(&g);
	assert_int_equal(key_bar_draw(&s, 0, hints, 6), 6);
	assert_drawn(&g, " Enter records  p produce  e 편집  m menu  ? help  q back\n");
	assert_int_equal(style_at(&g, 1, 0), STYLE_KEY);
	assert_int_equal(style_at(&g, 7, 0), STYLE_NORMAL);
	grid_resize(&g, 40, 1);
	s = surface_of(&g);
	assert_int_equal(key_bar_draw(&s, 0, hints, 6), 3);
	assert_drawn(&g, " Enter records  ? help  q back\n");
	grid_resize(&g, 7, 1);
	s = surface_of(&g);
	assert_int_equal(key_bar_draw(&s, 0, hints, 6), 1);
	assert_drawn(&g, " ? help\n");
	grid_resize(&g, 3, 1);
	s = surface_of(&g);
	assert_int_equal(key_bar_draw(&s, 0, hints, 6), 0);
	grid_fini(&g);
}

static void messages(void **state)
{
	struct message m;
	struct grid g;
	struct surface s;
	char longer[600];

	(void)state;
	message_set(&m, MESSAGE_OK, 1000, "토픽을 만들었습니다\x1b[31m");
	assert_false(message_tick(&m, 1000 + MESSAGE_FADE_MS - 1));
	assert_false(message_key(&m));
	grid_init(&g, 40, 1);
	s = surface_of(&g);
	message_draw(&m, &s, 0);
	assert_drawn(&g, " 토픽을 만들었습니다\\x1b[31m\n");
	assert_true(message_tick(&m, 1000 + MESSAGE_FADE_MS));
	assert_int_equal(m.kind, MESSAGE_NONE);
	message_set(&m, MESSAGE_ERROR, 0, "broker 4 is down");
	assert_false(message_tick(&m, INT64_MAX));
	assert_true(message_key(&m));
	assert_false(message_key(&m));
	message_set(&m, MESSAGE_PROGRESS, 0, "12 of 40");
	assert_false(message_key(&m) || message_tick(&m, INT64_MAX));
	/* Cut at a whole character. */
	for (int i = 0; i < 597; i += 3)
		memcpy(longer + i, "한", 3);
	longer[597] = 0;
	message_set(&m, MESSAGE_OK, 0, longer);
	assert_int_equal(strlen(m.text), 399);
	longer[0] = 'x';
	memmove(longer + 1, longer + 3, 595);
	message_set(&m, MESSAGE_OK, 0, longer);
	assert_int_equal(strlen(m.text), 397);
	grid_fini(&g);
}

static void tabs(void **state)
{
	static const char *const names[] = {"Placement", "설정", "Groups"};
	struct grid g;
	struct surface s;

	(void)state;
	grid_init(&g, 40, 1);
	s = surface_of(&g);
	assert_int_equal(tabs_draw(&s, 2, 0, names, 3, 0), 25);
	assert_drawn(&g, "  [Placement]  설정  Groups\n");
	assert_int_equal(tabs_hit(names, 3, 0, 0), 0);
	assert_int_equal(tabs_hit(names, 3, 0, 11), -1);
	assert_int_equal(tabs_hit(names, 3, 0, 16), 1);
	assert_int_equal(tabs_hit(names, 3, 0, 24), 2);
	assert_int_equal(tabs_hit(names, 3, 0, 25), -1);
	grid_fini(&g);
}

static void sparks(void **state)
{
	double v[] = {9, 0, 1, 2, 3, 4, 5, 6, 8, NAN, -1};
	struct grid g;
	struct surface s;
	struct buf b = BUF_EMPTY;

	(void)state;
	grid_init(&g, 14, 4);
	s = surface_of(&g);
	spark_draw(&s, 0, 0, 10, STYLE_NORMAL, v, ARRAY_LEN(v), 0);
	spark_draw(&s, 0, 1, 14, STYLE_NORMAL, v + 1, 4, 16);
	spark_draw(&s, 0, 2, 14, STYLE_NORMAL, v + 1, 1, 0);
	bar_draw(&s, 0, 3, 9, STYLE_NORMAL, 0.5);
	assert_drawn(&g, "▁▂▃▄▅▆▇█\n          ▁▁▂▂\n             ▁\n━━━━◆░░░░\n");
	bar_draw(&s, 0, 3, 9, STYLE_NORMAL, 7);
	spark_text(&b, v, 3, 5, 0);
	assert_string_equal(buf_z(&b), "  █▁▁");
	grid_clear(&g);
	bar_draw(&s, 0, 0, 4, STYLE_NORMAL, NAN);
	bar_draw(&s, 0, 1, 4, STYLE_NORMAL, 2);
	assert_drawn(&g, "◆░░░\n━━━◆\n");
	text_env_set((struct text_env){.ambiguous = 2, .ascii = true});
	buf_clear(&b);
	spark_text(&b, v, 9, 9, 0);
	assert_string_equal(buf_z(&b), "#___..--#");
	text_env_set((struct text_env){.ambiguous = 1, .ascii = false});
	buf_fini(&b);
	grid_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_bar),
		cmocka_unit_test(messages),
		cmocka_unit_test(tabs),
		cmocka_unit_test(sparks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
