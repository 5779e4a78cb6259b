/* See owners_draw.h. */
#include "view/owners_draw.h"

#include "model/format.h"

#define PART_COLS 8
#define COL_MIN   13
#define COL_MAX   30
#define MARK_COLS 2
#define NAME_MIN  (COL_MIN - MARK_COLS - 1)

/* ---- names ------------------------------------------------------------------------------- */

/* Bytes that both begin with, back to where a part of a name ends. */
static size_t shared(const char *a, const char *b)
{
	size_t n = 0, end = 0;

	for (; a[n] && a[n] == b[n]; n++)
		if (strchr("-_./ ", a[n]))
			end = n + 1;
	return end;
}

struct short_names short_names(const char *const *names, size_t n, int cells)
{
	struct short_names s = {.cells = cells};
	bool fits = true;

	for (size_t i = 0; i < n; i++)
		fits = fits && text_width(str_of(names[i])) <= cells;
	if (fits || n < 2)
		return s;
	s.skip = strlen(names[0]);
	for (size_t i = 1; i < n; i++)
		s.skip = min_size(s.skip, shared(names[0], names[i]));
	return s;
}

void short_name_put(struct buf *out, struct short_names s, const char *name)
{
	struct str all = str_of(name), rest = {name + s.skip, all.n - s.skip};

	/* Behind a beginning that was left out the rest is an id: its first letters tell it apart.
	 */
	if (!s.skip || s.skip >= all.n || text_width(all) <= s.cells)
		buf_put_str(out, all);
	else
		buf_put(out, rest.p, text_fit(rest, s.cells, NULL));
}

struct short_names short_member_names(const struct group *g, int cells)
{
	const char **v = xcalloc(g->members->n + 1, sizeof(*v));
	struct short_names s;

	for (size_t i = 0; i < g->members->n; i++)
		v[i] = g->members->v[i].label;
	s = short_names(v, g->members->n, cells);
	free(v);
	return s;
}

static struct short_names short_owner_names(const struct owners *o)
{
	const char **v = xcalloc(o->names.n + 1, sizeof(*v));
	struct short_names s;
	size_t n = 0;

	for (size_t i = 0; i < o->names.n; i++)
		if (o->names.v[i].label)
			v[n++] = o->names.v[i].label;
	s = short_names(v, n, NAME_MIN);
	free(v);
	return s;
}

/* ---- the time line ----------------------------------------------------------------------- */

struct drawing {
	const struct surface *s;
	const struct owners *o;
	struct short_names names;
	size_t first, last; /* columns that are seen: [first, last) */
	int col_cols;       /* cells of each, its mark and the blank behind it included */
};

static int col_x(const struct drawing *d, size_t col)
{
	return 1 + PART_COLS + (int)(col - d->first) * d->col_cols;
}

/* Time, generation where the cluster tells it, reason. */
static bool has_generations(const struct owners *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->cols[i].generation >= 0)
			return true;
	return false;
}

static int head_rows(const struct owners *o)
{
	return has_generations(o) ? 3 : 2;
}

static int text_cols(const struct drawing *d)
{
	return d->col_cols - MARK_COLS - 1;
}

static void draw_heads(const struct drawing *d)
{
	for (size_t i = d->first; i < d->last; i++) {
		const struct owners_col *c = &d->o->cols[i];
		struct buf text = BUF_EMPTY;
		int x = col_x(d, i) + MARK_COLS;

		fmt_clock(&text, c->wall_ms);
		surface_field(d->s, x, 0, text_cols(d), ALIGN_LEFT, STYLE_HEAD, buf_str(&text));
		buf_clear(&text);
		if (c->generation >= 0)
			buf_printf(&text, "gen %d", c->generation);
		surface_field(d->s, x, 1, text_cols(d), ALIGN_LEFT, STYLE_DIM, buf_str(&text));
		surface_field(d->s, x, head_rows(d->o) - 1, text_cols(d), ALIGN_LEFT, STYLE_DIM,
			str_of(c->first ? "first seen" : c->why));
		buf_fini(&text);
	}
}

static void draw_owner(const struct drawing *d, int y, size_t col, size_t row)
{
	const char *owner = owners_at(d->o, col, row);
	bool moved = owners_moved(d->o, col, row);
	struct buf text = BUF_EMPTY;
	int x = col_x(d, col);

	if (owner)
		short_name_put(&text, d->names, owner);
	else
		buf_puts(&text, "·");
	if (moved)
		surface_puts(d->s, x, y, STYLE_WARN, ">");
	surface_field(d->s, x + MARK_COLS, y, text_cols(d), ALIGN_LEFT,
		!owner  ? STYLE_DIM
		: moved ? STYLE_WARN
			: STYLE_NORMAL,
		buf_str(&text));
	buf_fini(&text);
}

static bool begins_topic(const struct owners *o, size_t row)
{
	return !row || !str_eq(o->rows.v[row].topic, o->rows.v[row - 1].topic);
}

/* Lines: a topic's name, then its partitions. Line `at` of them all stands at y. */
static void draw_lines(const struct drawing *d, size_t from, int y, int rows)
{
	size_t line = 0;

	for (size_t r = 0; r < d->o->rows.n && rows > 0; r++) {
		if (begins_topic(d->o, r) && line++ >= from) {
			surface_field(d->s, 1, y++, d->s->cols - 2, ALIGN_LEFT, STYLE_TITLE,
				d->o->rows.v[r].topic);
			if (--rows == 0)
				return;
		}
		if (line++ < from)
			continue;
		surface_printf(d->s, 1, y, STYLE_NORMAL, "%6d", d->o->rows.v[r].partition);
		for (size_t c = d->first; c < d->last; c++)
			draw_owner(d, y, c, r);
		y++;
		rows--;
	}
}

static size_t line_count(const struct owners *o)
{
	size_t n = 0;

	for (size_t r = 0; r < o->rows.n; r++)
		n += 1 + begins_topic(o, r);
	return n;
}

int owners_rows(const struct owners *o)
{
	return o && o->n ? head_rows(o) + (int)line_count(o) + 1 : 2;
}

static void draw_legend(const struct drawing *d, const struct owners_scroll *at, int y)
{
	struct buf text = BUF_EMPTY;

	buf_puts(&text, "> moved   ");
	buf_puts(&text, "·");
	buf_puts(&text, " nobody");
	if (d->first || at->back)
		buf_printf(&text, "   columns %zu-%zu of %zu (left, right)", d->first + 1, d->last,
			d->o->n);
	if (at->rows > at->page)
		buf_printf(&text, "   rows %zu-%zu of %zu", at->top + 1,
			min_size(at->top + at->page, at->rows), at->rows);
	if (d->o->left_out)
		buf_printf(&text, "   %zu partitions left out", d->o->left_out);
	surface_field(d->s, 1, y, d->s->cols - 2, ALIGN_LEFT, STYLE_DIM, buf_str(&text));
	buf_fini(&text);
}

static void settle(struct owners_scroll *at, const struct owners *o, int rows)
{
	at->rows = line_count(o);
	at->page = rows > 0 ? (size_t)rows : 0;
	at->top = min_size(at->top, at->rows > at->page ? at->rows - at->page : 0);
}

void owners_draw(const struct surface *s, const struct owners *o, struct owners_scroll *at)
{
	int room = s->cols - 1 - PART_COLS, fit = room / COL_MIN;
	struct drawing d = {.s = s, .o = o};
	int head;

	if (!o || !o->n) {
		surface_puts(s, 1, 0, STYLE_DIM, "waiting for the group to come to rest …");
		return;
	}
	head = head_rows(o);
	settle(at, o, s->rows - head - 1);
	fit = fit > 0 ? fit : 1;
	at->back = min_size(at->back, o->n > (size_t)fit ? o->n - (size_t)fit : 0);
	d.last = o->n - at->back;
	d.first = d.last > (size_t)fit ? d.last - (size_t)fit : 0;
	d.col_cols = room / (int)(d.last - d.first);
	d.col_cols = d.col_cols > COL_MAX ? COL_MAX : d.col_cols < COL_MIN ? COL_MIN : d.col_cols;
	d.names = short_owner_names(o);
	surface_puts(s, 1, 0, STYLE_HEAD, "  PART");
	draw_heads(&d);
	if (!o->rows.n)
		surface_puts(s, 1, head, STYLE_DIM, "nobody owned anything yet");
	draw_lines(&d, at->top, head, (int)min_size(at->page, at->rows));
	if (s->rows > head + 1)
		draw_legend(&d, at,
			(int)min_size(
				(size_t)head + at->rows + (o->rows.n == 0), (size_t)s->rows - 1));
}

static size_t moved(size_t from, ptrdiff_t by)
{
	return by < 0 && from < (size_t)-by ? 0 : from + (size_t)by;
}

unsigned owners_event(struct owners_scroll *at, const struct owners *o, const struct event *e)
{
	ptrdiff_t page = at->page > 1 ? (ptrdiff_t)at->page : 1, by = 0;

	if (!o)
		return WIDGET_IGNORED;
	if (e->type == EVENT_MOUSE && e->press && e->button == MOUSE_WHEEL_UP)
		by = -3;
	else if (e->type == EVENT_MOUSE && e->press && e->button == MOUSE_WHEEL_DOWN)
		by = 3;
	else if (e->type != EVENT_KEY || e->key.mods)
		return WIDGET_IGNORED;
	else if (key_is(e->key, K_UP) || key_is(e->key, 'k'))
		by = -1;
	else if (key_is(e->key, K_DOWN) || key_is(e->key, 'j'))
		by = 1;
	else if (key_is(e->key, K_PGUP))
		by = -page;
	else if (key_is(e->key, K_PGDN))
		by = page;
	else if (key_is(e->key, K_HOME) || key_is(e->key, 'g'))
		by = -(ptrdiff_t)at->rows;
	else if (key_is(e->key, K_END) || key_is(e->key, 'G'))
		by = (ptrdiff_t)at->rows;
	else if (key_is(e->key, K_LEFT))
		at->back = min_size(at->back + 1, o->n);
	else if (key_is(e->key, K_RIGHT))
		at->back -= at->back > 0;
	else
		return WIDGET_IGNORED;
	at->top = min_size(moved(at->top, by), at->rows > at->page ? at->rows - at->page : 0);
	return WIDGET_HANDLED | WIDGET_CHANGED;
}

/* ---- a line each ------------------------------------------------------------------------- */

static void put_numbers(struct buf *out, const struct owners_col *c, bool wide)
{
	if (c->generation >= 0)
		buf_printf(out, wide ? "generation %-3d   " : "gen %-3d  ", c->generation);
	if (c->total > 0)
		buf_printf(out, wide ? "%d of %d partitions moved   " : "%d of %d moved  ",
			c->moved, c->total);
	if (c->paused_ms >= 0) {
		fmt_span(out, c->paused_ms);
		buf_puts(out, " paused");
	}
}

static void draw_rebalance(const struct surface *s, int y, const struct owners_col *c, int room)
{
	struct buf text = BUF_EMPTY;

	fmt_clock(&text, c->wall_ms);
	surface_put(s, 1, y, STYLE_NORMAL, buf_str(&text));
	surface_field(s, 11, y, room, ALIGN_LEFT, STYLE_NORMAL, str_of(c->why));
	buf_clear(&text);
	put_numbers(&text, c, s->cols >= 100);
	surface_field(
		s, 11 + room + 2, y, s->cols - room - 14, ALIGN_LEFT, STYLE_NORMAL, buf_str(&text));
	buf_fini(&text);
}

/* Columns that are rebalances; `first` is the place of the first one. */
static size_t rebalances(const struct owners *o, size_t *first)
{
	*first = o && o->n && o->cols[0].first;
	return o ? o->n - *first : 0;
}

int rebalances_rows(const struct owners *o, int max)
{
	size_t first, n = rebalances(o, &first);
	int want = 1 + (n ? (int)n : 1);

	return want < max ? want : max;
}

static int cols_of_numbers(const struct owners *o, size_t from, bool wide)
{
	int most = 0;

	for (size_t i = from; i < o->n; i++) {
		struct buf text = BUF_EMPTY;
		int cols;

		put_numbers(&text, &o->cols[i], wide);
		cols = text_width(buf_str(&text));
		most = cols > most ? cols : most;
		buf_fini(&text);
	}
	return most;
}

int rebalances_draw(const struct surface *s, int y, const struct owners *o)
{
	struct buf title = BUF_EMPTY;
	size_t first, n = rebalances(o, &first), shown;
	int room;

	if (y >= s->rows - 1)
		return y;
	buf_puts(&title, "rebalances seen since ");
	fmt_clock(&title, o && o->n ? o->cols[0].wall_ms : -1);
	surface_rule(s, y++, buf_str(&title));
	buf_fini(&title);
	if (!n) {
		surface_puts(s, 1, y, STYLE_DIM, "none");
		return y + 1;
	}
	shown = min_size(n, (size_t)(s->rows - y));
	room = s->cols - 14 - cols_of_numbers(o, o->n - shown, s->cols >= 100);
	room = room < 12 ? 12 : room > 60 ? 60 : room;
	for (size_t i = o->n - shown; i < o->n; i++)
		draw_rebalance(s, y++, &o->cols[i], room);
	return y;
}
