/*
 * A table on a surface: titles, rows, and a line under them when there is something to say.
 * A gutter of one cell at the left holds the cursor (>) or a mark (*).
 */
#include "widget/table.h"

#include "widget/table_impl.h"

#define GUTTER 1

bool table_is_cut(const struct table *t, int cols, int first)
{
	struct table_place places[TABLE_MAX_COLS];
	int n = table_n_cols(t);

	(void)table_layout(t->cols, n, cols, first, places);
	for (int i = first + 1; i < n; i++)
		if (!places[i].cols)
			return true;
	return false;
}

/* Columns scrolled away come back when there is room again. */
static void unscroll(struct table *t, int cols)
{
	if (t->first_col > table_n_cols(t) - 2)
		t->first_col = table_n_cols(t) > 2 ? table_n_cols(t) - 2 : 0;
	while (t->first_col > 0 && !table_is_cut(t, cols, t->first_col - 1))
		t->first_col--;
}

static void draw_title(const struct table *t, const struct surface *s, int col,
	const struct table_place *at, struct buf *text)
{
	const char *title = t->cols[col].title ? t->cols[col].title : "";
	struct str z = str_of(title);

	buf_clear(text);
	if (col == t->sort_col) {
		/* The mark must not be what is cut off. */
		bool roomy = text_width(z) + 2 <= at->cols;
		buf_put(text, z.p, text_fit(z, at->cols - 1, NULL));
		buf_puts(text, roomy ? " " : "");
		buf_putc(text, t->sort_desc ? 'v' : '^');
	} else {
		buf_put_str(text, z);
	}
	surface_field(
		s, GUTTER + at->x, 0, at->cols, t->cols[col].align, STYLE_HEAD, buf_str(text));
}

static void draw_titles(const struct table *t, const struct surface *s,
	const struct table_place *places, struct buf *text)
{
	surface_fill_row(s, 0, 0, s->cols, STYLE_HEAD, ' ');
	if (t->first_col > 0)
		surface_puts(s, 0, 0, STYLE_HEAD, "<");
	for (int i = 0; i < table_n_cols(t); i++)
		if (places[i].cols)
			draw_title(t, s, i, &places[i], text);
}

static void draw_spanning(const struct table *t, const struct surface *s, int y, size_t row,
	enum style style, struct buf *text)
{
	enum style own = style;

	buf_clear(text);
	t->ops->cell(t->arg, row, 0, text, &own);
	surface_field(s, GUTTER, y, s->cols - GUTTER, ALIGN_LEFT, t->stale ? STYLE_DIM : own,
		buf_str(text));
}

static void draw_row(const struct table *t, const struct surface *s, int y, size_t row,
	const struct table_place *places, struct buf *text)
{
	enum style style = STYLE_NORMAL;
	enum table_row_kind kind = table_kind(t, row, &style);
	bool cursor = kind == TABLE_ROW && row == t->cursor && !t->no_cursor;
	bool marked = kind == TABLE_ROW && table_is_marked(t, row);

	if (kind != TABLE_ROW) {
		if (style == STYLE_NORMAL)
			style = kind == TABLE_ROW_HEADING ? STYLE_TITLE : STYLE_DIM;
		draw_spanning(t, s, y, row, style, text);
		return;
	}
	style = cursor ? STYLE_CURSOR : t->stale ? STYLE_DIM : marked ? STYLE_MARK : style;
	surface_fill_row(s, 0, y, s->cols, style, ' ');
	/* The cursor's row shows by its style too, a mark only here. */
	surface_puts(s, 0, y, style, marked ? "*" : cursor ? ">" : " ");
	for (int i = 0; i < table_n_cols(t); i++) {
		enum style own = style;
		if (!places[i].cols)
			continue;
		buf_clear(text);
		t->ops->cell(t->arg, row, i, text, &own);
		surface_field(s, GUTTER + places[i].x, y, places[i].cols, t->cols[i].align,
			cursor || t->stale ? style : own, buf_str(text));
	}
}

static void draw_empty(const struct table *t, const struct surface *body)
{
	struct surface measure = surface_sub(body, 0, 0, body->cols - 2, 0);
	struct str rest = str_of(t->empty), line;
	int spare = body->rows - wrap_draw(&measure, STYLE_DIM, rest, 0);
	int y = min_int(body->rows / 2, spare > 0 ? spare : 0);

	while (rest.n && y < body->rows) {
		size_t n = text_wrap(rest, body->cols - 2, &line);
		surface_field(body, 1, y++, body->cols - 2, ALIGN_CENTER, STYLE_DIM, line);
		rest = (struct str){rest.p + n, rest.n - n};
	}
}

static void draw_bottom(
	const struct table *t, const struct surface *s, int y, size_t shown, struct buf *text)
{
	int right = s->cols;

	if (t->n_rows > shown) {
		buf_clear(text);
		buf_put_count(text, (int64_t)t->top + 1);
		buf_putc(text, '-');
		buf_put_count(text, (int64_t)(t->top + shown));
		buf_puts(text, " of ");
		buf_put_count(text, (int64_t)t->n_rows);
		right = surface_put_right(s, s->cols - 1, y, STYLE_DIM, buf_str(text)) - 1;
	}
	if (t->filter.n && right > GUTTER) {
		bool bang = t->filter_inverse && t->filter.p[0] != '!';
		int x = GUTTER + surface_puts(s, GUTTER, y, STYLE_KEY, bang ? "/ !" : "/ ");
		surface_field(s, x, y, right - x, ALIGN_LEFT, STYLE_NORMAL, buf_str(&t->filter));
	}
}

void table_draw(struct table *t, const struct surface *s)
{
	struct table_place places[TABLE_MAX_COLS];
	struct buf text = BUF_EMPTY;
	int head = s->rows > 1, left = s->rows - head;

	if (table_n_cols(t) <= 0 || s->rows <= 0 || s->cols <= GUTTER)
		return;
	bool bottom = left > 1 && (t->filter.n || t->n_rows > (size_t)left);
	struct surface body = surface_sub(s, 0, head, s->cols, left - bottom);

	unscroll(t, s->cols - GUTTER);
	(void)table_layout(t->cols, table_n_cols(t), s->cols - GUTTER, t->first_col, places);
	t->page = body.rows;
	t->drawn_x = body.x;
	t->drawn_y = body.y;
	t->drawn_cols = body.cols;
	table_settle(t);
	if (head)
		draw_titles(t, s, places, &text);
	size_t first, n;
	table_visible(t, &first, &n);
	for (size_t i = 0; i < n; i++)
		draw_row(t, &body, (int)i, first + i, places, &text);
	if (!t->n_rows && t->empty)
		draw_empty(t, &body);
	if (bottom)
		draw_bottom(t, s, s->rows - 1, n, &text);
	buf_fini(&text);
}

/* A cell between commas: quoted when it holds a comma, a quote or an end of line. */
static void put_quoted(struct buf *out, struct str cell)
{
	bool quote = false;

	for (size_t i = 0; i < cell.n; i++)
		quote |= cell.p[i] == ',' || cell.p[i] == '"';
	if (!quote) {
		buf_put_str(out, cell);
		return;
	}
	buf_putc(out, '"');
	for (size_t i = 0; i < cell.n; i++) {
		if (cell.p[i] == '"')
			buf_putc(out, '"');
		buf_putc(out, cell.p[i]);
	}
	buf_putc(out, '"');
}

void table_row_text(const struct table *t, size_t row, char sep, struct buf *out)
{
	struct buf text = BUF_EMPTY, escaped = BUF_EMPTY;
	enum style style = STYLE_NORMAL;
	bool spans = row < t->n_rows && table_kind(t, row, &style) != TABLE_ROW;

	for (int i = 0; row < t->n_rows && i < (spans ? 1 : table_n_cols(t)); i++) {
		buf_clear(&text);
		buf_clear(&escaped);
		t->ops->cell(t->arg, row, i, &text, &style);
		text_escape(&escaped, buf_str(&text));
		if (i > 0)
			buf_putc(out, sep);
		if (sep == ',')
			put_quoted(out, buf_str(&escaped));
		else
			buf_put_str(out, buf_str(&escaped));
	}
	buf_fini(&text);
	buf_fini(&escaped);
}
