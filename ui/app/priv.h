/* What app.c (stack, life), dispatch.c (events) and draw.c (frame) share. */
#ifndef APP_PRIV_H
#define APP_PRIV_H

#include "app/app.h"
#include "widget/dialog.h"
#include "widget/menu.h"
#include "widget/prompt.h"
#include "widget/viewer.h"

#define APP_DEPTH   16
#define APP_KEYS    64
#define APP_KEYS_MS 3000

struct app_entry {
	const struct view_ops *ops;
	void *view;
};

/* What lies over the view and gets events first; one at a time. */
enum app_overlay {
	OVERLAY_NONE,
	OVERLAY_DIALOG,
	OVERLAY_MENU,
	OVERLAY_VIEWER,
	OVERLAY_GOTO,
	OVERLAY_FILTER,
};

struct app {
	const struct view_ops *views[SCREEN_COUNT];
	struct view_ctx ctx;
	const struct app_ops *ops;
	void *arg;
	struct app_entry stack[APP_DEPTH];
	int depth;
	struct buf saved[SCREEN_COUNT]; /* where each screen was left */
	enum app_overlay overlay;
	struct dialog dialog;
	view_answer_fn *answer;
	void *answer_arg;
	struct menu menu;
	struct viewer viewer;
	char viewer_title[80];
	struct prompt go, filter;
	struct message message;
	bool presenter;
	char keys[APP_KEYS]; /* last keys pressed, for the presenter's corner */
	int64_t keys_ms;
	int64_t frozen_wall_ms;
	int tabs_x; /* where the tabs were drawn, for the mouse; -1: none */
	bool dirty, done;
};

static inline struct app_entry *app_top(struct app *a)
{
	return a->depth ? &a->stack[a->depth - 1] : NULL;
}

/* Now on the monotonic clock; what the owner says of the cluster; the frame must be drawn anew. */
int64_t app_now(const struct app *a);
void app_status(const struct app *a, struct app_status *out);
void app_dirty(struct app *a);
/* The overlay goes; a dialog that was not answered is answered with no. */
void app_overlay_close(struct app *a);
/* One step back; at the bottom leaves (asking first when that ends a cluster). */
void app_back(struct app *a);
/* Leaves the console, asking first when that ends a cluster. */
void app_leave(struct app *a);
/* Does that question stand on the screen? */
bool app_asks_to_leave(const struct app *a);
/* Appends the shell command of what the cursor is on, for this cluster. */
void app_command(struct app *a, struct buf *out);
/* Pops one; the last one stays. */
void app_pop(struct app *a);
/* The top one is done: pops it; where it is the last one the first screen takes its place. */
void app_finish(struct app *a);
enum view_focus app_focus(const struct app *a);
void app_replace(struct app *a, enum screen screen, const char *arg);
/* Why it cannot be done now: false with a reason. */
bool app_allowed(struct app *a, enum action_id id, struct buf *reason);

#endif
