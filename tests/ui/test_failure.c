/*
 * A demo of three brokers: a leader is killed from the menu and another replica leads, it is
 * started again and comes back in sync, and the star goes back to where it belongs. Then one is
 * paused, one cut off, and all of them gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "bench.h"

#define BROKERS 3

/* ---- the grid, read off the screen ----------------------------------------------------------- */

/* What stands under a broker in a partition's row: '*' leads, 'o' in sync, '-' behind, 'x' offline;
 * 0: the row is not there. */
static char replica(struct screen *s, int partition, int broker)
{
	static const struct {
		const char *symbol;
		char means;
	} symbols[] = {{"★", '*'}, {"●", 'o'}, {"○", '-'}, {"✗", 'x'}};
	struct buf text = BUF_EMPTY;
	const char *line, *end;
	char found = 0, row[16];
	int seen = 0;

	screen_dump(s, &text);
	snprintf(row, sizeof(row), " %d  ", partition);
	line = strstr(buf_z(&text), "PART");
	for (line = line ? strchr(line, '\n') : NULL; line && !found; line = strchr(line, '\n')) {
		line++;
		end = line + strcspn(line, "\n");
		if (strspn(line + 1, " ") + 1 + strlen(row) - 1 > (size_t)(end - line) ||
			strncmp(line + strspn(line + 1, " "), row, strlen(row)) != 0)
			continue;
		for (; line < end && !found; line++)
			for (size_t i = 0; i < ARRAY_LEN(symbols); i++)
				if (strncmp(line, symbols[i].symbol, strlen(symbols[i].symbol)) ==
						0 &&
					++seen == broker)
					found = symbols[i].means;
		break;
	}
	buf_fini(&text);
	return found;
}

static int leader(struct screen *s, int partition)
{
	for (int id = 1; id <= BROKERS; id++)
		if (replica(s, partition, id) == '*')
			return id;
	return 0;
}

struct look {
	int partition, broker;
	char is, is_not;
};

static bool is_so(void *arg, struct screen *s)
{
	const struct look *l = arg;
	char c = replica(s, l->partition, l->broker);

	return l->is ? c == l->is : c && c != l->is_not;
}

static bool has_leader(void *arg, struct screen *s)
{
	return leader(s, *(int *)arg) != 0;
}

static bool is_led_by_another(void *arg, struct screen *s)
{
	const struct look *l = arg;
	int now = leader(s, l->partition);

	return now && now != l->broker;
}

static void open_grid(struct screen *s)
{
	int partition = 0;

	screen_go(s, "3", "IN SYNC");
	screen_go(s, "g", ">orders");
	screen_go(s, "Enter", "leader epoch");
	screen_until(s, has_leader, &partition, "partition 0 has a leader on the grid");
}

/* Screen 2 with the cursor on that broker. */
static void go_to_broker(struct screen *s, int broker)
{
	char row[16];

	screen_go(s, "2", "LEADERS");
	screen_press(s, "g");
	for (int i = 1; i < broker; i++)
		screen_press(s, "j");
	snprintf(row, sizeof(row), ">    %d ", broker);
	screen_wait(s, row);
}

static void start_demo(struct bench *b, int cols, int rows)
{
	const char *words[] = {"demo", "--brokers", "3", NULL};
	char *tmp = xasprintf("TMPDIR=%s", b->folder);
	const char *extra[] = {tmp, NULL};

	bench_words(b, words, extra, cols, rows);
	free(tmp);
	screen_wait(b->s, "3 of 3 up");
	screen_wait(b->s, "rec/s");
}

/* ---- the star jumps -------------------------------------------------------------------------- */

static void kill_it(struct screen *s, int broker)
{
	char text[80];

	go_to_broker(s, broker);
	screen_go(s, "m", "cut off");
	screen_press(s, "k");
	snprintf(text, sizeof(text), "Kill broker %d?", broker);
	screen_wait(s, text);
	screen_wait(s, "$ kill -9 ");
	/* Cancel has the focus. */
	screen_press(s, "Enter");
	screen_wait_gone(s, text);
	snprintf(text, sizeof(text), "Kill broker %d?", broker);
	screen_press(s, "m k");
	screen_wait(s, text);
	screen_press(s, "Right Enter");
	snprintf(text, sizeof(text), "broker %d killed from this console", broker);
	screen_wait(s, text);
	screen_wait(s, "m t starts it again");
	screen_wait(s, "down");
}

static void start_it(struct screen *s, int broker)
{
	char text[80];

	go_to_broker(s, broker);
	screen_press(s, "m t");
	snprintf(text, sizeof(text), "broker %d started from this console", broker);
	screen_wait(s, text);
	screen_wait_gone(s, "down");
}

static void star_jumps(struct bench *b, int cols, int rows)
{
	struct look was = {0};
	char text[80];

	start_demo(b, cols, rows);
	open_grid(b->s);
	was.broker = leader(b->s, 0);
	kill_it(b->s, was.broker);
	open_grid(b->s);
	screen_until(b->s, is_led_by_another, &was, "another broker leads partition 0");
	was.is = 'x';
	screen_until(b->s, is_so, &was, "the killed one is offline");
	snprintf(text, sizeof(text), "under-replicated: broker %d is down", was.broker);
	screen_wait(b->s, text);
	start_it(b->s, was.broker);
	open_grid(b->s);
	was.is = 'o';
	screen_until(b->s, is_so, &was, "the one that came back is in sync");
	screen_wait_gone(b->s, "under-replicated");
	snprintf(text, sizeof(text), "3/3  %d !", was.broker);
	if (cols >= 100)
		screen_wait(b->s, text);
	/* The grid is one topic's; the election is of all, and refuses those that are not in sync.
	 */
	screen_go(b->s, "1", "under-repl.                   0");
	screen_go(b->s, "2", "LEADERS");
	screen_go(b->s, "m e", "preferred leaders elected");
	open_grid(b->s);
	was.is = '*';
	screen_until(b->s, is_so, &was, "the star is back");
}

/* All that happened, with the command of what was done from here. */
static void events_tell(struct bench *b, int cols)
{
	screen_press(b->s, "E /");
	screen_type(b->s, "killed");
	screen_go(b->s, "Enter", "killed from this console");
	screen_wait(b->s, "$ kill -9 ");
	screen_press(b->s, "/ Esc /");
	screen_type(b->s, "orders");
	screen_go(b->s, "Enter", "p0 leader");
	screen_wait(b->s, "epoch 0 > 1");
	if (cols >= 100)
		screen_wait(b->s, " s leaderless");
}

static void star_jumps_large(void **state)
{
	struct bench *b = *state;

	star_jumps(b, 120, 40);
	events_tell(b, 120);
}

static void star_jumps_small(void **state)
{
	struct bench *b = *state;

	star_jumps(b, 80, 24);
}

/* ---- other failures -------------------------------------------------------------------------- */

static void paused_and_cut_off(void **state)
{
	struct bench *b = *state;

	start_demo(b, 100, 30);
	go_to_broker(b->s, 2);
	screen_go(b->s, "m p", "broker 2 paused from this console");
	screen_wait(b->s, "m t lets it go on");
	screen_wait(b->s, "brokers 2/3");
	screen_go(b->s, "m t", "broker 2 continued from this console");
	screen_wait(b->s, "brokers 3/3");
	screen_go(b->s, "m c", "Cut off from");
	screen_go(b->s, "Right Enter", "Cut broker 2 off from broker 1?");
	screen_go(b->s, "Right Enter", "broker 2 cut off from broker 1 from this console");
	screen_wait(b->s, "broker 2: cut off from 1");
	screen_go(b->s, "m t", "joined with all again from this console");
	screen_wait_gone(b->s, "broker 2: cut off");
	screen_wait(b->s, "brokers 3/3");
}

/* One after the other, the one that was asked first among them; then they come back. */
static void all_gone(void **state)
{
	struct bench *b = *state;

	start_demo(b, 100, 30);
	for (int id = 1; id <= BROKERS; id++)
		kill_it(b->s, id);
	screen_wait(b->s, "brokers 0/3");
	screen_wait(b->s, " old");
	screen_go(b->s, "1", "0 of 3 up");
	screen_wait(b->s, "broker 3 is down");
	for (int id = 1; id <= BROKERS; id++) {
		go_to_broker(b->s, id);
		screen_press(b->s, "m t");
	}
	screen_wait(b->s, "brokers 3/3");
	screen_wait(b->s, "live");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			star_jumps_large, bench_setup_alone, bench_teardown),
		cmocka_unit_test_setup_teardown(
			star_jumps_small, bench_setup_alone, bench_teardown),
		cmocka_unit_test_setup_teardown(
			paused_and_cut_off, bench_setup_alone, bench_teardown),
		cmocka_unit_test_setup_teardown(all_gone, bench_setup_alone, bench_teardown),
	};

	if (!bench_ready())
		return 0;
	bench_ports(BENCH_PORTS_SHARED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
