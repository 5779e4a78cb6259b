/*
 * Screen 4: one topic. Placement is a grid, a row a partition and a column a broker; under it the
 * replicas of the partition under the cursor and what changed. Configs are the settings with their
 * source and meaning; Groups are its readers. Opened with "topic", "topic/configs",
 * "topic/groups", or nothing: then it asks.
 */
#include "view/topic.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

static const char *const tab_names[] = {"Placement", "Configs", "Groups"};

const struct topic *topic_view_topic(const struct topic_view *v)
{
	return cluster_topic(view_cluster(v->ctx), buf_str(&v->name));
}

/* The table of the open tab. */
static struct table *shown(struct topic_view *v)
{
	switch (v->tab) {
	case TOPIC_TAB_CONFIGS:
		return &v->configs;
	case TOPIC_TAB_GROUPS:
		return &v->readers.table;
	}
	return &v->grid;
}

#define VISIBLE_MAX 200

static void want(struct topic_view *v)
{
	struct str names[VISIBLE_MAX];
	struct source_want w = {.topic = buf_z(&v->name), .groups = names};
	const struct cluster *c = view_cluster(v->ctx);
	size_t first, n;

	if (v->tab == TOPIC_TAB_GROUPS) {
		table_visible(&v->readers.table, &first, &n);
		for (size_t i = first; i < first + n && w.n_groups < VISIBLE_MAX; i++)
			names[w.n_groups++] = c->groups[v->readers.rows.v[i]]->name;
	}
	source_want(v->ctx->source, &w);
}

static void begin(struct topic_view *v, const char *what)
{
	const char *slash = strchr(what, '/');

	picker_close(&v->picker);
	buf_clear(&v->name);
	buf_put(&v->name, what, slash ? (size_t)(slash - what) : strlen(what));
	v->tab = !slash                          ? TOPIC_TAB_PLACEMENT
		 : strcmp(slash, "/groups") == 0 ? TOPIC_TAB_GROUPS
						 : TOPIC_TAB_CONFIGS;
	want(v);
	model_pin(v->ctx->model, buf_str(&v->name));
}

static void *topic_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct topic_view *v = ALLOC(struct topic_view);

	v->ctx = ctx;
	if (!picker_begin(&v->picker, ctx, "Which topic?", &arg, e)) {
		free(v);
		return NULL;
	}
	topic_actions_init(&v->actions, ctx);
	reassign_form_init(&v->moves, ctx);
	topic_grid_init(v);
	topic_configs_init(v);
	topic_groups_init(v);
	if (arg)
		begin(v, arg);
	return v;
}

static void topic_close(void *view)
{
	struct topic_view *v = view;

	picker_close(&v->picker);
	topic_grid_fini(v);
	topic_configs_fini(v);
	topic_groups_fini(v);
	topic_actions_fini(&v->actions);
	reassign_form_fini(&v->moves);
	buf_fini(&v->name);
	free(v);
}

static void topic_draw(void *view, const struct surface *s)
{
	struct topic_view *v = view;
	const struct topic *t = topic_view_topic(v);
	bool known = view_cluster(v->ctx)->progress.step >= PROGRESS_OFFSETS;

	if (v->picker.open) {
		picker_draw(&v->picker, s);
		return;
	}
	if (!t) {
		view_label(s, 1, 0, known ? "!" : "…", STYLE_WARN, "topic %s %s", buf_z(&v->name),
			known ? "does not exist (any more): Esc goes back" : "");
		return;
	}
	if (v->tab == TOPIC_TAB_CONFIGS)
		topic_configs_draw(v, t, s);
	else if (v->tab == TOPIC_TAB_GROUPS)
		topic_groups_draw(v, t, s);
	else
		topic_grid_draw(v, t, s);
	want(v);
	formbox_draw(&v->actions.box, s);
	reassign_form_draw(&v->moves, s);
}

static unsigned topic_event(void *view, const struct event *e)
{
	struct topic_view *v = view;
	unsigned effect;

	if (v->picker.open)
		return picker_event(&v->picker, e);
	if (v->actions.box.open)
		return formbox_event(&v->actions.box, e);
	if (reassign_form_is_open(&v->moves))
		return reassign_form_event(&v->moves, e);
	effect = table_event(shown(v), e);
	return effect & WIDGET_SUBMIT ? VIEW_IGNORED : view_table_effect(effect);
}

static enum view_focus topic_focus(const void *view)
{
	const struct topic_view *v = view;

	return v->actions.box.open || reassign_form_is_open(&v->moves) ? VIEW_MODAL : VIEW_KEYS;
}

/* The forms of fields are done with Enter, as everywhere. */
static const char *topic_enter_word(const void *view)
{
	const struct topic_view *v = view;

	return reassign_form_is_open(&v->moves) ? reassign_form_enter_word(&v->moves) : NULL;
}

/* A move that has begun is not cancelled by Esc. */
static const char *topic_esc_word(const void *view)
{
	const struct topic_view *v = view;

	return v->moves.state == REASSIGN_MOVING || v->moves.state == REASSIGN_DONE ? "close"
										    : NULL;
}

static void elected(void *arg, const struct err *e)
{
	view_outcome(arg, e, "preferred leader elected");
}

/* The partition under the cursor; indexes may have holes. */
static int32_t partition_at(const struct topic_view *v, const struct topic *t)
{
	return v->grid.cursor < (size_t)t->n_partitions ? t->partitions[v->grid.cursor].index : 0;
}

/* Of the marked partitions, else of the one under the cursor. */
static void move_replicas(struct topic_view *v, const struct topic *t)
{
	VEC(int32_t) partitions = {0};

	for (int32_t i = 0; i < t->n_partitions; i++)
		if (table_is_marked(&v->grid, (size_t)i))
			vec_push(&partitions, t->partitions[i].index);
	if (!partitions.n)
		vec_push(&partitions, partition_at(v, t));
	reassign_form_open(&v->moves, t, partitions.v, partitions.n);
	vec_fini(&partitions);
}

static void enter(struct topic_view *v, const struct topic *t)
{
	struct buf arg = BUF_EMPTY;

	if (v->tab == TOPIC_TAB_CONFIGS) {
		topic_configs_edit(v, t);
		return;
	}
	if (v->tab == TOPIC_TAB_GROUPS) {
		const struct group *g = topic_groups_at_cursor(v);

		if (g)
			view_push(v->ctx, SCREEN_GROUP, g->name.p);
		return;
	}
	/* Name and partition, as the records screen takes them. */
	buf_printf(&arg, "%s/%d", t->name_z, partition_at(v, t));
	view_push(v->ctx, SCREEN_RECORDS, buf_z(&arg));
	buf_fini(&arg);
}

static void choose(struct topic_view *v)
{
	const struct topic *t = picker_chosen(&v->picker);
	char *name = t ? xstrdup(t->name_z) : NULL;

	if (name)
		begin(v, name);
	free(name);
}

static void export_rows(struct topic_view *v, const struct topic *t)
{
	static const char *const what[] = {"partitions", "configs", "groups"};

	v->export = (struct export){.ctx = v->ctx, .table = shown(v)};
	snprintf(v->export.stem, sizeof(v->export.stem), "%s-%s", t->name_z, what[v->tab]);
	export_open(&v->export, &v->actions.box);
}

static unsigned topic_do(void *view, enum action_id id)
{
	struct topic_view *v = view;
	const struct topic *t = topic_view_topic(v);

	if (v->picker.open && id == ACTION_ENTER) {
		choose(v);
		return VIEW_HANDLED | VIEW_REDRAW;
	}
	if (!t)
		return VIEW_IGNORED;
	if (id == ACTION_ENTER) {
		enter(v, t);
	} else if (id == ACTION_TOPIC_EDIT) {
		if (v->tab != TOPIC_TAB_CONFIGS)
			v->tab = TOPIC_TAB_CONFIGS;
		else
			topic_configs_edit(v, t);
	} else if (id == ACTION_TOPIC_ELECT) {
		source_elect(v->ctx->source, t->name_z, partition_at(v, t), elected, v->ctx);
	} else if (id == ACTION_TOPIC_MOVE) {
		move_replicas(v, t);
	} else if (id == ACTION_SORT || id == ACTION_SORT_TURN) {
		topic_groups_sort(v, id == ACTION_SORT_TURN);
	} else if (id == ACTION_EXPORT) {
		export_rows(v, t);
	} else if (!topic_action(&v->actions, id, t)) {
		return VIEW_IGNORED;
	}
	return VIEW_HANDLED | VIEW_REDRAW;
}

static bool topic_allowed(void *view, enum action_id id, struct buf *reason)
{
	const struct topic_view *v = view;

	if ((id == ACTION_SORT || id == ACTION_SORT_TURN) && v->tab != TOPIC_TAB_GROUPS) {
		buf_puts(reason, "partitions stand by number, settings by name");
		return false;
	}
	if (id == ACTION_TOPIC_MOVE && v->tab != TOPIC_TAB_PLACEMENT) {
		buf_puts(reason, "partitions are chosen on the tab Placement");
		return false;
	}
	if (v->picker.open && id != ACTION_ENTER) {
		buf_puts(reason, "choose a topic first");
		return false;
	}
	return topic_action_allowed(id, topic_view_topic(v), reason);
}

static unsigned topic_tick(void *view, int64_t now_ms)
{
	(void)now_ms;
	return reassign_form_tick(&((struct topic_view *)view)->moves);
}

static void topic_filter(void *view, struct str text)
{
	struct topic_view *v = view;

	if (v->picker.open) {
		picker_filter(&v->picker, text);
		return;
	}
	if (v->tab == TOPIC_TAB_GROUPS) {
		view_list_filter(&v->readers, text);
		return;
	}
	v->tab = TOPIC_TAB_CONFIGS;
	topic_configs_filter(v, text);
}

static void topic_crumb(const void *view, struct buf *out)
{
	const struct topic_view *v = view;

	if (v->picker.open)
		return;
	buf_puts(out, " > ");
	buf_put_str(out, buf_str(&v->name));
}

static bool topic_tabs(const void *view, struct view_tabs *out)
{
	const struct topic_view *v = view;

	*out = (struct view_tabs){tab_names, ARRAY_LEN(tab_names), v->tab};
	return !v->picker.open;
}

static void topic_open_tab(void *view, int tab)
{
	((struct topic_view *)view)->tab = tab;
}

static void topic_view_command(void *view, enum action_id id, struct buf *out)
{
	struct topic_view *v = view;
	const struct topic *t = topic_view_topic(v);

	if (t && id == ACTION_COUNT && v->tab == TOPIC_TAB_CONFIGS)
		topic_configs_command(v, t, out);
	else if (t && id == ACTION_COUNT && v->tab == TOPIC_TAB_GROUPS)
		topic_groups_command(v, out);
	else
		topic_command(id, t, out);
}

static void topic_copy(void *view, struct buf *out)
{
	struct topic_view *v = view;
	if (topic_view_topic(v))
		view_table_copy(shown(v), out);
}

static void topic_explain(void *view, struct buf *out)
{
	struct topic_view *v = view;
	const struct topic *t = topic_view_topic(v);

	if (t && v->tab == TOPIC_TAB_CONFIGS) {
		topic_configs_explain(v, t, out);
		return;
	}
	if (t && v->tab == TOPIC_TAB_GROUPS) {
		topic_groups_explain(out);
		return;
	}
	buf_puts(out, "Each row is a partition, each column a broker.\n\n"
		      "★ leader        clients write to it and read from it\n"
		      "● in sync       a follower that has what the leader acknowledged\n"
		      "○ behind        a follower that is catching up, with the records it lacks\n"
		      "✗ offline       a copy on a broker that is down\n"
		      "·               no copy here\n\n"
		      "ISR    in-sync replicas of all replicas\n"
		      "PREF   the preferred leader, the first replica; ! when another one leads\n"
		      "START  the first offset that is still there\n"
		      "HW     high watermark: consumers read up to here\n"
		      "LEO    log end offset of the leader: the next record gets it\n");
}

static int64_t topic_age(const void *view)
{
	const struct topic_view *v = view;

	return view_topic_age(v->ctx, topic_view_topic(v));
}

static void topic_save(const void *view, struct buf *out)
{
	buf_put_str(out, buf_str(&((const struct topic_view *)view)->name));
}

const struct view_ops view_topic = {
	.screen = SCREEN_TOPIC,
	.title = "topic",
	.open = topic_open,
	.close = topic_close,
	.draw = topic_draw,
	.event = topic_event,
	.focus = topic_focus,
	.enter_word = topic_enter_word,
	.esc_word = topic_esc_word,
	.action = topic_do,
	.allowed = topic_allowed,
	.tick = topic_tick,
	.filter = topic_filter,
	.crumb = topic_crumb,
	.tabs = topic_tabs,
	.open_tab = topic_open_tab,
	.command = topic_view_command,
	.copy = topic_copy,
	.explain = topic_explain,
	.age_ms = topic_age,
	.save = topic_save,
};
