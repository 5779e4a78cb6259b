/* The HTTP client against a tiny server on the same loop that says what each test needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/xalloc.h"
#include "http/http.h"
#include "io/listener.h"
#include "io/loop.h"

enum { PATIENCE_MS = 20000, MANY = 50 };

/* ---- the server ------------------------------------------------------------------------------ */

struct guest {
	struct list_node node;
	int fd;
	struct loop_watch *watch;
	struct buf in;
};

static struct loop *l;
static struct http *h;
static struct listener *door;
static struct list guests;
static int n_guests;
static const char *reply; /* to every request; NULL: none */
static bool hang_up;      /* after each request */
static struct buf heard;  /* the last request */

static void guest_free(struct guest *g)
{
	list_remove(&g->node);
	loop_watch_free(g->watch);
	close(g->fd);
	buf_fini(&g->in);
	free(g);
}

/* Bytes of the request when it is all there, 0 before. */
static size_t whole(struct buf *in)
{
	const char *z = buf_z(in);
	const char *end = strstr(z, "\r\n\r\n");
	const char *length = strstr(z, "Content-Length: ");
	size_t n;

	if (!end)
		return 0;
	n = (size_t)(end - z) + 4 + (length && length < end ? strtoul(length + 16, NULL, 10) : 0);
	return in->n >= n ? n : 0;
}

static void on_guest(void *arg, int events)
{
	struct guest *g = arg;
	ssize_t got = read(g->fd, buf_reserve(&g->in, 4096), 4096);
	size_t n;

	(void)events;
	if (got <= 0) {
		guest_free(g);
		return;
	}
	g->in.n += (size_t)got;
	while ((n = whole(&g->in))) {
		buf_clear(&heard);
		buf_put(&heard, g->in.p, n);
		buf_consume(&g->in, n);
		if (reply)
			assert_int_equal(write(g->fd, reply, strlen(reply)), strlen(reply));
		if (hang_up) {
			guest_free(g);
			return;
		}
	}
}

static void on_accept(void *arg, int fd)
{
	struct guest *g = ALLOC(struct guest);

	(void)arg;
	g->fd = fd;
	g->watch = loop_watch_new(l, fd, on_guest, g, NULL);
	assert_non_null(g->watch);
	loop_watch_set(g->watch, LOOP_READ);
	list_push_back(&guests, &g->node);
	n_guests++;
}

static int set_up(void **state)
{
	(void)state;
	l = loop_new(NULL);
	h = http_new(l);
	door = listener_new(l, "127.0.0.1", 0, on_accept, NULL, NULL);
	list_init(&guests);
	n_guests = 0;
	reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	hang_up = false;
	return door ? 0 : -1;
}

static int tear_down(void **state)
{
	struct list_node *node;

	(void)state;
	http_free(h);
	while ((node = list_first(&guests)))
		guest_free(CONTAINER_OF(node, struct guest, node));
	listener_free(door);
	loop_free(l);
	buf_fini(&heard);
	return 0;
}

/* ---- the client ------------------------------------------------------------------------------ */

struct answer {
	bool there;
	int n, status, code;
	struct buf body;
	char why[400];
	bool free_client;
};

static void on_answer(void *arg, const struct err *e, int status, struct slice body)
{
	struct answer *a = arg;

	a->there = true;
	a->n++;
	a->status = status;
	a->code = e ? e->code : 0;
	snprintf(a->why, sizeof(a->why), "%s", e ? e->msg : "");
	buf_put_slice(&a->body, body);
	if (a->free_client) {
		http_free(h);
		h = NULL;
	}
}

static int64_t ask(const struct http_request *r, const char *path, struct answer *a)
{
	struct http_request copy = *r;
	char url[128];

	if (!copy.url) {
		snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", listener_port(door), path);
		copy.url = url;
	}
	return http_send(h, &copy, on_answer, a);
}

static void get(struct answer *a, int64_t ms, size_t max)
{
	struct http_request r = {.method = "GET", .timeout_ms = ms, .max_bytes = max};

	assert_true(ask(&r, "/health", a) > 0);
	assert_false(a->there);
	assert_true(loop_run_until(l, &a->there, PATIENCE_MS));
	assert_int_equal(a->n, 1);
}

static void gets_a_body(void **state)
{
	struct answer a = {0};

	(void)state;
	get(&a, 0, 0);
	assert_int_equal(a.code, 0);
	assert_int_equal(a.status, 200);
	assert_string_equal(buf_z(&a.body), "hello");
	assert_ptr_equal(strstr(buf_z(&heard), "GET /health HTTP/1.1\r\n"), heard.p);
	assert_null(strstr(buf_z(&heard), "Content-Type"));
	assert_int_equal(http_pending(h), 0);
	buf_fini(&a.body);
}

static void keeps_the_connection(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct answer a = {0};
		get(&a, 0, 0);
		assert_int_equal(a.status, 200);
		buf_fini(&a.body);
	}
	assert_int_equal(n_guests, 1);
}

static void sends_a_body(void **state)
{
	struct answer a = {0};
	struct http_request r = {.method = "PUT", .body = slice_str(STR_LIT("{\"cut\":[2]}"))};

	(void)state;
	reply = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
	ask(&r, "/faults", &a);
	assert_true(loop_run_until(l, &a.there, PATIENCE_MS));
	assert_int_equal(a.status, 403);
	assert_string_equal(buf_z(&a.body), "no");
	assert_ptr_equal(strstr(buf_z(&heard), "PUT /faults HTTP/1.1\r\n"), heard.p);
	assert_non_null(strstr(buf_z(&heard), "Content-Type: application/json\r\n"));
	assert_non_null(strstr(buf_z(&heard), "\r\n\r\n{\"cut\":[2]}"));
	buf_fini(&a.body);
}

static void deletes_without_a_body(void **state)
{
	struct answer a = {0};
	struct http_request r = {.method = "DELETE"};

	(void)state;
	reply = "HTTP/1.1 204 No Content\r\n\r\n";
	ask(&r, "/faults", &a);
	assert_true(loop_run_until(l, &a.there, PATIENCE_MS));
	assert_int_equal(a.status, 204);
	assert_int_equal(a.body.n, 0);
	assert_ptr_equal(strstr(buf_z(&heard), "DELETE /faults HTTP/1.1\r\n"), heard.p);
}

static void fails_with(int code, int64_t ms, size_t max)
{
	struct answer a = {0};

	get(&a, ms, max);
	assert_int_equal(a.code, code);
	assert_int_equal(a.status, 0);
	assert_int_equal(a.body.n, 0);
	assert_ptr_equal(strstr(a.why, "http://127.0.0.1:"), a.why);
}

static void an_answer_over_its_bound(void **state)
{
	struct answer a = {0};

	(void)state;
	fails_with(ERR_TOO_BIG, 0, 4);
	get(&a, 0, 5);
	assert_int_equal(a.status, 200);
	buf_fini(&a.body);
}

static void nobody_answers(void **state)
{
	(void)state;
	reply = NULL;
	fails_with(ERR_TIMEOUT, 30, 0);
}

static void nobody_listens(void **state)
{
	struct answer a = {0};
	char url[64];
	struct http_request r = {.method = "GET", .url = url};

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", listener_port(door));
	listener_free(door);
	door = NULL;
	ask(&r, "", &a);
	assert_true(loop_run_until(l, &a.there, PATIENCE_MS));
	assert_int_equal(a.code, ERR_REFUSED);
}

static void the_server_hangs_up(void **state)
{
	(void)state;
	hang_up = true;
	reply = NULL;
	fails_with(ERR_CLOSED, 0, 0);
	reply = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf";
	fails_with(ERR_CLOSED, 0, 0);
}

static void an_answer_that_is_no_http(void **state)
{
	(void)state;
	hang_up = true;
	reply = "+PONG and more of it, so that it is no line of HTTP\r\n";
	fails_with(ERR_CORRUPT, 0, 0);
}

static void urls_that_cannot_be(void **state)
{
	static const char *const urls[] = {"https://127.0.0.1/", "file:///etc/hostname",
		"http://127.0.0.1:99999/", "http://", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct answer a = {0};
		struct http_request r = {.method = "GET", .url = urls[i]};
		ask(&r, "", &a);
		assert_true(loop_run_until(l, &a.there, PATIENCE_MS));
		assert_int_equal(a.code, ERR_INVALID);
	}
}

static void a_proxy_of_the_environment_is_not_asked(void **state)
{
	struct answer a = {0};

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	get(&a, 0, 0);
	unsetenv("http_proxy");
	assert_int_equal(a.status, 200);
	buf_fini(&a.body);
}

static void cancelled_is_not_told(void **state)
{
	struct answer a = {0}, b = {0};
	struct http_request r = {.method = "GET"};
	int64_t id = ask(&r, "/a", &a);

	(void)state;
	http_cancel(h, id);
	http_cancel(h, id);
	http_cancel(h, 12345);
	reply = NULL;
	id = ask(&r, "/b", &b);
	while (!strstr(buf_z(&heard), "GET /b"))
		loop_run_once(l, true);
	http_cancel(h, id);
	assert_int_equal(http_pending(h), 0);
	reply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	get(&b, 0, 0);
	assert_int_equal(b.n, 1);
	assert_false(a.there);
}

static void many_at_once(void **state)
{
	static struct answer a[MANY];
	struct http_request r = {.method = "GET"};

	(void)state;
	for (int i = 0; i < MANY; i++) {
		a[i] = (struct answer){0};
		ask(&r, "/", &a[i]);
	}
	assert_int_equal(http_pending(h), MANY);
	for (int i = 0; i < MANY; i++) {
		assert_true(loop_run_until(l, &a[i].there, PATIENCE_MS));
		assert_int_equal(a[i].status, 200);
		buf_fini(&a[i].body);
	}
}

static void freed_in_its_callback(void **state)
{
	struct answer a = {.free_client = true}, b = {0};
	struct http_request r = {.method = "GET"};

	(void)state;
	ask(&r, "/", &a);
	ask(&r, "/", &b);
	assert_true(loop_run_until(l, &a.there, PATIENCE_MS) ||
		    loop_run_until(l, &b.there, PATIENCE_MS));
	assert_int_equal(a.n, 1);
	assert_null(h);
	buf_fini(&a.body);
	buf_fini(&b.body);
}

#define WITH_SERVER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(gets_a_body),
		WITH_SERVER(keeps_the_connection),
		WITH_SERVER(sends_a_body),
		WITH_SERVER(deletes_without_a_body),
		WITH_SERVER(an_answer_over_its_bound),
		WITH_SERVER(nobody_answers),
		WITH_SERVER(nobody_listens),
		WITH_SERVER(the_server_hangs_up),
		WITH_SERVER(an_answer_that_is_no_http),
		WITH_SERVER(urls_that_cannot_be),
		WITH_SERVER(a_proxy_of_the_environment_is_not_asked),
		WITH_SERVER(cancelled_is_not_told),
		WITH_SERVER(many_at_once),
		WITH_SERVER(freed_in_its_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
