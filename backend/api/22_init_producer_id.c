/*
 * InitProducerId: v0-5, for idempotent producers (transactional ones find no coordinator yet). Ids
 * come from a block that the controller gave this broker; when it is used up, callers wait for the
 * next one.
 */
#include "api/api.h"

struct waiting {
	struct list_node node;
	struct call *call;
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

static bool used_up(const struct broker *b)
{
	return b->next_producer_id >= b->end_producer_id;
}

void api_producer_ids(struct broker *b, int16_t error, int64_t start, int32_t n)
{
	struct list_node *node;

	if (!error) {
		b->next_producer_id = start;
		b->end_producer_id = start + n;
	}
	while ((error || !used_up(b)) && (node = list_first(&b->want_ids))) {
		list_remove(node);
		answer(CONTAINER_OF(node, struct waiting, node)->call, error);
	}
	if (!list_empty(&b->want_ids))
		b->ids_wanted(b);
}

void api_init_producer_id(struct call *c, const struct init_producer_id_request *r)
{
	struct broker *b = c->broker;
	struct waiting *w;
	bool first = list_empty(&b->want_ids);

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
	if (!used_up(b)) {
		answer(c, KERR_NONE);
		return;
	}
	call_hold(c);
	w = ARENA_NEW(&c->arena, struct waiting);
	w->call = c;
	list_push_back(&b->want_ids, &w->node);
	if (first)
		b->ids_wanted(b);
}
