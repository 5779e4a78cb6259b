/*
 * Child processes. The child gets an empty signal mask, default SIGPIPE, no descriptor but 0, 1 and
 * 2 (all others here are close-on-exec), and standard input from /dev/null or a pipe.
 */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include "base/err.h"
#include <stdbool.h>
#include <sys/types.h>

struct loop;
struct child;

enum child_output {
	CHILD_INHERIT, /* our own */
	CHILD_NULL,    /* /dev/null */
	CHILD_FD,      /* fd: stays the caller's */
	CHILD_FILE,    /* path: made when missing, appended to */
	CHILD_PIPE,    /* a pipe; child_stdout_fd / child_stderr_fd read from it */
	CHILD_STDOUT,  /* for err only: where standard output goes */
};

struct child_stream {
	enum child_output to;
	int fd;
	const char *path;
};

struct child_options {
	const char *const *argv; /* argv[0] is looked up in PATH; NULL-ended */
	const char *const *env;  /* "NAME=value" put over our environment; may be NULL */
	const char *cwd;         /* NULL: ours */
	struct child_stream out, err;
	bool stdin_pipe;      /* child_take_stdin writes to it; else /dev/null */
	bool new_session;     /* no terminal, own process group: outlives a ^C */
	bool die_with_parent; /* SIGKILL when our thread that started it ends */
};

/* exit_code is 0 … 255, or -1 when a signal ended it; term_signal is 0 or that signal. The child
 * has been reaped; it is still to be freed. Its pipes may still hold output. */
typedef void child_exit_fn(void *arg, struct child *c, int exit_code, int term_signal);

/* NULL with e set when it cannot be started: also when the program is not there or cwd is wrong. */
struct child *child_spawn(struct loop *l, const struct child_options *o, child_exit_fn *fn,
	void *arg, struct err *e) MUSTCHECK;
/* Forgets it; a running one goes on (kill it first) and is reaped unseen. Closes the pipes that
 * have not been taken. NULL is allowed. */
void child_free(struct child *c);

pid_t child_pid(const struct child *c);
bool child_running(const struct child *c);
/* 0, or ERR_CLOSED when it has ended. `group`: its whole process group; just the process when it
 * was not started with new_session. */
int child_kill(struct child *c, int signum, bool group);
/* The reading end, non-blocking; the caller takes it and closes it. -1 when there is none. */
int child_take_stdout(struct child *c);
int child_take_stderr(struct child *c);
/* The writing end, non-blocking; closing it is the child's end of input. -1 when there is none. */
int child_take_stdin(struct child *c);

#endif
