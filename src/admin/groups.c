/* What is asked about groups, each kind as crowd.c sends it, and the list of them. */
#include "admin/groups.h"

#include <stdlib.h>

#include "admin/crowd.h"

/* Later versions of OffsetFetch and OffsetCommit name topics by id alone, which a topic that is
 * gone does not have any more. */
enum { BY_NAME = 9 };

static struct str *names(struct crowd *c, struct crowd_batch *b)
{
	struct str *v = arena_array(&b->arena, b->n, sizeof(*v));

	for (size_t i = 0; i < b->n; i++)
		v[i] = crowd_group(c, b, i)->group;
	return v;
}

/* Which of the batch the answer's i-th item is about. */
static size_t place(const struct crowd *c, const struct crowd_batch *b, int32_t i, struct str group)
{
	if ((size_t)i < b->n && str_eq(crowd_group(c, b, i)->group, group))
		return (size_t)i;
	return crowd_find(c, b, group);
}

/* ---- DescribeGroups ---- */

static const void *build_describe(struct crowd *c, struct crowd_batch *b)
{
	struct describe_groups_request *r = ARENA_NEW(&b->arena, struct describe_groups_request);

	msg_init(&describe_groups_request_desc, r);
	r->groups = names(c, b);
	r->n_groups = (int32_t)b->n;
	return r;
}

static void take_described(struct crowd *c, struct crowd_batch *b, int16_t version, void *response)
{
	const struct describe_groups_response *r = response;

	(void)version;
	for (int32_t i = 0; i < r->n_groups; i++) {
		const struct describe_groups_response_groups *g = &r->groups[i];
		size_t at = place(c, b, i, g->group_id);
		if (at == b->n)
			continue;
		if (!g->error_code)
			crowd_group(c, b, at)->described = g;
		/* Either there is no such group, or it is of the newer protocol. */
		if (g->error_code == KERR_GROUP_ID_NOT_FOUND ||
			(!g->error_code && str_eqz(g->group_state, "Dead")))
			crowd_or_else(c, b, at, g->error_code, g->error_message);
		else
			crowd_told(c, b, at, g->error_code, g->error_message);
	}
}

/* ---- ConsumerGroupDescribe ---- */

static const void *build_consumers(struct crowd *c, struct crowd_batch *b)
{
	struct consumer_group_describe_request *r =
		ARENA_NEW(&b->arena, struct consumer_group_describe_request);

	msg_init(&consumer_group_describe_request_desc, r);
	r->group_ids = names(c, b);
	r->n_group_ids = (int32_t)b->n;
	return r;
}

/* As consumers of the older protocol would say it: the version, which is 0, and the message. */
static struct slice as_member_says(struct arena *a, const struct msg_desc *d, const void *message)
{
	struct buf out = BUF_EMPTY;
	struct slice said = SLICE_NULL;

	buf_put_be16(&out, 0);
	if (msg_encode_buf(d, 0, message, &out) == 0)
		said = arena_slice(a, buf_slice(&out));
	buf_fini(&out);
	return said;
}

static struct slice assignment_of(
	struct arena *a, const struct consumer_group_describe_response_assignment *from)
{
	struct consumer_protocol_assignment to;

	msg_init(&consumer_protocol_assignment_desc, &to);
	to.assigned_partitions = MSG_NEW(a, consumer_protocol_assignment_assigned_partitions,
		(size_t)max_i64(from->n_topic_partitions, 0));
	for (int32_t i = 0; i < from->n_topic_partitions; i++) {
		struct consumer_protocol_assignment_assigned_partitions *t =
			&to.assigned_partitions[to.n_assigned_partitions++];

		t->topic = from->topic_partitions[i].topic_name;
		t->partitions = from->topic_partitions[i].partitions;
		t->n_partitions = from->topic_partitions[i].n_partitions;
	}
	return as_member_says(a, &consumer_protocol_assignment_desc, &to);
}

static struct slice subscription_of(
	struct arena *a, const struct consumer_group_describe_response_members *m)
{
	struct consumer_protocol_subscription s;

	msg_init(&consumer_protocol_subscription_desc, &s);
	s.topics = m->subscribed_topic_names;
	s.n_topics = m->n_subscribed_topic_names;
	return as_member_says(a, &consumer_protocol_subscription_desc, &s);
}

static const struct describe_groups_response_groups *older_form(
	struct arena *a, const struct consumer_group_describe_response_groups *g)
{
	struct describe_groups_response_groups *to = MSG_NEW(a, describe_groups_response_groups, 1);

	to->group_id = g->group_id;
	to->group_state = g->group_state;
	to->protocol_type = STR_LIT("consumer");
	to->protocol_data = g->assignor_name;
	to->authorized_operations = g->authorized_operations;
	to->members =
		MSG_NEW(a, describe_groups_response_members, (size_t)max_i64(g->n_members, 0));
	for (; to->n_members < g->n_members; to->n_members++) {
		const struct consumer_group_describe_response_members *m =
			&g->members[to->n_members];
		struct describe_groups_response_members *row = &to->members[to->n_members];

		row->member_id = m->member_id;
		row->group_instance_id = m->instance_id;
		row->client_id = m->client_id;
		row->client_host = m->client_host;
		row->member_metadata = subscription_of(a, m);
		row->member_assignment = assignment_of(a, &m->assignment);
	}
	return to;
}

static void take_consumers(struct crowd *c, struct crowd_batch *b, int16_t version, void *response)
{
	const struct consumer_group_describe_response *r = response;

	(void)version;
	for (int32_t i = 0; i < r->n_groups; i++) {
		const struct consumer_group_describe_response_groups *g = &r->groups[i];
		size_t at = place(c, b, i, g->group_id);

		if (at == b->n)
			continue;
		if (!g->error_code) {
			crowd_group(c, b, at)->consumer = g;
			crowd_group(c, b, at)->described = older_form(&c->arena, g);
		}
		if (g->error_code == KERR_GROUP_ID_NOT_FOUND && c->kind != b->kind)
			crowd_stands(c, b, at);
		else
			crowd_told(c, b, at, g->error_code, g->error_message);
	}
}

static const struct crowd_kind consumers = {
	.key = API_CONSUMER_GROUP_DESCRIBE, .build = build_consumers, .take = take_consumers};
static const struct crowd_kind describe = {.key = API_DESCRIBE_GROUPS,
	.build = build_describe,
	.take = take_described,
	.or_else = &consumers};

int64_t admin_describe_groups(struct admin *a, const struct str *groups, size_t n,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return crowd_start(crowd_new(a, &describe, groups, n, timeout_ms, fn, arg));
}

static int64_t start_at(struct crowd *c, int32_t broker)
{
	crowd_known(c, broker);
	return crowd_start(c);
}

int64_t admin_describe_groups_at(struct admin *a, int32_t broker, const struct str *groups,
	size_t n, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return start_at(crowd_new(a, &describe, groups, n, timeout_ms, fn, arg), broker);
}

int64_t admin_describe_consumer_groups_at(struct admin *a, int32_t broker, const struct str *groups,
	size_t n, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return start_at(crowd_new(a, &consumers, groups, n, timeout_ms, fn, arg), broker);
}

/* ---- FindCoordinator alone ---- */

static const struct crowd_kind find = {.key = API_FIND_COORDINATOR};

int64_t admin_find_coordinators(struct admin *a, const struct str *groups, size_t n,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return crowd_start(crowd_new(a, &find, groups, n, timeout_ms, fn, arg));
}

/* ---- OffsetFetch ---- */

static const void *build_fetch(struct crowd *c, struct crowd_batch *b)
{
	struct offset_fetch_request *r = ARENA_NEW(&b->arena, struct offset_fetch_request);

	msg_init(&offset_fetch_request_desc, r);
	r->groups = MSG_NEW(&b->arena, offset_fetch_request_groups, b->n);
	r->n_groups = (int32_t)b->n;
	for (size_t i = 0; i < b->n; i++) {
		r->groups[i].group_id = crowd_group(c, b, i)->group;
		r->groups[i].topics = NULL;
		r->groups[i].n_topics = -1; /* all */
	}
	return r;
}

/* An answer about one group (before version 8) in the shape of the others. */
static const struct offset_fetch_response_groups *reshape(
	struct arena *a, const struct offset_fetch_response *r)
{
	struct offset_fetch_response_groups *g = MSG_NEW(a, offset_fetch_response_groups, 1);

	g->topics =
		MSG_NEW(a, offset_fetch_response_groups_topics, (size_t)max_i64(r->n_topics, 0));
	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct offset_fetch_response_topics *from = &r->topics[i];
		struct offset_fetch_response_groups_topics *to = &g->topics[g->n_topics++];
		to->name = from->name;
		to->partitions = MSG_NEW(a, offset_fetch_response_groups_topics_partitions,
			(size_t)max_i64(from->n_partitions, 0));
		for (int32_t p = 0; p < from->n_partitions; p++) {
			const struct offset_fetch_response_topics_partitions *q =
				&from->partitions[p];
			to->partitions[to->n_partitions++] =
				(struct offset_fetch_response_groups_topics_partitions){
					.partition_index = q->partition_index,
					.committed_offset = q->committed_offset,
					.committed_leader_epoch = q->committed_leader_epoch,
					.metadata = q->metadata,
					.error_code = q->error_code};
		}
	}
	g->error_code = r->error_code;
	return g;
}

/* Before version 2 an error of the group stands in each of its partitions. */
static int16_t error_of(const struct offset_fetch_response_groups *g)
{
	if (g->error_code)
		return g->error_code;
	for (int32_t t = 0; t < g->n_topics; t++)
		for (int32_t p = 0; p < g->topics[t].n_partitions; p++) {
			int16_t code = g->topics[t].partitions[p].error_code;
			if (code == KERR_NOT_COORDINATOR ||
				code == KERR_COORDINATOR_LOAD_IN_PROGRESS)
				return code;
		}
	return KERR_NONE;
}

static void take_offsets(struct crowd *c, struct crowd_batch *b, size_t at,
	const struct offset_fetch_response_groups *g)
{
	int16_t error = error_of(g);

	if (at == b->n)
		return;
	if (!error)
		crowd_group(c, b, at)->offsets = g;
	crowd_told(c, b, at, error, STR_NULL);
}

static void take_fetched(struct crowd *c, struct crowd_batch *b, int16_t version, void *response)
{
	const struct offset_fetch_response *r = response;

	if (version < 8)
		take_offsets(c, b, 0, reshape(&c->arena, r));
	else
		for (int32_t i = 0; i < r->n_groups; i++)
			take_offsets(c, b, place(c, b, i, r->groups[i].group_id), &r->groups[i]);
}

static const struct crowd_kind fetch = {
	.key = API_OFFSET_FETCH, .build = build_fetch, .take = take_fetched, .cap = BY_NAME};

int64_t admin_fetch_group_offsets(struct admin *a, const struct str *groups, size_t n,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return crowd_start(crowd_new(a, &fetch, groups, n, timeout_ms, fn, arg));
}

int64_t admin_fetch_group_offsets_at(struct admin *a, int32_t broker, const struct str *groups,
	size_t n, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return start_at(crowd_new(a, &fetch, groups, n, timeout_ms, fn, arg), broker);
}

/* ---- DeleteGroups ---- */

static const void *build_delete(struct crowd *c, struct crowd_batch *b)
{
	struct delete_groups_request *r = ARENA_NEW(&b->arena, struct delete_groups_request);

	msg_init(&delete_groups_request_desc, r);
	r->groups_names = names(c, b);
	r->n_groups_names = (int32_t)b->n;
	return r;
}

static void take_deleted(struct crowd *c, struct crowd_batch *b, int16_t version, void *response)
{
	const struct delete_groups_response *r = response;

	(void)version;
	for (int32_t i = 0; i < r->n_results; i++) {
		size_t at = place(c, b, i, r->results[i].group_id);
		if (at < b->n)
			crowd_told(c, b, at, r->results[i].error_code, STR_NULL);
	}
}

static const struct crowd_kind delete_groups = {
	.key = API_DELETE_GROUPS, .build = build_delete, .take = take_deleted};

int64_t admin_delete_groups(struct admin *a, const struct str *groups, size_t n, int64_t timeout_ms,
	admin_groups_fn *fn, void *arg)
{
	return crowd_start(crowd_new(a, &delete_groups, groups, n, timeout_ms, fn, arg));
}

/* ---- one group: OffsetCommit, OffsetDelete ---- */

static const void *build_given(struct crowd *c, struct crowd_batch *b)
{
	(void)b;
	return c->request;
}

static void take_committed(struct crowd *c, struct crowd_batch *b, int16_t version, void *response)
{
	const struct offset_commit_response *r = response;
	int16_t error = KERR_NONE;

	(void)version;
	/* The coordinator's own errors are the same in every partition. */
	for (int32_t t = 0; t < r->n_topics && !error; t++)
		for (int32_t p = 0; p < r->topics[t].n_partitions && !error; p++) {
			int16_t code = r->topics[t].partitions[p].error_code;
			if (code == KERR_NOT_COORDINATOR ||
				code == KERR_COORDINATOR_NOT_AVAILABLE ||
				code == KERR_COORDINATOR_LOAD_IN_PROGRESS)
				error = code;
		}
	if (!error)
		crowd_group(c, b, 0)->committed = r;
	crowd_told(c, b, 0, error, STR_NULL);
}

static void take_offsets_deleted(
	struct crowd *c, struct crowd_batch *b, int16_t version, void *response)
{
	const struct offset_delete_response *r = response;

	(void)version;
	if (!r->error_code)
		crowd_group(c, b, 0)->deleted_offsets = r;
	crowd_told(c, b, 0, r->error_code, STR_NULL);
}

static const struct crowd_kind commit = {
	.key = API_OFFSET_COMMIT, .build = build_given, .take = take_committed, .cap = BY_NAME};
static const struct crowd_kind delete_offsets = {
	.key = API_OFFSET_DELETE, .build = build_given, .take = take_offsets_deleted};

static int64_t start_given(struct admin *a, const struct crowd_kind *kind, const void *request,
	struct str group, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	struct crowd *c = crowd_new(a, kind, &group, 1, timeout_ms, fn, arg);

	c->request = msg_copy(api_find(kind->key)->request, request, &c->arena);
	return crowd_start(c);
}

int64_t admin_commit_offsets(struct admin *a, const struct offset_commit_request *r,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return start_given(a, &commit, r, r->group_id, timeout_ms, fn, arg);
}

int64_t admin_delete_group_offsets(struct admin *a, const struct offset_delete_request *r,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return start_given(a, &delete_offsets, r, r->group_id, timeout_ms, fn, arg);
}

/* ---- ListGroups ---- */

int64_t admin_list_groups(struct admin *a, const struct str *states, size_t n_states,
	const struct str *types, size_t n_types, int64_t timeout_ms, admin_each_fn *fn, void *arg)
{
	struct arena arena;
	struct list_groups_request r;
	int64_t id;

	arena_init(&arena, 0);
	msg_init(&list_groups_request_desc, &r);
	r.states_filter = arena_array(&arena, n_states, sizeof(struct str));
	r.types_filter = arena_array(&arena, n_types, sizeof(struct str));
	for (size_t i = 0; i < n_states; i++)
		r.states_filter[r.n_states_filter++] = states[i];
	for (size_t i = 0; i < n_types; i++)
		r.types_filter[r.n_types_filter++] = types[i];
	id = each_start(a, API_LIST_GROUPS, &r, timeout_ms, false, fn, arg);
	arena_fini(&arena);
	return id;
}
