/* The connection of a link and its states. */
#include "link/link_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/xalloc.h"

#define MOVE(s) (1u << LINK_##s)

/* Row: from; bits: where to. */
static const unsigned moves[] = {
	[LINK_IDLE] = MOVE(CONNECTING) | MOVE(CLOSED),
	[LINK_CONNECTING] = MOVE(VERSIONS) | MOVE(BACKOFF) | MOVE(IDLE) | MOVE(CLOSED),
	[LINK_VERSIONS] = MOVE(READY) | MOVE(BACKOFF) | MOVE(IDLE) | MOVE(CLOSED),
	[LINK_READY] = MOVE(BACKOFF) | MOVE(IDLE) | MOVE(CLOSED),
	[LINK_BACKOFF] = MOVE(IDLE) | MOVE(CLOSED),
	[LINK_CLOSED] = 0,
};

static void move(struct link *k, enum link_state to)
{
	if (!(moves[k->state] & (1u << to)))
		abort();
	k->state = to;
}

/* The link may be gone afterwards. */
static void tell(struct link *k, const struct err *why)
{
	if (k->fn)
		k->fn(k->arg, k, k->state, why);
}

int64_t link_backoff_ms(int64_t base_ms, int64_t max_ms, uint32_t attempt, uint64_t random)
{
	int64_t ms = base_ms;

	for (uint32_t i = 0; i < attempt && ms < max_ms; i++)
		ms *= 2;
	ms = min_i64(ms, max_ms);
	return ms * (800 + (int64_t)(random % 401)) / 1000;
}

bool link_release(struct link *k)
{
	if (--k->holds > 0 || k->state != LINK_CLOSED)
		return k->state != LINK_CLOSED;
	link_versions_clear(k);
	vec_fini(&k->ranges);
	buf_fini(&k->in);
	arena_fini(&k->arena);
	free(k->client_id);
	free(k->name);
	free(k->host);
	free(k);
	return false;
}

static void close_transport(struct link *k)
{
	struct transport *t = k->transport;

	k->transport = NULL;
	transport_close(t);
	/* An answer that is being looked at lies in there: link_read drops it then. */
	if (!k->reading)
		buf_fini(&k->in);
	link_versions_clear(k);
}

void link_fail(struct link *k, const struct err *why)
{
	struct err e = *why;
	int64_t pause;

	if (!strstr(e.msg, k->name))
		err_wrap(&e, "%s", k->name);
	k->last_error = e;
	close_transport(k);
	pause = link_backoff_ms(
		k->opt.backoff_ms, k->opt.backoff_max_ms, k->failures++, random_u64());
	move(k, LINK_BACKOFF);
	io_timer_start(&k->timer, pause, 0);
	link_hold(k);
	link_calls_fail(k, &e);
	if (k->state == LINK_BACKOFF)
		tell(k, &e);
	(void)!link_release(k);
}

void link_ready(struct link *k)
{
	io_timer_stop(&k->timer);
	k->failures = 0;
	move(k, LINK_READY);
	tell(k, NULL);
}

static void on_timer(void *arg)
{
	struct link *k = arg;
	struct err e = {0};

	if (k->state == LINK_BACKOFF) {
		move(k, LINK_IDLE);
		tell(k, NULL);
		return;
	}
	err_set(&e, ERR_TIMEOUT,
		k->state == LINK_VERSIONS
			? "%s accepts the connection but does not answer (within %lld ms): is it "
			  "a Kafka broker, and is it alive?"
			: "no connection to %s within %lld ms",
		k->name, (long long)k->opt.connect_timeout_ms);
	link_fail(k, &e);
}

static void on_opened(void *arg)
{
	struct link *k = arg;

	move(k, LINK_VERSIONS);
	k->heard_us = loop_now_us(k->loop);
	link_hold(k);
	tell(k, NULL);
	if (link_release(k) && k->state == LINK_VERSIONS)
		link_versions_start(k);
}

static void on_readable(void *arg)
{
	link_read(arg);
}

static void on_closed(void *arg, const struct err *why)
{
	struct link *k = arg;
	struct err e = *why;

	if (k->state == LINK_VERSIONS && why->code == ERR_CLOSED)
		err_set(&e, ERR_CLOSED,
			"%s ended the connection before it said what it speaks: the listener may "
			"want TLS or SASL, or it is no Kafka broker of 0.10 or newer",
			k->name);
	link_fail(k, &e);
}

static const struct transport_events events = {
	.opened = on_opened,
	.readable = on_readable,
	.closed = on_closed,
};

static void defaults(struct link_options *o)
{
	if (!o->connect_timeout_ms)
		o->connect_timeout_ms = 10000;
	if (!o->request_timeout_ms)
		o->request_timeout_ms = 30000;
	if (!o->backoff_ms)
		o->backoff_ms = 50;
	if (!o->backoff_max_ms)
		o->backoff_max_ms = 1000;
	if (!o->max_in_flight)
		o->max_in_flight = 1000;
	if (!o->max_response_bytes)
		o->max_response_bytes = 100u << 20;
}

struct link *link_new(struct loop *l, const char *host, uint16_t port,
	const struct link_options *opts, link_state_fn *fn, void *arg)
{
	struct link *k = ALLOC(struct link);

	k->loop = l;
	k->host = xstrdup(host);
	k->port = port;
	k->name = xasprintf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
	if (opts)
		k->opt = *opts;
	k->client_id = xstrdup(k->opt.client_id ? k->opt.client_id : "kdeck");
	defaults(&k->opt);
	k->fn = fn;
	k->arg = arg;
	k->state = LINK_IDLE;
	k->holds = 1;
	k->rtt_us = -1;
	list_init(&k->calls);
	arena_init(&k->arena, 0);
	io_timer_init(&k->timer, l, on_timer, k);
	return k;
}

void link_free(struct link *k)
{
	struct err e = {0};

	if (!k || k->state == LINK_CLOSED)
		return;
	close_transport(k);
	io_timer_stop(&k->timer);
	move(k, LINK_CLOSED);
	k->fn = NULL;
	err_set(&e, ERR_CANCELLED, "%s: the connection was given up", k->name);
	link_calls_fail(k, &e);
	(void)!link_release(k);
}

int link_connect(struct link *k)
{
	struct transport_target to = {
		.host = k->host,
		.port = k->port,
		.timeout_ms = k->opt.connect_timeout_ms,
		.tls = k->opt.tls,
	};

	if (k->state == LINK_BACKOFF)
		return ERR_AGAIN;
	if (k->state != LINK_IDLE)
		return ERR_EXISTS;
	move(k, LINK_CONNECTING);
	io_timer_start(&k->timer, k->opt.connect_timeout_ms, 0);
	k->transport = transport_connect(k->loop, &to, &events, k);
	link_hold(k);
	tell(k, NULL);
	(void)!link_release(k);
	return 0;
}

void link_disconnect(struct link *k)
{
	struct err e = {0};

	if (k->state == LINK_IDLE || k->state == LINK_CLOSED)
		return;
	close_transport(k);
	io_timer_stop(&k->timer);
	move(k, LINK_IDLE);
	err_set(&e, ERR_CLOSED, "%s: the connection was given up", k->name);
	link_hold(k);
	link_calls_fail(k, &e);
	if (k->state == LINK_IDLE)
		tell(k, NULL);
	(void)!link_release(k);
}

enum link_state link_state(const struct link *k)
{
	return k->state;
}

const char *link_name(const struct link *k)
{
	return k->name;
}

const struct err *link_last_error(const struct link *k)
{
	return k->last_error.code ? &k->last_error : NULL;
}

uint32_t link_in_flight(const struct link *k)
{
	return k->n_calls;
}

int64_t link_rtt_us(const struct link *k)
{
	return k->rtt_us;
}
