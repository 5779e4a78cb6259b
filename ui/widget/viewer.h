/* Text to read: scrolls, wraps or moves sideways. */
#ifndef WIDGET_VIEWER_H
#define WIDGET_VIEWER_H

#include "widget/widget.h"

struct viewer {
	struct buf text; /* own copy */
	bool wrap;
	size_t top; /* byte of the first line shown */
	int left;   /* cells scrolled sideways when not wrapped */
	int page, cols;
	bool below; /* there is more under what was drawn */
};

void viewer_init(struct viewer *v, bool wrap);
void viewer_fini(struct viewer *v);
/* Copies the text and goes to its top. */
void viewer_set(struct viewer *v, struct str text);
/* Up Down j k PgUp PgDn Space Home End g G and the wheel scroll, Left and Right when not wrapped, w
 * wraps or not. WIDGET_CHANGED when another line is at the top. */
unsigned viewer_event(struct viewer *v, const struct event *e);
void viewer_draw(struct viewer *v, const struct surface *s);

#endif
