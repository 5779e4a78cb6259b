/* Segments on their way, see sim_net.h. */
#include "base/chain.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/xalloc.h"
#include "sim_net.h"

#define RESEND_US INT64_C(200000)

static void arrive(void *arg);

static struct sim_path *path_to(struct sim_conn *c, int to)
{
	return &c->sim->paths[c->ends[1 - to].machine->id][c->ends[to].machine->id];
}

static int64_t delay(struct sim_conn *c, int to)
{
	struct sim *s = c->sim;
	const struct sim_path *p = path_to(c, to);
	int64_t us = c->ends[0].machine == c->ends[1].machine ? sim_between(s, 5, 30)
							      : sim_between(s, 40, 300);

	if (rng_one_in(&s->rng, 150))
		us += sim_between(s, 1000, 25000);
	if (p->slow_us)
		us += sim_between(s, p->slow_us / 4, p->slow_us);
	return us;
}

static void arm(struct sim_conn *c, int end)
{
	struct sim_end *e = &c->ends[end];
	struct list_node *first = list_first(&e->segments);

	if (first)
		sim_at(c->sim, &e->arrival, CONTAINER_OF(first, struct sim_segment, node)->due_us,
			arrive, e);
}

struct sim_conn *sim_conn_new(struct sim_machine *from, struct sim_machine *to, uint16_t port)
{
	struct sim_conn *c = ALLOC(struct sim_conn);

	c->sim = from->sim;
	c->id = ++c->sim->n_conns;
	c->port = port;
	c->ends[0].machine = from;
	c->ends[1].machine = to;
	c->ends[1].index = 1;
	c->ends[1].gone = true; /* until a listener has it */
	list_init(&c->ends[0].segments);
	list_init(&c->ends[1].segments);
	list_push_back(&c->sim->conns, &c->node);
	return c;
}

static void drop_segments(struct sim_end *e)
{
	struct list_node *n;

	while ((n = list_first(&e->segments))) {
		list_remove(n);
		free(CONTAINER_OF(n, struct sim_segment, node));
	}
	e->queued = 0;
}

static void conn_free(struct sim_conn *c)
{
	for (int i = 0; i < 2; i++) {
		sim_cancel(c->sim, &c->ends[i].arrival);
		drop_segments(&c->ends[i]);
		buf_fini(&c->ends[i].in);
	}
	list_remove(&c->node);
	free(c);
}

static void send_again(struct sim_conn *c, int end, struct sim_segment *g)
{
	struct sim_end *e = &c->ends[end];
	int64_t wait = RESEND_US << min_int(e->tries, 4);

	e->tries++;
	g->due_us = c->sim->now_us + sim_between(c->sim, wait / 2, wait);
	arm(c, end);
}

/* Nobody is at the end: a SYN looks for a listener, anything else is answered with a reset. */
static void nobody(struct sim_conn *c, int end, enum sim_segment_kind kind)
{
	if (kind == SIM_SYN && sim_listener_take(c->ends[end].machine, c))
		sim_conn_send(c, 0, SIM_OPEN, NULL);
	else if (kind == SIM_SYN)
		sim_conn_send(c, 0, SIM_REFUSED, NULL);
	else if (kind != SIM_RESET && kind != SIM_FIN)
		sim_conn_send(c, 1 - end, SIM_RESET, NULL);
}

static void take(struct sim_conn *c, int end, const struct sim_segment *g)
{
	struct sim_end *e = &c->ends[end];

	sim_note(c->sim, c->id * 8 + (uint64_t)g->kind);
	if (e->gone) {
		nobody(c, end, g->kind);
		return;
	}
	if (g->kind == SIM_DATA) {
		sim_note(c->sim, crc32c(0, g->data, g->n));
		buf_put(&e->in, g->data, g->n);
	}
	e->ended |= g->kind == SIM_FIN;
	e->reset |= g->kind == SIM_RESET;
	if (e->transport)
		sim_transport_arrived(e->transport, g->kind);
}

static void arrive(void *arg)
{
	struct sim_end *e = arg;
	int end = e->index;
	struct sim_conn *c = CONTAINER_OF(e - end, struct sim_conn, ends[0]);
	struct list_node *n = list_first(&e->segments);
	struct sim_segment *g = CONTAINER_OF(n, struct sim_segment, node);

	if (path_to(c, end)->cut || e->machine->off) {
		send_again(c, end, g);
		return;
	}
	e->tries = 0;
	list_remove(n);
	e->queued -= g->n;
	arm(c, end);
	take(c, end, g);
	free(g);
}

static struct sim_segment *segment_new(enum sim_segment_kind kind, const struct chain *bytes)
{
	size_t n = bytes ? bytes->n : 0;
	struct sim_segment *g = xmalloc(sizeof(*g) + n);

	*g = (struct sim_segment){.kind = kind, .n = n};
	if (n > 0 && chain_flatten(bytes, g->data) < 0) {
		free(g);
		return NULL;
	}
	return g;
}

void sim_conn_send(
	struct sim_conn *c, int to, enum sim_segment_kind kind, const struct chain *bytes)
{
	struct sim_end *e = &c->ends[to];
	const struct sim_machine *from = c->ends[1 - to].machine;
	bool dying = from->dying || (from->dead && *from->dead);
	struct sim_segment *g;

	if (from->off || (dying && kind == SIM_DATA))
		return;
	g = segment_new(kind, bytes);
	if (!g)
		return;
	g->due_us = max_i64(e->last_due_us, c->sim->now_us + delay(c, to));
	e->last_due_us = g->due_us;
	e->queued += g->n;
	list_push_back(&e->segments, &g->node);
	if (list_first(&e->segments) == &g->node)
		arm(c, to);
}

void sim_conn_leave(struct sim_conn *c, int end)
{
	struct sim_end *e = &c->ends[end];
	bool unread = e->in.n > 0;

	e->gone = true;
	e->transport = NULL;
	list_remove(&e->waiting);
	buf_fini(&e->in);
	if (c->ends[1 - end].gone) {
		conn_free(c);
		return;
	}
	sim_conn_send(c, 1 - end, unread ? SIM_RESET : SIM_FIN, NULL);
}
