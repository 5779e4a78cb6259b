/*
 * What a leader refuses from a producer (Kafka: ProduceRequest.validateRecords,
 * UnifiedLog.analyzeAndValidateRecords, LogValidator.validateBatch and .validateRecord), in the
 * order in which Kafka finds it, so that a client sees the same code for the same batch. Unlike
 * Kafka the records themselves are walked only where a rule needs it.
 */
#include "wire/batch_impl.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "wire/kerr.h"

static int16_t PRINTF_LIKE(3, 4)
	refuse(struct produce_verdict *v, int16_t error, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(v->message, sizeof(v->message), fmt, ap);
	va_end(ap);
	v->error = error;
	return error;
}

/* The shape of the request: one batch, magic 2, a compression this version may use. */
static int16_t check_shape(
	struct slice records, const struct produce_rules *rules, struct produce_verdict *v)
{
	if (records.n == 0)
		return refuse(v, KERR_INVALID_RECORD, "no record batch for the partition");
	int64_t size = batch_peek(records);
	if (size < 0 || (size_t)size > records.n)
		return refuse(v, KERR_CORRUPT_MESSAGE,
			"the batch's length does not fit the %zu bytes that were sent", records.n);
	int magic = batch_magic(records);
	if (magic != BATCH_MAGIC)
		return refuse(v, KERR_INVALID_RECORD,
			"record format %d: only format 2 (Kafka 0.11 and later) is taken", magic);
	if (size < BATCH_HEADER)
		return refuse(v, KERR_CORRUPT_MESSAGE, "the batch is shorter than its head");
	int codec = records.p[BATCH_CRC_FROM + 1] & BATCH_CODEC;
	if (codec >= COMPRESS_COUNT)
		return refuse(v, KERR_CORRUPT_MESSAGE, "unknown compression %d", codec);
	if (rules->api_version < 7 && codec == COMPRESS_ZSTD)
		return refuse(v, KERR_UNSUPPORTED_COMPRESSION_TYPE,
			"zstd needs Produce version 7, this is version %d", rules->api_version);
	if ((size_t)size < records.n)
		return refuse(
			v, KERR_INVALID_RECORD, "more than one record batch for the partition");
	return KERR_NONE;
}

static int16_t check_size(const struct produce_rules *rules, size_t size, struct produce_verdict *v)
{
	if (size > (size_t)rules->max_message_bytes)
		return refuse(v, KERR_MESSAGE_TOO_LARGE,
			"the batch has %zu bytes, max.message.bytes is %" PRId32, size,
			rules->max_message_bytes);
	if (size > (size_t)rules->segment_bytes)
		return refuse(v, KERR_RECORD_LIST_TOO_LARGE,
			"the batch has %zu bytes, segment.bytes is %" PRId32, size,
			rules->segment_bytes);
	return KERR_NONE;
}

static int16_t check_head(struct produce_verdict *v)
{
	const struct batch_header *h = &v->header;
	if (h->last_offset_delta < 0 || h->n_records <= 0 ||
		h->n_records - 1 != h->last_offset_delta)
		return refuse(v, KERR_INVALID_RECORD,
			"%" PRId32 " records in an offset range that ends at %" PRId32,
			h->n_records, h->last_offset_delta);
	if (batch_is_control(h))
		return refuse(v, KERR_INVALID_RECORD, "clients may not write control records");
	if (h->producer_id >= 0 && h->base_sequence < 0)
		return refuse(v, KERR_INVALID_RECORD,
			"sequence %" PRId32 " with producer id %" PRId64, h->base_sequence,
			h->producer_id);
	if (batch_is_log_append_time(h))
		return refuse(v, KERR_INVALID_TIMESTAMP,
			"a producer may not set the timestamp type to LogAppendTime");
	return KERR_NONE;
}

/* Like Kafka's subtraction of longs, without the overflow. */
static bool too_far(int64_t a, int64_t b, int64_t limit)
{
	int64_t diff;
	if (__builtin_sub_overflow(a, b, &diff))
		return a > b;
	return diff > limit;
}

static bool bad_timestamp(const struct produce_rules *rules, int64_t t)
{
	if (rules->log_append_time || t == NO_TIMESTAMP)
		return false;
	return too_far(rules->now_ms, t, rules->before_max_ms) ||
	       too_far(t, rules->now_ms, rules->after_max_ms);
}

static int16_t check_times(const struct produce_rules *rules, struct produce_verdict *v)
{
	const struct batch_header *h = &v->header;
	int64_t t = bad_timestamp(rules, h->base_timestamp) ? h->base_timestamp : h->max_timestamp;
	if (!bad_timestamp(rules, t))
		return KERR_NONE;
	return refuse(v, KERR_INVALID_TIMESTAMP,
		"timestamp %" PRId64 " is too far from the broker's clock, %" PRId64, t,
		rules->now_ms);
}

static int16_t unpack_error(int rc, const struct produce_rules *rules, struct produce_verdict *v)
{
	if (rc == ERR_TOO_BIG)
		return refuse(v, KERR_MESSAGE_TOO_LARGE, "the batch unpacks to more than %zu bytes",
			rules->unpack_cap);
	return refuse(v, KERR_CORRUPT_MESSAGE, "the %s records cannot be unpacked",
		compress_name(batch_codec(&v->header)));
}

static void note_bad(struct produce_verdict *v, int32_t index)
{
	if (v->n_bad++ == 0)
		v->bad_record = index;
}

/* Every record is looked at: an offending timestamp anywhere decides the code. */
static int16_t check_records(
	struct slice records, const struct produce_rules *rules, struct produce_verdict *v)
{
	struct record_iter it;
	struct record r;
	int32_t bad_times = 0;
	int rc = record_iter_init(
		&it, &v->header, records, rules->ctx, rules->unpack_cap, rules->scratch);
	if (rc != 0)
		return unpack_error(rc, rules, v);
	for (int32_t i = 0; (rc = record_next(&it, &r)) == 1; i++) {
		if (rules->need_keys && !r.key.p) {
			note_bad(v, i);
		} else if (bad_timestamp(rules, r.timestamp)) {
			note_bad(v, i);
			bad_times++;
		}
	}
	if (rc < 0)
		return refuse(v, KERR_INVALID_RECORD, "the records do not fit the batch");
	if (bad_times > 0)
		return refuse(v, KERR_INVALID_TIMESTAMP,
			"%" PRId32 " records, the first at index %" PRId32
			", have a timestamp too far from the broker's clock or no key",
			v->n_bad, v->bad_record);
	if (v->n_bad > 0)
		return refuse(v, KERR_INVALID_RECORD,
			"%" PRId32 " records, the first at index %" PRId32
			", have no key, which a compacted topic needs",
			v->n_bad, v->bad_record);
	return KERR_NONE;
}

/* The head and the CRC. The base offset is looked at first, as Kafka does. */
static int16_t check_batch(
	struct slice records, const struct produce_rules *rules, struct produce_verdict *v)
{
	if (get_be64(records.p) != 0)
		return refuse(v, KERR_INVALID_RECORD, "base offset %" PRId64 ", must be 0",
			(int64_t)get_be64(records.p));
	int16_t error = check_size(rules, records.n, v);
	if (error != KERR_NONE)
		return error;
	batch_header_get(records.p, &v->header);
	if (batch_crc(records.p, records.n) != v->header.crc)
		return refuse(v, KERR_CORRUPT_MESSAGE, "the batch's CRC is wrong");
	error = check_head(v);
	if (error != KERR_NONE)
		return error;
	if (batch_parse(records, &v->header) != 0)
		return refuse(v, KERR_INVALID_RECORD, "more records than the bytes can hold");
	return check_times(rules, v);
}

int16_t batch_validate_produce(
	struct slice records, const struct produce_rules *rules, struct produce_verdict *v)
{
	memset(v, 0, sizeof(*v));
	v->bad_record = -1;
	int16_t error = check_shape(records, rules, v);
	if (error == KERR_NONE)
		error = check_batch(records, rules, v);
	if (error != KERR_NONE)
		return error;
	bool walk = rules->walk || rules->need_keys ||
		    (rules->before_max_ms != INT64_MAX && !rules->log_append_time);
	return walk ? check_records(records, rules, v) : KERR_NONE;
}
