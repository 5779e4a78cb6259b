/* SyncGroup: the leader's assignment goes into the log, and from there to everybody. */
#include "group/impl.h"
#include "group/planted.h"

struct sync_write {
	struct group_write write;
	struct group *group;
	int32_t generation;
};

static void answer(struct group_reply reply, int16_t error)
{
	struct sync_group_response out;

	msg_init(&sync_group_response_desc, &out);
	out.error_code = error;
	reply.fn(reply.arg, &out);
}

/* ---- the assignment ----------------------------------------------------------------------- */

static void take_assignments(struct group *g, const struct sync_group_request *r)
{
	list_foreach (n, &g->members)
		member_assign(CONTAINER_OF(n, struct member, node), SLICE_NULL);
	for (int32_t i = 0; i < r->n_assignments; i++) {
		struct member *m = member_find(g, r->assignments[i].member_id);

		if (m)
			member_assign(m, r->assignments[i].assignment);
	}
}

static void hand_out(struct group *g)
{
	group_move(g, GROUP_STABLE);
	group_answer_sync(g, KERR_NONE);
}

/* It could not be stored: everybody starts over, with Kafka's reason. */
static void give_up(struct group *g, int16_t error)
{
	group_answer_sync(g, error);
	group_rebalance(g);
}

static void on_stored(struct group_write *w, int16_t error)
{
	struct sync_write *s = CONTAINER_OF(w, struct sync_write, write);
	struct group *g = s->group;

	/* A rebalance may have begun meanwhile: then this assignment is nobody's. */
	if (group_is(g, GROUP_COMPLETING) && g->generation == s->generation) {
		g->storing = false;
		if (error)
			give_up(g, group_write_error(error));
		else
			hand_out(g);
	}
	group_put(g);
	free(s);
}

static void store(struct group *g)
{
	struct sync_write *s = ALLOC(struct sync_write);

	s->write.done = on_stored;
	s->group = group_get(g);
	s->generation = g->generation;
	g->storing = true;
	group_store(g, &s->write);
}

/* ---- the request -------------------------------------------------------------------------- */

static bool other_protocol(struct str asked, struct str is)
{
	return !str_is_null(asked) && !str_eq(asked, is);
}

static int16_t check(struct coordinator *c, int16_t version, const struct sync_group_request *r,
	struct group **g, struct member **m)
{
	int16_t error = coordinator_check_named(c, r->group_id);

	/* Version 5 names the protocol, so that a member that has missed a change is told
	 * (KIP-559). */
	if (version >= 5 && (str_is_null(r->protocol_type) || str_is_null(r->protocol_name)))
		return KERR_INCONSISTENT_GROUP_PROTOCOL;
	/* Kafka: a client that syncs while the group is loaded shall join again. */
	if (error == KERR_COORDINATOR_LOAD_IN_PROGRESS)
		return KERR_REBALANCE_IN_PROGRESS;
	if (error)
		return error;
	*g = group_find(c, r->group_id);
	if (!*g)
		return KERR_UNKNOWN_MEMBER_ID;
	error = member_check(*g, r->member_id, r->group_instance_id, m);
	if (error)
		return error;
	if (r->generation_id != (*g)->generation && !PLANTED(FAULT_STALE_SYNC))
		return KERR_ILLEGAL_GENERATION;
	if (other_protocol(r->protocol_type, (*g)->protocol_type) ||
		other_protocol(r->protocol_name, (*g)->protocol))
		return KERR_INCONSISTENT_GROUP_PROTOCOL;
	if (group_is(*g, GROUP_PREPARING))
		return KERR_REBALANCE_IN_PROGRESS;
	return group_is(*g, GROUP_EMPTY) ? KERR_UNKNOWN_MEMBER_ID : KERR_NONE;
}

void group_sync(struct coordinator *c, const struct group_caller *who,
	const struct sync_group_request *r, struct group_reply reply)
{
	struct group *g = NULL;
	struct member *m = NULL;
	int16_t error = check(c, who->version, r, &g, &m);

	if (error) {
		answer(reply, error);
		return;
	}
	/* A client that asks again has given the first request up. */
	member_answer_sync(m, KERR_REBALANCE_IN_PROGRESS);
	m->sync.reply = reply;
	group_synced(m);
	if (group_is(g, GROUP_STABLE)) {
		member_answer_sync(m, KERR_NONE);
		member_alive(m);
	} else if (g->leader == m && !g->storing) {
		take_assignments(g, r);
		store(g);
	}
}
