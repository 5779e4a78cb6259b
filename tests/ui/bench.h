/* A broker of its own for a test, with a folder that goes away, and the console on it. */
#ifndef TESTS_UI_BENCH_H
#define TESTS_UI_BENCH_H

#include "../unit/folder.h"
#include "screen.h"

struct bench {
	char folder[FOLDER_MAX];
	char address[64]; /* HOST:PORT of the broker */
	int broker;       /* pid; 0: none */
	struct screen *s;
};

/* True when both programs are there; else the reason is printed as a skipped plan. */
bool bench_ready(void);
/* For tests of clusters on the usual ports, which other test programs use at the same time: waits
 * until it may. Shared: each takes what is free. Alone: 9092 and those after it are looked for; it
 * holds until BENCH_PORTS_FREE. The end of the program frees them, too. */
enum bench_ports { BENCH_PORTS_SHARED, BENCH_PORTS_ALONE, BENCH_PORTS_FREE };
void bench_ports(enum bench_ports how);
/* For cmocka: a running broker, or nothing but the folder; its end, the program's and the folder's.
 */
int bench_setup(void **state);
int bench_setup_alone(void **state);
int bench_teardown(void **state);
/* kdeck -b ADDRESS (the broker's when NULL); extra environment as for screen_start. */
void bench_console(
	struct bench *b, const char *address, const char *const *extra, int cols, int rows);
/* On the bench's broker, until it is seen. */
void bench_open(struct bench *b, int cols, int rows);
/* kdeck -b ADDRESS OPTION. */
void bench_console_with(struct bench *b, const char *option, int cols, int rows);
/* At once, as kill -9 does. */
void bench_kill_broker(struct bench *b);
/* The program with these words (NULL-ended) instead of an address: "demo", or none. */
void bench_words(
	struct bench *b, const char *const *words, const char *const *extra, int cols, int rows);
/* A shell command that must succeed: $K is kdeck, $A the broker's address, $HOME the bench's folder
 * (where it runs). */
void bench_sh(const struct bench *b, const char *command);
/* The broker again, on its folder and at its address. */
void bench_restart_broker(struct bench *b);
/* q: the exit status is 0, and the terminal is what it was. */
void bench_quit(struct bench *b);

#endif
