/*
 * The producer over librdkafka's event queue. Delivery reports are taken from it in the loop, so
 * nothing polls; at most EVENTS_A_TURN events a turn, the pipe is poked when more may wait.
 *
 * The partitioner callback runs on whatever thread librdkafka chooses a partition: its state is
 * atomic, and it is never asked for a record that names its partition.
 */
#include "traffic/producer.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/vec.h"
#include "traffic/client.h"
#include <stdatomic.h>
#include <stdio.h>

#define LOG_MODULE "traffic"
#include "base/log.h"

enum { EVENTS_A_TURN = 64, REPORTS_AT_ONCE = 256, HEADERS_INLINE = 32 };
#define STICKY_BYTES (16 * 1024)
#define SETTLE_MS    3000

/* Belongs to the producer and outlives librdkafka's topics. */
struct chooser {
	enum producer_partitioner kind;
	atomic_uint_fast64_t turn; /* round robin: records so far; sticky: bytes so far */
	uint64_t seed;
	int64_t settled_ms; /* from then on a partition without a leader is passed over */
};

struct producer {
	struct loop *loop;
	struct producer_options o; /* strings in it are not kept */
	char *bootstrap;
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	struct pipe_watch pipe;
	struct chooser chooser;
	size_t pending;
	bool was_full;
	size_t resume_at; /* pending, when there is room enough again */
	producer_flush_fn *flush_fn;
	void *flush_arg;
	struct io_timer flush_timer;
	struct loop_defer flush_defer;
};

bool producer_partitioner_parse(const char *name, enum producer_partitioner *out)
{
	static const struct {
		const char *name;
		enum producer_partitioner p;
	} all[] = {
		{"default", PARTITION_MURMUR2},
		{"murmur2", PARTITION_MURMUR2},
		{"sticky", PARTITION_STICKY},
		{"round-robin", PARTITION_ROUND_ROBIN},
		{"key", PARTITION_KEY},
	};
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (!strcmp(name, all[i].name)) {
			*out = all[i].p;
			return true;
		}
	}
	return false;
}

/* The n-th number of a fixed random sequence: no state that threads would share. */
static uint64_t mix(uint64_t n)
{
	n += 0x9e3779b97f4a7c15u;
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9u;
	n = (n ^ (n >> 27)) * 0x94d049bb133111ebu;
	return n ^ (n >> 31);
}

/*
 * The first partition at or after `want` that has a leader; `want` when none has. A young producer
 * does not know all leaders yet, though they are there: it waits for them instead of going on.
 */
static int32_t available(
	const struct chooser *c, const rd_kafka_topic_t *t, int32_t want, int32_t count)
{
	if (clock_mono_ms(&clock_system) < c->settled_ms)
		return want;
	for (int32_t i = 0; i < count; i++) {
		int32_t p = (int32_t)(((int64_t)want + i) % count);
		if (rd_kafka_topic_partition_available(t, p))
			return p;
	}
	return want;
}

static int32_t choose(const rd_kafka_topic_t *t, const void *key, size_t key_n, int32_t count,
	void *topic_arg, void *message_arg)
{
	struct chooser *c = topic_arg;
	uint64_t n;
	(void)key;
	(void)message_arg;
	if (c->kind == PARTITION_ROUND_ROBIN) {
		n = atomic_fetch_add(&c->turn, 1);
		return available(c, t, (int32_t)((c->seed + n) % (uint64_t)count), count);
	}
	/* A record's value is not known here: producer_send counts bytes. */
	n = atomic_load(&c->turn) / STICKY_BYTES;
	(void)key_n;
	return available(c, t, (int32_t)(mix(c->seed + n) % (uint64_t)count), count);
}

static int set_partitioner(struct producer *p, rd_kafka_conf_t *conf, struct err *e)
{
	struct chooser *c = &p->chooser;
	int r = 0;
	c->kind = p->o.partitioner;
	random_bytes(&c->seed, sizeof(c->seed));
	c->seed >>= 2;
	c->settled_ms = clock_mono_ms(&clock_system) + SETTLE_MS;
	switch (c->kind) {
	case PARTITION_MURMUR2:
		return client_set(conf, "partitioner", "murmur2_random", e);
	case PARTITION_KEY:
		r = client_set(conf, "partitioner", "murmur2_random", e);
		break;
	case PARTITION_STICKY:
	case PARTITION_ROUND_ROBIN: {
		rd_kafka_topic_conf_t *tc = rd_kafka_topic_conf_new();
		rd_kafka_topic_conf_set_partitioner_cb(tc, choose);
		rd_kafka_topic_conf_set_opaque(tc, c);
		rd_kafka_conf_set_default_topic_conf(conf, tc);
	} break;
	}
	/* With its own stickiness librdkafka would not ask for records without a key. */
	return r < 0 ? r : client_set(conf, "sticky.partitioning.linger.ms", "0", e);
}

static bool acks_are_all(const char *acks)
{
	return !acks || !strcmp(acks, "all") || !strcmp(acks, "-1");
}

static bool given(const struct producer_options *o, const char *name)
{
	for (size_t i = 0; i < o->n_properties; i++)
		if (!strcmp(o->properties[i].name, name))
			return true;
	return false;
}

static int configure(struct producer *p, rd_kafka_conf_t *conf, struct err *e)
{
	const struct producer_options *o = &p->o;
	bool idempotent = acks_are_all(o->acks);
	int64_t timeout = o->delivery_timeout_ms ? o->delivery_timeout_ms : 120000;
	int r;
	/* The partitioner first: it replaces the whole of the topic settings. */
	if ((r = set_partitioner(p, conf, e)) < 0 ||
		(r = client_set(conf, "bootstrap.servers", o->bootstrap, e)) < 0 ||
		(r = client_set(conf, "client.id", o->client_id ? o->client_id : "kdeck", e)) < 0 ||
		(r = client_set(conf, "acks", o->acks ? o->acks : "all", e)) < 0 ||
		(r = client_set_int(conf, "queue.buffering.max.messages",
			 o->max_queued > 0 ? o->max_queued : 100000, e)) < 0 ||
		(r = client_set_int(conf, "message.timeout.ms", timeout, e)) < 0)
		return r;
	if (o->compression && (r = client_set(conf, "compression.type", o->compression, e)) < 0) {
		return r;
	}
	if (o->linger_ms >= 0 && (r = client_set_int(conf, "linger.ms", o->linger_ms, e)) < 0)
		return r;
	/* acks or retries that a person gave may rule it out, as they do in Java. */
	if (idempotent && !given(o, "enable.idempotence") && !given(o, "acks") &&
		(r = client_set(conf, "enable.idempotence", "true", e)) < 0)
		return r;
	return client_set_all(conf, o->properties, o->n_properties, true, e);
}

static void flush_check(struct producer *p, bool late)
{
	producer_flush_fn *fn = p->flush_fn;
	if (!fn || (p->pending && !late))
		return;
	p->flush_fn = NULL;
	io_timer_stop(&p->flush_timer);
	fn(p->flush_arg, p->pending);
}

static void flush_late(void *arg)
{
	flush_check(arg, true);
}

static void flush_now(void *arg)
{
	flush_check(arg, false);
}

static void report(struct producer *p, const rd_kafka_message_t **m, size_t n)
{
	struct producer_delivery d[REPORTS_AT_ONCE];
	for (size_t i = 0; i < n; i++) {
		rd_kafka_timestamp_type_t type;
		d[i] = (struct producer_delivery){
			.opaque = m[i]->_private,
			.topic = str_of(m[i]->rkt ? rd_kafka_topic_name(m[i]->rkt) : ""),
			.partition = m[i]->partition,
			.offset = m[i]->err || m[i]->offset < 0 ? -1 : m[i]->offset,
			.timestamp = rd_kafka_message_timestamp(m[i], &type),
			.latency_us = rd_kafka_message_latency(m[i]),
			.code = (int)m[i]->err,
		};
	}
	p->pending -= n;
	if (p->o.on_delivery)
		p->o.on_delivery(p->o.arg, d, n);
}

static void take_reports(struct producer *p, rd_kafka_event_t *ev)
{
	const rd_kafka_message_t *m[REPORTS_AT_ONCE];
	size_t n;
	while ((n = rd_kafka_event_message_array(ev, m, REPORTS_AT_ONCE)) > 0)
		report(p, m, n);
}

static void take_error(struct producer *p, rd_kafka_event_t *ev)
{
	struct err e;
	bool fatal = client_error(p->rk, ev, p->bootstrap, &e);
	/* Nothing that waits can be sent any more: report it now, not after its time-out. */
	if (fatal)
		rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
	if (p->o.on_error)
		p->o.on_error(p->o.arg, &e, fatal);
	else
		log_warn("%s", e.msg);
}

static void on_pipe(void *arg, int events)
{
	struct producer *p = arg;
	int i;
	(void)events;
	pipe_drain(&p->pipe);
	for (i = 0; i < EVENTS_A_TURN; i++) {
		rd_kafka_event_t *ev = rd_kafka_queue_poll(p->queue, 0);
		if (!ev)
			break;
		switch (rd_kafka_event_type(ev)) {
		case RD_KAFKA_EVENT_DR:
			take_reports(p, ev);
			break;
		case RD_KAFKA_EVENT_ERROR:
			take_error(p, ev);
			break;
		case RD_KAFKA_EVENT_LOG:
			client_log(ev);
			break;
		default:
			break;
		}
		rd_kafka_event_destroy(ev);
	}
	if (i == EVENTS_A_TURN)
		pipe_poke(&p->pipe);
	if (p->was_full && p->pending <= p->resume_at) {
		p->was_full = false;
		if (p->o.on_ready)
			p->o.on_ready(p->o.arg);
	}
	flush_check(p, false);
}

static rd_kafka_t *make_client(struct producer *p, struct err *e)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	if (configure(p, conf, e) < 0) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	return client_new(RD_KAFKA_PRODUCER, conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR, e);
}

struct producer *producer_new(struct loop *l, const struct producer_options *o, struct err *e)
{
	struct producer *p = ALLOC(struct producer);
	p->loop = l;
	p->o = *o;
	p->pipe.fd[0] = p->pipe.fd[1] = -1;
	io_timer_init(&p->flush_timer, l, flush_late, p);
	p->bootstrap = xstrdup(o->bootstrap ? o->bootstrap : "");
	p->rk = make_client(p, e);
	if (!p->rk)
		goto fail;
	p->queue = rd_kafka_queue_get_main(p->rk);
	if (pipe_open(&p->pipe, l, on_pipe, p, e) < 0)
		goto fail;
	rd_kafka_set_log_queue(p->rk, p->queue);
	rd_kafka_queue_io_event_enable(p->queue, p->pipe.fd[1], "1", 1);
	pipe_poke(&p->pipe); /* what came before the pipe was there */
	return p;
fail:
	producer_free(p);
	return NULL;
}

/* On whatever thread: nothing of the loop's is left in it. */
static void end(void *own)
{
	struct producer *p = own;

	if (p->queue) {
		rd_kafka_queue_io_event_enable(p->queue, -1, NULL, 0);
		rd_kafka_queue_destroy(p->queue);
	}
	if (p->rk) {
		rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
					      RD_KAFKA_PURGE_F_NON_BLOCKING);
		rd_kafka_destroy(p->rk);
	}
	pipe_close(&p->pipe);
	free(p->bootstrap);
	free(p);
}

void producer_free(struct producer *p)
{
	if (!p)
		return;
	io_timer_stop(&p->flush_timer);
	loop_defer_cancel(&p->flush_defer);
	pipe_unwatch(&p->pipe);
	client_end(p->loop, end, p);
}

static rd_kafka_headers_t *make_headers(const struct producer_record *r)
{
	if (!r->n_headers)
		return NULL;
	rd_kafka_headers_t *h = rd_kafka_headers_new(r->n_headers);
	for (size_t i = 0; i < r->n_headers; i++) {
		const struct traffic_header *one = &r->headers[i];
		rd_kafka_header_add(h, one->name.p ? one->name.p : "", (ssize_t)one->name.n,
			one->value.p, one->value.p ? (ssize_t)one->value.n : 0);
	}
	return h;
}

static int send_failed(struct producer *p, const struct producer_record *r,
	rd_kafka_resp_err_t code, struct err *e)
{
	int out = ERR_INVALID;
	switch ((int)code) {
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		p->was_full = true;
		p->resume_at = p->pending / 4 * 3;
		return err_set(e, ERR_FULL, "%zu records wait already", p->pending);
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
		out = ERR_TOO_BIG;
		break;
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
		out = ERR_NOT_FOUND;
		break;
	case RD_KAFKA_RESP_ERR__FATAL:
		out = ERR_IO;
		break;
	default:
		break;
	}
	if (r->partition >= 0)
		return err_set(e, out, "topic %.*s, partition %d: %s: %s", STR_ARG(r->topic),
			r->partition, traffic_error_name((int)code), traffic_error_text((int)code));
	return err_set(e, out, "topic %.*s: %s: %s", STR_ARG(r->topic),
		traffic_error_name((int)code), traffic_error_text((int)code));
}

int producer_send(struct producer *p, const struct producer_record *r, struct err *e)
{
	char topic[250];
	if (r->topic.n == 0 || r->topic.n >= sizeof(topic))
		return err_set(e, ERR_INVALID, "a topic's name has 1 to 249 characters");
	memcpy(topic, r->topic.p, r->topic.n);
	topic[r->topic.n] = 0;
	rd_kafka_headers_t *headers = make_headers(r);
	/* An empty key or value is not null: its pointer must not be NULL, which slices keep. */
	rd_kafka_resp_err_t code = rd_kafka_producev(p->rk, RD_KAFKA_V_TOPIC(topic),
		RD_KAFKA_V_PARTITION(r->partition < 0 ? RD_KAFKA_PARTITION_UA : r->partition),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		RD_KAFKA_V_VALUE((void *)(uintptr_t)r->value.p, r->value.n),
		RD_KAFKA_V_KEY(r->key.p, r->key.n), RD_KAFKA_V_TIMESTAMP(r->timestamp),
		RD_KAFKA_V_OPAQUE(r->opaque), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
	if (code) {
		if (headers)
			rd_kafka_headers_destroy(headers);
		return send_failed(p, r, code, e);
	}
	if (p->chooser.kind == PARTITION_STICKY)
		atomic_fetch_add(&p->chooser.turn, r->key.n + r->value.n + 16);
	p->pending++;
	return 0;
}

size_t producer_pending(const struct producer *p)
{
	return p->pending;
}

void producer_flush(struct producer *p, int64_t timeout_ms, producer_flush_fn *fn, void *arg)
{
	p->flush_fn = fn;
	p->flush_arg = arg;
	io_timer_start(&p->flush_timer, timeout_ms, 0);
	if (!p->pending)
		loop_defer(p->loop, &p->flush_defer, flush_now, p);
}

int producer_delivery_err(const struct producer_delivery *d, struct err *e)
{
	const char *name = traffic_error_name(d->code), *text = traffic_error_text(d->code);
	if (!d->code)
		return err_set(e, 0, "written");
	if (d->partition >= 0)
		return err_set(e, ERR_IO, "topic %.*s, partition %d: %s: %s", STR_ARG(d->topic),
			d->partition, name, text);
	return err_set(e, ERR_IO, "topic %.*s: %s: %s", STR_ARG(d->topic), name, text);
}
