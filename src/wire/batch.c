/* Heads of record batches: measuring, checking, walking, stamping. Layout: batch.h. */
#include "wire/batch.h"

#include "base/crc32c.h"
#include "base/err.h"
#include "wire/batch_impl.h"

enum at {
	AT_BASE_OFFSET = 0,
	AT_LENGTH = 8,
	AT_LEADER_EPOCH = 12,
	AT_CRC = 17,
	AT_ATTRIBUTES = 21,
	AT_LAST_OFFSET_DELTA = 23,
	AT_BASE_TIMESTAMP = 27,
	AT_MAX_TIMESTAMP = 35,
	AT_PRODUCER_ID = 43,
	AT_PRODUCER_EPOCH = 51,
	AT_BASE_SEQUENCE = 53,
	AT_COUNT = 57,
};

int32_t batch_sequence_add(int32_t sequence, int32_t n)
{
	return (int32_t)(((uint32_t)sequence + (uint32_t)n) & INT32_MAX);
}

int32_t batch_last_sequence(const struct batch_header *h)
{
	if (h->base_sequence < 0)
		return NO_SEQUENCE;
	return batch_sequence_add(h->base_sequence, h->last_offset_delta);
}

int64_t batch_peek(struct slice in)
{
	if (in.n < BATCH_PREFIX)
		return ERR_SHORT;
	int32_t length = (int32_t)get_be32(in.p + AT_LENGTH);
	if (length < BATCH_LENGTH_MIN)
		return ERR_CORRUPT;
	return (int64_t)BATCH_PREFIX + length;
}

int batch_magic(struct slice in)
{
	return in.n <= BATCH_MAGIC_AT ? ERR_SHORT : in.p[BATCH_MAGIC_AT];
}

void batch_header_get(const uint8_t *p, struct batch_header *h)
{
	h->base_offset = (int64_t)get_be64(p + AT_BASE_OFFSET);
	h->size = BATCH_PREFIX + get_be32(p + AT_LENGTH);
	h->leader_epoch = (int32_t)get_be32(p + AT_LEADER_EPOCH);
	h->crc = get_be32(p + AT_CRC);
	h->attributes = (int16_t)get_be16(p + AT_ATTRIBUTES);
	h->last_offset_delta = (int32_t)get_be32(p + AT_LAST_OFFSET_DELTA);
	h->base_timestamp = (int64_t)get_be64(p + AT_BASE_TIMESTAMP);
	h->max_timestamp = (int64_t)get_be64(p + AT_MAX_TIMESTAMP);
	h->producer_id = (int64_t)get_be64(p + AT_PRODUCER_ID);
	h->producer_epoch = (int16_t)get_be16(p + AT_PRODUCER_EPOCH);
	h->base_sequence = (int32_t)get_be32(p + AT_BASE_SEQUENCE);
	h->n_records = (int32_t)get_be32(p + AT_COUNT);
}

/* Offsets and counts that contradict each other or the size. */
static bool header_sane(const struct batch_header *h)
{
	if (h->base_offset < 0 || h->last_offset_delta < 0 || h->n_records < 0)
		return false;
	if (h->base_offset >= INT64_MAX - h->last_offset_delta)
		return false;
	if (h->n_records > (int64_t)h->last_offset_delta + 1)
		return false;
	return batch_codec(h) != COMPRESS_NONE ||
	       (size_t)h->n_records <= (h->size - BATCH_HEADER) / RECORD_MIN;
}

int batch_parse(struct slice in, struct batch_header *out)
{
	int64_t size = batch_peek(in);
	if (size < 0)
		return (int)size;
	int magic = batch_magic(in);
	if (magic < 0)
		return magic;
	if (magic != BATCH_MAGIC)
		return ERR_VERSION;
	if (size < BATCH_HEADER)
		return ERR_CORRUPT;
	if (in.n < BATCH_HEADER)
		return ERR_SHORT;
	batch_header_get(in.p, out);
	return header_sane(out) ? 0 : ERR_CORRUPT;
}

uint32_t batch_crc(const uint8_t *batch, size_t size)
{
	return crc32c(0, batch + BATCH_CRC_FROM, size - BATCH_CRC_FROM);
}

int batch_check(struct slice in, struct batch_header *out)
{
	int rc = batch_parse(in, out);
	if (rc != 0)
		return rc;
	if (in.n < out->size)
		return ERR_SHORT;
	return batch_crc(in.p, out->size) == out->crc ? 0 : ERR_CORRUPT;
}

void batch_iter_init(struct batch_iter *it, struct slice in, bool verify)
{
	it->rest = in;
	it->verify = verify;
}

int batch_next(struct batch_iter *it, struct batch_header *h, struct slice *batch)
{
	if (it->rest.n == 0)
		return 0;
	int rc = it->verify ? batch_check(it->rest, h) : batch_parse(it->rest, h);
	if (rc != 0)
		return rc;
	if (it->rest.n < h->size)
		return ERR_SHORT;
	*batch = slice_of(it->rest.p, h->size);
	it->rest = slice_of(it->rest.p + h->size, it->rest.n - h->size);
	return 1;
}

void batch_stamp(uint8_t *batch, int64_t base_offset, int32_t leader_epoch)
{
	put_be64(batch + AT_BASE_OFFSET, (uint64_t)base_offset);
	put_be32(batch + AT_LEADER_EPOCH, (uint32_t)leader_epoch);
}

void batch_set_log_append_time(uint8_t *batch, int64_t timestamp)
{
	uint16_t attributes = get_be16(batch + AT_ATTRIBUTES);
	put_be16(batch + AT_ATTRIBUTES, attributes | BATCH_LOG_APPEND_TIME);
	put_be64(batch + AT_MAX_TIMESTAMP, (uint64_t)timestamp);
	put_be32(batch + AT_CRC, batch_crc(batch, BATCH_PREFIX + get_be32(batch + AT_LENGTH)));
}

void batch_header_put(uint8_t *batch, const struct batch_header *h)
{
	put_be64(batch + AT_BASE_OFFSET, (uint64_t)h->base_offset);
	put_be32(batch + AT_LENGTH, (uint32_t)(h->size - BATCH_PREFIX));
	put_be32(batch + AT_LEADER_EPOCH, (uint32_t)h->leader_epoch);
	batch[BATCH_MAGIC_AT] = BATCH_MAGIC;
	put_be16(batch + AT_ATTRIBUTES, (uint16_t)h->attributes);
	put_be32(batch + AT_LAST_OFFSET_DELTA, (uint32_t)h->last_offset_delta);
	put_be64(batch + AT_BASE_TIMESTAMP, (uint64_t)h->base_timestamp);
	put_be64(batch + AT_MAX_TIMESTAMP, (uint64_t)h->max_timestamp);
	put_be64(batch + AT_PRODUCER_ID, (uint64_t)h->producer_id);
	put_be16(batch + AT_PRODUCER_EPOCH, (uint16_t)h->producer_epoch);
	put_be32(batch + AT_BASE_SEQUENCE, (uint32_t)h->base_sequence);
	put_be32(batch + AT_COUNT, (uint32_t)h->n_records);
	put_be32(batch + AT_CRC, batch_crc(batch, h->size));
}
