/*
 * The disk as the store sees it: a table of functions, so that a test can lose power, tear a write
 * or fill the disk. Calls mirror the system's and answer like it: -1 and errno on failure. The real
 * table may be used from any thread.
 */
#ifndef STORE_STORE_IO_H
#define STORE_STORE_IO_H

#include "base/bytes.h"
#include <sys/types.h>
#include <sys/uio.h>

#define STORE_BOOT_ID 37 /* 36 characters and a NUL */

struct store_stat {
	int64_t size;
	int64_t mtime_ms;
	bool is_dir;
};

/* Return false to stop the listing. */
typedef bool store_name_fn(void *arg, const char *name);

struct store_io {
	/* flags as open(2); O_CLOEXEC is added. New files get mode 0644. */
	int (*open)(struct store_io *io, const char *path, int flags);
	int (*close)(struct store_io *io, int fd);
	ssize_t (*pread)(struct store_io *io, int fd, void *p, size_t n, int64_t at);
	/* May write less than asked. */
	ssize_t (*pwritev)(struct store_io *io, int fd, const struct iovec *iov, int n, int64_t at);
	int (*fdatasync)(struct store_io *io, int fd);
	int (*truncate)(struct store_io *io, int fd, int64_t size);
	/* Room for bytes behind the end of a file, which stays where it is; truncate gives it back.
	 * -1 where that costs more than it is worth or little room is left: no write depends on it.
	 */
	int (*reserve)(struct store_io *io, int fd, int64_t at, int64_t n);
	int (*fstat)(struct store_io *io, int fd, struct store_stat *out);
	int (*stat)(struct store_io *io, const char *path, struct store_stat *out);
	int (*rename)(struct store_io *io, const char *from, const char *to);
	int (*unlink)(struct store_io *io, const char *path);
	int (*link)(struct store_io *io, const char *from, const char *to);
	int (*mkdir)(struct store_io *io, const char *path);
	int (*rmdir)(struct store_io *io, const char *path);
	/* Names in a folder without "." and "..", in no order. */
	int (*list)(struct store_io *io, const char *path, store_name_fn *fn, void *arg);
	/* Makes creations, renames and removals in a folder durable. */
	int (*sync_dir)(struct store_io *io, const char *path);
	/* 1: the range is in memory; 0: a read may wait for the disk. A guess. */
	int (*resident)(struct store_io *io, int fd, int64_t at, size_t n);
	/* Opens (creates) path and locks it for this process; EWOULDBLOCK when another holds it.
	 * The lock lasts until close. */
	int (*lock)(struct store_io *io, const char *path);
	/* Changes at every start of the machine; "" where that is not known. */
	void (*boot_id)(struct store_io *io, char out[static STORE_BOOT_ID]);
};

/* The machine's files. */
extern struct store_io store_io_system;

/* Whole transfers over short reads and writes. 0, or ERR_IO/ERR_FULL with errno set; ERR_SHORT: the
 * file ends before n bytes. */
int store_read_full(struct store_io *io, int fd, void *p, size_t n, int64_t at) MUSTCHECK;
int store_write_full(struct store_io *io, int fd, const void *p, size_t n, int64_t at) MUSTCHECK;
/* A folder with its files; ERR_IO with errno. */
int store_remove_dir(struct store_io *io, const char *dir);
/* ERR_FULL for ENOSPC and EDQUOT, ERR_NOT_FOUND for ENOENT, ERR_IO for the rest. */
int store_errno(int errnum);

#endif
