/* See segment.h: the files of one segment, its batches and its indexes. */
#define LOG_MODULE "store"
#include "store/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/err.h"
#include "base/log.h"

#define WALK_WINDOW (256 * 1024)
#define FIND_WINDOW (8 * 1024)
/* A log that takes that much at once is busy; what it may have that it does not use. */
#define RESERVE_FROM  (64 * 1024)
#define RESERVE_AHEAD (2 * 1024 * 1024)

static const char *const suffixes[] = {".log", ".index", ".timeindex"};

static void segment_release(struct ref *r)
{
	struct segment *s = CONTAINER_OF(r, struct segment, ref);

	file_close(&s->file);
	index_fini(&s->index);
	index_fini(&s->times);
	free(s);
}

struct segment *segment_new(struct files *files, const char *dir, int64_t base, int64_t now_ms)
{
	struct segment *s = ALLOC(struct segment);

	ref_init(&s->ref, segment_release);
	s->files = files;
	s->dir = dir;
	s->base = s->next = base;
	s->max_timestamp = s->max_timestamp_offset = s->first_timestamp = -1;
	s->created_ms = now_ms;
	file_init(&s->file, base, ".log");
	index_init(&s->index, INDEX_OFFSET, base);
	index_init(&s->times, INDEX_TIME, base);
	return s;
}

int segment_fd(struct segment *s)
{
	return file_open(s->files, &s->file, s->dir, O_RDWR);
}

int segment_flush_index(struct segment *s, bool last)
{
	int r;

	if (last && s->max_timestamp >= 0)
		index_add(&s->times, s->max_timestamp, s->max_timestamp_offset);
	r = index_flush(&s->times, s->files, s->dir);
	return r < 0 ? r : index_flush(&s->index, s->files, s->dir);
}

int segment_reset_indexes(struct segment *s)
{
	int r = index_reset(&s->index, s->files, s->dir);

	return r < 0 ? r : index_reset(&s->times, s->files, s->dir);
}

int segment_sync_indexes(struct segment *s)
{
	int r = index_sync(&s->times, s->files, s->dir);

	return r < 0 ? r : index_sync(&s->index, s->files, s->dir);
}

int segment_create(struct segment *s)
{
	int fd = file_open(s->files, &s->file, s->dir, O_RDWR | O_CREAT | O_EXCL);

	return fd < 0 ? fd : segment_flush_index(s, false);
}

void segment_note(struct segment *s, const struct batch_header *h, uint32_t index_interval)
{
	if (h->max_timestamp > s->max_timestamp) {
		s->max_timestamp = h->max_timestamp;
		s->max_timestamp_offset = batch_last_offset(h);
	}
	if (s->since_index > index_interval) {
		index_add(&s->index, batch_last_offset(h), s->size);
		index_add(&s->times, s->max_timestamp, s->max_timestamp_offset);
		s->since_index = 0;
	}
	if (s->size == 0)
		s->first_timestamp = h->max_timestamp;
	s->interval = index_interval;
	s->since_index += (uint32_t)h->size;
	s->size += (int64_t)h->size;
	s->next = batch_next_offset(h);
}

void segment_reserve(struct segment *s, int64_t n)
{
	struct store_io *io = s->files->io;
	int64_t end = s->size + n + RESERVE_AHEAD;

	if (n < RESERVE_FROM || s->reserved < 0 || s->size + n <= s->reserved)
		return;
	s->reserved = io->reserve(io, s->file.fd, s->size, end - s->size) == 0 ? end : -1;
}

void segment_release_room(struct segment *s)
{
	if (segment_fd(s) >= 0 && s->files->io->truncate(s->files->io, s->file.fd, s->size) == 0)
		s->reserved = 0;
}

/* Walks over heads alone, a window at a time. */
struct head_scan {
	struct segment *s;
	int fd;
	int64_t at; /* position of the next head */
	int64_t from;
	int64_t indexed; /* last offset of the first batch, by the index; -1: not from there */
	size_t n;
	uint8_t window[FIND_WINDOW];
};

/* 1: a head; 0: the end. */
static int head_next(struct head_scan *c, struct segment_find *out)
{
	int r;

	if (c->at + BATCH_HEADER > c->s->size)
		return 0;
	if (c->at < c->from || c->at + BATCH_HEADER > c->from + (int64_t)c->n) {
		c->from = c->at;
		c->n = min_size(FIND_WINDOW, (size_t)(c->s->size - c->at));
		if (store_read_full(c->s->files->io, c->fd, c->window, c->n, c->at) < 0)
			return ERR_IO;
	}
	out->position = c->at;
	r = batch_parse(slice_of(c->window + (c->at - c->from), BATCH_HEADER), &out->header);
	if (r < 0 || (c->indexed >= 0 && batch_last_offset(&out->header) != c->indexed))
		return ERR_CORRUPT;
	c->indexed = -1;
	c->at += (int64_t)out->header.size;
	return 1;
}

static int scan_begin(struct segment *s, struct head_scan *c, int64_t offset)
{
	struct index_entry e = {0};
	int r = index_lookup(&s->index, s->files, s->dir, offset, &e);

	if (r < 0)
		return r;
	c->s = s;
	c->at = r > 0 ? e.value : 0;
	c->indexed = r > 0 ? e.key : -1;
	c->from = 0;
	c->n = 0;
	if (c->at < 0 || c->at >= s->size)
		return s->size > 0 ? ERR_CORRUPT : 0;
	c->fd = segment_fd(s);
	return c->fd < 0 ? c->fd : 0;
}

static int find_offset(struct segment *s, int64_t offset, struct segment_find *out)
{
	struct head_scan c;
	int r = scan_begin(s, &c, offset);

	while (r >= 0 && (r = head_next(&c, out)) > 0) {
		if (batch_last_offset(&out->header) >= offset)
			break;
	}
	return r;
}

/* Looked up once more with new indexes: true, unless they were not to blame. */
static bool mended(struct segment *s, int r)
{
	if (r != ERR_CORRUPT || s->rebuilt)
		return false;
	s->rebuilt = true;
	log_warn("%s/%020lld: its index does not fit the log; made anew", s->dir,
		(long long)s->base);
	return segment_rebuild(s, s->interval) == 0;
}

int segment_find(struct segment *s, int64_t offset, struct segment_find *out)
{
	int r;

	if (offset >= s->next)
		return 0;
	r = find_offset(s, offset, out);
	return mended(s, r) ? find_offset(s, offset, out) : r;
}

static int find_time(
	struct segment *s, int64_t timestamp, int64_t min_offset, struct segment_find *out)
{
	struct index_entry e = {-1, s->base};
	struct head_scan c;
	/* No record up to the entry's batch is later than its time: ask for an earlier time. */
	int r = index_lookup(&s->times, s->files, s->dir, timestamp - 1, &e);

	if (r > 0 && (e.value < s->base || e.value >= s->next))
		r = ERR_CORRUPT;
	if (r >= 0)
		r = scan_begin(s, &c, max_i64(e.value, min_offset));
	while (r >= 0 && (r = head_next(&c, out)) > 0) {
		if (out->header.max_timestamp >= timestamp &&
			batch_last_offset(&out->header) >= min_offset)
			break;
	}
	return r;
}

int segment_find_time(
	struct segment *s, int64_t timestamp, int64_t min_offset, struct segment_find *out)
{
	int r;

	if (timestamp > s->max_timestamp)
		return 0;
	r = find_time(s, timestamp, min_offset, out);
	return mended(s, r) ? find_time(s, timestamp, min_offset, out) : r;
}

/* The window of segment_walk; grows for a batch that is larger. */
struct walk {
	struct segment *s;
	int fd;
	int64_t from, end;
	struct buf window;
};

/* Makes n bytes at a position readable; ERR_SHORT when the walk ends before them. */
static int walk_need(struct walk *w, int64_t at, size_t n, struct slice *out)
{
	if (at + (int64_t)n > w->end)
		return ERR_SHORT;
	if (at < w->from || at + (int64_t)n > w->from + (int64_t)w->window.n) {
		size_t want = min_size(max_size(n, WALK_WINDOW), (size_t)(w->end - at));

		buf_clear(&w->window);
		w->from = at;
		if (store_read_full(
			    w->s->files->io, w->fd, buf_extend(&w->window, want), want, at) < 0) {
			buf_clear(&w->window);
			return ERR_IO;
		}
	}
	*out = slice_of(w->window.p + (at - w->from), n);
	return 0;
}

static int walk_one(
	struct walk *w, int64_t at, unsigned flags, struct batch_header *h, struct slice *batch)
{
	int r = walk_need(w, at, BATCH_HEADER, batch);

	if (r == 0)
		r = batch_parse(*batch, h);
	if (r < 0)
		return r;
	if (at + (int64_t)h->size > w->end)
		return ERR_SHORT;
	if (flags & (WALK_CHECK | WALK_WHOLE))
		r = walk_need(w, at, h->size, batch);
	if (r == 0 && (flags & WALK_CHECK))
		r = batch_check(*batch, h);
	return r;
}

int segment_walk(struct segment *s, int64_t from, int64_t end, unsigned flags, segment_batch_fn *fn,
	void *arg, int64_t *stopped)
{
	struct walk w = {.s = s, .fd = segment_fd(s), .from = from, .end = end};
	int64_t next = s->base;
	int32_t epoch = -1;
	int r = w.fd < 0 ? w.fd : 0;

	*stopped = from;
	while (r == 0 && *stopped < end) {
		struct batch_header h;
		struct slice batch;

		r = walk_one(&w, *stopped, flags, &h, &batch);
		if (r < 0)
			break;
		if (h.base_offset < next || batch_last_offset(&h) - s->base > INT32_MAX) {
			r = ERR_CORRUPT;
			break;
		}
		/* Left over from before a truncation that was not yet on the disk. */
		if ((flags & WALK_CHECK) && h.leader_epoch < epoch) {
			r = ERR_CORRUPT;
			break;
		}
		epoch = h.leader_epoch;
		next = batch_next_offset(&h);
		if (!fn(arg, &h, *stopped, batch))
			break;
		*stopped += (int64_t)h.size;
	}
	buf_fini(&w.window);
	return r;
}

struct renote {
	struct segment *s;
	uint32_t interval;
};

static bool renote(
	void *arg, const struct batch_header *h, UNUSED int64_t position, UNUSED struct slice batch)
{
	struct renote *n = arg;

	segment_note(n->s, h, n->interval);
	return true;
}

int segment_rebuild(struct segment *s, uint32_t index_interval)
{
	struct renote note = {s, index_interval};
	int64_t size = s->size, next = s->next, max = s->max_timestamp,
		max_offset = s->max_timestamp_offset, stopped;
	int r = segment_reset_indexes(s);

	if (r < 0)
		return r;
	s->size = 0;
	s->since_index = 0;
	s->max_timestamp = s->max_timestamp_offset = -1;
	r = segment_walk(s, 0, size, 0, renote, &note, &stopped);
	s->size = size;
	s->next = next;
	if (max > s->max_timestamp) {
		s->max_timestamp = max;
		s->max_timestamp_offset = max_offset;
	}
	if (r == 0)
		r = segment_flush_index(s, false);
	return r < 0 ? r : segment_sync_indexes(s);
}

/* After a crash nothing of what was cut may show up among what is written in its place. */
static int sync_cut(struct segment *s)
{
	if (segment_fd(s) < 0 || s->files->io->fdatasync(s->files->io, s->file.fd) < 0)
		return ERR_IO;
	return segment_sync_indexes(s);
}

int segment_truncate(struct segment *s, int64_t offset, uint32_t index_interval)
{
	struct segment_find f;
	struct renote note = {s, index_interval};
	int64_t end, from, stopped;
	int r = segment_find(s, offset, &f);

	if (r <= 0)
		return r;
	end = f.position;
	if (segment_fd(s) < 0 || s->files->io->truncate(s->files->io, s->file.fd, end) < 0)
		return ERR_IO;
	s->reserved = 0;
	r = index_truncate(&s->index, s->files, s->dir, f.header.base_offset);
	if (r == 0)
		r = index_truncate(&s->times, s->files, s->dir, f.header.base_offset);
	if (r == 0)
		r = sync_cut(s);
	if (r < 0)
		return r;
	from = s->index.last.key >= 0 ? s->index.last.value : 0;
	s->size = from;
	s->next = s->base;
	s->since_index = 0;
	s->synced = min_i64(s->synced, end);
	s->max_timestamp = s->times.last.key;
	s->max_timestamp_offset = s->times.last.value;
	if (from == 0)
		s->first_timestamp = -1;
	return segment_walk(s, from, end, 0, renote, &note, &stopped);
}

int segment_sync(struct segment *s)
{
	struct store_io *io = s->files->io;
	int64_t size = s->size;

	if (segment_fd(s) < 0 || io->fdatasync(io, s->file.fd) < 0)
		return ERR_IO;
	s->synced = size;
	return 0;
}

int segment_mark_deleted(struct segment *s)
{
	char from[SEGMENT_PATH], to[SEGMENT_PATH], end[32];
	int r = 0;

	index_fini(&s->index);
	index_fini(&s->times);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		snprintf(end, sizeof(end), "%s.deleted", suffixes[i]);
		segment_path(s->dir, s->base, suffixes[i], from);
		segment_path(s->dir, s->base, end, to);
		if (s->files->io->rename(s->files->io, from, to) < 0 && errno != ENOENT)
			r = store_errno(errno);
	}
	s->deleted = r == 0;
	return r;
}

void segment_take_paths(struct segment *s, void (*fn)(void *arg, char *path), void *arg)
{
	char path[SEGMENT_PATH], end[32];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		snprintf(end, sizeof(end), "%s%s", suffixes[i], s->deleted ? ".deleted" : "");
		segment_path(s->dir, s->base, end, path);
		fn(arg, xstrdup(path));
	}
}

static void unlink_path(void *arg, char *path)
{
	struct store_io *io = arg;

	io->unlink(io, path);
	free(path);
}

void segment_unlink(struct segment *s)
{
	segment_take_paths(s, unlink_path, s->files->io);
}

void segment_put(struct segment *s)
{
	s->dir = NULL;
	index_fini(&s->index);
	index_fini(&s->times);
	ref_put(&s->ref);
}
