/* What can be done to a topic, shared by the list of topics and the topic's own screen: forms and
 * questions, then one call of the source each. */
#ifndef VIEW_TOPIC_ACTIONS_H
#define VIEW_TOPIC_ACTIONS_H

#include "view/common.h"

struct topic_actions {
	struct view_ctx *ctx;
	struct formbox box;
	struct buf topic; /* what the open form or question is about */
	struct buf key;   /* the setting that is edited */
	struct buf suggestion;
	int64_t asked; /* what the form waits for; 0: nothing */
	const char *done;
	struct buf made;  /* the name that is being created */
	struct buf go_to; /* the topic that the cursor is to be on as soon as it is there */
};

void topic_actions_init(struct topic_actions *a, struct view_ctx *ctx);
void topic_actions_fini(struct topic_actions *a);

/* One setting; its value is the form's start. */
void topic_actions_config(
	struct topic_actions *a, const struct topic *t, const struct topic_config *c);
/* Does the action if it is one of these; false: not one. t may be NULL for TOPIC_NEW. */
bool topic_action(struct topic_actions *a, enum action_id id, const struct topic *t);
/* Is it possible on t (NULL: no topic under the cursor)? */
bool topic_action_allowed(enum action_id id, const struct topic *t, struct buf *reason);
/* The shell command of an action on t. */
void topic_command(enum action_id id, const struct topic *t, struct buf *out);

#endif
