/*
 * Groups: which there are, their members, their commits. Every broker is asked for the groups it
 * coordinates, and then, in one question each, for their descriptions and their commits; the ends
 * that make lag of commits come with the round of offsets that follows (poll.c), which waits for
 * the commits a moment: so both are of one moment and no end is asked for twice.
 *
 * Up to EACH_SECOND groups are asked for in every round. Beyond that those on the screen are, and
 * of the others a slice: each has its turn, and the cluster is asked for a bounded amount a second.
 */
#include "source/impl.h"

#include "admin/groups.h"
#include "base/xalloc.h"

/* So many groups and commits are asked for each second; beyond either only a slice. */
#define EACH_SECOND       2000
#define EACH_SECOND_PARTS 40000
/* A slice of those that nobody looks at, of the whole cluster. */
#define SLICE       1000
#define SLICE_PARTS 10000
#define PARTS_GUESS 10 /* commits of a group not asked yet */
/* Brokers before 3.0 take one group a request. */
#define OLD_SLICE         100
#define OFFSET_FETCH_MANY 8
/* Lists of a large cluster: names alone are a megabyte. */
#define LONG_LIST_MS 5000
/* What is forbidden is asked for again then, in case it was allowed meanwhile. */
#define DENIED_MS 60000
/* Ends wait so long for commits that have been asked for. */
#define HOLD_MS 300

static bool fits(const struct cluster_source *s)
{
	int64_t parts = 0;

	if (s->groups.n > EACH_SECOND)
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

static void group_turn_end(struct cluster_source *s, struct turn *t, int64_t interval_ms)
{
	turn_end(s, t, interval_ms);
	t->due_ms = max_i64(on_tick(s, t->due_ms), t->asked_ms + 1);
}

static void pause_turn(struct cluster_source *s, struct turn *t, int64_t *pause_ms)
{
	*pause_ms = *pause_ms ? min_i64(2 * *pause_ms, DEAD_PAUSE_MAX_MS) : DEAD_PAUSE_MS;
	t->due_ms = now_of(s) + *pause_ms;
}

static bool denied(int16_t code)
{
	return code == KERR_GROUP_AUTHORIZATION_FAILED ||
	       code == KERR_CLUSTER_AUTHORIZATION_FAILED || code == KERR_TOPIC_AUTHORIZATION_FAILED;
}

/* No answer was had from anybody. */
static bool silent(int16_t code)
{
	return code == KERR_NETWORK_EXCEPTION || code == KERR_REQUEST_TIMED_OUT;
}

static int code_of(int16_t kerr)
{
	struct err e = {0};

	if (denied(kerr))
		return ERR_DENIED;
	return silent(kerr) ? ERR_TIMEOUT : admin_kerr(&e, kerr, STR_NULL, "groups");
}

/* ---- what groups there are ------------------------------------------------------------------ */

static struct known_group *find_known(const struct cluster_source *s, struct str name)
{
	return map_gets(&s->group_by_name, name);
}

static void free_known(struct known_group *g)
{
	free((void *)(uintptr_t)g->name.p);
	free(g);
}

static struct known_group *make_known(struct cluster_source *s, struct str name)
{
	struct known_group *g = find_known(s, name);

	if (g)
		return g;
	g = ALLOC(struct known_group);
	g->name = (struct str){str_dup(name), name.n};
	g->parts = -1;
	g->asked_ms = -1;
	map_puts(&s->group_by_name, name, g);
	vec_push(&s->groups, g);
	return g;
}

/* What this broker leaves out has gone; who coordinates elsewhere now, is not its matter. */
static void drop_unlisted(struct cluster_source *s, const struct broker_poll *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->groups.n; i++) {
		struct known_group *g = s->groups.v[i];

		if (g->broker != b->id || g->list_round == s->list_round) {
			s->groups.v[kept++] = g;
			continue;
		}
		vec_foreach (it, &s->brokers)
			(*it)->groups.cursor -= (*it)->groups.cursor > kept;
		map_dels(&s->group_by_name, g->name);
		free_known(g);
	}
	s->groups.n = kept;
}

static void take_listed(struct broker_poll *b, const struct list_groups_response_groups *in)
{
	struct known_group *g = make_known(b->s, in->group_id);

	g->broker = b->id;
	g->list_round = b->s->list_round;
	g->listed_ms = now_of(b->s);
	g->empty = str_eqz(in->group_state, "Empty");
	g->classic = !in->group_type.n || str_eqz(in->group_type, "classic");
	feed_group_listed(b->s->model, g->listed_ms, b->id, in->group_id, in->group_state,
		in->protocol_type, in->group_type);
}

static void take_list(struct broker_poll *b, const struct list_groups_response *r)
{
	struct cluster_source *s = b->s;

	s->list_round++;
	feed_groups_begin(s->model, b->id);
	for (int32_t i = 0; i < r->n_groups; i++)
		take_listed(b, &r->groups[i]);
	drop_unlisted(s, b);
	b->groups.list_pause_ms = 0;
	group_turn_end(
		s, &b->groups.list, s->groups.n > EACH_SECOND ? LONG_LIST_MS : s->interval_ms);
	feed_groups_end(s->model, now_of(s), b->id,
		(int32_t)(b->groups.list.due_ms - b->groups.list.asked_ms));
}

static void list_failed(struct broker_poll *b, int code, int16_t kerr)
{
	struct cluster_source *s = b->s;
	struct turn *t = &b->groups.list;

	turn_end(s, t, DENIED_MS);
	if (code != ERR_DENIED && code != ERR_UNSUPPORTED)
		pause_turn(s, t, &b->groups.list_pause_ms);
	feed_groups_failed(s->model, b->id, s->interval_ms, code, kerr);
}

static void on_list(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	const struct list_groups_response *r = response;
	struct broker_poll *b = arg;
	struct cluster_source *s = b->s;

	(void)version;
	(void)arena;
	if (e)
		list_failed(b, e->code, 0);
	else if (r->error_code)
		list_failed(b, code_of(r->error_code), r->error_code);
	else
		take_list(b, r);
	poll_publish_soon(s);
	poll_run(s);
}

static void ask_list(struct broker_poll *b)
{
	struct list_groups_request r;

	msg_init(&list_groups_request_desc, &r);
	turn_begin(b->s, &b->groups.list);
	b->groups.list.id = admin_call(b->s->admin, API_LIST_GROUPS, &r,
		&(struct admin_target){.to = ADMIN_BROKER, .broker = b->id}, QUESTION_MS, on_list,
		b);
}

/* ---- descriptions --------------------------------------------------------------------------- */

static void feed_described(
	struct broker_poll *b, const struct known_group *g, const struct admin_group *in)
{
	const struct describe_groups_response_groups *d = in->described;
	VEC(struct feed_member) members = {0};

	for (int32_t i = 0; i < d->n_members; i++) {
		const struct describe_groups_response_members *m = &d->members[i];

		vec_push(&members,
			((struct feed_member){m->member_id, m->group_instance_id, m->client_id,
				m->client_host, m->member_metadata, m->member_assignment}));
	}
	feed_group(b->s->model, now_of(b->s),
		&(struct feed_group){.name = in->group,
			.state = d->group_state,
			.type = d->protocol_type,
			.assignor = d->protocol_data,
			.coordinator = in->coordinator,
			.generation = -1,
			.members = members.v,
			.n_members = members.n,
			.interval_ms = g->every_ms});
	vec_fini(&members);
}

/* Where the members of a group of another kind are not told, that is no failure of the group. */
static void take_described(struct broker_poll *b, const struct admin_group *in)
{
	const struct known_group *g = find_known(b->s, in->group);
	bool dead = in->described && str_eqz(in->described->group_state, "Dead");

	if (!g || in->error == KERR_GROUP_ID_NOT_FOUND)
		return;
	if (!in->error && (g->classic || !dead))
		feed_described(b, g, in);
	else if (g->classic || denied(in->error) || silent(in->error))
		feed_group_failed(b->s->model, in->group, code_of(in->error), in->error);
}

static void on_described(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct broker_poll *b = arg;
	struct cluster_source *s = b->s;

	(void)broker;
	for (size_t i = 0; i < n; i++) {
		if (!all[i].answered || b->groups.fed_describe[i])
			continue;
		b->groups.fed_describe[i] = true;
		take_described(b, &all[i]);
	}
	if (!left)
		group_turn_end(s, &b->groups.describe, 0);
	poll_publish_soon(s);
	poll_run(s);
}

/* ---- commits -------------------------------------------------------------------------------- */

static void feed_offsets(struct broker_poll *b, struct known_group *g,
	const struct offset_fetch_response_groups *in, int64_t now_ms)
{
	struct model *m = b->s->model;

	g->parts = 0;
	feed_commits_begin(m, g->name);
	for (int32_t t = 0; in && t < in->n_topics; t++)
		for (int32_t i = 0; i < in->topics[t].n_partitions; i++) {
			const struct offset_fetch_response_groups_topics_partitions *p =
				&in->topics[t].partitions[i];

			g->parts++;
			feed_commit(m, now_ms, g->name, in->topics[t].name, p->partition_index,
				p->committed_offset, p->committed_leader_epoch, p->metadata,
				p->error_code);
		}
	feed_commits_end(m, now_ms, g->name, true, g->every_ms);
}

static void take_commits(struct broker_poll *b, const struct admin_group *in)
{
	struct known_group *g = find_known(b->s, in->group);

	if (!g)
		return;
	if (in->error == KERR_GROUP_ID_NOT_FOUND) {
		/* A kind of group that commits nothing here; or it has just gone, as its list will
		 * tell. */
		if (!g->classic)
			feed_offsets(b, g, NULL, b->s->commits_ms);
		return;
	}
	if (!in->error) {
		b->s->fresh = b->s->fresh || (g->parts < 0 && in->offsets->n_topics > 0);
		feed_offsets(b, g, in->offsets, b->s->commits_ms);
		unread_note(b->s, g, in->offsets);
		return;
	}
	if (denied(in->error))
		g->not_before_ms = now_of(b->s) + DENIED_MS;
	feed_commits_failed(b->s->model, in->group, g->every_ms, code_of(in->error), in->error);
}

/* Until when an answer under way is waited for; 0: it is not. */
static int64_t wait_until(const struct cluster_source *s, const struct turn *t)
{
	int64_t until = t->asked_ms + HOLD_MS;

	return t->busy && until > now_of(s) ? until : 0;
}

int64_t groups_hold_ends(const struct cluster_source *s)
{
	int64_t until = 0;

	vec_foreach (it, &s->brokers) {
		until = max_i64(until, wait_until(s, &(*it)->groups.commits));
		until = max_i64(until, wait_until(s, &(*it)->groups.list));
	}
	return until;
}

/* The round of ends follows commits at once where it is near; for groups seen for the first time in
 * any case. */
static void ask_ends(struct cluster_source *s)
{
	int64_t now = now_of(s);

	if (groups_hold_ends(s))
		return;
	vec_foreach (it, &s->brokers) {
		struct broker_poll *b = *it;

		if (b->pause_ms)
			continue;
		if (s->fresh && b->offsets.busy)
			b->again = true;
		else if (s->fresh || b->offsets.due_ms - now <= s->interval_ms / 2)
			b->offsets.due_ms = min_i64(b->offsets.due_ms, now);
	}
	s->fresh = false;
}

static void on_commits(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct broker_poll *b = arg;
	struct cluster_source *s = b->s;
	size_t lost = 0;

	(void)broker;
	s->commits_ms = max_i64(now_of(s), s->ends_ms + 1);
	for (size_t i = 0; i < n; i++) {
		lost += all[i].answered && silent(all[i].error);
		if (!all[i].answered || b->groups.fed_commits[i])
			continue;
		b->groups.fed_commits[i] = true;
		take_commits(b, &all[i]);
	}
	if (!left) {
		group_turn_end(s, &b->groups.commits, s->interval_ms);
		if (lost == n)
			pause_turn(s, &b->groups.commits, &b->groups.pause_ms);
		else
			b->groups.pause_ms = 0;
		ask_ends(s);
	}
	poll_publish_soon(s);
	poll_run(s);
}

/* ---- which ---------------------------------------------------------------------------------- */

struct names {
	struct str *v;
	size_t n, cap;
};

static bool mine(const struct broker_poll *b, const struct known_group *g)
{
	return g->broker == b->id && g->pick_round != b->s->pick_round &&
	       g->not_before_ms <= now_of(b->s);
}

static void pick(struct broker_poll *b, struct known_group *g, enum group_want want,
	int32_t every_ms, struct names *out)
{
	g->want = (uint8_t)want;
	g->pick_round = b->s->pick_round;
	g->asked_ms = now_of(b->s);
	g->every_ms = every_ms;
	vec_push(out, g->name);
}

/* On the screen, and not asked for in this interval. */
static void pick_wanted(
	struct broker_poll *b, const char *name, enum group_want want, struct names *out)
{
	struct cluster_source *s = b->s;
	struct known_group *g = name ? find_known(s, str_of(name)) : NULL;

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

	if (!fits(s)) {
		most.groups = max_size(1, SLICE * n / s->groups.n);
		most.parts = max_i64(1, SLICE_PARTS * (int64_t)n / (int64_t)s->groups.n);
	}
	if (version >= 0 && version < OFFSET_FETCH_MANY)
		most.groups = min_size(most.groups, OLD_SLICE);
	return most;
}

/* The next ones of those that nobody looks at, going round. */
static void pick_slice(struct broker_poll *b, struct names *out)
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

static void pick_others(struct broker_poll *b, struct names *out)
{
	struct cluster_source *s = b->s;
	int64_t now = now_of(s);

	if (b->groups.back_ms && now - b->groups.back_ms < s->interval_ms * 9 / 10)
		return;
	b->groups.back_ms = now;
	pick_slice(b, out);
}

/* Members are asked for where there may be any; that a group is Empty its list has told. */
static void ask_describe(struct broker_poll *b, const struct names *picked)
{
	struct cluster_source *s = b->s;
	struct group_poll *p = &b->groups;
	struct names ask = {0};

	for (size_t i = 0; i < picked->n; i++) {
		const struct known_group *g = find_known(s, picked->v[i]);

		if (!g->empty)
			vec_push(&ask, g->name);
		else
			feed_group(s->model, g->listed_ms,
				&(struct feed_group){.name = g->name,
					.state = STR_LIT("Empty"),
					.coordinator = b->id,
					.generation = -1,
					.interval_ms = g->every_ms});
	}
	if (ask.n) {
		free(p->fed_describe);
		p->fed_describe = xcalloc(ask.n, sizeof(*p->fed_describe));
		turn_begin(s, &p->describe);
		p->describe.id = admin_describe_groups_at(
			s->admin, b->id, ask.v, ask.n, QUESTION_MS, on_described, b);
	}
	vec_fini(&ask);
}

static void ask_commits(struct broker_poll *b, const struct names *picked)
{
	struct group_poll *p = &b->groups;
	struct cluster_source *s = b->s;

	free(p->fed_commits);
	p->fed_commits = xcalloc(picked->n + 1, sizeof(*p->fed_commits));
	turn_begin(s, &p->commits);
	if (picked->n)
		p->commits.id = admin_fetch_group_offsets_at(
			s->admin, b->id, picked->v, picked->n, QUESTION_MS, on_commits, b);
	else
		group_turn_end(s, &p->commits, s->interval_ms);
}

static void ask_round(struct broker_poll *b)
{
	struct cluster_source *s = b->s;
	struct names picked = {0};

	s->pick_round++;
	pick_wanted(b, s->opened_group, GROUP_OPENED, &picked);
	vec_foreach (name, &s->visible_groups)
		pick_wanted(b, *name, GROUP_ROW, &picked);
	pick_others(b, &picked);
	if (!b->groups.describe.busy)
		ask_describe(b, &picked);
	ask_commits(b, &picked);
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
		ask_list(b);
	if (!p->list.busy)
		*next = min_i64(*next, p->list.due_ms);
	if (p->commits.busy)
		return;
	if (wait_until(s, &p->list)) {
		*next = min_i64(*next, wait_until(s, &p->list));
		return;
	}
	if (p->commits.due_ms <= now)
		ask_round(b);
	if (!p->commits.busy)
		*next = min_i64(*next, p->commits.due_ms);
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
	const struct known_group *g = name ? find_known(s, str_of(name)) : NULL;

	if (!g || (g->asked_ms >= 0 && now_of(s) - g->asked_ms < 2 * (int64_t)s->interval_ms))
		return;
	vec_foreach (it, &s->brokers)
		if ((*it)->id == g->broker && !(*it)->groups.pause_ms)
			(*it)->groups.commits.due_ms = 0;
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
		(*it)->groups.list.due_ms = (*it)->groups.commits.due_ms = 0;
		(*it)->groups.back_ms = 0;
	}
}

void groups_drop_broker(struct broker_poll *b)
{
	turn_cancel(b->s, &b->groups.list);
	turn_cancel(b->s, &b->groups.describe);
	turn_cancel(b->s, &b->groups.commits);
	free(b->groups.fed_describe);
	free(b->groups.fed_commits);
}

void groups_forget_known(struct cluster_source *s)
{
	vec_foreach (g, &s->groups)
		free_known(*g);
	vec_clear(&s->groups);
	map_clear(&s->group_by_name);
	unread_forget(s);
}
