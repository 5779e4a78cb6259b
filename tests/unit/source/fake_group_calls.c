/* See fake_group_calls.h. A question that is refreshed with nothing in it is the deferral. */
#include "fake_group_calls.h"

#include "base/vec.h"
#include "base/xalloc.h"
#include <stdlib.h>

struct fake_group_calls fake_calls;

struct call {
	struct arena arena;
	struct admin_group *all;
	size_t n;
	void (*fill)(struct call *c, struct admin_group *g);
	const void *request;
	admin_groups_fn *fn;
	void *arg;
};

static VEC(struct call *) calls;

void fake_calls_reset(void)
{
	vec_foreach (it, &calls) {
		arena_fini(&(*it)->arena);
		free(*it);
	}
	vec_fini(&calls);
	fake_calls = (struct fake_group_calls){.to = {-1, -1}};
}

static void answer(void *arg, const struct err *e)
{
	struct call *c = arg;

	(void)e;
	for (size_t i = 0; i < c->n; i++) {
		struct admin_group *g = &c->all[i];

		g->answered = true;
		g->coordinator = 1;
		g->error = fake_calls.error;
		if (!g->error)
			c->fill(c, g);
		g->why = g->error ? "the coordinator's own words" : NULL;
	}
	c->fn(c->arg, c->all, c->n, 1, 0);
}

static struct call *call_new(struct admin *a, const struct str *groups, size_t n,
	admin_groups_fn *fn, void *arg, void (*fill)(struct call *c, struct admin_group *g))
{
	struct call *c = ALLOC(struct call);

	(void)a;
	vec_push(&calls, c);
	arena_init(&c->arena, 0);
	c->all = arena_array(&c->arena, n, sizeof(*c->all));
	c->n = n;
	c->fn = fn;
	c->arg = arg;
	c->fill = fill;
	for (size_t i = 0; i < n; i++)
		c->all[i].group = arena_str(&c->arena, groups[i]);
	fake_calls.asked++;
	return c;
}

static int64_t call_send(struct admin *a, struct call *c)
{
	return admin_refresh(a, NULL, 0, 0, answer, c);
}

/* ---- who is in it -------------------------------------------------------------------------- */

static struct str text(const char *z)
{
	return z ? str_of(z) : STR_LIT("");
}

static void fill_description(struct call *c, struct admin_group *g)
{
	struct describe_groups_response_groups *d =
		MSG_NEW(&c->arena, describe_groups_response_groups, 1);

	g->error = fake_calls.missing;
	if (g->error)
		return;
	d->group_id = g->group;
	d->group_state = str_of(fake_calls.state ? fake_calls.state : "Empty");
	d->n_members = fake_calls.n_members;
	d->members = MSG_NEW(&c->arena, describe_groups_response_members, 8);
	for (int i = 0; i < fake_calls.n_members; i++) {
		d->members[i].member_id = text(fake_calls.members[i].id);
		d->members[i].client_id = text(fake_calls.members[i].client);
		d->members[i].group_instance_id = text(fake_calls.members[i].instance);
	}
	g->described = d;
}

int64_t admin_describe_groups(struct admin *a, const struct str *groups, size_t n,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	(void)timeout_ms;
	return call_send(a, call_new(a, groups, n, fn, arg, fill_description));
}

/* ---- what it has committed ------------------------------------------------------------------ */

static void fill_offsets(struct call *c, struct admin_group *g)
{
	struct offset_fetch_response_groups *o =
		MSG_NEW(&c->arena, offset_fetch_response_groups, 1);
	struct offset_fetch_response_groups_topics *t =
		MSG_NEW(&c->arena, offset_fetch_response_groups_topics, 2);

	t->name = STR_LIT("orders");
	t->partitions = MSG_NEW(&c->arena, offset_fetch_response_groups_topics_partitions, 2);
	for (int32_t i = 1; i >= 0; i--) {
		struct offset_fetch_response_groups_topics_partitions *p = &t->partitions[1 - i];

		t->n_partitions++;
		p->partition_index = i;
		p->committed_offset = fake_calls.committed[i];
		p->error_code = i == 1 ? fake_calls.no_commit : 0;
	}
	o->topics = t;
	o->n_topics = 1;
	if (fake_calls.gone) {
		t[1].name = str_of(fake_calls.gone);
		t[1].partitions =
			MSG_NEW(&c->arena, offset_fetch_response_groups_topics_partitions, 1);
		t[1].partitions->committed_offset = 3;
		t[1].n_partitions = 1;
		o->n_topics = 2;
	}
	g->offsets = o;
}

int64_t admin_fetch_group_offsets(struct admin *a, const struct str *groups, size_t n,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	(void)timeout_ms;
	return call_send(a, call_new(a, groups, n, fn, arg, fill_offsets));
}

const struct admin_partition *admin_partition_find(const struct admin_topic *t, int32_t index)
{
	return index < t->n_partitions ? &t->partitions[index] : NULL;
}

/* ---- changes ------------------------------------------------------------------------------- */

static void fill_commit(struct call *c, struct admin_group *g)
{
	const struct offset_commit_request *q = c->request;
	struct offset_commit_response *r = MSG_NEW(&c->arena, offset_commit_response, 1);

	r->topics = MSG_NEW(&c->arena, offset_commit_response_topics, (size_t)q->n_topics);
	for (int32_t t = 0; t < q->n_topics; t++) {
		struct offset_commit_response_topics *to = &r->topics[r->n_topics++];

		to->name = q->topics[t].name;
		to->partitions = MSG_NEW(&c->arena, offset_commit_response_partitions,
			(size_t)q->topics[t].n_partitions);
		for (int32_t p = 0; p < q->topics[t].n_partitions; p++) {
			int32_t index = q->topics[t].partitions[p].partition_index;

			if (fake_calls.silent && index == 1)
				continue;
			to->partitions[to->n_partitions].partition_index = index;
			to->partitions[to->n_partitions++].error_code = fake_calls.refuse[index];
		}
	}
	g->committed = r;
}

int64_t admin_commit_offsets(struct admin *a, const struct offset_commit_request *r,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	struct call *c = call_new(a, &r->group_id, 1, fn, arg, fill_commit);

	(void)timeout_ms;
	c->request = msg_copy(&offset_commit_request_desc, r, &c->arena);
	fake_calls.commits++;
	for (int32_t p = 0; p < r->topics[0].n_partitions; p++)
		fake_calls.to[r->topics[0].partitions[p].partition_index] =
			r->topics[0].partitions[p].committed_offset;
	return call_send(a, c);
}

static void fill_deletion(struct call *c, struct admin_group *g)
{
	(void)c;
	if (fake_calls.refused && str_eqz(g->group, fake_calls.refused))
		g->error = fake_calls.why;
}

int64_t admin_delete_groups(struct admin *a, const struct str *groups, size_t n, int64_t timeout_ms,
	admin_groups_fn *fn, void *arg)
{
	(void)timeout_ms;
	fake_calls.deletes++;
	fake_calls.n_groups = n;
	return call_send(a, call_new(a, groups, n, fn, arg, fill_deletion));
}

static void fill_offsets_deleted(struct call *c, struct admin_group *g)
{
	struct offset_delete_response *r = MSG_NEW(&c->arena, offset_delete_response, 1);

	r->topics = MSG_NEW(&c->arena, offset_delete_response_topics, 1);
	r->n_topics = 1;
	r->topics->name = STR_LIT("orders");
	r->topics->partitions = MSG_NEW(&c->arena, offset_delete_response_partitions, 2);
	r->topics->n_partitions = fake_calls.n_partitions;
	for (int32_t i = 0; i < r->topics->n_partitions; i++) {
		r->topics->partitions[i].partition_index = i;
		r->topics->partitions[i].error_code = fake_calls.refuse[i];
	}
	g->deleted_offsets = r;
}

int64_t admin_delete_group_offsets(struct admin *a, const struct offset_delete_request *r,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	(void)timeout_ms;
	fake_calls.deletes++;
	fake_calls.n_partitions = r->topics[0].n_partitions;
	return call_send(a, call_new(a, &r->group_id, 1, fn, arg, fill_offsets_deleted));
}
