/* OffsetForLeaderEpoch: v2-4 (KIP-101, KIP-320). Where an epoch ends in the leader's log. */
#include "api/partitions.h"

static void one(UNUSED struct call *c, UNUSED const struct offset_for_leader_epoch_request *r,
	const struct repl_topic *t, const struct offset_for_leader_epoch_request_partitions *in,
	struct offset_for_leader_epoch_response_partitions *out)
{
	const struct partition *p = repl_partition(t, in->partition);

	out->partition = in->partition;
	out->error_code = partition_check_leader(p, in->current_leader_epoch);
	if (!out->error_code)
		partition_epoch_end(p, in->leader_epoch, &out->leader_epoch, &out->end_offset);
}

void api_offset_for_leader_epoch(struct call *c, const struct offset_for_leader_epoch_request *r)
{
	struct offset_for_leader_epoch_response resp;

	msg_init(&offset_for_leader_epoch_response_desc, &resp);
	ANSWER_PARTITIONS(c, r, &resp, offset_for_leader_epoch, topic, one);
	call_reply(c, &resp);
}
