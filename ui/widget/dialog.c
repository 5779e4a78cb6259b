/*
 * A question in a box. The name above the buttons, when there is one to type; the buttons are
 * always drawn, the text scrolls when it is higher than what is left for it.
 */
#include "widget/dialog.h"

#include "base/xalloc.h"
#include <stdlib.h>

#define NAME_MAX_BYTES 1000
#define COLS_MAX       72
#define COLS_MIN       40
#define PAGE           4

enum { CANCEL, YES, NAME };

void dialog_init(struct dialog *d, const char *title, const char *text, const char *yes,
	const char *type_name, bool destroys)
{
	*d = (struct dialog){
		.title = xstrdup(title),
		.text = xstrdup(text),
		.yes = yes ? xstrdup(yes) : NULL,
		.type_name = yes && type_name ? xstrdup(type_name) : NULL,
		.destroys = destroys,
		.focus = destroys || !yes ? CANCEL : YES,
	};
	edit_init(&d->edit, NAME_MAX_BYTES, false);
}

void dialog_fini(struct dialog *d)
{
	free(d->title);
	free(d->text);
	free(d->yes);
	free(d->type_name);
	edit_fini(&d->edit);
	*d = (struct dialog){0};
}

static bool ready(const struct dialog *d)
{
	return d->yes && (!d->type_name || str_eqz(edit_get(&d->edit), d->type_name));
}

/* Round in the order they are drawn in: name, cancel, yes. */
static unsigned go_round(struct dialog *d, int step)
{
	if (d->type_name)
		d->focus = (d->focus + 3 + step) % 3;
	else if (d->yes)
		d->focus = d->focus == CANCEL ? YES : CANCEL;
	return WIDGET_HANDLED;
}

static unsigned go(struct dialog *d, int focus)
{
	if (focus == NAME ? d->type_name != NULL : focus == CANCEL || d->yes)
		d->focus = focus;
	return WIDGET_HANDLED;
}

static unsigned enter(struct dialog *d)
{
	if (d->focus == CANCEL)
		return WIDGET_HANDLED | WIDGET_CANCEL;
	if (ready(d))
		return WIDGET_HANDLED | WIDGET_SUBMIT;
	d->wrong = true;
	return go(d, NAME);
}

static unsigned arrow(struct dialog *d, uint32_t code)
{
	switch (code) {
	case K_LEFT:
		return go(d, CANCEL);
	case K_RIGHT:
		return go(d, YES);
	case K_UP:
		return d->type_name ? go(d, NAME) : go(d, CANCEL);
	default:
		return d->focus == NAME ? go(d, CANCEL) : go(d, YES);
	}
}

/* Backspace, Home and their like go to the name too; what the edit does not know moves nothing. */
static unsigned edit_key(struct dialog *d, const struct event *e)
{
	unsigned effect = d->type_name ? edit_event(&d->edit, e) : WIDGET_IGNORED;

	if (effect != WIDGET_IGNORED)
		d->focus = NAME;
	return effect;
}

static unsigned plain_key(struct dialog *d, const struct event *e)
{
	uint32_t code = e->key.code;

	switch (code) {
	case K_ESC:
		return WIDGET_HANDLED | WIDGET_CANCEL;
	case K_ENTER:
		return enter(d);
	case K_TAB:
		return go_round(d, 1);
	case K_BACKTAB:
		return go_round(d, -1);
	case K_PGUP:
		d->top = d->top > PAGE ? d->top - PAGE : 0;
		return WIDGET_HANDLED;
	case K_PGDN:
		d->top += PAGE; /* drawing bounds it */
		return WIDGET_HANDLED;
	case K_LEFT:
	case K_RIGHT:
		return d->focus == NAME ? edit_event(&d->edit, e) : arrow(d, code);
	case K_UP:
	case K_DOWN:
		return arrow(d, code);
	default:
		return edit_key(d, e);
	}
}

unsigned dialog_event(struct dialog *d, const struct event *e)
{
	bool text = e->type == EVENT_PASTE || (e->type == EVENT_KEY && key_is_text(e->key));

	if (text && !d->type_name)
		return WIDGET_HANDLED;
	if (text) {
		d->focus = NAME;
		return edit_event(&d->edit, e);
	}
	if (e->type != EVENT_KEY)
		return WIDGET_IGNORED;
	if (e->key.mods == 0)
		return plain_key(d, e);
	return d->focus == NAME ? edit_event(&d->edit, e) : WIDGET_IGNORED;
}

/* ---- drawing ------------------------------------------------------------------------------- */

static const char *cancel_label(const struct dialog *d)
{
	return d->yes ? "Cancel" : "Close";
}

static int buttons_width(const struct dialog *d)
{
	return button_cols(cancel_label(d)) + (d->yes ? 2 + button_cols(d->yes) : 0);
}

static enum style button_style(const struct dialog *d, int which)
{
	if (which == YES && !ready(d))
		return STYLE_DIM;
	if (d->focus == which)
		return STYLE_FOCUS;
	return which == YES && d->destroys ? STYLE_ERROR : STYLE_BOX;
}

/* Side by side, or one under another where they are too wide for that. */
static void draw_buttons(const struct dialog *d, const struct surface *s)
{
	const char *cancel = cancel_label(d);
	bool beside = s->rows == 1;

	button_draw(s, 0, 0, cancel, button_style(d, CANCEL), d->focus == CANCEL);
	if (d->yes)
		button_draw(s, beside ? button_cols(cancel) + 2 : 0, beside ? 0 : 1, d->yes,
			button_style(d, YES), d->focus == YES);
}

static void draw_name(struct dialog *d, const struct surface *s)
{
	struct surface field = surface_row(s, 1);
	bool wrong = d->wrong && !ready(d);
	struct buf b = BUF_EMPTY;

	if (wrong)
		buf_printf(&b, "That is not it. What is expected: %s", d->type_name);
	else
		buf_printf(&b, "Type %s to go on:", d->type_name);
	surface_field(s, 0, 0, s->cols, ALIGN_LEFT, wrong ? STYLE_ERROR : STYLE_BOX, buf_str(&b));
	edit_draw(&d->edit, &field, d->focus == NAME ? STYLE_FOCUS : STYLE_FIELD, d->focus == NAME);
	buf_fini(&b);
}

static void draw_text(struct dialog *d, const struct surface *s, int lines)
{
	struct surface part = *s;
	int most;

	if (lines > s->rows && s->rows > 1) {
		part = surface_sub(s, 0, 0, s->cols, s->rows - 1);
		surface_field(s, 0, s->rows - 1, s->cols, ALIGN_LEFT, STYLE_KEY,
			STR_LIT("PgUp PgDn: more text"));
	}
	most = lines > part.rows ? lines - part.rows : 0;
	d->top = d->top < most ? d->top : most;
	wrap_draw(&part, STYLE_BOX, str_of(d->text), d->top);
}

static int wanted_cols(const struct dialog *d)
{
	struct surface none = {.cols = COLS_MAX - 4};
	struct str text = str_of(d->text), line;
	int cols = buttons_width(d);

	while (text.n > 0) {
		size_t used = text_wrap(text, none.cols, &line);
		int w = text_width(line);
		cols = w > cols ? w : cols;
		text = (struct str){text.p + used, text.n - used};
	}
	cols = cols < COLS_MIN - 4 ? COLS_MIN : cols + 4;
	return cols < COLS_MAX ? cols : COLS_MAX;
}

void dialog_draw(struct dialog *d, const struct surface *s)
{
	int cols = wanted_cols(d), inner = (cols < s->cols ? cols : s->cols) - 4;
	struct surface none = {.cols = inner > 0 ? inner : 1}, in, part;
	int lines = wrap_draw(&none, STYLE_BOX, str_of(d->text), 0);
	int buttons = buttons_width(d) > inner && d->yes ? 2 : 1;
	int name = d->type_name ? 2 : 0, gaps = d->type_name ? 2 : 1, y;

	in = box_center(s, cols, lines + name + buttons + gaps + 2, str_of(d->title));
	if (in.rows < lines + name + buttons + gaps)
		gaps = 0;
	y = in.rows - buttons;
	part = surface_sub(&in, 0, y, in.cols, buttons);
	draw_buttons(d, &part);
	if (name) {
		y -= (gaps ? 1 : 0) + name;
		part = surface_sub(&in, 0, y, in.cols, name);
		if (y >= 0)
			draw_name(d, &part);
	}
	y -= gaps ? 1 : 0;
	part = surface_sub(&in, 0, 0, in.cols, y);
	draw_text(d, &part, lines);
}
