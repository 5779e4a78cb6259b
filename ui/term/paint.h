/*
 * From a grid to the bytes that turn what the terminal shows into it: only cells that changed, in
 * runs. Text whose width terminals do not agree on (emoji, marks, characters of ambiguous width) is
 * followed by a move of the cursor, so that a disagreement never shifts the rest of the line.
 * Knows no descriptor: bytes go to a buffer.
 */
#ifndef TERM_PAINT_H
#define TERM_PAINT_H

#include "term/caps.h"
#include "term/surface.h"
#include "term/term.h"

struct painter {
	const struct caps *caps;
	struct grid shown; /* what the terminal shows; a style of STYLE_COUNT: not known */
	char *looks[STYLE_COUNT];
	bool anew;  /* the next frame clears the screen first */
	int cursor; /* the terminal's cursor: 1 shown, 0 hidden, -1 not known */
	int x, y;   /* where it is, x -1: not known */
	int style;  /* -1: not known */
};

/* caps is borrowed. The first frame is drawn anew. */
void painter_init(struct painter *p, const struct caps *caps, enum theme theme);
void painter_fini(struct painter *p);
void painter_set_theme(struct painter *p, enum theme theme);
/* Somebody else wrote on the screen, or it has another size: forget what it shows. */
void painter_anew(struct painter *p);
/* Appends what turns the screen into g; nothing when it is there already. */
void painter_frame(struct painter *p, const struct grid *g, struct buf *out);

#endif
