/* Groups read: names, look-ups, the words behind a verdict. */
#include "model/group_impl.h"

#include "model/format.h"
#include <stdlib.h>

static const char *const states[] = {
	"Unknown", "Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead"};

const char *group_state_name(enum group_state s)
{
	return states[s];
}

enum group_state group_state_of(struct str name)
{
	for (size_t i = 0; i < GROUP_STATE_COUNT; i++)
		if (str_eqz(name, states[i]))
			return (enum group_state)i;
	if (str_eqz(name, "Assigning"))
		return GROUP_PREPARING;
	return str_eqz(name, "Reconciling") ? GROUP_COMPLETING : GROUP_UNKNOWN;
}

const struct group *group_ref(const struct group *g)
{
	((struct group *)(uintptr_t)g)->refs++;
	return g;
}

void group_unref(const struct group *g)
{
	struct group *own = (struct group *)(uintptr_t)g;

	if (!own || --own->refs > 0)
		return;
	members_unref((struct group_members *)(uintptr_t)own->members);
	free(own);
}

const struct group *cluster_group(const struct cluster *c, struct str name)
{
	size_t lo = 0, hi = c->n_groups;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (str_cmp(c->groups[mid]->name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->n_groups && str_cmp(c->groups[lo]->name, name) == 0 ? c->groups[lo] : NULL;
}

const struct group_topic *group_topic_find(const struct group *g, struct str topic)
{
	size_t lo = 0, hi = g->n_topics;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (str_cmp(g->topics[mid].name, topic) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < g->n_topics && str_cmp(g->topics[lo].name, topic) == 0 ? &g->topics[lo] : NULL;
}

const struct group_partition *group_partition_find(
	const struct group *g, struct str topic, int32_t partition)
{
	const struct group_topic *t = group_topic_find(g, topic);

	/* Nearly always at its own place. */
	if (t && partition >= 0 && (size_t)partition < t->n &&
		g->partitions[t->first + (size_t)partition].partition == partition)
		return &g->partitions[t->first + (size_t)partition];
	for (size_t i = 0; t && i < t->n; i++)
		if (g->partitions[t->first + i].partition == partition)
			return &g->partitions[t->first + i];
	return NULL;
}

static bool heavier(const struct group *a, const struct group *b)
{
	if (a->lag.verdict != b->lag.verdict)
		return a->lag.verdict > b->lag.verdict;
	return a->lag.records > b->lag.records;
}

size_t cluster_worst_groups(const struct cluster *c, const struct group **out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; max && i < c->n_groups; i++) {
		const struct group *g = c->groups[i];
		size_t at = n;

		if (g->lag.records < 0)
			continue;
		while (at > 0 && heavier(g, out[at - 1]))
			at--;
		if (at == max)
			continue;
		n = min_size(n + 1, max);
		memmove(&out[at + 1], &out[at], (n - 1 - at) * sizeof(*out));
		out[at] = g;
	}
	return n;
}

static bool lists_there(const struct cluster *c)
{
	for (size_t i = 0; i < c->n_brokers; i++) {
		const struct broker *b = &c->brokers[i];

		if (b->state == BROKER_UP && b->groups.at_ms < 0 && !b->groups.code &&
			!b->groups.kerr)
			return false;
	}
	return true;
}

static bool lag_there(const struct group *g)
{
	if (g->offsets.code || g->offsets.kerr)
		return true;
	for (size_t i = 0; i < g->n_partitions; i++) {
		const struct group_partition *p = &g->partitions[i];

		/* A commit that waits for its end. */
		if (p->position == POSITION_UNKNOWN && p->committed_ms < 0 && !p->kerr)
			return false;
	}
	return g->lag_known;
}

bool cluster_groups_there(const struct cluster *c, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_groups; i++)
		n += lag_there(c->groups[i]);
	return lists_there(c) && n >= min_size(most, c->n_groups);
}

/* ---- words -------------------------------------------------------------------------------- */

static void put_behind(struct buf *out, const char *who, const struct lag *l)
{
	buf_printf(out, "%s takes ", who);
	fmt_rate(out, l->out);
	buf_puts(out, "/s of ");
	fmt_rate(out, l->in);
	buf_puts(out, "/s");
	if (l->catch_up_ms == CATCH_UP_NEVER)
		buf_puts(out, " and will never catch up at this pace");
}

static void put_waiting(struct buf *out, int64_t records)
{
	fmt_things(out, records, "record");
	buf_puts(out, records == 1 ? " waits" : " wait");
}

static void put_stalled(
	struct buf *out, const char *who, const struct group_partition *p, int64_t now_ms)
{
	buf_printf(out, "%s has not committed for ", who);
	if (p->last_ms < 0)
		buf_puts(out, "as long as we look");
	else
		fmt_age(out, max_i64(0, now_ms - p->last_ms));
	buf_puts(out, ", ");
	put_waiting(out, p->lag.records);
}

static void put_position(struct buf *out, const struct group_partition *p)
{
	switch ((enum position)p->position) {
	case POSITION_NEVER:
		buf_puts(out, "nothing committed yet");
		break;
	case POSITION_NO_TOPIC:
		buf_puts(out, "the topic is deleted");
		break;
	case POSITION_NO_PARTITION:
		buf_puts(out, "the topic has no such partition any more");
		break;
	case POSITION_ABOVE_END:
		buf_puts(out, "committed ");
		fmt_count(out, p->committed);
		buf_puts(out, ", but the log ends at ");
		fmt_count(out, p->end);
		break;
	case POSITION_UNKNOWN:
	case POSITION_IN_LOG:
	case POSITION_BELOW_START:
		break;
	}
}

void group_partition_put_reason(
	struct buf *out, const struct group *g, const struct group_partition *p, int64_t now_ms)
{
	const char *who = p->member >= 0 ? g->members->v[p->member].label : "nobody";

	switch ((enum verdict)p->lag.verdict) {
	case VERDICT_LOST:
		fmt_things(out, p->start - p->committed, "record");
		buf_printf(out, " %s deleted before %s read",
			p->start - p->committed == 1 ? "was" : "were",
			p->start - p->committed == 1 ? "it was" : "they were");
		break;
	case VERDICT_STOPPED:
		buf_puts(out, "the group has no member, ");
		put_waiting(out, p->lag.records);
		break;
	case VERDICT_STALLED:
		put_stalled(out, who, p, now_ms);
		break;
	case VERDICT_BEHIND:
		put_behind(out, who, &p->lag);
		break;
	case VERDICT_REWOUND:
		buf_puts(out, "the commit went back to ");
		fmt_count(out, p->committed);
		break;
	case VERDICT_NONE:
	case VERDICT_OK:
	case VERDICT_COUNT:
		put_position(out, p);
		break;
	}
}

/* Of the group's state, before any partition's: true when that says it all. */
static bool put_state_reason(struct buf *out, const struct group *g, bool bad)
{
	if (group_state_moving((enum group_state)g->state))
		buf_puts(out, "rebalancing: nobody reads until partitions are shared out");
	else if (bad)
		return false;
	else if (g->state == GROUP_DEAD)
		buf_puts(out, "the group is gone");
	else if (g->state == GROUP_EMPTY)
		buf_puts(out, "no members");
	return true;
}

void group_put_reason(struct buf *out, const struct group *g, int64_t now_ms)
{
	if (put_state_reason(out, g, g->worst >= 0))
		return;
	if (g->n_topics > 1)
		buf_printf(out, "%s ", g->partitions[g->worst].topic.p);
	buf_printf(out, "partition %d: ", g->partitions[g->worst].partition);
	group_partition_put_reason(out, g, &g->partitions[g->worst], now_ms);
}

void group_topic_put_reason(
	struct buf *out, const struct group *g, const struct group_topic *t, int64_t now_ms)
{
	const struct group_partition *worst = NULL;

	for (size_t i = t->first; i < t->first + t->n; i++) {
		const struct group_partition *p = &g->partitions[i];

		if (verdict_bad((enum verdict)p->lag.verdict) && p->lag.verdict == t->lag.verdict &&
			(!worst || p->lag.records > worst->lag.records))
			worst = p;
	}
	if (put_state_reason(out, g, worst != NULL))
		return;
	buf_printf(out, "partition %d: ", worst->partition);
	group_partition_put_reason(out, g, worst, now_ms);
}

static size_t given_away(const struct group *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->members->n; i++)
		n += g->members->v[i].n_given;
	return n;
}

void group_member_put_idle(struct buf *out, const struct group *g, size_t member)
{
	const struct group_member *m = &g->members->v[member];
	size_t n = given_away(g);

	switch ((enum idle)m->idle) {
	case IDLE_NO:
		break;
	case IDLE_REBALANCE:
		buf_printf(out, "the group is rebalancing: %s waits for its share", m->label);
		break;
	case IDLE_SURPLUS:
		fmt_things(out, (int64_t)n, "partition");
		buf_puts(out, ", ");
		fmt_things(out, (int64_t)g->members->n, "member");
		buf_printf(out, ": a partition has one reader, so %s waits", m->label);
		break;
	case IDLE_NOTHING:
		buf_printf(out, "what %s subscribed to has no partitions", m->label);
		break;
	case IDLE_OTHER:
		buf_printf(out, "the assignor gave %s nothing", m->label);
		break;
	}
}
