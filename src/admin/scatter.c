/*
 * A question about many partitions: grouped by the broker to be asked, one request each, side by
 * side. Parts that a broker refuses for now (its leader has moved …) go again after a pause and new
 * metadata, TRIES times or until the deadline; nobody waits for them: what is final is reported at
 * once.
 *
 *   OPEN --> FLYING --> DONE
 *    ^          |
 *    +-- RETRY <+
 */
#include "admin/admin_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum { TRIES = 5 };

enum part_state { PART_OPEN, PART_FLYING, PART_RETRY, PART_DONE };

static void run(struct scatter *s);

static void group_free(struct group *g)
{
	list_remove(&g->node);
	if (g->ask)
		admin_cancel(g->scatter->admin, g->ask);
	arena_fini(&g->arena);
	free(g);
}

static void scatter_free(struct scatter *s)
{
	list_foreach (n, &s->groups)
		group_free(CONTAINER_OF(n, struct group, node));
	if (s->refresh)
		admin_cancel(s->admin, s->refresh);
	io_timer_stop(&s->pause);
	loop_defer_cancel(&s->start);
	vec_fini(&s->finals);
	arena_fini(&s->arena);
	free(s);
}

static void on_cancel(struct op *op)
{
	struct scatter *s = CONTAINER_OF(op, struct scatter, op);

	s->dead = true;
	if (!s->busy)
		scatter_free(s);
}

/* ---- results ---- */

static void done(struct scatter *s, struct part *p, int16_t error, const char *why)
{
	p->state = PART_DONE;
	p->error = error;
	p->why = why;
	s->open--;
	vec_push(&s->finals, (uint32_t)(p - s->parts));
}

/* Tells what has become final. False: the scatter is over and gone. */
static bool report(struct scatter *s, int32_t broker)
{
	bool last = s->open == 0;

	if (!s->finals.n && !last)
		return true;
	if (last)
		op_end(&s->op);
	s->busy = true;
	s->kind->report(s, s->finals.v, s->finals.n, broker);
	s->busy = false;
	vec_clear(&s->finals);
	if (!last && !s->dead)
		return true;
	scatter_free(s);
	return false;
}

static bool may_retry(const struct scatter *s, const struct part *p)
{
	return p->fixed < 0 && p->tries < TRIES &&
	       loop_now_ms(s->admin->loop) + s->admin->opt.backoff_ms < s->deadline_ms;
}

void scatter_told(struct scatter *s, struct part *p, int16_t error)
{
	if (p->state != PART_FLYING)
		return;
	if (error && kerr_retriable(error) && may_retry(s, p)) {
		p->state = PART_RETRY;
		p->error = error;
		return;
	}
	done(s, p, error, error ? partition_why(&s->arena, p->topic, p->partition, error) : NULL);
}

static void pause_for_retries(struct scatter *s)
{
	bool any = false;

	for (size_t i = 0; i < s->n && !any; i++)
		any = s->parts[i].state == PART_RETRY;
	if (any && !io_timer_active(&s->pause) && !s->refresh)
		pause_start(s->admin, &s->pause, s->rounds++);
}

/* ---- groups ---- */

static int place_cmp(const struct part *p, const struct part *q)
{
	int c = str_cmp(p->topic, q->topic);
	return c ? c : (p->partition > q->partition) - (p->partition < q->partition);
}

static int send_cmp(const void *a, const void *b, void *arg)
{
	const struct scatter *s = arg;
	const struct part *p = &s->parts[*(const uint32_t *)a],
			  *q = &s->parts[*(const uint32_t *)b];

	if (p->broker != q->broker)
		return p->broker < q->broker ? -1 : 1;
	if (p->wave != q->wave)
		return p->wave < q->wave ? -1 : 1;
	return place_cmp(p, q);
}

struct part *group_find(struct scatter *s, struct group *g, struct str topic, int32_t partition)
{
	struct part want = {.topic = topic, .partition = partition};
	size_t lo = 0, hi = g->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = place_cmp(&s->parts[g->at[mid]], &want);
		if (c == 0)
			return &s->parts[g->at[mid]];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

size_t group_run(const struct scatter *s, const struct group *g, size_t i)
{
	size_t end = i + 1;

	while (end < g->n && str_eq(s->parts[g->at[end]].topic, s->parts[g->at[i]].topic))
		end++;
	return end - i;
}

/* Of parts that could not be asked. */
static int16_t lost_code(const struct err *e)
{
	return e->code == ERR_TIMEOUT       ? KERR_REQUEST_TIMED_OUT
	       : e->code == ERR_UNSUPPORTED ? KERR_UNSUPPORTED_VERSION
					    : KERR_NETWORK_EXCEPTION;
}

static void group_lost(struct scatter *s, struct group *g, const struct err *e)
{
	int16_t code = lost_code(e);
	const char *why = arena_strdup(&s->arena, e->msg);
	bool again = code == KERR_NETWORK_EXCEPTION && s->kind->key != API_DELETE_RECORDS;

	for (size_t i = 0; i < g->n; i++) {
		struct part *p = &s->parts[g->at[i]];
		if (again && may_retry(s, p))
			p->state = PART_RETRY;
		else
			done(s, p, code, why);
	}
}

static void on_answer(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct group *g = arg;
	struct scatter *s = g->scatter;
	int32_t broker = g->broker;

	(void)arena;
	g->ask = 0;
	if (e)
		group_lost(s, g, e);
	else
		s->kind->take(s, g, version, response);
	for (size_t i = 0; i < g->n; i++)
		if (s->parts[g->at[i]].state == PART_FLYING)
			done(s, &s->parts[g->at[i]], KERR_UNKNOWN_SERVER_ERROR,
				"the broker's answer leaves the partition out");
	group_free(g);
	if (report(s, e ? -1 : broker))
		pause_for_retries(s);
}

static void group_send(struct scatter *s, const uint32_t *at, size_t n)
{
	struct group *g = xcalloc(1, sizeof(*g));
	struct ask_spec spec = {
		.key = s->kind->key,
		.lend = true,
		.lane = s->lane,
		.once = true,
		.internal = true,
		.timeout_ms = time_left(s->admin, s->deadline_ms),
		.attempt_ms = s->attempt_ms,
		.fn = on_answer,
		.arg = g,
	};

	g->scatter = s;
	arena_init(&g->arena, 0);
	g->at = arena_array(&g->arena, n, sizeof(*at));
	memcpy(g->at, at, n * sizeof(*at));
	g->n = n;
	g->broker = s->parts[at[0]].broker;
	list_push_back(&s->groups, &g->node);
	for (size_t i = 0; i < n; i++) {
		s->parts[at[i]].state = PART_FLYING;
		s->parts[at[i]].tries++;
	}
	spec.to = (struct admin_target){.to = ADMIN_BROKER, .broker = g->broker};
	spec.request = s->kind->build(s, g, &spec.cap);
	g->ask = ask_start(s->admin, &spec);
}

static void send_all(struct scatter *s, uint32_t *at, size_t n)
{
	size_t end;

	if (n)
		qsort_r(at, n, sizeof(*at), send_cmp, s);
	for (size_t i = 0; i < n; i = end) {
		const struct part *p = &s->parts[at[i]];
		for (end = i + 1; end < n; end++)
			if (s->parts[at[end]].broker != p->broker ||
				s->parts[at[end]].wave != p->wave)
				break;
		group_send(s, at + i, end - i);
	}
}

/* ---- routing ---- */

/* The broker to ask, or -1 with *error why there is none. */
static int32_t route(const struct scatter *s, const struct part *p, int16_t *error)
{
	const struct admin_topic *t;
	const struct admin_partition *part;

	if (p->fixed >= 0)
		return p->fixed;
	*error = KERR_UNKNOWN_TOPIC_OR_PARTITION;
	t = admin_topic_find(s->admin, p->topic);
	part = t ? admin_partition_find(t, p->partition) : NULL;
	if (!part)
		return -1;
	*error = KERR_LEADER_NOT_AVAILABLE;
	return part->leader;
}

static void on_refreshed(void *arg, const struct err *e)
{
	struct scatter *s = arg;
	const char *why = e ? arena_strdup(&s->arena, e->msg) : NULL;

	s->refresh = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct part *p = &s->parts[i];
		if (p->state == PART_RETRY && e)
			done(s, p, lost_code(e), why);
		else if (p->state == PART_RETRY)
			p->state = PART_OPEN;
	}
	run(s);
}

/* New metadata for the topics of all parts that wait for it. */
static void refresh(void *arg)
{
	struct scatter *s = arg;
	VEC(struct str) names = {0};

	for (size_t i = 0; i < s->n; i++)
		if (s->parts[i].state == PART_RETRY &&
			(!names.n || !str_eq(*vec_last(&names), s->parts[i].topic)))
			vec_push(&names, s->parts[i].topic);
	if (names.n && !s->refresh)
		s->refresh = refresh_start(s->admin, true, names.v, names.n,
			time_left(s->admin, s->deadline_ms), on_refreshed, s);
	vec_fini(&names);
}

static void run(struct scatter *s)
{
	VEC(uint32_t) ready = {0};
	bool first = false;
	int16_t error = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct part *p = &s->parts[i];
		if (p->state != PART_OPEN)
			continue;
		p->broker = route(s, p, &error);
		if (p->broker >= 0) {
			vec_push(&ready, (uint32_t)i);
			continue;
		}
		first |= p->tries == 0;
		p->tries++;
		p->error = error;
		if (may_retry(s, p))
			p->state = PART_RETRY;
		else
			done(s, p, error, partition_why(&s->arena, p->topic, p->partition, error));
	}
	send_all(s, ready.v, ready.n);
	vec_fini(&ready);
	if (!report(s, -1))
		return;
	if (first)
		refresh(s); /* the first time there is nothing to wait for */
	else
		pause_for_retries(s);
}

static void on_start(void *arg)
{
	run(arg);
}

/* Equal parts cannot stand in one request: the second goes in another, and so on. */
static void set_waves(struct scatter *s)
{
	struct map seen;
	struct arena keys;

	map_init(&seen);
	arena_init(&keys, 0);
	for (size_t i = 0; i < s->n; i++) {
		struct part *p = &s->parts[i];
		size_t n = p->topic.n + 2 * sizeof(int32_t);
		uint8_t *key = arena_alloc(&keys, n);
		uintptr_t wave;

		memcpy(key, &p->partition, sizeof(int32_t));
		memcpy(key + sizeof(int32_t), &p->fixed, sizeof(int32_t));
		memcpy(key + 2 * sizeof(int32_t), p->topic.p, p->topic.n);
		wave = (uintptr_t)map_get(&seen, slice_of(key, n));
		p->wave = (uint16_t)min_size(wave, UINT16_MAX);
		map_put(&seen, slice_of(key, n), (void *)(wave + 1));
	}
	arena_fini(&keys);
	map_fini(&seen);
}

void scatter_init(struct scatter *s, struct admin *a, const struct scatter_kind *kind, size_t n,
	int64_t timeout_ms)
{
	s->admin = a;
	s->kind = kind;
	s->n = s->open = n;
	s->deadline_ms = deadline_from(a, timeout_ms);
	arena_init(&s->arena, 0);
	s->parts = arena_array(&s->arena, n, sizeof(*s->parts));
	list_init(&s->groups);
	io_timer_init(&s->pause, a->loop, refresh, s);
}

int64_t scatter_start(struct scatter *s)
{
	set_waves(s);
	loop_defer(s->admin->loop, &s->start, on_start, s);
	return op_start(s->admin, &s->op, false, on_cancel);
}
