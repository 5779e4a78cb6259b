/*
 * A history: the servers start from nothing, topics are made, clients write and read; then fits of
 * trouble, and after each of them all must be whole again in bounded time: a leader everywhere,
 * every replica in sync and as long as its leader, equal images, and everything that was
 * acknowledged is there.
 */
#include "cluster_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/log.h"
#include "cluster_clients.h"
#include "server/priv.h"

#define WHOLE_S   60
#define LINE_TIME 24 /* a log line begins with the machine's time */

/* ---- settings and lines ---------------------------------------------------------------------- */

static void on_line(void *arg, enum log_level level, const char *line, size_t n)
{
	(void)arg;
	(void)level;
	if (getenv("VERBOSE"))
		print_message("# %s%.*s\n", sim_where(), (int)n - LINE_TIME, line + LINE_TIME);
}

void cluster_say(void)
{
	log_set_sink(on_line, NULL);
	if (setting("VERBOSE", 0) > 1)
		log_set_level(LOG_DEBUG);
}

/* ---- whole ----------------------------------------------------------------------------------- */

/* What a partition lacks; NULL: nothing. */
static const char *lacks(struct world *w, const struct image_topic *t, int32_t index)
{
	const struct image_partition *ip = &t->partitions[index];
	const struct partition *leader, *p;

	/* whose last replica in sync has lost its folder is for a person to decide about */
	if (ip->isr.n == 0 && w->stats.wipes > 0 && !str_starts(t->name, "data-"))
		return NULL;
	if (ip->leader < 0)
		return "has no leader";
	if (ip->adding.n > 0 || ip->removing.n > 0)
		return "is being moved";
	if (ip->isr.n != ip->replicas.n)
		return "has replicas that are not in sync";
	leader = node_replica(&w->nodes[ip->leader], &t->id, index);
	if (!leader || !leader->leads || !leader->log)
		return "is not led by its leader";
	for (int32_t i = 0; i < ip->replicas.n; i++) {
		p = node_replica(&w->nodes[ip->replicas.v[i]], &t->id, index);
		if (!p || !p->log || p->log->leo != leader->log->leo)
			return "has replicas that are behind";
	}
	return leader->log->high_watermark == leader->log->leo ? NULL
							       : "is not committed to its end";
}

static void say_ids(char text[static 40], struct meta_ids ids)
{
	text[0] = 0;
	for (int32_t i = 0; i < ids.n && i < NODES; i++)
		snprintf(text + strlen(text), 40 - strlen(text), " %d", ids.v[i]);
}

static const char *why_not(struct world *w, char text[static 200])
{
	const struct image *img = NULL;
	char replicas[40], isr[40];

	for (int i = 0; i < w->n; i++) {
		const struct node *n = &w->nodes[i];
		const struct image *other;

		if (!n->server || !n->ready) {
			snprintf(text, 200, "node %d is %s", i,
				n->server ? "not ready" : "not running");
			return text;
		}
		other = metalog_image(n->server->broker.metalog);
		if (img && other->offset != img->offset) {
			snprintf(text, 200, "node %d has the metadata up to %lld, not %lld", i,
				(long long)other->offset, (long long)img->offset);
			return text;
		}
		img = other;
	}
	vec_foreach (t, &img->topics)
		for (int32_t i = 0; i < (*t)->n_partitions; i++) {
			const char *what = lacks(w, *t, i);
			if (!what)
				continue;
			say_ids(replicas, (*t)->partitions[i].replicas);
			say_ids(isr, (*t)->partitions[i].isr);
			snprintf(text, 200, "%.*s-%d (replicas%s, ISR%s) %s", STR_ARG((*t)->name),
				i, replicas, isr, what);
			return text;
		}
	return NULL;
}

static bool whole(struct world *w)
{
	char text[200];

	return w->sim.steps % 16 == 0 && traffic_done(w) && !why_not(w, text);
}

/* All is mended: wait until it shows. */
static void settle(struct world *w)
{
	char text[200];
	const char *why;

	trouble_heal(w);
	admin_rest(w, true);
	traffic_end(w, true);
	world_run(w, WHOLE_S * INT64_C(1000000), whole);
	if (world_broken(w))
		return;
	why = why_not(w, text);
	if (why) {
		world_break(w, "%d s after all was mended: %s", WHOLE_S, why);
	} else if (!traffic_done(w)) {
		struct buf say = BUF_EMPTY;

		traffic_say(w, &say);
		world_break(w, "%d s after all was mended clients wait:%s", WHOLE_S, buf_z(&say));
		buf_fini(&say);
	}
	truth_compare(w);
	truth_settled(w);
}

/* ---- the history ----------------------------------------------------------------------------- */

static bool ready(struct world *w)
{
	for (int i = 0; i < w->n; i++)
		if (!w->nodes[i].ready)
			return false;
	return admin_ready(w);
}

static void first_start(struct world *w)
{
	admin_start(w);
	admin_rest(w, true);
	for (int i = 0; i < w->n; i++)
		node_start(&w->nodes[i]);
	world_run(w, 30 * INT64_C(1000000), ready);
	if (!world_broken(w) && !ready(w))
		world_break(w, "the cluster does not come up");
	world_run(w, world_between(w, 100000, 1500000), NULL);
}

static void fit(struct world *w, int i)
{
	admin_rest(w, false);
	traffic_end(w, false);
	/* alone, a machine loses with its power what was not synced */
	trouble_begin(w, i > 0 && w->n > 1 && world_one_in(w, 3));
	world_run(w, world_between(w, 1000000, 9000000), NULL);
	truth_compare(w);
	settle(w);
}

void cluster_run(uint64_t seed, int nodes, int fits, struct cluster_result *out)
{
	struct world *w = ALLOC(struct world);

	world_init(w, seed, nodes);
	traffic_start(w);
	trouble_start(w);
	first_start(w);
	for (int i = 0; i < fits && !world_broken(w); i++)
		fit(w, i);
	memcpy(out->broken, w->broken, sizeof(out->broken));
	out->stats = w->stats;
	out->trace = w->sim.trace;
	out->virtual_us = w->sim.now_us;
	out->steps = w->sim.steps;
	admin_free(w);
	traffic_free(w);
	trouble_free(w);
	world_fini(w);
	free(w);
}
