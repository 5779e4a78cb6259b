/* CreatePartitions: v0-3. Partitions can be added, never taken away. */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	return control_create_partitions(env, s->request, s->response, out);
}

void api_create_partitions(struct call *c, const struct create_partitions_request *r)
{
	api_submit(c, decide, r, &create_partitions_response_desc);
}
