/* Starting a broker until it says that it is ready, and ending one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "cli/local.h"
#include "io/child.h"
#include "io/loop.h"

#define LINE_MAX_BYTES 4096

struct starting {
	struct loop *loop;
	struct child *child;
	struct loop_watch *watch;
	struct io_timer timer;
	int fd;
	struct buf line;
	bool done, ready, late;
};

static void on_exit_of(void *arg, struct child *c, int exit_code, int term_signal)
{
	struct starting *s = arg;

	(void)c;
	(void)exit_code;
	(void)term_signal;
	s->done = true;
}

static void on_output(void *arg, int events)
{
	struct starting *s = arg;
	char bytes[512];
	ssize_t n = read(s->fd, bytes, sizeof(bytes));
	char *end;

	(void)events;
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			loop_watch_set(s->watch, 0);
		return;
	}
	if (s->line.n + (size_t)n > LINE_MAX_BYTES)
		return;
	buf_put(&s->line, bytes, (size_t)n);
	end = memchr(s->line.p, '\n', s->line.n);
	if (!end)
		return;
	s->line.n = (size_t)(end - (char *)s->line.p);
	buf_extend(&s->line, 0);
	s->ready = str_starts(buf_str(&s->line), "ready ");
	s->done = true;
}

static void on_late(void *arg)
{
	struct starting *s = arg;

	s->late = s->done = true;
}

/* The last line of a log, for the message. */
static void last_line(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	char line[512] = "", last[512] = "";

	while (f && fgets(line, sizeof(line), f))
		if (line[0] != '\n')
			memcpy(last, line, sizeof(last));
	if (f)
		fclose(f);
	last[strcspn(last, "\n")] = 0;
	buf_puts(out, last);
}

static int explain(const struct starting *s, const char *log_path, struct err *e)
{
	struct buf last = BUF_EMPTY;
	int rc;

	last_line(log_path, &last);
	if (s->late)
		rc = err_set(
			e, ERR_TIMEOUT, "the broker is not ready in time; its log: %s", log_path);
	else
		rc = err_set(e, ERR_IO, "the broker did not start: %s (log: %s)",
			last.n ? buf_z(&last) : "it said nothing", log_path);
	buf_fini(&last);
	return rc;
}

/* A broker whose process nobody knows could not be ended by kdeck down. */
static int write_pid(const char *broker_dir, pid_t pid, struct err *e)
{
	char *path = xasprintf("%s/pid", broker_dir);
	FILE *f = fopen(path, "we");
	bool ok = f && fprintf(f, "%ld\n", (long)pid) > 0;

	if (f)
		ok = fclose(f) == 0 && ok;
	if (!ok)
		err_errno(e, ERR_IO, errno, "%s", path);
	free(path);
	return ok ? 0 : ERR_IO;
}

static int spawn(
	struct starting *s, const struct local_start *o, const char *log_path, struct err *e)
{
	struct buf program = BUF_EMPTY;
	char *file = xasprintf("%s/server.properties", o->broker_dir);
	char *log = xasprintf("kdeck.log.file=%s", log_path); /* SIGHUP opens it anew */
	const char *argv[] = {NULL, file, "--override", log, NULL};
	struct child_options opt = {
		.argv = argv,
		.out = {.to = CHILD_PIPE},
		.err = {.to = CHILD_FILE, .path = log_path},
		.new_session = o->detached,
		.die_with_parent = !o->detached,
	};
	int rc = local_find_broker(&program, e);

	argv[0] = buf_z(&program);
	if (rc == 0) {
		s->child = child_spawn(s->loop, &opt, on_exit_of, s, e);
		rc = s->child ? 0 : e->code;
	}
	buf_fini(&program);
	free(log);
	free(file);
	return rc;
}

static int wait_ready(
	struct starting *s, const struct local_start *o, const char *log_path, struct err *e)
{
	s->fd = child_take_stdout(s->child);
	s->watch = loop_watch_new(s->loop, s->fd, on_output, s, e);
	if (!s->watch)
		return e->code;
	loop_watch_set(s->watch, LOOP_READ);
	io_timer_init(&s->timer, s->loop, on_late, s);
	io_timer_start(&s->timer, o->timeout_ms, 0);
	while (!s->done)
		loop_run_once(s->loop, true);
	io_timer_stop(&s->timer);
	if (s->ready)
		return 0;
	if (child_running(s->child))
		child_kill(s->child, SIGKILL, false);
	return explain(s, log_path, e);
}

int local_start(
	struct loop *l, const struct local_start *o, struct buf *ready, pid_t *pid, struct err *e)
{
	struct starting s = {.loop = l, .fd = -1};
	char *log_path = xasprintf("%s/broker.log", o->broker_dir);
	int rc = spawn(&s, o, log_path, e);

	if (rc == 0)
		rc = wait_ready(&s, o, log_path, e);
	if (rc == 0) {
		*pid = child_pid(s.child);
		rc = write_pid(o->broker_dir, *pid, e);
		if (rc < 0)
			child_kill(s.child, SIGTERM, false);
	}
	if (rc == 0)
		buf_put_str(ready, buf_str(&s.line));
	loop_watch_free(s.watch);
	if (s.fd >= 0)
		close(s.fd);
	child_free(s.child);
	buf_fini(&s.line);
	free(log_path);
	return rc;
}

/* 1: it has ended; 0: it has not in that time. */
static int wait_end(int pidfd, int64_t ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int n;

	do
		n = poll(&p, 1, (int)ms);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

int local_stop(pid_t pid, int64_t timeout_ms)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	int rc = 0;

	if (fd < 0)
		return errno == ESRCH ? 0 : ERR_IO;
	if (syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) < 0 && errno != ESRCH) {
		rc = ERR_IO;
	} else if (!wait_end(fd, timeout_ms)) {
		syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
		wait_end(fd, 5000);
		rc = ERR_TIMEOUT;
	}
	close(fd);
	return rc;
}
