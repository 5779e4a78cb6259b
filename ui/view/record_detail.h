/*
 * One record, whole: JSON as a tree that folds, text or hex; its key and headers behind tabs. Holds
 * a copy, so that it stays when the record leaves the window.
 */
#ifndef VIEW_RECORD_DETAIL_H
#define VIEW_RECORD_DETAIL_H

#include "view/common.h"
#include "widget/tree.h"
#include "widget/viewer.h"

enum record_format { RECORD_AUTO, RECORD_TEXT, RECORD_HEX, RECORD_FORMATS };
enum record_tab { RECORD_TAB_VALUE, RECORD_TAB_KEY, RECORD_TAB_HEADERS, RECORD_TABS };

struct record_detail {
	bool open;
	uint64_t serial; /* of the record in its window */
	int32_t partition;
	int64_t offset, timestamp;
	bool append_time, null_key, null_value;
	struct buf key, value, headers; /* headers: as text, a line each */
	int32_t n_headers;
	enum record_format format;
	int tab;
	bool as_tree;
	struct tree tree;
	struct viewer viewer;
};

extern const char *const record_tab_names[RECORD_TABS];

void record_detail_init(struct record_detail *d);
void record_detail_fini(struct record_detail *d);
/* Opens it on r, which is copied; format and tab stay as they were. */
void record_detail_show(struct record_detail *d, const struct browse_record *r);
void record_detail_tab(struct record_detail *d, int tab);
/* The next format; returns its name. */
const char *record_detail_format(struct record_detail *d);
void record_detail_draw(struct record_detail *d, const struct surface *s);
unsigned record_detail_event(struct record_detail *d, const struct event *e);
/* What the cursor is on: a node of the tree, else all that the tab shows. */
struct str record_detail_text(const struct record_detail *d);

#endif
