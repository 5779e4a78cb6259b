/*
 * What the broker does on the disk beside appending: each kind on threads of its own, so that a
 * slow disk costs only those who wait for it.
 *
 *   kdeck-read   what readers want and memory does not hold
 *   kdeck-flush  syncs of partitions (flush.ms, flush.messages)
 *   kdeck-tidy   files that are removed, checkpoints
 */
#define LOG_MODULE "server"
#include "server/disk.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "io/work.h"
#include "repl/repl.h"

#define READ_THREADS   4
#define FLUSH_THREADS  2
#define LOGS_A_TURN    256
#define ATTEND_MS      1000
#define SYNCS_AT_ONCE  256
#define BIRTHS_AT_ONCE 64

struct disk {
	struct store *store;
	struct work_pool *readers, *flushers, *tidier;
	struct io_timer attend, retention, scan, high, recovery, start;
	size_t cursor; /* of the retention's scan */
	size_t births; /* syncs of new logs' folders under way */
	int removed;
	struct work removal;
	char *removing; /* NULL: nothing under way */
	struct work saving;
	struct store_job job;
	bool busy_saving, save_failed, ended;
	unsigned to_save; /* enum store_job_what */
};

/* ---- reading ahead --------------------------------------------------------------------------- */

struct reading {
	struct work work;
	struct plog_warm *pieces;
	int32_t n;
	void (*done)(void *arg);
	void *arg;
};

static void read_run(struct work *w)
{
	struct reading *r = CONTAINER_OF(w, struct reading, work);

	for (int32_t i = 0; i < r->n; i++)
		plog_warm_run(&r->pieces[i]);
}

static void read_done(struct work *w, int status)
{
	struct reading *r = CONTAINER_OF(w, struct reading, work);

	(void)status;
	r->done(r->arg);
	free(r);
}

void disk_read_ahead(
	struct disk *d, struct plog_warm *pieces, int32_t n, void (*done)(void *arg), void *arg)
{
	struct reading *r = ALLOC(struct reading);

	r->pieces = pieces;
	r->n = n;
	r->done = done;
	r->arg = arg;
	work_submit(d->readers, &r->work, read_run, read_done);
}

/* ---- syncs ----------------------------------------------------------------------------------- */

struct flush {
	struct work work;
	struct plog_sync sync;
	void (*done)(void *arg, int rc);
	void *arg;
	struct disk *disk;
	bool birth; /* counted in births */
	/* What was wanted while this was under way: another sync, behind it. */
	bool again;
	void (*again_done)(void *arg, int rc);
	void *again_arg;
};

static void on_attend(void *arg);

static void flush_run(struct work *w)
{
	plog_sync_run(&CONTAINER_OF(w, struct flush, work)->sync);
}

static int begin_sync(
	struct disk *d, struct plog *log, bool rolled, void (*done)(void *arg, int rc), void *arg);

/* The log is NULL when it was deleted meanwhile. */
static void sync_again(const struct flush *f, struct plog *log)
{
	int rc = ERR_CLOSED;

	if (log && !f->disk->ended)
		rc = begin_sync(f->disk, log, false, f->again_done, f->again_arg);
	if (log && rc < 0)
		rc = plog_flush(log);
	else if (log)
		return;
	f->again_done(f->again_arg, rc);
}

static void flush_done(struct work *w, int status)
{
	struct flush *f = CONTAINER_OF(w, struct flush, work);
	struct plog *log = f->sync.log;
	int rc = plog_sync_done(&f->sync);

	(void)status;
	if (f->done)
		f->done(f->arg, rc);
	if (f->again)
		sync_again(f, log);
	if (f->birth && --f->disk->births == 0)
		on_attend(f->disk);
	free(f);
}

/* 0; ERR_NOT_FOUND: nothing to sync; ERR_AGAIN: a sync of the log is under way, or there is no
 * descriptor left; ERR_IO. */
static int begin_sync(
	struct disk *d, struct plog *log, bool rolled, void (*done)(void *arg, int rc), void *arg)
{
	struct flush *f = ALLOC(struct flush);
	int n = plog_sync_begin(log, rolled, &f->sync);

	if (n <= 0) {
		free(f);
		return n < 0 ? n : ERR_NOT_FOUND;
	}
	f->disk = d;
	f->done = done;
	f->arg = arg;
	f->birth = f->sync.fresh && !done;
	d->births += f->birth;
	work_submit(d->flushers, &f->work, flush_run, flush_done);
	return 0;
}

int disk_sync(struct disk *d, struct plog *log, void (*done)(void *arg, int rc), void *arg)
{
	int rc = begin_sync(d, log, false, done, arg);
	struct flush *f;

	if (rc != ERR_AGAIN || !done || !log->sync)
		return rc;
	f = CONTAINER_OF(log->sync, struct flush, sync);
	if (f->again)
		return rc;
	f->again = true;
	f->again_done = done;
	f->again_arg = arg;
	return 0;
}

/* ---- removals -------------------------------------------------------------------------------- */

static void remove_next(struct disk *d);

static void remove_run(struct work *w)
{
	struct disk *d = CONTAINER_OF(w, struct disk, removal);

	store_remove(d->store->io, d->removing);
}

static void remove_done(struct work *w, int status)
{
	struct disk *d = CONTAINER_OF(w, struct disk, removal);

	(void)status;
	free(d->removing);
	d->removing = NULL;
	remove_next(d);
}

static void remove_next(struct disk *d)
{
	if (d->removing)
		return;
	d->removing = store_take_trash(d->store);
	if (d->removing)
		work_submit(d->tidier, &d->removal, remove_run, remove_done);
}

/* ---- timers ---------------------------------------------------------------------------------- */

/* Of a new log, its folder alone; a thousand at once would take all descriptors. */
static void sync_due(void *arg, struct plog *log)
{
	struct disk *d = arg;
	bool folder_only = !plog_flush_due(log);

	if (folder_only && d->births >= BIRTHS_AT_ONCE)
		return;
	if (begin_sync(d, log, folder_only, NULL, NULL) < 0 && log->state == PLOG_OPEN)
		log_debug("%s: nothing to sync, or a sync is under way", plog_name(log));
}

static void on_attend(void *arg)
{
	struct disk *d = arg;

	if (d->ended)
		return;
	store_attend(d->store, sync_due, d);
	remove_next(d);
}

/* Followers and consumers are told of the new start. */
static void start_moved(UNUSED void *arg, struct plog *log)
{
	if (log->owner)
		partition_wake_readers(log->owner);
}

/* A part of the logs a turn: ten thousand at once would make everybody wait. */
static void on_scan(void *arg)
{
	struct disk *d = arg;

	d->removed += store_retention(d->store, &d->cursor, LOGS_A_TURN, start_moved, NULL);
	if (d->cursor) {
		io_timer_start(&d->scan, 0, 0);
		return;
	}
	if (d->removed > 0)
		log_info("retention removed %d segments", d->removed);
	d->removed = 0;
}

static void on_retention(void *arg)
{
	struct disk *d = arg;

	if (!io_timer_active(&d->scan))
		on_scan(d);
}

static void save(struct disk *d);

static void save_run(struct work *w)
{
	struct disk *d = CONTAINER_OF(w, struct disk, saving);

	store_job_run(&d->job);
}

static void save_done(struct work *w, int status)
{
	struct disk *d = CONTAINER_OF(w, struct disk, saving);
	bool failed = store_job_done(d->store, &d->job) < 0;

	(void)status;
	d->busy_saving = false;
	if (failed && !d->save_failed)
		log_warn("%s: offsets cannot be written down: %s; tried again later", d->store->dir,
			strerror(d->job.errnum));
	d->save_failed = failed;
	save(d);
}

/* One job at a time; what is wanted meanwhile is the next. */
static void save(struct disk *d)
{
	unsigned what = d->to_save;

	if (d->busy_saving || d->ended)
		return;
	d->to_save = 0;
	if (!what || !store_job_begin(d->store, what, &d->job))
		return;
	d->busy_saving = true;
	work_submit(d->tidier, &d->saving, save_run, save_done);
}

static void on_high(void *arg)
{
	struct disk *d = arg;

	d->to_save |= STORE_KEEP_HIGH;
	save(d);
}

static void on_start(void *arg)
{
	struct disk *d = arg;

	d->to_save |= STORE_KEEP_START;
	save(d);
}

/* What the syncs make sure is written down the next time. */
static void on_recovery(void *arg)
{
	struct disk *d = arg;
	struct plog *log;
	int n = 0;

	d->to_save |= STORE_KEEP_RECOVERY;
	save(d);
	for (size_t i = 0; n < SYNCS_AT_ONCE && (log = store_next(d->store, &i));) {
		if (plog_sync_rolled_due(log) && begin_sync(d, log, true, NULL, NULL) == 0)
			n++;
	}
}

/* ---- life ------------------------------------------------------------------------------------ */

struct disk *disk_new(
	struct loop *l, struct store *store, const struct disk_settings *set, struct err *e)
{
	struct disk *d = ALLOC(struct disk);

	d->store = store;
	io_timer_init(&d->attend, l, on_attend, d);
	io_timer_init(&d->retention, l, on_retention, d);
	io_timer_init(&d->scan, l, on_scan, d);
	io_timer_init(&d->high, l, on_high, d);
	io_timer_init(&d->recovery, l, on_recovery, d);
	io_timer_init(&d->start, l, on_start, d);
	d->readers = work_pool_new(l, "kdeck-read", READ_THREADS, e);
	if (d->readers)
		d->flushers = work_pool_new(l, "kdeck-flush", FLUSH_THREADS, e);
	if (d->flushers)
		d->tidier = work_pool_new(l, "kdeck-tidy", 1, e);
	if (!d->tidier) {
		disk_free(d);
		return NULL;
	}
	io_timer_start(&d->attend, ATTEND_MS, ATTEND_MS);
	io_timer_start(&d->retention, set->retention_check_ms, set->retention_check_ms);
	io_timer_start(&d->high, set->checkpoint_ms, set->checkpoint_ms);
	io_timer_start(&d->recovery, set->recovery_checkpoint_ms, set->recovery_checkpoint_ms);
	io_timer_start(&d->start, set->start_checkpoint_ms, set->start_checkpoint_ms);
	return d;
}

void disk_stop(struct disk *d)
{
	if (!d)
		return;
	io_timer_stop(&d->attend);
	io_timer_stop(&d->retention);
	io_timer_stop(&d->scan);
	io_timer_stop(&d->high);
	io_timer_stop(&d->recovery);
	io_timer_stop(&d->start);
	d->ended = true;
	if (d->readers)
		work_pool_drain(d->readers);
	if (d->flushers)
		work_pool_drain(d->flushers);
	if (d->tidier)
		work_pool_drain(d->tidier);
}

void disk_free(struct disk *d)
{
	if (!d)
		return;
	disk_stop(d);
	work_pool_free(d->readers);
	work_pool_free(d->flushers);
	work_pool_free(d->tidier);
	free(d);
}
