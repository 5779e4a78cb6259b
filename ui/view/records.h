/* What records.c (the screen), records_table.c (its rows) and records_seek.c (where to go) share.
 */
#ifndef VIEW_RECORDS_H
#define VIEW_RECORDS_H

#include "model/filter.h"
#include "view/export.h"
#include "view/picker.h"
#include "view/record_detail.h"

#define RECORD_LINE_MAX 400 /* bytes of a value in a cell */

struct records {
	struct view_ctx *ctx;
	struct buf topic;
	struct picker picker; /* open while there is no topic; then there is no browse */
	struct browse_spec spec;
	struct browse *browse;
	struct table table;
	struct filter filter;
	VEC(uint64_t) rows; /* numbers (as in window.appended) of those that the filter takes */
	uint64_t seen;      /* number of the next one to look at */
	uint64_t generation;
	struct formbox box;
	struct export export;
	struct record_detail detail;
};

/* Rows from the window; the cursor stays at the end while one follows it. */
void records_table_init(struct records *v);
void records_table_fini(struct records *v);
void records_table_update(struct records *v);
/* Every row is looked at again: another filter, another browse. */
void records_table_restart(struct records *v);
/* NULL: none there. Lent until the window changes. */
const struct browse_record *records_at(const struct records *v, size_t row);
/* One line of a file. */
void records_export_row(void *arg, ptrdiff_t row, enum export_format format, struct buf *out);

/* The form "go to"; browses anew. */
void records_seek_open(struct records *v);
/* Browses by v->spec. */
void records_browse(struct records *v);

#endif
