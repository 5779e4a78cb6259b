/* Editing text by glyphs. A newline is a glyph of its own, so a line's first byte is a boundary. */
#include "widget/edit.h"

#include "base/utf8.h"

void edit_init(struct edit *e, size_t max, bool lines)
{
	*e = (struct edit){.max = max, .lines = lines, .goal = -1};
}

void edit_fini(struct edit *e)
{
	buf_fini(&e->text);
	*e = (struct edit){.goal = -1};
}

struct str edit_get(const struct edit *e)
{
	return e->text.n ? buf_str(&e->text) : STR_LIT("");
}

static size_t line_start(const struct edit *e, size_t at)
{
	while (at > 0 && e->text.p[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(const struct edit *e, size_t at)
{
	while (at < e->text.n && e->text.p[at] != '\n')
		at++;
	return at;
}

static struct str part(const struct edit *e, size_t from, size_t to)
{
	return (struct str){from < to ? (const char *)e->text.p + from : "", to - from};
}

/* The boundary before `at`, counted from the line's start: a glyph has no longest length. */
static size_t before(const struct edit *e, size_t at)
{
	size_t i = line_start(e, at), last = i;

	if (i == at)
		return at > 0 ? at - 1 : 0;
	for (; i < at; i = text_next(edit_get(e), i))
		last = i;
	return last;
}

/* An edit may join bytes to one glyph: the cursor goes on to the next boundary. */
static void snap(struct edit *e)
{
	size_t i;

	e->at = e->at < e->text.n ? e->at : e->text.n;
	i = line_start(e, e->at);
	while (i < e->at)
		i = text_next(edit_get(e), i);
	e->at = i;
	e->goal = -1;
}

static bool cut(struct edit *e, size_t from, size_t to)
{
	if (from >= to)
		return false;
	memmove(e->text.p + from, e->text.p + to, e->text.n - to);
	e->text.n -= to - from;
	e->at = from;
	snap(e);
	return true;
}

/* Line ends as one \n each; a one-line edit takes what comes before the first. */
static void clean(const struct edit *e, struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		bool end = text.p[i] == '\n' || text.p[i] == '\r';
		if (end && !e->lines)
			return;
		if (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			continue;
		buf_putc(out, end ? '\n' : text.p[i]);
	}
}

/* At the cursor, as a paste would; what is above max bytes is cut off. True when text came in. */
static bool edit_insert(struct edit *e, struct str text)
{
	struct buf b = BUF_EMPTY;
	size_t n, room = e->max > e->text.n ? e->max - e->text.n : 0;

	clean(e, text, &b);
	n = b.n < room ? b.n : room;
	while (n > 0 && n < b.n && (b.p[n] & 0xc0) == 0x80)
		n--;
	e->cut = e->cut || n < b.n;
	if (n > 0) {
		buf_extend(&e->text, n);
		memmove(e->text.p + e->at + n, e->text.p + e->at, e->text.n - n - e->at);
		memcpy(e->text.p + e->at, b.p, n);
		e->at += n;
		snap(e);
	}
	buf_fini(&b);
	return n > 0;
}

void edit_set(struct edit *e, struct str text)
{
	buf_clear(&e->text);
	e->at = 0;
	e->scroll = 0;
	e->goal = -1;
	edit_insert(e, text);
	e->cut = false;
}

static bool is_blank(const struct edit *e, size_t at)
{
	return e->text.p[at] == ' ' || e->text.p[at] == '\t' || e->text.p[at] == '\n';
}

static size_t word_before(const struct edit *e, size_t at)
{
	while (at > 0 && is_blank(e, before(e, at)))
		at = before(e, at);
	while (at > 0 && !is_blank(e, before(e, at)))
		at = before(e, at);
	return at;
}

static size_t word_after(const struct edit *e, size_t at)
{
	while (at < e->text.n && is_blank(e, at))
		at = text_next(edit_get(e), at);
	while (at < e->text.n && !is_blank(e, at))
		at = text_next(edit_get(e), at);
	return at;
}

/* Up (-1) or down (1) to the column aimed at. */
static unsigned move_line(struct edit *e, int step)
{
	size_t start = line_start(e, e->at), end = line_end(e, e->at), to;
	int goal = e->goal >= 0 ? e->goal : text_width(part(e, start, e->at));

	if (!e->lines || (step < 0 ? start == 0 : end == e->text.n))
		return WIDGET_IGNORED;
	to = step < 0 ? line_start(e, start - 1) : end + 1;
	e->at = to + text_fit(part(e, to, line_end(e, to)), goal, NULL);
	e->goal = goal;
	return WIDGET_HANDLED;
}

static unsigned move_to(struct edit *e, size_t at)
{
	e->at = at;
	e->goal = -1;
	return WIDGET_HANDLED;
}

static unsigned changed(bool is)
{
	return WIDGET_HANDLED | (is ? WIDGET_CHANGED : 0);
}

static unsigned control_key(struct edit *e, uint32_t code)
{
	size_t end = line_end(e, e->at);

	switch (code) {
	case 'a':
		return move_to(e, line_start(e, e->at));
	case 'e':
		return move_to(e, end);
	case 'u':
		return changed(cut(e, line_start(e, e->at), e->at));
	case 'k':
		return changed(cut(e, e->at, end > e->at || end == e->text.n ? end : end + 1));
	case 'w':
		return changed(cut(e, word_before(e, e->at), e->at));
	case K_LEFT:
		return move_to(e, word_before(e, e->at));
	case K_RIGHT:
		return move_to(e, word_after(e, e->at));
	default:
		return WIDGET_IGNORED;
	}
}

static unsigned plain_key(struct edit *e, uint32_t code)
{
	size_t next = text_next(edit_get(e), e->at);

	switch (code) {
	case K_LEFT:
		return move_to(e, before(e, e->at));
	case K_RIGHT:
		return move_to(e, next);
	case K_HOME:
		return move_to(e, line_start(e, e->at));
	case K_END:
		return move_to(e, line_end(e, e->at));
	case K_UP:
		return move_line(e, -1);
	case K_DOWN:
		return move_line(e, 1);
	case K_BACKSPACE:
		return changed(cut(e, before(e, e->at), e->at));
	case K_DELETE:
		return changed(cut(e, e->at, next));
	default:
		return WIDGET_IGNORED;
	}
}

unsigned edit_event(struct edit *e, const struct event *ev)
{
	struct key k = ev->key;
	char bytes[4];

	if (ev->type == EVENT_PASTE)
		return changed(edit_insert(e, ev->text));
	if (ev->type != EVENT_KEY)
		return WIDGET_IGNORED;
	if (key_is_text(k))
		return changed(edit_insert(e, (struct str){bytes, utf8_encode(k.code, bytes)}));
	if (e->lines && k.code == K_ENTER && k.mods == MOD_ALT)
		return changed(edit_insert(e, STR_LIT("\n")));
	if (k.mods == MOD_CTRL)
		return control_key(e, k.code);
	return k.mods == 0 ? plain_key(e, k.code) : WIDGET_IGNORED;
}

static int scrolled(int scroll, int at, int size)
{
	return at < scroll ? at : at >= scroll + size ? at - size + 1 : scroll;
}

static void draw_line(struct edit *e, const struct surface *s, enum style style, bool focus)
{
	int at = text_width(part(e, 0, e->at)), all = text_width(edit_get(e));
	int most = all >= s->cols ? all - s->cols + 1 : 0;

	e->scroll = scrolled(e->scroll < most ? e->scroll : most, at, s->cols);
	surface_put(s, -e->scroll, 0, style, edit_get(e));
	if (focus)
		surface_cursor(s, at - e->scroll, 0);
}

static int count_lines(struct str text)
{
	int n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static void draw_lines(struct edit *e, const struct surface *s, enum style style, bool focus)
{
	int row = count_lines(part(e, 0, e->at)), last = count_lines(edit_get(e));
	int x = text_width(part(e, line_start(e, e->at), e->at));
	int left = x >= s->cols ? x - s->cols + 1 : 0;
	int most = last >= s->rows ? last - s->rows + 1 : 0;
	size_t from = 0;

	e->scroll = scrolled(e->scroll < most ? e->scroll : most, row, s->rows);
	for (int y = 0; y <= last; y++) {
		size_t end = line_end(e, from);
		if (y >= e->scroll && y < e->scroll + s->rows)
			surface_put(s, -left, y - e->scroll, style, part(e, from, end));
		from = end < e->text.n ? end + 1 : end;
	}
	if (focus)
		surface_cursor(s, x - left, row - e->scroll);
}

void edit_draw(struct edit *e, const struct surface *s, enum style style, bool focus)
{
	surface_clear(s, style);
	if (s->cols < 1 || s->rows < 1)
		return;
	if (e->lines)
		draw_lines(e, s, style, focus);
	else
		draw_line(e, s, style, focus);
}
