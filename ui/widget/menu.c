/* The menu of a screen. The cursor may stand on a grey item, but such an item is never chosen. */
#include "widget/menu.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define REASON_ROWS 2
#define REASON_COLS 44 /* the least to wrap a reason at, where there is room */
#define TEXT_AT     3
#define MORE_COLS   9 /* beside the title: there are items above */

void menu_init(struct menu *m, const char *title)
{
	*m = (struct menu){.title = xstrdup(title)};
}

void menu_fini(struct menu *m)
{
	free(m->title);
	vec_foreach (item, &m->items)
		free(item->reason);
	vec_fini(&m->items);
	*m = (struct menu){0};
}

void menu_add(
	struct menu *m, int id, char letter, const char *key, const char *text, const char *reason)
{
	/* The screen's own actions come first: what every screen has gives way. */
	vec_foreach (item, &m->items)
		if (item->letter == letter)
			letter = 0;
	*vec_add(&m->items) = (struct menu_item){
		.id = id,
		.letter = letter,
		.key = key,
		.text = text,
		.reason = reason ? xstrdup(reason) : NULL,
	};
}

static unsigned move_to(struct menu *m, int64_t to)
{
	int was = m->cursor, last = (int)m->items.n - 1;

	m->cursor = to < 0 || last < 0 ? 0 : to > last ? last : (int)to;
	return WIDGET_HANDLED | (m->cursor != was ? WIDGET_CHANGED : 0);
}

static unsigned choose(struct menu *m, size_t i)
{
	unsigned effect = move_to(m, (int64_t)i);

	return m->items.v[i].reason ? effect : effect | WIDGET_SUBMIT;
}

/* The item that has the key, as it is outside. */
static unsigned by_key(struct menu *m, struct key k)
{
	char name[KEY_NAME_MAX];
	size_t n;

	key_spell(k, name);
	n = strlen(name);
	for (size_t i = 0; n && i < m->items.n; i++) {
		for (const char *p = m->items.v[i].key; *p; p += strspn(p, " ")) {
			size_t len = strcspn(p, " ");
			if (len == n && memcmp(p, name, n) == 0)
				return choose(m, i);
			p += len;
		}
	}
	return WIDGET_IGNORED;
}

static unsigned letter(struct menu *m, uint32_t c)
{
	unsigned effect;

	for (size_t i = 0; i < m->items.n; i++)
		if (m->items.v[i].letter && (uint32_t)(unsigned char)m->items.v[i].letter == c)
			return choose(m, i);
	effect = by_key(m, (struct key){c, 0});
	if (effect != WIDGET_IGNORED)
		return effect;
	switch (c) {
	case 'j':
		return move_to(m, m->cursor + 1);
	case 'k':
		return move_to(m, m->cursor - 1);
	case 'g':
		return move_to(m, 0);
	case 'G':
		return move_to(m, (int64_t)m->items.n - 1);
	case 'm':
	case 'q':
		return WIDGET_HANDLED | WIDGET_CANCEL;
	default:
		return WIDGET_HANDLED;
	}
}

/* One typed syllable may be several keys: all of them, until one ends the menu. */
static unsigned text_key(struct menu *m, uint32_t code)
{
	char keys[8];
	int n = key_hangul(code, keys);
	unsigned effect = WIDGET_HANDLED;

	if (n == 0)
		return letter(m, code);
	for (int i = 0; i < n && !(effect & (WIDGET_SUBMIT | WIDGET_CANCEL)); i++)
		effect |= letter(m, (unsigned char)keys[i]);
	return effect;
}

static unsigned plain_key(struct menu *m, uint32_t code)
{
	int page = m->rows > 1 ? m->rows - 1 : 1;

	switch (code) {
	case K_UP:
		return move_to(m, m->cursor - 1);
	case K_DOWN:
		return move_to(m, m->cursor + 1);
	case K_HOME:
		return move_to(m, 0);
	case K_END:
		return move_to(m, (int64_t)m->items.n - 1);
	case K_PGUP:
		return move_to(m, m->cursor - page);
	case K_PGDN:
		return move_to(m, m->cursor + page);
	case K_ENTER:
		return m->items.n ? choose(m, (size_t)m->cursor) : WIDGET_HANDLED;
	case K_ESC:
		return WIDGET_HANDLED | WIDGET_CANCEL;
	default:
		return WIDGET_IGNORED;
	}
}

static unsigned mouse(struct menu *m, const struct event *e)
{
	int row = e->y - m->y;

	if (e->button == MOUSE_WHEEL_UP || e->button == MOUSE_WHEEL_DOWN)
		return move_to(m, m->cursor + (e->button == MOUSE_WHEEL_UP ? -1 : 1));
	if (!e->press || e->button != MOUSE_LEFT)
		return WIDGET_HANDLED;
	if (row < 0 || row >= m->rows || e->x < m->x || e->x >= m->x + m->cols ||
		m->top + row >= (int)m->items.n)
		return WIDGET_HANDLED;
	return choose(m, (size_t)(m->top + row));
}

unsigned menu_event(struct menu *m, const struct event *e)
{
	unsigned effect;

	if (e->type == EVENT_MOUSE)
		return mouse(m, e);
	if (e->type != EVENT_KEY)
		return WIDGET_IGNORED;
	if (key_is_text(e->key))
		return text_key(m, e->key.code);
	effect = e->key.mods == 0 ? plain_key(m, e->key.code) : WIDGET_IGNORED;
	return effect == WIDGET_IGNORED ? by_key(m, e->key) : effect;
}

/* ---- drawing ------------------------------------------------------------------------------- */

static int width(const struct menu *m, bool reasons)
{
	int widest = text_width(str_of(m->title)) + MORE_COLS;

	vec_foreach (item, &m->items) {
		int key = text_width(str_of(item->key));
		int cols = TEXT_AT + text_width(str_of(item->text)) + (key ? key + 2 : 0);
		widest = cols > widest ? cols : widest;
	}
	return reasons && widest < REASON_COLS ? REASON_COLS : widest;
}

static void draw_item(const struct menu_item *item, const struct surface *s, int y, bool cursor)
{
	enum style style = item->reason ? STYLE_DIM : STYLE_BOX;
	int key = text_width(str_of(item->key)), right = key ? s->cols - key : s->cols;

	surface_field(s, TEXT_AT, y, right - TEXT_AT - (key ? 1 : 0), ALIGN_LEFT, style,
		str_of(item->text));
	if (right > TEXT_AT)
		surface_puts(s, right, y, item->reason ? STYLE_DIM : STYLE_KEY, item->key);
	if (item->letter)
		surface_put(s, 0, y, item->reason ? STYLE_DIM : STYLE_KEY,
			(struct str){&item->letter, 1});
	if (cursor)
		surface_restyle(s, 0, y, s->cols, STYLE_CURSOR);
}

static void draw_reason(const struct menu *m, const struct surface *s)
{
	const char *reason = m->items.v[m->cursor].reason;

	if (reason)
		wrap_draw(s, STYLE_WARN, str_of(*reason ? reason : "not possible now"), 0);
}

static void scroll(struct menu *m, int rows)
{
	int most = (int)m->items.n > rows ? (int)m->items.n - rows : 0;

	m->top = m->top < most ? m->top : most;
	if (m->cursor < m->top)
		m->top = m->cursor;
	else if (rows > 0 && m->cursor >= m->top + rows)
		m->top = m->cursor - rows + 1;
}

void menu_draw(struct menu *m, const struct surface *s)
{
	int n = (int)m->items.n, below = 0;
	struct surface in, list, foot;

	vec_foreach (item, &m->items)
		below = item->reason ? REASON_ROWS : below;
	in = box_center(s, width(m, below > 0) + 4, n + below + 2, str_of(m->title));
	if (in.rows <= below)
		below = in.rows > 1 ? 1 : 0;
	list = surface_sub(&in, 0, 0, in.cols, in.rows - below);
	foot = surface_sub(&in, 0, list.rows, in.cols, below);
	scroll(m, list.rows);
	m->x = list.x;
	m->y = list.y;
	m->cols = list.cols;
	m->rows = list.rows;
	for (int y = 0; y < list.rows && m->top + y < n; y++)
		draw_item(&m->items.v[m->top + y], &list, y, m->top + y == m->cursor);
	if (n > 0)
		draw_reason(m, &foot);
	more_draw(&in, m->top > 0, m->top + list.rows < n);
}
