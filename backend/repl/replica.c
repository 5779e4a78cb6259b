/* See replica.h. */
#include "repl/replica.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "repl/planted.h"

static void ids_free(struct meta_ids *ids)
{
	free(ids->v);
	*ids = (struct meta_ids){NULL, 0};
}

static void ids_copy(struct meta_ids *to, struct meta_ids from)
{
	ids_free(to);
	if (from.n > 0)
		*to = (struct meta_ids){xmemdup(from.v, (size_t)from.n * sizeof(*from.v)), from.n};
}

void replicas_init(struct replicas *rs, int32_t me)
{
	*rs = (struct replicas){.me = me};
}

void replicas_fini(struct replicas *rs)
{
	free(rs->v);
	ids_free(&rs->isr.committed);
	isr_refused(&rs->isr);
	*rs = (struct replicas){.me = rs->me};
}

struct replica *replicas_find(const struct replicas *rs, int32_t id)
{
	for (int32_t i = 0; i < rs->n; i++)
		if (rs->v[i].id == id)
			return &rs->v[i];
	return NULL;
}

static struct replica unheard(int32_t id, bool in_sync, int64_t now_ms)
{
	return (struct replica){.id = id,
		.leo = REPLICA_UNKNOWN,
		.log_start = REPLICA_UNKNOWN,
		.broker_epoch = -1,
		.fetched_ms = REPLICA_NEVER,
		.leader_leo = INT64_MAX,
		.caught_up_ms = in_sync ? now_ms : REPLICA_NEVER};
}

/* The list anew in the image's order; those of before keep what is known of them. */
static void take_replicas(struct replicas *rs, const struct image_partition *ip, int64_t now_ms)
{
	struct replica *v = xcalloc((size_t)ip->replicas.n + 1, sizeof(*v));
	int32_t n = 0;

	for (int32_t i = 0; i < ip->replicas.n; i++) {
		int32_t id = ip->replicas.v[i];
		const struct replica *old = replicas_find(rs, id);

		if (id == rs->me)
			continue;
		v[n++] = old ? *old : unheard(id, isr_has(ip->isr, id), now_ms);
	}
	free(rs->v);
	rs->v = v;
	rs->n = n;
}

void replicas_lead(
	struct replicas *rs, const struct image_partition *ip, int64_t leo, int64_t now_ms)
{
	rs->n = 0;
	take_replicas(rs, ip, now_ms);
	ids_copy(&rs->isr.committed, ip->isr);
	isr_refused(&rs->isr);
	rs->epoch_start = leo;
}

void replicas_change(struct replicas *rs, const struct image_partition *ip, int64_t now_ms)
{
	take_replicas(rs, ip, now_ms);
	ids_copy(&rs->isr.committed, ip->isr);
	isr_settle(&rs->isr, ip->partition_epoch);
}

bool replica_fetched(struct replica *r, const struct replica_fetch *f)
{
	if (f->live_epoch >= 0 && f->broker_epoch != f->live_epoch)
		return false;
	if (f->live_epoch < 0 && f->broker_epoch >= 0 && f->broker_epoch < r->broker_epoch)
		return false;
	/* It has started again, maybe with less than it had. */
	if (f->broker_epoch >= 0 && r->broker_epoch >= 0 && f->broker_epoch != r->broker_epoch)
		*r = unheard(r->id, false, f->now_ms);
	if (f->offset >= f->leader_leo)
		r->caught_up_ms = max_i64(r->caught_up_ms, f->now_ms);
	else if (f->offset >= r->leader_leo)
		r->caught_up_ms = max_i64(r->caught_up_ms, r->fetched_ms);
	r->broker_epoch = max_i64(f->broker_epoch, r->broker_epoch);
	r->leo = f->offset;
	r->log_start = f->log_start;
	r->leader_leo = f->leader_leo;
	r->fetched_ms = f->now_ms;
	return true;
}

bool isr_has(struct meta_ids isr, int32_t id)
{
	return meta_ids_find(isr, id) >= 0;
}

bool isr_maximal_has(const struct isr *i, int32_t id)
{
	bool open = i->state != ISR_SETTLED;

	if (REPL_PLANTED(REPL_FAULT_STALE_LEADER) && open)
		return isr_has(i->proposed, id);
	return isr_has(i->committed, id) || (open && isr_has(i->proposed, id));
}

bool replica_caught_up(const struct replica *r, int64_t leo, int64_t now_ms, int64_t lag_ms)
{
	return r->leo >= leo || now_ms - r->caught_up_ms <= lag_ms;
}

bool replica_may_join(
	const struct replicas *rs, const struct replica *r, const struct commit_view *v)
{
	return r->live && r->leo != REPLICA_UNKNOWN && r->leo >= v->high_watermark &&
	       r->leo >= rs->epoch_start && replica_caught_up(r, v->leo, v->now_ms, v->lag_ms);
}

/* Whether a record is committed depends on r having it. */
static bool counts(const struct replicas *rs, const struct replica *r, const struct commit_view *v)
{
	if (REPL_PLANTED(REPL_FAULT_ISR_BEHIND) && r->leo < v->leo)
		return false;
	if (isr_maximal_has(&rs->isr, r->id))
		return true;
	/* About to join: else the high watermark would run away from it. */
	return r->live && r->leo != REPLICA_UNKNOWN &&
	       replica_caught_up(r, v->leo, v->now_ms, v->lag_ms);
}

int64_t replicas_commit(const struct replicas *rs, const struct commit_view *v)
{
	int64_t low = v->leo;

	if (rs->isr.committed.n < v->min_isr)
		return v->high_watermark;
	for (int32_t i = 0; i < rs->n; i++)
		if (counts(rs, &rs->v[i], v))
			low = min_i64(low, rs->v[i].leo);
	return max_i64(low, v->high_watermark);
}

static bool wanted(const struct replicas *rs, const struct replica *r, const struct commit_view *v,
	bool shrink)
{
	if (isr_has(rs->isr.committed, r->id))
		return !shrink || replica_caught_up(r, v->leo, v->now_ms, v->lag_ms);
	return replica_may_join(rs, r, v);
}

/* There is room. */
static void put_proposed(struct isr *isr, int32_t id, int64_t broker_epoch)
{
	isr->epochs[isr->proposed.n] = broker_epoch;
	isr->proposed.v[isr->proposed.n++] = id;
}

bool isr_propose(
	struct replicas *rs, const struct commit_view *v, int32_t partition_epoch, bool shrink)
{
	struct isr *isr = &rs->isr;
	bool differs = false;

	if (isr->state != ISR_SETTLED)
		return false;
	for (int32_t i = 0; i < rs->n && !differs; i++)
		differs = wanted(rs, &rs->v[i], v, shrink) != isr_has(isr->committed, rs->v[i].id);
	if (!differs)
		return false;
	isr->proposed.v = xcalloc((size_t)rs->n + 1, sizeof(*isr->proposed.v));
	isr->epochs = xcalloc((size_t)rs->n + 1, sizeof(*isr->epochs));
	put_proposed(isr, rs->me, -1);
	for (int32_t i = 0; i < rs->n; i++)
		if (wanted(rs, &rs->v[i], v, shrink))
			put_proposed(isr, rs->v[i].id, rs->v[i].broker_epoch);
	isr->base_epoch = partition_epoch;
	isr->state = ISR_PROPOSED;
	return true;
}

void isr_settle(struct isr *i, int32_t partition_epoch)
{
	if (i->state == ISR_SETTLED || partition_epoch <= i->base_epoch)
		return;
	isr_refused(i);
}

void isr_refused(struct isr *i)
{
	ids_free(&i->proposed);
	free(i->epochs);
	i->epochs = NULL;
	i->state = ISR_SETTLED;
}

int64_t replicas_low_watermark(const struct replicas *rs, int64_t log_start)
{
	int64_t low = log_start;

	for (int32_t i = 0; i < rs->n; i++) {
		const struct replica *r = &rs->v[i];

		if (!r->live && !isr_has(rs->isr.committed, r->id))
			continue;
		if (r->log_start == REPLICA_UNKNOWN)
			return REPLICA_UNKNOWN;
		low = min_i64(low, r->log_start);
	}
	return low;
}
