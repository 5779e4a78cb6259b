/*
 * A data folder and all logs in it. One process owns it (.lock). Start, in this order:
 *
 *   store_open      lock, meta.properties, checkpoints, dirty mark, list of partition folders
 *   store_load      recovers every log, on as many threads as asked
 *   …               create, find, delete, checkpoint
 *   store_close     orderly: every log synced, .kafka_cleanshutdown written
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <pthread.h>

#include "store/checkpoint.h"
#include "store/plog.h"

#define STORE_OPEN_FILES 4096
#define STORE_COPY_BELOW (32 * 1024)

struct store_options {
	struct store_io *io;       /* NULL: store_io_system */
	const struct clock *clock; /* NULL: clock_system */
	const char *dir;
	int32_t node_id;
	const char *cluster_id;    /* NULL or "": whatever is there, or to be set later */
	size_t max_open_files;     /* 0: STORE_OPEN_FILES */
	size_t copy_below;         /* 0: STORE_COPY_BELOW */
	struct plog_config config; /* for logs until plog_set_config */
};

struct store {
	struct store_io *io;
	const struct clock *clock;
	char *dir;
	struct plog_config config;
	size_t copy_below;
	struct meta_properties meta;
	bool clean;            /* how the last process ended */
	enum plog_trust trust; /* from that and the boot id */
	struct files files;
	struct map logs; /* "topic-partition" → struct plog * */
	/* The checkpoints as read at the start, then of them what belongs to logs that do not open.
	 */
	struct offset_list others[PLOG_N_KEPT];
	VEC(char *) found;   /* partition folders to load */
	VEC(char *) trash;   /* renamed folders and files to remove */
	struct list watched; /* logs for store_attend */
	bool unsure_names;   /* a fresh log was renamed, which may not be on the disk */
	int lock_fd;

	struct plog_keeper keeper;
	int64_t turn;   /* of the newest text made for a checkpoint */
	unsigned stale; /* checkpoints to be written whatever the logs say */
	struct map ghosts;
	pthread_mutex_t offsets_lock; /* held while a checkpoint is written */
	int64_t made[PLOG_N_KEPT];    /* turn of the newest text of the file */
	int64_t written[PLOG_N_KEPT]; /* turn of what is in the file; under the lock */
};

/* ERR_IN_USE: another process has the folder; ERR_INVALID: it is another node's or cluster's;
 * ERR_IO. The message names folder and reason; nothing was changed then. A folder that is not there
 * is made. */
int store_open(struct store *s, const struct store_options *opt, struct err *e) MUSTCHECK;
/* Recovers what store_open found, on this and `threads` - 1 more threads. A log that cannot be
 * opened is reported (log line) and left out: *n_bad, may be NULL. */
int store_load(struct store *s, int threads, int *n_bad) MUSTCHECK;
/* Saves meta.properties with this cluster id (a new broker that joined). */
int store_set_cluster_id(struct store *s, const char *cluster_id, struct err *e) MUSTCHECK;

struct plog *store_find(const struct store *s, struct str topic, int32_t partition);
/* ERR_EXISTS, ERR_FULL, ERR_IO. config NULL: the default. */
int store_create(struct store *s, struct str topic, int32_t partition, const struct uuid *topic_id,
	const struct plog_config *config, struct plog **out, struct err *e) MUSTCHECK;
/* The log is gone at once, its files with store_take_trash. */
int store_delete(struct store *s, struct plog *log) MUSTCHECK;
/* for (size_t i = 0; (log = store_next(s, &i));) */
struct plog *store_next(const struct store *s, size_t *i);

/* Writes those of the three offset checkpoints (recovery point, log start, high watermark) that
 * changed and, where much was written since, producer snapshots. Blocks. Does not sync logs. */
int store_checkpoint(struct store *s) MUSTCHECK;
/* plog_retention of `max` more logs, from *cursor (0 at first) on; *cursor is 0 again when all had
 * their turn. Returns segments removed. */
int store_retention(struct store *s, size_t *cursor, size_t max,
	void (*moved)(void *arg, struct plog *log), void *arg);
/* Of the logs that have something due: hands those that have to be synced to sync, and puts
 * segments that were removed long enough ago into the trash. Costs nothing for all others. */
void store_attend(struct store *s, void (*sync)(void *arg, struct plog *log), void *arg);
/* The next thing to remove, to be given to store_remove; NULL: nothing. The caller's to free. */
char *store_take_trash(struct store *s);
/* Removes a renamed file, or folder with its files, from the disk. Any thread; blocks. */
void store_remove(struct store_io *io, const char *path);

/* Checkpoints that a worker writes for the loop, any of: */
enum store_job_what {
	STORE_KEEP_RECOVERY = 1 << PLOG_KEPT_RECOVERY, /* recovery-point-offset-checkpoint */
	STORE_KEEP_START = 1 << PLOG_KEPT_START,       /* log-start-offset-checkpoint */
	STORE_KEEP_HIGH = 1 << PLOG_KEPT_HIGH,         /* replication-offset-checkpoint */
};

struct store_job {
	struct store *store;
	int64_t turn;
	unsigned files, failed; /* bits by enum plog_kept */
	struct buf text[PLOG_N_KEPT];
	int errnum;
};

/* begin (on the loop) makes the texts of those that changed, false: none, and the job is over; run
 * writes them on any thread; done, on the loop again and before the store is closed, ends the job.
 * ERR_IO (with job->errnum): one was not written, and will be with the next job. */
bool store_job_begin(struct store *s, unsigned what, struct store_job *job) MUSTCHECK;
void store_job_run(struct store_job *job);
int store_job_done(struct store *s, struct store_job *job) MUSTCHECK;

/* Bytes of the file system the folder lies on: in all, and free for this process. */
int store_space(const struct store *s, int64_t *total, int64_t *usable) MUSTCHECK;

/* Orderly end. ERR_IO when a log could not be synced: then no clean mark is written. */
int store_close(struct store *s) MUSTCHECK;
/* Lets go of everything without a write, as a crash would. */
void store_drop(struct store *s);

#endif
