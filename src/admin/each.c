/* The same question to every broker, side by side. */
#include "admin/admin_impl.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct each {
	struct op op;
	struct admin *admin;
	struct arena arena;
	const void *request;
	int16_t key;
	int64_t deadline_ms, refresh;
	VEC(struct each_one *) ones; /* still to come */
	bool once;
	bool busy, dead;
	admin_each_fn *fn;
	void *arg;
	struct loop_defer start;
};

struct each_one {
	struct each *each;
	int32_t broker;
	int64_t ask;
};

static void each_free(struct each *e)
{
	vec_foreach (o, &e->ones) {
		admin_cancel(e->admin, (*o)->ask);
		free(*o);
	}
	vec_fini(&e->ones);
	if (e->refresh)
		admin_cancel(e->admin, e->refresh);
	loop_defer_cancel(&e->start);
	arena_fini(&e->arena);
	free(e);
}

static void on_cancel(struct op *op)
{
	struct each *e = CONTAINER_OF(op, struct each, op);

	e->dead = true;
	if (!e->busy)
		each_free(e);
}

static void tell(struct each *e, int32_t broker, const struct err *why, int16_t version,
	const void *response)
{
	bool last = e->ones.n == 0;

	if (last)
		op_end(&e->op);
	e->busy = true;
	e->fn(e->arg, broker, why, version, response, e->ones.n);
	e->busy = false;
	if (last || e->dead)
		each_free(e);
}

static void on_reply(void *arg, const struct err *why, int16_t version, const void *response,
	struct arena *arena)
{
	struct each_one *o = arg;
	struct each *e = o->each;
	int32_t broker = o->broker;

	(void)arena;
	for (size_t i = 0; i < e->ones.n; i++)
		if (e->ones.v[i] == o) {
			vec_remove(&e->ones, i);
			break;
		}
	free(o);
	tell(e, broker, why, version, response);
}

static void send_all(struct each *e)
{
	struct admin *a = e->admin;
	struct err why = {0};

	if (!a->cache.brokers.n) {
		err_set(&why, ERR_NOT_FOUND, "the cluster names no brokers yet: try again");
		tell(e, -1, &why, -1, NULL);
		return;
	}
	for (size_t i = 0; i < a->cache.brokers.n; i++) {
		struct each_one *o = ALLOC(struct each_one);
		o->each = e;
		o->broker = a->cache.brokers.v[i].id;
		vec_push(&e->ones, o);
		o->ask = ask_start(a, &(struct ask_spec){.key = e->key,
					      .request = e->request,
					      .lend = true,
					      .to = {.to = ADMIN_BROKER, .broker = o->broker},
					      .once = e->once,
					      .internal = true,
					      .timeout_ms = time_left(a, e->deadline_ms),
					      .fn = on_reply,
					      .arg = o});
	}
}

static void on_refreshed(void *arg, const struct err *why)
{
	struct each *e = arg;

	e->refresh = 0;
	if (why)
		tell(e, -1, why, -1, NULL);
	else
		send_all(e);
}

static void on_start(void *arg)
{
	struct each *e = arg;
	static const struct str none;

	if (e->admin->cache.brokers.n)
		send_all(e);
	else
		e->refresh = refresh_start(e->admin, true, &none, 0,
			time_left(e->admin, e->deadline_ms), on_refreshed, e);
}

int64_t each_start(struct admin *a, int16_t api_key, const void *request, int64_t timeout_ms,
	bool once, admin_each_fn *fn, void *arg)
{
	struct each *e = ALLOC(struct each);
	const struct api *api = api_find(api_key);

	e->admin = a;
	e->key = api_key;
	e->deadline_ms = deadline_from(a, timeout_ms);
	e->once = once;
	e->fn = fn;
	e->arg = arg;
	arena_init(&e->arena, 0);
	if (api)
		e->request = msg_copy(api->request, request, &e->arena);
	loop_defer(a->loop, &e->start, on_start, e);
	return op_start(a, &e->op, false, on_cancel);
}

int64_t admin_call_each(struct admin *a, int16_t api_key, const void *request, int64_t timeout_ms,
	admin_each_fn *fn, void *arg)
{
	return each_start(a, api_key, request, timeout_ms, true, fn, arg);
}

int64_t admin_describe_log_dirs(
	struct admin *a, const struct describe_log_dirs_request *r, admin_each_fn *fn, void *arg)
{
	struct describe_log_dirs_request all;

	msg_init(&describe_log_dirs_request_desc, &all);
	all.topics = NULL;
	all.n_topics = -1;
	return admin_call_each(a, API_DESCRIBE_LOG_DIRS, r ? r : &all, 0, fn, arg);
}
