/*
 * Producers and consumers of a simulated cluster. A producer writes to one partition and tries for
 * ever: with acks=all nothing of it may be lost, with idempotence nothing doubled or out of order.
 * A consumer reads one partition from its start; what it reads is compared at once.
 */
#define LOG_MODULE "client"
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "cluster_clients.h"

#define WINDOW 5

struct traffic {
	struct world *world;
	struct client clients[2];
	VEC(struct writer *) writers;
	VEC(struct reader *) readers;
	struct batch_builder builder;
	bool ending;
};

/* ---- producers ------------------------------------------------------------------------------- */

struct batch {
	struct writer *writer;
	uint32_t counter, n;
	int32_t sequence;
	int node; /* where it was sent to */
	bool in_flight, done;
};

struct writer {
	struct world *world;
	struct client *client;
	char topic[24];
	int32_t index;
	uint32_t number, counter;
	int16_t acks;
	bool idempotent, asking_id, known;
	int window; /* once the log knows it: of a new producer any first sequence is taken */
	int64_t id;
	int16_t epoch;
	int32_t sequence;
	struct batch *open[WINDOW]; /* in order */
	int n_open;
	bool again; /* one has failed: all that are open are sent again, in order */
	int16_t last_error;
	struct uuid topic_id; /* where the batches in flight went */
	struct io_timer timer;
};

static void produced(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena);

static int in_flight(const struct writer *p)
{
	int n = 0;

	for (int i = 0; i < p->n_open; i++)
		n += p->open[i]->in_flight;
	return n;
}

static void wait_some(struct writer *p, int64_t lo, int64_t hi)
{
	if (!io_timer_active(&p->timer))
		io_timer_start(&p->timer, world_between(p->world, lo, hi), 0);
}

static void id_given(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct writer *p = arg;
	const struct init_producer_id_response *r = response;

	(void)version;
	(void)arena;
	p->asking_id = false;
	if (!e && r->error_code == 0) {
		p->id = r->producer_id;
		p->epoch = r->producer_epoch;
	}
	wait_some(p, 1, 30);
}

static void ask_id(struct writer *p)
{
	struct init_producer_id_request r;
	struct link_call call = {.api_key = API_INIT_PRODUCER_ID,
		.version = LINK_BEST,
		.timeout_ms = 2000,
		.request = &r,
		.fn = id_given,
		.arg = p};
	int node = client_any(p->client);

	msg_init(&init_producer_id_request_desc, &r);
	r.transactional_id = STR_NULL;
	r.transaction_timeout_ms = 60000;
	r.producer_id = -1;
	r.producer_epoch = -1;
	if (node >= 0 && client_call(p->client, node, &call) == 0)
		p->asking_id = true;
	else
		wait_some(p, 5, 50);
}

static void new_batch(struct writer *p)
{
	struct batch *b = ALLOC(struct batch);

	b->writer = p;
	b->counter = p->counter;
	b->n = (uint32_t)world_between(p->world, 1, 4);
	b->sequence = p->sequence;
	p->counter += b->n;
	if (p->idempotent)
		p->sequence = batch_sequence_add(p->sequence, (int32_t)b->n);
	p->open[p->n_open++] = b;
}

static struct slice build(struct writer *p, const struct batch *b)
{
	struct batch_builder *builder = &p->world->traffic->builder;
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	uint8_t value[300];
	struct slice out = {0};

	if (p->idempotent) {
		opt.producer_id = p->id;
		opt.producer_epoch = p->epoch;
		opt.base_sequence = b->sequence;
	}
	batch_builder_begin(builder, &opt);
	memset(value, 'x', sizeof(value));
	for (uint32_t i = 0; i < b->n; i++) {
		size_t n = 8 + (b->counter + i) * 37 % 250;

		put_be32(value, p->number);
		put_be32(value + 4, b->counter + i);
		if (batch_builder_add(builder, clock_wall_ms(&p->world->homes[0]->clock),
			    (struct slice){0}, slice_of(value, n), NULL, 0) < 0)
			abort();
	}
	if (batch_builder_finish(builder, &out) < 0)
		abort();
	return out;
}

static bool send_batch(struct writer *p, struct batch *b, const struct known_partition *k)
{
	struct produce_request r;
	struct produce_request_topic_data t;
	struct produce_request_partition_data d;
	struct link_call call = {.api_key = API_PRODUCE,
		.version = LINK_BEST,
		.request = &r,
		.fn = produced,
		.arg = b};

	msg_init(&produce_request_desc, &r);
	msg_struct_init(&produce_request_topic_data_struct, &t);
	msg_struct_init(&produce_request_partition_data_struct, &d);
	d.index = p->index;
	d.records.bytes = build(p, b);
	t.name = str_of(p->topic);
	t.topic_id = k->id;
	t.partition_data = &d;
	t.n_partition_data = 1;
	r.acks = p->acks;
	r.timeout_ms = (int32_t)world_between(p->world, 300, 3000);
	call.timeout_ms = r.timeout_ms + 500;
	r.topic_data = &t;
	r.n_topic_data = 1;
	if (client_call(p->client, k->leader, &call) < 0)
		return false;
	b->in_flight = true;
	b->node = k->leader;
	p->topic_id = k->id;
	log_debug("%s-%d: producer %u sends %u-%u to node %d, sequence %d", p->topic, p->index,
		p->number, b->counter, b->counter + b->n - 1, k->leader, b->sequence);
	return true;
}

static void send_open(struct writer *p)
{
	const struct known_partition *k = client_partition(p->client, p->topic, p->index);

	if (!k || k->leader < 0 || k->leader >= p->world->n) {
		client_refresh(p->client);
		wait_some(p, 10, 80);
		return;
	}
	for (int i = 0; i < p->n_open; i++)
		if (!p->open[i]->in_flight && !p->open[i]->done && !send_batch(p, p->open[i], k)) {
			wait_some(p, 2, 40);
			return;
		}
}

static void work(void *arg)
{
	struct writer *p = arg;

	if (p->idempotent && p->id < 0) {
		if (!p->asking_id)
			ask_id(p);
		return;
	}
	if (p->again && in_flight(p) > 0)
		return;
	p->again = false;
	if (!p->world->traffic->ending)
		while (p->n_open < (p->known ? p->window : 1) && world_one_in(p->world, 2))
			new_batch(p);
	send_open(p);
	wait_some(p, 1, p->n_open ? 40 : 120);
}

/* Those at the front that are done go. */
static void drop_done(struct writer *p)
{
	while (p->n_open > 0 && p->open[0]->done) {
		free(p->open[0]);
		memmove(&p->open[0], &p->open[1], sizeof(p->open[0]) * (size_t)--p->n_open);
	}
}

static bool is_retriable(int16_t error)
{
	switch (error) {
	case KERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
	case KERR_OUT_OF_ORDER_SEQUENCE_NUMBER: /* behind one that has failed */
		return true;
	default:
		return kerr_retriable(error);
	}
}

/* What went before is gone: another id, from sequence 0 on. */
static void begin_anew(struct writer *p)
{
	p->id = -1;
	p->sequence = 0;
	for (int i = 0; i < p->n_open; i++) {
		p->open[i]->sequence = p->sequence;
		p->sequence = batch_sequence_add(p->sequence, (int32_t)p->open[i]->n);
	}
}

static void failed(struct writer *p, const struct batch *b, int16_t error)
{
	p->again = true;
	p->last_error = error;
	client_refresh(p->client);
	if (!is_retriable(error))
		world_break(p->world, "%s-%d: producer %u got %s", p->topic, p->index, p->number,
			kerr_name(error));
	if (error != KERR_OUT_OF_ORDER_SEQUENCE_NUMBER || b != p->open[0])
		return;
	/* A leader that does not know of its successor cannot know what that one has taken. */
	if (p->world->fragile)
		begin_anew(p);
	else if (truth_leader(&p->world->truth, &p->topic_id, p->index) == b->node)
		world_break(p->world,
			"%s-%d: %s for the first record of producer %u that is not acknowledged",
			p->topic, p->index, kerr_name(error), p->number);
}

static void acked(struct writer *p, struct batch *b, int64_t offset)
{
	b->done = p->known = true;
	if (p->acks == -1)
		truth_acked(p->world, &p->topic_id, p->index, p->number, b->counter, b->n, offset);
	else
		p->world->stats.acked += b->n;
}

static void produced(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct batch *b = arg;
	struct writer *p = b->writer;
	const struct produce_response *r = response;

	(void)version;
	(void)arena;
	b->in_flight = false;
	if (e && e->code == ERR_CANCELLED)
		return;
	log_debug("%s-%d: producer %u, %u: %s", p->topic, p->index, p->number, b->counter,
		e ? e->msg : kerr_name(r->responses[0].partition_responses[0].error_code));
	if (e) {
		p->again = true;
		client_refresh(p->client);
	} else if (r->n_responses != 1 || r->responses[0].n_partition_responses != 1) {
		world_break(p->world, "%s-%d: an empty answer", p->topic, p->index);
	} else if (r->responses[0].partition_responses[0].error_code) {
		failed(p, b, r->responses[0].partition_responses[0].error_code);
	} else {
		acked(p, b, r->responses[0].partition_responses[0].base_offset);
	}
	drop_done(p);
	wait_some(p, p->again ? 5 : 0, p->again ? 60 : 10);
}

static void add_writer(struct traffic *t, const char *topic, int32_t index)
{
	struct world *w = t->world;
	struct writer *p = ALLOC(struct writer);

	p->world = w;
	p->client = &t->clients[rng_below(&w->sim.rng, 2)];
	snprintf(p->topic, sizeof(p->topic), "%s", topic);
	p->index = index;
	p->acks = world_one_in(w, 5) ? 1 : -1;
	p->idempotent = p->acks == -1 && !world_one_in(w, 4);
	p->window = p->idempotent ? (int)world_between(w, 1, WINDOW) : 1;
	p->id = -1;
	p->number = truth_add_producer(&w->truth, p->idempotent);
	io_timer_init(&p->timer, p->client->loop, work, p);
	wait_some(p, 1, 200);
	vec_push(&t->writers, p);
}

static void writer_free(struct writer *p)
{
	io_timer_stop(&p->timer);
	for (int i = 0; i < p->n_open; i++)
		free(p->open[i]);
	free(p);
}

/* ---- consumers ------------------------------------------------------------------------------- */

struct reader {
	struct world *world;
	struct client *client;
	char topic[24];
	int32_t index;
	struct uuid topic_id;
	int64_t position, high_watermark;
	bool asking;
	int node; /* who is asked */
	int16_t version_cap;
	int16_t last_error;
	struct io_timer timer;
};

static void read_batches(struct reader *c, struct slice bytes)
{
	struct buf scratch = BUF_EMPTY;
	struct batch_iter it;
	struct batch_header h;
	struct slice batch;

	batch_iter_init(&it, bytes, true);
	while (batch_next(&it, &h, &batch) == 1) {
		struct record_iter records;
		struct record r;

		if (record_iter_init(&records, &h, batch, NULL, (size_t)1 << 20, &scratch) < 0)
			break;
		while (record_next(&records, &r) == 1) {
			if (r.offset < c->position)
				continue;
			if (r.offset > c->position)
				world_break(c->world, "%s-%d: a reader got %lld after %lld",
					c->topic, c->index, (long long)r.offset,
					(long long)c->position - 1);
			if (r.offset >= c->high_watermark)
				world_break(c->world,
					"%s-%d: a reader got %lld, the high watermark is %lld",
					c->topic, c->index, (long long)r.offset,
					(long long)c->high_watermark);
			truth_read(c->world, &c->topic_id, c->index, r.offset, r.value);
			c->position = r.offset + 1;
		}
	}
	buf_fini(&scratch);
}

static void take(struct reader *c, const struct fetch_response_partitions *p)
{
	bool newest = truth_leader(&c->world->truth, &c->topic_id, c->index) == c->node;

	c->last_error = p->error_code;
	if (p->error_code == KERR_OFFSET_OUT_OF_RANGE) {
		if (c->world->fragile)
			c->position = c->high_watermark = 0;
		else if (newest)
			world_break(c->world, "%s-%d: nothing to read at %lld", c->topic, c->index,
				(long long)c->position);
		client_refresh(c->client);
		return;
	}
	if (p->error_code) {
		client_refresh(c->client);
		return;
	}
	/* A reader that is behind may hear of an end that is nearer: a new leader learns it. So may
	 * one who comes from a leader to one that has been replaced and does not know it. */
	if (p->high_watermark < c->position && !c->world->fragile && newest)
		world_break(c->world,
			"%s-%d: a client that has read up to %lld saw the high watermark go back "
			"to %lld at node %d",
			c->topic, c->index, (long long)c->position, (long long)p->high_watermark,
			c->node);
	c->high_watermark = p->high_watermark;
	read_batches(c, p->records.bytes);
}

static void fetched(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct reader *c = arg;
	const struct fetch_response *r = response;

	(void)version;
	(void)arena;
	c->asking = false;
	if (e && e->code == ERR_CANCELLED)
		return;
	if (e || r->error_code || r->n_responses == 0 || r->responses[0].n_partitions == 0)
		client_refresh(c->client);
	else
		take(c, &r->responses[0].partitions[0]);
	io_timer_start(&c->timer, world_between(c->world, 1, e || c->last_error ? 60 : 25), 0);
}

static void fetch(void *arg)
{
	struct reader *c = arg;
	const struct known_partition *k = client_partition(c->client, c->topic, c->index);
	struct fetch_request r;
	struct fetch_request_topics t;
	struct fetch_request_partitions p;
	struct link_call call = {.api_key = API_FETCH,
		.version = LINK_BEST,
		.cap = c->version_cap,
		.timeout_ms = 2500,
		.request = &r,
		.fn = fetched,
		.arg = c};

	if (!k || k->leader < 0 || k->leader >= c->world->n) {
		client_refresh(c->client);
		io_timer_start(&c->timer, world_between(c->world, 10, 80), 0);
		return;
	}
	msg_init(&fetch_request_desc, &r);
	msg_struct_init(&fetch_request_topics_struct, &t);
	msg_struct_init(&fetch_request_partitions_struct, &p);
	p.partition = c->index;
	p.fetch_offset = c->position;
	p.current_leader_epoch = world_one_in(c->world, 2) ? k->epoch : -1;
	p.partition_max_bytes = (int32_t)world_between(c->world, 1, 40000);
	t.topic = str_of(c->topic);
	t.topic_id = k->id;
	t.partitions = &p;
	t.n_partitions = 1;
	r.max_wait_ms = (int32_t)world_between(c->world, 0, 500);
	r.min_bytes = 1;
	r.topics = &t;
	r.n_topics = 1;
	c->asking = client_call(c->client, k->leader, &call) == 0;
	c->node = k->leader;
	if (c->asking)
		c->topic_id = k->id;
	else
		io_timer_start(&c->timer, world_between(c->world, 5, 50), 0);
}

static void add_reader(struct traffic *t, const char *topic, int32_t index)
{
	struct world *w = t->world;
	struct reader *c = ALLOC(struct reader);

	c->world = w;
	c->client = &t->clients[rng_below(&w->sim.rng, 2)];
	snprintf(c->topic, sizeof(c->topic), "%s", topic);
	c->index = index;
	c->version_cap = world_one_in(w, 3) ? 12 : 0; /* by names, by ids */
	io_timer_init(&c->timer, c->client->loop, fetch, c);
	io_timer_start(&c->timer, world_between(w, 10, 300), 0);
	vec_push(&t->readers, c);
}

/* ---- together -------------------------------------------------------------------------------- */

void traffic_start(struct world *w)
{
	struct traffic *t = ALLOC(struct traffic);

	w->traffic = t;
	t->world = w;
	batch_builder_init(&t->builder, NULL);
	for (int i = 0; i < 2; i++)
		client_init(&t->clients[i], w, w->homes[i]->loop);
}

void traffic_free(struct world *w)
{
	struct traffic *t = w->traffic;

	if (!t)
		return;
	for (int i = 0; i < 2; i++)
		client_fini(&t->clients[i]);
	vec_foreach (p, &t->writers)
		writer_free(*p);
	vec_foreach (c, &t->readers) {
		io_timer_stop(&(*c)->timer);
		free(*c);
	}
	vec_fini(&t->writers);
	vec_fini(&t->readers);
	batch_builder_fini(&t->builder);
	free(t);
	w->traffic = NULL;
}

void traffic_add(struct world *w, const char *topic, int32_t index)
{
	int n = world_one_in(w, 3) ? 2 : 1;

	for (int i = 0; i < n; i++)
		add_writer(w->traffic, topic, index);
	add_reader(w->traffic, topic, index);
}

void traffic_end(struct world *w, bool end)
{
	w->traffic->ending = end;
}

bool traffic_done(struct world *w)
{
	vec_foreach (p, &w->traffic->writers)
		if ((*p)->n_open > 0)
			return false;
	vec_foreach (at, &w->traffic->readers) {
		const struct reader *c = *at;
		const struct known_partition *k = client_partition(c->client, c->topic, c->index);
		const struct truth_log *l = k ? truth_find(&w->truth, &k->id, c->index) : NULL;

		if (!w->fragile && l && c->position < l->end)
			return false;
	}
	return true;
}

void traffic_say(struct world *w, struct buf *out)
{
	vec_foreach (at, &w->traffic->writers) {
		const struct writer *p = *at;
		const struct known_partition *k = client_partition(p->client, p->topic, p->index);

		if (p->n_open > 0)
			buf_printf(out, " producer %u of %s-%d (leader %d, last error %s);",
				p->number, p->topic, p->index, k ? k->leader : -2,
				kerr_name(p->last_error));
	}
	vec_foreach (at, &w->traffic->readers) {
		const struct reader *c = *at;
		buf_printf(out, " reader of %s-%d at %lld (%s);", c->topic, c->index,
			(long long)c->position, kerr_name(c->last_error));
	}
}
