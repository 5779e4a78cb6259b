/* Appends to partitions that are led here: one plog_append a partition and turn. */
#define LOG_MODULE "repl"
#include <assert.h>

#include "base/log.h"
#include "repl/priv.h"
#include "wire/kerr.h"

int16_t partition_check_leader(const struct partition *p, int32_t epoch)
{
	if (!p || !p->topic)
		return KERR_UNKNOWN_TOPIC_OR_PARTITION;
	if (!p->log)
		return p->offline ? KERR_KAFKA_STORAGE_ERROR : KERR_NOT_LEADER_OR_FOLLOWER;
	if (epoch >= 0 && epoch < p->leader_epoch)
		return KERR_FENCED_LEADER_EPOCH;
	if (epoch >= 0 && epoch > p->leader_epoch)
		return KERR_UNKNOWN_LEADER_EPOCH;
	return p->leads ? KERR_NONE : KERR_NOT_LEADER_OR_FOLLOWER;
}

int16_t repl_append_outcome(const struct repl_append *a)
{
	const struct partition *p = a->partition;

	if (!p || !p->topic || !p->leads || !p->log || p->term != a->term)
		return KERR_NOT_LEADER_OR_FOLLOWER;
	if (p->log->high_watermark <= a->last_offset)
		return -1;
	return partition_check_isr(p) ? KERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND : KERR_NONE;
}

void repl_append(struct partition *p, struct repl_append *a)
{
	struct repl *r = p->topic->repl;

	assert(p->leads);
	a->partition = partition_get(p);
	a->term = p->term;
	a->error = KERR_NONE;
	list_push_back(&p->pending, &a->node);
	if (!list_holds(&p->dirty) && list_empty(&p->syncing))
		list_push_back(&r->dirty, &p->dirty);
}

static void refuse(struct repl_append *a, int16_t error)
{
	a->error = error;
	a->base_offset = a->last_offset = a->timestamp = a->log_start = -1;
	a->done(a);
}

static void refuse_all(struct list *queue, int16_t error)
{
	struct list_node *node;

	while ((node = list_pop(queue)))
		refuse(CONTAINER_OF(node, struct repl_append, node), error);
}

void partition_refuse_pending(struct partition *p, int16_t error)
{
	list_remove(&p->dirty);
	p->unsynced = INT64_MAX;
	refuse_all(&p->syncing, error);
	refuse_all(&p->pending, error);
}

static void count(struct partition *p, const struct plog_append *item)
{
	if (item->error || item->duplicate)
		return;
	p->records_in += (uint64_t)item->header.n_records;
	p->bytes_in += item->header.size;
}

/* Moves what is queued into r->items; *queue gets the appends themselves, in the same order. */
static void gather(struct repl *r, struct partition *p, struct list *queue)
{
	vec_clear(&r->items);
	list_init(queue);
	list_move(queue, &p->pending);
	list_foreach (node, queue) {
		struct repl_append *a = CONTAINER_OF(node, struct repl_append, node);
		struct plog_append *item = vec_add(&r->items);

		item->batch = a->batch;
		item->header = a->header;
		item->leader_epoch = p->leader_epoch;
		item->coordinator_epoch = -1;
	}
}

/* What became of each append; *queue is in the order of r->items. */
static void take_results(struct repl *r, struct partition *p, struct list *queue)
{
	size_t i = 0;

	list_foreach (node, queue) {
		struct repl_append *a = CONTAINER_OF(node, struct repl_append, node);
		const struct plog_append *item = &r->items.v[i++];

		count(p, item);
		a->error = item->error;
		a->base_offset = item->base_offset;
		a->last_offset = item->last_offset;
		a->timestamp = item->timestamp;
		a->log_start = p->log->log_start;
	}
}

static void finish(struct list *queue)
{
	struct list_node *node;

	while ((node = list_pop(queue))) {
		struct repl_append *a = CONTAINER_OF(node, struct repl_append, node);

		a->done(a);
	}
}

/* The reference is the sync's. What came meanwhile makes the next append: one sync for all of it.
 */
static void synced(void *arg, int rc)
{
	struct partition *p = arg;

	p->n_syncs--;
	if (p->topic && p->log && p->n_syncs == 0) {
		p->unsynced = INT64_MAX;
		if (rc < 0)
			refuse_all(&p->syncing, KERR_KAFKA_STORAGE_ERROR);
		else if (p->leads)
			partition_advance(p);
		finish(&p->syncing);
		if (!list_empty(&p->pending) && !list_holds(&p->dirty))
			list_push_back(&p->topic->repl->dirty, &p->dirty);
	}
	partition_put(p);
}

/* True: the answers wait for the disk. */
static bool sync_first(struct repl *r, struct partition *p, int64_t before, struct list *queue)
{
	if (!plog_flush_before_ack(p->log))
		return false;
	if (!r->set.sync || r->set.sync(r->set.arg, p->log, synced, partition_get(p)) < 0) {
		if (r->set.sync)
			partition_put(p);
		if (plog_flush(p->log) < 0)
			refuse_all(queue, KERR_KAFKA_STORAGE_ERROR);
		return false;
	}
	p->n_syncs++;
	p->unsynced = min_i64(p->unsynced, before);
	list_move(&p->syncing, queue);
	return true;
}

static void append(struct repl *r, struct partition *p)
{
	struct list queue;
	int64_t before = p->log->leo;

	gather(r, p, &queue);
	plog_append(p->log, r->items.v, r->items.n, PLOG_LEADER);
	partition_grown(p, before);
	take_results(r, p, &queue);
	if (sync_first(r, p, before, &queue))
		return;
	partition_advance(p);
	finish(&queue);
}

void partitions_append(struct repl *r)
{
	struct list_node *node;

	while ((node = list_pop(&r->dirty)))
		append(r, CONTAINER_OF(node, struct partition, dirty));
}
