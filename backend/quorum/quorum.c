/* Roles, their moves and time-outs. Elections are in election.c, the log in replication.c. */
#include "quorum/quorum.h"

#include <assert.h>
#include <stdlib.h>

#include "quorum/impl.h"
#include "quorum/planted.h"

#define BIT(role) (1u << (role))

/* To which roles a role may move. */
static const unsigned moves[] = {
	[QUORUM_UNATTACHED] =
		BIT(QUORUM_UNATTACHED) | BIT(QUORUM_PROSPECTIVE) | BIT(QUORUM_FOLLOWER),
	[QUORUM_PROSPECTIVE] =
		BIT(QUORUM_UNATTACHED) | BIT(QUORUM_CANDIDATE) | BIT(QUORUM_FOLLOWER),
	[QUORUM_CANDIDATE] = BIT(QUORUM_UNATTACHED) | BIT(QUORUM_PROSPECTIVE) | BIT(QUORUM_LEADER) |
			     BIT(QUORUM_FOLLOWER),
	[QUORUM_LEADER] = BIT(QUORUM_UNATTACHED) | BIT(QUORUM_RESIGNED) | BIT(QUORUM_FOLLOWER),
	[QUORUM_FOLLOWER] = BIT(QUORUM_UNATTACHED) | BIT(QUORUM_PROSPECTIVE) | BIT(QUORUM_FOLLOWER),
	[QUORUM_OBSERVER] = BIT(QUORUM_OBSERVER),
	[QUORUM_RESIGNED] = BIT(QUORUM_UNATTACHED) | BIT(QUORUM_FOLLOWER),
};

const char *quorum_role_name(enum quorum_role r)
{
	static const char *const names[] = {
		[QUORUM_UNATTACHED] = "unattached",
		[QUORUM_PROSPECTIVE] = "prospective",
		[QUORUM_CANDIDATE] = "candidate",
		[QUORUM_LEADER] = "leader",
		[QUORUM_FOLLOWER] = "follower",
		[QUORUM_OBSERVER] = "observer",
		[QUORUM_RESIGNED] = "resigned",
	};

	return names[r];
}

void quorum_move(struct quorum *q, enum quorum_role to, int32_t leader)
{
	assert(moves[q->role] & BIT(to));
	q->role = to;
	q->leader = leader;
	q->fetch_in_flight = false;
	q->append_pending = false;
	q->heard_ms = -1;
	q->ops->changed(q->arg, to, q->state.leader_epoch, leader);
}

int quorum_index(const struct quorum *q, int32_t id)
{
	for (int i = 0; i < q->set.n_voters; i++)
		if (q->set.voters[i] == id)
			return i;
	return -1;
}

static int higher_first(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y) - (x > y);
}

int64_t quorum_reached(const struct quorum *q, int64_t v[])
{
	qsort(v, (size_t)q->set.n_voters, sizeof(*v), higher_first);
	return v[quorum_majority(q) - 1];
}

bool quorum_persist(struct quorum *q, int32_t epoch, int32_t leader, int32_t voted,
	const struct uuid *voted_dir)
{
	struct quorum_state s = {.leader_id = leader, .leader_epoch = epoch, .voted_id = voted};

	if (voted_dir)
		s.voted_dir = *voted_dir;
	if (s.leader_id == q->state.leader_id && s.leader_epoch == q->state.leader_epoch &&
		s.voted_id == q->state.voted_id && uuid_eq(&s.voted_dir, &q->state.voted_dir))
		return true;
	if (q->ops->persist(q->arg, &s) < 0)
		return false;
	q->state = s;
	return true;
}

/* Voters that are all new elect at once; the spread keeps them from asking together for ever. */
int64_t quorum_election_wait(struct quorum *q)
{
	if (q->fresh)
		return rng_between(&q->rng, 2, 30 + 20 * (q->elections < 20 ? q->elections : 20));
	return q->set.election_timeout_ms + rng_between(&q->rng, 0, q->set.election_timeout_ms + 1);
}

bool quorum_enter(struct quorum *q, int32_t epoch)
{
	bool same = epoch == q->state.leader_epoch;

	if (!quorum_persist(q, epoch, QUORUM_NOBODY, same ? q->state.voted_id : QUORUM_NOBODY,
		    same ? &q->state.voted_dir : NULL))
		return false;
	quorum_move(q, q->voter ? QUORUM_UNATTACHED : QUORUM_OBSERVER, QUORUM_NOBODY);
	q->fetch_at_ms = q->now_ms;
	q->deadline_ms = q->voter ? q->now_ms + quorum_election_wait(q) : INT64_MAX;
	return true;
}

/* Follows (or observes) that leader. False: not persisted. */
static bool follow(struct quorum *q, int32_t epoch, int32_t leader)
{
	bool same = epoch == q->state.leader_epoch;
	bool mine = same && q->state.voted_id == leader;

	if (!quorum_persist(q, epoch, leader, same ? q->state.voted_id : QUORUM_NOBODY,
		    same ? &q->state.voted_dir : NULL))
		return false;
	quorum_meet(q, leader, epoch);
	/* A fresh voter votes only where all do: they have all been in this epoch. */
	for (int i = 0; mine && i < q->set.n_voters; i++)
		quorum_meet(q, q->set.voters[i], epoch);
	quorum_move(q, q->voter ? QUORUM_FOLLOWER : QUORUM_OBSERVER, leader);
	q->elections = 0;
	q->met_fresh = false;
	q->fetch_at_ms = q->now_ms;
	/* Pre-votes make the others tell their epochs. */
	q->deadline_ms = q->now_ms + (quorum_may_fetch(q) ? q->set.fetch_timeout_ms
							  : q->set.fetch_timeout_ms / 4);
	return true;
}

void quorum_meet(struct quorum *q, int32_t id, int32_t epoch)
{
	int i = quorum_index(q, id);

	if (!q->fresh || i < 0)
		return;
	q->met[i] = true;
	if (epoch > q->met_epoch)
		q->met_epoch = epoch;
}

bool quorum_waits_for(const struct quorum *q, int i)
{
	return q->fresh && !q->met[i] && q->set.voters[i] != q->set.id;
}

bool quorum_may_fetch(const struct quorum *q)
{
	if (!q->fresh)
		return true;
	for (int i = 0; i < q->set.n_voters; i++)
		if (quorum_waits_for(q, i))
			return false;
	return q->state.leader_epoch >= q->met_epoch;
}

bool quorum_learn(struct quorum *q, int32_t epoch, int32_t leader)
{
	bool known = leader >= 0 && leader != q->set.id && quorum_index(q, leader) >= 0;

	if (epoch < q->state.leader_epoch || !quorum_is_epoch(epoch))
		return false;
	if (epoch > q->state.leader_epoch)
		return known ? follow(q, epoch, leader) : quorum_enter(q, epoch);
	if (!known || q->leader != QUORUM_NOBODY || q->role == QUORUM_LEADER ||
		q->role == QUORUM_RESIGNED)
		return false;
	return follow(q, epoch, leader);
}

static int check_voters(const struct quorum_settings *s, struct err *e)
{
	if (s->n_voters < 0 || s->n_voters > QUORUM_MAX_VOTERS)
		return err_set(e, ERR_INVALID, "%d quorum voters; 1 to %d are possible",
			s->n_voters, QUORUM_MAX_VOTERS);
	for (int i = 0; i < s->n_voters; i++)
		for (int k = 0; k < i; k++)
			if (s->voters[i] == s->voters[k])
				return err_set(e, ERR_INVALID,
					"node %d stands twice in controller.quorum.voters",
					s->voters[i]);
	return 0;
}

static int check_settings(const struct quorum_settings *s, struct err *e)
{
	int rc = check_voters(s, e);

	if (rc < 0)
		return rc;
	if (s->election_timeout_ms <= 0 || s->fetch_timeout_ms <= 0 || s->retry_ms <= 0 ||
		s->request_timeout_ms <= 0)
		return err_set(e, ERR_INVALID, "controller.quorum time-outs must be above 0");
	return 0;
}

static int check_state(const struct quorum *q, struct err *e)
{
	const struct quorum_state *s = &q->state;

	if (!quorum_is_epoch(s->leader_epoch))
		return err_set(e, ERR_INVALID, "quorum-state: epoch %d", s->leader_epoch);
	if (s->voted_id >= 0 && q->set.n_voters > 0 && quorum_index(q, s->voted_id) < 0)
		return err_set(
			e, ERR_INVALID, "quorum-state: voted for %d, who is no voter", s->voted_id);
	if (q->ops->last_epoch(q->arg) > s->leader_epoch)
		return err_set(e, ERR_INVALID, "quorum-state: epoch %d, but the log has %d",
			s->leader_epoch, q->ops->last_epoch(q->arg));
	return 0;
}

int quorum_init(struct quorum *q, const struct quorum_settings *set, const struct quorum_ops *ops,
	void *arg, const struct quorum_state *state, uint64_t seed, int64_t now_ms, struct err *e)
{
	int rc = check_settings(set, e);

	if (rc < 0)
		return rc;
	memset(q, 0, sizeof(*q));
	q->ops = ops;
	q->arg = arg;
	q->set = *set;
	q->now_ms = now_ms;
	q->state = state ? *state : QUORUM_STATE_NONE;
	q->leader = QUORUM_NOBODY;
	q->high_watermark = -1;
	q->heard_ms = -1;
	q->deadline_ms = INT64_MAX;
	q->voter = quorum_index(q, set->id) >= 0;
	q->fresh = q->voter && set->new_voter && set->n_voters > 1 &&
		   !QUORUM_PLANTED(QUORUM_FAULT_EMPTY_VOTES);
	q->role = q->voter ? QUORUM_UNATTACHED : QUORUM_OBSERVER;
	for (int i = 0; i < set->n_voters; i++)
		q->replicas[i].id = set->voters[i];
	rng_seed(&q->rng, seed);
	return check_state(q, e);
}

void quorum_start(struct quorum *q, int64_t now_ms)
{
	q->now_ms = now_ms;
	q->synced = q->ops->log_end(q->arg);
	if (q->voter && q->set.n_voters == 1) {
		quorum_run(q);
		return;
	}
	if (q->state.leader_id >= 0 && q->state.leader_id != q->set.id &&
		quorum_index(q, q->state.leader_id) >= 0)
		follow(q, q->state.leader_epoch, q->state.leader_id);
	else if (quorum_enter(q, q->state.leader_epoch) && q->voter && !q->fresh)
		/* Pre-votes disturb nobody: a leader that is there is told, and where all have
		 * been away, nobody waits for a time-out. */
		q->deadline_ms = now_ms + rng_between(&q->rng, 1, 4 * q->set.retry_ms);
	quorum_tick(q, now_ms);
}

int quorum_set_voters(
	struct quorum *q, const int32_t *voters, int32_t n_voters, int64_t now_ms, struct err *e)
{
	struct quorum_settings set = q->set;
	int rc;

	memset(set.voters, 0, sizeof(set.voters));
	set.n_voters = n_voters;
	for (int32_t i = 0; i < n_voters && i < QUORUM_MAX_VOTERS; i++) {
		set.voters[i] = voters[i];
		if (voters[i] == set.id)
			return err_set(e, ERR_INVALID,
				"node %d is a voter of this quorum: it cannot look on", set.id);
	}
	rc = n_voters < 1 ? err_set(e, ERR_INVALID, "a quorum without voters")
			  : check_voters(&set, e);
	if (rc < 0)
		return rc;
	q->set = set;
	for (int32_t i = 0; i < n_voters; i++)
		q->replicas[i].id = voters[i];
	q->fetch_at_ms = now_ms;
	quorum_tick(q, now_ms);
	return 0;
}

void quorum_resign(struct quorum *q, int64_t now_ms)
{
	struct quorum_end_request r = {.leader = q->set.id, .epoch = q->state.leader_epoch};
	const struct quorum_replica *order[QUORUM_MAX_VOTERS];

	q->now_ms = now_ms;
	if (q->role != QUORUM_LEADER)
		return;
	for (int i = 0; i < q->set.n_voters; i++) {
		int at = r.n_successors;

		if (q->replicas[i].id == q->set.id)
			continue;
		for (; at > 0 && order[at - 1]->end_offset < q->replicas[i].end_offset; at--)
			order[at] = order[at - 1];
		order[at] = &q->replicas[i];
		r.n_successors++;
	}
	for (int i = 0; i < r.n_successors; i++)
		r.successors[i] = order[i]->id;
	quorum_move(q, QUORUM_RESIGNED, QUORUM_NOBODY);
	q->deadline_ms = now_ms + quorum_election_wait(q);
	for (int i = 0; i < r.n_successors; i++)
		q->ops->send_end(q->arg, r.successors[i], &r);
}

/* Leader: the time at which a majority was last heard, by fetches. */
static int64_t majority_heard(const struct quorum *q)
{
	int64_t t[QUORUM_MAX_VOTERS];

	for (int i = 0; i < q->set.n_voters; i++) {
		const struct quorum_replica *p = &q->replicas[i];

		t[i] = p->id == q->set.id ? q->now_ms : max_i64(p->last_fetch_ms, q->led_since_ms);
	}
	return quorum_reached(q, t);
}

static void expired(struct quorum *q)
{
	switch (q->role) {
	case QUORUM_UNATTACHED:
	case QUORUM_FOLLOWER:
		quorum_run(q);
		break;
	case QUORUM_PROSPECTIVE:
	case QUORUM_RESIGNED:
		q->elections++;
		if (!quorum_enter(q, q->state.leader_epoch))
			q->deadline_ms = q->now_ms + q->set.election_timeout_ms;
		break;
	case QUORUM_CANDIDATE:
		q->elections++;
		quorum_run(q);
		break;
	case QUORUM_LEADER:
		if (majority_heard(q) + q->set.fetch_timeout_ms * 3 / 2 <= q->now_ms)
			quorum_resign(q, q->now_ms);
		else
			q->deadline_ms = majority_heard(q) + q->set.fetch_timeout_ms * 3 / 2;
		break;
	case QUORUM_OBSERVER:
		quorum_enter(q, q->state.leader_epoch);
		break;
	}
}

static int64_t next_due(const struct quorum *q)
{
	int64_t due = q->deadline_ms;

	for (int i = 0; i < q->set.n_voters; i++) {
		bool self = q->set.voters[i] == q->set.id;

		if (self)
			continue;
		if (q->role == QUORUM_LEADER && q->replicas[i].begin_at_ms >= 0)
			due = min_i64(due, q->replicas[i].begin_at_ms);
		if ((q->role == QUORUM_PROSPECTIVE || q->role == QUORUM_CANDIDATE) &&
			!q->votes[i].answered)
			due = min_i64(due, q->votes[i].retry_at_ms);
	}
	if ((q->role == QUORUM_FOLLOWER || q->role == QUORUM_OBSERVER) && q->set.n_voters > 0) {
		if (q->fetch_in_flight)
			due = min_i64(due, q->fetch_sent_ms + q->set.request_timeout_ms);
		else if (!quorum_unsynced(q) && quorum_may_fetch(q))
			due = min_i64(due, q->fetch_at_ms);
	}
	return due;
}

int64_t quorum_tick(struct quorum *q, int64_t now_ms)
{
	q->now_ms = now_ms;
	if (q->deadline_ms <= now_ms)
		expired(q);
	if (q->role == QUORUM_PROSPECTIVE || q->role == QUORUM_CANDIDATE)
		quorum_ask_votes(q);
	if (q->role == QUORUM_LEADER)
		quorum_send_begins(q);
	if (q->role == QUORUM_FOLLOWER || q->role == QUORUM_OBSERVER)
		quorum_send_fetch(q);
	return next_due(q);
}

const struct quorum_replica *quorum_voter(const struct quorum *q, int32_t id)
{
	int i = quorum_index(q, id);

	return i < 0 ? NULL : &q->replicas[i];
}
