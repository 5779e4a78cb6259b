/* Heartbeat and LeaveGroup. */
#include "group/impl.h"

/* ---- Heartbeat ---------------------------------------------------------------------------- */

static int16_t beat(struct coordinator *c, const struct heartbeat_request *r)
{
	int16_t error = coordinator_check_named(c, r->group_id);
	struct group *g;
	struct member *m;

	/* While the group is loaded nobody's session runs. */
	if (error == KERR_COORDINATOR_LOAD_IN_PROGRESS)
		return KERR_NONE;
	if (error)
		return error;
	g = group_find(c, r->group_id);
	if (!g)
		return KERR_UNKNOWN_MEMBER_ID;
	error = member_check(g, r->member_id, r->group_instance_id, &m);
	if (error)
		return error;
	if (r->generation_id != g->generation)
		return KERR_ILLEGAL_GENERATION;
	member_alive(m);
	return group_is(g, GROUP_PREPARING) ? KERR_REBALANCE_IN_PROGRESS : KERR_NONE;
}

void group_heartbeat(struct coordinator *c, const struct group_caller *who,
	const struct heartbeat_request *r, struct group_reply reply)
{
	struct heartbeat_response out;

	(void)who;
	msg_init(&heartbeat_response_desc, &out);
	out.error_code = beat(c, r);
	reply.fn(reply.arg, &out);
}

/* ---- LeaveGroup --------------------------------------------------------------------------- */

/* An operator removes a static member by its instance id alone (KIP-345). */
static int16_t leave(struct group *g, struct str id, struct str instance)
{
	struct pending *p = str_is_null(instance) ? pending_find(g, id) : NULL;
	struct member *m = member_by_instance(g, instance);
	int16_t error = KERR_NONE;

	if (p) {
		pending_remove(p);
		group_try_complete(g);
		return KERR_NONE;
	}
	if (!m || id.n > 0)
		error = member_check(g, id, instance, &m);
	if (!error)
		group_left(g, m, KERR_UNKNOWN_MEMBER_ID);
	return error;
}

static void leave_all(struct group *g, const struct leave_group_request *r, struct arena *a,
	struct leave_group_response *out)
{
	out->members = MSG_NEW(a, leave_group_response_members, (size_t)max_i64(r->n_members, 0));
	for (int32_t i = 0; i < r->n_members; i++) {
		const struct leave_group_request_members *q = &r->members[i];
		struct leave_group_response_members *row = &out->members[out->n_members++];

		row->member_id = q->member_id;
		row->group_instance_id = q->group_instance_id;
		row->error_code =
			g ? leave(g, q->member_id, q->group_instance_id) : KERR_UNKNOWN_MEMBER_ID;
	}
}

void group_leave(struct coordinator *c, const struct group_caller *who,
	const struct leave_group_request *r, struct group_reply reply)
{
	struct leave_group_response out;
	int16_t error = coordinator_check_named(c, r->group_id);
	struct group *g = error ? NULL : group_find(c, r->group_id);
	struct arena a;

	arena_init(&a, 0);
	msg_init(&leave_group_response_desc, &out);
	if (!error && who->version < 3)
		error = g ? leave(g, r->member_id, STR_NULL) : KERR_UNKNOWN_MEMBER_ID;
	else if (!error)
		leave_all(g, r, &a, &out);
	out.error_code = error;
	reply.fn(reply.arg, &out);
	arena_fini(&a);
}
