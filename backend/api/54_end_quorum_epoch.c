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

static int16_t check(struct call *c, const struct end_quorum_epoch_request *r)
{
	return voters_check(c, r->cluster_id, -1, r->topics[0].partitions[0].leader_id);
}

static void serve(struct call *c, UNUSED const struct end_quorum_epoch_request *r,
	const struct end_quorum_epoch_request_partitions *in,
	struct end_quorum_epoch_response_partitions *out)
{
	struct quorum_end_request end = {.leader = in->leader_id, .epoch = in->leader_epoch};
	struct quorum_epoch_response said;

	take_successors(in, c->version, &end);
	metalog_end(c->broker->metalog, &end, &said);
	out->error_code = said.error;
	out->leader_id = said.leader;
	out->leader_epoch = said.epoch;
}

void api_end_quorum_epoch(struct call *c, const struct end_quorum_epoch_request *r)
{
	VOTERS_SERVE(c, r, end_quorum_epoch, check, serve);
}
