/*
 * The disk's work that must not hold up the loop: reading ahead for readers, syncs, removals,
 * retention's scan, checkpoints. See disk.c for the threads.
 */
#ifndef SERVER_DISK_H
#define SERVER_DISK_H

#include "io/loop.h"
#include "store/store.h"

struct disk;

struct disk_settings {
	int64_t retention_check_ms;     /* log.retention.check.interval.ms */
	int64_t checkpoint_ms;          /* replica.high.watermark.checkpoint.interval.ms */
	int64_t recovery_checkpoint_ms; /* log.flush.offset.checkpoint.interval.ms */
	int64_t start_checkpoint_ms;    /* log.flush.start.offset.checkpoint.interval.ms */
};

/* store is borrowed and open. NULL with e: no threads. */
struct disk *disk_new(struct loop *l, struct store *store, const struct disk_settings *set,
	struct err *e) MUSTCHECK;
/* No timer fires any more; waits for what is under way and calls its done. NULL is allowed, as in
 * disk_free. */
void disk_stop(struct disk *d);
void disk_free(struct disk *d);

/* plog_warm_run of each piece, then done(arg) on the loop. */
void disk_read_ahead(
	struct disk *d, struct plog_warm *pieces, int32_t n, void (*done)(void *arg), void *arg);
/* As repl_settings.sync. done may be NULL; where a sync of the log is under way, one with done
 * follows it. ERR_AGAIN: another follows already, or done is NULL. ERR_NOT_FOUND: there is nothing
 * to sync. ERR_IO: the log is failed. */
int disk_sync(
	struct disk *d, struct plog *log, void (*done)(void *arg, int rc), void *arg) MUSTCHECK;

#endif
