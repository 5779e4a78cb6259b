/* See console.h. */
#include "app/console.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "app/tty.h"
#include "base/log.h"
#include "base/utf8.h"
#include "io/loop.h"
#include "model/model.h"
#include "model/snapshot_print.h"
#include "source/source.h"
#include "view/common.h"

#define SNAPSHOT_MS     30000
#define SNAPSHOT_DETAIL 200 /* topics whose settings are waited for */

struct console {
	const struct console_options *o;
	struct loop *loop;
	struct admin *admin;
	struct model *model;
	struct source *source;
	struct tty *tty;
	struct app *app;
	struct io_timer deadline;
	bool settled;
	uint64_t shape;
	char facts[80];
	char why[400];
};

static const struct view_ops *const views[SCREEN_COUNT] = {
	[SCREEN_OVERVIEW] = &view_overview,
	[SCREEN_BROKERS] = &view_brokers,
	[SCREEN_TOPICS] = &view_topics,
	[SCREEN_TOPIC] = &view_topic,
	[SCREEN_RECORDS] = &view_records,
	[SCREEN_PRODUCE] = &view_produce,
	[SCREEN_EVENTS] = &view_events,
};

/* Nothing is written over the screen: what is logged meanwhile goes nowhere. */
static void drop_line(void *arg, enum log_level level, const char *line, size_t n)
{
	(void)arg;
	(void)level;
	(void)line;
	(void)n;
}

/* ---- what the app asks ----------------------------------------------------------------------- */

static void on_status(void *arg, struct app_status *out)
{
	struct console *k = arg;
	const struct cluster *c = model_cluster(k->model);

	if (c->n_brokers)
		snprintf(k->facts, sizeof(k->facts), "brokers %d/%d   controller %d",
			c->totals.brokers_up, c->totals.brokers, c->controller);
	else
		snprintf(k->facts, sizeof(k->facts), "connecting");
	out->cluster = k->o->name;
	out->address = k->o->bootstrap;
	out->facts = k->facts;
	out->ends_cluster = k->o->ends_cluster;
}

static void on_copy(void *arg, struct str text)
{
	struct console *k = arg;
	struct err e = {0};

	if (term_copy(tty_term(k->tty), text, &e) < 0)
		view_message(app_ctx(k->app), MESSAGE_ERROR, "%s", e.msg);
}

static void on_theme(void *arg)
{
	struct console *k = arg;
	struct term *t = tty_term(k->tty);

	term_set_theme(t, (term_theme(t) + 1) % THEME_COUNT);
}

static void on_repaint(void *arg)
{
	struct console *k = arg;

	term_repaint(tty_term(k->tty));
}

static void on_refresh(void *arg)
{
	struct console *k = arg;

	source_refresh(k->source);
}

static void on_freeze(void *arg, bool on)
{
	struct console *k = arg;

	source_freeze(k->source, on);
}

static const struct app_ops app_ops = {
	.status = on_status,
	.copy = on_copy,
	.theme = on_theme,
	.repaint = on_repaint,
	.refresh = on_refresh,
	.freeze = on_freeze,
};

/* ---- life ------------------------------------------------------------------------------------ */

static int fail(const struct err *e)
{
	struct buf line = BUF_EMPTY;

	/* It may hold what a broker said. */
	utf8_put_visible(&line, str_of(e->msg));
	fprintf(stderr, "kdeck: %s\n", buf_z(&line));
	buf_fini(&line);
	return 1;
}

static int open_all(struct console *k, struct err *e)
{
	struct admin_options ao = {.bootstrap = k->o->bootstrap};
	struct cluster_source_options so = {
		.bootstrap = k->o->bootstrap, .read_only = k->o->read_only};

	k->loop = loop_new(e);
	if (!k->loop)
		return e->code;
	k->model = model_new();
	k->admin = admin_new(k->loop, &ao, e);
	if (!k->admin)
		return e->code;
	k->source = cluster_source_new(k->loop, k->admin, k->model, &so);
	if (k->o->started)
		k->o->started(k->o->arg, k->loop, k->source, k->model);
	return 0;
}

static void close_all(struct console *k)
{
	if (k->o->ending)
		k->o->ending(k->o->arg);
	app_free(k->app);
	tty_free(k->tty);
	cluster_source_free(k->source);
	admin_free(k->admin);
	if (k->model)
		model_free(k->model);
	loop_free(k->loop);
}

/* ---- on a terminal --------------------------------------------------------------------------- */

static void on_model(void *arg)
{
	struct console *k = arg;

	if (k->app)
		view_redraw(app_ctx(k->app));
}

static int run_screen(struct console *k, struct err *e)
{
	struct term_opts to = {.in_fd = STDIN_FILENO,
		.out_fd = STDOUT_FILENO,
		.theme = term_default_theme(),
		.mouse = true};
	struct view_ctx ctx = {.model = k->model,
		.source = k->source,
		.clock = loop_clock(k->loop),
		.read_only = k->o->read_only,
		.bundled = k->o->bundled};

	k->tty = tty_new(k->loop, &to, e);
	if (!k->tty)
		return e->code;
	log_set_sink(drop_line, NULL);
	k->app = app_new(views, &ctx, &app_ops, k);
	if (app_open(k->app, k->o->screen, NULL, e) < 0 &&
		app_open(k->app, SCREEN_OVERVIEW, NULL, e) < 0)
		return e->code;
	if (k->o->hint)
		view_message(app_ctx(k->app), MESSAGE_PROGRESS, "%s", k->o->hint);
	tty_attach(k->tty, k->app);
	model_on_change(k->model, on_model, k);
	loop_run(k->loop);
	log_set_sink(NULL, NULL);
	return 0;
}

/* ---- one page -------------------------------------------------------------------------------- */

static bool there(const struct part *p)
{
	return p->at_ms >= 0 || p->code || p->kerr;
}

/* Offsets and settings of what will be printed have come, or will not. */
static bool complete(const struct cluster *c)
{
	for (size_t i = 0; i < min_size(c->n_topics, SNAPSHOT_DETAIL); i++)
		if (!there(&c->topics[i]->offsets) || !there(&c->topics[i]->config))
			return false;
	return c->progress.step == PROGRESS_READY;
}

/* Settings are asked for rows that are seen: the page's first ones are. */
static void want_rows(struct console *k, const struct cluster *c)
{
	struct str names[SNAPSHOT_DETAIL];
	struct source_want want = {.visible = names};

	for (; want.n_visible < min_size(c->n_topics, SNAPSHOT_DETAIL); want.n_visible++)
		names[want.n_visible] = c->topics[want.n_visible]->name;
	source_want(k->source, &want);
	source_refresh(k->source);
}

static void look(void *arg)
{
	struct console *k = arg;
	const struct cluster *c = model_cluster(k->model);

	snprintf(k->why, sizeof(k->why), "%s", c->progress.why);
	if (c->shape != k->shape) {
		k->shape = c->shape;
		want_rows(k, c);
	}
	if (complete(c) && (!k->o->settled || k->o->settled(k->o->arg, k->model))) {
		k->settled = true;
		loop_stop(k->loop);
	}
}

static void on_late(void *arg)
{
	struct console *k = arg;

	loop_stop(k->loop);
}

static int run_page(struct console *k, struct err *e)
{
	struct snapshot_options so = {.name = k->o->name, .address = k->o->bootstrap};
	struct buf out = BUF_EMPTY;
	int64_t now;

	model_on_change(k->model, look, k);
	io_timer_init(&k->deadline, k->loop, on_late, k);
	io_timer_start(&k->deadline, SNAPSHOT_MS, 0);
	loop_run(k->loop);
	io_timer_stop(&k->deadline);
	if (!k->settled)
		return err_set(e, ERR_TIMEOUT, "%s: %s", k->o->bootstrap,
			k->why[0] ? k->why : "the cluster does not answer");
	now = loop_now_ms(k->loop);
	if (k->o->json)
		snapshot_json(&out, model_cluster(k->model), &so, now);
	else
		snapshot_text(&out, model_cluster(k->model), &so, now);
	fwrite(out.p, 1, out.n, stdout);
	buf_fini(&out);
	return fflush(stdout) ? err_set(e, ERR_IO, "standard output cannot be written") : 0;
}

int console_run(const struct console_options *o)
{
	struct console k = {.o = o};
	struct err e = {0};
	int rc = open_all(&k, &e);

	if (rc == 0 && (o->once || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)))
		rc = run_page(&k, &e);
	else if (rc == 0)
		rc = run_screen(&k, &e);
	close_all(&k);
	return rc < 0 ? fail(&e) : 0;
}
