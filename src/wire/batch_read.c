/* Records within a batch: the walk, look-ups, keys of control records. Layout: batch.h. */
#include "wire/batch.h"

#include "base/err.h"
#include "base/varint.h"

/* A length of −1 (null) or as many bytes; false: not a length, or the bytes are not there. */
static bool take_bytes(const uint8_t **p, const uint8_t *end, struct slice *out)
{
	int32_t n;
	size_t used = varint_get(*p, end, &n);
	if (used == 0 || n < -1)
		return false;
	*p += used;
	if (n == -1) {
		*out = SLICE_NULL;
		return true;
	}
	if (n > end - *p)
		return false;
	*out = slice_of(*p, (size_t)n);
	*p += n;
	return true;
}

static bool take_header(const uint8_t **p, const uint8_t *end, struct record_header *out)
{
	struct slice key;
	if (!take_bytes(p, end, &key) || !key.p || !take_bytes(p, end, &out->value))
		return false;
	out->key = str_slice(key);
	return true;
}

bool record_header_next(struct slice *rest, struct record_header *out)
{
	if (rest->n == 0)
		return false;
	const uint8_t *p = rest->p;
	const uint8_t *end = p + rest->n;
	if (!take_header(&p, end, out))
		return false;
	*rest = slice_of(p, (size_t)(end - p));
	return true;
}

/* Checks them all, so that whoever walks them later need not; they must end the record. */
static bool take_headers(const uint8_t *p, const uint8_t *end, struct record *r)
{
	size_t used = varint_get(p, end, &r->n_headers);
	if (used == 0)
		return false;
	p += used;
	/* No header is shorter than two bytes. */
	if (r->n_headers < 0 || r->n_headers > (end - p) / 2)
		return false;
	r->headers = slice_of(p, (size_t)(end - p));
	struct record_header unused;
	for (int32_t i = 0; i < r->n_headers; i++)
		if (!take_header(&p, end, &unused))
			return false;
	return p == end;
}

int record_iter_init(struct record_iter *it, const struct batch_header *h, struct slice batch,
	struct compress_ctx *ctx, size_t cap, struct buf *scratch)
{
	enum compress codec = batch_codec(h);
	if (batch.n < h->size || h->size < BATCH_HEADER)
		return ERR_SHORT;
	if (codec >= COMPRESS_COUNT)
		return ERR_UNSUPPORTED;
	struct slice in = slice_of(batch.p + BATCH_HEADER, h->size - BATCH_HEADER);
	/* A batch that compaction emptied has no bytes at all, whatever its attributes say. */
	if (codec != COMPRESS_NONE && (h->n_records > 0 || in.n > 0)) {
		buf_clear(scratch);
		int rc = compress_decode(ctx, codec, in, cap, scratch);
		if (rc != 0)
			return rc == ERR_SHORT ? ERR_CORRUPT : rc;
		in = buf_slice(scratch);
	}
	if ((size_t)h->n_records > in.n / RECORD_MIN)
		return ERR_CORRUPT;
	it->p = in.p;
	it->end = in.n ? in.p + in.n : in.p;
	it->h = *h;
	it->left = h->n_records;
	it->last_delta = -1;
	return 0;
}

/* The numbers before the key; false: they do not fit. */
static bool take_numbers(
	struct record_iter *it, const uint8_t **p, const uint8_t *end, struct record *r)
{
	int64_t timestamp_delta;
	if (*p == end)
		return false;
	r->attributes = (int8_t) * (*p)++;
	size_t n = varint_get64(*p, end, &timestamp_delta);
	if (n == 0)
		return false;
	*p += n;
	n = varint_get(*p, end, &r->offset_delta);
	if (n == 0 || r->offset_delta <= it->last_delta ||
		r->offset_delta > it->h.last_offset_delta)
		return false;
	*p += n;
	r->offset = it->h.base_offset + r->offset_delta;
	r->timestamp =
		batch_is_log_append_time(&it->h)
			? it->h.max_timestamp
			: (int64_t)((uint64_t)it->h.base_timestamp + (uint64_t)timestamp_delta);
	return true;
}

static bool take_record(struct record_iter *it, struct record *r)
{
	int32_t length;
	size_t n = varint_get(it->p, it->end, &length);
	if (n == 0 || length < 0 || length > it->end - it->p - (ptrdiff_t)n)
		return false;
	const uint8_t *p = it->p + n;
	const uint8_t *end = p + length;
	it->p = end;
	return take_numbers(it, &p, end, r) && take_bytes(&p, end, &r->key) &&
	       take_bytes(&p, end, &r->value) && take_headers(p, end, r);
}

int record_next(struct record_iter *it, struct record *r)
{
	if (it->left == 0)
		return it->p == it->end ? 0 : ERR_CORRUPT;
	if (!take_record(it, r)) {
		/* Left as it is at the end of a broken batch: every further call says so too. */
		it->left = 0;
		it->p = NULL;
		it->end = (const uint8_t *)"" + 1;
		return ERR_CORRUPT;
	}
	it->left--;
	it->last_delta = r->offset_delta;
	return 1;
}

static int find(struct record_iter *it, int64_t min_offset, int64_t timestamp, struct record *out)
{
	int rc;
	while ((rc = record_next(it, out)) == 1)
		if (out->offset >= min_offset && out->timestamp >= timestamp)
			return 1;
	return rc;
}

int record_find_offset(const struct batch_header *h, struct slice batch, struct compress_ctx *ctx,
	size_t cap, struct buf *scratch, int64_t offset, struct record *out)
{
	struct record_iter it;
	int rc = record_iter_init(&it, h, batch, ctx, cap, scratch);
	return rc != 0 ? rc : find(&it, offset, INT64_MIN, out);
}

int record_find_time(const struct batch_header *h, struct slice batch, struct compress_ctx *ctx,
	size_t cap, struct buf *scratch, int64_t timestamp, int64_t min_offset, struct record *out)
{
	struct record_iter it;
	if (h->max_timestamp < timestamp)
		return 0;
	int rc = record_iter_init(&it, h, batch, ctx, cap, scratch);
	return rc != 0 ? rc : find(&it, min_offset, timestamp, out);
}

int record_find_max_time(const struct batch_header *h, struct slice batch, struct compress_ctx *ctx,
	size_t cap, struct buf *scratch, struct record *out)
{
	struct record_iter it;
	if (h->max_timestamp == NO_TIMESTAMP)
		return 0;
	int rc = record_iter_init(&it, h, batch, ctx, cap, scratch);
	return rc != 0 ? rc : find(&it, h->base_offset, h->max_timestamp, out);
}

int control_key_parse(struct slice key)
{
	if (key.n < 4)
		return ERR_SHORT;
	int16_t version = (int16_t)get_be16(key.p);
	int16_t type = (int16_t)get_be16(key.p + 2);
	/* A negative type would look like an error of ours. */
	return version < 0 || type < 0 ? ERR_VERSION : type;
}

int control_end_txn_parse(struct slice value, int32_t *coordinator_epoch)
{
	if (value.n < 6)
		return ERR_SHORT;
	if ((int16_t)get_be16(value.p) < 0)
		return ERR_VERSION;
	*coordinator_epoch = (int32_t)get_be32(value.p + 2);
	return 0;
}
