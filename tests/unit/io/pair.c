/* See pair.h. */
#include "pair.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"

static void on_opened(void *arg)
{
	struct end *e = arg;

	e->opened = true;
	e->n_opened++;
}

static void on_readable(void *arg)
{
	struct end *e = arg;
	uint8_t p[65536];
	ssize_t n;

	e->n_readable++;
	while ((n = transport_read(e->t, p, sizeof(p))) > 0) {
		buf_put(&e->in, p, (size_t)n);
		if (e->echo) {
			struct chain c;
			chain_init(&c);
			chain_put(&c, p, (size_t)n);
			transport_send(e->t, &c);
			transport_flush_later(e->t);
		}
	}
	if (e->in.n >= e->want)
		e->enough = true;
	if (e->close_inside) {
		transport_close(e->t);
		e->t = NULL;
	}
}

static void on_drained(void *arg)
{
	((struct end *)arg)->drained = true;
}

static void on_ended(void *arg)
{
	struct end *e = arg;

	e->ended = true;
	if (e->echo)
		transport_shutdown(e->t);
}

static void on_closed(void *arg, const struct err *why)
{
	struct end *e = arg;

	e->closed = true;
	e->n_closed++;
	e->why = *why;
}

const struct transport_events end_events = {
	on_opened, on_readable, on_drained, on_ended, on_closed};
const struct transport_events end_events_full = {
	on_opened, on_readable, on_drained, NULL, on_closed};

void end_fini(struct end *e)
{
	transport_close(e->t);
	buf_fini(&e->in);
}

void until(struct loop *l, const bool *flag)
{
	assert_true(loop_run_until(l, flag, PATIENCE_MS));
}

void assert_pattern(const struct buf *b, size_t from, size_t n)
{
	assert_true(b->n >= from + n);
	for (size_t i = 0; i < n; i++)
		if (b->p[from + i] != pattern(from + i))
			fail_msg("byte %zu is wrong", from + i);
}

void put_pattern(struct chain *c, size_t from, size_t n)
{
	uint8_t *p = xmalloc(n);

	for (size_t i = 0; i < n; i++)
		p[i] = pattern(from + i);
	chain_put_owned(c, p, n);
}

int pattern_file(size_t n)
{
	FILE *f = tmpfile();
	int fd;

	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		putc(pattern(i), f);
	assert_int_equal(fflush(f), 0);
	fd = dup(fileno(f));
	fclose(f);
	return fd;
}

void tcp_pair(int fd[2])
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof(sa);
	int ls = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(ls, (struct sockaddr *)&sa, n), 0);
	assert_int_equal(listen(ls, 1), 0);
	assert_int_equal(getsockname(ls, (struct sockaddr *)&sa, &n), 0);
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd[0], (struct sockaddr *)&sa, n), 0);
	fd[1] = accept(ls, NULL, NULL);
	assert_true(fd[1] >= 0);
	close(ls);
}

const char *loopback_name(void)
{
	struct addrinfo *found;

	if (getaddrinfo("localhost", NULL, NULL, &found) != 0)
		return "127.0.0.1";
	freeaddrinfo(found);
	return "localhost";
}
