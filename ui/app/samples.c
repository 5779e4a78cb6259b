/* See samples.h. One timer; each tick sends what each topic is due, with keys that repeat as real
 * ones do. */
#include "app/samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/xalloc.h"
#include "io/loop.h"
#include "model/lab.h"
#include "model/source.h"
#include "traffic/producer.h"

#define TICK_MS         100
#define SAMPLE_REPLICAS 3

struct samples;

struct sample {
	const char *topic;
	int32_t partitions;
	int per_second;
	/* Writes one record. */
	void (*make)(struct rng *r, struct buf *key, struct buf *value);
};

struct samples {
	struct producer *producer;
	struct lab *lab;
	struct io_timer timer;
	struct rng rng;
	struct buf key, value;
	bool ready[SAMPLE_TOPICS];
	int due[SAMPLE_TOPICS]; /* thousandths of a record */
	struct created {
		struct samples *samples;
		int i;
	} created[SAMPLE_TOPICS];
};

static const char *one_of(struct rng *r, const char *const *v, size_t n)
{
	return v[rng_below(r, n)];
}

static void make_order(struct rng *r, struct buf *key, struct buf *value)
{
	static const struct {
		const char *name;
		unsigned cents;
	} items[] = {{"espresso", 250}, {"latte", 420}, {"바닐라 라떼", 480}, {"녹차", 390},
		{"tea", 310}, {"croissant", 290}, {"bagel", 350}, {"cookie", 220}};
	static const char *const names[] = {"김서연", "이준호", "박지우", "최민준", "Alice Moore",
		"Ben Carter", "Chiara Russo", "Daniel Weber"};
	static const char *const states[] = {"new", "paid", "brewing", "ready"};
	unsigned customer = (unsigned)rng_below(r, 200), count = 1 + (unsigned)rng_below(r, 4);
	size_t item = rng_below(r, ARRAY_LEN(items));
	unsigned cents = items[item].cents * count;

	/* One customer has one name: the same key, the same person. */
	buf_printf(key, "customer-%u", customer);
	buf_printf(value,
		"{\"order\":%u,\"customer\":\"%s\",\"item\":\"%s\",\"count\":%u,"
		"\"total\":%u.%02u,\"state\":\"%s\"}",
		100000 + (unsigned)rng_below(r, 900000), names[customer % ARRAY_LEN(names)],
		items[item].name, count, cents / 100, cents % 100,
		one_of(r, states, ARRAY_LEN(states)));
}

static void make_view(struct rng *r, struct buf *key, struct buf *value)
{
	static const char *const pages[] = {
		"/", "/menu", "/menu/coffee", "/cart", "/checkout", "/about", "/jobs"};
	static const char *const agents[] = {"phone", "tablet", "laptop"};
	unsigned visitor = (unsigned)rng_below(r, 5000);

	buf_printf(key, "visitor-%u", visitor);
	buf_printf(value,
		"{\"visitor\":\"visitor-%u\",\"page\":\"%s\",\"device\":\"%s\",\"ms\":%u}", visitor,
		one_of(r, pages, ARRAY_LEN(pages)), one_of(r, agents, ARRAY_LEN(agents)),
		20 + (unsigned)rng_below(r, 900));
}

static void make_reading(struct rng *r, struct buf *key, struct buf *value)
{
	static const struct {
		const char *name;
		double celsius, spread;
		unsigned humidity;
	} places[] = {{"boiler", 93, 2, 35}, {"fridge", 4, 1.5, 45}, {"roaster", 205, 15, 12},
		{"store-room", 19, 2, 50}};
	size_t place = rng_below(r, ARRAY_LEN(places));

	buf_puts(key, places[place].name);
	buf_printf(value, "{\"sensor\":\"%s\",\"celsius\":%.1f,\"humidity\":%u}",
		places[place].name,
		places[place].celsius + places[place].spread * (2 * rng_unit(r) - 1),
		places[place].humidity + (unsigned)rng_below(r, 6));
}

#define DELIVERY_MS (24 * 3600 * 1000)
#define QUEUED_MAX  20000 /* five minutes */

static const struct sample table[SAMPLE_TOPICS] = {
	{"orders", 6, 20, make_order},
	{"page-views", 3, 40, make_view},
	{"sensor-readings", 3, 8, make_reading},
};

/* Of the rates above: the kitchen could do more than comes, recommendations take two thirds of it,
 * and the report has read a little and gone. */
static const struct reader {
	const char *topic, *group, *name;
	int32_t process_ms;
	int64_t stop_after;
} readers[] = {
	{"orders", "kitchen", "kitchen-1", 20, 0},
	{"orders", "kitchen", "kitchen-2", 20, 0},
	{"page-views", "recommendations", "recommender", 38, 0},
	{"sensor-readings", "daily-report", "reporter", 10, 12},
};

/* Where one cannot be started its row is missing: the demo goes on without it. */
static void start_readers(struct samples *s, const char *topic)
{
	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		struct lab_spec spec;

		if (strcmp(readers[i].topic, topic) != 0)
			continue;
		lab_spec_init(&spec, LAB_CONSUMER);
		snprintf(spec.name, sizeof(spec.name), "%s", readers[i].name);
		snprintf(spec.topic, sizeof(spec.topic), "%s", topic);
		snprintf(spec.group, sizeof(spec.group), "%s", readers[i].group);
		spec.process_ms = readers[i].process_ms;
		spec.stop_after = readers[i].stop_after;
		(void)!lab_add(s->lab, &spec, NULL, NULL);
	}
}

static void send_one(struct samples *s, const struct sample *t)
{
	struct producer_record r = {.topic = str_of(t->topic), .partition = -1};

	buf_clear(&s->key);
	buf_clear(&s->value);
	t->make(&s->rng, &s->key, &s->value);
	r.key = buf_slice(&s->key);
	r.value = buf_slice(&s->value);
	/* A full queue means that the cluster is away: sample records may be lost. */
	(void)!producer_send(s->producer, &r, NULL);
}

static void on_tick(void *arg)
{
	struct samples *s = arg;

	for (int i = 0; i < SAMPLE_TOPICS; i++) {
		if (!s->ready[i])
			continue;
		s->due[i] += table[i].per_second * TICK_MS;
		for (; s->due[i] >= 1000; s->due[i] -= 1000)
			send_one(s, &table[i]);
	}
}

static void on_created(void *arg, const struct err *e)
{
	struct created *c = arg;

	if (e)
		return;
	c->samples->ready[c->i] = true;
	start_readers(c->samples, table[c->i].topic);
}

/* Who asked a broker that is paused, as lessons do, soon asks the one that leads since. */
static const struct traffic_property impatient[] = {{"request.timeout.ms", "3000"}};

struct samples *samples_start(struct loop *l, struct source *source, struct lab *lab,
	const char *bootstrap, size_t brokers)
{
	struct samples *s = ALLOC(struct samples);
	/* A record whose time is up ends the idempotence of those behind it: they would be written
	 * again. A cluster that lacks most of its brokers is waited for instead. */
	struct producer_options po = {.bootstrap = bootstrap,
		.client_id = "kdeck-demo",
		.linger_ms = 20,
		.delivery_timeout_ms = DELIVERY_MS,
		.properties = impatient,
		.n_properties = ARRAY_LEN(impatient),
		.max_queued = QUEUED_MAX};
	struct err e = {0};

	s->lab = lab;
	rng_seed(&s->rng, random_u64());
	io_timer_init(&s->timer, l, on_tick, s);
	s->producer = producer_new(l, &po, &e);
	if (!s->producer)
		return s;
	for (int i = 0; i < SAMPLE_TOPICS; i++) {
		struct topic_spec spec = {.name = table[i].topic,
			.partitions = table[i].partitions,
			.replication = (int16_t)min_size(brokers, SAMPLE_REPLICAS)};
		s->created[i] = (struct created){s, i};
		source_create_topic(source, &spec, on_created, &s->created[i]);
	}
	io_timer_start(&s->timer, TICK_MS, TICK_MS);
	return s;
}

void samples_stop(struct samples *s)
{
	if (!s)
		return;
	io_timer_stop(&s->timer);
	producer_free(s->producer);
	buf_fini(&s->key);
	buf_fini(&s->value);
	free(s);
}
