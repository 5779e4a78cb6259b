/* IncrementalAlterConfigs: v0-1 (KIP-339). Set, delete, append, subtract. */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	return control_incremental_alter_configs(env, s->request, s->response, out);
}

void api_incremental_alter_configs(
	struct call *c, const struct incremental_alter_configs_request *r)
{
	api_submit(c, decide, r, &incremental_alter_configs_response_desc);
}
