/* The client, its operations and their ids. */
#include "admin/admin_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/xalloc.h"

int64_t op_start(struct admin *a, struct op *op, bool internal, void (*cancel)(struct op *))
{
	op->id = ++a->next_id;
	op->internal = internal;
	op->cancel = cancel;
	list_push_back(&a->ops, &op->node);
	return op->id;
}

void op_end(struct op *op)
{
	list_remove(&op->node);
}

void pause_start(struct admin *a, struct io_timer *pause, uint32_t attempt)
{
	io_timer_start(pause,
		link_backoff_ms(a->opt.backoff_ms, a->opt.backoff_max_ms, attempt, random_u64()),
		0);
}

void admin_cancel(struct admin *a, int64_t id)
{
	list_foreach (n, &a->ops) {
		struct op *op = CONTAINER_OF(n, struct op, node);
		if (op->id != id)
			continue;
		op_end(op);
		op->cancel(op);
		return;
	}
}

size_t admin_pending(const struct admin *a)
{
	size_t n = 0;

	for (const struct list_node *at = a->ops.head.next; at != &a->ops.head; at = at->next)
		n += !((const struct op *)(const void *)at)->internal;
	return n;
}

_Static_assert(offsetof(struct op, node) == 0, "admin_pending reads an op from its node");

static void defaults(struct admin_options *o)
{
	if (!o->timeout_ms)
		o->timeout_ms = 30000;
	if (!o->request_timeout_ms)
		o->request_timeout_ms = 10000;
	if (!o->connect_timeout_ms)
		o->connect_timeout_ms = 5000;
	if (!o->backoff_ms)
		o->backoff_ms = 50;
	if (!o->backoff_max_ms)
		o->backoff_max_ms = 1000;
	if (!o->max_response_bytes)
		o->max_response_bytes = 100u << 20;
}

static void on_hedge(void *arg)
{
	nodes_pump(arg);
}

struct admin *admin_new(struct loop *l, const struct admin_options *o, struct err *e)
{
	struct admin *a = ALLOC(struct admin);

	a->loop = l;
	a->opt = *o;
	a->client_id = xstrdup(o->client_id ? o->client_id : "kdeck");
	a->opt.client_id = a->client_id;
	defaults(&a->opt);
	list_init(&a->ops);
	list_init(&a->refreshes);
	io_timer_init(&a->hedge, l, on_hedge, a);
	a->cache.pub.controller = -1;
	a->cache.pub.full_at_ms = -1;
	if (seeds_parse(a, o->bootstrap, e) < 0) {
		admin_free(a);
		return NULL;
	}
	return a;
}

void admin_free(struct admin *a)
{
	struct list_node *n;

	if (!a)
		return;
	/* A cancelled operation takes its parts with it: the list is read anew each time. */
	while ((n = list_first(&a->ops))) {
		struct op *op = CONTAINER_OF(n, struct op, node);
		op_end(op);
		op->cancel(op);
	}
	io_timer_stop(&a->hedge);
	loop_defer_cancel(&a->sweep);
	loop_defer_cancel(&a->refresh_start);
	nodes_free(a);
	cache_free(&a->cache);
	vec_foreach (s, &a->seeds)
		free(s->host);
	vec_fini(&a->seeds);
	free(a->client_id);
	free(a);
}

int16_t admin_version(const struct admin *a, int32_t broker, int16_t api_key)
{
	const struct node *n = broker < 0 ? node_any(a) : node_find(a, broker);

	return n && n->link[LANE_ASK] ? link_version_for(n->link[LANE_ASK], api_key, -1) : -1;
}

void admin_doubt(struct admin *a, int32_t broker, bool on)
{
	struct node *n = node_find(a, broker);

	if (n)
		n->doubted = on;
}

bool admin_connection(const struct admin *a, int32_t broker, struct admin_connection *out)
{
	const struct node *n = node_find(a, broker);
	const struct link *k = n ? n->link[LANE_ASK] : NULL;

	*out = (struct admin_connection){
		.state = k ? link_state(k) : LINK_IDLE,
		.rtt_us = k ? link_rtt_us(k) : -1,
		.last = k ? link_last_error(k) : NULL,
	};
	return n != NULL;
}
