/*
 * A frame is drawn on a grid of cells, through surfaces: rectangles of it that clip. Nothing here
 * knows curses; term.c carries a grid to the terminal, a test reads it as text.
 * Invariant: a wide character's second cell has cp[0] == 0, and neither half is ever left alone.
 */
#ifndef TERM_SURFACE_H
#define TERM_SURFACE_H

#include "term/text.h"

/* What a piece of screen means; the theme decides how it looks. */
enum style {
	STYLE_NORMAL,
	STYLE_DIM,   /* preferred, start, stale rows */
	STYLE_TITLE, /* program name, headings */
	STYLE_HEAD,  /* column titles */
	STYLE_KEY,   /* key hints */
	STYLE_OK,
	STYLE_WARN,  /* behind, age, out of sync */
	STYLE_ERROR, /* offline, down, a message that stays */
	STYLE_RULE,
	STYLE_CURSOR, /* the row or item under the cursor */
	STYLE_MARK,   /* marked rows */
	STYLE_FIELD,  /* a form field */
	STYLE_FOCUS,  /* the field that has the focus */
	STYLE_TAB,    /* the tab that is open */
	STYLE_BOX,    /* dialogs and menus */
	STYLE_COUNT
};

enum align { ALIGN_LEFT, ALIGN_RIGHT, ALIGN_CENTER };

struct cell {
	uint32_t cp[4]; /* base and marks; cp[0] == 0: right half of the wide one before */
	uint8_t style;  /* enum style */
};

struct grid {
	int cols, rows;
	struct cell *cells;
	int cursor_x, cursor_y; /* -1, -1: hidden */
};

void grid_init(struct grid *g, int cols, int rows);
void grid_fini(struct grid *g);
/* New size, emptied; at least one cell, at most GRID_COLS_MAX by GRID_ROWS_MAX. */
#define GRID_COLS_MAX 1000
#define GRID_ROWS_MAX 500
void grid_resize(struct grid *g, int cols, int rows);
void grid_clear(struct grid *g);
/* Appends the rows as text, trailing blanks cut, a newline each. */
void grid_text(const struct grid *g, struct buf *out);
/* Breaks the invariant? Index of the first bad cell, or -1. For tests and fuzzing. */
int grid_check(const struct grid *g);

/* By value; cols and rows may be 0, never negative. Coordinates are relative to it. */
struct surface {
	struct grid *grid;
	int x, y, cols, rows;
};

/* All of the grid. */
struct surface surface_of(struct grid *g);
/* The part that lies inside s; may be empty. */
struct surface surface_sub(const struct surface *s, int x, int y, int cols, int rows);
struct surface surface_row(const struct surface *s, int y);

/* Draws text at x, y; clips. Returns the cells the whole text takes. */
int surface_put(const struct surface *s, int x, int y, enum style style, struct str text);
int surface_puts(const struct surface *s, int x, int y, enum style style, const char *z);
int surface_printf(const struct surface *s, int x, int y, enum style style, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
/* Draws text in exactly `cols` cells: cut with an ellipsis when longer, aligned and padded. */
void surface_field(const struct surface *s, int x, int y, int cols, enum align align,
	enum style style, struct str text);
/* As surface_put so that the last cell is at `right` - 1. Returns its first column. */
int surface_put_right(const struct surface *s, int right, int y, enum style style, struct str text);
/* `n` times the character cp (width 1). */
void surface_fill_row(const struct surface *s, int x, int y, int n, enum style style, uint32_t cp);
void surface_clear(const struct surface *s, enum style style);
/* Changes the style of cells that are there. */
void surface_restyle(const struct surface *s, int x, int y, int n, enum style style);
/* " title ──────" over the whole width. */
void surface_rule(const struct surface *s, int y, struct str title);
/* A frame around the surface; returns the inside. */
struct surface surface_box(const struct surface *s, struct str title, enum style style);
/* Shows the terminal's cursor at x, y when that is inside. */
void surface_cursor(const struct surface *s, int x, int y);

#endif
