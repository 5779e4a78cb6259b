/*
 * What screen 6 sends: what its form said at each Ctrl-S, one after the other, so that order holds,
 * and what became of the last records. One send is under way at a time; the others wait.
 */
#ifndef VIEW_PRODUCE_SEND_H
#define VIEW_PRODUCE_SEND_H

#include "base/list.h"
#include "view/common.h"
#include "widget/form.h"

#define SENT_ROWS 64 /* that are remembered */

/* One record, written or not. */
struct sent {
	int32_t partition;
	int64_t offset;  /* < 0: not told */
	struct buf what; /* key and value as they are shown; or why it was not written */
	bool failed;
};

struct sending {
	struct view_ctx *ctx;
	int64_t job;       /* of the source, 0: none */
	int64_t count;     /* what it is to send; 0: until it is stopped */
	bool stopping;     /* nothing more is sent, answers are waited for */
	struct list queue; /* of struct outgoing */
	size_t n_queue;
	struct produce_report last;
	int64_t done, failed;       /* of the sends before, since nothing was under way */
	struct sent log[SENT_ROWS]; /* ring */
	size_t n_log;
};

void sending_init(struct sending *s, struct view_ctx *ctx);
/* Sending has its place on the screen: it ends with it, and that is said. */
void sending_fini(struct sending *s);
/* May one more be sent, at once or behind what is being sent? Else appends why not. */
bool sending_allowed(const struct sending *s, struct buf *reason);
/* Takes what the form says now, which form_check found right; says what cannot be. */
void sending_add(struct sending *s, const struct form *f);
/* Is there something to stop? Else appends why not. */
bool sending_stoppable(const struct sending *s, struct buf *reason);
/* The answers to what was sent still come. */
void sending_stop(struct sending *s);

#endif
