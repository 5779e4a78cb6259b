/* Requests in, answers out; handlers.c says which function serves which API. */
#define LOG_MODULE "api"
#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "api/fetch_session.h"
#include "api/fetch_warm.h"
#include "base/log.h"
#include "base/xalloc.h"

#define FREE_CALLS_MAX 256

static struct call *call_new(struct broker *b, struct net_slot *slot)
{
	struct list_node *node = list_first(&b->free_calls);
	struct call *c;

	if (node) {
		list_remove(node);
		b->n_free_calls--;
		c = CONTAINER_OF(node, struct call, node);
	} else {
		c = ALLOC(struct call);
		c->broker = b;
		arena_init(&c->arena, CALL_REQUEST_LIMIT);
	}
	c->slot = slot;
	c->frame = NULL;
	c->held = false;
	c->started_us = clock_mono_us(b->clock);
	list_push_back(&b->open_calls, &c->node);
	return c;
}

static void call_free(struct call *c)
{
	struct broker *b = c->broker;

	if (c->held)
		ref_put(c->frame);
	list_remove(&c->node);
	if (b->n_free_calls >= FREE_CALLS_MAX || c->arena.used > 256 * 1024) {
		arena_fini(&c->arena);
		free(c);
		return;
	}
	arena_reset(&c->arena);
	list_push_front(&b->free_calls, &c->node);
	b->n_free_calls++;
}

void call_hold(struct call *c)
{
	if (c->held)
		return;
	c->held = true;
	ref_get(c->frame);
}

void call_drop_request(struct call *c)
{
	if (c->held)
		ref_put(c->frame);
	c->held = false;
	c->frame = NULL;
}

void call_park(struct call *c)
{
	arena_reset(&c->arena);
	call_drop_request(c);
}

static void count(const struct call *c, size_t bytes_out)
{
	struct api_stats *s = c->stats;
	int64_t us = max_i64(0, clock_mono_us(c->broker->clock) - c->started_us);

	s->n++;
	s->bytes_out += bytes_out;
	s->time_us += (uint64_t)us;
	for (int i = 0; i < API_TIME_STEPS; i++)
		if (us <= api_time_steps[i]) {
			s->steps[i]++;
			return;
		}
}

void call_reply(struct call *c, const void *response)
{
	struct chain out;
	int rc;

	chain_init(&out);
	rc = response_frame(c->api->key, c->version, c->header.correlation_id, response, &out);
	if (rc < 0) {
		log_error("%s v%d: the answer cannot be encoded: %s", c->api->name, c->version,
			err_name(rc));
		chain_clear(&out);
		call_drop(c, "an answer that cannot be encoded");
		return;
	}
	count(c, out.n);
	net_slot_reply(c->slot, &out);
	call_free(c);
}

void call_skip(struct call *c)
{
	count(c, 0);
	net_slot_skip(c->slot);
	call_free(c);
}

void call_drop(struct call *c, const char *why)
{
	net_slot_drop(c->slot, why);
	call_free(c);
}

void broker_init(struct broker *b, const struct clock *clock)
{
	const struct api_handler *all;

	b->clock = clock;
	b->controller_tag = -1;
	delay_queue_init(&b->delay);
	list_init(&b->open_calls);
	list_init(&b->free_calls);
	list_init(&b->want_ids);
	rng_seed(&b->rng, random_u64());
	b->compress = compress_ctx_new();
	b->sessions = fetch_sessions_new(b->set.fetch_sessions);
	b->warming = fetch_warming_new(b);
	b->stats = xcalloc(api_handlers(&all), sizeof(*b->stats));
}

void broker_fini(struct broker *b)
{
	struct list_node *node;

	while ((node = list_first(&b->free_calls))) {
		struct call *c = CONTAINER_OF(node, struct call, node);
		list_remove(node);
		arena_fini(&c->arena);
		free(c);
	}
	fetch_sessions_free(b->sessions);
	fetch_warming_free(b->warming);
	free(b->stats);
	delay_queue_fini(&b->delay);
	compress_ctx_free(b->compress);
	buf_fini(&b->scratch);
}

bool api_reach(const struct call *c, const struct image_broker *b, struct broker_endpoint *out)
{
	const struct image_endpoint *e;

	*out = c->broker->endpoints[net_slot_listener(c->slot)];
	if (b->id == c->broker->node_id)
		return true;
	e = image_endpoint(b, out->name);
	if (e)
		*out = (struct broker_endpoint){e->name, e->host, e->port};
	return e;
}

int32_t api_controller(const struct call *c)
{
	const struct broker *b = c->broker;
	int32_t leader = metalog_quorum(b->metalog)->leader;
	const struct image_broker *ib = image_broker(metalog_image(b->metalog), leader);
	struct broker_endpoint at;

	return ib && !ib->fenced && api_reach(c, ib, &at) ? leader : b->node_id;
}

/* A version that we do not speak: ApiVersions is answered in version 0 with the versions of it that
 * we do (KIP-511), anything else ends the connection as Kafka does. */
static void refuse_version(struct call *c)
{
	if (c->api->key != API_API_VERSIONS) {
		call_drop(c, "a version of an API that is not served here");
		return;
	}
	c->version = 0;
	api_answer_versions(c, KERR_UNSUPPORTED_VERSION);
}

static void dispatch(struct call *c, const struct api_handler *h, struct slice body)
{
	void *request;
	char why[160];
	size_t used;
	int rc;

	c->arena.limit = CALL_REQUEST_LIMIT;
	request = arena_alloc(&c->arena, c->api->request->body->size);
	/* Bytes behind it are passed over, as Kafka does: librdkafka 2.16 asks for the metadata of
	 * all topics with three too many. */
	rc = msg_decode(c->api->request, c->version, body, &c->arena, request, &used);
	if (rc < 0) {
		snprintf(why, sizeof(why), "a request that cannot be read, %s v%d: %s",
			c->api->name, c->version, err_name(rc));
		call_drop(c, why);
		return;
	}
	c->arena.limit = CALL_ANSWER_LIMIT + c->arena.used * (1 + CALL_ANSWER_TIMES);
	h->serve(c, request);
}

void api_request(void *arg, struct net_slot *slot, struct slice frame, struct ref *hold)
{
	struct broker *b = arg;
	struct request_header header;
	const struct api_handler *h;
	struct call *c;
	size_t used;
	char why[64];

	if (request_header_decode(frame, &header, &used) < 0) {
		net_slot_drop(slot, "a request header that cannot be read");
		return;
	}
	if (b->lets_in && !b->lets_in(b, slot, header.client_id)) {
		net_slot_refuse(slot);
		return;
	}
	h = api_handler(header.api_key);
	if (!h || !api_served_by(b, h->key, net_slot_listener(slot))) {
		snprintf(why, sizeof(why), "API key %d, which is not served %s", header.api_key,
			h ? "by this listener" : "here");
		net_slot_drop(slot, why);
		return;
	}
	c = call_new(b, slot);
	c->api = api_find(header.api_key);
	c->stats = api_stats(b, h);
	c->stats->bytes_in += frame.n + FRAME_HEAD;
	c->header = header;
	c->version = header.api_version;
	c->frame = hold;
	if (header.api_version < h->min || header.api_version > h->max)
		refuse_version(c);
	else
		dispatch(c, h, slice_of(frame.p + used, frame.n - used));
}
