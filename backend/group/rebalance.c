/*
 * The life of a rebalance.
 *
 *   PREPARING    members are told to join again (by their heartbeats) and their JoinGroups wait.
 *                An empty group waits group.initial.rebalance.delay.ms, again while more arrive;
 *                another one until all have joined or the longest rebalance time-out is over.
 *   COMPLETING   everybody knows the generation; the leader assigns. Whoever has not sent
 *                SyncGroup when the rebalance time-out is over is out.
 *   STABLE       the assignment is in the log, and was handed out after that.
 */
#include "group/impl.h"
#include "group/planted.h"

#include <assert.h>

static void on_join_over(struct coordinator *c, struct group_timer *t);

/* ---- the end of a join phase -------------------------------------------------------------- */

static void begin_generation(struct group *g)
{
	struct str protocol = group_choose_protocol(g);

	if (!PLANTED(FAULT_GENERATION_STANDS) || g->n_members != g->n_before)
		g->generation++;
	g->n_before = g->n_members;
	g->storing = false;
	free((char *)g->protocol.p);
	g->protocol = g->n_members ? own_str(protocol) : STR_NULL;
	group_move(g, g->n_members ? GROUP_COMPLETING : GROUP_EMPTY);
}

/* Dynamic members that did not come back are out; static ones keep their place (KIP-345). */
static void drop_absent(struct group *g)
{
	list_foreach (n, &g->members) {
		struct member *m = CONTAINER_OF(n, struct member, node);

		if (!m->join.reply.fn && str_is_null(m->instance))
			member_remove(m, KERR_UNKNOWN_MEMBER_ID);
	}
}

/* A leader that is there. False: nobody is. */
static bool elect_leader(struct group *g)
{
	if (g->leader && g->leader->join.reply.fn)
		return true;
	list_foreach (n, &g->members) {
		struct member *m = CONTAINER_OF(n, struct member, node);

		if (m->join.reply.fn) {
			g->leader = m;
			return true;
		}
	}
	return false;
}

static void on_sync_over(struct coordinator *c, struct group_timer *t)
{
	struct group *g = CONTAINER_OF(t, struct group, sync_timer);
	bool left = false;

	(void)c;
	list_foreach (n, &g->members) {
		struct member *m = CONTAINER_OF(n, struct member, node);

		if (m->to_sync) {
			member_remove(m, KERR_UNKNOWN_MEMBER_ID);
			left = true;
		}
	}
	if (left)
		group_rebalance(g);
}

void group_synced(struct member *m)
{
	struct group *g = m->group;

	member_expect_sync(m, false);
	if (g->n_to_sync == 0)
		timer_stop(g->c, &g->sync_timer);
}

/* Everybody gets the generation; only the leader gets the others' subscriptions. */
static void answer_all(struct group *g)
{
	list_foreach (n, &g->members) {
		struct member *m = CONTAINER_OF(n, struct member, node);

		m->is_new = false;
		member_expect_sync(m, true);
		group_answer_join(g, m);
		member_alive(m);
	}
	timer_set(g->c, &g->sync_timer, group_rebalance_ms(g), on_sync_over);
}

static void complete_join(struct group *g)
{
	timer_stop(g->c, &g->join_timer);
	g->initial_left_ms = -1;
	drop_absent(g);
	if (g->n_members && !elect_leader(g)) {
		/* Only static members are left, and none of them is back yet. */
		timer_set(g->c, &g->join_timer, group_rebalance_ms(g), on_join_over);
		return;
	}
	begin_generation(g);
	if (g->n_members)
		answer_all(g);
	else
		group_store(g, NULL);
}

static void on_join_over(struct coordinator *c, struct group_timer *t)
{
	struct group *g = CONTAINER_OF(t, struct group, join_timer);
	int64_t more = min_i64(c->set->initial_rebalance_delay_ms, g->initial_left_ms);

	if (g->grew && more > 0) {
		g->grew = false;
		g->initial_left_ms -= more;
		timer_set(c, t, more, on_join_over);
		return;
	}
	complete_join(g);
}

void group_try_complete(struct group *g)
{
	if (group_is(g, GROUP_PREPARING) && g->initial_left_ms < 0 &&
		g->n_joining == g->n_members && list_empty(&g->pending))
		complete_join(g);
}

/* ---- the beginning ------------------------------------------------------------------------ */

void group_answer_sync(struct group *g, int16_t error)
{
	list_foreach (n, &g->members) {
		struct member *m = CONTAINER_OF(n, struct member, node);

		if (m->sync.reply.fn) {
			member_answer_sync(m, error);
			member_alive(m);
		}
	}
}

/* Those who wait for the assignment of a generation that will not have one. */
static void abandon_sync(struct group *g, int16_t error)
{
	timer_stop(g->c, &g->sync_timer);
	list_foreach (n, &g->members) {
		struct member *m = CONTAINER_OF(n, struct member, node);

		member_assign(m, SLICE_NULL);
		member_expect_sync(m, false);
	}
	group_answer_sync(g, error);
}

void group_rebalance(struct group *g)
{
	struct coordinator *c = g->c;
	int32_t delay = c->set->initial_rebalance_delay_ms, longest = group_rebalance_ms(g);
	bool first = group_is(g, GROUP_EMPTY) && delay > 0;

	if (group_is(g, GROUP_PREPARING) || group_is(g, GROUP_DEAD))
		return;
	if (group_is(g, GROUP_COMPLETING))
		abandon_sync(g, KERR_REBALANCE_IN_PROGRESS);
	timer_stop(c, &g->sync_timer);
	group_move(g, GROUP_PREPARING);
	g->grew = false;
	g->initial_left_ms = first ? max_i64(longest - delay, 0) : -1;
	timer_set(c, &g->join_timer, first ? delay : longest, on_join_over);
	group_try_complete(g);
}

void group_left(struct group *g, struct member *m, int16_t error)
{
	member_remove(m, error);
	if (group_is(g, GROUP_STABLE) || group_is(g, GROUP_COMPLETING))
		group_rebalance(g);
	else
		group_try_complete(g);
}

/* ---- the record --------------------------------------------------------------------------- */

static void describe_member(
	const struct group *g, const struct member *m, struct group_metadata_value_members *out)
{
	out->member_id = m->id;
	out->group_instance_id = m->instance;
	out->client_id = m->client_id;
	out->client_host = m->client_host;
	out->rebalance_timeout = m->rebalance_ms;
	out->session_timeout = m->session_ms;
	out->subscription = member_metadata(m, g->protocol);
	out->assignment = m->assignment;
}

void group_store(struct group *g, struct group_write *w)
{
	struct group_metadata_value v;
	struct entries e;
	struct arena a;
	int rc;

	arena_init(&a, 0);
	entries_init(&e);
	msg_init(&group_metadata_value_desc, &v);
	v.protocol_type = str_is_null(g->protocol_type) ? STR_LIT("") : g->protocol_type;
	v.generation = g->generation;
	v.protocol = g->protocol;
	v.leader = g->leader ? g->leader->id : STR_NULL;
	v.current_state_timestamp = g->state_since_ms;
	v.members = MSG_NEW(&a, group_metadata_value_members, (size_t)g->n_members);
	list_foreach (n, &g->members)
		describe_member(g, CONTAINER_OF(n, struct member, node), &v.members[v.n_members++]);
	/* Every string came in by a request and fits; bytes have no limit of their own. */
	rc = entries_group(&e, g->id, &v);
	assert(rc == 0);
	(void)rc;
	entries_append(&e, g, w);
	entries_fini(&e);
	arena_fini(&a);
}
