/* See daemon.h. The process that goes on has nothing of its caller's from the start: what it says
 * until it is ready comes through pipes of ours, and the process that was called passes it on. */
#include "server/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define PATIENCE_MS 30000

/* Two pipes: a line when it is ready; what it has to say until then. */
struct pipes {
	int ready[2], words[2];
};

static bool in_background;

static void to_null(int fd, int flags)
{
	int null = open("/dev/null", flags | O_CLOEXEC);

	if (null >= 0)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

/* ---- the process that was called ------------------------------------------------------------- */

/* What there is now. */
static void pass_on(int words)
{
	char bytes[512];
	ssize_t n;

	while ((n = read(words, bytes, sizeof(bytes))) > 0)
		fwrite(bytes, 1, (size_t)n, stderr);
}

/* Until the other says that it is ready, or ends. False: neither in PATIENCE_MS. */
static bool await(int ready, int words)
{
	struct pollfd p[] = {{.fd = ready, .events = POLLIN}, {.fd = words, .events = POLLIN}};
	int64_t until = clock_mono_ms(&clock_system) + PATIENCE_MS, left = PATIENCE_MS;

	while (left > 0) {
		int n = poll(p, 2, (int)left);
		pass_on(words);
		if (n > 0 && p[0].revents)
			return true;
		if (n > 0 && p[1].revents & POLLHUP)
			p[1].fd = -1;
		left = until - clock_mono_ms(&clock_system);
	}
	return false;
}

/* Says nothing of its own but by its exit status. */
static NORETURN void attend(int ready, int words, pid_t pid)
{
	char byte;
	int status = 0;

	if (!await(ready, words)) {
		fprintf(stderr, "kdeck-broker: process %ld is not ready yet; it goes on\n",
			(long)pid);
		_exit(0);
	}
	if (read(ready, &byte, 1) == 1)
		_exit(0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	pass_on(words);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* ---- the process that goes on ---------------------------------------------------------------- */

static void close_pipes(struct pipes *p)
{
	int *const all[] = {&p->ready[0], &p->ready[1], &p->words[0], &p->words[1]};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (*all[i] > 2)
			close(*all[i]);
		*all[i] = -1;
	}
}

static int open_pipes(struct pipes *p)
{
	int fd;

	*p = (struct pipes){{-1, -1}, {-1, -1}};
	/* The standard ones are there, so that no end of a pipe comes to be one of them. */
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd < 0)
		return ERR_IO;
	close(fd);
	if (pipe2(p->ready, O_CLOEXEC) < 0 || pipe2(p->words, O_CLOEXEC) < 0)
		return ERR_IO;
	return fcntl(p->words[0], F_SETFL, O_NONBLOCK) < 0 ? ERR_IO : 0;
}

static void leave(const struct pipes *p)
{
	setsid();
	to_null(0, O_RDONLY);
	dup2(p->ready[1], 1);
	dup2(p->words[1], 2);
	in_background = true;
}

int daemon_begin(struct err *e)
{
	struct pipes p;
	pid_t pid = -1;

	fflush(NULL);
	if (open_pipes(&p) == 0)
		pid = fork();
	if (pid < 0)
		err_errno(e, ERR_IO, errno, "cannot go to the background");
	if (pid > 0) {
		close(p.ready[1]);
		close(p.words[1]);
		attend(p.ready[0], p.words[0], pid);
	}
	if (pid == 0)
		leave(&p);
	close_pipes(&p);
	return pid < 0 ? ERR_IO : 0;
}

void daemon_ready(void)
{
	if (!in_background)
		return;
	in_background = false;
	to_null(1, O_WRONLY);
	to_null(2, O_WRONLY);
}
