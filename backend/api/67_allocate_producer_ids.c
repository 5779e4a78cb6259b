/* AllocateProducerIds: v0. A block of producer ids for a broker. */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	return control_allocate_producer_ids(env, s->request, s->response, out);
}

void api_allocate_producer_ids(struct call *c, const struct allocate_producer_ids_request *r)
{
	api_submit(c, decide, r, &allocate_producer_ids_response_desc);
}
