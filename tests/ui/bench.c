/* See bench.h. */
#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xalloc.h"

#define READY_MS 20000

static void program(const char *name, char *out, size_t room)
{
	const char *build = getenv("top_builddir");

	snprintf(out, room, "%s/%s", build ? build : ".", name);
}

bool bench_ready(void)
{
	static const char *const names[] = {"kdeck", "kdeck-broker"};
	char path[4096];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		program(names[i], path, sizeof(path));
		if (access(path, X_OK) != 0) {
			printf("1..0 # SKIP %s is not built\n", names[i]);
			return false;
		}
	}
	return true;
}

void bench_ports(enum bench_ports how)
{
	static const int locks[] = {
		[BENCH_PORTS_SHARED] = LOCK_SH,
		[BENCH_PORTS_ALONE] = LOCK_EX,
		[BENCH_PORTS_FREE] = LOCK_UN,
	};
	static int fd = -1;
	char path[4096];

	program("tests/ui/ports.lock", path, sizeof(path));
	if (fd < 0)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, locks[how]) < 0)
		fail_msg("%s: %s", path, strerror(errno));
}

static _Noreturn void run_broker(const struct bench *b, int out)
{
	char path[4096], log[FOLDER_MAX + 16], dirs[FOLDER_MAX + 16], listeners[128];
	int err;

	program("kdeck-broker", path, sizeof(path));
	snprintf(log, sizeof(log), "%s/broker.log", b->folder);
	snprintf(dirs, sizeof(dirs), "log.dirs=%s/data", b->folder);
	snprintf(listeners, sizeof(listeners), "listeners=PLAINTEXT://%s",
		b->address[0] ? b->address : "127.0.0.1:0");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	err = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	/* For members whose death is waited for. */
	execl(path, path, "--override", listeners, "--override", dirs, "--override",
		"group.min.session.timeout.ms=1000", (char *)NULL);
	_exit(127);
}

/* The line names the port: ready node.id=0 listeners=PLAINTEXT://127.0.0.1:40117 */
static bool read_ready(struct bench *b, int fd)
{
	struct pollfd p = {fd, POLLIN, 0};
	char line[512];
	size_t n = 0;
	const char *at;

	while (n + 1 < sizeof(line) && !memchr(line, '\n', n)) {
		ssize_t got =
			poll(&p, 1, READY_MS) > 0 ? read(fd, line + n, sizeof(line) - 1 - n) : -1;
		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	line[n] = 0;
	at = strstr(line, "PLAINTEXT://");
	if (strncmp(line, "ready ", 6) != 0 || !at)
		return false;
	at += strlen("PLAINTEXT://");
	snprintf(b->address, sizeof(b->address), "%.*s", (int)strcspn(at, ", \n"), at);
	return true;
}

static bool start_broker(struct bench *b)
{
	int pipe_fds[2];
	bool up;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return false;
	b->broker = fork();
	if (b->broker == 0)
		run_broker(b, pipe_fds[1]);
	close(pipe_fds[1]);
	up = read_ready(b, pipe_fds[0]);
	close(pipe_fds[0]);
	return up;
}

int bench_setup_alone(void **state)
{
	struct bench *b = ALLOC(struct bench);

	*state = b;
	return folder_make(b->folder) ? 0 : -1;
}

int bench_setup(void **state)
{
	return bench_setup_alone(state) == 0 && start_broker(*state) ? 0 : -1;
}

void bench_restart_broker(struct bench *b)
{
	assert_true(start_broker(b));
}

void bench_kill_broker(struct bench *b)
{
	if (b->broker <= 0)
		return;
	kill(b->broker, SIGKILL);
	waitpid(b->broker, NULL, 0);
	b->broker = 0;
}

int bench_teardown(void **state)
{
	struct bench *b = *state;

	screen_free(b->s);
	/* What a killed broker has reached is not counted as covered. */
	if (b->broker > 0 && getenv("KDECK_TEST_GENTLE")) {
		kill(b->broker, SIGTERM);
		waitpid(b->broker, NULL, 0);
		b->broker = 0;
	}
	bench_kill_broker(b);
	(void)folder_remove(b->folder);
	free(b);
	return 0;
}

static void start(
	struct bench *b, const char *const *argv, const char *const *extra, int cols, int rows)
{
	assert_null(b->s);
	b->s = screen_start(argv, extra, b->folder, cols, rows);
}

void bench_console_with(struct bench *b, const char *option, int cols, int rows)
{
	char path[4096];
	const char *argv[] = {path, "-b", b->address, option, NULL};

	program("kdeck", path, sizeof(path));
	start(b, argv, NULL, cols, rows);
}

void bench_open(struct bench *b, int cols, int rows)
{
	bench_console(b, NULL, NULL, cols, rows);
	screen_wait(b->s, "1 of 1 up");
}

void bench_words(
	struct bench *b, const char *const *words, const char *const *extra, int cols, int rows)
{
	char path[4096];
	const char *argv[8] = {path};

	for (size_t i = 0; words && words[i] && i + 2 < ARRAY_LEN(argv); i++)
		argv[i + 1] = words[i];
	program("kdeck", path, sizeof(path));
	start(b, argv, extra, cols, rows);
}

void bench_sh(const struct bench *b, const char *command)
{
	char path[4096];
	struct buf line = BUF_EMPTY;
	char *whole;

	program("kdeck", path, sizeof(path));
	whole = realpath(path, NULL);
	buf_printf(&line, "K='%s'; A='%s'; HOME='%s'; cd \"$HOME\" && { %s; }",
		whole ? whole : path, b->address, b->folder, command);
	assert_int_equal(system(buf_z(&line)), 0);
	free(whole);
	buf_fini(&line);
}

void bench_console(
	struct bench *b, const char *address, const char *const *extra, int cols, int rows)
{
	char path[4096];
	const char *argv[] = {path, "-b", address ? address : b->address, NULL};

	program("kdeck", path, sizeof(path));
	start(b, argv, extra, cols, rows);
}

void bench_quit(struct bench *b)
{
	struct screen_modes m;

	screen_press(b->s, "q");
	assert_int_equal(screen_wait_exit(b->s), 0);
	m = screen_modes(b->s);
	assert_false(m.other_screen);
	assert_false(m.cursor_hidden);
	assert_false(m.mouse);
	assert_false(m.raw);
	screen_free(b->s);
	b->s = NULL;
}
