/* How each style looks: colour numbers and plain attributes, by theme and number of colours. */
#ifndef TERM_THEME_H
#define TERM_THEME_H

#include "term/term.h"

struct look {
	short fg, bg; /* -1: the terminal's own */
	bool bold, dim, reverse, underline;
};

/* colors: 0 or 1 is a terminal without colour; 8, 16, 256. */
struct look theme_look(enum theme theme, enum style style, int colors);

#endif
