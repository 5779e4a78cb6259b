/* Lines as they are seen: wrapped, sideways, up and down the same way. */
#include "drawn.h"

#include "widget/viewer.h"

static void draw(struct viewer *v, struct grid *g)
{
	struct surface s = surface_of(g);

	grid_clear(g);
	viewer_draw(v, &s);
}

static unsigned press(struct viewer *v, uint32_t code)
{
	struct event e = key_of(code);

	return viewer_event(v, &e);
}

#define MOVED (WIDGET_HANDLED | WIDGET_CHANGED)

static void wrapped(void **state)
{
	struct viewer v;
	struct grid g;

	(void)state;
	viewer_init(&v, true);
	grid_init(&g, 10, 3);
	viewer_set(&v, STR_LIT("one two three\n\n주문이 들어왔습니다\nend\x1b[1m"));
	draw(&v, &g);
	assert_drawn(&g, "one two\nthree\n");
	assert_int_equal(press(&v, K_DOWN), MOVED);
	draw(&v, &g);
	assert_drawn(&g, "three\n\n주문이\n");
	assert_int_equal(press(&v, 'G'), MOVED);
	draw(&v, &g);
	assert_drawn(&g, "들어왔습니\n다\nend\\x1b[1m\n");
	assert_int_equal(press(&v, K_DOWN), WIDGET_HANDLED);
	assert_int_equal(press(&v, 'k'), MOVED);
	draw(&v, &g);
	assert_drawn(&g, "주문이\n들어왔습니\n다\n");
	assert_int_equal(press(&v, K_PGUP), MOVED);
	draw(&v, &g);
	assert_drawn(&g, "one two\nthree\n");
	assert_int_equal(press(&v, K_UP), WIDGET_HANDLED);
	assert_int_equal(press(&v, K_RIGHT), WIDGET_IGNORED);
	assert_int_equal(press(&v, K_ESC), WIDGET_IGNORED);
	viewer_fini(&v);
	grid_fini(&g);
}

static void sideways(void **state)
{
	struct viewer v;
	struct grid g;

	(void)state;
	viewer_init(&v, false);
	grid_init(&g, 10, 2);
	viewer_set(&v, STR_LIT("0123456789abcdefg\nshort\n"));
	draw(&v, &g);
	assert_drawn(&g, "0123456789\nshort\n");
	assert_int_equal(press(&v, K_RIGHT), WIDGET_HANDLED);
	draw(&v, &g);
	assert_drawn(&g, "89abcdefg\n");
	assert_int_equal(press(&v, K_RIGHT), WIDGET_HANDLED);
	assert_int_equal(v.left, 8);
	assert_int_equal(press(&v, K_LEFT), WIDGET_HANDLED);
	assert_int_equal(v.left, 0);
	assert_int_equal(press(&v, 'w'), WIDGET_HANDLED);
	draw(&v, &g);
	assert_drawn(&g, "0123456789\nabcdefg\n");
	viewer_fini(&v);
	grid_fini(&g);
}

/* Going down line by line and up again passes the same lines, at every width. */
static void same_way_back(void **state)
{
	struct str text =
		STR_LIT("alpha beta  gamma\n\nδ 긴-줄이-여기-있다 x\x80y\t.\n\nlast one\n");
	struct viewer v;
	struct grid g;

	(void)state;
	viewer_init(&v, true);
	viewer_set(&v, text);
	grid_init(&g, 1, 1);
	for (int cols = 1; cols < 30; cols++) {
		size_t seen[100], n = 0;
		grid_resize(&g, cols, 1);
		draw(&v, &g);
		(void)press(&v, 'g');
		do {
			assert_true(n < ARRAY_LEN(seen));
			seen[n++] = v.top;
			draw(&v, &g);
			assert_int_equal(grid_check(&g), -1);
		} while (press(&v, K_DOWN) & WIDGET_CHANGED);
		while (n-- > 0) {
			assert_int_equal(v.top, seen[n]);
			assert_int_equal(press(&v, K_UP), n ? MOVED : WIDGET_HANDLED);
		}
		(void)press(&v, 'G');
	}
	viewer_fini(&v);
	grid_fini(&g);
}

static void resized(void **state)
{
	struct viewer v;
	struct grid g;

	(void)state;
	viewer_init(&v, true);
	grid_init(&g, 4, 2);
	viewer_set(&v, STR_LIT("aaaabbbbccccdddd"));
	draw(&v, &g);
	assert_int_equal(press(&v, K_DOWN), MOVED);
	assert_int_equal(v.top, 4);
	grid_resize(&g, 8, 2);
	draw(&v, &g);
	assert_drawn(&g, "aaaabbbb\nccccdddd\n");
	viewer_fini(&v);
	grid_fini(&g);
}

static void empty_and_endless(void **state)
{
	struct viewer v;
	struct grid g;
	struct buf b = BUF_EMPTY;

	(void)state;
	viewer_init(&v, true);
	grid_init(&g, 20, 2);
	viewer_set(&v, STR_LIT(""));
	draw(&v, &g);
	assert_drawn(&g, "\n");
	assert_int_equal(press(&v, 'G'), WIDGET_HANDLED);
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, "글");
	viewer_set(&v, buf_str(&b));
	draw(&v, &g);
	assert_int_equal(press(&v, 'G'), MOVED);
	draw(&v, &g);
	assert_true(v.top > b.n - 100 && v.top % 3 == 0);
	struct event e = mouse_at(MOUSE_WHEEL_UP, 0, 0);
	assert_int_equal(viewer_event(&v, &e), MOVED);
	assert_int_equal(v.top % 3, 0);
	buf_fini(&b);
	viewer_fini(&v);
	grid_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrapped),
		cmocka_unit_test(sideways),
		cmocka_unit_test(same_way_back),
		cmocka_unit_test(resized),
		cmocka_unit_test(empty_and_endless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
