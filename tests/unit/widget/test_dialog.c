/* What is focused first, typing the name, the buttons; small grids and long texts. */
#include "drawn.h"

#include "widget/dialog.h"

static unsigned press(struct dialog *d, uint32_t code)
{
	struct event e = key_of(code);

	return dialog_event(d, &e);
}

static void plain(void **state)
{
	struct dialog d;
	struct event paste = paste_of("y");

	(void)state;
	dialog_init(&d, "elect", "Elect the preferred leaders?", "Elect", NULL, false);
	assert_int_equal(press(&d, K_ENTER), WIDGET_HANDLED | WIDGET_SUBMIT);
	press(&d, K_LEFT);
	assert_int_equal(press(&d, K_ENTER), WIDGET_HANDLED | WIDGET_CANCEL);
	press(&d, K_TAB);
	assert_int_equal(press(&d, K_ENTER), WIDGET_HANDLED | WIDGET_SUBMIT);
	press(&d, K_UP);
	assert_int_equal(press(&d, K_ENTER), WIDGET_HANDLED | WIDGET_CANCEL);
	press(&d, K_DOWN);
	assert_int_equal(press(&d, 'y'), WIDGET_HANDLED);
	assert_int_equal(dialog_event(&d, &paste), WIDGET_HANDLED);
	assert_int_equal(press(&d, K_F1), WIDGET_IGNORED);
	assert_int_equal(press(&d, K_ESC), WIDGET_HANDLED | WIDGET_CANCEL);
	dialog_fini(&d);
	dialog_init(&d, "purge", "All records go.", "Purge", NULL, true);
	assert_int_equal(press(&d, K_ENTER), WIDGET_HANDLED | WIDGET_CANCEL);
	dialog_fini(&d);
	dialog_init(&d, "note", "Done.", NULL, "ignored", false);
	press(&d, K_RIGHT);
	press(&d, K_TAB);
	press(&d, 'i');
	assert_int_equal(press(&d, K_ENTER), WIDGET_HANDLED | WIDGET_CANCEL);
	dialog_fini(&d);
}

static void typed(void **state)
{
	struct dialog d;
	struct grid g;
	struct surface s;

	(void)state;
	grid_init(&g, 40, 12);
	s = surface_of(&g);
	dialog_init(&d, "delete", "Topic 주문 and its 12 records go.", "Delete 주문", "주문", true);
	dialog_draw(&d, &s);
	assert_drawn(&g, "\n\n"
			 "┌─ delete ─────────────────────────────┐\n"
			 "│ Topic 주문 and its 12 records go.    │\n"
			 "│                                      │\n"
			 "│ Type 주문 to go on:                  │\n"
			 "│                                      │\n"
			 "│                                      │\n"
			 "│ [ Cancel ]  [ Delete 주문 ]          │\n"
			 "└──────────────────────────────────────┘\n");
	assert_int_equal(style_at(&g, 4, 8), STYLE_FOCUS);
	assert_int_equal(style_at(&g, 16, 8), STYLE_DIM);
	/* The button does not answer yet: Enter on it goes to the name. */
	press(&d, K_RIGHT);
	assert_int_equal(press(&d, K_ENTER), WIDGET_HANDLED);
	assert_int_equal(d.focus, 2);
	assert_int_equal(press(&d, K_ENTER), WIDGET_HANDLED);
	press(&d, K_DOWN);
	assert_int_equal(d.focus, 0);
	assert_int_equal(press(&d, 0xc8fc), WIDGET_HANDLED | WIDGET_CHANGED);
	assert_int_equal(d.focus, 2);
	press(&d, 0xbb38);
	press(&d, 'x');
	assert_int_equal(press(&d, K_ENTER), WIDGET_HANDLED);
	press(&d, K_BACKSPACE);
	press(&d, K_TAB);
	assert_int_equal(d.focus, 0);
	press(&d, K_TAB);
	dialog_draw(&d, &s);
	assert_int_equal(style_at(&g, 16, 8), STYLE_FOCUS);
	assert_int_equal(style_at(&g, 2, 6), STYLE_FIELD);
	assert_int_equal(press(&d, K_ENTER), WIDGET_HANDLED | WIDGET_SUBMIT);
	press(&d, K_BACKTAB);
	press(&d, K_BACKTAB);
	assert_int_equal(d.focus, 2);
	assert_int_equal(press(&d, K_ENTER), WIDGET_HANDLED | WIDGET_SUBMIT);
	assert_int_equal(press(&d, K_ESC), WIDGET_HANDLED | WIDGET_CANCEL);
	grid_fini(&g);
	dialog_fini(&d);
}

static void small(void **state)
{
	struct dialog d;
	struct grid g;
	struct surface s;
	struct buf text = BUF_EMPTY;

	(void)state;
	for (int i = 0; i < 40; i++)
		buf_printf(&text, "토픽-%d goes, with all of its partitions and records\n", i);
	dialog_init(&d, "a very long title, longer than the box can be", buf_z(&text),
		"Delete all forty of them and do not ask again", "forty", true);
	for (int cols = 1; cols <= 80; cols++) {
		for (int rows = 1; rows <= 24; rows++) {
			grid_init(&g, cols, rows);
			s = surface_of(&g);
			press(&d, cols & 1 ? K_PGDN : K_TAB);
			dialog_draw(&d, &s);
			assert_int_equal(grid_check(&g), -1);
			grid_fini(&g);
		}
	}
	grid_init(&g, 40, 12);
	s = surface_of(&g);
	for (int i = 0; i < 100; i++)
		press(&d, K_PGDN);
	dialog_draw(&d, &s);
	assert_int_equal(d.top, 75);
	for (int i = 0; i < 100; i++)
		press(&d, K_PGUP);
	assert_int_equal(d.top, 0);
	grid_fini(&g);
	buf_fini(&text);
	dialog_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(typed),
		cmocka_unit_test(small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
