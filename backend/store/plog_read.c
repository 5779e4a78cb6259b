/* Reading: where offsets lie in the files, pieces for a chain, offsets by time. */
#include "store/plog_internal.h"

#include <errno.h>

#include "base/buf.h"

#define UNPACK_CAP (256u << 20)

bool plog_find_in_tail(
	const struct plog *log, const struct segment *s, int64_t offset, struct plog_tail *out)
{
	uint32_t n = log->n_tail < PLOG_TAIL ? log->n_tail : PLOG_TAIL;

	if (s != plog_active(log))
		return false;
	for (uint32_t i = 1; i <= n; i++) {
		const struct plog_tail *t = &log->tail[(log->n_tail - i) % PLOG_TAIL];

		if (s->base + t->relative > offset)
			continue;
		if (s->base + t->last >= offset) {
			*out = *t;
			return true;
		}
		/* In a gap: what follows it. */
		*out = log->tail[(log->n_tail - i + 1) % PLOG_TAIL];
		return i > 1;
	}
	return false;
}

/* Position and base offset of the batch that holds or follows offset. 1 or 0 or negative. */
static int locate_in(
	struct plog *log, struct segment *s, int64_t offset, int64_t *position, int64_t *base)
{
	struct plog_tail t;
	struct segment_find f;
	int r;

	if (offset < s->next && plog_find_in_tail(log, s, offset, &t)) {
		*position = t.position;
		*base = s->base + t.relative;
		return 1;
	}
	r = segment_find(s, offset, &f);
	if (r > 0) {
		*position = f.position;
		*base = f.header.base_offset;
	}
	return r;
}

static int first_batch_size(struct segment *s, int64_t position, size_t *size)
{
	uint8_t head[BATCH_PREFIX];
	int64_t n;

	if (segment_fd(s) < 0 ||
		store_read_full(s->files->io, s->file.fd, head, sizeof(head), position) < 0)
		return ERR_IO;
	n = batch_peek(slice_of(head, sizeof(head)));
	if (n < 0)
		return ERR_CORRUPT;
	*size = (size_t)n;
	return 0;
}

/* Where what may be read of the segment ends. */
static int readable_end(struct plog *log, struct segment *s, int64_t max_offset, int64_t *end)
{
	int64_t base;
	int r;

	*end = s->size;
	if (max_offset >= s->next)
		return 0;
	r = locate_in(log, s, max_offset, end, &base);
	return r < 0 ? r : 0;
}

/* How much of what lies between position and end fits max_bytes. */
static int fitting(struct segment *s, int64_t position, int64_t end, size_t max_bytes, bool min_one,
	size_t *bytes)
{
	size_t all = (size_t)(end - position), one;
	int r;

	*bytes = min_size(all, max_bytes);
	if (*bytes == all)
		return 0;
	r = first_batch_size(s, position, &one);
	if (r < 0)
		return r;
	if (min_one)
		*bytes = min_size(max_size(*bytes, one), all);
	else if (*bytes < one)
		*bytes = 0; /* clients take a part of one batch for an error */
	return 0;
}

int plog_locate(struct plog *log, int64_t offset, size_t max_bytes, int64_t max_offset,
	bool min_one, struct plog_range *out)
{
	struct segment *s;
	int64_t position = 0, base = 0, end;
	size_t i;
	int r;

	*out = (struct plog_range){.first_offset = -1, .end_offset = -1};
	if (offset < log->log_start || offset > log->leo)
		return ERR_NOT_FOUND;
	max_offset = min_i64(max_offset, log->leo);
	i = plog_segment_at(log, offset);
	if (offset >= max_offset || i == log->segments.n)
		return 0;
	s = log->segments.v[i];
	r = locate_in(log, s, offset, &position, &base);
	if (r <= 0)
		return r;
	r = readable_end(log, s, max_offset, &end);
	if (r < 0 || end <= position)
		return r;
	r = fitting(s, position, end, max_bytes, min_one, &out->bytes);
	if (r < 0 || out->bytes == 0)
		return r;
	if (position + (int64_t)out->bytes == end)
		out->end_offset = min_i64(s->next, max_offset);
	out->position = position;
	out->first_offset = base;
	out->segment = s;
	ref_get(&s->ref);
	return 0;
}

void plog_range_release(struct plog_range *r)
{
	if (r->segment)
		ref_put(&r->segment->ref);
	r->segment = NULL;
}

/* Holds segment and open file for a piece that waits to be sent. */
struct hold {
	struct ref ref;
	struct segment *segment;
};

static void hold_release(struct ref *r)
{
	struct hold *h = CONTAINER_OF(r, struct hold, ref);

	file_unpin(&h->segment->file);
	ref_put(&h->segment->ref);
	free(h);
}

static int put_copy(struct plog *log, const struct plog_range *r, int fd, struct chain *out)
{
	uint8_t *p = xmalloc(r->bytes);

	if (store_read_full(log->io, fd, p, r->bytes, r->position) < 0) {
		free(p);
		return ERR_IO;
	}
	chain_put_owned(out, p, r->bytes);
	return 0;
}

int plog_range_put(struct plog *log, const struct plog_range *r, struct chain *out)
{
	struct hold *h;
	int fd;

	if (!r->segment)
		return 0;
	fd = segment_fd(r->segment);
	if (fd < 0)
		return fd;
	if (r->bytes < log->copy_below)
		return put_copy(log, r, fd, out);
	h = ALLOC(struct hold);
	ref_init(&h->ref, hold_release);
	h->segment = r->segment;
	ref_get(&r->segment->ref);
	file_pin(&r->segment->file);
	chain_put_file(out, fd, r->position, r->bytes, &h->ref);
	ref_put(&h->ref);
	return 0;
}

int plog_read(struct plog *log, int64_t offset, size_t max_bytes, int64_t max_offset, bool min_one,
	struct chain *out, struct plog_read_result *result)
{
	struct plog_range range;
	int r = plog_locate(log, offset, max_bytes, max_offset, min_one, &range);

	*result = (struct plog_read_result){.first_offset = -1, .next_offset = -1};
	if (r < 0)
		return r;
	r = plog_range_put(log, &range, out);
	if (r == 0 && range.segment)
		*result = (struct plog_read_result){
			range.bytes, range.first_offset, range.end_offset};
	plog_range_release(&range);
	return r;
}

int64_t plog_bytes_between(struct plog *log, int64_t offset, int64_t max_offset)
{
	struct plog_range r;
	int64_t n;

	if (plog_locate(log, offset, SIZE_MAX, max_offset, false, &r) < 0 || !r.segment)
		return 0;
	n = (int64_t)r.bytes;
	for (size_t i = plog_segment_at(log, r.segment->next); i < log->segments.n; i++) {
		int64_t end = 0;

		if (log->segments.v[i]->base >= max_offset ||
			readable_end(log, log->segments.v[i], max_offset, &end) < 0)
			break;
		n += end;
	}
	plog_range_release(&r);
	return n;
}

/* The record inside the batch that was found. 1, 0 or negative. */
static int find_record(struct segment *s, const struct segment_find *f, int64_t when,
	int64_t min_offset, struct compress_ctx *ctx, struct record *rec)
{
	struct buf bytes = BUF_EMPTY, scratch = BUF_EMPTY;
	struct slice batch;
	int r;

	buf_extend(&bytes, f->header.size);
	batch = buf_slice(&bytes);
	r = segment_fd(s) < 0 || store_read_full(s->files->io, s->file.fd, bytes.p, bytes.n,
					 f->position) < 0
		    ? ERR_IO
		    : 0;
	if (r == 0 && when == PLOG_MAX_TIMESTAMP)
		r = record_find_max_time(&f->header, batch, ctx, UNPACK_CAP, &scratch, rec);
	else if (r == 0)
		r = record_find_time(
			&f->header, batch, ctx, UNPACK_CAP, &scratch, when, min_offset, rec);
	buf_fini(&bytes);
	buf_fini(&scratch);
	return r;
}

static void put_time(
	const struct plog *log, const struct record *rec, int64_t max, struct plog_time_result *out)
{
	if (rec->offset >= max)
		return;
	out->offset = rec->offset;
	out->timestamp = rec->timestamp;
	out->leader_epoch = epoch_cache_at(&log->epochs, rec->offset);
}

static int by_max_timestamp(struct plog *log, int64_t max_offset, struct compress_ctx *ctx,
	struct plog_time_result *out)
{
	struct segment *best = NULL;
	struct segment_find f;
	struct record rec;
	int r;

	for (size_t i = 0; i < log->segments.n; i++) {
		struct segment *s = log->segments.v[i];

		if (s->max_timestamp >= 0 && (!best || s->max_timestamp > best->max_timestamp))
			best = s;
	}
	if (!best)
		return 0;
	r = segment_find(best, best->max_timestamp_offset, &f);
	if (r > 0)
		r = find_record(best, &f, PLOG_MAX_TIMESTAMP, 0, ctx, &rec);
	if (r > 0)
		put_time(log, &rec, max_offset, out);
	return r < 0 ? r : 0;
}

static int by_time(struct plog *log, int64_t when, int64_t max_offset, struct compress_ctx *ctx,
	struct plog_time_result *out)
{
	for (size_t i = 0; i < log->segments.n; i++) {
		struct segment *s = log->segments.v[i];
		int64_t from = max_i64(log->log_start, s->base);
		struct segment_find f;
		struct record rec;
		int r;

		while ((r = segment_find_time(s, when, from, &f)) > 0) {
			r = find_record(s, &f, when, log->log_start, ctx, &rec);
			if (r != 0)
				break;
			from = batch_next_offset(&f.header);
		}
		if (r > 0)
			put_time(log, &rec, max_offset, out);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return 0;
}

int plog_offset_for_time(struct plog *log, int64_t when, int64_t max_offset,
	struct compress_ctx *ctx, struct plog_time_result *out)
{
	*out = (struct plog_time_result){-1, -1, NO_EPOCH};
	switch (when) {
	case PLOG_EARLIEST:
		out->offset = log->log_start;
		out->leader_epoch = epoch_cache_at(&log->epochs, log->log_start);
		return 0;
	case PLOG_LATEST:
		out->offset = max_offset;
		out->leader_epoch = epoch_cache_latest(&log->epochs);
		return 0;
	case PLOG_MAX_TIMESTAMP:
		return by_max_timestamp(log, max_offset, ctx, out);
	default:
		return by_time(log, when, max_offset, ctx, out);
	}
}
