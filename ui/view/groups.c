/* Screen 7: the consumer groups, worst first. Only visible rows ask for detail. */
#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "view/group.h"

enum {
	COL_NAME,
	COL_STATE,
	COL_PROTOCOL,
	COL_MEMBERS,
	COL_TOPICS,
	COL_LAG,
	COL_AGE,
	COL_NET,
	COL_CATCH_UP,
	COL_VERDICT,
	COL_COUNT
};

/* On a narrow screen the verdict is its word only, and the line below the table has its reason. */
#define NARROW       60
#define WIDE         116
#define VERDICT_WORD 9
#define VERDICT_MIN  19
#define VERDICT_WIDE 32

static const struct table_col cols[COL_COUNT] = {
	[COL_NAME] = {"GROUP", 13, 18, 30, 0, ALIGN_LEFT},
	[COL_STATE] = {"STATE", 11, 11, 11, 3, ALIGN_LEFT},
	[COL_PROTOCOL] = {"PROTOCOL", 8, 8, 8, 8, ALIGN_LEFT},
	[COL_MEMBERS] = {"MEMBERS", 7, 7, 9, 4, ALIGN_RIGHT},
	[COL_TOPICS] = {"TOPICS", 6, 6, 8, 6, ALIGN_RIGHT},
	[COL_LAG] = {"LAG", 8, 8, 26, 0, ALIGN_RIGHT},
	[COL_AGE] = {"AGE", 11, 11, 11, 2, ALIGN_RIGHT},
	[COL_NET] = {"NET/S", 6, 6, 8, 5, ALIGN_RIGHT},
	[COL_CATCH_UP] = {"CATCH-UP", 8, 8, 10, 7, ALIGN_RIGHT},
	[COL_VERDICT] = {"VERDICT", VERDICT_MIN, 80, 0, 0, ALIGN_LEFT},
};

#define VISIBLE_MAX 200
#define DETAIL_ROWS 3  /* blank line, then the whole reason */
#define DETAIL_FROM 10 /* rows of a screen that has room for it */

struct place {
	double key;
	uint32_t at; /* in the cluster's groups, which stand by name */
};

struct groups {
	struct view_ctx *ctx;
	struct table_col cols[COL_COUNT];
	struct view_list list;
	struct group_actions *actions;
	struct buf go_to; /* where the cursor was when the screen was left */
	VEC(struct place) order;
	uint64_t generation; /* of the snapshot that it is of */
	bool dirty;
	bool moved; /* the cursor, by somebody: till then it stays on the worst */
};

static const struct group *at(const struct groups *v, size_t row)
{
	const struct cluster *c = view_cluster(v->ctx);

	return row < v->list.rows.n && v->list.rows.v[row] < c->n_groups
		       ? c->groups[v->list.rows.v[row]]
		       : NULL;
}

static const struct group *at_cursor(const struct groups *v)
{
	return at(v, v->list.table.cursor);
}

/* ---- cells ------------------------------------------------------------------------------- */

static void put_state(const struct group *g, struct buf *text, enum style *style)
{
	if (group_state_moving((enum group_state)g->state)) {
		buf_puts(text, "rebalancing");
		*style = STYLE_WARN;
	} else {
		buf_puts(text, group_state_name((enum group_state)g->state));
		if (g->state != GROUP_STABLE)
			*style = STYLE_DIM;
	}
}

static void put_lag(
	const struct groups *v, const struct group *g, struct buf *text, enum style *style)
{
	if (view_part_cell(&g->offsets, clock_mono_ms(v->ctx->clock), text, style))
		return;
	fmt_count_about(text, g->lag.records, g->lag.about);
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct groups *v = arg;
	const struct group *g = at(v, row);
	int64_t now = clock_mono_ms(v->ctx->clock);

	if (!g)
		return;
	switch (col) {
	case COL_NAME:
		buf_put_str(text, g->name);
		break;
	case COL_STATE:
		put_state(g, text, style);
		break;
	case COL_PROTOCOL:
		buf_puts(text, g->protocol[0] ? g->protocol : "-");
		break;
	case COL_MEMBERS:
		if (g->state == GROUP_EMPTY)
			buf_putc(text, '0');
		else if (!view_part_cell(&g->describe, now, text, style))
			fmt_count(text, (int64_t)g->members->n);
		break;
	case COL_TOPICS:
		fmt_count(text, g->lag_known ? (int64_t)g->n_topics : -1);
		break;
	case COL_LAG:
		*style = view_verdict_style((enum verdict)g->lag.verdict);
		put_lag(v, g, text, style);
		break;
	case COL_AGE:
		lag_put_age(text, &g->lag);
		break;
	case COL_NET:
		group_put_net(text, &g->lag);
		break;
	case COL_CATCH_UP:
		lag_put_catch_up(text, &g->lag);
		break;
	case COL_VERDICT:
		*style = group_style(g);
		group_put_verdict(text, g, now);
		break;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	const struct group *g = at(arg, row);

	return g ? str_id(g->name) : 0;
}

static enum table_row_kind row_kind(void *arg, size_t row, enum style *style)
{
	struct groups *v = arg;
	const struct group *g = at(v, row);

	if (g && (g->state == GROUP_DEAD ||
			 part_state(&g->offsets, clock_mono_ms(v->ctx->clock)) == PART_STALE))
		*style = STYLE_DIM;
	return TABLE_ROW;
}

static const struct table_ops table_ops = {cell, row_id, row_kind};

/* ---- rows -------------------------------------------------------------------------------- */

static double known(double n)
{
	return isnan(n) ? -INFINITY : n;
}

static double key_of(const struct group *g, int col)
{
	switch (col) {
	case COL_STATE:
		return g->state;
	case COL_MEMBERS:
		return g->described ? (double)g->members->n : g->state == GROUP_EMPTY ? 0 : -1;
	case COL_TOPICS:
		return g->lag_known ? (double)g->n_topics : -1;
	case COL_LAG:
		return (double)g->lag.records;
	case COL_AGE:
		return (double)g->lag.age_ms;
	case COL_NET:
		return known(lag_net(&g->lag));
	case COL_CATCH_UP:
		return (double)g->lag.catch_up_ms;
	case COL_VERDICT:
		return g->lag.verdict * 1e16 + (double)g->lag.records;
	}
	return 0;
}

static int rising(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int falling(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Name, state and verdict can be asked for; with ! none of them may match. */
static bool takes(const struct groups *v, const struct group *g)
{
	const struct filter *f = &v->list.filter;
	const char *state = group_state_moving((enum group_state)g->state)
				    ? "rebalancing"
				    : group_state_name((enum group_state)g->state);
	const struct str texts[] = {
		g->name, str_of(state), str_of(verdict_name((enum verdict)g->lag.verdict))};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		n += filter_match(f, texts[i]);
	return f->inverse ? n == ARRAY_LEN(texts) : n > 0;
}

/* Sorted anew only when there is something new: there may be 15,000. */
static void put_in_order(struct groups *v, const struct cluster *c)
{
	int col = v->list.table.sort_col;
	int64_t lag = -1;
	bool about = false;

	vec_clear(&v->order);
	vec_reserve(&v->order, c->n_groups);
	for (size_t i = 0; i < c->n_groups; i++) {
		lag = max_i64(lag, c->groups[i]->lag.records);
		about = about || c->groups[i]->lag.about;
	}
	v->cols[COL_LAG].min = group_count_cols(lag, about, cols[COL_LAG].min);
	for (size_t i = 0; i < c->n_groups; i++)
		if (takes(v, c->groups[i]))
			vec_push(&v->order,
				((struct place){
					col == COL_NAME ? (double)i : key_of(c->groups[i], col),
					(uint32_t)i}));
	vec_sort(&v->order, v->list.table.sort_desc ? falling : rising);
	v->generation = c->generation;
	v->dirty = false;
}

static void fill(void *arg)
{
	struct groups *v = arg;
	const struct cluster *c = view_cluster(v->ctx);

	if (v->dirty || v->generation != c->generation)
		put_in_order(v, c);
	vec_reserve(&v->list.rows, v->order.n);
	vec_foreach (p, &v->order)
		vec_push(&v->list.rows, p->at);
}

static void go_to(struct groups *v)
{
	if (!v->go_to.n && !v->moved)
		table_set_cursor(&v->list.table, 0);
	for (size_t i = 0; v->go_to.n && i < v->list.rows.n; i++) {
		if (!str_eq(at(v, i)->name, buf_str(&v->go_to)))
			continue;
		table_set_cursor(&v->list.table, i);
		buf_clear(&v->go_to);
	}
}

static void update(struct groups *v)
{
	view_list_update(&v->list);
	go_to(v);
}

/* ---- life -------------------------------------------------------------------------------- */

static void *groups_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct groups *v = ALLOC(struct groups);

	(void)e;
	v->ctx = ctx;
	v->dirty = true;
	v->actions = group_actions_new(ctx);
	buf_puts(&v->go_to, arg ? arg : "");
	v->moved = v->go_to.n > 0;
	memcpy(v->cols, cols, sizeof(cols));
	view_list_init(&v->list, ctx, v->cols, COL_COUNT, &table_ops, fill, v);
	v->list.table.sort_col = COL_VERDICT;
	v->list.table.sort_desc = true;
	update(v);
	return v;
}

static void groups_close(void *view)
{
	struct groups *v = view;

	group_actions_free(v->actions);
	view_list_fini(&v->list);
	vec_fini(&v->order);
	buf_fini(&v->go_to);
	free(v);
}

/* Tells the source whose members and lag are seen. */
static void tell_visible(struct groups *v)
{
	struct str names[VISIBLE_MAX];
	struct source_want want = {.groups = names};
	size_t first, n;

	table_visible(&v->list.table, &first, &n);
	for (size_t i = first; i < first + n && want.n_groups < VISIBLE_MAX; i++) {
		const struct group *g = at(v, i);
		if (g)
			names[want.n_groups++] = g->name;
	}
	source_want(v->ctx->source, &want);
}

/* ---- drawing ----------------------------------------------------------------------------- */

static int put_part(const struct surface *s, int x, enum style style, struct buf *text)
{
	x += surface_put(s, x, 0, style, buf_str(text)) + 3;
	buf_clear(text);
	return x;
}

static void draw_verdicts(const struct cluster *c, const struct surface *s, int x)
{
	size_t n[VERDICT_COUNT] = {0};
	struct buf text = BUF_EMPTY;

	for (size_t i = 0; i < c->n_groups; i++)
		n[c->groups[i]->lag.verdict]++;
	for (int i = VERDICT_COUNT - 1; i >= VERDICT_OK; i--) {
		const char *mark = verdict_mark((enum verdict)i);
		enum style style = view_verdict_style((enum verdict)i);

		if (!n[i])
			continue;
		buf_printf(&text, "%s%s", mark, *mark ? " " : "");
		fmt_count(&text, (int64_t)n[i]);
		buf_printf(&text, " %s", verdict_name((enum verdict)i));
		x = put_part(s, x, style, &text);
	}
	buf_fini(&text);
}

/* "4,210 of 15,000 groups   lag 1,234,567   ✗ 1 stopped   ! 2 behind   9 ok" */
static void draw_totals(const struct groups *v, const struct cluster *c, const struct surface *s)
{
	const struct totals *t = &c->totals;
	struct buf text = BUF_EMPTY;
	int x;

	if (t->groups_known < t->groups)
		fmt_things_of(&text, t->groups_known, t->groups, "group");
	else
		fmt_things(&text, t->groups, "group");
	x = put_part(s, 1, STYLE_NORMAL, &text);
	buf_puts(&text, "lag ");
	fmt_count_about(&text, t->lag, t->lag_about);
	x = put_part(s, x, STYLE_NORMAL, &text);
	if (v->list.table.marks.n) {
		buf_printf(&text, "%zu marked", v->list.table.marks.n);
		x = put_part(s, x, STYLE_MARK, &text);
	}
	buf_fini(&text);
	draw_verdicts(c, s, x);
}

/* The reason in full, and what fell off on a narrow screen. */
static void draw_detail(const struct groups *v, const struct surface *s)
{
	struct surface lines = surface_sub(s, 1, 0, s->cols - 2, s->rows);
	int64_t now = clock_mono_ms(v->ctx->clock);
	const struct group *g = at_cursor(v);
	struct buf text = BUF_EMPTY;

	if (!g)
		return;
	buf_puts(&text, verdict_mark((enum verdict)g->lag.verdict));
	buf_printf(&text, "%s%s: ", text.n ? " " : "", g->name.p);
	group_put_verdict(&text, g, now);
	if (g->lag.records > 0 && !isnan(lag_net(&g->lag))) {
		buf_puts(&text, "   net ");
		group_put_net(&text, &g->lag);
		buf_puts(&text, "/s   catch-up ");
		lag_put_catch_up(&text, &g->lag);
	}
	if (g->offsets.code || g->offsets.kerr) {
		buf_puts(&text, "   commits: ");
		part_why(&text, &g->offsets);
	}
	(void)wrap_draw(&lines, group_style(g), buf_str(&text), 0);
	buf_fini(&text);
}

static void groups_draw(void *view, const struct surface *s)
{
	struct groups *v = view;
	const struct cluster *c = view_cluster(v->ctx);
	bool totals = c->n_groups > 0 && s->rows > 4;
	int detail = c->n_groups && s->rows >= DETAIL_FROM ? DETAIL_ROWS : 0;
	int head = !totals ? 0 : s->rows >= DETAIL_FROM ? 2 : 1;
	struct surface table = surface_sub(s, 0, head, s->cols, s->rows - head - detail);

	v->cols[COL_VERDICT].min = s->cols < NARROW  ? VERDICT_WORD
				   : s->cols >= WIDE ? VERDICT_WIDE
						     : VERDICT_MIN;
	update(v);
	if (totals)
		draw_totals(v, c, s);
	if (detail) {
		struct surface low = surface_sub(s, 0, s->rows - detail + 1, s->cols, detail - 1);
		draw_detail(v, &low);
	}
	view_list_draw(&v->list, &table, s, groups_empty(v->ctx), "no group matches the filter");
	tell_visible(v);
	if (group_actions_open(v->actions))
		group_actions_draw(v->actions, s);
}

/* ---- doing ------------------------------------------------------------------------------- */

static unsigned groups_event(void *view, const struct event *e)
{
	struct groups *v = view;
	unsigned effect;

	if (group_actions_open(v->actions))
		return group_actions_event(v->actions, e);
	effect = view_list_event(&v->list, e);
	if (effect & VIEW_HANDLED) {
		buf_clear(&v->go_to);
		v->moved = true;
	}
	return effect;
}

static enum view_focus groups_focus(const void *view)
{
	const struct groups *v = view;

	return group_actions_open(v->actions) ? VIEW_MODAL : view_list_focus(&v->list);
}

static void sort(struct groups *v, bool turn)
{
	struct table *t = &v->list.table;

	if (turn) {
		t->sort_desc = !t->sort_desc;
	} else {
		do
			table_sort_next(t);
		while (t->sort_col < 0 || t->sort_col == COL_PROTOCOL);
		/* Of a figure one looks for the largest. */
		t->sort_desc = t->sort_col != COL_NAME && t->sort_col != COL_STATE;
	}
	v->dirty = true;
	update(v);
}

/* The marked ones, or the one under the cursor. */
static void delete_groups(struct groups *v)
{
	const struct cluster *c = view_cluster(v->ctx);
	const struct group **chosen = xcalloc(c->n_groups + 1, sizeof(*chosen));
	size_t n = 0;

	for (size_t i = 0; v->list.table.marks.n && i < v->list.rows.n; i++)
		if (table_is_marked(&v->list.table, i))
			chosen[n++] = at(v, i);
	if (!n && at_cursor(v))
		chosen[n++] = at_cursor(v);
	if (n)
		group_actions_delete(v->actions, chosen, n);
	free((void *)chosen);
}

static unsigned groups_action(void *view, enum action_id id)
{
	struct groups *v = view;
	const struct group *g = at_cursor(v);

	if (id == ACTION_SORT || id == ACTION_SORT_TURN)
		sort(v, id == ACTION_SORT_TURN);
	else if (id == ACTION_EXPORT)
		view_list_export(&v->list, "groups");
	else if (id == ACTION_GROUP_DELETE)
		delete_groups(v);
	else if (!g)
		return VIEW_IGNORED;
	else if (id == ACTION_ENTER || id == ACTION_GROUP_DESCRIBE)
		view_push(v->ctx, SCREEN_GROUP, g->name.p);
	else if (id == ACTION_GROUP_RESET)
		group_actions_reset(v->actions, g, NULL, -1);
	else
		return VIEW_IGNORED;
	return VIEW_HANDLED | VIEW_REDRAW;
}

/* Asked before each action: a key may come between a snapshot and the draw of it. */
static bool groups_allowed(void *view, enum action_id id, struct buf *reason)
{
	struct groups *v = view;

	if (v->generation != view_cluster(v->ctx)->generation)
		update(v);
	if ((id == ACTION_EXPORT || id == ACTION_MARK) && !v->list.table.n_rows)
		buf_puts(reason, view_cluster(v->ctx)->n_groups ? "no group matches the filter"
								: "there is no group");
	else if (id == ACTION_GROUP_DELETE && v->list.table.marks.n)
		return true; /* each is looked at when it is asked */
	else
		return group_action_allowed(id, at_cursor(v), reason);
	return false;
}

static void groups_filter(void *view, struct str text)
{
	struct groups *v = view;

	v->dirty = true;
	view_list_filter(&v->list, text);
}

static void groups_command(void *view, enum action_id id, struct buf *out)
{
	const struct group *g = at_cursor(view);

	if (id == ACTION_COUNT && !g)
		buf_puts(out, "kdeck groups --list");
	else
		group_command(id, g, out);
}

static void groups_copy(void *view, struct buf *out)
{
	view_table_copy(&((struct groups *)view)->list.table, out);
}

static void groups_explain(void *view, struct buf *out)
{
	struct groups *v = view;

	group_explain(out, at_cursor(v), clock_mono_ms(v->ctx->clock));
}

static int64_t groups_age(const void *view)
{
	const struct groups *v = view;
	const struct cluster *c = view_cluster(v->ctx);

	return c->group_list.at_ms < 0 ? view_freshness(v->ctx).age_ms
				       : view_age(v->ctx, &c->group_list);
}

static void groups_subject(const void *view, struct buf *out)
{
	const struct group *g = at_cursor(view);

	if (g)
		buf_printf(out, "group %.*s", STR_ARG(g->name));
}

static void groups_save(const void *view, struct buf *out)
{
	const struct groups *v = view;
	const struct group *g = at_cursor(v);

	if (v->go_to.n)
		buf_put_str(out, buf_str(&v->go_to));
	else if (g)
		buf_put_str(out, g->name);
}

const struct view_ops view_groups = {
	.screen = SCREEN_GROUPS,
	.title = "groups",
	.open = groups_open,
	.close = groups_close,
	.draw = groups_draw,
	.event = groups_event,
	.focus = groups_focus,
	.action = groups_action,
	.allowed = groups_allowed,
	.filter = groups_filter,
	.command = groups_command,
	.copy = groups_copy,
	.explain = groups_explain,
	.age_ms = groups_age,
	.subject = groups_subject,
	.save = groups_save,
};
