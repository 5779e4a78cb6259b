/*
 * What the leader's answer does to a follower's log: records are checked and appended, a tail that
 * the leader does not have is cut off by epochs (KIP-101, KIP-279), never by the high watermark.
 */
#define LOG_MODULE "repl"
#include "base/log.h"
#include "repl/planted.h"
#include "repl/priv.h"
#include "wire/kerr.h"
#include "wire/msg.h"

#define SAY_REFUSED_MS 10000
#define SAY_AT_FAILURE 6

int32_t follower_last_epoch(const struct partition *p)
{
	if (REPL_PLANTED(REPL_FAULT_TRUNCATE_TO_HW))
		return NO_EPOCH;
	return epoch_cache_latest(&p->log->epochs);
}

/* ---- cutting -------------------------------------------------------------------------------- */

/* Where both logs may still agree, seen from here: kafka-rules 5.4, follower truncation. */
static int64_t cut_at(const struct plog *log, int32_t leader_epoch, int64_t leader_end)
{
	int32_t epoch;
	int64_t end;

	epoch_cache_end(&log->epochs, leader_epoch, log->leo, log->log_start, &epoch, &end);
	if (epoch == NO_EPOCH)
		return min_i64(leader_end, log->leo);
	if (epoch != leader_epoch)
		return min_i64(end, log->leo);
	return min_i64(min_i64(end, leader_end), log->leo);
}

static enum follower_verdict diverged(
	struct partition *p, const struct fetch_response_diverging_epoch *d)
{
	struct plog *log = p->log;
	int64_t before = log->leo, high = log->high_watermark;
	int64_t at = cut_at(log, d->epoch, d->end_offset);

	log_info("%s: leader %d has epoch %d up to %lld only: cut from %lld to %lld",
		plog_name(log), p->leader, d->epoch, (long long)d->end_offset, (long long)before,
		(long long)at);
	if (at < high)
		log_warn("%s: what is cut was committed: %lld records are lost by an unclean "
			 "election",
			plog_name(log), (long long)(high - at));
	if (plog_truncate_to(log, at) < 0 || log->leo == before)
		return FOLLOWER_FAILED;
	return FOLLOWER_MOVED;
}

/* Nothing of this log is of use: the leader's begins behind its end, or ends before its start. */
static enum follower_verdict start_over(struct partition *p, int64_t start)
{
	/* Of an earlier fetch: with epochs known, only an end below the leader's start is out of
	 * its range. */
	if (start < 0 || (start <= p->log->leo && follower_last_epoch(p) != NO_EPOCH))
		return FOLLOWER_FAILED;
	log_warn("%s: [%lld, %lld) is out of the range of leader %d: started over at %lld",
		plog_name(p->log), (long long)p->log->log_start, (long long)p->log->leo, p->leader,
		(long long)start);
	if (plog_truncate_fully_and_start_at(p->log, start) < 0)
		return FOLLOWER_FAILED;
	return FOLLOWER_MOVED;
}

/* ---- appending ------------------------------------------------------------------------------ */

/* The first batch of an empty log may begin below the log's start, when that lies in its middle. */
static int begin_at(struct plog *log, const struct batch_header *h)
{
	if (h->base_offset >= log->leo)
		return 0;
	return log->leo == log->log_start && log->size == 0
		       ? plog_truncate_fully_and_start_at(log, h->base_offset)
		       : ERR_CORRUPT;
}

/* Batches that are new here into r->items. A cut one at the end comes again, whole. */
static int gather(struct repl *r, struct partition *p, struct slice records)
{
	struct batch_iter it;
	struct batch_header h;
	struct slice batch;
	int rc;

	vec_clear(&r->items);
	batch_iter_init(&it, records, true);
	while ((rc = batch_next(&it, &h, &batch)) == 1) {
		struct plog_append *item;

		if (batch_next_offset(&h) <= p->log->leo)
			continue;
		/* A leader that has gone on in a later epoch than was asked for (KAFKA-18723). */
		if (h.leader_epoch > p->leader_epoch)
			return 0;
		if (r->items.n == 0 && (rc = begin_at(p->log, &h)) < 0)
			return rc;
		item = vec_add(&r->items);
		item->batch = (uint8_t *)(uintptr_t)batch.p;
		item->header = h;
		item->coordinator_epoch = -1;
	}
	return rc == ERR_SHORT ? 0 : rc;
}

static int append(struct repl *r, struct partition *p, struct slice records)
{
	struct plog *log = p->log;
	int rc = gather(r, p, records);

	if (rc < 0) {
		if (p->follower.failures == 0)
			log_error("%s: what leader %d sent behind %lld is not taken: %s",
				plog_name(log), p->leader, (long long)log->leo, err_name(rc));
		return rc;
	}
	if (plog_append(log, r->items.v, r->items.n, PLOG_FOLLOWER) < r->items.n)
		return ERR_IO;
	return 0;
}

static void take_marks(struct partition *p, const struct fetch_response_partitions *a)
{
	struct plog *log = p->log;
	int64_t high = min_i64(a->high_watermark, log->leo);

	if (high > log->high_watermark)
		plog_set_high_watermark(log, high);
	if (a->log_start_offset > log->log_start &&
		plog_delete_records(log, min_i64(a->log_start_offset, log->high_watermark)) < 0)
		log_error("%s: its start cannot be moved", plog_name(log));
}

/* The reference is the sync's. */
static void synced(void *arg, int rc)
{
	struct partition *p = arg;

	(void)rc; /* a log whose sync failed refuses the next append */
	if (p->topic)
		fetcher_synced(p);
	partition_put(p);
}

/* With flush.messages the next fetch acknowledges what is on the disk, not before. True: it waits.
 */
static bool sync_first(struct repl *r, struct partition *p)
{
	if (!plog_flush_before_ack(p->log))
		return false;
	if (r->set.sync && r->set.sync(r->set.arg, p->log, synced, partition_get(p)) == 0)
		return true;
	if (r->set.sync)
		partition_put(p);
	if (plog_flush(p->log) < 0)
		log_error("%s: cannot be synced", plog_name(p->log));
	return false;
}

static enum follower_verdict take_records(
	struct repl *r, struct partition *p, const struct fetch_response_partitions *a)
{
	struct plog *log = p->log;
	int64_t leo = log->leo, start = log->log_start;
	int rc = a->records.bytes.n > 0 ? append(r, p, a->records.bytes) : 0;

	if (log->leo > leo)
		p->bytes_in += a->records.bytes.n;
	take_marks(p, a);
	if (rc < 0)
		return FOLLOWER_FAILED;
	if (log->leo != leo && sync_first(r, p))
		return FOLLOWER_WAITS;
	return log->leo != leo || log->log_start != start ? FOLLOWER_MOVED : FOLLOWER_SAME;
}

/* A leader that makes thousands of logs refuses as many partitions: a line now and then tells it.
 */
static void say_refused(const struct partition *p, int16_t error)
{
	struct repl *r = p->topic->repl;

	if (repl_now(r) < r->say_refused_ms) {
		r->n_unsaid++;
		return;
	}
	log_warn("%s: leader %d answers %s; %d more were refused since the last such line",
		plog_name(p->log), p->leader, kerr_name(error), r->n_unsaid);
	r->n_unsaid = 0;
	r->say_refused_ms = repl_now(r) + SAY_REFUSED_MS;
}

static enum follower_verdict refused(const struct partition *p, int16_t error)
{
	if (p->follower.failures == SAY_AT_FAILURE)
		say_refused(p, error);
	return FOLLOWER_FAILED;
}

enum follower_verdict follower_take(
	struct partition *p, const struct fetch_response_partitions *answer)
{
	if (!p->log || p->log->state != PLOG_OPEN)
		return FOLLOWER_FAILED;
	if (answer->error_code == KERR_OFFSET_OUT_OF_RANGE)
		return start_over(p, answer->log_start_offset);
	if (answer->error_code)
		return refused(p, answer->error_code);
	if (answer->diverging_epoch.epoch >= 0)
		return diverged(p, &answer->diverging_epoch);
	return take_records(p->topic->repl, p, answer);
}
