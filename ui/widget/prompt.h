/* One line to type into (`:` and `/`), with history (Up, Down) and completion (Tab). */
#ifndef WIDGET_PROMPT_H
#define WIDGET_PROMPT_H

#include "base/vec.h"
#include "widget/edit.h"

#define PROMPT_HISTORY 100

/* The i-th completion of `text`, or NULL after the last; borrowed. */
typedef const char *prompt_complete_fn(void *arg, struct str text, size_t i);

struct prompt {
	const char *label;
	struct edit edit;
	VEC(char *) history;
	size_t history_at;
	struct buf draft;  /* what was typed before Up */
	size_t completion; /* 0: none yet, else next + 1 */
	struct buf stem;   /* what was typed before Tab */
	prompt_complete_fn *complete;
	void *arg;
};

void prompt_init(struct prompt *p, const char *label, prompt_complete_fn *complete, void *arg);
void prompt_fini(struct prompt *p);
/* Empties the line; the history stays. */
void prompt_open(struct prompt *p, struct str text);
/* WIDGET_SUBMIT on Enter (the line goes into the history), WIDGET_CANCEL on Esc. */
unsigned prompt_event(struct prompt *p, const struct event *e);
void prompt_draw(struct prompt *p, const struct surface *s);

#endif
