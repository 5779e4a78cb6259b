/*
 * The two sparse indexes of a segment, in Kafka's format:
 *
 *   .index       8 bytes an entry: int32 offset - base (the last offset of a batch), int32 position
 *                of that batch; one entry about every index.interval.bytes of log
 *   .timeindex   12 bytes an entry: int64 timestamp, int32 offset - base: no record up to that
 *                batch is later; both rise strictly
 *
 * Entries are written in groups: the newest stay in memory until INDEX_PENDING are there, so that
 * an append costs no write. Look-ups go over the memory, then by binary search over the file. What
 * a crash loses is added again by recovery, which walks the log from the last entry in the file.
 */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include "base/vec.h"
#include "store/files.h"

#define INDEX_ENTRY      8
#define TIME_INDEX_ENTRY 12
#define INDEX_PENDING    64

struct index_entry {
	int64_t key;   /* offset, or timestamp */
	int64_t value; /* position, or offset */
};

enum index_kind { INDEX_OFFSET, INDEX_TIME };

struct index {
	enum index_kind kind;
	uint32_t n_file; /* entries in the file */
	bool there;      /* the file exists */
	bool dirty;      /* written since the last sync */
	struct file file;
	struct index_entry last; /* key -1: none */
	VEC(struct index_entry) pending;
};

void index_init(struct index *x, enum index_kind kind, int64_t base);
void index_fini(struct index *x);

/* Takes over a file: size and order of its last entries are checked against what the log can
 * hold. ERR_NOT_FOUND; ERR_CORRUPT: to be rebuilt; ERR_IO. */
int index_load(struct index *x, struct files *files, const char *dir, int64_t log_size) MUSTCHECK;
/* Adds an entry; one that does not rise is left out, as Kafka does. */
void index_add(struct index *x, int64_t key, int64_t value);
/* Entries in all. */
uint32_t index_count(const struct index *x);
/* Writes what is pending and makes the file if it is not there. */
int index_flush(struct index *x, struct files *files, const char *dir) MUSTCHECK;
/* The last entry with a key <= key: 1; none: 0; ERR_IO. */
int index_lookup(struct index *x, struct files *files, const char *dir, int64_t key,
	struct index_entry *out) MUSTCHECK;
/* Drops the entries that belong to offsets >= offset. */
int index_truncate(struct index *x, struct files *files, const char *dir, int64_t offset) MUSTCHECK;
/* Drops all entries, of the file too. */
int index_reset(struct index *x, struct files *files, const char *dir) MUSTCHECK;
/* fdatasync of the file when something was written since the last. ERR_IO. */
int index_sync(struct index *x, struct files *files, const char *dir) MUSTCHECK;

#endif
