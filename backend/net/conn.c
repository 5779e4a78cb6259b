/*
 * One connection: bytes to frames, replies to bytes.
 *
 * Frames are handled where they were read. When the rest of a frame does not fit the block, the
 * part that is there moves to a block that has room for the whole: at most one copy of the first
 * part of a frame, and with the size of the last frames as a guess mostly none.
 */
#define LOG_MODULE "net"
#include "base/log.h"
#include "base/xalloc.h"
#include "net/priv.h"
#include "wire/api.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Bytes read from one connection a turn, so that a fast one does not starve the others. */
#define READ_A_TURN ((size_t)2 << 20)

static struct net_slot *slot_new(struct net_conn *c)
{
	struct net *n = c->net;
	struct list_node *free_slot = list_pop(&n->free_slots);
	struct net_slot *s;

	if (free_slot) {
		n->n_free_slots--;
		s = CONTAINER_OF(free_slot, struct net_slot, node);
	} else {
		s = ALLOC(struct net_slot);
	}
	*s = (struct net_slot){.net = n, .conn = c, .tag = c->tag};
	chain_init(&s->reply);
	list_push_back(&c->slots, &s->node);
	c->n_slots++;
	c->n_open++;
	return s;
}

static void slot_recycle(struct net *n, struct net_slot *s)
{
	chain_fini(&s->reply);
	if (n->n_free_slots >= 1024) {
		free(s);
		return;
	}
	list_push_front(&n->free_slots, &s->node);
	n->n_free_slots++;
}

static void leave_line(struct net_conn *c)
{
	if (list_holds(&c->waiting)) {
		list_remove(&c->waiting);
		c->net->stats.waiting--;
	}
}

static void drop_input(struct net_conn *c)
{
	if (c->in)
		ref_put(&c->in->ref);
	c->in = NULL;
	c->at = 0;
	c->want = 0;
	if (c->net->over == c) {
		c->net->over = NULL;
		if (c->net->budget.released)
			c->net->budget.released(c->net->budget.arg);
	}
}

/* The connection's end for its requests: those that run keep their slot without it. */
static void orphan_slots(struct net_conn *c)
{
	struct list_node *node;

	while ((node = list_pop(&c->slots))) {
		struct net_slot *s = CONTAINER_OF(node, struct net_slot, node);
		void (*gone)(void *) = s->gone;
		s->conn = NULL;
		if (s->state == NET_SLOT_READY) {
			slot_recycle(c->net, s);
			continue;
		}
		s->gone = NULL;
		if (gone)
			gone(s->gone_arg);
	}
	c->n_slots = c->n_open = 0;
}

static void tell_closers(struct net_conn *c)
{
	struct list_node *node;

	while ((node = list_pop(&c->closers))) {
		struct net_close *k = CONTAINER_OF(node, struct net_close, node);
		k->fn(k->arg);
	}
}

void conn_close(struct net_conn *c)
{
	struct net *n = c->net;

	if (c->closed)
		return;
	c->closed = true;
	n->stats.connections--;
	n->stats.closed++;
	n->stats.bytes_in += transport_bytes_in(c->transport);
	n->stats.bytes_out += transport_bytes_out(c->transport);
	transport_close(c->transport);
	c->transport = NULL;
	leave_line(c);
	list_remove(&c->answered);
	list_remove(&c->held);
	drop_input(c);
	list_remove(&c->node);
	orphan_slots(c);
	tell_closers(c);
	if (!c->handling)
		free(c);
}

static void end_handling(struct net_conn *c)
{
	c->handling = false;
	if (c->closed)
		free(c);
}

static void touch(struct net_conn *c)
{
	c->used_ms = loop_now_ms(c->net->loop);
	list_remove(&c->node);
	list_push_back(&c->net->conns, &c->node);
}

static bool may_read(const struct net_conn *c)
{
	const struct net_settings *set = &c->net->set;
	/* Answers that are held back count as open: what waits has a bound. */
	int32_t open = c->net->delay_ms ? c->n_slots : c->n_open;

	return open < set->max_open && transport_queued(c->transport) < set->max_output &&
	       !list_holds(&c->waiting) && !(c->net->deaf >> c->tag & 1);
}

static void handle_frame(struct net_conn *c, const uint8_t *p, size_t length)
{
	struct net_slot *s = slot_new(c);
	struct ref *hold = &c->in->ref;

	c->net->stats.requests++;
	c->usual = length + FRAME_HEAD;
	c->net->fn(c->net->arg, s, slice_of(p, length), hold);
}

/* Hands over the whole frames that lie in the block. 0, or an error that ends the connection. */
static int handle_frames(struct net_conn *c)
{
	c->want = 0;
	while (!c->closed && c->in) {
		struct slice in = slice_of(c->in->data + c->at, c->in->n - c->at);
		size_t length;
		int rc = frame_peek(in, c->net->set.max_frame, &length);

		if (rc < 0)
			return rc;
		if (rc == 0) {
			c->want = in.n ? FRAME_HEAD : 0;
			return 0;
		}
		if (in.n < FRAME_HEAD + length) {
			c->want = FRAME_HEAD + length;
			return 0;
		}
		if (!may_read(c))
			return 0;
		c->at += FRAME_HEAD + length;
		if (c->net->over == c)
			c->net->over = NULL;
		handle_frame(c, in.p + FRAME_HEAD, length);
	}
	return 0;
}

/* How large a block the bytes at hand and to come deserve. */
static size_t block_size(const struct net_conn *c, size_t have)
{
	if (!c->want)
		return max_size(NET_BLOCK_MIN, min_size(c->usual, NET_BLOCK_AT_ONCE));
	if (c->want <= NET_BLOCK_AT_ONCE)
		return max_size(c->want, NET_BLOCK_MIN);
	return min_size(c->want, max_size(NET_BLOCK_AT_ONCE, 2 * have));
}

/* Sees to a block with room. False: the connection waits in line for memory. */
static bool room(struct net_conn *c)
{
	struct net *n = c->net;
	struct net_block *old = c->in, *block;
	size_t have = old ? old->n - c->at : 0;
	size_t size;

	if (old && old->n < old->cap && (!c->want || c->at + c->want <= old->cap))
		return true;
	if (old && c->want > NET_BLOCK_AT_ONCE && old->n < old->cap)
		return true;
	size = block_size(c, have);
	if (net_budget_short(&n->budget, size) && n->over != c) {
		if (n->over) {
			list_push_back(&n->waiting, &c->waiting);
			n->stats.waiting++;
			return false;
		}
		n->over = c;
	}
	block = net_block_new(&n->budget, size);
	if (have)
		memcpy(block->data, old->data + c->at, have);
	block->n = have;
	if (old)
		ref_put(&old->ref);
	c->in = block;
	c->at = 0;
	return true;
}

static void fail(struct net_conn *c, int rc)
{
	const char *why = rc == ERR_TOO_BIG ? "a request longer than socket.request.max.bytes"
					    : "a request with a negative length";

	log_warn("%s: closed: it sent %s", transport_peer(c->transport), why);
	conn_close(c);
}

/* All handled: at rest a connection holds no memory. */
static void rest(struct net_conn *c)
{
	if (c->in && c->at == c->in->n)
		drop_input(c);
}

static void read_some(struct net_conn *c)
{
	size_t left = READ_A_TURN;
	int rc;

	while (!c->closed && left && may_read(c) && room(c)) {
		struct net_block *b = c->in;
		size_t n = min_size(b->cap - b->n, left);
		ssize_t got = transport_read(c->transport, b->data + b->n, n);

		if (got <= 0) {
			if (got == 0)
				conn_close(c);
			break; /* ERR_AGAIN, or closed() follows */
		}
		b->n += (size_t)got;
		left -= (size_t)got;
		rc = handle_frames(c);
		if (rc < 0 && !c->closed)
			fail(c, rc);
		if (!c->closed && c->in && c->at == c->in->n && c->in->n == c->in->cap)
			drop_input(c);
		if ((size_t)got < n)
			break;
	}
}

/* Reads on if limits allow, else sees to it that it does later. */
static void update(struct net_conn *c)
{
	bool pause = !may_read(c);

	if (pause == c->paused)
		return;
	c->paused = pause;
	if (pause)
		transport_pause(c->transport);
	else
		transport_resume(c->transport);
}

/* Handles what lies there already, then reads. */
static void proceed(struct net_conn *c, bool input)
{
	int rc;

	if (c->handling || c->closed)
		return;
	c->handling = true;
	rc = handle_frames(c);
	if (rc < 0 && !c->closed)
		fail(c, rc);
	if (!c->closed && input)
		read_some(c);
	if (!c->closed) {
		rest(c);
		update(c);
	}
	end_handling(c);
}

void conn_admit(struct net_conn *c)
{
	leave_line(c);
	proceed(c, true);
}

static void on_readable(void *arg)
{
	struct net_conn *c = arg;

	touch(c);
	proceed(c, true);
}

static void on_drained(void *arg)
{
	struct net_conn *c = arg;

	touch(c);
	proceed(c, false);
}

static void on_closed(void *arg, const struct err *why)
{
	struct net_conn *c = arg;

	log_debug("%s: %s", transport_peer(c->transport), why->msg);
	conn_close(c);
}

static const struct transport_events events = {
	.readable = on_readable,
	.drained = on_drained,
	.closed = on_closed,
};

void conn_new(struct net_listener *l, int fd)
{
	struct net *n = l->net;
	struct net_conn *c = ALLOC(struct net_conn);
	struct err e = {0};

	c->net = n;
	c->tag = l->tag;
	c->mark = NET_UNMARKED;
	list_init(&c->slots);
	list_init(&c->closers);
	c->transport = transport_from_fd(n->loop, fd, l->tls, 10000, &events, c, &e);
	if (!c->transport) {
		log_debug("a connection was lost at once: %s", e.msg);
		free(c);
		return;
	}
	snprintf(c->host, sizeof(c->host), "%s", transport_peer_host(c->transport));
	c->used_ms = loop_now_ms(n->loop);
	list_push_back(&n->conns, &c->node);
	n->stats.connections++;
	n->stats.accepted++;
}

void conn_send_ready(struct net_conn *c)
{
	struct list_node *node;
	bool any = false;

	while ((node = list_first(&c->slots))) {
		struct net_slot *s = CONTAINER_OF(node, struct net_slot, node);
		if (s->state != NET_SLOT_READY)
			break;
		if (c->net->delay_ms && s->due_ms > loop_now_ms(c->net->loop)) {
			net_hold(c, s->due_ms);
			break;
		}
		list_remove(node);
		c->n_slots--;
		if (!chain_empty(&s->reply)) {
			transport_send(c->transport, &s->reply);
			any = true;
		}
		slot_recycle(c->net, s);
	}
	if (any)
		transport_flush_later(c->transport);
}

void conn_answered(struct net_conn *c)
{
	if (!c->paused || c->handling || list_holds(&c->answered))
		return;
	list_push_back(&c->net->answered, &c->answered);
	loop_defer(c->net->loop, &c->net->admit, c->net->admit.fn, c->net);
}

void net_slot_reply(struct net_slot *s, struct chain *reply)
{
	struct net_conn *c = s->conn;

	assert(s->state == NET_SLOT_OPEN);
	if (!c) {
		chain_clear(reply);
		slot_recycle(s->net, s);
		return;
	}
	s->state = NET_SLOT_READY;
	s->due_ms = loop_now_ms(c->net->loop) + c->net->delay_ms;
	s->gone = NULL;
	chain_append(&s->reply, reply);
	c->n_open--;
	conn_send_ready(c);
	conn_answered(c);
}

void net_slot_skip(struct net_slot *s)
{
	struct chain none;

	chain_init(&none);
	net_slot_reply(s, &none);
}

void net_slot_drop(struct net_slot *s, const char *why)
{
	struct net_conn *c = s->conn;

	net_slot_skip(s);
	if (!c)
		return;
	log_warn("%s: closed: %s", transport_peer(c->transport), why);
	/* Answers to the requests before this one are still its client's. */
	transport_flush(c->transport);
	conn_close(c);
}

void net_slot_on_gone(struct net_slot *s, void (*fn)(void *arg), void *arg)
{
	s->gone = fn;
	s->gone_arg = arg;
}

void net_slot_on_close(struct net_slot *s, struct net_close *c)
{
	list_remove(&c->node);
	if (s->conn)
		list_push_back(&s->conn->closers, &c->node);
	else
		c->fn(c->arg);
}

void net_close_cancel(struct net_close *c)
{
	list_remove(&c->node);
}

bool net_slot_gone(const struct net_slot *s)
{
	return !s->conn;
}

const char *net_slot_peer(const struct net_slot *s)
{
	return s->conn ? transport_peer(s->conn->transport) : "";
}

int net_slot_listener(const struct net_slot *s)
{
	return s->tag;
}
