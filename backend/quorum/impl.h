/* What the files of quorum share: moves between roles, and who is needed for a majority. */
#ifndef QUORUM_IMPL_H
#define QUORUM_IMPL_H

#include "quorum/quorum.h"

/* The one place where the role changes; a move that the table lacks is a bug. */
void quorum_move(struct quorum *q, enum quorum_role to, int32_t leader);
/* Writes epoch, leader and vote when they differ from the disk's. False: the disk said no, and
 * nothing has changed. */
bool quorum_persist(struct quorum *q, int32_t epoch, int32_t leader, int32_t voted,
	const struct uuid *voted_dir);
/* Into that epoch without a leader (an observer stays one). False: not persisted. */
bool quorum_enter(struct quorum *q, int32_t epoch);
void quorum_lead(struct quorum *q);
/* Pre-vote, or at once the election when the own vote is enough. */
void quorum_run(struct quorum *q);
void quorum_ask_votes(struct quorum *q);
void quorum_send_begins(struct quorum *q);
void quorum_send_fetch(struct quorum *q);
/* Its leader cannot be reached or leads no more: a follower stands soon, an observer looks for
 * another. */
void quorum_leader_gone(struct quorum *q);
/* A voter told its epoch. */
void quorum_meet(struct quorum *q, int32_t id, int32_t epoch);
/* May acknowledge what the leader at hand has: always, unless fresh (quorum.h). */
bool quorum_may_fetch(const struct quorum *q);
/* Of v, one value a voter: the highest that a majority has reached. Sorts v. */
int64_t quorum_reached(const struct quorum *q, int64_t v[]);
/* Index among the voters, or -1. */
int quorum_index(const struct quorum *q, int32_t id);
int64_t quorum_election_wait(struct quorum *q);
/* A leader in this or a later epoch was named in an answer: go there. True: something changed. */
bool quorum_learn(struct quorum *q, int32_t epoch, int32_t leader);

/* The offset of a fetch is an acknowledgement, so it waits for every record before it: also for
 * those of an earlier leader that were still on their way to the disk when the role changed. */
static inline bool quorum_unsynced(const struct quorum *q)
{
	return q->append_pending || q->synced < q->ops->log_end(q->arg);
}

/* What epochs can be: after each there is another. */
static inline bool quorum_is_epoch(int64_t epoch)
{
	return epoch >= 0 && epoch < INT32_MAX;
}

static inline int quorum_majority(const struct quorum *q)
{
	return q->set.n_voters / 2 + 1;
}

#endif
