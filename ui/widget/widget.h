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

/* One of our symbols (★ ● ▁ …), in ASCII where the terminal wants that. */
void put_symbol(struct buf *out, uint32_t cp);

/* An empty box of at most cols by rows, border included, in the middle of s; returns the inside.
 * The terminal's cursor of what lies below is hidden. */
struct surface box_center(const struct surface *s, int cols, int rows, struct str title);
/* "↑ more" and "↓ more" on the border of the box that `in` is the inside of. */
void more_draw(const struct surface *in, bool above, bool below);
/* Draws text wrapped at the width of s from its line `from` on; returns how many lines it has. A
 * surface of no rows only counts. */
int wrap_draw(const struct surface *s, enum style style, struct str text, int from);
/* "[ Cancel ]"; cells it takes, and drawn: cut where s ends. */
int button_cols(const char *label);
void button_draw(
	const struct surface *s, int x, int y, const char *label, enum style style, bool focus);

#endif
