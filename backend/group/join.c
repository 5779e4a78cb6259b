/* JoinGroup: new members, members that come back, static members under a new id. */
#include "group/impl.h"

struct join {
	struct coordinator *c;
	const struct group_caller *who;
	const struct join_group_request *r;
	struct group_reply reply;
};

/* ---- answers ------------------------------------------------------------------------------ */

static void answer(const struct join *j, int16_t error, struct str member_id)
{
	struct join_group_response out;

	msg_init(&join_group_response_desc, &out);
	out.error_code = error;
	out.protocol_name = STR_NULL;
	out.member_id = member_id;
	send_join(j->reply, j->who->version, &out);
}

static void refuse(const struct join *j, int16_t error)
{
	answer(j, error, j->r->member_id);
}

static void list_members(const struct group *g, struct arena *a, struct join_group_response *out)
{
	out->members = MSG_NEW(a, join_group_response_members, (size_t)g->n_members);
	list_foreach (n, &g->members) {
		const struct member *m = CONTAINER_OF(n, struct member, node);
		struct join_group_response_members *row = &out->members[out->n_members++];

		row->member_id = m->id;
		row->group_instance_id = m->instance;
		row->metadata = member_metadata(m, g->protocol);
	}
}

static void fill(const struct group *g, const struct member *m, struct join_group_response *out)
{
	msg_init(&join_group_response_desc, out);
	out->generation_id = g->generation;
	out->protocol_type = g->protocol_type;
	out->protocol_name = g->protocol;
	out->leader = g->leader->id;
	out->member_id = m->id;
}

void group_answer_join(struct group *g, struct member *m)
{
	struct join_group_response out;
	struct arena a;

	if (!m->join.reply.fn)
		return;
	arena_init(&a, 0);
	fill(g, m, &out);
	if (g->leader == m)
		list_members(g, &a, &out);
	member_answer_join(m, &out);
	arena_fini(&a);
}

/* A member that asks again within its generation: what it was told then. */
static void answer_again(const struct join *j, struct group *g, struct member *m)
{
	member_park_join(m, j->reply, j->who->version);
	group_answer_join(g, m);
	member_alive(m);
}

/* ---- joining ------------------------------------------------------------------------------ */

/* The rebalance that a waiting JoinGroup is part of begins, or perhaps ends. */
static void go_on(struct group *g)
{
	if (group_is(g, GROUP_PREPARING))
		group_try_complete(g);
	else
		group_rebalance(g);
}

static void wait_for_others(const struct join *j, struct group *g, struct member *m)
{
	member_park_join(m, j->reply, j->who->version);
	go_on(g);
}

static void add_and_rebalance(const struct join *j, struct group *g, struct str id)
{
	struct member *m = member_add(g, id, j->who, j->r);
	bool waiting = group_is(g, GROUP_PREPARING);

	if (waiting)
		g->grew = true;
	member_alive(m);
	wait_for_others(j, g, m);
}

static void update_and_rebalance(const struct join *j, struct group *g, struct member *m)
{
	member_update(m, j->r);
	member_alive(m);
	wait_for_others(j, g, m);
}

/* No string is longer on the wire and in the log; a member id is one. */
#define STEM_MAX (INT16_MAX - 37)

/* "client id-uuid", for static members "instance id-uuid" (KIP-394). */
static struct str new_id(struct coordinator *c, const struct join *j, struct buf *out)
{
	struct str stem =
		str_is_null(j->r->group_instance_id) ? j->who->client_id : j->r->group_instance_id;
	uint8_t u[16];

	stem.n = stem.n > STEM_MAX ? STEM_MAX : stem.n;
	rng_bytes(&c->rng, u, sizeof(u));
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	buf_put_str(out, stem);
	for (int i = 0; i < 16; i++)
		buf_printf(out, "%s%02x",
			i == 0 || i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
	return buf_str(out);
}

/* ---- static members ----------------------------------------------------------------------- */

/* A static member whose new id is on its way into the log; its JoinGroup waits for that. */
struct static_write {
	struct group_write write;
	struct group *group;
	struct str id, old_id; /* owned */
	int16_t version;
};

/*
 * It came back before anybody missed it, and nothing changed: no rebalance (KIP-345). A leader must
 * not assign anew, for nobody would be told: it is told so (version 9, KIP-814), or named another
 * leader than itself.
 */
static void answer_returned(const struct static_write *s, struct group *g, struct member *m)
{
	bool leads = g->leader == m;
	struct join_group_response out;
	struct arena a;

	arena_init(&a, 0);
	fill(g, m, &out);
	if (leads && s->version >= 9) {
		list_members(g, &a, &out);
		out.skip_assignment = true;
	} else if (leads) {
		out.leader = s->old_id;
	}
	member_answer_join(m, &out);
	arena_fini(&a);
}

static void on_static_stored(struct group_write *w, int16_t error)
{
	struct static_write *s = CONTAINER_OF(w, struct static_write, write);
	struct group *g = s->group;
	struct member *m = member_find(g, s->id);

	/* If a rebalance has begun meanwhile, the request has become a part of it. */
	if (m && group_is(g, GROUP_STABLE)) {
		if (error)
			member_answer_join_error(m, group_write_error(error));
		else
			answer_returned(s, g, m);
	}
	group_put(g);
	free((char *)s->id.p);
	free((char *)s->old_id.p);
	free(s);
}

static void store_static(const struct join *j, struct group *g, struct str id, struct str old_id)
{
	struct static_write *s = ALLOC(struct static_write);

	s->write.done = on_static_stored;
	s->group = group_get(g);
	s->id = own_str(id);
	s->old_id = own_str(old_id);
	s->version = j->who->version;
	group_store(g, &s->write);
}

static void replace_static(const struct join *j, struct group *g, struct member *m, struct str id)
{
	struct str old_id = own_str(m->id), protocol;

	member_rename(m, id);
	member_update(m, j->r);
	member_alive(m);
	member_park_join(m, j->reply, j->who->version);
	protocol = group_choose_protocol(g);
	if (group_is(g, GROUP_STABLE) && str_eq(protocol, g->protocol))
		store_static(j, g, id, old_id);
	else
		go_on(g);
	free((char *)old_id.p);
}

/* ---- new and known ------------------------------------------------------------------------ */

static void join_new(const struct join *j, struct group *g)
{
	struct member *same = member_by_instance(g, j->r->group_instance_id);
	struct buf name = BUF_EMPTY;
	struct str id = new_id(j->c, j, &name);

	if (same) {
		replace_static(j, g, same, id);
	} else if (j->who->version >= 4 && str_is_null(j->r->group_instance_id)) {
		pending_add(g, id, j->r->session_timeout_ms);
		answer(j, KERR_MEMBER_ID_REQUIRED, id);
	} else {
		add_and_rebalance(j, g, id);
	}
	buf_fini(&name);
}

static void join_known(const struct join *j, struct group *g)
{
	struct pending *p = pending_find(g, j->r->member_id);
	struct member *m = NULL;
	int16_t error;

	if (p && str_is_null(j->r->group_instance_id)) {
		pending_remove(p);
		add_and_rebalance(j, g, j->r->member_id);
		return;
	}
	error = member_check(g, j->r->member_id, j->r->group_instance_id, &m);
	if (error) {
		refuse(j, error);
		return;
	}
	switch (g->state) {
	case GROUP_PREPARING:
		update_and_rebalance(j, g, m);
		break;
	case GROUP_COMPLETING:
		/* The answer was lost; the same one again. */
		if (member_same_protocols(m, j->r))
			answer_again(j, g, m);
		else
			update_and_rebalance(j, g, m);
		break;
	case GROUP_STABLE:
		/* A leader that joins again wants to assign anew. */
		if (m == g->leader || !member_same_protocols(m, j->r))
			update_and_rebalance(j, g, m);
		else
			answer_again(j, g, m);
		break;
	default:
		refuse(j, KERR_UNKNOWN_MEMBER_ID);
		break;
	}
}

/* group.max.size: known members may come back, others only while there is room (KIP-389). */
static bool has_room(const struct group *g, struct str member_id)
{
	const struct member *m = member_find(g, member_id);
	int32_t max = g->c->set->max_size;

	switch (g->state) {
	case GROUP_PREPARING:
		return (m && m->join.reply.fn) || g->n_joining < max;
	case GROUP_COMPLETING:
	case GROUP_STABLE:
		return m || g->n_members < max;
	default:
		return true;
	}
}

static int16_t check(const struct join *j)
{
	const struct group_settings *set = j->c->set;
	int16_t error = coordinator_check_named(j->c, j->r->group_id);

	if (error)
		return error;
	if (j->r->session_timeout_ms < set->min_session_timeout_ms ||
		j->r->session_timeout_ms > set->max_session_timeout_ms)
		return KERR_INVALID_SESSION_TIMEOUT;
	return KERR_NONE;
}

void group_join(struct coordinator *c, const struct group_caller *who,
	const struct join_group_request *r, struct group_reply reply)
{
	const struct join j = {.c = c, .who = who, .r = r, .reply = reply};
	bool fresh = r->member_id.n == 0;
	struct group *g = group_find(c, r->group_id);
	int16_t error = check(&j);

	if (!error && !g && !fresh)
		error = KERR_UNKNOWN_MEMBER_ID;
	if (!error && g && !has_room(g, r->member_id)) {
		struct member *m = member_find(g, r->member_id);

		if (m)
			group_left(g, m, KERR_GROUP_MAX_SIZE_REACHED);
		answer(&j, KERR_GROUP_MAX_SIZE_REACHED, STR_LIT(""));
		return;
	}
	if (!error && (g ? !group_supports(g, r) : r->protocol_type.n == 0 || r->n_protocols <= 0))
		error = KERR_INCONSISTENT_GROUP_PROTOCOL;
	if (error) {
		refuse(&j, error);
		return;
	}
	if (!g)
		g = group_new(c, r->group_id);
	if (fresh)
		join_new(&j, g);
	else
		join_known(&j, g);
}
