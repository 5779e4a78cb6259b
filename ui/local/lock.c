/* One kdeck at a time makes, starts and ends brokers of a folder: it holds DIR/up.lock. The brokers
 * do not inherit it, and it is free when its holder is gone, however that ended. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "local/priv.h"

#define AGAIN_MS 20

static int open_lock(const char *path, bool make)
{
	return open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0644);
}

/* One that its last holder has taken away is nobody's. */
static bool is_there(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

/* ERR_IN_USE: not now. */
static int try_hold(const char *path, struct local_hold *h, int how, bool make, struct err *e)
{
	int fd = open_lock(path, make);

	if (fd < 0 && errno == ENOENT && make) {
		int rc = local_make_dirs(h->dir, e);
		if (rc < 0)
			return rc;
		h->made = true;
		fd = open_lock(path, true);
	}
	if (fd < 0 && errno == ENOENT)
		return make ? ERR_IN_USE : 0;
	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "%s", path);
	if (flock(fd, how | LOCK_NB) == 0 && is_there(fd)) {
		h->fd = fd;
		return 0;
	}
	close(fd);
	return ERR_IN_USE;
}

int local_hold(struct local_hold *h, const char *dir, bool make, int64_t wait_ms, struct err *e)
{
	const struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000L};
	int64_t until = clock_mono_ms(&clock_system) + wait_ms;
	char *path = xasprintf("%s/up.lock", dir);
	int rc;

	*h = (struct local_hold){.dir = dir, .fd = -1};
	while ((rc = try_hold(path, h, LOCK_EX, make, e)) == ERR_IN_USE &&
		clock_mono_ms(&clock_system) < until)
		nanosleep(&pause, NULL);
	if (rc == ERR_IN_USE)
		err_set(e, rc, "another kdeck starts or ends brokers in %s, and does not get done",
			dir);
	free(path);
	return rc;
}

int local_share(struct local_hold *h, const char *dir, struct err *e)
{
	char *path = xasprintf("%s/up.lock", dir);
	int rc;

	*h = (struct local_hold){.fd = -1};
	rc = try_hold(path, h, LOCK_SH, false, e);
	if (rc == ERR_IN_USE)
		err_set(e, rc, "kdeck up or kdeck down is at work in %s", dir);
	free(path);
	return rc;
}

/* A lock in a folder without a cluster is of no use to anybody. */
static void clean(const struct local_hold *h)
{
	struct local_cluster c;
	struct err e = {0};

	if (local_look(&c, h->dir, &e) == ERR_NOT_FOUND) {
		char *path = xasprintf("%s/up.lock", h->dir);
		unlink(path);
		if (h->made)
			(void)!rmdir(h->dir);
		free(path);
	}
	local_fini(&c);
}

void local_let_go(struct local_hold *h)
{
	if (h->fd < 0)
		return;
	if (h->dir)
		clean(h);
	close(h->fd);
	h->fd = -1;
}
