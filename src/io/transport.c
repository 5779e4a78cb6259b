/*
 * The states of a transport and what its owner hears. Nothing here touches the transport after a
 * callback without looking at the state again: the owner may have closed it. The memory goes at the
 * end of the turn, so that looking is allowed.
 */
#include "io/transport.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "io/tls_impl.h"
#include "io/transport_impl.h"

#define TO(state) (1u << TRANSPORT_##state)

static const unsigned moves[] = {
	[TRANSPORT_RESOLVING] = TO(CONNECTING) | TO(FAILED) | TO(CLOSED),
	[TRANSPORT_CONNECTING] = TO(HANDSHAKE) | TO(OPEN) | TO(FAILED) | TO(CLOSED),
	[TRANSPORT_HANDSHAKE] = TO(OPEN) | TO(FAILED) | TO(CLOSED),
	[TRANSPORT_OPEN] = TO(FAILED) | TO(CLOSED),
	[TRANSPORT_FAILED] = TO(CLOSED),
	[TRANSPORT_CLOSED] = 0,
};

void transport_move(struct transport *t, enum transport_state to)
{
	assert(moves[t->state] & (1u << to));
	t->state = to;
}

static bool wants_input(const struct transport *t)
{
	return !t->paused && !t->eof;
}

static int wanted_events(const struct transport *t)
{
	int ev = 0;

	switch (t->state) {
	case TRANSPORT_CONNECTING:
		return LOOP_WRITE;
	case TRANSPORT_HANDSHAKE:
		return t->read_needs_write ? LOOP_WRITE : LOOP_READ;
	case TRANSPORT_OPEN:
		if (wants_input(t))
			ev |= t->read_needs_write ? LOOP_WRITE : LOOP_READ;
		if (t->blocked)
			ev |= t->write_needs_read ? LOOP_READ : LOOP_WRITE;
		return ev;
	default:
		return 0;
	}
}

void transport_rewatch(struct transport *t)
{
	int ev = wanted_events(t);

	if (!t->watch || ev == t->watching)
		return;
	t->watching = ev;
	loop_watch_set(t->watch, ev);
}

/* --- the end ------------------------------------------------------------- */

void transport_drop_socket(struct transport *t)
{
	loop_watch_free(t->watch);
	t->watch = NULL;
	t->watching = 0;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

/* `orderly`: nothing has failed, the peer may be told. */
static void let_go(struct transport *t, bool orderly)
{
	io_timer_stop(&t->timer);
	dial_free(t->dial);
	t->dial = NULL;
	tls_session_free(t->session, orderly);
	t->session = NULL;
	transport_drop_socket(t);
	chain_clear(&t->out);
	loop_defer_cancel(&t->later);
	t->later_what = 0;
	t->blocked = false;
}

static int end_with(struct transport *t)
{
	transport_move(t, TRANSPORT_FAILED);
	let_go(t, false);
	transport_later(t, LATER_REPORT);
	return ERR_CLOSED;
}

int transport_fail(struct transport *t, int code, const char *fmt, ...)
{
	char line[sizeof(t->why.msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	err_set(&t->why, code, "%s", line);
	return end_with(t);
}

int transport_fail_errno(struct transport *t, int errnum, const char *what)
{
	err_errno(&t->why, ERR_IO, errnum, "%s", what);
	return end_with(t);
}

static void release(void *arg)
{
	struct transport *t = arg;

	free(t->host);
	free(t->asked);
	free(t);
}

void transport_close(struct transport *t)
{
	bool orderly;

	if (!t)
		return;
	orderly = t->state == TRANSPORT_OPEN && chain_empty(&t->out);
	if (t->state != TRANSPORT_CLOSED)
		transport_move(t, TRANSPORT_CLOSED);
	let_go(t, orderly);
	loop_defer(t->loop, &t->release, release, t);
}

/* --- output -------------------------------------------------------------- */

/* When both sides have ended there is nothing more to come. */
static void close_when_both_ended(struct transport *t)
{
	if (t->state == TRANSPORT_OPEN && t->eof && t->shut_out && !(t->later_what & LATER_ENDED))
		transport_fail(t, ERR_CLOSED, "closed by both sides");
}

static void end_our_side(struct transport *t)
{
	int rc = t->ops->shutdown(t);

	t->blocked = rc == ERR_AGAIN;
	t->shut_out = rc == 0;
	close_when_both_ended(t);
}

/* 0: all that the socket or the turn takes has been written. */
static int write_out(struct transport *t)
{
	while (!chain_empty(&t->out)) {
		ssize_t n = t->left ? t->ops->write(t, t->left) : ERR_AGAIN;
		if (n == ERR_AGAIN) {
			t->blocked = true;
			return 0;
		}
		if (n < 0)
			return ERR_CLOSED;
		t->left -= min_size(t->left, (size_t)n);
		t->bytes_out += (uint64_t)n;
	}
	return 0;
}

void transport_flush(struct transport *t)
{
	if (t->state != TRANSPORT_OPEN || t->blocked)
		return;
	if (t->turn != loop_turn(t->loop)) {
		t->turn = loop_turn(t->loop);
		t->left = TRANSPORT_TURN_BYTES;
	}
	if (write_out(t))
		return;
	if (chain_empty(&t->out) && t->shut && !t->shut_out)
		end_our_side(t);
	transport_rewatch(t);
}

static void flush_by_loop(struct transport *t)
{
	bool had = !chain_empty(&t->out);

	transport_flush(t);
	if (t->state == TRANSPORT_OPEN && had && chain_empty(&t->out) && t->ev.drained)
		t->ev.drained(t->arg);
}

void transport_send(struct transport *t, struct chain *c)
{
	if (t->state >= TRANSPORT_FAILED || t->shut)
		chain_clear(c);
	else
		chain_append(&t->out, c);
}

void transport_flush_later(struct transport *t)
{
	if (t->state == TRANSPORT_OPEN && !t->blocked)
		transport_later(t, LATER_FLUSH);
}

void transport_shutdown(struct transport *t)
{
	t->shut = true;
	transport_flush(t);
}

size_t transport_queued(const struct transport *t)
{
	return t->out.n;
}

/* --- input --------------------------------------------------------------- */

ssize_t transport_read(struct transport *t, void *p, size_t n)
{
	ssize_t got;

	if (t->state != TRANSPORT_OPEN)
		return t->state < TRANSPORT_OPEN ? ERR_AGAIN : ERR_CLOSED;
	if (t->eof)
		return 0;
	t->read_needs_write = false;
	got = t->ops->read(t, p, n);
	if (got > 0) {
		t->bytes_in += (uint64_t)got;
		return got;
	}
	if (got == 0) {
		t->eof = true;
		if (t->ev.ended)
			transport_later(t, LATER_ENDED);
		else
			transport_fail(t, ERR_CLOSED, "closed by the peer");
	}
	transport_rewatch(t);
	return got;
}

bool transport_has_buffered(const struct transport *t)
{
	return t->session && tls_session_pending(t->session);
}

static void tell_readable(struct transport *t)
{
	if (t->state != TRANSPORT_OPEN || !wants_input(t))
		return;
	t->ev.readable(t->arg);
	/* The socket does not tell of what has been taken from it already. */
	if (t->state == TRANSPORT_OPEN && wants_input(t) && transport_has_buffered(t))
		transport_later(t, LATER_READ);
}

void transport_pause(struct transport *t)
{
	t->paused = true;
	transport_rewatch(t);
}

void transport_resume(struct transport *t)
{
	t->paused = false;
	if (t->state != TRANSPORT_OPEN)
		return;
	if (transport_has_buffered(t))
		transport_later(t, LATER_READ);
	transport_rewatch(t);
}

/* --- what the loop calls ------------------------------------------------- */

static void report(struct transport *t)
{
	transport_move(t, TRANSPORT_CLOSED);
	t->ev.closed(t->arg, &t->why);
}

static void run_later(void *arg)
{
	struct transport *t = arg;
	unsigned what = t->later_what;

	t->later_what = 0;
	if (what & LATER_REPORT) {
		report(t);
		return;
	}
	if ((what & LATER_OPENED) && t->ev.opened)
		t->ev.opened(t->arg);
	if (what & LATER_READ)
		tell_readable(t);
	if ((what & LATER_ENDED) && t->state == TRANSPORT_OPEN) {
		t->ev.ended(t->arg);
		close_when_both_ended(t);
	}
	if (what & LATER_FLUSH)
		flush_by_loop(t);
}

void transport_later(struct transport *t, unsigned what)
{
	t->later_what |= what;
	loop_defer(t->loop, &t->later, run_later, t);
}

/* The watch has stopped. While there is input, reading finds the error behind it. */
static void socket_failed(struct transport *t)
{
	int errnum = 0;
	socklen_t n = sizeof(errnum);

	t->watching = 0;
	if (wants_input(t)) {
		tell_readable(t);
		transport_rewatch(t);
		return;
	}
	getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &errnum, &n);
	transport_fail_errno(t, errnum ? errnum : EPIPE, "connection lost");
}

static void open_event(struct transport *t, int events)
{
	if (events & LOOP_FAILED) {
		socket_failed(t);
		return;
	}
	if (events & (t->read_needs_write ? LOOP_WRITE : LOOP_READ))
		tell_readable(t);
	if (t->blocked && (events & (t->write_needs_read ? LOOP_READ : LOOP_WRITE))) {
		t->blocked = false;
		flush_by_loop(t);
	}
	transport_rewatch(t);
}

static void shake_hands(struct transport *t)
{
	int rc = tls_handshake(t);

	if (rc == 0)
		transport_open(t);
	else if (rc == ERR_AGAIN)
		transport_rewatch(t);
}

static void on_event(void *arg, int events)
{
	struct transport *t = arg;

	if (events & LOOP_FAILED)
		t->watching = 0;
	switch (t->state) {
	case TRANSPORT_CONNECTING:
		dial_event(t);
		break;
	case TRANSPORT_HANDSHAKE:
		shake_hands(t);
		break;
	case TRANSPORT_OPEN:
		open_event(t, events);
		break;
	default:
		break;
	}
}

static void on_timeout(void *arg)
{
	struct transport *t = arg;

	if (t->state == TRANSPORT_HANDSHAKE)
		transport_fail(t, ERR_TIMEOUT, "the TLS handshake took too long");
	else
		dial_timeout(t);
}

/* --- the beginning ------------------------------------------------------- */

int transport_adopt(struct transport *t, int fd, struct err *e)
{
	int one = 1;

	t->fd = fd;
	t->watch = loop_watch_new(t->loop, fd, on_event, t, e);
	if (!t->watch) {
		transport_drop_socket(t);
		return ERR_IO;
	}
	/* Without effect on a socket that is not TCP. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	return 0;
}

void transport_open(struct transport *t)
{
	io_timer_stop(&t->timer);
	transport_move(t, TRANSPORT_OPEN);
	t->read_needs_write = t->write_needs_read = false;
	transport_later(t, LATER_OPENED | LATER_FLUSH);
	if (transport_has_buffered(t))
		transport_later(t, LATER_READ);
	transport_rewatch(t);
}

void transport_connected(struct transport *t)
{
	dial_free(t->dial);
	t->dial = NULL;
	addr_text_peer(&t->peer, t->fd);
	if (!t->tls) {
		transport_open(t);
		return;
	}
	transport_move(t, TRANSPORT_HANDSHAKE);
	if (tls_session_start(t, &t->why))
		end_with(t);
	else
		shake_hands(t);
}

static struct transport *transport_new(
	struct loop *l, struct tls_context *tls, const struct transport_events *ev, void *arg)
{
	struct transport *t = ALLOC(struct transport);

	t->loop = l;
	t->fd = -1;
	t->ops = &transport_plain;
	t->ev = *ev;
	t->arg = arg;
	t->tls = tls;
	t->turn = UINT64_MAX;
	chain_init(&t->out);
	io_timer_init(&t->timer, l, on_timeout, t);
	return t;
}

struct transport *transport_from_fd(struct loop *l, int fd, struct tls_context *tls,
	int64_t handshake_ms, const struct transport_events *ev, void *arg, struct err *e)
{
	struct transport *t = transport_new(l, tls, ev, arg);

	t->server = true;
	t->state = TRANSPORT_CONNECTING;
	if (transport_adopt(t, fd, e)) {
		release(t);
		return NULL;
	}
	if (tls && handshake_ms > 0)
		io_timer_start(&t->timer, handshake_ms, 0);
	transport_connected(t);
	return t;
}

struct transport *transport_connect(struct loop *l, const struct transport_target *to,
	const struct transport_events *ev, void *arg)
{
	struct transport *t = transport_new(l, to->tls, ev, arg);

	t->state = TRANSPORT_RESOLVING;
	t->host = xstrdup(to->host);
	t->asked = xasprintf(strchr(to->host, ':') ? "[%s]:%u" : "%s:%u", to->host, to->port);
	dial_start(t, to->port, to->timeout_ms > 0 ? to->timeout_ms : 30000);
	return t;
}

/* --- what it tells ------------------------------------------------------- */

enum transport_state transport_state(const struct transport *t)
{
	return t->state;
}

const char *transport_peer(const struct transport *t)
{
	return t->peer.name[0] || !t->asked ? t->peer.name : t->asked;
}

const char *transport_peer_host(const struct transport *t)
{
	return t->peer.host;
}

uint64_t transport_bytes_in(const struct transport *t)
{
	return t->bytes_in;
}

uint64_t transport_bytes_out(const struct transport *t)
{
	return t->bytes_out;
}
