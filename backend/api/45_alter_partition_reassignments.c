/* AlterPartitionReassignments: v0-1 (KIP-455). v1 may forbid another replication factor. */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	return control_alter_reassignments(env, s->request, s->response, out);
}

void api_alter_partition_reassignments(
	struct call *c, const struct alter_partition_reassignments_request *r)
{
	api_submit(c, decide, r, &alter_partition_reassignments_response_desc);
}
