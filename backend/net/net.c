/* Listeners, limits over all connections, and the line for memory. */
#define LOG_MODULE "net"
#include "base/log.h"
#include "base/xalloc.h"
#include "net/priv.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#define SWEEP_MS   1000
#define KEEP_BYTES ((size_t)8 << 20)

/* Lets those that wait go on, the first in line first, as far as the memory reaches; then those
 * that were stopped by their own limits and have had an answer since. */
static void admit(void *arg)
{
	struct net *n = arg;
	struct list line;
	struct list_node *node;

	list_init(&line);
	list_move(&line, &n->waiting);
	while ((node = list_first(&line))) {
		struct net_conn *c = CONTAINER_OF(node, struct net_conn, waiting);
		if (n->over && net_budget_short(&n->budget, NET_BLOCK_MIN)) {
			list_remove(node);
			list_push_back(&n->waiting, node);
			continue;
		}
		conn_admit(c);
	}
	list_move(&line, &n->answered);
	while ((node = list_pop(&line))) {
		struct net_conn *c = CONTAINER_OF(node, struct net_conn, answered);
		if (!list_holds(&c->waiting))
			conn_admit(c);
	}
}

static void on_released(void *arg)
{
	struct net *n = arg;

	if (!n->closing && !list_empty(&n->waiting))
		loop_defer(n->loop, &n->admit, admit, n);
}

static bool stalled(const struct net *n, const struct net_conn *c, int64_t now)
{
	return c->want && now - c->used_ms >= n->set.stall_ms;
}

static bool idle(const struct net *n, const struct net_conn *c, int64_t now)
{
	return n->set.idle_ms > 0 && c->n_slots == 0 && now - c->used_ms >= n->set.idle_ms;
}

/* conns is sorted by last use: what is young enough ends the walk. */
static void sweep(void *arg)
{
	struct net *n = arg;
	int64_t now = loop_now_ms(n->loop);
	bool short_of_memory = !list_empty(&n->waiting);

	list_foreach (it, &n->conns) {
		struct net_conn *c = CONTAINER_OF(it, struct net_conn, node);
		if (short_of_memory && stalled(n, c, now)) {
			log_warn("%s: closed: part of a request, nothing more for %lld s, and "
				 "memory is short",
				transport_peer(c->transport), (long long)n->set.stall_ms / 1000);
			conn_close(c);
		} else if (idle(n, c, now)) {
			conn_close(c);
		} else if (now - c->used_ms < SWEEP_MS) {
			break;
		}
	}
	net_budget_trim(&n->budget, n->budget.kept / 2);
}

struct net *net_new(struct loop *l, const struct net_settings *set, net_request_fn *fn, void *arg)
{
	struct net *n = ALLOC(struct net);

	n->loop = l;
	n->set = *set;
	n->fn = fn;
	n->arg = arg;
	net_budget_init(&n->budget, set->memory, min_size(KEEP_BYTES, set->memory));
	n->budget.released = on_released;
	n->budget.arg = n;
	list_init(&n->listeners);
	list_init(&n->conns);
	list_init(&n->waiting);
	list_init(&n->answered);
	list_init(&n->free_slots);
	n->admit.fn = admit;
	net_faults_init(n);
	io_timer_init(&n->sweep, l, sweep, n);
	io_timer_start(&n->sweep, SWEEP_MS, SWEEP_MS);
	return n;
}

void net_set_limits(struct net *n, int32_t connections, int32_t connections_ip)
{
	n->set.max_connections = connections;
	n->set.max_connections_ip = connections_ip;
}

void net_start_accepting(struct net *n)
{
	n->accepting = true;
	list_foreach (it, &n->listeners)
		listener_resume(CONTAINER_OF(it, struct net_listener, node)->listener);
}

void net_listener_accept(struct net_listener *l)
{
	l->unbounded = true;
	listener_resume(l->listener);
}

void net_stop_accepting(struct net *n)
{
	struct list_node *node;

	n->accepting = false;
	while ((node = list_pop(&n->listeners))) {
		struct net_listener *l = CONTAINER_OF(node, struct net_listener, node);
		listener_free(l->listener);
		free(l->name);
		free(l);
	}
}

bool net_drain(struct net *n)
{
	list_foreach (it, &n->conns) {
		struct net_conn *c = CONTAINER_OF(it, struct net_conn, node);
		if (c->n_slots == 0 && transport_queued(c->transport) == 0)
			conn_close(c);
	}
	return list_empty(&n->conns);
}

void net_free(struct net *n)
{
	struct list_node *node;

	if (!n)
		return;
	n->closing = true;
	net_stop_accepting(n);
	while ((node = list_first(&n->conns)))
		conn_close(CONTAINER_OF(node, struct net_conn, node));
	io_timer_stop(&n->sweep);
	io_timer_stop(&n->release);
	loop_defer_cancel(&n->admit);
	while ((node = list_pop(&n->free_slots)))
		free(CONTAINER_OF(node, struct net_slot, node));
	net_budget_fini(&n->budget);
	free(n);
}

static int32_t from_host(const struct net *n, const char *host)
{
	int32_t count = 0;

	list_foreach (it, &n->conns)
		count += strcmp(CONTAINER_OF(it, struct net_conn, node)->host, host) == 0;
	return count;
}

static void on_accept(void *arg, int fd)
{
	struct net_listener *l = arg;
	struct net *n = l->net;
	struct net_conn *c;

	if (!l->unbounded && n->stats.connections >= n->set.max_connections) {
		n->stats.refused++;
		close(fd);
		return;
	}
	conn_new(l, fd);
	if (l->unbounded || n->set.max_connections_ip == INT32_MAX || list_empty(&n->conns))
		return;
	c = CONTAINER_OF(n->conns.head.prev, struct net_conn, node);
	if (from_host(n, c->host) > n->set.max_connections_ip) {
		n->stats.refused++;
		conn_close(c);
	}
}

struct net_listener *net_listen(struct net *n, const char *name, int tag, const char *host,
	uint16_t port, struct tls_context *tls, struct err *e)
{
	struct net_listener *l = ALLOC(struct net_listener);

	l->net = n;
	l->tag = tag;
	l->tls = tls;
	l->listener = listener_new(n->loop, host, port, on_accept, l, e);
	if (!l->listener) {
		free(l);
		return NULL;
	}
	if (!n->accepting)
		listener_pause(l->listener);
	l->name = xstrdup(name);
	list_push_back(&n->listeners, &l->node);
	return l;
}

uint16_t net_listener_port(const struct net_listener *l)
{
	return listener_port(l->listener);
}

void net_stats(const struct net *n, struct net_stats *out)
{
	*out = n->stats;
	list_foreach (it, &n->conns) {
		const struct net_conn *c = CONTAINER_OF(it, struct net_conn, node);
		out->bytes_in += transport_bytes_in(c->transport);
		out->bytes_out += transport_bytes_out(c->transport);
	}
	out->memory_used = n->budget.used;
}
