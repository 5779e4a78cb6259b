/* Screen 1: the cluster on one page: figures, what is wrong, which groups are behind, what changed
 * last. */
#include "view/overview.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

#define SPARK_CELLS 30

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
	struct overview *v = view;

	buf_fini(&v->trouble.group);
	free(v);
}

/* ---- figures ------------------------------------------------------------------------------- */

#define LOW_ROWS  14
#define WIDE_COLS 60
#define NOTE_X    34

/* A line of figures each. On a low screen only those that say whether all is well; on a wide one a
 * second figure, a spark line or a word stands behind the first. */
struct figures {
	struct overview *v;
	const struct surface *s;
	struct buf text;
	bool low, wide;
	int y;
};

static void put_figure(struct figures *f, const char *label, enum style style, const char *note)
{
	surface_puts(f->s, 1, f->y, STYLE_DIM, label);
	surface_field(f->s, 16, f->y, 16, ALIGN_RIGHT, style, buf_str(&f->text));
	if (note && f->s->cols > 40)
		surface_puts(f->s, NOTE_X, f->y, STYLE_DIM, note);
	buf_clear(&f->text);
	f->y++;
}

static void put_number(
	struct figures *f, const char *label, int64_t n, enum style bad, const char *note)
{
	fmt_count(&f->text, n);
	put_figure(f, label, n > 0 ? bad : STYLE_NORMAL, n > 0 ? note : NULL);
}

/* What belongs to the line before: behind it where there is room, else a line of its own. */
static void put_beside(struct figures *f, const char *label, bool named)
{
	if (f->wide)
		surface_printf(f->s, NOTE_X, f->y - 1, STYLE_DIM, "%s%s%s", named ? label : "",
			named ? " " : "", buf_z(&f->text));
	else if (!f->low)
		put_figure(f, label, STYLE_NORMAL, NULL);
	buf_clear(&f->text);
}

/* Where the line before ends, as far as `note` leaves room. */
static void put_spark(struct figures *f, enum total_series which, const struct buf *note)
{
	double values[SPARK_CELLS];
	int taken = note && note->n ? text_width(buf_str(note)) + 2 : 0;
	int cells = min_int(SPARK_CELLS, f->s->cols - 1 - NOTE_X - taken);

	if (!f->wide || cells < 5)
		return;
	series_read(model_total(f->v->ctx->model, which), clock_mono_ms(f->v->ctx->clock), 2000,
		values, SPARK_CELLS);
	spark_draw(f->s, NOTE_X, f->y - 1, cells, STYLE_NORMAL, values, SPARK_CELLS, 0);
	if (taken)
		surface_put(f->s, NOTE_X + cells + 2, f->y - 1, STYLE_DIM, buf_str(note));
}

static void put_flow(struct figures *f, const struct totals *t)
{
	fmt_rate(&f->text, t->in_records);
	if (t->in_records >= 0)
		buf_puts(&f->text, " rec/s");
	put_figure(f, "in", STYLE_NORMAL, NULL);
	put_spark(f, TOTAL_IN_RECORDS, NULL);
	if (f->low)
		return;
	fmt_bytes_rate(&f->text, t->in_bytes);
	if (t->in_bytes >= 0)
		buf_puts(&f->text, "/s");
	put_figure(f, "", STYLE_NORMAL, NULL);
	put_spark(f, TOTAL_IN_BYTES, NULL);
}

static void put_lag(struct figures *f, const struct cluster *c)
{
	const struct totals *t = &c->totals;
	enum style style = STYLE_NORMAL;
	struct buf note = BUF_EMPTY;

	if (!view_part_cell(&c->group_list, clock_mono_ms(f->v->ctx->clock), &f->text, &style))
		fmt_count_about(&f->text, t->lag, t->lag_about);
	put_figure(f, "lag", style, NULL);
	if (t->groups_known < t->groups)
		fmt_things_of(&note, t->groups_known, t->groups, "group");
	put_spark(f, TOTAL_LAG, &note);
	buf_fini(&note);
}

static void put_partitions(struct figures *f, const struct totals *t)
{
	if (f->wide)
		fmt_things(&f->text, t->partitions, "partition");
	else
		fmt_count(&f->text, t->partitions);
	if (f->wide && t->internal_topics) {
		buf_puts(&f->text, ", with ");
		fmt_things(&f->text, t->internal_topics, "internal topic");
	}
	put_beside(f, "partitions", false);
}

static int draw_figures(struct overview *v, const struct cluster *c, const struct surface *s)
{
	const struct totals *t = &c->totals;
	struct figures f = {
		.v = v, .s = s, .low = s->rows < LOW_ROWS, .wide = s->cols >= WIDE_COLS};
	char below[64];

	buf_printf(&f.text, "%d of %d up", t->brokers_up, t->brokers);
	put_figure(&f, "brokers", t->brokers_up < t->brokers ? STYLE_ERROR : STYLE_NORMAL, NULL);
	cluster_put_controller(&f.text, c);
	put_beside(&f, "controller", true);
	put_number(&f, "topics", t->topics, STYLE_NORMAL, NULL);
	put_partitions(&f, t);
	if (t->below_min_isr)
		snprintf(below, sizeof(below), "! %d below min ISR: acks=all is refused",
			t->below_min_isr);
	put_number(&f, "under-repl.", t->under, STYLE_WARN,
		t->below_min_isr ? below : "! a replica is behind or down");
	put_number(&f, "offline", t->offline + t->orphans, STYLE_ERROR,
		t->orphans ? "✗ no leader that answers: neither written nor read"
			   : "✗ no leader: neither written nor read");
	fmt_count_about(&f.text, t->records, t->records_about);
	put_figure(&f, "records", STYLE_NORMAL, NULL);
	if (!f.wide || t->size >= 0)
		fmt_bytes(&f.text, t->size);
	put_beside(&f, "size", false);
	put_flow(&f, t);
	put_lag(&f, c);
	buf_fini(&f.text);
	return f.y;
}

/* ---- before there is anything ---------------------------------------------------------------- */

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
		"n   three brokers that stay: kdeck up; kdeck down ends them\n"
		"d   the demo: three brokers with sample traffic, gone when you leave\n\n"
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

/* Tells the source which groups are seen, and of which topics it matters how many replicas must be
 * in sync. */
static void want(struct overview *v)
{
	const struct trouble *t = &v->trouble;
	const struct cluster *c = view_cluster(v->ctx);
	struct str names[OVERVIEW_GROUPS], topics[OVERVIEW_PROBLEMS];
	struct source_want w = {.groups = names, .n_groups = t->n_groups, .visible = topics};

	for (size_t i = 0; i < t->n_groups; i++)
		names[i] = t->groups[i]->name;
	for (size_t i = 0; i < c->n_topics && w.n_visible < OVERVIEW_PROBLEMS; i++)
		if (c->topics[i]->n_under)
			topics[w.n_visible++] = c->topics[i]->name;
	source_want(v->ctx->source, &w);
}

/* Kept free for changes: the rule and one of them, on a higher screen as many as a lost broker
 * makes. */
#define CHANGES_ROWS      2
#define CHANGES_ROWS_HIGH 5
#define HIGH_ROWS         24

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
	trouble_find(&v->trouble, c);
	want(v);
	y = draw_figures(v, c, &rest);
	if (rest.rows < LOW_ROWS) {
		trouble_draw_low(&v->trouble, c, clock_mono_ms(v->ctx->clock), &rest, y);
		return;
	}
	y++;
	y = trouble_draw(&v->trouble, c, clock_mono_ms(v->ctx->clock), &rest, y, rest.rows - y,
		rest.rows >= HIGH_ROWS ? CHANGES_ROWS_HIGH : CHANGES_ROWS);
	overview_changes_draw(v, &rest, y);
}

static void jump(struct overview *v)
{
	const struct problem *p;
	const struct group *g;
	char broker[16] = "";

	trouble_find(&v->trouble, view_cluster(v->ctx));
	p = trouble_problem(&v->trouble);
	g = trouble_group(&v->trouble);
	if (p && !p->topic)
		snprintf(broker, sizeof(broker), "%d", p->broker);
	if (g)
		view_push(v->ctx, SCREEN_GROUP, g->name.p);
	else if (p && p->topic)
		view_push(v->ctx, SCREEN_TOPIC, p->topic->name_z);
	else
		view_replace(v->ctx, p ? SCREEN_BROKERS : SCREEN_TOPICS, p ? broker : NULL);
}

static unsigned overview_event(void *view, const struct event *e)
{
	struct overview *v = view;
	bool down, up;

	if (e->type != EVENT_KEY)
		return VIEW_IGNORED;
	down = key_is(e->key, K_DOWN) || key_is(e->key, 'j');
	up = key_is(e->key, K_UP) || key_is(e->key, 'k');
	if (!down && !up)
		return VIEW_IGNORED;
	trouble_find(&v->trouble, view_cluster(v->ctx));
	trouble_move(&v->trouble, down);
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
	struct overview *v = view;
	const struct group *g;
	struct action_var var = {"group", STR_NULL};

	trouble_find(&v->trouble, view_cluster(v->ctx));
	g = trouble_group(&v->trouble);
	if (g)
		var.value = g->name;
	if (g && id == ACTION_COUNT)
		action_expand(out, actions[ACTION_GROUP_DESCRIBE].command, &var, 1);
	else
		buf_puts(out, "kdeck snapshot");
}

/* The group under the cursor, whose row may have been too short. */
static void explain_group(const struct overview *v, const struct group *g, struct buf *out)
{
	buf_printf(out, "%s   %s\n\n", g->name.p, verdict_name((enum verdict)g->lag.verdict));
	group_put_reason(out, g, clock_mono_ms(v->ctx->clock));
	buf_puts(out, "\n\nlag       ");
	fmt_count_about(out, g->lag.records, g->lag.about);
	buf_puts(out, "\nage       ");
	lag_put_age(out, &g->lag);
	buf_puts(out, "\nnet       ");
	fmt_growth(out, lag_net(&g->lag));
	buf_puts(out, "/s\ncatch-up  ");
	lag_put_catch_up(out, &g->lag);
	buf_puts(out, "\n\n");
}

static void overview_explain(void *view, struct buf *out)
{
	struct overview *v = view;

	trouble_find(&v->trouble, view_cluster(v->ctx));
	if (trouble_group(&v->trouble))
		explain_group(v, trouble_group(&v->trouble), out);
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
		"in           records a second, the mean of the last ten seconds.\n"
		"lag          records that consumer groups have not read yet, summed up over all "
		"groups. ≈ where not every group is known yet.\n");
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
