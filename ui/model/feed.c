/* Offsets, settings, sizes and states into the draft. */
#include "model/impl.h"

#include "base/xalloc.h"
#include "wire/kerr.h"
#include <stdio.h>

void feed_broker_state(struct model *m, int64_t now_ms, int32_t id, enum broker_state state,
	int64_t rtt_us, const char *why)
{
	struct broker *b = model_broker(m, id);

	if (!b || !model_track(m, id)->seen || b->process == PROCESS_ENDED)
		return;
	broker_set_state(m, b, state, now_ms);
	b->rtt_us = rtt_us;
	if (strncmp(b->why, why ? why : "", sizeof(b->why) - 1) != 0) {
		snprintf(b->why, sizeof(b->why), "%s", why ? why : "");
		m->dirty = true;
	}
}

void feed_broker_process(struct model *m, int64_t now_ms, int32_t id, enum broker_process process)
{
	struct broker *b = model_broker(m, id);

	if (!b && process == PROCESS_ELSEWHERE)
		return;
	if (!b) {
		b = model_broker_add(m, id);
		broker_set_state(m, b, BROKER_DOWN, now_ms);
	}
	/* That it has ended is certain before anybody else can know. */
	if (process == PROCESS_ENDED)
		broker_set_state(m, b, BROKER_DOWN, now_ms);
	m->dirty = m->dirty || b->process != process;
	b->process = (uint8_t)process;
}

void feed_broker_votes(struct model *m, int32_t id, bool votes)
{
	struct broker *b = model_broker(m, id);

	if (!b || b->votes == votes)
		return;
	b->votes = votes;
	m->dirty = true;
}

void feed_voters(struct model *m, int32_t n, int32_t running)
{
	m->dirty = m->dirty || m->voters != n || m->voters_run != running;
	m->voters = n;
	m->voters_run = running;
}

void feed_broker_fault(struct model *m, int32_t id, const char *words)
{
	struct broker *b = model_broker(m, id);

	if (!b || strncmp(b->fault, words ? words : "", sizeof(b->fault) - 1) == 0)
		return;
	snprintf(b->fault, sizeof(b->fault), "%s", words ? words : "");
	m->dirty = true;
}

void feed_broker_trouble(struct model *m, int32_t id, const char *words, bool no_controller)
{
	struct broker *b = model_broker(m, id);
	struct broker_track *t;

	if (!b)
		return;
	t = model_track(m, id);
	m->dirty = m->dirty || t->no_controller != no_controller;
	t->no_controller = no_controller;
	if (strncmp(b->trouble, words ? words : "", sizeof(b->trouble) - 1) == 0)
		return;
	snprintf(b->trouble, sizeof(b->trouble), "%s", words ? words : "");
	m->dirty = true;
}

/* What is known keeps its age; the last try says why it is not newer. */
static void tried(struct part *p, int64_t now_ms, int32_t interval_ms, int code)
{
	p->code = (int16_t)code;
	p->interval_ms = interval_ms;
	if (!code)
		p->at_ms = now_ms;
}

void feed_broker_offsets(struct model *m, int64_t now_ms, int32_t id, int32_t interval_ms, int code)
{
	struct broker *b = model_broker(m, id);

	if (!b)
		return;
	tried(&b->offsets, now_ms, interval_ms, code);
	m->dirty = true;
}

static void set_end(struct slot *s, ptrdiff_t at, int64_t now_ms, int64_t offset)
{
	struct partition *p = &s->t->own[at];

	p->hw = offset;
	p->offsets_ms = now_ms;
	rate_add(&s->rates[at], now_ms, offset);
	p->in_records = rate_get(&s->rates[at], now_ms);
	if (s->ends && s->ends[at])
		ends_add(s->ends[at], now_ms, offset);
}

static bool set_replica(struct topic *t, const struct partition *p, int32_t broker,
	enum feed_offset what, int64_t offset)
{
	struct replica *v = topic_replicas_of(t, p);

	for (uint16_t i = 0; i < p->n_replicas; i++) {
		if (v[i].broker != broker)
			continue;
		if (what == FEED_REPLICA_START)
			v[i].start = offset;
		else
			v[i].end = offset;
		return true;
	}
	return false;
}

bool feed_offset(struct model *m, int64_t now_ms, struct str topic, int32_t partition,
	enum feed_offset what, int32_t replica, int64_t offset, int16_t kerr)
{
	struct slot *s = model_slot(m, topic);
	const struct partition *found = s ? topic_partition(s->t, partition) : NULL;
	ptrdiff_t at = found ? found - s->t->partitions : 0;
	struct topic *t;
	struct partition *p;

	if (!found)
		return false;
	if (what == FEED_START && !kerr && found->start == offset)
		return true;
	t = slot_write(m, s);
	p = &t->own[at];
	if (what == FEED_REPLICA_END || what == FEED_REPLICA_START)
		return set_replica(t, p, replica, what, kerr ? -1 : offset);
	p->error = kerr;
	if (kerr)
		return true;
	if (what == FEED_START)
		p->start = offset;
	else
		set_end(s, at, now_ms, offset);
	return true;
}

void feed_topic_replicas(
	struct model *m, int64_t now_ms, struct str topic, int32_t interval_ms, int code)
{
	struct slot *s = model_slot(m, topic);
	struct topic *t;

	if (!s)
		return;
	t = slot_write(m, s);
	tried(&t->replicas, now_ms, interval_ms, code);
}

/* ---- settings ----------------------------------------------------------------------------- */

static int64_t number(const char *z, int64_t otherwise)
{
	char *end;
	long long v;

	if (!z || !*z)
		return otherwise;
	v = strtoll(z, &end, 10);
	return *end ? otherwise : (int64_t)v;
}

static void take_config(struct topic *t, const struct topic_config *c)
{
	if (strcmp(c->name, "cleanup.policy") == 0 && c->value)
		t->cleanup = (uint8_t)((strstr(c->value, "delete") ? CLEANUP_DELETE : 0) |
				       (strstr(c->value, "compact") ? CLEANUP_COMPACT : 0));
	else if (strcmp(c->name, "retention.ms") == 0)
		t->retention_ms = number(c->value, -2);
	else if (strcmp(c->name, "retention.bytes") == 0)
		t->retention_bytes = number(c->value, -2);
	else if (strcmp(c->name, "min.insync.replicas") == 0)
		t->min_isr = (int32_t)min_i64(number(c->value, -1), INT16_MAX);
}

static size_t text_bytes(const char *z)
{
	return z ? strlen(z) + 1 : 0;
}

static const char *put_text(char **at, const char *z)
{
	size_t n = text_bytes(z);
	char *here = *at;

	if (!z)
		return NULL;
	memcpy(here, z, n);
	*at += n;
	return here;
}

static int config_by_name(const void *a, const void *b)
{
	const struct topic_config *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* All settings in one block: the array, then the strings. */
static struct topic_configs *keep_configs(const struct topic_config *v, size_t n)
{
	size_t bytes = 0;
	struct topic_configs *c;
	char *at;

	for (size_t i = 0; i < n; i++)
		bytes += text_bytes(v[i].name) + text_bytes(v[i].value) + text_bytes(v[i].doc);
	c = xmalloc(sizeof(*c) + n * sizeof(*v) + bytes);
	c->refs = 1;
	c->n = n;
	at = (char *)&c->v[n];
	for (size_t i = 0; i < n; i++) {
		c->v[i] = v[i];
		c->v[i].name = put_text(&at, v[i].name);
		c->v[i].value = put_text(&at, v[i].value);
		c->v[i].doc = put_text(&at, v[i].doc);
	}
	if (n > 1)
		qsort(c->v, n, sizeof(*c->v), config_by_name);
	return c;
}

void feed_configs(struct model *m, int64_t now_ms, struct str topic, const struct topic_config *v,
	size_t n, bool full, int32_t interval_ms)
{
	struct slot *s = model_slot(m, topic);
	struct topic *t;

	if (!s)
		return;
	t = slot_write(m, s);
	for (size_t i = 0; i < n; i++)
		take_config(t, &v[i]);
	if (full) {
		topic_configs_unref(t->shared);
		t->shared = keep_configs(v, n);
		t->configs = t->shared->v;
		t->n_configs = n;
	}
	t->config = (struct part){.at_ms = now_ms, .interval_ms = interval_ms};
}

void feed_configs_failed(struct model *m, struct str topic, int code, int16_t kerr)
{
	struct slot *s = model_slot(m, topic);
	struct topic *t;

	if (!s)
		return;
	t = slot_write(m, s);
	t->config.code = (int16_t)code;
	t->config.kerr = kerr;
}

/* ---- sizes -------------------------------------------------------------------------------- */

void feed_sizes_begin(struct model *m, int32_t broker)
{
	model_track(m, broker)->round++;
}

void feed_size(struct model *m, int32_t broker, struct str topic, int32_t partition, int64_t bytes)
{
	struct slot *s = model_slot(m, topic);
	const struct partition *found = s ? topic_partition(s->t, partition) : NULL;
	ptrdiff_t at = found ? found - s->t->partitions : 0;
	struct replica *v;
	struct topic *t;

	if (!found)
		return;
	t = slot_write(m, s);
	v = topic_replicas_of(t, &t->own[at]);
	for (uint16_t i = 0; i < t->own[at].n_replicas; i++)
		if (v[i].broker == broker) {
			v[i].size = bytes;
			v[i].round = model_track(m, broker)->round;
		}
}

/* A replica that the broker did not name is not there any more. */
static int64_t sum_sizes(struct model *m, struct slot *s, int32_t broker, uint32_t round)
{
	int64_t sum = 0;

	for (int32_t i = 0; i < s->t->n_partitions; i++) {
		const struct replica *r = partition_replica(&s->t->partitions[i], broker);
		ptrdiff_t at = r ? r - s->t->own_replicas : 0;

		if (!r || r->size < 0)
			continue;
		if (r->round == round)
			sum += r->size;
		else
			slot_write(m, s)->own_replicas[at].size = -1;
	}
	return sum;
}

void feed_sizes_end(struct model *m, int64_t now_ms, int32_t broker, int64_t total,
	int64_t free_bytes, int32_t interval_ms)
{
	struct broker *b = model_broker(m, broker);
	struct broker_track *t = model_track(m, broker);
	int64_t sum = 0;

	if (!b)
		return;
	vec_foreach (s, &m->slots)
		sum += sum_sizes(m, *s, broker, t->round);
	b->disk_bytes = sum;
	b->disk_total = total;
	b->disk_free = free_bytes;
	b->log_dirs = (struct part){.at_ms = now_ms, .interval_ms = interval_ms};
	rate_add(&t->disk, now_ms, sum);
	b->in_bytes = rate_get(&t->disk, now_ms);
	m->dirty = m->sizes_came = true;
}

void feed_sizes_failed(struct model *m, int32_t broker, int32_t interval_ms, int code, int16_t kerr)
{
	struct broker *b = model_broker(m, broker);

	if (!b)
		return;
	b->log_dirs.code = (int16_t)code;
	b->log_dirs.kerr = kerr;
	b->log_dirs.interval_ms = interval_ms;
	m->dirty = true;
}

/* ---- the rest ----------------------------------------------------------------------------- */

void feed_progress(struct model *m, const struct progress *p)
{
	if (m->progress.step == p->step && m->progress.done == p->done &&
		m->progress.total == p->total && strcmp(m->progress.why, p->why) == 0)
		return;
	m->progress = *p;
	m->dirty = true;
}

void feed_action(struct model *m, int64_t now_ms, int64_t wall_ms, const struct feed_deed *d,
	const struct err *e)
{
	struct change c = change_blank(e ? CHANGE_FAILED : CHANGE_ACTION);
	struct buf line = BUF_EMPTY;

	buf_puts(&line, d->text);
	if (e)
		buf_printf(&line, ": %s", e->msg);
	c.at_ms = now_ms;
	c.wall_ms = wall_ms;
	c.topic = d->topic;
	c.group = d->group;
	c.command = d->command;
	c.effect = d->effect;
	if (d->to_broker)
		c.broker = d->broker;
	c.text = buf_z(&line);
	changes_add(&m->changes, &c);
	buf_fini(&line);
	if (m->changed)
		m->changed(m->changed_arg);
}

void feed_event(struct model *m, const struct change *c)
{
	changes_add(&m->changes, c);
	if (m->changed)
		m->changed(m->changed_arg);
}
