/* The grid and what is drawn on it. */
#include "term/surface.h"

#include "base/utf8.h"
#include "base/xalloc.h"
#include <stdarg.h>
#include <stdlib.h>

static const struct cell blank = {{' ', 0, 0, 0}, STYLE_NORMAL};

static int clamp(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

void grid_init(struct grid *g, int cols, int rows)
{
	memset(g, 0, sizeof(*g));
	grid_resize(g, cols, rows);
}

void grid_fini(struct grid *g)
{
	free(g->cells);
	memset(g, 0, sizeof(*g));
}

void grid_resize(struct grid *g, int cols, int rows)
{
	g->cols = clamp(cols, 1, GRID_COLS_MAX);
	g->rows = clamp(rows, 1, GRID_ROWS_MAX);
	g->cells = xreallocarray(g->cells, (size_t)g->cols * (size_t)g->rows, sizeof(struct cell));
	grid_clear(g);
}

void grid_clear(struct grid *g)
{
	for (int i = 0; i < g->cols * g->rows; i++)
		g->cells[i] = blank;
	g->cursor_x = g->cursor_y = -1;
}

static void row_text(const struct grid *g, int y, struct buf *out)
{
	size_t keep = out->n;

	for (int x = 0; x < g->cols; x++) {
		const struct cell *c = &g->cells[y * g->cols + x];
		for (int i = 0; i < 4 && c->cp[i]; i++) {
			char bytes[4];
			buf_put(out, bytes, utf8_encode(c->cp[i], bytes));
		}
		if (c->cp[0] && c->cp[0] != ' ')
			keep = out->n;
	}
	out->n = keep;
	buf_putc(out, '\n');
}

void grid_text(const struct grid *g, struct buf *out)
{
	for (int y = 0; y < g->rows; y++)
		row_text(g, y, out);
}

int grid_check(const struct grid *g)
{
	for (int i = 0; i < g->cols * g->rows; i++) {
		const struct cell *c = &g->cells[i];
		int x = i % g->cols;
		bool right = c->cp[0] == 0;
		bool wide_before = x > 0 && c[-1].cp[0] && text_cp_width(c[-1].cp[0]) == 2;
		if (right != wide_before || c->style >= STYLE_COUNT)
			return i;
		if (!right && text_cp_width(c->cp[0]) < 1)
			return i;
		for (int k = 1; k < 4 && c->cp[k]; k++)
			if (right || text_cp_width(c->cp[k]) != 0)
				return i;
		if (!right && x == g->cols - 1 && text_cp_width(c->cp[0]) == 2)
			return i;
	}
	return -1;
}

struct surface surface_of(struct grid *g)
{
	return (struct surface){g, 0, 0, g->cols, g->rows};
}

struct surface surface_sub(const struct surface *s, int x, int y, int cols, int rows)
{
	int x0 = clamp(x, 0, s->cols), y0 = clamp(y, 0, s->rows);
	int x1 = clamp(x + (cols > 0 ? cols : 0), x0, s->cols);
	int y1 = clamp(y + (rows > 0 ? rows : 0), y0, s->rows);

	return (struct surface){s->grid, s->x + x0, s->y + y0, x1 - x0, y1 - y0};
}

struct surface surface_row(const struct surface *s, int y)
{
	return surface_sub(s, 0, y, s->cols, 1);
}

/* Overwriting one half of a wide character blanks the other. */
static void set_cell(struct grid *g, int x, int y, const struct cell *c)
{
	struct cell *at = &g->cells[y * g->cols + x];

	if (at->cp[0] == 0 && x > 0 && c->cp[0] != 0)
		at[-1] = (struct cell){{' '}, at[-1].style};
	if (x + 1 < g->cols && at[1].cp[0] == 0)
		at[1] = (struct cell){{' '}, at[1].style};
	*at = *c;
}

static void set_glyph(
	const struct surface *s, int x, int y, enum style style, const struct glyph *g)
{
	struct cell c = {{g->cp[0], g->cp[1], g->cp[2], g->cp[3]}, (uint8_t)style};
	int ax = s->x + x, ay = s->y + y;

	if (g->width == 1) {
		set_cell(s->grid, ax, ay, &c);
		return;
	}
	struct cell space = {{' '}, (uint8_t)style}, right = {{0}, (uint8_t)style};
	set_cell(s->grid, ax, ay, &space);
	set_cell(s->grid, ax + 1, ay, &space);
	s->grid->cells[ay * s->grid->cols + ax] = c;
	s->grid->cells[ay * s->grid->cols + ax + 1] = right;
}

static void put_ascii(const struct surface *s, int x, int y, enum style style, const char *z)
{
	for (; *z; z++, x++)
		if (x >= 0 && x < s->cols)
			set_glyph(s, x, y, style, &(struct glyph){.cp = {(uint8_t)*z}, .width = 1});
}

int surface_put(const struct surface *s, int x, int y, enum style style, struct str text)
{
	struct glyph g;
	int at = x;

	for (size_t i = 0; text_glyph(text, i, &g); i += g.n) {
		if (y >= 0 && y < s->rows) {
			if (g.escape[0])
				put_ascii(s, at, y, style, g.escape);
			else if (at >= 0 && at + g.width <= s->cols)
				set_glyph(s, at, y, style, &g);
			else if (g.width == 2 && at == s->cols - 1)
				put_ascii(s, at, y, style, " ");
			else if (g.width == 2 && at == -1)
				put_ascii(s, 0, y, style, " ");
		}
		at += g.width;
	}
	return at - x;
}

int surface_puts(const struct surface *s, int x, int y, enum style style, const char *z)
{
	return surface_put(s, x, y, style, str_of(z));
}

int surface_printf(const struct surface *s, int x, int y, enum style style, const char *fmt, ...)
{
	struct buf b = BUF_EMPTY;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	int n = surface_put(s, x, y, style, buf_str(&b));
	buf_fini(&b);
	return n;
}

void surface_field(const struct surface *s, int x, int y, int cols, enum align align,
	enum style style, struct str text)
{
	int used;
	size_t n;

	if (cols <= 0)
		return;
	surface_fill_row(s, x, y, cols, style, ' ');
	n = text_fit(text, cols, &used);
	if (n < text.n) {
		n = text_fit(text, cols - 1, &used);
		surface_put(s, x, y, style, (struct str){text.p, n});
		surface_puts(s, x + used, y, style, text_env().ambiguous == 2 ? "~" : "…");
		return;
	}
	int pad = align == ALIGN_RIGHT    ? cols - used
		  : align == ALIGN_CENTER ? (cols - used) / 2
					  : 0;
	surface_put(s, x + pad, y, style, text);
}

int surface_put_right(const struct surface *s, int right, int y, enum style style, struct str text)
{
	int x = right - text_width(text);

	surface_put(s, x, y, style, text);
	return x;
}

void surface_fill_row(const struct surface *s, int x, int y, int n, enum style style, uint32_t cp)
{
	int last = clamp(n > s->cols - x ? s->cols : x + n, 0, s->cols);

	if (y < 0 || y >= s->rows)
		return;
	if (text_env().ascii || text_env().ambiguous == 2)
		cp = text_ascii(cp);
	for (int i = x > 0 ? x : 0; i < last; i++)
		set_glyph(s, i, y, style, &(struct glyph){.cp = {cp}, .width = 1});
}

void surface_clear(const struct surface *s, enum style style)
{
	for (int y = 0; y < s->rows; y++)
		surface_fill_row(s, 0, y, s->cols, style, ' ');
}

void surface_restyle(const struct surface *s, int x, int y, int n, enum style style)
{
	if (y < 0 || y >= s->rows)
		return;
	for (int i = x > 0 ? x : 0; i < x + n && i < s->cols; i++)
		s->grid->cells[(s->y + y) * s->grid->cols + s->x + i].style = (uint8_t)style;
}

void surface_rule(const struct surface *s, int y, struct str title)
{
	int at = 0;

	if (title.n) {
		at = 1 + surface_put(s, 1, y, STYLE_TITLE, title);
		at++;
	}
	surface_fill_row(s, at, y, s->cols - at, STYLE_RULE, 0x2500);
}

struct surface surface_box(const struct surface *s, struct str title, enum style style)
{
	surface_clear(s, style);
	for (int y = 1; y < s->rows - 1; y++) {
		surface_fill_row(s, 0, y, 1, style, 0x2502);
		surface_fill_row(s, s->cols - 1, y, 1, style, 0x2502);
	}
	for (int y = 0; y<s->rows; y += s->rows> 1 ? s->rows - 1 : 1) {
		surface_fill_row(s, 0, y, s->cols, style, 0x2500);
		surface_fill_row(s, 0, y, 1, style, y ? 0x2514 : 0x250c);
		surface_fill_row(s, s->cols - 1, y, 1, style, y ? 0x2518 : 0x2510);
	}
	if (title.n && s->cols > 6) {
		size_t n = text_fit(title, s->cols - 6, NULL);
		int w = surface_put(s, 3, 0, style, (struct str){title.p, n});
		surface_fill_row(s, 2, 0, 1, style, ' ');
		surface_fill_row(s, 3 + w, 0, 1, style, ' ');
	}
	return surface_sub(s, 2, 1, s->cols - 4, s->rows - 2);
}

void surface_cursor(const struct surface *s, int x, int y)
{
	if (x < 0 || y < 0 || x >= s->cols || y >= s->rows)
		return;
	s->grid->cursor_x = s->x + x;
	s->grid->cursor_y = s->y + y;
}
