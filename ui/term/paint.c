/* See paint.h. Everything is drawn from left to right: where a terminal takes more cells for a
 * character than we do, what follows is drawn over it at its right place. */
#include "term/paint.h"

#include "base/utf8.h"
#include "base/xalloc.h"
#include "term/theme.h"
#include <stdlib.h>

/* A move of the cursor costs some seven bytes: so many cells that did not change are drawn again
 * instead. */
#define BRIDGE_MAX 5

/* The one way by which text reaches a terminal. What must not was made visible long before
 * (text.h); should any be left, it ends here. */
static void put_cp(struct buf *out, uint32_t cp)
{
	char bytes[4];

	if (text_cp_width(cp) < 0)
		cp = '?';
	buf_put(out, bytes, utf8_encode(cp, bytes));
}

/* ---- looks --------------------------------------------------------------------------------- */

static void put_look(const struct caps *c, struct look l, struct buf *out)
{
	unsigned taken = l.fg >= 0 || l.bg >= 0 ? c->no_colour_with : 0;

	buf_puts(out, c->plain);
	if (l.bold && !(taken & CAPS_BOLD))
		buf_puts(out, c->bold);
	if (l.dim && !(taken & CAPS_DIM))
		buf_puts(out, c->dim);
	if (l.reverse && !(taken & CAPS_REVERSE))
		buf_puts(out, c->reverse);
	if (l.underline && !(taken & CAPS_UNDERLINE))
		buf_puts(out, c->underline);
	caps_colour(c, out, l.fg, l.bg);
}

void painter_set_theme(struct painter *p, enum theme theme)
{
	for (int i = 0; i < STYLE_COUNT; i++) {
		struct buf b = BUF_EMPTY;

		put_look(p->caps, theme_look(theme, (enum style)i, p->caps->colors), &b);
		free(p->looks[i]);
		p->looks[i] = buf_steal(&b);
	}
	painter_anew(p);
}

void painter_init(struct painter *p, const struct caps *caps, enum theme theme)
{
	*p = (struct painter){.caps = caps};
	grid_init(&p->shown, 1, 1);
	painter_set_theme(p, theme);
}

void painter_fini(struct painter *p)
{
	for (int i = 0; i < STYLE_COUNT; i++)
		free(p->looks[i]);
	grid_fini(&p->shown);
}

void painter_anew(struct painter *p)
{
	p->anew = true;
}

/* ---- moving -------------------------------------------------------------------------------- */

static void set_style(struct painter *p, int style, struct buf *out)
{
	if (p->style == style)
		return;
	buf_puts(out, p->looks[style]);
	p->style = style;
}

/* Do all terminals agree on its width? */
static bool is_sure(const struct cell *c)
{
	uint32_t cp = c->cp[0];

	if (c->cp[1])
		return false;
	return (cp >= 0x20 && cp < 0x7f) || (cp >= 0xac00 && cp <= 0xd7a3) ||
	       (cp >= 0x4e00 && cp <= 0x9fff) || (cp >= 0x3041 && cp <= 0x3096) ||
	       (cp >= 0x30a1 && cp <= 0x30fa) || text_ascii(cp) != cp;
}

/* Can the cells from the cursor to x be drawn again instead of a move? */
static bool can_bridge(const struct painter *p, const struct grid *g, int y, int x)
{
	if (p->y != y || p->x < 0 || x <= p->x || x - p->x > BRIDGE_MAX)
		return false;
	for (int i = p->x; i < x; i++) {
		const struct cell *c = &g->cells[y * g->cols + i];
		if (c->style != p->style || c->cp[0] >= 0x7f || c->cp[1] || !c->cp[0])
			return false;
	}
	return true;
}

static void go(struct painter *p, const struct grid *g, int y, int x, struct buf *out)
{
	if (p->y == y && p->x == x)
		return;
	if (can_bridge(p, g, y, x))
		for (int i = p->x; i < x; i++)
			buf_putc(out, (char)g->cells[y * g->cols + i].cp[0]);
	else
		caps_move(p->caps, out, y, x);
	p->y = y;
	p->x = x;
}

/* ---- drawing ------------------------------------------------------------------------------- */

static bool same(const struct cell *a, const struct cell *b)
{
	return memcmp(a->cp, b->cp, sizeof(a->cp)) == 0 && a->style == b->style;
}

static bool is_blank(const struct cell *c)
{
	return c->cp[0] == ' ' && !c->cp[1] && c->style == STYLE_NORMAL;
}

static int width_at(const struct grid *g, int y, int x)
{
	return x + 1 < g->cols && g->cells[y * g->cols + x + 1].cp[0] == 0 ? 2 : 1;
}

static void draw_cell(
	struct painter *p, const struct grid *g, int y, int x, int width, struct buf *out)
{
	const struct cell *c = &g->cells[y * g->cols + x];
	bool corner = y == g->rows - 1 && x + width == g->cols;

	for (int i = 0; i < width; i++)
		p->shown.cells[y * g->cols + x + i] = c[i];
	if (corner && p->caps->corner_scrolls)
		return;
	go(p, g, y, x, out);
	set_style(p, c->style, out);
	if (width == 2 &&
		!is_sure(c)) { /* where it takes one cell, nothing old stays in the other */
		buf_puts(out, "  ");
		caps_move(p->caps, out, y, x);
	}
	for (int i = 0; i < 4 && c->cp[i]; i++)
		put_cp(out, c->cp[i]);
	/* After the last cell of a line terminals differ in where the cursor is. */
	p->x = is_sure(c) && x + width < g->cols ? x + width : -1;
}

/* Where the blanks begin that end the line. */
static int text_end(const struct grid *g, int y)
{
	int end = g->cols;

	while (end > 0 && is_blank(&g->cells[y * g->cols + end - 1]))
		end--;
	return end;
}

/* The blank end of a line: erased at once where that is shorter than blanks. */
static void draw_end(struct painter *p, const struct grid *g, int y, int from, struct buf *out)
{
	int changed = 0;

	for (int x = from; x < g->cols; x++)
		changed += !is_blank(&p->shown.cells[y * g->cols + x]);
	if (!changed)
		return;
	if (changed <= BRIDGE_MAX || !p->caps->to_right[0]) {
		for (int x = from; x < g->cols; x++)
			if (!is_blank(&p->shown.cells[y * g->cols + x]))
				draw_cell(p, g, y, x, 1, out);
		return;
	}
	go(p, g, y, from, out);
	set_style(p, STYLE_NORMAL, out);
	buf_puts(out, p->caps->to_right);
	for (int x = from; x < g->cols; x++)
		p->shown.cells[y * g->cols + x] = g->cells[y * g->cols + x];
}

static void draw_row(struct painter *p, const struct grid *g, int y, struct buf *out)
{
	int end = text_end(g, y);

	for (int x = 0, width; x < end; x += width) {
		const struct cell *now = &g->cells[y * g->cols + x];
		const struct cell *was = &p->shown.cells[y * g->cols + x];

		width = width_at(g, y, x);
		if (!same(now, was) || (width == 2 && !same(&now[1], &was[1])))
			draw_cell(p, g, y, x, width, out);
	}
	draw_end(p, g, y, end, out);
}

static void begin_anew(struct painter *p, const struct grid *g, struct buf *out)
{
	grid_resize(&p->shown, g->cols, g->rows);
	p->style = -1;
	set_style(p, STYLE_NORMAL, out);
	buf_puts(out, p->caps->clear);
	p->x = -1;
	p->cursor = -1;
	p->anew = false;
}

void painter_frame(struct painter *p, const struct grid *g, struct buf *out)
{
	int cursor = g->cursor_x >= 0;

	if (p->anew || p->shown.cols != g->cols || p->shown.rows != g->rows)
		begin_anew(p, g, out);
	if (p->cursor != 0 && !cursor)
		buf_puts(out, p->caps->hide);
	for (int y = 0; y < g->rows; y++)
		draw_row(p, g, y, out);
	if (cursor)
		go(p, g, g->cursor_y, g->cursor_x, out);
	if (cursor && p->cursor != 1)
		buf_puts(out, p->caps->show);
	p->cursor = cursor;
}
