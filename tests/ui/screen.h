/*
 * A program on a pseudo terminal, seen through libvterm: what a person would see. Nothing waits for
 * a time: every wait ends with what it waits for, with the program's end, or by its deadline; the
 * last two fail the running test and print the screen.
 */
#ifndef TESTS_UI_SCREEN_H
#define TESTS_UI_SCREEN_H

#include <sys/types.h>

#include "base/buf.h"

#define SCREEN_DEADLINE_MS 15000

struct screen;

/* argv[0] is the path; extra are "NAME=value", may be NULL, ends with NULL. The program sees
 * TERM=xterm-256color, LC_ALL=C.UTF-8 and `home` as its home, and nothing of kdeck's variables. */
struct screen *screen_start(
	const char *const *argv, const char *const *extra, const char *home, int cols, int rows);
/* Bytes the program has written so far. */
size_t screen_bytes(const struct screen *s);
/* Ends the program if it still runs. NULL is allowed. */
void screen_free(struct screen *s);

/* Keys by name, separated by blanks: "m n", "Down Enter", "Ctrl-D", "Alt-Enter". */
void screen_press(struct screen *s, const char *names);
/* Characters as they are. */
void screen_type(struct screen *s, const char *text);
/* Presses (and lets go) a mouse button at a cell from 0: 0 left, 2 right, 64 and 65 the wheel. */
void screen_mouse(struct screen *s, int button, int x, int y);
/* Clicks where the text stands; fails when it does not. */
void screen_click(struct screen *s, int button, const char *text);
void screen_resize(struct screen *s, int cols, int rows);

typedef bool screen_fn(void *arg, struct screen *s);
/* what: in words, for the failure. */
void screen_until(struct screen *s, screen_fn *fn, void *arg, const char *what);
/* The text stands in one line. */
void screen_wait(struct screen *s, const char *text);
void screen_wait_gone(struct screen *s, const char *text);
/* Presses, then waits for what comes of it. */
void screen_go(struct screen *s, const char *names, const char *text);
/* Presses, then waits until that is gone. */
void screen_leave(struct screen *s, const char *names, const char *text);
/* Pumps once, for at most ms; true when the program wrote something. */
bool screen_pump(struct screen *s, int ms);
/* The program ends by itself: its exit status, or 128 + its signal. */
int screen_wait_exit(struct screen *s);

bool screen_has(struct screen *s, const char *text);
/* Lines that have the text. */
int screen_count(struct screen *s, const char *text);
/* Lines with their trailing blanks cut off, each ended by a new line. Appends. */
void screen_dump(struct screen *s, struct buf *out);
/* The program's. */
pid_t screen_pid(const struct screen *s);
int screen_cols(const struct screen *s);
int screen_rows(const struct screen *s);
/* What the program has put on the clipboard last (OSC 52), as base64; NULL: nothing. */
const char *screen_copied(struct screen *s);
/* Where the cursor is. */
void screen_cursor(struct screen *s, int *x, int *y);
/* Cells that are drawn in another colour than the terminal's own. */
int screen_coloured(struct screen *s);

/* What the terminal was left in. */
struct screen_modes {
	bool other_screen, cursor_hidden, mouse, raw;
};
struct screen_modes screen_modes(const struct screen *s);

/* Fails the running test, with the screen. */
_Noreturn void screen_fail(struct screen *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
