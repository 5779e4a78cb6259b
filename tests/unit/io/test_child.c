/* Child processes: how they end, where their output goes, and what keeps them from starting. */
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
#include <unistd.h>

#include "io/child.h"
#include "one_loop.h"

struct ended {
	bool flag, free_it;
	int exit_code, term_signal;
};

static void on_exit_of(void *arg, struct child *c, int exit_code, int term_signal)
{
	struct ended *e = arg;

	*e = (struct ended){true, e->free_it, exit_code, term_signal};
	assert_false(child_running(c));
	if (e->free_it)
		child_free(c);
}

static struct child *shell(const char *script, struct child_options o, struct ended *at)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	struct err e = {0};
	struct child *c;

	o.argv = argv;
	c = child_spawn(l, &o, on_exit_of, at, &e);
	if (!c)
		fail_msg("%s", e.msg);
	return c;
}

static void await(struct ended *at)
{
	assert_true(loop_run_until(l, &at->flag, PATIENCE_MS));
}

/* Reads to the end. */
static void assert_output(int fd, const char *expected)
{
	char text[512];
	size_t n = 0;
	ssize_t got;

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	while ((got = read(fd, text + n, sizeof(text) - 1 - n)) != 0) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (got > 0)
			n += (size_t)got;
		else if (errno == EAGAIN)
			assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		else
			fail();
	}
	text[n] = 0;
	assert_string_equal(text, expected);
	close(fd);
}

static void exit_codes(void **state)
{
	enum { N = 8 };
	struct ended at[N] = {0};
	struct child *c[N];
	char script[32];

	(void)state;
	for (int i = 0; i < N; i++) {
		snprintf(script, sizeof(script), "exit %d", i * 30);
		c[i] = shell(script, (struct child_options){0}, &at[i]);
	}
	for (int i = 0; i < N; i++) {
		await(&at[i]);
		assert_int_equal(at[i].exit_code, i * 30);
		assert_int_equal(at[i].term_signal, 0);
		assert_int_equal(child_kill(c[i], SIGKILL, false), ERR_CLOSED);
		child_free(c[i]);
	}
}

static void killed(void **state)
{
	struct ended at = {.free_it = true};
	struct child *c = shell("exec sleep 1000", (struct child_options){0}, &at);

	(void)state;
	assert_true(child_running(c));
	assert_int_equal(child_kill(c, SIGTERM, false), 0);
	await(&at);
	assert_int_equal(at.exit_code, -1);
	assert_int_equal(at.term_signal, SIGTERM);
}

/* The shell's own child holds the pipe open: the end of output shows that it was killed too. */
static void killed_with_its_group(void **state)
{
	struct child_options o = {.out = {.to = CHILD_PIPE}, .new_session = true};
	struct ended at = {0};
	struct child *c = shell("sleep 1000 & wait", o, &at);

	(void)state;
	assert_int_equal(child_kill(c, SIGKILL, true), 0);
	await(&at);
	assert_int_equal(at.term_signal, SIGKILL);
	assert_output(child_take_stdout(c), "");
	child_free(c);
}

static void pipes(void **state)
{
	const char *const env[] = {"CHILD_TEST=here", NULL};
	struct child_options o = {
		.out = {.to = CHILD_PIPE}, .err = {.to = CHILD_PIPE}, .env = env, .cwd = "/"};
	struct ended at = {0};
	struct child *c = shell("pwd; echo $CHILD_TEST >&2; cat; ls /proc/self/fd | wc -l", o, &at);

	(void)state;
	await(&at);
	assert_int_equal(at.exit_code, 0);
	assert_output(child_take_stdout(c), "/\n4\n"); /* ls has one open for itself */
	assert_output(child_take_stderr(c), "here\n");
	assert_int_equal(child_take_stdout(c), -1);
	child_free(c);
}

/* What is written comes in, and the end of it is the end of input. */
static void standard_input(void **state)
{
	struct child_options o = {.out = {.to = CHILD_PIPE}, .stdin_pipe = true};
	struct ended at = {0};
	struct child *c = shell("cat; echo over", o, &at);
	int fd = child_take_stdin(c);

	(void)state;
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(write(fd, "in\n", 3), 3);
	assert_int_equal(child_take_stdin(c), -1);
	close(fd);
	await(&at);
	assert_int_equal(at.exit_code, 0);
	assert_output(child_take_stdout(c), "in\nover\n");
	child_free(c);
}

static void one_file_for_both(void **state)
{
	char path[] = "/tmp/childXXXXXX";
	int fd = mkstemp(path);
	struct child_options o = {
		.out = {.to = CHILD_FILE, .path = path}, .err = {.to = CHILD_STDOUT}};
	char text[32] = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ended at = {.free_it = true};
		shell("echo a; echo b >&2", o, &at);
		await(&at);
	}
	assert_int_equal(read(fd, text, sizeof(text) - 1), 8);
	assert_string_equal(text, "a\nb\na\nb\n");
	close(fd);
	unlink(path);
}

static void signals_are_as_usual(void **state)
{
	struct child_options o = {.out = {.to = CHILD_PIPE}};
	struct ended at = {.free_it = true};

	(void)state;
	shell("kill -PIPE $$; exit 3", o, &at); /* we ignore SIGPIPE, it must not */
	await(&at);
	assert_int_equal(at.term_signal, SIGPIPE);
}

static void what_cannot_start(void **state)
{
	const char *argv[] = {"no-such-program-anywhere", NULL};
	const char *text[] = {"/etc/passwd", NULL};
	const char *right[] = {"true", NULL};
	struct child_options o = {.argv = argv};
	struct ended at = {0};
	struct err e = {0};

	(void)state;
	assert_null(child_spawn(l, &o, on_exit_of, &at, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, argv[0]));
	o.argv = text;
	assert_null(child_spawn(l, &o, on_exit_of, &at, &e));
	assert_int_equal(e.code, ERR_DENIED);
	o.argv = right;
	o.cwd = "/no/such/folder";
	assert_null(child_spawn(l, &o, on_exit_of, &at, &e));
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, o.cwd));
	o.cwd = NULL;
	o.out.to = CHILD_FILE;
	o.out.path = "/no/such/folder/file";
	assert_null(child_spawn(l, &o, on_exit_of, &at, &e));
	assert_non_null(strstr(e.msg, o.out.path));
	assert_false(at.flag);
}

static void forgotten_children_are_reaped(void **state)
{
	struct child_options o = {.out = {.to = CHILD_PIPE}};
	struct ended at = {0}, other = {.free_it = true};
	struct child *c = shell("exit 1", (struct child_options){0}, &at);
	pid_t pid = child_pid(c);

	(void)state;
	child_free(c);
	do { /* each end of another is a turn in which the first can be noticed */
		other = (struct ended){.free_it = true};
		shell("exit 0", o, &other);
		await(&other);
	} while (kill(pid, 0) == 0);
	assert_false(at.flag);
	child_free(shell("exec sleep 0.01", o, &at)); /* is there when the loop goes */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_LOOP(exit_codes),
		ON_A_LOOP(killed),
		ON_A_LOOP(killed_with_its_group),
		ON_A_LOOP(pipes),
		ON_A_LOOP(standard_input),
		ON_A_LOOP(one_file_for_both),
		ON_A_LOOP(signals_are_as_usual),
		ON_A_LOOP(what_cannot_start),
		ON_A_LOOP(forgotten_children_are_reaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
