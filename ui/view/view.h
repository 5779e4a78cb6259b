/*
 * A screen: one file, one `struct view_ops`. The app owns the stack, decides who gets an event
 * (dialog, then a focused field, then the view, then the global keys) and draws header and footer;
 * a view draws its body from snapshots and never waits.
 */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "action/action.h"
#include "base/clock.h"
#include "base/err.h"
#include "widget/line.h"
#include "widget/widget.h"

/* What a view answers to a key, an action or a tick; or-ed. */
enum view_effect {
	VIEW_IGNORED = 0,
	VIEW_HANDLED = 1,
	VIEW_REDRAW = 2,
	VIEW_CLOSE = 4, /* pop me */
};

/* Where letters go. */
enum view_focus {
	VIEW_KEYS,  /* they are keys */
	VIEW_TYPES, /* a field takes them; other keys work as ever */
	VIEW_MODAL, /* a form over the screen takes every key until it is closed */
};

struct view_host;
struct model;  /* ui/model: the snapshots */
struct source; /* ui/source: commands and questions */
struct lab;    /* model/lab.h: producers and consumers that the console runs */

/* What a view may use; lives as long as the app. */
struct view_ctx {
	struct model *model;
	struct source *source;
	struct lab *lab; /* NULL: none */
	const struct clock *clock;
	const struct view_host *host;
	void *host_arg;
	bool read_only; /* also enforced where requests are made */
	bool frozen;    /* z: draw the snapshot you have */
	/* The topic and the group that were looked at last, for what begins with one; "". */
	char topic[250], group[256];
	bool may_start; /* no address was named: a cluster can be started here */
};

struct view_tabs {
	const char *const *names;
	int n, open;
};

struct view_ops {
	enum screen screen; /* gives number, name and actions */
	const char *title;
	/* arg: topic, group … or NULL (then the view shows a picker if it needs one). NULL with e
	 * set when it cannot be opened. */
	void *(*open)(struct view_ctx *ctx, const char *arg, struct err *e);
	void (*close)(void *view);
	void (*draw)(void *view, const struct surface *body);
	/* An action of this screen that is allowed. */
	unsigned (*action)(void *view, enum action_id id);
	/* All below may be NULL. */
	/* Any event before actions are looked up: tables, fields, mouse. */
	unsigned (*event)(void *view, const struct event *e);
	enum view_focus (*focus)(const void *view); /* NULL: VIEW_KEYS */
	/* VIEW_MODAL: what Enter does, for the bar of keys; NULL: "done". */
	const char *(*enter_word)(const void *view);
	/* What Esc does; NULL: "cancel". */
	const char *(*esc_word)(const void *view);
	/* May the action be done now? If not, why (a line). */
	bool (*allowed)(void *view, enum action_id id, struct buf *reason);
	/* About every second, and when the model has changed. */
	unsigned (*tick)(void *view, int64_t now_ms);
	/* "broker 2": what is under the cursor, which actions act upon; appends. */
	void (*subject)(const void *view, struct buf *out);
	/* " > orders" after the title. */
	void (*crumb)(const void *view, struct buf *out);
	bool (*tabs)(const void *view, struct view_tabs *out);
	void (*open_tab)(void *view, int tab);
	/* The shell command that does what the cursor is on; action's own template when NULL. */
	void (*command)(void *view, enum action_id id, struct buf *out);
	/* `c`: the cell or the marked rows. */
	void (*copy)(void *view, struct buf *out);
	/* `i`: what the cursor is on. */
	void (*explain)(void *view, struct buf *out);
	/* `/`: text typed so far; a leading ! means inverse. Also called at Esc with "". */
	void (*filter)(void *view, struct str text);
	/* ms since the data shown was right, 0 while it is live, < 0: never loaded; NULL: the
	 * cluster's. */
	int64_t (*age_ms)(const void *view);
	/* What to hand to open() to be there again (after a number key and back). */
	void (*save)(const void *view, struct buf *out);
};

typedef void view_answer_fn(void *arg, bool yes);

/* What the app does for views; a test gives its own. */
struct view_host {
	void (*push)(void *arg, enum screen screen, const char *open_arg);
	/* The whole stack becomes this one. */
	void (*replace)(void *arg, enum screen screen, const char *open_arg);
	void (*message)(void *arg, enum message_kind kind, const char *text);
	/* Asks; answer may come after the view has gone only if it did not close (close cancels).
	 * yes_label names what will be done; type_name NULL: no typing. */
	void (*ask)(void *arg, const char *title, const char *text, const char *yes_label,
		const char *type_name, bool destroys, view_answer_fn *fn, void *fn_arg);
	/* Shows text in a viewer over the screen. */
	void (*show)(void *arg, const char *title, struct str text);
	void (*redraw)(void *arg);
	void (*copy)(void *arg, struct str text);
	/* A shell command so that it means this cluster wherever it is pasted; appends. NULL: as it
	 * is. */
	void (*command)(void *arg, struct str command, struct buf *out);
	/* Starts a cluster on this machine: one that stays, or the demo. */
	void (*start)(void *arg, bool demo);
};

/* The stack of screens: opens on top, opens in place of all. */
void view_push(struct view_ctx *c, enum screen screen, const char *open_arg);
void view_replace(struct view_ctx *c, enum screen screen, const char *open_arg);
/* One line; printf. */
void view_message(struct view_ctx *c, enum message_kind kind, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
void view_ask(struct view_ctx *c, const char *title, const char *text, const char *yes_label,
	const char *type_name, bool destroys, view_answer_fn *fn, void *fn_arg);
void view_show(struct view_ctx *c, const char *title, struct str text);
void view_redraw(struct view_ctx *c);
void view_copy(struct view_ctx *c, struct str text);
void view_put_command(struct view_ctx *c, struct str command, struct buf *out);
void view_start(struct view_ctx *c, bool demo);

#endif
