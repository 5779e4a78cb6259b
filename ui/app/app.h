/*
 * The console: a stack of views over one terminal grid. Knows no socket and no loop: events, time
 * and the frame come in through calls, so that tests and fuzzing run it on a plain grid; tty.c ties
 * it to the terminal and the loop.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include "view/view.h"

struct app;

/* The header line and what leaving means. */
struct app_status {
	const char *cluster; /* "demo", a context's name */
	const char *address;
	bool needs_address;   /* a kdeck command without -b would go to another cluster */
	const char *facts;    /* "brokers 3/4   controller 2" */
	const char *language; /* "en" */
	bool ends_cluster;    /* q at the bottom asks first */
	const char *hint;     /* what to press first; stands on the first screen; NULL: nothing */
};

struct app_ops {
	/* All may be NULL. */
	void (*status)(void *arg, struct app_status *out);
	/* False: it could not be; has said why. */
	bool (*copy)(void *arg, struct str text);
	void (*theme)(void *arg); /* next theme */
	void (*repaint)(void *arg);
	void (*refresh)(void *arg);          /* `r` */
	void (*freeze)(void *arg, bool on);  /* `z` */
	bool (*mouse)(void *arg);            /* `M`: true when it is the console's now */
	void (*start)(void *arg, bool demo); /* a cluster on this machine */
};

/* views: by screen; a NULL one is not offered. ctx: host fields are set by the app. */
struct app *app_new(const struct view_ops *const views[SCREEN_COUNT], const struct view_ctx *ctx,
	const struct app_ops *ops, void *arg);
void app_free(struct app *a);
/* Opens a screen, replacing the stack. */
int app_open(struct app *a, enum screen screen, const char *open_arg, struct err *e) MUSTCHECK;
void app_event(struct app *a, const struct event *e);
/* Once a second or after the model changed. */
void app_tick(struct app *a);
void app_draw(struct app *a, struct grid *g);
/* True once after something changed that must be drawn. */
bool app_take_dirty(struct app *a);
bool app_done(const struct app *a);
struct view_ctx *app_ctx(struct app *a);
enum screen app_screen(const struct app *a);

#endif
