/*
 * What all widgets share. A widget lays itself out and draws on a surface; it keeps no pointer to
 * it. Views include this instead of the terminal's headers.
 */
#ifndef WIDGET_WIDGET_H
#define WIDGET_WIDGET_H

#include "term/key.h"
#include "term/surface.h"

/* What a widget says to an event. */
enum widget_effect {
	WIDGET_IGNORED = 0,
	WIDGET_HANDLED = 1,
	WIDGET_CHANGED = 2, /* its value or selection is another */
	WIDGET_SUBMIT = 4,
	WIDGET_CANCEL = 8,
};

/* A figure as people read it: 184220 → "184,220". Appends. */
void put_count(struct buf *out, int64_t n);
/* "75.2 MB" (1000s are 1024s as Kafka's tools count them); "-" when negative. */
void put_bytes(struct buf *out, int64_t bytes);
/* "< 1 s", "12 s", "1 m 39 s", "2 h 5 m", "7 d", "3 d 4 h"; "-" when negative. */
void put_span(struct buf *out, int64_t ms);
/* "70" or "1.3" or "12.4 k" a second; "-" when negative or no number. */
void put_rate(struct buf *out, double per_s);
/* One of our symbols (★ ● ▁ …), in ASCII where the terminal wants that. */
void put_symbol(struct buf *out, uint32_t cp);

/* An empty box of at most cols by rows, border included, in the middle of s; returns the inside.
 * The terminal's cursor of what lies below is hidden. */
struct surface box_center(const struct surface *s, int cols, int rows, struct str title);
/* Draws text wrapped at the width of s from its line `from` on; returns how many lines it has. A
 * surface of no rows only counts. */
int wrap_draw(const struct surface *s, enum style style, struct str text, int from);

#endif
