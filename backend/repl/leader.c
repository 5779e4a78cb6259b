/* Leading a partition: what followers have, how far all is committed, who should be in sync. */
#define LOG_MODULE "repl"
#include "repl/priv.h"
#include "wire/kerr.h"

static int32_t min_isr(const struct partition *p)
{
	int32_t need = p->topic->config.min_insync_replicas;

	return need < p->n_replicas ? need : p->n_replicas;
}

int16_t partition_check_isr(const struct partition *p)
{
	return p->n_isr < min_isr(p) ? KERR_NOT_ENOUGH_REPLICAS : KERR_NONE;
}

int64_t partition_readable(const struct partition *p, bool committed_only)
{
	return committed_only ? plog_last_stable(p->log) : p->log->high_watermark;
}

bool partition_knows_end(const struct partition *p)
{
	return !p->leads || p->log->high_watermark >= p->replicas.epoch_start;
}

void partition_epoch_end(const struct partition *p, int32_t asked, int32_t *epoch, int64_t *end)
{
	const struct plog *log = p->log;
	int32_t latest = epoch_cache_latest(&log->epochs);

	if (!p->leads || asked <= latest) {
		epoch_cache_end(&log->epochs, asked, log->leo, log->log_start, epoch, end);
		return;
	}
	/* Of the leader's own epoch there is no batch yet: the one before ends where it began. */
	*epoch = asked > p->leader_epoch                          ? NO_EPOCH
		 : asked == p->leader_epoch || latest == NO_EPOCH ? asked
								  : latest;
	*end = asked > p->leader_epoch ? NO_EPOCH_OFFSET : log->leo;
}

bool partition_diverges(
	const struct partition *p, int32_t last_epoch, int64_t offset, int32_t *epoch, int64_t *end)
{
	if (last_epoch < 0)
		return false;
	partition_epoch_end(p, last_epoch, epoch, end);
	return *epoch < last_epoch || *end < offset;
}

void partition_touch(struct partition *p)
{
	if (!list_holds(&p->moved))
		list_push_back(&p->topic->repl->moved, &p->moved);
}

static int64_t live_epoch(const struct repl *r, int32_t broker)
{
	return r->set.live_epoch ? r->set.live_epoch(r->set.arg, broker) : -1;
}

static void look_live(struct replica *v, int64_t epoch)
{
	v->live = epoch >= 0 && epoch == v->broker_epoch;
}

void partition_look_live(struct partition *p)
{
	for (int32_t i = 0; i < p->replicas.n; i++) {
		struct replica *v = &p->replicas.v[i];

		look_live(v, live_epoch(p->topic->repl, v->id));
	}
}

int16_t partition_fetched(struct partition *p, struct replica_fetch *f)
{
	struct replica *v = replicas_find(&p->replicas, f->replica);
	int64_t start;

	if (!v)
		return KERR_UNKNOWN_LEADER_EPOCH;
	start = v->log_start;
	f->leader_leo = p->log->leo;
	f->now_ms = repl_now(p->topic->repl);
	f->live_epoch = live_epoch(p->topic->repl, f->replica);
	if (!replica_fetched(v, f))
		return KERR_NOT_LEADER_OR_FOLLOWER;
	look_live(v, f->live_epoch);
	if (v->log_start != start)
		delay_key_wake(&p->commits);
	partition_touch(p);
	return KERR_NONE;
}

int64_t partition_low_watermark(const struct partition *p)
{
	return replicas_low_watermark(&p->replicas, p->log->log_start);
}

void partition_wake_readers(struct partition *p)
{
	delay_key_wake(&p->reads);
	delay_key_wake(&p->ends);
}

static struct commit_view view(const struct partition *p)
{
	const struct repl *r = p->topic->repl;

	return (struct commit_view){.leo = min_i64(p->log->leo, p->unsynced),
		.high_watermark = p->log->high_watermark,
		.min_isr = min_isr(p),
		.now_ms = repl_now(r),
		.lag_ms = r->set.lag_ms};
}

void partition_advance(struct partition *p)
{
	struct commit_view v = view(p);
	int64_t to = replicas_commit(&p->replicas, &v);

	if (to <= v.high_watermark)
		return;
	plog_set_high_watermark(p->log, to);
	delay_key_wake(&p->reads);
	delay_key_wake(&p->commits);
}

void partition_grown(struct partition *p, int64_t before)
{
	int64_t now = repl_now(p->topic->repl);

	if (p->log->leo == before)
		return;
	/* Until now they had all. */
	for (int32_t i = 0; i < p->replicas.n; i++)
		if (p->replicas.v[i].leo >= before)
			p->replicas.v[i].caught_up_ms = now;
	delay_key_wake(&p->ends);
}

static void reconsider(struct partition *p, bool shrink)
{
	struct commit_view v;

	if (!p->leads || !p->log)
		return;
	partition_advance(p);
	v = view(p);
	if (isr_propose(&p->replicas, &v, p->partition_epoch, shrink))
		isr_ask(p);
}

void partitions_moved(struct repl *r)
{
	struct list_node *node;

	while ((node = list_pop(&r->moved)))
		reconsider(CONTAINER_OF(node, struct partition, moved), false);
}

/* A process that was stopped for a while has not read what followers asked meanwhile: they get
 * another half of the lag time. */
void partitions_check(struct repl *r)
{
	int64_t every = max_i64(1, r->set.lag_ms / 2), late = repl_now(r) - r->check_ms;
	struct repl_topic *t;

	r->check_ms = repl_now(r) + every;
	if (late > every)
		return;
	for (size_t i = 0; (t = repl_next(r, &i));)
		for (int32_t k = 0; k < t->n_partitions; k++)
			if (t->partitions[k]) {
				partition_try_again(t->partitions[k]);
				reconsider(t->partitions[k], true);
			}
}
