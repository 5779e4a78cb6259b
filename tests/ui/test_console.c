/* The real console in a terminal: what every screen has, at every size, and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "bench.h"
#include "golden.h"

static void open_overview(struct bench *b, int cols, int rows)
{
	bench_console(b, NULL, NULL, cols, rows);
	screen_wait(b->s, "brokers");
	screen_wait(b->s, "1 of 1 up");
	screen_wait(b->s, "live ");
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static void first_screen(void **state)
{
	open_overview(*state, 80, 24);
	golden_wait(((struct bench *)*state)->s, "overview");
	bench_quit(*state);
}

static void first_screen_large(void **state)
{
	open_overview(*state, 120, 40);
	golden_wait(((struct bench *)*state)->s, "overview");
	bench_quit(*state);
}

static void first_screen_small(void **state)
{
	open_overview(*state, 40, 12);
	golden_wait(((struct bench *)*state)->s, "overview");
	bench_quit(*state);
}

static void resized_while_it_runs(void **state)
{
	static const int sizes[][2] = {{120, 40}, {40, 12}, {1, 1}, {300, 90}, {80, 24}};
	struct bench *b = *state;

	open_overview(b, 80, 24);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		screen_resize(b->s, sizes[i][0], sizes[i][1]);
		if (sizes[i][0] >= 40)
			screen_wait(b->s, "kdeck");
		if (sizes[i][0] == 40 || sizes[i][0] == 80 || sizes[i][0] == 120)
			golden_wait(b->s, "overview");
	}
	bench_quit(b);
}

/* ---- screens --------------------------------------------------------------------------------- */

static void number_keys_open_screens(void **state)
{
	struct bench *b = *state;

	open_overview(b, 80, 24);
	screen_go(b->s, "2", "2 brokers");
	screen_wait(b->s, "ADDRESS");
	screen_wait(b->s, b->address);
	screen_go(b->s, "3", "3 topics");
	screen_wait(b->s, "no topics yet: n creates the first one");
	screen_go(b->s, "E", "E events");
	screen_go(b->s, "1", "1 overview");
	screen_wait(b->s, "1 of 1 up");
	bench_quit(b);
}

static void what_is_not_there_says_so(void **state)
{
	struct bench *b = *state;

	open_overview(b, 80, 24);
	screen_go(b->s, "4", "no topic to show yet");
	/* The next key takes that away, and opens nothing that is not there. */
	screen_leave(b->s, "0", "no topic to show yet");
	screen_wait(b->s, "1 overview");
	bench_quit(b);
}

static void go_to_a_screen_by_name(void **state)
{
	struct bench *b = *state;

	open_overview(b, 80, 24);
	screen_press(b->s, ":");
	screen_type(b->s, "bro");
	screen_go(b->s, "Tab Enter", "2 brokers");
	screen_press(b->s, ":");
	screen_type(b->s, "nonsense");
	screen_go(b->s, "Enter", "no screen is called nonsense");
	bench_quit(b);
}

static void help_lists_the_keys(void **state)
{
	struct bench *b = *state;

	open_overview(b, 80, 24);
	screen_go(b->s, "3", "no topics yet");
	screen_go(b->s, "?", "Create a topic");
	golden_wait(b->s, "help");
	screen_leave(b->s, "Esc", "Create a topic");
	screen_wait(b->s, "no topics yet");
	bench_quit(b);
}

static void menu_says_why_not(void **state)
{
	struct bench *b = *state;

	open_overview(b, 80, 24);
	screen_go(b->s, "3", "no topics yet");
	screen_go(b->s, "m", "copy topic");
	golden_wait(b->s, "menu");
	/* Delete is grey: there is nothing to delete. */
	screen_go(b->s, "D", "there is no topic under the cursor");
	screen_leave(b->s, "Esc", "copy topic");
	bench_quit(b);
}

static void explains_what_the_cursor_is_on(void **state)
{
	struct bench *b = *state;

	open_overview(b, 80, 24);
	screen_go(b->s, "i", "A Kafka cluster is a set of brokers");
	screen_leave(b->s, "q", "A Kafka cluster is a set of brokers");
	bench_quit(b);
}

static void frozen_and_let_go(void **state)
{
	struct bench *b = *state;

	open_overview(b, 80, 24);
	screen_go(b->s, "z", "frozen ");
	screen_go(b->s, "z", "live ");
	bench_quit(b);
}

/* ---- colour ---------------------------------------------------------------------------------- */

static void no_color_means_none(void **state)
{
	static const char *const no_color[] = {"NO_COLOR=1", NULL};
	struct bench *b = *state;

	open_overview(b, 80, 24);
	assert_true(screen_coloured(b->s) > 0);
	bench_quit(b);
	bench_console(b, NULL, no_color, 80, 24);
	screen_wait(b->s, "1 of 1 up");
	assert_int_equal(screen_coloured(b->s), 0);
	screen_go(b->s, "3", "no topics yet");
	screen_go(b->s, "m", "copy topic");
	assert_int_equal(screen_coloured(b->s), 0);
	screen_leave(b->s, "Esc", "copy topic");
	bench_quit(b);
}

/* ---- nobody answers -------------------------------------------------------------------------- */

/* A port of ours that nobody listens on: bound, so that nobody else takes it. */
static int dead_port(char *address, size_t room)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	snprintf(address, room, "127.0.0.1:%d", ntohs(a.sin_port));
	return fd;
}

static void nobody_answers(void **state)
{
	struct bench *b = *state;
	char address[64];
	int fd = dead_port(address, sizeof(address));

	bench_console(b, address, NULL, 80, 24);
	screen_wait(b->s, address);
	screen_wait(b->s, "refused");
	screen_go(b->s, "3", "3 topics");
	screen_go(b->s, "?", "Create a topic");
	screen_leave(b->s, "?", "Create a topic");
	screen_go(b->s, "1", "refused");
	bench_quit(b);
	close(fd);
}

static void broker_lost_while_looking(void **state)
{
	struct bench *b = *state;

	open_overview(b, 80, 24);
	bench_kill_broker(b);
	screen_wait(b->s, "old");
	screen_go(b->s, "2", "2 brokers");
	bench_quit(b);
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void ctrl_c_leaves(void **state)
{
	struct bench *b = *state;

	open_overview(b, 80, 24);
	screen_press(b->s, "Ctrl-C");
	assert_int_equal(screen_wait_exit(b->s), 0);
	assert_false(screen_modes(b->s).other_screen);
	assert_false(screen_modes(b->s).raw);
}

static void read_only_writes_nothing(void **state)
{
	struct bench *b = *state;

	bench_console_with(b, "--read-only", 80, 24);
	screen_wait(b->s, "read-only");
	screen_go(b->s, "3", "no topics yet");
	screen_go(b->s, "n", "read-only: kdeck was started with --read-only");
	bench_quit(b);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_screen),
		TEST(first_screen_large),
		TEST(first_screen_small),
		TEST(resized_while_it_runs),
		TEST(number_keys_open_screens),
		TEST(what_is_not_there_says_so),
		TEST(go_to_a_screen_by_name),
		TEST(help_lists_the_keys),
		TEST(menu_says_why_not),
		TEST(explains_what_the_cursor_is_on),
		TEST(frozen_and_let_go),
		TEST(no_color_means_none),
		TEST(nobody_answers),
		TEST(broker_lost_while_looking),
		TEST(ctrl_c_leaves),
		TEST(read_only_writes_nothing),
	};

	if (!bench_ready())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
