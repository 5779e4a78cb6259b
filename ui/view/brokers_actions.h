/* What can be done to a broker: questions that name what will happen, forms, then one call of the
 * source each. How it went is told on the app's message line. */
#ifndef VIEW_BROKERS_ACTIONS_H
#define VIEW_BROKERS_ACTIONS_H

#include "view/common.h"

struct brokers_actions {
	struct view_ctx *ctx;
	struct formbox box;
	char title[40]; /* of the form, */
	struct field_def cut;
	const char *choices[66]; /* and whom to cut the broker off from */
	char names[64][24];
	/* What the open form or question is about. */
	enum broker_op op;
	int32_t broker, other; /* other -1: all */
};

void brokers_actions_init(struct brokers_actions *a, struct view_ctx *ctx);
void brokers_actions_fini(struct brokers_actions *a);
/* False: not an action of this file. b NULL: no broker under the cursor. */
bool brokers_actions_do(struct brokers_actions *a, enum action_id id, const struct broker *b);
/* Can it be done to b? If not, why. */
bool brokers_actions_allowed(const struct brokers_actions *a, enum action_id id,
	const struct broker *b, struct buf *reason);
/* Which partitions live on it (brokers_lives.c). */
void brokers_show_partitions(struct view_ctx *ctx, const struct broker *b);

#endif
