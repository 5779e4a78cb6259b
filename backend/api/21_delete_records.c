/* DeleteRecords: v0-2. Advances the start of partitions; offset -1 means the high watermark. */
#include "api/partitions.h"

static void one(UNUSED struct call *c, UNUSED const struct delete_records_request *r,
	const struct repl_topic *t, const struct delete_records_request_partitions *in,
	struct delete_records_response_partitions *out)
{
	struct partition *p = repl_partition(t, in->partition_index);
	int64_t offset = in->offset;

	out->partition_index = in->partition_index;
	out->low_watermark = -1;
	out->error_code = partition_check_leader(p, -1);
	if (out->error_code)
		return;
	if (t->internal || !t->config.log.cleanup_delete) {
		out->error_code = KERR_POLICY_VIOLATION;
		return;
	}
	if (offset == -1)
		offset = p->log->high_watermark;
	if (offset < 0 || offset > p->log->high_watermark) {
		out->error_code = KERR_OFFSET_OUT_OF_RANGE;
		return;
	}
	if (plog_delete_records(p->log, offset) < 0) {
		out->error_code = KERR_KAFKA_STORAGE_ERROR;
		return;
	}
	out->low_watermark = p->log->log_start;
	delay_key_wake(&p->reads);
}

void api_delete_records(struct call *c, const struct delete_records_request *r)
{
	struct delete_records_response resp;

	msg_init(&delete_records_response_desc, &resp);
	ANSWER_PARTITIONS(c, r, &resp, delete_records, name, one);
	call_reply(c, &resp);
}
