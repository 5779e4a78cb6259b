/* See the header. */
#include "fake_broker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "io/transport.h"
#include "wire/kerr.h"

struct fake_conn {
	struct list_node node;
	struct fake *fake;
	struct transport *t;
	struct buf in;
};

static void conn_free(struct fake_conn *c)
{
	if (c->fake->held_for == c)
		c->fake->held_for = NULL;
	list_remove(&c->node);
	transport_close(c->t);
	buf_fini(&c->in);
	free(c);
}

static bool offered(const struct fake *f, int16_t key, int16_t version)
{
	return key >= 0 && key < FAKE_KEYS && f->max[key] >= 0 && version >= f->min[key] &&
	       version <= f->max[key];
}

static void fill_versions(const struct fake *f, struct api_versions_response *r, struct arena *a)
{
	r->api_keys = MSG_NEW(a, api_versions_response_api_keys, FAKE_KEYS);
	r->n_api_keys = 0;
	for (int16_t key = 0; key < FAKE_KEYS; key++) {
		if (f->max[key] < 0)
			continue;
		struct api_versions_response_api_keys *k = &r->api_keys[r->n_api_keys++];
		k->api_key = key;
		k->min_version = f->min[key];
		k->max_version = f->max[key];
	}
	r->finalized_features = MSG_NEW(a, api_versions_response_finalized_features, 1);
	r->n_finalized_features = 1;
	r->finalized_features[0].name = STR_LIT("metadata.version");
	r->finalized_features[0].max_version_level = 25;
}

static void answer_versions(struct fake_conn *c, const struct request_header *h, struct chain *out)
{
	struct api_versions_response r;
	int16_t version = h->api_version;
	struct arena a;

	arena_init(&a, 0);
	msg_init(&api_versions_response_desc, &r);
	if (!offered(c->fake, h->api_key, version)) {
		r.error_code = KERR_UNSUPPORTED_VERSION;
		version = 0;
		r.api_keys = MSG_NEW(&a, api_versions_response_api_keys, 1);
		r.n_api_keys = 1;
		r.api_keys[0].api_key = h->api_key;
		r.api_keys[0].max_version = c->fake->max[h->api_key];
		if (c->fake->bad_fallback) {
			static const uint8_t tail[] = {0, 35, 2, 0, 18};
			uint8_t head[8] = {0, 0, 0, 9};
			put_be32(head + 4, (uint32_t)h->correlation_id);
			chain_put(out, head, sizeof(head));
			chain_put(out, tail, sizeof(tail));
			arena_fini(&a);
			return;
		}
	} else {
		fill_versions(c->fake, &r, &a);
	}
	assert(response_frame(h->api_key, version, h->correlation_id, &r, out) == 0);
	arena_fini(&a);
}

/* False: the connection has ended. */
static bool serve(struct fake_conn *c, struct slice frame)
{
	struct fake *f = c->fake;
	struct request_header h;
	struct chain out;
	struct arena a;
	size_t used;
	const struct api *api;
	void *request, *response;
	enum fake_action act;

	assert(request_header_decode(frame, &h, &used) == 0);
	f->seen[h.api_key]++;
	f->last_version[h.api_key] = h.api_version;
	chain_init(&out);
	if (h.api_key == API_API_VERSIONS && !f->fn[h.api_key]) {
		answer_versions(c, &h, &out);
		transport_send(c->t, &out);
		transport_flush_later(c->t);
		return true;
	}
	/* A client must not send what was not offered. */
	assert(offered(f, h.api_key, h.api_version));
	api = api_find(h.api_key);
	arena_init(&a, 0);
	request = arena_alloc(&a, api->request->body->size);
	response = arena_alloc(&a, api->response->body->size);
	assert(msg_decode(api->request, h.api_version, slice_of(frame.p + used, frame.n - used), &a,
		       request, NULL) == 0);
	msg_init(api->response, response);
	act = f->fn[h.api_key] ? f->fn[h.api_key](f->arg[h.api_key], f, &h, request, response, &a)
			       : FAKE_SILENCE;
	if (act == FAKE_HANG_UP) {
		arena_fini(&a);
		conn_free(c);
		return false;
	}
	if (act == FAKE_GARBLE) {
		uint8_t bytes[14] = {0, 0, 0, 10};
		put_be32(bytes + 4, (uint32_t)h.correlation_id);
		memset(bytes + 8, 0x7f, 6);
		chain_put(&out, bytes, sizeof(bytes));
	}
	if (act == FAKE_ANSWER || act == FAKE_LATER)
		assert(response_frame(h.api_key, h.api_version, h.correlation_id, response, &out) ==
			0);
	if (act == FAKE_LATER) {
		chain_append(&f->held, &out);
		f->held_for = c;
	} else {
		transport_send(c->t, &out);
		transport_flush_later(c->t);
	}
	arena_fini(&a);
	return true;
}

void fake_release(struct fake *f)
{
	if (f->held_for) {
		transport_send(f->held_for->t, &f->held);
		transport_flush_later(f->held_for->t);
	}
	chain_clear(&f->held);
}

static void on_readable(void *arg)
{
	struct fake_conn *c = arg;
	struct chain out;
	size_t length = 0;
	ssize_t n;

	while ((n = transport_read(c->t, buf_reserve(&c->in, 65536), 65536)) > 0)
		c->in.n += (size_t)n;
	if (c->fake->raw && c->in.n) {
		chain_init(&out);
		chain_put(&out, c->fake->raw, c->fake->raw_n);
		transport_send(c->t, &out);
		transport_flush_later(c->t);
		buf_clear(&c->in);
		return;
	}
	while (frame_peek(buf_slice(&c->in), 1 << 26, &length) == 1 &&
		c->in.n >= FRAME_HEAD + length) {
		if (!serve(c, slice_of(c->in.p + FRAME_HEAD, length)))
			return;
		buf_consume(&c->in, FRAME_HEAD + length);
	}
}

static void on_closed(void *arg, const struct err *why)
{
	(void)why;
	conn_free(arg);
}

static void on_accept(void *arg, int fd)
{
	static const struct transport_events ev = {.readable = on_readable, .closed = on_closed};
	struct fake *f = arg;
	struct fake_conn *c = ALLOC(struct fake_conn);
	struct err e = {0};

	f->connections++;
	c->fake = f;
	list_push_back(&f->conns, &c->node);
	c->t = transport_from_fd(f->loop, fd, NULL, 0, &ev, c, &e);
	assert(c->t);
}

void fake_start(struct fake *f)
{
	struct err e = {0};

	f->listener = listener_new(f->loop, "127.0.0.1", f->port, on_accept, f, &e);
	if (!f->listener)
		fprintf(stderr, "%s\n", e.msg);
	assert(f->listener);
	f->port = listener_port(f->listener);
	snprintf(f->address, sizeof(f->address), "127.0.0.1:%u", f->port);
}

struct fake *fake_new(struct loop *l, int32_t id)
{
	struct fake *f = ALLOC(struct fake);

	f->loop = l;
	f->id = id;
	list_init(&f->conns);
	chain_init(&f->held);
	for (int16_t key = 0; key < FAKE_KEYS; key++) {
		const struct api *api = api_find(key);
		f->min[key] = api ? api->request->min : 0;
		f->max[key] = api ? api->request->max : -1;
		f->last_version[key] = -1;
	}
	fake_start(f);
	return f;
}

void fake_drop(struct fake *f)
{
	list_foreach (n, &f->conns)
		conn_free(CONTAINER_OF(n, struct fake_conn, node));
}

void fake_stop(struct fake *f)
{
	listener_free(f->listener);
	f->listener = NULL;
	fake_drop(f);
}

void fake_free(struct fake *f)
{
	fake_stop(f);
	chain_fini(&f->held);
	free(f);
}

void fake_on(struct fake *f, int16_t key, fake_fn *fn, void *arg)
{
	f->fn[key] = fn;
	f->arg[key] = arg;
}

void fake_offer(struct fake *f, int16_t key, int16_t min, int16_t max)
{
	f->min[key] = min;
	f->max[key] = max;
}
