/* Moving, typing, wrong values, turning; a form higher than its surface. */
#include "drawn.h"

#include "widget/form.h"

static const char *const acks[] = {"all", "1", "0", NULL};

static bool no_dots(void *arg, const struct form *f, int field, struct buf *reason)
{
	int *calls = arg;
	struct str s = form_text(f, f->fields[field].def->name);

	(*calls)++;
	if (!memchr(s.p, '.', s.n))
		return true;
	buf_puts(reason, "must have no dot");
	return false;
}

static const struct field_def defs[] = {
	{.name = "topic",
		.label = "topic",
		.type = FIELD_TEXT,
		.required = true,
		.check = no_dots,
		.help = "where to"},
	{.name = "count",
		.label = "count",
		.type = FIELD_NUMBER,
		.initial = "1",
		.min = 1,
		.max = 100},
	{.name = "acks", .label = "acks", .type = FIELD_CHOICE, .initial = "1", .choices = acks},
	{.name = "null", .label = "null value", .type = FIELD_TOGGLE},
	{.name = "value", .label = "value", .type = FIELD_LINES, .help = "Alt-Enter: a new line"},
};

static int calls;
static struct form form;

static unsigned press(uint32_t code)
{
	struct event e = key_of(code);

	return form_event(&form, &e);
}

static void paste(const char *z)
{
	struct event e = paste_of(z);

	form_event(&form, &e);
}

static int setup(void **state)
{
	(void)state;
	form_init(&form, "produce", defs, ARRAY_LEN(defs), &calls);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	form_fini(&form);
	return 0;
}

static void assert_value(const char *name, const char *text)
{
	assert_true(str_eqz(form_text(&form, name), text));
}

static void values(void **state)
{
	(void)state;
	assert_value("count", "1");
	assert_value("acks", "1");
	assert_value("null", "no");
	assert_value("nothing", "");
	form_set(&form, "acks", STR_LIT("0"));
	form_set(&form, "acks", STR_LIT("7"));
	assert_value("acks", "0");
	form_set(&form, "null", STR_LIT("yes"));
	assert_true(form_on(&form, "null"));
	assert_false(form_on(&form, "topic"));
	form_set(&form, "count", STR_LIT(" -42 "));
	assert_int_equal(form_number(&form, "count", 7), -42);
	form_set(&form, "count", STR_LIT("9223372036854775808"));
	assert_int_equal(form_number(&form, "count", 7), 7);
	form_set(&form, "count", STR_LIT("1 2"));
	assert_int_equal(form_number(&form, "count", 7), 7);
	form_set(&form, "count", STR_LIT(""));
	assert_int_equal(form_number(&form, "count", 7), 7);
	form_set(&form, "nothing", STR_LIT("x"));
	assert_int_equal(form_find(&form, "value"), 4);
}

static void moves_and_turns(void **state)
{
	struct event split = key_mod(K_ENTER, MOD_ALT);

	(void)state;
	assert_int_equal(press('q'), WIDGET_HANDLED | WIDGET_CHANGED);
	press(0xd55c);
	assert_value("topic", "q한");
	press(K_UP);
	assert_int_equal(form.focus, 0);
	press(K_DOWN);
	press(K_TAB);
	assert_int_equal(form.focus, 2);
	assert_int_equal(press('q'), WIDGET_HANDLED);
	assert_int_equal(press(' '), WIDGET_HANDLED | WIDGET_CHANGED);
	assert_value("acks", "0");
	press(K_RIGHT);
	assert_value("acks", "all");
	press(K_LEFT);
	assert_value("acks", "0");
	press(K_DOWN);
	press(' ');
	assert_true(form_on(&form, "null"));
	press(K_LEFT);
	assert_false(form_on(&form, "null"));
	press(K_DOWN);
	press('a');
	form_event(&form, &split);
	press('b');
	assert_value("value", "a\nb");
	press(K_UP);
	assert_int_equal(form.focus, 4);
	press(K_UP);
	assert_int_equal(form.focus, 3);
	press(K_BACKTAB);
	press(K_PGDN);
	press(K_TAB);
	assert_int_equal(form.focus, 0);
	press(K_BACKTAB);
	assert_int_equal(form.focus, 4);
	assert_int_equal(press(K_F1), WIDGET_IGNORED);
	assert_int_equal(press(K_ENTER), WIDGET_HANDLED | WIDGET_SUBMIT);
	assert_int_equal(press(K_ESC), WIDGET_HANDLED | WIDGET_CANCEL);
}

static void wrong(void **state)
{
	(void)state;
	press(K_DOWN);
	paste("x");
	press(K_DOWN);
	assert_int_equal(press(K_ENTER), WIDGET_HANDLED);
	assert_int_equal(form.focus, 0);
	assert_string_equal(buf_z(&form.fields[0].reason), "must not be empty");
	assert_string_equal(buf_z(&form.fields[1].reason), "must be a whole number from 1 to 100");
	paste("a.b");
	assert_string_equal(buf_z(&form.fields[0].reason), "must have no dot");
	calls = 0;
	press(K_BACKSPACE);
	press(K_BACKSPACE);
	assert_int_equal(calls, 2);
	assert_int_equal(form.fields[0].reason.n, 0);
	assert_int_equal(press(K_ENTER), WIDGET_HANDLED);
	assert_int_equal(form.focus, 1);
	form_set(&form, "count", STR_LIT("101"));
	assert_int_equal(form_check(&form), 1);
	form_set(&form, "count", STR_LIT("100"));
	assert_int_equal(form_check(&form), -1);
	assert_int_equal(press(K_ENTER), WIDGET_HANDLED | WIDGET_SUBMIT);
}

static void drawn(void **state)
{
	struct grid g;
	struct surface s;

	(void)state;
	grid_init(&g, 40, 12);
	s = surface_of(&g);
	paste("주문");
	form_draw(&form, &s);
	assert_drawn(&g, " produce ───────────────────────────────\n"
			 "\n"
			 "  topic *     주문\n"
			 "  count       1\n"
			 "  acks        < 1 >  all  0\n"
			 "  null value  [ ] no\n"
			 "  value\n"
			 "\n"
			 "                                       v\n"
			 "\n"
			 "  where to\n");
	assert_int_equal(g.cursor_x, 18);
	assert_int_equal(style_at(&g, 20, 2), STYLE_FOCUS);
	assert_int_equal(style_at(&g, 20, 3), STYLE_FIELD);
	press(K_PGDN);
	form_set(&form, "topic", STR_NULL);
	form_draw(&form, &s);
	assert_int_equal(form.top, 1);
	assert_int_equal(style_at(&g, 20, 8), STYLE_FOCUS);
	press(K_ENTER);
	grid_resize(&g, 80, 24);
	s = surface_of(&g);
	form_draw(&form, &s);
	assert_int_equal(g.cells[2 * 80].cp[0], '!');
	assert_int_equal(style_at(&g, 2, 22), STYLE_ERROR);
	grid_fini(&g);
}

static void small(void **state)
{
	struct grid g;
	struct surface s;

	(void)state;
	paste("한글한글한글한글한글");
	for (int cols = 1; cols <= 40; cols++) {
		for (int rows = 1; rows <= 12; rows++) {
			grid_init(&g, cols, rows);
			s = surface_of(&g);
			press(K_TAB);
			form_draw(&form, &s);
			assert_int_equal(grid_check(&g), -1);
			grid_fini(&g);
		}
	}
}

/* What was set is replaced by the first text; an editing key keeps it; what was typed is kept. */
static void prefilled(void **state)
{
	(void)state;
	press(K_TAB);
	press('3');
	press('4');
	assert_value("count", "34");
	press(K_TAB);
	press(K_BACKTAB);
	press('5');
	assert_value("count", "345");
	form_set(&form, "count", STR_LIT("7"));
	press(K_END);
	press('8');
	assert_value("count", "78");
	form_set(&form, "count", STR_LIT("7"));
	paste("9");
	assert_value("count", "9");
}

/* What does not fit, and what the cluster refuses, is read whole. */
static void told(void **state)
{
	char longer[5000];
	struct grid g;
	struct surface s;

	(void)state;
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	paste(longer);
	assert_string_equal(buf_z(&form.fields[0].reason), "only the first 4096 bytes fit");
	form_set(&form, "topic", STR_LIT("t"));
	form_note(&form, "topic t: INVALID_CONFIG: it is as long as this and goes on", true);
	grid_init(&g, 30, 12);
	s = surface_of(&g);
	form_draw(&form, &s);
	assert_drawn(&g, " produce ─────────────────────\n\n"
			 "  topic *     t\n"
			 "  count       1\n"
			 "  acks        < 1 >  all  0\n"
			 "  null value  [ ] no\n"
			 "  value\n"
			 "                             v\n\n"
			 "  topic t: INVALID_CONFIG: it\n"
			 "  is as long as this and goes\n"
			 "  on\n");
	press('x');
	assert_int_equal(form.note.n, 0);
	grid_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values, setup, teardown),
		cmocka_unit_test_setup_teardown(moves_and_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(drawn, setup, teardown),
		cmocka_unit_test_setup_teardown(small, setup, teardown),
		cmocka_unit_test_setup_teardown(prefilled, setup, teardown),
		cmocka_unit_test_setup_teardown(told, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
