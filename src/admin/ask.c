/*
 * One question: routing, sending, repeating.
 *
 *   NEW --> METADATA --> LINK --> SENT --> answered
 *    |         |          ^        |
 *    |         v          |        v
 *    +-------------------------> PAUSE --> (METADATA or LINK again)
 *
 * METADATA waits for the cache where the target is not known or no longer right; LINK for a
 * connection; PAUSE before the next attempt. The deadline ends it in any state.
 */
#include "admin/admin_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static void run(struct ask *k);

static void leave(struct ask *k)
{
	if (k->at) {
		k->at->asks--;
		if (k->at->gone)
			nodes_sweep_later(k->admin);
	}
	k->at = NULL;
	k->call = 0;
}

static void enter(struct ask *k, enum ask_state state, struct node *at)
{
	leave(k);
	k->state = state;
	k->at = at;
	if (at)
		at->asks++;
}

static void ask_free(struct ask *k)
{
	leave(k);
	io_timer_stop(&k->deadline);
	io_timer_stop(&k->pause);
	loop_defer_cancel(&k->start);
	arena_fini(&k->arena);
	free(k);
}

/* Takes back what has been begun, so that nothing calls the ask any more. */
static void withdraw(struct ask *k)
{
	if (k->state == ASK_SENT && k->call)
		link_cancel(k->at->link[k->spec.lane], k->call);
	if (k->state == ASK_METADATA && k->refresh)
		admin_cancel(k->admin, k->refresh);
	k->refresh = 0;
}

void ask_cancel(struct op *op)
{
	struct ask *k = ask_of(op);

	withdraw(k);
	ask_free(k);
}

static void finish(struct ask *k, const struct err *e, int16_t version, const void *response,
	struct arena *arena)
{
	struct err copy = e ? *e : (struct err){0};
	admin_reply_fn *fn = k->spec.fn;
	void *arg = k->spec.arg;

	withdraw(k);
	op_end(&k->op);
	ask_free(k);
	fn(arg, e ? &copy : NULL, version, response, arena);
}

static void fail(struct ask *k, const struct err *why)
{
	struct err e = *why;

	if (!strstr(e.msg, k->api->name))
		err_wrap(&e, "%s", k->api->name);
	finish(k, &e, -1, NULL, NULL);
}

static void on_deadline(void *arg)
{
	struct ask *k = arg;
	struct err e = {0};
	const char *to = k->at ? link_name(k->at->link[k->spec.lane]) : NULL;

	if (k->state == ASK_SENT)
		err_set(&e, ERR_TIMEOUT, "%s: no answer from %s in time%s", k->api->name, to,
			k->change ? "; it may be done all the same: look before trying again" : "");
	else if (k->last.code)
		err_set(&e, ERR_TIMEOUT, "%s: gave up after %u attempts, the last: %s",
			k->api->name, k->attempts, k->last.msg);
	else if (to)
		err_set(&e, ERR_TIMEOUT, "%s: no connection to %s in time", k->api->name, to);
	else
		err_set(&e, ERR_TIMEOUT, "%s: no broker answered in time", k->api->name);
	finish(k, &e, -1, NULL, NULL);
}

static void on_pause_over(void *arg)
{
	run(arg);
}

static void again(struct ask *k, const struct err *why)
{
	k->last = *why;
	k->fresh = false;
	enter(k, ASK_PAUSE, NULL);
	pause_start(k->admin, &k->pause, k->attempts ? k->attempts - 1 : 0);
}

/* ---- where to ---- */

static void on_refreshed(void *arg, const struct err *e)
{
	struct ask *k = arg;

	k->refresh = 0;
	if (e) {
		fail(k, e);
		return;
	}
	k->fresh = true;
	k->stale = false;
	run(k);
}

static void need_metadata(struct ask *k)
{
	const struct admin_target *to = &k->spec.to;
	bool topic = to->to == ADMIN_LEADER;

	enter(k, ASK_METADATA, NULL);
	k->refresh = refresh_start(k->admin, true, &to->topic, topic,
		k->deadline_ms - loop_now_ms(k->admin->loop), on_refreshed, k);
}

static void list_brokers(const struct admin *a, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < a->cache.brokers.n && at + 16 < size; i++)
		at += (size_t)snprintf(
			out + at, size - at, "%s%d", i ? ", " : "", a->cache.brokers.v[i].id);
}

/* 1: *node is it (NULL: any). 0: metadata is needed first. Negative: e says why not; ERR_AGAIN:
 * perhaps later. */
static int find_broker(struct ask *k, int32_t id, struct node **node, struct err *e)
{
	char ids[128];

	*node = node_find(k->admin, id);
	if (*node)
		return 1;
	if (!k->fresh)
		return 0;
	list_brokers(k->admin, ids, sizeof(ids));
	return err_set(e, ERR_NOT_FOUND, "the cluster has no broker %d now; it has: %s", id,
		*ids ? ids : "none");
}

static int find_leader(struct ask *k, struct node **node, struct err *e)
{
	const struct admin_target *to = &k->spec.to;
	const struct admin_topic *t = admin_topic_find(k->admin, to->topic);
	const struct admin_partition *p = t ? admin_partition_find(t, to->partition) : NULL;

	if (p && p->leader >= 0)
		return find_broker(k, p->leader, node, e);
	if (!k->fresh)
		return 0;
	if (!t)
		return err_set(e, ERR_NOT_FOUND, "there is no topic %.*s", STR_ARG(to->topic));
	if (!p)
		return err_set(e, ERR_NOT_FOUND, "topic %.*s has no partition %d",
			STR_ARG(to->topic), to->partition);
	return err_set(e, ERR_AGAIN,
		"partition %.*s-%d has no leader: no replica in sync is running",
		STR_ARG(to->topic), to->partition);
}

static int find(struct ask *k, struct node **node, struct err *e)
{
	const struct admin *a = k->admin;

	*node = NULL;
	if (k->stale)
		return 0;
	switch (k->spec.to.to) {
	case ADMIN_BROKER:
		return find_broker(k, k->spec.to.broker, node, e);
	case ADMIN_LEADER:
		return find_leader(k, node, e);
	case ADMIN_CONTROLLER:
		if (a->cache.pub.controller >= 0)
			return find_broker(k, a->cache.pub.controller, node, e);
		return k->fresh; /* brokers forward to a controller that they do not show */
	case ADMIN_ANY:
		return 1;
	}
	return 1;
}

static void run(struct ask *k)
{
	struct err e = {0};
	struct node *n;
	struct link *link;
	int rc = find(k, &n, &e);

	if (rc == 0) {
		need_metadata(k);
		return;
	}
	if (rc == ERR_AGAIN) {
		k->attempts++;
		again(k, &e);
		return;
	}
	if (rc < 0) {
		fail(k, &e);
		return;
	}
	enter(k, ASK_LINK, n);
	if (!n) {
		k->since = k->admin->seq;
		k->spec.lane = LANE_ASK;
		nodes_pump(k->admin);
		return;
	}
	link = node_link(n, k->spec.lane);
	if (link_state(link) == LINK_READY)
		ask_send(k, n);
	else
		(void)link_connect(link); /* in BACKOFF the node does it afterwards */
}

/* ---- sending ---- */

static void on_reply(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena);

static int64_t attempt_ms(const struct ask *k, bool alone)
{
	int64_t left = time_left(k->admin, k->deadline_ms);
	int64_t ms = k->spec.attempt_ms ? k->spec.attempt_ms : k->admin->opt.request_timeout_ms;

	/* A change is not repeated, so it gets all the time there is. Any broker can be exchanged
	 * for another: a silent one is not waited for as long at first. */
	if (k->change)
		return left;
	if (k->spec.to.to == ADMIN_ANY && !alone && k->attempts < 4)
		ms = min_i64(ms, (int64_t)2000 << k->attempts);
	return min_i64(ms, left);
}

void ask_send(struct ask *k, struct node *n)
{
	struct link *link = n->link[k->spec.lane];
	int16_t version =
		link_version_for(link, k->api->key, k->spec.cap > 0 ? k->spec.cap : (int16_t)-1);
	struct link_call c = {
		.api_key = k->api->key,
		.version = LINK_BEST,
		.cap = k->spec.cap,
		.timeout_ms = attempt_ms(k, k->admin->nodes.n < 2),
		.request = k->spec.request,
		.fn = on_reply,
		.arg = k,
	};
	struct err e = {0};
	struct arena arena;
	void *fit;
	int64_t id = ERR_UNSUPPORTED;

	arena_init(&arena, 0);
	fit = arena_alloc(&arena, k->api->request->body->size);
	memcpy(fit, k->spec.request, k->api->request->body->size);
	c.request = fit;
	if (version < 0 || adapt_request(k->api->key, version, fit, &arena, &e) == 0)
		id = link_call(link, &c, &e);
	else
		err_wrap(&e, "%s", link_name(link));
	arena_fini(&arena);
	k->attempts++;
	if (id > 0) {
		enter(k, ASK_SENT, n);
		k->call = id;
	} else if (id == ERR_FULL || id == ERR_AGAIN) {
		again(k, &e);
	} else {
		fail(k, &e);
	}
}

/* ---- answers ---- */

void ask_unconnected(struct ask *k, const struct err *why)
{
	enum admin_to to = k->spec.to.to;

	k->attempts++;
	if (k->spec.once || to == ADMIN_ANY || to == ADMIN_BROKER) {
		fail(k, why);
		return;
	}
	k->stale = true;
	again(k, why);
}

static void lost(struct ask *k, const struct err *why)
{
	struct err e = *why;
	bool closed = why->code == ERR_CLOSED || why->code == ERR_IO;

	k->call = 0;
	if (why->code != ERR_TIMEOUT && !closed) {
		fail(k, why);
		return;
	}
	if (k->change) {
		err_set(&e, why->code,
			"%s: %s. It may be done all the same: look before trying again",
			k->api->name, why->msg);
		fail(k, &e);
		return;
	}
	/* A connection may have ended for want of use: once, that is no reason to give up. */
	if ((k->spec.once || k->spec.to.to == ADMIN_BROKER) && (!closed || k->lost++ > 0)) {
		fail(k, why);
		return;
	}
	if (why->code == ERR_TIMEOUT && k->spec.to.to == ADMIN_ANY)
		k->at->silent = true;
	k->stale = k->spec.to.to == ADMIN_LEADER || k->spec.to.to == ADMIN_CONTROLLER;
	again(k, why);
}

/* Nothing has been done, and it may work elsewhere or later. */
static bool worth_again(struct ask *k, int16_t version, const void *response, struct err *e)
{
	struct scan s;

	if (k->spec.once || k->api->key == API_METADATA)
		return false;
	scan_response(k->api, version, response, k->change, &s);
	if (!s.errors || s.fine || s.passing < s.errors)
		return false;
	admin_kerr(e, s.first, s.first_said, "%s%s%s", k->api->name, *s.first_item ? ": " : "",
		s.first_item);
	return loop_now_ms(k->admin->loop) + k->admin->opt.backoff_max_ms < k->deadline_ms;
}

static void on_reply(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct ask *k = arg;
	struct err why = {0};

	k->at->silent = k->at->silent && e;
	if (e) {
		lost(k, e);
	} else if (worth_again(k, version, response, &why)) {
		k->stale = k->spec.to.to == ADMIN_LEADER || k->spec.to.to == ADMIN_CONTROLLER;
		again(k, &why);
	} else {
		k->call = 0;
		finish(k, NULL, version, response, arena);
	}
}

/* ---- beginning ---- */

static void on_start(void *arg)
{
	struct ask *k = arg;
	struct err e = {0};

	if (k->api) {
		run(k);
		return;
	}
	err_set(&e, ERR_UNSUPPORTED, "API key %d is not known here", k->spec.key);
	finish(k, &e, -1, NULL, NULL);
}

int64_t ask_start(struct admin *a, const struct ask_spec *spec)
{
	struct ask *k = ALLOC(struct ask);
	int64_t id = op_start(a, &k->op, spec->internal, ask_cancel);

	k->admin = a;
	k->spec = *spec;
	k->api = api_find(spec->key);
	k->change = k->api && (k->api->what & API_CHANGES);
	k->deadline_ms = deadline_from(a, spec->timeout_ms);
	arena_init(&k->arena, 0);
	k->spec.to.topic = arena_str(&k->arena, spec->to.topic);
	if (k->api && !spec->lend)
		k->spec.request = msg_copy(k->api->request, spec->request, &k->arena);
	io_timer_init(&k->deadline, a->loop, on_deadline, k);
	io_timer_init(&k->pause, a->loop, on_pause_over, k);
	io_timer_at(&k->deadline, k->deadline_ms);
	loop_defer(a->loop, &k->start, on_start, k);
	return id;
}

int64_t admin_call(struct admin *a, int16_t api_key, const void *request,
	const struct admin_target *to, int64_t timeout_ms, admin_reply_fn *fn, void *arg)
{
	return ask_start(a, &(struct ask_spec){.key = api_key,
				    .request = request,
				    .to = *to,
				    .timeout_ms = timeout_ms,
				    .fn = fn,
				    .arg = arg});
}
