/* Between the table's halves: what moves (table.c) and what draws (table_draw.c). */
#ifndef WIDGET_TABLE_IMPL_H
#define WIDGET_TABLE_IMPL_H

#include "widget/table.h"

/* Columns that are laid out. */
static inline int table_n_cols(const struct table *t)
{
	return t->n_cols > TABLE_MAX_COLS ? TABLE_MAX_COLS : t->n_cols;
}

static inline enum table_row_kind table_kind(const struct table *t, size_t row, enum style *style)
{
	return t->ops->row ? t->ops->row(t->arg, row, style) : TABLE_ROW;
}

/* Moves `top` so that the cursor's row is on the page and the page is filled. */
void table_settle(struct table *t);
/* Lays out for `cols` cells; true when columns after the scrolled ones are not shown. */
bool table_is_cut(const struct table *t, int cols, int first);

#endif
