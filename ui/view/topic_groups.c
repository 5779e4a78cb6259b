/* Who reads a topic: a row a group, and why the one under the cursor stands as it does. */
#include <math.h>

#include "view/topic.h"

enum {
	COL_NAME,
	COL_STATE,
	COL_MEMBERS,
	COL_LAG,
	COL_AGE,
	COL_NET,
	COL_CATCH_UP,
	COL_VERDICT,
	COL_WHY,
	COL_COUNT
};

static const struct table_col cols[COL_COUNT] = {
	[COL_NAME] = {"GROUP", 16, 20, 40, 0, ALIGN_LEFT},
	[COL_STATE] = {"STATE", 6, 8, 19, 4, ALIGN_LEFT},
	[COL_MEMBERS] = {"MEMBERS", 7, 7, 8, 5, ALIGN_RIGHT},
	[COL_LAG] = {"LAG", 9, 10, 14, 0, ALIGN_RIGHT},
	[COL_AGE] = {"AGE", 10, 10, 12, 1, ALIGN_RIGHT},
	[COL_NET] = {"NET/S", 6, 6, 8, 3, ALIGN_RIGHT},
	[COL_CATCH_UP] = {"CATCH-UP", 9, 10, 11, 2, ALIGN_RIGHT},
	[COL_VERDICT] = {"VERDICT", 9, 9, 9, 0, ALIGN_LEFT},
	[COL_WHY] = {"WHY", 50, 60, 0, 6, ALIGN_LEFT},
};

/* Rows are told before a snapshot, cells asked after it: a group may have gone meanwhile. */
static const struct group *at(
	const struct topic_view *v, size_t row, const struct group_topic **topic)
{
	const struct cluster *c = view_cluster(v->ctx);
	const struct view_list *l = &v->readers;
	const struct group *g =
		row < l->rows.n && l->rows.v[row] < c->n_groups ? c->groups[l->rows.v[row]] : NULL;

	*topic = g ? group_topic_find(g, buf_str(&v->name)) : NULL;
	return *topic ? g : NULL;
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct topic_view *v = arg;
	const struct group_topic *t;
	const struct group *g = at(v, row, &t);

	if (!g)
		return;
	if (col >= COL_VERDICT && verdict_bad((enum verdict)t->lag.verdict))
		*style = view_verdict_style((enum verdict)t->lag.verdict);
	switch (col) {
	case COL_NAME:
		buf_put_str(text, g->name);
		break;
	case COL_STATE:
		buf_puts(text, group_state_name((enum group_state)g->state));
		break;
	case COL_MEMBERS:
		fmt_count(text, g->described ? (int64_t)g->members->n : -1);
		break;
	case COL_LAG:
		fmt_count_about(text, t->lag.records, t->lag.about);
		break;
	case COL_AGE:
		lag_put_age(text, &t->lag);
		break;
	case COL_NET:
		fmt_growth(text, lag_net(&t->lag));
		break;
	case COL_CATCH_UP:
		lag_put_catch_up(text, &t->lag);
		break;
	case COL_VERDICT:
		buf_puts(text, verdict_name((enum verdict)t->lag.verdict));
		break;
	case COL_WHY:
		group_topic_put_reason(text, g, t, clock_mono_ms(v->ctx->clock));
		break;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	const struct group_topic *t;
	const struct group *g = at(arg, row, &t);

	return g ? str_id(g->name) : 0;
}

static const struct table_ops table_ops = {cell, row_id, NULL};

/* ---- rows ---------------------------------------------------------------------------------- */

/* What a column is sorted by; rows that are equal stand by name. */
static double figure(const struct group *g, const struct group_topic *t, int col)
{
	switch (col) {
	case COL_STATE:
		return g->state;
	case COL_MEMBERS:
		return g->described ? (double)g->members->n : -1;
	case COL_LAG:
		return (double)t->lag.records;
	case COL_AGE:
		return (double)t->lag.age_ms;
	case COL_NET:
		return isnan(lag_net(&t->lag)) ? -HUGE_VAL : lag_net(&t->lag);
	case COL_CATCH_UP:
		return (double)t->lag.catch_up_ms;
	case COL_VERDICT:
	case COL_WHY:
		return t->lag.verdict;
	}
	return 0;
}

struct ranked {
	double figure;
	uint32_t at;
};

static int by_figure(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->figure != y->figure)
		return x->figure < y->figure ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static void fill(void *arg)
{
	struct topic_view *v = arg;
	struct view_list *l = &v->readers;
	const struct cluster *c = view_cluster(v->ctx);
	VEC(struct ranked) found = {0};

	for (size_t i = 0; i < c->n_groups; i++) {
		const struct group *g = c->groups[i];
		const struct group_topic *t = group_topic_find(g, buf_str(&v->name));
		double figured;

		if (!t || !filter_match(&l->filter, g->name))
			continue;
		figured =
			l->table.sort_col == COL_NAME ? (double)i : figure(g, t, l->table.sort_col);
		vec_push(&found,
			((struct ranked){l->table.sort_desc ? -figured : figured, (uint32_t)i}));
	}
	vec_sort(&found, by_figure);
	vec_foreach (it, &found)
		vec_push(&l->rows, it->at);
	vec_fini(&found);
}

void topic_groups_init(struct topic_view *v)
{
	view_list_init(&v->readers, v->ctx, cols, COL_COUNT, &table_ops, fill, v);
	v->readers.table.sort_col = COL_NAME;
}

void topic_groups_fini(struct topic_view *v)
{
	view_list_fini(&v->readers);
}

void topic_groups_sort(struct topic_view *v, bool turn)
{
	struct table *t = &v->readers.table;

	if (turn)
		t->sort_desc = !t->sort_desc;
	else
		table_sort_next(t);
	if (t->sort_col < 0)
		t->sort_col = COL_NAME;
	view_list_update(&v->readers);
}

const struct group *topic_groups_at_cursor(const struct topic_view *v)
{
	const struct group_topic *t;

	return at(v, v->readers.table.cursor, &t);
}

/* ---- drawing ------------------------------------------------------------------------------- */

/* "3 groups read it   lag 11,879 records   worst: stopped" */
static void draw_sums(struct topic_view *v, const struct topic *t, const struct surface *s)
{
	const struct cluster *c = view_cluster(v->ctx);
	ptrdiff_t place = cluster_topic_at(c, t->name);
	const struct topic_readers *r = c->readers && place >= 0 ? &c->readers[place] : NULL;
	struct buf b = BUF_EMPTY;

	if (!r || !r->groups)
		return;
	fmt_things(&b, r->groups, "group");
	buf_puts(&b, r->groups == 1 ? " reads it" : " read it");
	if (c->totals.groups_known < c->totals.groups) {
		buf_puts(&b, ", of ");
		fmt_things_of(&b, c->totals.groups_known, c->totals.groups, "group");
		buf_puts(&b, " looked at");
	}
	buf_puts(&b, r->about && r->lag >= 0 ? "   lag ≈ " : "   lag ");
	fmt_things(&b, r->lag, "record");
	if (verdict_bad((enum verdict)r->verdict))
		buf_printf(&b, "   %s %s", verdict_mark((enum verdict)r->verdict),
			verdict_name((enum verdict)r->verdict));
	surface_field(s, 1, 0, s->cols - 2, ALIGN_LEFT, STYLE_NORMAL, buf_str(&b));
	buf_fini(&b);
}

/* Why there is no row. */
static void put_empty(const struct topic_view *v, const struct topic *t, struct buf *out)
{
	const struct cluster *c = view_cluster(v->ctx);
	enum style style;

	if (view_part_cell(&c->group_list, clock_mono_ms(v->ctx->clock), out, &style)) {
		buf_puts(out, c->group_list.at_ms < 0 && c->group_list.code ? " " : "");
		part_why(out, &c->group_list);
		return;
	}
	if (c->totals.groups_known < c->totals.groups) {
		buf_puts(out, "none of the groups looked at so far: ");
		fmt_things_of(out, c->totals.groups_known, c->totals.groups, "group");
		return;
	}
	buf_puts(out, "No group reads this topic. One comes when a consumer with a group.id joins: "
		      "kdeck consume --group NAME --topic ");
	shell_quote(out, t->name);
}

static void put_why(const struct topic_view *v, const struct group *g, const struct group_topic *t,
	struct buf *out)
{
	group_topic_put_reason(out, g, t, clock_mono_ms(v->ctx->clock));
	if (!out->n)
		buf_puts(out, t->lag.verdict == VERDICT_NONE ? "nothing to judge by yet"
			      : t->lag.records > 0           ? "the lag does not grow"
							     : "everything is read");
	for (size_t i = 0; g->n_idle && i < g->members->n; i++) {
		if (g->members->v[i].idle == IDLE_NO)
			continue;
		buf_putc(out, '\n');
		group_member_put_idle(out, g, i);
		break;
	}
}

#define WHY_ROWS 4

static void draw_why(struct topic_view *v, const struct surface *s, int y)
{
	struct surface lines = surface_sub(s, 1, y + 1, s->cols - 2, s->rows - y - 1);
	const struct group_topic *t;
	const struct group *g = at(v, v->readers.table.cursor, &t);
	struct buf text = BUF_EMPTY;

	if (!g)
		return;
	surface_rule(s, y, g->name);
	put_why(v, g, t, &text);
	wrap_draw(&lines, view_verdict_style((enum verdict)t->lag.verdict), buf_str(&text), 0);
	buf_fini(&text);
}

/* Rows that the table takes of room: no more than it has, where there are any. */
static int table_rows(const struct topic_view *v, int room)
{
	const struct table *t = &v->readers.table;
	size_t want = t->n_rows + 1 + (t->filter.n > 0);

	return t->n_rows && want < (size_t)room ? (int)want : room;
}

void topic_groups_draw(struct topic_view *v, const struct topic *t, const struct surface *s)
{
	int head = s->rows > WHY_ROWS + 8 ? 2 : 1;
	int why = s->rows > WHY_ROWS + 5 ? WHY_ROWS + 1 : 0;
	struct surface table;
	struct buf empty = BUF_EMPTY;

	put_empty(v, t, &empty);
	draw_sums(v, t, s);
	view_list_update(&v->readers);
	table = surface_sub(s, 0, head, s->cols, table_rows(v, s->rows - head - why));
	view_list_draw(&v->readers, &table, s, buf_z(&empty), "no group matches the filter");
	if (why)
		draw_why(v, s, head + table.rows + 1);
	buf_fini(&empty);
}

void topic_groups_command(struct topic_view *v, struct buf *out)
{
	const struct group *g = topic_groups_at_cursor(v);
	struct action_var var = {"group", g ? g->name : STR_NULL};

	if (g)
		action_expand(out, actions[ACTION_GROUP_DESCRIBE].command, &var, 1);
	else
		buf_puts(out, "kdeck groups --list");
}

void topic_groups_explain(struct buf *out)
{
	buf_puts(out,
		"A group is consumers that share a topic: each partition has one reader in it. "
		"Every group gets all the records.\n\n"
		"LAG       records written and not yet committed as read; ≈ where commit and end "
		"are not of one moment\n"
		"AGE       how long the next unread record has been waiting, ≈ where that is "
		"worked out from when the end passed it\n"
		"NET/S     how fast the lag grows: in less out\n"
		"CATCH-UP  how long until there is nothing left, at this pace\n"
		"VERDICT   ok; behind: commits move and the lag grows from each to the next; "
		"stalled: members, lag, and no commit for long; stopped: lag and no member; "
		"rewound: a commit went back; data lost: records were deleted unread\n");
}
