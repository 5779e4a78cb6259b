/* The stack of views and what views may ask of the app. */
#include "app/app.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/priv.h"
#include "base/xalloc.h"

int64_t app_now(const struct app *a)
{
	return clock_mono_ms(a->ctx.clock);
}

void app_dirty(struct app *a)
{
	a->dirty = true;
}

void app_status(const struct app *a, struct app_status *out)
{
	*out = (struct app_status){.cluster = "", .address = "", .facts = "", .language = "en"};
	if (a->ops->status)
		a->ops->status(a->arg, out);
}

/* ---- stack --------------------------------------------------------------------------------- */

static int open_top(struct app *a, enum screen screen, const char *arg, struct err *e)
{
	const struct view_ops *ops = a->views[screen];
	void *view;

	if (!ops)
		return err_set(e, ERR_UNSUPPORTED, "the screen %s is not in this version",
			screen_name(screen));
	if (a->depth == APP_DEPTH)
		return err_set(e, ERR_TOO_BIG, "too many screens open: go back first");
	view = ops->open(&a->ctx, arg, e);
	if (!view)
		return e->code ? e->code : ERR_INVALID;
	a->stack[a->depth++] = (struct app_entry){ops, view};
	app_dirty(a);
	return 0;
}

static void save_place(struct app *a, const struct app_entry *entry)
{
	if (!entry->ops->save)
		return;
	buf_clear(&a->saved[entry->ops->screen]);
	entry->ops->save(entry->view, &a->saved[entry->ops->screen]);
}

static void close_top(struct app *a)
{
	struct app_entry *top = app_top(a);

	if (a->overlay != OVERLAY_NONE)
		app_overlay_close(a);
	save_place(a, top);
	a->depth--;
	top->ops->close(top->view);
	app_dirty(a);
}

/* What was said belongs to the screen it was said on; what goes on is said on. */
static void unsay(struct app *a)
{
	if (a->message.kind != MESSAGE_PROGRESS)
		a->message.kind = MESSAGE_NONE;
}

void app_pop(struct app *a)
{
	if (a->depth > 1) {
		unsay(a);
		close_top(a);
	}
}

void app_finish(struct app *a)
{
	if (a->depth > 1)
		app_pop(a);
	else if (app_screen(a) != SCREEN_OVERVIEW)
		app_replace(a, SCREEN_OVERVIEW, NULL);
}

enum view_focus app_focus(const struct app *a)
{
	const struct app_entry *top = a->depth ? &a->stack[a->depth - 1] : NULL;

	return top && top->ops->focus ? top->ops->focus(top->view) : VIEW_KEYS;
}

static void say(struct app *a, enum message_kind kind, const char *text)
{
	message_set(&a->message, kind, app_now(a), text);
	app_dirty(a);
}

int app_open(struct app *a, enum screen screen, const char *arg, struct err *e)
{
	struct app_entry old[APP_DEPTH];
	int n = a->depth;
	int rc;

	/* The new one first: when it cannot be opened, the old ones stay. */
	for (int i = 0; i < n; i++)
		old[i] = a->stack[i];
	if (n == APP_DEPTH)
		a->depth--;
	rc = open_top(a, screen, arg, e);
	if (rc < 0) {
		a->depth = n;
		return rc;
	}
	unsay(a);
	struct app_entry fresh = *app_top(a);
	for (a->depth = n; a->depth > 0;) {
		a->stack[a->depth - 1] = old[a->depth - 1];
		close_top(a);
	}
	a->stack[a->depth++] = fresh;
	app_dirty(a);
	return 0;
}

/* What the stack shows, from the top down: the first topic and the first group. */
static void note_place(struct app *a)
{
	bool topic = false, group = false;

	for (int i = a->depth - 1; i >= 0; i--) {
		const struct app_entry *entry = &a->stack[i];
		unsigned on = ON(entry->ops->screen);
		bool groups = on & (ON(SCREEN_GROUP) | ON(SCREEN_GROUPS));
		struct buf place = BUF_EMPTY;

		if (entry->ops->save && (groups ? !group : !topic) &&
			(groups || (on & (ON(SCREEN_TOPIC) | ON(SCREEN_TOPICS) |
						 ON(SCREEN_RECORDS) | ON(SCREEN_PRODUCE)))))
			entry->ops->save(entry->view, &place);
		if (place.n && groups) {
			group = true;
			snprintf(a->ctx.group, sizeof(a->ctx.group), "%s", buf_z(&place));
		} else if (place.n) {
			topic = true;
			snprintf(a->ctx.topic, sizeof(a->ctx.topic), "%.*s",
				(int)strcspn(buf_z(&place), "/"), buf_z(&place));
		}
		buf_fini(&place);
	}
}

void app_replace(struct app *a, enum screen screen, const char *arg)
{
	struct err e = {0};

	note_place(a);
	for (int i = 0; i < a->depth; i++)
		if (a->stack[i].ops->screen == screen)
			save_place(a, &a->stack[i]);
	if (!arg && a->saved[screen].n)
		arg = buf_z(&a->saved[screen]);
	if (app_open(a, screen, arg, &e) < 0)
		say(a, MESSAGE_ERROR, e.msg);
}

static void host_push(void *arg, enum screen screen, const char *open_arg)
{
	struct app *a = arg;
	struct err e = {0};

	unsay(a);
	if (open_top(a, screen, open_arg, &e) < 0)
		say(a, MESSAGE_ERROR, e.msg);
}

static void host_replace(void *arg, enum screen screen, const char *open_arg)
{
	app_replace(arg, screen, open_arg);
}

/* ---- overlays ------------------------------------------------------------------------------ */

void app_overlay_close(struct app *a)
{
	enum app_overlay was = a->overlay;
	view_answer_fn *fn = a->answer;

	a->overlay = OVERLAY_NONE;
	a->answer = NULL;
	if (was == OVERLAY_DIALOG) {
		dialog_fini(&a->dialog);
		if (fn)
			fn(a->answer_arg, false);
	} else if (was == OVERLAY_MENU) {
		menu_fini(&a->menu);
	} else if (was == OVERLAY_VIEWER) {
		viewer_fini(&a->viewer);
	}
	app_dirty(a);
}

static void host_ask(void *arg, const char *title, const char *text, const char *yes_label,
	const char *type_name, bool destroys, view_answer_fn *fn, void *fn_arg)
{
	struct app *a = arg;

	if (a->overlay != OVERLAY_NONE)
		app_overlay_close(a);
	dialog_init(&a->dialog, title, text, yes_label, type_name, destroys);
	a->overlay = OVERLAY_DIALOG;
	a->answer = fn;
	a->answer_arg = fn_arg;
	app_dirty(a);
}

static void host_show(void *arg, const char *title, struct str text)
{
	struct app *a = arg;

	if (a->overlay != OVERLAY_NONE)
		app_overlay_close(a);
	viewer_init(&a->viewer, true);
	viewer_set(&a->viewer, text);
	snprintf(a->viewer_title, sizeof(a->viewer_title), "%s", title);
	a->overlay = OVERLAY_VIEWER;
	app_dirty(a);
}

static void host_message(void *arg, enum message_kind kind, const char *text)
{
	say(arg, kind, text);
}

static void host_redraw(void *arg)
{
	app_dirty(arg);
}

static void host_copy(void *arg, struct str text)
{
	struct app *a = arg;

	if (!a->ops->copy || a->ops->copy(a->arg, text))
		say(a, MESSAGE_OK, "copied");
}

static void host_command(void *arg, struct str command, struct buf *out)
{
	struct app_status st;

	app_status(arg, &st);
	action_put_command(out, command, st.needs_address ? st.address : NULL);
}

static void host_start(void *arg, bool demo)
{
	struct app *a = arg;

	if (a->ops->start)
		a->ops->start(a->arg, demo);
}

static const struct view_host host = {
	.push = host_push,
	.replace = host_replace,
	.message = host_message,
	.ask = host_ask,
	.show = host_show,
	.redraw = host_redraw,
	.copy = host_copy,
	.command = host_command,
	.start = host_start,
};

static void leave(void *arg, bool yes)
{
	struct app *a = arg;

	if (yes)
		a->done = true;
}

bool app_asks_to_leave(const struct app *a)
{
	return a->overlay == OVERLAY_DIALOG && a->answer == leave;
}

void app_back(struct app *a)
{
	if (a->depth > 1)
		app_pop(a);
	else
		app_leave(a);
}

void app_leave(struct app *a)
{
	struct app_status st;

	app_status(a, &st);
	if (st.ends_cluster)
		host_ask(a, "Leave kdeck?",
			"The brokers that this console started end with it, and their records "
			"are gone.",
			"End the cluster", NULL, true, leave, a);
	else
		a->done = true;
}

/* ---- life ---------------------------------------------------------------------------------- */

/* The i-th screen whose name begins with what was typed. */
static const char *complete_screen(void *arg, struct str text, size_t i)
{
	const struct app *a = arg;

	for (int s = 0; s < SCREEN_COUNT; s++) {
		const char *name = screen_name((enum screen)s);
		if (!a->views[s] || text.n > strlen(name) || memcmp(name, text.p, text.n) != 0)
			continue;
		if (i-- == 0)
			return name;
	}
	return NULL;
}

struct app *app_new(const struct view_ops *const views[SCREEN_COUNT], const struct view_ctx *ctx,
	const struct app_ops *ops, void *arg)
{
	struct app *a = ALLOC(struct app);

	memcpy(a->views, views, sizeof(a->views));
	a->ctx = *ctx;
	a->ctx.host = &host;
	a->ctx.host_arg = a;
	a->ops = ops;
	a->arg = arg;
	a->tabs_x = -1;
	prompt_init(&a->go, ":", complete_screen, a);
	prompt_init(&a->filter, "/", NULL, NULL);
	app_dirty(a);
	return a;
}

void app_free(struct app *a)
{
	if (!a)
		return;
	while (a->depth)
		close_top(a);
	if (a->overlay != OVERLAY_NONE)
		app_overlay_close(a);
	prompt_fini(&a->go);
	prompt_fini(&a->filter);
	for (int i = 0; i < SCREEN_COUNT; i++)
		buf_fini(&a->saved[i]);
	free(a);
}

void app_tick(struct app *a)
{
	struct app_entry *top = app_top(a);
	int64_t now = app_now(a);

	if (message_tick(&a->message, now))
		app_dirty(a);
	if (a->keys[0] && now - a->keys_ms > APP_KEYS_MS) {
		a->keys[0] = 0;
		app_dirty(a);
	}
	if (top && top->ops->tick && !a->ctx.frozen) {
		unsigned effect = top->ops->tick(top->view, now);
		if (effect & VIEW_CLOSE)
			app_finish(a);
	}
	app_dirty(a);
}

bool app_take_dirty(struct app *a)
{
	bool was = a->dirty;

	a->dirty = false;
	return was;
}

bool app_done(const struct app *a)
{
	return a->done;
}

struct view_ctx *app_ctx(struct app *a)
{
	return &a->ctx;
}

enum screen app_screen(const struct app *a)
{
	return a->depth ? a->stack[a->depth - 1].ops->screen : SCREEN_OVERVIEW;
}
