/* Pre-votes, votes, and how the winner makes itself known. */
#include "quorum/impl.h"
#include "quorum/planted.h"
#include "wire/kerr.h"

/* For a few writes on a slow disk. */
#define FRESH_PATIENCE_MS 150
/* For a pre-vote's answer, and a vote written down by each of two on a busy disk. */
#define GIVE_WAY_MS 150

static void clear_votes(struct quorum *q)
{
	memset(q->votes, 0, sizeof(q->votes));
	for (int i = 0; i < q->set.n_voters; i++) {
		q->votes[i].granted = q->votes[i].answered = q->set.voters[i] == q->set.id;
		q->votes[i].retry_at_ms = q->now_ms;
	}
}

static int count(const struct quorum *q, bool granted)
{
	int n = 0;

	for (int i = 0; i < q->set.n_voters; i++)
		n += q->votes[i].answered && q->votes[i].granted == granted;
	return n;
}

/* Votes of voters without a past count only when nobody objects: who has a past would. */
static int needed(const struct quorum *q)
{
	return q->unanimous ? q->set.n_voters : quorum_majority(q);
}

/* A vote has to be written down, by those who give it and by who gets it: a new voter's haste would
 * end in the next epoch before this one has its leader. */
static int64_t vote_wait(struct quorum *q)
{
	return quorum_election_wait(q) + (q->fresh ? FRESH_PATIENCE_MS : 0);
}

static void stand(struct quorum *q)
{
	if (!quorum_is_epoch((int64_t)q->state.leader_epoch + 1) ||
		!quorum_persist(
			q, q->state.leader_epoch + 1, QUORUM_NOBODY, q->set.id, &q->set.dir)) {
		q->deadline_ms = q->now_ms + q->set.election_timeout_ms;
		return;
	}
	quorum_move(q, QUORUM_CANDIDATE, QUORUM_NOBODY);
	clear_votes(q);
	q->deadline_ms = q->now_ms + vote_wait(q);
	if (count(q, true) >= needed(q))
		quorum_lead(q);
	else
		quorum_ask_votes(q);
}

void quorum_run(struct quorum *q)
{
	quorum_move(q, QUORUM_PROSPECTIVE, QUORUM_NOBODY);
	/* Now and then also a voter with a past asks all: the others may be too new to count. One
	 * that has said so is asked for soon, but not always, since it may be gone. */
	q->unanimous = q->fresh || (q->met_fresh ? q->elections % 2 == 0 : q->elections % 3 == 2);
	clear_votes(q);
	q->deadline_ms = q->now_ms + quorum_election_wait(q);
	if (count(q, true) >= needed(q))
		stand(q);
	else
		quorum_ask_votes(q);
}

void quorum_ask_votes(struct quorum *q)
{
	struct quorum_vote_request r = {
		.new_cluster = q->unanimous,
		.candidate = q->set.id,
		.candidate_dir = q->set.dir,
		.epoch = q->state.leader_epoch,
		.last_epoch = q->ops->last_epoch(q->arg),
		.last_offset = q->ops->log_end(q->arg),
		.pre_vote = q->role == QUORUM_PROSPECTIVE,
	};

	for (int i = 0; i < q->set.n_voters; i++) {
		struct quorum_vote *v = &q->votes[i];

		if (v->answered || v->retry_at_ms > q->now_ms)
			continue;
		v->asked = true;
		v->retry_at_ms = q->now_ms + q->set.request_timeout_ms;
		r.voter = q->set.voters[i];
		q->ops->send_vote(q->arg, r.voter, &r);
	}
}

void quorum_lead(struct quorum *q)
{
	int32_t granting[QUORUM_MAX_VOTERS];
	int n = 0;

	if (!quorum_persist(q, q->state.leader_epoch, q->set.id, q->set.id, &q->set.dir)) {
		q->deadline_ms = q->now_ms + q->set.election_timeout_ms;
		return;
	}
	for (int i = 0; i < q->set.n_voters; i++)
		if (q->votes[i].granted)
			granting[n++] = q->set.voters[i];
	q->fresh = false;
	q->met_fresh = false;
	q->elections = 0;
	q->led_since_ms = q->now_ms;
	q->n_observers = 0;
	q->epoch_start = q->ops->log_end(q->arg);
	for (int i = 0; i < q->set.n_voters; i++)
		q->replicas[i] = (struct quorum_replica){
			.id = q->set.voters[i],
			.end_offset = -1,
			.last_fetch_ms = -1,
			.last_caught_up_ms = -1,
			.begin_at_ms = q->set.voters[i] == q->set.id ? -1 : q->now_ms,
		};
	quorum_move(q, QUORUM_LEADER, q->set.id);
	q->deadline_ms =
		q->set.n_voters == 1 ? INT64_MAX : q->now_ms + q->set.fetch_timeout_ms * 3 / 2;
	if (q->ops->append_leader_change(q->arg, q->state.leader_epoch, q->set.id, q->set.voters,
		    q->set.n_voters, granting, n) < 0)
		quorum_resign(q, q->now_ms);
	else
		quorum_send_begins(q);
}

void quorum_send_begins(struct quorum *q)
{
	struct quorum_begin_request r = {.leader = q->set.id, .epoch = q->state.leader_epoch};

	for (int i = 0; i < q->set.n_voters && q->role == QUORUM_LEADER; i++) {
		struct quorum_replica *p = &q->replicas[i];

		if (p->begin_at_ms < 0 || p->begin_at_ms > q->now_ms)
			continue;
		p->begin_at_ms = q->now_ms + q->set.fetch_timeout_ms / 4 + 1;
		q->ops->send_begin(q->arg, p->id, &r);
	}
}

static bool log_is_behind(const struct quorum *q, const struct quorum_vote_request *r)
{
	int32_t epoch = q->ops->last_epoch(q->arg);

	return r->last_epoch < epoch ||
	       (r->last_epoch == epoch && r->last_offset < q->ops->log_end(q->arg));
}

static bool heard_lately(const struct quorum *q)
{
	return q->role == QUORUM_LEADER ||
	       (q->role == QUORUM_FOLLOWER && q->heard_ms >= 0 &&
		       q->now_ms - q->heard_ms < q->set.fetch_timeout_ms);
}

static bool may_grant(const struct quorum *q, const struct quorum_vote_request *r)
{
	if ((q->fresh && !r->new_cluster) || log_is_behind(q, r))
		return false;
	if (r->pre_vote)
		return !heard_lately(q);
	if (q->state.voted_id != QUORUM_NOBODY && !QUORUM_PLANTED(QUORUM_FAULT_TWO_VOTES))
		return q->state.voted_id == r->candidate;
	return q->role == QUORUM_UNATTACHED || q->role == QUORUM_PROSPECTIVE;
}

/* Two who stand at once each have their own vote, and the epoch ends without a leader, an election
 * time-out later. So who is asked for a pre-vote first does not stand for a while; of two who ask
 * each other the one with less in its log waits, else the one of higher id. */
static void give_way(struct quorum *q, const struct quorum_vote_request *r)
{
	bool equal = r->last_epoch == q->ops->last_epoch(q->arg) &&
		     r->last_offset == q->ops->log_end(q->arg);

	if (q->fresh || r->new_cluster ||
		(q->role == QUORUM_PROSPECTIVE && equal && q->set.id < r->candidate))
		return;
	if (q->role == QUORUM_PROSPECTIVE) {
		quorum_move(q, QUORUM_UNATTACHED, QUORUM_NOBODY);
		q->deadline_ms = q->now_ms;
	}
	if (q->role == QUORUM_UNATTACHED || q->role == QUORUM_FOLLOWER)
		q->deadline_ms = max_i64(q->deadline_ms,
			q->now_ms + GIVE_WAY_MS + rng_between(&q->rng, 0, GIVE_WAY_MS));
}

static bool grant(struct quorum *q, const struct quorum_vote_request *r)
{
	if (!may_grant(q, r))
		return false;
	if (r->pre_vote) {
		give_way(q, r);
		return true;
	}
	if (q->state.leader_id != QUORUM_NOBODY ||
		!quorum_persist(q, r->epoch, QUORUM_NOBODY, r->candidate, &r->candidate_dir))
		return false;
	if (q->role == QUORUM_PROSPECTIVE)
		quorum_move(q, QUORUM_UNATTACHED, QUORUM_NOBODY);
	q->deadline_ms = q->now_ms + vote_wait(q);
	return true;
}

/* Soon, and spread out: others have heard the same. */
static void hurry(struct quorum *q)
{
	q->deadline_ms = min_i64(q->deadline_ms,
		q->now_ms + q->set.retry_ms + rng_between(&q->rng, 0, 4 * q->set.retry_ms));
}

/* New voters look for a leader, and cannot elect one of themselves: this one has more. */
static void stand_soon(struct quorum *q, const struct quorum_vote_request *r)
{
	if (!r->new_cluster)
		return;
	q->met_fresh = true;
	if (q->role == QUORUM_UNATTACHED && !q->fresh && log_is_behind(q, r))
		hurry(q);
}

void quorum_on_vote(struct quorum *q, const struct quorum_vote_request *r,
	struct quorum_vote_response *out, int64_t now_ms)
{
	bool known = q->voter && quorum_index(q, r->candidate) >= 0 && r->candidate != q->set.id;

	q->now_ms = now_ms;
	quorum_meet(q, r->candidate, r->epoch);
	memset(out, 0, sizeof(*out));
	out->pre_vote = r->pre_vote;
	if (!known || !quorum_is_epoch(r->epoch) || r->last_epoch > r->epoch || r->last_offset < 0)
		out->error = KERR_INVALID_REQUEST;
	else if (r->epoch < q->state.leader_epoch)
		out->error = KERR_FENCED_LEADER_EPOCH;
	/* By a pre-vote, too: who stood in a later epoch, and was heard by nobody then, could not
	 * come back to the leader of this one. */
	else if (r->epoch > q->state.leader_epoch && !quorum_enter(q, r->epoch))
		out->error = KERR_UNKNOWN_SERVER_ERROR;
	else
		out->granted = grant(q, r);
	if (!out->error && !out->granted)
		stand_soon(q, r);
	out->leader = q->leader;
	out->epoch = q->state.leader_epoch;
}

static void counted(struct quorum *q)
{
	if (count(q, true) >= needed(q)) {
		if (q->role == QUORUM_PROSPECTIVE)
			stand(q);
		else
			quorum_lead(q);
	} else if (count(q, false) > q->set.n_voters - needed(q)) {
		/* Lost: wait a little longer each time, so that somebody else can win. */
		int64_t most = q->set.election_backoff_ms > 0 ? q->set.election_backoff_ms : 1;
		int64_t wait = q->fresh ? quorum_election_wait(q) : rng_between(&q->rng, 1, most);

		q->deadline_ms = min_i64(q->deadline_ms, q->now_ms + wait);
	}
}

void quorum_on_vote_response(
	struct quorum *q, int32_t from, const struct quorum_vote_response *r, int64_t now_ms)
{
	int i = quorum_index(q, from);

	q->now_ms = now_ms;
	if (i < 0 || from == q->set.id)
		return;
	quorum_meet(q, from, r->epoch);
	/* Who grants has not heard from the leader that it names. */
	if ((!r->granted || r->epoch > q->state.leader_epoch) &&
		quorum_learn(q, r->epoch, r->leader))
		return;
	if (q->role != (r->pre_vote ? QUORUM_PROSPECTIVE : QUORUM_CANDIDATE))
		return;
	if (!r->pre_vote && r->epoch != q->state.leader_epoch)
		return;
	if (q->votes[i].answered)
		return;
	q->votes[i].answered = true;
	q->votes[i].granted = r->granted && r->error == 0;
	counted(q);
}

static int16_t leader_error(const struct quorum *q, int32_t leader, int32_t epoch)
{
	if (quorum_index(q, leader) < 0 || leader == q->set.id)
		return KERR_INVALID_REQUEST;
	return epoch < q->state.leader_epoch ? KERR_FENCED_LEADER_EPOCH : KERR_NONE;
}

void quorum_on_begin(struct quorum *q, const struct quorum_begin_request *r,
	struct quorum_epoch_response *out, int64_t now_ms)
{
	q->now_ms = now_ms;
	quorum_meet(q, r->leader, r->epoch);
	out->error = leader_error(q, r->leader, r->epoch);
	if (!out->error && r->epoch == q->state.leader_epoch && q->leader == r->leader)
		q->fetch_at_ms = q->fetch_in_flight ? q->fetch_at_ms : now_ms;
	else if (!out->error && !quorum_learn(q, r->epoch, r->leader))
		out->error = KERR_INVALID_REQUEST;
	if (!out->error && q->leader == r->leader)
		q->heard_ms = now_ms;
	out->leader = q->leader;
	out->epoch = q->state.leader_epoch;
}

void quorum_on_begin_response(
	struct quorum *q, int32_t from, const struct quorum_epoch_response *r, int64_t now_ms)
{
	int i = quorum_index(q, from);

	q->now_ms = now_ms;
	if (i < 0 || quorum_learn(q, r->epoch, r->leader) || q->role != QUORUM_LEADER)
		return;
	if (r->error == 0 && r->epoch == q->state.leader_epoch)
		q->replicas[i].begin_at_ms = now_ms + q->set.fetch_timeout_ms / 2;
}

/* The most caught up goes at once, the next ones a step later each. */
void quorum_on_end(struct quorum *q, const struct quorum_end_request *r,
	struct quorum_epoch_response *out, int64_t now_ms)
{
	q->now_ms = now_ms;
	out->error = leader_error(q, r->leader, r->epoch);
	if (!out->error && (r->epoch > q->state.leader_epoch || q->leader == QUORUM_NOBODY))
		quorum_learn(q, r->epoch, r->leader);
	if (out->error == 0 && q->role == QUORUM_FOLLOWER && q->leader == r->leader) {
		int at = 0;

		while (at < r->n_successors && r->successors[at] != q->set.id)
			at++;
		q->heard_ms = -1;
		q->deadline_ms = now_ms + (at ? at * 50 + rng_between(&q->rng, 0, 20) : 0);
	}
	out->leader = q->leader;
	out->epoch = q->state.leader_epoch;
}

void quorum_leader_gone(struct quorum *q)
{
	/* Who looks on asks the others at once who leads now. */
	if (q->role == QUORUM_OBSERVER && quorum_enter(q, q->state.leader_epoch))
		q->fetch_at_ms = q->now_ms + q->set.retry_ms;
	if (q->role != QUORUM_FOLLOWER)
		return;
	q->heard_ms = -1;
	hurry(q);
}

void quorum_on_disconnect(struct quorum *q, int32_t node, int64_t now_ms)
{
	int i = quorum_index(q, node);

	q->now_ms = now_ms;
	if (i < 0)
		return;
	if (q->role == QUORUM_PROSPECTIVE || q->role == QUORUM_CANDIDATE)
		q->votes[i].retry_at_ms = now_ms + q->set.retry_ms;
	if (q->role == QUORUM_LEADER && q->replicas[i].begin_at_ms >= 0)
		q->replicas[i].begin_at_ms = now_ms + q->set.retry_ms;
	if ((q->role == QUORUM_FOLLOWER && node == q->leader) || q->role == QUORUM_OBSERVER) {
		q->fetch_in_flight = false;
		q->fetch_at_ms = now_ms + q->set.retry_ms;
	}
	if (node == q->leader)
		quorum_leader_gone(q);
}
