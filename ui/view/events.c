/* Screen E: what changed, newest first, with what the user did and the command that would do it. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "model/filter.h"
#include "view/export.h"

enum { COL_TIME, COL_KIND, COL_WHERE, COL_WHAT, COL_COUNT };

static const struct table_col cols[COL_COUNT] = {
	[COL_TIME] = {"TIME", 8, 8, 8, 0, ALIGN_LEFT},
	[COL_KIND] = {"KIND", 8, 14, 16, 2, ALIGN_LEFT},
	[COL_WHERE] = {"WHERE", 8, 18, 40, 0, ALIGN_LEFT},
	[COL_WHAT] = {"WHAT", 20, 40, 0, 0, ALIGN_LEFT},
};

struct events {
	struct view_ctx *ctx;
	struct table table;
	struct filter filter;
	VEC(size_t) rows; /* places in the changes */
	struct formbox box;
	struct export export;
};

static const struct change *at(const struct events *v, size_t row)
{
	return row < v->rows.n ? changes_at(model_changes(v->ctx->model), v->rows.v[row]) : NULL;
}

static void put_where(struct buf *out, const struct change *c)
{
	if (c->topic)
		buf_puts(out, c->topic);
	else if (c->broker >= 0)
		buf_printf(out, "broker %d", c->broker);
	else
		buf_putc(out, '-');
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	const struct change *c = at(arg, row);

	if (!c)
		return;
	if (c->kind == CHANGE_BROKER_LOST || c->kind == CHANGE_FAILED)
		*style = STYLE_ERROR;
	switch (col) {
	case COL_TIME:
		fmt_clock(text, c->wall_ms);
		break;
	case COL_KIND:
		buf_puts(text, change_kind_name(c->kind));
		break;
	case COL_WHERE:
		put_where(text, c);
		break;
	case COL_WHAT:
		change_put(text, c, false);
		break;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	const struct change *c = at(arg, row);

	return c ? c->id : 0;
}

static const struct table_ops table_ops = {cell, row_id, NULL};

static void update(struct events *v)
{
	const struct changes *all = model_changes(v->ctx->model);
	const struct change *c;

	vec_clear(&v->rows);
	for (size_t i = 0; (c = changes_at(all, i)); i++) {
		struct buf text = BUF_EMPTY;
		change_put(&text, c, true);
		if (filter_match(&v->filter, buf_str(&text)))
			vec_push(&v->rows, i);
		buf_fini(&text);
	}
	table_set_rows(&v->table, v->rows.n);
}

static void *events_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct events *v = ALLOC(struct events);

	(void)arg;
	(void)e;
	v->ctx = ctx;
	filter_init(&v->filter);
	table_init(&v->table, cols, COL_COUNT, &table_ops, v);
	v->table.sort_col = -1;
	v->table.empty = "nothing has changed since this console started";
	update(v);
	return v;
}

static void events_close(void *view)
{
	struct events *v = view;

	formbox_close(&v->box);
	table_fini(&v->table);
	filter_fini(&v->filter);
	vec_fini(&v->rows);
	free(v);
}

static void events_draw(void *view, const struct surface *s)
{
	struct events *v = view;

	update(v);
	table_draw(&v->table, s);
	formbox_draw(&v->box, s);
}

static unsigned events_event(void *view, const struct event *e)
{
	struct events *v = view;
	unsigned effect;

	if (v->box.open)
		return formbox_event(&v->box, e);
	update(v);
	effect = table_event(&v->table, e);
	return effect & WIDGET_SUBMIT ? VIEW_IGNORED : view_table_effect(effect);
}

static unsigned events_action(void *view, enum action_id id)
{
	struct events *v = view;
	const struct change *c = at(v, v->table.cursor);

	if (id == ACTION_EXPORT) {
		v->export = (struct export){.ctx = v->ctx, .table = &v->table, .stem = "events"};
		export_open(&v->export, &v->box);
		return VIEW_HANDLED;
	}
	if (id != ACTION_ENTER)
		return VIEW_IGNORED;
	if (c && c->topic && cluster_topic(view_cluster(v->ctx), str_of(c->topic)))
		view_push(v->ctx, SCREEN_TOPIC, c->topic);
	return VIEW_HANDLED;
}

static enum view_focus events_focus(const void *view)
{
	return ((const struct events *)view)->box.open ? VIEW_MODAL : VIEW_KEYS;
}

static bool events_allowed(void *view, enum action_id id, struct buf *reason)
{
	struct events *v = view;

	if (id == ACTION_SORT || id == ACTION_SORT_TURN)
		buf_puts(reason, "events stand in the order they came, newest first");
	else if ((id == ACTION_EXPORT || id == ACTION_MARK) && !v->table.n_rows)
		buf_puts(reason, "nothing has changed yet");
	return reason->n == 0;
}

static void events_filter(void *view, struct str text)
{
	struct events *v = view;

	filter_set(&v->filter, text, NULL);
	view_table_filter(&v->table, text);
	update(v);
}

static void events_command(void *view, enum action_id id, struct buf *out)
{
	struct events *v = view;
	const struct change *c = at(v, v->table.cursor);

	(void)id;
	if (c && c->command)
		buf_puts(out, c->command);
}

static void events_copy(void *view, struct buf *out)
{
	struct events *v = view;

	view_table_copy(&v->table, out);
}

static void events_explain(void *view, struct buf *out)
{
	(void)view;
	buf_puts(out,
		"What this console saw change, newest first.\n\n"
		"leader  an election: another broker leads the partition. Each election raises the "
		"leader epoch, so that an old leader is recognised.\n"
		"isr     the in-sync replicas: who may become leader without losing what was "
		"acknowledged.\n"
		"action  what was done from here; y copies the shell command that does the "
		"same.\n");
}

const struct view_ops view_events = {
	.screen = SCREEN_EVENTS,
	.title = "events",
	.open = events_open,
	.close = events_close,
	.draw = events_draw,
	.event = events_event,
	.action = events_action,
	.focus = events_focus,
	.allowed = events_allowed,
	.filter = events_filter,
	.command = events_command,
	.copy = events_copy,
	.explain = events_explain,
};
