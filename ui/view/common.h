/* What the screens share: forms over a body, figures in cells, rows that are told to the source. */
#ifndef VIEW_COMMON_H
#define VIEW_COMMON_H

#include "model/format.h"
#include "model/lag.h"
#include "model/model.h"
#include "model/source.h"
#include "view/view.h"
#include "widget/form.h"
#include "widget/table.h"

static inline const struct cluster *view_cluster(const struct view_ctx *c)
{
	return model_cluster(c->model);
}

/* A form that lies over a view's body while it is open. */
struct formbox {
	struct form form;
	bool open;
	bool waiting; /* for an answer; Esc goes on without it */
	void (*submit)(void *arg, struct form *f);
	void *arg;
};

/* Opens over what is there; defs are borrowed. Closing an open one drops what was typed. */
void formbox_open(struct formbox *b, const char *title, const struct field_def *defs, int n,
	void (*submit)(void *arg, struct form *f), void *arg);
void formbox_close(struct formbox *b);
/* Called by submit: the form stays, with what was typed, until formbox_answer. */
void formbox_wait(struct formbox *b);
/* NULL closes the form; else it says why and can be sent again. False when it waits no more:
 * somebody else must say it. */
bool formbox_answer(struct formbox *b, const struct err *e);
/* Takes every event while it is open; submit is called with the form still there, and closes it
 * unless it waits. */
unsigned formbox_event(struct formbox *b, const struct event *e);
void formbox_draw(struct formbox *b, const struct surface *body);

/* "3", or "all" and nothing: -1. False: neither. */
bool view_partition_of(struct str text, int32_t *out);
/* The marked rows, where there are marks, else the cursor's; tabs between the cells. */
void view_table_copy(const struct table *t, struct buf *out);
/* What `/` set, shown under the table. */
void view_table_filter(struct table *t, struct str text);
/* Red, yellow or nothing: never without the word or its mark beside it. */
enum style view_verdict_style(enum verdict v);
/* Effects of a table's event as effects of a view. */
unsigned view_table_effect(unsigned widget_effect);
/* Changes as a screen's list of them sees them: those of the latest that a draw looks at, 0 the
 * newest, and NULL. What happens to many partitions within ALIKE_MS is one line. */
#define ALIKE_MS 2000
const struct change *view_change(const struct changes *all, size_t i);
/* Both say that an in-sync set went the same way, at about the same time. */
bool view_same_isr(const struct change *a, const struct change *b);
/* The state of a part as a style for its cells, and its text instead of a figure ("denied", "…");
 * false when the figure itself is to be drawn. */
bool view_part_cell(const struct part *p, int64_t now_ms, struct buf *text, enum style *style);
/* What age_ms of a view answers for a part: 0 while it is live, -1 before it was ever there. */
int64_t view_age(const struct view_ctx *c, const struct part *p);
/* How new the cluster's figures are: those of the broker that answered last, so that one dead
 * broker does not make the others look old. */
struct view_freshness {
	int64_t age_ms;      /* 0 while they are live, -1: nothing has come yet */
	int32_t interval_ms; /* how often they are asked for */
	bool silent;         /* nothing has come, and the last try failed */
};
struct view_freshness view_freshness(const struct view_ctx *c);
/* No broker answers any more: what is shown is old from its first second. */
bool view_lost(const struct cluster *c);
/* The same of one topic; NULL: of the cluster. */
int64_t view_topic_age(const struct view_ctx *c, const struct topic *t);
/* Shows how an action went: the message line, e NULL: `done`. */
void view_outcome(struct view_ctx *c, const struct err *e, const char *done);
/* A text that begins at x of line y and is cut at the surface's edge; returns where it ended. */
int view_label(const struct surface *s, int x, int y, const char *label, enum style style,
	const char *fmt, ...) PRINTF_LIKE(6, 7);

/* view_overview …: one a screen. */
#define SCREEN(ID, name, key, kind) extern const struct view_ops view_##name;
#include "action/screen.def"

#endif
