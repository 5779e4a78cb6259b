/* Vote: v0-2. v1 directories and the voter that is asked, v2 pre-votes. Answered when a vote that
 * is granted lies on the disk. */
#include "api/voters.h"

static int16_t check(struct call *c, const struct vote_request *r)
{
	return voters_check(c, r->cluster_id, r->voter_id, r->topics[0].partitions[0].replica_id);
}

static void serve(struct call *c, const struct vote_request *r,
	const struct vote_request_partitions *in, struct vote_response_partitions *out)
{
	struct quorum_vote_response said;
	const struct quorum_vote_request asked = {
		.new_cluster = str_is_null(r->cluster_id),
		.voter = c->broker->node_id,
		.candidate = in->replica_id,
		.candidate_dir = in->replica_directory_id,
		.epoch = in->replica_epoch,
		.last_epoch = in->last_offset_epoch,
		.last_offset = in->last_offset,
		.pre_vote = in->pre_vote,
	};

	metalog_vote(c->broker->metalog, &asked, &said);
	out->error_code = said.error;
	out->leader_id = said.leader;
	out->leader_epoch = said.epoch;
	out->vote_granted = said.granted;
}

void api_vote(struct call *c, const struct vote_request *r)
{
	VOTERS_SERVE(c, r, vote, check, serve);
}
