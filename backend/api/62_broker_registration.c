/* BrokerRegistration: v0-4. v2 log directories; the rest is ZooKeeper's. */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;
	const struct broker_registration_request *r = s->request;
	struct broker_registration_response *a = s->response;
	struct broker *b = s->call->broker;
	int rc = control_register_broker(env, r, a, out);

	if (rc == 0 && a->error_code == 0)
		b->heard(b, r->broker_id, s->call->slot);
	return rc;
}

void api_broker_registration(struct call *c, const struct broker_registration_request *r)
{
	api_submit(c, decide, r, &broker_registration_response_desc);
}
