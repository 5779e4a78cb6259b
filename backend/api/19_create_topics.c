/* CreateTopics: v2-7. v5 answers with partitions, replication factor and configs, v7 with the id.
 */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	return control_create_topics(env, s->request, s->response, out);
}

void api_create_topics(struct call *c, const struct create_topics_request *r)
{
	api_submit(c, decide, r, &create_topics_response_desc);
}
