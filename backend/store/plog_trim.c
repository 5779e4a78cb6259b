/* Making a log shorter: retention, DeleteRecords, truncation, and unlinking what was renamed. */
#define LOG_MODULE "store"
#include "store/plog_internal.h"

#include <errno.h>

#include "base/log.h"

static void unlink_snapshot(struct plog *log, int64_t offset)
{
	char path[SEGMENT_PATH];

	segment_path(log->dir, offset, ".snapshot", path);
	log->io->unlink(log->io, path);
}

int plog_drop_first(struct plog *log, size_t n)
{
	int r = 0;

	if (n > 0 && log->doomed.n == 0)
		log->doomed_at_ms = clock_mono_ms(log->clock) + log->config.file_delete_delay_ms;
	if (n > 0)
		plog_watch(log);
	for (size_t i = 0; i < n; i++) {
		struct segment *s = log->segments.v[0];

		r = segment_mark_deleted(s);
		if (r < 0) {
			log_error("%s: cannot rename segment %lld: %s", plog_name(log),
				(long long)s->base, strerror(errno));
			return r;
		}
		if (s->base != log->snapshot_at)
			unlink_snapshot(log, s->base);
		log->size -= s->size;
		vec_remove(&log->segments, 0);
		vec_push(&log->doomed, s);
	}
	if (n > 0 && epoch_cache_truncate_start(&log->epochs, log->log_start))
		r = plog_save_epochs(log);
	return r;
}

void plog_take_doomed(struct plog *log, bool all, plog_path_fn *fn, void *arg)
{
	if (log->doomed.n == 0 || (!all && clock_mono_ms(log->clock) < log->doomed_at_ms))
		return;
	while (log->doomed.n > 0) {
		struct segment *s = vec_pop(&log->doomed);

		segment_take_paths(s, fn, arg);
		/* Closed while it still has a name: the last close of a large file takes its time.
		 */
		if (s->file.pins == 0)
			file_close(&s->file);
		segment_put(s);
	}
}

void plog_remove_segment(struct plog *log, size_t i)
{
	struct segment *s = log->segments.v[i];

	segment_unlink(s);
	unlink_snapshot(log, s->base);
	segment_put(s);
	vec_remove(&log->segments, i);
}

static bool too_old(const struct plog *log, const struct segment *s)
{
	int64_t newest = s->max_timestamp >= 0 ? s->max_timestamp : s->created_ms;

	return log->config.cleanup_delete && log->config.retention_ms >= 0 &&
	       clock_wall_ms(log->clock) - newest > log->config.retention_ms;
}

/* How many whole segments at the front have to go. */
static size_t count_old(const struct plog *log)
{
	int64_t over = log->config.cleanup_delete && log->config.retention_bytes >= 0
			       ? log->size - log->config.retention_bytes
			       : -1;
	size_t n = 0;

	while (n < log->segments.n) {
		const struct segment *s = log->segments.v[n];

		if (s->size == 0 || s->next > log->high_watermark)
			break;
		if (s->next > log->log_start && !too_old(log, s) && over < s->size)
			break;
		/* A log below its start, but not old, keeps its active segment. */
		if (n + 1 == log->segments.n && !too_old(log, s) && over < s->size)
			break;
		over -= s->size;
		n++;
	}
	return n;
}

int plog_retention(struct plog *log)
{
	size_t n;
	int r = 0;

	if (log->state != PLOG_OPEN)
		return 0;
	producer_state_expire(
		&log->producers, clock_wall_ms(log->clock) - log->config.producer_expiry_ms);
	n = count_old(log);
	if (n == log->segments.n)
		r = plog_roll_at(log, log->leo);
	if (r < 0 || n == 0)
		return r;
	log->log_start = max_i64(log->log_start, log->segments.v[n]->base);
	log_info("%s: retention removes %zu segments, the log starts at %lld", plog_name(log), n,
		(long long)log->log_start);
	r = plog_drop_first(log, n);
	return r < 0 ? r : (int)n;
}

int plog_delete_records(struct plog *log, int64_t offset)
{
	size_t n = 0;

	if (log->state != PLOG_OPEN)
		return ERR_IO;
	if (offset > log->high_watermark)
		return ERR_INVALID;
	if (offset <= log->log_start)
		return 0;
	log->log_start = offset;
	while (n + 1 < log->segments.n && log->segments.v[n]->next <= offset)
		n++;
	epoch_cache_truncate_start(&log->epochs, offset);
	return plog_drop_first(log, n);
}

static void forget_snapshots(struct plog *log, int64_t end)
{
	if (log->snapshot_at > end) {
		unlink_snapshot(log, log->snapshot_at);
		log->snapshot_at = -1;
	}
}

int plog_truncate_to(struct plog *log, int64_t offset)
{
	uint32_t interval = (uint32_t)log->config.index_interval_bytes;
	int r = 0;

	if (log->state != PLOG_OPEN)
		return ERR_IO;
	if (offset >= log->leo)
		return 0;
	if (offset < log->segments.v[0]->base)
		return plog_truncate_fully_and_start_at(log, offset);
	while (log->segments.n > 1 && plog_active(log)->base >= offset)
		plog_remove_segment(log, log->segments.n - 1);
	/* The folder first: a segment that comes back would lie behind a gap. */
	r = log->io->sync_dir(log->io, log->dir) < 0 ? ERR_IO : 0;
	if (r == 0)
		r = segment_truncate(plog_active(log), offset, interval);
	plog_recount(log);
	if (r < 0) {
		plog_fail(log, "truncation");
		return ERR_IO;
	}
	log_info("%s: truncated to %lld", plog_name(log), (long long)log->leo);
	log->high_watermark = min_i64(log->high_watermark, log->leo);
	log->recovery_point = min_i64(log->recovery_point, log->leo);
	if (log->sync)
		log->sync->offset = min_i64(log->sync->offset, log->leo);
	log->log_start = min_i64(log->log_start, log->leo);
	forget_snapshots(log, log->leo);
	if (epoch_cache_truncate_end(&log->epochs, log->leo))
		r = plog_save_epochs(log);
	return r < 0 ? r : plog_rebuild_producers(log, false);
}

int plog_truncate_fully_and_start_at(struct plog *log, int64_t offset)
{
	struct segment *s;
	int r;

	if (log->state != PLOG_OPEN)
		return ERR_IO;
	while (log->segments.n > 0)
		plog_remove_segment(log, log->segments.n - 1);
	forget_snapshots(log, -1);
	s = segment_new(log->files, log->dir, offset, clock_wall_ms(log->clock));
	vec_push(&log->segments, s);
	plog_recount(log);
	log->log_start = log->high_watermark = log->recovery_point = offset;
	if (log->sync)
		log->sync->offset = min_i64(log->sync->offset, offset);
	log->unflushed = 0;
	producer_state_clear(&log->producers);
	log->producers.end = offset;
	vec_clear(&log->epochs.entries);
	r = segment_create(s);
	if (r == 0)
		r = plog_save_epochs(log);
	if (r == 0 && log->io->sync_dir(log->io, log->dir) < 0)
		r = ERR_IO;
	if (r < 0)
		plog_fail(log, "starting anew");
	return r;
}
