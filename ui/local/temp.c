/* Throw-away folders of demos: made, held, removed when nobody wants them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "local/priv.h"

#define TEMP_MARK "kdeck-demo-"
#define YOUNG_S   60

static const char *temp_root(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp && *tmp ? tmp : "/tmp";
}

/* Under its name only once it is held: who finds it free has found a folder that nobody wants. */
static int hold(const char *dir)
{
	char *fresh = xasprintf("%s/lock.new", dir), *path = xasprintf("%s/lock", dir);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) < 0 || rename(fresh, path) < 0)) {
		close(fd);
		fd = -1;
	}
	free(fresh);
	free(path);
	return fd;
}

char *local_temp(int *held, struct err *e)
{
	char *path = xasprintf("%s/" TEMP_MARK "XXXXXX", temp_root());

	if (!mkdtemp(path)) {
		err_errno(e, ERR_IO, errno, "no folder for the demo: %s", path);
		free(path);
		return NULL;
	}
	*held = hold(path);
	if (*held < 0) {
		err_errno(e, ERR_IO, errno, "nothing can be written to %s", path);
		local_remove_tree(path);
		free(path);
		return NULL;
	}
	return path;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void local_remove_tree(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

bool local_is_own_temp(const char *dir)
{
	char *lock = xasprintf("%s/lock", dir);
	bool own = strstr(dir, "/" TEMP_MARK) && local_has_open(getpid(), lock);

	free(lock);
	return own;
}

void local_end(const char *dir, int64_t timeout_ms)
{
	(void)!local_stop_all(dir, timeout_ms);
	if (strstr(dir, "/" TEMP_MARK))
		local_remove_tree(dir);
}

/* Ours, and its demo gone: its lock is there and free, and none of its brokers runs. */
static bool left_behind(const char *dir)
{
	char *lock = xasprintf("%s/lock", dir);
	int fd = open(lock, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	struct local_cluster c = {0};
	struct err e = {0};
	struct stat st;
	bool gone = fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
		    flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (gone && local_look(&c, dir, &e) == 0)
		gone = !local_any_runs(&c);
	local_fini(&c);
	if (fd >= 0)
		close(fd);
	free(lock);
	return gone;
}

/* Made, and killed before its lock was there. A demo that is about to make one is younger. */
static bool never_begun(const char *dir)
{
	struct stat st;

	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       st.st_mtime < time(NULL) - YOUNG_S;
}

void local_clean_temp(void)
{
	DIR *d = opendir(temp_root());
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		char *path;

		if (!str_starts(str_of(entry->d_name), TEMP_MARK))
			continue;
		path = xasprintf("%s/%s", temp_root(), entry->d_name);
		if (left_behind(path))
			local_remove_tree(path);
		else if (never_begun(path))
			(void)!rmdir(path);
		free(path);
	}
	if (d)
		closedir(d);
}
