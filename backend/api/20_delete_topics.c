/* DeleteTopics: v1-6. v5 error messages, v6 topics by id. */
#include "api/submit.h"

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	return control_delete_topics(env, s->request, s->response, out);
}

void api_delete_topics(struct call *c, const struct delete_topics_request *r)
{
	api_submit(c, decide, r, &delete_topics_response_desc);
}
