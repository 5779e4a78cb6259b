/* The rebalances of a group on a screen: which member owned which partition, and a line about
 * each. */
#ifndef VIEW_OWNERS_DRAW_H
#define VIEW_OWNERS_DRAW_H

#include "model/owners.h"
#include "widget/widget.h"

/* How long names are cut so that they still differ: the beginning that all of them share goes where
 * they do not fit. */
struct short_names {
	size_t skip; /* bytes */
	int cells;
};
struct short_names short_names(const char *const *names, size_t n, int cells);
void short_name_put(struct buf *out, struct short_names s, const char *name);
/* Of all the members of a group, by their labels. */
struct short_names short_member_names(const struct group *g, int cells);

/* What is scrolled away of the time line. */
struct owners_scroll {
	size_t top;  /* rows */
	size_t back; /* newest columns; 0: the newest is seen */
	size_t page; /* rows seen at the last draw */
	size_t rows; /* lines there are */
};

/* A row a partition under its topic, a column a rebalance with its time, generation and reason,
 * newest at the right; what moved has a > before it. o NULL or empty says so. */
void owners_draw(const struct surface *s, const struct owners *o, struct owners_scroll *at);
/* Arrows, j k g G, PgUp PgDn, wheel; effects of a widget. */
unsigned owners_event(struct owners_scroll *at, const struct owners *o, const struct event *e);
/* Lines that owners_draw would fill. */
int owners_rows(const struct owners *o);

/* "rebalances seen since 14:02:10", then a line each, the latest that fit, newest last. Returns the
 * line after the last one. */
int rebalances_draw(const struct surface *s, int y, const struct owners *o);
/* Lines that rebalances_draw would fill at most `max`. */
int rebalances_rows(const struct owners *o, int max);

#endif
