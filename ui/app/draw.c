/*
 * The frame: two header lines, the body, two footer lines, and what lies over them.
 *
 *    kdeck  demo  127.0.0.1:9092                  brokers 3/4   controller 2   en   live 1 s
 *    topics > orders            [Placement]  Configs  Groups                         4 topic
 *   …
 *    $ kdeck topics --describe --topic orders                                 y copy command
 *    Enter open  p produce  m menu  ? help  q back
 *
 * With fewer than 16 rows the blank line and the command go; the message line takes its place.
 */
#include <time.h>

#include "app/priv.h"
#include "model/format.h"
#include "view/common.h"

#define LOW    16
#define NARROW 60

/* How old what is seen is: of the view's own data, else of the cluster's. */
static void age_text(const struct app *a, struct buf *out, enum style *style)
{
	struct view_freshness f = view_freshness(&a->ctx);
	const struct app_entry *top = &a->stack[a->depth - 1];
	int64_t age;

	*style = STYLE_NORMAL;
	if (a->ctx.frozen) {
		time_t t = (time_t)(a->frozen_wall_ms / 1000);
		struct tm tm;
		localtime_r(&t, &tm);
		buf_printf(out, "frozen %02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
		*style = STYLE_WARN;
		return;
	}
	age = top->ops->age_ms ? top->ops->age_ms(top->view) : f.age_ms;
	if (age < 0) {
		buf_puts(out, f.silent ? "no answer" : "loading");
		*style = f.silent ? STYLE_ERROR : STYLE_DIM;
	} else if (age == 0) {
		buf_puts(out, "live ");
		fmt_age(out, f.interval_ms);
	} else {
		fmt_age(out, age);
		buf_puts(out, " old");
		*style = STYLE_WARN;
	}
}

static void draw_title(struct app *a, const struct surface *s)
{
	struct app_status st;
	struct buf right = BUF_EMPTY;
	struct str address; /* of many the first names the cluster */
	enum style age_style;
	int end = s->cols - 1, x = 1, at, cols;

	app_status(a, &st);
	age_text(a, &right, &age_style);
	at = surface_put_right(s, end, 0, age_style, buf_str(&right));
	buf_clear(&right);
	buf_printf(&right, "%s%s%s   ", st.facts ? st.facts : "",
		st.facts && *st.facts ? "   " : "", st.language);
	x += surface_puts(s, x, 0, STYLE_TITLE, "kdeck");
	if (*st.cluster)
		x += 2 + surface_puts(s, x + 2, 0, STYLE_TITLE, st.cluster);
	x += 2;
	address = (struct str){st.address, strcspn(st.address, ",")};
	cols = min_int(text_width(address), at - x - 2);
	surface_field(s, x, 0, cols, ALIGN_LEFT, STYLE_NORMAL, address);
	x += cols > 0 ? cols : 0;
	if (a->ctx.read_only && s->cols >= 60)
		x += 2 + surface_puts(s, x + 2, 0, STYLE_WARN, "read-only");
	if (at - (int)right.n > x + 1)
		surface_put_right(s, at, 0, STYLE_NORMAL, buf_str(&right));
	buf_fini(&right);
}

static void draw_crumb(struct app *a, const struct surface *s)
{
	struct app_entry *top = app_top(a);
	struct buf text = BUF_EMPTY;
	struct view_tabs t;
	int x = 1, right = s->cols, gap = s->cols >= 60 ? 3 : 1, room, cols;
	bool tabs;

	a->tabs_x = -1;
	if (s->cols >= 60) {
		buf_printf(&text, "%s %s ", screen_key(top->ops->screen), top->ops->title);
		right = surface_put_right(s, s->cols, 1, STYLE_DIM, buf_str(&text));
		buf_clear(&text);
	}
	/* Where one came from, then what is open: "topics > records > orders". */
	buf_puts(&text, a->stack[0].ops->title);
	if (a->depth > 1 && top->ops->screen != SCREEN_TOPIC && top->ops->screen != SCREEN_GROUP)
		buf_printf(&text, " > %s", top->ops->title);
	if (top->ops->crumb)
		top->ops->crumb(top->view, &text);
	tabs = top->ops->tabs && top->ops->tabs(top->view, &t) && t.n > 1;
	/* A long name gives way to what stands behind it. */
	room = right - 1 - x - (tabs ? tabs_cols(t.names, t.n) + gap : 0);
	cols = min_int(text_width(buf_str(&text)), room > 8 ? room : 8);
	surface_field(s, x, 1, cols, ALIGN_LEFT, STYLE_TITLE, buf_str(&text));
	x += cols;
	if (tabs) {
		struct surface rest = surface_sub(s, 0, 0, right - 1, 2);
		a->tabs_x = min_int(
			x + gap > 28 ? x + gap : 28, x + gap + (room > cols ? room - cols : 0));
		tabs_draw(&rest, a->tabs_x, 1, t.names, t.n, t.open);
	}
	buf_fini(&text);
}

/* Is it worth a place in the key bar now? */
static bool offered(struct app *a, const struct action *act)
{
	struct buf reason = BUF_EMPTY;
	struct app_entry *top = app_top(a);
	struct view_tabs t;
	bool can;

	if (!(act->screens & ON(app_screen(a))) || !(act->flags & ACTION_BAR))
		return false;
	if (act == &actions[ACTION_TAB] && app_focus(a) == VIEW_KEYS &&
		!(top->ops->tabs && top->ops->tabs(top->view, &t) && t.n > 1))
		return false;
	/* Fields have an Enter of their own. */
	if (act == &actions[ACTION_ENTER] && app_focus(a) == VIEW_TYPES)
		return false;
	if (act == &actions[ACTION_FILTER] && !top->ops->filter)
		return false;
	can = (act->flags & ACTION_GLOBAL) ||
	      app_allowed(a, (enum action_id)(act - actions), &reason);
	buf_fini(&reason);
	return can;
}

static const char *label_of(struct app *a, const struct action *act)
{
	if (act == &actions[ACTION_TAB] && app_focus(a) != VIEW_KEYS)
		return "next field";
	return act->label;
}

static void draw_form_keys(struct app *a, const struct surface *s, int y)
{
	const struct app_entry *top = app_top(a);
	const char *word = top->ops->enter_word ? top->ops->enter_word(top->view) : NULL;
	const char *esc = top->ops->esc_word ? top->ops->esc_word(top->view) : NULL;
	const struct key_hint form[] = {{"Enter", word ? word : "done"},
		{"Tab", word ? "next" : "next field"}, {"Esc", esc ? esc : "cancel"}};

	key_bar_draw(s, y, form, (int)ARRAY_LEN(form));
}

/* While a field takes the letters only keys that are none are offered. On a narrow screen the menu
 * comes first, which has everything that no longer fits. Returns how many there are. */
static int action_hints(
	struct app *a, const struct surface *s, struct key_hint *hints, char (*keys)[24])
{
	bool types = app_focus(a) == VIEW_TYPES;
	int n = 0, menu = -1;

	for (int id = 0; id < ACTION_COUNT; id++) {
		const struct action *act = &actions[id];
		if (!offered(a, act))
			continue;
		if (types)
			action_typing_key(act, keys[n]);
		else
			action_first_key(act, keys[n]);
		if (!keys[n][0])
			continue;
		hints[n] = (struct key_hint){keys[n], label_of(a, act)};
		if (id == ACTION_MENU)
			menu = n;
		n++;
	}
	if (s->cols < NARROW && menu > 0) {
		struct key_hint first = hints[menu];
		memmove(hints + 1, hints, (size_t)menu * sizeof(*hints));
		hints[0] = first;
	}
	if (types)
		hints[n++] = (struct key_hint){"Esc", "back"};
	return n;
}

static void draw_keys(struct app *a, const struct surface *s, int y)
{
	static const struct key_hint dialog[] = {
		{"Enter", "do what is marked"}, {"Tab", "next"}, {"Esc", "cancel"}};
	static const struct key_hint in_menu[] = {{"Enter", "choose"}, {"Esc", "close"}};
	static const struct key_hint viewer[] = {{"Up Down PgUp PgDn", "scroll"}, {"Esc", "close"}};
	struct key_hint hints[ACTION_COUNT + 1];
	char keys[ACTION_COUNT][24];

	if (a->overlay == OVERLAY_DIALOG) {
		key_bar_draw(s, y, dialog, (int)ARRAY_LEN(dialog));
		return;
	}
	if (a->overlay == OVERLAY_MENU || a->overlay == OVERLAY_VIEWER) {
		key_bar_draw(s, y, a->overlay == OVERLAY_MENU ? in_menu : viewer, 2);
		return;
	}
	if (app_focus(a) == VIEW_MODAL) {
		draw_form_keys(a, s, y);
		return;
	}
	key_bar_draw(s, y, hints, action_hints(a, s, hints, keys));
}

static void draw_command(struct app *a, const struct surface *s, int y)
{
	struct buf text = BUF_EMPTY;
	bool letters = a->overlay == OVERLAY_NONE && app_focus(a) == VIEW_KEYS;
	int right;

	app_command(a, &text);
	if (text.n) {
		right = s->cols >= 60 && letters ? surface_put_right(s, s->cols - 1, y, STYLE_DIM,
							   STR_LIT("y copy command"))
						 : s->cols;
		surface_puts(s, 1, y, STYLE_DIM, "$ ");
		surface_field(s, 3, y, right - 5, ALIGN_LEFT, STYLE_DIM, buf_str(&text));
	}
	buf_fini(&text);
}

/* The one line for a newcomer, until another screen was opened. */
static bool draw_hint(struct app *a, const struct surface *s, int y)
{
	struct app_status st;

	app_status(a, &st);
	if (!st.hint || a->depth != 1 || app_screen(a) != SCREEN_OVERVIEW)
		return false;
	surface_field(s, 1, y, s->cols - 2, ALIGN_LEFT, STYLE_KEY, str_of(st.hint));
	return true;
}

static void draw_footer(struct app *a, const struct surface *s)
{
	struct surface line = surface_row(s, s->rows - 1);
	int above = s->rows - 2;

	if (a->overlay == OVERLAY_GOTO)
		prompt_draw(&a->go, &line);
	else if (a->overlay == OVERLAY_FILTER)
		prompt_draw(&a->filter, &line);
	else
		draw_keys(a, s, s->rows - 1);
	if (a->message.kind != MESSAGE_NONE)
		message_draw(&a->message, s, above);
	else if (!draw_hint(a, s, above) && s->rows >= LOW)
		draw_command(a, s, above);
}

static void draw_overlay(struct app *a, const struct surface *s)
{
	if (a->overlay == OVERLAY_DIALOG) {
		dialog_draw(&a->dialog, s);
	} else if (a->overlay == OVERLAY_MENU) {
		struct surface most = surface_sub(s, 0, 0, s->cols, s->rows - (s->rows >= LOW));
		menu_draw(&a->menu, &most);
	} else if (a->overlay == OVERLAY_VIEWER) {
		int margin = s->cols >= 100 ? 4 : 0;
		int rows = s->rows - 4 > 3 ? s->rows - 4 : s->rows;
		struct surface box =
			surface_sub(s, margin, s->rows - 4 > 3 ? 2 : 0, s->cols - 2 * margin, rows);
		struct surface in = surface_box(&box, str_of(a->viewer_title), STYLE_BOX);
		viewer_draw(&a->viewer, &in);
		more_draw(&in, a->viewer.top > 0, a->viewer.below);
	}
}

void app_draw(struct app *a, struct grid *g)
{
	struct surface all = surface_of(g);
	struct app_entry *top = app_top(a);
	int head = all.rows >= LOW ? 3 : 2;
	int foot = 2;
	struct surface body;

	grid_clear(g);
	if (!top)
		return;
	body = surface_sub(&all, 0, head, all.cols, all.rows - head - foot);
	draw_title(a, &all);
	draw_crumb(a, &all);
	top->ops->draw(top->view, &body);
	draw_footer(a, &all);
	draw_overlay(a, &all);
	if (a->presenter && a->keys[0]) {
		struct buf keys = BUF_EMPTY;
		buf_printf(&keys, " %s ", a->keys);
		surface_put_right(&all, all.cols, all.rows - 3, STYLE_CURSOR, buf_str(&keys));
		buf_fini(&keys);
	}
}
