/*
 * What a reset would move, before it does: a row a partition, what it comes to, the shell command,
 * and the question. Lies over a screen.
 */
#ifndef VIEW_RESET_PREVIEW_H
#define VIEW_RESET_PREVIEW_H

#include "base/arena.h"
#include "view/common.h"

struct reset_preview {
	bool open;
	struct arena arena; /* of rows and spec */
	struct reset_spec spec;
	struct reset_row *rows;
	size_t n;
	struct table table;
	struct buf title, command;
	bool yes; /* the button that does it has the focus */
};

enum reset_answer { RESET_WAITS, RESET_CANCELLED, RESET_CONFIRMED };

/* Copies; rows may be none. An open one is closed first. */
void reset_preview_open(struct reset_preview *p, struct view_ctx *ctx,
	const struct reset_spec *spec, const struct reset_row *rows, size_t n);
void reset_preview_close(struct reset_preview *p);
/* Takes every event while it is open; it stays open until it is closed. */
enum reset_answer reset_preview_event(struct reset_preview *p, const struct event *e);
void reset_preview_draw(struct reset_preview *p, const struct surface *body);

#endif
