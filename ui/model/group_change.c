/* The difference of two snapshots' groups, and its words. */
#include "model/group_change.h"

#include "base/attr.h"
#include "model/format.h"
#include "model/group.h"

struct group_diff {
	const struct cluster *a, *b;
	change_fn *fn;
	void *arg;
};

static void tell(const struct group_diff *d, const struct group *g, struct change c)
{
	c.group = g->name.p;
	d->fn(d->arg, &c);
}

static const struct group_member *find(const struct group_members *all, const char *id)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].id, id) == 0)
			return &all->v[i];
	return NULL;
}

static void tell_missing(const struct group_diff *d, const struct group *g,
	const struct group_members *these, const struct group_members *in, enum change_kind kind)
{
	for (size_t i = 0; i < these->n; i++) {
		struct change c = change_blank(kind);
		const char *host;

		if (find(in, these->v[i].id))
			continue;
		c.member = these->v[i].label;
		/* Brokers write the address as Java does: "/10.0.0.1". */
		host = these->v[i].host + (these->v[i].host[0] == '/');
		c.text = host[0] ? host : NULL;
		tell(d, g, c);
	}
}

static void tell_rebalance(const struct group_diff *d, const struct group *g)
{
	struct change c = change_blank(CHANGE_REBALANCE);

	c.from = g->rebalance.moved;
	c.to = g->rebalance.total;
	c.epoch_from = g->rebalance.from;
	c.epoch_to = g->rebalance.to;
	c.paused_ms = g->rebalance.paused_ms;
	c.text = g->rebalance.why[0] ? g->rebalance.why : NULL;
	tell(d, g, c);
}

static int compare(const struct group_partition *x, const struct group_partition *y)
{
	int topic = str_cmp(x->topic, y->topic);

	return topic ? topic : (x->partition > y->partition) - (x->partition < y->partition);
}

/* Rows of both lie in the same order. */
static void tell_rewinds(
	const struct group_diff *d, const struct group *was, const struct group *now)
{
	size_t i = 0, k = 0;

	while (i < was->n_partitions && k < now->n_partitions) {
		const struct group_partition *x = &was->partitions[i], *y = &now->partitions[k];
		int cmp = compare(x, y);
		struct change c = change_blank(CHANGE_REWIND);

		i += cmp <= 0;
		k += cmp >= 0;
		if (cmp || y->committed < 0 || y->committed >= x->committed)
			continue;
		c.topic = y->topic.p;
		c.partition = y->partition;
		c.offset_from = x->committed;
		c.offset_to = y->committed;
		tell(d, now, c);
	}
}

static bool quiet(const struct group *g)
{
	return g->lag.verdict == VERDICT_STALLED || g->lag.verdict == VERDICT_STOPPED;
}

static void tell_stopped(const struct group_diff *d, const struct group *g)
{
	struct change c = change_blank(CHANGE_COMMITS_STOPPED);
	struct buf why = BUF_EMPTY;

	group_put_reason(&why, g, d->b->at_ms);
	c.text = buf_z(&why);
	tell(d, g, c);
	buf_fini(&why);
}

static void diff_group(const struct group_diff *d, const struct group *was, const struct group *now)
{
	if (was == now)
		return;
	if (was->described && was->members != now->members) {
		tell_missing(d, now, now->members, was->members, CHANGE_MEMBER_CAME);
		tell_missing(d, now, was->members, now->members, CHANGE_MEMBER_LEFT);
	}
	if (now->rebalance.count != was->rebalance.count)
		tell_rebalance(d, now);
	tell_rewinds(d, was, now);
	if (was->lag_known && quiet(now) && !quiet(was))
		tell_stopped(d, now);
}

/* A group of a broker whose list was not there before is not new. */
static bool is_new(const struct group_diff *d, const struct group *g)
{
	const struct broker *b = cluster_broker(d->a, g->coordinator);

	return b && b->groups.at_ms >= 0;
}

void groups_diff(const struct cluster *a, const struct cluster *b, change_fn *fn, void *arg)
{
	struct group_diff d = {a, b, fn, arg};
	size_t i = 0, k = 0;

	while (i < a->n_groups || k < b->n_groups) {
		int cmp = i == a->n_groups   ? 1
			  : k == b->n_groups ? -1
			  : a->groups[i] == b->groups[k]
				  ? 0
				  : str_cmp(a->groups[i]->name, b->groups[k]->name);

		if (cmp < 0)
			tell(&d, a->groups[i], change_blank(CHANGE_GROUP_GONE));
		else if (cmp > 0 && is_new(&d, b->groups[k]))
			tell(&d, b->groups[k], change_blank(CHANGE_GROUP_NEW));
		else if (cmp == 0)
			diff_group(&d, a->groups[i], b->groups[k]);
		i += cmp <= 0;
		k += cmp >= 0;
	}
}

/* ---- words -------------------------------------------------------------------------------- */

static void put_rebalance(struct buf *out, const struct change *c)
{
	buf_puts(out, "rebalanced");
	if (c->text)
		buf_printf(out, ": %s", c->text);
	if (c->epoch_to >= 0)
		buf_printf(out, "   generation %d > %d", c->epoch_from, c->epoch_to);
	buf_printf(out, "   %d of %d partitions moved", c->from, c->to);
	if (c->paused_ms >= 0) {
		buf_puts(out, "   ");
		fmt_span(out, c->paused_ms);
		buf_puts(out, " paused");
	}
}

static void put_rewind(struct buf *out, const struct change *c)
{
	buf_printf(out, "%s p%d commit went back: ", c->topic, c->partition);
	fmt_count(out, c->offset_from);
	buf_puts(out, " > ");
	fmt_count(out, c->offset_to);
	buf_puts(out, ", ");
	fmt_things(out, c->offset_from - c->offset_to, "record");
	buf_puts(out, " to be read again");
}

static void put_member(
	struct buf *out, const struct change *c, const char *what, const char *before_host)
{
	buf_printf(out, "%s %s", c->member ? c->member : "a member", what);
	if (c->text)
		buf_printf(out, "%s%s", before_host, c->text);
}

void group_change_put(struct buf *out, const struct change *c)
{
	switch (c->kind) {
	case CHANGE_GROUP_NEW:
		buf_puts(out, "new group");
		break;
	case CHANGE_GROUP_GONE:
		buf_puts(out, "group gone");
		break;
	case CHANGE_MEMBER_CAME:
		put_member(out, c, "joined", " from ");
		break;
	case CHANGE_MEMBER_LEFT:
		put_member(out, c, "left", ", was on ");
		break;
	case CHANGE_REBALANCE:
		put_rebalance(out, c);
		break;
	case CHANGE_REWIND:
		put_rewind(out, c);
		break;
	case CHANGE_COMMITS_STOPPED:
		buf_printf(out, "commits stopped: %s", c->text ? c->text : "");
		break;
	case CHANGE_CLUSTER:
	case CHANGE_BROKER_NEW:
	case CHANGE_BROKER_LOST:
	case CHANGE_BROKER_STOPPED:
	case CHANGE_BROKER_BACK:
	case CHANGE_CONTROLLER:
	case CHANGE_LEADER:
	case CHANGE_ISR:
	case CHANGE_TOPIC_CREATED:
	case CHANGE_TOPIC_DELETED:
	case CHANGE_PARTITIONS:
	case CHANGE_ACTION:
	case CHANGE_FAILED:
	case CHANGE_MORE:
		break;
	}
}
