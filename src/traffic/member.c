/*
 * A member over librdkafka's queues. Records of each partition go to a queue of their own, so that
 * rebalances, which come through the consumer's queue, are served however long the owner takes for
 * its records.
 */
#include "traffic/member.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/xalloc.h"
#include "traffic/client.h"
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "traffic"
#include "base/log.h"

enum {
	RECORDS_AT_ONCE = 256,
	EVENTS_A_TURN = 64,
	COMMITTED_MS = 5000,
	PRESENT_MS = 1000,
	BEAT_MS = 1000, /* at most: a rebalance waits until the members have heard of it */
	LEAVE_STEP_MS = 10,
	READ_AHEAD_KB = 1024,
};

struct member {
	struct loop *loop;
	struct member_options o; /* strings in it are not kept */
	char *bootstrap;
	rd_kafka_t *rk;
	rd_kafka_queue_t *main, *group, *records;
	struct pipe_watch pipe;
	struct io_timer present; /* polls also when nothing comes: who does not is put out */
	struct map topics;       /* name -> the copy that records point to */
	size_t want;
	bool hung, left;
	/* What is to be given up; NULL: nothing. */
	rd_kafka_topic_partition_list_t *leaving;
};

static int configure(struct member *m, rd_kafka_conf_t *conf, struct err *e)
{
	const struct member_options *o = &m->o;
	int64_t beat_ms = min_i64(o->session_ms / 3, BEAT_MS);
	int r;

	if ((r = client_set(conf, "bootstrap.servers", o->bootstrap, e)) < 0 ||
		(r = client_set(conf, "client.id", o->client_id, e)) < 0 ||
		(r = client_set(conf, "group.id", o->group, e)) < 0 ||
		(r = client_set(conf, "partition.assignment.strategy", o->assignor, e)) < 0 ||
		(r = client_set_int(conf, "session.timeout.ms", o->session_ms, e)) < 0 ||
		(r = client_set_int(conf, "heartbeat.interval.ms", beat_ms, e)) < 0 ||
		(r = client_set_int(conf, "max.poll.interval.ms", o->max_poll_ms, e)) < 0 ||
		(r = client_set(conf, "auto.offset.reset", o->reset, e)) < 0 ||
		(r = client_set(conf, "enable.auto.commit", "false", e)) < 0 ||
		(r = client_set(conf, "enable.auto.offset.store", "false", e)) < 0 ||
		(r = client_set(conf, "allow.auto.create.topics", "false", e)) < 0 ||
		(r = client_set_int(conf, "queued.max.messages.kbytes", READ_AHEAD_KB, e)) < 0)
		return r;
	return client_set_all(conf, o->properties, o->n_properties, false, e);
}

static void fail(struct member *m, const struct err *e, bool fatal)
{
	m->o.on_error(m->o.arg, e, fatal);
}

static struct member_part *parts_of(const rd_kafka_topic_partition_list_t *list)
{
	struct member_part *p = xcalloc((size_t)list->cnt + 1, sizeof(*p));

	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *t = &list->elems[i];
		p[i] = (struct member_part){t->topic, t->partition,
			t->err                                 ? -2
			: t->offset == RD_KAFKA_OFFSET_INVALID ? -1
							       : t->offset};
	}
	return p;
}

/* ---- records ----------------------------------------------------------------------------------
 */

static const char *topic_of(struct member *m, const char *name)
{
	char *kept = map_gets(&m->topics, str_of(name));

	if (!kept) {
		kept = xstrdup(name);
		map_puts(&m->topics, str_of(name), kept);
	}
	return kept;
}

/* A message that is none. */
static void take_odd(struct member *m, const rd_kafka_message_t *x)
{
	struct err e;

	err_set(&e, ERR_IO, "topic %s, partition %d: %s: %s",
		x->rkt ? rd_kafka_topic_name(x->rkt) : "", x->partition, traffic_error_name(x->err),
		traffic_error_text(x->err));
	fail(m, &e, false);
}

/* True when there may be more. */
static bool take_records(struct member *m)
{
	rd_kafka_message_t *taken[RECORDS_AT_ONCE];
	struct member_record r[RECORDS_AT_ONCE];
	size_t most = min_size(m->want, RECORDS_AT_ONCE), k = 0;
	ssize_t n = most ? rd_kafka_consume_batch_queue(m->records, 0, taken, most) : 0;

	for (ssize_t i = 0; i < n; i++) {
		const rd_kafka_message_t *x = taken[i];
		if (x->err)
			take_odd(m, x);
		else
			r[k++] = (struct member_record){
				topic_of(m, rd_kafka_topic_name(x->rkt)), x->partition, x->offset};
		rd_kafka_message_destroy(taken[i]);
	}
	m->want -= k;
	if (k)
		m->o.on_records(m->o.arg, r, k);
	return n > 0;
}

/* ---- rebalances -------------------------------------------------------------------------------
 */

static bool cooperative(const struct member *m)
{
	return strcmp(rd_kafka_rebalance_protocol(m->rk), "COOPERATIVE") == 0;
}

static void end_error(rd_kafka_error_t *err)
{
	if (!err)
		return;
	log_warn("%s", rd_kafka_error_string(err));
	rd_kafka_error_destroy(err);
}

/* Their records go to our queue instead of the one that rebalances come through. */
static void divert(struct member *m, const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++) {
		rd_kafka_queue_t *q = rd_kafka_queue_get_partition(
			m->rk, list->elems[i].topic, list->elems[i].partition);
		if (!q)
			continue;
		rd_kafka_queue_forward(q, m->records);
		rd_kafka_queue_destroy(q);
	}
}

static void assign(struct member *m, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_topic_partition_list_t *at = rd_kafka_topic_partition_list_copy(list);
	struct member_part *parts;

	divert(m, list);
	if (cooperative(m))
		end_error(rd_kafka_incremental_assign(m->rk, list));
	else
		(void)rd_kafka_assign(m->rk, list);
	/* Where it begins: nobody else commits for these partitions now. */
	if (at->cnt && rd_kafka_committed(m->rk, at, COMMITTED_MS))
		for (int i = 0; i < at->cnt; i++)
			at->elems[i].err = RD_KAFKA_RESP_ERR__TIMED_OUT;
	parts = parts_of(at);
	m->o.on_assigned(m->o.arg, parts, (size_t)at->cnt);
	free(parts);
	rd_kafka_topic_partition_list_destroy(at);
}

static void unassign(struct member *m, rd_kafka_topic_partition_list_t *list)
{
	if (cooperative(m))
		end_error(rd_kafka_incremental_unassign(m->rk, list));
	else
		(void)rd_kafka_assign(m->rk, NULL);
}

void member_give_up(struct member *m)
{
	rd_kafka_topic_partition_list_t *list = m->leaving;

	if (!list)
		return;
	m->leaving = NULL;
	unassign(m, list);
	rd_kafka_topic_partition_list_destroy(list);
}

static void revoke(struct member *m, rd_kafka_topic_partition_list_t *list)
{
	bool lost = rd_kafka_assignment_lost(m->rk);
	struct member_part *parts = parts_of(list);

	member_give_up(m);
	m->leaving = rd_kafka_topic_partition_list_copy(list);
	m->o.on_revoked(m->o.arg, parts, (size_t)list->cnt, lost);
	if (lost)
		member_give_up(m);
	free(parts);
}

static void take_rebalance(struct member *m, rd_kafka_event_t *ev)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(ev);

	switch ((int)rd_kafka_event_error(ev)) {
	case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
		assign(m, list);
		break;
	case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
		revoke(m, list);
		break;
	default:
		(void)rd_kafka_assign(m->rk, NULL);
	}
}

/* ---- events -----------------------------------------------------------------------------------
 */

static void take_commit(struct member *m, rd_kafka_event_t *ev)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(ev);
	rd_kafka_resp_err_t code = rd_kafka_event_error(ev);
	struct member_part *parts;
	struct err e;

	if (!list)
		return;
	for (int i = 0; i < list->cnt && !code; i++)
		code = list->elems[i].err;
	if (code)
		err_set(&e, ERR_IO, "commit: %s: %s", traffic_error_name(code),
			traffic_error_text(code));
	parts = parts_of(list);
	m->o.on_committed(m->o.arg, parts, (size_t)list->cnt, code ? &e : NULL);
	free(parts);
}

static void take_event(struct member *m, rd_kafka_event_t *ev)
{
	struct err e;

	switch (rd_kafka_event_type(ev)) {
	case RD_KAFKA_EVENT_LOG:
		client_log(ev);
		break;
	case RD_KAFKA_EVENT_REBALANCE:
		take_rebalance(m, ev);
		break;
	case RD_KAFKA_EVENT_OFFSET_COMMIT:
		take_commit(m, ev);
		break;
	case RD_KAFKA_EVENT_ERROR: {
		bool fatal = client_error(m->rk, ev, m->bootstrap, &e);
		fail(m, &e, fatal);
		break;
	}
	default:
		break;
	}
}

/* True when there may be more. */
static bool take_events(struct member *m, rd_kafka_queue_t *q)
{
	for (int i = 0; i < EVENTS_A_TURN; i++) {
		rd_kafka_event_t *ev = rd_kafka_queue_poll(q, 0);
		if (!ev)
			return false;
		take_event(m, ev);
		rd_kafka_event_destroy(ev);
	}
	return true;
}

static void on_pipe(void *arg, int events)
{
	struct member *m = arg;
	bool more;

	(void)events;
	pipe_drain(&m->pipe);
	if (m->hung || m->left)
		return;
	more = take_events(m, m->main);
	more = take_events(m, m->group) || more;
	more = take_records(m) || more;
	if (more)
		pipe_poke(&m->pipe);
}

static void on_present(void *arg)
{
	struct member *m = arg;

	pipe_poke(&m->pipe);
}

/* ---- life -------------------------------------------------------------------------------------
 */

static rd_kafka_t *make_client(struct member *m, struct err *e)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	if (configure(m, conf, e) < 0) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	return client_new(RD_KAFKA_CONSUMER, conf,
		RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT, e);
}

struct member *member_new(struct loop *l, const struct member_options *o, struct err *e)
{
	struct member *m = ALLOC(struct member);

	m->loop = l;
	m->o = *o;
	m->pipe.fd[0] = m->pipe.fd[1] = -1;
	m->bootstrap = xstrdup(o->bootstrap);
	map_init(&m->topics);
	io_timer_init(&m->present, l, on_present, m);
	m->rk = make_client(m, e);
	if (!m->rk || pipe_open(&m->pipe, l, on_pipe, m, e) < 0) {
		member_free(m);
		return NULL;
	}
	m->main = rd_kafka_queue_get_main(m->rk);
	m->group = rd_kafka_queue_get_consumer(m->rk);
	m->records = rd_kafka_queue_new(m->rk);
	rd_kafka_set_log_queue(m->rk, m->main);
	rd_kafka_queue_io_event_enable(m->main, m->pipe.fd[1], "1", 1);
	rd_kafka_queue_io_event_enable(m->group, m->pipe.fd[1], "1", 1);
	rd_kafka_queue_io_event_enable(m->records, m->pipe.fd[1], "1", 1);
	return m;
}

static void end_queue(rd_kafka_queue_t *q)
{
	if (!q)
		return;
	rd_kafka_queue_io_event_enable(q, -1, NULL, 0);
	rd_kafka_queue_destroy(q);
}

/* On a thread beside: nothing of the loop's is left in it. */
static void destroy(void *own)
{
	struct member *m = own;
	void *name;

	if (m->leaving)
		rd_kafka_topic_partition_list_destroy(m->leaving);
	end_queue(m->records);
	end_queue(m->group);
	end_queue(m->main);
	/* Who has not left by now is gone without a word, as the owner wants it. */
	if (m->rk)
		rd_kafka_destroy_flags(m->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	for (size_t i = 0; map_next(&m->topics, &i, NULL, &name);)
		free(name);
	map_fini(&m->topics);
	pipe_close(&m->pipe);
	free(m->bootstrap);
	free(m);
}

void member_free(struct member *m)
{
	if (!m)
		return;
	io_timer_stop(&m->present);
	pipe_unwatch(&m->pipe);
	client_end(m->loop, destroy, m);
}

int member_subscribe(struct member *m, const char *const *topics, size_t n, struct err *e)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(m->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (code)
		return err_set(e, ERR_INVALID, "%s", traffic_error_text((int)code));
	io_timer_start(&m->present, PRESENT_MS, PRESENT_MS);
	pipe_poke(&m->pipe);
	return 0;
}

void member_want(struct member *m, size_t n)
{
	m->want = n;
	if (n)
		pipe_poke(&m->pipe);
}

void member_poll(struct member *m, bool on)
{
	m->hung = !on;
	if (on)
		pipe_poke(&m->pipe);
}

bool member_is_out(const struct member *m)
{
	return rd_kafka_assignment_lost(m->rk) != 0;
}

int member_commit(struct member *m, const struct member_part *p, size_t n, struct err *e)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, p[i].topic, p[i].partition)->offset =
			p[i].offset;
	code = rd_kafka_commit_queue(m->rk, list, m->main, NULL, NULL);
	rd_kafka_topic_partition_list_destroy(list);
	return code ? err_set(e, ERR_INVALID, "commit: %s: %s", traffic_error_name(code),
			      traffic_error_text(code))
		    : 0;
}

/* What the group asks for on the way out. */
static void on_the_way_out(struct member *m, rd_kafka_queue_t *q)
{
	rd_kafka_event_t *ev = rd_kafka_queue_poll(q, LEAVE_STEP_MS);

	if (!ev)
		return;
	if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_REBALANCE &&
		rd_kafka_event_error(ev) == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
		unassign(m, rd_kafka_event_topic_partition_list(ev));
	else if (rd_kafka_event_type(ev) == RD_KAFKA_EVENT_REBALANCE)
		(void)rd_kafka_assign(m->rk, NULL);
	rd_kafka_event_destroy(ev);
}

bool member_leave(struct member *m, int64_t timeout_ms)
{
	int64_t end = clock_mono_ms(&clock_system) + timeout_ms;
	rd_kafka_queue_t *q = rd_kafka_queue_new(m->rk);
	rd_kafka_error_t *no;
	bool gone = false;

	m->left = true;
	member_give_up(m);
	no = rd_kafka_consumer_close_queue(m->rk, q);
	while (!no && !(gone = rd_kafka_consumer_closed(m->rk)) &&
		clock_mono_ms(&clock_system) < end)
		on_the_way_out(m, q);
	end_error(no);
	rd_kafka_queue_destroy(q);
	return gone;
}
