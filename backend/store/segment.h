/*
 * One segment of a log: `<20-digit base offset>.log` and its indexes. The segment lives while a
 * queued send holds its ref; removed files are renamed to `.deleted` and unlinked later.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "base/chain.h"
#include "store/index.h"
#include "wire/batch.h"

struct segment {
	struct ref ref;
	struct files *files; /* of the owner; NULL after the log let go of it */
	const char *dir;     /* the log's folder; the log changes it on rename */
	int64_t base;
	int64_t size;                 /* bytes of whole batches in the file */
	int64_t next;                 /* offset behind the last batch; base when empty */
	int64_t max_timestamp;        /* -1: none */
	int64_t max_timestamp_offset; /* last offset of the batch that has it; -1 */
	int64_t first_timestamp;      /* of the first batch (max timestamp); -1: not known */
	int64_t created_ms;           /* wall clock; of the file when it was found */
	int64_t synced;               /* bytes known to be on the disk */
	int64_t reserved;             /* bytes the disk has room for; -1: it is not asked again */
	uint32_t since_index;         /* bytes since the last index entry */
	uint32_t interval;            /* index.interval.bytes of the last batch noted */
	struct file file;
	struct index index, times;
	int64_t looked_ms; /* monotonic: when an offset was last looked for in it; 0: never */
	bool deleted;      /* the files are `.deleted` */
	bool rebuilt;      /* a look-up had its indexes made anew; not again */
};

/* Empty, with no files yet. dir is borrowed. */
struct segment *segment_new(struct files *files, const char *dir, int64_t base, int64_t now_ms);
/* Creates the three files. ERR_EXISTS, ERR_FULL, ERR_IO. */
int segment_create(struct segment *s) MUSTCHECK;
/* The log file's fd (see file_open for how long it is valid), or negative. */
int segment_fd(struct segment *s) MUSTCHECK;

/* A batch with this head was written at position (== size): counts it in and indexes it. */
void segment_note(struct segment *s, const struct batch_header *h, uint32_t index_interval);

/* Before n bytes are written at the end: a write of many bytes gets its room, and some for the
 * next, by one request. Never fails: without it the write does the same for each block. */
void segment_reserve(struct segment *s, int64_t n);
/* Gives back what lies behind the last batch. */
void segment_release_room(struct segment *s);

struct segment_find {
	int64_t position;
	struct batch_header header;
};

/* The first batch whose last offset is >= offset. 1, 0: none, or negative. An index that does not
 * fit the log is made anew first (with a log line), here and in segment_find_time. */
int segment_find(struct segment *s, int64_t offset, struct segment_find *out) MUSTCHECK;
/* The first batch with a max timestamp >= timestamp that holds or follows min_offset. */
int segment_find_time(struct segment *s, int64_t timestamp, int64_t min_offset,
	struct segment_find *out) MUSTCHECK;

/* Batches from a position on; see segment_walk. Return false to stop. */
typedef bool segment_batch_fn(
	void *arg, const struct batch_header *h, int64_t position, struct slice batch);

enum segment_walk_flags {
	WALK_CHECK = 1, /* every CRC; and leader epochs do not go down */
	WALK_WHOLE = 2, /* batch is the whole batch, else at least its head */
};

/*
 * Reads batches from a position to `end`. *stopped is the position behind the last good batch.
 * 0: came to the end (or the callback stopped it); ERR_SHORT, ERR_CORRUPT, ERR_VERSION: what is at
 * *stopped is no good batch; ERR_IO. A batch that does not lie behind the one before (offsets)
 * is corrupt too.
 */
int segment_walk(struct segment *s, int64_t from, int64_t end, unsigned flags, segment_batch_fn *fn,
	void *arg, int64_t *stopped) MUSTCHECK;

/* Cuts the file and the indexes at offset, syncs them and recomputes what is known. */
int segment_truncate(struct segment *s, int64_t offset, uint32_t index_interval) MUSTCHECK;
/* Writes pending index entries; with last: adds the closing time index entry too. The time index
 * is written first: a process that dies between leaves none behind the offset index. */
int segment_flush_index(struct segment *s, bool last) MUSTCHECK;
/* Empties both indexes, also on the disk. */
int segment_reset_indexes(struct segment *s) MUSTCHECK;
/* fdatasync of the log; of the indexes (when they changed). */
int segment_sync(struct segment *s) MUSTCHECK;
int segment_sync_indexes(struct segment *s) MUSTCHECK;
/* Makes the indexes of a segment anew from the heads of its batches, on the disk. ERR_CORRUPT: they
 * go up to the first head that is no good. */
int segment_rebuild(struct segment *s, uint32_t index_interval) MUSTCHECK;
/* Renames the files to `.deleted`; segment_unlink removes them. */
int segment_mark_deleted(struct segment *s) MUSTCHECK;
void segment_unlink(struct segment *s);
/* Gives the names of the files to fn, which owns them and removes the files. */
void segment_take_paths(struct segment *s, void (*fn)(void *arg, char *path), void *arg);
/* The owner's reference ends; frees when no send holds it. */
void segment_put(struct segment *s);

#endif
