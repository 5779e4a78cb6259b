/* UTF-8 text with a cursor: the inside of fields and prompts. Moves by glyph, scrolls by cell. */
#ifndef WIDGET_EDIT_H
#define WIDGET_EDIT_H

#include "widget/widget.h"

struct edit {
	struct buf text;
	size_t at;  /* byte of the cursor, on a glyph boundary */
	size_t max; /* bytes */
	bool lines; /* newlines allowed (Alt-Enter), up and down move */
	int scroll; /* cells or lines scrolled away */
	bool cut;   /* something did not fit; whoever tells it clears it */
	int goal;   /* the column that Up and Down aim at; -1: where the cursor is */
};

void edit_init(struct edit *e, size_t max, bool lines);
void edit_fini(struct edit *e);
/* The whole text: copied in, cut at max; borrowed out until the next change. */
void edit_set(struct edit *e, struct str text);
struct str edit_get(const struct edit *e);
/* Text, paste, Left Right Home End Backspace Delete Ctrl-A E U K W, Ctrl-Left Ctrl-Right (words),
 * Alt-Enter. A paste into a one-line edit keeps its first line. Up and Down are ignored where there
 * is no line to go to, so that a form can move on. WIDGET_CHANGED when the text is another. */
unsigned edit_event(struct edit *e, const struct event *ev);
/* Fills s; scrolls so that the cursor is seen, and shows it with the focus. */
void edit_draw(struct edit *e, const struct surface *s, enum style style, bool focus);

#endif
