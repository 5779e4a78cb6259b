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

static void serve(struct call *c, UNUSED const struct begin_quorum_epoch_request *r,
	const struct begin_quorum_epoch_request_partitions *in,
	struct begin_quorum_epoch_response_partitions *out)
{
	const struct quorum_begin_request begin = {
		.leader = in->leader_id, .epoch = in->leader_epoch};
	struct quorum_epoch_response said;

	metalog_begin(c->broker->metalog, &begin, &said);
	out->error_code = said.error;
	out->leader_id = said.leader;
	out->leader_epoch = said.epoch;
}

void api_begin_quorum_epoch(struct call *c, const struct begin_quorum_epoch_request *r)
{
	VOTERS_SERVE(c, r, begin_quorum_epoch, check, serve);
}
