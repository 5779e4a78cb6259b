/*
 * The console as a person meets it: kdeck on a pseudo terminal, seen through libvterm.
 *
 *   bench_console KDECK ADDRESS HOME TIMES KEYS
 *   bench_console rows HOME KEY TEXT SECONDS PROGRAM ARG…
 *
 * Starts it TIMES times: from the fork to the first thing on the screen, and to the cluster's
 * state. In the last one presses KEYS keys that open another screen each, from the key to the whole
 * new screen. Then its memory, with the list of topics walked through.
 *
 * rows: any console, once. From the fork until TEXT stands on the screen; KEY, unless it is "-", is
 * pressed at the first thing there. With SECONDS it stays until SETTLE_S after its start and
 * SECONDS longer: its CPU up to there and in percent after it, its memory at the end.
 *
 * One line of names and numbers; exit status 1 with the screen when something never came.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../ui/screen.h"
#include "base/clock.h"
#include "base/xalloc.h"

#define COLS     120
#define ROWS     40
#define SETTLE_S 20

static double ms_since(int64_t began_us)
{
	return (double)(clock_mono_us(&clock_system) - began_us) / 1e3;
}

static bool drawn(void *arg, struct screen *s)
{
	struct buf *lines = arg;
	bool any = false;

	buf_clear(lines);
	screen_dump(s, lines);
	for (size_t i = 0; i < lines->n; i++)
		any = any || lines->p[i] != '\n';
	return any;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double share(double *v, size_t n, double part)
{
	size_t at = (size_t)(part * (double)n);

	qsort(v, n, sizeof(*v), by_size);
	return v[at < n ? at : n - 1];
}

static struct screen *start(
	const char *const *argv, const char *home, struct buf *lines, double *first, double *state)
{
	int64_t began = clock_mono_us(&clock_system);
	struct screen *s = screen_start(argv, NULL, home, COLS, ROWS);

	screen_until(s, drawn, lines, "the first frame");
	*first = ms_since(began);
	screen_wait(s, "1 of 1 up");
	*state = ms_since(began);
	return s;
}

static double open_screen(struct screen *s, const char *key, const char *there, const char *gone)
{
	int64_t began = clock_mono_us(&clock_system);

	screen_press(s, key);
	screen_wait(s, there);
	screen_wait_gone(s, gone);
	return ms_since(began);
}

static void print_memory(pid_t pid, const char *key, const char *name)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			printf(" %s %.2f", name, strtod(line + strlen(key), NULL) * 1024 / 1e6);
	if (f)
		fclose(f);
}

static void keys(struct screen *s, size_t n)
{
	double *ms = xcalloc(n, sizeof(*ms));

	screen_press(s, "3");
	screen_wait(s, "3 topics");
	for (size_t i = 0; i < n; i++)
		ms[i] = i % 2 ? open_screen(s, "3", "3 topics", "2 brokers")
			      : open_screen(s, "2", "2 brokers", "3 topics");
	printf(" key_p50_ms %.3f key_p99_ms %.3f", share(ms, n, 0.5), share(ms, n, 0.99));
	free(ms);
}

static void walk(struct screen *s, const char *key, const char *there)
{
	static const char *const steps[] = {"End", "Home", "PgDn", "PgDn", "End"};

	screen_press(s, key);
	screen_wait(s, there);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		screen_press(s, steps[i]);
		while (screen_pump(s, 300))
			;
	}
}

static double cpu_seconds(pid_t pid)
{
	struct timespec t = {0};
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Until so long after the start, its output read all the while. */
static void stay(struct screen *s, int64_t began, double end_ms)
{
	for (double left; (left = end_ms - ms_since(began)) > 0;)
		screen_pump(s, (int)left + 1);
}

static void rest(struct screen *s, int64_t began, double seconds)
{
	double settled, end;

	stay(s, began, SETTLE_S * 1e3);
	settled = cpu_seconds(screen_pid(s));
	stay(s, began, (SETTLE_S + seconds) * 1e3);
	end = cpu_seconds(screen_pid(s));
	printf(" cpu_s %.4f rest_percent %.3f", settled, 100 * (end - settled) / seconds);
	print_memory(screen_pid(s), "VmRSS:", "rss");
}

static int rows(const char *home, const char *key, const char *text, double seconds,
	const char *const *argv)
{
	int64_t began = clock_mono_us(&clock_system);
	struct screen *s = screen_start(argv, NULL, home, COLS, ROWS);
	struct buf lines = {0};

	screen_until(s, drawn, &lines, "the first frame");
	if (strcmp(key, "-") != 0)
		screen_press(s, key);
	screen_wait(s, text);
	printf("rows_ms %.3f", ms_since(began));
	if (seconds > 0)
		rest(s, began, seconds);
	putchar('\n');
	screen_free(s);
	buf_fini(&lines);
	return 0;
}

int main(int argc, char **argv)
{
	size_t times = argc == 6 ? strtoul(argv[4], NULL, 10) : 0;
	size_t n_keys = argc == 6 ? strtoul(argv[5], NULL, 10) : 0;
	struct buf lines = {0};
	double *first, *state;
	struct screen *s = NULL;

	if (argc > 6 && strcmp(argv[1], "rows") == 0)
		return rows(argv[2], argv[3], argv[4], strtod(argv[5], NULL),
			(const char *const *)argv + 6);
	if (times < 1 || n_keys < 2) {
		fprintf(stderr, "usage: bench_console KDECK ADDRESS HOME TIMES KEYS\n"
				"       bench_console rows HOME KEY TEXT SECONDS PROGRAM ARG…\n");
		return 2;
	}
	first = xcalloc(times, sizeof(*first));
	state = xcalloc(times, sizeof(*state));
	for (size_t i = 0; i < times; i++) {
		screen_free(s);
		s = start((const char *const[]){argv[1], "-b", argv[2], NULL}, argv[3], &lines,
			&first[i], &state[i]);
	}
	printf("first_ms %.3f state_ms %.3f", share(first, times, 0.5), share(state, times, 0.5));
	keys(s, n_keys & ~(size_t)1);
	walk(s, "3", "3 topics");
	walk(s, "7", "7 groups");
	print_memory(screen_pid(s), "VmRSS:", "rss");
	print_memory(screen_pid(s), "RssAnon:", "anon");
	putchar('\n');
	screen_free(s);
	buf_fini(&lines);
	free(first);
	free(state);
	return 0;
}
