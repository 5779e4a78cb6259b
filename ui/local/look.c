/* Folders of local brokers: which there are, and who runs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "conf/conf.h"
#include "conf/properties.h"
#include "local/priv.h"

char *local_default_dir(void)
{
	const char *xdg = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return xasprintf("%s/kdeck", xdg);
	return xasprintf("%s/.local/share/kdeck", home && *home ? home : "/tmp");
}

const char *local_state_name(enum local_state s)
{
	return s == LOCAL_RUNNING ? "running" : s == LOCAL_PAUSED ? "paused" : "stopped";
}

/* ---- who holds a folder ---------------------------------------------------------------------- */

/* The lock is held: by whom is for the pid file to say. */
bool local_locked(const char *data)
{
	char *path = xasprintf("%s/.lock", data);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool held = false;

	free(path);
	if (fd < 0)
		return false;
	held = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

bool local_has_open(pid_t pid, const char *path)
{
	char *fds = xasprintf("/proc/%ld/fd", (long)pid);
	struct stat want, st;
	bool found = false;
	DIR *d = stat(path, &want) == 0 ? opendir(fds) : NULL;
	struct dirent *e;

	while (d && !found && (e = readdir(d)))
		found = fstatat(dirfd(d), e->d_name, &st, 0) == 0 && st.st_dev == want.st_dev &&
			st.st_ino == want.st_ino;
	if (d)
		closedir(d);
	free(fds);
	return found;
}

/* A pid that was left behind may be anybody's by now. */
static bool has_lock_open(pid_t pid, const char *data)
{
	char *lock = xasprintf("%s/.lock", data);
	bool has = local_has_open(pid, lock);

	free(lock);
	return has;
}

/* 0: the file does not say who holds the lock. */
static pid_t read_pid(const char *broker_dir, const char *data)
{
	char *path = xasprintf("%s/pid", broker_dir);
	FILE *f = fopen(path, "re");
	long pid = 0;

	free(path);
	if (!f)
		return 0;
	if (fscanf(f, "%ld", &pid) != 1 || pid <= 1 || pid > INT_MAX ||
		!has_lock_open((pid_t)pid, data))
		pid = 0;
	fclose(f);
	return (pid_t)pid;
}

/* The letter after the name, which stands in brackets and may hold brackets itself. */
static bool is_held_up(pid_t pid)
{
	char path[40], line[512];
	const char *at = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f))
		at = strrchr(line, ')');
	if (f)
		fclose(f);
	return at && (at[1] == ' ') && (at[2] == 'T' || at[2] == 't');
}

/* ---- settings -------------------------------------------------------------------------------- */

struct wanted {
	struct local_setting *v;
	size_t n;
};

static int take(void *arg, struct str key, struct str value, int line)
{
	struct wanted *w = arg;

	(void)line;
	for (size_t i = 0; i < w->n; i++)
		if (str_eqz(key, w->v[i].key)) {
			free(w->v[i].value);
			w->v[i].value = str_dup(value);
		}
	return 0;
}

void local_settings_read(const char *path, struct local_setting *s, size_t n)
{
	struct wanted w = {s, n};
	struct err e = {0};

	if (properties_read(path, take, &w, &e) == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		free(s[i].value);
		s[i].value = NULL;
	}
}

void local_settings_of(const struct local_broker *b, struct local_setting *s, size_t n)
{
	char *path = xasprintf("%s/server.properties", b->dir);

	local_settings_read(path, s, n);
	free(path);
}

enum { LISTENERS, LOG_DIRS, ROLES, CONTROLLER_NAMES, HTTP, SETTINGS };

static bool is_controller_listener(struct str item, const char *names)
{
	struct str rest = str_of(names), name;

	while (conf_list_next(&rest, &name))
		if (item.n > name.n && !memcmp(item.p, name.p, name.n) && item.p[name.n] == ':')
			return true;
	return false;
}

/* The listeners of clients; of a node that serves none, its controller's. */
static char *shown_listeners(const char *all, const char *controller_names)
{
	struct str rest = str_of(all), item;
	struct buf out = BUF_EMPTY;

	while (conf_list_next(&rest, &item))
		if (!is_controller_listener(item, controller_names))
			buf_printf(&out, "%s%.*s", out.n ? "," : "", STR_ARG(item));
	if (!out.n)
		buf_puts(&out, all);
	return buf_steal(&out);
}

static void read_settings(struct local_broker *b)
{
	struct local_setting s[SETTINGS] = {[LISTENERS] = {"listeners", NULL},
		[LOG_DIRS] = {"log.dirs", NULL},
		[ROLES] = {"process.roles", NULL},
		[CONTROLLER_NAMES] = {"controller.listener.names", NULL},
		[HTTP] = {"kdeck.http.listener", NULL}};

	local_settings_of(b, s, SETTINGS);
	b->is_broker = !s[ROLES].value || conf_list_has(str_of(s[ROLES].value), "broker");
	b->votes = !s[ROLES].value || conf_list_has(str_of(s[ROLES].value), "controller");
	b->listeners = shown_listeners(
		s[LISTENERS].value ? s[LISTENERS].value : "PLAINTEXT://127.0.0.1:9092",
		s[CONTROLLER_NAMES].value ? s[CONTROLLER_NAMES].value : LOCAL_CONTROLLER);
	b->data = s[LOG_DIRS].value ? xstrdup(s[LOG_DIRS].value) : xasprintf("%s/data", b->dir);
	b->http = s[HTTP].value && *s[HTTP].value ? xasprintf("http://%s", s[HTTP].value) : NULL;
	for (size_t i = 0; i < SETTINGS; i++)
		free(s[i].value);
}

/* ---- looking --------------------------------------------------------------------------------- */

static void add_broker(struct local_cluster *c, int32_t id)
{
	struct local_broker *b = vec_add(&c->brokers);

	b->id = id;
	b->dir = xasprintf("%s/broker-%d", c->dir, id);
	read_settings(b);
	/* Whoever has the file open as the pid file says holds the lock; only without such a one
	 * is it tried, so that a broker that is just starting hardly ever meets our hand on it. */
	b->pid = read_pid(b->dir, b->data);
	if (b->pid)
		b->state = is_held_up(b->pid) ? LOCAL_PAUSED : LOCAL_RUNNING;
	else
		b->state = local_locked(b->data) ? LOCAL_RUNNING : LOCAL_STOPPED;
}

static int by_id(const void *a, const void *b)
{
	const struct local_broker *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* A folder without them never became a broker. */
static bool has_settings(const char *dir, int32_t id)
{
	char *path = xasprintf("%s/broker-%d/server.properties", dir, id);
	bool has = access(path, F_OK) == 0;

	free(path);
	return has;
}

int local_look(struct local_cluster *c, const char *dir, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int32_t id;
	char rest;

	*c = (struct local_cluster){.dir = xstrdup(dir)};
	while (d && (entry = readdir(d)))
		if (sscanf(entry->d_name, "broker-%d%c", &id, &rest) == 1 && id >= 0 &&
			has_settings(dir, id))
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
		free(b->data);
		free(b->listeners);
		free(b->http);
	}
	vec_fini(&c->brokers);
	free(c->dir);
}

const struct local_broker *local_find(const struct local_cluster *c, int32_t id)
{
	vec_foreach (b, &c->brokers)
		if (b->id == id)
			return b;
	return NULL;
}

bool local_any_runs(const struct local_cluster *c)
{
	vec_foreach (b, &c->brokers)
		if (b->state != LOCAL_STOPPED)
			return true;
	return false;
}

const struct local_broker *local_get(
	struct local_cluster *c, const char *dir, int32_t id, struct err *e)
{
	const struct local_broker *b;

	if (local_look(c, dir, e) < 0)
		return NULL;
	b = local_find(c, id);
	if (!b)
		err_set(e, ERR_NOT_FOUND, "no broker %d in %s", id, dir);
	return b;
}

void local_bootstrap(const struct local_cluster *c, struct buf *out)
{
	bool first = true;

	vec_foreach (b, &c->brokers) {
		const char *at = strstr(b->listeners, "://");
		const char *from = at ? at + 3 : b->listeners;
		size_t n = strcspn(from, ",");
		if (!b->is_broker)
			continue;
		buf_printf(out, "%s%s%.*s", first ? "" : ",", *from == ':' ? "127.0.0.1" : "",
			(int)n, from);
		first = false;
	}
}

int local_open_process(const struct local_broker *b, struct err *e)
{
	int fd;

	if (b->state == LOCAL_STOPPED)
		return err_set(e, ERR_CLOSED, "broker %d does not run", b->id);
	if (!b->pid)
		return err_set(e, ERR_DENIED,
			"broker %d runs (its data folder %s is locked), but %s/pid does not say "
			"which process it is: end it by hand",
			b->id, b->data, b->dir);
	fd = (int)syscall(SYS_pidfd_open, b->pid, 0);
	/* Once more, now that the descriptor holds on to whoever it is. */
	if (fd >= 0 && has_lock_open(b->pid, b->data))
		return fd;
	if (fd >= 0)
		close(fd);
	else if (errno != ESRCH)
		return err_errno(e, ERR_IO, errno, "broker %d (process %ld) cannot be reached",
			b->id, (long)b->pid);
	return err_set(e, ERR_CLOSED, "broker %d does not run any more", b->id);
}

int local_signal(int pidfd, int signum)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signum, NULL, 0) < 0 ? ERR_CLOSED : 0;
}
