/* The settings of a topic: value, where it comes from, what it means. */

#include "view/topic.h"

enum { COL_NAME, COL_VALUE, COL_SOURCE, COL_COUNT };

static const struct table_col cols[COL_COUNT] = {
	[COL_NAME] = {"SETTING", 16, 34, 44, 0, ALIGN_LEFT},
	[COL_VALUE] = {"VALUE", 8, 24, 0, 0, ALIGN_LEFT},
	[COL_SOURCE] = {"FROM", 7, 16, 24, 1, ALIGN_LEFT},
};

static const struct topic_config *at(const struct topic_view *v, const struct topic *t, size_t row)
{
	return t && row < v->rows.n && v->rows.v[row] < t->n_configs ? &t->configs[v->rows.v[row]]
								     : NULL;
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct topic_view *v = arg;
	const struct topic_config *c = at(v, topic_view_topic(v), row);

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

/* A setting's place among all of them: they come and go seldom. */
static uint64_t row_id(void *arg, size_t row)
{
	const struct topic_view *v = arg;

	return row < v->rows.n ? v->rows.v[row] + 1 : 0;
}

static const struct table_ops table_ops = {cell, row_id, NULL};

static void update(struct topic_view *v, const struct topic *t)
{
	vec_clear(&v->rows);
	for (size_t i = 0; t && i < t->n_configs; i++) {
		const struct topic_config *c = &t->configs[i];
		struct buf text = BUF_EMPTY;

		buf_printf(&text, "%s %s %s", c->name, c->value && !c->sensitive ? c->value : "",
			config_source_name(c->source));
		if (filter_match(&v->filter, buf_str(&text)))
			vec_push(&v->rows, (uint32_t)i);
		buf_fini(&text);
	}
	table_set_rows(&v->configs, v->rows.n);
}

void topic_configs_filter(struct topic_view *v, struct str text)
{
	filter_set(&v->filter, text, NULL);
	view_table_filter(&v->configs, text);
	update(v, topic_view_topic(v));
}

void topic_configs_init(struct topic_view *v)
{
	table_init(&v->configs, cols, COL_COUNT, &table_ops, v);
	v->configs.sort_col = -1;
	filter_init(&v->filter);
}

void topic_configs_fini(struct topic_view *v)
{
	table_fini(&v->configs);
	filter_fini(&v->filter);
	vec_fini(&v->rows);
}

/* What the setting under the cursor means, in as many lines as it takes. */
static void draw_meaning(const struct topic_config *c, const struct surface *s, int y)
{
	struct surface doc = surface_sub(s, 1, y + 1, s->cols - 2, s->rows - y - 1);

	surface_rule(s, y, str_of(c->name));
	wrap_draw(&doc, STYLE_NORMAL,
		str_of(c->doc ? c->doc : "The cluster does not tell what it means."), 0);
}

#define MEANING_ROWS 5

void topic_configs_draw(struct topic_view *v, const struct topic *t, const struct surface *s)
{
	struct buf why = BUF_EMPTY;
	bool meaning = s->rows > MEANING_ROWS + 6;
	struct surface top =
		surface_sub(s, 0, 0, s->cols, meaning ? s->rows - MEANING_ROWS : s->rows);
	const struct topic_config *c;

	part_why(&why, &t->config);
	v->configs.empty = filter_active(&v->filter) ? "no setting matches the filter"
			   : why.n                   ? buf_z(&why)
						     : "…";
	update(v, t);
	table_draw(&v->configs, &top);
	c = at(v, t, v->configs.cursor);
	if (c && meaning)
		draw_meaning(c, s, top.rows);
	buf_fini(&why);
}

void topic_configs_edit(struct topic_view *v, const struct topic *t)
{
	const struct topic_config *c = at(v, t, v->configs.cursor);

	if (v->ctx->read_only)
		view_message(v->ctx, MESSAGE_ERROR, "read-only: settings cannot be changed here");
	else if (c && c->read_only)
		view_message(v->ctx, MESSAGE_ERROR, "%s cannot be changed", c->name);
	else if (c)
		topic_actions_config(&v->actions, t, c);
}

void topic_configs_command(struct topic_view *v, const struct topic *t, struct buf *out)
{
	const struct topic_config *c = at(v, t, v->configs.cursor);

	buf_puts(out, "kdeck configs --alter --entity-type topics --entity-name ");
	shell_quote(out, t->name);
	if (!c)
		return;
	buf_puts(out, " --add-config ");
	buf_printf(out, "%s=%s", c->name, c->value && !c->sensitive ? c->value : "VALUE");
}

void topic_configs_explain(struct topic_view *v, const struct topic *t, struct buf *out)
{
	const struct topic_config *c = at(v, t, v->configs.cursor);

	if (!c)
		return;
	buf_printf(out, "%s\n\n%s\n\nvalue  %s\nfrom   %s\n", c->name,
		c->doc ? c->doc : "The cluster tells nothing about it.",
		c->sensitive ? "(hidden)"
		: c->value   ? c->value
			     : "-",
		config_source_name(c->source));
}
