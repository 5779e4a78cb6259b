/* Frames as bytes: what a terminal shows afterwards, whatever widths it counts, and how few. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "term/paint.h"
#include "tiny.h"

struct bench {
	struct caps caps;
	struct painter painter;
	struct grid grid;
	struct surface s;
	struct buf out;
	struct tiny tiny;
};

/* As we count. */
static int our_width(uint32_t cp)
{
	int w = text_cp_width(cp);

	assert_true(w >= 0);
	return w;
}

/* Ambiguous characters take two cells, emoji one, whatever we think. */
static int other_width(uint32_t cp)
{
	if (cp >= 0x1f300)
		return 1;
	if (cp == 0x201c || cp == 0x201d || cp == 0x2460 || cp == 0xb0 || cp == 0x416)
		return 2;
	return our_width(cp);
}

static void begin(struct bench *b, const char *type, int cols, int rows)
{
	struct err e = {0};

	*b = (struct bench){.tiny = {.cols = cols, .rows = rows, .width = our_width}};
	text_env_set((struct text_env){.ambiguous = 1});
	assert_int_equal(caps_init(&b->caps, type, 1, &e), 0);
	painter_init(&b->painter, &b->caps, THEME_DARK);
	grid_init(&b->grid, cols, rows);
	b->s = surface_of(&b->grid);
}

static void end(struct bench *b)
{
	painter_fini(&b->painter);
	caps_fini(&b->caps);
	grid_fini(&b->grid);
	buf_fini(&b->out);
}

/* Paints; returns how many bytes that took. */
static size_t frame(struct bench *b)
{
	buf_clear(&b->out);
	painter_frame(&b->painter, &b->grid, &b->out);
	tiny_feed(&b->tiny, &b->out);
	return b->out.n;
}

static void assert_shown(const struct bench *b)
{
	for (int y = 0; y < b->grid.rows; y++)
		for (int x = 0; x < b->grid.cols; x++)
			assert_int_equal(
				b->tiny.cp[y][x], b->grid.cells[y * b->grid.cols + x].cp[0]);
}

static void only_what_changed(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "xterm-256color", 60, 12);
	surface_puts(&b.s, 2, 3, STYLE_NORMAL, "orders     184,220   70/s");
	surface_puts(&b.s, 2, 4, STYLE_WARN, "주문       behind");
	frame(&b);
	assert_shown(&b);
	assert_int_equal(frame(&b), 0);
	surface_puts(&b.s, 13, 3, STYLE_NORMAL, "184,221");
	assert_true(frame(&b) <= 16);
	assert_shown(&b);
	/* Two changes near each other cost one move. */
	surface_puts(&b.s, 13, 3, STYLE_NORMAL, "185,222");
	assert_true(frame(&b) <= 12); /* and no look again */
	assert_shown(&b);
	/* A line that goes is erased, not overwritten. */
	surface_fill_row(&b.s, 0, 3, 60, STYLE_NORMAL, ' ');
	assert_true(frame(&b) <= 20);
	assert_shown(&b);
	end(&b);
}

static void cursor_shown_and_hidden(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "xterm-256color", 20, 3);
	frame(&b);
	assert_non_null(strstr(buf_z(&b.out), b.caps.hide));
	surface_cursor(&b.s, 4, 1);
	frame(&b);
	assert_non_null(strstr(buf_z(&b.out), b.caps.show));
	assert_int_equal(b.tiny.x, 4);
	assert_int_equal(b.tiny.y, 1);
	assert_int_equal(frame(&b), 0);
	/* After somebody else had the screen its state is not known. */
	painter_anew(&b.painter);
	frame(&b);
	assert_non_null(strstr(buf_z(&b.out), b.caps.show));
	end(&b);
}

static void columns_stay_straight(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "xterm-256color", 30, 2);
	b.tiny.width = other_width;
	surface_puts(&b.s, 0, 0, STYLE_NORMAL, "“x” ① 20° Ж 😀 e\xcc\x81|");
	surface_puts(&b.s, 25, 0, STYLE_NORMAL, "|end");
	frame(&b);
	assert_int_equal(b.tiny.cp[0][25], '|');
	assert_int_equal(b.tiny.cp[0][26], 'e');
	/* So they do where the terminal said that such characters take two. */
	text_env_set((struct text_env){.ambiguous = 2, .ascii = true});
	surface_clear(&b.s, STYLE_NORMAL);
	surface_puts(&b.s, 0, 0, STYLE_NORMAL, "“가” ①.");
	surface_puts(&b.s, 25, 0, STYLE_NORMAL, "|");
	frame(&b);
	assert_int_equal(b.tiny.cp[0][0], 0x201c);
	assert_int_equal(b.tiny.cp[0][1], 0);
	assert_int_equal(b.tiny.cp[0][2], 0xac00);
	assert_int_equal(b.tiny.cp[0][7], 0x2460);
	assert_int_equal(b.tiny.cp[0][9], '.');
	assert_int_equal(b.tiny.cp[0][25], '|');
	end(&b);
}

static void nothing_old_stays_beside_an_emoji(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "xterm-256color", 10, 1);
	b.tiny.width = other_width;
	surface_puts(&b.s, 0, 0, STYLE_NORMAL, "abcdef");
	frame(&b);
	surface_puts(&b.s, 1, 0, STYLE_NORMAL, "😀");
	frame(&b);
	assert_int_equal(b.tiny.cp[0][0], 'a');
	assert_int_equal(b.tiny.cp[0][2], ' ');
	assert_int_equal(b.tiny.cp[0][3], 'd');
	end(&b);
}

static void draw_anything(struct rng *r, const struct surface *s)
{
	static const char *const texts[] = {"a", "x=1", "가나다", "★", "😀", "e\xcc\x81", "─────",
		"“", "          ", "ㅎ", "\x1b[2J", "\u1112\u1161\u11ab", "漢字", "\u2764\ufe0f",
		"👩\u200d👧"};

	for (int i = 0; i < 12; i++) {
		struct surface part = surface_sub(
			s, (int)rng_below(r, 60), (int)rng_below(r, 12), (int)rng_below(r, 40), 2);
		surface_puts(&part, (int)rng_below(r, 20) - 4, (int)rng_below(r, 2),
			(enum style)rng_below(r, STYLE_COUNT),
			texts[rng_below(r, ARRAY_LEN(texts))]);
	}
	if (rng_below(r, 20) == 0)
		surface_clear(s, STYLE_NORMAL);
	if (rng_below(r, 3) == 0)
		surface_fill_row(
			s, (int)rng_below(r, 60), (int)rng_below(r, 12), 60, STYLE_NORMAL, ' ');
	s->grid->cursor_x = -1;
	if (rng_below(r, 2))
		surface_cursor(s, (int)rng_below(r, 60), (int)rng_below(r, 12));
}

/* Whatever is drawn one frame after the other, the terminal shows the last one. */
static void any_frames(void **state)
{
	static const char *const types[] = {"xterm-256color", "linux", "xterm", "vt100"};
	struct rng r;

	(void)state;
	rng_seed(&r, 7);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct bench b;

		begin(&b, types[i], 60, 12);
		for (int n = 0; n < 400; n++) {
			draw_anything(&r, &b.s);
			assert_int_equal(grid_check(&b.grid), -1);
			frame(&b);
			assert_shown(&b);
			assert_int_equal(frame(&b), 0);
		}
		end(&b);
	}
}

/* A terminal whose last cell would scroll the screen never gets it. */
static void corner_that_scrolls(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "ansi", 10, 2);
	assert_true(b.caps.corner_scrolls);
	surface_puts(&b.s, 0, 1, STYLE_NORMAL, "0123456789");
	frame(&b);
	assert_int_equal(b.tiny.cp[1][8], '8');
	assert_int_equal(b.tiny.cp[1][9], ' ');
	end(&b);
}

/* Even a cell that should not be cannot command the terminal. */
static void nothing_but_text_goes_out(void **state)
{
	static const uint32_t bad[] = {1, 7, 0x1b, 0x7f, 0x85, 0x9b, 0x202e, 0x200f, 0x2028};
	struct bench b;

	(void)state;
	begin(&b, "xterm-256color", 20, 2);
	frame(&b);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		b.grid.cells[3].cp[0] = b.grid.cells[5].cp[1] = bad[i];
		assert_int_not_equal(grid_check(&b.grid), -1);
		frame(&b);
		assert_int_equal(b.tiny.cp[0][3], '?');
	}
	end(&b);
}

static void sizes(void **state)
{
	static const int cols[] = {1, 2, 3, 500}, rows[] = {1, 2, 200};
	struct caps caps;
	struct err e = {0};

	(void)state;
	assert_int_equal(caps_init(&caps, "tmux-256color", 1, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(cols) * ARRAY_LEN(rows); i++) {
		struct painter p;
		struct grid g;
		struct buf out = BUF_EMPTY;

		painter_init(&p, &caps, THEME_LIGHT);
		grid_init(&g, cols[i % 4], rows[i / 4]);
		struct surface s = surface_of(&g);
		surface_box(&s, STR_LIT("한글"), STYLE_BOX);
		painter_frame(&p, &g, &out);
		assert_true(out.n > 0);
		/* Another size is drawn anew, without being told. */
		buf_clear(&out);
		grid_resize(&g, 7, 3);
		painter_frame(&p, &g, &out);
		assert_non_null(strstr(buf_z(&out), caps.clear));
		buf_fini(&out);
		grid_fini(&g);
		painter_fini(&p);
	}
	caps_fini(&caps);
}

static void types_that_cannot_be_drawn_on(void **state)
{
	static const char *const types[] = {"dumb", "no-such-terminal", "", NULL};
	struct caps caps;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct err e = {0};

		assert_int_equal(caps_init(&caps, types[i], 1, &e), ERR_UNSUPPORTED);
		assert_non_null(strstr(e.msg, "TERM"));
	}
}

static void types_that_can(void **state)
{
	static const char *const types[] = {"linux", "screen", "screen-256color", "tmux",
		"tmux-256color", "vt100", "vt220", "xterm", "xterm-256color", "xterm-mono", "rxvt",
		"cygwin"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct bench b;

		begin(&b, types[i], 20, 2);
		surface_puts(&b.s, 0, 0, STYLE_ERROR, "offline");
		buf_clear(&b.out);
		painter_frame(&b.painter, &b.grid, &b.out);
		assert_non_null(strstr(buf_z(&b.out), "offline"));
		assert_null(strstr(buf_z(&b.out), "$<"));
		end(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_changed),
		cmocka_unit_test(cursor_shown_and_hidden),
		cmocka_unit_test(columns_stay_straight),
		cmocka_unit_test(nothing_old_stays_beside_an_emoji),
		cmocka_unit_test(any_frames),
		cmocka_unit_test(corner_that_scrolls),
		cmocka_unit_test(nothing_but_text_goes_out),
		cmocka_unit_test(sizes),
		cmocka_unit_test(types_that_cannot_be_drawn_on),
		cmocka_unit_test(types_that_can),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
