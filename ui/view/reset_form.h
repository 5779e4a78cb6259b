/* Where to reset the offsets of a group: topic, partition, place. */
#ifndef VIEW_RESET_FORM_H
#define VIEW_RESET_FORM_H

#include "base/vec.h"
#include "model/group.h"
#include "view/common.h"

/* Everything in it is lent for the call. */
typedef void reset_form_fn(void *arg, const struct reset_spec *spec);

struct reset_form {
	struct view_ctx *ctx;
	struct formbox box;
	struct buf title, group;
	VEC(char *) topics;  /* that the group has committed in */
	bool known;          /* they are all; else the plan will tell */
	struct buf stem;     /* what was typed before the name was completed */
	size_t completion;   /* 0: not completed, else the next one + 1 */
	reset_form_fn *done; /* what was chosen; the form waits for reset_form_answer */
	void *arg;
};

void reset_form_init(struct reset_form *f, struct view_ctx *ctx, reset_form_fn *done, void *arg);
void reset_form_fini(struct reset_form *f);
/* topic NULL: the only one, or all; partition -1: all. */
void reset_form_open(
	struct reset_form *f, const struct group *g, const char *topic, int32_t partition);
unsigned reset_form_event(struct reset_form *f, const struct event *e);

#endif
