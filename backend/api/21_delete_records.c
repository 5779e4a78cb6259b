/*
 * DeleteRecords: v0-2. Advances the start of partitions; offset -1 means the high watermark. It is
 * answered when the live replicas have moved their starts, too: followers learn of it with their
 * next fetch and tell with the one behind it.
 */
#include "api/partitions.h"

struct part {
	struct delete_records_response_partitions *out;
	struct partition *partition; /* with a reference */
	uint32_t term;
	int64_t offset;
	struct delay_watch watch;
};

struct deletion {
	struct call *call;
	struct delete_records_response resp;
	struct delay_op delay;
	struct part *parts; /* those that were moved */
	int32_t n_parts;
};

static void put_error(struct delete_records_response_partitions *out, int16_t error)
{
	out->error_code = error;
	out->low_watermark = -1;
}

static void answer(struct deletion *d)
{
	delay_finish(&d->delay);
	for (int32_t i = 0; i < d->n_parts; i++)
		partition_put(d->parts[i].partition);
	call_reply(d->call, &d->resp);
}

/* True when this partition needs no more waiting; sets what it is answered. */
static bool settled(struct part *p)
{
	const struct partition *part = p->partition;

	if (p->out->error_code)
		return true;
	if (!part->leads || !part->log || part->term != p->term) {
		put_error(p->out, KERR_NOT_LEADER_OR_FOLLOWER);
		return true;
	}
	p->out->low_watermark = partition_low_watermark(part);
	return p->out->low_watermark >= p->offset;
}

static bool all_settled(struct deletion *d)
{
	bool all = true;

	for (int32_t i = 0; i < d->n_parts; i++)
		all = settled(&d->parts[i]) && all;
	return all;
}

static bool try_answer(struct delay_op *op)
{
	struct deletion *d = CONTAINER_OF(op, struct deletion, delay);

	if (!all_settled(d))
		return false;
	answer(d);
	return true;
}

static void expire(struct delay_op *op)
{
	struct deletion *d = CONTAINER_OF(op, struct deletion, delay);

	for (int32_t i = 0; i < d->n_parts; i++)
		if (!settled(&d->parts[i]))
			put_error(d->parts[i].out, KERR_REQUEST_TIMED_OUT);
	answer(d);
}

static const struct delay_ops delay_ops = {try_answer, expire};

/* Nobody waits any more. */
static void gone(void *arg)
{
	answer(arg);
}

static int16_t move(const struct repl_topic *t, struct partition *p, int64_t *offset)
{
	int16_t error = partition_check_leader(p, -1);
	int rc;

	if (error)
		return error;
	if (t->internal || !t->config.log.cleanup_delete)
		return KERR_POLICY_VIOLATION;
	if (*offset == -1)
		*offset = p->log->high_watermark;
	if (*offset < 0 || *offset > p->log->high_watermark)
		return KERR_OFFSET_OUT_OF_RANGE;
	/* The start has moved also where old files could not be removed. */
	rc = plog_delete_records(p->log, *offset);
	partition_wake_readers(p);
	return rc < 0 ? KERR_KAFKA_STORAGE_ERROR : KERR_NONE;
}

static void one(struct deletion *d, UNUSED const struct delete_records_request *r,
	const struct repl_topic *t, const struct delete_records_request_partitions *in,
	struct delete_records_response_partitions *out)
{
	struct partition *p = repl_partition(t, in->partition_index);
	int64_t offset = in->offset;
	int16_t error = move(t, p, &offset);

	out->partition_index = in->partition_index;
	put_error(out, error);
	if (error)
		return;
	d->parts[d->n_parts++] = (struct part){
		.out = out, .partition = partition_get(p), .term = p->term, .offset = offset};
}

static size_t count(const struct delete_records_request *r)
{
	size_t n = 0;

	for (int32_t i = 0; i < r->n_topics; i++)
		n += (size_t)r->topics[i].n_partitions;
	return n;
}

static void wait(struct deletion *d, int32_t timeout_ms)
{
	struct broker *b = d->call->broker;

	net_slot_on_gone(d->call->slot, gone, d);
	delay_start(&b->delay, &d->delay, &delay_ops, broker_now_ms(b) + timeout_ms);
	for (int32_t i = 0; i < d->n_parts; i++)
		delay_watch_add(&d->delay, &d->parts[i].watch, &d->parts[i].partition->commits);
}

void api_delete_records(struct call *c, const struct delete_records_request *r)
{
	struct deletion *d = ARENA_NEW(&c->arena, struct deletion);

	call_hold(c);
	d->call = c;
	d->parts = arena_array(&c->arena, count(r), sizeof(*d->parts));
	msg_init(&delete_records_response_desc, &d->resp);
	ANSWER_PARTITIONS_OF(c, d, r, &d->resp, delete_records, name, one);
	if (all_settled(d))
		answer(d);
	else
		wait(d, r->timeout_ms);
}
