/* ListGroups, DescribeGroups, DeleteGroups. */
#include "group/impl.h"

#include <strings.h>

/* ---- ListGroups --------------------------------------------------------------------------- */

static bool one_of(const struct str *names, int32_t n, const char *name)
{
	for (int32_t i = 0; i < n; i++)
		if (names[i].n == strlen(name) && strncasecmp(names[i].p, name, names[i].n) == 0)
			return true;
	return n <= 0;
}

static bool any_loading(const struct coordinator *c)
{
	for (int32_t i = 0; i < c->n_partitions; i++)
		if (c->shards[i] == SHARD_LOADING)
			return true;
	return false;
}

struct group_counts coordinator_counts(const struct coordinator *c)
{
	struct group_counts out = {0};
	void *value;

	for (size_t i = 0; map_next(&c->groups, &i, NULL, &value);) {
		const struct group *g = value;
		out.empty += group_is(g, GROUP_EMPTY);
		out.preparing += group_is(g, GROUP_PREPARING);
		out.completing += group_is(g, GROUP_COMPLETING);
		out.stable += group_is(g, GROUP_STABLE);
	}
	return out;
}

void group_list(struct coordinator *c, const struct group_caller *who,
	const struct list_groups_request *r, struct group_reply reply)
{
	struct list_groups_response out;
	struct arena a;
	void *value;

	(void)who;
	arena_init(&a, 0);
	msg_init(&list_groups_response_desc, &out);
	out.error_code = any_loading(c) ? KERR_COORDINATOR_LOAD_IN_PROGRESS : KERR_NONE;
	out.groups = MSG_NEW(&a, list_groups_response_groups, c->groups.n);
	for (size_t i = 0; map_next(&c->groups, &i, NULL, &value);) {
		const struct group *g = value;
		struct list_groups_response_groups *row = &out.groups[out.n_groups];

		if (coordinator_check(c, g->id) ||
			!one_of(r->states_filter, r->n_states_filter, group_state_name(g->state)) ||
			!one_of(r->types_filter, r->n_types_filter, "classic"))
			continue;
		row->group_id = g->id;
		row->protocol_type = g->protocol_type.p ? g->protocol_type : STR_LIT("");
		row->group_state = str_of(group_state_name(g->state));
		row->group_type = STR_LIT("classic");
		out.n_groups++;
	}
	reply.fn(reply.arg, &out);
	arena_fini(&a);
}

/* ---- DescribeGroups ----------------------------------------------------------------------- */

/* Everything that may be done to a group, where nobody is refused anything: READ, DELETE, DESCRIBE,
 * DESCRIBE_CONFIGS, ALTER_CONFIGS, by Kafka's numbers. */
#define ALL_GROUP_OPERATIONS 3400

static void describe_members(
	const struct group *g, struct arena *a, struct describe_groups_response_groups *out)
{
	bool stable = group_is(g, GROUP_STABLE);

	out->members = MSG_NEW(a, describe_groups_response_members, (size_t)g->n_members);
	list_foreach (n, &g->members) {
		const struct member *m = CONTAINER_OF(n, struct member, node);
		struct describe_groups_response_members *row = &out->members[out->n_members++];

		row->member_id = m->id;
		row->group_instance_id = m->instance;
		row->client_id = m->client_id;
		row->client_host = m->client_host;
		/* A subscription counts when it is settled; what a member had it may still have. */
		row->member_metadata = stable ? member_metadata(m, g->protocol) : slice_of("", 0);
		row->member_assignment = m->assignment;
	}
}

static void describe_one(struct coordinator *c, int16_t version, struct str id, struct arena *a,
	struct describe_groups_response_groups *out)
{
	const struct group *g;

	out->group_id = id;
	out->error_code = coordinator_check(c, id);
	if (out->error_code)
		return;
	g = group_find(c, id);
	if (!g) {
		out->group_state = str_of(group_state_name(GROUP_DEAD));
		if (version >= 6) {
			out->error_code = KERR_GROUP_ID_NOT_FOUND;
			out->error_message =
				str_of(arena_printf(a, "Group %.*s not found.", STR_ARG(id)));
		}
		return;
	}
	out->group_state = str_of(group_state_name(g->state));
	out->protocol_type = g->protocol_type.p ? g->protocol_type : STR_LIT("");
	out->protocol_data = group_is(g, GROUP_STABLE) ? g->protocol : STR_LIT("");
	describe_members(g, a, out);
}

void group_describe(struct coordinator *c, const struct group_caller *who,
	const struct describe_groups_request *r, struct group_reply reply)
{
	struct describe_groups_response out;
	struct arena a;

	arena_init(&a, 0);
	msg_init(&describe_groups_response_desc, &out);
	out.groups = MSG_NEW(&a, describe_groups_response_groups, (size_t)max_i64(r->n_groups, 0));
	for (; out.n_groups < r->n_groups; out.n_groups++) {
		struct describe_groups_response_groups *g = &out.groups[out.n_groups];

		describe_one(c, who->version, r->groups[out.n_groups], &a, g);
		if (r->include_authorized_operations && !g->error_code)
			g->authorized_operations = ALL_GROUP_OPERATIONS;
	}
	reply.fn(reply.arg, &out);
	arena_fini(&a);
}

/* ---- DeleteGroups ------------------------------------------------------------------------- */

struct delete
{
	struct group_reply reply;
	struct arena arena;
	struct delete_groups_response out;
	uint32_t under_way;
};

struct delete_write {
	struct group_write write;
	struct delete *of;
	int32_t row;
	struct group *group;
};

static void finish(struct delete *d)
{
	if (--d->under_way)
		return;
	d->reply.fn(d->reply.arg, &d->out);
	arena_fini(&d->arena);
	free(d);
}

static void on_deleted(struct group_write *w, int16_t error)
{
	struct delete_write *x = CONTAINER_OF(w, struct delete_write, write);
	struct delete *d = x->of;

	d->out.results[x->row].error_code = offset_write_error(error);
	group_put(x->group);
	free(x);
	finish(d);
}

/* The group is gone from here at once: whoever asks for it meanwhile makes a new one, whose records
 * come behind these. */
static void delete_one(struct delete *d, int32_t row, struct group *g)
{
	struct delete_write *x = ALLOC(struct delete_write);
	struct entries e;

	entries_init(&e);
	offsets_forget_all(g, &e);
	entries_forget_group(&e, g->id);
	x->write.done = on_deleted;
	x->of = d;
	x->row = row;
	x->group = group_get(g);
	d->under_way++;
	entries_append(&e, g, &x->write);
	entries_fini(&e);
	group_forget(g, KERR_UNKNOWN_MEMBER_ID);
}

static int16_t deletable(struct coordinator *c, struct str id, struct group **g)
{
	int16_t error = coordinator_check(c, id);

	if (error)
		return error;
	*g = group_find(c, id);
	if (!*g)
		return KERR_GROUP_ID_NOT_FOUND;
	return group_is(*g, GROUP_EMPTY) ? KERR_NONE : KERR_NON_EMPTY_GROUP;
}

void group_delete(struct coordinator *c, const struct group_caller *who,
	const struct delete_groups_request *r, struct group_reply reply)
{
	struct delete *d = ALLOC(struct delete);
	int32_t n = r->n_groups_names > 0 ? r->n_groups_names : 0;
	struct map seen;

	(void)who;
	map_init(&seen);
	d->reply = reply;
	d->under_way = 1;
	arena_init(&d->arena, 0);
	msg_init(&delete_groups_response_desc, &d->out);
	d->out.results = MSG_NEW(&d->arena, delete_groups_response_results, (size_t)n);
	for (int32_t i = 0; i < n; i++) {
		struct delete_groups_response_results *row = &d->out.results[d->out.n_results];
		struct group *g = NULL;

		/* A group that is named twice is deleted, and told of, once. */
		if (map_puts(&seen, r->groups_names[i], d))
			continue;
		row->group_id = arena_str(&d->arena, r->groups_names[i]);
		row->error_code = deletable(c, r->groups_names[i], &g);
		if (!row->error_code)
			delete_one(d, d->out.n_results, g);
		d->out.n_results++;
	}
	map_fini(&seen);
	finish(d);
}
