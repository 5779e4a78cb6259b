/*
 * Fetch: v4-18. v4 isolation, v7 sessions (always answered with session 0: full fetches), v9 leader
 * epochs, v12 flexible, v13 topic ids, v15 replica state,
 * v18 the high watermark that the asker knows (only of use for the metadata log,
 * 01_fetch_metadata.c).
 *
 * What would wait for the disk is read ahead by another thread first; such an answer is kept short.
 * Then: a fetch that has its minimum of bytes, or an error, is answered at once. Else its
 * partitions are copied out of the request, the call parks, and it is tried again when one of them
 * moves on.
 */
#include <stdlib.h>

#include "api/api.h"
#include "api/voters.h"
#include "base/xalloc.h"

#define COLD_BYTES (8 << 20) /* in one answer */

struct part {
	struct repl_topic *topic; /* looked up anew at each try: topics come and go */
	struct partition *partition;
	struct str name;
	struct uuid id;
	int32_t index, epoch, max_bytes;
	int64_t offset;
	int32_t last_epoch; /* of the record before offset, -1: not told */
	int64_t log_start;  /* a follower's */
	int16_t refused;    /* the follower's position */
	struct delay_watch watch;
	struct chain records;
};

struct fetch {
	struct call *call;
	struct delay_op delay;
	struct arena arena; /* of the parked copy */
	struct part *parts;
	int32_t n_parts;
	int32_t min_bytes, max_bytes;
	int32_t max_wait_ms;
	bool committed_only;
	int32_t replica;        /* the follower that asks; -1: a consumer */
	int64_t broker_epoch;   /* its */
	struct plog_warm *cold; /* being read ahead */
	int32_t n_cold;
};

static void fetch_free(struct fetch *f)
{
	delay_finish(&f->delay);
	for (int32_t i = 0; i < f->n_parts; i++) {
		chain_fini(&f->parts[i].records);
		partition_put(f->parts[i].partition);
	}
	arena_fini(&f->arena);
	free(f);
}

static int16_t find(struct fetch *f, struct part *p)
{
	struct broker *b = f->call->broker;
	bool by_id = f->call->version >= 13;
	struct partition *found;

	p->topic = by_id ? repl_topic_by_id(b->repl, &p->id) : repl_topic(b->repl, p->name);
	if (!p->topic)
		return by_id ? KERR_UNKNOWN_TOPIC_ID : KERR_UNKNOWN_TOPIC_OR_PARTITION;
	found = repl_partition(p->topic, p->index);
	if (found != p->partition) {
		partition_put(p->partition);
		p->partition = found ? partition_get(found) : NULL;
	}
	return partition_check_leader(found, p->epoch);
}

/* Up to where this reader may read. */
static int64_t readable(const struct fetch *f, const struct part *p)
{
	return f->replica >= 0 ? p->partition->log->leo
			       : partition_readable(p->partition, f->committed_only);
}

/* The offset is how a follower says what it has. One whose log differs has to cut it first. */
static int16_t note(struct fetch *f, struct part *p)
{
	struct replica_fetch told = {.replica = f->replica,
		.broker_epoch = f->broker_epoch,
		.offset = p->offset,
		.log_start = p->log_start};
	int32_t epoch;
	int64_t end;

	if (f->replica < 0 || find(f, p) || p->offset > p->partition->log->leo ||
		p->offset < p->partition->log->log_start ||
		partition_diverges(p->partition, p->last_epoch, p->offset, &epoch, &end))
		return KERR_NONE;
	return partition_fetched(p->partition, &told);
}

/* How much a reader would get now; negative: an error, answer at once. */
static int64_t available(struct fetch *f, struct part *p)
{
	struct plog *log;
	int32_t epoch;
	int64_t end;

	if (find(f, p) || p->refused ||
		partition_diverges(p->partition, p->last_epoch, p->offset, &epoch, &end))
		return -1;
	log = p->partition->log;
	end = readable(f, p);
	if (p->offset < log->log_start || p->offset > log->leo)
		return -1;
	if (p->offset >= end)
		return 0;
	return min_i64(plog_bytes_between(log, p->offset, end), p->max_bytes);
}

static bool enough(struct fetch *f)
{
	int64_t sum = 0;

	for (int32_t i = 0; i < f->n_parts; i++) {
		int64_t n = available(f, &f->parts[i]);
		if (n < 0)
			return true;
		sum += n;
		if (sum >= f->min_bytes)
			return true;
	}
	return sum >= f->min_bytes;
}

/* ---- answering ----------------------------------------------------------------------------- */

/* Older versions have no place for it. */
static void put_leader(
	const struct fetch *f, struct fetch_response_partitions *out, const struct partition *p)
{
	if (f->call->version < 12 || !p ||
		(out->error_code != KERR_NOT_LEADER_OR_FOLLOWER &&
			out->error_code != KERR_FENCED_LEADER_EPOCH))
		return;
	out->current_leader.leader_id = p->leader;
	out->current_leader.leader_epoch = p->leader_epoch;
}

/* Reads one partition into its chain; returns the bytes. The first partition that has any gives at
 * least one batch, however large. */
static size_t read_part(struct fetch *f, struct part *p, int64_t left, bool first,
	struct fetch_response_partitions *out)
{
	struct plog *log = p->partition->log;
	int64_t end = readable(f, p);
	struct plog_read_result got = {0};
	int rc;

	out->high_watermark = log->high_watermark;
	out->last_stable_offset = plog_last_stable(log);
	out->log_start_offset = log->log_start;
	if (partition_diverges(p->partition, p->last_epoch, p->offset, &out->diverging_epoch.epoch,
		    &out->diverging_epoch.end_offset))
		return 0;
	out->diverging_epoch.epoch = -1;
	out->diverging_epoch.end_offset = -1;
	if (p->offset < log->log_start || p->offset > log->leo) {
		out->error_code = KERR_OFFSET_OUT_OF_RANGE;
		if (f->replica < 0)
			out->high_watermark = out->last_stable_offset = out->log_start_offset = -1;
		return 0;
	}
	if (p->offset >= end || (left <= 0 && !first))
		return 0;
	rc = plog_read(log, p->offset, (size_t)max_i64(0, min_i64(left, p->max_bytes)), end, first,
		&p->records, &got);
	if (rc == ERR_NOT_FOUND)
		out->error_code = KERR_OFFSET_OUT_OF_RANGE;
	else if (rc < 0)
		out->error_code = KERR_KAFKA_STORAGE_ERROR;
	p->partition->bytes_out += p->records.n;
	return p->records.n;
}

static void put_part(struct fetch *f, struct part *p, int64_t *left, bool *first,
	struct fetch_response_partitions *out)
{
	size_t n = 0;

	out->partition_index = p->index;
	out->high_watermark = -1;
	out->error_code = find(f, p);
	if (!out->error_code)
		out->error_code = p->refused;
	chain_init(&p->records);
	if (out->error_code)
		put_leader(f, out, p->partition);
	else
		n = read_part(f, p, *left, *first, out);
	*left -= (int64_t)n;
	*first = *first && n == 0;
	/* No transactions here, so none aborted; null says that nobody asked. */
	out->aborted_transactions = NULL;
	out->n_aborted_transactions = f->committed_only ? 0 : -1;
	out->records.bytes = slice_of("", 0);
	out->records.chain = n ? &p->records : NULL;
}

static bool same_topic(const struct fetch *f, const struct part *a, const struct part *b)
{
	return f->call->version >= 13 ? uuid_eq(&a->id, &b->id) : str_eq(a->name, b->name);
}

/* Partitions of one topic stand together, as they did in the request. */
static int32_t count_topic(const struct fetch *f, int32_t from)
{
	int32_t i = from;

	while (i < f->n_parts && same_topic(f, &f->parts[from], &f->parts[i]))
		i++;
	return i - from;
}

static void answer(struct fetch *f)
{
	struct call *c = f->call;
	struct fetch_response resp;
	int64_t left = f->max_bytes;
	bool first = true;

	delay_finish(&f->delay);
	net_slot_on_gone(c->slot, NULL, NULL);
	msg_init(&fetch_response_desc, &resp);
	resp.responses = CALL_NEW(c, fetch_response_responses, (size_t)f->n_parts);
	for (int32_t i = 0; i < f->n_parts;) {
		struct fetch_response_responses *t = &resp.responses[resp.n_responses++];
		int32_t n = count_topic(f, i);

		t->topic = f->parts[i].name;
		t->topic_id = f->parts[i].id;
		t->partitions = CALL_NEW(c, fetch_response_partitions, (size_t)n);
		t->n_partitions = n;
		for (int32_t k = 0; k < n; k++)
			put_part(f, &f->parts[i + k], &left, &first, &t->partitions[k]);
		i += n;
	}
	call_reply(c, &resp);
	fetch_free(f);
}

static bool try_answer(struct delay_op *d)
{
	struct fetch *f = CONTAINER_OF(d, struct fetch, delay);

	if (!enough(f))
		return false;
	answer(f);
	return true;
}

static void expire(struct delay_op *d)
{
	answer(CONTAINER_OF(d, struct fetch, delay));
}

static const struct delay_ops delay_ops = {try_answer, expire};

static void gone(void *arg)
{
	struct fetch *f = arg;
	struct call *c = f->call;

	fetch_free(f);
	call_skip(c);
}

static void wait(struct fetch *f)
{
	struct call *c = f->call;
	struct broker *b = c->broker;

	net_slot_on_gone(c->slot, gone, f);
	delay_start(&b->delay, &f->delay, &delay_ops, broker_now_ms(b) + f->max_wait_ms);
	for (int32_t i = 0; i < f->n_parts; i++) {
		struct partition *p = f->parts[i].partition;

		if (p)
			delay_watch_add(&f->delay, &f->parts[i].watch,
				f->replica >= 0 ? &p->ends : &p->reads);
	}
}

/* True: it was answered. */
static bool answer_at_once(struct fetch *f)
{
	if (f->max_wait_ms > 0 && !f->call->broker->stopping && !enough(f))
		return false;
	answer(f);
	return true;
}

/* ---- what lies on the disk only ------------------------------------------------------------- */

static void warmed(void *arg)
{
	struct fetch *f = arg;

	for (int32_t i = 0; i < f->n_cold; i++)
		plog_warm_end(&f->cold[i]);
	if (net_slot_gone(f->call->slot))
		gone(f);
	else if (!answer_at_once(f))
		wait(f);
}

/* True: the fetch goes on in warmed(). */
static bool read_ahead(struct fetch *f)
{
	struct broker *b = f->call->broker;
	int64_t left = min_i64(f->max_bytes, COLD_BYTES);

	for (int32_t i = 0; b->read_ahead && i < f->n_parts && left > 0; i++) {
		struct part *p = &f->parts[i];
		struct plog_warm w;

		if (find(f, p) || plog_warm_begin(p->partition->log, p->offset,
					  (size_t)min_i64(left, max_i64(0, p->max_bytes)),
					  readable(f, p), &w) <= 0)
			continue;
		if (!f->cold)
			f->cold = arena_array(&f->arena, (size_t)f->n_parts, sizeof(*f->cold));
		f->cold[f->n_cold++] = w;
		left -= (int64_t)w.bytes;
	}
	if (!f->n_cold)
		return false;
	f->max_bytes = (int32_t)min_i64(f->max_bytes, COLD_BYTES);
	call_park(f->call);
	b->read_ahead(b, f->cold, f->n_cold, warmed, f);
	return true;
}

/* ---- taking the request -------------------------------------------------------------------- */

static struct fetch *take(struct call *c, const struct fetch_request *r)
{
	struct fetch *f = ALLOC(struct fetch);
	size_t n = 0;

	for (int32_t i = 0; i < r->n_topics; i++)
		n += (size_t)r->topics[i].n_partitions;
	f->call = c;
	f->max_wait_ms = r->max_wait_ms;
	f->max_bytes = (int32_t)min_i64(r->max_bytes, c->broker->set.max_fetch_bytes);
	f->min_bytes = (int32_t)min_i64(r->min_bytes, f->max_bytes);
	f->committed_only = r->isolation_level == 1;
	f->replica = c->version < 15 ? r->replica_id : r->replica_state.replica_id;
	f->broker_epoch = c->version < 15 ? -1 : r->replica_state.replica_epoch;
	arena_init(&f->arena, 0);
	f->parts = arena_array(&f->arena, n, sizeof(*f->parts));
	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct fetch_request_topics *t = &r->topics[i];
		struct str name = arena_str(&f->arena, t->topic);

		for (int32_t k = 0; k < t->n_partitions; k++) {
			struct part *p = &f->parts[f->n_parts++];
			p->name = name;
			p->id = t->topic_id;
			p->index = t->partitions[k].partition;
			p->epoch = t->partitions[k].current_leader_epoch;
			p->offset = t->partitions[k].fetch_offset;
			p->last_epoch = t->partitions[k].last_fetched_epoch;
			p->log_start = t->partitions[k].log_start_offset;
			p->max_bytes = t->partitions[k].partition_max_bytes;
			chain_init(&p->records);
		}
	}
	return f;
}

/* Once, when the request comes. A partition that may not be fetched answers why. */
static void note_all(struct fetch *f)
{
	for (int32_t i = 0; i < f->n_parts; i++)
		f->parts[i].refused = note(f, &f->parts[i]);
}

void api_fetch(struct call *c, const struct fetch_request *r)
{
	struct fetch_response resp;
	struct fetch *f;

	if (broker_by_controller(c->broker, c)) {
		api_fetch_metadata(c, r);
		return;
	}
	/* A session that this broker never gave out: the client then asks in full. */
	if (r->session_epoch > 0) {
		msg_init(&fetch_response_desc, &resp);
		resp.error_code = KERR_FETCH_SESSION_ID_NOT_FOUND;
		call_reply(c, &resp);
		return;
	}
	f = take(c, r);
	note_all(f);
	if (read_ahead(f) || answer_at_once(f))
		return;
	call_park(c);
	wait(f);
}
