/* A network that is slow, deaf or torn, on purpose. */
#include "net/priv.h"

/* ---- answers later --------------------------------------------------------------------------- */

/* Due times of a connection rise, except where the delay was made shorter: then what is behind
 * waits for what is before it, as on a real line. */
static void release(void *arg)
{
	struct net *n = arg;
	struct list line;
	struct list_node *node;

	list_init(&line);
	list_move(&line, &n->held);
	while ((node = list_pop(&line))) {
		struct net_conn *c = CONTAINER_OF(node, struct net_conn, held);
		conn_send_ready(c);
		conn_answered(c);
	}
}

void net_faults_init(struct net *n)
{
	list_init(&n->held);
	io_timer_init(&n->release, n->loop, release, n);
}

void net_hold(struct net_conn *c, int64_t due_ms)
{
	struct net *n = c->net;

	if (!list_holds(&c->held))
		list_push_back(&n->held, &c->held);
	if (io_timer_active(&n->release) && n->release_ms <= due_ms)
		return;
	n->release_ms = due_ms;
	io_timer_at(&n->release, due_ms);
}

void net_set_delay(struct net *n, int64_t ms)
{
	n->delay_ms = ms;
	n->release_ms = loop_now_ms(n->loop);
	io_timer_start(&n->release, 0, 0);
}

/* ---- nothing read, connections gone ---------------------------------------------------------- */

void net_set_deaf(struct net *n, uint32_t tags)
{
	n->deaf = tags;
	list_foreach (it, &n->conns) {
		struct net_conn *c = CONTAINER_OF(it, struct net_conn, node);
		conn_answered(c);
	}
}

int32_t net_close_tags(struct net *n, uint32_t tags)
{
	int32_t closed = 0;

	list_foreach (it, &n->conns) {
		struct net_conn *c = CONTAINER_OF(it, struct net_conn, node);
		if (!(tags >> c->tag & 1))
			continue;
		conn_close(c);
		closed++;
	}
	return closed;
}

void net_slot_mark(struct net_slot *s, int32_t mark)
{
	if (s->conn)
		s->conn->mark = mark;
}

void net_close_marked(struct net *n, int32_t mark)
{
	list_foreach (it, &n->conns) {
		struct net_conn *c = CONTAINER_OF(it, struct net_conn, node);
		if (c->mark == mark)
			conn_close(c);
	}
}

void net_slot_refuse(struct net_slot *s)
{
	struct net_conn *c = s->conn;

	net_slot_skip(s);
	if (c)
		conn_close(c);
}
