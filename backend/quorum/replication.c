/* The log between leader and followers: fetch, divergence, high watermark. */
#include "quorum/impl.h"
#include "wire/kerr.h"

/* Leader: to the offset that a majority has synced. */
static void advance(struct quorum *q)
{
	int64_t ends[QUORUM_MAX_VOTERS], hw;

	for (int i = 0; i < q->set.n_voters; i++) {
		const struct quorum_replica *p = &q->replicas[i];

		ends[i] = p->id == q->set.id ? q->synced : p->end_offset;
	}
	hw = quorum_reached(q, ends);
	if (hw <= q->epoch_start || hw <= q->high_watermark)
		return;
	q->high_watermark = hw;
	q->ops->committed(q->arg, hw);
}

/* Where a replica's progress is kept; an unknown observer gets a place while there is one. */
static struct quorum_replica *replica_of(struct quorum *q, int32_t id)
{
	int i = quorum_index(q, id);
	struct quorum_replica *oldest = NULL;

	if (i >= 0)
		return &q->replicas[i];
	for (int k = 0; k < q->n_observers; k++) {
		if (q->observers[k].id == id)
			return &q->observers[k];
		if (!oldest || q->observers[k].last_fetch_ms < oldest->last_fetch_ms)
			oldest = &q->observers[k];
	}
	if (q->n_observers < QUORUM_MAX_OBSERVERS)
		oldest = &q->observers[q->n_observers++];
	*oldest = (struct quorum_replica){
		.id = id, .end_offset = -1, .last_fetch_ms = -1, .begin_at_ms = -1};
	return oldest;
}

static bool agrees(
	struct quorum *q, const struct quorum_fetch_request *r, struct quorum_fetch_response *out)
{
	int32_t found = -1;
	int64_t end = -1;

	if (r->offset == 0)
		return true;
	q->ops->epoch_end(q->arg, r->last_fetched_epoch, &found, &end);
	if (found == r->last_fetched_epoch && r->offset <= end)
		return true;
	out->diverging_epoch = found < 0 ? 0 : found;
	out->diverging_end = found < 0 ? q->ops->log_start(q->arg) : end;
	return false;
}

static int16_t fetch_error(const struct quorum *q, const struct quorum_fetch_request *r)
{
	if (r->offset < 0)
		return KERR_INVALID_REQUEST;
	if (r->epoch >= 0 && r->epoch < q->state.leader_epoch)
		return KERR_FENCED_LEADER_EPOCH;
	if (r->epoch > q->state.leader_epoch)
		return KERR_UNKNOWN_LEADER_EPOCH;
	return q->role == QUORUM_LEADER ? KERR_NONE : KERR_NOT_LEADER_OR_FOLLOWER;
}

/* Two processes under one id: what the one acknowledges, the other may not have. */
static bool another_folder(const struct quorum *q, const struct quorum_fetch_request *r)
{
	int i = quorum_index(q, r->replica);
	const struct quorum_replica *p = i < 0 ? NULL : &q->replicas[i];

	return p && p->last_fetch_ms >= 0 &&
	       q->now_ms - p->last_fetch_ms < q->set.fetch_timeout_ms / 2 &&
	       !uuid_is_zero(&r->replica_dir) && !uuid_eq(&r->replica_dir, &p->dir);
}

void quorum_on_fetch(struct quorum *q, const struct quorum_fetch_request *r,
	struct quorum_fetch_response *out, int64_t now_ms)
{
	q->now_ms = now_ms;
	*out = (struct quorum_fetch_response){
		.error = fetch_error(q, r),
		.leader = q->leader,
		.epoch = q->state.leader_epoch,
		.high_watermark = q->high_watermark,
		.diverging_epoch = -1,
		.diverging_end = -1,
	};
	if (!out->error && another_folder(q, r))
		out->error = KERR_INVALID_VOTER_KEY;
	if (out->error)
		return;
	if (r->offset < q->ops->log_start(q->arg)) {
		out->snapshot = true;
		return;
	}
	if (!agrees(q, r, out) || r->replica < 0 || r->replica == q->set.id)
		return;

	struct quorum_replica *p = replica_of(q, r->replica);

	p->dir = r->replica_dir;
	p->end_offset = r->offset;
	p->last_fetch_ms = now_ms;
	p->begin_at_ms = -1;
	if (r->offset >= q->ops->log_end(q->arg))
		p->last_caught_up_ms = now_ms;
	advance(q);
	out->high_watermark = q->high_watermark;
}

void quorum_send_fetch(struct quorum *q)
{
	int32_t to = q->leader;
	struct quorum_fetch_request r = {
		.replica = q->set.id,
		.replica_dir = q->set.dir,
		.epoch = q->state.leader_epoch,
		.offset = q->ops->log_end(q->arg),
		.last_fetched_epoch = q->ops->last_epoch(q->arg),
		.high_watermark = q->high_watermark,
	};

	if (q->fetch_in_flight && q->fetch_sent_ms + q->set.request_timeout_ms <= q->now_ms)
		q->fetch_in_flight = false;
	if (q->fetch_in_flight || quorum_unsynced(q) || q->fetch_at_ms > q->now_ms ||
		!quorum_may_fetch(q) || q->set.n_voters == 0)
		return;
	if (to == QUORUM_NOBODY)
		to = q->set.voters[q->fetch_target++ % q->set.n_voters];
	q->fetch_in_flight = true;
	q->fetch_sent_ms = q->now_ms;
	q->ops->send_fetch(q->arg, to, &r);
}

/* Back to the last offset on which both logs can agree; never below what is committed. */
static void diverged(struct quorum *q, const struct quorum_fetch_response *r)
{
	int32_t found = -1;
	int64_t end = -1;

	q->ops->epoch_end(q->arg, r->diverging_epoch, &found, &end);
	end = found < 0 ? q->ops->log_start(q->arg) : min_i64(end, r->diverging_end);
	if (end < q->high_watermark || end >= q->ops->log_end(q->arg) ||
		q->ops->truncate(q->arg, end) < 0) {
		q->fetch_at_ms = q->now_ms + q->set.retry_ms;
		return;
	}
	q->synced = min_i64(q->synced, end);
	q->fetch_at_ms = q->now_ms;
}

bool quorum_on_fetch_response(
	struct quorum *q, int32_t from, const struct quorum_fetch_response *r, int64_t now_ms)
{
	q->now_ms = now_ms;
	quorum_meet(q, from, r->epoch);
	if ((q->role != QUORUM_FOLLOWER && q->role != QUORUM_OBSERVER) || !q->fetch_in_flight)
		return false;
	if (quorum_learn(q, r->epoch, r->leader))
		return false;
	q->fetch_in_flight = false;
	q->fetch_at_ms = now_ms + q->set.retry_ms;
	if (from != q->leader || r->epoch != q->state.leader_epoch)
		return false;
	/* It came back after a crash, or gave up, and the epoch still has its name. */
	if (r->error == KERR_NOT_LEADER_OR_FOLLOWER)
		quorum_leader_gone(q);
	if (r->error || r->snapshot)
		return false;
	q->heard_ms = now_ms;
	q->deadline_ms = now_ms + q->set.fetch_timeout_ms;
	if (r->diverging_epoch >= 0) {
		diverged(q, r);
		return false;
	}
	q->append_pending = true;
	q->leader_hw = r->high_watermark;
	return true;
}

/* Fresh: the log holds what the leader knows committed in its own epoch, which says that all before
 * it is, too. */
static bool has_all(const struct quorum *q, int64_t synced)
{
	int32_t found = -1;
	int64_t before = -1;

	if (q->ops->last_epoch(q->arg) != q->state.leader_epoch || synced < q->leader_hw)
		return false;
	q->ops->epoch_end(q->arg, q->state.leader_epoch - 1, &found, &before);
	return q->leader_hw > (found < 0 ? 0 : before);
}

void quorum_on_log(struct quorum *q, int64_t synced, int64_t now_ms)
{
	q->now_ms = now_ms;
	q->synced = synced;
	if (q->role == QUORUM_LEADER) {
		advance(q);
		return;
	}
	if (q->role != QUORUM_FOLLOWER && q->role != QUORUM_OBSERVER)
		return;
	if (!q->append_pending) {
		quorum_send_fetch(q);
		return;
	}
	q->append_pending = false;
	q->fetch_at_ms = now_ms;

	int64_t hw = min_i64(q->leader_hw, synced);

	if (hw > q->high_watermark) {
		q->high_watermark = hw;
		q->ops->committed(q->arg, hw);
	}
	if (q->fresh && has_all(q, synced))
		q->fresh = false;
	quorum_send_fetch(q);
}

void quorum_on_append_refused(struct quorum *q, int64_t now_ms)
{
	q->now_ms = now_ms;
	if (!q->append_pending)
		return;
	q->append_pending = false;
	q->fetch_at_ms = now_ms + q->set.fetch_timeout_ms / 4;
}
