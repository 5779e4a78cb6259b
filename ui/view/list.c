/* See list.h. */
#include "view/list.h"

#include <stdio.h>

void view_list_init(struct view_list *l, struct view_ctx *ctx, const struct table_col *cols, int n,
	const struct table_ops *ops, void (*fill)(void *arg), void *arg)
{
	*l = (struct view_list){.ctx = ctx, .fill = fill, .arg = arg};
	filter_init(&l->filter);
	table_init(&l->table, cols, n, ops, arg);
	l->table.sort_col = -1;
}

void view_list_fini(struct view_list *l)
{
	formbox_close(&l->box);
	table_fini(&l->table);
	filter_fini(&l->filter);
	vec_fini(&l->rows);
}

void view_list_update(struct view_list *l)
{
	vec_clear(&l->rows);
	l->fill(l->arg);
	table_set_rows(&l->table, l->rows.n);
}

unsigned view_list_event(struct view_list *l, const struct event *e)
{
	unsigned effect;

	if (l->box.open)
		return formbox_event(&l->box, e);
	view_list_update(l);
	effect = table_event(&l->table, e);
	return effect & WIDGET_SUBMIT ? VIEW_IGNORED : view_table_effect(effect);
}

void view_list_draw(struct view_list *l, const struct surface *table, const struct surface *body,
	const char *empty, const char *unmatched)
{
	view_list_update(l);
	l->table.empty = filter_active(&l->filter) ? unmatched : empty;
	table_draw(&l->table, table);
	formbox_draw(&l->box, body);
}

void view_list_filter(struct view_list *l, struct str text)
{
	filter_set(&l->filter, text, NULL);
	view_table_filter(&l->table, text);
	view_list_update(l);
}

void view_list_export(struct view_list *l, const char *stem)
{
	l->export = (struct export){.ctx = l->ctx, .table = &l->table};
	snprintf(l->export.stem, sizeof(l->export.stem), "%s", stem);
	export_open(&l->export, &l->box);
}
