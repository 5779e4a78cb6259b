/* Leading and following: what a partition here is, as the image says. */
#define LOG_MODULE "repl"
#include "base/log.h"
#include "repl/planted.h"
#include "repl/priv.h"
#include "wire/kerr.h"

static void stop_leading(struct partition *p, int16_t error)
{
	if (!p->leads)
		return;
	p->leads = false;
	partition_refuse_pending(p, error);
	list_remove(&p->moved);
	list_remove(&p->alter);
	replicas_fini(&p->replicas);
	partition_wake_readers(p);
	delay_key_wake(&p->commits);
}

/* p->leader and the epochs are set. An epoch later while it leads already: readers have to learn
 * the epoch, what waits to be committed goes on. */
static void lead(struct partition *p, const struct image_partition *ip, bool new_epoch)
{
	int64_t now = repl_now(p->topic->repl);
	bool led = p->leads;

	fetcher_remove(p);
	p->leads = true;
	if (new_epoch && epoch_cache_latest(&p->log->epochs) > p->leader_epoch)
		log_error("%s: its log has epoch %d, and it is led in %d: the metadata log is "
			  "older than the data",
			plog_name(p->log), epoch_cache_latest(&p->log->epochs), p->leader_epoch);
	if (!led)
		p->term++;
	if (!led || new_epoch) {
		replicas_lead(&p->replicas, ip, p->log->leo, now);
		partition_wake_readers(p);
	} else {
		replicas_change(&p->replicas, ip, now);
	}
	delay_key_wake(&p->commits);
	partition_look_live(p);
	partition_touch(p);
	partition_advance(p);
}

static void follow(struct partition *p, bool new_epoch)
{
	stop_leading(p, KERR_NOT_LEADER_OR_FOLLOWER);
	if (p->leader < 0 || !p->log || p->leader == p->topic->repl->set.node_id) {
		fetcher_remove(p);
		return;
	}
	if (!new_epoch && p->follower.fetcher)
		return;
	if (REPL_PLANTED(REPL_FAULT_TRUNCATE_TO_HW) &&
		plog_truncate_to(p->log, p->log->high_watermark) < 0)
		log_error("%s: cannot be truncated", plog_name(p->log));
	fetcher_add(p);
}

void partition_assign(struct partition *p, const struct image_partition *ip)
{
	bool new_epoch = ip->leader_epoch != p->leader_epoch || ip->leader != p->leader;

	p->leader = ip->leader;
	p->leader_epoch = ip->leader_epoch;
	p->partition_epoch = ip->partition_epoch;
	p->n_replicas = ip->replicas.n;
	p->n_isr = ip->isr.n;
	if (ip->leader == p->topic->repl->set.node_id && p->log)
		lead(p, ip, new_epoch);
	else
		follow(p, new_epoch);
}

void partition_resign(struct partition *p, int16_t error)
{
	fetcher_remove(p);
	stop_leading(p, error);
	partition_refuse_pending(p, error);
}
