/*
 * Fetch of the metadata log, by other controllers and by brokers that look on: v4-18, as
 * 01_fetch.c.
 *
 * The offset asked for acknowledges all before it. Answered at once when there is something to tell
 * (records, committed or not; a high watermark above the asker's, which v18 names; a diverging
 * epoch; an error); else parked until there is.
 */
#include <stdlib.h>

#include "api/api.h"
#include "api/voters.h"
#include "base/xalloc.h"

#define MAX_BYTES   (1 << 20)
#define MAX_WAIT_MS 5000

struct tail {
	struct call *call;
	struct delay_op delay;
	struct delay_watch watch;
	struct quorum_fetch_request asked;
	int32_t max_bytes;
};

static void tail_free(struct tail *t)
{
	delay_finish(&t->delay);
	net_slot_on_gone(t->call->slot, NULL, NULL);
	free(t);
}

/* Replicas get all there is; anybody else what is committed. */
static int read_log(
	const struct tail *t, const struct quorum_fetch_response *said, struct chain *out)
{
	struct plog *log = metalog_log(t->call->broker->metalog);
	int64_t end = t->asked.replica >= 0 ? log->leo : max_i64(0, said->high_watermark);
	struct plog_read_result got;

	if (t->asked.offset >= end)
		return 0;
	return plog_read(
		log, t->asked.offset, (size_t)max_i64(0, t->max_bytes), end, true, out, &got);
}

static void put(struct tail *t, const struct quorum_fetch_response *said,
	struct fetch_response_partitions *out, struct chain *records)
{
	const struct plog *log = metalog_log(t->call->broker->metalog);
	int rc = 0;

	out->error_code = said->error      ? said->error
			  : said->snapshot ? KERR_OFFSET_OUT_OF_RANGE
					   : KERR_NONE;
	out->high_watermark = said->high_watermark;
	out->last_stable_offset = said->high_watermark;
	out->log_start_offset = log->log_start;
	out->n_aborted_transactions = -1;
	out->records.bytes = slice_of("", 0);
	if (t->call->version >= 12) {
		out->current_leader.leader_id = said->leader;
		out->current_leader.leader_epoch = said->epoch;
		if (said->diverging_epoch >= 0) {
			out->diverging_epoch.epoch = said->diverging_epoch;
			out->diverging_epoch.end_offset = said->diverging_end;
		}
	}
	if (!out->error_code && said->diverging_epoch < 0)
		rc = read_log(t, said, records);
	if (rc < 0)
		out->error_code = KERR_KAFKA_STORAGE_ERROR;
	else if (records->n)
		out->records.chain = records;
}

static void answer(struct tail *t, const struct quorum_fetch_response *said)
{
	struct call *c = t->call;
	struct fetch_response resp;
	struct fetch_response_responses topic;
	struct fetch_response_partitions part;
	struct chain records;

	chain_init(&records);
	msg_init(&fetch_response_desc, &resp);
	msg_struct_init(&fetch_response_responses_struct, &topic);
	msg_struct_init(&fetch_response_partitions_struct, &part);
	put(t, said, &part, &records);
	topic.topic = STR_LIT(METALOG_TOPIC);
	topic.topic_id = metalog_topic_id;
	topic.partitions = &part;
	topic.n_partitions = 1;
	resp.responses = &topic;
	resp.n_responses = 1;
	tail_free(t);
	call_reply(c, &resp);
	chain_fini(&records);
}

static bool try_answer(struct delay_op *d)
{
	struct tail *t = CONTAINER_OF(d, struct tail, delay);
	struct quorum_fetch_response said;

	if (!metalog_fetch_again(t->call->broker->metalog, &t->asked, &said))
		return false;
	answer(t, &said);
	return true;
}

static void expire(struct delay_op *d)
{
	struct tail *t = CONTAINER_OF(d, struct tail, delay);
	struct quorum_fetch_response said;

	(void)!metalog_fetch_again(t->call->broker->metalog, &t->asked, &said);
	answer(t, &said);
}

static const struct delay_ops delay_ops = {try_answer, expire};

static void gone(void *arg)
{
	struct tail *t = arg;
	struct call *c = t->call;

	tail_free(t);
	call_skip(c);
}

static bool asked_right(const struct call *c, const struct fetch_request *r)
{
	const struct fetch_request_topics *t = r->topics;

	return r->n_topics == 1 && t->n_partitions == 1 && t->partitions[0].partition == 0 &&
	       (c->version >= 13 ? uuid_eq(&t->topic_id, &metalog_topic_id)
				 : str_eqz(t->topic, METALOG_TOPIC));
}

static void refuse(struct call *c, int16_t error)
{
	struct fetch_response resp;

	msg_init(&fetch_response_desc, &resp);
	resp.error_code = error;
	call_reply(c, &resp);
}

static struct tail *take(struct call *c, const struct fetch_request *r)
{
	const struct fetch_request_partitions *p = r->topics[0].partitions;
	struct tail *t = ALLOC(struct tail);

	t->call = c;
	t->asked = (struct quorum_fetch_request){
		.replica = c->version < 15 ? r->replica_id : r->replica_state.replica_id,
		.replica_dir = p->replica_directory_id,
		.epoch = p->current_leader_epoch,
		.offset = p->fetch_offset,
		.last_fetched_epoch = p->last_fetched_epoch,
		.high_watermark = c->version < 18 ? INT64_MAX : p->high_watermark,
	};
	t->max_bytes = (int32_t)min_i64(MAX_BYTES, min_i64(r->max_bytes, p->partition_max_bytes));
	return t;
}

void api_fetch_metadata(struct call *c, const struct fetch_request *r)
{
	struct metalog *m = c->broker->metalog;
	int64_t wait_ms = min_i64(r->max_wait_ms, MAX_WAIT_MS);
	struct quorum_fetch_response said;
	int16_t error =
		asked_right(c, r) ? voters_check_cluster(c, r->cluster_id) : KERR_INVALID_REQUEST;
	struct tail *t;

	if (error) {
		refuse(c, error);
		return;
	}
	t = take(c, r);
	metalog_fetch(m, &t->asked, &said);
	if (said.error == KERR_INVALID_VOTER_KEY)
		voters_twice(c, t->asked.replica);
	if (said.error || said.snapshot || said.diverging_epoch >= 0 || wait_ms <= 0 ||
		c->broker->stopping || metalog_fetch_again(m, &t->asked, &said)) {
		answer(t, &said);
		return;
	}
	call_park(c);
	net_slot_on_gone(c->slot, gone, t);
	delay_start(&c->broker->delay, &t->delay, &delay_ops, broker_now_ms(c->broker) + wait_ms);
	delay_watch_add(&t->delay, &t->watch, metalog_fetches(m));
}
