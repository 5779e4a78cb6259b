/* What lab.c (the screen), lab_form.c (adding and changing a member) and lab_words.c (what its
 * state means) share. */
#ifndef VIEW_LAB_VIEW_H
#define VIEW_LAB_VIEW_H

#include "model/group.h"
#include "model/lab.h"
#include "view/list.h"
#include "view/owners_draw.h"

struct lab_view {
	struct view_ctx *ctx;
	struct lab *held;        /* what a frozen screen shows; NULL: it is not frozen */
	struct view_list list;   /* rows are places in the lab's members */
	struct lab_spec last[2]; /* of each kind, as it was added last: the next form begins so */
	enum lab_kind form_kind; /* of the open form */
	uint32_t edited;         /* the member whose form is open */
	uint32_t go_to;          /* the cursor is to be on it; 0: nobody */
	bool in_owners;          /* keys move the time line */
	struct owners_scroll owners;
	char shown[LAB_GROUP_MAX + 1]; /* whose time line is drawn; "" */
	uint64_t pinned;               /* the groups whose history was asked for */
};

/* ---- lab_form.c ---- */

void lab_form_init(struct lab_view *v);
void lab_form_add(struct lab_view *v);
void lab_form_edit(struct lab_view *v, const struct lab_member *m);
/* After each event: a form of the other kind takes the place of one whose kind was changed. */
void lab_form_turn(struct lab_view *v);

/* ---- lab_words.c ---- */

/* "20/s, 100 keys, 90 % hot", "20 ms each, commit after, range". */
void lab_put_settings(struct buf *out, const struct lab_member *m);
/* "0-2, 5"; "-". */
void lab_put_shares(struct buf *out, const struct lab_member *m);
/* "running", "idle", "killed". */
const char *lab_state_word(const struct lab_member *m);
enum style lab_state_style(const struct lab_member *m);
/* Why it is as it is, in a sentence or two; g: its group, NULL: not known. */
void lab_put_note(struct buf *out, const struct lab_member *m, const struct group *g);
/* All of it, and what can be tried: the text of `i`. NULL: of an empty lab. */
void lab_explain(struct buf *out, const struct lab_member *m, const struct group *g);

#endif
