/* Who gets an event: overlay, then a focused field, then the view, then the keys of actions. */
#include <stdio.h>

#include "app/priv.h"

/* ---- actions ------------------------------------------------------------------------------- */

bool app_allowed(struct app *a, enum action_id id, struct buf *reason)
{
	const struct action *act = &actions[id];
	struct app_entry *top = app_top(a);

	if ((act->flags & ACTION_WRITES) && a->ctx.read_only) {
		buf_puts(reason, "read-only: kdeck was started with --read-only");
		return false;
	}
	return !top->ops->allowed || top->ops->allowed(top->view, id, reason);
}

static void say(struct app *a, enum message_kind kind, const char *text)
{
	message_set(&a->message, kind, app_now(a), text);
	app_dirty(a);
}

void app_command(struct app *a, struct buf *out)
{
	struct app_entry *top = app_top(a);
	struct buf text = BUF_EMPTY;

	if (!top->ops->command)
		return;
	top->ops->command(top->view, ACTION_COUNT, &text);
	view_put_command(&a->ctx, buf_str(&text), out);
	buf_fini(&text);
}

/* Keys of the frame that are of no use as an entry of a menu. */
static bool is_plumbing(enum action_id id)
{
	return id == ACTION_MOVE || id == ACTION_BACK || id == ACTION_MENU || id == ACTION_TAB ||
	       id == ACTION_TAB_BACK || id == ACTION_REPAINT || id == ACTION_ABORT;
}

/* What the key column says works in the menu too; Enter and q are the menu's own there. */
static const char *key_in_menu(enum action_id id)
{
	return id == ACTION_ENTER || id == ACTION_QUIT ? "" : actions[id].keys;
}

/* The screen's own actions, then those of every screen, then the screens. */
static void add_actions(struct app *a, bool global)
{
	for (int id = 0; id < ACTION_COUNT; id++) {
		const struct action *act = &actions[id];
		struct buf reason = BUF_EMPTY;
		bool can;

		if (!(act->screens & ON(app_screen(a))) || is_plumbing((enum action_id)id) ||
			!!(act->flags & ACTION_GLOBAL) != global)
			continue;
		can = app_allowed(a, (enum action_id)id, &reason);
		menu_add(&a->menu, id, id == ACTION_QUIT ? 0 : action_menu_letter(act),
			key_in_menu((enum action_id)id), act->label, can ? NULL : buf_z(&reason));
		buf_fini(&reason);
	}
}

static void open_menu(struct app *a)
{
	const struct app_entry *top = app_top(a);
	struct buf title = BUF_EMPTY;

	if (top->ops->subject)
		top->ops->subject(top->view, &title);
	menu_init(&a->menu, title.n ? buf_z(&title) : top->ops->title);
	buf_fini(&title);
	add_actions(a, false);
	add_actions(a, true);
	for (int s = 0; s < SCREEN_COUNT; s++)
		if (a->views[s])
			menu_add(&a->menu, ACTION_COUNT + s, screen_key((enum screen)s)[0], "",
				a->views[s]->title, NULL);
	a->overlay = OVERLAY_MENU;
	app_dirty(a);
}

static void show_help(struct app *a)
{
	struct buf text = BUF_EMPTY;

	action_help(&text, app_screen(a));
	view_show(&a->ctx, "help", buf_str(&text));
	buf_fini(&text);
}

static void show_explanation(struct app *a)
{
	struct app_entry *top = app_top(a);
	struct buf text = BUF_EMPTY;

	if (top->ops->explain)
		top->ops->explain(top->view, &text);
	if (text.n)
		view_show(&a->ctx, "explained", buf_str(&text));
	else
		say(a, MESSAGE_OK, "nothing to explain here");
	buf_fini(&text);
}

static void copy_cell(struct app *a)
{
	struct app_entry *top = app_top(a);
	struct buf text = BUF_EMPTY;

	if (top->ops->copy)
		top->ops->copy(top->view, &text);
	if (text.n)
		view_copy(&a->ctx, buf_str(&text));
	else
		say(a, MESSAGE_OK, "nothing to copy here");
	buf_fini(&text);
}

static void copy_command(struct app *a)
{
	struct buf text = BUF_EMPTY;

	app_command(a, &text);
	if (text.n)
		view_copy(&a->ctx, buf_str(&text));
	else
		say(a, MESSAGE_OK, "no shell command for this");
	buf_fini(&text);
}

static void freeze(struct app *a)
{
	a->ctx.frozen = !a->ctx.frozen;
	a->frozen_wall_ms = clock_wall_ms(a->ctx.clock);
	if (a->ops->freeze)
		a->ops->freeze(a->arg, a->ctx.frozen);
	app_dirty(a);
}

static void next_tab(struct app *a, int step)
{
	struct app_entry *top = app_top(a);
	struct view_tabs t;

	if (!top->ops->tabs || !top->ops->tabs(top->view, &t) || t.n < 2)
		return;
	top->ops->open_tab(top->view, (t.open + step + t.n) % t.n);
	app_dirty(a);
}

static void call_op(struct app *a, void (*fn)(void *arg))
{
	if (fn)
		fn(a->arg);
	app_dirty(a);
}

static void open_filter(struct app *a)
{
	if (!app_top(a)->ops->filter) {
		say(a, MESSAGE_OK, "nothing to filter here");
		return;
	}
	prompt_open(&a->filter, STR_LIT(""));
	a->overlay = OVERLAY_FILTER;
}

static void mouse(struct app *a)
{
	if (a->ops->mouse)
		say(a, MESSAGE_OK,
			a->ops->mouse(a->arg) ? "mouse: moves the cursor, right click is the menu"
					      : "mouse: the terminal's own, for selecting text");
}

static void global_action(struct app *a, enum action_id id)
{
	switch ((int)id) {
	case ACTION_BACK:
		if (a->depth > 1)
			app_pop(a);
		break;
	case ACTION_QUIT:
		app_back(a);
		break;
	case ACTION_MENU:
		open_menu(a);
		break;
	case ACTION_TAB:
		next_tab(a, 1);
		break;
	case ACTION_TAB_BACK:
		next_tab(a, -1);
		break;
	case ACTION_FILTER:
		open_filter(a);
		break;
	case ACTION_GOTO:
		prompt_open(&a->go, STR_LIT(""));
		a->overlay = OVERLAY_GOTO;
		break;
	case ACTION_FREEZE:
		freeze(a);
		break;
	case ACTION_EXPLAIN:
		show_explanation(a);
		break;
	case ACTION_COPY:
		copy_cell(a);
		break;
	case ACTION_COMMAND:
		copy_command(a);
		break;
	case ACTION_REFRESH:
		call_op(a, a->ops->refresh);
		break;
	case ACTION_THEME:
		call_op(a, a->ops->theme);
		break;
	case ACTION_REPAINT:
		call_op(a, a->ops->repaint);
		break;
	case ACTION_PRESENTER:
		a->presenter = !a->presenter;
		break;
	case ACTION_MOUSE:
		mouse(a);
		break;
	case ACTION_ABORT:
		app_leave(a);
		break;
	case ACTION_HELP:
		show_help(a);
		break;
	}
	app_dirty(a);
}

static void effects(struct app *a, unsigned effect)
{
	if (effect & VIEW_CLOSE)
		app_finish(a);
	if (effect)
		app_dirty(a);
}

/* Runs an action: the app's own or the view's, with every check before it. */
static void app_action(struct app *a, enum action_id id)
{
	struct app_entry *top = app_top(a);
	struct buf reason = BUF_EMPTY;

	if (actions[id].flags & ACTION_GLOBAL)
		global_action(a, id);
	else if (!app_allowed(a, id, &reason))
		say(a, MESSAGE_ERROR, reason.n ? buf_z(&reason) : "not possible now");
	else
		effects(a, top->ops->action(top->view, id));
	buf_fini(&reason);
}

/* ---- overlays ------------------------------------------------------------------------------ */

static void dialog_input(struct app *a, const struct event *e)
{
	unsigned effect = dialog_event(&a->dialog, e);
	view_answer_fn *fn = a->answer;
	bool yes = effect & WIDGET_SUBMIT;

	if (!(effect & (WIDGET_SUBMIT | WIDGET_CANCEL)))
		return;
	a->answer = NULL;
	app_overlay_close(a);
	if (fn)
		fn(a->answer_arg, yes);
}

static void menu_input(struct app *a, const struct event *e)
{
	unsigned effect = menu_event(&a->menu, e);
	int id;

	if (!(effect & (WIDGET_SUBMIT | WIDGET_CANCEL)))
		return;
	id = (effect & WIDGET_SUBMIT) ? a->menu.items.v[a->menu.cursor].id : -1;
	app_overlay_close(a);
	if (id >= ACTION_COUNT)
		app_replace(a, (enum screen)(id - ACTION_COUNT), NULL);
	else if (id >= 0)
		app_action(a, (enum action_id)id);
}

static void goto_input(struct app *a, const struct event *e)
{
	unsigned effect = prompt_event(&a->go, e);
	struct str text = edit_get(&a->go.edit);

	if (!(effect & (WIDGET_SUBMIT | WIDGET_CANCEL)))
		return;
	a->overlay = OVERLAY_NONE;
	if ((effect & WIDGET_CANCEL) || !text.n)
		return;
	for (int s = 0; s < SCREEN_COUNT; s++) {
		if (a->views[s] && str_eqz(text, screen_name((enum screen)s))) {
			app_replace(a, (enum screen)s, NULL);
			return;
		}
	}
	view_message(&a->ctx, MESSAGE_ERROR, "no screen is called %.*s: Tab completes names",
		STR_ARG(text));
}

static void filter_input(struct app *a, const struct event *e)
{
	unsigned effect = prompt_event(&a->filter, e);
	struct app_entry *top = app_top(a);
	bool cancel = effect & WIDGET_CANCEL;

	if (top->ops->filter && (effect & (WIDGET_CHANGED | WIDGET_SUBMIT | WIDGET_CANCEL)))
		top->ops->filter(top->view, cancel ? STR_LIT("") : edit_get(&a->filter.edit));
	if (effect & (WIDGET_SUBMIT | WIDGET_CANCEL))
		a->overlay = OVERLAY_NONE;
}

static void viewer_input(struct app *a, const struct event *e)
{
	unsigned effect = viewer_event(&a->viewer, e);
	bool leave = e->type == EVENT_KEY &&
		     (key_is(e->key, K_ESC) || key_is(e->key, 'q') || key_is(e->key, '?') ||
			     key_is(e->key, 'i') || key_is(e->key, K_ENTER));

	if ((effect & WIDGET_CANCEL) || (leave && !(effect & WIDGET_HANDLED)))
		app_overlay_close(a);
}

static bool overlay_input(struct app *a, const struct event *e)
{
	switch (a->overlay) {
	case OVERLAY_NONE:
		return false;
	case OVERLAY_DIALOG:
		dialog_input(a, e);
		break;
	case OVERLAY_MENU:
		menu_input(a, e);
		break;
	case OVERLAY_VIEWER:
		viewer_input(a, e);
		break;
	case OVERLAY_GOTO:
		goto_input(a, e);
		break;
	case OVERLAY_FILTER:
		filter_input(a, e);
		break;
	}
	app_dirty(a);
	return true;
}

/* ---- keys ---------------------------------------------------------------------------------- */

static bool screen_by_key(struct app *a, const char *name)
{
	for (int s = 0; s < SCREEN_COUNT; s++) {
		if (!a->views[s] || strcmp(screen_key((enum screen)s), name) != 0)
			continue;
		app_replace(a, (enum screen)s, NULL);
		return true;
	}
	return false;
}

static void key_input(struct app *a, struct key k)
{
	bool focus = app_focus(a) != VIEW_KEYS;
	char name[KEY_NAME_MAX];
	enum action_id id;

	key_spell(k, name);
	if (focus && key_is_text(k))
		return;
	id = action_by_key(app_screen(a), name);
	if (id < ACTION_COUNT)
		app_action(a, id);
	else if (!focus)
		screen_by_key(a, name);
}

static void remember_key(struct app *a, const struct event *e)
{
	char spelled[KEY_NAME_MAX];
	const char *name;
	size_t have = strlen(a->keys);
	size_t more;

	if (e->type != EVENT_KEY)
		return;
	key_spell(e->key, spelled);
	name = action_key_cap(spelled);
	more = strlen(name) + 1;
	while (have + more >= sizeof(a->keys)) {
		char *blank = strchr(a->keys, ' ');
		if (!blank) {
			a->keys[0] = 0;
			have = 0;
			break;
		}
		memmove(a->keys, blank + 1, strlen(blank + 1) + 1);
		have = strlen(a->keys);
	}
	snprintf(a->keys + have, sizeof(a->keys) - have, "%s%s", have ? " " : "", name);
	a->keys_ms = app_now(a);
}

/* Ctrl-C leaves from wherever one is: first what lies over the screen, then the console. The
 * question whether to leave is answered by a second one. */
static bool abort_input(struct app *a, const struct event *e)
{
	if (e->type != EVENT_KEY || e->key.code != 'c' || e->key.mods != MOD_CTRL)
		return false;
	if (a->overlay == OVERLAY_GOTO || a->overlay == OVERLAY_FILTER) {
		struct event esc = {.type = EVENT_KEY, .key = {K_ESC, 0}};
		return overlay_input(a, &esc);
	}
	if (app_asks_to_leave(a))
		a->done = true;
	else if (a->overlay != OVERLAY_NONE)
		app_overlay_close(a);
	else
		app_leave(a);
	return true;
}

/* A click on the name of a tab. */
static bool tab_input(struct app *a, const struct event *e)
{
	struct app_entry *top = app_top(a);
	struct view_tabs t;
	int tab;

	if (e->type != EVENT_MOUSE || !e->press || e->button != MOUSE_LEFT || e->y != 1 ||
		a->tabs_x < 0 || !top->ops->tabs || !top->ops->tabs(top->view, &t))
		return false;
	tab = tabs_hit(t.names, t.n, t.open, e->x - a->tabs_x);
	if (tab >= 0)
		top->ops->open_tab(top->view, tab);
	return tab >= 0;
}

static void one_event(struct app *a, const struct event *e)
{
	struct app_entry *top = app_top(a);

	if (!top || abort_input(a, e) || overlay_input(a, e))
		return;
	if (app_focus(a) != VIEW_MODAL && tab_input(a, e))
		return;
	if (top->ops->event) {
		unsigned effect = top->ops->event(top->view, e);
		effects(a, effect);
		if (effect != VIEW_IGNORED)
			return;
	}
	if (e->type == EVENT_KEY)
		key_input(a, e->key);
	else if (e->type == EVENT_MOUSE && e->press && e->button == MOUSE_RIGHT &&
		 app_focus(a) != VIEW_MODAL)
		open_menu(a);
}

/* Outside a field a Hangul character is the keys it was typed with. */
static bool as_qwerty(struct app *a, const struct event *e)
{
	bool field = a->overlay == OVERLAY_GOTO || a->overlay == OVERLAY_FILTER ||
		     a->overlay == OVERLAY_DIALOG ||
		     (a->overlay == OVERLAY_NONE && app_focus(a) != VIEW_KEYS);
	char letters[8];
	int n;

	if (field || e->type != EVENT_KEY || e->key.mods)
		return false;
	n = key_hangul(e->key.code, letters);
	for (int i = 0; i < n; i++) {
		struct event one = {.type = EVENT_KEY, .key = {(uint32_t)letters[i], 0}};
		one_event(a, &one);
	}
	return n > 0;
}

void app_event(struct app *a, const struct event *e)
{
	remember_key(a, e);
	if (e->type == EVENT_KEY && message_key(&a->message))
		app_dirty(a);
	if (!as_qwerty(a, e))
		one_event(a, e);
	app_dirty(a);
}
