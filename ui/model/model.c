/* The model: what it holds and how it is reached. */
#include "model/impl.h"

#include "base/xalloc.h"
#include <math.h>

static struct cluster *empty_cluster(void)
{
	struct cluster *c = ALLOC(struct cluster);

	c->refs = 1;
	c->controller = -1;
	c->metadata.at_ms = c->group_list.at_ms = -1;
	c->totals.lag = -1;
	c->totals.records = c->totals.size = -1;
	c->totals.in_records = c->totals.in_bytes = (double)NAN;
	return c;
}

struct model *model_new(void)
{
	struct model *m = ALLOC(struct model);

	m->now = empty_cluster();
	m->controller = -1;
	m->metadata.at_ms = -1;
	map_init(&m->by_name);
	map_init(&m->group_by_name);
	changes_init(&m->changes);
	for (int i = 0; i < TOTAL_COUNT; i++)
		series_init(&m->totals[i], 3600, 1000);
	return m;
}

void slot_free(struct model *m, struct slot *s)
{
	slot_ends_free(m, s, s->t->n_partitions);
	topic_unref(s->t);
	free(s->rates);
	series_fini(&s->minutes);
	free(s);
}

static struct pin *find_pin(const struct pins *pins, struct str name)
{
	vec_foreach (p, pins)
		if (str_eqz(name, p->name))
			return p;
	return NULL;
}

static void forget(struct series *s)
{
	series_fini(s);
	series_init(s, s->cap, s->step_ms);
}

void model_forget_topic(struct model *m, struct slot *s, struct str name)
{
	struct pin *p = find_pin(&m->pins, name);

	forget(&s->minutes);
	rate_reset(&s->size_rate);
	if (p)
		forget(&p->in);
}

static void drop_all(struct model *m)
{
	vec_foreach (s, &m->slots)
		slot_free(m, *s);
	vec_foreach (t, &m->tracks)
		series_fini(&t->in);
	vec_clear(&m->slots);
	vec_clear(&m->tracks);
	vec_clear(&m->brokers);
	map_clear(&m->by_name);
	groups_forget(m);
}

void model_forget_all(struct model *m)
{
	drop_all(m);
	vec_foreach (p, &m->pins)
		forget(&p->in);
	vec_foreach (p, &m->group_pins) {
		forget(&p->in);
		owners_fini(&p->owners);
	}
	for (int i = 0; i < TOTAL_COUNT; i++)
		forget(&m->totals[i]);
	m->shape++;
}

static void pin_fini(struct pin *p)
{
	free(p->name);
	series_fini(&p->in);
	owners_fini(&p->owners);
}

static void free_pins(struct pins *pins)
{
	vec_foreach (p, pins)
		pin_fini(p);
	vec_fini(pins);
}

void model_free(struct model *m)
{
	if (!m)
		return;
	cluster_unref(m->now);
	drop_all(m);
	free_pins(&m->pins);
	free_pins(&m->group_pins);
	for (int i = 0; i < TOTAL_COUNT; i++)
		series_fini(&m->totals[i]);
	vec_fini(&m->slots);
	vec_fini(&m->tracks);
	vec_fini(&m->groups);
	vec_fini(&m->brokers);
	map_fini(&m->by_name);
	map_fini(&m->group_by_name);
	changes_fini(&m->changes);
	free(m);
}

const struct cluster *model_cluster(const struct model *m)
{
	return m->now;
}

const struct changes *model_changes(const struct model *m)
{
	return &m->changes;
}

void model_on_change(struct model *m, model_changed_fn *fn, void *arg)
{
	m->changed = fn;
	m->changed_arg = arg;
}

const struct series *model_total(const struct model *m, enum total_series which)
{
	return &m->totals[which];
}

const struct series *model_topic_series(const struct model *m, struct str topic)
{
	struct pin *p = find_pin(&m->pins, topic);
	struct slot *s = model_slot(m, topic);

	return p && p->in.n ? &p->in : s ? &s->minutes : NULL;
}

static void pin(struct pins *pins, struct str name)
{
	struct pin *p = find_pin(pins, name);
	struct pin keep;

	if (p) {
		keep = *p;
		vec_remove(pins, (size_t)(p - pins->v));
		vec_push(pins, keep);
		return;
	}
	if (pins->n == MODEL_PINS) {
		pin_fini(&pins->v[0]);
		vec_remove(pins, 0);
	}
	p = vec_add(pins);
	p->name = str_dup(name);
	series_init(&p->in, 3600, 1000);
}

void model_pin(struct model *m, struct str topic)
{
	pin(&m->pins, topic);
}

void model_pin_group(struct model *m, struct str group)
{
	const struct group *g = cluster_group(m->now, group);
	struct pin *p;

	pin(&m->group_pins, group);
	p = find_pin(&m->group_pins, group);
	if (g)
		(void)owners_look(&p->owners, g, m->now->at_ms, m->now->wall_ms);
}

const struct owners *model_group_owners(const struct model *m, struct str group)
{
	const struct pin *p = find_pin(&m->group_pins, group);

	return p ? &p->owners : NULL;
}

const struct series *model_group_series(const struct model *m, struct str group)
{
	struct pin *p = find_pin(&m->group_pins, group);
	struct gslot *g = model_gslot(m, group);

	return p && p->in.n ? &p->in : g ? &g->lag : NULL;
}

static size_t series_bytes(const struct series *s)
{
	return sizeof(*s) + (s->v ? s->cap * sizeof(*s->v) : 0);
}

size_t model_history_bytes(const struct model *m)
{
	size_t sum = 0;

	vec_foreach (s, &m->slots)
		sum += series_bytes(&(*s)->minutes) + sizeof(struct rate) +
		       (size_t)(*s)->t->n_partitions * sizeof(struct rate);
	vec_foreach (p, &m->pins)
		sum += series_bytes(&p->in);
	vec_foreach (p, &m->group_pins)
		sum += series_bytes(&p->in) + owners_bytes(&p->owners);
	vec_foreach (g, &m->groups)
		sum += series_bytes(&(*g)->lag);
	sum += m->lag_bytes;
	vec_foreach (t, &m->tracks)
		sum += series_bytes(&t->in) + sizeof(*t);
	for (int i = 0; i < TOTAL_COUNT; i++)
		sum += series_bytes(&m->totals[i]);
	return sum;
}

/* ---- the draft ---------------------------------------------------------------------------- */

struct slot *model_slot(const struct model *m, struct str name)
{
	return map_gets(&m->by_name, name);
}

struct topic *slot_write(struct model *m, struct slot *s)
{
	struct topic *old = s->t;

	if (old->refs > 1) {
		s->t = topic_copy(old);
		topic_unref(old);
	}
	s->touched = m->dirty = true;
	return s->t;
}

struct broker *model_broker(struct model *m, int32_t id)
{
	vec_foreach (b, &m->brokers)
		if (b->id == id)
			return b;
	return NULL;
}

struct broker_track *model_track(struct model *m, int32_t id)
{
	struct broker_track *t;

	vec_foreach (it, &m->tracks)
		if (it->id == id)
			return it;
	t = vec_add(&m->tracks);
	t->id = id;
	series_init(&t->in, 600, 1000);
	return t;
}

void model_track_drop(struct model *m, int32_t id)
{
	for (size_t i = 0; i < m->tracks.n; i++) {
		if (m->tracks.v[i].id != id)
			continue;
		series_fini(&m->tracks.v[i].in);
		vec_remove(&m->tracks, i);
		return;
	}
}

struct broker *model_broker_add(struct model *m, int32_t id)
{
	struct broker *b;
	size_t at = 0;

	while (at < m->brokers.n && m->brokers.v[at].id < id)
		at++;
	(void)vec_add(&m->brokers);
	memmove(&m->brokers.v[at + 1], &m->brokers.v[at],
		(m->brokers.n - 1 - at) * sizeof(*m->brokers.v));
	b = &m->brokers.v[at];
	*b = (struct broker){.id = id,
		.disk_bytes = -1,
		.disk_total = -1,
		.disk_free = -1,
		.rtt_us = -1,
		.offsets.at_ms = -1,
		.log_dirs.at_ms = -1,
		.groups.at_ms = -1,
		.in_records = (double)NAN,
		.in_bytes = (double)NAN};
	m->dirty = true;
	return b;
}

/* What came in a second ago is no rate of what its leader, gone since, takes now. */
static void forget_rates(struct model *m, int32_t leader)
{
	vec_foreach (s, &m->slots)
		for (int32_t i = 0; i < (*s)->t->n_partitions; i++) {
			const struct partition *p = &(*s)->t->partitions[i];

			if (p->leader == leader && !isnan(p->in_records))
				slot_write(m, *s)->own[i].in_records = (double)NAN;
		}
}

void broker_set_state(struct model *m, struct broker *b, enum broker_state state, int64_t now_ms)
{
	if (b->state == state && b->since_ms)
		return;
	if (state == BROKER_DOWN || state == BROKER_STALE)
		forget_rates(m, b->id);
	b->state = state;
	b->since_ms = now_ms;
	m->dirty = true;
}
