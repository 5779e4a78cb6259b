/*
 * Screen 8: one group: how it does and why, who reads which partition and how far, who its members
 * are, and who owned what before. Opened with its name, or nothing: then it asks.
 */
#include "view/group.h"

#include <math.h>
#include <stdlib.h>

#include "base/xalloc.h"

static const char *const tab_names[] = {"Partitions", "Members", "Owners"};

const struct group *group_view_group(const struct group_view *v)
{
	return cluster_group(view_cluster(v->ctx), buf_str(&v->name));
}

static void tell(struct group_view *v)
{
	struct str name = buf_str(&v->name);
	struct source_want want = {.group = buf_z(&v->name), .groups = &name, .n_groups = 1};

	if (v->name.n)
		source_want(v->ctx->source, &want);
}

static void begin(struct group_view *v, const char *name)
{
	buf_puts(&v->name, name);
	group_picker_close(&v->picker);
	tell(v);
	model_pin_group(v->ctx->model, buf_str(&v->name));
	view_list_update(&v->partitions);
}

static void *group_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	const struct group *only = group_picker_only(ctx);
	struct group_view *v = ALLOC(struct group_view);

	v->ctx = ctx;
	if ((!arg || !*arg) && only)
		arg = only->name.p;
	if ((!arg || !*arg) && !group_picker_open(&v->picker, ctx, e)) {
		free(v);
		return NULL;
	}
	v->actions = group_actions_new(ctx);
	group_partitions_init(v);
	group_members_init(v);
	if (arg && *arg)
		begin(v, arg);
	return v;
}

static void group_close(void *view)
{
	struct group_view *v = view;

	group_picker_close(&v->picker);
	group_actions_free(v->actions);
	group_partitions_fini(v);
	group_members_fini(v);
	buf_fini(&v->name);
	free(v);
}

/* ---- head -------------------------------------------------------------------------------- */

#define SPARK_CELLS   57
#define SPARK_CELL_MS 10000

/* How much of what explains itself a line says: all of it where there is room. */
enum wording { WORDY, SHORT, SHORTEST, WORDINGS };

/* "state Stable   protocol classic …" */
static void put_facts(struct buf *out, const struct group *g, enum wording how)
{
	bool moving = group_state_moving((enum group_state)g->state);
	const char *gap = how == WORDY ? "   " : "  ";

	buf_printf(out, "%s%s", how == WORDY ? "state " : "",
		group_state_name((enum group_state)g->state));
	if (how != SHORTEST)
		buf_printf(out, "%s%s%s", gap, how == WORDY ? "protocol " : "",
			g->protocol[0] ? g->protocol : "-");
	buf_printf(
		out, "%sassignor %s%scoordinator ", gap, g->assignor[0] ? g->assignor : "-", gap);
	if (g->coordinator >= 0)
		buf_printf(out, "%d", g->coordinator);
	else
		buf_putc(out, '-');
	buf_printf(out, "%smembers ", gap);
	fmt_count(out, g->described ? (int64_t)g->members->n : -1);
	if (g->n_idle && !moving)
		buf_printf(out, ", %d idle", g->n_idle);
	buf_printf(out, "%s%s ", gap, how == WORDY ? "generation" : "gen");
	fmt_count(out, g->generation);
}

static void put_per_second(struct buf *out, double rate)
{
	fmt_rate(out, rate);
	if (!isnan(rate))
		buf_puts(out, "/s");
}

static void put_figures(struct buf *out, const struct group *g, enum wording how)
{
	bool wide = how == WORDY;
	const char *gap = wide ? "   " : "  ";

	buf_puts(out, "lag ");
	fmt_count_about(out, g->lag.records, g->lag.about);
	buf_printf(out, "%s%sage ", wide && g->lag.records != 1 ? " records" : "", gap);
	lag_put_age(out, &g->lag);
	buf_printf(out, "%sin ", gap);
	put_per_second(out, g->lag.in);
	buf_printf(out, "%sout ", gap);
	put_per_second(out, g->lag.out);
	buf_printf(out, "%snet ", gap);
	group_put_net(out, &g->lag);
	buf_printf(out, "%s%scatch-up ", isnan(lag_net(&g->lag)) ? "" : "/s", gap);
	lag_put_catch_up(out, &g->lag);
}

static void draw_spark(
	const struct group_view *v, const struct group *g, const struct surface *s, int y)
{
	const struct series *series = model_group_series(v->ctx->model, g->name);
	int cells = s->cols - 8 - 24;
	double values[SPARK_CELLS], max = -1;
	struct buf text = BUF_EMPTY;

	cells = cells > SPARK_CELLS ? SPARK_CELLS : cells;
	if (!series || cells < 10)
		return;
	/* The whole ten minutes, however many cells there are. */
	series_read(series, clock_mono_ms(v->ctx->clock),
		SPARK_CELL_MS * SPARK_CELLS / cells / 1000 * 1000, values, (size_t)cells);
	for (int i = 0; i < cells; i++)
		if (values[i] > max)
			max = values[i];
	surface_puts(s, 1, y, STYLE_DIM, "10 min");
	spark_draw(s, 9, y, cells, STYLE_NORMAL, values, (size_t)cells, 0);
	buf_puts(&text, "max ");
	fmt_count(&text, max < 0 ? -1 : (int64_t)(max + 0.5));
	surface_put(s, 9 + cells + 2, y, STYLE_NORMAL, buf_str(&text));
	buf_fini(&text);
}

static void draw_verdict(const struct group_view *v, const struct group *g, const struct surface *s)
{
	const struct part *failed = g->offsets.code || g->offsets.kerr     ? &g->offsets
				    : g->describe.code || g->describe.kerr ? &g->describe
									   : NULL;
	struct buf text = BUF_EMPTY;
	int x;

	buf_puts(&text, group_title(g));
	x = 1 + surface_put(s, 1, 0, group_style(g), buf_str(&text)) + 3;
	buf_clear(&text);
	if (!g->lag_known && g->offsets.code == ERR_DENIED)
		buf_puts(&text, "this cluster does not let us read the group");
	else if (failed) {
		/* The verdict before it is of what was known till then. */
		buf_puts(&text, g->lag_known ? "as last known: " : "");
		part_why(&text, failed);
	} else if (group_state_moving((enum group_state)g->state))
		buf_puts(&text, "nobody reads until partitions are shared out");
	else if (g->state == GROUP_EMPTY && g->lag_known && !g->n_partitions)
		buf_puts(&text, "and nothing committed: nothing is known of what it read");
	else
		group_put_reason(&text, g, clock_mono_ms(v->ctx->clock));
	surface_field(s, x, 0, s->cols - x - 1, ALIGN_LEFT, STYLE_NORMAL, buf_str(&text));
	buf_fini(&text);
}

/* The wordiest of them that fits. */
static void put_line(const struct surface *s, int y, const struct group *g,
	void (*put)(struct buf *out, const struct group *g, enum wording how))
{
	struct buf text = BUF_EMPTY;
	int how = s->cols >= 100 ? WORDY : SHORT;

	for (; how < WORDINGS; how++) {
		buf_clear(&text);
		put(&text, g, (enum wording)how);
		if (text_width(buf_str(&text)) < s->cols)
			break;
	}
	surface_field(s, 1, y, s->cols - 1, ALIGN_LEFT, STYLE_NORMAL, buf_str(&text));
	buf_fini(&text);
}

#define AIRY_ROWS 18 /* blank lines between the blocks from here on */
#define LOW_ROWS  12 /* below, only the verdict and the lag stand over the table */

static int draw_head(const struct group_view *v, const struct group *g, const struct surface *s)
{
	bool airy = s->rows >= AIRY_ROWS, low = s->rows < LOW_ROWS;
	int y = 1 + airy;

	draw_verdict(v, g, s);
	if (!low)
		put_line(s, y++, g, put_facts);
	put_line(s, y++, g, put_figures);
	if (!low)
		draw_spark(v, g, s, y++);
	return y + (airy && s->rows > AIRY_ROWS + 2);
}

static int draw_owners(struct group_view *v, const struct group *g, const struct surface *s)
{
	const struct owners *o = model_group_owners(v->ctx->model, g->name);
	int list = rebalances_rows(o, s->rows / 3);
	int rows = owners_rows(o);
	struct surface upper, lower;

	list = s->rows >= 10 && list >= 2 ? list : 0;
	if (rows > s->rows - list - (list > 0))
		rows = s->rows - list - (list > 0);
	upper = surface_sub(s, 0, 0, s->cols, rows);
	owners_draw(&upper, o, &v->owners);
	lower = surface_sub(s, 0, rows + 1, s->cols, list);
	return list ? rebalances_draw(&lower, 0, o) : 0;
}

static void group_draw(void *view, const struct surface *s)
{
	struct group_view *v = view;
	const struct group *g = group_view_group(v);
	bool known = view_cluster(v->ctx)->group_list.at_ms >= 0;
	struct surface body;
	int y;

	if (v->picker.open) {
		group_picker_draw(&v->picker, s);
		return;
	}
	if (!g) {
		view_label(s, 1, 0, known ? "!" : "…", STYLE_WARN, "group %s %s", buf_z(&v->name),
			known ? "does not exist (any more): Esc goes back" : "");
		return;
	}
	tell(v);
	y = draw_head(v, g, s);
	body = surface_sub(s, 0, y, s->cols, s->rows - y);
	if (v->tab == GROUP_TAB_PARTITIONS)
		group_partitions_draw(v, g, &body);
	else if (v->tab == GROUP_TAB_MEMBERS)
		group_members_draw(v, g, &body);
	else
		(void)draw_owners(v, g, &body);
	if (group_actions_open(v->actions))
		group_actions_draw(v->actions, s);
}

/* ---- doing ------------------------------------------------------------------------------- */

static struct view_list *list_of(struct group_view *v)
{
	return v->tab == GROUP_TAB_MEMBERS ? &v->members : &v->partitions;
}

static unsigned group_event(void *view, const struct event *e)
{
	struct group_view *v = view;
	unsigned effect;

	if (v->picker.open)
		return view_list_event(&v->picker.list, e);
	if (group_actions_open(v->actions))
		return group_actions_event(v->actions, e);
	if (v->tab != GROUP_TAB_OWNERS) {
		effect = view_list_event(list_of(v), e);
		v->placed = v->placed || (effect & VIEW_HANDLED && v->tab == GROUP_TAB_PARTITIONS);
		return effect;
	}
	effect = owners_event(&v->owners, model_group_owners(v->ctx->model, buf_str(&v->name)), e);
	return view_table_effect(effect);
}

static enum view_focus group_focus(const void *view)
{
	const struct group_view *v = view;

	if (v->picker.open)
		return VIEW_KEYS;
	return group_actions_open(v->actions) || v->partitions.box.open || v->members.box.open
		       ? VIEW_MODAL
		       : VIEW_KEYS;
}

static void choose(struct group_view *v)
{
	const struct group *g = group_picker_chosen(&v->picker);
	char *name = g ? xstrdup(g->name.p) : NULL;

	if (name)
		begin(v, name);
	free(name);
}

/* The records from where the group is in the partition under the cursor. */
static void open_records(struct group_view *v, const struct group *g)
{
	const struct group_partition *p = group_partitions_at(v, g);
	struct buf arg = BUF_EMPTY;

	if (!p)
		return;
	buf_printf(&arg, "%s/%d", p->topic.p, p->partition);
	if (p->committed >= 0)
		buf_printf(&arg, "/%lld", (long long)p->committed);
	view_push(v->ctx, SCREEN_RECORDS, buf_z(&arg));
	buf_fini(&arg);
}

static void export_tab(struct group_view *v)
{
	if (v->tab == GROUP_TAB_MEMBERS)
		view_list_export(&v->members, "members");
	else
		group_export(v);
}

/* What is under the cursor, for actions that are about a partition; else about the whole group. */
static const struct group_partition *chosen(const struct group_view *v, const struct group *g)
{
	return v->tab == GROUP_TAB_PARTITIONS ? group_partitions_at(v, g) : NULL;
}

static unsigned group_do(void *view, enum action_id id)
{
	struct group_view *v = view;
	const struct group *g = group_view_group(v);
	const struct group_partition *p = g ? chosen(v, g) : NULL;

	if (v->picker.open && id == ACTION_ENTER) {
		choose(v);
		return VIEW_HANDLED | VIEW_REDRAW;
	}
	if (!g)
		return VIEW_IGNORED;
	if (id == ACTION_ENTER)
		open_records(v, g);
	else if (id == ACTION_SORT || id == ACTION_SORT_TURN)
		group_partitions_sort(v, id == ACTION_SORT_TURN);
	else if (id == ACTION_EXPORT)
		export_tab(v);
	else if (id == ACTION_GROUP_RESET)
		group_actions_reset(v->actions, g, p ? p->topic.p : NULL, -1);
	else if (id == ACTION_GROUP_DELETE)
		group_actions_delete(v->actions, &g, 1);
	else if (id == ACTION_GROUP_DELETE_OFFSETS && p)
		group_actions_delete_offsets(v->actions, g, p->topic.p, p->partition);
	else
		return VIEW_IGNORED;
	return VIEW_HANDLED | VIEW_REDRAW;
}

static bool tab_allowed(
	struct group_view *v, enum action_id id, const struct group *g, struct buf *reason)
{
	bool partitions = v->tab == GROUP_TAB_PARTITIONS;

	if ((id == ACTION_SORT || id == ACTION_SORT_TURN) && !partitions)
		buf_puts(reason, v->tab == GROUP_TAB_MEMBERS
					 ? "members stand by name"
					 : "rebalances stand in the order they came");
	else if ((id == ACTION_EXPORT || id == ACTION_MARK) &&
		 (v->tab == GROUP_TAB_OWNERS || !list_of(v)->table.n_rows))
		buf_puts(reason, "there are no rows");
	else if (id == ACTION_ENTER && (!g || !chosen(v, g)))
		buf_puts(reason, "there is no partition under the cursor");
	else if (id == ACTION_GROUP_DELETE_OFFSETS && (!g || !chosen(v, g)))
		buf_puts(reason, "put the cursor on a partition first");
	return reason->n == 0;
}

/* Asked before each action: a key may come between a snapshot and the draw of it. */
static bool group_allowed(void *view, enum action_id id, struct buf *reason)
{
	struct group_view *v = view;
	const struct group *g = group_view_group(v);

	if (v->picker.open && id != ACTION_ENTER) {
		buf_puts(reason, "choose a group first");
		return false;
	}
	if (v->picker.open)
		return true;
	if (v->lines_of != view_cluster(v->ctx)->generation)
		view_list_update(&v->partitions);
	return tab_allowed(v, id, g, reason) && group_action_allowed(id, g, reason);
}

static void group_filter(void *view, struct str text)
{
	struct group_view *v = view;

	if (v->picker.open) {
		view_list_filter(&v->picker.list, text);
		return;
	}
	if (v->tab == GROUP_TAB_OWNERS)
		v->tab = GROUP_TAB_PARTITIONS;
	view_list_filter(list_of(v), text);
}

static void group_crumb(const void *view, struct buf *out)
{
	const struct group_view *v = view;

	if (v->picker.open)
		return;
	buf_puts(out, " > ");
	buf_put_str(out, buf_str(&v->name));
}

static bool group_tabs(const void *view, struct view_tabs *out)
{
	const struct group_view *v = view;

	*out = (struct view_tabs){tab_names, ARRAY_LEN(tab_names), v->tab};
	return !v->picker.open;
}

static void group_open_tab(void *view, int tab)
{
	((struct group_view *)view)->tab = tab;
}

static void group_view_command(void *view, enum action_id id, struct buf *out)
{
	struct group_view *v = view;
	const struct group *g = group_view_group(v);

	group_command(id, g, out);
	if (id == ACTION_COUNT && out->n && v->tab == GROUP_TAB_MEMBERS)
		buf_puts(out, " --members");
}

static void group_copy(void *view, struct buf *out)
{
	struct group_view *v = view;

	if (group_view_group(v) && v->tab != GROUP_TAB_OWNERS)
		view_table_copy(&list_of(v)->table, out);
}

static void group_view_explain(void *view, struct buf *out)
{
	struct group_view *v = view;

	group_explain(out, group_view_group(v), clock_mono_ms(v->ctx->clock));
}

static int64_t group_age(const void *view)
{
	const struct group_view *v = view;
	const struct group *g = group_view_group(v);

	return g && g->offsets.at_ms >= 0 ? view_age(v->ctx, &g->offsets)
					  : view_freshness(v->ctx).age_ms;
}

static void group_save(const void *view, struct buf *out)
{
	buf_put_str(out, buf_str(&((const struct group_view *)view)->name));
}

const struct view_ops view_group = {
	.screen = SCREEN_GROUP,
	.title = "group",
	.open = group_open,
	.close = group_close,
	.draw = group_draw,
	.event = group_event,
	.focus = group_focus,
	.action = group_do,
	.allowed = group_allowed,
	.filter = group_filter,
	.crumb = group_crumb,
	.tabs = group_tabs,
	.open_tab = group_open_tab,
	.command = group_view_command,
	.copy = group_copy,
	.explain = group_view_explain,
	.age_ms = group_age,
	.save = group_save,
};
