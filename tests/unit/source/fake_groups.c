/* Lists, descriptions and commits as src/admin/groups.h gives them, from a table. */
#include "fake_groups.h"
#include "fake_cluster.h"

#include "base/xalloc.h"
#include <stdio.h>

struct fake_groups fake_groups;

struct inquiry {
	VEC(struct admin_group) all;
	struct arena arena;
	admin_groups_fn *fn;
	void *arg;
	int32_t broker;
	const char *type; /* of the groups that are described; NULL: commits */
};

void fake_groups_init(void)
{
	fake_groups = (struct fake_groups){0};
}

void fake_groups_fini(void)
{
	vec_fini(&fake_groups);
}

void fake_groups_add(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct fake_group *g = vec_add(&fake_groups);

		snprintf(g->name, sizeof(g->name), "g-%05zu", fake_groups.n - 1);
		g->state = "Stable";
		g->type = "classic";
		g->broker = (int32_t)(i % 2) + 1;
		g->members = 1;
	}
}

static struct fake_group *find(struct str name)
{
	vec_foreach (g, &fake_groups)
		if ((!g->gone || g->linger) && str_eqz(name, g->name))
			return g;
	return NULL;
}

void fake_list_groups(int32_t broker, admin_reply_fn *fn, void *arg)
{
	struct list_groups_response r = {.error_code = fake_groups.no_list};
	VEC(struct list_groups_response_groups) v = {0};

	fake_groups.lists++;
	vec_foreach (g, &fake_groups)
		if (!g->gone && g->broker == broker)
			vec_push(&v,
				((struct list_groups_response_groups){.group_id = str_of(g->name),
					.protocol_type = STR_LIT("consumer"),
					.group_state = str_of(g->state),
					.group_type = str_of(g->type)}));
	r.groups = v.v;
	r.n_groups = (int32_t)v.n;
	fn(arg, NULL, 5, &r, NULL);
	vec_fini(&v);
}

static void describe(struct inquiry *q, struct admin_group *out, struct fake_group *g)
{
	struct describe_groups_response_groups *d =
		ARENA_NEW(&q->arena, struct describe_groups_response_groups);

	if (g)
		g->described++;
	out->error = g && str_eqz(str_of(g->type), q->type) ? fake_groups.no_describe
							    : KERR_GROUP_ID_NOT_FOUND;
	d->group_state = str_of(g ? g->state : "Dead");
	d->members = arena_array(&q->arena, 8, sizeof(*d->members));
	for (int i = 0; g && i < g->members; i++)
		d->members[d->n_members++] = (struct describe_groups_response_members){
			.member_id = str_of(arena_printf(&q->arena, "m-%d", i)),
			.client_id = STR_LIT("c"),
			.client_host = STR_LIT("/127.0.0.1")};
	out->described = out->error ? NULL : d;
	if (!out->error && strcmp(q->type, "consumer") == 0) {
		struct consumer_group_describe_response_groups *newer =
			ARENA_NEW(&q->arena, struct consumer_group_describe_response_groups);

		newer->group_epoch = 7;
		out->consumer = newer;
	}
}

static void fetch(struct inquiry *q, struct admin_group *out, struct fake_group *g)
{
	struct offset_fetch_response_groups *r =
		ARENA_NEW(&q->arena, struct offset_fetch_response_groups);
	struct offset_fetch_response_groups_topics *t =
		ARENA_NEW(&q->arena, struct offset_fetch_response_groups_topics);

	out->error = g ? fake_groups.no_commits : KERR_NONE;
	out->offsets = out->error ? NULL : r;
	if (!g)
		return;
	g->fetched++;
	r->topics = t;
	r->n_topics = 1;
	t->name = STR_LIT("orders");
	t->partitions = arena_array(&q->arena, 2, sizeof(*t->partitions));
	for (int i = 0; i < 2; i++) {
		if (fake_groups.grow)
			g->committed[i] = fake.end[i];
		if (g->committed[i] >= 0)
			t->partitions[t->n_partitions++] =
				(struct offset_fetch_response_groups_topics_partitions){
					.partition_index = i, .committed_offset = g->committed[i]};
	}
}

static void answer_one(struct inquiry *q, struct admin_group *out)
{
	struct fake_group *g = find(out->group);
	bool lost = fake.dead_broker[g ? g->broker : q->broker];

	if (out->answered)
		return;
	out->answered = true;
	out->coordinator = g ? g->broker : q->broker;
	if (lost)
		out->error = KERR_REQUEST_TIMED_OUT;
	else if (q->type)
		describe(q, out, g);
	else
		fetch(q, out, g);
}

static void answer(void *arg)
{
	struct inquiry *q = arg;
	size_t first = fake_groups.two ? q->all.n / 2 : 0;

	for (size_t i = 0; i < first; i++)
		answer_one(q, &q->all.v[i]);
	if (first)
		q->fn(q->arg, q->all.v, q->all.n, q->broker, q->all.n - first);
	vec_foreach (g, &q->all)
		answer_one(q, g);
	if (!q->type)
		for (int i = 0; i < 2; i++)
			fake.end[i] += fake_groups.grow;
	q->fn(q->arg, q->all.v, q->all.n, q->broker, 0);
}

static void over(void *arg)
{
	struct inquiry *q = arg;

	vec_foreach (g, &q->all)
		free((void *)(uintptr_t)g->group.p);
	vec_fini(&q->all);
	arena_fini(&q->arena);
	free(q);
}

static int64_t inquire(const char *type, int32_t broker, const struct str *groups, size_t n,
	admin_groups_fn *fn, void *arg)
{
	struct inquiry *q = ALLOC(struct inquiry);
	int64_t ms = type ? fake_groups.describe_ms : fake_groups.fetch_ms;

	arena_init(&q->arena, 0);
	q->fn = fn;
	q->arg = arg;
	q->broker = broker;
	q->type = type;
	for (size_t i = 0; i < n; i++)
		vec_push(&q->all,
			((struct admin_group){.group = {str_dup(groups[i]), groups[i].n}}));
	fake_groups.most = max_size(fake_groups.most, n);
	return fake_ask(answer, over, q, fake.dead_broker[broker] ? 100 : ms);
}

int64_t admin_describe_groups_at(struct admin *a, int32_t broker, const struct str *groups,
	size_t n, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	(void)a;
	(void)timeout_ms;
	fake_groups.describes++;
	return inquire("classic", broker, groups, n, fn, arg);
}

int64_t admin_describe_consumer_groups_at(struct admin *a, int32_t broker, const struct str *groups,
	size_t n, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	(void)a;
	(void)timeout_ms;
	fake_groups.describes++;
	return inquire("consumer", broker, groups, n, fn, arg);
}

int64_t admin_fetch_group_offsets_at(struct admin *a, int32_t broker, const struct str *groups,
	size_t n, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	(void)a;
	(void)timeout_ms;
	fake_groups.fetches++;
	return inquire(NULL, broker, groups, n, fn, arg);
}
