/*
 * What this broker asks of the controller for others: requests of clients that only the active
 * controller may carry out, topics that clients' questions bring into being, blocks of producer
 * ids.
 */
#define LOG_MODULE "server"
#include <stdlib.h>

#include "api/submit.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "server/forward.h"
#include "server/priv.h"

/* Clients ask again by themselves. */
#define PATIENCE_MS 5000

static int64_t from_now(struct server *s, int64_t ms)
{
	return loop_now_ms(s->loop) + ms;
}

/* ---- requests of clients --------------------------------------------------------------------- */

struct forward {
	struct ask ask;
	struct submit *submit;
};

static void forwarded(struct ask *q, const struct err *e, const void *response)
{
	struct submit *s = CONTAINER_OF(q, struct forward, ask)->submit;

	if (response)
		call_reply(s->call, response);
	else if (e->code == ERR_CANCELLED)
		call_drop(s->call, e->msg);
	else
		api_submit_fail(s, KERR_REQUEST_TIMED_OUT,
			STR_LIT("There was no controller that could do it in time; see `kdeck "
				"quorum`, and ask again when most controllers are up."));
}

/* Nobody waits for it any more. What is under way already may be carried out all the same. */
static void gone(void *arg)
{
	struct forward *f = arg;

	ask_cancel(&f->ask);
	call_drop(f->submit->call, "its client is gone");
}

void server_forward(struct broker *b, struct submit *s)
{
	struct server *server = b->owner;
	struct forward *f = ARENA_NEW(&s->call->arena, struct forward);

	if (net_slot_gone(s->call->slot)) {
		call_drop(s->call, "its client is gone");
		return;
	}
	f->submit = s;
	f->ask = (struct ask){
		.lane = PEER_FORWARD,
		.api_key = s->call->api->key,
		.version = s->call->version,
		.request = s->request,
		.deadline_ms = s->deadline_ms,
		.done = forwarded,
	};
	net_slot_on_gone(s->call->slot, gone, f);
	ask_start(server->asks, &f->ask);
}

/* ---- producer ids ---------------------------------------------------------------------------- */

struct id_wish {
	struct ask ask;
	struct server *server;
	struct allocate_producer_ids_request request;
};

static void granted(struct ask *q, const struct err *e, const void *response)
{
	struct id_wish *w = CONTAINER_OF(q, struct id_wish, ask);
	const struct allocate_producer_ids_response *r = response;
	struct broker *b = &w->server->broker;

	(void)e;
	free(w);
	if (!r || r->error_code)
		api_producer_ids(b, KERR_COORDINATOR_NOT_AVAILABLE, 0, 0);
	else
		api_producer_ids(b, KERR_NONE, r->producer_id_start, r->producer_id_len);
}

void server_ids_wanted(struct broker *b)
{
	struct server *s = b->owner;
	struct id_wish *w = ALLOC(struct id_wish);
	const struct image_broker *self = server_self(s);

	w->server = s;
	msg_init(&allocate_producer_ids_request_desc, &w->request);
	w->request.broker_id = b->node_id;
	w->request.broker_epoch = self ? self->epoch : -1;
	w->ask = (struct ask){
		.lane = PEER_CONTROL,
		.api_key = API_ALLOCATE_PRODUCER_IDS,
		.version = LINK_BEST,
		.request = &w->request,
		.deadline_ms = from_now(s, PATIENCE_MS),
		.done = granted,
	};
	ask_start(s->asks, &w->ask);
}

/* ---- topics by being asked for (auto.create.topics.enable) ----------------------------------- */

struct wanted {
	struct list_node node;
	struct ask ask;
	struct arena arena;
	struct create_topics_request_topics topic;
	struct create_topics_request_configs configs[3];
	struct create_topics_request request;
};

static void created(struct ask *q, const struct err *e, const void *response)
{
	struct wanted *w = CONTAINER_OF(q, struct wanted, ask);
	const struct create_topics_response *r = response;
	int16_t error = r && r->n_topics > 0 ? r->topics[0].error_code : KERR_NONE;

	if (e)
		log_debug("topic %.*s, which a client asked for, is not created: %s",
			STR_ARG(w->topic.name), e->msg);
	else if (error == KERR_NONE)
		log_info("topic %.*s was created because a client asked for it",
			STR_ARG(w->topic.name));
	else if (error != KERR_TOPIC_ALREADY_EXISTS)
		log_warn("topic %.*s, which a client asked for, cannot be created: %s: %.*s",
			STR_ARG(w->topic.name), kerr_name(error),
			STR_ARG(r->topics[0].error_message));
	list_remove(&w->node);
	arena_fini(&w->arena);
	free(w);
}

static void put_config(struct wanted *w, const char *name, const char *value)
{
	struct create_topics_request_configs *k = &w->configs[w->topic.n_configs++];

	msg_struct_init(&create_topics_request_configs_struct, k);
	k->name = str_of(name);
	k->value = str_of(value);
}

/* __consumer_offsets has settings of its own, as in Kafka. */
static void shape_offsets(struct wanted *w, const struct server_settings *set)
{
	w->topic.num_partitions = set->groups.n_partitions;
	w->topic.replication_factor = set->offsets_replicas;
	w->topic.configs = w->configs;
	put_config(w, "cleanup.policy", "compact");
	put_config(w, "compression.type", "producer");
	put_config(
		w, "segment.bytes", arena_printf(&w->arena, "%d", (int)set->offsets_segment_bytes));
}

void server_topic_wanted(struct broker *b, struct str name)
{
	struct server *s = b->owner;
	struct wanted *w;

	list_foreach (it, &s->wanted_topics)
		if (str_eq(CONTAINER_OF(it, struct wanted, node)->topic.name, name))
			return;
	w = ALLOC(struct wanted);
	arena_init(&w->arena, 0);
	list_push_back(&s->wanted_topics, &w->node);
	msg_init(&create_topics_request_desc, &w->request);
	msg_struct_init(&create_topics_request_topics_struct, &w->topic);
	w->topic.name = arena_str(&w->arena, name);
	w->topic.num_partitions = -1;
	w->topic.replication_factor = -1;
	if (str_eq(name, OFFSETS_TOPIC))
		shape_offsets(w, &s->set);
	w->request.topics = &w->topic;
	w->request.n_topics = 1;
	w->ask = (struct ask){
		.lane = PEER_FORWARD,
		.api_key = API_CREATE_TOPICS,
		.version = LINK_BEST,
		.request = &w->request,
		.deadline_ms = from_now(s, PATIENCE_MS),
		.done = created,
	};
	ask_start(s->asks, &w->ask);
}
