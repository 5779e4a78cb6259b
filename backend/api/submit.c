/* See submit.h. */
#include "api/submit.h"

static void done(struct metalog_op *op, int rc)
{
	struct submit *s = CONTAINER_OF(op, struct submit, op);

	if (rc < 0) {
		call_drop(s->call, rc == ERR_AGAIN ? "this node is not the controller now"
						   : "the metadata log takes no records");
		return;
	}
	call_reply(s->call, s->response);
}

void api_submit(struct call *c, metalog_decide_fn *decide, const void *request,
	const struct msg_desc *response)
{
	struct submit *s = ARENA_NEW(&c->arena, struct submit);

	call_hold(c);
	s->call = c;
	s->request = request;
	s->response = arena_alloc(&c->arena, response->body->size);
	s->op.done = done;
	msg_init(response, s->response);
	metalog_submit(c->broker->metalog, &s->op, &c->arena, decide, s);
}
