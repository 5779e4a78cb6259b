/* What is done to a group from the screens: its offsets are reset, and whoever reads next begins
 * there; members forbid it; offsets and the group are deleted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench.h"
#include "golden.h"

/* Ten records in each of two partitions, all read by payments. */
static void begin(struct bench *b, int cols, int rows)
{
	bench_sh(b, "\"$K\" topics -b \"$A\" --create --topic orders --partitions 2 >/dev/null");
	bench_sh(b, "seq 20 | \"$K\" produce -b \"$A\" --topic orders --partitioner round-robin "
		    ">/dev/null");
	bench_sh(b, "\"$K\" consume -b \"$A\" --topic orders --group payments --from-beginning "
		    "--max-messages 20 >/dev/null 2>&1");
	bench_open(b, cols, rows);
	screen_go(b->s, "7", ">payments");
	screen_wait(b->s, "ok: no members");
}

static const char start_member[] = "\"$K\" consume -b \"$A\" --topic orders --group payments "
				   ">/dev/null 2>&1 & echo $! >member";

/* What the group has committed, as "0:10 1:10". */
static void committed(const struct bench *b, const char *want)
{
	struct buf line = BUF_EMPTY;

	buf_printf(&line,
		"\"$K\" groups -b \"$A\" --describe --group payments 2>/dev/null | awk "
		"'$2 == \"orders\" { printf \"%%s%%s:%%s\", s, $3, $4; s = \" \" }' | grep -qx "
		"'%s'",
		want);
	bench_sh(b, buf_z(&line));
	buf_fini(&line);
}

/* To the form's last two fields: so many choices to the right, and what they need. */
static void choose(struct bench *b, int right, const char *at)
{
	screen_go(b->s, "o", "reset offsets of group payments ");
	screen_press(b->s, "Tab Tab");
	for (; right > 0; right--)
		screen_press(b->s, "Right");
	screen_press(b->s, "Tab");
	screen_type(b->s, at);
	screen_go(b->s, "Enter", "reset offsets of group payments?");
}

static void reset_and_read_again(void **state)
{
	struct bench *b = *state;

	begin(b, 80, 24);
	/* Cancel has the focus, and Esc leaves it too. */
	choose(b, 3, "4");
	golden_wait(b->s, "reset-preview");
	screen_leave(b->s, "Enter", "reset offsets of group payments?");
	choose(b, 4, "-100");
	screen_wait(b->s, "! orders-0: offset -90 is lower than the start of the log: set to 0");
	screen_leave(b->s, "Esc", "reset offsets of group payments?");
	committed(b, "0:10 1:10");
	choose(b, 3, "4");
	screen_wait(b->s, "2 partitions: 12 records to be read again, 0 skipped");
	screen_go(b->s, "Right Enter", "offsets reset");
	screen_wait(b->s, "rewound");
	committed(b, "0:4 1:4");
	bench_sh(b, "\"$K\" consume -b \"$A\" --topic orders --group payments --timeout-ms 4000 "
		    ">read 2>/dev/null; test $(wc -l <read) = 12");
	screen_go(b->s, "E", "reset offsets of group payments");
	bench_quit(b);
}

/* The same from the screen of the group, of the partition's topic, on a small terminal. */
static void reset_on_a_small_screen(void **state)
{
	struct bench *b = *state;

	begin(b, 80, 24);
	screen_go(b->s, "Enter", "groups > payments");
	screen_wait(b->s, "orders, partition");
	choose(b, 5, "1h");
	screen_wait(b->s, "topic orders, all partitions");
	screen_resize(b->s, 40, 12);
	screen_wait(b->s, "[ Cancel ]  [ Reset offsets ]");
	screen_resize(b->s, 80, 24);
	screen_wait(b->s, "20 records to be read again");
	screen_go(b->s, "Tab Enter", "offsets reset");
	committed(b, "0:0 1:0");
	screen_go(b->s, "Esc", ">payments");
	bench_quit(b);
}

static void members_forbid_it(void **state)
{
	struct bench *b = *state;

	begin(b, 80, 24);
	bench_sh(b, start_member);
	screen_wait(b->s, "Stable             1 ");
	screen_go(b->s, "o", "group payments has 1 member (");
	screen_go(b->s, "Ctrl-D", "stop it first");
	bench_sh(b, "kill $(cat member)");
	screen_wait(b->s, "Empty");
	choose(b, 0, "");
	/* One comes back while the question is open: the cluster refuses, and nothing moves. */
	bench_sh(b, start_member);
	bench_sh(b, "until \"$K\" groups -b \"$A\" --list --state stable | grep -q payments; do :; "
		    "done");
	screen_go(b->s, "Right Enter",
		"group payments has members again: stop them first; nothing was changed");
	bench_sh(b, "kill $(cat member)");
	screen_wait(b->s, "Empty");
	committed(b, "0:10 1:10");
	bench_quit(b);
}

static void offsets_and_group_are_deleted(void **state)
{
	struct bench *b = *state;

	begin(b, 80, 24);
	screen_go(b->s, "Enter", "groups > payments");
	screen_wait(b->s, "orders, partition 0");
	screen_go(b->s, "m", "delete offsets");
	screen_go(b->s, "u", "Delete the offsets?");
	screen_go(b->s, "Right Enter", "offsets deleted");
	committed(b, "1:10");
	screen_go(b->s, "Esc", ">payments");
	screen_go(b->s, "Ctrl-D", "Delete the group?");
	screen_type(b->s, "payment");
	screen_go(b->s, "Enter", "What is expected: payments");
	screen_type(b->s, "s");
	screen_go(b->s, "Enter", "group deleted");
	screen_wait_gone(b->s, ">payments");
	bench_sh(b, "! \"$K\" groups -b \"$A\" --list | grep -q payments");
	bench_quit(b);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reset_and_read_again),
		TEST(reset_on_a_small_screen),
		TEST(members_forbid_it),
		TEST(offsets_and_group_are_deleted),
	};

	if (!bench_ready())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
