/* Screen 3: the topics. Only visible rows ask for detail. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "model/topic_list.h"
#include "view/export.h"
#include "view/topic_actions.h"

enum {
	COL_NAME,
	COL_PARTS,
	COL_RF,
	COL_SYNC,
	COL_RECORDS,
	COL_SIZE,
	COL_IN,
	COL_GROUPS,
	COL_LAG,
	COL_VERDICT,
	COL_CLEANUP,
	COL_RETENTION,
	COL_COUNT
};

static const struct table_col cols[COL_COUNT] = {
	[COL_NAME] = {"TOPIC", 14, 28, 0, 0, ALIGN_LEFT},
	[COL_PARTS] = {"PARTS", 5, 6, 8, 2, ALIGN_RIGHT},
	[COL_RF] = {"RF", 2, 3, 4, 6, ALIGN_RIGHT},
	[COL_SYNC] = {"IN SYNC", 7, 9, 12, 0, ALIGN_LEFT},
	[COL_RECORDS] = {"RECORDS", 10, 12, 16, 1, ALIGN_RIGHT},
	[COL_SIZE] = {"SIZE", 8, 9, 10, 5, ALIGN_RIGHT},
	[COL_IN] = {"IN/S", 5, 7, 9, 3, ALIGN_RIGHT},
	[COL_GROUPS] = {"GROUPS", 6, 6, 8, 4, ALIGN_RIGHT},
	[COL_LAG] = {"LAG", 10, 11, 16, 0, ALIGN_RIGHT},
	[COL_VERDICT] = {"READERS", 9, 9, 9, 7, ALIGN_LEFT},
	[COL_CLEANUP] = {"CLEANUP", 7, 8, 14, 8, ALIGN_LEFT},
	[COL_RETENTION] = {"RETAIN", 7, 8, 12, 9, ALIGN_RIGHT},
};

/* The sort of a column; -1: not sorted by it. */
static const int sort_of[COL_COUNT] = {
	[COL_NAME] = TOPIC_BY_NAME,
	[COL_PARTS] = TOPIC_BY_PARTITIONS,
	[COL_RF] = TOPIC_BY_REPLICATION,
	[COL_SYNC] = TOPIC_BY_UNDER,
	[COL_RECORDS] = TOPIC_BY_RECORDS,
	[COL_SIZE] = TOPIC_BY_SIZE,
	[COL_IN] = TOPIC_BY_IN,
	[COL_GROUPS] = TOPIC_BY_GROUPS,
	[COL_LAG] = TOPIC_BY_LAG,
	[COL_VERDICT] = TOPIC_BY_VERDICT,
	[COL_CLEANUP] = -1,
	[COL_RETENTION] = TOPIC_BY_RETENTION,
};

#define VISIBLE_MAX 200

struct topics {
	struct view_ctx *ctx;
	struct table table;
	struct topic_list list;
	struct topic_actions actions;
	struct export export;
};

/* Without a leader, or with one that does not answer: the same to who writes and reads. */
static void put_sync(
	const struct cluster *c, const struct topic *t, struct buf *text, enum style *style)
{
	int32_t off = t->n_offline + topic_orphans(c, t);

	if (off) {
		buf_printf(text, "✗ %d off", off);
		*style = STYLE_ERROR;
	} else if (t->n_under) {
		buf_printf(text, "○ %d out", t->n_under);
		*style = STYLE_WARN;
	} else {
		buf_puts(text, "● all");
	}
}

static void put_cleanup(const struct topic *t, struct buf *text)
{
	buf_puts(text, t->cleanup & CLEANUP_COMPACT
			       ? (t->cleanup & CLEANUP_DELETE ? "compact,del" : "compact")
		       : t->cleanup & CLEANUP_DELETE ? "delete"
						     : "-");
}

/* Who reads it. The mark stands for the word where that has no room; not every group's commits
 * were read yet: ≈. */
static void put_readers(
	struct topics *v, size_t row, int col, int64_t now, struct buf *text, enum style *style)
{
	const struct cluster *c = v->list.cluster;
	struct topic_readers r = topic_list_readers(&v->list, row);
	bool all = c->totals.groups_known == c->totals.groups;
	enum verdict verdict = (enum verdict)r.verdict;

	if (view_part_cell(&c->group_list, now, text, style))
		return;
	if (verdict_bad(verdict) && col != COL_GROUPS)
		*style = view_verdict_style(verdict);
	if (col == COL_GROUPS) {
		*style = r.groups ? *style : STYLE_DIM;
		fmt_count_about(text, r.groups, !all);
	} else if (!r.groups) {
		/* Nobody reads it: there is no figure to know. */
	} else if (col == COL_VERDICT) {
		buf_puts(text, verdict_name(verdict));
	} else {
		if (verdict_bad(verdict))
			buf_printf(text, "%s ", verdict_mark(verdict));
		fmt_count_about(text, r.lag, r.about);
	}
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct topics *v = arg;
	const struct topic *t = topic_list_at(&v->list, row);
	int64_t now = clock_mono_ms(v->ctx->clock);

	if (!t)
		return;
	switch (col) {
	case COL_NAME:
		buf_put_str(text, t->name);
		if (t->internal)
			*style = STYLE_DIM;
		break;
	case COL_PARTS:
		fmt_count(text, t->n_partitions);
		break;
	case COL_RF:
		fmt_count(text, t->replication);
		break;
	case COL_SYNC:
		put_sync(view_cluster(v->ctx), t, text, style);
		break;
	case COL_RECORDS:
		if (view_part_cell(&t->offsets, now, text, style))
			break;
		fmt_count_about(text, t->records, t->records_about);
		break;
	case COL_SIZE:
		fmt_bytes(text, t->size);
		break;
	case COL_IN:
		fmt_rate(text, t->in_records);
		break;
	case COL_GROUPS:
	case COL_LAG:
	case COL_VERDICT:
		put_readers(v, row, col, now, text, style);
		break;
	case COL_CLEANUP:
		put_cleanup(t, text);
		break;
	case COL_RETENTION:
		fmt_retention(text, t->retention_ms);
		break;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	struct topics *v = arg;
	const struct topic *t = topic_list_at(&v->list, row);

	return t ? topic_row_id(t) : 0;
}

static const struct table_ops table_ops = {cell, row_id, NULL};

/* To the topic that was just made, or that the cursor was on when the screen was left. */
static void go_to(struct topics *v)
{
	struct buf *name = &v->actions.go_to;

	for (size_t i = 0; name->n && i < v->list.rows.n; i++) {
		if (str_eq(topic_list_at(&v->list, i)->name, buf_str(name))) {
			table_set_cursor(&v->table, i);
			buf_clear(name);
		}
	}
}

static void update(struct topics *v)
{
	topic_list_update(&v->list, view_cluster(v->ctx));
	table_set_rows(&v->table, v->list.rows.n);
	go_to(v);
}

static void *topics_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct topics *v = ALLOC(struct topics);

	(void)e;
	v->ctx = ctx;
	topic_list_init(&v->list);
	topic_actions_init(&v->actions, ctx);
	buf_puts(&v->actions.go_to, arg ? arg : "");
	table_init(&v->table, cols, COL_COUNT, &table_ops, v);
	v->table.sort_col = COL_NAME;
	topic_list_sort(&v->list, TOPIC_BY_NAME, false);
	update(v);
	return v;
}

static void topics_close(void *view)
{
	struct topics *v = view;

	topic_actions_fini(&v->actions);
	table_fini(&v->table);
	topic_list_fini(&v->list);
	free(v);
}

static const struct topic *at_cursor(struct topics *v)
{
	return topic_list_at(&v->list, v->table.cursor);
}

/* Tells the source whose settings and sizes are seen. */
static void tell_visible(struct topics *v)
{
	struct str names[VISIBLE_MAX];
	struct source_want want = {.visible = names};
	size_t first, n;

	table_visible(&v->table, &first, &n);
	for (size_t i = first; i < first + n && want.n_visible < VISIBLE_MAX; i++) {
		const struct topic *t = topic_list_at(&v->list, i);
		if (t)
			names[want.n_visible++] = t->name;
	}
	source_want(v->ctx->source, &want);
}

static void topics_draw(void *view, const struct surface *s)
{
	struct topics *v = view;
	const struct cluster *c = view_cluster(v->ctx);

	update(v);
	v->table.empty = filter_active(&v->list.filter) ? "no topic matches the filter"
			 : c->progress.step < PROGRESS_OFFSETS
				 ? "…"
				 : "no topics yet: n creates the first one";
	table_draw(&v->table, s);
	tell_visible(v);
	formbox_draw(&v->actions.box, s);
}

static unsigned topics_event(void *view, const struct event *e)
{
	struct topics *v = view;
	unsigned effect;

	if (v->actions.box.open)
		return formbox_event(&v->actions.box, e);
	effect = table_event(&v->table, e);
	if (effect & WIDGET_CHANGED)
		buf_clear(&v->actions.go_to);
	return effect & WIDGET_SUBMIT ? VIEW_IGNORED : view_table_effect(effect);
}

static enum view_focus topics_focus(const void *view)
{
	return ((const struct topics *)view)->actions.box.open ? VIEW_MODAL : VIEW_KEYS;
}

static void sort(struct topics *v)
{
	int by = v->table.sort_col < 0 ? -1 : sort_of[v->table.sort_col];

	if (by >= 0)
		topic_list_sort(&v->list, (enum topic_sort)by, v->table.sort_desc);
	update(v);
}

static void next_sort(struct topics *v)
{
	do
		table_sort_next(&v->table);
	while (v->table.sort_col >= 0 && sort_of[v->table.sort_col] < 0);
	if (v->table.sort_col < 0)
		v->table.sort_col = COL_NAME;
	sort(v);
}

static unsigned topics_action(void *view, enum action_id id)
{
	struct topics *v = view;
	const struct topic *t = at_cursor(v);

	if (id == ACTION_SORT) {
		next_sort(v);
	} else if (id == ACTION_SORT_TURN) {
		v->table.sort_desc = !v->table.sort_desc;
		sort(v);
	} else if (id == ACTION_ENTER || id == ACTION_TOPIC_DESCRIBE) {
		if (t)
			view_push(v->ctx, SCREEN_TOPIC, t->name_z);
	} else if (id == ACTION_TOPIC_EDIT) {
		/* Behind the name: the tab. */
		struct buf where = BUF_EMPTY;
		buf_printf(&where, "%s/configs", t->name_z);
		view_push(v->ctx, SCREEN_TOPIC, buf_z(&where));
		buf_fini(&where);
	} else if (id == ACTION_EXPORT) {
		v->export = (struct export){.ctx = v->ctx, .table = &v->table, .stem = "topics"};
		export_open(&v->export, &v->actions.box);
	} else if (!topic_action(&v->actions, id, t)) {
		return VIEW_IGNORED;
	}
	return VIEW_HANDLED | VIEW_REDRAW;
}

static bool topics_allowed(void *view, enum action_id id, struct buf *reason)
{
	return topic_action_allowed(id, at_cursor(view), reason);
}

static void topics_filter(void *view, struct str text)
{
	struct topics *v = view;

	topic_list_filter(&v->list, text);
	view_table_filter(&v->table, text);
	update(v);
}

static void topics_command(void *view, enum action_id id, struct buf *out)
{
	topic_command(id, at_cursor(view), out);
}

static void topics_copy(void *view, struct buf *out)
{
	struct topics *v = view;

	view_table_copy(&v->table, out);
}

static void topics_subject(const void *view, struct buf *out)
{
	const struct topics *v = view;
	const struct topic *t = topic_list_at(&v->list, v->table.cursor);

	if (t)
		buf_printf(out, "topic %.*s", STR_ARG(t->name));
}

static void topics_save(const void *view, struct buf *out)
{
	const struct topics *v = view;
	const struct topic *t = topic_list_at(&v->list, v->table.cursor);

	if (v->actions.go_to.n)
		buf_put_str(out, buf_str(&v->actions.go_to));
	else if (t)
		buf_put_str(out, t->name);
}

static void topics_explain(void *view, struct buf *out)
{
	(void)view;
	buf_puts(out,
		"A topic is a named stream of records, divided into partitions.\n\n"
		"PARTS      its partitions: the most consumers of one group that can share it\n"
		"RF         replication factor: copies of each partition\n"
		"IN SYNC    ● all copies are in sync, ○ some partition has one that is not, ✗ some "
		"partition has no leader\n"
		"RECORDS    high watermark minus start, summed up; ≈ where compaction leaves gaps\n"
		"GROUPS     consumer groups that read it: each of them gets every record\n"
		"LAG        records that its groups have not read yet, summed up; ! a group falls "
		"behind, ✗ a group has stopped, stands still or lost records\n"
		"READERS    how the worst of them does; screen 4 has a row each\n"
		"CLEANUP    delete: old segments go by age and size; compact: the last record of "
		"each "
		"key stays\n"
		"RETAIN     how long records stay; reading takes nothing away\n");
}

const struct view_ops view_topics = {
	.screen = SCREEN_TOPICS,
	.title = "topics",
	.open = topics_open,
	.close = topics_close,
	.draw = topics_draw,
	.event = topics_event,
	.focus = topics_focus,
	.action = topics_action,
	.allowed = topics_allowed,
	.filter = topics_filter,
	.command = topics_command,
	.copy = topics_copy,
	.explain = topics_explain,
	.subject = topics_subject,
	.save = topics_save,
};
