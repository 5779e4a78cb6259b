/* BeginQuorumEpoch: v0-1. v1 flexible, with the voter that is told and where the leader listens.
 * A node that has no cluster yet takes the leader's id and writes it down before it follows. */
#include "api/voters.h"

/* KERR_NONE, or what keeps it from following. */
static int16_t check(struct call *c, const struct begin_quorum_epoch_request *r)
{
	struct broker *b = c->broker;
	int16_t error =
		voters_check(c, r->cluster_id, r->voter_id, r->topics[0].partitions[0].leader_id);

	if (!error && b->cluster_id.n == 0 && r->cluster_id.n > 0 &&
		b->cluster_named(b, r->cluster_id) < 0)
		error = KERR_KAFKA_STORAGE_ERROR;
	return error;
}

void api_begin_quorum_epoch(struct call *c, const struct begin_quorum_epoch_request *r)
{
	struct begin_quorum_epoch_response resp;
	struct begin_quorum_epoch_response_topics topic;
	struct begin_quorum_epoch_response_partitions part;
	struct quorum_epoch_response said;

	msg_init(&begin_quorum_epoch_response_desc, &resp);
	msg_struct_init(&begin_quorum_epoch_response_topics_struct, &topic);
	msg_struct_init(&begin_quorum_epoch_response_partitions_struct, &part);
	if (!VOTERS_ASKED_RIGHT(r))
		resp.error_code = KERR_INVALID_REQUEST;
	else
		resp.error_code = check(c, r);
	if (!resp.error_code) {
		const struct begin_quorum_epoch_request_partitions *in =
			&r->topics[0].partitions[0];

		metalog_begin(c->broker->metalog,
			&(struct quorum_begin_request){
				.leader = in->leader_id, .epoch = in->leader_epoch},
			&said);
		part.error_code = said.error;
		part.leader_id = said.leader;
		part.leader_epoch = said.epoch;
		VOTERS_ANSWER(&resp, &topic, &part);
	}
	call_reply(c, &resp);
}
