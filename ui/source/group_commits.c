/* What groups have committed, and the round of ends that follows. */
#include "source/group_poll.h"

#include "base/xalloc.h"

/* Ends wait so long for commits that have been asked for. */
#define HOLD_MS 300

static void feed_offsets(struct broker_poll *b, struct known_group *g,
	const struct offset_fetch_response_groups *in, int64_t now_ms)
{
	struct model *m = b->s->model;

	g->parts = 0;
	feed_commits_begin(m, g->name);
	for (int32_t t = 0; in && t < in->n_topics; t++)
		for (int32_t i = 0; i < in->topics[t].n_partitions; i++) {
			const struct offset_fetch_response_groups_topics_partitions *p =
				&in->topics[t].partitions[i];

			g->parts++;
			feed_commit(m, now_ms, g->name, in->topics[t].name, p->partition_index,
				p->committed_offset, p->committed_leader_epoch, p->metadata,
				p->error_code);
		}
	feed_commits_end(m, now_ms, g->name, true, g->every_ms);
}

static void take_commits(struct broker_poll *b, const struct admin_group *in)
{
	struct known_group *g = group_known(b->s, in->group);

	if (!g)
		return;
	if (in->error == KERR_GROUP_ID_NOT_FOUND) {
		/* A kind of group that commits nothing here; or it has just gone, as its list will
		 * tell. */
		if (!g->classic)
			feed_offsets(b, g, NULL, b->s->commits_ms);
		return;
	}
	if (!in->error) {
		b->s->fresh = b->s->fresh || (g->parts < 0 && in->offsets->n_topics > 0);
		feed_offsets(b, g, in->offsets, b->s->commits_ms);
		unread_note(b->s, g, in->offsets);
		return;
	}
	if (group_denied(in->error))
		g->not_before_ms = now_of(b->s) + GROUP_DENIED_MS;
	feed_commits_failed(b->s->model, in->group, g->every_ms, group_code(in->error), in->error);
}

int64_t group_wait_until(const struct cluster_source *s, const struct turn *t)
{
	int64_t until = t->asked_ms + HOLD_MS;

	return t->busy && until > now_of(s) ? until : 0;
}

int64_t groups_hold_ends(const struct cluster_source *s)
{
	int64_t until = 0;

	vec_foreach (it, &s->brokers) {
		until = max_i64(until, group_wait_until(s, &(*it)->groups.commits.turn));
		until = max_i64(until, group_wait_until(s, &(*it)->groups.list));
	}
	return until;
}

/* The round of ends follows commits at once where it is near; for groups seen for the first time in
 * any case. */
static void ask_ends(struct cluster_source *s)
{
	int64_t now = now_of(s);

	if (groups_hold_ends(s))
		return;
	vec_foreach (it, &s->brokers) {
		struct broker_poll *b = *it;

		if (b->pause_ms)
			continue;
		if (s->fresh && b->offsets.busy)
			b->again = true;
		else if (s->fresh || b->offsets.due_ms - now <= s->interval_ms / 2)
			b->offsets.due_ms = min_i64(b->offsets.due_ms, now);
	}
	s->fresh = false;
}

/* A broker that was taken for dead is asked for its ends at once: commits wait for them. */
static void ends_of_living(struct broker_poll *b)
{
	if (b->pause_ms && !b->offsets.busy)
		b->offsets.due_ms = min_i64(b->offsets.due_ms, now_of(b->s));
}

static void on_commits(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct group_question *q = arg;
	struct broker_poll *b = q->b;
	struct cluster_source *s = b->s;
	size_t lost = 0;
	bool heard = false; /* b itself answered, not one that coordinates them now */

	(void)broker;
	s->commits_ms = max_i64(now_of(s), s->ends_ms + 1);
	for (size_t i = 0; i < n; i++) {
		lost += all[i].answered && is_silent(all[i].error);
		heard = heard || (all[i].answered && !is_silent(all[i].error) &&
					 all[i].coordinator == b->id);
		if (!all[i].answered || q->fed[i])
			continue;
		q->fed[i] = true;
		take_commits(b, &all[i]);
	}
	if (!left) {
		group_turn_end(s, &q->turn, s->interval_ms);
		if (lost == n)
			group_pause(s, &q->turn, &b->groups.pause_ms);
		else
			b->groups.pause_ms = 0;
		if (heard)
			ends_of_living(b);
		ask_ends(s);
	}
	poll_publish_soon(s);
	poll_run(s);
}

void group_ask_commits(struct broker_poll *b, const struct group_names *picked)
{
	struct group_question *q = &b->groups.commits;
	struct cluster_source *s = b->s;

	group_question_begin(q, picked->n);
	if (picked->n)
		q->turn.id = admin_fetch_group_offsets_at(
			s->admin, b->id, picked->v, picked->n, QUESTION_MS, on_commits, q);
	else
		group_turn_end(s, &q->turn, s->interval_ms);
}
