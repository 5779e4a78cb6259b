/* See console.h. */
#include "app/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "app/start.h"
#include "app/tty.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "io/loop.h"
#include "lab/lab.h"
#include "local/local.h"
#include "model/group.h"
#include "model/model.h"
#include "model/snapshot_print.h"
#include "source/source.h"
#include "view/common.h"

#define SNAPSHOT_MS     30000
#define SNAPSHOT_DETAIL 200  /* topics whose settings are waited for */
#define SNAPSHOT_GROUPS 2000 /* groups whose lag is waited for, */
#define GROUPS_MS       5000 /* so long at most when everything else is there */
#define USUAL_MS        5000
#define LAB_DRAW_MS     100
#define UNREACHED_MS    2000 /* that long it may be that a broker is just starting */

struct console {
	const struct console_options *o;
	struct loop *loop;
	struct admin *admin;
	struct model *model;
	struct source *source;
	struct lab *lab;
	struct io_timer lab_timer; /* what changes in it many times a second is drawn less often */
	struct tty *tty;
	struct app *app;
	struct io_timer deadline;
	struct start *start; /* of a cluster here, while it is under way */
	const char *address; /* that is shown */
	char *moved;         /* the address of a cluster that was started here; owned */
	char *usual;         /* what a command without -b goes to, as of usual_ms; owned */
	int64_t usual_ms;
	int64_t began_ms;
	int64_t complete_ms; /* when a page could have been printed but for its groups; 0 */
	bool settled, mouse, again, demo;
	uint64_t shape;
	char facts[80];
	char why[400];
};

static const struct view_ops *const views[SCREEN_COUNT] = {
#define SCREEN(ID, name, key, kind) [SCREEN_##ID] = &view_##name,
#include "action/screen.def"
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

/* A cluster of kdeck up may come and go while this console looks at another. */
static bool needs_address(struct console *k)
{
	int64_t now = loop_now_ms(k->loop);

	if (!k->usual || now - k->usual_ms >= USUAL_MS) {
		free(k->usual);
		k->usual = default_bootstrap();
		k->usual_ms = now;
	}
	return strcmp(k->usual, k->address) != 0;
}

static void put_facts(struct console *k, const struct cluster *c)
{
	struct buf b = BUF_EMPTY;

	buf_printf(&b, "brokers %d/%d   controller ", c->totals.brokers_up, c->totals.brokers);
	cluster_put_controller(&b, c);
	snprintf(k->facts, sizeof(k->facts), "%s", buf_z(&b));
	buf_fini(&b);
}

static void on_status(void *arg, struct app_status *out)
{
	struct console *k = arg;
	const struct cluster *c = model_cluster(k->model);

	if (c->n_brokers)
		put_facts(k, c);
	else
		snprintf(k->facts, sizeof(k->facts), "connecting");
	out->cluster = k->o->name;
	out->address = k->address;
	out->needs_address = needs_address(k);
	out->facts = k->facts;
	out->hint = k->o->hint;
	out->ends_cluster = k->o->ends_cluster;
}

static bool on_copy(void *arg, struct str text)
{
	struct console *k = arg;
	struct err e = {0};

	if (term_copy(tty_term(k->tty), text, &e) < 0) {
		view_message(app_ctx(k->app), MESSAGE_ERROR, "%s", e.msg);
		return false;
	}
	return true;
}

static bool on_mouse(void *arg)
{
	struct console *k = arg;

	k->mouse = !k->mouse;
	term_set_mouse(tty_term(k->tty), k->mouse);
	return k->mouse;
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

/* ---- a cluster of our own ------------------------------------------------------------------- */

static void on_cluster(void *arg, const char *address, const struct err *e)
{
	struct console *k = arg;

	start_free(k->start);
	k->start = NULL;
	if (e) {
		view_message(app_ctx(k->app), MESSAGE_ERROR, "%s", e->msg);
		return;
	}
	/* This console begins anew with all its addresses; its folder may say other ports, too. */
	k->moved = xstrdup(address);
	k->again = true;
	loop_stop(k->loop);
}

static void say_moved(struct console *k)
{
	if (k->address != k->o->bootstrap)
		view_message(app_ctx(k->app), MESSAGE_OK,
			"a cluster runs at %.*s; kdeck down ends it", (int)strcspn(k->address, ","),
			k->address);
}

static void on_start(void *arg, bool demo)
{
	struct console *k = arg;
	struct err e = {0};

	if (demo) {
		k->demo = true;
		loop_stop(k->loop);
		return;
	}
	if (k->start)
		return;
	k->start = start_cluster(k->loop, on_cluster, k, &e);
	if (k->start)
		view_message(app_ctx(k->app), MESSAGE_PROGRESS, "starting a cluster …");
	else
		view_message(app_ctx(k->app), MESSAGE_ERROR, "%s", e.msg);
}

static const struct app_ops app_ops = {
	.status = on_status,
	.copy = on_copy,
	.theme = on_theme,
	.repaint = on_repaint,
	.refresh = on_refresh,
	.freeze = on_freeze,
	.mouse = on_mouse,
	.start = on_start,
};

/* ---- life ------------------------------------------------------------------------------------ */

static int fail(const struct console_options *o, const struct err *e)
{
	struct buf line = BUF_EMPTY;

	/* It may hold what a broker said. */
	utf8_put_visible(&line, str_of(e->msg));
	fprintf(stderr, "%s: %s\n", o->command ? o->command : "kdeck", buf_z(&line));
	if (o->advice && (e->code == ERR_TIMEOUT || e->code == ERR_REFUSED))
		fprintf(stderr, "%s\n", o->advice);
	buf_fini(&line);
	/* An address that cannot be one. */
	return e->code == ERR_INVALID ? 2 : 1;
}

static const char *client_id(const struct console_options *o)
{
	for (size_t i = 0; i < o->n_properties; i++)
		if (strcmp(o->properties[i].name, "client.id") == 0)
			return o->properties[i].value;
	return NULL;
}

static void on_lab_late(void *arg)
{
	struct console *k = arg;

	if (k->app)
		view_redraw(app_ctx(k->app));
}

static void on_lab(void *arg)
{
	struct console *k = arg;

	if (!io_timer_active(&k->lab_timer))
		io_timer_start(&k->lab_timer, LAB_DRAW_MS, 0);
}

static void open_lab(struct console *k)
{
	struct lab_options lo = {.bootstrap = k->address,
		.properties = k->o->properties,
		.n_properties = k->o->n_properties,
		.read_only = k->o->read_only,
		.cluster_ends = k->o->ends_cluster,
		.on_change = on_lab,
		.arg = k};

	io_timer_init(&k->lab_timer, k->loop, on_lab_late, k);
	k->lab = lab_engine_new(k->loop, &lo);
}

static int open_all(struct console *k, struct err *e)
{
	struct admin_options ao = {.bootstrap = k->address, .client_id = client_id(k->o)};
	char *dir;
	struct cluster_source_options so = {.bootstrap = k->address,
		.read_only = k->o->read_only,
		.properties = k->o->properties,
		.n_properties = k->o->n_properties};

	k->loop = loop_new(e);
	if (!k->loop)
		return e->code;
	k->model = model_new();
	k->admin = admin_new(k->loop, &ao, e);
	if (!k->admin)
		return err_wrap(e, "--bootstrap-server %s", k->address);
	dir = k->o->local_dir ? xstrdup(k->o->local_dir) : local_default_dir();
	so.local_dir = dir;
	k->source = cluster_source_new(k->loop, k->admin, k->model, &so);
	free(dir);
	open_lab(k);
	if (k->o->started)
		k->o->started(k->o->arg, k->loop, k->source, k->lab);
	return 0;
}

static void close_all(struct console *k)
{
	if (k->o->ending)
		k->o->ending(k->o->arg);
	start_free(k->start);
	app_free(k->app);
	tty_free(k->tty);
	cluster_source_free(k->source);
	admin_free(k->admin);
	if (k->lab)
		io_timer_stop(&k->lab_timer);
	lab_engine_free(k->lab); /* last of all that stands on the loop: it runs it */
	if (k->model)
		model_free(k->model);
	free(k->usual);
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
		.lab = k->lab,
		.clock = loop_clock(k->loop),
		.read_only = k->o->read_only,
		.may_start = !k->o->named && !k->o->ends_cluster && !k->o->read_only};

	k->tty = tty_new(k->loop, &to, e);
	if (!k->tty)
		return e->code;
	k->mouse = true;
	log_set_sink(drop_line, NULL);
	k->app = app_new(views, &ctx, &app_ops, k);
	if (app_open(k->app, k->o->screen, NULL, e) < 0 &&
		app_open(k->app, SCREEN_OVERVIEW, NULL, e) < 0)
		return e->code;
	say_moved(k);
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
		if (!topic_offsets_there(c, c->topics[i]) || !there(&c->topics[i]->config))
			return false;
	return c->progress.step == PROGRESS_READY;
}

/* Groups are many, or their coordinator is slow: a page does not wait for them for ever. */
static bool groups_there(struct console *k, const struct cluster *c)
{
	int64_t now = loop_now_ms(k->loop);

	if (!k->complete_ms)
		k->complete_ms = now;
	return cluster_groups_there(c, SNAPSHOT_GROUPS) || now - k->complete_ms >= GROUPS_MS;
}

/* At no address there is a broker: its name is unknown, nobody listens, or what listens is
 * something else. And that has been so for a while. */
static bool unreached(const struct console *k, const struct cluster *c)
{
	return c->metadata.at_ms < 0 &&
	       (c->metadata.code == ERR_REFUSED || c->metadata.code == ERR_CLOSED) &&
	       loop_now_ms(k->loop) - k->began_ms >= UNREACHED_MS;
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
	if (complete(c) && groups_there(k, c) &&
		(!k->o->settled || k->o->settled(k->o->arg, k->model))) {
		k->settled = true;
		loop_stop(k->loop);
	} else if (unreached(k, c)) {
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
	struct snapshot_options so = {.name = k->o->name, .address = k->address};
	struct buf out = BUF_EMPTY;
	int64_t now;
	int rc;

	k->began_ms = loop_now_ms(k->loop);
	model_on_change(k->model, look, k);
	io_timer_init(&k->deadline, k->loop, on_late, k);
	io_timer_start(&k->deadline, SNAPSHOT_MS, 0);
	loop_run(k->loop);
	io_timer_stop(&k->deadline);
	/* What a cluster that is there does not tell in that time is left out of the page. */
	if (!k->settled && model_cluster(k->model)->metadata.at_ms < 0)
		return err_set(e, ERR_TIMEOUT, "%s: %s", k->address,
			k->why[0] ? k->why : "the cluster does not answer");
	now = loop_now_ms(k->loop);
	if (k->o->json)
		snapshot_json(&out, model_cluster(k->model), &so, now);
	else
		snapshot_text(&out, model_cluster(k->model), &so, now);
	rc = cli_write(&out, e);
	buf_fini(&out);
	return rc;
}

static int run_once(struct console *k, struct err *e)
{
	const struct console_options *o = k->o;
	int rc = open_all(k, e);

	if (rc == 0 && (o->once || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)))
		rc = run_page(k, e);
	else if (rc == 0)
		rc = run_screen(k, e);
	close_all(k);
	return rc;
}

int console_run(const struct console_options *o)
{
	char *address = NULL;
	struct console k;
	struct err e = {0};
	int rc;

	xalloc_give_back();
	do {
		k = (struct console){.o = o, .address = address ? address : o->bootstrap};
		rc = run_once(&k, &e);
		free(address);
		address = k.moved;
	} while (rc == 0 && k.again);
	free(address);
	if (rc < 0)
		return fail(o, &e);
	return k.demo ? CONSOLE_DEMO : 0;
}
