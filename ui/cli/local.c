/* Folders of local brokers: finding, looking, preparing. Starting and ending is local_process.c. */
#include "cli/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "conf/properties.h"

char *local_default_dir(void)
{
	const char *xdg = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return xasprintf("%s/kdeck", xdg);
	return xasprintf("%s/.local/share/kdeck", home && *home ? home : "/tmp");
}

/* The lock is held: by whom is for the pid file to say. */
static bool locked(const char *broker_dir)
{
	char *path = xasprintf("%s/data/.lock", broker_dir);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool held = false;

	free(path);
	if (fd < 0)
		return false;
	held = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

/* The process has the lock's file open: a pid that was left behind may be anybody's by now. */
static bool has_lock_open(pid_t pid, const char *broker_dir)
{
	char *lock = xasprintf("%s/data/.lock", broker_dir);
	char *fds = xasprintf("/proc/%ld/fd", (long)pid);
	struct stat want, st;
	bool found = false;
	DIR *d = stat(lock, &want) == 0 ? opendir(fds) : NULL;
	struct dirent *e;

	while (d && !found && (e = readdir(d)))
		found = fstatat(dirfd(d), e->d_name, &st, 0) == 0 && st.st_dev == want.st_dev &&
			st.st_ino == want.st_ino;
	if (d)
		closedir(d);
	free(lock);
	free(fds);
	return found;
}

/* 0: the file does not say who holds the lock. */
static pid_t read_pid(const char *broker_dir)
{
	char *path = xasprintf("%s/pid", broker_dir);
	FILE *f = fopen(path, "re");
	long pid = 0;

	free(path);
	if (!f)
		return 0;
	if (fscanf(f, "%ld", &pid) != 1 || pid <= 1 || pid > INT_MAX ||
		!has_lock_open((pid_t)pid, broker_dir))
		pid = 0;
	fclose(f);
	return (pid_t)pid;
}

/* Keeps the value of `listeners`; arg is where. */
static int take_listeners(void *arg, struct str key, struct str value, int line)
{
	char **out = arg;

	(void)line;
	if (str_eqz(key, "listeners")) {
		free(*out);
		*out = str_dup(value);
	}
	return 0;
}

static char *read_listeners(const char *broker_dir)
{
	char *path = xasprintf("%s/server.properties", broker_dir);
	char *text = NULL;
	struct err e = {0};

	if (properties_read(path, take_listeners, &text, &e) < 0) {
		free(text);
		text = NULL;
	}
	free(path);
	return text ? text : xstrdup("PLAINTEXT://127.0.0.1:9092");
}

static void add_broker(struct local_cluster *c, int32_t id)
{
	struct local_broker *b = vec_add(&c->brokers);

	b->id = id;
	b->dir = xasprintf("%s/broker-%d", c->dir, id);
	b->listeners = read_listeners(b->dir);
	b->running = locked(b->dir);
	b->pid = b->running ? read_pid(b->dir) : 0;
}

static int by_id(const void *a, const void *b)
{
	const struct local_broker *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

int local_look(struct local_cluster *c, const char *dir, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int32_t id;
	char rest;

	*c = (struct local_cluster){.dir = xstrdup(dir)};
	while (d && (entry = readdir(d)))
		if (sscanf(entry->d_name, "broker-%d%c", &id, &rest) == 1 && id >= 0)
			add_broker(c, id);
	if (d)
		closedir(d);
	vec_sort(&c->brokers, by_id);
	if (!c->brokers.n)
		return err_set(e, ERR_NOT_FOUND,
			"no cluster in %s: kdeck up starts one, --dir names another folder", dir);
	return 0;
}

void local_fini(struct local_cluster *c)
{
	vec_foreach (b, &c->brokers) {
		free(b->dir);
		free(b->listeners);
	}
	vec_fini(&c->brokers);
	free(c->dir);
}

void local_bootstrap(const struct local_cluster *c, struct buf *out)
{
	bool first = true;

	vec_foreach (b, &c->brokers) {
		const char *at = strstr(b->listeners, "://");
		const char *from = at ? at + 3 : b->listeners;
		size_t n = strcspn(from, ",");
		buf_printf(out, "%s%s%.*s", first ? "" : ",", *from == ':' ? "127.0.0.1" : "",
			(int)n, from);
		first = false;
	}
}

/* ---- finding the program --------------------------------------------------------------------- */

#ifndef KDECK_LIBEXEC
#define KDECK_LIBEXEC "/usr/local/libexec"
#endif

int local_find_broker(struct buf *path, struct err *e)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *named = getenv("KDECK_BROKER");
	char *slash;

	if (n > 0) {
		self[n] = 0;
		slash = strrchr(self, '/');
		buf_clear(path);
		buf_printf(path, "%.*s/kdeck-broker", (int)(slash - self), self);
		if (access(buf_z(path), X_OK) == 0)
			return 0;
	}
	buf_clear(path);
	buf_puts(path, KDECK_LIBEXEC "/kdeck-broker");
	if (access(buf_z(path), X_OK) == 0)
		return 0;
	buf_clear(path);
	if (named && *named) {
		buf_puts(path, named);
		if (access(named, X_OK) == 0)
			return 0;
	}
	return err_set(e, ERR_NOT_FOUND,
		"kdeck-broker is neither beside kdeck nor in " KDECK_LIBEXEC
		"; KDECK_BROKER can name it");
}

/* ---- preparing ------------------------------------------------------------------------------- */

static int make_dirs(const char *path, struct err *e)
{
	char *copy = xstrdup(path);
	int rc = 0;

	for (char *p = copy + 1; rc == 0 && *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			rc = err_errno(e, ERR_IO, errno, "%s cannot be made", copy);
		*p = '/';
	}
	if (rc == 0 && mkdir(copy, 0755) < 0 && errno != EEXIST)
		rc = err_errno(e, ERR_IO, errno, "%s cannot be made", copy);
	free(copy);
	return rc;
}

int local_free_port(uint16_t *out, struct err *e)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		  getsockname(fd, (struct sockaddr *)&at, &n) == 0;
	int rc = ok ? 0 : err_errno(e, ERR_IO, errno, "no free port");

	if (fd >= 0)
		close(fd);
	*out = ntohs(at.sin_port);
	return rc;
}

static int write_properties(const char *path, const char *broker_dir, int32_t id, uint16_t port,
	const char *extra, struct err *e)
{
	FILE *f = fopen(path, "wxe");
	struct buf text = BUF_EMPTY;
	char *data;
	bool lost;

	if (!f)
		return errno == EEXIST ? 0 : err_errno(e, ERR_IO, errno, "%s", path);
	buf_printf(&text,
		"# A broker that kdeck started. kdeck-broker --print-config shows every setting.\n"
		"node.id=%d\n"
		"process.roles=broker,controller\n"
		"listeners=PLAINTEXT://127.0.0.1:%u\n",
		id, port);
	data = xasprintf("%s/data", broker_dir);
	properties_write(&text, STR_LIT("log.dirs"), str_of(data));
	buf_puts(&text, extra ? extra : "");
	lost = fwrite(text.p, 1, text.n, f) != text.n;
	lost |= fclose(f) != 0;
	free(data);
	buf_fini(&text);
	if (!lost)
		return 0;
	/* Half of it would be taken for the whole the next time. */
	err_errno(e, ERR_IO, errno, "%s", path);
	unlink(path);
	return ERR_IO;
}

int local_prepare(const char *dir, int32_t id, uint16_t port, const char *extra, struct err *e)
{
	char *broker_dir = xasprintf("%s/broker-%d", dir, id);
	char *path = xasprintf("%s/server.properties", broker_dir);
	int rc = make_dirs(broker_dir, e);

	if (rc == 0)
		rc = write_properties(path, broker_dir, id, port, extra, e);
	free(broker_dir);
	free(path);
	return rc;
}

/* ---- throw-away folders ------------------------------------------------------------------------
 */

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
		local_remove(path);
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

void local_remove(const char *dir)
{
	if (strstr(dir, "/" TEMP_MARK))
		nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void local_end(const char *dir, int64_t timeout_ms)
{
	struct local_cluster c;
	struct err e = {0};

	if (local_look(&c, dir, &e) == 0)
		vec_foreach (b, &c.brokers)
			if (b->pid > 0)
				(void)!local_stop(b->pid, timeout_ms);
	local_fini(&c);
	local_remove(dir);
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
		vec_foreach (b, &c.brokers)
			gone = gone && !b->running;
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
			local_remove(path);
		else if (never_begun(path))
			(void)!rmdir(path);
		free(path);
	}
	if (d)
		closedir(d);
}
