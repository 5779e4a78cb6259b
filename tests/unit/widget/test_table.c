/* The table as drawn, its cursor under changing rows, keys, mouse, and what cells it asks for. */
#include "drawn.h"

#include <stdlib.h>

#include "widget/table.h"

static const struct table_col cols[] = {
	{"TOPIC", 10, 16, 0, 0, ALIGN_LEFT},
	{"PARTITIONS", 10, 10, 10, 0, ALIGN_RIGHT},
	{"SIZE", 8, 9, 9, 2, ALIGN_RIGHT},
	{"NOTE", 12, 14, 20, 1, ALIGN_LEFT},
};
#define N_COLS ((int)ARRAY_LEN(cols))
#define MAX    10000

/* Rows are ids; 0 is a heading. */
struct data {
	uint64_t ids[MAX];
	size_t asked, low, high;
	const char *name;
};

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct data *d = arg;
	uint64_t id = d->ids[row];

	d->asked++;
	d->low = row < d->low ? row : d->low;
	d->high = row > d->high ? row : d->high;
	if (col == 0 && !id)
		buf_puts(text, "a heading over all");
	else if (col == 0)
		buf_printf(text, "%s%d", d->name, (int)id);
	else if (col == 1)
		buf_put_count(text, (int64_t)id * 1000);
	else if (col == 2)
		buf_printf(text, "%.1f KB", 2.0 * (double)id);
	else if (id == 2) {
		buf_puts(text, "offline");
		*style = STYLE_ERROR;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	return ((struct data *)arg)->ids[row];
}

static enum table_row_kind row_kind(void *arg, size_t row, enum style *style)
{
	(void)style;
	return ((struct data *)arg)->ids[row] ? TABLE_ROW : TABLE_ROW_HEADING;
}

static const struct table_ops ops = {cell, row_id, row_kind};

struct fixture {
	struct data d;
	struct table t;
	struct grid g;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	for (size_t i = 0; i < MAX; i++)
		f->d.ids[i] = i + 1;
	f->d.name = "orders-";
	table_init(&f->t, cols, N_COLS, &ops, &f->d);
	grid_init(&f->g, 80, 6);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	table_fini(&f->t);
	grid_fini(&f->g);
	free(f);
	return 0;
}

static void draw(struct fixture *f)
{
	struct surface s = surface_of(&f->g);

	grid_clear(&f->g);
	f->d.asked = f->d.high = 0;
	f->d.low = SIZE_MAX;
	table_draw(&f->t, &s);
	assert_int_equal(grid_check(&f->g), -1);
}

static unsigned press(struct fixture *f, uint32_t code)
{
	struct event e = key_of(code);

	return table_event(&f->t, &e);
}

static unsigned click(struct fixture *f, enum mouse_button button, int x, int y)
{
	struct event e = mouse_at(button, x, y);

	return table_event(&f->t, &e);
}

#define MOVED     (WIDGET_HANDLED | WIDGET_CHANGED)
#define SUBMITTED (WIDGET_HANDLED | WIDGET_SUBMIT)

static void drawn_wide_and_narrow(void **state)
{
	struct fixture *f = *state;

	table_set_rows(&f->t, 3);
	table_toggle_mark(&f->t, 2);
	f->t.sort_col = 1;
	f->t.sort_desc = true;
	draw(f);
	assert_drawn(&f->g, " TOPIC                               PARTITIONv       SIZE  NOTE\n"
			    ">orders-1                                 1,000     2.0 KB\n"
			    " orders-2                                 2,000     4.0 KB  offline\n"
			    "*orders-3                                 3,000     6.0 KB\n");
	assert_int_equal(style_at(&f->g, 0, 0), STYLE_HEAD);
	assert_int_equal(style_at(&f->g, 79, 1), STYLE_CURSOR);
	assert_int_equal(style_at(&f->g, 60, 2), STYLE_ERROR);
	assert_int_equal(style_at(&f->g, 1, 3), STYLE_MARK);
	grid_resize(&f->g, 40, 6);
	draw(f);
	assert_drawn(&f->g, " TOPIC         PARTITIONv  NOTE\n"
			    ">orders-1           1,000\n"
			    " orders-2           2,000  offline\n"
			    "*orders-3           3,000\n");
}

static void korean(void **state)
{
	struct fixture *f = *state;

	f->d.name = "주문-처리-대기열-";
	table_set_rows(&f->t, 2);
	grid_resize(&f->g, 40, 4);
	draw(f);
	assert_drawn(&f->g, " TOPIC         PARTITIONS  NOTE\n"
			    ">주문-처리-…        1,000\n"
			    " 주문-처리-…        2,000  offline\n");
}

static void asks_only_for_what_is_seen(void **state)
{
	struct fixture *f = *state;
	size_t first, n;

	table_set_rows(&f->t, MAX);
	table_visible(&f->t, &first, &n);
	assert_int_equal(first, 0);
	assert_int_equal(n, TABLE_GUESSED_PAGE);
	draw(f);
	assert_int_equal(f->d.asked, 4 * N_COLS);
	assert_int_equal(press(f, 'G'), MOVED);
	table_visible(&f->t, &first, &n);
	draw(f);
	assert_int_equal(f->d.asked, 4 * N_COLS);
	assert_int_equal(f->d.low, first);
	assert_int_equal(f->d.high, first + n - 1);
	assert_int_equal(f->d.high, MAX - 1);
	struct buf b = BUF_EMPTY;
	grid_text(&f->g, &b);
	assert_non_null(strstr(buf_z(&b), " 9,997-10,000 of 10,000\n"));
	buf_fini(&b);
	/* A column that is dropped is not asked for. */
	grid_resize(&f->g, 24, 6);
	draw(f);
	assert_int_equal(f->d.asked, 4 * 2);
}

static void keys(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(press(f, K_DOWN), WIDGET_HANDLED);
	assert_int_equal(press(f, K_ENTER), WIDGET_IGNORED);
	table_set_rows(&f->t, 100);
	draw(f);
	assert_int_equal(press(f, K_UP), WIDGET_HANDLED);
	assert_int_equal(press(f, 'j'), MOVED);
	assert_int_equal(press(f, K_PGDN), MOVED);
	assert_int_equal(f->t.cursor, 5);
	assert_int_equal(f->t.top, 4);
	assert_int_equal(press(f, 'k'), MOVED);
	assert_int_equal(press(f, K_PGUP), MOVED);
	assert_int_equal(f->t.cursor, 0);
	assert_int_equal(press(f, K_END), MOVED);
	assert_int_equal(f->t.cursor, 99);
	assert_int_equal(f->t.top, 96);
	assert_int_equal(press(f, K_DOWN), WIDGET_HANDLED);
	assert_int_equal(press(f, 'g'), MOVED);
	assert_int_equal(f->t.top, 0);
	assert_int_equal(press(f, ' '), MOVED);
	assert_true(table_is_marked(&f->t, 0));
	assert_int_equal(f->t.cursor, 1);
	table_clear_marks(&f->t);
	assert_false(table_is_marked(&f->t, 0));
	assert_int_equal(press(f, K_ENTER), SUBMITTED);
	assert_int_equal(press(f, 'x'), WIDGET_IGNORED);
	struct event e = key_mod('j', MOD_CTRL);
	assert_int_equal(table_event(&f->t, &e), WIDGET_IGNORED);
}

static void mouse(void **state)
{
	struct fixture *f = *state;
	struct surface all = surface_of(&f->g), s = surface_sub(&all, 10, 1, 50, 5);

	table_set_rows(&f->t, 100);
	table_draw(&f->t, &s);
	assert_int_equal(f->t.page, 3);
	assert_int_equal(click(f, MOUSE_LEFT, 20, 3), MOVED);
	assert_int_equal(f->t.cursor, 1);
	assert_int_equal(click(f, MOUSE_LEFT, 20, 3), SUBMITTED);
	assert_int_equal(click(f, MOUSE_LEFT, 9, 3), WIDGET_IGNORED);
	assert_int_equal(click(f, MOUSE_LEFT, 20, 1), WIDGET_IGNORED);
	assert_int_equal(click(f, MOUSE_RIGHT, 20, 3), WIDGET_IGNORED);
	assert_int_equal(click(f, MOUSE_WHEEL_DOWN, 20, 3), MOVED);
	assert_int_equal(f->t.top, 3);
	assert_int_equal(f->t.cursor, 4);
	assert_int_equal(click(f, MOUSE_WHEEL_UP, 20, 3), MOVED);
	assert_int_equal(f->t.top, 0);
	assert_int_equal(click(f, MOUSE_WHEEL_UP, 70, 3), WIDGET_IGNORED);
}

static void cursor_stays_on_its_row(void **state)
{
	struct fixture *f = *state;

	table_set_rows(&f->t, 50);
	draw(f);
	table_set_cursor(&f->t, 20);
	draw(f);
	size_t height = f->t.cursor - f->t.top;
	/* Seven rows come in above. */
	for (size_t i = 0; i < 57; i++)
		f->d.ids[i] = i < 7 ? 1000 + i : i - 6;
	table_set_rows(&f->t, 57);
	assert_int_equal(f->t.cursor, 27);
	assert_int_equal(f->t.cursor - f->t.top, height);
	/* It moves up. */
	f->d.ids[3] = 21;
	f->d.ids[27] = 2000;
	table_set_rows(&f->t, 57);
	assert_int_equal(f->t.cursor, 3);
	/* It goes. */
	f->d.ids[3] = 3000;
	table_set_rows(&f->t, 57);
	assert_int_equal(f->t.cursor, 3);
	assert_int_equal(f->t.cursor_id, 3000);
	/* All go and come back. */
	table_set_rows(&f->t, 0);
	assert_int_equal(f->t.cursor, 0);
	table_set_rows(&f->t, 57);
	assert_int_equal(f->t.cursor, 3);
	table_set_rows(&f->t, 2);
	assert_int_equal(f->t.cursor, 1);
}

static void headings_are_skipped(void **state)
{
	struct fixture *f = *state;

	f->d.ids[0] = f->d.ids[2] = f->d.ids[9] = 0;
	table_set_rows(&f->t, 10);
	assert_int_equal(f->t.cursor, 1);
	grid_resize(&f->g, 40, 5);
	draw(f);
	assert_drawn(&f->g, " TOPIC         PARTITIONS  NOTE\n"
			    " a heading over all\n"
			    ">orders-2           2,000  offline\n"
			    " a heading over all\n"
			    "                              1-3 of 10\n");
	assert_int_equal(style_at(&f->g, 1, 1), STYLE_TITLE);
	assert_int_equal(press(f, K_DOWN), MOVED);
	assert_int_equal(f->t.cursor, 3);
	assert_int_equal(press(f, K_END), MOVED);
	assert_int_equal(f->t.cursor, 8);
	assert_int_equal(f->t.top, 7);
	assert_int_equal(press(f, K_DOWN), WIDGET_HANDLED);
	draw(f);
	assert_int_equal(click(f, MOUSE_LEFT, 2, 3), WIDGET_HANDLED);
	assert_int_equal(f->t.cursor, 8);
	while (press(f, K_UP) & WIDGET_CHANGED)
		;
	assert_int_equal(f->t.cursor, 1);
	assert_int_equal(f->t.top, 0);
}

static void columns_scroll(void **state)
{
	struct fixture *f = *state;

	table_set_rows(&f->t, 2);
	draw(f);
	assert_int_equal(press(f, K_RIGHT), WIDGET_IGNORED);
	assert_int_equal(press(f, K_LEFT), WIDGET_IGNORED);
	grid_resize(&f->g, 40, 5);
	draw(f);
	assert_int_equal(press(f, K_RIGHT), WIDGET_HANDLED);
	draw(f);
	assert_drawn(&f->g, "<TOPIC              SIZE  NOTE\n"
			    ">orders-1         2.0 KB\n"
			    " orders-2         4.0 KB  offline\n");
	assert_int_equal(press(f, K_LEFT), WIDGET_HANDLED);
	assert_int_equal(press(f, K_RIGHT), WIDGET_HANDLED);
	grid_resize(&f->g, 80, 5);
	draw(f);
	assert_int_equal(f->t.first_col, 0);
}

static void empty_stale_and_filter(void **state)
{
	struct fixture *f = *state;

	f->t.empty = "no topics yet\nn makes one";
	grid_resize(&f->g, 40, 6);
	buf_puts(&f->t.filter, "ord\n");
	f->t.filter_inverse = true;
	draw(f);
	assert_drawn(&f->g, " TOPIC         PARTITIONS  NOTE\n"
			    "\n"
			    "\n"
			    "             no topics yet\n"
			    "              n makes one\n"
			    " / !ord\\n\n");
	table_set_rows(&f->t, 9);
	f->t.stale = true;
	draw(f);
	assert_drawn(&f->g, " TOPIC         PARTITIONS  NOTE\n"
			    ">orders-1           1,000\n"
			    " orders-2           2,000  offline\n"
			    " orders-3           3,000\n"
			    " orders-4           4,000\n"
			    " / !ord\\n                      1-4 of 9\n");
	assert_int_equal(style_at(&f->g, 1, 2), STYLE_DIM);
	assert_int_equal(style_at(&f->g, 1, 1), STYLE_CURSOR);
}

static void without_cursor(void **state)
{
	struct fixture *f = *state;

	f->t.no_cursor = true;
	table_set_rows(&f->t, 30);
	draw(f);
	assert_int_equal(style_at(&f->g, 1, 1), STYLE_NORMAL);
	assert_int_equal(press(f, K_DOWN), MOVED);
	assert_int_equal(f->t.top, 1);
	assert_int_equal(press(f, K_END), MOVED);
	assert_int_equal(f->t.top, 26);
	assert_int_equal(press(f, K_DOWN), WIDGET_HANDLED);
	assert_int_equal(press(f, K_ENTER), WIDGET_IGNORED);
	assert_int_equal(press(f, ' '), WIDGET_IGNORED);
}

static void every_size(void **state)
{
	struct fixture *f = *state;

	f->d.ids[0] = f->d.ids[5] = 0;
	f->d.name = "한글";
	buf_puts(&f->t.filter, "한글");
	for (size_t n = 0; n < 12; n++) {
		table_set_rows(&f->t, n);
		for (int x = 1; x < 45; x++) {
			for (int y = 1; y < 9; y++) {
				grid_resize(&f->g, x, y);
				draw(f);
				(void)press(f, y % 2 ? K_DOWN : K_RIGHT);
				assert_true(f->t.cursor < n || !n);
			}
		}
	}
	f->t.n_cols = 0;
	grid_resize(&f->g, 40, 6);
	draw(f);
	assert_drawn(&f->g, "\n");
}

static void row_as_text_and_sorting(void **state)
{
	struct fixture *f = *state;
	struct buf b = BUF_EMPTY;

	f->d.name = "a\t\"b\"-";
	table_set_rows(&f->t, 2);
	table_row_text(&f->t, 1, '\t', &b);
	assert_string_equal(buf_z(&b), "a\\t\"b\"-2\t2,000\t4.0 KB\toffline");
	buf_clear(&b);
	table_row_text(&f->t, 1, ',', &b);
	assert_string_equal(buf_z(&b), "\"a\\t\"\"b\"\"-2\",\"2,000\",4.0 KB,offline");
	buf_clear(&b);
	table_row_text(&f->t, 2, ',', &b);
	assert_int_equal(b.n, 0);
	buf_fini(&b);
	for (int i = 0; i < N_COLS; i++) {
		table_sort_next(&f->t);
		assert_int_equal(f->t.sort_col, i);
	}
	table_sort_next(&f->t);
	assert_int_equal(f->t.sort_col, -1);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(drawn_wide_and_narrow),
		T(korean),
		T(asks_only_for_what_is_seen),
		T(keys),
		T(mouse),
		T(cursor_stays_on_its_row),
		T(headings_are_skipped),
		T(columns_scroll),
		T(empty_stale_and_filter),
		T(without_cursor),
		T(every_size),
		T(row_as_text_and_sorting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
