/* ListOffsets: v1-8. v2 isolation, v4 leader epochs, v7 max timestamp (-3), v8 earliest local (-4).
 * replica_id -2 asks any replica for its own end (Kafka's debugging consumer). */
#include "api/partitions.h"

#define EARLIEST_LOCAL INT64_C(-4)
#define DEBUG_REPLICA  (-2)

/* The special times that a version knows; a client that uses one too early has mixed them up. */
static bool known(int16_t version, int64_t when)
{
	if (when < EARLIEST_LOCAL)
		return false;
	return when >= PLOG_EARLIEST || version >= (when == EARLIEST_LOCAL ? 8 : 7);
}

static int16_t look(struct broker *b, int16_t version, const struct list_offsets_request *r,
	const struct partition *p, int64_t when, struct plog_time_result *found)
{
	int64_t end = partition_readable(p, r->isolation_level == 1);

	/* Where the end is, and what lies at a time before it, a new leader cannot say at first. */
	if (r->replica_id != DEBUG_REPLICA && when != PLOG_EARLIEST && when != EARLIEST_LOCAL &&
		!partition_knows_end(p))
		return version >= 5 ? KERR_OFFSET_NOT_AVAILABLE : KERR_LEADER_NOT_AVAILABLE;
	if (r->replica_id == DEBUG_REPLICA)
		end = p->log->leo;
	if (when == EARLIEST_LOCAL)
		when = PLOG_EARLIEST;
	if (plog_offset_for_time(p->log, when, end, b->compress, found) < 0)
		return KERR_KAFKA_STORAGE_ERROR;
	return KERR_NONE;
}

static void one(struct call *c, const struct list_offsets_request *r, const struct repl_topic *t,
	const struct list_offsets_request_partitions *in,
	struct list_offsets_response_partitions *out)
{
	const struct partition *p = repl_partition(t, in->partition_index);
	struct plog_time_result found = {-1, -1, -1};

	out->partition_index = in->partition_index;
	out->error_code = partition_check_leader(p, in->current_leader_epoch);
	if (out->error_code == KERR_NOT_LEADER_OR_FOLLOWER && r->replica_id == DEBUG_REPLICA &&
		p->log)
		out->error_code = KERR_NONE;
	if (!out->error_code && !known(c->version, in->timestamp))
		out->error_code = KERR_UNSUPPORTED_VERSION;
	if (!out->error_code)
		out->error_code = look(c->broker, c->version, r, p, in->timestamp, &found);
	if (out->error_code)
		return;
	out->offset = found.offset;
	out->timestamp = found.timestamp;
	if (c->version >= 4)
		out->leader_epoch = found.leader_epoch;
}

void api_list_offsets(struct call *c, const struct list_offsets_request *r)
{
	struct list_offsets_response resp;

	msg_init(&list_offsets_response_desc, &resp);
	ANSWER_PARTITIONS(c, r, &resp, list_offsets, name, one);
	call_reply(c, &resp);
}
