/*
 * InitProducerId: v0-5, for idempotent producers (transactional ones find no coordinator yet). Ids
 * come from a block that the controller gave this broker; when it is used up, callers wait for the
 * next one.
 */
#include "api/submit.h"

struct wanted {
	struct metalog_op op;
	struct call *call;
	struct allocate_producer_ids_response block;
};

static void answer(struct call *c, int16_t error)
{
	struct broker *b = c->broker;
	struct init_producer_id_response resp;

	msg_init(&init_producer_id_response_desc, &resp);
	resp.error_code = error;
	resp.producer_epoch = -1;
	if (!error) {
		resp.producer_id = b->next_producer_id++;
		resp.producer_epoch = 0;
	}
	call_reply(c, &resp);
}

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct wanted *w = arg;
	struct broker *b = w->call->broker;
	const struct image_broker *self = image_broker(env->image, b->node_id);
	struct allocate_producer_ids_request r;

	msg_init(&allocate_producer_ids_request_desc, &r);
	msg_init(&allocate_producer_ids_response_desc, &w->block);
	r.broker_id = b->node_id;
	r.broker_epoch = self ? self->epoch : -1;
	return control_allocate_producer_ids(env, &r, &w->block, out);
}

static void granted(struct metalog_op *op, int rc)
{
	struct wanted *w = CONTAINER_OF(op, struct wanted, op);
	struct broker *b = w->call->broker;

	if (rc < 0 || w->block.error_code) {
		answer(w->call, KERR_COORDINATOR_NOT_AVAILABLE);
		return;
	}
	/* Two callers may have asked at once: the later block is the one to go on with, the rest of
	 * the earlier is never used. */
	b->next_producer_id = w->block.producer_id_start;
	b->end_producer_id = w->block.producer_id_start + w->block.producer_id_len;
	answer(w->call, KERR_NONE);
}

void api_init_producer_id(struct call *c, const struct init_producer_id_request *r)
{
	struct broker *b = c->broker;
	struct wanted *w;

	if (!str_is_null(r->transactional_id)) {
		answer(c, r->transactional_id.n ? KERR_COORDINATOR_NOT_AVAILABLE
						: KERR_INVALID_REQUEST);
		return;
	}
	/* An id to go on with has an epoch, and the other way round (KIP-360). */
	if ((r->producer_id == -1) != (r->producer_epoch == -1)) {
		answer(c, KERR_INVALID_REQUEST);
		return;
	}
	if (b->next_producer_id < b->end_producer_id) {
		answer(c, KERR_NONE);
		return;
	}
	call_hold(c);
	w = ARENA_NEW(&c->arena, struct wanted);
	w->call = c;
	w->op.done = granted;
	metalog_submit(b->metalog, &w->op, &c->arena, decide, w);
}
