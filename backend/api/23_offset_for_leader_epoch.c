/* OffsetForLeaderEpoch: v2-4 (KIP-101, KIP-320). Where an epoch ends in the leader's log. */
#include "api/api.h"

static void one(const struct repl_topic *t,
	const struct offset_for_leader_epoch_request_partitions *in,
	struct offset_for_leader_epoch_response_partitions *out)
{
	const struct partition *p = repl_partition(t, in->partition);

	out->partition = in->partition;
	out->error_code = partition_check_leader(p, in->current_leader_epoch);
	if (!out->error_code)
		epoch_cache_end(&p->log->epochs, in->leader_epoch, p->log->leo, p->log->log_start,
			&out->leader_epoch, &out->end_offset);
}

void api_offset_for_leader_epoch(struct call *c, const struct offset_for_leader_epoch_request *r)
{
	struct offset_for_leader_epoch_response resp;

	msg_init(&offset_for_leader_epoch_response_desc, &resp);
	resp.topics = CALL_NEW(c, offset_for_leader_epoch_response_topics, (size_t)r->n_topics);
	resp.n_topics = r->n_topics;
	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct offset_for_leader_epoch_request_topics *in = &r->topics[i];
		struct offset_for_leader_epoch_response_topics *out = &resp.topics[i];
		const struct repl_topic *t = repl_topic(c->broker->repl, in->topic);

		out->topic = in->topic;
		out->partitions = CALL_NEW(
			c, offset_for_leader_epoch_response_partitions, (size_t)in->n_partitions);
		out->n_partitions = in->n_partitions;
		for (int32_t k = 0; k < in->n_partitions; k++)
			one(t, &in->partitions[k], &out->partitions[k]);
	}
	call_reply(c, &resp);
}
