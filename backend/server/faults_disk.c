/* A disk that is slow or full on purpose, in front of the real one. Called from any thread: what it
 * is told lies in atomics. Only sizes that grow are refused by a full disk, as by a real one. */
#include "server/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/xalloc.h"

struct faulty_disk {
	struct store_io io; /* first */
	struct store_io *inner;
	_Atomic int32_t slow_ms;
	_Atomic bool full;
};

static struct faulty_disk *disk_of(struct store_io *io)
{
	return CONTAINER_OF(io, struct faulty_disk, io);
}

/* A disk that is slow holds up whoever asks it. */
static void wait_for_it(struct faulty_disk *d)
{
	int32_t ms = atomic_load(&d->slow_ms);
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	while (ms && nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/* True, with errno: there is no room. */
static bool no_room(struct faulty_disk *d)
{
	if (!atomic_load(&d->full))
		return false;
	errno = ENOSPC;
	return true;
}

static int d_open(struct store_io *io, const char *path, int flags)
{
	struct faulty_disk *d = disk_of(io);
	struct store_stat st;

	if ((flags & O_CREAT) && d->inner->stat(d->inner, path, &st) < 0 && no_room(d))
		return -1;
	return d->inner->open(d->inner, path, flags);
}

static int d_close(struct store_io *io, int fd)
{
	return disk_of(io)->inner->close(disk_of(io)->inner, fd);
}

static ssize_t d_pread(struct store_io *io, int fd, void *p, size_t n, int64_t at)
{
	struct faulty_disk *d = disk_of(io);

	wait_for_it(d);
	return d->inner->pread(d->inner, fd, p, n, at);
}

static ssize_t d_pwritev(struct store_io *io, int fd, const struct iovec *iov, int n, int64_t at)
{
	struct faulty_disk *d = disk_of(io);

	wait_for_it(d);
	return no_room(d) ? -1 : d->inner->pwritev(d->inner, fd, iov, n, at);
}

static int d_fdatasync(struct store_io *io, int fd)
{
	struct faulty_disk *d = disk_of(io);

	wait_for_it(d);
	return d->inner->fdatasync(d->inner, fd);
}

static int d_truncate(struct store_io *io, int fd, int64_t size)
{
	struct faulty_disk *d = disk_of(io);
	struct store_stat st;

	if (d->inner->fstat(d->inner, fd, &st) == 0 && size > st.size && no_room(d))
		return -1;
	return d->inner->truncate(d->inner, fd, size);
}

static int d_reserve(struct store_io *io, int fd, int64_t at, int64_t n)
{
	struct faulty_disk *d = disk_of(io);

	return no_room(d) ? -1 : d->inner->reserve(d->inner, fd, at, n);
}

static int d_fstat(struct store_io *io, int fd, struct store_stat *out)
{
	return disk_of(io)->inner->fstat(disk_of(io)->inner, fd, out);
}

static int d_stat(struct store_io *io, const char *path, struct store_stat *out)
{
	return disk_of(io)->inner->stat(disk_of(io)->inner, path, out);
}

static int d_rename(struct store_io *io, const char *from, const char *to)
{
	return disk_of(io)->inner->rename(disk_of(io)->inner, from, to);
}

static int d_unlink(struct store_io *io, const char *path)
{
	return disk_of(io)->inner->unlink(disk_of(io)->inner, path);
}

static int d_link(struct store_io *io, const char *from, const char *to)
{
	return disk_of(io)->inner->link(disk_of(io)->inner, from, to);
}

static int d_mkdir(struct store_io *io, const char *path)
{
	struct faulty_disk *d = disk_of(io);

	return no_room(d) ? -1 : d->inner->mkdir(d->inner, path);
}

static int d_rmdir(struct store_io *io, const char *path)
{
	return disk_of(io)->inner->rmdir(disk_of(io)->inner, path);
}

static int d_list(struct store_io *io, const char *path, store_name_fn *fn, void *arg)
{
	return disk_of(io)->inner->list(disk_of(io)->inner, path, fn, arg);
}

static int d_sync_dir(struct store_io *io, const char *path)
{
	struct faulty_disk *d = disk_of(io);

	wait_for_it(d);
	return d->inner->sync_dir(d->inner, path);
}

/* What is in memory is not read from a slow disk. */
static int d_resident(struct store_io *io, int fd, int64_t at, size_t n)
{
	return disk_of(io)->inner->resident(disk_of(io)->inner, fd, at, n);
}

static int d_lock(struct store_io *io, const char *path)
{
	return disk_of(io)->inner->lock(disk_of(io)->inner, path);
}

static void d_boot_id(struct store_io *io, char out[static STORE_BOOT_ID])
{
	disk_of(io)->inner->boot_id(disk_of(io)->inner, out);
}

struct faulty_disk *faulty_disk_new(struct store_io *inner)
{
	struct faulty_disk *d = ALLOC(struct faulty_disk);

	d->inner = inner;
	d->io = (struct store_io){d_open, d_close, d_pread, d_pwritev, d_fdatasync, d_truncate,
		d_reserve, d_fstat, d_stat, d_rename, d_unlink, d_link, d_mkdir, d_rmdir, d_list,
		d_sync_dir, d_resident, d_lock, d_boot_id};
	return d;
}

void faulty_disk_free(struct faulty_disk *d)
{
	free(d);
}

struct store_io *faulty_disk_io(struct faulty_disk *d)
{
	return &d->io;
}

void faulty_disk_set(struct faulty_disk *d, int32_t slow_ms, bool full)
{
	atomic_store(&d->slow_ms, slow_ms);
	atomic_store(&d->full, full);
}
