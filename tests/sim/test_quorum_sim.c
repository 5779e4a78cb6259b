/*
 * Whole quorums in one process on virtual time: messages are lost and late, links are cut, nodes
 * crash (the log's unsynced tail is gone, or part of it) and come back, the disk refuses. After
 * every event the rules of consensus must hold; after healing there must be a leader in bounded
 * time, and what clients write then must be committed on every node.
 *
 *   SEED=n   begins with that seed (default 1); ROUNDS=n: seeds tried a size of quorum
 *
 * A failing run names its seed and size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../setting.h"
#include "base/random.h"
#include "base/vec.h"
#include "quorum/quorum.h"

#define MAX_NODES  5
#define MAX_EPOCHS 4096
#define FETCH_MAX  4 /* entries an answer */
#define HEAL_MS    20000
#define FAULTS_MS  15000

struct entry {
	int32_t epoch;
	uint64_t value;
};

enum event_kind {
	EV_VOTE,
	EV_VOTE_ANSWER,
	EV_BEGIN,
	EV_BEGIN_ANSWER,
	EV_END,
	EV_FETCH,
	EV_FETCH_ANSWER,
	EV_CLOSED, /* the connection to `from` */
	EV_SYNCED,
};

struct event {
	int64_t at;
	uint64_t order;
	enum event_kind kind;
	int from, to;
	uint64_t life; /* of the receiver; another one never sees it */
	uint64_t id;   /* of a fetch and its answer */
	int64_t upto;  /* EV_SYNCED */
	union {
		struct quorum_vote_request vote;
		struct quorum_vote_response voted;
		struct quorum_begin_request begin;
		struct quorum_epoch_response begun;
		struct quorum_end_request end;
		struct quorum_fetch_request fetch;
		struct quorum_fetch_response fetched;
	} u;
	struct entry entries[FETCH_MAX];
	int n_entries;
};

struct world;

struct node {
	struct world *world;
	int id;
	bool up;
	uint64_t life;
	struct quorum quorum;
	int64_t due;
	uint64_t fetch_id; /* of the fetch that is open */
	/* The disk. */
	VEC(struct entry) log;
	int64_t synced;
	struct quorum_state state;
	bool has_state;
	int64_t checked; /* committed entries that were compared */
	int64_t restart_at;
	bool lost; /* its folder is new, and it has not yet caught up */
};

struct world {
	uint64_t seed;
	int n;
	struct rng rng;
	int64_t now;
	uint64_t order, lives, values, fetches;
	struct node nodes[MAX_NODES];
	VEC(struct event) events;
	VEC(struct entry) committed;
	int leader_of[MAX_EPOCHS]; /* node + 1 */
	bool cut[MAX_NODES][MAX_NODES];
	bool faults;
	int loss;   /* of 1000 */
	int unrest; /* how often nodes crash */
	int terms, crashes, wipes, truncations;
};

#define REQUIRE(w, cond, ...)                                                                \
	do {                                                                                 \
		if (!(cond)) {                                                               \
			print_error("seed %llu, %d nodes, at %lld ms: ",                     \
				(unsigned long long)(w)->seed, (w)->n, (long long)(w)->now); \
			fail_msg(__VA_ARGS__);                                               \
		}                                                                            \
	} while (0)

static int64_t between(struct world *w, int64_t lo, int64_t hi)
{
	return rng_between(&w->rng, lo, hi);
}

static bool chance(struct world *w, int of_1000)
{
	return (int)rng_below(&w->rng, 1000) < of_1000;
}

static struct event *post(struct world *w, enum event_kind kind, int from, int to, int64_t delay)
{
	struct event *e = vec_add(&w->events);

	e->at = w->now + delay;
	e->order = w->order++;
	e->kind = kind;
	e->from = from;
	e->to = to;
	e->life = w->nodes[to].life;
	return e;
}

/* A message on its way, or NULL when it is lost; the sender may learn of a closed connection. */
static struct event *send_to(struct world *w, enum event_kind kind, int from, int to)
{
	bool dead = !w->nodes[to].up || w->cut[from][to];

	if (dead || (w->faults && chance(w, w->loss))) {
		if (dead && chance(w, 500))
			post(w, EV_CLOSED, to, from, between(w, 1, 5));
		return NULL;
	}
	return post(w, kind, from, to,
		w->faults && chance(w, 20) ? between(w, 100, 3000) : between(w, 1, 15));
}

/* ---- quorum's view of a node --------------------------------------------------------------- */

static int op_persist(void *arg, const struct quorum_state *s)
{
	struct node *n = arg;
	struct world *w = n->world;

	if (w->faults && chance(w, 3))
		return ERR_IO;
	REQUIRE(w, s->leader_epoch >= n->state.leader_epoch || !n->has_state,
		"node %d forgets an epoch", n->id);
	REQUIRE(w,
		!n->has_state || s->leader_epoch > n->state.leader_epoch || n->state.voted_id < 0 ||
			s->voted_id == n->state.voted_id,
		"node %d votes twice in epoch %d", n->id, s->leader_epoch);
	n->state = *s;
	n->has_state = true;
	return 0;
}

static int64_t op_log_start(void *arg)
{
	(void)arg;
	return 0;
}

static int64_t op_log_end(void *arg)
{
	return (int64_t)((struct node *)arg)->log.n;
}

static int32_t op_last_epoch(void *arg)
{
	struct node *n = arg;

	return n->log.n ? vec_last(&n->log)->epoch : 0;
}

static void op_epoch_end(void *arg, int32_t epoch, int32_t *found, int64_t *end)
{
	struct node *n = arg;
	size_t i = n->log.n;

	while (i > 0 && n->log.v[i - 1].epoch > epoch)
		i--;
	*found = i ? n->log.v[i - 1].epoch : -1;
	*end = i ? (int64_t)i : -1;
}

static int op_truncate(void *arg, int64_t offset)
{
	struct node *n = arg;
	struct world *w = n->world;

	REQUIRE(w, offset >= 0 && offset <= (int64_t)n->log.n, "node %d truncates to nowhere",
		n->id);
	REQUIRE(w, offset >= n->checked, "node %d truncates what it knows committed", n->id);
	n->log.n = (size_t)offset;
	n->synced = min_i64(n->synced, offset);
	w->truncations++;
	vec_foreach (e, &w->events)
		if (e->kind == EV_SYNCED && e->to == n->id)
			e->upto = min_i64(e->upto, offset);
	return 0;
}

static void append(struct node *n, const struct entry *e, int count)
{
	for (int i = 0; i < count; i++)
		vec_push(&n->log, e[i]);
	post(n->world, EV_SYNCED, n->id, n->id, between(n->world, 0, 12))->upto = (int64_t)n->log.n;
}

static void write_value(struct node *n, int32_t epoch)
{
	struct entry e = {epoch, ++n->world->values};

	append(n, &e, 1);
}

static int op_append_leader_change(void *arg, int32_t epoch, int32_t leader, const int32_t *voters,
	int n_voters, const int32_t *granting, int n_granting)
{
	struct node *n = arg;

	(void)voters;
	(void)granting;
	REQUIRE(n->world, leader == n->id && n_granting * 2 > n_voters,
		"node %d leads with %d votes", n->id, n_granting);
	if (n->world->faults && chance(n->world, 3))
		return ERR_IO;
	write_value(n, epoch);
	return 0;
}

static void op_send_vote(void *arg, int32_t to, const struct quorum_vote_request *r)
{
	struct node *n = arg;
	struct event *e = send_to(n->world, EV_VOTE, n->id, to);

	if (e)
		e->u.vote = *r;
}

static void op_send_begin(void *arg, int32_t to, const struct quorum_begin_request *r)
{
	struct node *n = arg;
	struct event *e = send_to(n->world, EV_BEGIN, n->id, to);

	if (e)
		e->u.begin = *r;
}

static void op_send_end(void *arg, int32_t to, const struct quorum_end_request *r)
{
	struct node *n = arg;
	struct event *e = send_to(n->world, EV_END, n->id, to);

	if (e)
		e->u.end = *r;
}

static void op_send_fetch(void *arg, int32_t to, const struct quorum_fetch_request *r)
{
	struct node *n = arg;
	struct world *w = n->world;
	struct event *e;

	REQUIRE(w, n->synced == (int64_t)n->log.n, "node %d acknowledges what it has not synced",
		n->id);
	n->fetch_id = ++w->fetches;
	e = send_to(w, EV_FETCH, n->id, to);
	if (!e)
		return;
	e->u.fetch = *r;
	e->id = n->fetch_id;
}

/* A leader has its epoch for itself, and everything that was ever committed. */
static void check_leader(struct node *n, int32_t epoch)
{
	struct world *w = n->world;

	REQUIRE(w, epoch > 0 && epoch < MAX_EPOCHS, "epoch %d", epoch);
	REQUIRE(w, !w->leader_of[epoch] || w->leader_of[epoch] == n->id + 1,
		"nodes %d and %d lead epoch %d", w->leader_of[epoch] - 1, n->id, epoch);
	w->leader_of[epoch] = n->id + 1;
	w->terms++;
	REQUIRE(w, n->log.n >= w->committed.n, "leader %d of epoch %d has %zu of %zu committed",
		n->id, epoch, n->log.n, w->committed.n);
	for (size_t i = 0; i < w->committed.n; i++)
		REQUIRE(w, n->log.v[i].value == w->committed.v[i].value,
			"leader %d of epoch %d has another entry at %zu", n->id, epoch, i);
}

static void op_changed(void *arg, enum quorum_role role, int32_t epoch, int32_t leader)
{
	(void)leader;
	if (role == QUORUM_LEADER)
		check_leader(arg, epoch);
}

static void op_committed(void *arg, int64_t hw)
{
	struct node *n = arg;
	struct world *w = n->world;

	/* A leader's own disk may be the last: the others are a majority without it. */
	REQUIRE(w, hw <= (quorum_leads(&n->quorum) ? (int64_t)n->log.n : n->synced),
		"node %d commits %lld, synced is %lld", n->id, (long long)hw, (long long)n->synced);
	for (; n->checked < hw; n->checked++) {
		const struct entry *e = &n->log.v[n->checked];

		if (n->checked == (int64_t)w->committed.n)
			vec_push(&w->committed, *e);
		REQUIRE(w,
			w->committed.v[n->checked].value == e->value &&
				w->committed.v[n->checked].epoch == e->epoch,
			"node %d commits another entry at %lld", n->id, (long long)n->checked);
	}
}

static const struct quorum_ops ops = {
	.persist = op_persist,
	.log_start = op_log_start,
	.log_end = op_log_end,
	.last_epoch = op_last_epoch,
	.epoch_end = op_epoch_end,
	.truncate = op_truncate,
	.append_leader_change = op_append_leader_change,
	.send_vote = op_send_vote,
	.send_begin = op_send_begin,
	.send_end = op_send_end,
	.send_fetch = op_send_fetch,
	.changed = op_changed,
	.committed = op_committed,
};

/* ---- nodes come, go and get messages ------------------------------------------------------- */

static void start(struct node *n)
{
	struct world *w = n->world;
	struct quorum_settings set = {
		.id = n->id,
		.n_voters = w->n,
		.new_voter = n->lost,
		.election_timeout_ms = 1000,
		.fetch_timeout_ms = 2000,
		.election_backoff_ms = 1000,
		.request_timeout_ms = 2000,
		.retry_ms = 20,
	};
	struct err e = {0};

	for (int i = 0; i < w->n; i++)
		set.voters[i] = i;
	set.dir.b[0] = (uint8_t)(n->id + 1);
	n->life = ++w->lives;
	n->up = true;
	n->checked = 0;
	if (quorum_init(&n->quorum, &set, &ops, n, n->has_state ? &n->state : NULL,
		    rng_u64(&w->rng), w->now, &e) < 0)
		REQUIRE(w, false, "node %d does not start: %s", n->id, e.msg);
	quorum_start(&n->quorum, w->now);
	n->due = w->now;
}

/* A folder is lost, never two at a time: as many as the voters can bear. */
static void wipe(struct node *n)
{
	struct world *w = n->world;

	for (int i = 0; i < w->n; i++)
		if (w->nodes[i].lost || w->n < 3)
			return;
	n->lost = true;
	n->log.n = 0;
	n->synced = 0;
	n->has_state = false;
	n->state = QUORUM_STATE_NONE;
	w->wipes++;
}

/* The synced part of the log stays, of the rest some may. */
static void crash(struct node *n)
{
	struct world *w = n->world;

	n->up = false;
	n->log.n = (size_t)between(w, n->synced, (int64_t)n->log.n);
	n->synced = (int64_t)n->log.n;
	n->restart_at = w->now + between(w, 10, 6000);
	w->crashes++;
	for (int i = 0; i < w->n; i++)
		if (i != n->id && w->nodes[i].up && chance(w, 700))
			post(w, EV_CLOSED, n->id, i, between(w, 1, 10));
}

static void answer_fetch(struct node *n, const struct event *e)
{
	struct world *w = n->world;
	struct quorum_fetch_response r;
	struct event *a;

	quorum_on_fetch(&n->quorum, &e->u.fetch, &r, w->now);
	a = send_to(w, EV_FETCH_ANSWER, n->id, e->from);
	if (!a)
		return;
	a->u.fetched = r;
	a->id = e->id;
	if (r.error || r.diverging_epoch >= 0 || r.snapshot)
		return;
	for (size_t i = (size_t)e->u.fetch.offset; i < n->log.n && a->n_entries < FETCH_MAX; i++)
		a->entries[a->n_entries++] = n->log.v[i];
	if (!a->n_entries)
		a->at += between(w, 0, 100); /* parked */
}

static void take_fetched(struct node *n, const struct event *e)
{
	if (e->id != n->fetch_id)
		return; /* its request had timed out */
	if (!quorum_on_fetch_response(&n->quorum, e->from, &e->u.fetched, n->world->now))
		return;
	if (e->n_entries)
		append(n, e->entries, e->n_entries);
	else
		quorum_on_log(&n->quorum, n->synced, n->world->now);
}

static void deliver(struct world *w, const struct event *e)
{
	struct node *n = &w->nodes[e->to];
	struct quorum_vote_response voted;
	struct quorum_epoch_response begun;
	struct event *a;

	if (!n->up || n->life != e->life)
		return;
	switch (e->kind) {
	case EV_VOTE:
		quorum_on_vote(&n->quorum, &e->u.vote, &voted, w->now);
		a = send_to(w, EV_VOTE_ANSWER, n->id, e->from);
		if (a)
			a->u.voted = voted;
		break;
	case EV_VOTE_ANSWER:
		quorum_on_vote_response(&n->quorum, e->from, &e->u.voted, w->now);
		break;
	case EV_BEGIN:
		quorum_on_begin(&n->quorum, &e->u.begin, &begun, w->now);
		a = send_to(w, EV_BEGIN_ANSWER, n->id, e->from);
		if (a)
			a->u.begun = begun;
		break;
	case EV_BEGIN_ANSWER:
		quorum_on_begin_response(&n->quorum, e->from, &e->u.begun, w->now);
		break;
	case EV_END:
		quorum_on_end(&n->quorum, &e->u.end, &begun, w->now);
		break;
	case EV_FETCH:
		answer_fetch(n, e);
		break;
	case EV_FETCH_ANSWER:
		take_fetched(n, e);
		break;
	case EV_CLOSED:
		quorum_on_disconnect(&n->quorum, e->from, w->now);
		break;
	case EV_SYNCED:
		n->synced = max_i64(n->synced, e->upto);
		quorum_on_log(&n->quorum, n->synced, w->now);
		break;
	}
	n->due = w->now;
}

/* ---- time ---------------------------------------------------------------------------------- */

static size_t next_event(const struct world *w)
{
	size_t best = 0;

	for (size_t i = 1; i < w->events.n; i++) {
		const struct event *a = &w->events.v[i], *b = &w->events.v[best];

		if (a->at < b->at || (a->at == b->at && a->order < b->order))
			best = i;
	}
	return best;
}

static void tick_all(struct world *w)
{
	for (int i = 0; i < w->n; i++) {
		struct node *n = &w->nodes[i];

		n->lost = n->lost && (!n->up || n->quorum.fresh);
		for (int spins = 0; n->up && n->due <= w->now; spins++) {
			REQUIRE(w, spins < 100, "node %d is always due", i);
			n->due = quorum_tick(&n->quorum, w->now);
		}
	}
}

/* One millisecond: events that are due, then the nodes' own time-outs. */
static void step(struct world *w)
{
	w->now++;
	for (;;) {
		size_t i = next_event(w);
		struct event e;

		if (i >= w->events.n || w->events.v[i].at > w->now)
			break;
		e = w->events.v[i];
		w->events.v[i] = vec_pop(&w->events);
		deliver(w, &e);
	}
	tick_all(w);
}

static struct node *leader(struct world *w)
{
	struct node *best = NULL;

	for (int i = 0; i < w->n; i++) {
		struct node *n = &w->nodes[i];

		if (n->up && quorum_leads(&n->quorum) &&
			(!best || quorum_epoch(&n->quorum) > quorum_epoch(&best->quorum)))
			best = n;
	}
	return best;
}

/* Every node that thinks it leads writes: that is what makes logs diverge. */
static void clients(struct world *w)
{
	for (int i = 0; i < w->n; i++) {
		struct node *n = &w->nodes[i];

		if (n->up && quorum_leads(&n->quorum) && chance(w, 40))
			write_value(n, quorum_epoch(&n->quorum));
	}
}

static void trouble(struct world *w)
{
	for (int i = 0; i < w->n; i++) {
		struct node *n = &w->nodes[i];

		if (!n->up && n->restart_at <= w->now)
			start(n);
		else if (n->up && chance(w, 1) && chance(w, w->unrest)) {
			crash(n);
			if (chance(w, 150))
				wipe(n);
		} else if (n->up && chance(w, 1) && chance(w, 100)) {
			quorum_resign(&n->quorum, w->now);
			n->due = w->now;
		}
	}
	if (chance(w, 1)) {
		int a = (int)rng_below(&w->rng, (uint64_t)w->n);
		int b = (int)rng_below(&w->rng, (uint64_t)w->n);
		bool one_way = chance(w, 200);

		w->cut[a][b] = !w->cut[a][b];
		if (!one_way)
			w->cut[b][a] = w->cut[a][b];
		w->cut[a][a] = w->cut[b][b] = false;
	}
	if (chance(w, 1) && chance(w, 500))
		memset(w->cut, 0, sizeof(w->cut));
	if (chance(w, 1))
		w->loss = rng_one_in(&w->rng, 2) ? 0 : (int)between(w, 0, 300);
}

static bool all_settled(struct world *w)
{
	struct node *l = leader(w);

	for (int i = 0; l && i < w->n; i++) {
		const struct quorum *q = &w->nodes[i].quorum;

		if (q->leader != l->id || q->high_watermark != (int64_t)l->log.n)
			return false;
	}
	return l != NULL;
}

static void heal(struct world *w)
{
	w->faults = false;
	memset(w->cut, 0, sizeof(w->cut));
	for (int i = 0; i < w->n; i++)
		if (!w->nodes[i].up)
			start(&w->nodes[i]);
}

/* What a person needs who looks at a run that did not settle. */
static void print_nodes(const struct world *w)
{
	for (int i = 0; i < w->n; i++) {
		const struct node *n = &w->nodes[i];
		const struct quorum *q = &n->quorum;

		print_message(
			"# node %d: %s epoch %d leader %d, log %zu synced %lld (quorum: %lld) "
			"hw %lld, due %lld, deadline %lld\n",
			i, quorum_role_name(q->role), quorum_epoch(q), q->leader, n->log.n,
			(long long)n->synced, (long long)q->synced, (long long)q->high_watermark,
			(long long)n->due, (long long)q->deadline_ms);
	}
}

static void run_until_settled(struct world *w)
{
	int64_t limit = w->now + HEAL_MS;

	while (!all_settled(w) && w->now < limit)
		step(w);
	if (!all_settled(w))
		print_nodes(w);
	REQUIRE(w, all_settled(w), "no leader that all follow %d ms after healing", HEAL_MS);
}

static void world_run(int n, uint64_t seed, struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->n = n;
	rng_seed(&w->rng, seed * 31 + (uint64_t)n);
	for (int i = 0; i < n; i++) {
		w->nodes[i].world = w;
		w->nodes[i].id = i;
		w->nodes[i].state = QUORUM_STATE_NONE;
		w->nodes[i].lost = true;
		start(&w->nodes[i]);
	}
	if (seed % 3) /* else there is trouble from the first moment */
		run_until_settled(w);
	for (int phase = 0; phase < 2; phase++) {
		size_t before;
		int64_t end = w->now + FAULTS_MS;

		w->unrest = (int)between(w, 20, 500);
		w->loss = 0;
		for (w->faults = true; w->now < end;) {
			trouble(w);
			clients(w);
			step(w);
		}
		heal(w);
		run_until_settled(w);
		before = w->committed.n;
		write_value(leader(w), quorum_epoch(&leader(w)->quorum));
		run_until_settled(w);
		REQUIRE(w, w->committed.n > before, "nothing is committed after healing");
	}
}

static void world_free(struct world *w)
{
	for (int i = 0; i < w->n; i++)
		vec_fini(&w->nodes[i].log);
	vec_fini(&w->events);
	vec_fini(&w->committed);
}

static void run_rounds(int n)
{
	uint64_t first = setting("SEED", 1), rounds = setting("ROUNDS", 200);
	int terms = 0, crashes = 0, wipes = 0, truncations = 0;
	size_t committed = 0;

	for (uint64_t seed = first; seed < first + rounds; seed++) {
		struct world *w = xcalloc(1, sizeof(*w));

		world_run(n, seed, w);
		terms += w->terms;
		crashes += w->crashes;
		wipes += w->wipes;
		truncations += w->truncations;
		committed += w->committed.n;
		world_free(w);
		free(w);
	}
	print_message("# %d nodes: %d terms, %d crashes, %d lost folders, %d truncations, %zu "
		      "committed\n",
		n, terms, crashes, wipes, truncations, committed);
	assert_true(committed > 10 * rounds);
}

static void test_one(void **state)
{
	(void)state;
	run_rounds(1);
}

static void test_three(void **state)
{
	(void)state;
	run_rounds(3);
}

static void test_five(void **state)
{
	(void)state;
	run_rounds(5);
}

/* New voters need tenths of a second, not the election time-outs. */
static void test_first_start_is_quick(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct world *w = xcalloc(1, sizeof(*w));

		w->seed = seed;
		w->n = 3;
		rng_seed(&w->rng, seed);
		for (int i = 0; i < 3; i++) {
			w->nodes[i].world = w;
			w->nodes[i].id = i;
			w->nodes[i].state = QUORUM_STATE_NONE;
			w->nodes[i].lost = true;
			start(&w->nodes[i]);
		}
		run_until_settled(w);
		REQUIRE(w, w->now < 1000, "the first leader took %lld ms", (long long)w->now);
		world_free(w);
		free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_three),
		cmocka_unit_test(test_five),
		cmocka_unit_test(test_first_start_is_quick),
	};

	return cmocka_run_group_tests_name("quorum-sim", tests, NULL, NULL);
}
