/*
 * A tree of nodes in the order of the text. Invariant: cursor and top are nodes that are seen (no
 * folded one above them), or 0.
 */
#include "widget/tree.h"

#include "widget/tree_impl.h"

#define WHEEL_ROWS 3
#define GUTTER     1

void tree_init(struct tree *t)
{
	memset(t, 0, sizeof(*t));
}

void tree_fini(struct tree *t)
{
	vec_fini(&t->nodes);
}

bool tree_set(struct tree *t, struct str text)
{
	bool json;

	t->text = text;
	t->cursor = t->top = 0;
	vec_clear(&t->nodes);
	json = tree_parse(t);
	if (!json) {
		vec_clear(&t->nodes);
		*vec_add(&t->nodes) = (struct tree_node){.kind = 'r', .value = text, .end = 1};
	}
	return json;
}

static bool folds(const struct tree_node *n)
{
	return n->children > 0;
}

static size_t after(const struct tree *t, size_t node)
{
	return t->nodes.v[node].folded ? t->nodes.v[node].end : node + 1;
}

/* How many seen nodes come before `node`. */
static size_t line_of(const struct tree *t, size_t node)
{
	size_t line = 0;

	for (size_t i = 0; i < node; i = after(t, i))
		line++;
	return line;
}

/* The seen node at that line, the last one when there are not so many. */
static size_t node_at(const struct tree *t, size_t line)
{
	size_t last = 0;

	for (size_t i = 0; i < t->nodes.n; i = after(t, i)) {
		last = i;
		if (line-- == 0)
			break;
	}
	return last;
}

static void settle(struct tree *t)
{
	size_t page = t->page > 0 ? (size_t)t->page : 1;
	size_t all = line_of(t, t->nodes.n), cursor = line_of(t, t->cursor);
	size_t top = line_of(t, t->top);

	if (cursor < top)
		top = cursor;
	if (cursor >= top + page)
		top = cursor - page + 1;
	if (top + page > all)
		top = all > page ? all - page : 0;
	t->top = node_at(t, top);
}

static unsigned go(struct tree *t, size_t node)
{
	size_t was = t->cursor;

	t->cursor = node;
	settle(t);
	return WIDGET_HANDLED | (node != was ? WIDGET_CHANGED : 0);
}

static unsigned move_by(struct tree *t, ptrdiff_t by)
{
	size_t line = line_of(t, t->cursor);

	if (by < 0)
		line = line > (size_t)-by ? line - (size_t)-by : 0;
	else
		line += (size_t)by;
	return go(t, node_at(t, line));
}

static unsigned set_folded(struct tree *t, bool folded)
{
	struct tree_node *n = &t->nodes.v[t->cursor];

	n->folded = folded;
	settle(t);
	return WIDGET_HANDLED | WIDGET_CHANGED;
}

static unsigned toggle(struct tree *t)
{
	const struct tree_node *n = &t->nodes.v[t->cursor];

	return folds(n) ? set_folded(t, !n->folded) : WIDGET_IGNORED;
}

static unsigned inward(struct tree *t)
{
	const struct tree_node *n = &t->nodes.v[t->cursor];

	if (!folds(n))
		return WIDGET_HANDLED;
	return n->folded ? set_folded(t, false) : go(t, t->cursor + 1);
}

static unsigned outward(struct tree *t)
{
	const struct tree_node *n = &t->nodes.v[t->cursor];
	size_t parent = t->cursor;

	if (folds(n) && !n->folded)
		return set_folded(t, true);
	while (parent > 0 && t->nodes.v[parent].depth >= n->depth)
		parent--;
	return go(t, parent);
}

static unsigned on_mouse(struct tree *t, const struct event *e)
{
	int x = e->x - t->drawn_x, y = e->y - t->drawn_y;

	if (!e->press || x < 0 || x >= t->drawn_cols || y < 0 || y >= t->page)
		return WIDGET_IGNORED;
	if (e->button == MOUSE_WHEEL_UP || e->button == MOUSE_WHEEL_DOWN)
		return move_by(t, e->button == MOUSE_WHEEL_UP ? -WHEEL_ROWS : WHEEL_ROWS);
	size_t line = line_of(t, t->top) + (size_t)y;
	if (e->button != MOUSE_LEFT || line >= line_of(t, t->nodes.n))
		return WIDGET_IGNORED;
	size_t node = node_at(t, line);
	return node == t->cursor ? toggle(t) : go(t, node);
}

unsigned tree_event(struct tree *t, const struct event *e)
{
	ptrdiff_t page = t->page > 0 ? t->page : 1;

	if (!t->nodes.n)
		return WIDGET_IGNORED;
	if (e->type == EVENT_MOUSE)
		return on_mouse(t, e);
	if (e->type != EVENT_KEY || e->key.mods)
		return WIDGET_IGNORED;
	switch (e->key.code) {
	case K_UP:
	case 'k':
		return move_by(t, -1);
	case K_DOWN:
	case 'j':
		return move_by(t, 1);
	case K_PGUP:
		return move_by(t, -page);
	case K_PGDN:
		return move_by(t, page);
	case K_HOME:
	case 'g':
		return go(t, 0);
	case K_END:
	case 'G':
		return go(t, node_at(t, t->nodes.n));
	case K_LEFT:
		return outward(t);
	case K_RIGHT:
		return inward(t);
	case K_ENTER:
	case ' ':
		return toggle(t);
	default:
		return WIDGET_IGNORED;
	}
}

/* "  - "items": [2]": the sign tells what can be folded, the number how many are in it. */
static void draw_node(const struct tree *t, const struct surface *s, int y, size_t i)
{
	const struct tree_node *n = &t->nodes.v[i];
	bool cursor = i == t->cursor, nests = n->kind == '{' || n->kind == '[';
	enum style plain = n->kind == 'r' || nests ? STYLE_DIM : STYLE_NORMAL;
	int x = GUTTER + 2 * n->depth;

	if (cursor)
		surface_puts(s, 0, y, STYLE_NORMAL, ">");
	surface_puts(s, x, y, STYLE_KEY, !folds(n) ? " " : n->folded ? "+" : "-");
	x += 2;
	if (n->key.p) {
		x += surface_put(s, x, y, STYLE_TITLE, n->key);
		x += surface_puts(s, x, y, STYLE_NORMAL, ": ");
	}
	if (nests && folds(n)) {
		struct buf count = BUF_EMPTY;
		buf_put_count(&count, (int64_t)n->children);
		surface_printf(s, x, y, plain, "%c%s%c", n->kind, buf_z(&count),
			n->kind == '{' ? '}' : ']');
		buf_fini(&count);
	} else if (nests) {
		surface_puts(s, x, y, plain, n->kind == '{' ? "{}" : "[]");
	} else {
		surface_field(s, x, y, s->cols - x, ALIGN_LEFT, plain, n->value);
	}
	if (cursor)
		surface_restyle(s, 0, y, s->cols, STYLE_CURSOR);
}

static void draw_text(const struct tree *t, const struct surface *s)
{
	struct str rest = t->text, line;

	for (int y = 0; y < s->rows && rest.n; y++) {
		size_t n = text_wrap(rest, s->cols - GUTTER, &line);
		surface_put(s, GUTTER, y, STYLE_NORMAL, line);
		rest = (struct str){rest.p + n, rest.n - n};
	}
}

void tree_draw(struct tree *t, const struct surface *s)
{
	if (!t->nodes.n || s->rows <= 0 || s->cols <= GUTTER)
		return;
	t->page = s->rows;
	t->drawn_x = s->x;
	t->drawn_y = s->y;
	t->drawn_cols = s->cols;
	surface_clear(s, STYLE_NORMAL);
	if (t->nodes.n == 1 && t->nodes.v[0].kind == 'r') {
		draw_text(t, s);
		return;
	}
	settle(t);
	size_t i = t->top;
	for (int y = 0; y < s->rows && i < t->nodes.n; y++, i = after(t, i))
		draw_node(t, s, y, i);
}
