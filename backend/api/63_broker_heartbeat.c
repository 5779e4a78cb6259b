/* BrokerHeartbeat: v0-1. The connection it comes by is the broker's sign of life, too. */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;
	const struct broker_heartbeat_request *r = s->request;
	struct broker_heartbeat_response *a = s->response;
	struct broker *b = s->call->broker;
	int rc = control_heartbeat(env, r, a, out);

	if (rc == 0 && a->error_code == 0)
		b->heard(b, r->broker_id, s->call->slot);
	return rc;
}

void api_broker_heartbeat(struct call *c, const struct broker_heartbeat_request *r)
{
	api_submit(c, decide, r, &broker_heartbeat_response_desc);
}
