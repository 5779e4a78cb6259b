/*
 * Text to read. Invariant: `top` is the beginning of a line as it is shown at the present width;
 * where the width or the wrapping changes it is moved back to one.
 */
#include "widget/viewer.h"

#define WHEEL_ROWS 3
#define SIDE_CELLS 8
/* How far back the beginning of a line is looked for: one line of megabytes must still scroll. */
#define BACK_MAX 65536

void viewer_init(struct viewer *v, bool wrap)
{
	memset(v, 0, sizeof(*v));
	v->wrap = wrap;
	buf_init(&v->text);
}

void viewer_fini(struct viewer *v)
{
	buf_fini(&v->text);
}

void viewer_set(struct viewer *v, struct str text)
{
	buf_clear(&v->text);
	buf_put_str(&v->text, text);
	v->top = 0;
	v->left = 0;
}

/* The line at byte `at`; returns where the next one begins. */
static size_t line_at(const struct viewer *v, size_t at, struct str *line)
{
	struct str rest = {(const char *)v->text.p + at, v->text.n - at};

	if (!rest.n) {
		*line = (struct str){NULL, 0};
		return at;
	}
	if (v->wrap)
		return at + text_wrap(rest, v->cols > 0 ? v->cols : 1, line);
	const char *end = memchr(rest.p, '\n', rest.n);
	*line = (struct str){rest.p, end ? (size_t)(end - rest.p) : rest.n};
	return at + line->n + (end != NULL);
}

/* Where the text after the last newline before `at` begins. */
static size_t begin_of(const struct viewer *v, size_t at)
{
	size_t begin = at;

	while (begin > 0 && v->text.p[begin - 1] != '\n' &&
		!(v->wrap && at - begin >= BACK_MAX && (v->text.p[begin] & 0xc0) != 0x80))
		begin--;
	return begin;
}

/* The last line that begins before `before`, among those of the paragraph that `at` is in. */
static size_t last_line(const struct viewer *v, size_t at, size_t before)
{
	size_t line = begin_of(v, at), next;
	struct str text;

	while ((next = line_at(v, line, &text)) < before && next > line)
		line = next;
	return line;
}

static size_t line_before(const struct viewer *v, size_t at)
{
	return at > 0 ? last_line(v, at - 1, at) : 0;
}

/* Moves `top` by lines; stops where the last line is at the bottom. */
static unsigned scroll(struct viewer *v, int lines)
{
	size_t was = v->top, end = v->top;
	struct str text;

	for (; lines < 0 && v->top > 0; lines++)
		v->top = line_before(v, v->top);
	for (int i = 0; lines > 0 && i < v->page && end < v->text.n; i++)
		end = line_at(v, end, &text);
	for (; lines > 0 && end < v->text.n; lines--) {
		end = line_at(v, end, &text);
		v->top = line_at(v, v->top, &text);
	}
	return WIDGET_HANDLED | (v->top != was ? WIDGET_CHANGED : 0);
}

static unsigned to_end(struct viewer *v)
{
	size_t was = v->top;

	v->top = v->text.n;
	for (int i = 0; i < (v->page > 0 ? v->page : 1) && v->top > 0; i++)
		v->top = line_before(v, v->top);
	return WIDGET_HANDLED | (v->top != was ? WIDGET_CHANGED : 0);
}

static unsigned to_start(struct viewer *v)
{
	size_t was = v->top;

	v->top = 0;
	v->left = 0;
	return WIDGET_HANDLED | (was ? WIDGET_CHANGED : 0);
}

/* Is a line that is seen longer than what is seen of it? */
static bool is_cut(const struct viewer *v)
{
	size_t at = v->top;
	struct str line;

	for (int i = 0; i < v->page && at < v->text.n; i++) {
		at = line_at(v, at, &line);
		if (text_fit(line, v->left + v->cols, NULL) < line.n)
			return true;
	}
	return false;
}

static unsigned sideways(struct viewer *v, bool right)
{
	if (v->wrap)
		return WIDGET_IGNORED;
	if (right && is_cut(v))
		v->left += SIDE_CELLS;
	else if (!right)
		v->left = v->left > SIDE_CELLS ? v->left - SIDE_CELLS : 0;
	return WIDGET_HANDLED;
}

/* After a change of width or wrapping: back to the beginning of the line that `top` is in. */
static void align(struct viewer *v)
{
	if (v->top > v->text.n)
		v->top = v->text.n;
	if (v->top > 0)
		v->top = last_line(v, v->top, v->top + 1);
}

static unsigned toggle_wrap(struct viewer *v)
{
	v->wrap = !v->wrap;
	v->left = 0;
	align(v);
	return WIDGET_HANDLED;
}

static unsigned on_mouse(struct viewer *v, const struct event *e)
{
	if (e->button == MOUSE_WHEEL_UP)
		return scroll(v, -WHEEL_ROWS);
	return e->button == MOUSE_WHEEL_DOWN ? scroll(v, WHEEL_ROWS) : WIDGET_IGNORED;
}

unsigned viewer_event(struct viewer *v, const struct event *e)
{
	int page = v->page > 0 ? v->page : 1;

	if (e->type == EVENT_MOUSE)
		return on_mouse(v, e);
	if (e->type != EVENT_KEY || e->key.mods)
		return WIDGET_IGNORED;
	switch (e->key.code) {
	case K_UP:
	case 'k':
		return scroll(v, -1);
	case K_DOWN:
	case 'j':
		return scroll(v, 1);
	case K_PGUP:
		return scroll(v, -page);
	case K_PGDN:
	case ' ':
		return scroll(v, page);
	case K_HOME:
	case 'g':
		return to_start(v);
	case K_END:
	case 'G':
		return to_end(v);
	case K_LEFT:
		return sideways(v, false);
	case K_RIGHT:
		return sideways(v, true);
	case 'w':
		return toggle_wrap(v);
	default:
		return WIDGET_IGNORED;
	}
}

void viewer_draw(struct viewer *v, const struct surface *s)
{
	bool other = v->cols != s->cols;
	size_t at;
	struct str line;

	v->cols = s->cols;
	v->page = s->rows;
	if (s->cols <= 0 || s->rows <= 0)
		return;
	if (other)
		align(v);
	surface_clear(s, STYLE_NORMAL);
	at = v->top;
	for (int y = 0; y < s->rows && at < v->text.n; y++) {
		at = line_at(v, at, &line);
		/* Only what is seen is measured: a line may be megabytes. */
		int cells = v->wrap ? s->cols : v->left + s->cols;
		size_t seen = text_fit(line, cells, NULL);
		if (seen < line.n)
			seen = text_next(line, seen);
		surface_put(s, v->wrap ? 0 : -v->left, y, STYLE_NORMAL, (struct str){line.p, seen});
	}
	v->below = at < v->text.n;
}
