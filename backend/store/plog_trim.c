/* Making a log shorter: retention, DeleteRecords, truncation, and unlinking what was renamed. */
#define LOG_MODULE "store"
#include "store/plog_internal.h"

#include <errno.h>
#include <fcntl.h>

#include "base/log.h"

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
			plog_forget_snapshot(log, s->base);
		log->size -= s->size;
		vec_remove(&log->segments, 0);
		vec_push(&log->doomed, s);
	}
	if (n > 0 && epoch_cache_truncate_start(&log->epochs, log->log_start))
		r = plog_save_epochs(log, false);
	return r;
}

void plog_take_doomed(struct plog *log, plog_path_fn *fn, void *arg)
{
	if (log->doomed.n == 0 || clock_mono_ms(log->clock) < log->doomed_at_ms)
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
	plog_forget_snapshot(log, s->base);
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
	if (n == 0)
		epoch_cache_truncate_start(&log->epochs, offset);
	return plog_drop_first(log, n);
}

static int mark_cut(struct plog *log)
{
	char *path = xasprintf("%s/" PLOG_CUT_MARK, log->dir);
	int fd = log->io->open(log->io, path, O_RDWR | O_CREAT);

	if (fd >= 0)
		log->io->close(log->io, fd);
	free(path);
	return fd < 0 ? store_errno(errno) : 0;
}

void plog_unmark_cut(struct plog *log)
{
	char *path = xasprintf("%s/" PLOG_CUT_MARK, log->dir);

	log->io->unlink(log->io, path);
	free(path);
}

/* What is written down of the log is no higher than what will be true of it: recovery point and
 * high watermark go down before the cut, which does no harm when there is none. */
static int lower_kept(struct plog *log, int64_t recovery_point, int64_t high_watermark)
{
	int64_t before = log->recovery_point, high = log->high_watermark;

	log->recovery_point = min_i64(before, recovery_point);
	log->high_watermark = min_i64(high, high_watermark);
	if (!log->keeper ||
		(log->kept[PLOG_KEPT_RECOVERY] <= log->recovery_point &&
			log->kept[PLOG_KEPT_HIGH] <= log->high_watermark) ||
		log->keeper->keep(log->keeper, log) == 0)
		return 0;
	log->recovery_point = before;
	log->high_watermark = high;
	return ERR_IO;
}

/* Epochs of what goes are forgotten first: a full disk may not take the file, and so far the log
 * can stay as it was. A start that finds the mark reads them from the log. */
static int forget_epochs(struct plog *log, int64_t end)
{
	size_t before = log->epochs.entries.n;
	int r;

	if (!epoch_cache_truncate_end(&log->epochs, end))
		return 0;
	r = plog_save_epochs(log, true);
	if (r < 0) {
		log_error("%s: cannot be cut at %lld: leader-epoch-checkpoint: %s", plog_name(log),
			(long long)end, strerror(errno));
		log->epochs.entries.n = before; /* what was dropped lies behind the others */
		plog_unmark_cut(log);
	}
	return r;
}

/* The start goes down behind the cut, so that what was deleted does not come back. Until it is
 * written down the next start would empty the log: no append may come before. */
static int lower_start(struct plog *log, int64_t start)
{
	log->log_start = start;
	if (!log->keeper || log->kept[PLOG_KEPT_START] <= start ||
		log->keeper->keep(log->keeper, log) == 0)
		return 0;
	plog_fail(log, "writing down a lower start");
	return ERR_IO;
}

/* Segments behind the n-th go, that one is cut; then everything that is known of the log. */
static int cut_at(struct plog *log, size_t last, int64_t offset)
{
	int r;

	log->cuts++;
	while (log->segments.n > last + 1)
		plog_remove_segment(log, log->segments.n - 1);
	r = plog_forget_snapshots(log, offset);
	/* The folder first: a segment that comes back would lie behind a gap. */
	if (r == 0 && log->io->sync_dir(log->io, log->dir) < 0)
		r = ERR_IO;
	if (r == 0)
		r = segment_truncate(
			plog_active(log), offset, (uint32_t)log->config.index_interval_bytes);
	plog_recount(log);
	if (r < 0)
		return r;
	log_info("%s: truncated to %lld", plog_name(log), (long long)log->leo);
	log->high_watermark = min_i64(log->high_watermark, log->leo);
	if (epoch_cache_truncate_end(&log->epochs, log->leo))
		r = plog_save_epochs(log, true);
	return r < 0 ? r : plog_rebuild_producers(log, false);
}

int plog_truncate_to(struct plog *log, int64_t offset)
{
	size_t last;
	int r;

	if (log->state != PLOG_OPEN)
		return ERR_IO;
	if (offset >= log->leo)
		return 0;
	if (offset < log->segments.v[0]->base)
		return plog_truncate_fully_and_start_at(log, offset);
	for (last = plog_segment_at(log, offset); last > 0; last--) {
		if (log->segments.v[last]->base < offset)
			break;
	}
	/* The segment in which the log will end is checked as a whole. */
	r = lower_kept(log, log->segments.v[last]->base, offset);
	if (r == 0)
		r = mark_cut(log);
	if (r == 0)
		r = forget_epochs(log, offset);
	if (r < 0)
		return r;
	if (cut_at(log, last, offset) < 0) {
		plog_fail(log, "truncation");
		return ERR_IO;
	}
	plog_unmark_cut(log);
	return lower_start(log, min_i64(log->log_start, log->leo));
}

int plog_truncate_fully_and_start_at(struct plog *log, int64_t offset)
{
	struct segment *s;
	int r;

	if (log->state != PLOG_OPEN)
		return ERR_IO;
	r = lower_kept(log, offset, offset);
	if (r == 0)
		r = mark_cut(log);
	if (r == 0)
		r = forget_epochs(log, INT64_MIN);
	if (r < 0)
		return r;
	log->cuts++;
	while (log->segments.n > 0)
		plog_remove_segment(log, log->segments.n - 1);
	r = plog_forget_snapshots(log, -1);
	s = segment_new(log->files, log->dir, offset, clock_wall_ms(log->clock));
	vec_push(&log->segments, s);
	plog_recount(log);
	log->high_watermark = log->recovery_point = offset;
	log->unflushed = 0;
	producer_state_clear(&log->producers);
	log->producers.end = offset;
	if (r == 0)
		r = segment_create(s);
	if (r == 0)
		r = plog_sync_fresh(log);
	if (r == 0 && log->io->sync_dir(log->io, log->dir) < 0)
		r = ERR_IO;
	if (r < 0) {
		log->log_start = offset;
		plog_fail(log, "starting anew");
		return r;
	}
	plog_unmark_cut(log);
	return lower_start(log, offset);
}
