/* The terminal taken and given back, on a pseudo terminal whose other side the test holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "term/term.h"

struct line {
	int master, slave;
	struct termios before;
	struct buf seen;
};

static void set_size(int fd, int cols, int rows)
{
	struct winsize w = {.ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows};

	assert_int_equal(ioctl(fd, TIOCSWINSZ, &w), 0);
}

static int setup(void **state)
{
	struct line *l = calloc(1, sizeof(*l));

	assert_int_equal(openpty(&l->master, &l->slave, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(l->slave, &l->before), 0);
	fcntl(l->master, F_SETFL, O_NONBLOCK);
	set_size(l->slave, 60, 10);
	setenv("LC_ALL", "C.UTF-8", 1);
	text_env_set((struct text_env){.ambiguous = 1});
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct line *l = *state;

	close(l->master);
	close(l->slave);
	buf_fini(&l->seen);
	free(l);
	return 0;
}

static const char *drain(struct line *l)
{
	char bytes[8192];
	ssize_t n;

	while ((n = read(l->master, bytes, sizeof(bytes))) > 0)
		buf_put(&l->seen, bytes, (size_t)n);
	return buf_z(&l->seen);
}

static struct term *take(struct line *l)
{
	struct term_opts o = {
		.in_fd = l->slave, .out_fd = l->slave, .type = "xterm-256color", .mouse = true};
	struct err e = {0};
	struct term *t = NULL;

	assert_int_equal(term_new(&t, &o, &e), 0);
	return t;
}

static void ignore(void *arg, const struct event *e)
{
	(void)arg;
	(void)e;
}

/* As if the terminal had sent that. */
static void answer(struct line *l, struct term *t, const char *z)
{
	struct pollfd p = {term_fd(t), POLLIN, 0};

	assert_int_equal(write(l->master, z, strlen(z)), strlen(z));
	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(term_read(t, ignore, NULL), 0);
}

static void assert_given_back(struct line *l)
{
	struct termios now;
	const char *seen = drain(l);

	assert_non_null(strstr(seen, "\033[?1049l"));
	assert_non_null(strstr(seen, "\033[?1000l"));
	assert_non_null(strstr(seen, "\033[?2004l"));
	assert_int_equal(tcgetattr(l->slave, &now), 0);
	assert_int_equal(now.c_lflag, l->before.c_lflag);
	assert_int_equal(now.c_iflag, l->before.c_iflag);
	assert_int_equal(now.c_oflag, l->before.c_oflag);
}

static void taken_and_given_back(void **state)
{
	struct line *l = *state;
	struct term *t = take(l);
	struct termios now;

	assert_int_equal(tcgetattr(l->slave, &now), 0);
	assert_false(now.c_lflag & (ICANON | ECHO | ISIG));
	assert_non_null(strstr(drain(l), "\033[?1049h"));
	term_free(t);
	assert_given_back(l);
	assert_int_equal(fcntl(l->slave, F_GETFL) & O_NONBLOCK, 0);
}

/* What watches the descriptor makes it non-blocking: the shell's own must not become so. */
static void watching_touches_nobody_else(void **state)
{
	struct line *l = *state;
	struct term *t = take(l);

	assert_int_equal(fcntl(term_fd(t), F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(l->slave, F_GETFL) & O_NONBLOCK, 0);
	term_free(t);
}

/* Lines and columns are the terminal's, not the environment's. */
static void size_is_the_terminals(void **state)
{
	struct line *l = *state;
	struct term *t;

	setenv("COLUMNS", "33", 1);
	setenv("LINES", "5", 1);
	t = take(l);
	assert_int_equal(term_grid(t)->cols, 60);
	assert_int_equal(term_grid(t)->rows, 10);
	assert_false(term_resized(t));
	set_size(l->slave, 1, 1);
	assert_true(term_resized(t));
	assert_int_equal(term_grid(t)->cols, 1);
	term_flush(t);
	set_size(l->slave, 3000, 900);
	assert_true(term_resized(t));
	assert_false(term_resized(t));
	assert_int_equal(term_grid(t)->cols, GRID_COLS_MAX);
	set_size(l->slave, 0, 0);
	assert_true(term_resized(t));
	assert_int_equal(term_grid(t)->cols, 80);
	assert_int_equal(term_grid(t)->rows, 24);
	term_free(t);
	unsetenv("COLUMNS");
	unsetenv("LINES");
}

static void suspended_and_resumed(void **state)
{
	struct line *l = *state;
	struct term *t = take(l);
	struct termios now;

	term_suspend(t);
	assert_given_back(l);
	buf_clear(&l->seen);
	term_flush(t);
	term_set_mouse(t, false);
	assert_string_equal(drain(l), "");
	set_size(l->slave, 40, 8);
	term_resume(t);
	assert_int_equal(tcgetattr(l->slave, &now), 0);
	assert_false(now.c_lflag & ISIG);
	assert_int_equal(term_grid(t)->cols, 40);
	term_flush(t);
	assert_non_null(strstr(drain(l), "\033[?1049h"));
	assert_null(strstr(drain(l), "\033[?1000h"));
	term_free(t);
}

static void ambiguous_as_the_terminal_counts(void **state)
{
	struct line *l = *state;
	struct term *t = take(l);

	assert_true(term_timeout_ms(t, 0) >= 0);
	answer(l, t, "\033[2;2R");
	assert_int_equal(text_env().ambiguous, 1);
	assert_false(term_symbols_changed(t));
	term_free(t);
	t = take(l);
	answer(l, t, "\033[2;3R");
	assert_int_equal(text_env().ambiguous, 2);
	assert_true(text_env().ascii);
	assert_true(term_symbols_changed(t));
	/* Only the first answer counts. */
	answer(l, t, "\033[2;2R");
	assert_int_equal(text_env().ambiguous, 2);
	term_free(t);
}

/* Bytes above 0x7f are control characters where they are not UTF-8. */
static void only_ascii_until_proven(void **state)
{
	static const char *const locales[] = {"C", "POSIX", "ko_KR.EUC-KR", "ko_KR"};
	struct line *l = *state;

	for (size_t i = 0; i < ARRAY_LEN(locales); i++) {
		struct term *t;
		struct surface s;

		setenv("LC_ALL", locales[i], 1);
		t = take(l);
		drain(l);
		buf_clear(&l->seen);
		s = surface_of(term_grid(t));
		surface_box(&s, STR_LIT("주문 ★"), STYLE_BOX);
		term_flush(t);
		drain(l);
		for (size_t k = 0; k < l->seen.n; k++)
			assert_true(l->seen.p[k] < 0x80);
		assert_non_null(strstr(drain(l), "\\uc8fc"));
		/* The answer shows that three bytes were one character. */
		answer(l, t, "\033[2;2R");
		assert_true(term_symbols_changed(t));
		assert_false(text_env().only_ascii);
		assert_false(text_env().ascii);
		term_free(t);
	}
	setenv("LC_ALL", "C.UTF-8", 1);
	struct term *t = take(l);
	assert_false(text_env().only_ascii);
	answer(l, t, "\033[2;4R");
	assert_true(text_env().only_ascii);
	term_free(t);
}

/* ---- ends that are not in order -------------------------------------------------------------- */

static unsigned overflow(unsigned depth)
{
	volatile char room[4096];

	room[0] = (char)depth;
	return depth == UINT32_MAX ? 0 : overflow(depth + 1) + (unsigned)room[0];
}

static void end_by(struct line *l, int sig)
{
	struct rlimit small = {1 << 20, 1 << 20}, none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	close(l->master);
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	take(l);
	if (sig == SIGSEGV) {
		setrlimit(RLIMIT_STACK, &small);
		_exit(overflow(0) != 0);
	} else {
		raise(sig);
	}
	_exit(0);
}

/* Whatever ends the program, and by its signal, the terminal is as it was. */
static void given_back_by_signals(void **state)
{
	static const int signals[] = {SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGINT, SIGQUIT, SIGALRM,
		SIGUSR1, SIGUSR2, SIGXCPU, SIGSYS, SIGTRAP, SIGSEGV};
	struct line *l = *state;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			end_by(l, signals[i]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		assert_given_back(l);
		buf_clear(&l->seen);
	}
}

static void handlers_of_others_stay(void **state)
{
	struct line *l = *state;
	struct sigaction now;
	struct term *t;

	signal(SIGUSR1, SIG_IGN);
	t = take(l);
	assert_int_equal(sigaction(SIGUSR1, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_IGN);
	term_free(t);
	signal(SIGUSR1, SIG_DFL);
	assert_int_equal(sigaction(SIGINT, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_DFL);
}

/* The line went dead: no signal, no endless wait, an end. */
static void hung_up(void **state)
{
	struct line *l = *state;
	struct term *t = take(l);

	close(l->master);
	assert_int_equal(term_read(t, ignore, NULL), ERR_CLOSED);
	term_flush(t);
	term_free(t);
	l->master = open("/dev/null", O_RDONLY);
}

static void types_are_refused(void **state)
{
	struct line *l = *state;
	struct term_opts o = {.in_fd = l->slave, .out_fd = l->slave, .type = "dumb"};
	struct err e = {0};
	struct term *t;

	assert_int_equal(term_new(&t, &o, &e), ERR_UNSUPPORTED);
	assert_null(t);
	assert_non_null(strstr(e.msg, "dumb"));
	assert_string_equal(drain(l), "");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(taken_and_given_back),
		TEST(watching_touches_nobody_else),
		TEST(size_is_the_terminals),
		TEST(suspended_and_resumed),
		TEST(ambiguous_as_the_terminal_counts),
		TEST(only_ascii_until_proven),
		TEST(given_back_by_signals),
		TEST(handlers_of_others_stay),
		TEST(hung_up),
		TEST(types_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
