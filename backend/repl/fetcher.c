/*
 * Fetching from one leader: one incremental session (KIP-227) over all partitions that this broker
 * follows there. A request says what has changed since the one before; what it does not name
 * stands.
 *
 *   NEW ──full request──▶ OPENING ──session id──▶ OPEN ──▶ one request in flight, the next as soon
 *    ▲                                             │       as its answer is in the logs
 *    └────── connection lost, session unknown ─────┘
 *
 * A request waits at the leader while there is nothing to tell. When a partition is added
 * meanwhile, a second request follows at once: the leader then answers the first.
 */
#define LOG_MODULE "repl"
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "repl/priv.h"
#include "wire/kerr.h"
#include "wire/msg.h"

#define MAX_CALLS      2
#define RETRY_MS       20
#define HOLD_MS        20
#define RECONNECT_MS   1000 /* most between tries to reach a leader */
#define SAY_AT_FAILURE 6    /* in a row: until then it is a leader that comes or goes */

struct forgotten {
	struct uuid topic;
	int32_t index;
};

struct repl_fetcher {
	struct repl *repl;
	int32_t leader;
	struct list parts;          /* follower.node: all that are fetched here */
	struct list changed;        /* follower.changed: of these, to be told */
	struct list held;           /* follower.held: of these, not fetched for a while */
	VEC(struct forgotten) gone; /* in the leader's session, to be told */
	int32_t n_in_session;
	int32_t session_id;    /* 0: none */
	int32_t session_epoch; /* of the next request; 0: a new session */
	int64_t broker_epoch;  /* this broker's, in the session */
	int64_t calls[MAX_CALLS];
	int n_calls;
	uint64_t sent, answered; /* requests, over all sessions */
	bool urgent;             /* a change that is not to wait for the answer */
	int64_t retry_ms;
	uint32_t failures;
	struct arena arena;
};

static struct partition *of_node(struct list_node *n)
{
	return CONTAINER_OF(n, struct partition, follower.node);
}

void fetchers_init(struct repl *r)
{
	map_init(&r->fetchers);
}

static struct repl_fetcher *fetcher_of(struct repl *r, int32_t leader)
{
	struct repl_fetcher *f = map_get64(&r->fetchers, (uint64_t)leader);

	if (f)
		return f;
	f = ALLOC(struct repl_fetcher);
	f->repl = r;
	f->leader = leader;
	list_init(&f->parts);
	list_init(&f->changed);
	list_init(&f->held);
	arena_init(&f->arena, 0);
	map_put64(&r->fetchers, (uint64_t)leader, f);
	return f;
}

static void cancel_calls(struct repl_fetcher *f)
{
	for (int i = 0; i < f->n_calls; i++)
		f->repl->set.net.cancel(f->repl->set.net.arg, f->calls[i]);
	f->n_calls = 0;
	f->answered = f->sent;
}

static void fetcher_free(struct repl_fetcher *f)
{
	cancel_calls(f);
	vec_fini(&f->gone);
	arena_fini(&f->arena);
	free(f);
}

void fetchers_fini(struct repl *r)
{
	void *value;

	for (size_t i = 0; map_next(&r->fetchers, &i, NULL, &value);)
		fetcher_free(value);
	map_fini(&r->fetchers);
}

/* ---- partitions come, wait and go ------------------------------------------------------------ */

static void tell(struct repl_fetcher *f, struct follower *fo)
{
	if (!list_holds(&fo->changed))
		list_push_back(&f->changed, &fo->changed);
}

/* With the next request, which is not to wait for the answer to the one in flight. */
static void tell_now(struct repl_fetcher *f, struct follower *fo)
{
	list_remove(&fo->held);
	fo->since = f->sent + 1;
	tell(f, fo);
	f->urgent = true;
}

static void leave_session(struct repl_fetcher *f, struct partition *p)
{
	list_remove(&p->follower.changed);
	if (!p->follower.in_session)
		return;
	p->follower.in_session = false;
	f->n_in_session--;
	/* Also while the request that opens the session is under way: it names this one. */
	vec_push(&f->gone, ((struct forgotten){p->topic->id, p->index}));
}

/* One that was forgotten and comes back before that was told. */
static void unforget(struct repl_fetcher *f, const struct partition *p)
{
	for (size_t i = 0; i < f->gone.n; i++) {
		if (f->gone.v[i].index != p->index || !uuid_eq(&f->gone.v[i].topic, &p->topic->id))
			continue;
		f->gone.v[i] = *vec_last(&f->gone);
		f->gone.n--;
		return;
	}
}

void fetcher_remove(struct partition *p)
{
	struct repl_fetcher *f = p->follower.fetcher;

	if (!f)
		return;
	leave_session(f, p);
	list_remove(&p->follower.node);
	list_remove(&p->follower.held);
	p->follower = (struct follower){.syncing = p->follower.syncing};
}

void fetcher_add(struct partition *p)
{
	struct repl *r = p->topic->repl;
	struct follower *fo = &p->follower;
	struct repl_fetcher *f;

	if (!r->set.net.fetch)
		return;
	f = fetcher_of(r, p->leader);
	if (fo->fetcher != f) {
		fetcher_remove(p);
		fo->fetcher = f;
		list_push_back(&f->parts, &fo->node);
	}
	fo->failures = 0;
	if (!fo->syncing)
		tell_now(f, fo);
}

static void hold(struct repl_fetcher *f, struct partition *p)
{
	struct follower *fo = &p->follower;
	int64_t ms = repl_backoff(fo->failures++, HOLD_MS, f->repl->set.fetch_backoff_ms);

	leave_session(f, p);
	fo->held_until = repl_now(f->repl) + ms;
	if (!list_holds(&fo->held))
		list_push_back(&f->held, &fo->held);
}

static void release_held(struct repl_fetcher *f, int64_t now)
{
	list_foreach (n, &f->held) {
		struct follower *fo = CONTAINER_OF(n, struct follower, held);

		if (fo->held_until <= now)
			tell_now(f, fo);
	}
}

void fetcher_synced(struct partition *p)
{
	struct follower *fo = &p->follower;

	fo->syncing = false;
	if (fo->fetcher)
		tell_now(fo->fetcher, fo);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void put_one(const struct repl_fetcher *f, const struct partition *p,
	struct fetch_request_partitions *out)
{
	out->partition = p->index;
	out->current_leader_epoch = p->leader_epoch;
	out->fetch_offset = p->log->leo;
	out->last_fetched_epoch = follower_last_epoch(p);
	out->log_start_offset = p->log->log_start;
	out->partition_max_bytes = f->repl->set.fetch_max_bytes;
}

static struct partition *of_changed(struct list_node *n)
{
	return CONTAINER_OF(n, struct partition, follower.changed);
}

/* How many of a topic stand together at the front: they make one element. */
static size_t count_topic(const struct list *changed, const struct repl_topic *t)
{
	size_t n = 0;

	list_foreach (it, changed) {
		if (of_changed(it)->topic != t)
			break;
		n++;
	}
	return n;
}

static void put_changed(struct repl_fetcher *f, struct fetch_request *req, size_t n)
{
	const struct repl_topic *of = NULL;
	struct fetch_request_topics *t = NULL;
	struct list_node *node;

	req->topics = MSG_NEW(&f->arena, fetch_request_topics, n);
	while ((node = list_first(&f->changed))) {
		struct partition *p = of_changed(node);

		if (p->topic != of) {
			of = p->topic;
			t = &req->topics[req->n_topics++];
			t->topic = of->name;
			t->topic_id = of->id;
			t->partitions = MSG_NEW(
				&f->arena, fetch_request_partitions, count_topic(&f->changed, of));
		}
		list_remove(node);
		put_one(f, p, &t->partitions[t->n_partitions++]);
		if (!p->follower.in_session) {
			p->follower.in_session = true;
			f->n_in_session++;
			unforget(f, p);
		}
	}
}

static void put_gone(struct repl_fetcher *f, struct fetch_request *req)
{
	req->forgotten_topics_data =
		MSG_NEW(&f->arena, fetch_request_forgotten_topics_data, f->gone.n);
	vec_foreach (it, &f->gone) {
		struct fetch_request_forgotten_topics_data *t =
			&req->forgotten_topics_data[req->n_forgotten_topics_data++];

		t->topic_id = it->topic;
		t->partitions = arena_array(&f->arena, 1, sizeof(*t->partitions));
		t->partitions[t->n_partitions++] = it->index;
	}
	vec_clear(&f->gone);
}

static size_t count(const struct list *l)
{
	size_t n = 0;

	list_foreach (it, l)
		n++;
	return n;
}

static void build(struct repl_fetcher *f, struct fetch_request *req)
{
	const struct repl_settings *set = &f->repl->set;

	msg_init(&fetch_request_desc, req);
	req->replica_state.replica_id = set->node_id;
	req->replica_state.replica_epoch = f->broker_epoch;
	req->max_wait_ms = set->fetch_wait_ms;
	req->min_bytes = set->fetch_min_bytes;
	req->max_bytes = set->fetch_response_max_bytes;
	req->session_id = f->session_id;
	req->session_epoch = f->session_epoch;
	put_changed(f, req, count(&f->changed));
	put_gone(f, req);
}

static bool may_send(const struct repl_fetcher *f, int64_t now)
{
	if (now < f->retry_ms || (f->n_in_session == 0 && list_empty(&f->changed)))
		return false;
	if (f->n_calls == 0)
		return true;
	return f->urgent && f->n_calls < MAX_CALLS && f->session_id != 0;
}

/* All anew: whatever the leader's session was, it is over. */
static void reset(struct repl_fetcher *f)
{
	cancel_calls(f);
	f->session_id = f->session_epoch = 0;
	f->n_in_session = 0;
	vec_clear(&f->gone);
	list_foreach (n, &f->parts) {
		struct follower *fo = &of_node(n)->follower;

		fo->in_session = false;
		if (!list_holds(&fo->held) && !fo->syncing)
			tell(f, fo);
	}
}

static void failed(struct repl_fetcher *f, const char *why)
{
	if (++f->failures == SAY_AT_FAILURE)
		log_warn("broker %d cannot be fetched from: %s", f->leader, why);
	reset(f);
	f->retry_ms = repl_now(f->repl) + repl_backoff(f->failures - 1, RETRY_MS, RECONNECT_MS);
}

static void answered(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena);

static void send(struct repl_fetcher *f)
{
	struct fetch_request req;
	int64_t id;

	build(f, &req);
	f->urgent = false;
	f->sent++;
	id = f->repl->set.net.fetch(f->repl->set.net.arg, f->leader, &req, answered, f);
	arena_reset(&f->arena);
	if (id <= 0) {
		failed(f, "there is no way to it");
		return;
	}
	f->calls[f->n_calls++] = id;
	/* One that opens a session is answered before the next is asked. */
	if (f->session_id != 0)
		f->session_epoch = f->session_epoch == INT32_MAX ? 1 : f->session_epoch + 1;
}

void fetchers_send(struct repl *r)
{
	int64_t now = repl_now(r);
	int64_t epoch = r->set.net.broker_epoch ? r->set.net.broker_epoch(r->set.net.arg) : -1;
	void *value;

	for (size_t i = 0; map_next(&r->fetchers, &i, NULL, &value);) {
		struct repl_fetcher *f = value;

		if (!list_empty(&f->held))
			release_held(f, now);
		/* Registered anew, as after a time without the controller: the leader takes what a
		 * session does not name for what the broker of then has. */
		if (f->broker_epoch != epoch && (f->session_id != 0 || f->n_calls > 0))
			reset(f);
		f->broker_epoch = epoch;
		while (may_send(f, now))
			send(f);
	}
}

int64_t fetchers_due_ms(const struct repl *r)
{
	int64_t due = INT64_MAX;
	void *value;

	for (size_t i = 0; map_next(&r->fetchers, &i, NULL, &value);) {
		const struct repl_fetcher *f = value;

		if (f->n_calls == 0 && (f->n_in_session > 0 || !list_empty(&f->changed)))
			due = min_i64(due, f->retry_ms);
		list_foreach (n, &f->held)
			due = min_i64(due, CONTAINER_OF(n, struct follower, held)->held_until);
	}
	return due;
}

/* ---- answers -------------------------------------------------------------------------------- */

static void take_one(
	struct repl_fetcher *f, struct partition *p, const struct fetch_response_partitions *a)
{
	struct follower *fo = &p->follower;

	if (fo->fetcher != f || !fo->in_session || fo->since > f->answered)
		return;
	switch (follower_take(p, a)) {
	case FOLLOWER_SAME:
		fo->failures = 0;
		break;
	case FOLLOWER_MOVED:
		fo->failures = 0;
		tell(f, fo);
		break;
	case FOLLOWER_WAITS:
		fo->failures = 0;
		fo->syncing = true;
		leave_session(f, p);
		break;
	case FOLLOWER_FAILED:
		hold(f, p);
		break;
	}
}

static void take_all(struct repl_fetcher *f, const struct fetch_response *resp)
{
	for (int32_t i = 0; i < resp->n_responses; i++) {
		const struct fetch_response_responses *a = &resp->responses[i];
		const struct repl_topic *t = repl_topic_by_id(f->repl, &a->topic_id);

		for (int32_t k = 0; k < a->n_partitions; k++) {
			struct partition *p = repl_partition(t, a->partitions[k].partition_index);

			if (p)
				take_one(f, p, &a->partitions[k]);
		}
	}
}

static void shift_calls(struct repl_fetcher *f)
{
	f->n_calls--;
	for (int i = 0; i < f->n_calls; i++)
		f->calls[i] = f->calls[i + 1];
	f->answered++;
}

static void answered(void *arg, const struct err *e, UNUSED int16_t version, const void *response,
	UNUSED struct arena *arena)
{
	struct repl_fetcher *f = arg;
	const struct fetch_response *resp = response;

	shift_calls(f);
	if (e) {
		failed(f, e->msg);
		return;
	}
	if (resp->error_code == KERR_FETCH_SESSION_ID_NOT_FOUND ||
		resp->error_code == KERR_INVALID_FETCH_SESSION_EPOCH) {
		reset(f);
		return;
	}
	if (resp->error_code) {
		failed(f, kerr_name(resp->error_code));
		return;
	}
	if (f->failures >= SAY_AT_FAILURE)
		log_info("broker %d can be fetched from again", f->leader);
	f->failures = 0;
	f->retry_ms = 0;
	if (f->session_id == 0 && resp->session_id != 0) {
		f->session_id = resp->session_id;
		f->session_epoch = 1;
	}
	take_all(f, resp);
	/* Without a session the next request names all again. */
	if (f->session_id == 0)
		reset(f);
}
