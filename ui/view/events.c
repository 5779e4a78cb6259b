/* Screen E: what changed, newest first, with what the user did and the command that would do it. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "model/group.h"
#include "view/list.h"

enum { COL_TIME, COL_KIND, COL_WHERE, COL_WHAT, COL_COUNT };

static const struct table_col cols[COL_COUNT] = {
	[COL_TIME] = {"TIME", 8, 8, 8, 0, ALIGN_LEFT},
	[COL_KIND] = {"KIND", 8, 15, 15, 2, ALIGN_LEFT},
	[COL_WHERE] = {"WHERE", 12, 18, 20, 0, ALIGN_LEFT},
	[COL_WHAT] = {"WHAT", 15, 76, 0, 0, ALIGN_LEFT},
};

#define DETAIL_FROM 12 /* rows of the screen; less: the table needs them all */
#define DETAIL_ROWS 3  /* a blank one and two of text */

struct events {
	struct view_ctx *ctx;
	struct view_list list; /* places in the changes */
};

static const struct change *at(const struct events *v, size_t row)
{
	return row < v->list.rows.n ? changes_at(model_changes(v->ctx->model), v->list.rows.v[row])
				    : NULL;
}

static void put_where(struct buf *out, const struct change *c)
{
	if (c->group)
		buf_puts(out, c->group);
	else if (c->topic)
		buf_puts(out, c->topic);
	else if (c->broker >= 0)
		buf_printf(out, "broker %d", c->broker);
	else
		buf_putc(out, '-');
}

static enum style style_of(const struct change *c)
{
	if (c->kind == CHANGE_BROKER_LOST || c->kind == CHANGE_FAILED)
		return STYLE_ERROR;
	return c->kind == CHANGE_BROKER_STOPPED || c->kind == CHANGE_REWIND ||
			       c->kind == CHANGE_COMMITS_STOPPED
		       ? STYLE_WARN
		       : STYLE_NORMAL;
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	const struct change *c = at(arg, row);

	if (!c)
		return;
	*style = style_of(c);
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

/* What is on the row can be asked for, the kind of event too. */
static void fill(void *arg)
{
	struct events *v = arg;
	const struct changes *all = model_changes(v->ctx->model);
	struct buf text = BUF_EMPTY;
	const struct change *c;

	for (uint32_t i = 0; (c = changes_at(all, i)); i++) {
		buf_clear(&text);
		buf_printf(&text, "%s  ", change_kind_name(c->kind));
		put_where(&text, c);
		buf_puts(&text, "  ");
		change_put(&text, c, false);
		if (filter_match(&v->list.filter, buf_str(&text)))
			vec_push(&v->list.rows, i);
	}
	buf_fini(&text);
}

static void *events_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct events *v = ALLOC(struct events);

	(void)arg;
	(void)e;
	v->ctx = ctx;
	view_list_init(&v->list, ctx, cols, COL_COUNT, &table_ops, fill, v);
	view_list_update(&v->list);
	return v;
}

static void events_close(void *view)
{
	struct events *v = view;

	view_list_fini(&v->list);
	free(v);
}

/* The row under the cursor in full. */
static void draw_detail(const struct events *v, const struct surface *s)
{
	const struct change *c = at(v, v->list.table.cursor);
	struct surface lines = surface_sub(s, 1, 0, s->cols - 2, s->rows);
	struct buf text = BUF_EMPTY;

	if (c) {
		change_put(&text, c, true);
		(void)wrap_draw(&lines, style_of(c), buf_str(&text), 0);
	}
	buf_fini(&text);
}

static void events_draw(void *view, const struct surface *s)
{
	struct events *v = view;
	int detail = v->list.table.n_rows && s->rows >= DETAIL_FROM ? DETAIL_ROWS : 0;
	struct surface table = surface_sub(s, 0, 0, s->cols, s->rows - detail);
	struct surface low = surface_sub(s, 0, s->rows - detail + 1, s->cols, detail - 1);

	if (detail)
		draw_detail(v, &low);
	view_list_draw(&v->list, &table, s, "nothing has changed since this console started",
		"no event matches the filter");
}

static unsigned events_event(void *view, const struct event *e)
{
	return view_list_event(&((struct events *)view)->list, e);
}

static unsigned events_action(void *view, enum action_id id)
{
	struct events *v = view;
	const struct change *c = at(v, v->list.table.cursor);

	if (id == ACTION_EXPORT) {
		view_list_export(&v->list, "events");
		return VIEW_HANDLED;
	}
	if (id != ACTION_ENTER)
		return VIEW_IGNORED;
	if (c && c->group && cluster_group(view_cluster(v->ctx), str_of(c->group)))
		view_push(v->ctx, SCREEN_GROUP, c->group);
	else if (c && c->topic && cluster_topic(view_cluster(v->ctx), str_of(c->topic)))
		view_push(v->ctx, SCREEN_TOPIC, c->topic);
	return VIEW_HANDLED;
}

static enum view_focus events_focus(const void *view)
{
	return view_list_focus(&((const struct events *)view)->list);
}

static bool events_allowed(void *view, enum action_id id, struct buf *reason)
{
	struct events *v = view;

	if (id == ACTION_SORT || id == ACTION_SORT_TURN)
		buf_puts(reason, "events stand in the order they came, newest first");
	else if ((id == ACTION_EXPORT || id == ACTION_MARK) && !v->list.table.n_rows)
		buf_puts(reason, "nothing has changed yet");
	return reason->n == 0;
}

static void events_filter(void *view, struct str text)
{
	view_list_filter(&((struct events *)view)->list, text);
}

static void events_command(void *view, enum action_id id, struct buf *out)
{
	struct events *v = view;
	const struct change *c = at(v, v->list.table.cursor);

	(void)id;
	if (c && c->command)
		buf_puts(out, c->command);
}

static void events_copy(void *view, struct buf *out)
{
	struct events *v = view;

	view_table_copy(&v->list.table, out);
}

static void events_explain(void *view, struct buf *out)
{
	(void)view;
	buf_puts(out,
		"What this console saw change, newest first.\n\n"
		"election  another broker leads the partition. Each election raises the "
		"leader epoch, so that an old leader is recognised.\n"
		"ISR       the in-sync replicas: who may become leader without losing what was "
		"acknowledged.\n"
		"member came, member left  of a consumer group; the group shares its partitions "
		"out anew\n"
		"rebalance  how many partitions have another reader now, and how long nobody "
		"read\n"
		"rewind  a commit went back: records are read once more\n"
		"commits stopped  there is something to read and nobody says it was read\n"
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
