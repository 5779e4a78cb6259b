/*
 * A form: labelled fields one under another. Tab, Shift-Tab, Up, Down move; Enter in a one-line
 * field submits when every field is right, else goes to the first wrong one; Alt-Enter breaks a
 * line; Space or Left Right turn toggles and choices; Esc cancels. Letters are text in text fields;
 * in a field of one line that is still as it was set, the first of them takes the place of all.
 */
#ifndef WIDGET_FORM_H
#define WIDGET_FORM_H

#include "widget/edit.h"

#define FORM_MAX_FIELDS 32

enum field_type { FIELD_TEXT, FIELD_NUMBER, FIELD_CHOICE, FIELD_TOGGLE, FIELD_LINES };

struct form;
struct field_def {
	const char *name; /* for form_find */
	const char *label;
	enum field_type type;
	const char *help;           /* the line at the bottom while it has the focus */
	const char *initial;        /* text, number, choice's text, "yes" */
	const char *const *choices; /* FIELD_CHOICE: NULL-terminated, borrowed */
	int64_t min, max;           /* FIELD_NUMBER; both 0: any */
	bool required;
	size_t max_bytes; /* 0: 4096 */
	/* More than type and bounds can say: writes a reason and returns false when wrong. */
	bool (*check)(void *arg, const struct form *f, int field, struct buf *reason);
};

struct field {
	const struct field_def *def;
	struct edit edit; /* text, number, lines */
	int choice;
	bool on;
	bool touched;
	bool prefilled;    /* as it was set: the next text takes its place */
	struct buf reason; /* why it is wrong; empty when right */
};

struct form {
	const char *title;
	struct field fields[FORM_MAX_FIELDS];
	int n, focus, top;
	struct buf note; /* of the whole form, in the help's place until something changes */
	bool refused;    /* it says what is wrong */
	void *arg;
};

/* defs are borrowed for the form's life; n ≤ FORM_MAX_FIELDS. */
void form_init(struct form *f, const char *title, const struct field_def *defs, int n, void *arg);
void form_fini(struct form *f);
unsigned form_event(struct form *f, const struct event *e);
void form_draw(struct form *f, const struct surface *s);
/* Checks all; index of the first wrong field or -1. */
int form_check(struct form *f);
int form_find(const struct form *f, const char *name);
/* Text of any type of field ("yes"/"no" for a toggle); valid until the next event. */
struct str form_text(const struct form *f, const char *name);
int64_t form_number(const struct form *f, const char *name, int64_t otherwise);
bool form_on(const struct form *f, const char *name);
void form_set(struct form *f, const char *name, struct str text);
/* Says something of the whole form; refused: why it was not taken. "" takes it away. */
void form_note(struct form *f, const char *text, bool refused);

#endif
