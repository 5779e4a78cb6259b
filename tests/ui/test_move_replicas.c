/* Three brokers: replicas of a partition with records are moved from the topic's menu, watched
 * until they are there; a move that waits for a dead broker is cancelled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bench.h"

/* The cluster's address as kdeck up said it, for the console. */
static char address[256];

static void read_address(const struct bench *b)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/said", b->folder);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "bootstrap %255s", address), 1);
	fclose(f);
}

/* In the test, not before it: what fails here is cleared away, too. */
static void start_cluster(struct bench *b)
{
	bench_kill_broker(b); /* three others take its place */
	bench_sh(b, "\"$K\" up --brokers 3 --port 0 --dir \"$HOME/three\" > said");
	read_address(b);
	bench_sh(b, "A=$(sed -n 's/^bootstrap //p' said); "
		    "\"$K\" topics -b $A --create --topic orders --replica-assignment 1:2,1:3 && "
		    "\"$K\" produce -b $A --topic orders --count 20000 --size 100");
}

static int teardown(void **state)
{
	struct bench *b = *state;

	screen_free(b->s);
	b->s = NULL;
	bench_sh(b, "test ! -d \"$HOME/three\" || \"$K\" down --dir \"$HOME/three\"");
	return bench_teardown(state);
}

static void open_form(struct bench *b)
{
	screen_go(b->s, "m", "move replicas");
	screen_go(b->s, "b", "[ Move replicas ]");
}

static void open_topic(struct bench *b, int cols, int rows)
{
	bench_console(b, address, NULL, cols, rows);
	screen_wait(b->s, "3 of 3 up");
	screen_go(b->s, "4", "2 partitions");
	screen_wait(b->s, "20,000 records");
}

static void replicas_are_moved(void **state)
{
	struct bench *b = *state;

	start_cluster(b);
	open_topic(b, 100, 30);
	open_form(b);
	screen_wait(b->s, "partition 0");
	screen_wait(b->s, "1,2 > 1,2: no replica comes or goes");
	/* 3 before 2, and 1 no more. */
	screen_press(b->s, "Space");
	screen_go(b->s, "j j 1", "1,2 > 3,2: copies");
	screen_wait(b->s, "\"replicas\":[3,2]");
	screen_wait(b->s, "Enter go on to Move replicas");
	screen_go(b->s, "Enter", "Enter move the replicas");
	screen_go(b->s, "Enter", "Partition 0 is on 3,2");
	screen_leave(b->s, "Enter", "nothing moves any more");
	screen_wait(b->s, "move replicas of orders-0 to 3,2");
	screen_wait(b->s, "p0 leader 1 > 3");
	screen_wait(b->s, "2/2  3");
	/* All of its records came along. */
	screen_wait(b->s, "20,000 records");
	bench_sh(b, "A=$(sed -n 's/^bootstrap //p' said); "
		    "\"$K\" reassign -b $A --list | grep -q 'No partition reassignments' && "
		    "\"$K\" consume -b $A --topic orders --from-beginning --max-messages 20000 "
		    "--timeout-ms 20000 > read && test $(wc -l < read) = 20000");
	bench_quit(b);
}

static void a_move_that_waits_is_cancelled(void **state)
{
	struct bench *b = *state;

	start_cluster(b);
	open_topic(b, 80, 24);
	bench_sh(b, "kill -9 $(\"$K\" status --dir \"$HOME/three\" --json | tr '{' '\\n' | "
		    "sed -n 's/.*\"node.id\":2,.*\"pid\":\\([0-9]*\\).*/\\1/p')");
	screen_wait(b->s, "brokers 2/3");
	screen_press(b->s, "j");
	open_form(b);
	screen_wait(b->s, "partition 1");
	screen_go(b->s, "j Space", "! broker 2 is down: the move waits for it");
	screen_go(b->s, "j Space", "1,3 > 1,2: copies");
	screen_go(b->s, "Tab Enter", "coming: 2   going: 3");
	/* Closed and opened again, it still moves. */
	screen_leave(b->s, "Esc", "coming: 2");
	screen_go(b->s, "m", "move replicas");
	screen_go(b->s, "b", "[ Cancel the move ]");
	screen_go(b->s, "Tab Enter", "move cancelled");
	bench_sh(b, "\"$K\" up --dir \"$HOME/three\" > said");
	screen_wait(b->s, "brokers 3/3");
	bench_quit(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(replicas_are_moved, bench_setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_move_that_waits_is_cancelled, bench_setup, teardown),
	};

	if (!bench_ready())
		return 0;
	return cmocka_run_group_tests_name("move replicas", tests, NULL, NULL);
}
