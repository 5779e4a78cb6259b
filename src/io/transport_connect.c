/*
 * From a host name to a connection: look-up on a thread beside, then one address after the other,
 * each with an equal share of the time that is left. A look-up cannot be stopped, only left alone.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "io/aside.h"
#include "io/transport_impl.h"

/* Its thread's, until it is back. */
struct lookup {
	char *host;
	char service[8];
	struct addrinfo hints;
	struct addrinfo *found;
	int rc, errnum; /* of getaddrinfo */
};

struct dial {
	struct aside *looking; /* NULL: not (any more) */
	struct lookup *lookup; /* what `looking` holds */
	struct addrinfo *found, *next;
	struct err last; /* why the address before did not do */
};

void dial_free(struct dial *d)
{
	if (!d)
		return;
	aside_leave(d->looking);
	if (d->found)
		freeaddrinfo(d->found);
	free(d);
}

/* A port of our own machine that nobody listens on may be given to us as our own port: the socket
 * is then connected to itself and would keep a server from ever having that port. */
static bool is_own_end(int fd)
{
	struct sockaddr_storage own = {0}, peer = {0};
	socklen_t n_own = sizeof(own), n_peer = sizeof(peer);

	if (getsockname(fd, (struct sockaddr *)&own, &n_own) ||
		getpeername(fd, (struct sockaddr *)&peer, &n_peer))
		return false;
	return n_own == n_peer && memcmp(&own, &peer, n_own) == 0;
}

static void not_reached(struct dial *d, int errnum)
{
	err_errno(&d->last, errnum == ECONNREFUSED ? ERR_REFUSED : ERR_IO, errnum, "connect");
}

/* 0: connecting or connected. */
static int try_address(struct transport *t, const struct addrinfo *ai)
{
	struct dial *d = t->dial;
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(&d->last, ERR_IO, errno, "socket");
	if (transport_adopt(t, fd, &d->last))
		return ERR_IO;
	/* Interrupted, it goes on by itself as well: connect(2). */
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0 || errno == EINPROGRESS ||
		errno == EINTR) {
		transport_rewatch(t); /* writable also when it is connected already */
		return 0;
	}
	not_reached(d, errno);
	transport_drop_socket(t);
	return ERR_IO;
}

static int64_t share_of_time(const struct transport *t)
{
	int64_t left = t->deadline_ms - loop_now_ms(t->loop);
	int64_t n = 1;

	for (const struct addrinfo *ai = t->dial->next; ai; ai = ai->ai_next)
		n++;
	return left / n;
}

static void try_next(struct transport *t)
{
	struct dial *d = t->dial;

	while (d->next) {
		const struct addrinfo *ai = d->next;
		d->next = ai->ai_next;
		if (try_address(t, ai) == 0) {
			io_timer_start(&t->timer, share_of_time(t), 0);
			return;
		}
	}
	transport_fail(t, d->last.code, "cannot connect to %s: %s", t->asked, d->last.msg);
}

static void reached(struct transport *t)
{
	io_timer_stop(&t->timer);
	if (t->tls)
		io_timer_at(&t->timer, t->deadline_ms);
	transport_connected(t);
}

void dial_event(struct transport *t)
{
	int errnum = 0;
	socklen_t n = sizeof(errnum);

	getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &errnum, &n);
	if (!errnum && is_own_end(t->fd))
		errnum = ECONNREFUSED;
	if (!errnum) {
		reached(t);
		return;
	}
	not_reached(t->dial, errnum);
	transport_drop_socket(t);
	try_next(t);
}

void dial_timeout(struct transport *t)
{
	if (t->state == TRANSPORT_RESOLVING) {
		transport_fail(t, ERR_TIMEOUT,
			"cannot connect to %s: looking up the name took too long", t->asked);
		return;
	}
	err_set(&t->dial->last, ERR_TIMEOUT, "no answer in time");
	transport_drop_socket(t);
	try_next(t);
}

static void found(struct transport *t, struct addrinfo *list)
{
	t->dial->found = t->dial->next = list;
	transport_move(t, TRANSPORT_CONNECTING);
	try_next(t);
}

static void lookup_failed(struct transport *t, const char *why)
{
	transport_fail(t, ERR_NOT_FOUND, "cannot connect to %s: %s", t->asked, why);
}

static void look_up(void *own)
{
	struct lookup *q = own;

	q->rc = getaddrinfo(q->host, q->service, &q->hints, &q->found);
	q->errnum = errno;
}

static void lookup_drop(void *own)
{
	struct lookup *q = own;

	if (q->found)
		freeaddrinfo(q->found);
	free(q->host);
	free(q);
}

static void looked_up(void *arg)
{
	struct transport *t = arg;
	struct lookup *q = t->dial->lookup;
	struct addrinfo *list = q->found;

	t->dial->looking = NULL;
	q->found = NULL;
	if (q->rc)
		lookup_failed(t, q->rc == EAI_SYSTEM ? strerror(q->errnum) : gai_strerror(q->rc));
	else
		found(t, list);
}

/* Takes q. */
static void look_up_aside(struct transport *t, struct lookup *q)
{
	struct aside_job job = {"lookup", look_up, lookup_drop, q, looked_up, t};
	struct err e = {0};

	q->hints.ai_flags &= ~AI_NUMERICHOST;
	t->dial->lookup = q;
	t->dial->looking = aside_start(t->loop, &job, &e);
	if (t->dial->looking) {
		io_timer_at(&t->timer, t->deadline_ms);
		return;
	}
	lookup_drop(q);
	lookup_failed(t, e.msg);
}

void dial_start(struct transport *t, uint16_t port, int64_t timeout_ms)
{
	struct lookup *q = ALLOC(struct lookup);

	t->dial = ALLOC(struct dial);
	t->deadline_ms = loop_now_ms(t->loop) + min_i64(timeout_ms, INT32_MAX);
	q->host = xstrdup(t->host);
	q->hints = (struct addrinfo){
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST};
	snprintf(q->service, sizeof(q->service), "%u", port);
	look_up(q); /* an address needs no thread */
	if (q->rc) {
		look_up_aside(t, q);
		return;
	}
	found(t, q->found);
	q->found = NULL;
	lookup_drop(q);
}
