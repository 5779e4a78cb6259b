/* ElectLeaders: v0-2. v1 election types, unclean among them (KIP-460). */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	return control_elect_leaders(env, s->request, s->response, out);
}

void api_elect_leaders(struct call *c, const struct elect_leaders_request *r)
{
	api_submit(c, decide, r, &elect_leaders_response_desc);
}
