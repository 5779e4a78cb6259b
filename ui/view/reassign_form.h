/*
 * Replicas of a topic's partitions put on other brokers. Lies over a screen:
 *
 *   CHOOSE --> ASKED --> MOVING --> DONE
 *     ^          |         |
 *     +----------+         +--> ASKED (the move is cancelled) --> closed
 *
 * CHOOSE: the brokers, which of them get a replica, what that copies; ASKED: the cluster is asked;
 * MOVING: how far each replica that comes is; DONE: nothing of it moves any more. Closed while it
 * moves, the move goes on; opened again, it shows how far it is.
 */
#ifndef VIEW_REASSIGN_FORM_H
#define VIEW_REASSIGN_FORM_H

#include "base/arena.h"
#include "base/vec.h"
#include "view/common.h"

enum reassign_state {
	REASSIGN_CLOSED,
	REASSIGN_CHOOSE,
	REASSIGN_ASKED,
	REASSIGN_MOVING,
	REASSIGN_DONE,
};

/* What Enter does: on the brokers it goes on to the button that moves. */
enum reassign_focus { REASSIGN_ON_BROKERS, REASSIGN_ON_NO, REASSIGN_ON_YES };

struct reassign_form {
	struct view_ctx *ctx;
	enum reassign_state state;
	struct buf topic, title;
	VEC(int32_t) partitions; /* by number */
	VEC(int32_t) chosen;     /* brokers, the preferred leader first */
	bool touched;            /* something was chosen */
	bool cancelling;         /* ASKED: the move is to be cancelled */
	enum reassign_focus focus;
	struct table brokers, moves;
	struct arena arena; /* of moving */
	struct moving *moving;
	size_t n_moving;
	struct buf note;        /* why the cluster refused, or cannot say how far it is */
	int64_t asked, listing; /* questions under way, 0: none */
	int64_t done_ms;        /* when the cluster said that nothing moves */
};

void reassign_form_init(struct reassign_form *f, struct view_ctx *ctx);
void reassign_form_fini(struct reassign_form *f);
/* The partitions of t with these numbers; of those that move already their progress is shown. */
void reassign_form_open(
	struct reassign_form *f, const struct topic *t, const int32_t *partitions, size_t n);
static inline bool reassign_form_is_open(const struct reassign_form *f)
{
	return f->state != REASSIGN_CLOSED;
}
/* Takes every event while it is open. */
unsigned reassign_form_event(struct reassign_form *f, const struct event *e);
/* What Enter does now, for the bar of keys. */
const char *reassign_form_enter_word(const struct reassign_form *f);
unsigned reassign_form_tick(struct reassign_form *f);
void reassign_form_draw(struct reassign_form *f, const struct surface *body);
/* NULL: it is gone. */
const struct topic *reassign_form_topic(const struct reassign_form *f);
/* What is chosen, as rows; replicas come from the arena. */
size_t reassign_form_moves(
	const struct reassign_form *f, struct arena *a, struct replica_move **out);

/* Metadata of after the move is there. */
bool reassign_form_settled(const struct reassign_form *f);

/* ---- how it looks (reassign_draw.c) ---- */

void reassign_draw_init(struct reassign_form *f);
/* Replicas under way: partition and broker of each, in the order of the rows. */
size_t reassign_n_coming(const struct reassign_form *f);

#endif
