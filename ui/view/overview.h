/* What overview.c (figures, changes, what a console that has just started does) and
 * overview_trouble.c (problems and the worst groups) share. */
#ifndef VIEW_OVERVIEW_H
#define VIEW_OVERVIEW_H

#include "model/group.h"
#include "view/common.h"

#define OVERVIEW_PROBLEMS 200
#define OVERVIEW_GROUPS   5

/* What needs a look: problems, then groups, the worst first, with one cursor over both. What is
 * found is borrowed from the snapshot until the next one. */
struct trouble {
	struct problem problems[OVERVIEW_PROBLEMS];
	size_t n_problems, all_problems;
	const struct group *groups[OVERVIEW_GROUPS];
	size_t n_groups, bad_groups; /* none is listed while all do well */
	size_t cursor;
	struct buf group; /* under the cursor: it stays there when the list moves; empty: none */
};

struct overview {
	struct view_ctx *ctx;
	struct trouble trouble;
};

/* The latest changes below line y. */
void overview_changes_draw(struct overview *v, const struct surface *s, int y);

/* Looks again, and finds the cursor's row. */
void trouble_find(struct trouble *t, const struct cluster *c);
void trouble_move(struct trouble *t, bool down);
/* At most one of them is not NULL. */
const struct problem *trouble_problem(const struct trouble *t);
const struct group *trouble_group(const struct trouble *t);
/* Draws in `room` rows from y on, and leaves `keep` of them when it can; returns the row behind.
 * On a low screen both lists are one. */
int trouble_draw(const struct trouble *t, const struct cluster *c, int64_t now_ms,
	const struct surface *s, int y, int room, int keep);
int trouble_draw_low(const struct trouble *t, const struct cluster *c, int64_t now_ms,
	const struct surface *s, int y);

#endif
