/*
 * The files of segments, `<dir>/<20-digit base offset><suffix>`, of which at most `max` are open at
 * a time: the least recently used one is closed when another is needed. A file that somebody holds
 * a reference of (a queued send) stays open beyond the limit until it is let go. Belongs to one
 * loop.
 *
 *   struct file is embedded by its owner (a segment, an index), which knows the folder. The fd is
 *   opened at the first use.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "base/list.h"
#include "store/store_io.h"

#define SEGMENT_PATH 4096

struct files {
	struct store_io *io;
	size_t max;
	size_t n_open;
	struct list lru; /* open and not pinned, least recent first */
};

struct file {
	struct list_node node; /* in files->lru while open and unpinned */
	struct files *files;   /* where it was opened; NULL: not open */
	const char *suffix;    /* static */
	int64_t base;
	int fd; /* -1: closed */
	uint32_t pins;
};

/* `<dir>/<20 digits><suffix>` into out[SEGMENT_PATH]; suffix ".log", ".index" … */
void segment_path(const char *dir, int64_t base, const char *suffix, char out[static SEGMENT_PATH]);
/* The base offset of a name with this suffix; false: it is none. */
bool segment_name_parse(const char *name, const char *suffix, int64_t *base);

void files_init(struct files *f, struct store_io *io, size_t max);
/* Every file has been closed before. */
void files_fini(struct files *f);

void file_init(struct file *f, int64_t base, const char *suffix);
/* The fd, opening the file in dir with flags when it is closed. Valid until the next file_open of
 * any file, unless pinned. Negative enum err with errno set. */
int file_open(struct files *files, struct file *f, const char *dir, int flags) MUSTCHECK;
/* Keeps the open fd until as many file_unpin. */
void file_pin(struct file *f);
void file_unpin(struct file *f);
/* Closes now; not while pinned. */
void file_close(struct file *f);

#endif
