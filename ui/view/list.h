/* What screens that are one filtered table share: the rows a filter takes, and the form over them
 * that saves them. */
#ifndef VIEW_LIST_H
#define VIEW_LIST_H

#include "base/vec.h"
#include "model/filter.h"
#include "view/export.h"

struct view_list {
	struct view_ctx *ctx;
	struct table table;
	struct filter filter;
	VEC(uint32_t) rows; /* places in what the owner shows */
	struct formbox box;
	struct export export;
	/* Fills the emptied rows. */
	void (*fill)(void *arg);
	void *arg;
};

/* cols and ops are borrowed; arg goes to ops and fill. Empty until the first update, sorted by no
 * column. */
void view_list_init(struct view_list *l, struct view_ctx *ctx, const struct table_col *cols, int n,
	const struct table_ops *ops, void (*fill)(void *arg), void *arg);
void view_list_fini(struct view_list *l);
/* Brings the rows up to what is there now. */
void view_list_update(struct view_list *l);
/* The form while it is open, else the table; Enter is left to the actions. */
unsigned view_list_event(struct view_list *l, const struct event *e);
/* The table and what lies over it. empty: said where there is no row at all; unmatched: where the
 * filter takes none. */
void view_list_draw(struct view_list *l, const struct surface *table, const struct surface *body,
	const char *empty, const char *unmatched);
void view_list_filter(struct view_list *l, struct str text);
/* `x`: stem names the file offered. */
void view_list_export(struct view_list *l, const char *stem);
static inline enum view_focus view_list_focus(const struct view_list *l)
{
	return l->box.open ? VIEW_MODAL : VIEW_KEYS;
}

#endif
