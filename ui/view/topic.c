/*
 * Screen 4: one topic. Placement is a grid, a row a partition and a column a broker; under it the
 * replicas of the partition under the cursor and what changed. Configs are the settings with their
 * source and meaning. Opened with no topic it is a picker.
 */
#include "view/topic.h"

#include <stdlib.h>

#include "base/xalloc.h"

static const char *const tab_names[] = {"Placement", "Configs"};

const struct topic *topic_view_topic(const struct topic_view *v)
{
	return cluster_topic(view_cluster(v->ctx), buf_str(&v->name));
}

static void want(struct topic_view *v)
{
	struct source_want w = {.topic = buf_z(&v->name)};

	source_want(v->ctx->source, &w);
	model_pin(v->ctx->model, buf_str(&v->name));
}

static void *topic_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct topic_view *v;
	const struct cluster *c = view_cluster(ctx);

	if (!arg || !*arg) {
		/* The first topic is as good a start as any; 3 shows them all. */
		if (!c->n_topics) {
			err_set(e, ERR_NOT_FOUND, "no topic to show yet: 3 lists them");
			return NULL;
		}
		arg = c->topics[0]->name_z;
	}
	v = ALLOC(struct topic_view);
	v->ctx = ctx;
	buf_puts(&v->name, arg);
	topic_actions_init(&v->actions, ctx);
	topic_grid_init(v);
	topic_configs_init(v);
	want(v);
	return v;
}

static void topic_close(void *view)
{
	struct topic_view *v = view;

	topic_grid_fini(v);
	topic_configs_fini(v);
	topic_actions_fini(&v->actions);
	buf_fini(&v->name);
	free(v);
}

static void topic_draw(void *view, const struct surface *s)
{
	struct topic_view *v = view;
	const struct topic *t = topic_view_topic(v);

	if (!t) {
		view_label(s, 1, 0, "!", STYLE_WARN, "topic %s does not exist (any more)",
			buf_z(&v->name));
		return;
	}
	if (v->tab == TOPIC_TAB_CONFIGS)
		topic_configs_draw(v, t, s);
	else
		topic_grid_draw(v, t, s);
	formbox_draw(&v->actions.box, s);
}

static unsigned topic_event(void *view, const struct event *e)
{
	struct topic_view *v = view;
	struct table *table = v->tab == TOPIC_TAB_CONFIGS ? &v->configs : &v->grid;
	unsigned effect;

	if (v->actions.box.open)
		return formbox_event(&v->actions.box, e);
	effect = table_event(table, e);
	return effect & WIDGET_SUBMIT ? VIEW_IGNORED : view_table_effect(effect);
}

static bool topic_has_focus(const void *view)
{
	return ((const struct topic_view *)view)->actions.box.open;
}

static void elected(void *arg, const struct err *e)
{
	view_outcome(arg, e, "preferred leader elected");
}

static void enter(struct topic_view *v, const struct topic *t)
{
	struct buf arg = BUF_EMPTY;

	if (v->tab == TOPIC_TAB_CONFIGS) {
		topic_configs_edit(v, t);
		return;
	}
	/* Name and partition, as the records screen takes them. */
	buf_printf(&arg, "%s/%zu", t->name_z, v->grid.cursor);
	view_push(v->ctx, SCREEN_RECORDS, buf_z(&arg));
	buf_fini(&arg);
}

static unsigned topic_do(void *view, enum action_id id)
{
	struct topic_view *v = view;
	const struct topic *t = topic_view_topic(v);

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
		source_elect(v->ctx->source, t->name_z, (int32_t)v->grid.cursor, elected, v->ctx);
	} else if (!topic_action(&v->actions, id, t)) {
		return VIEW_IGNORED;
	}
	return VIEW_HANDLED | VIEW_REDRAW;
}

static bool topic_allowed(void *view, enum action_id id, struct buf *reason)
{
	return topic_action_allowed(id, topic_view_topic(view), reason);
}

static void topic_crumb(const void *view, struct buf *out)
{
	const struct topic_view *v = view;

	buf_puts(out, " > ");
	buf_put_str(out, buf_str(&v->name));
}

static bool topic_tabs(const void *view, struct view_tabs *out)
{
	*out = (struct view_tabs){
		tab_names, ARRAY_LEN(tab_names), ((const struct topic_view *)view)->tab};
	return true;
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
	else
		topic_command(id, t, out);
}

static void topic_copy(void *view, struct buf *out)
{
	struct topic_view *v = view;
	struct table *table = v->tab == TOPIC_TAB_CONFIGS ? &v->configs : &v->grid;

	if (topic_view_topic(v) && table->n_rows)
		table_row_text(table, table->cursor, '\t', out);
}

static void topic_explain(void *view, struct buf *out)
{
	struct topic_view *v = view;
	const struct topic *t = topic_view_topic(v);

	if (t && v->tab == TOPIC_TAB_CONFIGS) {
		topic_configs_explain(v, t, out);
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
	const struct topic *t = topic_view_topic(v);

	return t ? view_age(v->ctx, &t->offsets) : -1;
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
	.has_focus = topic_has_focus,
	.action = topic_do,
	.allowed = topic_allowed,
	.crumb = topic_crumb,
	.tabs = topic_tabs,
	.open_tab = topic_open_tab,
	.command = topic_view_command,
	.copy = topic_copy,
	.explain = topic_explain,
	.age_ms = topic_age,
	.save = topic_save,
};
