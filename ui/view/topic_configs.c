/* The settings of a topic: value, where it comes from, what it means. */
#include <stdlib.h>

#include "view/topic.h"

enum { COL_NAME, COL_VALUE, COL_SOURCE, COL_COUNT };

static const struct table_col cols[COL_COUNT] = {
	[COL_NAME] = {"SETTING", 16, 34, 44, 0, ALIGN_LEFT},
	[COL_VALUE] = {"VALUE", 8, 24, 0, 0, ALIGN_LEFT},
	[COL_SOURCE] = {"FROM", 7, 16, 24, 1, ALIGN_LEFT},
};

static const struct topic_config *at(const struct topic *t, size_t row)
{
	return t && row < t->n_configs ? &t->configs[row] : NULL;
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct topic_view *v = arg;
	const struct topic_config *c = at(topic_view_topic(v), row);

	if (!c)
		return;
	if (c->source != 1)
		*style = STYLE_DIM;
	switch (col) {
	case COL_NAME:
		buf_puts(text, c->name);
		break;
	case COL_VALUE:
		buf_puts(text, c->sensitive ? "(hidden)" : c->value ? c->value : "-");
		break;
	case COL_SOURCE:
		buf_puts(text, config_source_name(c->source));
		break;
	}
}

static const struct table_ops table_ops = {cell, NULL, NULL};

void topic_configs_init(struct topic_view *v)
{
	table_init(&v->configs, cols, COL_COUNT, &table_ops, v);
	v->configs.sort_col = -1;
}

void topic_configs_fini(struct topic_view *v)
{
	table_fini(&v->configs);
}

void topic_configs_draw(struct topic_view *v, const struct topic *t, const struct surface *s)
{
	struct buf why = BUF_EMPTY;
	struct surface top = surface_sub(s, 0, 0, s->cols, s->rows - 4);
	const struct topic_config *c;

	part_why(&why, &t->config);
	v->configs.empty = why.n ? buf_z(&why) : "…";
	table_set_rows(&v->configs, t->n_configs);
	table_draw(&v->configs, &top);
	c = at(t, v->configs.cursor);
	if (c && c->doc && s->rows > 8) {
		struct surface doc = surface_sub(s, 1, s->rows - 3, s->cols - 2, 3);
		surface_rule(s, s->rows - 4, str_of(c->name));
		surface_put(&doc, 0, 0, STYLE_NORMAL, str_of(c->doc));
	}
	buf_fini(&why);
}

void topic_configs_edit(struct topic_view *v, const struct topic *t)
{
	const struct topic_config *c = at(t, v->configs.cursor);

	if (v->ctx->read_only)
		view_message(v->ctx, MESSAGE_ERROR, "read-only: settings cannot be changed here");
	else if (c && c->read_only)
		view_message(v->ctx, MESSAGE_ERROR, "%s cannot be changed", c->name);
	else if (c)
		topic_actions_config(&v->actions, t, c);
}

void topic_configs_command(struct topic_view *v, const struct topic *t, struct buf *out)
{
	const struct topic_config *c = at(t, v->configs.cursor);

	buf_puts(out, "kdeck configs --alter --entity-type topics --entity-name ");
	shell_quote(out, t->name);
	if (!c)
		return;
	buf_puts(out, " --add-config ");
	buf_printf(out, "%s=%s", c->name, c->value && !c->sensitive ? c->value : "VALUE");
}

void topic_configs_explain(struct topic_view *v, const struct topic *t, struct buf *out)
{
	const struct topic_config *c = at(t, v->configs.cursor);

	if (!c)
		return;
	buf_printf(out, "%s\n\n%s\n\nvalue  %s\nfrom   %s\n", c->name,
		c->doc ? c->doc : "The cluster tells nothing about it.",
		c->sensitive ? "(hidden)"
		: c->value   ? c->value
			     : "-",
		config_source_name(c->source));
}
