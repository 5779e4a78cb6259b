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
		crowd_told(c, b, at, g->error_code, g->error_message);
	}
}

static const struct crowd_kind describe = {API_DESCRIBE_GROUPS, build_describe, take_described, 0};

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

/* ---- FindCoordinator alone ---- */

static const struct crowd_kind find = {API_FIND_COORDINATOR, NULL, NULL, 0};

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

static const struct crowd_kind fetch = {API_OFFSET_FETCH, build_fetch, take_fetched, BY_NAME};

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

static const struct crowd_kind delete_groups = {API_DELETE_GROUPS, build_delete, take_deleted, 0};

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

static const struct crowd_kind commit = {API_OFFSET_COMMIT, build_given, take_committed, BY_NAME};
static const struct crowd_kind delete_offsets = {
	API_OFFSET_DELETE, build_given, take_offsets_deleted, 0};

static int64_t start_given(struct admin *a, const struct crowd_kind *kind, const void *request,
	struct str group, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	struct crowd *c = crowd_new(a, kind, &group, 1, timeout_ms, fn, arg);
	const struct msg_desc *d = api_find(kind->key)->request;
	void *copy = arena_alloc(&c->arena, d->body->size);

	if (!msg_copy(d, request, &c->arena, copy))
		abort(); /* the arena has no limit */
	c->request = copy;
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
