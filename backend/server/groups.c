/* Which partitions of __consumer_offsets are coordinated here, and the coordinator's clock. */
#define LOG_MODULE "groups"
#include "server/groups.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "server/groups_priv.h"
#include "wire/kerr.h"

struct partition *groups_partition(const struct groups *g, int32_t index)
{
	const struct repl_topic *t = repl_topic(g->broker->repl, OFFSETS_TOPIC);

	return t ? repl_partition(t, index) : NULL;
}

static bool known(void *arg, struct str topic, int32_t partition)
{
	const struct groups *g = arg;
	const struct image_topic *t = image_topic(metalog_image(g->broker->metalog), topic);

	return t && partition >= 0 && partition < t->n_partitions;
}

/* ---- loading ------------------------------------------------------------------------------ */

static struct load *next_load(const struct groups *g)
{
	list_foreach (n, &g->loads) {
		struct load *l = CONTAINER_OF(n, struct load, node);

		if (!l->read)
			return l;
	}
	return NULL;
}

static void on_loading(void *arg)
{
	struct groups *g = arg;
	struct load *l = next_load(g);

	if (l && groups_load_some(g, l))
		l->read = true;
	if (next_load(g))
		io_timer_start(&g->loading, 0, 0);
}

/* What a new leader has found but not committed yet may still be lost, and with it a commit that
 * somebody would have been told of. Where too few replicas are in sync, nothing will be committed
 * for a while: better to say what is here than nothing. */
static bool settled(const struct groups *g, const struct load *l)
{
	const struct partition *p = groups_partition(g, l->partition);

	return l->failed || !p || !p->leads || partition_knows_end(p) || partition_check_isr(p);
}

static void end_loads(struct groups *g)
{
	list_foreach (n, &g->loads) {
		struct load *l = CONTAINER_OF(n, struct load, node);

		if (!l->read || !settled(g, l))
			continue;
		list_remove(n);
		/* Half of the truth would send consumers back to where they were once. */
		if (l->failed)
			coordinator_unload(g->coordinator, l->partition);
		else
			coordinator_load_end(g->coordinator, l->partition);
		free(l);
	}
}

static void begin(struct groups *g, int32_t index, const struct partition *p)
{
	struct load *l;

	g->led[index] = p->term;
	coordinator_load_begin(g->coordinator, index);
	if (p->log->log_start == p->log->leo) {
		coordinator_load_end(g->coordinator, index);
		return;
	}
	l = ALLOC(struct load);
	l->partition = index;
	l->end = p->log->leo;
	list_push_back(&g->loads, &l->node);
	io_timer_start(&g->loading, 0, 0);
}

static void end(struct groups *g, int32_t index)
{
	g->led[index] = 0;
	list_foreach (n, &g->loads) {
		struct load *l = CONTAINER_OF(n, struct load, node);

		if (l->partition == index) {
			list_remove(n);
			free(l);
		}
	}
	coordinator_unload(g->coordinator, index);
}

/* The topic as it is decides where groups belong; the setting is for a topic that is made. Another
 * topic of the same name knows nothing of the groups of the one before. */
static void adopt(struct groups *g, const struct image_topic *t)
{
	for (int32_t i = 0; i < g->n_partitions; i++)
		if (g->led[i])
			end(g, i);
	if (t->n_partitions != g->set->n_partitions)
		log_warn("__consumer_offsets has %d partitions, offsets.topic.num.partitions says "
			 "%d: the topic is followed",
			t->n_partitions, g->set->n_partitions);
	coordinator_resize(g->coordinator, t->n_partitions);
	free(g->led);
	g->led = xcalloc((size_t)t->n_partitions, sizeof(*g->led));
	g->n_partitions = t->n_partitions;
	g->topic = t->id;
}

void groups_follow(struct groups *g)
{
	g->moved = true;
}

/* At the end of a turn: a topic comes into being partition by partition. */
static void follow(struct groups *g)
{
	const struct image_topic *t = image_topic(metalog_image(g->broker->metalog), OFFSETS_TOPIC);

	g->moved = false;
	if (t && t->n_partitions > 0 && !uuid_eq(&t->id, &g->topic))
		adopt(g, t);
	for (int32_t i = 0; i < g->n_partitions; i++) {
		const struct partition *p = groups_partition(g, i);
		uint32_t term = p && p->leads && p->log ? p->term : 0;

		/* Another term: in between it was led elsewhere, and written to. */
		if (g->led[i] && term != g->led[i])
			end(g, i);
		if (term && !g->led[i])
			begin(g, i, p);
	}
}

/* ---- time --------------------------------------------------------------------------------- */

static void on_due(void *arg)
{
	struct groups *g = arg;

	g->due_ms = INT64_MAX;
	coordinator_run(g->coordinator);
}

void groups_turn(struct groups *g)
{
	int64_t next;

	if (g->stopped)
		return;
	if (g->moved)
		follow(g);
	if (!list_empty(&g->loads))
		end_loads(g);
	next = coordinator_next(g->coordinator);
	if (next == g->due_ms)
		return;
	g->due_ms = next;
	io_timer_at(&g->due, next);
}

static void rebalanced(void *arg, struct str group, int32_t generation, int32_t members,
	const char *state, int64_t pause_ms)
{
	const struct groups *g = arg;

	g->broker->rebalanced(g->broker, group, generation, members, state, pause_ms);
}

/* ---- coming and going --------------------------------------------------------------------- */

struct groups *groups_new(
	struct loop *l, struct broker *b, const struct group_settings *set, int32_t commit_ms)
{
	struct groups *g = ALLOC(struct groups);

	g->broker = b;
	g->set = set;
	g->commit_ms = commit_ms;
	g->log = (struct group_log){g, groups_append, known, rebalanced};
	g->n_partitions = set->n_partitions;
	g->led = xcalloc((size_t)g->n_partitions, sizeof(*g->led));
	g->due_ms = INT64_MAX;
	list_init(&g->loads);
	list_init(&g->writes);
	batch_builder_init(&g->builder, NULL);
	io_timer_init(&g->due, l, on_due, g);
	io_timer_init(&g->loading, l, on_loading, g);
	g->coordinator = coordinator_new(set, b->clock, &g->log, rng_u64(&b->rng));
	b->groups = g->coordinator;
	return g;
}

void groups_stop(struct groups *g)
{
	if (g->stopped)
		return;
	for (int32_t i = 0; i < g->n_partitions; i++)
		if (g->led[i])
			end(g, i);
	g->stopped = true;
	io_timer_stop(&g->due);
	io_timer_stop(&g->loading);
}

void groups_free(struct groups *g)
{
	if (!g)
		return;
	groups_stop(g);
	groups_fail_writes(g, KERR_NOT_LEADER_OR_FOLLOWER);
	g->broker->groups = NULL;
	coordinator_free(g->coordinator);
	batch_builder_fini(&g->builder);
	buf_fini(&g->scratch);
	free(g->led);
	free(g);
}
