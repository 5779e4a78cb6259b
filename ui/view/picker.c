/* See picker.h. */
#include "view/picker.h"

enum { COL_NAME, COL_PARTS, COL_RECORDS, COL_COUNT };

static const struct table_col cols[COL_COUNT] = {
	[COL_NAME] = {"TOPIC", 12, 28, 60, 0, ALIGN_LEFT},
	[COL_PARTS] = {"PARTS", 5, 6, 8, 1, ALIGN_RIGHT},
	[COL_RECORDS] = {"RECORDS", 7, 12, 16, 2, ALIGN_RIGHT},
};

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct picker *p = arg;
	const struct topic *t = topic_list_at(&p->list, row);

	if (!t)
		return;
	if (t->internal)
		*style = STYLE_DIM;
	if (col == COL_NAME)
		buf_put_str(text, t->name);
	else
		fmt_count(text, col == COL_PARTS ? t->n_partitions : t->records);
}

static uint64_t row_id(void *arg, size_t row)
{
	struct picker *p = arg;
	const struct topic *t = topic_list_at(&p->list, row);

	return t ? topic_row_id(t) : 0;
}

static const struct table_ops table_ops = {cell, row_id, NULL};

static void update(struct picker *p)
{
	topic_list_update(&p->list, view_cluster(p->ctx));
	table_set_rows(&p->table, p->list.rows.n);
}

bool picker_begin(struct picker *p, struct view_ctx *ctx, const char *question, const char **arg,
	struct err *e)
{
	const struct cluster *c = view_cluster(ctx);

	if (*arg && **arg)
		return true;
	*arg = c->n_topics == 1 ? c->topics[0]->name_z : NULL;
	if (*arg)
		return true;
	if (!c->n_topics) {
		err_set(e, ERR_NOT_FOUND, "no topic to show yet: 3 lists them");
		return false;
	}
	*p = (struct picker){.ctx = ctx, .question = question, .open = true};
	topic_list_init(&p->list);
	topic_list_sort(&p->list, TOPIC_BY_NAME, false);
	table_init(&p->table, cols, COL_COUNT, &table_ops, p);
	p->table.empty = "no topic matches the filter";
	update(p);
	return true;
}

void picker_close(struct picker *p)
{
	if (!p->open)
		return;
	p->open = false;
	table_fini(&p->table);
	topic_list_fini(&p->list);
}

void picker_draw(struct picker *p, const struct surface *s)
{
	struct surface rest = surface_sub(s, 0, 2, s->cols, s->rows - 2);

	update(p);
	surface_puts(s, 1, 0, STYLE_TITLE, p->question);
	table_draw(&p->table, &rest);
}

unsigned picker_event(struct picker *p, const struct event *e)
{
	unsigned effect;

	update(p);
	effect = table_event(&p->table, e);
	return effect & WIDGET_SUBMIT ? VIEW_IGNORED : view_table_effect(effect);
}

void picker_filter(struct picker *p, struct str text)
{
	topic_list_filter(&p->list, text);
	buf_clear(&p->table.filter);
	buf_put_str(&p->table.filter, text);
	update(p);
}

const struct topic *picker_chosen(struct picker *p)
{
	update(p);
	return topic_list_at(&p->list, p->table.cursor);
}
