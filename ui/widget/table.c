/* A table's rows, cursor and marks. Invariant: cursor < n_rows unless there are no rows. */
#include "widget/table.h"

#include "widget/table_impl.h"

/* Rows looked at each way for a row that moved, so that a million rows do not stop the screen. */
#define SEARCH_MAX 65536
#define WHEEL_ROWS 3

void table_init(struct table *t, const struct table_col *cols, int n_cols,
	const struct table_ops *ops, void *arg)
{
	memset(t, 0, sizeof(*t));
	t->cols = cols;
	t->n_cols = n_cols;
	t->ops = ops;
	t->arg = arg;
	t->sort_col = -1;
	map_init(&t->marks);
	buf_init(&t->filter);
}

void table_fini(struct table *t)
{
	map_fini(&t->marks);
	buf_fini(&t->filter);
}

static bool is_row(const struct table *t, size_t row)
{
	enum style style = STYLE_NORMAL;

	return table_kind(t, row, &style) == TABLE_ROW;
}

static uint64_t id_of(const struct table *t, size_t row)
{
	return t->ops->row_id && row < t->n_rows ? t->ops->row_id(t->arg, row) : 0;
}

/* The nearest row from *row on that the cursor may be on, in one direction. */
static bool seek(const struct table *t, size_t *row, bool down)
{
	for (size_t i = *row, n = 0; i < t->n_rows && n < SEARCH_MAX; n++) {
		if (is_row(t, i)) {
			*row = i;
			return true;
		}
		if (!down && i == 0)
			return false;
		i = down ? i + 1 : i - 1;
	}
	return false;
}

/* Puts the cursor on `row` or the next one in that direction, else the next one in the other. */
static void place(struct table *t, size_t row, bool down)
{
	if (!t->n_rows) {
		t->cursor = t->top = 0;
		return;
	}
	if (row >= t->n_rows)
		row = t->n_rows - 1;
	if (!t->no_cursor && !seek(t, &row, down))
		(void)seek(t, &row, !down);
	t->cursor = row;
	t->cursor_id = id_of(t, row);
}

static size_t max_top(const struct table *t)
{
	size_t page = t->page > 0 ? (size_t)t->page : 1;

	return t->n_rows > page ? t->n_rows - page : 0;
}

void table_settle(struct table *t)
{
	size_t page = t->page > 0 ? (size_t)t->page : 0, low = t->cursor, high = t->cursor;

	if (!page || !t->n_rows)
		return;
	if (!t->no_cursor) {
		/* A heading stays in sight above its first row, a note below its last. */
		while (low > 0 && high - low + 1 < page && !is_row(t, low - 1))
			low--;
		while (high + 1 < t->n_rows && high - low + 1 < page && !is_row(t, high + 1))
			high++;
		if (low < t->top)
			t->top = low;
		if (high >= t->top + page)
			t->top = high - page + 1;
	}
	if (t->top > max_top(t))
		t->top = max_top(t);
}

/* The row that has the cursor's id, looked for from its old place outwards. */
static bool find_again(const struct table *t, size_t *row)
{
	size_t at = t->cursor < t->n_rows ? t->cursor : t->n_rows - 1;

	for (size_t d = 0; d < t->n_rows && d < SEARCH_MAX; d++) {
		bool below = at + d < t->n_rows;
		if (below && id_of(t, at + d) == t->cursor_id) {
			*row = at + d;
			return true;
		}
		if (d <= at && id_of(t, at - d) == t->cursor_id) {
			*row = at - d;
			return true;
		}
		if (!below && d > at)
			return false;
	}
	return false;
}

void table_set_rows(struct table *t, size_t n)
{
	size_t row = t->cursor, height = t->cursor > t->top ? t->cursor - t->top : 0;

	t->n_rows = n;
	if (!n) {
		/* The id stays: the rows may come back. */
		t->cursor = t->top = 0;
		return;
	}
	if (t->cursor_id && !t->no_cursor && t->ops->row_id && find_again(t, &row)) {
		t->top = row > height ? row - height : 0;
		t->cursor = row;
	}
	place(t, row, true);
	table_settle(t);
}

void table_set_cursor(struct table *t, size_t row)
{
	place(t, row, true);
	table_settle(t);
}

bool table_is_marked(const struct table *t, size_t row)
{
	uint64_t id = t->marks.n ? id_of(t, row) : 0;

	return id && map_get64(&t->marks, id);
}

void table_toggle_mark(struct table *t, size_t row)
{
	uint64_t id = id_of(t, row);

	if (id && !map_del64(&t->marks, id))
		(void)map_put64(&t->marks, id, t);
}

void table_clear_marks(struct table *t)
{
	map_clear(&t->marks);
}

void table_sort_next(struct table *t)
{
	t->sort_col = t->sort_col + 1 < t->n_cols ? t->sort_col + 1 : -1;
	t->sort_desc = false;
}

void table_visible(const struct table *t, size_t *first, size_t *n)
{
	size_t page = t->page > 0 ? (size_t)t->page : TABLE_GUESSED_PAGE;
	size_t last = t->n_rows > page ? t->n_rows - page : 0;

	*first = t->top < last ? t->top : last;
	*n = t->n_rows - *first < page ? t->n_rows - *first : page;
}

static size_t moved(size_t from, ptrdiff_t by, size_t max)
{
	if (by < 0)
		return from > (size_t)-by ? from - (size_t)-by : 0;
	return max - (from < max ? from : max) > (size_t)by ? from + (size_t)by : max;
}

/* Moves the cursor, or the page where there is none; with `page` both, by the same rows. */
static unsigned move_by(struct table *t, ptrdiff_t by, bool page)
{
	size_t was = t->cursor, top = t->top;

	if (!t->n_rows)
		return WIDGET_HANDLED;
	if (t->no_cursor || page)
		t->top = moved(t->top, by, max_top(t));
	place(t, t->no_cursor ? t->top : moved(t->cursor, by, t->n_rows - 1), by > 0);
	table_settle(t);
	return WIDGET_HANDLED | (t->cursor != was || t->top != top ? WIDGET_CHANGED : 0);
}

static unsigned scroll_columns(struct table *t, bool right)
{
	if (right) {
		if (t->first_col + 2 >= table_n_cols(t) ||
			!table_is_cut(t, t->drawn_cols - 1, t->first_col))
			return WIDGET_IGNORED;
		t->first_col++;
	} else {
		if (t->first_col <= 0)
			return WIDGET_IGNORED;
		t->first_col--;
	}
	return WIDGET_HANDLED;
}

static unsigned mark_and_step(struct table *t)
{
	if (t->no_cursor || !t->ops->row_id || t->cursor >= t->n_rows || !is_row(t, t->cursor))
		return WIDGET_IGNORED;
	table_toggle_mark(t, t->cursor);
	return move_by(t, 1, false) | WIDGET_CHANGED;
}

static unsigned submit(const struct table *t)
{
	bool on_row = !t->no_cursor && t->cursor < t->n_rows && is_row(t, t->cursor);

	return on_row ? WIDGET_HANDLED | WIDGET_SUBMIT : WIDGET_IGNORED;
}

static unsigned on_mouse(struct table *t, const struct event *e)
{
	int y = e->y - t->drawn_y, x = e->x - t->drawn_x;

	if (!e->press || x < 0 || x >= t->drawn_cols || y < -1 || y > t->page)
		return WIDGET_IGNORED;
	if (e->button == MOUSE_WHEEL_UP || e->button == MOUSE_WHEEL_DOWN)
		return move_by(t, e->button == MOUSE_WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS, true);
	size_t row = t->top + (size_t)(y > 0 ? y : 0);
	if (e->button != MOUSE_LEFT || t->no_cursor || y < 0 || y >= t->page || row >= t->n_rows)
		return WIDGET_IGNORED;
	if (!is_row(t, row))
		return WIDGET_HANDLED;
	if (row == t->cursor)
		return submit(t);
	table_set_cursor(t, row);
	return WIDGET_HANDLED | WIDGET_CHANGED;
}

unsigned table_event(struct table *t, const struct event *e)
{
	ptrdiff_t page = t->page > 0 ? t->page : 1, all = (ptrdiff_t)(t->n_rows / 2 + 1) * 2;

	if (e->type == EVENT_MOUSE)
		return on_mouse(t, e);
	if (e->type != EVENT_KEY || e->key.mods)
		return WIDGET_IGNORED;
	switch (e->key.code) {
	case K_UP:
	case 'k':
		return move_by(t, -1, false);
	case K_DOWN:
	case 'j':
		return move_by(t, 1, false);
	case K_PGUP:
		return move_by(t, -page, true);
	case K_PGDN:
		return move_by(t, page, true);
	case K_HOME:
	case 'g':
		return move_by(t, -all, true);
	case K_END:
	case 'G':
		return move_by(t, all, true);
	case K_LEFT:
		return scroll_columns(t, false);
	case K_RIGHT:
		return scroll_columns(t, true);
	case ' ':
		return mark_and_step(t);
	case K_ENTER:
		return submit(t);
	default:
		return WIDGET_IGNORED;
	}
}
