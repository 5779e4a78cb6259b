/* EndQuorumEpoch: v0-1. v1 flexible; who should stand next comes with directories. */
#include "api/voters.h"

/* Who should stand next, the most caught up first. */
static void take_successors(const struct end_quorum_epoch_request_partitions *in, int16_t version,
	struct quorum_end_request *out)
{
	int32_t n = version >= 1 ? in->n_preferred_candidates : in->n_preferred_successors;

	for (int32_t i = 0; i < n && i < QUORUM_MAX_VOTERS; i++)
		out->successors[out->n_successors++] =
			version >= 1 ? in->preferred_candidates[i].candidate_id
				     : in->preferred_successors[i];
}

void api_end_quorum_epoch(struct call *c, const struct end_quorum_epoch_request *r)
{
	struct end_quorum_epoch_response resp;
	struct end_quorum_epoch_response_topics topic;
	struct end_quorum_epoch_response_partitions part;
	struct quorum_epoch_response said;

	msg_init(&end_quorum_epoch_response_desc, &resp);
	msg_struct_init(&end_quorum_epoch_response_topics_struct, &topic);
	msg_struct_init(&end_quorum_epoch_response_partitions_struct, &part);
	if (!VOTERS_ASKED_RIGHT(r))
		resp.error_code = KERR_INVALID_REQUEST;
	else
		resp.error_code =
			voters_check(c, r->cluster_id, -1, r->topics[0].partitions[0].leader_id);
	if (!resp.error_code) {
		const struct end_quorum_epoch_request_partitions *in = &r->topics[0].partitions[0];
		struct quorum_end_request end = {
			.leader = in->leader_id, .epoch = in->leader_epoch};

		take_successors(in, c->version, &end);
		metalog_end(c->broker->metalog, &end, &said);
		part.error_code = said.error;
		part.leader_id = said.leader;
		part.leader_epoch = said.epoch;
		VOTERS_ANSWER(&resp, &topic, &part);
	}
	call_reply(c, &resp);
}
