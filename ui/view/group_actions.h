/* What can be done to a group, shared by the list of groups, the group's own screen and the topic's
 * list of its readers: a form, a preview, questions, then one call of the source each. */
#ifndef VIEW_GROUP_ACTIONS_H
#define VIEW_GROUP_ACTIONS_H

#include "model/group.h"
#include "view/common.h"

struct group_actions;

/* Heap; ctx is borrowed. */
struct group_actions *group_actions_new(struct view_ctx *ctx);
/* Nothing is called back any more. NULL is allowed. */
void group_actions_free(struct group_actions *a);

/* `o`: where to, then what would move, then the question. topic NULL: the form offers all topics of
 * the group; partition -1: all. */
void group_actions_reset(
	struct group_actions *a, const struct group *g, const char *topic, int32_t partition);
/* Asks, naming each; at least one. */
void group_actions_delete(struct group_actions *a, const struct group *const *groups, size_t n);
/* What was committed in a topic; partition -1: in all of it. */
void group_actions_delete_offsets(
	struct group_actions *a, const struct group *g, const char *topic, int32_t partition);

/* Is a form or the preview over the screen? Then it takes every event (VIEW_MODAL). */
bool group_actions_open(const struct group_actions *a);
unsigned group_actions_event(struct group_actions *a, const struct event *e);
void group_actions_draw(struct group_actions *a, const struct surface *body);

/* Is it possible on g (NULL: no group under the cursor)? If not, why. */
bool group_action_allowed(enum action_id id, const struct group *g, struct buf *reason);
/* The shell command of an action on g. */
void group_command(enum action_id id, const struct group *g, struct buf *out);

#endif
