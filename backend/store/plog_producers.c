/*
 * The producers of a log on the disk: snapshots, `<20-digit offset>.snapshot`, so that a start
 * reads the batches behind the newest one alone. There is one at the begin of each segment, and the
 * newest.
 */
#define LOG_MODULE "store"
#include "store/plog_internal.h"

#include "base/log.h"
#include "store/checkpoint.h"

#define SNAPSHOT_MAX (256u << 20)

void plog_forget_snapshot(struct plog *log, int64_t offset)
{
	char path[SEGMENT_PATH];

	segment_path(log->dir, offset, ".snapshot", path);
	log->io->unlink(log->io, path);
}

static bool begins_segment(const struct plog *log, int64_t offset)
{
	for (size_t i = 0; i < log->segments.n; i++) {
		if (log->segments.v[i]->base == offset)
			return true;
	}
	return false;
}

int plog_checkpoint_producers(struct plog *log)
{
	struct buf bytes = BUF_EMPTY;
	char path[SEGMENT_PATH];
	int64_t before = log->snapshot_at;
	int r;

	if (before == log->leo)
		return 0;
	producer_state_encode(&log->producers, &bytes);
	segment_path(log->dir, log->leo, ".snapshot", path);
	r = checkpoint_replace(log->io, path, buf_slice(&bytes), false);
	buf_fini(&bytes);
	if (r < 0)
		return r;
	log->snapshot_at = log->leo;
	log->snapshot_size = 0;
	if (before >= 0 && !begins_segment(log, before))
		plog_forget_snapshot(log, before);
	return 0;
}

struct forgetting {
	struct plog *log;
	int64_t end;
};

static bool forget_snapshot(void *arg, const char *name)
{
	struct forgetting *f = arg;
	int64_t at;

	if (segment_name_parse(name, ".snapshot", &at) && at > f->end)
		plog_forget_snapshot(f->log, at);
	return true;
}

int plog_forget_snapshots(struct plog *log, int64_t end)
{
	struct forgetting f = {log, end};

	if (log->snapshot_at > end)
		log->snapshot_at = -1;
	return log->io->list(log->io, log->dir, forget_snapshot, &f) < 0 ? ERR_IO : 0;
}

static bool replay_batch(
	void *arg, const struct batch_header *h, UNUSED int64_t position, UNUSED struct slice batch)
{
	struct plog *log = arg;

	if (h->base_offset >= log->producers.end)
		producer_state_apply(&log->producers, h, -1);
	if (h->leader_epoch > epoch_cache_latest(&log->epochs))
		epoch_cache_assign(&log->epochs, h->leader_epoch, h->base_offset);
	return true;
}

static int load_snapshot(struct plog *log, int64_t offset)
{
	struct buf bytes = BUF_EMPTY;
	char path[SEGMENT_PATH];
	int r;

	segment_path(log->dir, offset, ".snapshot", path);
	r = checkpoint_read(log->io, path, SNAPSHOT_MAX, &bytes);
	if (r == 0)
		r = producer_state_decode(&log->producers, buf_slice(&bytes));
	buf_fini(&bytes);
	if (r == 0) {
		log->snapshot_at = offset;
		return 0;
	}
	log_warn("%s: producer snapshot %lld: %s; removed", plog_name(log), (long long)offset,
		err_name(r));
	log->io->unlink(log->io, path);
	return r;
}

struct snapshots {
	VEC(int64_t) at;
};

static bool note_snapshot(void *arg, const char *name)
{
	struct snapshots *found = arg;
	int64_t at;

	if (segment_name_parse(name, ".snapshot", &at))
		vec_push(&found->at, at);
	return true;
}

/* The newest that can be read. */
static int load_newest(struct plog *log)
{
	struct snapshots found = {0};
	bool useless = false;

	if (log->io->list(log->io, log->dir, note_snapshot, &found) < 0)
		return ERR_IO;
	vec_sort(&found.at, plog_offset_cmp);
	for (size_t i = found.at.n; i > 0 && log->snapshot_at < 0; i--) {
		int64_t at = found.at.v[i - 1];

		/* From one below the first batch the way to the end of the log has a gap. */
		if (at >= log->segments.v[0]->base && at <= log->leo) {
			(void)!load_snapshot(log, at);
			continue;
		}
		useless = true;
		plog_forget_snapshot(log, at);
	}
	vec_fini(&found.at);
	return useless && log->io->sync_dir(log->io, log->dir) < 0 ? ERR_IO : 0;
}

int plog_rebuild_producers(struct plog *log, bool all_epochs)
{
	int64_t first = log->segments.v[0]->base, from, stopped;
	int r;

	producer_state_clear(&log->producers);
	log->snapshot_at = -1;
	r = load_newest(log);
	/* Batches below the log's start count as long as they are there. */
	log->producers.end = max_i64(log->snapshot_at, first);
	from = all_epochs ? first : log->producers.end;
	for (size_t i = plog_segment_at(log, from); r == 0 && i < log->segments.n; i++) {
		struct segment *s = log->segments.v[i];
		struct segment_find f = {0};

		r = segment_find(s, from, &f);
		if (r > 0)
			r = segment_walk(s, f.position, s->size, 0, replay_batch, log, &stopped);
	}
	log->producers.end = log->leo;
	return r;
}
