/* Which topic? A list to choose from, for screens that were opened with none. */
#ifndef VIEW_PICKER_H
#define VIEW_PICKER_H

#include "model/topic_list.h"
#include "view/common.h"

struct picker {
	struct view_ctx *ctx;
	const char *question; /* "Records of which topic?" */
	struct topic_list list;
	struct table table;
	bool open;
};

/* For a screen that was opened with *arg: where that names no topic it becomes the only one that
 * there is, or NULL, and the picker is open and asks. False with e: there is nothing to choose
 * from.
 */
bool picker_begin(struct picker *p, struct view_ctx *ctx, const char *question, const char **arg,
	struct err *e) MUSTCHECK;
/* Closed is fine. */
void picker_close(struct picker *p);
void picker_draw(struct picker *p, const struct surface *s);
unsigned picker_event(struct picker *p, const struct event *e);
void picker_filter(struct picker *p, struct str text);
/* Under the cursor; NULL: nothing is. Lent until the next draw. */
const struct topic *picker_chosen(struct picker *p);

#endif
