/*
 * Text as cells. One width table for everything that is drawn: East Asian wide, emoji, combining
 * marks; characters of ambiguous width count as the terminal was found to count them. What must
 * never reach a terminal (control characters, bidi overrides, bytes that are no UTF-8) becomes a
 * visible escape such as \n, \x1b or \u202e, which takes as many cells as it has letters.
 */
#ifndef TERM_TEXT_H
#define TERM_TEXT_H

#include "base/buf.h"

/* How this process's terminal counts and what it can draw; set once the terminal answered. */
struct text_env {
	int ambiguous;   /* cells of an ambiguous character: 1 or 2 */
	bool ascii;      /* ★ ● ○ ▁ ─ … are replaced by * + o # - … */
	bool only_ascii; /* it is not known to read UTF-8: everything else is shown as \u escapes */
};

/* Until it is set: one cell, symbols as they are. */
struct text_env text_env(void);
void text_env_set(struct text_env env);

/* One thing drawn: a character with its marks, or an escape. */
struct glyph {
	uint32_t cp[4];  /* base and up to three combining marks; cp[1] == 0 ends */
	int width;       /* cells: 1 or 2; for an escape the letters of esc */
	size_t n;        /* bytes of input */
	char escape[12]; /* "" unless it must be shown as an escape */
};

/* 0 (combining), 1 or 2; -1 for what is never sent to a terminal. */
int text_cp_width(uint32_t cp);
/* The glyph at s.p[at]; false at the end. */
bool text_glyph(struct str s, size_t at, struct glyph *g);
/* Cells of the whole text, escapes included. */
int text_width(struct str s);
/* Bytes of the longest beginning that fits in `cells`; *used gets its cells (may be NULL). */
size_t text_fit(struct str s, int cells, int *used);
/* Bytes of the glyph after / before byte `at` (cursor steps); at must lie on a boundary. */
size_t text_next(struct str s, size_t at);
size_t text_prev(struct str s, size_t at);
/* Bytes of the first line when wrapped at `cells`, at a space where there is one; stops after a
 * newline, which is counted in the result. Always > 0 unless s is empty. */
size_t text_wrap(struct str s, int cells, struct str *line);
/* Appends s with escapes, as drawn. */
void text_escape(struct buf *out, struct str s);
/* The replacement in the ASCII set, or cp itself. */
uint32_t text_ascii(uint32_t cp);

#endif
