/*
 * libmicrohttpd without threads: it looks after its connections in an epoll set of its own, whose
 * descriptor our loop watches like any other. Connections are accepted by our listener and handed
 * over, so that a port in use and a want of descriptors read as everywhere else.
 */
#define LOG_MODULE "http"
#include "httpd/face.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "io/listener.h"
#include "io/loop.h"

#define SWEEP_MS    1000
#define SWALLOW_MAX (1u << 20)
#define TOO_LONG    "a body has at most %d bytes here"

struct face {
	struct loop *loop;
	face_fn *fn;
	void *arg;
	char *host;
	struct listener *listener;
	struct MHD_Daemon *daemon;
	struct loop_watch *watch;
	struct io_timer due, sweep;
	struct list guests; /* longest without a finished request first */
	int n_guests;
};

/* A connection. */
struct guest {
	struct list_node node;
	struct face *face;
	int fd;
	int64_t since_ms; /* of the connection, or of the end of the last request */
	bool closing;
};

/* A request on its way in. */
struct incoming {
	struct buf body;
	bool too_big;
};

/* ---- the loop and the library ---------------------------------------------------------------- */

static void run(struct face *f)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(f->daemon);
	if (MHD_get_timeout(f->daemon, &ms) == MHD_YES)
		io_timer_start(&f->due, (int64_t)ms, 0);
	else
		io_timer_stop(&f->due);
}

static void on_events(void *arg, int events)
{
	(void)events;
	run(arg);
}

static void on_due(void *arg)
{
	run(arg);
}

/* The library notices the end of the stream and closes. */
static void turn_out(struct guest *g)
{
	if (g->closing)
		return;
	g->closing = true;
	shutdown(g->fd, SHUT_RDWR);
}

/* guests is sorted: the first that is young enough ends the walk. */
static void on_sweep(void *arg)
{
	struct face *f = arg;
	int64_t before = loop_now_ms(f->loop) - FACE_PATIENCE_MS;

	list_foreach (it, &f->guests) {
		struct guest *g = CONTAINER_OF(it, struct guest, node);
		if (g->since_ms > before)
			break;
		turn_out(g);
	}
	if (f->n_guests == 0)
		io_timer_stop(&f->sweep);
	run(f);
}

static void on_accept(void *arg, int fd)
{
	struct face *f = arg;
	struct sockaddr_storage peer;
	socklen_t n = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &n) < 0) {
		close(fd);
		return;
	}
	/* The library closes fd when it refuses. */
	if (MHD_add_connection(f->daemon, fd, (struct sockaddr *)&peer, n) != MHD_YES)
		log_debug("a connection could not be taken");
	if (f->n_guests >= FACE_CONNECTIONS) {
		turn_out(CONTAINER_OF(list_first(&f->guests), struct guest, node));
		listener_pause(f->listener);
	}
	run(f);
}

static void guest_come(struct face *f, struct MHD_Connection *c, void **own)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct guest *g = ALLOC(struct guest);

	g->face = f;
	g->fd = info->connect_fd;
	g->since_ms = loop_now_ms(f->loop);
	list_push_back(&f->guests, &g->node);
	f->n_guests++;
	if (!io_timer_active(&f->sweep))
		io_timer_start(&f->sweep, SWEEP_MS, SWEEP_MS);
	*own = g;
}

static void guest_go(struct guest *g)
{
	struct face *f = g->face;

	list_remove(&g->node);
	f->n_guests--;
	free(g);
	if (f->listener)
		listener_resume(f->listener);
}

static void on_connection(
	void *arg, struct MHD_Connection *c, void **own, enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		guest_come(arg, c, own);
	else if (*own)
		guest_go(*own);
}

/* ---- one request ----------------------------------------------------------------------------- */

static enum MHD_Result send_reply(struct MHD_Connection *c, struct face_reply *out)
{
	static const char *const methods[] = {"GET", "PUT", "DELETE"};
	struct MHD_Response *r =
		MHD_create_response_from_buffer(out->body.n, out->body.p, MHD_RESPMEM_MUST_COPY);
	struct buf allow = BUF_EMPTY;
	enum MHD_Result rc;

	buf_fini(&out->body);
	if (!r)
		return MHD_NO;
	for (unsigned i = 0; i < ARRAY_LEN(methods); i++)
		if (out->allow & 1u << i)
			buf_printf(&allow, "%s%s", allow.n ? ", " : "", methods[i]);
	if (allow.n)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, buf_z(&allow));
	buf_fini(&allow);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, out->type);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	rc = MHD_queue_response(c, (unsigned)out->status, r);
	MHD_destroy_response(r);
	return rc;
}

/* A page's origin is ours when it names the host that the request names. */
static bool origin_is_ours(const char *origin, const char *host)
{
	return strncmp(origin, "http://", 7) == 0 && host && strcasecmp(origin + 7, host) == 0;
}

/* False with out filled: the request may not come in. */
static bool admit(struct face *f, struct MHD_Connection *c, struct face_reply *out)
{
	const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	const char *origin =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN);

	if (host && !face_host_is_ours(host, f->host))
		face_fail(out, 403,
			"the Host header names '%.100s', which is not this broker; ask it as %s",
			host, face_name(f));
	else if (origin && !origin_is_ours(origin, host))
		face_fail(out, 403, "a page of '%.100s' may not ask this broker", origin);
	else
		return true;
	return false;
}

static unsigned method_of(const char *name)
{
	if (strcmp(name, "GET") == 0)
		return FACE_GET;
	if (strcmp(name, "PUT") == 0)
		return FACE_PUT;
	return strcmp(name, "DELETE") == 0 ? FACE_DELETE : 0;
}

/* A body that is a little too long is taken and thrown away, so that the answer is read; where the
 * head tells of more, the connection ends with the answer. */
static bool body_may_come(struct MHD_Connection *c, struct face_reply *out)
{
	const char *length =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	if (!length || strtoull(length, NULL, 10) <= SWALLOW_MAX)
		return true;
	face_fail(out, 413, TOO_LONG, FACE_BODY_MAX);
	return false;
}

static enum MHD_Result begin_request(
	struct face *f, struct MHD_Connection *c, const char *method, void **own)
{
	struct face_reply out = {.status = 200, .type = FACE_JSON};
	unsigned m = method_of(method);

	if (!admit(f, c, &out))
		return send_reply(c, &out);
	if (!m) {
		out.allow = FACE_GET | FACE_PUT | FACE_DELETE;
		face_fail(&out, 405, "%.20s is not served here; GET, PUT and DELETE are", method);
		return send_reply(c, &out);
	}
	if (!body_may_come(c, &out))
		return send_reply(c, &out);
	*own = ALLOC(struct incoming);
	return MHD_YES;
}

static void take_body(struct incoming *in, const char *p, size_t n)
{
	if (n > FACE_BODY_MAX - in->body.n)
		in->too_big = true;
	else
		buf_put(&in->body, p, n);
}

struct query {
	struct face_request *to;
	bool too_many;
};

static enum MHD_Result take_param(void *arg, enum MHD_ValueKind kind, const char *name,
	size_t name_n, const char *value, size_t value_n)
{
	struct query *q = arg;
	struct face_request *r = q->to;

	(void)kind;
	if (r->n_query == FACE_QUERY_MAX) {
		q->too_many = true;
		return MHD_NO;
	}
	r->query[r->n_query++] = (struct face_param){
		{name, name_n}, value ? (struct str){value, value_n} : STR_LIT("")};
	return MHD_YES;
}

static enum MHD_Result answer(struct face *f, struct MHD_Connection *c, const char *path,
	const char *method, struct incoming *in)
{
	struct face_reply out = {.status = 200, .type = FACE_JSON};
	struct face_request r = {.method = (enum face_method)method_of(method),
		.path = path,
		.body = buf_slice(&in->body)};
	struct query q = {&r, false};

	MHD_get_connection_values_n(c, MHD_GET_ARGUMENT_KIND, take_param, &q);
	if (in->too_big)
		face_fail(&out, 413, TOO_LONG, FACE_BODY_MAX);
	else if (in->body.n && r.method != FACE_PUT)
		face_fail(&out, 400, "this method takes no body");
	else if (q.too_many)
		face_fail(&out, 400, "more than %d parameters", FACE_QUERY_MAX);
	else
		f->fn(f->arg, &r, &out);
	return send_reply(c, &out);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *path,
	const char *method, const char *version, const char *data, size_t *n, void **own)
{
	struct incoming *in = *own;

	(void)version;
	if (!in)
		return begin_request(arg, c, method, own);
	if (*n) {
		take_body(in, data, *n);
		*n = 0;
		return MHD_YES;
	}
	return answer(arg, c, path, method, in);
}

static void on_completed(
	void *arg, struct MHD_Connection *c, void **own, enum MHD_RequestTerminationCode why)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct guest *g = info ? info->socket_context : NULL;
	struct face *f = arg;
	struct incoming *in = *own;

	(void)why;
	if (in) {
		buf_fini(&in->body);
		free(in);
		*own = NULL;
	}
	if (!g)
		return;
	g->since_ms = loop_now_ms(f->loop);
	list_remove(&g->node);
	list_push_back(&f->guests, &g->node);
}

/* The library's own complaints are about peers. */
static PRINTF_LIKE(2, 0) void on_log(void *arg, const char *fmt, va_list ap)
{
	char text[256];

	(void)arg;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\r\n")] = 0;
	log_debug("%s", text);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static struct MHD_Daemon *start(struct face *f)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0,
		NULL, NULL, on_request, f, MHD_OPTION_EXTERNAL_LOGGER, on_log, f,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)FACE_CONNECTIONS + 1,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)FACE_HEAD_MAX,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, f, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, f, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

struct face *face_new(
	struct loop *l, const struct face_settings *set, face_fn *fn, void *arg, struct err *e)
{
	struct face *f = ALLOC(struct face);
	const union MHD_DaemonInfo *info;

	f->loop = l;
	f->fn = fn;
	f->arg = arg;
	f->host = xstrdup(set->host);
	list_init(&f->guests);
	io_timer_init(&f->due, l, on_due, f);
	io_timer_init(&f->sweep, l, on_sweep, f);
	f->listener = listener_new(l, set->host, set->port, on_accept, f, e);
	if (!f->listener)
		goto out;
	f->daemon = start(f);
	info = f->daemon ? MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info) {
		err_set(e, ERR_IO, "HTTP cannot be served: no descriptor left");
		goto out;
	}
	f->watch = loop_watch_new(l, info->epoll_fd, on_events, f, e);
	if (!f->watch)
		goto out;
	loop_watch_set(f->watch, LOOP_READ);
	return f;
out:
	face_free(f);
	return NULL;
}

void face_free(struct face *f)
{
	if (!f)
		return;
	listener_free(f->listener);
	f->listener = NULL;
	loop_watch_free(f->watch);
	if (f->daemon)
		MHD_stop_daemon(f->daemon);
	io_timer_stop(&f->due);
	io_timer_stop(&f->sweep);
	free(f->host);
	free(f);
}

const char *face_name(const struct face *f)
{
	return listener_name(f->listener);
}
