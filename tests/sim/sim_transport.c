/* io/transport.h and io/listener.h over the connections of sim_net.h. */
#include "io/transport.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "io/listener.h"
#include "sim_net.h"

#define FIRST_FD 900000 /* no descriptor of the machine */

enum { LATER_OPENED = 1, LATER_FLUSH = 2, LATER_REPORT = 4 };

struct transport {
	struct loop *loop;
	struct sim_conn *conn; /* NULL: failed or closed */
	int end;
	enum transport_state state;
	struct transport_events ev;
	void *arg;
	struct chain out;
	uint64_t bytes_in, bytes_out;
	bool blocked, paused, eof, shut, shut_out;
	struct loop_defer later, release;
	unsigned later_what;
	struct sim_ready ready;
	struct io_timer timer;
	char peer[40];
	char host[16];
	struct err why;
};

struct listener {
	struct list_node node; /* machine->listeners */
	struct loop *loop;
	uint16_t port;
	char name[64];
	listener_accept_fn *fn;
	void *arg;
	struct list waiting; /* struct sim_end.waiting */
	struct sim_ready ready;
	bool paused;
};

/* What the listener gives out as a descriptor, until transport_from_fd. */
static struct sim_conn *accepted;

static void on_ready(void *arg);
static void run_later(void *arg);

/* ---- the end -------------------------------------------------------------------------------- */

static void later(struct transport *t, unsigned what)
{
	t->later_what |= what;
	loop_defer(t->loop, &t->later, run_later, t);
}

static void let_go(struct transport *t)
{
	struct sim_conn *c = t->conn;

	t->conn = NULL;
	io_timer_stop(&t->timer);
	chain_clear(&t->out);
	loop_defer_cancel(&t->later);
	sim_ready_cancel(&t->ready);
	t->later_what = 0;
	if (c)
		sim_conn_leave(c, t->end);
}

static void PRINTF_LIKE(3, 4) fail(struct transport *t, int code, const char *fmt, ...)
{
	va_list ap;
	char line[120];

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	err_set(&t->why, code, "%s", line);
	t->state = TRANSPORT_FAILED;
	let_go(t);
	later(t, LATER_REPORT);
}

void transport_close(struct transport *t)
{
	if (!t)
		return;
	t->state = TRANSPORT_CLOSED;
	let_go(t);
	loop_defer(t->loop, &t->release, free, t);
}

/* ---- output --------------------------------------------------------------------------------- */

void transport_send(struct transport *t, struct chain *c)
{
	if (t->state >= TRANSPORT_FAILED || t->shut)
		chain_clear(c);
	else
		chain_append(&t->out, c);
}

static void write_out(struct transport *t)
{
	struct sim *s = t->conn->sim;
	struct chain part;

	chain_init(&part);
	/* now and then a frame comes in two pieces */
	if (rng_one_in(&s->rng, 25))
		chain_move(&part, &t->out, (size_t)rng_below(&s->rng, t->out.n) + 1);
	else
		chain_append(&part, &t->out);
	t->bytes_out += part.n;
	sim_conn_send(t->conn, 1 - t->end, SIM_DATA, &part);
	chain_fini(&part);
}

void transport_flush(struct transport *t)
{
	if (t->state != TRANSPORT_OPEN)
		return;
	while (!chain_empty(&t->out)) {
		const struct sim_end *to = &t->conn->ends[1 - t->end];
		t->blocked = to->queued + to->in.n >= SIM_WINDOW && !to->gone;
		if (t->blocked)
			return;
		write_out(t);
	}
	if (t->shut && !t->shut_out) {
		t->shut_out = true;
		sim_conn_send(t->conn, 1 - t->end, SIM_FIN, NULL);
	}
}

void transport_flush_later(struct transport *t)
{
	if (t->state == TRANSPORT_OPEN && !t->blocked)
		later(t, LATER_FLUSH);
}

size_t transport_queued(const struct transport *t)
{
	return t->out.n;
}

void transport_shutdown(struct transport *t)
{
	t->shut = true;
	transport_flush(t);
}

/* ---- input ---------------------------------------------------------------------------------- */

static bool has_input(const struct transport *t)
{
	const struct sim_end *e = &t->conn->ends[t->end];

	return e->in.n > 0 || e->reset || (e->ended && !t->eof);
}

static void watch(struct transport *t)
{
	if (t->state == TRANSPORT_OPEN && !t->paused && has_input(t))
		sim_ready(t->loop, &t->ready, on_ready, t);
}

ssize_t transport_read(struct transport *t, void *p, size_t n)
{
	struct sim_end *e;

	if (t->state != TRANSPORT_OPEN)
		return t->state < TRANSPORT_OPEN ? ERR_AGAIN : ERR_CLOSED;
	e = &t->conn->ends[t->end];
	if (e->in.n > 0) {
		struct transport *peer = t->conn->ends[1 - t->end].transport;
		n = min_size(n, e->in.n);
		memcpy(p, e->in.p, n);
		buf_consume(&e->in, n);
		t->bytes_in += n;
		if (peer && peer->blocked && e->in.n + e->queued < SIM_WINDOW)
			sim_ready(peer->loop, &peer->ready, on_ready, peer);
		return (ssize_t)n;
	}
	if (e->reset) {
		fail(t, ERR_IO, "read: connection reset by peer");
		return ERR_CLOSED;
	}
	if (!e->ended)
		return ERR_AGAIN;
	t->eof = true;
	if (t->ev.ended)
		t->ev.ended(t->arg);
	else
		fail(t, ERR_CLOSED, "closed by the peer");
	return 0;
}

void transport_pause(struct transport *t)
{
	t->paused = true;
}

void transport_resume(struct transport *t)
{
	t->paused = false;
	if (t->state == TRANSPORT_OPEN)
		watch(t);
}

bool transport_has_buffered(const struct transport *t)
{
	(void)t;
	return false;
}

/* ---- what the loop calls -------------------------------------------------------------------- */

static void flush_by_loop(struct transport *t)
{
	bool had = !chain_empty(&t->out);

	transport_flush(t);
	if (t->state == TRANSPORT_OPEN && had && chain_empty(&t->out) && t->ev.drained)
		t->ev.drained(t->arg);
}

static void on_ready(void *arg)
{
	struct transport *t = arg;

	if (t->blocked) {
		t->blocked = false;
		flush_by_loop(t);
	}
	if (t->state == TRANSPORT_OPEN && t->conn->ends[t->end].reset &&
		t->conn->ends[t->end].in.n == 0) {
		fail(t, ERR_IO, "connection reset by peer");
		return;
	}
	if (t->state == TRANSPORT_OPEN && !t->paused && has_input(t))
		t->ev.readable(t->arg);
	if (t->state == TRANSPORT_OPEN)
		watch(t);
}

static void run_later(void *arg)
{
	struct transport *t = arg;
	unsigned what = t->later_what;

	t->later_what = 0;
	if (what & LATER_REPORT) {
		t->state = TRANSPORT_CLOSED;
		t->ev.closed(t->arg, &t->why);
		return;
	}
	if ((what & LATER_OPENED) && t->ev.opened)
		t->ev.opened(t->arg);
	if ((what & LATER_FLUSH) && t->state == TRANSPORT_OPEN)
		flush_by_loop(t);
}

static void opened(void *arg)
{
	struct transport *t = arg;

	io_timer_stop(&t->timer);
	t->state = TRANSPORT_OPEN;
	later(t, LATER_OPENED | LATER_FLUSH);
	watch(t);
}

static void refused(void *arg)
{
	struct transport *t = arg;

	fail(t, ERR_REFUSED, "connect: Connection refused");
}

void sim_transport_arrived(struct transport *t, enum sim_segment_kind kind)
{
	if (kind == SIM_OPEN)
		sim_ready(t->loop, &t->ready, opened, t);
	else if (kind == SIM_REFUSED || (kind == SIM_RESET && t->state < TRANSPORT_OPEN))
		sim_ready(t->loop, &t->ready, refused, t);
	else if (kind == SIM_RESET)
		sim_ready(t->loop, &t->ready, on_ready, t);
	else
		watch(t);
}

/* ---- the beginning -------------------------------------------------------------------------- */

static void on_timeout(void *arg)
{
	struct transport *t = arg;

	fail(t, ERR_TIMEOUT, "connect: no answer in time");
}

static void not_found(void *arg)
{
	struct transport *t = arg;

	fail(t, ERR_NOT_FOUND, "%s: no such host", t->peer);
}

static struct transport *transport_new(
	struct loop *l, const struct transport_events *ev, void *arg, int end)
{
	struct transport *t = ALLOC(struct transport);

	t->loop = l;
	t->end = end;
	t->ev = *ev;
	t->arg = arg;
	chain_init(&t->out);
	io_timer_init(&t->timer, l, on_timeout, t);
	return t;
}

static struct sim_machine *find_host(struct sim *s, const char *host)
{
	for (int i = 0; i < s->n_machines; i++)
		if (strcmp(s->machines[i]->host, host) == 0)
			return s->machines[i];
	return NULL;
}

struct transport *transport_connect(struct loop *l, const struct transport_target *to,
	const struct transport_events *ev, void *arg)
{
	struct sim_machine *from = sim_loop_machine(l);
	bool own = strcmp(to->host, "127.0.0.1") == 0;
	struct sim_machine *m = own ? from : find_host(from->sim, to->host);
	struct transport *t = transport_new(l, ev, arg, 0);

	snprintf(t->host, sizeof(t->host), "%s", to->host);
	snprintf(t->peer, sizeof(t->peer), "%s:%u", t->host, to->port);
	t->state = TRANSPORT_CONNECTING;
	if (!m) {
		sim_ready(l, &t->ready, not_found, t);
		return t;
	}
	t->conn = sim_conn_new(from, m, to->port);
	t->conn->ends[0].transport = t;
	io_timer_start(&t->timer, to->timeout_ms > 0 ? to->timeout_ms : 30000, 0);
	sim_conn_send(t->conn, 1, SIM_SYN, NULL);
	return t;
}

struct transport *transport_from_fd(struct loop *l, int fd, struct tls_context *tls,
	int64_t handshake_ms, const struct transport_events *ev, void *arg, struct err *e)
{
	struct transport *t = transport_new(l, ev, arg, 1);

	(void)tls;
	(void)handshake_ms;
	(void)e;
	assert(fd == FIRST_FD && accepted);
	t->conn = accepted;
	accepted = NULL;
	t->conn->ends[1].transport = t;
	t->state = TRANSPORT_OPEN;
	snprintf(t->host, sizeof(t->host), "%s", t->conn->ends[0].machine->host);
	snprintf(t->peer, sizeof(t->peer), "%s:%u", t->host, (unsigned)(t->conn->id % 50000));
	later(t, LATER_OPENED);
	watch(t);
	return t;
}

enum transport_state transport_state(const struct transport *t)
{
	return t->state;
}

const char *transport_peer(const struct transport *t)
{
	return t->peer;
}

const char *transport_peer_host(const struct transport *t)
{
	return t->host;
}

uint64_t transport_bytes_in(const struct transport *t)
{
	return t->bytes_in;
}

uint64_t transport_bytes_out(const struct transport *t)
{
	return t->bytes_out;
}

/* ---- io/listener.h -------------------------------------------------------------------------- */

static struct listener *find_listener(struct sim_machine *m, uint16_t port)
{
	list_foreach (n, &m->listeners) {
		struct listener *ls = CONTAINER_OF(n, struct listener, node);
		if (ls->port == port)
			return ls;
	}
	return NULL;
}

static void accept_all(void *arg)
{
	struct listener *ls = arg;
	struct list_node *n;

	for (int i = 0; i < LISTENER_BATCH && !ls->paused && (n = list_first(&ls->waiting)); i++) {
		struct sim_end *e = CONTAINER_OF(n, struct sim_end, waiting);

		list_remove(n);
		accepted = CONTAINER_OF(e, struct sim_conn, ends[1]);
		ls->fn(ls->arg, FIRST_FD);
		if (accepted) /* it was closed at once */
			sim_conn_leave(accepted, 1);
		accepted = NULL;
	}
	if (!ls->paused && !list_empty(&ls->waiting))
		sim_ready(ls->loop, &ls->ready, accept_all, ls);
}

bool sim_listener_take(struct sim_machine *m, struct sim_conn *c)
{
	struct listener *ls = find_listener(m, c->port);
	struct sim_end *e = &c->ends[1];

	if (!ls)
		return false;
	e->gone = false;
	list_push_back(&ls->waiting, &e->waiting);
	if (!ls->paused)
		sim_ready(ls->loop, &ls->ready, accept_all, ls);
	return true;
}

struct listener *listener_new(struct loop *l, const char *host, uint16_t port,
	listener_accept_fn *fn, void *arg, struct err *e)
{
	struct sim_machine *m = sim_loop_machine(l);
	struct listener *ls;

	(void)host;
	if (port && find_listener(m, port)) {
		err_set(e, ERR_IN_USE, "%s:%u is in use by another program", m->host, port);
		return NULL;
	}
	ls = ALLOC(struct listener);
	ls->loop = l;
	ls->port = port ? port : m->next_port++;
	snprintf(ls->name, sizeof(ls->name), "%s:%u", m->host, ls->port);
	ls->fn = fn;
	ls->arg = arg;
	list_init(&ls->waiting);
	list_push_back(&m->listeners, &ls->node);
	return ls;
}

void listener_free(struct listener *ls)
{
	struct list_node *n;

	if (!ls)
		return;
	list_remove(&ls->node);
	sim_ready_cancel(&ls->ready);
	while ((n = list_first(&ls->waiting))) {
		struct sim_end *e = CONTAINER_OF(n, struct sim_end, waiting);

		sim_conn_leave(CONTAINER_OF(e, struct sim_conn, ends[1]), 1);
	}
	free(ls);
}

uint16_t listener_port(const struct listener *ls)
{
	return ls->port;
}

const char *listener_name(const struct listener *ls)
{
	return ls->name;
}

void listener_pause(struct listener *ls)
{
	ls->paused = true;
}

void listener_resume(struct listener *ls)
{
	ls->paused = false;
	if (!list_empty(&ls->waiting))
		sim_ready(ls->loop, &ls->ready, accept_all, ls);
}

uint64_t listener_refused(const struct listener *ls)
{
	(void)ls;
	return 0;
}
