/* The screens of groups on a broker with real consumers: what a teacher shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "bench.h"

/* By key, so that each partition has some. */
static const char topic[] = "$K topics -b $A --create --topic orders --partitions 3 >/dev/null; "
			    "seq 30 | sed 's/.*/k&:&/' | $K produce -b $A --topic orders "
			    "--property parse.key=true --property key.separator=:";
/* Members N …: their process ids are in the file `members`. */
static const char join[] = "for i in $MEMBERS; do $K consume -b $A --topic orders --group 정산 "
			   "--from-beginning --consumer-property client.id=pay-$i "
			   "--consumer-property auto.commit.interval.ms=200 "
			   "--consumer-property session.timeout.ms=2000 "
			   "--consumer-property heartbeat.interval.ms=200 "
			   ">/dev/null 2>&1 & echo $! >>members; done";

static void members(struct bench *b, const char *which)
{
	char command[1024];

	snprintf(command, sizeof(command), "MEMBERS='%s'; %s", which, join);
	bench_sh(b, command);
}

static int teardown(void **state)
{
	bench_sh(*state, "touch members; kill -9 $(cat members) 2>/dev/null; true");
	return bench_teardown(state);
}

static void open_groups(struct bench *b, int cols, int rows)
{
	bench_open(b, cols, rows);
	screen_go(b->s, "7", "7 groups");
}

/* Three partitions, four consumers: one waits, and the screen says why. */
static void the_fourth_waits(void **state)
{
	struct bench *b = *state;

	open_groups(b, 100, 30);
	screen_wait(b->s, "no groups yet");
	screen_wait(b->s, "A group comes into being with its first consumer");
	screen_go(b->s, "8", "no group to show yet");
	bench_sh(b, topic);
	members(b, "1 2 3");
	screen_wait(b->s, ">정산");
	screen_wait(b->s, "Stable");
	screen_go(b->s, "Enter", "groups > 정산");
	screen_wait(b->s, "members 3 ");
	screen_wait(b->s, "lag 0 records");
	screen_wait(b->s, "2  pay-3");
	screen_wait(b->s, "rebalances seen since");
	members(b, "4");
	screen_wait(b->s, "members 4, 1 idle");
	screen_wait(b->s, "3 partitions, 4 members: a partition has one reader, so pay-4 waits");
	screen_wait(b->s, "pay-4 joined");
	/* Saved with the topic in every row; a member that waits is no partition. */
	screen_go(b->s, "x", "정산-partitions");
	screen_go(b->s, "Right Enter", "3 rows written to 정산-partitions.csv");
	bench_sh(b, "head -1 정산-partitions.csv | grep -q '^group,topic,partition,member,'; "
		    "grep -q '^정산,orders,2,pay-3-' 정산-partitions.csv");
	screen_go(b->s, "Tab", "[Members]");
	screen_wait(b->s, "idle: 3 part");
	screen_go(b->s, "Tab", "first seen");
	screen_wait(b->s, "> moved");
	screen_go(b->s, "Esc", ">정산");
	screen_go(b->s, "E", "pay-4 joined from 127.0.0.1");
	screen_wait(b->s, "rebalanced: pay-4 joined");
	bench_quit(b);
}

/* Records begin where the group is; what was committed in one partition is deleted alone. */
static void where_the_group_is(void **state)
{
	struct bench *b = *state;

	bench_sh(b, topic);
	bench_sh(b, "$K consume -b $A --topic orders --group g --from-beginning --max-messages 30 "
		    ">/dev/null 2>&1");
	bench_sh(b, "$K groups -b $A --reset-offsets --group g --topic orders:1 --to-offset 2 "
		    "--execute >/dev/null");
	open_groups(b, 80, 24);
	screen_wait(b->s, ">g ");
	screen_wait(b->s, "stopped: partition 1");
	screen_go(b->s, "Enter", "STOPPED");
	screen_wait(b->s, "orders, partition 1: the group has no member");
	screen_go(b->s, "Enter", "records > orders partition 1");
	screen_wait(b->s, ">   1        2  ");
	screen_go(b->s, "Esc", "STOPPED");
	screen_go(b->s, "m u", "Delete the offsets?");
	screen_leave(b->s, "Tab Enter", "Delete the offsets?");
	screen_wait_gone(b->s, "STOPPED");
	screen_go(b->s, "Ctrl-D", "Delete the group?");
	screen_type(b->s, "g");
	screen_go(b->s, "Enter", "does not exist (any more)");
	screen_go(b->s, "Esc", "no groups yet");
	bench_quit(b);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, bench_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_fourth_waits),
		TEST(where_the_group_is),
	};

	if (!bench_ready())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
