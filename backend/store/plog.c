/* See plog.h: the life of a log besides opening: rolling, closing, small files. */
#define LOG_MODULE "store"
#include "store/plog_internal.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "store/checkpoint.h"

const struct plog_config plog_config_default = {
	.segment_bytes = 1073741824,
	.segment_ms = INT64_C(604800000),
	.segment_index_bytes = 10485760,
	.index_interval_bytes = 4096,
	.retention_ms = INT64_C(604800000),
	.retention_bytes = -1,
	.file_delete_delay_ms = 60000,
	.flush_messages = INT64_MAX,
	.flush_ms = INT64_MAX,
	.producer_expiry_ms = 86400000,
	.cleanup_delete = true,
};

const char *plog_name(const struct plog *log)
{
	const char *slash = strrchr(log->dir, '/');

	return slash ? slash + 1 : log->dir;
}

void plog_fail(struct plog *log, const char *what)
{
	if (log->state != PLOG_OPEN)
		return;
	log->state = PLOG_FAILED;
	log_error("%s: %s: %s; the log takes no writes until the next start", plog_name(log), what,
		strerror(errno));
}

char *plog_epochs_path(const struct plog *log)
{
	return xasprintf("%s/leader-epoch-checkpoint", log->dir);
}

int plog_save_epochs(struct plog *log, bool sync)
{
	struct buf text = BUF_EMPTY;
	char *path = plog_epochs_path(log);
	int r;

	epoch_cache_print(&log->epochs, &text);
	r = checkpoint_replace(log->io, path, buf_slice(&text), sync);
	log->epochs_changed++;
	log->names_changed++;
	if (r == 0 && sync)
		log->epochs_synced = log->epochs_changed;
	buf_fini(&text);
	free(path);
	return r;
}

void plog_recount(struct plog *log)
{
	log->size = 0;
	for (size_t i = 0; i < log->segments.n; i++)
		log->size += log->segments.v[i]->size;
	log->leo = plog_active(log)->next;
	log->n_tail = 0;
}

size_t plog_segment_at(const struct plog *log, int64_t offset)
{
	size_t lo = 0, hi = log->segments.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (log->segments.v[mid]->next > offset)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

int plog_roll_at(struct plog *log, int64_t base)
{
	struct segment *s;
	int r = segment_flush_index(plog_active(log), true);

	if (r == 0)
		r = plog_checkpoint_producers(log);
	if (r < 0)
		return r;
	s = segment_new(log->files, log->dir, base, clock_wall_ms(log->clock));
	r = segment_create(s);
	if (r < 0) {
		segment_unlink(s);
		segment_put(s);
		return r;
	}
	/* Also what a process left that was killed. */
	segment_release_room(plog_active(log));
	vec_push(&log->segments, s);
	log->names_changed++;
	log->n_tail = 0;
	log_debug("%s: rolled a segment at %lld", plog_name(log), (long long)base);
	return 0;
}

int plog_roll(struct plog *log)
{
	if (log->state != PLOG_OPEN)
		return ERR_CLOSED;
	return plog_active(log)->size == 0 ? 0 : plog_roll_at(log, log->leo);
}

void plog_set_config(struct plog *log, const struct plog_config *config)
{
	log->config = *config;
	if (plog_has_work(log))
		plog_watch(log);
}

void plog_set_high_watermark(struct plog *log, int64_t offset)
{
	log->high_watermark = max_i64(log->log_start, min_i64(offset, log->leo));
}

int64_t plog_last_stable(const struct plog *log)
{
	int64_t first = producer_state_first_unstable(&log->producers);

	return first >= 0 ? min_i64(first, log->high_watermark) : log->high_watermark;
}

void plog_drop(struct plog *log)
{
	if (log->sync)
		log->sync->log = NULL;
	list_remove(&log->watched);
	while (log->segments.n > 0)
		segment_put(vec_pop(&log->segments));
	while (log->doomed.n > 0)
		segment_put(vec_pop(&log->doomed));
	vec_fini(&log->segments);
	vec_fini(&log->doomed);
	epoch_cache_fini(&log->epochs);
	producer_state_fini(&log->producers);
	free(log->tail);
	free(log->topic);
	free(log->dir);
	free(log);
}

int plog_close(struct plog *log)
{
	bool indexed = plog_active(log)->size > 0;
	int r;

	if (plog_active(log)->reserved > 0)
		segment_release_room(plog_active(log));
	r = plog_flush(log);
	/* The next start takes the indexes as they are, also after a power cut. Those of an empty
	 * segment are right without; so are the producers of a log that had none. */
	if (r == 0 && indexed)
		r = segment_flush_index(plog_active(log), false);
	if (r == 0 && indexed)
		r = segment_sync_indexes(plog_active(log));
	if (r == 0 && log->leo > 0)
		r = plog_checkpoint_producers(log);
	while (log->doomed.n > 0) {
		struct segment *s = vec_pop(&log->doomed);

		segment_unlink(s);
		segment_put(s);
	}
	plog_drop(log);
	return r;
}

int plog_delete(struct plog *log, char **renamed)
{
	struct uuid id;
	char text[UUID_TEXT];
	int r = 0;

	uuid_random(&id);
	uuid_format(&id, text);
	*renamed = xasprintf("%s.%s-delete", log->dir, text);
	if (log->io->rename(log->io, log->dir, *renamed) < 0) {
		r = store_errno(errno);
		log_error("%s: cannot rename the folder: %s", plog_name(log), strerror(errno));
		free(*renamed);
		*renamed = NULL;
	}
	plog_drop(log);
	return r;
}

size_t plog_segment_count(const struct plog *log)
{
	return log->segments.n;
}
