/* Screen 9 in a terminal: members are added, share, are killed; and none of them outlives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench.h"
#include "golden.h"

#define PATIENCE_MS 20000
#define MOST        16

static void open_lab(struct bench *b, int cols, int rows)
{
	/* The dead are missed, and rebalances heard of, sooner than by default. */
	const char *words[] = {"-b", b->address, "--command-config", "quick.properties", NULL};

	bench_sh(b, "$K topics -b $A --create --topic orders --partitions 3");
	bench_sh(b, "printf 'session.timeout.ms=2000\\nheartbeat.interval.ms=200\\n' "
		    ">quick.properties");
	bench_words(b, words, NULL, cols, rows);
	screen_wait(b->s, "1 of 1 up");
	screen_go(b->s, "9", "the lab is empty");
}

/* A consumer of what the form offers, with the shortest session that it takes. */
static void add_consumer(struct bench *b, int n)
{
	char text[32];

	screen_go(b->s, "a", "add a consumer");
	screen_press(b->s, "Tab Tab Tab Tab Tab Tab Tab");
	screen_type(b->s, "6000");
	screen_leave(b->s, "Enter", "add a consumer");
	snprintf(text, sizeof(text), ">lab-%d ", n);
	screen_wait(b->s, text);
}

static void add_producer(struct bench *b)
{
	screen_go(b->s, "a Right", "add a producer");
	screen_leave(b->s, "Enter", "add a producer");
}

/* Four members, each come when the one before had its share. */
static void fill_lab(struct bench *b)
{
	add_consumer(b, 1);
	screen_wait(b->s, "0-2");
	screen_wait(b->s, "first seen");
	add_consumer(b, 2);
	screen_wait(b->s, "lab-2 joined");
	add_consumer(b, 3);
	screen_wait(b->s, "lab-3 joined");
	add_consumer(b, 4);
	screen_wait(b->s, "lab-4 joined");
	screen_wait(b->s, "3 partitions, 4 members: a partition has one reader");
}

/* ---- what it shows ----------------------------------------------------------------------------
 */

static void empty(void **state)
{
	struct bench *b = *state;

	open_lab(b, 80, 24);
	golden_wait(b->s, "lab-empty");
	screen_go(b->s, "m", "slow");
	screen_go(b->s, "k", "there is no member under the cursor");
	screen_leave(b->s, "Esc", "no member under the cursor");
	screen_go(b->s, "a", "add a consumer");
	golden_wait(b->s, "lab-add");
	screen_leave(b->s, "Esc", "add a consumer");
	bench_quit(b);
}

static void four_on_three_partitions(void **state)
{
	struct bench *b = *state;

	open_lab(b, 100, 30);
	fill_lab(b);
	screen_leave(b->s, "Esc", "lab-4 started");
	assert_int_equal(screen_count(b->s, " idle"), 1);
	assert_int_equal(screen_count(b->s, " running"), 3);
	golden_wait(b->s, "lab");
	screen_resize(b->s, 80, 24);
	golden_wait(b->s, "lab");
	screen_resize(b->s, 40, 12);
	screen_wait(b->s, "NAME  ");
	screen_wait(b->s, "PARTITIONS");
	screen_wait(b->s, "STATE");
	screen_wait(b->s, "lab-4");
	screen_resize(b->s, 100, 30);
	/* Who waited gets what the dead one had, when its session is over. */
	screen_go(b->s, "g m k", "killed (SIGKILL) at");
	screen_wait(b->s, "lab-1 left");
	screen_leave(b->s, "G", " idle");
	/* It can come again. */
	screen_go(b->s, "g m t", "lab-1 joined");
	bench_quit(b);
}

static void slowed_edited_paused_stopped(void **state)
{
	struct bench *b = *state;

	open_lab(b, 100, 30);
	add_producer(b);
	screen_wait(b->s, "running");
	screen_go(b->s, "m l", "lab-1 writes 10 records a second now");
	screen_go(b->s, "e", "Records a second");
	screen_type(b->s, "50");
	screen_go(b->s, "Enter", "50/s, 100 keys");
	screen_go(b->s, "m p", "it sends nothing");
	screen_leave(b->s, "m p", "it sends nothing");
	screen_go(b->s, "m d", "stopped at");
	screen_go(b->s, "m d", "the lab is empty");
	bench_quit(b);
}

/* Of the group that was looked at, and what that reads: not just any topic. */
static void offers_what_the_group_reads(void **state)
{
	struct bench *b = *state;

	bench_sh(b, "$K topics -b $A --create --topic aaa");
	bench_sh(b, "$K topics -b $A --create --topic orders");
	bench_sh(b, "$K groups -b $A --group pay --topic orders --reset-offsets --to-earliest "
		    "--execute");
	bench_open(b, 80, 24);
	screen_go(b->s, "8", "committed 0");
	screen_go(b->s, "9", "the lab is empty");
	screen_go(b->s, "a", "Topic *           orders");
	screen_wait(b->s, "Group *           pay");
	screen_press(b->s, "Tab Tab");
	screen_type(b->s, "orders,");
	screen_go(b->s, "Enter", "a name is missing before or after a comma");
	screen_leave(b->s, "Esc", "add a consumer");
	bench_quit(b);
}

static void read_only(void **state)
{
	struct bench *b = *state;

	bench_console_with(b, "--read-only", 80, 24);
	screen_wait(b->s, "read-only");
	screen_go(b->s, "9", "the lab is empty");
	screen_go(b->s, "a", "read-only: kdeck was started with --read-only");
	bench_quit(b);
}

/* ---- nobody is left ---------------------------------------------------------------------------
 */

/* What /proc has under that name of a process; 0: it is gone. out ends with a NUL. */
static size_t read_proc(pid_t pid, const char *name, char *out, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, out, size - 1) : 0;
	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}

static bool is_member(pid_t pid, pid_t parent)
{
	char line[4096];
	long ppid = 0;
	size_t n;

	if (!read_proc(pid, "stat", line, sizeof(line)) || !strrchr(line, ')') ||
		sscanf(strrchr(line, ')'), ") %*c %ld", &ppid) != 1 || ppid != parent)
		return false;
	n = read_proc(pid, "cmdline", line, sizeof(line));
	return memmem(line, n, "--lab-member", 12) != NULL;
}

static size_t members(const struct bench *b, pid_t *pids)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	size_t n = 0;

	while (d && n < MOST && (e = readdir(d)))
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
			is_member(atoi(e->d_name), screen_pid(b->s)))
			pids[n++] = atoi(e->d_name);
	closedir(d);
	return n;
}

/* Gone, or dead and about to be taken by init. */
static bool is_there(pid_t pid)
{
	char line[512], kind = 0;

	return read_proc(pid, "stat", line, sizeof(line)) &&
	       sscanf(strrchr(line, ')'), ") %c", &kind) == 1 && kind != 'Z';
}

static void assert_gone(const pid_t *pids, size_t n)
{
	int64_t end = clock_mono_ms(&clock_system) + PATIENCE_MS;

	for (size_t i = 0; i < n; i++) {
		while (is_there(pids[i]) && clock_mono_ms(&clock_system) < end)
			(void)poll(NULL, 0, 10);
		assert_false(is_there(pids[i]));
	}
}

static void start_some(struct bench *b, pid_t *pids)
{
	open_lab(b, 100, 30);
	add_producer(b);
	screen_wait(b->s, "running");
	screen_go(b->s, "a Left", "add a consumer");
	screen_go(b->s, "Enter", "0-2");
	/* One hangs: it must not be left behind for that. */
	screen_go(b->s, "m p", "paused at");
	assert_int_equal(members(b, pids), 2);
}

static void console_is_killed(void **state)
{
	struct bench *b = *state;
	pid_t pids[MOST];

	start_some(b, pids);
	kill(screen_pid(b->s), SIGKILL);
	assert_int_equal(screen_wait_exit(b->s), 128 + SIGKILL);
	assert_gone(pids, 2);
}

static void terminal_goes_away(void **state)
{
	struct bench *b = *state;
	pid_t pids[MOST];

	start_some(b, pids);
	screen_free(b->s);
	b->s = NULL;
	assert_gone(pids, 2);
}

/* In order: the members leave their group, which then has none. */
static void console_is_left(void **state)
{
	struct bench *b = *state;
	pid_t pids[MOST];

	start_some(b, pids);
	bench_quit(b);
	assert_gone(pids, 2);
	bench_sh(b, "$K groups -b $A --describe --group lab --state | grep -q Empty");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty),
		TEST(four_on_three_partitions),
		TEST(slowed_edited_paused_stopped),
		TEST(offers_what_the_group_reads),
		TEST(read_only),
		TEST(console_is_killed),
		TEST(terminal_goes_away),
		TEST(console_is_left),
	};

	return bench_ready() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
