/* What other nodes ask and answer, on its way to quorum and to the log. */
#define LOG_MODULE "metalog"
#include "base/log.h"
#include "metalog/priv.h"
#include "quorum/planted.h"

static int64_t now(const struct metalog *m)
{
	return loop_now_ms(m->loop);
}

int metalog_set_voters(struct metalog *m, const int32_t *voters, int32_t n_voters, struct err *e)
{
	int rc = quorum_set_voters(&m->quorum, voters, n_voters, now(m), e);

	metalog_poke(m);
	return rc;
}

void metalog_resign(struct metalog *m)
{
	quorum_resign(&m->quorum, now(m));
	metalog_poke(m);
}

void metalog_vote(
	struct metalog *m, const struct quorum_vote_request *r, struct quorum_vote_response *out)
{
	quorum_on_vote(&m->quorum, r, out, now(m));
	metalog_poke(m);
}

void metalog_begin(
	struct metalog *m, const struct quorum_begin_request *r, struct quorum_epoch_response *out)
{
	quorum_on_begin(&m->quorum, r, out, now(m));
	metalog_poke(m);
}

void metalog_end(
	struct metalog *m, const struct quorum_end_request *r, struct quorum_epoch_response *out)
{
	quorum_on_end(&m->quorum, r, out, now(m));
	metalog_poke(m);
}

void metalog_fetch(
	struct metalog *m, const struct quorum_fetch_request *r, struct quorum_fetch_response *out)
{
	quorum_on_fetch(&m->quorum, r, out, now(m));
	metalog_poke(m);
}

bool metalog_fetch_again(
	struct metalog *m, const struct quorum_fetch_request *r, struct quorum_fetch_response *out)
{
	const struct quorum *q = &m->quorum;

	/* What it acknowledged was counted when it came. */
	if (quorum_leads(q) && (r->epoch < 0 || r->epoch == quorum_epoch(q))) {
		*out = (struct quorum_fetch_response){
			.leader = q->leader,
			.epoch = quorum_epoch(q),
			.high_watermark = q->high_watermark,
			.diverging_epoch = -1,
			.diverging_end = -1,
		};
		return r->offset < m->log->leo || r->high_watermark < q->high_watermark;
	}
	metalog_fetch(m, r, out);
	return true;
}

struct delay_key *metalog_fetches(struct metalog *m)
{
	return &m->fetches;
}

void metalog_on_vote(struct metalog *m, int32_t from, const struct quorum_vote_response *r)
{
	quorum_on_vote_response(&m->quorum, from, r, now(m));
	metalog_poke(m);
}

void metalog_on_begin(struct metalog *m, int32_t from, const struct quorum_epoch_response *r)
{
	quorum_on_begin_response(&m->quorum, from, r, now(m));
	metalog_poke(m);
}

void metalog_on_disconnect(struct metalog *m, int32_t node)
{
	quorum_on_disconnect(&m->quorum, node, now(m));
	metalog_poke(m);
}

/* ---- records of the leader ------------------------------------------------------------------ */

/* 0; ERR_CORRUPT: they are not what can follow here; ERR_FULL: the disk took nothing of them;
 * ERR_IO. */
static int append_fetched(struct metalog *m, struct slice records, int32_t epoch)
{
	struct plog_append item = {.coordinator_epoch = -1};
	struct batch_iter it;
	struct slice batch;
	int more;

	batch_iter_init(&it, records, true);
	while ((more = batch_next(&it, &item.header, &batch)) == 1) {
		if (item.header.base_offset != m->log->leo || item.header.leader_epoch > epoch ||
			item.header.leader_epoch < epoch_cache_latest(&m->log->epochs))
			return ERR_CORRUPT;
		/* A follower's append writes nothing into it. */
		item.batch = (uint8_t *)(uintptr_t)batch.p;
		plog_append(m->log, &item, 1, PLOG_FOLLOWER);
		if (item.error)
			return m->log->state == PLOG_OPEN ? ERR_FULL : ERR_IO;
	}
	return more == 0 || more == ERR_SHORT ? 0 : ERR_CORRUPT;
}

void metalog_on_fetch(struct metalog *m, int32_t from, const struct quorum_fetch_response *r,
	struct slice records)
{
	int64_t before = m->log->leo;
	int rc;

	if (m->failed)
		return;
	if (!quorum_on_fetch_response(&m->quorum, from, r, now(m))) {
		metalog_poke(m);
		return;
	}
	if (m->target < 0 && r->high_watermark >= 0)
		m->target = r->high_watermark;
	rc = append_fetched(m, records, r->epoch);
	if (rc == ERR_IO)
		metalog_fail(m, "it cannot be appended to");
	if (rc < 0 && !m->append_refused)
		log_warn("records of node %d from offset %lld on: %s", from, (long long)before,
			err_name(rc));
	m->append_refused = rc < 0;
	/* What did go in is synced, and the next fetch tells. */
	metalog_sync(m);
	if (rc < 0 && m->log->leo == before)
		quorum_on_append_refused(&m->quorum, now(m));
	else if (QUORUM_PLANTED(QUORUM_FAULT_NOT_SYNCED))
		quorum_on_log(&m->quorum, m->log->leo, now(m));
	else if (!m->syncing)
		quorum_on_log(&m->quorum, m->log->recovery_point, now(m));
	metalog_poke(m);
}
