/*
 * The builder of record batches. Records are written straight behind room for the head, so that an
 * uncompressed batch is complete where it lies; a compressed one is packed into a second buffer.
 */
#include "base/err.h"
#include "base/varint.h"
#include "wire/batch_impl.h"

#include <assert.h>

void batch_builder_init(struct batch_builder *b, struct compress_ctx *ctx)
{
	memset(b, 0, sizeof(*b));
	b->ctx = ctx;
	buf_init(&b->plain);
	buf_init(&b->packed);
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	batch_builder_begin(b, &opt);
}

void batch_builder_fini(struct batch_builder *b)
{
	buf_fini(&b->plain);
	buf_fini(&b->packed);
}

void batch_builder_begin(struct batch_builder *b, const struct batch_options *opt)
{
	b->opt = *opt;
	b->n_records = 0;
	b->last_delta = -1;
	b->base_timestamp = NO_TIMESTAMP;
	b->max_timestamp = NO_TIMESTAMP;
	buf_clear(&b->plain);
	buf_clear(&b->packed);
	memset(buf_extend(&b->plain, BATCH_HEADER), 0, BATCH_HEADER);
}

static size_t bytes_size(struct slice s)
{
	return s.p ? varint_size((int32_t)s.n) + s.n : 1;
}

static bool too_long(struct slice s)
{
	return s.n > INT32_MAX / 4;
}

/* Headers with their count; SIZE_MAX: one is too long. */
static size_t headers_size(const struct record_header *headers, int32_t n)
{
	size_t size = varint_size(n);
	for (int32_t i = 0; i < n; i++) {
		if (too_long(slice_str(headers[i].key)) || too_long(headers[i].value))
			return SIZE_MAX;
		size += bytes_size(slice_of(
				headers[i].key.p ? headers[i].key.p : "", headers[i].key.n)) +
			bytes_size(headers[i].value);
	}
	return size;
}

size_t batch_record_bound(struct slice key, struct slice value, const struct record_header *headers,
	int32_t n_headers)
{
	/* Length and offset delta of 32 bits, timestamp delta of 64, attributes, and the four
	 * lengths and counts at their longest. */
	size_t size = 2 * VARINT_MAX_32 + VARINT_MAX_64 + 1 + 3 * VARINT_MAX_32 + key.n + value.n;
	for (int32_t i = 0; i < n_headers; i++)
		size += 2 * VARINT_MAX_32 + headers[i].key.n + headers[i].value.n;
	return size;
}

size_t batch_builder_size(const struct batch_builder *b)
{
	return b->plain.n;
}

static uint8_t *put_bytes(uint8_t *p, struct slice s)
{
	p += varint_put(p, s.p ? (int32_t)s.n : -1);
	if (s.n)
		memcpy(p, s.p, s.n);
	return p + s.n;
}

static uint8_t *put_headers(uint8_t *p, const struct record_header *headers, int32_t n)
{
	p += varint_put(p, n);
	for (int32_t i = 0; i < n; i++) {
		struct slice key = slice_str(headers[i].key);
		p = put_bytes(p, key.p ? key : slice_of("", 0));
		p = put_bytes(p, headers[i].value);
	}
	return p;
}

int batch_builder_add_at(struct batch_builder *b, int32_t offset_delta, int64_t timestamp,
	struct slice key, struct slice value, const struct record_header *headers,
	int32_t n_headers)
{
	if (offset_delta <= b->last_delta || n_headers < 0)
		return ERR_INVALID;
	if (too_long(key) || too_long(value))
		return ERR_TOO_BIG;
	int64_t base = b->n_records == 0 ? timestamp : b->base_timestamp;
	int64_t time_delta = (int64_t)((uint64_t)timestamp - (uint64_t)base);
	size_t tail = headers_size(headers, n_headers);
	size_t body = 1 + varint_size64(time_delta) + varint_size(offset_delta) + bytes_size(key) +
		      bytes_size(value) + tail;
	if (tail > INT32_MAX || body + VARINT_MAX_32 > INT32_MAX - b->plain.n)
		return ERR_TOO_BIG;
	uint8_t *p = buf_extend(&b->plain, varint_size((int32_t)body) + body);
	p += varint_put(p, (int32_t)body);
	*p++ = 0;
	p += varint_put64(p, time_delta);
	p += varint_put(p, offset_delta);
	p = put_bytes(p, key);
	p = put_bytes(p, value);
	p = put_headers(p, headers, n_headers);
	assert(p == b->plain.p + b->plain.n);
	b->base_timestamp = base;
	b->max_timestamp = b->n_records == 0 ? timestamp : max_i64(b->max_timestamp, timestamp);
	b->last_delta = offset_delta;
	b->n_records++;
	return 0;
}

int batch_builder_add(struct batch_builder *b, int64_t timestamp, struct slice key,
	struct slice value, const struct record_header *headers, int32_t n_headers)
{
	if (b->last_delta == INT32_MAX)
		return ERR_TOO_BIG;
	return batch_builder_add_at(
		b, b->last_delta + 1, timestamp, key, value, headers, n_headers);
}

int batch_builder_add_value(struct batch_builder *b, int64_t timestamp, struct slice value)
{
	return batch_builder_add(b, timestamp, SLICE_NULL, value, NULL, 0);
}

int batch_builder_add_control(struct batch_builder *b, int64_t timestamp, enum control_type type,
	int16_t version, struct slice value)
{
	assert(b->opt.control);
	uint8_t key[4];
	put_be16(key, (uint16_t)version);
	put_be16(key + 2, (uint16_t)type);
	return batch_builder_add(b, timestamp, slice_of(key, sizeof(key)), value, NULL, 0);
}

static void finish_head(const struct batch_builder *b, struct buf *bytes)
{
	const struct batch_options *o = &b->opt;
	struct batch_header h = {
		.base_offset = o->base_offset,
		.leader_epoch = o->leader_epoch,
		.attributes = (int16_t)(o->codec | (o->transactional ? BATCH_TRANSACTIONAL : 0) |
					(o->control ? BATCH_CONTROL : 0)),
		.last_offset_delta = b->last_delta,
		.base_timestamp = b->base_timestamp,
		.max_timestamp = b->max_timestamp,
		.producer_id = o->producer_id,
		.producer_epoch = o->producer_epoch,
		.base_sequence = o->base_sequence,
		.n_records = b->n_records,
		.size = bytes->n,
	};
	batch_header_put(bytes->p, &h);
}

int batch_builder_finish(struct batch_builder *b, struct slice *out)
{
	if (b->n_records == 0)
		return ERR_INVALID;
	struct buf *bytes = &b->plain;
	if (b->opt.codec != COMPRESS_NONE) {
		bytes = &b->packed;
		buf_clear(bytes);
		memset(buf_extend(bytes, BATCH_HEADER), 0, BATCH_HEADER);
		struct slice records =
			slice_of(b->plain.p + BATCH_HEADER, b->plain.n - BATCH_HEADER);
		int rc = compress_encode(b->ctx, b->opt.codec, b->opt.level, records, bytes);
		if (rc != 0)
			return rc;
	}
	finish_head(b, bytes);
	*out = buf_slice(bytes);
	return 0;
}

void batch_put_end_txn(struct buf *out, enum control_type type, int64_t timestamp,
	int64_t producer_id, int16_t producer_epoch, int32_t coordinator_epoch)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	opt.producer_id = producer_id;
	opt.producer_epoch = producer_epoch;
	opt.transactional = true;
	opt.control = true;
	uint8_t value[6];
	put_be16(value, 0);
	put_be32(value + 2, (uint32_t)coordinator_epoch);

	struct batch_builder b;
	struct slice bytes = SLICE_NULL;
	batch_builder_init(&b, NULL);
	batch_builder_begin(&b, &opt);
	int rc = batch_builder_add_control(&b, timestamp, type, 0, slice_of(value, sizeof(value)));
	if (rc == 0)
		rc = batch_builder_finish(&b, &bytes);
	assert(rc == 0); /* one small plain record always fits */
	buf_put_slice(out, bytes);
	batch_builder_fini(&b);
}
