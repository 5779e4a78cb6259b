/* Screen 2: the brokers, a row each; a dead one is a red row, not an error page. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "view/brokers_actions.h"
#include "view/list.h"

enum {
	COL_ID,
	COL_ADDRESS,
	COL_RACK,
	COL_STATE,
	COL_LEADERS,
	COL_REPLICAS,
	COL_BEHIND,
	COL_DISK,
	COL_FREE,
	COL_IN,
	COL_SINCE,
	COL_COUNT
};

static const struct table_col cols[COL_COUNT] = {
	[COL_ID] = {"ID", 4, 5, 10, 0, ALIGN_RIGHT},
	[COL_ADDRESS] = {"ADDRESS", 15, 22, 40, 0, ALIGN_LEFT},
	[COL_RACK] = {"RACK", 4, 8, 16, 9, ALIGN_LEFT},
	[COL_STATE] = {"STATE", 10, 10, 12, 0, ALIGN_LEFT},
	[COL_LEADERS] = {"LEADERS", 7, 8, 10, 2, ALIGN_RIGHT},
	[COL_REPLICAS] = {"REPLICAS", 8, 8, 10, 3, ALIGN_RIGHT},
	[COL_BEHIND] = {"BEHIND", 6, 7, 9, 5, ALIGN_RIGHT},
	[COL_DISK] = {"DISK", 8, 9, 10, 8, ALIGN_RIGHT},
	[COL_FREE] = {"FREE", 8, 9, 10, 10, ALIGN_RIGHT},
	[COL_IN] = {"IN/S", 5, 7, 10, 6, ALIGN_RIGHT},
	[COL_SINCE] = {"SINCE", 9, 9, 12, 4, ALIGN_RIGHT},
};

struct brokers {
	struct view_ctx *ctx;
	struct view_list list; /* places in the cluster's brokers */
	struct brokers_actions actions;
	int32_t first; /* the cursor goes to it when it is there; -1 */
};

/* Rows are told before a snapshot, cells asked after it: a broker may have gone meanwhile. */
static const struct broker *at(const struct brokers *v, size_t row)
{
	const struct cluster *c = view_cluster(v->ctx);

	return row < v->list.rows.n && v->list.rows.v[row] < c->n_brokers
		       ? &c->brokers[v->list.rows.v[row]]
		       : NULL;
}

static void put_state(
	const struct cluster *c, const struct broker *b, struct buf *text, enum style *style)
{
	buf_puts(text, broker_word(b));
	if (b->id == c->controller && broker_is_up(b))
		buf_puts(text, ", ctrl");
	if (b->fault[0] || b->trouble[0])
		buf_puts(text, " !");
	if (b->fault[0] || b->trouble[0] || b->process == PROCESS_PAUSED)
		*style = STYLE_WARN;
	else if (b->state == BROKER_UP)
		*style = STYLE_OK;
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct brokers *v = arg;
	const struct cluster *c = view_cluster(v->ctx);
	const struct broker *b = at(v, row);
	int64_t now = clock_mono_ms(v->ctx->clock);

	if (!b)
		return;
	switch (col) {
	case COL_ID:
		buf_printf(text, "%d", b->id);
		break;
	case COL_ADDRESS:
		if (b->host[0])
			buf_printf(text, "%s:%d", b->host, b->port);
		else
			buf_puts(text, "-");
		break;
	case COL_RACK:
		buf_puts(text, b->rack[0] ? b->rack : "-");
		break;
	case COL_STATE:
		put_state(c, b, text, style);
		break;
	case COL_LEADERS:
		fmt_count(text, b->n_leaders);
		if (b->n_leaders && broker_is_gone(b))
			*style = STYLE_ERROR;
		break;
	case COL_REPLICAS:
		fmt_count(text, b->n_replicas);
		break;
	case COL_BEHIND:
		fmt_count(text, b->n_out_of_sync);
		if (b->n_out_of_sync)
			*style = STYLE_WARN;
		break;
	case COL_DISK:
		if (!view_part_cell(&b->log_dirs, now, text, style))
			fmt_bytes(text, b->disk_bytes);
		break;
	case COL_FREE:
		if (!view_part_cell(&b->log_dirs, now, text, style))
			fmt_bytes(text, b->disk_free);
		break;
	case COL_IN:
		fmt_rate(text, b->in_records);
		break;
	case COL_SINCE:
		fmt_age(text, now - b->since_ms);
		break;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	const struct broker *b = at(arg, row);

	return b ? (uint64_t)b->id + 1 : 0;
}

static enum table_row_kind row_kind(void *arg, size_t row, enum style *style)
{
	const struct broker *b = at(arg, row);

	if (b && b->state == BROKER_DOWN)
		*style = STYLE_ERROR;
	else if (b && b->state == BROKER_STALE)
		*style = STYLE_DIM;
	return TABLE_ROW;
}

static const struct table_ops table_ops = {cell, row_id, row_kind};

/* ---- rows ---------------------------------------------------------------------------------- */

static double figure(const struct broker *b, int col)
{
	switch (col) {
	case COL_STATE:
		return b->state;
	case COL_LEADERS:
		return b->n_leaders;
	case COL_REPLICAS:
		return b->n_replicas;
	case COL_BEHIND:
		return b->n_out_of_sync;
	case COL_DISK:
		return (double)b->disk_bytes;
	case COL_FREE:
		return (double)b->disk_free;
	case COL_IN:
		return isnan(b->in_records) ? -1 : b->in_records;
	case COL_SINCE:
		return -(double)b->since_ms;
	}
	return b->id;
}

/* Below 0: x stands before y. Equal ones by id. */
static int compare(const struct brokers *v, const struct broker *x, const struct broker *y)
{
	int col = v->list.table.sort_col, order;
	double a = figure(x, col), b = figure(y, col);

	if (col == COL_ADDRESS)
		order = strcmp(x->host, y->host);
	else if (col == COL_RACK)
		order = strcmp(x->rack, y->rack);
	else
		order = (a > b) - (a < b);
	if (!order)
		return x->id < y->id ? -1 : 1;
	return v->list.table.sort_desc ? -order : order;
}

static bool takes(const struct brokers *v, const struct broker *b)
{
	char text[400];

	snprintf(text, sizeof(text), "%d %s:%d %s %s", b->id, b->host, b->port, b->rack,
		broker_state_name(b->state));
	return filter_match(&v->list.filter, str_of(text));
}

/* By insertion: a cluster has tens of brokers, and they are nearly in order. */
static void fill(void *arg)
{
	struct brokers *v = arg;
	const struct cluster *c = view_cluster(v->ctx);

	for (size_t i = 0; i < c->n_brokers; i++) {
		size_t to = v->list.rows.n;
		if (!takes(v, &c->brokers[i]))
			continue;
		vec_push(&v->list.rows, (uint32_t)i);
		for (; to > 0 &&
			compare(v, &c->brokers[i], &c->brokers[v->list.rows.v[to - 1]]) < 0;
			to--)
			v->list.rows.v[to] = v->list.rows.v[to - 1];
		v->list.rows.v[to] = (uint32_t)i;
	}
}

/* To the broker that the screen was opened for, once it is listed. */
static void find_first(struct brokers *v)
{
	for (size_t i = 0; v->first >= 0 && i < v->list.rows.n; i++)
		if (at(v, i)->id == v->first) {
			table_set_cursor(&v->list.table, i);
			v->first = -1;
		}
}

static void *brokers_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct brokers *v = ALLOC(struct brokers);

	(void)e;
	v->ctx = ctx;
	v->first = arg && *arg ? (int32_t)strtol(arg, NULL, 10) : -1;
	brokers_actions_init(&v->actions, ctx);
	view_list_init(&v->list, ctx, cols, COL_COUNT, &table_ops, fill, v);
	v->list.table.sort_col = COL_ID;
	view_list_update(&v->list);
	find_first(v);
	return v;
}

static void brokers_close(void *view)
{
	struct brokers *v = view;

	brokers_actions_fini(&v->actions);
	view_list_fini(&v->list);
	free(v);
}

static const struct broker *at_cursor(struct brokers *v)
{
	return at(v, v->list.table.cursor);
}

/* What is the matter with the broker under the cursor. */
static void draw_note(const struct broker *b, const struct surface *s)
{
	const char *what = b->fault[0] ? b->fault : b->trouble[0] ? b->trouble : b->why;

	if (b->process == PROCESS_ENDED)
		what = "its process has ended: m t starts it again";
	else if (b->process == PROCESS_PAUSED)
		what = "its process is paused: m t lets it go on";
	if (what[0])
		view_label(s, 1, s->rows - 1, "!", STYLE_WARN, "broker %d: %s", b->id, what);
}

static void brokers_draw(void *view, const struct surface *s)
{
	struct brokers *v = view;
	struct surface top = surface_sub(s, 0, 0, s->cols, s->rows - 2);

	view_list_update(&v->list);
	find_first(v);
	if (at_cursor(v))
		draw_note(at_cursor(v), s);
	view_list_draw(
		&v->list, &top, s, "no broker has answered yet", "no broker matches the filter");
	formbox_draw(&v->actions.box, s);
}

static unsigned brokers_event(void *view, const struct event *e)
{
	struct brokers *v = view;

	v->first = -1; /* whoever moves decides */
	return v->actions.box.open ? formbox_event(&v->actions.box, e)
				   : view_list_event(&v->list, e);
}

static enum view_focus brokers_focus(const void *view)
{
	const struct brokers *v = view;

	return v->actions.box.open ? VIEW_MODAL : view_list_focus(&v->list);
}

static void brokers_filter(void *view, struct str text)
{
	view_list_filter(&((struct brokers *)view)->list, text);
}

/* ---- actions ------------------------------------------------------------------------------- */

static void elected(void *arg, const struct err *e)
{
	view_outcome(arg, e, "preferred leaders elected");
}

static void sort(struct brokers *v, bool turn)
{
	if (turn)
		v->list.table.sort_desc = !v->list.table.sort_desc;
	else
		table_sort_next(&v->list.table);
	if (v->list.table.sort_col < 0)
		v->list.table.sort_col = COL_ID;
	view_list_update(&v->list);
}

static unsigned brokers_action(void *view, enum action_id id)
{
	struct brokers *v = view;

	if (id == ACTION_BROKER_ELECT) {
		source_elect(v->ctx->source, NULL, -1, elected, v->ctx);
	} else if (id == ACTION_ENTER) {
		if (at_cursor(v))
			brokers_show_partitions(v->ctx, at_cursor(v));
	} else if (id == ACTION_SORT || id == ACTION_SORT_TURN) {
		sort(v, id == ACTION_SORT_TURN);
	} else if (id == ACTION_EXPORT) {
		view_list_export(&v->list, "brokers");
	} else if (!brokers_actions_do(&v->actions, id, at_cursor(v))) {
		return VIEW_IGNORED;
	}
	return VIEW_HANDLED | VIEW_REDRAW;
}

static bool brokers_allowed(void *view, enum action_id id, struct buf *reason)
{
	struct brokers *v = view;

	return brokers_actions_allowed(&v->actions, id, at_cursor(v), reason);
}

/* What starts it again where it has ended; else what the screen shows, in a shell. */
static void brokers_command(void *view, enum action_id id, struct buf *out)
{
	struct brokers *v = view;
	const struct broker *b = at_cursor(v);
	bool here = b && b->process != PROCESS_ELSEWHERE;

	(void)id;
	if (here && b->process != PROCESS_RUNS)
		(void)source_broker_can(v->ctx->source,
			b->process == PROCESS_PAUSED ? BROKER_CONTINUE : BROKER_START, b->id, out,
			NULL);
	else
		buf_puts(out, "kdeck snapshot");
}

static void brokers_copy(void *view, struct buf *out)
{
	struct brokers *v = view;

	view_table_copy(&v->list.table, out);
}

static void brokers_subject(const void *view, struct buf *out)
{
	const struct brokers *v = view;
	const struct broker *b = at(v, v->list.table.cursor);

	if (b)
		buf_printf(out, "broker %d", b->id);
}

static void brokers_save(const void *view, struct buf *out)
{
	const struct brokers *v = view;
	const struct broker *b = at(v, v->list.table.cursor);

	if (b)
		buf_printf(out, "%d", b->id);
}

static void brokers_explain(void *view, struct buf *out)
{
	(void)view;
	buf_puts(out, "LEADERS   partitions whose reads and writes this broker serves\n"
		      "REPLICAS  partitions of which it should hold a copy\n"
		      "BEHIND    of those, the ones that are not in sync\n"
		      "DISK      bytes of its copies; FREE: what is left on that volume\n"
		      "IN/S      records a second of the partitions it leads, mean of ten seconds\n"
		      "SINCE     how long it has been in this state, as seen from here\n"
		      "ctrl      the controller: it decides who leads what\n\n"
		      "up        it answers\n"
		      "stale     the cluster lists it, and it does not answer this console\n"
		      "paused    its process is held up (SIGSTOP): alive, and silent; the cluster "
		      "gives it up after broker.session.timeout.ms, 9 s unless set\n"
		      "down      the cluster has given it up, or its process has ended\n"
		      "!         something was done to it, which stands under the table\n\n"
		      "A broker that kdeck up or kdeck demo runs on this machine can be stopped, "
		      "killed, paused and started from here; any cluster elects preferred "
		      "leaders.\n");
}

const struct view_ops view_brokers = {
	.screen = SCREEN_BROKERS,
	.title = "brokers",
	.open = brokers_open,
	.close = brokers_close,
	.draw = brokers_draw,
	.event = brokers_event,
	.focus = brokers_focus,
	.filter = brokers_filter,
	.action = brokers_action,
	.allowed = brokers_allowed,
	.command = brokers_command,
	.subject = brokers_subject,
	.save = brokers_save,
	.copy = brokers_copy,
	.explain = brokers_explain,
};
