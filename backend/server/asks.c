/* See asks.h. */
#include "server/asks.h"

#include <stdlib.h>

#include "api/submit.h"
#include "base/xalloc.h"

#define RETRY_MS 20

struct asks {
	struct loop *loop;
	struct peers *peers;
	int32_t (*leader)(void *arg);
	void *arg;
	struct list list;
	bool closing;
};

static void on_reply(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena);

struct asks *asks_new(struct loop *l, struct peers *p, int32_t (*leader)(void *arg), void *arg)
{
	struct asks *a = ALLOC(struct asks);

	a->loop = l;
	a->peers = p;
	a->leader = leader;
	a->arg = arg;
	list_init(&a->list);
	return a;
}

void ask_cancel(struct ask *q)
{
	if (!ask_active(q))
		return;
	io_timer_stop(&q->timer);
	if (q->call)
		peers_cancel(q->asks->peers, q->call);
	q->call = 0;
	list_remove(&q->node);
}

static void end(struct ask *q, int rc, const char *why)
{
	struct err e = {0};

	ask_cancel(q);
	err_set(&e, rc, "%s", why);
	q->done(q, &e, NULL);
}

/* Looks again after a pause, and in any case at the deadline. */
static void wait(struct ask *q, int64_t pause_ms)
{
	int64_t left = q->deadline_ms - loop_now_ms(q->asks->loop);

	io_timer_start(&q->timer, max_i64(0, min_i64(left, pause_ms)), 0);
}

static void attempt(struct ask *q)
{
	struct asks *a = q->asks;
	int64_t left = q->deadline_ms - loop_now_ms(a->loop);
	int32_t leader = a->leader(a->arg);
	struct link_call call = {
		.api_key = q->api_key,
		.version = q->version,
		.timeout_ms = max_i64(1, left),
		.request = q->request,
		.fn = on_reply,
		.arg = q,
	};

	if (left <= 0) {
		end(q, ERR_TIMEOUT, "the controller did not answer in time");
		return;
	}
	if (leader < 0) {
		wait(q, left);
		return;
	}
	q->to = leader;
	q->call = peers_call(a->peers, leader, q->lane, &call);
	/* The call has the deadline. */
	io_timer_stop(&q->timer);
}

static void on_timer(void *arg)
{
	attempt(arg);
}

/* The controller that answered is it no longer. */
static bool is_elsewhere(const struct api *api, const void *response)
{
	const struct msg_struct *s = api->response->body;

	return api_has_error(s, response, KERR_NOT_CONTROLLER) ||
	       (api->key == API_DESCRIBE_QUORUM &&
		       api_has_error(s, response, KERR_NOT_LEADER_OR_FOLLOWER));
}

static void on_reply(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct ask *q = arg;
	const struct api *api = api_find(q->api_key);

	(void)version;
	(void)arena;
	q->call = 0;
	if (response && !is_elsewhere(api, response)) {
		ask_cancel(q);
		q->done(q, NULL, response);
		return;
	}
	if (e && e->code == ERR_CANCELLED)
		end(q, ERR_CANCELLED, e->msg);
	else if (e && (e->code == ERR_UNSUPPORTED || e->code == ERR_INVALID))
		end(q, e->code, e->msg);
	else
		wait(q, RETRY_MS);
}

void ask_start(struct asks *a, struct ask *q)
{
	q->asks = a;
	q->call = 0;
	q->to = -1;
	io_timer_init(&q->timer, a->loop, on_timer, q);
	list_push_back(&a->list, &q->node);
	if (a->closing || a->leader(a->arg) < 0 || q->deadline_ms <= loop_now_ms(a->loop))
		wait(q, INT64_MAX);
	else
		attempt(q);
}

/* What is under way to somebody else would come too late. */
void asks_look(struct asks *a)
{
	int32_t leader = a->leader(a->arg);

	if (leader < 0)
		return;
	list_foreach (node, &a->list) {
		struct ask *q = CONTAINER_OF(node, struct ask, node);

		if (q->call && q->to != leader) {
			peers_cancel(a->peers, q->call);
			q->call = 0;
		}
		if (!q->call)
			wait(q, 0);
	}
}

void asks_free(struct asks *a)
{
	struct list_node *node;

	if (!a)
		return;
	a->closing = true;
	while ((node = list_first(&a->list)))
		end(CONTAINER_OF(node, struct ask, node), ERR_CANCELLED, "this node is stopping");
	free(a);
}
