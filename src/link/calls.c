/* Requests and answers of a link. */
#include "link/link_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "wire/kerr.h"

#define READ_STEP   (64u << 10)
#define READ_A_TURN (4u << 20)
/* Memory that is kept for the next answer. */
#define KEEP_BYTES (256u << 10)

static const char *key_name(int16_t key)
{
	const char *name = api_name(key);
	return name ? name : "a request";
}

static void call_free(struct call *c)
{
	io_timer_stop(&c->timer);
	list_remove(&c->node);
	c->link->n_calls--;
	free(c);
}

static struct call *oldest(const struct link *k)
{
	struct list_node *first = list_first(&k->calls);

	return first ? CONTAINER_OF(first, struct call, node) : NULL;
}

/* No answer came for as long as any request may take: the connection is dead, although nobody has
 * closed it. */
static bool is_dead(const struct link *k)
{
	const struct call *c = oldest(k);

	return c && loop_now_us(k->loop) - max_i64(k->heard_us, c->sent_us) >=
			    k->opt.request_timeout_ms * 1000;
}

static void on_timeout(void *arg)
{
	struct call *c = arg;
	struct link *k = c->link;
	link_reply_fn *fn = c->fn;
	struct err e = {0};

	c->fn = NULL;
	err_set(&e, ERR_TIMEOUT, "%s: no answer to %s in time", k->name, key_name(c->key));
	link_hold(k);
	if (fn)
		fn(c->arg, &e, c->version, NULL, NULL);
	if (!link_release(k))
		return;
	if (k->transport && is_dead(k)) {
		err_set(&e, ERR_TIMEOUT, "%s does not answer any more", k->name);
		link_fail(k, &e);
	}
}

static int32_t next_correlation(struct link *k)
{
	k->correlation = k->correlation == INT32_MAX ? 1 : k->correlation + 1;
	return k->correlation;
}

/* The answer to the request with that header and the newest id. */
static void await(struct link *k, const struct link_call *lc, const struct request_header *h)
{
	struct call *c = ALLOC(struct call);

	c->link = k;
	c->fn = lc->fn;
	c->arg = lc->arg;
	c->id = k->next_id;
	c->sent_us = loop_now_us(k->loop);
	c->correlation = h->correlation_id;
	c->key = h->api_key;
	c->version = h->api_version;
	list_push_back(&k->calls, &c->node);
	k->n_calls++;
	io_timer_init(&c->timer, k->loop, on_timeout, c);
	io_timer_start(
		&c->timer, lc->timeout_ms > 0 ? lc->timeout_ms : k->opt.request_timeout_ms, 0);
}

int64_t link_send(struct link *k, const struct link_call *lc, int16_t version, struct err *e)
{
	struct request_header h = {
		.api_key = lc->api_key,
		.api_version = version,
		.correlation_id = next_correlation(k),
		.client_id = str_of(k->client_id),
	};
	struct chain out;
	int rc;

	chain_init(&out);
	rc = request_frame(&h, lc->request, &out);
	if (rc < 0)
		return err_set(e, rc == ERR_VERSION ? ERR_UNSUPPORTED : ERR_INVALID,
			rc == ERR_VERSION
				? "%s speaks %s only up to version %d, which cannot express this"
				: "%s: %s version %d cannot hold this: a value is too long or "
				  "missing",
			k->name, key_name(lc->api_key), version);
	transport_send(k->transport, &out);
	transport_flush_later(k->transport);
	k->next_id++;
	if (lc->fn)
		await(k, lc, &h);
	return k->next_id;
}

static int no_version(const struct link *k, const struct link_call *c, struct err *e)
{
	const struct api *api = api_find(c->api_key);
	int16_t min, max;

	if (!api)
		return err_set(e, ERR_UNSUPPORTED, "%s: API key %d is not known here", k->name,
			c->api_key);
	if (!link_broker_range(k, c->api_key, &min, &max))
		return err_set(e, ERR_UNSUPPORTED,
			"%s does not have %s: the broker is too old for it, or it is another kind "
			"of broker",
			k->name, api->name);
	return err_set(e, ERR_UNSUPPORTED,
		"%s speaks versions %d to %d of %s, and %d to %d would be needed", k->name, min,
		max, api->name, c->version >= 0 ? c->version : api->request->min,
		c->version >= 0 ? c->version : api->request->max);
}

int64_t link_call(struct link *k, const struct link_call *c, struct err *e)
{
	int16_t cap = c->cap, version;

	if (k->state != LINK_READY)
		return err_set(e, ERR_AGAIN, "%s is not connected", k->name);
	if (k->n_calls >= k->opt.max_in_flight)
		return err_set(e, ERR_FULL, "%s: %u requests are waiting for an answer", k->name,
			k->n_calls);
	if (c->version != LINK_BEST)
		cap = c->version;
	version = link_version_for(k, c->api_key, cap > 0 || c->version == 0 ? cap : -1);
	if (version < 0 || (c->version != LINK_BEST && version != c->version))
		return no_version(k, c, e);
	return link_send(k, c, version, e);
}

void link_cancel(struct link *k, int64_t id)
{
	list_foreach (node, &k->calls) {
		struct call *c = CONTAINER_OF(node, struct call, node);
		if (c->id != id)
			continue;
		c->fn = NULL;
		return;
	}
}

void link_calls_fail(struct link *k, const struct err *why)
{
	struct call *first;

	/* Not a loop over the list: a callback may cancel any of them. */
	while ((first = oldest(k))) {
		struct call c = *first;

		call_free(first);
		if (c.fn)
			c.fn(c.arg, why, c.version, NULL, NULL);
	}
}

/* The decoded answer has its own bound, so that small frames cannot become large memory. */
static size_t arena_bound(size_t frame)
{
	return min_size((4u << 20) + 64 * frame, (size_t)1 << 30);
}

static int decode(struct link *k, const struct call *c, struct slice frame, void **response)
{
	const struct api *api = api_find(c->key);
	int16_t version = c->version;
	struct response_header h;
	size_t used;
	int rc;

	rc = response_header_decode(c->key, version, frame, &h, &used);
	if (rc < 0)
		return rc;
	frame = slice_of(frame.p + used, frame.n - used);
	arena_reset(&k->arena);
	k->arena.limit = arena_bound(frame.n);
	*response = arena_alloc(&k->arena, api->response->body->size);
	if (!*response)
		return ERR_NOMEM;
	/* KIP-511: this error comes in a body of version 0, whatever was asked for; and some
	 * brokers put something else behind it. */
	if (c->key == API_API_VERSIONS && frame.n >= 2 &&
		get_be16(frame.p) == KERR_UNSUPPORTED_VERSION) {
		if (msg_decode(api->response, 0, frame, &k->arena, *response, NULL) < 0) {
			msg_init(api->response, *response);
			((struct api_versions_response *)*response)->error_code =
				KERR_UNSUPPORTED_VERSION;
		}
		return 0;
	}
	return msg_decode(api->response, version, frame, &k->arena, *response, NULL);
}

/* One whole answer. False: its connection is over. The link is held. */
static bool answer(struct link *k, struct slice frame)
{
	const struct transport *t = k->transport;
	struct call *first = oldest(k), c;
	struct err e = {0};
	void *response = NULL;
	int rc;

	if (!first || frame.n < 4 || get_be32(frame.p) != (uint32_t)first->correlation) {
		err_set(&e, ERR_CORRUPT, "%s sent an answer that nobody asked for", k->name);
		link_fail(k, &e);
		return false;
	}
	c = *first;
	call_free(first);
	if (!c.fn)
		return true;
	k->rtt_us = loop_now_us(k->loop) - c.sent_us;
	rc = decode(k, &c, frame, &response);
	if (rc < 0) {
		err_set(&e, ERR_CORRUPT, "%s: the answer to %s version %d cannot be read (%s)",
			k->name, key_name(c.key), c.version, err_name(rc));
		c.fn(c.arg, &e, c.version, NULL, NULL);
		/* Framing is intact, but a peer that writes nonsense is not trusted further. */
		if (k->transport == t)
			link_fail(k, &e);
		return false;
	}
	c.fn(c.arg, NULL, c.version, response, &k->arena);
	if (k->arena.used > KEEP_BYTES)
		arena_reset(&k->arena); /* a big answer is not kept until the next one */
	return k->transport == t;
}

static void bad_frame(struct link *k, int rc, struct slice rest)
{
	struct err e = {0};

	if (k->state == LINK_VERSIONS)
		err_set(&e, ERR_CORRUPT,
			"%s does not speak Kafka's protocol: it is another kind of server, or a "
			"listener that wants TLS",
			k->name);
	else if (rc == ERR_TOO_BIG)
		err_set(&e, ERR_TOO_BIG, "%s sends an answer of %u bytes, over the limit of %u",
			k->name, get_be32(rest.p), k->opt.max_response_bytes);
	else
		err_set(&e, ERR_CORRUPT, "%s sent a frame with a negative length", k->name);
	link_fail(k, &e);
}

/* All whole answers in the buffer. False: the connection is over. The link is held. */
static bool take_answers(struct link *k)
{
	struct slice rest = buf_slice(&k->in);
	size_t length = 0, taken;
	int rc;

	while ((rc = frame_peek(rest, k->opt.max_response_bytes, &length)) == 1) {
		if (rest.n < FRAME_HEAD + length)
			break;
		if (!answer(k, slice_of(rest.p + FRAME_HEAD, length)))
			return false;
		rest = slice_of(rest.p + FRAME_HEAD + length, rest.n - FRAME_HEAD - length);
	}
	if (rc < 0) {
		bad_frame(k, rc, rest);
		return false;
	}
	taken = k->in.n - rest.n;
	buf_consume(&k->in, taken);
	/* A follower's answers are large one after the other: fresh memory for each costs more than
	 * reading it. The first small one lets it go. */
	if (k->in.n == 0 && k->in.cap > KEEP_BYTES && taken < k->in.cap / 4)
		buf_fini(&k->in);
	return true;
}

/* How much to read at once: the rest of an answer that has begun, in steps that the peer has to
 * fill before more memory is given. */
static size_t read_size(const struct link *k)
{
	size_t length, want = READ_STEP;

	if (frame_peek(buf_slice(&k->in), k->opt.max_response_bytes, &length) == 1 &&
		FRAME_HEAD + length > k->in.n)
		want = max_size(want, FRAME_HEAD + length - k->in.n);
	return min_size(want, max_size(max_size(READ_STEP, k->in.n), k->in.cap - k->in.n));
}

void link_read(struct link *k)
{
	struct transport *t = k->transport;
	size_t total = 0, step;
	ssize_t n;

	link_hold(k);
	k->reading = true;
	while (total < READ_A_TURN) {
		step = read_size(k);
		n = transport_read(t, buf_reserve(&k->in, step), step);
		if (n <= 0) /* nothing more for now, or the end: `closed` tells */
			break;
		k->in.n += (size_t)n;
		total += (size_t)n;
		k->heard_us = loop_now_us(k->loop);
		if (!take_answers(k)) {
			buf_fini(&k->in);
			break;
		}
		/* That was all, the loop tells when there is more; TLS gives a record at a time. */
		if ((size_t)n < step && !k->opt.tls)
			break;
	}
	k->reading = false;
	(void)!link_release(k);
}
