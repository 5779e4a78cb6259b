/*
 * Asking for metadata. One request is under way at a time; refreshes that come meanwhile share the
 * next one, which asks for all topics when any of them does, else for the union of their names.
 */
#include "admin/admin_impl.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* Names in one request; beyond that all topics are as cheap. */
#define NAMES_MAX 2000

static void start_later(struct admin *a);

static void refresh_free(struct refresh *r)
{
	list_remove(&r->node);
	io_timer_stop(&r->deadline);
	arena_fini(&r->arena);
	free(r);
}

static void refresh_cancel(struct op *op)
{
	refresh_free(CONTAINER_OF(op, struct refresh, op));
}

static void finish(struct refresh *r, const struct err *e)
{
	admin_refresh_fn *fn = r->fn;
	void *arg = r->arg;

	op_end(&r->op);
	refresh_free(r);
	if (fn)
		fn(arg, e);
}

static void on_deadline(void *arg)
{
	struct err e = {0};

	err_set(&e, ERR_TIMEOUT, "Metadata: no broker answered in time");
	finish(arg, &e);
}

static struct refresh *next_joined(struct admin *a)
{
	list_foreach (n, &a->refreshes) {
		struct refresh *r = CONTAINER_OF(n, struct refresh, node);
		if (r->joined)
			return r;
	}
	return NULL;
}

static void on_metadata(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct admin *a = arg;
	const struct metadata_response *m = response;
	struct err why = {0};
	struct refresh *r;

	(void)arena;
	a->refreshing = 0;
	if (m && m->error_code) {
		admin_kerr(&why, m->error_code, STR_NULL, "Metadata");
		e = &why;
	}
	if (!e)
		cache_update(
			a, m, a->refresh_full || version == 0 || (version < 4 && m->n_topics > 0));
	while ((r = next_joined(a)))
		finish(r, e);
	if (!list_empty(&a->refreshes))
		start_later(a);
}

static int name_cmp(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* The names of all that join, each once; -1: all topics. */
static int32_t join(struct admin *a, struct arena *arena, struct metadata_request_topics **out)
{
	VEC(struct str) names = {0};
	bool all = false;
	int32_t n = 0;

	list_foreach (at, &a->refreshes) {
		struct refresh *r = CONTAINER_OF(at, struct refresh, node);
		r->joined = true;
		all |= r->all;
		for (size_t i = 0; i < r->n; i++)
			vec_push(&names, r->names[i]);
	}
	vec_sort(&names, name_cmp);
	*out = MSG_NEW(arena, metadata_request_topics, names.n);
	for (size_t i = 0; i < names.n; i++)
		if (i == 0 || !str_eq(names.v[i], names.v[i - 1]))
			(*out)[n++].name = names.v[i];
	vec_fini(&names);
	return all || n > NAMES_MAX ? -1 : n;
}

static void start(void *arg)
{
	struct admin *a = arg;
	struct metadata_request r;
	struct arena arena;

	if (a->refreshing || list_empty(&a->refreshes))
		return;
	arena_init(&arena, 0);
	msg_init(&metadata_request_desc, &r);
	r.allow_auto_topic_creation = false;
	r.n_topics = join(a, &arena, &r.topics);
	if (r.n_topics < 0)
		r.topics = NULL;
	a->refresh_full = r.n_topics < 0;
	a->refreshing = ask_start(a, &(struct ask_spec){.key = API_METADATA,
					     .request = &r,
					     .internal = true,
					     .fn = on_metadata,
					     .arg = a});
	arena_fini(&arena);
}

static void start_later(struct admin *a)
{
	if (!a->refreshing)
		loop_defer(a->loop, &a->refresh_start, start, a);
}

int64_t refresh_start(struct admin *a, bool internal, const struct str *topics, size_t n,
	int64_t timeout_ms, admin_refresh_fn *fn, void *arg)
{
	struct refresh *r = ALLOC(struct refresh);
	int64_t id = op_start(a, &r->op, internal, refresh_cancel);

	r->admin = a;
	r->all = topics == NULL;
	r->n = topics ? n : 0;
	r->fn = fn;
	r->arg = arg;
	arena_init(&r->arena, 0);
	r->names = arena_array(&r->arena, r->n, sizeof(*r->names));
	for (size_t i = 0; i < r->n; i++)
		r->names[i] = arena_str(&r->arena, topics[i]);
	list_push_back(&a->refreshes, &r->node);
	io_timer_init(&r->deadline, a->loop, on_deadline, r);
	io_timer_at(&r->deadline, deadline_from(a, timeout_ms));
	start_later(a);
	return id;
}

int64_t admin_refresh(struct admin *a, const struct str *topics, size_t n, int64_t timeout_ms,
	admin_refresh_fn *fn, void *arg)
{
	return refresh_start(a, false, topics, n, timeout_ms, fn, arg);
}
