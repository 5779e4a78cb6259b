/* From the draft to a snapshot: sums, history, changes. */
#include "model/impl.h"

#include "base/xalloc.h"
#include <math.h>

#define DIFF_MOST 200

/* NaN counts as nothing known, not as zero. */
static double plus(double a, double b)
{
	return isnan(a) ? b : isnan(b) ? a : a + b;
}

static void sum_sizes(struct topic *t, const struct partition *p)
{
	for (uint16_t i = 0; i < p->n_replicas; i++) {
		const struct replica *r = &p->replicas[i];

		if (r->size < 0)
			continue;
		t->size_all = max_i64(0, t->size_all) + r->size;
		if (r->broker == p->leader)
			t->size = max_i64(0, t->size) + r->size;
	}
}

static void sum_partition(struct topic *t, const struct partition *p)
{
	t->n_under += partition_under_replicated(p);
	t->n_offline += partition_offline(p);
	t->n_unpreferred += p->leader >= 0 && p->leader != partition_preferred(p);
	t->in_records = plus(t->in_records, p->in_records);
	if (p->hw >= 0 && p->start >= 0)
		t->records = max_i64(0, t->records) + max_i64(0, p->hw - p->start);
	else
		t->records_about = true;
	if (t->offsets.at_ms < 0 || p->offsets_ms < t->offsets.at_ms)
		t->offsets.at_ms = p->offsets_ms;
	if (p->error)
		t->offsets.kerr = p->error;
	sum_sizes(t, p);
}

static void sum_topic(struct model *m, struct topic *t)
{
	const struct broker *leader = NULL;

	t->n_under = t->n_offline = t->n_unpreferred = 0;
	t->records = t->size = t->size_all = -1;
	t->records_about = (t->cleanup & CLEANUP_COMPACT) || t->internal;
	t->in_records = (double)NAN;
	t->offsets = (struct part){.at_ms = -1};
	t->replication = t->n_partitions ? t->partitions[0].n_replicas : 0;
	for (int32_t i = 0; i < t->n_partitions; i++) {
		sum_partition(t, &t->partitions[i]);
		if (t->partitions[i].offsets_ms < 0)
			t->offsets.at_ms = -1;
	}
	if (t->n_partitions)
		leader = model_broker(m, t->partitions[0].leader);
	t->offsets.interval_ms = leader ? leader->offsets.interval_ms : 0;
	if (leader)
		t->offsets.code = leader->offsets.code;
}

/* The sum of what some leaders have told yet grows as the others do. */
static bool sizes_are_whole(const struct topic *t)
{
	for (int32_t i = 0; i < t->n_partitions; i++) {
		const struct partition *p = &t->partitions[i];
		const struct replica *r = partition_replica(p, p->leader);

		if (p->leader >= 0 && (!r || r->size < 0))
			return false;
	}
	return t->size >= 0;
}

static void sum_slots(struct model *m, int64_t now_ms)
{
	vec_foreach (it, &m->slots) {
		struct slot *s = *it;

		if (s->touched || m->sizes_came) {
			struct topic *t = slot_write(m, s);

			sum_topic(m, t);
			if (m->sizes_came && sizes_are_whole(t))
				rate_add(&s->size_rate, now_ms, t->size);
			t->in_bytes = rate_get(&s->size_rate, now_ms);
		}
		s->touched = false;
		series_add(&s->minutes, now_ms, s->t->in_records);
	}
	m->sizes_came = false;
}

static void count_partition(struct model *m, const struct partition *p)
{
	for (uint16_t i = 0; i < p->n_replicas; i++) {
		struct broker *b = model_broker(m, p->replicas[i].broker);

		if (!b)
			continue;
		b->n_replicas++;
		b->n_out_of_sync += !p->replicas[i].in_sync;
		if (b->id == p->leader) {
			b->n_leaders++;
			b->in_records = plus(b->in_records, p->in_records);
		}
	}
}

static void count_brokers(struct model *m)
{
	vec_foreach (b, &m->brokers) {
		b->n_leaders = b->n_replicas = b->n_out_of_sync = 0;
		b->in_records = (double)NAN;
	}
	vec_foreach (s, &m->slots)
		for (int32_t i = 0; i < (*s)->t->n_partitions; i++)
			count_partition(m, &(*s)->t->partitions[i]);
}

static void add_topic(struct totals *sum, const struct topic *t)
{
	sum->partitions += t->n_partitions;
	sum->under += t->n_under;
	sum->offline += t->n_offline;
	if (t->n_under)
		sum->below_min_isr += topic_below_min_isr(t);
	if (t->internal) {
		sum->internal_topics++;
		return;
	}
	sum->topics++;
	if (t->records >= 0)
		sum->records = max_i64(0, sum->records) + t->records;
	if (t->size >= 0)
		sum->size = max_i64(0, sum->size) + t->size;
	sum->records_about = sum->records_about || t->records_about;
	sum->in_records = plus(sum->in_records, t->in_records);
	sum->in_bytes = plus(sum->in_bytes, t->in_bytes);
}

static void sum_cluster(const struct cluster *c, struct totals *sum)
{
	*sum = (struct totals){
		.records = -1, .size = -1, .in_records = (double)NAN, .in_bytes = (double)NAN};
	for (size_t i = 0; i < c->n_topics; i++)
		add_topic(sum, c->topics[i]);
	/* No topic has no records: that is known as soon as the brokers are. */
	if (c->n_brokers && !sum->topics) {
		sum->records = sum->size = 0;
		sum->in_records = sum->in_bytes = 0;
	}
	sum->brokers = (int32_t)c->n_brokers;
	for (size_t i = 0; i < c->n_brokers; i++) {
		sum->brokers_up += broker_is_up(&c->brokers[i]);
		if (broker_is_gone(&c->brokers[i]))
			sum->orphans += c->brokers[i].n_leaders;
	}
}

/* A broker names itself as the controller where it knows of none, so that clients have somebody to
 * ask: what it says of its own state counts more. */
static int32_t controller_of(struct model *m)
{
	const struct broker *b = model_broker(m, m->controller);

	return b && model_track(m, b->id)->no_controller ? -1 : m->controller;
}

static struct cluster *snapshot(struct model *m, int64_t now_ms, int64_t wall_ms)
{
	struct cluster *c = ALLOC(struct cluster);
	const struct topic **topics = xcalloc(m->slots.n + 1, sizeof(struct topic *));

	for (size_t i = 0; i < m->slots.n; i++)
		topics[i] = topic_ref(m->slots.v[i]->t);
	c->refs = 1;
	c->topics = topics;
	c->n_topics = m->slots.n;
	c->brokers =
		m->brokers.n ? xmemdup(m->brokers.v, m->brokers.n * sizeof(*m->brokers.v)) : NULL;
	c->n_brokers = m->brokers.n;
	memcpy(c->id, m->cluster_id, sizeof(c->id));
	c->controller = controller_of(m);
	c->voters = m->voters;
	c->voters_run = m->voters_run;
	c->metadata = m->metadata;
	c->progress = m->progress;
	c->generation = m->now->generation + 1;
	c->shape = m->shape;
	c->at_ms = now_ms;
	c->wall_ms = wall_ms;
	sum_cluster(c, &c->totals);
	groups_publish(m, c);
	return c;
}

static void remember(struct model *m, int64_t now_ms)
{
	const struct totals *t = &m->now->totals;

	if (m->now->metadata.at_ms < 0)
		return;
	series_add(&m->totals[TOTAL_IN_RECORDS], now_ms, t->in_records);
	series_add(&m->totals[TOTAL_IN_BYTES], now_ms, t->in_bytes);
	series_add(&m->totals[TOTAL_UNDER], now_ms, t->under);
	series_add(&m->totals[TOTAL_LAG], now_ms, t->lag < 0 ? (double)NAN : (double)t->lag);
	vec_foreach (p, &m->group_pins) {
		const struct group *g = cluster_group(m->now, str_of(p->name));

		if (g && g->lag.records >= 0)
			series_add(&p->in, now_ms, (double)g->lag.records);
		if (g)
			(void)owners_look(&p->owners, g, now_ms, m->now->wall_ms);
	}
	vec_foreach (p, &m->pins) {
		struct slot *s = model_slot(m, str_of(p->name));

		if (s)
			series_add(&p->in, now_ms, s->t->in_records);
	}
	vec_foreach (b, &m->brokers)
		series_add(&model_track(m, b->id)->in, now_ms, b->in_records);
}

static void keep_change(void *arg, const struct change *c)
{
	changes_add(arg, c);
}

bool model_publish(struct model *m, int64_t now_ms, int64_t wall_ms)
{
	struct cluster *before = m->now;

	if (!m->dirty)
		return false;
	sum_slots(m, now_ms);
	count_brokers(m);
	m->now = snapshot(m, now_ms, wall_ms);
	m->dirty = false;
	cluster_diff(before, m->now, DIFF_MOST, keep_change, &m->changes);
	cluster_unref(before);
	remember(m, now_ms);
	if (m->changed)
		m->changed(m->changed_arg);
	return true;
}
