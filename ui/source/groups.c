/*
 * Groups: which there are, their members, their commits. Every broker is asked for the groups it
 * coordinates, and then, in one question each, for their descriptions and their commits; the ends
 * that make lag of commits come with the round of offsets that follows (poll.c), which waits for
 * the commits a moment: so both are of one moment and no end is asked for twice.
 *
 * Up to GROUPS_EACH_SECOND groups are asked for in every round. Beyond that those on the screen
 * are, and of the others a slice: each has its turn, and the cluster is asked for a bounded amount
 * a second.
 */
#include "source/group_poll.h"

#include "base/xalloc.h"

/* Nor more commits than these in every round. */
#define EACH_SECOND_PARTS 40000
/* A slice of those that nobody looks at, of the whole cluster. */
#define SLICE       1000
#define SLICE_PARTS 10000
#define PARTS_GUESS 10 /* commits of a group not asked yet */
/* Brokers before 3.0 take one group a request. */
#define OLD_SLICE         100
#define OFFSET_FETCH_MANY 8

/* False: only a slice of them is asked for in a round. */
static bool groups_fit(const struct cluster_source *s)
{
	int64_t parts = 0;

	if (s->groups.n > GROUPS_EACH_SECOND)
		return false;
	vec_foreach (g, &s->groups)
		parts += (*g)->parts < 0 ? 0 : (*g)->parts;
	return parts <= EACH_SECOND_PARTS;
}

/* ---- when ---------------------------------------------------------------------------------- */

/* All coordinators' commits are asked at the same moments, so that one round of ends serves all. */
static int64_t on_tick(struct cluster_source *s, int64_t due_ms)
{
	int64_t step = s->interval_ms, past = due_ms - s->tick_ms;

	return s->tick_ms + (past + step / 2) / step * step;
}

void group_turn_end(struct cluster_source *s, struct turn *t, int64_t interval_ms)
{
	turn_end(s, t, interval_ms);
	t->due_ms = max_i64(on_tick(s, t->due_ms), t->asked_ms + 1);
}

void group_question_begin(struct group_question *q, size_t n)
{
	free(q->fed);
	q->fed = xcalloc(n + 1, sizeof(*q->fed));
	turn_begin(q->b->s, &q->turn);
}

void group_pause(struct cluster_source *s, struct turn *t, int64_t *pause_ms)
{
	*pause_ms = *pause_ms ? min_i64(2 * *pause_ms, DEAD_PAUSE_MAX_MS) : DEAD_PAUSE_MS;
	t->due_ms = now_of(s) + *pause_ms;
}

bool group_denied(int16_t code)
{
	return code == KERR_GROUP_AUTHORIZATION_FAILED ||
	       code == KERR_CLUSTER_AUTHORIZATION_FAILED || code == KERR_TOPIC_AUTHORIZATION_FAILED;
}

int group_code(int16_t kerr)
{
	struct err e = {0};

	if (group_denied(kerr))
		return ERR_DENIED;
	return is_silent(kerr) ? ERR_TIMEOUT : admin_kerr(&e, kerr, STR_NULL, "groups");
}

/* ---- which ---------------------------------------------------------------------------------- */

static bool mine(const struct broker_poll *b, const struct known_group *g)
{
	return g->broker == b->id && g->pick_round != b->s->pick_round &&
	       g->not_before_ms <= now_of(b->s);
}

static void pick(struct broker_poll *b, struct known_group *g, enum group_want want,
	int32_t every_ms, struct group_names *out)
{
	g->want = (uint8_t)want;
	g->pick_round = b->s->pick_round;
	g->asked_ms = now_of(b->s);
	g->every_ms = every_ms;
	vec_push(out, g->name);
}

/* On the screen, and not asked for in this interval. */
static void pick_wanted(
	struct broker_poll *b, const char *name, enum group_want want, struct group_names *out)
{
	struct cluster_source *s = b->s;
	struct known_group *g = name ? group_known(s, str_of(name)) : NULL;

	if (g && mine(b, g) &&
		(g->asked_ms < 0 || now_of(s) - g->asked_ms >= s->interval_ms * 9 / 10))
		pick(b, g, want, s->interval_ms, out);
}

static size_t count_mine(const struct broker_poll *b)
{
	size_t n = 0;

	vec_foreach (g, &b->s->groups)
		n += (*g)->broker == b->id;
	return n;
}

struct portion {
	size_t groups;
	int64_t parts;
};

/* This broker's share of what is asked for in one round. */
static struct portion portion_of(const struct broker_poll *b, size_t n)
{
	const struct cluster_source *s = b->s;
	struct portion most = {SIZE_MAX, INT64_MAX};
	int16_t version = admin_version(s->admin, b->id, API_OFFSET_FETCH);

	if (!groups_fit(s)) {
		most.groups = max_size(1, SLICE * n / s->groups.n);
		most.parts = max_i64(1, SLICE_PARTS * (int64_t)n / (int64_t)s->groups.n);
	}
	if (version >= 0 && version < OFFSET_FETCH_MANY)
		most.groups = min_size(most.groups, OLD_SLICE);
	return most;
}

/* The next ones of those that nobody looks at, going round. */
static void pick_slice(struct broker_poll *b, struct group_names *out)
{
	struct cluster_source *s = b->s;
	size_t n = s->groups.n, first = b->groups.cursor, own = count_mine(b), picked = 0;
	struct portion left = portion_of(b, own);

	for (size_t i = 0; i < n && left.groups > 0 && left.parts > 0; i++) {
		struct known_group *g = s->groups.v[(first + i) % n];

		b->groups.cursor = (first + i + 1) % n;
		if (!mine(b, g))
			continue;
		pick(b, g, GROUP_UNSEEN, (int32_t)max_i64(b->groups.cycle_ms, s->interval_ms), out);
		left.parts -= g->parts < 0 ? PARTS_GUESS : g->parts;
		left.groups--;
		picked++;
	}
	b->groups.cycle_ms = (int32_t)min_i64(
		INT32_MAX, (int64_t)(own / max_size(1, picked) + (own % max_size(1, picked) > 0)) *
				   s->interval_ms);
}

static void pick_others(struct broker_poll *b, struct group_names *out)
{
	struct cluster_source *s = b->s;
	int64_t now = now_of(s);

	if (b->groups.back_ms && now - b->groups.back_ms < s->interval_ms * 9 / 10)
		return;
	b->groups.back_ms = now;
	pick_slice(b, out);
}

static void ask_round(struct broker_poll *b)
{
	struct cluster_source *s = b->s;
	struct group_names picked = {0};

	s->pick_round++;
	pick_wanted(b, s->opened_group, GROUP_OPENED, &picked);
	vec_foreach (name, &s->visible_groups)
		pick_wanted(b, *name, GROUP_ROW, &picked);
	pick_others(b, &picked);
	group_ask_describe(b, &picked);
	group_ask_commits(b, &picked);
	vec_fini(&picked);
}

/* ---- rounds --------------------------------------------------------------------------------- */

/* A list that is due comes first: with its answer the round begins. One that does not come holds
 * nothing up. */
static void run_broker(struct broker_poll *b, int64_t *next)
{
	struct cluster_source *s = b->s;
	struct group_poll *p = &b->groups;
	int64_t now = now_of(s);

	if (!p->list.busy && p->list.due_ms <= now)
		group_ask_list(b);
	if (!p->list.busy)
		*next = min_i64(*next, p->list.due_ms);
	if (p->commits.turn.busy)
		return;
	if (group_wait_until(s, &p->list)) {
		*next = min_i64(*next, group_wait_until(s, &p->list));
		return;
	}
	if (p->commits.turn.due_ms <= now)
		ask_round(b);
	if (!p->commits.turn.busy)
		*next = min_i64(*next, p->commits.turn.due_ms);
}

int64_t groups_run(struct cluster_source *s)
{
	int64_t next = now_of(s) + s->interval_ms;

	if (!s->tick_ms)
		s->tick_ms = now_of(s);
	vec_foreach (it, &s->brokers)
		run_broker(*it, &next);
	return next;
}

static void wanted(struct cluster_source *s, const char *name)
{
	const struct known_group *g = name ? group_known(s, str_of(name)) : NULL;
	struct broker_poll *b;

	if (!g || (g->asked_ms >= 0 && now_of(s) - g->asked_ms < 2 * (int64_t)s->interval_ms))
		return;
	b = poll_of(s, g->broker);
	if (b && !b->groups.pause_ms)
		b->groups.commits.turn.due_ms = 0;
}

void groups_wanted(struct cluster_source *s)
{
	wanted(s, s->opened_group);
	vec_foreach (name, &s->visible_groups)
		wanted(s, *name);
}

void groups_now(struct cluster_source *s)
{
	s->tick_ms = now_of(s);
	vec_foreach (g, &s->groups) {
		(*g)->not_before_ms = 0;
		(*g)->asked_ms = -1;
	}
	vec_foreach (it, &s->brokers) {
		(*it)->groups.list.due_ms = (*it)->groups.commits.turn.due_ms = 0;
		(*it)->groups.back_ms = 0;
	}
}

void groups_add_broker(struct broker_poll *b)
{
	b->groups.classic.b = b->groups.newer.b = b->groups.commits.b = b;
}

static void drop_question(struct group_question *q)
{
	turn_cancel(q->b->s, &q->turn);
	free(q->fed);
}

void groups_drop_broker(struct broker_poll *b)
{
	turn_cancel(b->s, &b->groups.list);
	drop_question(&b->groups.classic);
	drop_question(&b->groups.newer);
	drop_question(&b->groups.commits);
}
