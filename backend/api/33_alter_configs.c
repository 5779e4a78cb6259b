/* AlterConfigs: v0-2. Replaces all overrides of a resource; clients since 2.3 use the incremental
 * form. */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	return control_alter_configs(env, s->request, s->response, out);
}

void api_alter_configs(struct call *c, const struct alter_configs_request *r)
{
	api_submit(c, decide, r, &alter_configs_response_desc);
}
