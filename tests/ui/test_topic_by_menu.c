/* What a newcomer does by the menus alone: a topic with three partitions, records into it, each
 * record's place, the records again, and the topic's end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/murmur2.h"
#include "base/xalloc.h"
#include "bench.h"
#include "golden.h"

#define PARTITIONS 3
#define TOPIC      "orders"

static void create_topic(struct bench *b)
{
	screen_go(b->s, "3", "no topics yet");
	screen_go(b->s, "m", "copy topic");
	screen_go(b->s, "n", "create topic");
	screen_type(b->s, TOPIC);
	screen_press(b->s, "Tab Backspace");
	screen_type(b->s, "3");
	screen_leave(b->s, "Enter", "create topic");
	screen_wait(b->s, "topic created");
	screen_wait(b->s, TOPIC);
}

/* The topic's screen. */
static void open_topic(struct bench *b, int cols, int rows)
{
	bench_open(b, cols, rows);
	create_topic(b);
	screen_go(b->s, "Enter", "topics > " TOPIC);
	screen_wait(b->s, "3 partitions");
}

/* Another console on the same cluster: no message of this one hides the line under the screen. */
static void reopen(struct bench *b)
{
	bench_quit(b);
	bench_open(b, 80, 24);
	screen_go(b->s, "3", TOPIC);
}

static bool all_is_known(void *arg, struct screen *s)
{
	(void)arg;
	return screen_has(s, TOPIC) && !screen_has(s, "  -") && !screen_has(s, "…");
}

static void leave_topic(struct bench *b)
{
	screen_leave(b->s, "q", "topics > " TOPIC);
	bench_quit(b);
}

/* ---- create ---------------------------------------------------------------------------------- */

static void placement_is_shown(void **state)
{
	struct bench *b = *state;

	open_topic(b, 80, 24);
	/* Leader of each, in its row. */
	for (int i = 0; i < PARTITIONS; i++) {
		char row[16];
		snprintf(row, sizeof(row), "%d  ★", i);
		screen_wait(b->s, row);
	}
	screen_wait(b->s, "leader epoch 0");
	screen_leave(b->s, "Esc", "leader epoch");
	reopen(b);
	screen_go(b->s, "Enter", "0/s in");
	screen_wait(b->s, "  0 B  leader");
	golden_wait(b->s, "topic");
	screen_resize(b->s, 120, 40);
	golden_wait(b->s, "topic");
	screen_resize(b->s, 40, 12);
	golden_wait(b->s, "topic");
	screen_resize(b->s, 80, 24);
	golden_wait(b->s, "topic");
	leave_topic(b);
}

static void configs_are_explained(void **state)
{
	struct bench *b = *state;

	open_topic(b, 80, 24);
	screen_go(b->s, "Tab", "[Configs]");
	screen_wait(b->s, "cleanup.policy");
	screen_go(b->s, "m", "add partitions");
	screen_go(b->s, "+", "Partitions in all");
	screen_go(b->s, "Enter", "partitions added");
	screen_go(b->s, "Tab", "[Groups]");
	screen_go(b->s, "Tab", "4 partitions");
	leave_topic(b);
}

static void wrong_name_is_refused(void **state)
{
	struct bench *b = *state;

	bench_open(b, 80, 24);
	screen_go(b->s, "3", "no topics yet");
	screen_go(b->s, "n", "create topic");
	golden_wait(b->s, "create");
	screen_type(b->s, "a/b q?");
	screen_go(b->s, "Enter", "letters a-z A-Z, digits, '.', '_' and '-' only");
	screen_leave(b->s, "Esc", "create topic");
	screen_wait(b->s, "no topics yet");
	bench_quit(b);
}

/* What the cluster refuses is said in its own words, and nothing is there. */
static void too_many_replicas_are_refused(void **state)
{
	struct bench *b = *state;

	bench_open(b, 80, 24);
	screen_go(b->s, "3", "no topics yet");
	screen_go(b->s, "n", "create topic");
	screen_type(b->s, TOPIC);
	screen_press(b->s, "Tab Tab Backspace");
	screen_type(b->s, "3");
	screen_go(b->s, "Enter", "INVALID_REPLICATION_FACTOR");
	/* The form is still there, with what was typed; the first digit takes the other's place. */
	screen_wait(b->s, "create topic");
	screen_wait(b->s, TOPIC);
	screen_press(b->s, "Backspace");
	screen_type(b->s, "1");
	screen_wait_gone(b->s, "INVALID_REPLICATION_FACTOR");
	screen_go(b->s, "Enter", "topic created");
	screen_wait(b->s, ">" TOPIC);
	/* The cursor goes to what was made, and is still there after another screen. */
	screen_go(b->s, "n", "create topic");
	screen_type(b->s, "zebras");
	screen_press(b->s, "Tab");
	screen_type(b->s, "5");
	screen_go(b->s, "Enter", ">zebras");
	screen_go(b->s, "2", "2 brokers");
	screen_go(b->s, "3", ">zebras              5");
	bench_quit(b);
}

/* ---- produce --------------------------------------------------------------------------------- */

struct place {
	int partition;
	int64_t offset;
};

static void wait_place(struct bench *b, struct place at)
{
	char text[64];

	snprintf(text, sizeof(text), "p%d offset %lld ", at.partition, (long long)at.offset);
	screen_wait(b->s, text);
}

/* Five records by key, written one by one: each goes where Java's hash sends it. */
static void send_by_key(struct bench *b, int64_t ends[static PARTITIONS])
{
	static const char *const keys[] = {"anna", "ben", "carla", "dave", "eve"};
	char text[64];

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		int p = murmur2_partition(slice_of(keys[i], strlen(keys[i])), PARTITIONS);
		for (size_t k = 0; i && k < strlen(keys[i - 1]); k++)
			screen_press(b->s, "Backspace");
		screen_type(b->s, keys[i]);
		snprintf(text, sizeof(text), "to partition %d: murmur2(key) = ", p);
		screen_wait(b->s, text);
		screen_press(b->s, "Ctrl-S");
		wait_place(b, (struct place){p, ends[p]++});
	}
}

/* Three more in one go, to a partition each. */
static void send_round_robin(struct bench *b, int64_t ends[static PARTITIONS])
{
	screen_go(b->s, "Tab Right Right", "round robin");
	screen_press(b->s, "Tab Tab Tab Tab Tab Backspace");
	screen_type(b->s, "3");
	screen_go(b->s, "Ctrl-S", "3 sent, 0 failed");
	for (int p = 0; p < PARTITIONS; p++)
		wait_place(b, (struct place){p, ends[p]++});
}

static void open_produce(struct bench *b)
{
	screen_go(b->s, "m", "add partitions");
	screen_go(b->s, "p", "Partitioner");
}

/* Eight records of this value, from a form whose key has the focus; each place is seen, and all are
 * at the end. */
static void send_eight(struct bench *b, const char *value)
{
	int64_t ends[PARTITIONS] = {0};

	screen_press(b->s, "Tab Tab Tab");
	screen_type(b->s, value);
	screen_press(b->s, "Backtab Backtab Backtab");
	send_by_key(b, ends);
	send_round_robin(b, ends);
	assert_int_equal(screen_count(b->s, " offset "), 8);
	screen_go(b->s, "Esc", "leader epoch");
}

static void records_get_their_places(void **state)
{
	struct bench *b = *state;

	open_topic(b, 120, 40);
	open_produce(b);
	send_eight(b, "{\"n\":1}");
	screen_wait(b->s, "8 records");
	screen_go(b->s, "m", "add partitions");
	screen_go(b->s, "f", "topics > records > " TOPIC);
	screen_wait(b->s, "8 records");
	screen_wait(b->s, "carla");
	screen_go(b->s, "Enter", "\"n\": 1");
	screen_go(b->s, "Esc", "OFFSET");
	screen_go(b->s, "Esc", "leader epoch");
	leave_topic(b);
}

/* On the smallest screen that everything fits on, the last places are seen too. */
static void places_on_a_small_screen(void **state)
{
	struct bench *b = *state;

	open_topic(b, 80, 24);
	open_produce(b);
	screen_wait(b->s, "6 produce");
	send_eight(b, "v");
	leave_topic(b);
}

/* ---- delete ---------------------------------------------------------------------------------- */

static void its_name_deletes_a_topic(void **state)
{
	struct bench *b = *state;

	bench_open(b, 80, 24);
	create_topic(b);
	reopen(b);
	screen_until(b->s, all_is_known, NULL, "every figure of the topic");
	/* A key means in the menu what it means outside. */
	screen_go(b->s, "m", "copy topic");
	screen_go(b->s, "d", "topics > " TOPIC);
	screen_go(b->s, "Esc", ">" TOPIC);
	screen_until(b->s, all_is_known, NULL, "every figure of the topic");
	screen_go(b->s, "m", "copy topic");
	screen_go(b->s, "Ctrl-D", "Delete the topic?");
	golden_wait(b->s, "delete");
	/* Another name deletes nothing. */
	screen_type(b->s, "order");
	screen_go(b->s, "Enter", "What is expected: " TOPIC);
	screen_leave(b->s, "Esc", "Delete the topic?");
	screen_go(b->s, "Ctrl-D", "Delete the topic?");
	screen_type(b->s, TOPIC);
	screen_leave(b->s, "Enter", "Delete the topic?");
	screen_wait(b->s, "topic deleted");
	screen_wait(b->s, "no topics yet");
	bench_quit(b);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(placement_is_shown),
		TEST(configs_are_explained),
		TEST(wrong_name_is_refused),
		TEST(too_many_replicas_are_refused),
		TEST(records_get_their_places),
		TEST(places_on_a_small_screen),
		TEST(its_name_deletes_a_topic),
	};

	if (!bench_ready())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
