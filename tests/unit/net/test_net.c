/*
 * Listeners and connections over real sockets in one process: frames however they are cut, replies
 * in order whatever the order of answers, limits, and a memory budget that is never passed by more
 * than one frame.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/vec.h"
#include "io/loop.h"
#include "net/block.h"
#include "net/net.h"
#include "wire/api.h"

#define WAIT_MS 20000

struct held {
	struct net_slot *slot;
	struct ref *hold;
	char text[64];
};

struct server {
	struct loop *loop;
	struct net *net;
	uint16_t port;
	bool park; /* keep slots instead of answering */
	VEC(struct held) held;
	int requests, gone;
	struct net_close close;
	int closed;
};

static void reply(struct net_slot *slot, const char *text, size_t n)
{
	struct chain c;
	uint8_t head[4];

	chain_init(&c);
	put_be32(head, (uint32_t)n);
	chain_put(&c, head, 4);
	chain_put(&c, text, n);
	net_slot_reply(slot, &c);
}

static void on_gone(void *arg)
{
	((struct server *)arg)->gone++;
}

static void on_close(void *arg)
{
	((struct server *)arg)->closed++;
}

/* "watch" asks for the end of its connection, "skip" gets no answer, "drop" ends the connection,
 * all else comes back. */
static void on_request(void *arg, struct net_slot *slot, struct slice frame, struct ref *hold)
{
	struct server *s = arg;

	s->requests++;
	if (s->park) {
		struct held *h = vec_add(&s->held);
		h->slot = slot;
		h->hold = ref_get(hold);
		memcpy(h->text, frame.p, min_size(frame.n, sizeof(h->text) - 1));
		net_slot_on_gone(slot, on_gone, s);
		return;
	}
	if (frame.n == 5 && memcmp(frame.p, "watch", 5) == 0) {
		s->close.fn = on_close;
		s->close.arg = s;
		net_slot_on_close(slot, &s->close);
	}
	if (frame.n == 4 && memcmp(frame.p, "skip", 4) == 0)
		net_slot_skip(slot);
	else if (frame.n == 4 && memcmp(frame.p, "drop", 4) == 0)
		net_slot_drop(slot, "asked to");
	else
		reply(slot, (const char *)frame.p, min_size(frame.n, 16));
}

static const struct net_settings settings = {
	.max_frame = 1 << 20,
	.memory = 4 << 20,
	.max_output = 1 << 20,
	.max_open = 8,
	.max_connections = 50,
	.max_connections_ip = INT32_MAX,
	.stall_ms = 100000,
};

static int setup(void **state)
{
	struct server *s = ALLOC(struct server);
	struct err e = {0};
	struct net_listener *l;

	s->loop = loop_new(&e);
	s->net = net_new(s->loop, &settings, on_request, s);
	l = net_listen(s->net, "PLAINTEXT", 7, "127.0.0.1", 0, NULL, &e);
	assert_non_null(l);
	s->port = net_listener_port(l);
	net_start_accepting(s->net);
	*state = s;
	return 0;
}

static void release_held(struct server *s, size_t i, bool answer)
{
	if (answer)
		reply(s->held.v[i].slot, s->held.v[i].text, strlen(s->held.v[i].text));
	else
		net_slot_skip(s->held.v[i].slot);
	ref_put(s->held.v[i].hold);
}

static int teardown(void **state)
{
	struct server *s = *state;

	net_free(s->net);
	vec_fini(&s->held);
	loop_free(s->loop);
	free(s);
	return 0;
}

static int client(const struct server *s)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(s->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void put_frame(struct buf *b, const char *text)
{
	buf_put_be32(b, (uint32_t)strlen(text));
	buf_puts(b, text);
}

/* Sends while the loop turns. */
static void send_all(struct server *s, int fd, const void *p, size_t n)
{
	const uint8_t *at = p;
	int64_t end = loop_now_ms(s->loop) + WAIT_MS;

	while (n) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
		if (sent > 0) {
			at += sent;
			n -= (size_t)sent;
		} else {
			assert_true(errno == EAGAIN);
		}
		loop_run_once(s->loop, false);
		assert_true(loop_now_ms(s->loop) < end);
	}
}

/* Reads n bytes while the loop turns; fewer when the peer closed. */
static size_t receive(struct server *s, int fd, uint8_t *p, size_t n)
{
	int64_t end = loop_now_ms(s->loop) + WAIT_MS;
	size_t got = 0;

	while (got < n) {
		ssize_t r = recv(fd, p + got, n - got, 0);
		if (r == 0 || (r < 0 && errno != EAGAIN))
			return got;
		if (r > 0)
			got += (size_t)r;
		loop_run_once(s->loop, false);
		assert_true(loop_now_ms(s->loop) < end);
	}
	return got;
}

static void expect_reply(struct server *s, int fd, const char *text)
{
	uint8_t bytes[64];
	size_t n = strlen(text);

	assert_int_equal(receive(s, fd, bytes, 4 + n), 4 + n);
	assert_int_equal(get_be32(bytes), n);
	assert_memory_equal(bytes + 4, text, n);
}

static void until_requests(struct server *s, int n)
{
	int64_t end = loop_now_ms(s->loop) + WAIT_MS;

	while (s->requests < n) {
		loop_run_once(s->loop, false);
		assert_true(loop_now_ms(s->loop) < end);
	}
}

static void test_frames_cut_anywhere(void **state)
{
	struct server *s = *state;
	struct buf b = BUF_EMPTY;
	int fd = client(s);

	put_frame(&b, "one");
	put_frame(&b, "two and more");
	put_frame(&b, "x");
	for (size_t cut = 0; cut <= b.n; cut++) {
		send_all(s, fd, b.p, cut);
		loop_run_once(s->loop, false);
		send_all(s, fd, b.p + cut, b.n - cut);
		expect_reply(s, fd, "one");
		expect_reply(s, fd, "two and more");
		expect_reply(s, fd, "x");
	}
	close(fd);
	buf_fini(&b);
}

static void test_replies_in_order(void **state)
{
	struct server *s = *state;
	struct buf b = BUF_EMPTY;
	int fd = client(s);

	s->park = true;
	put_frame(&b, "a");
	put_frame(&b, "b");
	put_frame(&b, "c");
	send_all(s, fd, b.p, b.n);
	until_requests(s, 3);
	release_held(s, 2, true);
	release_held(s, 1, false);
	loop_run_once(s->loop, false);
	assert_int_equal(recv(fd, b.p, 1, 0), -1);
	release_held(s, 0, true);
	expect_reply(s, fd, "a");
	expect_reply(s, fd, "c");
	close(fd);
	buf_fini(&b);
}

static void test_open_requests_are_bounded(void **state)
{
	struct server *s = *state;
	struct buf b = BUF_EMPTY;
	int fd = client(s);

	s->park = true;
	for (int i = 0; i < 40; i++)
		put_frame(&b, "many");
	send_all(s, fd, b.p, b.n);
	until_requests(s, settings.max_open);
	for (int i = 0; i < 20; i++)
		loop_run_once(s->loop, false);
	assert_int_equal(s->requests, settings.max_open);
	for (int i = 0; i < 40; i++) {
		until_requests(s, i + 1);
		release_held(s, (size_t)i, true);
	}
	for (int i = 0; i < 40; i++)
		expect_reply(s, fd, "many");
	close(fd);
	buf_fini(&b);
}

static void test_bad_lengths_close(void **state)
{
	static const uint8_t lengths[][4] = {
		{0xff, 0xff, 0xff, 0xff}, {0x7f, 0xff, 0xff, 0xff}, {0x00, 0x10, 0x00, 0x01}};
	struct server *s = *state;
	uint8_t byte;

	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		int fd = client(s);
		send_all(s, fd, lengths[i], 4);
		assert_int_equal(receive(s, fd, &byte, 1), 0);
		close(fd);
	}
	assert_int_equal(s->requests, 0);
}

static void test_skip_and_drop(void **state)
{
	struct server *s = *state;
	struct buf b = BUF_EMPTY;
	int fd = client(s);
	uint8_t byte;

	put_frame(&b, "skip");
	put_frame(&b, "yes");
	put_frame(&b, "drop");
	put_frame(&b, "never");
	send_all(s, fd, b.p, b.n);
	expect_reply(s, fd, "yes");
	assert_int_equal(receive(s, fd, &byte, 1), 0);
	assert_int_equal(s->requests, 3);
	close(fd);
	buf_fini(&b);
}

static void test_peer_goes_while_parked(void **state)
{
	struct server *s = *state;
	struct buf b = BUF_EMPTY;
	int fd = client(s);
	int64_t end;

	s->park = true;
	put_frame(&b, "wait");
	send_all(s, fd, b.p, b.n);
	until_requests(s, 1);
	close(fd);
	end = loop_now_ms(s->loop) + WAIT_MS;
	while (!s->gone) {
		loop_run_once(s->loop, false);
		assert_true(loop_now_ms(s->loop) < end);
	}
	assert_true(net_slot_gone(s->held.v[0].slot));
	assert_int_equal(net_slot_listener(s->held.v[0].slot), 7);
	release_held(s, 0, true);
	assert_int_equal(s->gone, 1);
	buf_fini(&b);
}

static void watch(struct server *s, int fd)
{
	struct buf b = BUF_EMPTY;

	put_frame(&b, "watch");
	send_all(s, fd, b.p, b.n);
	expect_reply(s, fd, "watch");
	buf_fini(&b);
}

static void turns(struct server *s)
{
	for (int i = 0; i < 20; i++)
		loop_run_once(s->loop, false);
}

/* The end of the connection that asked last is told once, long after the request. */
static void test_end_is_told(void **state)
{
	struct server *s = *state;
	int first = client(s), second = client(s), third = client(s);
	int64_t end = loop_now_ms(s->loop) + WAIT_MS;

	watch(s, first);
	watch(s, second);
	close(first);
	turns(s);
	assert_int_equal(s->closed, 0);
	close(second);
	while (!s->closed) {
		loop_run_once(s->loop, false);
		assert_true(loop_now_ms(s->loop) < end);
	}
	watch(s, third);
	net_close_cancel(&s->close);
	close(third);
	turns(s);
	assert_int_equal(s->closed, 1);
}

/* Thirty clients hold nine tenths of a large frame each: far more than the budget. Every one of
 * them is served in the end, one more is served meanwhile, and memory stays bounded. */
static void test_memory_is_bounded(void **state)
{
	struct server *s = *state;
	size_t size = 900000, part = 800000;
	uint8_t *frame = xcalloc(1, size + 4);
	int fds[30];
	struct net_stats stats;
	struct buf b = BUF_EMPTY;
	int other;

	put_be32(frame, (uint32_t)size);
	memset(frame + 4, 'm', size);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = client(s);
		(void)!send(fds[i], frame, part, MSG_NOSIGNAL);
		loop_run_once(s->loop, false);
		net_stats(s->net, &stats);
		assert_true(stats.memory_used <= settings.memory + (2 << 20));
	}
	other = client(s);
	put_frame(&b, "other");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	send_all(s, other, b.p, b.n);
	expect_reply(s, other, "other");
	close(other);
	buf_fini(&b);
	free(frame);
}

static void test_connections_are_bounded(void **state)
{
	struct server *s = *state;
	int fds[60];
	uint8_t byte;
	struct net_stats stats;
	struct buf b = BUF_EMPTY;

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = client(s);
	assert_int_equal(receive(s, fds[59], &byte, 1), 0);
	net_stats(s->net, &stats);
	assert_int_equal(stats.connections, settings.max_connections);
	put_frame(&b, "first");
	send_all(s, fds[0], b.p, b.n);
	expect_reply(s, fds[0], "first");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	buf_fini(&b);
}

/* ---- faults on purpose ----------------------------------------------------------------------- */

static void send_frame(struct server *s, int fd, const char *text)
{
	struct buf b = BUF_EMPTY;

	put_frame(&b, text);
	send_all(s, fd, b.p, b.n);
	buf_fini(&b);
}

/* The loop turns for `ms`, in which nothing comes. */
static void expect_nothing(struct server *s, int fd, int64_t ms)
{
	int64_t end = loop_now_ms(s->loop) + ms;
	char byte;

	while (loop_now_ms(s->loop) < end) {
		loop_run_once(s->loop, false);
		assert_int_equal(recv(fd, &byte, 1, MSG_PEEK), -1);
		assert_int_equal(errno, EAGAIN);
	}
}

static void test_delay(void **state)
{
	struct server *s = *state;
	int slow = client(s), other = client(s);
	int64_t began;

	net_set_delay(s->net, 60);
	began = loop_now_ms(s->loop);
	/* More than may be open: those behind are read when answers have gone. */
	for (int i = 0; i < 3 * settings.max_open; i++)
		send_frame(s, slow, i % 2 ? "odd" : "even");
	until_requests(s, settings.max_open);
	assert_int_equal(s->requests, settings.max_open);
	for (int i = 0; i < 3 * settings.max_open; i++)
		expect_reply(s, slow, i % 2 ? "odd" : "even");
	assert_true(loop_now_ms(s->loop) - began >= 3 * 60);
	/* What is held back goes when it is healed. */
	net_set_delay(s->net, 3600000);
	send_frame(s, other, "late");
	until_requests(s, 3 * settings.max_open + 1);
	expect_nothing(s, other, 10);
	net_set_delay(s->net, 0);
	expect_reply(s, other, "late");
	/* A connection that goes takes its answers with it. */
	net_set_delay(s->net, 3600000);
	send_frame(s, slow, "never");
	until_requests(s, 3 * settings.max_open + 2);
	close(slow);
	close(other);
}

static void test_deaf(void **state)
{
	struct server *s = *state;
	int fd = client(s), late;

	send_frame(s, fd, "heard");
	expect_reply(s, fd, "heard");
	net_set_deaf(s->net, ~(1u << 7));
	send_frame(s, fd, "another listener's");
	expect_reply(s, fd, "another listener");
	net_set_deaf(s->net, 1u << 7);
	send_frame(s, fd, "one");
	late = client(s);
	send_frame(s, late, "two");
	expect_nothing(s, fd, 10);
	expect_nothing(s, late, 10);
	assert_int_equal(s->requests, 2);
	net_set_deaf(s->net, 0);
	expect_reply(s, fd, "one");
	expect_reply(s, late, "two");
	close(fd);
	close(late);
}

static void test_torn(void **state)
{
	struct server *s = *state;
	int marked = client(s), other = client(s);
	uint8_t byte;

	s->park = true;
	send_frame(s, marked, "mine");
	until_requests(s, 1);
	send_frame(s, other, "yours");
	until_requests(s, 2);
	net_slot_mark(s->held.v[0].slot, 3);
	net_close_marked(s->net, 4);
	assert_int_equal(s->gone, 0);
	net_close_marked(s->net, 3);
	assert_int_equal(s->gone, 1);
	assert_int_equal(receive(s, marked, &byte, 1), 0);
	net_slot_mark(s->held.v[0].slot, 3); /* its connection is gone */
	release_held(s, 0, true);
	assert_int_equal(net_close_tags(s->net, ~(1u << 7)), 0);
	release_held(s, 1, true);
	expect_reply(s, other, "yours");
	s->park = false;
	send_frame(s, other, "still there");
	expect_reply(s, other, "still there");
	assert_int_equal(net_close_tags(s->net, 1u << 7), 1);
	assert_int_equal(receive(s, other, &byte, 1), 0);
	close(marked);
	close(other);
}

/* The last quarter of the memory is for small requests; the first block there always is. */
static void test_budget(void **state)
{
	struct net_budget b;
	struct net_block *all[16];

	(void)state;
	net_budget_init(&b, 16 * NET_BLOCK_MIN, 0);
	assert_false(net_budget_short(&b, 100 * NET_BLOCK_MIN));
	for (int i = 0; i < 10; i++)
		all[i] = net_block_new(&b, 1);
	assert_false(net_budget_short(&b, 2 * NET_BLOCK_MIN));
	all[10] = net_block_new(&b, 1);
	assert_true(net_budget_short(&b, 2 * NET_BLOCK_MIN));
	for (int i = 11; i < 16; i++) {
		assert_false(net_budget_short(&b, NET_BLOCK_MIN));
		all[i] = net_block_new(&b, NET_BLOCK_MIN);
	}
	assert_true(net_budget_short(&b, 1));
	for (int i = 0; i < 16; i++)
		ref_put(&all[i]->ref);
	net_budget_fini(&b);
}

#define WITH_SERVER(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budget),
		WITH_SERVER(test_frames_cut_anywhere),
		WITH_SERVER(test_replies_in_order),
		WITH_SERVER(test_open_requests_are_bounded),
		WITH_SERVER(test_bad_lengths_close),
		WITH_SERVER(test_skip_and_drop),
		WITH_SERVER(test_peer_goes_while_parked),
		WITH_SERVER(test_end_is_told),
		WITH_SERVER(test_memory_is_bounded),
		WITH_SERVER(test_connections_are_bounded),
		WITH_SERVER(test_delay),
		WITH_SERVER(test_deaf),
		WITH_SERVER(test_torn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
