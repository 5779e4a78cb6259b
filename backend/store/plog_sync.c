/*
 * Making a log durable. Everything below the recovery point has been synced, with what the next
 * start needs to trust it without reading it: the names of the segments, the indexes of those that
 * are not active, the file of epochs.
 */
#define LOG_MODULE "store"
#include "store/plog_internal.h"

#include <errno.h>
#include <fcntl.h>

#include "base/log.h"
#include "store/checkpoint.h"

bool plog_flush_before_ack(const struct plog *log)
{
	return log->state == PLOG_OPEN && log->unflushed > 0 &&
	       log->unflushed >= log->config.flush_messages;
}

bool plog_flush_due(const struct plog *log)
{
	if (log->unflushed == 0 || log->state != PLOG_OPEN || log->sync)
		return false;
	return plog_flush_before_ack(log) ||
	       clock_mono_ms(log->clock) - log->unflushed_at_ms >= log->config.flush_ms;
}

bool plog_has_work(const struct plog *log)
{
	return log->doomed.n > 0 || (log->fresh && log->state == PLOG_OPEN) ||
	       (log->unflushed > 0 && log->state == PLOG_OPEN && plog_syncs_itself(log));
}

void plog_watch(struct plog *log)
{
	if (log->watch && !list_holds(&log->watched))
		list_push_back(log->watch, &log->watched);
}

/* Frees the path. A file that is not there needs no sync. */
static int sync_path(struct plog *log, char *path)
{
	int fd = log->io->open(log->io, path, O_RDWR);
	int r = fd < 0 && errno != ENOENT ? ERR_IO : 0;

	if (fd >= 0) {
		r = log->io->fdatasync(log->io, fd) < 0 ? ERR_IO : 0;
		log->io->close(log->io, fd);
	}
	free(path);
	return r;
}

int plog_set_topic_id(struct plog *log, const struct uuid *id)
{
	int r = partition_metadata_write(log->io, log->dir, id, true);

	if (r == 0)
		log->topic_id = *id;
	return r;
}

int plog_sync_fresh(struct plog *log)
{
	int r;

	if (!log->fresh)
		return 0;
	r = sync_path(log, partition_metadata_path(log->dir));
	if (r == 0 && log->io->sync_dir(log->io, log->dir) < 0)
		r = ERR_IO;
	if (r == 0)
		r = checkpoint_sync_parent(log->io, log->dir);
	log->fresh = r < 0;
	return r;
}

static int sync_segments(struct plog *log)
{
	for (size_t i = 0; i < log->segments.n; i++) {
		struct segment *s = log->segments.v[i];

		if (s->synced < s->size && segment_sync(s) < 0)
			return ERR_IO;
		if (s != plog_active(log) && segment_sync_indexes(s) < 0)
			return ERR_IO;
	}
	return 0;
}

static int sync_names(struct plog *log)
{
	if (plog_sync_fresh(log) < 0)
		return ERR_IO;
	if (log->epochs_synced != log->epochs_changed && sync_path(log, plog_epochs_path(log)) < 0)
		return ERR_IO;
	if (log->names_synced != log->names_changed && log->io->sync_dir(log->io, log->dir) < 0)
		return ERR_IO;
	log->epochs_synced = log->epochs_changed;
	log->names_synced = log->names_changed;
	return 0;
}

/* Without a descriptor the sync has not begun, and nothing is lost: it may be tried again, unless
 * an acknowledgement waits for it. */
static int sync_failed(struct plog *log, const char *what)
{
	if ((errno != EMFILE && errno != ENFILE) || plog_flush_before_ack(log)) {
		plog_fail(log, what);
		return ERR_IO;
	}
	if (!log->starved)
		log_warn("%s: not synced yet: %s", plog_name(log), strerror(errno));
	log->starved = true;
	return ERR_AGAIN;
}

int plog_flush(struct plog *log)
{
	if (log->state != PLOG_OPEN)
		return ERR_IO;
	if (sync_segments(log) < 0 ||
		((log->fresh || log->recovery_point < log->leo) && sync_names(log) < 0))
		return sync_failed(log, "fdatasync");
	log->starved = false;
	log->recovery_point = log->leo;
	log->unflushed = 0;
	return 0;
}

/* ---- on another thread ---------------------------------------------------------------------- */

/* Of a file with no struct of its own that stays open; one that is not there needs no sync. Frees
 * the path. */
static int add_path(struct plog *log, struct plog_sync *sync, char *path, int flags)
{
	int fd = log->io->open(log->io, path, flags);

	free(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : ERR_IO;
	vec_push(&sync->files, ((struct plog_sync_file){.fd = fd}));
	return 0;
}

static int add_index(struct plog *log, struct plog_sync *sync, const struct index *x)
{
	char path[SEGMENT_PATH];

	if (!x->dirty)
		return 0;
	segment_path(log->dir, x->file.base, x->file.suffix, path);
	return add_path(log, sync, xstrdup(path), O_RDWR);
}

static int add_segment(struct plog *log, struct plog_sync *sync, struct segment *s)
{
	int r = 0;

	if (s->synced < s->size) {
		int fd = segment_fd(s);

		if (fd < 0)
			return ERR_IO;
		vec_push(&sync->files, ((struct plog_sync_file){fd, s, s->size}));
		file_pin(&s->file);
		ref_get(&s->ref);
	}
	if (s != plog_active(log))
		r = add_index(log, sync, &s->times);
	if (r == 0 && s != plog_active(log))
		r = add_index(log, sync, &s->index);
	return r;
}

static int add_all(struct plog *log, struct plog_sync *sync)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < log->segments.n; i++) {
		if (log->segments.v[i]->base < sync->offset)
			r = add_segment(log, sync, log->segments.v[i]);
	}
	if (r == 0 && log->epochs_synced != log->epochs_changed)
		r = add_path(log, sync, plog_epochs_path(log), O_RDWR);
	if (r == 0 && log->fresh)
		r = add_path(log, sync, partition_metadata_path(log->dir), O_RDWR);
	if (r == 0 && (log->fresh || log->names_synced != log->names_changed))
		r = add_path(log, sync, xstrdup(log->dir), O_RDONLY | O_DIRECTORY);
	if (r == 0 && log->fresh)
		r = add_path(log, sync, checkpoint_parent(log->dir), O_RDONLY | O_DIRECTORY);
	return r;
}

static void let_go(struct plog_sync *sync)
{
	vec_foreach (f, &sync->files) {
		if (!f->segment) {
			sync->io->close(sync->io, f->fd);
			continue;
		}
		file_unpin(&f->segment->file);
		ref_put(&f->segment->ref);
	}
	vec_fini(&sync->files);
}

static void note_synced(struct plog *log, const struct plog_sync *sync)
{
	log->starved = false;
	for (size_t i = 0; i < sync->files.n; i++) {
		const struct plog_sync_file *f = &sync->files.v[i];

		if (f->segment)
			f->segment->synced = max_i64(f->segment->synced, f->size);
	}
	for (size_t i = 0; i < log->segments.n && log->segments.v[i]->base < sync->active; i++)
		log->segments.v[i]->index.dirty = log->segments.v[i]->times.dirty = false;
	log->epochs_synced = max_i64(log->epochs_synced, sync->epochs);
	log->names_synced = max_i64(log->names_synced, sync->names);
	if (sync->fresh)
		log->fresh = false;
	log->recovery_point = max_i64(log->recovery_point, min_i64(sync->offset, log->leo));
}

bool plog_fresh_due(const struct plog *log)
{
	return log->fresh && log->state == PLOG_OPEN && !log->sync;
}

bool plog_sync_rolled_due(const struct plog *log)
{
	return log->state == PLOG_OPEN && !log->sync &&
	       log->recovery_point < plog_active(log)->base;
}

int plog_sync_begin(struct plog *log, bool rolled, struct plog_sync *sync)
{
	if (log->sync)
		return ERR_AGAIN;
	if (log->state != PLOG_OPEN)
		return ERR_IO;
	*sync = (struct plog_sync){.log = log,
		.io = log->io,
		.offset = rolled ? plog_active(log)->base : log->leo,
		.active = plog_active(log)->base,
		.cuts = log->cuts,
		.epochs = log->epochs_changed,
		.names = log->names_changed,
		.fresh = log->fresh};
	if (sync->offset <= log->recovery_point && !log->fresh)
		return 0;
	if (add_all(log, sync) < 0) {
		int saved = errno;

		let_go(sync);
		errno = saved;
		return sync_failed(log, "opening what is to be synced");
	}
	if (!rolled)
		log->unflushed = 0;
	if (sync->files.n > 0) {
		log->sync = sync;
		return (int)sync->files.n;
	}
	note_synced(log, sync);
	return 0;
}

void plog_sync_run(struct plog_sync *sync)
{
	sync->errnum = 0;
	for (size_t i = 0; i < sync->files.n && !sync->errnum; i++) {
		if (sync->io->fdatasync(sync->io, sync->files.v[i].fd) < 0)
			sync->errnum = errno;
	}
}

int plog_sync_done(struct plog_sync *sync)
{
	struct plog *log = sync->log;

	/* Of what was cut meanwhile and written anew, it says nothing. */
	if (log && sync->errnum == 0 && sync->cuts == log->cuts)
		note_synced(log, sync);
	let_go(sync);
	if (!log)
		return ERR_CLOSED;
	log->sync = NULL;
	if (sync->errnum == 0)
		return 0;
	errno = sync->errnum;
	plog_fail(log, "fdatasync");
	return ERR_IO;
}
