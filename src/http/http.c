/*
 * libcurl's multi interface on our loop: curl names the sockets to watch and the time to come back,
 * the loop calls when one of them is due.
 *
 *   http_send -> curl_multi_add_handle …  socket or timer -> curl_multi_socket_action -> collect
 *
 * Callbacks of curl touch watches, timers and buffers only; users are called from collect, when no
 * function of curl is on the stack.
 */
#include "http/http.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/xalloc.h"
#include "http/curl_load.h"
#include "io/loop.h"

#define TIMEOUT_MS      5000
#define MAX_BYTES       ((size_t)1 << 20)
#define MAX_CONNECTIONS 32L

struct http {
	struct loop *loop;
	struct curl_api curl;
	CURLM *multi;             /* NULL: not needed so far, or curl cannot be loaded */
	struct err no_curl;       /* why */
	struct loop_defer refuse; /* tells those who wait */
	struct io_timer timer;
	struct list calls;
	struct list watches;
	size_t n_calls;
	int64_t last_id;
	bool collecting; /* users are being told: freed behind that only */
	bool freed;
};

struct http_call {
	struct list_node node;
	struct http *http;
	int64_t id;
	CURL *easy;
	struct curl_slist *headers;
	struct buf body;
	size_t max_bytes;
	bool too_big;
	http_fn *fn;
	void *arg;
	char *url;
	char why[CURL_ERROR_SIZE];
};

/* One socket of curl's. */
struct http_watch {
	struct list_node node;
	struct http *http;
	struct loop_watch *watch;
	curl_socket_t fd;
};

static void collect(struct http *h);

/* ---- sockets and time ------------------------------------------------------------------------ */

static void act(struct http *h, curl_socket_t fd, int events)
{
	int running;

	h->curl.multi_socket_action(h->multi, fd, events, &running);
	collect(h);
}

static void on_socket(void *arg, int events)
{
	struct http_watch *w = arg;

	act(w->http, w->fd,
		(events & LOOP_READ ? CURL_CSELECT_IN : 0) |
			(events & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
			(events & LOOP_FAILED ? CURL_CSELECT_ERR : 0));
}

static void on_time(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void watch_free(struct http_watch *w)
{
	list_remove(&w->node);
	loop_watch_free(w->watch);
	free(w);
}

static struct http_watch *watch_new(struct http *h, curl_socket_t fd)
{
	struct http_watch *w = ALLOC(struct http_watch);

	w->http = h;
	w->fd = fd;
	w->watch = loop_watch_new(h->loop, fd, on_socket, w, NULL);
	if (!w->watch) {
		free(w);
		return NULL;
	}
	list_push_back(&h->watches, &w->node);
	h->curl.multi_assign(h->multi, fd, w);
	return w;
}

/* CURLMOPT_SOCKETFUNCTION: which events of fd curl wants to hear of. */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct http *h = arg;
	struct http_watch *w = known;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		h->curl.multi_assign(h->multi, fd, NULL);
		if (w)
			watch_free(w);
		return 0;
	}
	if (!w)
		w = watch_new(h, fd);
	if (!w)
		return -1;
	loop_watch_set(w->watch,
		(what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0));
	return 0;
}

/* CURLMOPT_TIMERFUNCTION: when curl wants to be called at the latest. */
static int want_time(CURLM *multi, long ms, void *arg)
{
	struct http *h = arg;

	(void)multi;
	if (ms < 0)
		io_timer_stop(&h->timer);
	else
		io_timer_start(&h->timer, ms, 0);
	return 0;
}

/* ---- one request ----------------------------------------------------------------------------- */

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;

	(void)size; /* always 1 */
	if (n > c->max_bytes - c->body.n) {
		c->too_big = true;
		return 0; /* less than n: curl gives up */
	}
	buf_put(&c->body, p, n);
	return n;
}

static void call_free(struct http_call *c)
{
	struct http *h = c->http;

	if (c->easy) {
		h->curl.multi_remove_handle(h->multi, c->easy);
		h->curl.easy_cleanup(c->easy);
		h->curl.slist_free_all(c->headers);
	}
	list_remove(&c->node);
	h->n_calls--;
	buf_fini(&c->body);
	free(c->url);
	free(c);
}

static void set_body(struct http_call *c, const struct http_request *r)
{
	const struct curl_api *k = &c->http->curl;
	struct buf type = BUF_EMPTY;

	buf_printf(
		&type, "Content-Type: %s", r->content_type ? r->content_type : "application/json");
	c->headers = k->slist_append(NULL, buf_z(&type));
	c->headers = k->slist_append(c->headers, "Expect:");
	k->easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
	k->easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	k->easy_setopt(c->easy, CURLOPT_COPYPOSTFIELDS, r->body.n ? (const char *)r->body.p : "");
	buf_fini(&type);
}

static void set_options(struct http_call *c, const struct http_request *r)
{
	const struct curl_api *k = &c->http->curl;
	long ms = (long)(r->timeout_ms > 0 ? r->timeout_ms : TIMEOUT_MS);

	k->easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	k->easy_setopt(c->easy, CURLOPT_URL, c->url);
	k->easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http");
	k->easy_setopt(c->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	k->easy_setopt(c->easy, CURLOPT_PROXY, "");
	k->easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	k->easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, ms);
	k->easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS, ms);
	k->easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->why);
	k->easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
	k->easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	if (r->body.p)
		set_body(c, r);
	k->easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, r->method);
}

/* Where there is no curl: tells the first who asked, then the next. */
static void refuse(void *arg)
{
	struct http *h = arg;
	struct list_node *node = list_first(&h->calls);
	struct err e = h->no_curl;
	struct http_call *c;
	http_fn *fn;
	void *fn_arg;

	if (!node)
		return;
	c = CONTAINER_OF(node, struct http_call, node);
	fn = c->fn;
	fn_arg = c->arg;
	call_free(c);
	if (h->n_calls)
		loop_defer(h->loop, &h->refuse, refuse, h);
	fn(fn_arg, &e, 0, SLICE_NULL);
}

/* curl is there, from the first request on. */
static bool begin(struct http *h)
{
	if (h->multi)
		return true;
	if (h->no_curl.code || curl_load(&h->curl, &h->no_curl) < 0)
		return false;
	h->curl.global_init(CURL_GLOBAL_NOTHING);
	h->multi = h->curl.multi_init();
	if (!h->multi)
		abort();
	h->curl.multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	h->curl.multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	h->curl.multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, want_time);
	h->curl.multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	h->curl.multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, MAX_CONNECTIONS);
	h->curl.multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, MAX_CONNECTIONS);
	return true;
}

int64_t http_send(struct http *h, const struct http_request *r, http_fn *fn, void *arg)
{
	struct http_call *c = ALLOC(struct http_call);

	c->http = h;
	c->id = ++h->last_id;
	c->fn = fn;
	c->arg = arg;
	c->url = xstrdup(r->url);
	c->max_bytes = r->max_bytes ? r->max_bytes : MAX_BYTES;
	list_push_back(&h->calls, &c->node);
	h->n_calls++;
	if (!begin(h)) {
		loop_defer(h->loop, &h->refuse, refuse, h);
		return c->id;
	}
	c->easy = h->curl.easy_init();
	if (!c->easy)
		abort();
	set_options(c, r);
	h->curl.multi_add_handle(h->multi, c->easy);
	return c->id;
}

void http_cancel(struct http *h, int64_t id)
{
	list_foreach (it, &h->calls) {
		struct http_call *c = CONTAINER_OF(it, struct http_call, node);
		if (c->id == id) {
			call_free(c);
			return;
		}
	}
}

size_t http_pending(const struct http *h)
{
	return h->n_calls;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* curl has one code for a scheme that it may not use and for an answer that is no HTTP. */
static bool was_sent(const struct http_call *c)
{
	const struct curl_api *k = &c->http->curl;
	long n = 0;

	k->easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &n);
	return n > 0;
}

static int code_of(const struct http_call *c, CURLcode rc)
{
	if (c->too_big)
		return ERR_TOO_BIG;
	switch (rc) {
	case CURLE_COULDNT_CONNECT:
		return ERR_REFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return ERR_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
		return ERR_NOT_FOUND;
	case CURLE_URL_MALFORMAT:
		return ERR_INVALID;
	case CURLE_UNSUPPORTED_PROTOCOL:
		return was_sent(c) ? ERR_CORRUPT : ERR_INVALID;
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return ERR_CLOSED;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
	case CURLE_BAD_CONTENT_ENCODING:
		return ERR_CORRUPT;
	default:
		return ERR_IO;
	}
}

static void tell(struct http_call *c, CURLcode rc)
{
	const struct curl_api *k = &c->http->curl;
	struct err e = {0};
	http_fn *fn = c->fn;
	void *arg = c->arg;
	struct buf body = c->body;
	long status = 0;

	if (rc != CURLE_OK && c->too_big)
		err_set(&e, ERR_TOO_BIG, "%s: the answer is longer than %zu bytes", c->url,
			c->max_bytes);
	else if (rc != CURLE_OK)
		err_set(&e, code_of(c, rc), "%s: %s", c->url,
			c->why[0] ? c->why : k->easy_strerror(rc));
	else
		k->easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	c->body = BUF_EMPTY;
	call_free(c);
	if (e.code)
		fn(arg, &e, 0, SLICE_NULL);
	else
		fn(arg, NULL, (int)status, slice_of(body.p ? body.p : (const uint8_t *)"", body.n));
	buf_fini(&body);
}

static void release(struct http *h)
{
	struct list_node *node;

	if (h->multi)
		h->curl.multi_cleanup(h->multi);
	while ((node = list_first(&h->watches)))
		watch_free(CONTAINER_OF(node, struct http_watch, node));
	io_timer_stop(&h->timer);
	loop_defer_cancel(&h->refuse);
	if (h->multi)
		h->curl.global_cleanup();
	free(h);
}

static void collect(struct http *h)
{
	CURLMsg *m;
	int left;

	h->collecting = true;
	while (!h->freed && (m = h->curl.multi_info_read(h->multi, &left))) {
		struct http_call *c = NULL;
		if (m->msg != CURLMSG_DONE)
			continue;
		h->curl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		tell(c, m->data.result);
	}
	h->collecting = false;
	if (h->freed)
		release(h);
}

/* ---- all of it ------------------------------------------------------------------------------- */

struct http *http_new(struct loop *l)
{
	struct http *h = ALLOC(struct http);

	h->loop = l;
	list_init(&h->calls);
	list_init(&h->watches);
	io_timer_init(&h->timer, l, on_time, h);
	return h;
}

void http_free(struct http *h)
{
	struct list_node *node;

	if (!h)
		return;
	while ((node = list_first(&h->calls)))
		call_free(CONTAINER_OF(node, struct http_call, node));
	h->freed = true;
	if (!h->collecting)
		release(h);
}
