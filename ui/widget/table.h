/*
 * A table over rows that somebody else holds: the cell callback is asked for visible rows only.
 * With a row_id the cursor and the marks stay on their row when the order changes.
 */
#ifndef WIDGET_TABLE_H
#define WIDGET_TABLE_H

#include "base/map.h"
#include "widget/widget.h"

#define TABLE_MAX_COLS     64
#define TABLE_GUESSED_PAGE 40

struct table_col {
	const char *title;
	short min, ideal, max; /* cells; max 0: takes what is left over */
	short drop;            /* 0: always there; else the highest is dropped first when narrow */
	enum align align;
};

enum table_row_kind { TABLE_ROW, TABLE_ROW_HEADING, TABLE_ROW_NOTE }; /* the last two span all */

struct table_ops {
	/* Text (escaped when drawn) and, if another than the row's, the style of a cell. */
	void (*cell)(void *arg, size_t row, int col, struct buf *text, enum style *style);
	/* All NULL-able: */
	uint64_t (*row_id)(void *arg, size_t row); /* not 0, stable */
	/* Kind of row and its style; a spanning row's text comes from cell() with col 0. */
	enum table_row_kind (*row)(void *arg, size_t row, enum style *style);
};

struct table {
	const struct table_col *cols; /* borrowed */
	int n_cols;
	const struct table_ops *ops; /* borrowed */
	void *arg;
	size_t n_rows;
	size_t cursor, top;
	uint64_t cursor_id;
	int page;      /* rows seen at the last draw */
	int first_col; /* horizontal scroll: columns skipped after the frozen one */
	int sort_col;  /* -1: none; the owner sorts, the table shows the mark */
	bool sort_desc;
	bool stale;        /* every row dim */
	bool no_cursor;    /* a list to look at */
	const char *empty; /* shown when there are no rows; may be NULL */
	struct map marks;  /* by row_id */
	struct buf filter; /* shown in the line under the table when not empty */
	bool filter_inverse;
	int drawn_y, drawn_x; /* where the first row was drawn on the grid, for the mouse */
	int drawn_cols;       /* and how wide */
};

void table_init(struct table *t, const struct table_col *cols, int n_cols,
	const struct table_ops *ops, void *arg);
void table_fini(struct table *t);
/* Tells the number of rows after the data changed; finds the cursor's row again and keeps it at its
 * height on the screen. A row that is gone leaves the cursor where it was. */
void table_set_rows(struct table *t, size_t n);
/* To that row, or the nearest one that is no heading and no note. */
void table_set_cursor(struct table *t, size_t row);
void table_draw(struct table *t, const struct surface *s);
/* Arrows, j k g G, PgUp PgDn, Home End, left right (columns), Space (mark), wheel, click.
 * WIDGET_CHANGED when the cursor moved; WIDGET_SUBMIT on Enter or a second click. */
unsigned table_event(struct table *t, const struct event *e);
/* Marks need a row_id; without one no row is ever marked. */
bool table_is_marked(const struct table *t, size_t row);
void table_toggle_mark(struct table *t, size_t row);
void table_clear_marks(struct table *t);
/* To the next sort column, ascending; after the last one to none (-1). */
void table_sort_next(struct table *t);
/* First row and number of rows that the next draw will ask for, if the size stays; before the
 * first draw a guess of TABLE_GUESSED_PAGE rows. */
void table_visible(const struct table *t, size_t *first, size_t *n);
/* Appends the row as text, columns separated by sep; for copy and export. Control characters come
 * as escapes; with a comma, cells are quoted where they must be (RFC 4180). */
void table_row_text(const struct table *t, size_t row, char sep, struct buf *out);

struct table_place {
	int x, cols; /* cols 0: not shown */
};
/* Pure layout: where each column goes in `width` cells with one blank pair between columns.
 * Column 0 is frozen; `first` columns after it are scrolled away. Returns the cells used. */
int table_layout(const struct table_col *cols, int n, int width, int first,
	struct table_place places[static TABLE_MAX_COLS]);

#endif
