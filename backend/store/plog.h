/*
 * One partition's log: segments of record batches in Kafka's files, with offset and time index,
 * leader epochs and producer state (architecture decisions 2 and 3; kafka-rules 5.3 to 5.5).
 *
 *   log_start <= high_watermark <= leo           offsets; the next record gets leo
 *   segments  v[0] … v[n-1]; the last is the active one; each begins where the one before ends or
 *             behind it; none but the active may be empty
 *
 *             plog_open            append, read, truncate …
 *   (disk) ───────────────► OPEN ───────────────────────────┐
 *                             │ a write that cannot be      │ plog_close
 *                             ▼ taken back, a failed sync   ▼
 *                           FAILED ──────────────────────► (gone)
 *
 * A failed log refuses writes with KAFKA_STORAGE_ERROR and still serves reads, until the next start
 * has recovered it. Not thread-safe: one loop owns a log. Only plog_open may run on another thread,
 * before the log is shared. Nothing here waits for the disk except where said.
 */
#ifndef STORE_PLOG_H
#define STORE_PLOG_H

#include "base/clock.h"
#include "base/err.h"
#include "base/uuid.h"
#include "base/vec.h"
#include "store/epoch_cache.h"
#include "store/producer_state.h"
#include "store/segment.h"
#include "wire/compress.h"

#define PLOG_EARLIEST      INT64_C(-2)
#define PLOG_LATEST        INT64_C(-1)
#define PLOG_MAX_TIMESTAMP INT64_C(-3)
#define PLOG_ITEMS_AT_ONCE 256

/* Kafka's topic settings that act here, with Kafka's units. */
struct plog_config {
	int32_t segment_bytes;        /* segment.bytes */
	int64_t segment_ms;           /* segment.ms */
	int64_t segment_jitter_ms;    /* segment.jitter.ms */
	int32_t segment_index_bytes;  /* segment.index.bytes */
	int32_t index_interval_bytes; /* index.interval.bytes */
	int64_t retention_ms;         /* retention.ms, -1: for ever */
	int64_t retention_bytes;      /* retention.bytes, -1: no limit */
	int64_t file_delete_delay_ms; /* file.delete.delay.ms */
	int64_t flush_messages;       /* flush.messages */
	int64_t flush_ms;             /* flush.ms */
	int64_t producer_expiry_ms;   /* producer.id.expiration.ms */
	bool cleanup_delete;          /* cleanup.policy has delete */
	bool cleanup_compact;         /* cleanup.policy has compact */
};
/* Kafka's defaults. */
extern const struct plog_config plog_config_default;

enum plog_state { PLOG_OPEN, PLOG_FAILED };

/* How far what is on the disk can be trusted (kafka-rules 5.3). */
enum plog_trust {
	PLOG_CLEAN,     /* orderly stop: all of it */
	PLOG_SAME_BOOT, /* the process died: checked from the last index entry on */
	PLOG_UNSURE,    /* the machine went down: checked from the recovery point on */
};

/* What plog_open found; the log lines of it were written already. */
struct plog_recovery {
	int64_t bytes_cut;    /* from the end of the log */
	int32_t segments_cut; /* dropped behind the cut */
	int32_t indexes_rebuilt;
	int32_t leftovers; /* .deleted, .cleaned, .swap, orphan indexes */
};

/* The last batches appended: readers at the end find their position without a scan. */
#define PLOG_TAIL 32
struct plog_tail {
	int32_t position;
	uint32_t relative; /* base offset of the batch - base of the segment */
	uint32_t last;     /* the same for its last offset */
};

/* The offsets of each log that are written down for the next start. */
enum plog_kept { PLOG_KEPT_RECOVERY, PLOG_KEPT_START, PLOG_KEPT_HIGH, PLOG_N_KEPT };

/* Who writes them. A value there that is too high does harm: what lies below a recovery point is
 * not checked, what lies below the start is gone. So a log that becomes shorter has them written
 * anew first. */
struct plog;
struct plog_keeper {
	/* Writes log's offsets as they are; when it returns 0 they are on the disk. */
	int (*keep)(struct plog_keeper *k, struct plog *log);
};

struct plog {
	struct store_io *io;
	struct plog_keeper *keeper; /* NULL: nothing is written down */
	struct files *files;
	const struct clock *clock;
	char *dir; /* full path */
	char *topic;
	int32_t partition;
	struct uuid topic_id; /* zero: no partition.metadata */
	struct plog_config config;
	enum plog_state state;
	bool refusing;          /* the last append failed, and a line said so */
	bool starved;           /* the last sync found no descriptor, and a line said so */
	struct plog_sync *sync; /* on another thread now */
	struct list *watch;     /* the store's: logs that plog_attend has something to do for */
	struct list_node watched;

	int64_t log_start;
	int64_t leo;
	int64_t high_watermark; /* set by the owner through plog_set_high_watermark */
	int64_t recovery_point; /* everything below is on the disk */
	int64_t size;           /* bytes in all segments */
	/* The highest values that may stand in the checkpoints; -1: the log is not in them. */
	int64_t kept[PLOG_N_KEPT];
	int64_t cuts; /* truncations so far */
	/* Changes of names in the folder and of the file of epochs, and how many of them are on the
	 * disk. */
	int64_t names_changed, names_synced, epochs_changed, epochs_synced;
	bool fresh; /* never synced: its folder and partition.metadata may not be on the disk */

	VEC(struct segment *) segments;
	VEC(struct segment *) doomed; /* renamed to .deleted */
	int64_t doomed_at_ms;         /* monotonic: when the first of them is unlinked */
	struct epoch_cache epochs;
	struct producer_state producers;

	int64_t snapshot_at;     /* offset of the newest producer snapshot, -1 */
	int64_t snapshot_size;   /* bytes appended since */
	int64_t unflushed;       /* records since the last sync */
	int64_t unflushed_at_ms; /* monotonic, of the first of them */
	struct plog_tail *tail;  /* ring of PLOG_TAIL, of the active segment; NULL at first */
	uint32_t n_tail;         /* ever put into the ring since the roll */
	struct plog_recovery found;
	size_t copy_below; /* bytes; shorter reads are copied */
	void *owner;       /* the partition's, not touched here */
};

struct plog_open_args {
	struct store_io *io;
	struct files *files; /* where the log keeps its fds after opening */
	const struct clock *clock;
	const char *dir;
	struct str topic;
	int32_t partition;
	const struct plog_config *config; /* copied */
	enum plog_trust trust;
	struct plog_keeper *keeper; /* may be NULL when the offsets below are not from a file */
	int64_t recovery_point;     /* from the checkpoint, 0 when not known */
	int64_t log_start;          /* from the checkpoint, 0 when not known */
	int64_t high_watermark;     /* from the checkpoint, 0 when not known */
};

/* Opens the log in an existing folder and recovers it: leftovers go, torn tails are cut (with a log
 * line), indexes are rebuilt, epochs and producers loaded. Blocks. May run on another thread: files
 * is only remembered. ERR_IO (with e) when the disk refuses; then there is no log. */
int plog_open(const struct plog_open_args *args, struct plog **out, struct err *e) MUSTCHECK;
/* Makes the folder, partition.metadata (topic_id may be NULL) and the first segment at `start`,
 * then opens it. ERR_EXISTS when the folder is there. Does not sync, unless start > 0: a power cut
 * may undo it until store_attend has had it synced, or a flush, which makes the folder sure before
 * any record. */
int plog_create(const struct plog_open_args *args, const struct uuid *topic_id, int64_t start,
	struct plog **out, struct err *e) MUSTCHECK;
/* Writes partition.metadata, of a log that a power cut has left without; durable. */
int plog_set_topic_id(struct plog *log, const struct uuid *id) MUSTCHECK;
/* Orderly end: syncs, writes snapshot and indexes, frees. With a failed sync: ERR_IO, freed too.
 * Queued sends may outlive it. */
int plog_close(struct plog *log) MUSTCHECK;
/* Frees without a write, as a crash would leave the files. */
void plog_drop(struct plog *log);
/* Renames the folder to `<topic>-<partition>.<uuid>-delete`, closes the log, frees it; the new path
 * (heap) is for store_remove. *renamed NULL on error (ERR_IO, log freed all the same). */
int plog_delete(struct plog *log, char **renamed) MUSTCHECK;

/* Takes effect from the next append or plog_retention. */
void plog_set_config(struct plog *log, const struct plog_config *config);
/* Capped at leo, never below log_start. */
void plog_set_high_watermark(struct plog *log, int64_t offset);
/* min(high watermark, first offset of the oldest open transaction). */
int64_t plog_last_stable(const struct plog *log);

enum plog_origin {
	PLOG_LEADER,   /* stamp offsets and epoch, check sequences */
	PLOG_FOLLOWER, /* offsets and epochs are the leader's; only their order is checked */
};

/* One batch to append. It is validated (batch_validate_produce, or batch_check of a fetched one).
 */
struct plog_append {
	/* in */
	uint8_t *batch; /* whole batch, stamped in place; the caller's, free after the call */
	struct batch_header header; /* of it; offsets and epoch become what was stamped */
	int32_t leader_epoch;       /* PLOG_LEADER */
	int32_t coordinator_epoch;  /* of an end-of-transaction marker, else -1 */
	void *owner;                /* not touched */
	/* out */
	int16_t error;       /* Kafka's code, 0: in the log (or duplicate) */
	bool duplicate;      /* it was there before: base_offset, timestamp are the original's */
	int64_t base_offset; /* -1 on error */
	int64_t last_offset;
	int64_t timestamp; /* append time when the batch has it, else -1; duplicates: the original
			    */
};

/*
 * Appends in order, with one pwritev for all that fits the active segment (at most
 * PLOG_ITEMS_AT_ONCE a write). Each item gets its own result; a refused one leaves no gap. When the
 * disk refuses, the items of that write and those behind it get KAFKA_STORAGE_ERROR, the file is
 * cut back, and nothing of them stays; if it cannot be cut back, the log is failed. Syncs nothing,
 * but for that cut, so that what was refused does not come back. The first batch of a leader epoch
 * writes the file of epochs, also without a sync: flush and recovery see to it. Returns the number
 * of items without error.
 */
size_t plog_append(struct plog *log, struct plog_append *items, size_t n, enum plog_origin origin);

/* A stretch of one segment file. Holds the segment until plog_range_release. */
struct plog_range {
	struct segment *segment; /* NULL: nothing to read */
	int64_t position;
	size_t bytes;
	int64_t first_offset; /* base offset of the first batch; -1 when empty */
	int64_t end_offset; /* offset behind it when it ends with a whole batch that is known to be
			       the last, else -1 */
};

/*
 * Finds what a reader at offset gets: from the batch that holds offset, up to max_offset
 * (exclusive; high watermark, last stable offset or leo), at most max_bytes but with min_one at
 * least one whole batch, else nothing when that is larger. The last batch but not the first may be
 * cut by max_bytes, as Kafka does. 0 with an empty
 * range: nothing (yet). ERR_NOT_FOUND: offset < log_start or > leo (OFFSET_OUT_OF_RANGE). ERR_IO.
 */
int plog_locate(struct plog *log, int64_t offset, size_t max_bytes, int64_t max_offset,
	bool min_one, struct plog_range *out) MUSTCHECK;
/* Puts the range at the end of the chain: copied when short, else as a piece of the file that holds
 * the segment. ERR_IO: the chain is as it was. */
int plog_range_put(struct plog *log, const struct plog_range *r, struct chain *out) MUSTCHECK;
void plog_range_release(struct plog_range *r);

/*
 * Reading ahead on another thread, for what would wait for the disk: finding the offset in a
 * segment where nobody has looked lately, and the bytes behind it.
 *
 *   plog_warm_begin()  1: there is something to do, files are held; 0: nothing; negative
 *   plog_warm_run()    on any thread
 *   plog_warm_end()    lets the files go; the log may be gone by then
 */
struct plog_warm {
	struct store_io *io;
	struct segment *segment;
	int log_fd, index_fd;  /* index_fd -1: the position is known */
	uint32_t n_index;      /* entries of the index file */
	int64_t base;          /* of the segment */
	int64_t offset;        /* to look for */
	int64_t position, end; /* of the file */
	size_t bytes;
};
int plog_warm_begin(struct plog *log, int64_t offset, size_t max_bytes, int64_t max_offset,
	struct plog_warm *out) MUSTCHECK;
void plog_warm_run(struct plog_warm *w);
void plog_warm_end(struct plog_warm *w);

struct plog_read_result {
	size_t bytes;
	int64_t first_offset; /* -1: nothing read */
	int64_t next_offset;  /* behind the last whole batch; -1: not known (a long range) */
};

/* plog_locate and plog_range_put. */
int plog_read(struct plog *log, int64_t offset, size_t max_bytes, int64_t max_offset, bool min_one,
	struct chain *out, struct plog_read_result *result) MUSTCHECK;

/* Bytes between offset and max_offset that a reader could get: exact within a segment, for fetch's
 * minimum bytes. */
int64_t plog_bytes_between(struct plog *log, int64_t offset, int64_t max_offset);

struct plog_time_result {
	int64_t offset; /* -1: none */
	int64_t timestamp;
	int32_t leader_epoch;
};

/* ListOffsets: PLOG_EARLIEST, PLOG_LATEST (gives max_offset), PLOG_MAX_TIMESTAMP, or the first
 * record with a timestamp >= when. Only records below max_offset. ctx unpacks compressed batches. 0
 * with offset -1: none. ERR_IO, ERR_CORRUPT. */
int plog_offset_for_time(struct plog *log, int64_t when, int64_t max_offset,
	struct compress_ctx *ctx, struct plog_time_result *out) MUSTCHECK;

/* DeleteRecords: log_start advances to offset (<= high watermark, else ERR_INVALID) and whole
 * segments below go. */
int plog_delete_records(struct plog *log, int64_t offset) MUSTCHECK;
/* Leo becomes offset (a batch boundary at or below; no effect behind leo). High watermark follows.
 * Durable: syncs, as plog_truncate_fully_and_start_at does, and has the keeper write down a lower
 * recovery point and high watermark before the cut, a lower start behind it; blocks. ERR_IO: the
 * log is as it was, or failed. */
int plog_truncate_to(struct plog *log, int64_t offset) MUSTCHECK;
/* All goes; the log is empty and begins at offset. */
int plog_truncate_fully_and_start_at(struct plog *log, int64_t offset) MUSTCHECK;

/* Starts a new active segment (no effect when the active one is empty). */
int plog_roll(struct plog *log) MUSTCHECK;
/* Retention by time, size and log start; expiry of producers. Returns segments removed from the
 * log, or negative. */
int plog_retention(struct plog *log) MUSTCHECK;
/* Gives the paths of renamed files whose delay has passed to fn, which owns them and has them
 * unlinked. */
typedef void plog_path_fn(void *arg, char *path);
void plog_take_doomed(struct plog *log, plog_path_fn *fn, void *arg);
/* False: nothing will be due unless more is appended or removed. */
bool plog_has_work(const struct plog *log);

/* flush.messages or flush.ms demand a sync now. */
bool plog_flush_due(const struct plog *log);
/* flush.messages does: an acknowledgement has to wait for it. */
bool plog_flush_before_ack(const struct plog *log);
/* fdatasync of everything below leo; blocks. ERR_AGAIN: this process has no descriptor left and
 * nothing was synced or lost; any other failure fails the log (ERR_IO). */
int plog_flush(struct plog *log) MUSTCHECK;
/*
 * A sync on another thread: begin collects the fds of what is not synced (segments, of those that
 * are not active their indexes too, the file of epochs, at last the folder for new names), the
 * worker calls plog_sync_run, done tells the outcome. begin returns how many fds, or negative
 * (ERR_AGAIN: one is under way, or no descriptor is left; as with plog_flush); 0: nothing to do,
 * done is not to be called. The log may be deleted meanwhile; sync stays where it is until done.
 * rolled: only what lies below the active segment.
 */
struct plog_sync_file {
	int fd;
	struct segment *segment; /* held and pinned; NULL: the fd is closed in the end */
	int64_t size;            /* of the segment at begin */
};
struct plog_sync {
	struct plog *log; /* NULL: deleted */
	struct store_io *io;
	int errnum;     /* what came of it; 0: all is on the disk */
	int64_t offset; /* recovery point afterwards */
	int64_t active; /* base of the active segment at begin */
	int64_t cuts, epochs, names;
	bool fresh; /* with the log's folder and partition.metadata */
	VEC(struct plog_sync_file) files;
};
int plog_sync_begin(struct plog *log, bool rolled, struct plog_sync *sync) MUSTCHECK;
void plog_sync_run(struct plog_sync *sync);
/* ERR_IO: the log is failed. ERR_CLOSED: it was deleted. */
int plog_sync_done(struct plog_sync *sync);
/* Full segments lie behind the recovery point. */
bool plog_sync_rolled_due(const struct plog *log);
/* The folder of a new log is not on the disk yet; a sync of what is rolled makes it sure. */
bool plog_fresh_due(const struct plog *log);

/* Writes a producer snapshot at leo, so that recovery has less to read; the one before goes, unless
 * a segment begins there. */
int plog_checkpoint_producers(struct plog *log) MUSTCHECK;

size_t plog_segment_count(const struct plog *log);
static inline int64_t plog_size(const struct plog *log)
{
	return log->size;
}

/* "orders-2" for log lines; valid until the next call by this log's owner. */
const char *plog_name(const struct plog *log);

#endif
