/* A voter whose log is a few numbers, on a disk that may refuse; what it sends is kept. */
#ifndef TEST_QUORUM_VOTER_H
#define TEST_QUORUM_VOTER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quorum/quorum.h"
#include "wire/kerr.h"

struct voter {
	struct quorum quorum;
	struct quorum_state saved;
	int64_t end;
	int32_t last_epoch;
	int32_t older_epoch; /* the one before it; 0: none */
	int64_t older_end;
	bool disk_refuses;
	int saves, fetches, votes;
	struct quorum_fetch_request fetch;
	struct quorum_end_request handed_over;
};

static inline int op_persist(void *arg, const struct quorum_state *s)
{
	struct voter *v = arg;

	if (v->disk_refuses)
		return ERR_IO;
	v->saved = *s;
	v->saves++;
	return 0;
}

static inline int64_t op_log_start(void *arg)
{
	(void)arg;
	return 0;
}

static inline int64_t op_log_end(void *arg)
{
	return ((struct voter *)arg)->end;
}

static inline int32_t op_last_epoch(void *arg)
{
	return ((struct voter *)arg)->last_epoch;
}

static inline void op_epoch_end(void *arg, int32_t epoch, int32_t *found, int64_t *end)
{
	struct voter *v = arg;
	bool has = v->end > 0 && epoch >= v->last_epoch;
	bool had = v->older_epoch > 0 && epoch >= v->older_epoch;

	*found = has ? v->last_epoch : had ? v->older_epoch : -1;
	*end = has ? v->end : had ? v->older_end : -1;
}

static inline int op_truncate(void *arg, int64_t offset)
{
	((struct voter *)arg)->end = offset;
	return 0;
}

static inline int op_append_leader_change(void *arg, int32_t epoch, int32_t leader,
	const int32_t *voters, int n_voters, const int32_t *granting, int n_granting)
{
	struct voter *v = arg;

	(void)leader;
	(void)voters;
	(void)n_voters;
	(void)granting;
	(void)n_granting;
	v->older_epoch = v->last_epoch;
	v->older_end = v->end++;
	v->last_epoch = epoch;
	return 0;
}

static inline void op_send_vote(void *arg, int32_t to, const struct quorum_vote_request *r)
{
	(void)to;
	(void)r;
	((struct voter *)arg)->votes++;
}

static inline void op_send_begin(void *arg, int32_t to, const struct quorum_begin_request *r)
{
	(void)arg;
	(void)to;
	(void)r;
}

static inline void op_send_end(void *arg, int32_t to, const struct quorum_end_request *r)
{
	(void)to;
	((struct voter *)arg)->handed_over = *r;
}

static inline void op_send_fetch(void *arg, int32_t to, const struct quorum_fetch_request *r)
{
	struct voter *v = arg;

	(void)to;
	v->fetch = *r;
	v->fetches++;
}

static inline void op_changed(void *arg, enum quorum_role role, int32_t epoch, int32_t leader)
{
	(void)arg;
	(void)role;
	(void)epoch;
	(void)leader;
}

static inline void op_committed(void *arg, int64_t hw)
{
	(void)arg;
	(void)hw;
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

static const struct quorum_settings three = {
	.id = 1,
	.voters = {1, 2, 3},
	.n_voters = 3,
	.election_timeout_ms = 1000,
	.fetch_timeout_ms = 2000,
	.election_backoff_ms = 1000,
	.request_timeout_ms = 2000,
	.retry_ms = 20,
};

/* Node 1 of three, in epoch 5 without a leader, its log ends at (4, 10). */
static inline void voter_init(struct voter *v)
{
	struct quorum_state s = {.leader_id = -1, .leader_epoch = 5, .voted_id = -1};
	struct err e;

	memset(v, 0, sizeof(*v));
	v->end = 10;
	v->last_epoch = 4;
	assert_int_equal(quorum_init(&v->quorum, &three, &ops, v, &s, 7, 0, &e), 0);
	quorum_start(&v->quorum, 0);
}

#endif
