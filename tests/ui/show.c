/*
 * A program on a pseudo terminal for a test in another language: show COLS ROWS HOME PROGRAM ARG….
 * It reads commands, a line each: "press KEYS", "type TEXT", "dump". Each is answered by a line
 * with a form feed; dump puts the screen before it, so that it is the screen of that moment. It
 * ends with its standard input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "screen.h"

#define PUMP_MS 20

struct show {
	char **words;
	struct screen *s;
	struct buf line;
};

static void dump(struct screen *s)
{
	struct buf text = BUF_EMPTY;

	while (screen_pump(s, 0))
		;
	screen_dump(s, &text);
	fwrite(text.p, 1, text.n, stdout);
	buf_fini(&text);
}

static void obey(struct screen *s, const char *command)
{
	static const struct {
		const char *word;
		void (*fn)(struct screen *s, const char *rest);
	} table[] = {{"press ", screen_press}, {"type ", screen_type}};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strncmp(command, table[i].word, strlen(table[i].word)) == 0)
			table[i].fn(s, command + strlen(table[i].word));
	if (strcmp(command, "dump") == 0)
		dump(s);
	puts("\f");
	fflush(stdout);
}

/* False at the end of standard input. */
static bool take_input(struct show *w)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	char c;

	while (poll(&p, 1, 0) > 0) {
		if (read(STDIN_FILENO, &c, 1) != 1)
			return false;
		if (c != '\n') {
			buf_putc(&w->line, c);
			continue;
		}
		obey(w->s, buf_z(&w->line));
		buf_clear(&w->line);
	}
	return true;
}

static void show(void **state)
{
	struct show *w = *state;

	w->s = screen_start((const char *const *)w->words + 4, NULL, w->words[3], atoi(w->words[1]),
		atoi(w->words[2]));
	while (take_input(w))
		(void)screen_pump(w->s, PUMP_MS);
	screen_free(w->s);
	buf_fini(&w->line);
}

int main(int argc, char **argv)
{
	struct show w = {.words = argv};
	const struct CMUnitTest one[] = {cmocka_unit_test_prestate(show, &w)};

	if (argc < 5)
		return 2;
	return cmocka_run_group_tests(one, NULL, NULL);
}
