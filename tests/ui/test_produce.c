/* Writing records: many sends at once, what each became, and leaving while they are on their way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench.h"

static void open_produce(struct bench *b, int cols, int rows)
{
	bench_sh(b, "$K topics -b $A --create --topic t --partitions 1 >/dev/null");
	bench_open(b, cols, rows);
	screen_go(b->s, "3", "TOPIC ^");
	screen_go(b->s, "p", "topics > produce > t");
}

/* One record on its way to a broker that is gone. */
static void send_to_nobody(struct bench *b)
{
	open_produce(b, 80, 24);
	screen_type(b->s, "x");
	bench_kill_broker(b);
	screen_go(b->s, "Ctrl-S", "sending 0 of 1");
}

/* The broker is back and has it; the screen that sent it has been left. */
static void is_told_later(struct bench *b)
{
	bench_restart_broker(b);
	screen_wait(b->s, "brokers 1/1");
	screen_go(b->s, "E", "1 record written");
	bench_quit(b);
}

/* A broker that is gone answers nothing: Esc leaves, what was sent is told where it can be. */
static void left_while_the_broker_is_gone(void **state)
{
	struct bench *b = *state;

	send_to_nobody(b);
	screen_go(b->s, "Esc", "sending stopped after 0 records");
	screen_wait(b->s, "brokers 0/1");
	is_told_later(b);
}

/* The same with Ctrl-X first: answers to what was sent still come, and find nobody. */
static void stopped_and_left(void **state)
{
	struct bench *b = *state;

	send_to_nobody(b);
	screen_go(b->s, "Ctrl-S Ctrl-S", "2 more wait");
	screen_go(b->s, "Ctrl-X", "stopping, 0 so far");
	screen_leave(b->s, "Esc", "topics > produce");
	is_told_later(b);
}

/* In one piece: of keys that come one by one the first may be done before the next is there. */
#define CTRL_S "\023"

static void no_press_is_lost(void **state)
{
	struct bench *b = *state;

	open_produce(b, 80, 24);
	screen_type(b->s, "k{n}");
	screen_press(b->s, "Tab Tab Tab");
	screen_type(b->s, "hello {n}");
	/* Count 3, three times at once. */
	screen_press(b->s, "Tab Tab Tab Backspace");
	screen_type(b->s, "3");
	screen_type(b->s, CTRL_S CTRL_S CTRL_S);
	screen_wait(b->s, "9 sent, 0 failed");
	screen_wait(b->s, "p0 offset 0  k0: hello 0");
	screen_wait(b->s, "p0 offset 5  k2: hello 2");
	screen_wait(b->s, "p0 offset 8  k2: hello 2");
	/* One has a number, too. */
	screen_press(b->s, "Backspace");
	screen_type(b->s, "1");
	screen_type(b->s, CTRL_S CTRL_S);
	screen_wait(b->s, "2 sent, 0 failed");
	screen_wait(b->s, "p0 offset 10  k0: hello 0");
	/* Until it is stopped. */
	screen_press(b->s, "Backspace");
	screen_type(b->s, "0");
	screen_press(b->s, "Tab Backspace");
	screen_type(b->s, "20");
	screen_go(b->s, "Ctrl-S", "sending, ");
	screen_wait(b->s, " so far");
	screen_go(b->s, "Ctrl-S", "still sending: Ctrl-X stops it");
	screen_go(b->s, "Ctrl-X", " sent, 0 failed");
	screen_go(b->s, "Esc", "TOPIC ^");
	screen_go(b->s, "E", "3 records written");
	screen_wait(b->s, "1 record written");
	bench_quit(b);
}

/* What is offered while a field takes the letters works there. */
static void offers_what_works(void **state)
{
	struct bench *b = *state;

	open_produce(b, 120, 40);
	screen_wait(b->s, "< by key >  sticky  round robin  partition");
	screen_wait(b->s, "$ kdeck produce");
	assert_false(screen_has(b->s, "y copy command"));
	/* In the menu the keys beside its lines are keys. */
	screen_go(b->s, "F10", "copy command");
	screen_go(b->s, "y", "copied");
	assert_non_null(screen_copied(b->s));
	/* No such topic: how to make it. */
	screen_press(b->s, "Backtab");
	screen_type(b->s, "x");
	screen_go(b->s, "Ctrl-S", "Esc leaves this form, then 3 n");
	screen_go(b->s, "Esc", "TOPIC ^");
	screen_go(b->s, "3 n", "create topic");
	screen_leave(b->s, "Esc", "create topic");
	bench_quit(b);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(left_while_the_broker_is_gone),
		TEST(stopped_and_left),
		TEST(no_press_is_lost),
		TEST(offers_what_works),
	};

	return bench_ready() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
