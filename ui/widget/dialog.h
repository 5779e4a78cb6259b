/*
 * A question in a box. What destroys names exactly what will be destroyed and has Cancel focused;
 * with `type_name` the do-it button answers only after that name was typed.
 */
#ifndef WIDGET_DIALOG_H
#define WIDGET_DIALOG_H

#include "widget/edit.h"

struct dialog {
	char *title, *text; /* text may have several lines */
	char *yes;          /* what the button does: "Delete orders" */
	char *type_name;    /* NULL: no typing */
	struct edit edit;
	bool destroys;
	bool wrong; /* Enter came with another name */
	int focus;  /* 0 cancel, 1 yes, 2 the name */
	int top;    /* lines of the text scrolled away (PgUp, PgDn) */
};

/* Copies the texts. yes == NULL: a notice with one button. */
void dialog_init(struct dialog *d, const char *title, const char *text, const char *yes,
	const char *type_name, bool destroys);
void dialog_fini(struct dialog *d);
/* WIDGET_SUBMIT or WIDGET_CANCEL ends it. Tab, arrows and Enter; Esc cancels. A notice only ever
 * ends with WIDGET_CANCEL. Letters go to the name from wherever the focus is. */
unsigned dialog_event(struct dialog *d, const struct event *e);
/* Draws the box in the middle of s. */
void dialog_draw(struct dialog *d, const struct surface *s);

#endif
