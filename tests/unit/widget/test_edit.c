/* Typing, moving, deleting by glyph; scrolling by cell; the prompt's history and completion. */
#include "drawn.h"

#include <stdio.h>

#include "widget/prompt.h"

static unsigned type(struct edit *e, uint32_t code)
{
	struct event ev = key_of(code);

	return edit_event(e, &ev);
}

static unsigned ctrl(struct edit *e, uint32_t code)
{
	struct event ev = key_mod(code, MOD_CTRL);

	return edit_event(e, &ev);
}

static void assert_text(const struct edit *e, const char *text, size_t at)
{
	assert_true(str_eqz(edit_get(e), text));
	assert_int_equal(e->at, at);
}

static void by_glyph(void **state)
{
	struct edit e;

	(void)state;
	edit_init(&e, 100, false);
	assert_int_equal(type(&e, K_BACKSPACE), WIDGET_HANDLED);
	assert_int_equal(type(&e, 0xd55c), WIDGET_HANDLED | WIDGET_CHANGED);
	type(&e, 0xae00);
	type(&e, 'e');
	type(&e, 0x301);
	assert_text(&e, "한글e\xcc\x81", 9);
	type(&e, K_LEFT);
	assert_int_equal(e.at, 6);
	type(&e, K_LEFT);
	assert_int_equal(e.at, 3);
	type(&e, K_BACKSPACE);
	assert_text(&e, "글e\xcc\x81", 0);
	type(&e, K_RIGHT);
	type(&e, K_DELETE);
	assert_text(&e, "글", 3);
	type(&e, K_HOME);
	type(&e, 'a');
	assert_text(&e, "a글", 1);
	/* A letter before a lone mark takes the mark: the cursor goes behind both. */
	edit_set(&e, STR_LIT("\xcc\x81"));
	type(&e, K_HOME);
	type(&e, 'o');
	assert_text(&e, "o\xcc\x81", 3);
	assert_int_equal(type(&e, K_UP), WIDGET_IGNORED);
	assert_int_equal(type(&e, K_F1), WIDGET_IGNORED);
	assert_int_equal(ctrl(&e, 'x'), WIDGET_IGNORED);
	edit_fini(&e);
}

static void by_word_and_line(void **state)
{
	struct edit e;

	(void)state;
	edit_init(&e, 100, false);
	edit_set(&e, STR_LIT("one 둘둘  three"));
	ctrl(&e, 'w');
	assert_text(&e, "one 둘둘  ", 12);
	ctrl(&e, K_LEFT);
	assert_int_equal(e.at, 4);
	ctrl(&e, K_RIGHT);
	assert_int_equal(e.at, 10);
	ctrl(&e, 'w');
	assert_text(&e, "one   ", 4);
	ctrl(&e, 'k');
	assert_text(&e, "one ", 4);
	ctrl(&e, 'a');
	assert_int_equal(ctrl(&e, 'u'), WIDGET_HANDLED);
	ctrl(&e, 'e');
	ctrl(&e, 'u');
	assert_text(&e, "", 0);
	edit_fini(&e);
}

static void bounds(void **state)
{
	struct edit e;
	struct event ev = paste_of("한글한글");

	(void)state;
	edit_init(&e, 8, false);
	assert_int_equal(edit_event(&e, &ev), WIDGET_HANDLED | WIDGET_CHANGED);
	assert_text(&e, "한글", 6);
	type(&e, 'a');
	type(&e, 'b');
	assert_int_equal(type(&e, 'c'), WIDGET_HANDLED);
	assert_text(&e, "한글ab", 8);
	edit_set(&e, STR_LIT("first\r\nsecond"));
	assert_text(&e, "first", 5);
	edit_fini(&e);
}

static void lines(void **state)
{
	struct edit e;
	struct event paste = paste_of("가나다\r\nab\rlonger line\n"),
		     ret = key_mod(K_ENTER, MOD_ALT);
	struct grid g;
	struct surface s;

	(void)state;
	edit_init(&e, 1000, true);
	edit_event(&e, &paste);
	assert_text(&e, "가나다\nab\nlonger line\n", 25);
	assert_int_equal(type(&e, K_DOWN), WIDGET_IGNORED);
	type(&e, K_UP);
	type(&e, K_END);
	assert_int_equal(e.at, 24);
	type(&e, K_HOME);
	for (int i = 0; i < 5; i++)
		type(&e, K_RIGHT);
	type(&e, K_UP);
	assert_int_equal(e.at, 12);
	/* The column aimed at is kept over the short line; it falls into 다: before it. */
	type(&e, K_UP);
	assert_int_equal(e.at, 6);
	assert_int_equal(type(&e, K_UP), WIDGET_IGNORED);
	edit_event(&e, &ret);
	assert_text(&e, "가나\n다\nab\nlonger line\n", 7);
	type(&e, K_BACKSPACE);
	ctrl(&e, 'e');
	ctrl(&e, 'k');
	assert_text(&e, "가나다ab\nlonger line\n", 9);
	grid_init(&g, 6, 2);
	s = surface_of(&g);
	edit_draw(&e, &s, STYLE_FOCUS, true);
	/* The cursor stands behind the third wide letter: everything moves one cell. */
	assert_drawn(&g, " 나다a\nonger\n");
	assert_int_equal(g.cursor_x, 5);
	type(&e, K_DOWN);
	type(&e, K_DOWN);
	edit_draw(&e, &s, STYLE_FOCUS, true);
	assert_drawn(&g, "longer\n");
	assert_int_equal(g.cursor_y, 1);
	grid_fini(&g);
	edit_fini(&e);
}

static void scrolls(void **state)
{
	struct edit e;
	struct grid g;
	struct surface s;

	(void)state;
	edit_init(&e, 1000, false);
	grid_init(&g, 8, 1);
	s = surface_of(&g);
	edit_set(&e, STR_LIT("abc한글def\x1b"));
	edit_draw(&e, &s, STYLE_FOCUS, true);
	assert_drawn(&g, "def\\x1b\n");
	assert_int_equal(g.cursor_x, 7);
	type(&e, K_HOME);
	edit_draw(&e, &s, STYLE_FOCUS, true);
	assert_drawn(&g, "abc한글d\n");
	assert_int_equal(g.cursor_x, 0);
	g.cursor_x = -1;
	edit_draw(&e, &s, STYLE_FIELD, false);
	assert_int_equal(g.cursor_x, -1);
	grid_fini(&g);
	edit_fini(&e);
}

static const char *names(void *arg, struct str text, size_t i)
{
	static const char *const all[] = {"topic", "topics", "그룹"};

	(void)arg;
	for (size_t k = 0; k < ARRAY_LEN(all); k++)
		if (text.n <= strlen(all[k]) && memcmp(all[k], text.p, text.n) == 0 && i-- == 0)
			return all[k];
	return NULL;
}

static unsigned press(struct prompt *p, uint32_t code)
{
	struct event ev = key_of(code);

	return prompt_event(p, &ev);
}

static void enter(struct prompt *p, const char *line)
{
	struct event ev = paste_of(line);

	prompt_open(p, STR_NULL);
	prompt_event(p, &ev);
	assert_int_equal(press(p, K_ENTER), WIDGET_HANDLED | WIDGET_SUBMIT);
}

static void history(void **state)
{
	struct prompt p;

	(void)state;
	prompt_init(&p, ":", names, NULL);
	enter(&p, "one");
	enter(&p, "둘");
	enter(&p, "");
	enter(&p, "one");
	assert_int_equal(p.history.n, 2);
	prompt_open(&p, STR_NULL);
	press(&p, 'x');
	press(&p, K_UP);
	assert_text(&p.edit, "one", 3);
	press(&p, K_UP);
	assert_text(&p.edit, "둘", 3);
	assert_int_equal(press(&p, K_UP), WIDGET_HANDLED);
	press(&p, K_DOWN);
	press(&p, K_DOWN);
	assert_text(&p.edit, "x", 1);
	assert_int_equal(press(&p, K_DOWN), WIDGET_HANDLED);
	for (int i = 0; i < 2 * PROMPT_HISTORY; i++) {
		char line[16];
		snprintf(line, sizeof(line), "%d", i);
		enter(&p, line);
	}
	assert_int_equal(p.history.n, PROMPT_HISTORY);
	assert_string_equal(*vec_last(&p.history), "199");
	prompt_fini(&p);
}

static void completion(void **state)
{
	struct prompt p;
	struct grid g;
	struct surface s;

	(void)state;
	prompt_init(&p, ":", names, NULL);
	prompt_open(&p, STR_LIT("to"));
	press(&p, K_TAB);
	assert_text(&p.edit, "topic", 5);
	press(&p, K_TAB);
	assert_text(&p.edit, "topics", 6);
	press(&p, K_TAB);
	assert_text(&p.edit, "to", 2);
	press(&p, K_TAB);
	press(&p, 's');
	assert_text(&p.edit, "topics", 6);
	press(&p, 'x');
	assert_int_equal(press(&p, K_TAB), WIDGET_HANDLED);
	assert_text(&p.edit, "topicsx", 7);
	prompt_open(&p, STR_LIT("그"));
	press(&p, K_TAB);
	grid_init(&g, 12, 1);
	s = surface_of(&g);
	prompt_draw(&p, &s);
	assert_drawn(&g, " :그룹\n");
	assert_int_equal(g.cursor_x, 6);
	assert_int_equal(press(&p, K_ESC), WIDGET_HANDLED | WIDGET_CANCEL);
	grid_fini(&g);
	prompt_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_glyph),
		cmocka_unit_test(by_word_and_line),
		cmocka_unit_test(bounds),
		cmocka_unit_test(lines),
		cmocka_unit_test(scrolls),
		cmocka_unit_test(history),
		cmocka_unit_test(completion),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
