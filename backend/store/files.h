/*
 * Open files of all logs, at most `max` at a time: the least recently used one is closed when
 * another is needed. A file that somebody holds a reference of (a queued send) stays open beyond
 * the limit until it is let go. Belongs to one loop.
 *
 *   struct file is embedded by its owner (a segment, an index), which names the path. The fd is
 *   opened at the first use.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "base/chain.h"
#include "base/list.h"
#include "store/store_io.h"

struct files {
	struct store_io *io;
	size_t max;
	size_t n_open;
	struct list lru;   /* open and not pinned, least recent first */
	uint64_t n_opened; /* ever */
};

struct file {
	struct list_node node; /* in files->lru while open and unpinned */
	struct files *files;   /* where it was opened; NULL: not open */
	int fd;                /* -1: closed */
	uint32_t pins;
};

void files_init(struct files *f, struct store_io *io, size_t max);
/* Every file has been closed before. */
void files_fini(struct files *f);

void file_init(struct file *f);
/* The fd, opening path with flags when it is closed. Valid until the next file_open of any file,
 * unless pinned. Negative enum err with errno set. */
int file_open(struct files *files, struct file *f, const char *path, int flags) MUSTCHECK;
static inline bool file_is_open(const struct file *f)
{
	return f->fd >= 0;
}
/* Keeps the open fd until as many file_unpin. */
void file_pin(struct file *f);
void file_unpin(struct file *f);
/* Closes now; not while pinned. */
void file_close(struct file *f);

#endif
