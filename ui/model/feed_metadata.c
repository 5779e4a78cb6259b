/* Metadata into the draft: brokers, topics, leaders and replicas; offsets that are known stay. */
#include "model/impl.h"

#include "base/xalloc.h"
#include <math.h>

static bool listed(const int32_t *v, int32_t n, int32_t id)
{
	for (int32_t i = 0; i < n; i++)
		if (v[i] == id)
			return true;
	return false;
}

static bool same_replicas(const struct partition *p, const struct feed_partition *f)
{
	if (p->n_replicas != f->n_replicas)
		return false;
	for (int32_t i = 0; i < f->n_replicas; i++) {
		const struct replica *r = &p->replicas[i];

		if (r->broker != f->replicas[i] ||
			r->in_sync != listed(f->isr, f->n_isr, r->broker) ||
			r->offline != listed(f->offline, f->n_offline, r->broker))
			return false;
	}
	return true;
}

static bool same_topic(const struct topic *t, const struct feed_topic *f)
{
	if (t->n_partitions != f->n_partitions || t->error != f->error ||
		t->internal != f->internal || !uuid_eq(&t->id, &f->id))
		return false;
	for (int32_t i = 0; i < f->n_partitions; i++) {
		const struct partition *p = &t->partitions[i];
		const struct feed_partition *n = &f->partitions[i];

		if (p->index != n->index || p->leader != n->leader || p->error != n->error ||
			p->leader_epoch != n->leader_epoch || !same_replicas(p, n))
			return false;
	}
	return true;
}

static void set_replicas(struct partition *p, struct replica *v, const struct feed_partition *f,
	const struct partition *before)
{
	p->replicas = v;
	p->n_replicas = (uint16_t)f->n_replicas;
	p->n_isr = 0;
	for (int32_t i = 0; i < f->n_replicas; i++) {
		const struct replica *old =
			before ? partition_replica(before, f->replicas[i]) : NULL;

		v[i] = old ? *old : (struct replica){.start = -1, .end = -1, .size = -1};
		v[i].broker = f->replicas[i];
		v[i].in_sync = listed(f->isr, f->n_isr, v[i].broker);
		v[i].offline = listed(f->offline, f->n_offline, v[i].broker);
		p->n_isr = (uint16_t)(p->n_isr + v[i].in_sync);
	}
}

static void set_partition(struct partition *p, const struct feed_partition *f,
	const struct partition *before, int64_t now_ms)
{
	if (before)
		*p = *before;
	else
		*p = (struct partition){.start = -1,
			.hw = -1,
			.offsets_ms = -1,
			.leader_since_ms = -1,
			.in_records = (double)NAN};
	if (before && before->leader != f->leader)
		p->leader_since_ms = now_ms;
	p->index = f->index;
	p->error = f->error;
	p->leader = f->leader;
	p->leader_epoch = f->leader_epoch;
}

/* A new topic struct after metadata; `before` (may be NULL) gives what is known beside it. */
static struct topic *build(const struct feed_topic *f, const struct topic *before, int64_t now_ms)
{
	size_t n_replicas = 0, at = 0;
	struct topic *t;

	for (int32_t i = 0; i < f->n_partitions; i++)
		n_replicas += (size_t)f->partitions[i].n_replicas;
	t = topic_new(f->name, f->n_partitions, n_replicas);
	if (before) {
		t->records = before->records;
		t->in_bytes = before->in_bytes;
		t->cleanup = before->cleanup;
		t->min_isr = before->min_isr;
		t->retention_ms = before->retention_ms;
		t->retention_bytes = before->retention_bytes;
		t->replicas = before->replicas;
		t->config = before->config;
		t->shared = before->shared;
		t->configs = before->configs;
		t->n_configs = before->n_configs;
		if (t->shared)
			t->shared->refs++;
	}
	t->id = f->id;
	t->internal = f->internal;
	t->error = f->error;
	for (int32_t i = 0; i < f->n_partitions; i++) {
		const struct feed_partition *n = &f->partitions[i];
		const struct partition *old = before ? topic_partition(before, n->index) : NULL;

		set_partition(&t->own[i], n, old, now_ms);
		set_replicas(&t->own[i], t->own_replicas + at, n, old);
		at += (size_t)n->n_replicas;
	}
	return t;
}

/* The history of ends, too. What finds no place is freed. */
static void move_ends(struct model *m, struct slot *s, const struct topic *before, int32_t n_old)
{
	struct ends **v;

	if (!s->ends)
		return;
	v = xcalloc((size_t)s->t->n_partitions + 1, sizeof(struct ends *));
	for (int32_t i = 0; before && i < s->t->n_partitions; i++) {
		const struct partition *p = topic_partition(before, s->t->partitions[i].index);

		if (!p)
			continue;
		v[i] = s->ends[p - before->partitions];
		s->ends[p - before->partitions] = NULL;
	}
	slot_ends_free(m, s, n_old);
	s->ends = v;
}

/* Rates follow their partition to its new place. */
static void move_rates(struct slot *s, const struct topic *before)
{
	struct rate *v = xcalloc((size_t)s->t->n_partitions + 1, sizeof(*v));

	for (int32_t i = 0; before && i < s->t->n_partitions; i++) {
		const struct partition *p = topic_partition(before, s->t->partitions[i].index);

		if (p)
			v[i] = s->rates[p - before->partitions];
	}
	free(s->rates);
	s->rates = v;
}

static void take_topic(struct model *m, int64_t now_ms, const struct feed_topic *f)
{
	struct slot *s = model_slot(m, f->name);
	struct topic *old = s ? s->t : NULL;
	/* Deleted and made again under the same name: nothing carries over. */
	bool other = old && !uuid_is_zero(&old->id) && !uuid_eq(&old->id, &f->id);

	if (!s) {
		s = ALLOC(struct slot);
		series_init(&s->minutes, 60, 60000);
		map_puts(&m->by_name, f->name, s);
		vec_push(&m->slots, s);
		m->shape++;
	}
	if (!old || other)
		model_forget_topic(m, s, f->name);
	s->round = m->round;
	if (old && same_topic(old, f))
		return;
	s->t = build(f, other ? NULL : old, now_ms);
	move_rates(s, other ? NULL : old);
	move_ends(m, s, other ? NULL : old, old ? old->n_partitions : 0);
	topic_unref(old);
	s->touched = m->dirty = true;
}

static int by_name(const void *a, const void *b)
{
	const struct slot *x = *(struct slot *const *)a, *y = *(struct slot *const *)b;

	return str_cmp(x->t->name, y->t->name);
}

static void drop_missing(struct model *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->slots.n; i++) {
		struct slot *s = m->slots.v[i];

		if (s->round == m->round) {
			m->slots.v[kept++] = s;
			continue;
		}
		map_dels(&m->by_name, s->t->name);
		slot_free(m, s);
		m->shape++;
		m->dirty = true;
	}
	m->slots.n = kept;
}

static void copy_text(char *out, size_t cap, struct str s)
{
	size_t n = min_size(s.n, cap - 1);

	memcpy(out, s.p ? s.p : "", n);
	out[n] = '\0';
}

static void take_brokers(struct model *m, int64_t now_ms, const struct feed_metadata *in)
{
	vec_foreach (t, &m->tracks)
		t->seen = false;
	for (size_t i = 0; i < in->n_brokers; i++) {
		const struct feed_broker *f = &in->brokers[i];
		struct broker *b = model_broker(m, f->id);

		if (!b)
			b = model_broker_add(m, f->id);
		model_track(m, f->id)->seen = true;
		copy_text(b->host, sizeof(b->host), f->host);
		copy_text(b->rack, sizeof(b->rack), f->rack);
		b->port = f->port;
		if (b->process != PROCESS_ENDED && (b->state == BROKER_DOWN || !b->since_ms))
			broker_set_state(m, b, BROKER_UNKNOWN, now_ms);
	}
}

static void forget_broker(struct model *m, size_t i)
{
	model_track_drop(m, m->brokers.v[i].id);
	vec_remove(&m->brokers, i);
}

/* Brokers of replica lists that metadata does not list, and such that this machine runs, are down;
 * those that nobody names any more are forgotten. */
static void find_down(struct model *m, int64_t now_ms)
{
	struct map named;
	struct broker *b;

	map_init(&named);
	vec_foreach (s, &m->slots)
		for (int32_t i = 0; i < (*s)->t->n_partitions; i++) {
			const struct partition *p = &(*s)->t->partitions[i];

			for (uint16_t k = 0; k < p->n_replicas; k++) {
				int32_t id = p->replicas[k].broker;

				if (map_put64(&named, (uint32_t)id, m) || model_broker(m, id))
					continue;
				model_broker_add(m, id);
			}
		}
	for (size_t i = m->brokers.n; i-- > 0;) {
		b = &m->brokers.v[i];
		if (model_track(m, b->id)->seen)
			continue;
		if (map_get64(&named, (uint32_t)b->id) || b->process != PROCESS_ELSEWHERE)
			broker_set_state(m, b, BROKER_DOWN, now_ms);
		else
			forget_broker(m, i);
	}
	map_fini(&named);
}

void feed_metadata(struct model *m, int64_t now_ms, const struct feed_metadata *in)
{
	char id[sizeof(m->cluster_id)];
	struct feed_topic f;

	copy_text(id, sizeof(id), in->cluster_id);
	if (cluster_is_other(m->cluster_id, id))
		model_forget_all(m);
	m->round++;
	m->dirty = true;
	m->metadata = (struct part){.at_ms = now_ms, .interval_ms = in->interval_ms};
	m->controller = in->controller;
	memcpy(m->cluster_id, id, sizeof(id));
	take_brokers(m, now_ms, in);
	for (size_t i = 0; i < in->n_topics; i++) {
		memset(&f, 0, sizeof(f));
		in->topic(in->arg, i, &f);
		take_topic(m, now_ms, &f);
	}
	drop_missing(m);
	vec_sort(&m->slots, by_name);
	find_down(m, now_ms);
}

void feed_metadata_failed(struct model *m, int code)
{
	m->metadata.code = (int16_t)code;
	m->dirty = true;
}
