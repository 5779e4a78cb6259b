/* Letters, moving, grey items and their reasons, the mouse; small grids. */
#include "drawn.h"

#include "widget/menu.h"

static unsigned press(struct menu *m, uint32_t code)
{
	struct event e = key_of(code);

	return menu_event(m, &e);
}

static void fill(struct menu *m)
{
	menu_init(m, "topics");
	menu_add(m, 10, 'n', "n", "create", NULL);
	menu_add(m, 11, 'd', "Ctrl-D", "delete", "the cluster is read-only: W unlocks it");
	menu_add(m, 12, 'k', "", "토픽 복사", NULL);
	menu_add(m, 13, 0, "x", "export", NULL);
}

static void letters(void **state)
{
	struct menu m;
	struct event ctrl = key_mod('n', MOD_CTRL);

	(void)state;
	fill(&m);
	assert_int_equal(press(&m, 'k'), WIDGET_HANDLED | WIDGET_CHANGED | WIDGET_SUBMIT);
	assert_int_equal(m.items.v[m.cursor].id, 12);
	/* k is an item here, j still moves; ㅓ is j and ㅏ is k. */
	assert_int_equal(press(&m, 'j'), WIDGET_HANDLED | WIDGET_CHANGED);
	assert_int_equal(m.cursor, 3);
	assert_int_equal(press(&m, 0x3153), WIDGET_HANDLED);
	assert_int_equal(press(&m, 0x314f), WIDGET_HANDLED | WIDGET_CHANGED | WIDGET_SUBMIT);
	assert_int_equal(m.cursor, 2);
	assert_int_equal(press(&m, 'd'), WIDGET_HANDLED | WIDGET_CHANGED);
	assert_int_equal(m.cursor, 1);
	assert_int_equal(press(&m, K_ENTER), WIDGET_HANDLED);
	assert_int_equal(press(&m, 'z'), WIDGET_HANDLED);
	assert_int_equal(menu_event(&m, &ctrl), WIDGET_IGNORED);
	press(&m, 'g');
	assert_int_equal(press(&m, K_ENTER), WIDGET_HANDLED | WIDGET_SUBMIT);
	assert_int_equal(press(&m, 'm'), WIDGET_HANDLED | WIDGET_CANCEL);
	assert_int_equal(press(&m, 'q'), WIDGET_HANDLED | WIDGET_CANCEL);
	assert_int_equal(press(&m, K_ESC), WIDGET_HANDLED | WIDGET_CANCEL);
	menu_fini(&m);
}

static void empty(void **state)
{
	struct menu m;
	struct grid g;
	struct surface s;

	(void)state;
	menu_init(&m, "none");
	assert_int_equal(press(&m, K_ENTER), WIDGET_HANDLED);
	assert_int_equal(press(&m, K_DOWN), WIDGET_HANDLED);
	assert_int_equal(press(&m, 'G'), WIDGET_HANDLED);
	grid_init(&g, 12, 3);
	s = surface_of(&g);
	menu_draw(&m, &s);
	assert_int_equal(grid_check(&g), -1);
	grid_fini(&g);
	menu_fini(&m);
}

static void drawn(void **state)
{
	struct menu m;
	struct grid g;
	struct surface s;
	struct event click;

	(void)state;
	fill(&m);
	press(&m, K_DOWN);
	grid_init(&g, 40, 12);
	s = surface_of(&g);
	menu_draw(&m, &s);
	assert_drawn(&g, "\n\n"
			 "┌─ topics ─────────────────────────────┐\n"
			 "│ n  create                          n │\n"
			 "│ d  delete                     Ctrl-D │\n"
			 "│ k  토픽 복사                         │\n"
			 "│    export                          x │\n"
			 "│ the cluster is read-only: W unlocks  │\n"
			 "│ it                                   │\n"
			 "└──────────────────────────────────────┘\n");
	assert_int_equal(style_at(&g, 5, 4), STYLE_CURSOR);
	click = mouse_at(MOUSE_LEFT, 6, 6);
	assert_int_equal(menu_event(&m, &click), WIDGET_HANDLED | WIDGET_CHANGED | WIDGET_SUBMIT);
	assert_int_equal(m.cursor, 3);
	menu_draw(&m, &s);
	assert_int_equal(style_at(&g, 5, 4), STYLE_DIM);
	click = mouse_at(MOUSE_LEFT, 6, 8);
	assert_int_equal(menu_event(&m, &click), WIDGET_HANDLED);
	click = mouse_at(MOUSE_WHEEL_UP, 0, 0);
	menu_event(&m, &click);
	assert_int_equal(m.cursor, 2);
	grid_resize(&g, 80, 24);
	s = surface_of(&g);
	menu_draw(&m, &s);
	assert_int_equal(grid_check(&g), -1);
	assert_int_equal(m.x, 18);
	grid_fini(&g);
	menu_fini(&m);
}

static void scrolls(void **state)
{
	struct menu m;
	struct grid g;
	struct surface s;

	(void)state;
	menu_init(&m, "many");
	for (int i = 0; i < 30; i++)
		menu_add(&m, i, 0, "", "한글 an item that is wide", NULL);
	for (int cols = 1; cols <= 40; cols++) {
		for (int rows = 1; rows <= 12; rows++) {
			grid_init(&g, cols, rows);
			s = surface_of(&g);
			press(&m, rows & 1 ? K_END : K_HOME);
			menu_draw(&m, &s);
			assert_int_equal(grid_check(&g), -1);
			if (m.rows > 0)
				assert_in_range(m.cursor, m.top, m.top + m.rows - 1);
			grid_fini(&g);
		}
	}
	menu_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters),
		cmocka_unit_test(empty),
		cmocka_unit_test(drawn),
		cmocka_unit_test(scrolls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
