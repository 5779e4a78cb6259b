/* Reading ahead for a reader, on another thread: see plog.h. */
#include "store/plog_internal.h"

#include <fcntl.h>

#define LOOKED_MS    30000 /* an index that was used so lately is in memory */
#define SCAN_BYTES   8192  /* what a look-up reads behind an index entry, at least */
#define READ_AT_ONCE 65536

static void hold(struct plog_warm *w, struct segment *s)
{
	w->segment = s;
	ref_get(&s->ref);
	file_pin(&s->file);
}

/* The position is not known: the worker looks for it. */
static int begin_search(struct segment *s, int64_t offset, size_t max_bytes, struct plog_warm *w)
{
	char path[SEGMENT_PATH];
	int fd = segment_fd(s);

	if (fd < 0)
		return fd;
	/* Of its own: the segment may be removed meanwhile, with its index. */
	segment_path(s->dir, s->base, ".index", path);
	w->index_fd = s->index.n_file ? w->io->open(w->io, path, O_RDONLY) : -1;
	w->log_fd = fd;
	w->n_index = s->index.n_file;
	w->base = s->base;
	w->offset = offset;
	w->end = s->size;
	w->bytes = max_size(max_bytes, SCAN_BYTES);
	hold(w, s);
	return 1;
}

int plog_warm_begin(
	struct plog *log, int64_t offset, size_t max_bytes, int64_t max_offset, struct plog_warm *w)
{
	int64_t now = clock_mono_ms(log->clock);
	struct plog_range range;
	struct plog_tail tail;
	struct segment *s;
	size_t i = plog_segment_at(log, offset);
	bool looked;
	int r;

	*w = (struct plog_warm){.io = log->io, .index_fd = -1};
	if (offset < log->log_start || offset >= max_offset || i == log->segments.n)
		return 0;
	s = log->segments.v[i];
	if (plog_find_in_tail(log, s, offset, &tail))
		return 0;
	looked = s->looked_ms > 0 && now - s->looked_ms < LOOKED_MS;
	s->looked_ms = max_i64(1, now);
	if (!looked)
		return begin_search(s, offset, max_bytes, w);
	r = plog_locate(log, offset, max_bytes, max_offset, true, &range);
	if (r < 0 || !range.segment)
		return r;
	w->log_fd = segment_fd(s);
	w->position = range.position;
	w->bytes = range.bytes;
	w->end = range.position + (int64_t)range.bytes;
	r = w->log_fd < 0 ? w->log_fd
			  : !log->io->resident(log->io, w->log_fd, range.position, range.bytes);
	if (r > 0)
		hold(w, s);
	plog_range_release(&range);
	return r;
}

/* As the look-up on the loop will do: the entry with the last offset at or below the one wanted. */
static void search(struct plog_warm *w)
{
	uint32_t lo = 0, hi = w->n_index;
	uint8_t e[INDEX_ENTRY];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (store_read_full(w->io, w->index_fd, e, sizeof(e), (int64_t)mid * INDEX_ENTRY) <
			0)
			return;
		if (w->base + (int64_t)get_be32(e) <= w->offset) {
			w->position = get_be32(e + 4);
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
}

void plog_warm_run(struct plog_warm *w)
{
	uint8_t page[READ_AT_ONCE];
	int64_t left;

	if (w->index_fd >= 0)
		search(w);
	left = min_i64((int64_t)w->bytes, w->end - w->position);
	while (left > 0) {
		ssize_t n = w->io->pread(w->io, w->log_fd, page,
			(size_t)min_i64(left, (int64_t)sizeof(page)), w->position);

		if (n <= 0)
			return;
		w->position += n;
		left -= n;
	}
}

void plog_warm_end(struct plog_warm *w)
{
	if (!w->segment)
		return;
	if (w->index_fd >= 0)
		w->io->close(w->io, w->index_fd);
	file_unpin(&w->segment->file);
	ref_put(&w->segment->ref);
	w->segment = NULL;
}
