/*
 * What this terminal can do, out of its description (terminfo), as strings ready to be sent. The
 * one module that includes curses, and only its description of terminals: what is drawn, and when,
 * is paint.h's business. One description at a time (it is the library's global state).
 */
#ifndef TERM_CAPS_H
#define TERM_CAPS_H

#include "base/buf.h"
#include "base/err.h"

struct caps {
	char *enter, *leave;    /* the other screen and the keypad; leave also resets the looks */
	char *clear, *to_right; /* to_right: erases from the cursor on; "" when it cannot */
	char *hide, *show;      /* the cursor */
	char *plain;            /* every look and colour off */
	char *bold, *dim, *reverse, *underline;
	int colors;              /* 0: none */
	int cols, rows;          /* as described, for lines that do not tell their size */
	unsigned no_colour_with; /* ncv: looks that cannot be had together with a colour */
	bool corner_scrolls;     /* writing the last cell of the last line would scroll */
	bool ansi_move;          /* moves the cursor as ECMA-48 says */
};

enum { CAPS_UNDERLINE = 2, CAPS_REVERSE = 4, CAPS_DIM = 16, CAPS_BOLD = 32 }; /* bits of ncv */

/* type NULL or "": none is set. ERR_UNSUPPORTED: unknown, or one that cannot move its cursor and
 * clear its screen. */
int caps_init(struct caps *c, const char *type, int fd, struct err *e) MUSTCHECK;
void caps_fini(struct caps *c);
/* Append what moves the cursor, and what sets a colour (-1: stays as it is). */
void caps_move(const struct caps *c, struct buf *out, int y, int x);
void caps_colour(const struct caps *c, struct buf *out, int fg, int bg);
/* What a key sends ("kcuu1", …); NULL when it is not described. Valid until caps_fini. */
const char *caps_key(const char *name);

#endif
