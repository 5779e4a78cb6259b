/*
 * fork and exec. Between the two the child may call nothing that takes a lock, so everything that
 * allocates or opens by name is done before. A failure there comes back through a close-on-exec
 * pipe: when the parent reads its end, exec has succeeded.
 *
 * One reaper a loop listens to SIGCHLD and asks for each child of its own by pid: children that
 * somebody else started are left to them.
 */
#include "io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/list.h"
#include "base/xalloc.h"
#include "io/loop.h"
#include "io/loop_impl.h"

struct reaper {
	struct loop_signal *sig;
	struct list running, ended;
};

struct child {
	struct list_node node; /* running or ended; in neither after its exit was told */
	pid_t pid;
	bool running, forgotten, leads_group;
	int status;
	int in_fd, out_fd, err_fd;
	child_exit_fn *fn;
	void *arg;
};

/* What the child needs to become the program. */
struct start {
	const struct child_options *o;
	const char **env;
	int in, out, err; /* to be 0, 1 and 2; -1: /dev/null */
	int null;
	int report; /* the pipe for what went wrong */
	pid_t parent;
};

enum step { STEP_STREAMS, STEP_SESSION, STEP_CWD, STEP_EXEC };

struct failure {
	enum step step;
	int errnum;
};

/* --- reaping ------------------------------------------------------------- */

/* Everything that has ended is taken off first: a callback may free any child. */
static void on_sigchld(void *arg, int signum)
{
	struct reaper *r = arg;
	struct list_node *n;

	(void)signum;
	list_foreach (it, &r->running) {
		struct child *c = CONTAINER_OF(it, struct child, node);
		pid_t got = waitpid(c->pid, &c->status, WNOHANG);
		if (got == 0)
			continue;
		if (got < 0)
			c->status = -1; /* somebody waited for it: neither code nor signal */
		list_remove(it);
		c->running = false;
		if (c->forgotten)
			free(c);
		else
			list_push_back(&r->ended, it);
	}
	while ((n = list_pop(&r->ended))) {
		struct child *c = CONTAINER_OF(n, struct child, node);
		c->fn(c->arg, c, WIFEXITED(c->status) ? WEXITSTATUS(c->status) : -1,
			WIFSIGNALED(c->status) ? WTERMSIG(c->status) : 0);
	}
}

static void reaper_free(void *p)
{
	struct reaper *r = p;

	loop_signal_free(r->sig);
	list_foreach (it, &r->running) /* forgotten ones: the owner freed all others */
		free(CONTAINER_OF(it, struct child, node));
	free(r);
}

static struct reaper *reaper_get(struct loop *l, struct err *e)
{
	struct loop_children *at = loop_children(l);
	struct reaper *r = at->p;

	if (r)
		return r;
	r = ALLOC(struct reaper);
	list_init(&r->running);
	list_init(&r->ended);
	r->sig = loop_signal_new(l, SIGCHLD, on_sigchld, r, e);
	if (!r->sig) {
		free(r);
		return NULL;
	}
	*at = (struct loop_children){r, reaper_free};
	return r;
}

/* --- in the child -------------------------------------------------------- */

static NORETURN void give_up(const struct start *s, enum step step)
{
	struct failure f = {step, errno};
	ssize_t n = write(s->report, &f, sizeof(f));

	_exit(n == sizeof(f) ? 127 : 126);
}

/* Signals are blocked since before the fork, so that no handler of ours runs here. */
static void plain_signals(void)
{
	struct sigaction sa;
	sigset_t none;

	for (int i = 1; i < NSIG; i++) {
		if (sigaction(i, NULL, &sa) || (sa.sa_handler == SIG_IGN && i != SIGPIPE))
			continue;
		sa = (struct sigaction){.sa_handler = SIG_DFL};
		sigaction(i, &sa, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A copy above 2, so that setting one of the three does not overwrite another's source. */
static int lift(const struct start *s, int fd)
{
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (copy < 0)
		copy = fcntl(s->null, F_DUPFD_CLOEXEC, 3); /* ours is closed: nothing to give */
	return copy;
}

static bool set_streams(const struct start *s)
{
	int in = lift(s, s->in), out = lift(s, s->out), err = lift(s, s->err);

	return in >= 0 && out >= 0 && err >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
	       dup2(err, 2) == 2;
}

static NORETURN void become(const struct start *s)
{
	const struct child_options *o = s->o;
	char *const *argv = (char *const *)(uintptr_t)o->argv; /* exec does not write to it */
	char *const *env = (char *const *)(uintptr_t)s->env;

	if (o->die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != s->parent) /* it went before we asked */
			_exit(126);
	}
	if (!set_streams(s))
		give_up(s, STEP_STREAMS);
	/* Also what a library has opened without close-on-exec; an old kernel does not know it. */
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	if (o->new_session && setsid() < 0)
		give_up(s, STEP_SESSION);
	if (o->cwd && chdir(o->cwd))
		give_up(s, STEP_CWD);
	plain_signals();
	execvpe(o->argv[0], argv, env);
	give_up(s, STEP_EXEC);
}

/* --- before the fork ----------------------------------------------------- */

static bool is_overridden(const char *var, const char *const *env)
{
	size_t n = strcspn(var, "=");

	for (; env && *env; env++)
		if (strncmp(*env, var, n + 1) == 0)
			return true;
	return false;
}

static const char **merge_env(const char *const *over)
{
	size_t n = 1, at = 0;
	const char **out;

	for (char **v = environ; v && *v; v++)
		n++;
	for (const char *const *v = over; v && *v; v++)
		n++;
	out = xreallocarray(NULL, n, sizeof(*out));
	for (char **v = environ; v && *v; v++)
		if (!is_overridden(*v, over))
			out[at++] = *v;
	for (const char *const *v = over; v && *v; v++)
		out[at++] = *v;
	out[at] = NULL;
	return out;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* A pipe whose ends are both above 2. */
static int make_pipe(int fd[2], struct err *e)
{
	int low[2];

	if (pipe2(low, O_CLOEXEC))
		return err_errno(e, ERR_IO, errno, "pipe");
	for (int i = 0; i < 2; i++) {
		fd[i] = low[i] > 2 ? low[i] : fcntl(low[i], F_DUPFD_CLOEXEC, 3);
		if (fd[i] != low[i])
			close(low[i]);
	}
	if (fd[0] >= 0 && fd[1] >= 0)
		return 0;
	err_errno(e, ERR_IO, errno, "pipe");
	close_fd(fd[0]);
	close_fd(fd[1]);
	return ERR_IO;
}

/* What the child gets (*opened: to be closed here afterwards) and the end that stays here. */
static int open_stream(
	const struct child_stream *st, int own, int *to, int *opened, int *stays, struct err *e)
{
	int fd[2];

	*opened = *stays = *to = -1;
	switch (st->to) {
	case CHILD_INHERIT:
		*to = own;
		return 0;
	case CHILD_FD:
		*to = st->fd;
		return 0;
	case CHILD_FILE:
		*to = *opened =
			open(st->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
		return *to < 0 ? err_errno(e, ERR_IO, errno, "cannot write %s", st->path) : 0;
	case CHILD_PIPE:
		if (make_pipe(fd, e))
			return ERR_IO;
		fcntl(fd[0], F_SETFL, O_NONBLOCK);
		*stays = fd[0];
		*to = *opened = fd[1];
		return 0;
	default: /* CHILD_NULL; CHILD_STDOUT is set by the caller */
		return 0;
	}
}

/* Standard input: what the child gets (to be closed here afterwards) and the end that stays here.
 */
static int open_input(const struct child_options *o, int *opened, int *stays, struct err *e)
{
	int fd[2];

	if (!o->stdin_pipe)
		return 0;
	if (make_pipe(fd, e))
		return ERR_IO;
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	*opened = fd[0];
	*stays = fd[1];
	return 0;
}

/* 0, or what the child met before exec. */
static int await_exec(int fd, struct failure *f)
{
	ssize_t n;

	do
		n = read(fd, f, sizeof(*f));
	while (n < 0 && errno == EINTR);
	return n == sizeof(*f) ? ERR_IO : 0;
}

static int start_error(const struct child_options *o, const struct failure *f, struct err *e)
{
	int code = f->errnum == ENOENT                         ? ERR_NOT_FOUND
		   : f->errnum == EACCES || f->errnum == EPERM ? ERR_DENIED
							       : ERR_IO;

	if (f->step == STEP_CWD)
		return err_errno(
			e, code, f->errnum, "cannot run %s in the folder %s", o->argv[0], o->cwd);
	return err_errno(e, code, f->errnum, "cannot run %s", o->argv[0]);
}

static pid_t fork_quietly(void)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid != 0)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* The pid of the running program, or an error with e set. */
static pid_t start(struct start *s, struct err *e)
{
	struct failure f;
	int report[2], rc;
	pid_t pid;

	if (make_pipe(report, e))
		return ERR_IO;
	s->report = report[1];
	s->parent = getpid();
	pid = fork_quietly();
	if (pid == 0)
		become(s);
	close(report[1]);
	rc = pid < 0 ? err_errno(e, ERR_IO, errno, "cannot start a process") : 0;
	if (!rc && await_exec(report[0], &f)) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		rc = start_error(s->o, &f, e);
	}
	close(report[0]);
	return rc ? rc : pid;
}

/* The ends that stay here go into c, also when it fails. */
static pid_t start_with_streams(struct child *c, const struct child_options *o, struct err *e)
{
	struct start s = {.o = o, .in = -1};
	int opened[2] = {-1, -1};
	pid_t pid = ERR_IO;

	s.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (s.null < 0) {
		err_errno(e, ERR_IO, errno, "/dev/null");
		return ERR_IO;
	}
	s.env = merge_env(o->env);
	if (!open_input(o, &s.in, &c->in_fd, e) &&
		!open_stream(&o->out, 1, &s.out, &opened[0], &c->out_fd, e) &&
		!open_stream(&o->err, 2, &s.err, &opened[1], &c->err_fd, e)) {
		if (o->err.to == CHILD_STDOUT)
			s.err = s.out;
		pid = start(&s, e);
	}
	close_fd(s.in);
	close_fd(opened[0]);
	close_fd(opened[1]);
	close(s.null);
	free(s.env);
	return pid;
}

/* --- for the owner ------------------------------------------------------- */

struct child *child_spawn(
	struct loop *l, const struct child_options *o, child_exit_fn *fn, void *arg, struct err *e)
{
	struct reaper *r = reaper_get(l, e); /* before the fork: its end may come at once */
	struct child *c;

	if (!r)
		return NULL;
	c = ALLOC(struct child);
	c->in_fd = c->out_fd = c->err_fd = -1;
	c->pid = start_with_streams(c, o, e);
	if (c->pid < 0) {
		child_free(c);
		return NULL;
	}
	c->running = true;
	c->leads_group = o->new_session;
	c->fn = fn;
	c->arg = arg;
	list_push_back(&r->running, &c->node);
	return c;
}

void child_free(struct child *c)
{
	if (!c)
		return;
	close_fd(c->in_fd);
	close_fd(c->out_fd);
	close_fd(c->err_fd);
	c->in_fd = c->out_fd = c->err_fd = -1;
	if (c->running) {
		c->forgotten = true;
		return;
	}
	list_remove(&c->node);
	free(c);
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

bool child_running(const struct child *c)
{
	return c->running;
}

int child_kill(struct child *c, int signum, bool group)
{
	if (!c->running) /* the pid may be somebody else's by now */
		return ERR_CLOSED;
	return kill(group && c->leads_group ? -c->pid : c->pid, signum) ? ERR_CLOSED : 0;
}

int child_take_stdout(struct child *c)
{
	int fd = c->out_fd;
	c->out_fd = -1;
	return fd;
}

int child_take_stderr(struct child *c)
{
	int fd = c->err_fd;
	c->err_fd = -1;
	return fd;
}

int child_take_stdin(struct child *c)
{
	int fd = c->in_fd;
	c->in_fd = -1;
	return fd;
}
