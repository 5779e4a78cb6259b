/* UnregisterBroker: v0. Forgets a broker that is gone for good. */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	return control_unregister_broker(env, s->request, s->response, out);
}

void api_unregister_broker(struct call *c, const struct unregister_broker_request *r)
{
	api_submit(c, decide, r, &unregister_broker_response_desc);
}
