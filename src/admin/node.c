/*
 * Brokers as addresses with links.
 *
 * A question for any broker takes one that is connected. When none is, they are tried one after
 * the other, the one whose last failure is longest ago first; one that has not answered after
 * HEDGE_MS is not waited for, the next is tried beside it. Addresses of the bootstrap list count
 * as long as no broker of the cluster is connected. A question has failed when every address has
 * failed since it began to wait.
 */
#include "admin/admin_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"

enum { HEDGE_MS = 250, DEFAULT_PORT = 9092 };

static int seed_parse(struct admin *a, struct str text, struct err *e)
{
	const char *end = text.p + text.n, *colon, *host = text.p, *host_end = end;
	unsigned long port = DEFAULT_PORT;
	const char *digits = NULL;

	if (text.n && text.p[0] == '[') {
		host++;
		host_end = memchr(text.p, ']', text.n);
		if (host_end && host_end + 1 < end)
			digits = host_end[1] == ':' ? host_end + 2 : end;
	} else if ((colon = memrchr(text.p, ':', text.n))) {
		host_end = colon;
		digits = colon + 1;
	}
	if (digits) {
		port = 0;
		for (const char *p = digits; p < end && port <= 65535; p++)
			port = *p >= '0' && *p <= '9' ? port * 10 + (unsigned long)(*p - '0')
						      : 65536;
	}
	if (!host_end || host_end <= host || port == 0 || port > 65535 ||
		memchr(host, '/', (size_t)(host_end - host)))
		return err_set(e, ERR_INVALID,
			"'%.*s' is no broker address: HOST:PORT is expected, several with commas",
			STR_ARG(text));
	struct seed *s = vec_add(&a->seeds);
	s->host = str_dup((struct str){host, (size_t)(host_end - host)});
	s->port = (uint16_t)port;
	return 0;
}

int seeds_parse(struct admin *a, const char *text, struct err *e)
{
	int rc;

	for (const char *p = text ? text : ""; *p;) {
		size_t n = strcspn(p, ", \t");
		if (n && (rc = seed_parse(a, (struct str){p, n}, e)) < 0)
			return rc;
		p += n + strspn(p + n, ", \t");
	}
	if (!a->seeds.n)
		return err_set(e, ERR_INVALID,
			"no broker address is given: HOST:PORT is expected, several with commas");
	return 0;
}

struct node *node_find(const struct admin *a, int32_t id)
{
	for (size_t i = 0; id >= 0 && i < a->nodes.n; i++)
		if (a->nodes.v[i]->id == id && !a->nodes.v[i]->gone)
			return a->nodes.v[i];
	return NULL;
}

static struct node *node_at(const struct admin *a, const char *host, uint16_t port)
{
	for (size_t i = 0; i < a->nodes.n; i++) {
		struct node *n = a->nodes.v[i];
		if (!n->gone && n->port == port && strcmp(n->host, host) == 0)
			return n;
	}
	return NULL;
}

static struct node *node_new(struct admin *a, int32_t id, const char *host, uint16_t port)
{
	struct node *n = ALLOC(struct node);

	n->admin = a;
	n->id = id;
	n->host = xstrdup(host);
	n->port = port;
	vec_push(&a->nodes, n);
	return n;
}

static void node_free(struct node *n)
{
	for (int i = 0; i < LANES; i++)
		link_free(n->link[i]);
	free(n->host);
	free(n);
}

void nodes_free(struct admin *a)
{
	vec_foreach (n, &a->nodes)
		node_free(*n);
	vec_fini(&a->nodes);
}

static void sweep(void *arg)
{
	struct admin *a = arg;

	for (size_t i = a->nodes.n; i-- > 0;) {
		struct node *n = a->nodes.v[i];
		if (!n->gone || n->asks)
			continue;
		vec_remove(&a->nodes, i);
		node_free(n);
	}
}

void nodes_sweep_later(struct admin *a)
{
	loop_defer(a->loop, &a->sweep, sweep, a);
}

/* Connections to addresses that may be anybody are not kept beside those to brokers. */
static void drop_seeds(struct admin *a)
{
	vec_foreach (n, &a->nodes)
		if ((*n)->id < 0)
			(*n)->gone = true;
	nodes_sweep_later(a);
}

void nodes_update(struct admin *a)
{
	const struct cache *c = &a->cache;

	vec_foreach (at, &a->nodes) {
		const struct node *n = *at;
		const struct admin_broker *b = n->id < 0 ? NULL : admin_broker_find(a, n->id);
		if (n->id >= 0 && (!b || b->port != n->port || strcmp(b->host, n->host) != 0))
			(*at)->gone = true;
	}
	for (size_t i = 0; i < c->brokers.n; i++) {
		const struct admin_broker *b = &c->brokers.v[i];
		struct node *n = node_at(a, b->host, (uint16_t)b->port);
		if (n && n->id < 0)
			n->id = b->id;
		else if (!node_find(a, b->id))
			node_new(a, b->id, b->host, (uint16_t)b->port);
	}
	nodes_sweep_later(a);
}

static bool better(const struct node *n, const struct node *best)
{
	if (!best || n->doubted != best->doubted)
		return !best || best->doubted;
	if (n->silent != best->silent)
		return best->silent;
	return link_in_flight(n->link[LANE_ASK]) < link_in_flight(best->link[LANE_ASK]);
}

struct node *node_any(const struct admin *a)
{
	struct node *best = NULL;

	for (size_t i = 0; i < a->nodes.n; i++) {
		struct node *n = a->nodes.v[i];
		const struct link *k = n->link[LANE_ASK];
		if (!n->gone && k && link_state(k) == LINK_READY && better(n, best))
			best = n;
	}
	return best;
}

static bool waits(const struct ask *k, const struct node *n, enum lane lane)
{
	return k->state == ASK_LINK && k->at == n && k->spec.lane == lane;
}

static struct ask *next_waiting(struct admin *a, const struct node *n, enum lane lane)
{
	list_foreach (at, &a->ops) {
		struct op *op = CONTAINER_OF(at, struct op, node);
		if (op->cancel == ask_cancel && waits(ask_of(op), n, lane))
			return ask_of(op);
	}
	return NULL;
}

static enum lane lane_of(const struct node *n, const struct link *k)
{
	enum lane lane = LANE_ASK;

	while (lane < LANE_TAIL && n->link[lane] != k)
		lane++;
	return lane;
}

static void on_failed(struct node *n, enum lane lane, const struct err *why)
{
	struct admin *a = n->admin;
	struct ask *k;

	if (lane == LANE_ASK)
		n->failed = ++a->seq;
	n->asks++; /* it stays while its asks are told */
	while ((k = next_waiting(a, n, lane)))
		ask_unconnected(k, why);
	n->asks--;
	nodes_pump(a);
}

static void on_state(void *arg, struct link *link, enum link_state now, const struct err *why)
{
	struct node *n = arg;
	struct admin *a = n->admin;
	enum lane lane = lane_of(n, link);
	struct ask *k;

	if (now == LINK_READY) {
		if (n->id >= 0)
			drop_seeds(a);
		while (link_state(link) == LINK_READY && (k = next_waiting(a, n, lane)))
			ask_send(k, n);
		nodes_pump(a);
	} else if (now == LINK_BACKOFF) {
		on_failed(n, lane, why);
	} else if (now == LINK_IDLE) {
		if (next_waiting(a, n, lane))
			(void)link_connect(link);
		nodes_pump(a);
	}
}

struct link *node_link(struct node *n, enum lane lane)
{
	const struct admin_options *o = &n->admin->opt;
	struct link_options opt = {
		.client_id = o->client_id,
		.tls = o->tls,
		.connect_timeout_ms = o->connect_timeout_ms,
		.request_timeout_ms = o->request_timeout_ms,
		.backoff_ms = o->backoff_ms,
		.backoff_max_ms = o->backoff_max_ms,
		.max_response_bytes = o->max_response_bytes,
	};

	if (!n->link[lane])
		n->link[lane] = link_new(n->admin->loop, n->host, n->port, &opt, on_state, n);
	return n->link[lane];
}

static void add_seeds(struct admin *a)
{
	vec_foreach (s, &a->seeds)
		if (!node_at(a, s->host, s->port))
			node_new(a, -1, s->host, s->port);
}

/* Every address has failed since. */
static bool exhausted(const struct admin *a, uint64_t since)
{
	for (size_t i = 0; i < a->nodes.n; i++)
		if (!a->nodes.v[i]->gone && a->nodes.v[i]->failed <= since)
			return false;
	return true;
}

static void give_up(struct admin *a, struct ask *k)
{
	struct err e = {0};
	struct buf text = BUF_EMPTY;
	bool refused = true;

	vec_foreach (n, &a->nodes) {
		const struct link *link = (*n)->link[LANE_ASK];
		if ((*n)->gone || !link || !link_last_error(link))
			continue;
		buf_printf(&text, "%s%s", text.n ? "; " : "", link_last_error(link)->msg);
		refused = refused && link_last_error(link)->code == ERR_REFUSED;
	}
	err_set(&e, text.n && refused ? ERR_REFUSED : ERR_CLOSED, "%s%s",
		a->nodes.n > 1 ? "no broker answers: " : "", buf_z(&text));
	buf_fini(&text);
	ask_unconnected(k, &e);
}

/* Starts the next connection; false when there is none to start. */
static bool connect_next(struct admin *a)
{
	struct node *best = NULL;

	vec_foreach (at, &a->nodes) {
		struct node *n = *at;
		if (n->gone || link_state(node_link(n, LANE_ASK)) != LINK_IDLE)
			continue;
		if (!best || n->failed < best->failed)
			best = n;
	}
	return best && link_connect(best->link[LANE_ASK]) == 0;
}

static bool connecting(const struct admin *a)
{
	for (size_t i = 0; i < a->nodes.n; i++) {
		const struct node *n = a->nodes.v[i];
		const struct link *k = n->gone ? NULL : n->link[LANE_ASK];
		if (k && (link_state(k) == LINK_CONNECTING || link_state(k) == LINK_VERSIONS))
			return true;
	}
	return false;
}

/* Somebody may answer who was not tried since and is not known to be cut off: rather that one than
 * who was silent. */
static bool others_may(const struct admin *a, uint64_t since)
{
	for (size_t i = 0; i < a->nodes.n; i++) {
		const struct node *n = a->nodes.v[i];

		if (!n->gone && !n->silent && !n->doubted && n->failed <= since)
			return true;
	}
	return false;
}

void nodes_pump(struct admin *a)
{
	struct ask *k = next_waiting(a, NULL, LANE_ASK);
	struct node *n;

	if (!k)
		return;
	while (k && (n = node_any(a)) && !(n->silent && others_may(a, k->since))) {
		ask_send(k, n);
		k = next_waiting(a, NULL, LANE_ASK);
	}
	if (!k)
		return;
	add_seeds(a);
	while (k && exhausted(a, k->since)) {
		give_up(a, k);
		k = next_waiting(a, NULL, LANE_ASK);
	}
	if (!k || (connecting(a) && io_timer_active(&a->hedge)))
		return;
	io_timer_start(&a->hedge, HEDGE_MS, 0);
	(void)connect_next(a);
}
