/* Plain transports: what arrives, in which order, and every way a connection ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pair.h"

/* Only for what is sent: a small window to receive in makes TCP wait for its own timers. */
static void small_buffer(int fd)
{
	int n = 4096;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n));
}

static void begin(struct end *a, struct loop *l, int fd, const struct transport_events *ev)
{
	struct err e = {0};

	*a = (struct end){.l = l};
	a->t = transport_from_fd(l, fd, NULL, 0, ev, a, &e);
	assert_non_null(a->t);
}

static struct loop *begin_two(struct end *a, struct end *b, const struct transport_events *ev)
{
	struct loop *l = loop_new(NULL);
	int fd[2];

	assert_non_null(l);
	tcp_pair(fd);
	small_buffer(fd[0]);
	small_buffer(fd[1]);
	begin(a, l, fd[0], ev);
	begin(b, l, fd[1], ev);
	return l;
}

static void finish(struct loop *l, struct end *a, struct end *b)
{
	end_fini(a);
	end_fini(b);
	loop_free(l);
}

static void send_pattern(struct end *a, size_t from, size_t n)
{
	struct chain c;

	chain_init(&c);
	put_pattern(&c, from, n);
	transport_send(a->t, &c);
	assert_true(chain_empty(&c));
}

static void echo_of_much(void **state)
{
	enum { N = 3 << 20 };
	struct end a, b;
	struct loop *l = begin_two(&a, &b, &end_events);

	(void)state;
	b.echo = true;
	a.want = N;
	send_pattern(&a, 0, N);
	assert_int_equal(transport_queued(a.t), N);
	transport_flush(a.t);
	assert_true(transport_queued(a.t) > 0);
	until(l, &a.enough);
	assert_int_equal(a.in.n, N);
	assert_pattern(&a.in, 0, N);
	assert_true(a.drained && a.n_opened == 1 && b.n_opened == 1);
	assert_int_equal(transport_bytes_out(a.t), N);
	assert_int_equal(transport_bytes_in(a.t), N);
	transport_shutdown(a.t);
	until(l, &a.closed);
	until(l, &b.closed);
	assert_true(a.ended && b.ended);
	assert_int_equal(a.why.code, ERR_CLOSED);
	assert_int_equal(a.n_closed, 1);
	finish(l, &a, &b);
}

static void files_between_memory(void **state)
{
	enum { FILE_N = 3 << 20, N = FILE_N };
	struct end a, b;
	struct loop *l = begin_two(&a, &b, &end_events);
	int fd = pattern_file(FILE_N);
	struct chain c;

	(void)state;
	chain_init(&c);
	for (size_t at = 0; at < N;) {
		size_t mem = min_size(777, N - at);
		size_t file = min_size(1500000, N - at - mem);
		put_pattern(&c, at, mem);
		if (file)
			chain_put_file(&c, fd, (int64_t)(at + mem), file, NULL);
		at += mem + file;
	}
	b.want = N;
	transport_send(a.t, &c);
	transport_flush_later(a.t);
	until(l, &b.enough);
	assert_int_equal(b.in.n, N);
	assert_pattern(&b.in, 0, N);
	close(fd);
	finish(l, &a, &b);
}

/* However much the socket would take, one turn writes no more than its share. */
static void budget_of_a_turn(void **state)
{
	enum { N = 4 << 20 };
	struct loop *l = loop_new(NULL);
	struct end a, b;
	int fd[2], big = 8 << 20;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	begin(&a, l, fd[0], &end_events);
	begin(&b, l, fd[1], &end_events);
	send_pattern(&a, 0, N);
	transport_flush(a.t);
	transport_flush(a.t);
	assert_true(transport_bytes_out(a.t) <= TRANSPORT_TURN_BYTES);
	b.want = N;
	until(l, &b.enough);
	assert_pattern(&b.in, 0, N);
	finish(l, &a, &b);
}

/* More than the system takes between two ends of which one does not read. */
enum { MUCH = 8 << 20 };

static void peer_that_never_reads(void **state)
{
	struct end a, b;
	struct loop *l = begin_two(&a, &b, &end_events);
	uint64_t out;

	(void)state;
	transport_pause(b.t);
	send_pattern(&a, 0, MUCH);
	do {
		out = transport_bytes_out(a.t);
		for (int i = 0; i < 50; i++)
			loop_run_once(l, false);
	} while (out != transport_bytes_out(a.t) || out == 0);
	assert_true(transport_queued(a.t) > 0);
	assert_int_equal(b.n_readable, 0);
	assert_false(a.drained || a.closed);
	b.want = MUCH;
	transport_resume(b.t);
	until(l, &b.enough);
	assert_pattern(&b.in, 0, MUCH);
	finish(l, &a, &b);
}

static void file_that_is_too_short(void **state)
{
	struct end a, b;
	struct loop *l = begin_two(&a, &b, &end_events);
	int fd = pattern_file(1000);
	struct chain c;

	(void)state;
	chain_init(&c);
	chain_put_file(&c, fd, 0, 2000, NULL);
	transport_send(a.t, &c);
	transport_flush(a.t);
	assert_false(a.closed); /* never inside the owner's call */
	assert_int_equal(transport_state(a.t), TRANSPORT_FAILED);
	until(l, &a.closed);
	assert_int_equal(a.why.code, ERR_IO);
	until(l, &b.ended);
	assert_int_equal(b.in.n, 1000);
	close(fd);
	finish(l, &a, &b);
}

static void reset_by_the_peer(void **state)
{
	struct loop *l = loop_new(NULL);
	struct linger now = {1, 0};
	struct end a;
	int fd[2];

	(void)state;
	tcp_pair(fd);
	begin(&a, l, fd[0], &end_events);
	assert_int_equal(write(fd[1], "last", 4), 4);
	setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd[1]);
	until(l, &a.closed);
	assert_int_equal(a.why.code, ERR_IO);
	assert_int_equal(a.n_closed, 1);
	assert_int_equal(transport_read(a.t, fd, 1), ERR_CLOSED);
	send_pattern(&a, 0, 10); /* is dropped */
	assert_int_equal(transport_queued(a.t), 0);
	end_fini(&a);
	loop_free(l);
}

static void end_of_the_peer(void **state)
{
	struct end a, b;
	struct loop *l = begin_two(&a, &b, &end_events_full);

	(void)state;
	send_pattern(&a, 0, 5);
	transport_shutdown(a.t);
	until(l, &b.closed);
	assert_int_equal(b.in.n, 5);
	assert_int_equal(b.why.code, ERR_CLOSED);
	assert_int_equal(transport_state(b.t), TRANSPORT_CLOSED);
	finish(l, &a, &b);
}

static void close_inside_a_callback(void **state)
{
	struct end a, b;
	struct loop *l = begin_two(&a, &b, &end_events_full);

	(void)state;
	b.close_inside = true;
	send_pattern(&a, 0, 100);
	transport_flush(a.t);
	until(l, &a.closed);
	assert_int_equal(b.n_readable, 1);
	assert_int_equal(b.n_closed, 0);
	finish(l, &a, &b);
}

/* --- connecting ---------------------------------------------------------- */

struct door {
	struct listener *ls;
	struct loop *l;
	struct end in;
	int accepted;
	bool came;
};

static void on_accept(void *arg, int fd)
{
	struct door *d = arg;

	d->accepted++;
	d->came = true;
	if (d->in.t)
		close(fd);
	else
		begin(&d->in, d->l, fd, &end_events);
}

static void open_door(struct door *d, const char *host)
{
	struct err e = {0};

	*d = (struct door){.l = loop_new(NULL)};
	d->ls = listener_new(d->l, host, 0, on_accept, d, &e);
	assert_non_null(d->ls);
	assert_true(listener_port(d->ls) > 0);
}

static void shut_door(struct door *d)
{
	end_fini(&d->in);
	listener_free(d->ls);
	loop_free(d->l);
}

static void dial(struct end *a, struct loop *l, const char *host, uint16_t port, int64_t ms)
{
	struct transport_target to = {.host = host, .port = port, .timeout_ms = ms};

	*a = (struct end){.l = l};
	a->t = transport_connect(l, &to, &end_events, a);
	assert_non_null(a->t);
}

static void connect_by(const char *listen_host, const char *host)
{
	struct door d;
	struct end a;
	char name[64];

	open_door(&d, listen_host);
	dial(&a, d.l, host, listener_port(d.ls), 0);
	send_pattern(&a, 0, 1000); /* waits for the connection */
	snprintf(name, sizeof(name), "%s:%u", host, listener_port(d.ls));
	if (!strchr(host, ':'))
		assert_string_equal(transport_peer(a.t), name);
	until(d.l, &d.came);
	d.in.want = 1000;
	until(d.l, &d.in.enough);
	assert_pattern(&d.in.in, 0, 1000);
	assert_int_equal(a.n_opened, 1);
	assert_true(*transport_peer_host(d.in.t));
	end_fini(&a);
	shut_door(&d);
}

static void connect_to_an_address(void **state)
{
	(void)state;
	connect_by(NULL, "127.0.0.1");
}

static void connect_to_a_name(void **state)
{
	(void)state;
	connect_by(loopback_name(), loopback_name());
}

static uint16_t port_of_nobody(void)
{
	struct door d;
	uint16_t port;

	open_door(&d, NULL);
	port = listener_port(d.ls);
	shut_door(&d);
	return port;
}

static void connect_refused(void **state)
{
	struct loop *l = loop_new(NULL);
	struct end a;

	(void)state;
	dial(&a, l, "127.0.0.1", port_of_nobody(), 0);
	until(l, &a.closed);
	assert_int_equal(a.why.code, ERR_REFUSED);
	assert_non_null(strstr(a.why.msg, "refused"));
	assert_int_equal(a.n_opened, 0);
	end_fini(&a);
	loop_free(l);
}

/* A listener whose queue is full does not answer at all. */
static void connect_without_answer(void **state)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct loop *l = loop_new(NULL);
	socklen_t n = sizeof(sa);
	int ls = socket(AF_INET, SOCK_STREAM, 0), fill[4];
	struct end a;

	(void)state;
	assert_int_equal(bind(ls, (struct sockaddr *)&sa, n), 0);
	assert_int_equal(listen(ls, 0), 0);
	getsockname(ls, (struct sockaddr *)&sa, &n);
	for (size_t i = 0; i < ARRAY_LEN(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fill[i], (struct sockaddr *)&sa, n);
	}
	dial(&a, l, "127.0.0.1", ntohs(sa.sin_port), 150);
	until(l, &a.closed);
	assert_int_equal(a.why.code, ERR_TIMEOUT);
	end_fini(&a);
	for (size_t i = 0; i < ARRAY_LEN(fill); i++)
		close(fill[i]);
	close(ls);
	loop_free(l);
}

/* --- listeners ----------------------------------------------------------- */

static void port_in_use(void **state)
{
	struct err e = {0};
	struct door d;

	(void)state;
	open_door(&d, NULL);
	assert_null(listener_new(d.l, NULL, listener_port(d.ls), on_accept, &d, &e));
	assert_int_equal(e.code, ERR_IN_USE);
	assert_non_null(strstr(e.msg, listener_name(d.ls)));
	assert_null(listener_new(d.l, "no-such-host.invalid", 0, on_accept, &d, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_null(listener_new(d.l, "192.0.2.1", 0, on_accept, &d, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	shut_door(&d);
}

/* Fills the table of descriptors; returns how many it took. */
static int take_all(int *fd, int max)
{
	int n = 0;

	while (n < max && (fd[n] = dup(0)) >= 0)
		n++;
	return n;
}

static void no_descriptor_left(void **state)
{
	static int fd[256];
	struct rlimit before, few;
	struct end a, b;
	struct door d;
	int n;

	(void)state;
	open_door(&d, NULL);
	listener_pause(d.ls);
	dial(&a, d.l, "127.0.0.1", listener_port(d.ls), 0);
	until(d.l, &a.opened);
	assert_int_equal(d.accepted, 0);
	getrlimit(RLIMIT_NOFILE, &before);
	few = (struct rlimit){200, before.rlim_max};
	setrlimit(RLIMIT_NOFILE, &few);
	n = take_all(fd, (int)ARRAY_LEN(fd));
	listener_resume(d.ls);
	until(d.l, &a.ended);
	assert_int_equal(listener_refused(d.ls), 1);
	assert_int_equal(d.accepted, 0);
	while (n > 0)
		close(fd[--n]);
	setrlimit(RLIMIT_NOFILE, &before);
	dial(&b, d.l, "127.0.0.1", listener_port(d.ls), 0);
	until(d.l, &d.came);
	end_fini(&a);
	end_fini(&b);
	shut_door(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo_of_much),
		cmocka_unit_test(files_between_memory),
		cmocka_unit_test(budget_of_a_turn),
		cmocka_unit_test(peer_that_never_reads),
		cmocka_unit_test(file_that_is_too_short),
		cmocka_unit_test(reset_by_the_peer),
		cmocka_unit_test(end_of_the_peer),
		cmocka_unit_test(close_inside_a_callback),
		cmocka_unit_test(connect_to_an_address),
		cmocka_unit_test(connect_to_a_name),
		cmocka_unit_test(connect_refused),
		cmocka_unit_test(connect_without_answer),
		cmocka_unit_test(port_in_use),
		cmocka_unit_test(no_descriptor_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
