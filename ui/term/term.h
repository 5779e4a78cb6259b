/*
 * The terminal: takes a grid to the screen, bytes to events, and gives the terminal back whatever
 * happens. One per process at a time (its description and the emergency path are process-wide).
 */
#ifndef TERM_TERM_H
#define TERM_TERM_H

#include "base/err.h"
#include "term/key.h"
#include "term/surface.h"

enum theme { THEME_DARK, THEME_LIGHT, THEME_MONO, THEME_COUNT };

#define TERM_PROBE_MS 100

struct term_opts {
	int in_fd, out_fd; /* the terminal; stay the caller's */
	const char *type;  /* NULL: $TERM */
	enum theme theme;  /* see term_default_theme */
	bool mouse;
	bool ascii; /* never the line and star symbols */
};

struct term;

/* NO_COLOR (non-empty) → mono; COLORFGBG with a light background → light; else dark. */
enum theme term_default_theme(void);

/* Switches to raw mode and the other screen, and asks for the width of ★. Where the locale does not
 * say UTF-8 only ASCII is sent until the terminal's answer proves that it reads UTF-8.
 * ERR_UNSUPPORTED when the terminal is not known or cannot move its cursor. */
int term_new(struct term **out, const struct term_opts *opts, struct err *e) MUSTCHECK;
/* Gives the terminal back. NULL is allowed. */
void term_free(struct term *t);

/* Gives the terminal back for a while (editor, Ctrl-Z), and takes it again, redrawing all. */
void term_suspend(struct term *t);
void term_resume(struct term *t);

/* Asks the kernel for the size (after SIGWINCH); true when it changed. The grid follows, empty. */
bool term_resized(struct term *t);
/* The frame to draw; kept by the term. */
struct grid *term_grid(struct term *t);
/* Shows the grid; only what differs is sent. */
void term_flush(struct term *t);
/* The next flush repaints everything (Ctrl-L). */
void term_repaint(struct term *t);

/* Reads what is there and calls fn for each event; the answer to the width question is handled
 * inside. 0, or ERR_CLOSED when the terminal is gone. Never blocks. */
int term_read(struct term *t, event_fn *fn, void *arg) MUSTCHECK;
/* To be watched: its own opening of the terminal where that can be had, so that making it
 * non-blocking touches nobody else. */
int term_fd(const struct term *t);
/* ms until term_timeout must be called (lone escape, width question), or -1. */
int term_timeout_ms(const struct term *t, int64_t now_ms);
void term_timeout(struct term *t, int64_t now_ms, event_fn *fn, void *arg);
/* The symbols changed since the last call (the terminal answered): draw again. */
bool term_symbols_changed(struct term *t);

void term_set_theme(struct term *t, enum theme theme);
enum theme term_theme(const struct term *t);
void term_set_mouse(struct term *t, bool on);
int term_colors(const struct term *t);

/* OSC 52. Refuses more than TERM_COPY_MAX bytes with ERR_TOO_BIG: terminals cut it silently. */
#define TERM_COPY_MAX 74994
int term_copy(struct term *t, struct str text, struct err *e) MUSTCHECK;

/* Gives the terminal back from a signal handler or out of memory; nothing happens without a term.
 * term_new installs it for fatal signals and as the xalloc hook. */
void term_emergency(void);

#endif
