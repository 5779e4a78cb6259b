/* Which group? For screens that were opened with none. */
#include "view/group.h"

enum { COL_NAME, COL_STATE, COL_LAG, COL_COUNT };

static const struct table_col cols[COL_COUNT] = {
	[COL_NAME] = {"GROUP", 14, 28, 60, 0, ALIGN_LEFT},
	[COL_STATE] = {"STATE", 8, 19, 19, 1, ALIGN_LEFT},
	[COL_LAG] = {"LAG", 7, 12, 16, 2, ALIGN_RIGHT},
};

static const struct group *at(const struct group_picker *p, size_t row)
{
	const struct cluster *c = view_cluster(p->list.ctx);

	return row < p->list.rows.n && p->list.rows.v[row] < c->n_groups
		       ? c->groups[p->list.rows.v[row]]
		       : NULL;
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	const struct group *g = at(arg, row);

	if (!g)
		return;
	if (col == COL_NAME)
		buf_put_str(text, g->name);
	else if (col == COL_STATE)
		buf_puts(text, group_state_name((enum group_state)g->state));
	else if (!view_part_cell(&g->offsets,
			 clock_mono_ms(((struct group_picker *)arg)->list.ctx->clock), text, style))
		fmt_count_about(text, g->lag.records, g->lag.about);
}

static uint64_t row_id(void *arg, size_t row)
{
	const struct group *g = at(arg, row);

	return g ? str_id(g->name) : 0;
}

static const struct table_ops table_ops = {cell, row_id, NULL};

static void fill(void *arg)
{
	struct group_picker *p = arg;
	const struct cluster *c = view_cluster(p->list.ctx);

	for (size_t i = 0; i < c->n_groups; i++)
		if (filter_match(&p->list.filter, c->groups[i]->name))
			vec_push(&p->list.rows, (uint32_t)i);
}

const struct group *group_picker_only(const struct view_ctx *ctx)
{
	const struct cluster *c = view_cluster(ctx);

	return c->n_groups == 1 ? c->groups[0] : NULL;
}

bool group_picker_open(struct group_picker *p, struct view_ctx *ctx, struct err *e)
{
	if (!view_cluster(ctx)->n_groups) {
		err_set(e, ERR_NOT_FOUND, "no group to show yet: 7 says how one comes into being");
		return false;
	}
	view_list_init(&p->list, ctx, cols, COL_COUNT, &table_ops, fill, p);
	p->open = true;
	view_list_update(&p->list);
	return true;
}

void group_picker_close(struct group_picker *p)
{
	if (!p->open)
		return;
	p->open = false;
	view_list_fini(&p->list);
}

void group_picker_draw(struct group_picker *p, const struct surface *s)
{
	struct surface rest = surface_sub(s, 0, 2, s->cols, s->rows - 2);

	surface_puts(s, 1, 0, STYLE_TITLE, "Which group?");
	view_list_draw(&p->list, &rest, s, "no group any more", "no group matches the filter");
}

const struct group *group_picker_chosen(struct group_picker *p)
{
	view_list_update(&p->list);
	return at(p, p->list.table.cursor);
}
