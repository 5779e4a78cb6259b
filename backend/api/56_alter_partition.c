/* AlterPartition: v2-3, from leaders. v3 broker epochs of the ISR (KIP-903). */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	return control_alter_partition(env, s->request, s->response, out);
}

void api_alter_partition(struct call *c, const struct alter_partition_request *r)
{
	api_submit(c, decide, r, &alter_partition_response_desc);
}
