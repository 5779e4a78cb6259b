/*
 * accept4 in batches from a level-triggered watch. What cannot be cured by giving up the spare
 * descriptor (no memory, no spare left) stops accepting for RETRY_MS, so that the loop never spins.
 */
#include "io/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "io/addr.h"
#include "io/loop.h"

enum { RETRY_MS = 100 };

struct listener {
	struct loop *loop;
	struct loop_watch *watch;
	int fd;
	int spare; /* an open descriptor to give up; -1 when there is none */
	listener_accept_fn *fn;
	void *arg;
	struct addr_text at;
	struct io_timer retry;
	struct loop_defer release;
	uint64_t refused;
	bool paused, freed;
};

static void watch_again(void *arg)
{
	struct listener *ls = arg;
	loop_watch_set(ls->watch, ls->paused || io_timer_active(&ls->retry) ? 0 : LOOP_READ);
}

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void back_off(struct listener *ls)
{
	io_timer_start(&ls->retry, RETRY_MS, 0);
	watch_again(ls);
}

/* False when the caller could not be turned away. */
static bool turn_away(struct listener *ls)
{
	int fd, errnum;

	if (ls->spare < 0)
		ls->spare = open_spare();
	if (ls->spare < 0)
		return false;
	close(ls->spare);
	fd = accept4(ls->fd, NULL, NULL, SOCK_CLOEXEC);
	errnum = errno;
	if (fd >= 0) {
		close(fd);
		ls->refused++;
	}
	ls->spare = open_spare();
	return fd >= 0 || errnum == EAGAIN || errnum == ECONNABORTED;
}

/* True when there may be more to accept. */
static bool accept_one(struct listener *ls)
{
	int fd = accept4(ls->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		ls->fn(ls->arg, fd);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
		if (turn_away(ls))
			return true;
		back_off(ls);
		return false;
	case ENOBUFS:
	case ENOMEM:
		back_off(ls);
		return false;
	default: /* this caller has gone, or its packet was refused: accept(2) */
		return true;
	}
}

static void on_readable(void *arg, int events)
{
	struct listener *ls = arg;

	for (int i = 0; i < LISTENER_BATCH && !ls->paused && !ls->freed; i++)
		if (!accept_one(ls))
			break;
	if (!ls->freed && (events & LOOP_FAILED))
		back_off(ls);
}

static int bind_error(struct err *e, int errnum, const struct addr_text *at)
{
	switch (errnum) {
	case EADDRINUSE:
		return err_set(e, ERR_IN_USE, "%s is in use by another program", at->name);
	case EACCES:
	case EPERM:
		return err_errno(e, ERR_DENIED, errnum, "cannot listen on %s", at->name);
	case EADDRNOTAVAIL:
		return err_set(e, ERR_NOT_FOUND, "%s is no address of this machine", at->host);
	default:
		return err_errno(e, ERR_IO, errnum, "cannot listen on %s", at->name);
	}
}

/* The listening descriptor or an error. */
static int listen_at(const struct addrinfo *ai, struct err *e)
{
	int one = 1, zero = 0, fd, errnum;
	struct addr_text at;

	addr_text(&at, ai->ai_addr, ai->ai_addrlen);
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return bind_error(e, errno, &at);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (!bind(fd, ai->ai_addr, ai->ai_addrlen) && !listen(fd, SOMAXCONN))
		return fd;
	errnum = errno;
	close(fd);
	return bind_error(e, errnum, &at);
}

/* The first address of the host that can be had. */
static int listen_on(const char *host, uint16_t port, struct err *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char service[8];
	int rc, fd = ERR_NOT_FOUND;

	if (!host || !*host)
		host = "127.0.0.1";
	snprintf(service, sizeof(service), "%u", port);
	rc = getaddrinfo(host, service, &hints, &found);
	if (rc)
		return err_set(e, ERR_NOT_FOUND, "cannot listen on %s: %s", host, gai_strerror(rc));
	for (const struct addrinfo *ai = found; ai && fd < 0; ai = ai->ai_next)
		fd = listen_at(ai, e);
	freeaddrinfo(found);
	return fd;
}

struct listener *listener_new(struct loop *l, const char *host, uint16_t port,
	listener_accept_fn *fn, void *arg, struct err *e)
{
	int fd = listen_on(host, port, e);
	struct loop_watch *watch;
	struct listener *ls;

	if (fd < 0)
		return NULL;
	ls = ALLOC(struct listener);
	watch = loop_watch_new(l, fd, on_readable, ls, e);
	if (!watch) {
		close(fd);
		free(ls);
		return NULL;
	}
	ls->loop = l;
	ls->watch = watch;
	ls->fd = fd;
	ls->spare = open_spare();
	ls->fn = fn;
	ls->arg = arg;
	io_timer_init(&ls->retry, l, watch_again, ls);
	addr_text_own(&ls->at, fd);
	loop_watch_set(watch, LOOP_READ);
	return ls;
}

void listener_free(struct listener *ls)
{
	if (!ls)
		return;
	ls->freed = true;
	io_timer_stop(&ls->retry);
	loop_watch_free(ls->watch);
	close(ls->fd);
	if (ls->spare >= 0)
		close(ls->spare);
	loop_defer(ls->loop, &ls->release, free, ls); /* it may be accepting right now */
}

uint16_t listener_port(const struct listener *ls)
{
	return ls->at.port;
}

const char *listener_name(const struct listener *ls)
{
	return ls->at.name;
}

void listener_pause(struct listener *ls)
{
	ls->paused = true;
	watch_again(ls);
}

void listener_resume(struct listener *ls)
{
	ls->paused = false;
	watch_again(ls);
}

uint64_t listener_refused(const struct listener *ls)
{
	return ls->refused;
}
