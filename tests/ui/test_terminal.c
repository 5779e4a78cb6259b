/* The console and its terminal: stopped and gone on with, ended from outside, without UTF-8, other
 * types of terminal, and how little goes over the line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "bench.h"

static const char *kdeck(void)
{
	static char path[4096];
	const char *build = getenv("top_builddir");

	snprintf(path, sizeof(path), "%s/kdeck", build ? build : ".");
	return path;
}

/* A shell with job control runs the console. */
static void shell(struct bench *b, const char *after)
{
	char *script = xasprintf("set -m; %s -b %s; %s", kdeck(), b->address, after);
	const char *argv[] = {"/bin/sh", "-c", script, NULL};

	b->s = screen_start(argv, NULL, b->folder, 80, 24);
	free(script);
	screen_wait(b->s, "1 of 1 up");
}

static void stopped_and_gone_on_with(void **state)
{
	struct bench *b = *state;

	shell(b, "echo it stopped; read x; fg; echo it ended; read x");
	screen_go(b->s, "Ctrl-Z", "it stopped");
	assert_false(screen_modes(b->s).other_screen);
	assert_false(screen_modes(b->s).mouse);
	assert_false(screen_modes(b->s).cursor_hidden);
	screen_go(b->s, "Enter", "1 of 1 up");
	screen_wait_gone(b->s, "it stopped");
	screen_go(b->s, "3", "no topics");
	screen_go(b->s, "q", "it ended");
	screen_press(b->s, "Enter");
	assert_int_equal(screen_wait_exit(b->s), 0);
}

static void given_back(const struct bench *b)
{
	struct screen_modes m = screen_modes(b->s);

	assert_false(m.other_screen);
	assert_false(m.mouse);
	assert_false(m.cursor_hidden);
	assert_false(m.raw);
}

/* In order, or by a signal that nobody is asked about: the terminal is as it was. */
static void ended_from_outside(void **state)
{
	static const int in_order[] = {SIGTERM, SIGHUP}, at_once[] = {SIGINT, SIGQUIT, SIGUSR1};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(in_order) + ARRAY_LEN(at_once); i++) {
		bool order = i < ARRAY_LEN(in_order);
		int sig = order ? in_order[i] : at_once[i - ARRAY_LEN(in_order)];

		bench_open(b, 80, 24);
		kill(screen_pid(b->s), sig);
		assert_int_equal(screen_wait_exit(b->s), order ? 0 : 128 + sig);
		given_back(b);
		screen_free(b->s);
		b->s = NULL;
	}
}

static void types_of_terminal(void **state)
{
	static const char *const types[] = {
		"TERM=linux", "TERM=screen", "TERM=tmux-256color", "TERM=vt100", "TERM=xterm-mono"};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const char *extra[] = {types[i], "COLUMNS=20", "LINES=3", NULL};

		bench_console(b, NULL, extra, 80, 24);
		screen_wait(b->s, "1 of 1 up");
		screen_go(b->s, "Down Up 3", "no topics");
		screen_press(b->s, "q");
		assert_int_equal(screen_wait_exit(b->s), 0);
		screen_free(b->s);
		b->s = NULL;
	}
}

static void types_that_cannot(void **state)
{
	static const char *const types[] = {"TERM=dumb", "TERM=nobody-knows", "TERM="};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const char *extra[] = {types[i], NULL};

		bench_console(b, NULL, extra, 80, 24);
		assert_int_equal(screen_wait_exit(b->s), 1);
		assert_true(screen_has(b->s, "set TERM"));
		screen_free(b->s);
		b->s = NULL;
	}
}

/* libvterm reads UTF-8 and its answer says so: the symbols come. */
static void locale_without_utf8(void **state)
{
	static const char *const extra[] = {"LC_ALL=C", "LANG=C", NULL};
	struct bench *b = *state;

	bench_console(b, NULL, extra, 80, 24);
	screen_wait(b->s, "1 of 1 up");
	screen_wait(b->s, "─");
	bench_quit(b);
}

/* Nothing but the clock's figures changes on a quiet cluster: a slow line carries that easily. */
static void few_bytes_over_the_line(void **state)
{
	struct bench *b = *state;
	size_t before;

	bench_open(b, 120, 40);
	screen_wait(b->s, "live");
	before = screen_bytes(b->s);
	assert_in_range(before, 200, 6000);
	for (int frames = 0; frames < 2;)
		frames += screen_pump(b->s, 3000);
	assert_in_range(screen_bytes(b->s) - before, 0, 1500);
	bench_quit(b);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stopped_and_gone_on_with),
		TEST(ended_from_outside),
		TEST(types_of_terminal),
		TEST(types_that_cannot),
		TEST(locale_without_utf8),
		TEST(few_bytes_over_the_line),
	};

	return bench_ready() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
