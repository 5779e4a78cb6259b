/*
 * Produce: v3-11 (record batches v2). v7 zstd, v8 record errors, v9 flexible, v10 current leader.
 *
 * Each partition's batch is judged, queued with repl_append and answered when the turn's append is
 * done; acks=all then waits for the high watermark. The batches are stamped and written from the
 * memory they were received in, so the call holds its frame until they are in the log, and no
 * longer.
 */
#include <stdlib.h>

#include "api/api.h"
#include "base/xalloc.h"

struct part {
	struct repl_append append;
	struct produce *op;
	struct produce_response_partition_responses *out;
	struct delay_watch watch;
	void *owned; /* a recompressed batch */
};

struct produce {
	struct call *call;
	struct produce_response resp;
	struct delay_op delay;
	int16_t acks;
	int32_t timeout_ms;
	int32_t n_parts;    /* queued */
	int32_t n_pending;  /* not yet in the log */
	bool building;      /* the handler is still queueing */
	bool transactional; /* the request has a transactional id */
	struct part *parts;
};

static void put_error(struct produce_response_partition_responses *out, int16_t error)
{
	out->error_code = error;
	out->base_offset = -1;
	out->log_append_time_ms = -1;
	out->log_start_offset = -1;
}

/* Since version 10; older ones have no place for it. */
static void put_leader(const struct produce *op, struct produce_response_partition_responses *out,
	const struct partition *p)
{
	if (op->call->version < 10 || out->error_code != KERR_NOT_LEADER_OR_FOLLOWER || !p)
		return;
	out->current_leader.leader_id = p->leader;
	out->current_leader.leader_epoch = p->leader_epoch;
}

/* True when any partition has an error: with acks=0 the connection is closed then. */
static bool any_error(const struct produce *op)
{
	for (int32_t t = 0; t < op->resp.n_responses; t++) {
		const struct produce_response_responses *r = &op->resp.responses[t];
		for (int32_t i = 0; i < r->n_partition_responses; i++)
			if (r->partition_responses[i].error_code)
				return true;
	}
	return false;
}

static void answer(struct produce *op)
{
	struct call *c = op->call;

	delay_finish(&op->delay);
	for (int32_t i = 0; i < op->n_parts; i++) {
		partition_put(op->parts[i].append.partition);
		free(op->parts[i].owned);
	}
	if (op->acks != 0)
		call_reply(c, &op->resp);
	else if (any_error(op))
		call_drop(c, "a produce request with acks=0 that failed");
	else
		call_skip(c);
}

/* ---- acks=all: waiting for the high watermark ------------------------------------------------ */

/* True when this partition needs no more waiting; sets what it is answered. */
static bool settled(struct part *p)
{
	int16_t outcome;

	if (p->out->error_code)
		return true;
	outcome = repl_append_outcome(&p->append);
	if (outcome < 0)
		return false;
	if (outcome > 0) {
		put_error(p->out, outcome);
		put_leader(p->op, p->out, p->append.partition);
	}
	return true;
}

static bool all_settled(struct produce *op)
{
	bool all = true;

	for (int32_t i = 0; i < op->n_parts; i++)
		all = settled(&op->parts[i]) && all;
	return all;
}

static bool try_answer(struct delay_op *d)
{
	struct produce *op = CONTAINER_OF(d, struct produce, delay);

	if (!all_settled(op))
		return false;
	answer(op);
	return true;
}

static void expire(struct delay_op *d)
{
	struct produce *op = CONTAINER_OF(d, struct produce, delay);

	for (int32_t i = 0; i < op->n_parts; i++)
		if (!settled(&op->parts[i]))
			put_error(op->parts[i].out, KERR_REQUEST_TIMED_OUT);
	answer(op);
}

static const struct delay_ops delay_ops = {try_answer, expire};

/* Nobody waits any more. */
static void gone(void *arg)
{
	answer(arg);
}

static void appended_all(struct produce *op)
{
	struct broker *b = op->call->broker;

	if (op->acks >= 0 || all_settled(op) || net_slot_gone(op->call->slot)) {
		answer(op);
		return;
	}
	net_slot_on_gone(op->call->slot, gone, op);
	/* The batches are in the log. Were they held until the followers have them, followers'
	 * requests would find no memory. */
	for (int32_t i = 0; i < op->resp.n_responses; i++) {
		struct produce_response_responses *t = &op->resp.responses[i];

		t->name = arena_str(&op->call->arena, t->name);
	}
	call_drop_request(op->call);
	delay_start(&b->delay, &op->delay, &delay_ops, broker_now_ms(b) + op->timeout_ms);
	for (int32_t i = 0; i < op->n_parts; i++) {
		struct part *p = &op->parts[i];

		free(p->owned);
		p->owned = NULL;
		if (!p->out->error_code)
			delay_watch_add(&op->delay, &p->watch, &p->append.partition->commits);
	}
}

static void appended(struct repl_append *a)
{
	struct part *p = CONTAINER_OF(a, struct part, append);
	struct produce *op = p->op;

	if (a->error) {
		put_error(p->out, a->error);
		put_leader(op, p->out, a->partition);
	} else {
		p->out->base_offset = a->base_offset;
		p->out->log_append_time_ms = a->timestamp;
		p->out->log_start_offset = a->log_start;
	}
	if (--op->n_pending == 0 && !op->building)
		appended_all(op);
}

/* ---- judging ------------------------------------------------------------------------------- */

/* Stores under another codec: the batch is rebuilt with the same records. */
static int recompress(
	struct broker *b, struct part *p, struct slice batch, const struct repl_config *k)
{
	const struct batch_header *h = &p->append.header;
	struct batch_options opt = {.codec = (enum compress)k->compression,
		.level = k->compression_level,
		.leader_epoch = -1,
		.producer_id = h->producer_id,
		.producer_epoch = h->producer_epoch,
		.base_sequence = h->base_sequence,
		.transactional = batch_is_transactional(h)};
	struct batch_builder builder;
	struct record_iter it;
	struct record r;
	struct slice out;
	int rc;

	batch_builder_init(&builder, b->compress);
	batch_builder_begin(&builder, &opt);
	rc = record_iter_init(
		&it, h, batch, b->compress, (size_t)b->set.max_fetch_bytes, &b->scratch);
	while (rc == 0 && (rc = record_next(&it, &r)) == 1) {
		VEC(struct record_header) headers = {0};
		struct slice rest = r.headers;
		struct record_header head;

		while (record_header_next(&rest, &head))
			vec_push(&headers, head);
		rc = batch_builder_add_at(&builder, r.offset_delta, r.timestamp, r.key, r.value,
			headers.v, (int32_t)headers.n);
		vec_fini(&headers);
	}
	if (rc == 0)
		rc = batch_builder_finish(&builder, &out);
	if (rc == 0) {
		p->owned = xmemdup(out.p, out.n);
		p->append.batch = p->owned;
		rc = batch_parse(slice_of(p->owned, out.n), &p->append.header);
	}
	batch_builder_fini(&builder);
	return rc;
}

static int16_t judge(struct call *c, const struct partition *part, struct slice records,
	struct produce_verdict *v)
{
	struct broker *b = c->broker;
	const struct repl_config *k = &part->topic->config;
	struct produce_rules rules = {
		.api_version = c->version,
		.max_message_bytes = k->max_message_bytes,
		.segment_bytes = k->log.segment_bytes,
		.now_ms = clock_wall_ms(b->clock),
		.before_max_ms = k->before_max_ms,
		.after_max_ms = k->after_max_ms,
		.log_append_time = k->log_append_time,
		.need_keys = k->log.cleanup_compact,
		.unpack_cap = (size_t)b->set.max_fetch_bytes,
		.ctx = b->compress,
		.scratch = &b->scratch,
	};

	return batch_validate_produce(records, &rules, v);
}

static int16_t prepare(struct call *c, struct part *p, const struct partition *part,
	struct slice records, const struct produce_verdict *v)
{
	const struct repl_config *k = &part->topic->config;

	p->append.header = v->header;
	/* The frame is this call's alone: its bytes are stamped where they are. */
	p->append.batch = (uint8_t *)(uintptr_t)records.p;
	if (k->compression >= 0 && (int)batch_codec(&v->header) != k->compression &&
		recompress(c->broker, p, records, k) < 0)
		return KERR_CORRUPT_MESSAGE;
	if (k->log_append_time) {
		size_t size = p->append.header.size;
		batch_set_log_append_time(p->append.batch, clock_wall_ms(c->broker->clock));
		if (batch_parse(slice_of(p->append.batch, size), &p->append.header) < 0)
			return KERR_CORRUPT_MESSAGE;
	}
	return KERR_NONE;
}

static void put_verdict(struct call *c, const struct produce_verdict *v,
	struct produce_response_partition_responses *out)
{
	put_error(out, v->error);
	out->error_message = str_of(arena_strdup(&c->arena, v->message));
	if (v->bad_record < 0 || c->version < 8)
		return;
	out->record_errors = CALL_NEW(c, produce_response_record_errors, 1);
	out->n_record_errors = 1;
	out->record_errors[0].batch_index = v->bad_record;
	out->record_errors[0].batch_index_error_message = out->error_message;
}

static void one(struct produce *op, const struct repl_topic *t,
	const struct produce_request_partition_data *in,
	struct produce_response_partition_responses *out)
{
	struct call *c = op->call;
	struct partition *part = repl_partition(t, in->index);
	struct part *p = &op->parts[op->n_parts];
	struct produce_verdict v = {0};
	int16_t error = partition_check_leader(part, -1);

	out->index = in->index;
	if (!error && op->acks < 0)
		error = partition_check_isr(part);
	if (error) {
		put_error(out, error);
		put_leader(op, out, part);
		return;
	}
	if (judge(c, part, in->records.bytes, &v)) {
		put_verdict(c, &v, out);
		return;
	}
	/* No transactions here yet: nobody could end one, and readers would wait for that for ever.
	 */
	if (batch_is_transactional(&v.header)) {
		put_error(out, op->transactional ? KERR_INVALID_PRODUCER_ID_MAPPING
						 : KERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
		return;
	}
	error = prepare(c, p, part, in->records.bytes, &v);
	if (error) {
		put_error(out, error);
		return;
	}
	p->op = op;
	p->out = out;
	p->append.done = appended;
	op->n_parts++;
	op->n_pending++;
	repl_append(part, &p->append);
}

/* Kafka fails the whole request for these. */
static int16_t refuse(const struct produce_request *r)
{
	if (r->acks < -1 || r->acks > 1)
		return KERR_INVALID_REQUIRED_ACKS;
	return KERR_NONE;
}

static void each(struct produce *op, const struct produce_request *r, int16_t error)
{
	struct repl *repl = op->call->broker->repl;

	for (int32_t i = 0; i < r->n_topic_data; i++) {
		const struct produce_request_topic_data *in = &r->topic_data[i];
		struct produce_response_responses *out = &op->resp.responses[i];
		const struct repl_topic *t = repl_topic(repl, in->name);
		int32_t n = in->n_partition_data;

		out->name = in->name;
		out->partition_responses =
			CALL_NEW(op->call, produce_response_partition_responses, (size_t)n);
		out->n_partition_responses = n;
		for (int32_t k = 0; k < n; k++) {
			out->partition_responses[k].index = in->partition_data[k].index;
			if (error)
				put_error(&out->partition_responses[k], error);
			else
				one(op, t, &in->partition_data[k], &out->partition_responses[k]);
		}
	}
}

void api_produce(struct call *c, const struct produce_request *r)
{
	struct produce *op = ARENA_NEW(&c->arena, struct produce);
	size_t n = 0;

	for (int32_t i = 0; i < r->n_topic_data; i++)
		n += (size_t)r->topic_data[i].n_partition_data;
	call_hold(c);
	op->call = c;
	op->acks = r->acks;
	op->timeout_ms = r->timeout_ms;
	op->transactional = !str_is_null(r->transactional_id);
	op->parts = arena_array(&c->arena, n, sizeof(*op->parts));
	msg_init(&produce_response_desc, &op->resp);
	op->resp.responses = CALL_NEW(c, produce_response_responses, (size_t)r->n_topic_data);
	op->resp.n_responses = r->n_topic_data;
	op->building = true;
	each(op, r, refuse(r));
	op->building = false;
	if (op->n_pending == 0)
		answer(op);
}
