/* kdeck reassign --verify and --cancel: how far a plan is, and the way out of it. */
#include "cli/reassign.h"

#include "base/json.h"
#include "io/loop.h"

#define LOOKS   3 /* more, where replicas are elsewhere than planned */
#define LOOK_MS 100

/* ---- --cancel ---- */

static int cancel_them(struct reassign *x, const moves *moving)
{
	struct buf *out = &x->c->out;
	int status;

	if (!moving->n) {
		buf_puts(out, x->c->json ? "[]\n"
					 : "None of the specified partition reassignments are "
					   "active.\n");
		return CLI_OK;
	}
	status = reassign_alter(x, moving, true, "Error cancelling partition reassignments:");
	if (status == CLI_OK && !x->c->json) {
		buf_printf(out, "Successfully cancelled partition reassignment%s for: ",
			moving->n == 1 ? "" : "s");
		put_moves(out, moving);
		buf_putc(out, '\n');
	}
	return status;
}

/* Back to the folder where they are, what is being copied to another. */
static int cancel_dirs(struct reassign *x)
{
	homes wishes = {0};
	size_t n = 0;
	int status = CLI_OK;

	reassign_wishes(&x->plan, &wishes);
	if (wishes.n)
		status = reassign_find_homes(x, &x->plan);
	for (size_t i = 0; i < wishes.n; i++) {
		enum dir_state state = dir_state_of(x, &wishes.v[i]);

		if (state != DIR_MOVING && state != DIR_MOVING_ELSEWHERE)
			continue;
		wishes.v[n] = wishes.v[i];
		wishes.v[n].dir = reassign_home(x, &wishes.v[n].at, wishes.v[n].broker, false);
		n++;
	}
	wishes.n = n;
	if (status == CLI_OK && !n && !x->c->json)
		buf_puts(&x->c->out, "None of the specified partition moves are active.\n");
	if (status == CLI_OK)
		status = reassign_move_dirs(x, &wishes);
	vec_fini(&wishes);
	return status;
}

int reassign_cancel(struct reassign *x)
{
	moves moving = {0};
	int status = reassign_ask_active(x);

	if (status == CLI_OK)
		status = reassign_refresh(x);
	if (status == CLI_OK) {
		vec_foreach (m, &x->plan)
			if (reassign_find_active(x, &m->at))
				*vec_add(&moving) = (struct move){.at = m->at};
		status = cancel_them(x, &moving);
	}
	if (status == CLI_OK)
		status = cancel_dirs(x);
	if (status == CLI_OK)
		status = reassign_clear_throttles(x);
	vec_fini(&moving);
	return status;
}

/* ---- --verify ---- */

enum progress { COMPLETED, NOT_ACTIVE, IN_PROGRESS };

static enum progress progress_of(const struct reassign *x, const struct move *m)
{
	struct ids now = reassign_current(x, &m->at);

	if (reassign_find_active(x, &m->at))
		return IN_PROGRESS;
	return ids_equal(&now, &m->replicas) ? COMPLETED : NOT_ACTIVE;
}

static void verify_line(struct reassign *x, const struct move *m)
{
	struct ids now = reassign_current(x, &m->at);
	enum progress p = progress_of(x, m);
	struct buf *out = &x->c->out;

	buf_puts(out, p == NOT_ACTIVE ? "There is no active reassignment of partition "
				      : "Reassignment of partition ");
	put_place(out, &m->at);
	if (p == NOT_ACTIVE) {
		buf_puts(out, ", but replica set is ");
		put_ids(out, &now);
		buf_puts(out, " rather than ");
		put_ids(out, &m->replicas);
	}
	buf_puts(out, p == COMPLETED     ? " is completed.\n"
		      : p == IN_PROGRESS ? " is still in progress.\n"
					 : ".\n");
}

static void verify_json(struct reassign *x)
{
	static const char *const words[] = {"completed", "notActive", "inProgress"};
	struct json j;

	json_list(&j, &x->c->out);
	vec_foreach (m, &x->plan) {
		const struct under_way *u = reassign_find_active(x, &m->at);
		struct ids now = u ? u->replicas : reassign_current(x, &m->at);

		json_object(&j);
		json_place(&j, m->at.topic, m->at.partition);
		json_ids(&j, "currentReplicas", &now);
		json_ids(&j, "replicas", &m->replicas);
		json_kz(&j, "state", words[progress_of(x, m)]);
		json_object_end(&j);
	}
	json_list_end(&j);
}

static bool dirs_move(const struct reassign *x, const homes *wishes)
{
	vec_foreach (w, wishes) {
		enum dir_state state = dir_state_of(x, w);

		if (state == DIR_MOVING || state == DIR_MOVING_ELSEWHERE)
			return true;
	}
	return false;
}

static void print_states(struct reassign *x, const homes *wishes)
{
	struct buf *out = &x->c->out;

	if (x->c->json) {
		verify_json(x);
		return;
	}
	buf_puts(out, "Status of partition reassignment:\n");
	vec_foreach (m, &x->plan)
		verify_line(x, m);
	vec_foreach (w, wishes)
		put_dir_state(out, x, w);
	if (!wishes->n)
		buf_putc(out, '\n');
}

static bool any_differs(const struct reassign *x)
{
	vec_foreach (m, &x->plan)
		if (progress_of(x, m) == NOT_ACTIVE)
			return true;
	return false;
}

/* What has just ended may not have come to the broker that tells where replicas are: one that
 * differs and does not move is looked at again. */
static int look_where_they_are(struct reassign *x)
{
	const bool never = false;
	int status = reassign_refresh(x);

	for (int i = 0; status == CLI_OK && i < LOOKS && any_differs(x); i++) {
		if (loop_run_until(x->c->loop, &never, LOOK_MS))
			break;
		status = reassign_refresh(x);
	}
	return status;
}

int reassign_verify(struct reassign *x)
{
	homes wishes = {0};
	int status = reassign_ask_active(x);

	reassign_wishes(&x->plan, &wishes);
	if (status == CLI_OK && wishes.n)
		status = reassign_find_homes(x, &x->plan);
	if (status == CLI_OK)
		status = look_where_they_are(x);
	if (status == CLI_OK) {
		print_states(x, &wishes);
		if (!x->active.n && !dirs_move(x, &wishes))
			status = reassign_clear_throttles(x);
	}
	vec_fini(&wishes);
	return status;
}
