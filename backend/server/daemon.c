/* See daemon.h. What goes wrong before it is ready still comes to the terminal. */
#include "server/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 30000

static bool in_background;

static void to_null(int fd, int flags)
{
	int null = open("/dev/null", flags | O_CLOEXEC);

	if (null >= 0)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

/* The process that was called; it says nothing but by its exit status. */
static NORETURN void attend(int fd, pid_t pid)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;
	int status = 0, n;

	do
		n = poll(&p, 1, PATIENCE_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0) {
		fprintf(stderr, "kdeck-broker: process %ld is not ready yet; it goes on\n",
			(long)pid);
		_exit(0);
	}
	if (read(fd, &byte, 1) == 1)
		_exit(0);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int daemon_begin(struct err *e)
{
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(e, ERR_IO, errno, "pipe");
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		err_errno(e, ERR_IO, errno, "cannot go to the background");
		close(fd[0]);
		close(fd[1]);
		return ERR_IO;
	}
	if (pid > 0) {
		close(fd[1]);
		attend(fd[0], pid);
	}
	close(fd[0]);
	setsid();
	to_null(0, O_RDONLY);
	dup2(fd[1], 1);
	if (fd[1] > 2)
		close(fd[1]);
	in_background = true;
	return 0;
}

void daemon_ready(void)
{
	if (!in_background)
		return;
	in_background = false;
	to_null(1, O_WRONLY);
	to_null(2, O_WRONLY);
}
