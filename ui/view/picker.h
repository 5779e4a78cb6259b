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

/* The topic to open without asking: the only one there is; NULL when it must be asked. */
const struct topic *picker_only(const struct view_ctx *ctx);
/* False with e set when there is nothing to choose from. */
bool picker_open(struct picker *p, struct view_ctx *ctx, const char *question, struct err *e);
/* Closed is fine. */
void picker_close(struct picker *p);
void picker_draw(struct picker *p, const struct surface *s);
unsigned picker_event(struct picker *p, const struct event *e);
void picker_filter(struct picker *p, struct str text);
/* Under the cursor; NULL: nothing is. Lent until the next draw. */
const struct topic *picker_chosen(struct picker *p);

#endif
