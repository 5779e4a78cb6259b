/* ListPartitionReassignments: v0. The active controller tells, so that what was begun is there. */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	(void)out;
	return control_list_reassignments(env, s->request, s->response);
}

void api_list_partition_reassignments(
	struct call *c, const struct list_partition_reassignments_request *r)
{
	api_submit(c, decide, r, &list_partition_reassignments_response_desc);
}
