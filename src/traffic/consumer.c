/*
 * The consumer: librdkafka's partition queues joined into one, taken from in the loop. Nothing is
 * taken while it is paused, so that librdkafka's own bound on reading ahead is the back-pressure.
 *
 * Looking a timestamp up blocks in librdkafka: it happens on a thread beside, and the partitions of
 * that call start when it is back. The client is destroyed by whoever holds it last, the owner or
 * that thread.
 */
#include "traffic/consumer.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/vec.h"
#include "io/aside.h"
#include "traffic/client.h"
#include <stdatomic.h>
#include <stdio.h>

#define LOG_MODULE "traffic"
#include "base/log.h"

enum {
	RECORDS_AT_ONCE = 256,
	EVENTS_A_TURN = 64,
	LOOKUP_MS = 20000,
	PRESENT_MS = 5000,
	LEAVE_STEP_MS = 10
};

/* Where timestamps begin: the thread's while it asks. */
struct times {
	struct consumer *c; /* held */
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_resp_err_t err;
};

struct consumer {
	atomic_uint holds; /* the owner's and that of a look-up under way */
	struct loop *loop;
	struct consumer_options o; /* strings in it are not kept */
	char *bootstrap;
	rd_kafka_t *rk;
	rd_kafka_queue_t *main, *records;
	struct pipe_watch pipe;
	struct map topics;                /* name -> rd_kafka_topic_t */
	struct map started;               /* "name-partition" -> itself */
	VEC(struct consumer_start) parts; /* names belong to `topics` */
	bool paused, done;
	bool member;             /* of a group */
	struct io_timer present; /* a member that never asks for records is put out */
	int64_t delivered;
	/* Taken from the queue; [at, n_taken) have not been told of yet. */
	rd_kafka_message_t *taken[RECORDS_AT_ONCE];
	size_t at, n_taken;
	struct aside *lookup;
	struct times *times; /* what `lookup` holds */
};

static int configure(struct consumer *c, rd_kafka_conf_t *conf, struct err *e)
{
	const struct consumer_options *o = &c->o;
	const char *reset = o->reset ? o->reset : "latest";
	int r;
	if ((r = client_set(conf, "bootstrap.servers", o->bootstrap, e)) < 0 ||
		(r = client_set(conf, "client.id", o->client_id ? o->client_id : "kdeck", e)) < 0 ||
		(r = client_set(conf, "isolation.level",
			 o->read_committed ? "read_committed" : "read_uncommitted", e)) < 0 ||
		(r = client_set(conf, "auto.offset.reset", reset, e)) < 0 ||
		(r = client_set(conf, "enable.auto.commit", c->member ? "true" : "false", e)) < 0 ||
		(c->member && (r = client_set(conf, "group.id", o->group, e)) < 0) ||
		(r = client_set(conf, "enable.auto.offset.store", "false", e)) < 0 ||
		(r = client_set(conf, "enable.partition.eof", "true", e)) < 0 ||
		(r = client_set(conf, "allow.auto.create.topics", "false", e)) < 0 ||
		(r = client_set(conf, "check.crcs", "true", e)) < 0 ||
		(r = client_set_int(conf, "queued.max.messages.kbytes",
			 o->read_ahead_kb > 0 ? o->read_ahead_kb : 16384, e)) < 0)
		return r;
	return client_set_all(conf, o->properties, o->n_properties, false, e);
}

static void fail(struct consumer *c, const struct err *e, bool fatal)
{
	if (c->o.on_error)
		c->o.on_error(c->o.arg, e, fatal);
	else
		log_warn("%s", e->msg);
}

size_t consumer_headers(const struct consumer_record *r, struct traffic_header *out, size_t max)
{
	rd_kafka_headers_t *h;
	const rd_kafka_message_t *m = r->source;
	if (!m || rd_kafka_message_headers(m, &h))
		return 0;
	size_t n = rd_kafka_header_cnt(h);
	for (size_t i = 0; i < n && i < max; i++) {
		const char *name;
		const void *value;
		size_t len;
		if (rd_kafka_header_get_all(h, i, &name, &value, &len))
			break;
		out[i] = (struct traffic_header){str_of(name), slice_of(value, value ? len : 0)};
	}
	return n;
}

static struct consumer_record record_of(const rd_kafka_message_t *m)
{
	rd_kafka_timestamp_type_t type;
	int64_t at = rd_kafka_message_timestamp(m, &type);
	return (struct consumer_record){
		.topic = str_of(rd_kafka_topic_name(m->rkt)),
		.partition = m->partition,
		.offset = m->offset,
		.timestamp = at,
		.time = type == RD_KAFKA_TIMESTAMP_CREATE_TIME       ? CONSUMER_CREATE_TIME
			: type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME ? CONSUMER_LOG_APPEND_TIME
								     : CONSUMER_NO_TIME,
		.leader_epoch = -1,
		.key = slice_of(m->key, m->key ? m->key_len : 0),
		.value = slice_of(m->payload, m->payload ? m->len : 0),
		.source = m,
	};
}

/* A message that is none: the end of a partition, or an error. */
static void take_odd(struct consumer *c, const rd_kafka_message_t *m)
{
	struct str topic = str_of(m->rkt ? rd_kafka_topic_name(m->rkt) : "");
	struct err e;
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		if (c->o.on_end)
			c->o.on_end(c->o.arg, topic, m->partition, m->offset);
		return;
	}
	err_set(&e, ERR_IO, "topic %.*s, partition %d: %s: %s", STR_ARG(topic), m->partition,
		traffic_error_name(m->err), traffic_error_text(m->err));
	fail(c, &e, m->err != RD_KAFKA_RESP_ERR__TRANSPORT);
}

/* What has been delivered may be committed. The last of each run of a partition says it for all. */
static void store(struct consumer *c, const struct consumer_record *r, size_t n)
{
	for (size_t i = 0; c->member && i < n; i++) {
		const rd_kafka_message_t *m = r[i].source;
		const rd_kafka_message_t *next = i + 1 < n ? r[i + 1].source : NULL;
		/* A partition that has gone to another member meanwhile cannot be stored. */
		if (!next || next->rkt != m->rkt || next->partition != m->partition)
			(void)rd_kafka_offset_store(m->rkt, m->partition, m->offset);
	}
}

static void deliver(struct consumer *c, const struct consumer_record *r, size_t n)
{
	if (c->o.max_records > 0)
		n = (size_t)min_i64((int64_t)n, c->o.max_records - c->delivered);
	if (!n || c->done)
		return;
	c->delivered += (int64_t)n;
	c->done = c->o.max_records > 0 && c->delivered >= c->o.max_records;
	c->o.on_batch(c->o.arg, r, n);
	store(c, r, n);
	if (c->done && c->o.on_done)
		c->o.on_done(c->o.arg);
}

static void drop_taken(struct consumer *c, size_t n)
{
	for (; n > 0; n--)
		rd_kafka_message_destroy(c->taken[c->at++]);
}

/* The records up to the first message that is none. */
static size_t next_run(const struct consumer *c, struct consumer_record *r)
{
	size_t n = 0;
	for (size_t i = c->at; i < c->n_taken && !c->taken[i]->err; i++)
		r[n++] = record_of(c->taken[i]);
	return n;
}

static bool refill(struct consumer *c)
{
	if (c->at == c->n_taken) {
		ssize_t n = rd_kafka_consume_batch_queue(c->records, 0, c->taken, RECORDS_AT_ONCE);
		c->at = 0;
		c->n_taken = n > 0 ? (size_t)n : 0;
	}
	return c->n_taken > 0;
}

/* True when there may be more. A callback that pauses leaves the rest for later. */
static bool take_records(struct consumer *c)
{
	struct consumer_record r[RECORDS_AT_ONCE];
	if (!refill(c))
		return false;
	while (c->at < c->n_taken && !c->paused && !c->done) {
		size_t n = next_run(c, r);
		if (n > 0)
			deliver(c, r, n);
		else
			take_odd(c, c->taken[c->at]);
		drop_taken(c, n > 0 ? n : 1);
	}
	return true;
}

static void take_events(struct consumer *c)
{
	rd_kafka_event_t *ev;
	for (int i = 0; i < EVENTS_A_TURN && (ev = rd_kafka_queue_poll(c->main, 0)); i++) {
		struct err e;
		if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_LOG)
			client_log(ev);
		if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_ERROR) {
			bool fatal = client_error(c->rk, ev, c->bootstrap, &e);
			fail(c, &e, fatal);
		}
		rd_kafka_event_destroy(ev);
	}
}

static void on_pipe(void *arg, int events)
{
	struct consumer *c = arg;
	(void)events;
	pipe_drain(&c->pipe);
	take_events(c);
	if (!c->paused && !c->done && take_records(c))
		pipe_poke(&c->pipe);
}

static void on_present(void *arg)
{
	struct consumer *c = arg;
	pipe_poke(&c->pipe);
}

static rd_kafka_t *make_client(struct consumer *c, struct err *e)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	if (configure(c, conf, e) < 0) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	return client_new(RD_KAFKA_CONSUMER, conf, RD_KAFKA_EVENT_ERROR, e);
}

struct consumer *consumer_new(struct loop *l, const struct consumer_options *o, struct err *e)
{
	struct consumer *c = ALLOC(struct consumer);
	atomic_init(&c->holds, 1);
	c->loop = l;
	c->o = *o;
	c->pipe.fd[0] = c->pipe.fd[1] = -1;
	c->member = o->group != NULL;
	io_timer_init(&c->present, l, on_present, c);
	map_init(&c->topics);
	map_init(&c->started);
	c->bootstrap = xstrdup(o->bootstrap ? o->bootstrap : "");
	c->rk = make_client(c, e);
	if (!c->rk)
		goto fail;
	c->main = rd_kafka_queue_get_main(c->rk);
	c->records = c->member ? rd_kafka_queue_get_consumer(c->rk) : rd_kafka_queue_new(c->rk);
	if (pipe_open(&c->pipe, l, on_pipe, c, e) < 0)
		goto fail;
	rd_kafka_set_log_queue(c->rk, c->main);
	rd_kafka_queue_io_event_enable(c->main, c->pipe.fd[1], "1", 1);
	rd_kafka_queue_io_event_enable(c->records, c->pipe.fd[1], "1", 1);
	pipe_poke(&c->pipe);
	return c;
fail:
	consumer_free(c);
	return NULL;
}

static void free_topics(struct consumer *c)
{
	void *topic;
	vec_foreach (s, &c->parts) {
		topic = map_gets(&c->topics, s->topic);
		rd_kafka_consume_stop(topic, s->partition);
	}
	for (size_t i = 0; map_next(&c->topics, &i, NULL, &topic);)
		rd_kafka_topic_destroy(topic);
	map_fini(&c->topics);
	map_fini(&c->started);
	vec_fini(&c->parts);
}

static void destroy(struct consumer *c)
{
	if (c->records)
		rd_kafka_queue_io_event_enable(c->records, -1, NULL, 0);
	if (c->main)
		rd_kafka_queue_io_event_enable(c->main, -1, NULL, 0);
	free_topics(c);
	if (c->records)
		rd_kafka_queue_destroy(c->records);
	if (c->main)
		rd_kafka_queue_destroy(c->main);
	if (c->rk)
		rd_kafka_destroy(c->rk);
	pipe_close(&c->pipe);
	free(c->bootstrap);
	free(c);
}

/* On whatever thread: nothing of the loop's is left in it when the last hold goes. */
static void let_go(void *own)
{
	struct consumer *c = own;
	if (atomic_fetch_sub(&c->holds, 1) == 1)
		destroy(c);
}

void consumer_free(struct consumer *c)
{
	if (!c)
		return;
	c->done = true;
	io_timer_stop(&c->present);
	aside_leave(c->lookup);
	drop_taken(c, c->n_taken - c->at);
	pipe_unwatch(&c->pipe);
	client_end(c->loop, let_go, c);
}

static rd_kafka_topic_t *topic_of(struct consumer *c, struct str name, struct err *e)
{
	rd_kafka_topic_t *t = map_gets(&c->topics, name);
	if (t)
		return t;
	if (name.n == 0 || name.n > 249) {
		err_set(e, ERR_INVALID, "a topic's name has 1 to 249 characters");
		return NULL;
	}
	char *z = str_dup(name);
	t = rd_kafka_topic_new(c->rk, z, NULL);
	free(z);
	if (!t) {
		err_set(e, ERR_INVALID, "topic %.*s: %s", STR_ARG(name),
			traffic_error_text((int)rd_kafka_last_error()));
		return NULL;
	}
	map_puts(&c->topics, name, t);
	return t;
}

static int64_t offset_of(const struct consumer_start *s)
{
	switch (s->from) {
	case CONSUMER_EARLIEST:
		return RD_KAFKA_OFFSET_BEGINNING;
	case CONSUMER_LATEST:
		return RD_KAFKA_OFFSET_END;
	case CONSUMER_LAST:
		return s->at > 0 ? RD_KAFKA_OFFSET_TAIL(s->at) : RD_KAFKA_OFFSET_END;
	default:
		return s->at;
	}
}

static int start(
	struct consumer *c, rd_kafka_topic_t *t, int32_t partition, int64_t offset, struct err *e)
{
	if (rd_kafka_consume_start_queue(t, partition, offset, c->records) == 0) {
		*vec_add(&c->parts) = (struct consumer_start){
			.topic = str_of(rd_kafka_topic_name(t)), .partition = partition};
		return 0;
	}
	rd_kafka_resp_err_t code = rd_kafka_last_error();
	return err_set(e, ERR_INVALID, "topic %s, partition %d: %s", rd_kafka_topic_name(t),
		partition, traffic_error_text((int)code));
}

static void look_up(void *own)
{
	struct times *t = own;
	t->err = rd_kafka_offsets_for_times(t->c->rk, t->list, LOOKUP_MS);
}

static void times_drop(void *own)
{
	struct times *t = own;
	rd_kafka_topic_partition_list_destroy(t->list);
	let_go(t->c);
	free(t);
}

static void looked_up(void *arg)
{
	struct consumer *c = arg;
	const struct times *times = c->times;
	struct err e;
	c->lookup = NULL;
	c->times = NULL;
	for (int i = 0; i < times->list->cnt; i++) {
		const rd_kafka_topic_partition_t *tp = &times->list->elems[i];
		rd_kafka_resp_err_t code = times->err ? times->err : tp->err;
		rd_kafka_topic_t *t = map_gets(&c->topics, str_of(tp->topic));
		if (code) {
			err_set(&e, ERR_IO, "topic %s, partition %d: %s: %s", tp->topic,
				tp->partition, traffic_error_name((int)code),
				traffic_error_text((int)code));
			fail(c, &e, true);
		} else if (start(c, t, tp->partition, tp->offset, &e) < 0) {
			fail(c, &e, true);
		}
	}
}

/* Takes the list when it succeeds. */
static int look_up_later(struct consumer *c, rd_kafka_topic_partition_list_t *list, struct err *e)
{
	struct aside_job job = {"timestamps", look_up, times_drop, NULL, looked_up, c};
	if (c->lookup)
		return err_set(
			e, ERR_AGAIN, "the look-up of earlier timestamps is still under way");
	c->times = ALLOC(struct times);
	*c->times = (struct times){.c = c, .list = list};
	job.own = c->times;
	atomic_fetch_add(&c->holds, 1);
	c->lookup = aside_start(c->loop, &job, e);
	if (c->lookup)
		return 0;
	atomic_fetch_sub(&c->holds, 1);
	free(c->times);
	c->times = NULL;
	return ERR_IO;
}

/* ERR_EXISTS when it was started before. */
static int claim(struct consumer *c, const struct consumer_start *s, struct err *e)
{
	struct buf key = BUF_EMPTY;
	buf_printf(&key, "%.*s-%d", STR_ARG(s->topic), s->partition);
	bool twice = map_puts(&c->started, buf_str(&key), c) != NULL;
	buf_fini(&key);
	return twice ? err_set(e, ERR_EXISTS, "topic %.*s, partition %d is read already",
			       STR_ARG(s->topic), s->partition)
		     : 0;
}

int consumer_assign(struct consumer *c, const struct consumer_start *s, size_t n, struct err *e)
{
	rd_kafka_topic_partition_list_t *times = rd_kafka_topic_partition_list_new(1);
	int r = 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		rd_kafka_topic_t *t = topic_of(c, s[i].topic, e);
		if (!t) {
			r = ERR_INVALID;
		} else if ((r = claim(c, &s[i], e)) < 0) {
			break;
		} else if (s[i].from == CONSUMER_TIMESTAMP) {
			rd_kafka_topic_partition_list_add(
				times, rd_kafka_topic_name(t), s[i].partition)
				->offset = s[i].at;
		} else {
			r = start(c, t, s[i].partition, offset_of(&s[i]), e);
		}
	}
	if (r == 0 && times->cnt > 0 && (r = look_up_later(c, times, e)) == 0)
		return 0;
	rd_kafka_topic_partition_list_destroy(times);
	return r;
}

int consumer_subscribe(struct consumer *c, const char *const *topics, size_t n, struct err *e)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t code = rd_kafka_subscribe(c->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (code)
		return err_set(e, ERR_INVALID, "%s", traffic_error_text((int)code));
	io_timer_start(&c->present, PRESENT_MS, PRESENT_MS);
	return 0;
}

bool consumer_leave(struct consumer *c, int64_t timeout_ms)
{
	int64_t end = clock_mono_ms(&clock_system) + timeout_ms;
	rd_kafka_queue_t *q = rd_kafka_queue_new(c->rk);
	rd_kafka_message_t *m;
	bool left = false;
	c->done = true;
	drop_taken(c, c->n_taken - c->at);
	if (!rd_kafka_consumer_close_queue(c->rk, q)) {
		while (!(left = rd_kafka_consumer_closed(c->rk)) &&
			clock_mono_ms(&clock_system) < end) {
			/* What it asks for on the way out is done in here. */
			m = rd_kafka_consume_queue(q, LEAVE_STEP_MS);
			if (m)
				rd_kafka_message_destroy(m);
		}
	}
	rd_kafka_queue_destroy(q);
	return left;
}

void consumer_pause(struct consumer *c, bool paused)
{
	if (c->paused && !paused)
		pipe_poke(&c->pipe);
	c->paused = paused;
}
