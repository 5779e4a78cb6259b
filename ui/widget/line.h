/* Things of one line: key bar, message, tabs, spark line, bar. */
#ifndef WIDGET_LINE_H
#define WIDGET_LINE_H

#include "widget/widget.h"

struct key_hint {
	const char *key, *label;
};
/* "Enter records  p produce …": as many as fit whole, in order; `? help` and what stands behind it
 * stay if it is among them. Returns how many were drawn. */
int key_bar_draw(const struct surface *s, int y, const struct key_hint *hints, int n);

enum message_kind { MESSAGE_NONE, MESSAGE_OK, MESSAGE_PROGRESS, MESSAGE_ERROR };
#define MESSAGE_FADE_MS 5000

/* Success fades; an error stays until a key; progress stays until replaced. */
struct message {
	enum message_kind kind;
	char text[400];
	int64_t until_ms;
};
void message_set(struct message *m, enum message_kind kind, int64_t now_ms, const char *text);
/* True when it went away. */
bool message_tick(struct message *m, int64_t now_ms);
/* A key was pressed: an error goes. True when it did. */
bool message_key(struct message *m);
/* An error that is longer than the line takes the ones above it too. */
void message_draw(const struct message *m, const struct surface *s, int y);

/* "[Placement]  Configs  Groups"; returns the cells used. */
int tabs_draw(const struct surface *s, int x, int y, const char *const *names, int n, int open);
/* Cells of all tabs with one of them open. */
int tabs_cols(const char *const *names, int n);
/* Which tab lies under cell `at` of a tabs line, or -1. */
int tabs_hit(const char *const *names, int n, int open, int at);

/* One cell a value, the last `cols` of them, scaled to max (0: their own). Negative or NaN: blank.
 */
void spark_draw(const struct surface *s, int x, int y, int cols, enum style style,
	const double *values, size_t n, double max);
/* ━━━━◆░░░: part of 1 done, in `cols` cells. */
void bar_draw(const struct surface *s, int x, int y, int cols, enum style style, double part);
/* The spark line as UTF-8, for table cells. */
void spark_text(struct buf *out, const double *values, size_t n, int cells, double max);

#endif
