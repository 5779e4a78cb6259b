/* Members of a group: their ids, sessions and protocols. */
#include "group/impl.h"

struct str own_str(struct str s)
{
	return (struct str){s.n ? xmemdup(s.p, s.n) : xcalloc(1, 1), s.n};
}

struct slice own_slice(struct slice s)
{
	return slice_str(own_str(str_slice(s)));
}

static void drop_str(struct str *s)
{
	free((char *)s->p);
	*s = STR_NULL;
}

static void drop_slice(struct slice *s)
{
	free((uint8_t *)s->p);
	*s = SLICE_NULL;
}

/* ---- finding ------------------------------------------------------------------------------ */

struct member *member_find(const struct group *g, struct str id)
{
	return map_gets(&g->by_id, id);
}

struct member *member_by_instance(const struct group *g, struct str instance)
{
	return str_is_null(instance) ? NULL : map_gets(&g->by_instance, instance);
}

int16_t member_check(const struct group *g, struct str id, struct str instance, struct member **out)
{
	struct member *m;

	if (!str_is_null(instance)) {
		m = member_by_instance(g, instance);
		if (!m)
			return KERR_UNKNOWN_MEMBER_ID;
		if (!str_eq(m->id, id))
			return KERR_FENCED_INSTANCE_ID;
	} else {
		m = member_find(g, id);
		if (!m)
			return KERR_UNKNOWN_MEMBER_ID;
	}
	*out = m;
	return KERR_NONE;
}

/* ---- sessions ----------------------------------------------------------------------------- */

/* A new member may not know its id yet: it is given this long (Kafka's NewMemberJoinTimeoutMs). */
#define NEW_MEMBER_MS 300000

static void on_session_over(struct coordinator *c, struct group_timer *t)
{
	struct member *m = CONTAINER_OF(t, struct member, session);

	/* While an answer is owed to it, its silence is our doing; but a new member that waits so
	 * long may have gone without ever knowing its id. */
	if (!m->is_new && (m->join.reply.fn || m->sync.reply.fn))
		timer_set(c, t, m->session_ms, on_session_over);
	else
		group_left(m->group, m, KERR_UNKNOWN_MEMBER_ID);
}

void member_alive(struct member *m)
{
	timer_set(m->group->c, &m->session, m->is_new ? NEW_MEMBER_MS : m->session_ms,
		on_session_over);
}

/* ---- protocols ---------------------------------------------------------------------------- */

static const struct group_protocol *protocol_of(const struct member *m, struct str name)
{
	for (int32_t i = 0; i < m->n_protocols; i++)
		if (str_eq(m->protocols[i].name, name))
			return &m->protocols[i];
	return NULL;
}

static void count_supporter(struct group *g, struct str protocol, int by)
{
	uintptr_t n = (uintptr_t)map_gets(&g->supporters, protocol) + (uintptr_t)(intptr_t)by;

	if (n)
		map_puts(&g->supporters, protocol, (void *)n);
	else
		map_dels(&g->supporters, protocol);
}

/* A name that is there twice counts once, by its first place. */
static bool is_first(const struct member *m, int32_t i)
{
	return protocol_of(m, m->protocols[i].name) == &m->protocols[i];
}

static void drop_protocols(struct member *m)
{
	for (int32_t i = 0; i < m->n_protocols; i++)
		if (is_first(m, i))
			count_supporter(m->group, m->protocols[i].name, -1);
	for (int32_t i = 0; i < m->n_protocols; i++) {
		drop_str(&m->protocols[i].name);
		drop_slice(&m->protocols[i].metadata);
	}
	free(m->protocols);
	m->protocols = NULL;
	m->n_protocols = 0;
}

static void add_protocol(struct member *m, struct str name, struct slice metadata)
{
	int32_t i = m->n_protocols++;

	m->protocols[i].name = own_str(name);
	m->protocols[i].metadata = own_slice(metadata);
	if (is_first(m, i))
		count_supporter(m->group, name, 1);
}

void member_update(struct member *m, const struct join_group_request *r)
{
	drop_protocols(m);
	m->protocols = xcalloc((size_t)max_i64(r->n_protocols, 0), sizeof(*m->protocols));
	for (int32_t i = 0; i < r->n_protocols; i++)
		add_protocol(m, r->protocols[i].name, r->protocols[i].metadata);
	m->session_ms = r->session_timeout_ms;
	/* Version 0 has one time-out for both. */
	m->rebalance_ms =
		r->rebalance_timeout_ms < 0 ? r->session_timeout_ms : r->rebalance_timeout_ms;
}

bool member_same_protocols(const struct member *m, const struct join_group_request *r)
{
	if (m->n_protocols != r->n_protocols)
		return false;
	for (int32_t i = 0; i < m->n_protocols; i++)
		if (!str_eq(m->protocols[i].name, r->protocols[i].name) ||
			!slice_eq(m->protocols[i].metadata, r->protocols[i].metadata))
			return false;
	return true;
}

struct slice member_metadata(const struct member *m, struct str protocol)
{
	const struct group_protocol *p = protocol_of(m, protocol);

	return p ? p->metadata : slice_of("", 0);
}

static bool all_support(const struct group *g, struct str protocol)
{
	return (uintptr_t)map_gets(&g->supporters, protocol) == (uintptr_t)g->n_members;
}

bool group_supports(const struct group *g, const struct join_group_request *r)
{
	if (r->protocol_type.n == 0 || r->n_protocols <= 0)
		return false;
	if (g->n_members == 0)
		return true;
	if (!str_eq(g->protocol_type, r->protocol_type))
		return false;
	for (int32_t i = 0; i < r->n_protocols; i++)
		if (all_support(g, r->protocols[i].name))
			return true;
	return false;
}

/* The first of the member's protocols that all support. */
static struct str vote_of(const struct group *g, const struct member *m)
{
	for (int32_t i = 0; i < m->n_protocols; i++)
		if (all_support(g, m->protocols[i].name))
			return m->protocols[i].name;
	return STR_NULL;
}

struct str group_choose_protocol(const struct group *g)
{
	struct vote {
		struct str name;
		int32_t n;
	};
	VEC(struct vote) votes = {0};
	struct str best = STR_NULL;
	int32_t most = 0;

	list_foreach (n, &g->members) {
		struct str name = vote_of(g, CONTAINER_OF(n, struct member, node));
		struct vote *mine = NULL;

		vec_foreach (v, &votes)
			if (str_eq(v->name, name))
				mine = v;
		if (!mine) {
			mine = vec_add(&votes);
			mine->name = name;
		}
		mine->n++;
	}
	vec_foreach (v, &votes)
		if (v->n > most) {
			most = v->n;
			best = v->name;
		}
	vec_fini(&votes);
	return best;
}

/* A subscription that cannot be read may name any topic. */
static bool subscribes(struct slice metadata, struct str topic, struct arena *a)
{
	struct consumer_protocol_subscription s;
	size_t used;

	msg_init(&consumer_protocol_subscription_desc, &s);
	/* Only the topics matter here, and they stand first in every version. */
	if (metadata.n < 2 || msg_decode(&consumer_protocol_subscription_desc, 0,
				      slice_of(metadata.p + 2, metadata.n - 2), a, &s, &used) < 0)
		return true;
	for (int32_t i = 0; i < s.n_topics; i++)
		if (str_eq(s.topics[i], topic))
			return true;
	return false;
}

bool group_reads(const struct group *g, struct str topic)
{
	struct arena a;
	bool reads = false;

	arena_init(&a, 0);
	list_foreach (n, &g->members) {
		const struct member *m = CONTAINER_OF(n, struct member, node);
		struct slice metadata = m->n_protocols ? m->protocols[0].metadata : SLICE_NULL;

		if (!str_is_null(g->protocol))
			metadata = member_metadata(m, g->protocol);
		reads = reads || subscribes(metadata, topic, &a);
		arena_reset(&a);
	}
	arena_fini(&a);
	return reads;
}

int32_t group_rebalance_ms(const struct group *g)
{
	int32_t ms = 0;

	list_foreach (n, &g->members) {
		const struct member *m = CONTAINER_OF(n, struct member, node);

		ms = m->rebalance_ms > ms ? m->rebalance_ms : ms;
	}
	return ms;
}

/* ---- answers ------------------------------------------------------------------------------ */

static struct group_reply take(struct parked *p)
{
	struct group_reply r = p->reply;

	p->reply.fn = NULL;
	return r;
}

/* Before version 7 there is no null protocol. */
void send_join(struct group_reply reply, int16_t version, const struct join_group_response *r)
{
	struct join_group_response out = *r;

	if (version < 7 && str_is_null(out.protocol_name))
		out.protocol_name = STR_LIT("");
	reply.fn(reply.arg, &out);
}

void member_answer_join(struct member *m, const struct join_group_response *r)
{
	struct group_reply reply = take(&m->join);

	if (!reply.fn)
		return;
	m->group->n_joining--;
	send_join(reply, m->join.version, r);
}

void member_answer_join_error(struct member *m, int16_t error)
{
	struct join_group_response r;

	msg_init(&join_group_response_desc, &r);
	r.error_code = error;
	r.protocol_name = STR_NULL;
	r.member_id = m->id;
	member_answer_join(m, &r);
}

void member_assign(struct member *m, struct slice assignment)
{
	drop_slice(&m->assignment);
	m->assignment = own_slice(assignment);
}

void member_answer_sync(struct member *m, int16_t error)
{
	struct group_reply reply = take(&m->sync);
	struct sync_group_response r;

	if (!reply.fn)
		return;
	msg_init(&sync_group_response_desc, &r);
	r.error_code = error;
	if (!error) {
		r.protocol_type = m->group->protocol_type;
		r.protocol_name = m->group->protocol;
		r.assignment = m->assignment;
	}
	reply.fn(reply.arg, &r);
}

void member_park_join(struct member *m, struct group_reply reply, int16_t version)
{
	/* A client that asks again has given the first request up. */
	member_answer_join_error(m, KERR_REBALANCE_IN_PROGRESS);
	m->join.reply = reply;
	m->join.version = version;
	m->group->n_joining++;
}

/* ---- coming and going --------------------------------------------------------------------- */

struct member *member_add(struct group *g, struct str id, const struct group_caller *who,
	const struct join_group_request *r)
{
	struct member *m = ALLOC(struct member);

	m->group = g;
	m->id = own_str(id);
	m->client_id = own_str(who->client_id);
	m->client_host = own_str(who->client_host);
	m->assignment = own_slice(SLICE_NULL);
	m->is_new = true;
	member_update(m, r);
	if (g->n_members == 0) {
		free((char *)g->protocol_type.p);
		g->protocol_type = own_str(r->protocol_type);
	}
	if (!str_is_null(r->group_instance_id)) {
		m->instance = own_str(r->group_instance_id);
		map_puts(&g->by_instance, m->instance, m);
	}
	map_puts(&g->by_id, m->id, m);
	list_push_back(&g->members, &m->node);
	g->n_members++;
	if (!g->leader)
		g->leader = m;
	return m;
}

static void member_free(struct member *m)
{
	drop_protocols(m);
	drop_str(&m->id);
	drop_str(&m->instance);
	drop_str(&m->client_id);
	drop_str(&m->client_host);
	drop_slice(&m->assignment);
	free(m);
}

void member_remove(struct member *m, int16_t error)
{
	struct group *g = m->group;

	timer_stop(g->c, &m->session);
	member_expect_sync(m, false);
	list_remove(&m->node);
	map_dels(&g->by_id, m->id);
	if (member_by_instance(g, m->instance) == m)
		map_dels(&g->by_instance, m->instance);
	g->n_members--;
	if (g->leader == m)
		g->leader = list_empty(&g->members)
				    ? NULL
				    : CONTAINER_OF(list_first(&g->members), struct member, node);
	member_answer_join_error(m, error);
	member_answer_sync(m, error);
	member_free(m);
}

void member_expect_sync(struct member *m, bool expect)
{
	m->group->n_to_sync += (int32_t)expect - (int32_t)m->to_sync;
	m->to_sync = expect;
}

void member_rename(struct member *m, struct str id)
{
	struct group *g = m->group;

	member_answer_join_error(m, KERR_FENCED_INSTANCE_ID);
	member_answer_sync(m, KERR_FENCED_INSTANCE_ID);
	map_dels(&g->by_id, m->id);
	free((char *)m->id.p);
	m->id = own_str(id);
	map_puts(&g->by_id, m->id, m);
}

/* ---- ids on loan --------------------------------------------------------------------------
 *
 * Whoever asks without an id costs memory until the id is used or forgotten, and may ask as often,
 * and for as many groups, as it likes. All of them together have a bound; past it the oldest ids
 * are forgotten, and who comes with one of these asks again. */
#define PENDING_BYTES ((size_t)16 << 20)

struct pending *pending_find(const struct group *g, struct str id)
{
	return map_gets(&g->pending_by_id, id);
}

/* With its group, which may be there for it alone. */
static size_t pending_bytes(const struct pending *p)
{
	return sizeof(*p) + sizeof(*p->group) + 2 * (p->id.n + p->group->id.n);
}

static void forget(struct pending *p)
{
	struct group *g = p->group;

	pending_remove(p);
	group_try_complete(g);
	group_drop_unused(g);
}

static void on_pending_over(struct coordinator *c, struct group_timer *t)
{
	(void)c;
	forget(CONTAINER_OF(t, struct pending, timer));
}

void pending_add(struct group *g, struct str id, int32_t session_ms)
{
	struct pending *p = ALLOC(struct pending);
	struct coordinator *c = g->c;

	p->group = g;
	p->id = own_str(id);
	list_push_back(&g->pending, &p->node);
	list_push_back(&c->pending, &p->by_age);
	map_puts(&g->pending_by_id, p->id, p);
	timer_set(c, &p->timer, session_ms, on_pending_over);
	c->pending_bytes += pending_bytes(p);
	while (c->pending_bytes > PENDING_BYTES)
		forget(CONTAINER_OF(list_first(&c->pending), struct pending, by_age));
}

void pending_remove(struct pending *p)
{
	timer_stop(p->group->c, &p->timer);
	p->group->c->pending_bytes -= pending_bytes(p);
	list_remove(&p->node);
	list_remove(&p->by_age);
	map_dels(&p->group->pending_by_id, p->id);
	drop_str(&p->id);
	free(p);
}
