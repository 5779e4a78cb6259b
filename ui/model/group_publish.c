/* Groups from the draft into a snapshot: one block of memory a group, figures worked out anew. */
#include "model/impl.h"

#include "base/xalloc.h"
#include <math.h>

struct build {
	struct model *m;
	const struct cluster *c;
	struct gslot *slot;
	struct group *g;
	struct group_partition *parts;
	struct group_topic *topics;
	struct lag *member_lags;
	int32_t *owners; /* one a partition */
	bool waiting;    /* a commit has no end yet */
	bool unpaired;   /* nor had one before it */
	char *text;      /* where the next string goes */
};

static size_t text_bytes(const char *z)
{
	return z ? strlen(z) + 1 : 1;
}

static const char *put_text(struct build *b, const char *z)
{
	size_t n = text_bytes(z);
	char *at = b->text;

	memcpy(at, z ? z : "", n);
	b->text += n;
	return at;
}

static struct str put_str(struct build *b, struct str s)
{
	struct str out = {b->text, s.n};

	memcpy(b->text, s.p, s.n);
	b->text[s.n] = '\0';
	b->text += s.n + 1;
	return out;
}

/* Header, partitions, topics, members' lags, strings. */
static void allot(struct build *b)
{
	const struct gslot *s = b->slot;
	size_t text = s->name.n + 1 + text_bytes(s->protocol) + text_bytes(s->type) +
		      text_bytes(s->assignor) + text_bytes(s->why);
	size_t n = 0;
	char *at;

	vec_foreach (t, &s->topics) {
		text += t->str.n + 1;
		n += t->parts.n;
		vec_foreach (p, &t->parts)
			text += text_bytes(p->metadata);
	}
	at = xcalloc(1, sizeof(*b->g) + n * sizeof(*b->parts) + s->topics.n * sizeof(*b->topics) +
				s->members->n * sizeof(*b->member_lags) + text);
	b->g = (struct group *)(void *)at;
	b->parts = (struct group_partition *)(void *)(at + sizeof(*b->g));
	b->topics = (struct group_topic *)(void *)(b->parts + n);
	b->member_lags = (struct lag *)(void *)(b->topics + s->topics.n);
	b->text = (char *)(b->member_lags + s->members->n);
	b->g->n_partitions = n;
	b->owners = xmalloc((n + 1) * sizeof(*b->owners));
}

static void head(struct build *b)
{
	struct gslot *s = b->slot;
	struct group *g = b->g;

	g->refs = 1;
	g->name = put_str(b, s->name);
	g->protocol = put_text(b, s->protocol);
	g->type = put_text(b, s->type);
	g->assignor = put_text(b, s->assignor);
	g->state = s->state;
	g->described = s->described;
	g->coordinator = s->coordinator;
	g->generation = s->generation;
	g->members = s->members;
	s->members->refs++;
	g->member_lags = b->member_lags;
	g->partitions = b->parts;
	g->topics = b->topics;
	g->n_topics = s->topics.n;
	g->rebalance = s->rebalance;
	g->rebalance.why = put_text(b, s->why);
	g->listed_ms = s->listed_ms;
	g->describe = s->describe;
	g->offsets = s->offsets;
	g->lag = LAG_UNKNOWN;
	g->worst = -1;
	for (size_t i = 0; i < s->members->n; i++) {
		b->member_lags[i] = LAG_UNKNOWN;
		g->n_idle += s->members->v[i].idle != IDLE_NO;
	}
}

/* Owners of all partitions in one pass over the members, for rows that lie in order. */
static void find_owners(struct build *b)
{
	const struct gslot *s = b->slot;
	size_t first = 0;

	for (size_t i = 0; i < b->g->n_partitions; i++)
		b->owners[i] = -1;
	vec_foreach (t, &s->topics) {
		for (size_t k = 0; k < s->members->n; k++) {
			const struct group_member *m = &s->members->v[k];

			for (size_t j = 0; j < m->n_given; j++) {
				struct gpart *p =
					str_eq(m->given[j].topic, t->str)
						? gtopic_part(t, m->given[j].partition, false)
						: NULL;

				if (p)
					b->owners[first + (size_t)(p - t->parts.v)] = (int32_t)k;
			}
		}
		first += t->parts.n;
	}
}

static enum position place(const struct build *b, const struct slot *s, const struct partition *tp,
	const struct gpart *p, const struct group_partition *out)
{
	if (!s && b->m->metadata.at_ms >= 0)
		return POSITION_NO_TOPIC;
	if (!tp && s)
		return POSITION_NO_PARTITION;
	if (p->committed_ms < 0)
		return b->slot->offsets.at_ms >= 0 && !p->pending && !p->kerr ? POSITION_NEVER
									      : POSITION_UNKNOWN;
	if (p->committed < 0)
		return POSITION_NEVER;
	if (out->end < 0)
		return POSITION_UNKNOWN;
	if (out->start >= 0 && out->committed < out->start)
		return POSITION_BELOW_START;
	/* An end that is older than its commit may lie below it. */
	return out->committed > out->end && !p->about ? POSITION_ABOVE_END : POSITION_IN_LOG;
}

static void set_age(const struct build *b, const struct slot *s, const struct partition *tp,
	const struct gpart *p, struct lag *l)
{
	const struct ends *e = s && s->ends && tp ? s->ends[tp - s->t->partitions] : NULL;
	int64_t at;

	if (l->records <= 0) {
		l->age_ms = l->records;
		l->age = l->records == 0 ? AGE_EXACT : AGE_NONE;
		return;
	}
	/* Both as of the look at the commit: what is not looked at does not grow older. */
	if (p->unread_offset == p->committed) {
		int64_t ago = b->c->at_ms - p->committed_ms;

		l->age_ms = max_i64(0, b->c->wall_ms - ago - p->unread_wall_ms);
		l->age = AGE_EXACT;
		return;
	}
	l->age = e ? (uint8_t)ends_when(e, p->committed, &at) : AGE_NONE;
	if (l->age != AGE_NONE)
		l->age_ms = max_i64(0, p->committed_ms - at);
}

static int32_t member_count(const struct gslot *s)
{
	if (s->state == GROUP_EMPTY)
		return 0;
	return s->described && s->state != GROUP_DEAD ? (int32_t)s->members->n : -1;
}

static void judge(const struct build *b, const struct slot *s, const struct partition *tp,
	const struct gpart *p, struct group_partition *out)
{
	const struct commits *commits = p->track ? &p->track->commits : NULL;
	const struct gslot *g = b->slot;

	out->lag = LAG_UNKNOWN;
	lag_judge(&out->lag, &(struct lag_facts){.committed = p->committed,
				     .start = out->start,
				     .end = p->end,
				     .now_ms = p->committed_ms,
				     .lagging_ms = p->lagging_ms,
				     .members = member_count(g),
				     .settled = !group_state_moving((enum group_state)g->state),
				     .in = tp ? tp->in_records : (double)NAN,
				     .commits = commits});
	out->lag.about = p->about && out->lag.records >= 0;
	out->last_ms = commits ? commits_last_ms(commits) : -1;
	set_age(b, s, tp, p, &out->lag);
}

static void set_spark(const struct build *b, const struct gpart *p, struct group_partition *out)
{
	double v[GROUP_SPARK];

	for (int i = 0; i < GROUP_SPARK; i++)
		v[i] = (double)NAN;
	if (p->track)
		series_read(&p->track->spark, b->c->at_ms, GROUP_SPARK_MS, v, GROUP_SPARK);
	for (int i = 0; i < GROUP_SPARK; i++)
		out->spark[i] = (float)v[i];
}

static void put_partition(struct build *b, struct slot *s, struct str topic, struct gpart *p,
	struct group_partition *out)
{
	const struct partition *tp = s ? topic_partition(s->t, p->partition) : NULL;

	group_settle(b->m, s, p, b->c->at_ms);
	b->waiting = b->waiting || p->pending;
	b->unpaired = b->unpaired || (p->pending && p->committed_ms < 0);
	out->topic = topic;
	out->partition = p->partition;
	out->committed = p->committed;
	out->committed_ms = p->committed_ms;
	out->epoch = p->committed < 0 ? -1 : p->epoch;
	out->metadata = put_text(b, p->metadata);
	out->kerr = p->kerr;
	out->start = tp ? tp->start : -1;
	out->end = p->committed_ms >= 0 && p->end >= 0 ? p->end : tp ? tp->hw : -1;
	out->position = (uint8_t)place(b, s, tp, p, out);
	judge(b, s, tp, p, out);
	set_spark(b, p, out);
}

/* What was never committed has no figure to add. But where a member reads such a partition and
 * records lie in it, they wait too: the sum is not the whole. */
static void add(struct lag *sum, const struct group_partition *p)
{
	bool about = sum->about;
	bool waiting = p->position == POSITION_NEVER && p->member >= 0 && p->end > p->start;

	lag_add(sum, &p->lag);
	if ((p->position == POSITION_NEVER && !waiting) || p->position == POSITION_NO_TOPIC ||
		p->position == POSITION_NO_PARTITION)
		sum->about = about;
}

static void put_topic(struct build *b, const struct gtopic *t, struct group_topic *out, size_t at)
{
	struct slot *s = model_slot(b->m, t->str);

	*out = (struct group_topic){.name = put_str(b, t->str),
		.first = at,
		.n = t->parts.n,
		.lag = LAG_UNKNOWN,
		.at = cluster_topic_at(b->c, t->str)};
	for (size_t i = 0; i < t->parts.n; i++, at++) {
		struct group_partition *p = &b->parts[at];
		int32_t owner = b->owners[at];

		put_partition(b, s, out->name, &t->parts.v[i], p);
		p->member = owner;
		add(&out->lag, p);
		add(&b->g->lag, p);
		if (owner >= 0)
			add(&b->member_lags[owner], p);
		if (p->lag.verdict > VERDICT_OK &&
			(b->g->worst < 0 || p->lag.verdict > b->parts[b->g->worst].lag.verdict ||
				(p->lag.verdict == b->parts[b->g->worst].lag.verdict &&
					p->lag.records > b->parts[b->g->worst].lag.records)))
			b->g->worst = (ptrdiff_t)at;
	}
}

static struct group *build(struct model *m, const struct cluster *c, struct gslot *s)
{
	struct build b = {.m = m, .c = c, .slot = s};
	size_t at = 0;

	allot(&b);
	head(&b);
	find_owners(&b);
	for (size_t i = 0; i < s->topics.n; i++) {
		put_topic(&b, &s->topics.v[i], &b.topics[i], at);
		at += s->topics.v[i].parts.n;
	}
	free(b.owners);
	b.g->lag_known = s->offsets.at_ms >= 0 && (b.g->lag.records >= 0 || !b.unpaired);
	/* The end that is waited for may be there with the next publish. */
	s->touched = b.waiting;
	return b.g;
}

static int by_name(const void *a, const void *b)
{
	const struct gslot *x = *(struct gslot *const *)a, *y = *(struct gslot *const *)b;

	return str_cmp(x->name, y->name);
}

static void refresh(struct model *m, const struct cluster *c, struct gslot *s)
{
	if (s->g && !s->touched && s->built_shape == c->shape)
		return;
	group_unref(s->g);
	s->g = build(m, c, s);
	s->built_shape = c->shape;
	if (s->g->lag.records >= 0)
		series_add(&s->lag, c->at_ms, (double)s->g->lag.records);
}

static void sum_readers(const struct group *g, struct topic_readers *readers)
{
	for (size_t i = 0; i < g->n_topics; i++) {
		const struct group_topic *t = &g->topics[i];
		struct topic_readers *r = t->at < 0 ? NULL : &readers[t->at];

		if (!r)
			continue;
		r->groups++;
		r->about = r->about || t->lag.about;
		r->lag = lag_plus(r->lag, t->lag.records);
		if (t->lag.verdict > r->verdict)
			r->verdict = t->lag.verdict;
	}
}

static void sum_groups(struct cluster *c)
{
	struct topic_readers *readers = xcalloc(c->n_topics + 1, sizeof(*readers));
	struct totals *t = &c->totals;

	for (size_t i = 0; i < c->n_topics; i++)
		readers[i].lag = -1;
	t->lag = -1;
	t->groups = (int32_t)c->n_groups;
	for (size_t i = 0; i < c->n_groups; i++) {
		const struct group *g = c->groups[i];

		sum_readers(g, readers);
		t->groups_known += g->lag_known;
		t->lag_about = t->lag_about || g->lag.about || !g->lag_known;
		t->lag = lag_plus(t->lag, g->lag.records);
	}
	/* Groups that have nothing to read, or no group at all, have no lag: that is known. */
	if (c->group_list.at_ms >= 0 && t->lag < 0 && t->groups_known == t->groups)
		t->lag = 0;
	c->readers = readers;
}

/* Metadata lists it, or groups that it listed have not gone elsewhere. */
static bool counts(struct model *m, const struct broker *b)
{
	if (model_track(m, b->id)->seen)
		return true;
	vec_foreach (g, &m->groups)
		if ((*g)->coordinator == b->id)
			return true;
	return false;
}

/* As old as the oldest list; brokers that never had one to give do not count. */
static struct part list_part(struct model *m)
{
	struct part sum = {.at_ms = -1};
	bool first = true;

	for (size_t i = 0; i < m->brokers.n; i++) {
		const struct part *p = &m->brokers.v[i].groups;

		if ((p->at_ms < 0 && !p->code && !p->kerr) || !counts(m, &m->brokers.v[i]))
			continue;
		if (first || p->at_ms < sum.at_ms)
			sum.at_ms = p->at_ms;
		sum.interval_ms = p->interval_ms;
		if (p->code || p->kerr) {
			sum.code = p->code;
			sum.kerr = p->kerr;
		}
		first = false;
	}
	return sum;
}

void groups_publish(struct model *m, struct cluster *c)
{
	const struct group **v;

	c->totals.lag = -1;
	c->group_list = list_part(m);
	c->group_shape = m->group_shape;
	if (m->groups_unsorted)
		vec_sort(&m->groups, by_name);
	m->groups_unsorted = false;
	v = xcalloc(m->groups.n + 1, sizeof(struct group *));
	for (size_t i = 0; i < m->groups.n; i++) {
		refresh(m, c, m->groups.v[i]);
		v[i] = group_ref(m->groups.v[i]->g);
	}
	c->groups = v;
	c->n_groups = m->groups.n;
	sum_groups(c);
}

void groups_unref(struct cluster *c)
{
	for (size_t i = 0; i < c->n_groups; i++)
		group_unref(c->groups[i]);
	free((void *)(uintptr_t)c->groups);
	free((void *)(uintptr_t)c->readers);
}
