/* Screen 1: the cluster on one page: figures, what is wrong, what changed last. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "view/common.h"

#define PROBLEMS_MAX 200
#define SPARK_CELLS  30

struct overview {
	struct view_ctx *ctx;
	size_t cursor; /* among the problems */
	size_t n;
};

static void *overview_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct overview *v = ALLOC(struct overview);

	(void)arg;
	(void)e;
	v->ctx = ctx;
	return v;
}

static void overview_close(void *view)
{
	free(view);
}

static void figure(const struct surface *s, int y, const char *label, const char *value,
	enum style style, const char *note)
{
	surface_puts(s, 1, y, STYLE_DIM, label);
	surface_field(s, 16, y, 16, ALIGN_RIGHT, style, str_of(value));
	if (note && s->cols > 40)
		surface_puts(s, 34, y, STYLE_DIM, note);
}

static void spark(struct overview *v, const struct surface *s, int y, enum total_series which)
{
	double values[SPARK_CELLS];

	if (s->cols < 34 + SPARK_CELLS)
		return;
	series_read(model_total(v->ctx->model, which), clock_mono_ms(v->ctx->clock), 2000, values,
		SPARK_CELLS);
	spark_draw(s, 34, y, SPARK_CELLS, STYLE_NORMAL, values, SPARK_CELLS, 0);
}

static enum style bad_if(bool bad, enum style style)
{
	return bad ? style : STYLE_NORMAL;
}

/* A line of figures; on a low screen only those that say whether all is well. */
struct figures {
	struct overview *v;
	const struct surface *s;
	struct buf text;
	bool low;
	int y;
};

static void put_figure(struct figures *f, const char *label, enum style style, const char *note)
{
	figure(f->s, f->y++, label, buf_z(&f->text), style, note);
	buf_clear(&f->text);
}

static void put_number(
	struct figures *f, const char *label, int64_t n, enum style bad, const char *note)
{
	fmt_count(&f->text, n);
	put_figure(f, label, bad_if(bad != STYLE_NORMAL && n > 0, bad), n > 0 ? note : NULL);
}

static void put_flow(struct figures *f, const struct totals *t)
{
	fmt_rate(&f->text, t->in_records);
	if (t->in_records >= 0)
		buf_puts(&f->text, " rec/s");
	spark(f->v, f->s, f->y, TOTAL_IN_RECORDS);
	put_figure(f, "in", STYLE_NORMAL, NULL);
	if (f->low)
		return;
	fmt_bytes_rate(&f->text, t->in_bytes);
	if (t->in_bytes >= 0)
		buf_puts(&f->text, "/s");
	spark(f->v, f->s, f->y, TOTAL_IN_BYTES);
	put_figure(f, "", STYLE_NORMAL, NULL);
}

#define LOW_ROWS 14

static int draw_figures(struct overview *v, const struct cluster *c, const struct surface *s)
{
	const struct totals *t = &c->totals;
	struct figures f = {.v = v, .s = s, .low = s->rows < LOW_ROWS};

	buf_printf(&f.text, "%d of %d up", t->brokers_up, t->brokers);
	put_figure(&f, "brokers", bad_if(t->brokers_up < t->brokers, STYLE_ERROR), NULL);
	if (!f.low && c->controller >= 0)
		buf_printf(&f.text, "%d", c->controller);
	else if (!f.low)
		buf_putc(&f.text, '-');
	if (!f.low)
		put_figure(&f, "controller", STYLE_NORMAL, NULL);
	put_number(&f, "topics", t->topics, STYLE_NORMAL, NULL);
	if (!f.low)
		put_number(&f, "partitions", t->partitions, STYLE_NORMAL, NULL);
	put_number(&f, "under-repl.", t->under, STYLE_WARN, "! a replica is behind or down");
	put_number(&f, "offline", t->offline, STYLE_ERROR, "✗ no leader: neither written nor read");
	buf_puts(&f.text, t->records_about ? "≈ " : "");
	fmt_count(&f.text, t->records);
	put_figure(&f, "records", STYLE_NORMAL, NULL);
	if (!f.low) {
		fmt_bytes(&f.text, t->size);
		put_figure(&f, "size", STYLE_NORMAL, NULL);
	}
	put_flow(&f, t);
	buf_fini(&f.text);
	return f.y;
}

static int draw_problems(
	struct overview *v, const struct cluster *c, const struct surface *s, int y, int rows)
{
	struct problem *p = xcalloc(PROBLEMS_MAX, sizeof(*p));
	size_t n = cluster_problems(c, p, PROBLEMS_MAX);
	size_t shown = min_size(min_size(n, PROBLEMS_MAX), rows > 1 ? (size_t)rows - 1 : 0);
	size_t top;

	v->n = min_size(n, PROBLEMS_MAX);
	if (v->cursor >= v->n)
		v->cursor = v->n ? v->n - 1 : 0;
	top = v->cursor >= shown && shown ? v->cursor - shown + 1 : 0;
	surface_rule(s, y++, STR_LIT("what is wrong"));
	if (!n)
		surface_puts(s, 1, y, STYLE_OK,
			c->progress.step == PROGRESS_READY ? "nothing" : "not known yet");
	for (size_t i = top; i < top + shown; i++, y++) {
		struct buf text = BUF_EMPTY;
		enum style style = p[i].kind == PROBLEM_OFFLINE || p[i].kind == PROBLEM_BROKER
					   ? STYLE_ERROR
					   : STYLE_WARN;
		problem_put(&text, c, &p[i]);
		surface_field(s, 1, y, s->cols - 2, ALIGN_LEFT,
			i == v->cursor ? STYLE_CURSOR : style, buf_str(&text));
		buf_fini(&text);
	}
	free(p);
	return n ? y : y + 1;
}

static void draw_changes(struct overview *v, const struct surface *s, int y)
{
	const struct changes *all = model_changes(v->ctx->model);

	if (y >= s->rows - 1)
		return;
	surface_rule(s, y++, STR_LIT("changes"));
	for (size_t i = 0; y < s->rows; i++, y++) {
		const struct change *c = changes_at(all, i);
		struct buf text = BUF_EMPTY;
		if (!c) {
			if (!i)
				surface_puts(s, 1, y, STYLE_DIM, "none since this console started");
			break;
		}
		fmt_clock(&text, c->wall_ms);
		buf_puts(&text, "  ");
		change_put(&text, c, true);
		surface_field(s, 1, y, s->cols - 2, ALIGN_LEFT, STYLE_NORMAL, buf_str(&text));
		buf_fini(&text);
	}
}

/* Nothing answers, and no address was named: a cluster can be started from here. */
static bool offers(const struct overview *v)
{
	const struct progress *p = &view_cluster(v->ctx)->progress;

	return v->ctx->may_start && p->step == PROGRESS_CONNECTING && p->why[0];
}

/* Nobody answers: what can be done about it. This console goes on trying. */
static void draw_advice(const struct overview *v, const struct surface *s)
{
	static const char offer[] =
		"Start a cluster on this machine?\n\n"
		"n   a broker that stays: kdeck up; kdeck down ends it\n"
		"d   the demo: a broker with sample traffic, gone when you leave\n\n"
		"kdeck -b HOST:PORT looks at a cluster elsewhere. This console goes on trying.";
	static const char elsewhere[] =
		"This console goes on trying.\n\n"
		"Is the address right, and does the broker run? kdeck without -b finds the cluster "
		"of this machine, and kdeck demo starts one to look at.";

	wrap_draw(s, STYLE_NORMAL, str_of(offers(v) ? offer : elsewhere), 0);
}

/* The cluster is not known yet: how far one is, and why not further. */
static void draw_progress(
	const struct overview *v, const struct progress *p, const struct surface *s)
{
	struct surface lines = surface_sub(s, 1, 0, s->cols - 2, s->rows);
	struct buf text = BUF_EMPTY;
	int used;

	progress_put(&text, p);
	used = wrap_draw(&lines, p->why[0] ? STYLE_ERROR : STYLE_WARN, buf_str(&text), 0);
	buf_fini(&text);
	if (p->step == PROGRESS_CONNECTING && p->why[0]) {
		struct surface rest = surface_sub(s, 1, used + 1, s->cols - 2, s->rows - used - 1);
		draw_advice(v, &rest);
	}
}

static void overview_draw(void *view, const struct surface *s)
{
	struct overview *v = view;
	const struct cluster *c = view_cluster(v->ctx);
	bool whole = c->progress.step == PROGRESS_READY;
	struct surface rest;
	int y;

	if (c->progress.step < PROGRESS_OFFSETS) {
		draw_progress(v, &c->progress, s);
		return;
	}
	if (!whole) {
		struct surface first = surface_sub(s, 0, 0, s->cols, 1);
		draw_progress(v, &c->progress, &first);
	}
	rest = surface_sub(s, 0, whole ? 0 : 1, s->cols, s->rows - (whole ? 0 : 1));
	y = draw_figures(v, c, &rest);
	y += rest.rows >= LOW_ROWS;
	y = draw_problems(
		v, c, &rest, y, rest.rows >= LOW_ROWS ? (rest.rows - y) / 2 : rest.rows - y);
	draw_changes(v, &rest, y + 1);
}

static void jump(struct overview *v)
{
	const struct cluster *c = view_cluster(v->ctx);
	struct problem *p = xcalloc(PROBLEMS_MAX, sizeof(*p));
	size_t n = min_size(cluster_problems(c, p, PROBLEMS_MAX), PROBLEMS_MAX);

	if (v->cursor < n && p[v->cursor].topic)
		view_push(v->ctx, SCREEN_TOPIC, p[v->cursor].topic->name_z);
	else if (v->cursor < n)
		view_replace(v->ctx, SCREEN_BROKERS, NULL);
	else
		view_replace(v->ctx, SCREEN_TOPICS, NULL);
	free(p);
}

static unsigned overview_event(void *view, const struct event *e)
{
	struct overview *v = view;

	if (e->type != EVENT_KEY)
		return VIEW_IGNORED;
	if (key_is(e->key, K_DOWN) || key_is(e->key, 'j'))
		v->cursor += v->cursor + 1 < v->n;
	else if (key_is(e->key, K_UP) || key_is(e->key, 'k'))
		v->cursor -= v->cursor > 0;
	else
		return VIEW_IGNORED;
	return VIEW_HANDLED | VIEW_REDRAW;
}

static unsigned overview_action(void *view, enum action_id id)
{
	struct overview *v = view;

	if (id == ACTION_ENTER)
		jump(v);
	else if (id == ACTION_CLUSTER_START || id == ACTION_CLUSTER_DEMO)
		view_start(v->ctx, id == ACTION_CLUSTER_DEMO);
	else
		return VIEW_IGNORED;
	return VIEW_HANDLED;
}

static bool overview_allowed(void *view, enum action_id id, struct buf *reason)
{
	struct overview *v = view;

	if ((id != ACTION_CLUSTER_START && id != ACTION_CLUSTER_DEMO) || offers(v))
		return true;
	buf_puts(reason, v->ctx->may_start ? "there is a cluster: leave it first, or look with -b"
					   : "this console was told which cluster to look at");
	return false;
}

static void overview_command(void *view, enum action_id id, struct buf *out)
{
	(void)view;
	(void)id;
	buf_puts(out, "kdeck snapshot");
}

static void overview_explain(void *view, struct buf *out)
{
	(void)view;
	buf_puts(out,
		"A Kafka cluster is a set of brokers. Each topic is divided into partitions, and "
		"each "
		"partition is a log of records that has one leader, which producers write to and "
		"consumers read from, and followers that copy it.\n\n"
		"under-repl.  partitions with a follower that is not in sync: the data is safe on "
		"the "
		"others, but one failure more may cost more than time.\n"
		"offline      partitions without a leader: they can be neither written nor read "
		"until "
		"a replica that was in sync is back.\n"
		"records      the sum of high watermark minus start over all partitions. ≈ stands "
		"before it where compaction leaves gaps or a broker does not answer.\n"
		"in           records a second, the mean of the last ten seconds.\n");
}

const struct view_ops view_overview = {
	.screen = SCREEN_OVERVIEW,
	.title = "overview",
	.open = overview_open,
	.close = overview_close,
	.draw = overview_draw,
	.event = overview_event,
	.action = overview_action,
	.allowed = overview_allowed,
	.command = overview_command,
	.explain = overview_explain,
};
