/*
 * Groups come back from the log: the last record of each key counts. Sessions begin when all is
 * there; members that are gone are missed then.
 */
#include "group/impl.h"

#include "base/err.h"

static struct group *group_of(struct coordinator *c, struct str id)
{
	struct group *g = group_find(c, id);

	return g ? g : group_new(c, id);
}

static void load_offset(struct coordinator *c, const struct group_record *r)
{
	struct group *g = group_of(c, r->group);
	struct committed *o;

	if (!r->deleted) {
		offset_put(g, r->topic, r->partition, &r->offset);
		return;
	}
	o = offset_find(g, r->topic, r->partition);
	if (o)
		offset_remove(g, o);
}

static void drop_members(struct group *g)
{
	list_foreach (n, &g->members)
		member_remove(CONTAINER_OF(n, struct member, node), KERR_NONE);
}

/* A member as if it had joined with what the record has of it. */
static void load_member(struct group *g, const struct group_metadata_value *v,
	const struct group_metadata_value_members *row)
{
	struct join_group_request_protocols p = {
		.name = str_is_null(v->protocol) ? STR_LIT("") : v->protocol,
		.metadata = row->subscription,
	};
	struct group_caller who = {.client_id = row->client_id, .client_host = row->client_host};
	struct join_group_request r;
	struct member *m;

	if (member_find(g, row->member_id))
		return;
	msg_init(&join_group_request_desc, &r);
	r.protocol_type = v->protocol_type;
	r.protocols = &p;
	r.n_protocols = 1;
	r.session_timeout_ms = row->session_timeout;
	r.rebalance_timeout_ms = row->rebalance_timeout;
	r.group_instance_id = row->group_instance_id;
	m = member_add(g, row->member_id, &who, &r);
	m->is_new = false;
	member_assign(m, row->assignment);
	if (!str_is_null(v->leader) && str_eq(m->id, v->leader))
		g->leader = m;
}

static void load_group(struct coordinator *c, const struct group_record *r)
{
	const struct group_metadata_value *v = &r->metadata;
	struct group *g = group_of(c, r->group);

	drop_members(g);
	free((char *)g->protocol.p);
	free((char *)g->protocol_type.p);
	g->protocol = g->protocol_type = STR_NULL;
	g->generation = 0;
	if (r->deleted)
		return;
	g->generation = v->generation;
	if (v->protocol_type.n)
		g->protocol_type = own_str(v->protocol_type);
	if (v->n_members > 0 && !str_is_null(v->protocol))
		g->protocol = own_str(v->protocol);
	for (int32_t i = 0; i < v->n_members; i++)
		load_member(g, v, &v->members[i]);
	g->state_since_ms = v->current_state_timestamp;
}

void coordinator_load_begin(struct coordinator *c, int32_t partition)
{
	coordinator_unload(c, partition);
	c->shards[partition] = SHARD_LOADING;
}

int coordinator_load_record(
	struct coordinator *c, int32_t partition, struct slice key, struct slice value)
{
	struct group_record r;
	struct arena a;
	int rc;

	arena_init(&a, 0);
	rc = group_record_parse(key, value, &a, &r);
	/* A record in the wrong partition would make a group that nobody here may ask for. */
	if (rc == 0 && r.kind != GROUP_RECORD_OTHER &&
		coordinator_partition(c, r.group) != partition)
		rc = ERR_INVALID;
	if (rc == 0 && r.kind == GROUP_RECORD_OFFSET)
		load_offset(c, &r);
	else if (rc == 0 && r.kind == GROUP_RECORD_GROUP)
		load_group(c, &r);
	arena_fini(&a);
	return rc;
}

static void begin(struct group *g)
{
	int64_t since = g->state_since_ms;

	if (g->n_members == 0) {
		group_drop_unused(g);
		return;
	}
	group_move(g, GROUP_STABLE);
	g->state_since_ms = since;
	list_foreach (n, &g->members)
		member_alive(CONTAINER_OF(n, struct member, node));
}

void coordinator_load_end(struct coordinator *c, int32_t partition)
{
	void *value;

	c->shards[partition] = SHARD_HERE;
	for (size_t i = 0; map_next(&c->groups, &i, NULL, &value);) {
		struct group *g = value;

		if (g->partition == partition)
			begin(g);
	}
}
