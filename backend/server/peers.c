/* See peers.h. A call is in `waiting` of its lane, in `flying`, or alone with a timer that will say
 * why it failed; the map knows it by id for as long as fn has not been called. */
#include "server/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/xalloc.h"
#include "io/loop.h"
#include "wire/api.h"

#define CONNECT_MS     2000
#define REQUEST_MS     30000 /* of calls that do not say */
#define BACKOFF_MS     20
#define BACKOFF_MAX_MS 200

struct lane {
	struct node *node;
	enum peer_lane which;
	struct link *link; /* NULL: none yet, or cut */
	struct list waiting, flying;
};

struct node {
	struct peers *peers;
	int32_t id;
	bool cut;
	char *controller_host, *broker_host; /* NULL: not known */
	uint16_t controller_port, broker_port;
	struct lane lanes[PEER_LANES];
};

struct peer_call {
	struct list_node node;
	struct io_timer timer; /* waiting: its time-out; failed: runs at once */
	struct lane *lane;
	struct link_call call; /* request: lent, then the copy */
	struct arena arena;    /* the copy */
	struct err *why;       /* failed */
	int64_t id, link_id;
	int64_t deadline_ms;
};

struct peers {
	struct loop *loop;
	char client_id[24];
	struct map nodes; /* by id + 2^31 */
	struct map calls; /* by id */
	int64_t next_id;
	struct {
		peers_closed_fn *fn;
		void *arg;
	} closed[PEER_LANES];
};

static uint64_t node_key(int32_t id)
{
	return (uint64_t)((int64_t)id - INT32_MIN);
}

static struct node *find_node(const struct peers *p, int32_t id)
{
	return map_get64(&p->nodes, node_key(id));
}

static struct node *get_node(struct peers *p, int32_t id)
{
	struct node *n = find_node(p, id);

	if (n)
		return n;
	n = ALLOC(struct node);
	n->peers = p;
	n->id = id;
	for (int i = 0; i < PEER_LANES; i++) {
		n->lanes[i].node = n;
		n->lanes[i].which = (enum peer_lane)i;
		list_init(&n->lanes[i].waiting);
		list_init(&n->lanes[i].flying);
	}
	map_put64(&p->nodes, node_key(id), n);
	return n;
}

static const char *host_of(const struct lane *l, uint16_t *port)
{
	const struct node *n = l->node;

	*port = l->which == PEER_REPLICAS ? n->broker_port : n->controller_port;
	return l->which == PEER_REPLICAS ? n->broker_host : n->controller_host;
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void call_free(struct peer_call *c)
{
	io_timer_stop(&c->timer);
	list_remove(&c->node);
	map_del64(&c->lane->node->peers->calls, (uint64_t)c->id);
	arena_fini(&c->arena);
	free(c->why);
	free(c);
}

static void answer(struct peer_call *c, const struct err *e, int16_t version, const void *response,
	struct arena *arena)
{
	link_reply_fn *fn = c->call.fn;
	void *arg = c->call.arg;

	call_free(c);
	fn(arg, e, version, response, arena);
}

static void on_timer(void *arg)
{
	struct peer_call *c = arg;
	const struct lane *l = c->lane;
	struct err e = {0};
	uint16_t port;

	if (c->why)
		e = *c->why;
	else if (l->node->id < 0) /* known by its address alone, which the caller has */
		err_set(&e, ERR_TIMEOUT, "no connection in time%s%s",
			l->link && link_last_error(l->link) ? ": " : "",
			l->link && link_last_error(l->link) ? link_last_error(l->link)->msg : "");
	else if (l->link && link_last_error(l->link))
		err_set(&e, ERR_TIMEOUT, "no connection to node %d in time: %s", l->node->id,
			link_last_error(l->link)->msg);
	else
		err_set(&e, ERR_TIMEOUT, "no connection to node %d at %s in time", l->node->id,
			host_of(l, &port));
	answer(c, &e, c->call.version, NULL, NULL);
}

/* It will be told so at the earliest time that is not now. */
static void fail_later(struct peer_call *c, const struct err *why)
{
	list_remove(&c->node);
	c->why = ALLOC(struct err);
	*c->why = *why;
	io_timer_start(&c->timer, 0, 0);
}

static void on_reply(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct peer_call *c = arg;

	answer(c, e, version, response, arena);
}

static void send_now(struct peer_call *c)
{
	struct lane *l = c->lane;
	struct link_call call = c->call;
	struct err e = {0};

	call.fn = on_reply;
	call.arg = c;
	call.timeout_ms = max_i64(1, c->deadline_ms - loop_now_ms(l->node->peers->loop));
	c->link_id = link_call(l->link, &call, &e);
	if (c->link_id < 0) {
		fail_later(c, &e);
		return;
	}
	io_timer_stop(&c->timer);
	list_remove(&c->node);
	list_push_back(&l->flying, &c->node);
}

/* ---- connections ---------------------------------------------------------------------------- */

static void on_state(void *arg, struct link *k, enum link_state now, const struct err *why)
{
	struct lane *l = arg;
	struct peers *p = l->node->peers;

	if (now == LINK_READY)
		list_foreach (node, &l->waiting)
			send_now(CONTAINER_OF(node, struct peer_call, node));
	if (now == LINK_IDLE && !list_empty(&l->waiting))
		(void)!link_connect(k);
	if (now == LINK_BACKOFF && p->closed[l->which].fn)
		p->closed[l->which].fn(
			p->closed[l->which].arg, l->node->id, l->which, why->code == ERR_REFUSED);
}

static void connect_lane(struct lane *l)
{
	const struct peers *p = l->node->peers;
	const struct link_options opt = {
		.client_id = p->client_id,
		.connect_timeout_ms = CONNECT_MS,
		.request_timeout_ms = REQUEST_MS,
		.backoff_ms = BACKOFF_MS,
		.backoff_max_ms = BACKOFF_MAX_MS,
	};
	uint16_t port;
	const char *host = host_of(l, &port);

	if (l->node->cut || !host)
		return;
	if (!l->link)
		l->link = link_new(p->loop, host, port, &opt, on_state, l);
	if (link_state(l->link) == LINK_IDLE)
		(void)!link_connect(l->link);
}

/* Ends the connection; what flies is told later that it is over, what waits goes on waiting. */
static void drop_link(struct lane *l)
{
	struct list_node *first;
	struct err e = {0};

	if (!l->link)
		return;
	err_set(&e, ERR_CLOSED, "%s: the connection was given up", link_name(l->link));
	while ((first = list_first(&l->flying))) {
		struct peer_call *c = CONTAINER_OF(first, struct peer_call, node);
		link_cancel(l->link, c->link_id);
		fail_later(c, &e);
	}
	link_free(l->link);
	l->link = NULL;
}

static void set_address(struct node *n, bool broker, const char *host, uint16_t port)
{
	char **at = broker ? &n->broker_host : &n->controller_host;
	uint16_t *at_port = broker ? &n->broker_port : &n->controller_port;

	if (*at && strcmp(*at, host) == 0 && *at_port == port)
		return;
	free(*at);
	*at = xstrdup(host);
	*at_port = port;
	for (int i = 0; i < PEER_LANES; i++) {
		if ((i == PEER_REPLICAS) != broker)
			continue;
		drop_link(&n->lanes[i]);
		if (!list_empty(&n->lanes[i].waiting))
			connect_lane(&n->lanes[i]);
	}
}

/* ---- what others call ----------------------------------------------------------------------- */

struct peers *peers_new(struct loop *l, int32_t node_id)
{
	struct peers *p = ALLOC(struct peers);

	p->loop = l;
	snprintf(p->client_id, sizeof(p->client_id), "broker-%d", node_id);
	map_init(&p->nodes);
	map_init(&p->calls);
	return p;
}

static void cancel_all(struct peers *p)
{
	struct err e = {0};
	void *value;

	err_set(&e, ERR_CANCELLED, "this node is stopping");
	/* From the start each time: an answer may end others, or bring new ones. */
	for (size_t i = 0; map_next(&p->calls, &i, NULL, &value); i = 0)
		answer(value, &e, -1, NULL, NULL);
}

void peers_free(struct peers *p)
{
	void *value;

	if (!p)
		return;
	memset(p->closed, 0, sizeof(p->closed));
	for (size_t i = 0; map_next(&p->nodes, &i, NULL, &value);)
		for (int k = 0; k < PEER_LANES; k++)
			drop_link(&((struct node *)value)->lanes[k]);
	cancel_all(p);
	for (size_t i = 0; map_next(&p->nodes, &i, NULL, &value);) {
		struct node *n = value;

		free(n->controller_host);
		free(n->broker_host);
		free(n);
	}
	map_fini(&p->nodes);
	map_fini(&p->calls);
	free(p);
}

void peers_set_controller(struct peers *p, int32_t node, const char *host, uint16_t port)
{
	set_address(get_node(p, node), false, host, port);
}

void peers_set_broker(struct peers *p, int32_t node, const char *host, uint16_t port)
{
	set_address(get_node(p, node), true, host, port);
}

bool peers_knows(const struct peers *p, int32_t node, enum peer_lane lane)
{
	const struct node *n = find_node(p, node);
	uint16_t port;

	return n && host_of(&n->lanes[lane], &port);
}

/* Keeps the request, which is the caller's only until peers_call returns. */
static void wait_for_link(struct peer_call *c)
{
	const struct api *api = api_find(c->call.api_key);
	struct err e = {0};

	c->call.request = msg_copy(api->request, c->call.request, &c->arena);
	if (!c->call.request) {
		err_set(&e, ERR_NOMEM, "%s: the request is too big to wait for a connection",
			api->name);
		fail_later(c, &e);
		return;
	}
	list_push_back(&c->lane->waiting, &c->node);
	io_timer_at(&c->timer, c->deadline_ms);
	connect_lane(c->lane);
}

int64_t peers_call(struct peers *p, int32_t node, enum peer_lane lane, const struct link_call *call)
{
	struct peer_call *c = ALLOC(struct peer_call);
	struct err e = {0};
	int64_t wait = call->timeout_ms > 0 ? call->timeout_ms : REQUEST_MS;

	c->call = *call;
	c->lane = &get_node(p, node)->lanes[lane];
	c->id = ++p->next_id;
	c->deadline_ms = loop_now_ms(p->loop) + wait;
	arena_init(&c->arena, 0);
	io_timer_init(&c->timer, p->loop, on_timer, c);
	map_put64(&p->calls, (uint64_t)c->id, c);
	if (!peers_knows(p, node, lane)) {
		err_set(&e, ERR_NOT_FOUND, "no address of node %d is known", node);
		fail_later(c, &e);
	} else if (c->lane->link && link_state(c->lane->link) == LINK_READY) {
		send_now(c);
	} else {
		wait_for_link(c);
	}
	return c->id;
}

void peers_cancel(struct peers *p, int64_t id)
{
	struct peer_call *c = map_get64(&p->calls, (uint64_t)id);

	if (!c)
		return;
	if (c->link_id > 0 && !c->why && c->lane->link)
		link_cancel(c->lane->link, c->link_id);
	call_free(c);
}

void peers_on_closed(struct peers *p, enum peer_lane lane, peers_closed_fn *fn, void *arg)
{
	p->closed[lane].fn = fn;
	p->closed[lane].arg = arg;
}

void peers_cut(struct peers *p, int32_t node, bool on)
{
	struct node *n = get_node(p, node);

	if (n->cut == on)
		return;
	n->cut = on;
	for (int i = 0; i < PEER_LANES; i++) {
		bool had = n->lanes[i].link;

		if (on)
			drop_link(&n->lanes[i]);
		else if (!list_empty(&n->lanes[i].waiting))
			connect_lane(&n->lanes[i]);
		if (on && had && p->closed[i].fn)
			p->closed[i].fn(p->closed[i].arg, node, (enum peer_lane)i, false);
	}
}
