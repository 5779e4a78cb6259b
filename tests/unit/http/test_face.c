/* The HTTP face with our own client on one loop: what reaches its owner, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http.h"
#include "httpd/face.h"
#include "io/loop.h"

enum { PATIENCE_MS = 30000 };

static struct loop *l;
static struct face *face;
static struct http *client;
static int n_asked;
static struct buf seen; /* the last request: method, path, parameters, body */
static size_t answer_bytes;

static void on_request(void *arg, const struct face_request *r, struct face_reply *out)
{
	(void)arg;
	n_asked++;
	buf_clear(&seen);
	buf_printf(&seen, "%d %s", r->method, r->path);
	for (size_t i = 0; i < r->n_query; i++)
		buf_printf(
			&seen, " %.*s=%.*s", STR_ARG(r->query[i].name), STR_ARG(r->query[i].value));
	buf_printf(&seen, " [%.*s]", (int)r->body.n, r->body.p ? (const char *)r->body.p : "");
	if (strcmp(r->path, "/bad") == 0) {
		buf_puts(&out->body, "half an answer");
		face_fail(out, 400, "no \"%d\"", 7);
		return;
	}
	buf_fill(&out->body, 'x', answer_bytes);
}

static int set_up(void **state)
{
	const struct face_settings set = {"127.0.0.1", 0};

	(void)state;
	l = loop_new(NULL);
	face = face_new(l, &set, on_request, NULL, NULL);
	client = http_new(l);
	n_asked = 0;
	answer_bytes = 2;
	return face ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	http_free(client);
	face_free(face);
	loop_free(l);
	buf_fini(&seen);
	return 0;
}

struct answer {
	bool there;
	int status;
	struct buf body;
};

static void on_answer(void *arg, const struct err *e, int status, struct slice body)
{
	struct answer *a = arg;

	if (e)
		print_message("%s\n", e->msg);
	a->there = true;
	a->status = status;
	buf_put_slice(&a->body, body);
}

static void ask(const char *method, const char *path, const char *body, struct answer *a)
{
	struct buf url = BUF_EMPTY;
	struct http_request r = {.method = method, .max_bytes = (size_t)64 << 20};

	buf_printf(&url, "http://%s%s", face_name(face), path);
	r.url = buf_z(&url);
	r.body = body ? slice_of(body, strlen(body)) : SLICE_NULL;
	r.timeout_ms = PATIENCE_MS;
	assert_true(http_send(client, &r, on_answer, a) > 0);
	assert_true(loop_run_until(l, &a->there, PATIENCE_MS));
	buf_fini(&url);
}

static void expect(const char *method, const char *path, const char *body, int status,
	const char *request, const char *answer)
{
	struct answer a = {0};

	ask(method, path, body, &a);
	assert_int_equal(a.status, status);
	if (request)
		assert_string_equal(buf_z(&seen), request);
	if (answer)
		assert_string_equal(buf_z(&a.body), answer);
	buf_fini(&a.body);
}

static void requests_arrive(void **state)
{
	(void)state;
	expect("GET", "/health", NULL, 200, "1 /health []", "xx");
	expect("GET", "/a%20b?after=5&name=%C3%A9&flag&empty=", NULL, 200,
		"1 /a b after=5 name=\xc3\xa9 flag= empty= []", "xx");
	expect("PUT", "/faults", "{\"cut\":[2]}", 200, "2 /faults [{\"cut\":[2]}]", "xx");
	expect("PUT", "/faults", "", 200, "2 /faults []", "xx");
	expect("DELETE", "/faults", NULL, 200, "4 /faults []", "xx");
	expect("GET", "/bad", NULL, 400, "1 /bad []",
		"{\"error\":400,\"message\":\"no \\\"7\\\"\"}\n");
	assert_int_equal(n_asked, 6);
}

static void refused_before_the_owner(void **state)
{
	char *big = malloc(FACE_BODY_MAX + 2);

	(void)state;
	expect("POST", "/x", "{}", 405, NULL, NULL);
	expect("GET", "/x", "a body", 400, NULL, NULL);
	memset(big, 'b', FACE_BODY_MAX + 1);
	big[FACE_BODY_MAX + 1] = 0;
	expect("PUT", "/x", big, 413, NULL, NULL);
	assert_int_equal(n_asked, 0);
	big[FACE_BODY_MAX] = 0;
	expect("PUT", "/x", big, 200, NULL, "xx");
	assert_int_equal(n_asked, 1);
	free(big);
}

static void a_large_answer(void **state)
{
	struct answer a = {0};

	(void)state;
	answer_bytes = (size_t)20 << 20;
	ask("GET", "/", NULL, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body.n, answer_bytes);
	buf_fini(&a.body);
}

static int dial(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	at.sin_port = htons((uint16_t)atoi(strrchr(face_name(face), ':') + 1));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 || errno == EINPROGRESS);
	return fd;
}

/* More connections than there are places, none of which says anything. */
static void those_who_sit_there_give_way(void **state)
{
	int fds[3 * FACE_CONNECTIONS];
	char byte;
	int gone = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = dial();
	expect("GET", "/", NULL, 200, NULL, "xx");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		gone += recv(fds[i], &byte, 1, 0) == 0;
		close(fds[i]);
	}
	assert_true(gone >= 2 * FACE_CONNECTIONS);
}

/* Half a request, then the end of the face. */
static void freed_with_guests(void **state)
{
	static const char half[] =
		"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx";
	int fd = dial();

	(void)state;
	expect("GET", "/", NULL, 200, NULL, "xx");
	assert_int_equal(send(fd, half, strlen(half), MSG_NOSIGNAL), strlen(half));
	expect("GET", "/", NULL, 200, NULL, "xx");
	face_free(face);
	face = NULL;
	close(fd);
}

static void a_port_in_use(void **state)
{
	const struct face_settings set = {
		"127.0.0.1", (uint16_t)atoi(strrchr(face_name(face), ':') + 1)};
	struct err e = {0};

	(void)state;
	assert_null(face_new(l, &set, on_request, NULL, &e));
	assert_int_equal(e.code, ERR_IN_USE);
}

static void names_that_are_ours(void **state)
{
	static const char *const loopback[] = {"localhost", "LocalHost:80", "127.0.0.1",
		"127.0.0.1:19092", "127.8.9.1", "[::1]", "[::1]:80"};
	static const char *const foreign[] = {"", ":80", "evil.example", "localhost.evil.example",
		"127.0.0.1.evil.example", "10.0.0.1", "[::2]", "[::1", "[::1]x", "::1",
		"127.0.0.1:x", "127.0.0.1:80:80", "localhost@evil.example", "0.0.0.0",
		"127.0.0.1 "};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(loopback); i++) {
		assert_true(face_host_is_ours(loopback[i], "127.0.0.1"));
		assert_true(face_host_is_ours(loopback[i], "localhost"));
		assert_true(face_host_is_ours(loopback[i], ""));
		assert_true(face_host_is_ours(loopback[i], "0.0.0.0"));
		assert_false(face_host_is_ours(loopback[i], "192.168.1.5"));
	}
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (face_host_is_ours(foreign[i], "127.0.0.1"))
			fail_msg("taken: '%s'", foreign[i]);
	assert_true(face_host_is_ours("192.168.1.5:1", "192.168.1.5"));
	assert_true(face_host_is_ours("192.168.1.5", "::"));
	assert_true(face_host_is_ours("[fe80::1]:5", "0.0.0.0"));
	assert_false(face_host_is_ours("evil.example", "0.0.0.0"));
	assert_true(face_host_is_ours("Broker-1.lan:9", "broker-1.lan"));
	assert_false(face_host_is_ours("broker-2.lan", "broker-1.lan"));
}

static void the_process(void **state)
{
	struct face_process p;

	(void)state;
	face_process(&p);
	assert_true(p.resident > 0 && p.anonymous > 0 && p.anonymous <= p.resident);
	assert_true(p.cpu_us >= 0 && p.open_files >= 3);
}

#define WITH_FACE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FACE(requests_arrive),
		WITH_FACE(refused_before_the_owner),
		WITH_FACE(a_large_answer),
		WITH_FACE(those_who_sit_there_give_way),
		WITH_FACE(freed_with_guests),
		WITH_FACE(a_port_in_use),
		cmocka_unit_test(names_that_are_ours),
		cmocka_unit_test(the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
