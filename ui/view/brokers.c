/* Screen 2: the brokers, a row each; a dead one is a red row, not an error page. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "view/common.h"

enum {
	COL_ID,
	COL_ADDRESS,
	COL_RACK,
	COL_STATE,
	COL_CTRL,
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
	[COL_ADDRESS] = {"ADDRESS", 10, 22, 40, 0, ALIGN_LEFT},
	[COL_RACK] = {"RACK", 4, 8, 16, 9, ALIGN_LEFT},
	[COL_STATE] = {"STATE", 7, 8, 10, 0, ALIGN_LEFT},
	[COL_CTRL] = {"CTRL", 4, 4, 4, 4, ALIGN_LEFT},
	[COL_LEADERS] = {"LEADERS", 7, 8, 10, 2, ALIGN_RIGHT},
	[COL_REPLICAS] = {"REPLICAS", 8, 8, 10, 3, ALIGN_RIGHT},
	[COL_BEHIND] = {"BEHIND", 6, 7, 9, 5, ALIGN_RIGHT},
	[COL_DISK] = {"DISK", 7, 9, 10, 6, ALIGN_RIGHT},
	[COL_FREE] = {"FREE", 7, 9, 10, 8, ALIGN_RIGHT},
	[COL_IN] = {"IN/S", 5, 8, 10, 7, ALIGN_RIGHT},
	[COL_SINCE] = {"SINCE", 6, 9, 12, 10, ALIGN_RIGHT},
};

struct brokers {
	struct view_ctx *ctx;
	struct table table;
};

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct brokers *v = arg;
	const struct cluster *c = view_cluster(v->ctx);
	const struct broker *b = &c->brokers[row];
	int64_t now = clock_mono_ms(v->ctx->clock);

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
		buf_puts(text, broker_state_name(b->state));
		if (b->state == BROKER_UP)
			*style = STYLE_OK;
		break;
	case COL_CTRL:
		buf_puts(text, b->id == c->controller ? "ctrl" : "");
		break;
	case COL_LEADERS:
		fmt_count(text, b->n_leaders);
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
	struct brokers *v = arg;

	return (uint64_t)view_cluster(v->ctx)->brokers[row].id + 1;
}

static enum table_row_kind row_kind(void *arg, size_t row, enum style *style)
{
	struct brokers *v = arg;
	enum broker_state state = view_cluster(v->ctx)->brokers[row].state;

	if (state == BROKER_DOWN)
		*style = STYLE_ERROR;
	else if (state == BROKER_STALE)
		*style = STYLE_DIM;
	return TABLE_ROW;
}

static const struct table_ops table_ops = {cell, row_id, row_kind};

static void *brokers_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct brokers *v = ALLOC(struct brokers);

	(void)arg;
	(void)e;
	v->ctx = ctx;
	table_init(&v->table, cols, COL_COUNT, &table_ops, v);
	v->table.sort_col = COL_ID;
	v->table.empty = "no broker has answered yet";
	return v;
}

static void brokers_close(void *view)
{
	struct brokers *v = view;

	table_fini(&v->table);
	free(v);
}

static const struct broker *at_cursor(struct brokers *v)
{
	const struct cluster *c = view_cluster(v->ctx);

	return v->table.cursor < c->n_brokers ? &c->brokers[v->table.cursor] : NULL;
}

static void brokers_draw(void *view, const struct surface *s)
{
	struct brokers *v = view;
	struct surface top = surface_sub(s, 0, 0, s->cols, s->rows - 2);
	const struct broker *b;

	table_set_rows(&v->table, view_cluster(v->ctx)->n_brokers);
	table_draw(&v->table, &top);
	b = at_cursor(v);
	if (b && b->why[0])
		view_label(s, 1, s->rows - 1, "!", STYLE_WARN, "broker %d: %s", b->id, b->why);
}

static unsigned brokers_event(void *view, const struct event *e)
{
	struct brokers *v = view;
	unsigned effect = table_event(&v->table, e);

	if (effect & WIDGET_SUBMIT)
		return VIEW_IGNORED;
	return view_table_effect(effect);
}

static void elected(void *arg, const struct err *e)
{
	view_outcome(arg, e, "preferred leaders elected");
}

static unsigned brokers_action(void *view, enum action_id id)
{
	struct brokers *v = view;

	if (id == ACTION_BROKER_ELECT)
		source_elect(v->ctx->source, NULL, -1, elected, v->ctx);
	else if (id == ACTION_ENTER)
		view_replace(v->ctx, SCREEN_TOPICS, NULL);
	else
		return VIEW_IGNORED;
	return VIEW_HANDLED;
}

static bool brokers_allowed(void *view, enum action_id id, struct buf *reason)
{
	(void)view;
	if (actions[id].flags & ACTION_BUNDLED) {
		buf_puts(reason, "not in this version: kdeck runs one broker so far");
		return false;
	}
	return true;
}

static void brokers_copy(void *view, struct buf *out)
{
	struct brokers *v = view;

	if (at_cursor(v))
		table_row_text(&v->table, v->table.cursor, '\t', out);
}

static void brokers_explain(void *view, struct buf *out)
{
	(void)view;
	buf_puts(out, "LEADERS   partitions whose reads and writes this broker serves\n"
		      "REPLICAS  partitions of which it should hold a copy\n"
		      "BEHIND    of those, the ones that are not in sync\n"
		      "DISK      bytes of its copies; FREE: what is left on that volume\n"
		      "IN/S      records a second of the partitions it leads, mean of ten seconds\n"
		      "ctrl      the controller: it decides who leads what\n");
}

static int64_t brokers_age(const void *view)
{
	const struct brokers *v = view;

	return view_age(v->ctx, &view_cluster(v->ctx)->metadata);
}

const struct view_ops view_brokers = {
	.screen = SCREEN_BROKERS,
	.title = "brokers",
	.open = brokers_open,
	.close = brokers_close,
	.draw = brokers_draw,
	.event = brokers_event,
	.action = brokers_action,
	.allowed = brokers_allowed,
	.copy = brokers_copy,
	.explain = brokers_explain,
	.age_ms = brokers_age,
};
