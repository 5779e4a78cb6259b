/* A ring of JSON texts; each is written once, when it happens. */
#include "server/events.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xalloc.h"

/* A broker as the last event has it. */
struct known_broker {
	bool fenced, leaving;
	int64_t epoch;
};

struct events {
	struct events_settings set;
	struct buf ring[EVENTS_KEPT]; /* event id lies at id % EVENTS_KEPT; empty: none */
	int64_t last;
	struct json json; /* of the event that is being written */
	bool open;
	struct image_listener inner;
	struct map brokers;    /* id → struct known_broker */
	struct map leaderless; /* topic id and partition → struct gap */
	int32_t controller, epoch;
	int32_t lost; /* the last controller that was lost, -1: none */
	int64_t lost_ms;
	struct events_counts counts;
};

/* A partition without a leader. */
struct gap {
	int64_t since_ms; /* wall */
};

/* A controller that was lost so long ago has been judged by its successor: it lived. */
#define LOST_MS 10000

/* Names that clients choose are cut to this: what is kept has a bound. */
#define NAME_MAX_BYTES 256

struct gap_key {
	struct uuid topic;
	int32_t partition;
};

struct events *events_new(const struct events_settings *set)
{
	struct events *e = ALLOC(struct events);

	e->set = *set;
	e->controller = -1;
	e->epoch = -1;
	e->lost = -1;
	map_init(&e->brokers);
	map_init(&e->leaderless);
	return e;
}

static void free_values(struct map *m)
{
	void *value;

	for (size_t i = 0; map_next(m, &i, NULL, &value);)
		free(value);
	map_fini(m);
}

void events_free(struct events *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		buf_fini(&e->ring[i]);
	free_values(&e->brokers);
	free_values(&e->leaderless);
	free(e);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int64_t now(const struct events *e)
{
	return clock_wall_ms(e->set.clock);
}

struct json *events_open(struct events *e, const char *type)
{
	struct buf *place;

	if (!e)
		return NULL;
	assert(!e->open);
	e->open = true;
	e->last++;
	place = &e->ring[e->last % EVENTS_KEPT];
	buf_clear(place);
	json_init(&e->json, place);
	json_object(&e->json);
	json_kint(&e->json, "id", e->last);
	json_kint(&e->json, "time", now(e));
	json_kz(&e->json, "type", type);
	return &e->json;
}

void events_close(struct events *e)
{
	if (!e)
		return;
	assert(e->open);
	json_object_end(&e->json);
	e->open = false;
}

int64_t events_last(const struct events *e)
{
	return e->last;
}

struct events_counts events_counts(const struct events *e)
{
	return e ? e->counts : (struct events_counts){0};
}

void events_write(const struct events *e, int64_t after, struct buf *out)
{
	int64_t first = max_i64(1, e->last - EVENTS_KEPT + 1);

	if (after < 0 || after > e->last)
		after = 0;
	buf_puts(out, "{\"events\":[");
	for (int64_t id = max_i64(first, after + 1); id <= e->last; id++) {
		if (id > max_i64(first, after + 1))
			buf_puts(out, ",\n");
		buf_put_str(out, buf_str(&e->ring[id % EVENTS_KEPT]));
	}
	buf_printf(out, "],\"next\":%lld,\"lost\":%lld}\n", (long long)e->last,
		(long long)max_i64(0, first - 1 - after));
}

/* ---- partitions ------------------------------------------------------------------------------ */

static struct slice gap_key(struct gap_key *key, const struct image_topic *t, int32_t index)
{
	memset(key, 0, sizeof(*key));
	key->topic = t->id;
	key->partition = index;
	return slice_of(key, sizeof(*key));
}

static void json_kint_or_null(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	if (v < 0)
		json_null(j);
	else
		json_int(j, v);
}

static void json_ids(struct json *j, const char *key, struct meta_ids ids)
{
	json_key(j, key);
	json_array(j);
	for (int32_t i = 0; i < ids.n; i++)
		json_int(j, ids.v[i]);
	json_array_end(j);
}

/* The controller hears all brokers; of a controller itself everybody hears. */
static int64_t silent_since(const struct events *e, int32_t broker)
{
	int64_t since = e->set.silent_since ? e->set.silent_since(e->set.arg, broker) : -1;

	if (since < 0 && broker == e->lost && now(e) - e->lost_ms < LOST_MS)
		since = e->lost_ms;
	return since;
}

/* A leader that hands over is about to stop; or there is another, and it stays in sync or is no
 * replica any more. The last one in sync stays so also when it dies. */
static bool handed_over(const struct events *e, const struct image_partition *p, int32_t old)
{
	const struct known_broker *b = map_get64(&e->brokers, (uint32_t)old);

	if (b && b->leaving)
		return true;
	return p->leader >= 0 &&
	       (meta_ids_find(p->isr, old) >= 0 || meta_ids_find(p->replicas, old) < 0);
}

/* The old leader's last sign of life, as far as it is known; now when it lives. */
static int64_t leader_gone_ms(const struct events *e, const struct image_partition *p, int32_t old)
{
	return handed_over(e, p, old) ? now(e) : silent_since(e, old);
}

/* How long there was no leader, now that there is one; -1: not known, or there is none yet. */
static int64_t leaderless_ms(struct events *e, const struct image_topic *t, int32_t index,
	const struct image_partition *before)
{
	const struct image_partition *p = &t->partitions[index];
	int64_t since = -1;
	struct gap_key room;
	struct slice key = gap_key(&room, t, index);
	struct gap *gap = map_del(&e->leaderless, key);

	if (gap) /* it goes on, or is over */
		since = gap->since_ms;
	else if (before->leader >= 0)
		since = leader_gone_ms(e, p, before->leader);
	free(gap);
	if (p->leader < 0) {
		/* Where the old one's last sign is not known, from when this broker learned of it.
		 */
		gap = ALLOC(struct gap);
		gap->since_ms = since < 0 ? now(e) : since;
		map_put(&e->leaderless, key, gap);
		return -1;
	}
	return since < 0 ? -1 : max_i64(0, now(e) - since);
}

static void put_leader(struct events *e, const struct image_topic *t, int32_t index,
	const struct image_partition *before)
{
	const struct image_partition *p = &t->partitions[index];
	int64_t ms = leaderless_ms(e, t, index, before);
	struct json *j = events_open(e, "leader");

	e->counts.elections++;
	json_kstr(j, "topic", t->name);
	json_kint(j, "partition", index);
	json_kint(j, "leader", p->leader);
	json_kint(j, "leader_before", before->leader);
	json_kint(j, "leader_epoch", p->leader_epoch);
	json_kint(j, "leader_epoch_before", before->leader_epoch);
	json_kint_or_null(j, "leaderless_ms", ms);
	events_close(e);
}

static void put_isr(struct events *e, const struct image_topic *t, int32_t index,
	const struct image_partition *before)
{
	const struct image_partition *p = &t->partitions[index];
	struct json *j = events_open(e, "isr");

	e->counts.isr_shrinks += p->isr.n < before->isr.n;
	e->counts.isr_expands += p->isr.n > before->isr.n;
	json_kstr(j, "topic", t->name);
	json_kint(j, "partition", index);
	json_kint(j, "leader_epoch", p->leader_epoch);
	json_ids(j, "isr", p->isr);
	json_ids(j, "isr_before", before->isr);
	events_close(e);
}

static bool same_set(struct meta_ids a, struct meta_ids b)
{
	if (a.n != b.n)
		return false;
	for (int32_t i = 0; i < a.n; i++)
		if (meta_ids_find(b, a.v[i]) < 0)
			return false;
	return true;
}

static void on_partition_changed(
	void *arg, const struct image_topic *t, int32_t index, const struct image_partition *before)
{
	struct events *e = arg;
	const struct image_partition *p = &t->partitions[index];

	if (before && before->leader != p->leader)
		put_leader(e, t, index, before);
	if (before && !same_set(before->isr, p->isr))
		put_isr(e, t, index, before);
	if (e->inner.partition_changed)
		e->inner.partition_changed(e->inner.arg, t, index, before);
}

static void on_topic_created(void *arg, const struct image_topic *t)
{
	struct events *e = arg;

	if (e->inner.topic_created)
		e->inner.topic_created(e->inner.arg, t);
}

static void on_topic_deleted(void *arg, const struct image_topic *t)
{
	struct events *e = arg;
	struct gap_key room;

	if (e->leaderless.n)
		for (int32_t i = 0; i < t->n_partitions; i++)
			free(map_del(&e->leaderless, gap_key(&room, t, i)));
	if (e->inner.topic_deleted)
		e->inner.topic_deleted(e->inner.arg, t);
}

static void on_config_changed(
	void *arg, int8_t type, struct str name, struct str key, struct str value)
{
	struct events *e = arg;

	if (e->inner.config_changed)
		e->inner.config_changed(e->inner.arg, type, name, key, value);
}

/* ---- brokers --------------------------------------------------------------------------------- */

static void know_broker(struct events *e, int32_t id, const struct image_broker *b)
{
	struct known_broker *k;

	if (!b) {
		free(map_del64(&e->brokers, (uint32_t)id));
		return;
	}
	k = map_get64(&e->brokers, (uint32_t)id);
	if (!k) {
		k = ALLOC(struct known_broker);
		map_put64(&e->brokers, (uint32_t)id, k);
	}
	*k = (struct known_broker){b->fenced, b->in_controlled_shutdown, b->epoch};
}

/* What has become of a broker; NULL: nothing worth telling. */
static const char *broker_news(const struct known_broker *was, const struct image_broker *b)
{
	if (!b)
		return was ? "unregistered" : NULL;
	if (!was || was->epoch != b->epoch)
		return "registered";
	if (was->fenced != b->fenced)
		return b->fenced ? "fenced" : "unfenced";
	return !was->leaving && b->in_controlled_shutdown ? "shutting down" : NULL;
}

static void on_broker_changed(void *arg, int32_t id, const struct image_broker *b)
{
	struct events *e = arg;
	const struct known_broker *was = map_get64(&e->brokers, (uint32_t)id);
	const char *state = broker_news(was, b);
	struct json *j;

	if (state) {
		j = events_open(e, "broker");
		json_kint(j, "broker", id);
		json_kz(j, "state", state);
		json_kint(j, "epoch", b ? b->epoch : was->epoch);
		events_close(e);
	}
	know_broker(e, id, b);
	if (e->inner.broker_changed)
		e->inner.broker_changed(e->inner.arg, id, b);
}

void events_begin_with(struct events *e, const struct image *img)
{
	if (!e)
		return;
	vec_foreach (b, &img->brokers)
		know_broker(e, (*b)->id, *b);
}

void events_wrap(struct events *e, const struct image_listener *inner, struct image_listener *out)
{
	if (!e) {
		*out = *inner;
		return;
	}
	e->inner = *inner; /* may be the same */
	*out = (struct image_listener){
		.arg = e,
		.topic_created = on_topic_created,
		.topic_deleted = on_topic_deleted,
		.partition_changed = on_partition_changed,
		.config_changed = on_config_changed,
		.broker_changed = on_broker_changed,
	};
}

/* ---- controllers and groups ------------------------------------------------------------------ */

void events_controller(struct events *e, int32_t controller, int32_t epoch)
{
	struct json *j;

	if (!e || (e->controller == controller && e->epoch == epoch))
		return;
	/* An epoch in which nobody leads yet is told only when a leader was lost. */
	if (controller != e->controller || controller >= 0) {
		j = events_open(e, "controller");
		json_kint(j, "controller", controller);
		json_kint(j, "controller_before", e->controller);
		json_kint(j, "epoch", epoch);
		events_close(e);
	}
	if (e->controller >= 0 && controller != e->controller) {
		e->lost = e->controller;
		e->lost_ms = now(e);
	}
	if (controller == e->lost)
		e->lost = -1;
	e->controller = controller;
	e->epoch = epoch;
}

void events_rebalance(struct events *e, struct str group, int32_t generation, int32_t members,
	const char *state, int64_t pause_ms)
{
	struct json *j = events_open(e, "rebalance");

	if (!j)
		return;
	group.n = min_size(group.n, NAME_MAX_BYTES);
	json_kstr(j, "group", group);
	json_kint(j, "generation", generation);
	json_kint(j, "members", members);
	json_kz(j, "state", state);
	json_kint(j, "pause_ms", pause_ms);
	events_close(e);
}
