/* Results: lists of records whose bodies the arena holds. */
#include "control/control.h"

#include "control/impl.h"

void control_result_init(struct control_result *r)
{
	memset(r, 0, sizeof(*r));
}

void control_result_fini(struct control_result *r)
{
	vec_fini(&r->records.list);
}

void *control_record(const struct control_env *env, struct control_result *out,
	const struct msg_desc *d, int16_t version)
{
	void *body = arena_alloc(env->arena, d->body->size);
	struct metarec r = {.desc = d, .version = version, .body = body};

	if (!body)
		return NULL;
	msg_init(d, body);
	vec_push(&out->records.list, r);
	return body;
}
