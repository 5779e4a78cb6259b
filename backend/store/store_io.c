/* The real disk behind struct store_io, and transfers over short reads and writes. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* preadv2, fallocate */
#endif
#include "store/store_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/xalloc.h"

#define RESERVE_LEAVES (1LL << 30)

static int sys_open(UNUSED struct store_io *io, const char *path, int flags)
{
	int fd;

	do {
		fd = open(path, flags | O_CLOEXEC, 0644);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

static int sys_close(UNUSED struct store_io *io, int fd)
{
	return close(fd);
}

static ssize_t sys_pread(UNUSED struct store_io *io, int fd, void *p, size_t n, int64_t at)
{
	return pread(fd, p, n, at);
}

static ssize_t sys_pwritev(
	UNUSED struct store_io *io, int fd, const struct iovec *iov, int n, int64_t at)
{
	return pwritev(fd, iov, n, at);
}

static int sys_fdatasync(UNUSED struct store_io *io, int fd)
{
	return fdatasync(fd);
}

static int sys_truncate(UNUSED struct store_io *io, int fd, int64_t size)
{
	return ftruncate(fd, size);
}

/*
 * On ext4 a write into reserved blocks costs a third less than one for which each block is promised
 * by itself (docs/bench/log.md). tmpfs would fill reserved pages with zeros, others were not
 * measured. The last room of a disk is for those who write.
 */
static int sys_reserve(UNUSED struct store_io *io, int fd, int64_t at, int64_t n)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -1;
	if (fs.f_type != EXT4_SUPER_MAGIC || (int64_t)fs.f_bavail < RESERVE_LEAVES / fs.f_bsize) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return fallocate(fd, FALLOC_FL_KEEP_SIZE, at, n);
}

static void put_stat(const struct stat *st, struct store_stat *out)
{
	out->size = st->st_size;
	out->mtime_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
	out->is_dir = S_ISDIR(st->st_mode);
}

static int sys_fstat(UNUSED struct store_io *io, int fd, struct store_stat *out)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	put_stat(&st, out);
	return 0;
}

static int sys_stat(UNUSED struct store_io *io, const char *path, struct store_stat *out)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -1;
	put_stat(&st, out);
	return 0;
}

static int sys_rename(UNUSED struct store_io *io, const char *from, const char *to)
{
	return rename(from, to);
}

static int sys_unlink(UNUSED struct store_io *io, const char *path)
{
	return unlink(path);
}

static int sys_link(UNUSED struct store_io *io, const char *from, const char *to)
{
	return link(from, to);
}

static int sys_mkdir(UNUSED struct store_io *io, const char *path)
{
	return mkdir(path, 0755);
}

static int sys_rmdir(UNUSED struct store_io *io, const char *path)
{
	return rmdir(path);
}

static int sys_list(UNUSED struct store_io *io, const char *path, store_name_fn *fn, void *arg)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (!fn(arg, e->d_name))
			break;
	}
	closedir(d);
	return 0;
}

static int sys_sync_dir(UNUSED struct store_io *io, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -1;
	r = fsync(fd);
	close(fd);
	return r;
}

#define RESIDENT_STEP 131072

/* A byte here and there is asked for: read-ahead makes pages come and go in long runs. */
static int sys_resident(UNUSED struct store_io *io, int fd, int64_t at, size_t n)
{
	int64_t step = max_i64(RESIDENT_STEP, (int64_t)n / 16);
	int64_t last = at + (int64_t)n - 1;
	uint8_t byte;
	struct iovec iov = {&byte, 1};

	for (; n > 0 && at <= last; at = at < last ? min_i64(at + step, last) : last + 1)
		if (preadv2(fd, &iov, 1, at, RWF_NOWAIT) < 0 && errno == EAGAIN)
			return 0;
	return 1;
}

static int sys_lock(UNUSED struct store_io *io, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	int saved;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void sys_boot_id(UNUSED struct store_io *io, char out[static STORE_BOOT_ID])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, STORE_BOOT_ID - 1);

	if (fd >= 0)
		close(fd);
	out[n == STORE_BOOT_ID - 1 ? n : 0] = 0;
}

struct store_io store_io_system = {
	.open = sys_open,
	.close = sys_close,
	.pread = sys_pread,
	.pwritev = sys_pwritev,
	.fdatasync = sys_fdatasync,
	.truncate = sys_truncate,
	.reserve = sys_reserve,
	.fstat = sys_fstat,
	.stat = sys_stat,
	.rename = sys_rename,
	.unlink = sys_unlink,
	.link = sys_link,
	.mkdir = sys_mkdir,
	.rmdir = sys_rmdir,
	.list = sys_list,
	.sync_dir = sys_sync_dir,
	.resident = sys_resident,
	.lock = sys_lock,
	.boot_id = sys_boot_id,
};

int store_errno(int errnum)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
		return ERR_FULL;
	case ENOENT:
		return ERR_NOT_FOUND;
	case EEXIST:
	case ENOTEMPTY:
		return ERR_EXISTS;
	default:
		return ERR_IO;
	}
}

int store_read_full(struct store_io *io, int fd, void *p, size_t n, int64_t at)
{
	uint8_t *to = p;

	while (n > 0) {
		ssize_t got = io->pread(io, fd, to, n, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERR_IO;
		if (got == 0)
			return ERR_SHORT;
		to += got;
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

int store_write_full(struct store_io *io, int fd, const void *p, size_t n, int64_t at)
{
	const uint8_t *from = p;

	while (n > 0) {
		struct iovec iov = {(void *)(uintptr_t)from, n};
		ssize_t put = io->pwritev(io, fd, &iov, 1, at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? store_errno(errno) : ERR_IO;
		from += put;
		at += put;
		n -= (size_t)put;
	}
	return 0;
}

struct removal {
	struct store_io *io;
	const char *dir;
};

static bool remove_name(void *arg, const char *name)
{
	struct removal *m = arg;
	char *path = xasprintf("%s/%s", m->dir, name);

	m->io->unlink(m->io, path);
	free(path);
	return true;
}

int store_remove_dir(struct store_io *io, const char *dir)
{
	struct removal m = {io, dir};

	io->list(io, dir, remove_name, &m);
	return io->rmdir(io, dir) < 0 ? ERR_IO : 0;
}
