/*
 * Records of the group coordinator: out as batches of the partition's log, acknowledged when the
 * high watermark has passed them; in by reading the log from its start.
 */
#define LOG_MODULE "groups"
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "server/groups_priv.h"
#include "wire/kerr.h"

#define SLICE_BYTES ((size_t)1 << 20)
#define UNPACK_CAP  ((size_t)64 << 20)

/* ---- out ---------------------------------------------------------------------------------- */

struct write {
	struct list_node node;
	struct groups *groups;
	struct group_write *of;
	struct repl_append append;
	uint8_t *batch; /* owned */
	struct delay_op delay;
	struct delay_watch watch;
	int16_t error; /* if it comes to nothing */
	bool queued;   /* with repl, which will call back */
};

static void finish(struct write *w, int16_t error)
{
	delay_finish(&w->delay);
	list_remove(&w->node);
	partition_put(w->append.partition);
	w->of->done(w->of, error);
	free(w->batch);
	free(w);
}

static bool try_finish(struct delay_op *d)
{
	struct write *w = CONTAINER_OF(d, struct write, delay);
	int16_t outcome = w->error ? w->error : repl_append_outcome(&w->append);

	if (outcome < 0)
		return false;
	finish(w, outcome);
	return true;
}

static void expire(struct delay_op *d)
{
	struct write *w = CONTAINER_OF(d, struct write, delay);

	finish(w, w->error ? w->error : KERR_REQUEST_TIMED_OUT);
}

static const struct delay_ops delay_ops = {try_finish, expire};

static void wait_until(struct write *w, int64_t deadline_ms)
{
	delay_start(&w->groups->broker->delay, &w->delay, &delay_ops, deadline_ms);
}

static void appended(struct repl_append *a)
{
	struct write *w = CONTAINER_OF(a, struct write, append);

	int16_t outcome = a->error ? a->error : repl_append_outcome(a);

	w->queued = false;
	if (outcome >= 0) {
		finish(w, outcome);
	} else {
		wait_until(w, broker_now_ms(w->groups->broker) + w->groups->commit_ms);
		delay_watch_add(&w->delay, &w->watch, &a->partition->commits);
	}
}

/* The batch in memory of its own: the log stamps it where it lies. */
static int build(struct groups *g, const struct group_entry *entries, size_t n, struct write *w)
{
	int64_t now = clock_wall_ms(g->broker->clock);
	struct slice out;
	int rc = 0;

	batch_builder_begin(&g->builder, &BATCH_OPTIONS_DEFAULT);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = batch_builder_add(&g->builder, now, entries[i].key, entries[i].value, NULL, 0);
	if (rc == 0)
		rc = batch_builder_finish(&g->builder, &out);
	if (rc < 0)
		return rc;
	w->batch = xmemdup(out.p, out.n);
	w->append.batch = w->batch;
	return batch_parse(slice_of(w->batch, out.n), &w->append.header);
}

static int16_t start(struct write *w, int32_t index, const struct group_entry *entries, size_t n)
{
	struct partition *p = groups_partition(w->groups, index);
	int16_t error = partition_check_leader(p, -1);

	if (!error)
		error = partition_check_isr(p);
	if (!error && build(w->groups, entries, n, w) < 0)
		error = KERR_RECORD_LIST_TOO_LARGE;
	if (!error && w->append.header.size > (size_t)p->topic->config.max_message_bytes)
		error = KERR_MESSAGE_TOO_LARGE;
	if (error)
		return error;
	w->append.done = appended;
	w->queued = true;
	repl_append(p, &w->append);
	return KERR_NONE;
}

void groups_append(void *arg, int32_t partition, const struct group_entry *entries, size_t n,
	struct group_write *of)
{
	struct groups *g = arg;
	struct write *w = ALLOC(struct write);

	w->groups = g;
	w->of = of;
	list_push_back(&g->writes, &w->node);
	w->error = start(w, partition, entries, n);
	/* The caller is not told before it has returned. */
	if (w->error)
		wait_until(w, broker_now_ms(g->broker));
}

void groups_fail_writes(struct groups *g, int16_t error)
{
	list_foreach (n, &g->writes) {
		struct write *w = CONTAINER_OF(n, struct write, node);

		if (!w->queued)
			finish(w, error);
	}
}

/* ---- in ----------------------------------------------------------------------------------- */

static int take_batch(
	struct groups *g, struct load *l, const struct batch_header *h, struct slice batch)
{
	struct record_iter it;
	struct record r;
	int rc;

	l->next = batch_next_offset(h);
	if (batch_is_control(h))
		return 0;
	rc = record_iter_init(&it, h, batch, g->broker->compress, UNPACK_CAP, &g->scratch);
	while (rc == 0 && (rc = record_next(&it, &r)) == 1) {
		rc = 0;
		l->records++;
		if (!r.key.p ||
			coordinator_load_record(g->coordinator, l->partition, r.key, r.value) < 0)
			l->bad++;
	}
	return rc;
}

static int take_slice(struct groups *g, struct load *l, struct slice bytes)
{
	struct batch_iter it;
	struct batch_header h;
	struct slice batch;
	int rc;

	batch_iter_init(&it, bytes, false);
	while ((rc = batch_next(&it, &h, &batch)) == 1) {
		rc = take_batch(g, l, &h, batch);
		if (rc < 0)
			return rc;
	}
	return rc == ERR_SHORT ? 0 : rc; /* a cut batch at the end comes again, whole */
}

static int read_slice(struct groups *g, struct load *l, struct plog *log)
{
	struct plog_read_result got;
	struct chain out;
	uint8_t *bytes;
	size_t n;
	int rc;

	chain_init(&out);
	rc = plog_read(log, l->next, SLICE_BYTES, l->end, true, &out, &got);
	n = out.n;
	bytes = xmalloc(n);
	if (rc == 0)
		rc = chain_flatten(&out, bytes);
	chain_fini(&out);
	if (rc == 0 && n == 0)
		l->next = l->end;
	if (rc == 0)
		rc = take_slice(g, l, slice_of(bytes, n));
	free(bytes);
	return rc;
}

bool groups_load_some(struct groups *g, struct load *l)
{
	const struct partition *p = groups_partition(g, l->partition);
	int64_t before = l->next;
	int rc = 0;

	if (!p || !p->log)
		return true;
	if (l->next < p->log->log_start)
		before = l->next = p->log->log_start;
	if (l->next < l->end)
		rc = read_slice(g, l, p->log);
	l->failed = rc < 0 || (l->next == before && l->next < l->end);
	if (l->failed)
		log_error("__consumer_offsets-%d: cannot be read behind offset %lld: %s; its "
			  "groups have no coordinator until this broker starts again",
			l->partition, (long long)l->next, err_name(rc));
	else if (l->next < l->end)
		return false;
	if (l->bad)
		log_warn("__consumer_offsets-%d: %lld of %lld records cannot be read here and were "
			 "left out",
			l->partition, (long long)l->bad, (long long)l->records);
	return true;
}
