/* Saving rows as JSON lines or CSV (RFC 4180): a form for format and file, then the file in one go.
 * A file that is there is never written over. */
#ifndef VIEW_EXPORT_H
#define VIEW_EXPORT_H

#include "view/common.h"

enum export_format { EXPORT_JSON, EXPORT_CSV };

/* Appends a row as one line; row -1: the line of titles, asked for with EXPORT_CSV only. */
typedef void export_row_fn(void *arg, ptrdiff_t row, enum export_format format, struct buf *out);

struct export
{
	struct view_ctx *ctx;
	struct table *table; /* marked rows, where there are marks; else all */
	export_row_fn *row;
	void *arg;
	char stem[280]; /* file name offered, without its ending */
};

/* Opens the form. row NULL: the table's own cells, titles as names. x must outlive the form. */
void export_open(struct export *x, struct formbox *box);
/* Appends s as one field of CSV, quoted where it must be. */
void export_csv(struct buf *out, struct str s);

#endif
