/* The difference of two snapshots as events, and their words. */
#include "model/change.h"

#include "base/xalloc.h"
#include "model/format.h"
#include "model/group_change.h"

struct diff {
	const struct cluster *b;
	size_t most;
	size_t seen[CHANGE_MORE + 1];
	change_fn *fn;
	void *arg;
};

struct change change_blank(enum change_kind kind)
{
	return (struct change){.kind = kind,
		.broker = -1,
		.partition = -1,
		.from = -1,
		.to = -1,
		.epoch_from = -1,
		.epoch_to = -1,
		.leaderless_ms = -1,
		.paused_ms = -1,
		.offset_from = -1,
		.offset_to = -1};
}

static void tell(struct diff *d, struct change c)
{
	if (d->seen[c.kind]++ >= d->most)
		return;
	c.at_ms = d->b->at_ms;
	c.wall_ms = d->b->wall_ms;
	d->fn(d->arg, &c);
}

static bool alive(const struct broker *b)
{
	return b && (b->state == BROKER_UP || b->state == BROKER_UNKNOWN);
}

static void diff_brokers(struct diff *d, const struct cluster *a)
{
	for (size_t i = 0; i < d->b->n_brokers; i++) {
		const struct broker *now = &d->b->brokers[i];
		const struct broker *was = cluster_broker(a, now->id);
		struct change c = change_blank(CHANGE_BROKER_NEW);

		c.broker = now->id;
		/* What it failed at before it came back does not matter any more. */
		c.text = now->why[0] && !alive(now) ? now->why : NULL;
		if (was && alive(was) == alive(now))
			continue;
		/* Listed again is not back: it must have answered. */
		if (was && !alive(now))
			c.kind = CHANGE_BROKER_LOST;
		else if (was && broker_was_known(was))
			c.kind = CHANGE_BROKER_BACK;
		else if (!alive(now))
			continue;
		tell(d, c);
	}
	for (size_t i = 0; i < a->n_brokers; i++) {
		struct change c = change_blank(CHANGE_BROKER_LOST);

		c.broker = a->brokers[i].id;
		if (alive(&a->brokers[i]) && !cluster_broker(d->b, c.broker))
			tell(d, c);
	}
	if (a->controller != d->b->controller) {
		struct change c = change_blank(CHANGE_CONTROLLER);

		c.from = a->controller;
		c.to = d->b->controller;
		tell(d, c);
	}
}

static bool same_isr(const struct partition *x, const struct partition *y)
{
	if (x->n_isr != y->n_isr)
		return false;
	for (uint16_t i = 0; i < x->n_replicas; i++) {
		const struct replica *r = partition_replica(y, x->replicas[i].broker);

		if (x->replicas[i].in_sync != (r && r->in_sync))
			return false;
	}
	return true;
}

static void diff_partition(struct diff *d, const struct topic *t, const struct partition *was,
	const struct partition *now)
{
	bool isr = !same_isr(was, now);
	bool election = was->leader != now->leader || was->leader_epoch != now->leader_epoch;
	struct buf from = BUF_EMPTY, to = BUF_EMPTY;
	struct change c = change_blank(election ? CHANGE_LEADER : CHANGE_ISR);

	if (!isr && !election)
		return;
	partition_put_isr(&from, was);
	partition_put_isr(&to, now);
	c.topic = t->name.p;
	c.partition = now->index;
	if (election) {
		c.from = was->leader;
		c.to = now->leader;
		c.epoch_from = was->leader_epoch;
		c.epoch_to = now->leader_epoch;
	}
	if (isr) {
		c.isr_from = buf_z(&from);
		c.isr_to = buf_z(&to);
	}
	if (was->leader < 0 && now->leader >= 0 && was->leader_since_ms >= 0)
		c.leaderless_ms = d->b->at_ms - was->leader_since_ms;
	tell(d, c);
	buf_fini(&from);
	buf_fini(&to);
}

static void tell_topic(struct diff *d, enum change_kind kind, const struct topic *t)
{
	struct change c = change_blank(kind);

	c.topic = t->name.p;
	c.to = t->n_partitions;
	tell(d, c);
}

static void diff_topic(struct diff *d, const struct topic *was, const struct topic *now)
{
	struct change c = change_blank(CHANGE_PARTITIONS);

	if (was == now)
		return;
	if (!uuid_eq(&was->id, &now->id) && !uuid_is_zero(&was->id) && !uuid_is_zero(&now->id)) {
		tell_topic(d, CHANGE_TOPIC_DELETED, was);
		tell_topic(d, CHANGE_TOPIC_CREATED, now);
		return;
	}
	if (was->n_partitions != now->n_partitions) {
		c.topic = now->name.p;
		c.from = was->n_partitions;
		c.to = now->n_partitions;
		tell(d, c);
	}
	for (int32_t i = 0; i < now->n_partitions; i++) {
		const struct partition *p = topic_partition(was, now->partitions[i].index);

		if (p)
			diff_partition(d, now, p, &now->partitions[i]);
	}
}

static void diff_topics(struct diff *d, const struct cluster *a)
{
	const struct cluster *b = d->b;
	size_t i = 0, k = 0;

	while (i < a->n_topics || k < b->n_topics) {
		int cmp = i == a->n_topics   ? 1
			  : k == b->n_topics ? -1
					     : str_cmp(a->topics[i]->name, b->topics[k]->name);

		if (cmp < 0)
			tell_topic(d, CHANGE_TOPIC_DELETED, a->topics[i++]);
		else if (cmp > 0)
			tell_topic(d, CHANGE_TOPIC_CREATED, b->topics[k++]);
		else
			diff_topic(d, a->topics[i++], b->topics[k++]);
	}
}

static void tell_group(void *arg, const struct change *c)
{
	tell(arg, *c);
}

void cluster_diff(
	const struct cluster *a, const struct cluster *b, size_t most, change_fn *fn, void *arg)
{
	struct diff d = {.b = b, .most = most, .fn = fn, .arg = arg};

	if (a->metadata.at_ms < 0)
		return;
	if (cluster_is_other(a->id, b->id)) {
		struct change c = change_blank(CHANGE_CLUSTER);

		c.text = b->id;
		tell(&d, c);
		return;
	}
	diff_brokers(&d, a);
	diff_topics(&d, a);
	groups_diff(a, b, tell_group, &d);
	d.most = SIZE_MAX;
	for (int k = 0; k < CHANGE_MORE; k++) {
		struct change c = change_blank(CHANGE_MORE);

		if (d.seen[k] <= most)
			continue;
		c.to = (int32_t)(d.seen[k] - most);
		c.text = change_kind_name((enum change_kind)k);
		tell(&d, c);
	}
}

/* ---- words -------------------------------------------------------------------------------- */

const char *change_kind_name(enum change_kind k)
{
	static const char *const names[] = {"cluster", "new broker", "broker lost",
		"broker stopped", "broker back", "controller", "election", "ISR", "topic created",
		"topic deleted", "partitions added", "new group", "group gone", "member came",
		"member left", "rebalance", "rewind", "commits stopped", "action", "failed",
		"more"};

	return names[k];
}

bool change_is_loss(enum change_kind k)
{
	return k == CHANGE_BROKER_LOST || k == CHANGE_BROKER_STOPPED;
}

static void put_id(struct buf *out, int32_t id)
{
	if (id < 0)
		buf_puts(out, "none");
	else
		buf_printf(out, "%d", id);
}

static void put_election(struct buf *out, const struct change *c)
{
	buf_puts(out, " leader ");
	put_id(out, c->from);
	/* A move of replicas begins or ends: a new epoch, the same leader. */
	if (c->from != c->to) {
		buf_puts(out, " > ");
		put_id(out, c->to);
	}
	if (c->epoch_to >= 0 && c->epoch_from != c->epoch_to)
		buf_printf(out, "   epoch %d > %d", c->epoch_from, c->epoch_to);
}

static void put_partition(struct buf *out, const struct change *c)
{
	buf_printf(out, "p%d", c->partition);
	if (c->kind == CHANGE_LEADER)
		put_election(out, c);
	if (c->isr_to)
		buf_printf(out, "%s ISR %s > %s", c->kind == CHANGE_LEADER ? "  " : "", c->isr_from,
			c->isr_to);
	if (c->leaderless_ms > 0 || (c->leaderless_ms == 0 && !c->sure)) {
		/* What two looks at the cluster say is no better than the time between them. */
		buf_puts(out, c->sure ? "   " : "   ≈ ");
		if (c->leaderless_ms < 10)
			buf_puts(out, "< 0.01 s");
		else
			fmt_span(out, c->leaderless_ms);
		buf_puts(out, " leaderless");
	}
}

static void put_broker(struct buf *out, const struct change *c, const char *what)
{
	buf_printf(out, "broker %d %s", c->broker, what);
	if (c->text)
		buf_printf(out, ": %s", c->text);
}

void change_put(struct buf *out, const struct change *c, bool with_topic)
{
	if (with_topic && c->group)
		buf_printf(out, "%s  ", c->group);
	else if (with_topic && c->topic)
		buf_printf(out, "%s  ", c->topic);
	switch (c->kind) {
	case CHANGE_CLUSTER:
		buf_printf(out, "another cluster answers here: %s", c->text ? c->text : "");
		break;
	case CHANGE_BROKER_NEW:
		put_broker(out, c, "joined");
		break;
	case CHANGE_BROKER_LOST:
		put_broker(out, c, "lost");
		break;
	case CHANGE_BROKER_STOPPED:
		buf_printf(out, "broker %d stopped", c->broker);
		break;
	case CHANGE_BROKER_BACK:
		put_broker(out, c, "back");
		break;
	case CHANGE_CONTROLLER:
		buf_puts(out, "controller ");
		put_id(out, c->from);
		buf_puts(out, " > ");
		put_id(out, c->to);
		break;
	case CHANGE_LEADER:
	case CHANGE_ISR:
		put_partition(out, c);
		break;
	case CHANGE_TOPIC_CREATED:
		buf_puts(out, "topic created, ");
		fmt_things(out, c->to, "partition");
		break;
	case CHANGE_TOPIC_DELETED:
		buf_puts(out, "topic deleted");
		break;
	case CHANGE_PARTITIONS:
		buf_printf(out, "partitions %d > %d", c->from, c->to);
		break;
	case CHANGE_GROUP_NEW:
	case CHANGE_GROUP_GONE:
	case CHANGE_MEMBER_CAME:
	case CHANGE_MEMBER_LEFT:
	case CHANGE_REBALANCE:
	case CHANGE_REWIND:
	case CHANGE_COMMITS_STOPPED:
		group_change_put(out, c);
		break;
	case CHANGE_ACTION:
	case CHANGE_FAILED:
		buf_puts(out, c->text ? c->text : "");
		break;
	case CHANGE_MORE:
		buf_puts(out, "and ");
		fmt_count(out, c->to);
		buf_printf(out, " more: %s", c->text ? c->text : "");
		break;
	}
}
