/* The functions of src/admin and src/traffic that a source calls, answered from a struct. */
#include "fake_cluster.h"
#include "fake_groups.h"

#include "base/xalloc.h"
#include "traffic/producer.h"
#include "wire/batch.h"
#include <stdio.h>

struct fake fake;

enum kind { REFRESH, REPLY, OFFSETS, FETCH, OTHER };

struct question {
	struct list_node node;
	struct loop_defer defer;
	struct io_timer timer;
	int64_t id;
	enum kind kind;
	int16_t api;
	bool bad, open; /* open: more answers would come */
	void *fn, *arg;
	fake_fn *over;
	int32_t broker;
	VEC(struct admin_offset) offsets;
	VEC(struct admin_fetch) fetches;
	int32_t max_wait;
	struct str topic;
};

struct admin {
	struct list open;
	int64_t next;
};

static struct admin *the_admin;

struct admin *fake_start(struct loop *l)
{
	fake = (struct fake){.loop = l, .id = "fake"};
	fake_groups_init();
	the_admin = ALLOC(struct admin);
	list_init(&the_admin->open);
	return the_admin;
}

static void question_free(struct question *q)
{
	list_remove(&q->node);
	loop_defer_cancel(&q->defer);
	io_timer_stop(&q->timer);
	vec_fini(&q->offsets);
	vec_fini(&q->fetches);
	if (q->over)
		q->over(q->arg);
	free(q);
}

void fake_end(struct admin *a)
{
	while (!list_empty(&a->open))
		question_free(CONTAINER_OF(list_first(&a->open), struct question, node));
	free(a);
	for (int i = 0; i < 2; i++)
		buf_fini(&fake.log[i]);
	fake_groups_fini();
}

void fake_append(int partition, int n, int64_t time)
{
	struct batch_builder b;
	struct batch_options o = BATCH_OPTIONS_DEFAULT;
	struct slice done;
	int bad = 0;

	o.base_offset = fake.end[partition];
	o.codec = COMPRESS_GZIP;
	batch_builder_init(&b, NULL);
	batch_builder_begin(&b, &o);
	for (int i = 0; i < n; i++)
		bad |= batch_builder_add(&b, time + i * 10, SLICE_NULL, slice_of("{}", 2), NULL, 0);
	bad |= batch_builder_finish(&b, &done);
	if (bad)
		abort();
	buf_put_slice(&fake.log[partition], done);
	fake.end[partition] += n;
	batch_builder_fini(&b);
}

/* ---- the cache ---- */

static const int32_t both[] = {1, 2};
static const struct admin_partition partitions[] = {
	{.index = 0,
		.leader = 1,
		.leader_epoch = 1,
		.replicas = both,
		.isr = both,
		.n_replicas = 2,
		.n_isr = 2},
	{.index = 1,
		.leader = 2,
		.leader_epoch = 1,
		.replicas = both,
		.isr = both,
		.n_replicas = 2,
		.n_isr = 2},
};
static const struct admin_topic orders = {
	.name = STR_LIT("orders"), .partitions = partitions, .n_partitions = 2};
static const struct admin_topic *const topics[] = {&orders};
static const struct admin_broker brokers[] = {{1, "one", 9092, NULL}, {2, "two", 9092, "r2"}};
static struct admin_metadata metadata = {.cluster_id = "fake",
	.controller = 1,
	.brokers = brokers,
	.n_brokers = 2,
	.topics = topics,
	.n_topics = 1};

const struct admin_metadata *admin_metadata(const struct admin *a)
{
	(void)a;
	metadata.cluster_id = fake.id;
	return &metadata;
}

const struct admin_topic *admin_topic_find(const struct admin *a, struct str name)
{
	(void)a;
	return str_eqz(name, "orders") ? &orders : NULL;
}

void admin_doubt(struct admin *a, int32_t broker, bool on)
{
	(void)a;
	(void)broker;
	(void)on;
}

bool admin_connection(const struct admin *a, int32_t broker, struct admin_connection *out)
{
	(void)a;
	*out = (struct admin_connection){.state = LINK_READY, .rtt_us = 100 + broker};
	return true;
}

/* ---- questions ---- */

/* Partition 0 of orders is led by its preferred replica already. */
static void answer_elected(admin_reply_fn *fn, void *arg)
{
	struct elect_leaders_response_partition_result p[] = {
		{.partition_id = 0, .error_code = KERR_ELECTION_NOT_NEEDED},
		{.partition_id = 1, .error_code = fake.refuse}};
	struct elect_leaders_response_replica_election_results t = {
		.topic = orders.name, .partition_result = p, .n_partition_result = 2};
	struct elect_leaders_response r = {
		.replica_election_results = &t, .n_replica_election_results = 1};

	fn(arg, NULL, 2, &r, NULL);
}

/* Partition 1 of orders is moving, and one of another topic. */
static void answer_moves(admin_reply_fn *fn, void *arg)
{
	int32_t ids[] = {1, 2};
	struct list_partition_reassignments_response_partitions p = {.partition_index = 1,
		.replicas = ids,
		.n_replicas = 2,
		.adding_replicas = &ids[1],
		.n_adding_replicas = 1};
	struct list_partition_reassignments_response_topics t[] = {
		{.name = STR_LIT("other"), .partitions = &p, .n_partitions = 1},
		{.name = orders.name, .partitions = &p, .n_partitions = 1}};
	struct list_partition_reassignments_response r = {.topics = t, .n_topics = 2};

	fn(arg, NULL, 0, &r, NULL);
}

static void answer_reply(struct question *q)
{
	admin_reply_fn *fn = (admin_reply_fn *)q->fn;
	struct describe_log_dirs_response_partitions p = {
		.partition_index = 0, .partition_size = 1000};
	struct describe_log_dirs_response_topics t = {
		.name = orders.name, .partitions = &p, .n_partitions = 1};
	struct describe_log_dirs_response_results dir = {
		.topics = &t, .n_topics = 1, .total_bytes = 5000, .usable_bytes = 4000};
	struct describe_log_dirs_response sizes = {.results = &dir, .n_results = 1};
	struct describe_configs_response_configs c = {.name = STR_LIT("retention.ms"),
		.value = STR_LIT("60000"),
		.documentation = STR_LIT("How long")};
	struct describe_configs_response_results res = {.error_code = fake.no_configs,
		.resource_name = orders.name,
		.configs = &c,
		.n_configs = 1};
	struct describe_configs_response configs = {.results = &res, .n_results = 1};
	int16_t code = fake.refuse;

	fake.sizes += q->api == API_DESCRIBE_LOG_DIRS;
	if (q->api == API_DESCRIBE_LOG_DIRS)
		fn(q->arg, NULL, 4, &sizes, NULL);
	else if (q->api == API_LIST_GROUPS)
		fake_list_groups(q->broker, fn, q->arg);
	else if (q->api == API_ELECT_LEADERS)
		answer_elected(fn, q->arg);
	else if (q->api == API_LIST_PARTITION_REASSIGNMENTS)
		answer_moves(fn, q->arg);
	else if (q->api == API_DESCRIBE_CONFIGS)
		fn(q->arg, NULL, 4, &configs, NULL);
	else
		fn(q->arg, NULL, 0, &code, NULL);
}

static void answer_offsets(struct question *q)
{
	admin_offsets_fn *fn = (admin_offsets_fn *)q->fn;

	size_t left = 0;

	vec_foreach (o, &q->offsets) {
		if (fake.slow_replica && o->replica == fake.slow_replica) {
			left++;
			continue;
		}
		o->answered = true;
		o->broker = partitions[o->partition].leader;
		o->offset = o->timestamp == ADMIN_EARLIEST ? 0 : fake.end[o->partition];
		if (q->bad) {
			o->error = KERR_REQUEST_TIMED_OUT;
			o->why = "it does not answer";
		}
	}
	q->open = left > 0;
	fn(q->arg, q->offsets.v, q->offsets.n, -1, left);
}

static struct slice from_offset(int partition, int64_t offset)
{
	struct batch_iter it;
	struct batch_header h;
	struct slice batch, rest = {NULL, 0};

	batch_iter_init(&it, buf_slice(&fake.log[partition]), false);
	for (;;) {
		rest = it.rest;
		if (batch_next(&it, &h, &batch) != 1 || batch_last_offset(&h) >= offset)
			return rest;
	}
}

static struct slice cut(struct slice in, int32_t most, bool first)
{
	struct batch_header h;
	bool small = fake.cut && most > 0 && most < (1 << 20);

	if (fake.whole_batches && !first && batch_parse(in, &h) == 0 && h.size > (size_t)most)
		return SLICE_NULL;
	return slice_of(in.p, small ? min_size(in.n, fake.cut) : in.n);
}

static void answer_fetch(struct question *q)
{
	admin_fetch_fn *fn = (admin_fetch_fn *)q->fn;
	VEC(struct admin_fetched) got = {0};

	vec_foreach (f, &q->fetches) {
		size_t i = got.n;

		vec_push(&got, ((struct admin_fetched){.topic = f->topic,
				       .partition = f->partition,
				       .high_watermark = fake.end[f->partition],
				       .start_offset = 0,
				       .last_stable_offset = -1,
				       .i = i,
				       .error = fake.no_fetch,
				       .records = cut(from_offset(f->partition, f->offset),
					       f->max_bytes, !i)}));
	}
	fn(q->arg, got.v, got.n, 0);
	vec_fini(&got);
}

static void answer(void *arg)
{
	struct question *q = arg;
	const struct err down = {.code = ERR_IO, .msg = "127.0.0.1:1: connection refused"};

	switch (q->kind) {
	case REFRESH:
		((admin_refresh_fn *)q->fn)(q->arg, fake.dead ? &down : NULL);
		break;
	case REPLY:
		if (q->bad)
			((admin_reply_fn *)q->fn)(q->arg, &down, 0, NULL, NULL);
		else
			answer_reply(q);
		break;
	case OFFSETS:
		answer_offsets(q);
		break;
	case FETCH:
		answer_fetch(q);
		break;
	case OTHER:
		((fake_fn *)q->fn)(q->arg);
		break;
	}
	if (!q->open)
		question_free(q);
}

/* Late ones come by a timer: a broker that is dead, a fetch that waits for records. */
static struct question *ask(enum kind kind, void *fn, void *arg)
{
	struct question *q = ALLOC(struct question);

	q->id = ++the_admin->next;
	q->kind = kind;
	q->fn = fn;
	q->arg = arg;
	io_timer_init(&q->timer, fake.loop, answer, q);
	list_push_back(&the_admin->open, &q->node);
	fake.questions++;
	return q;
}

static int64_t send(struct question *q, int64_t after_ms)
{
	if (after_ms)
		io_timer_start(&q->timer, after_ms, 0);
	else
		loop_defer(fake.loop, &q->defer, answer, q);
	return q->id;
}

int64_t fake_ask(fake_fn *fn, fake_fn *over, void *arg, int64_t after_ms)
{
	struct question *q = ask(OTHER, (void *)fn, arg);

	q->over = over;
	return send(q, after_ms);
}

void admin_cancel(struct admin *a, int64_t id)
{
	list_foreach (n, &a->open) {
		struct question *q = CONTAINER_OF(n, struct question, node);

		if (q->id == id) {
			question_free(q);
			return;
		}
	}
}

int16_t admin_version(const struct admin *a, int32_t broker, int16_t api_key)
{
	(void)a;
	(void)broker;
	(void)api_key;
	return -1;
}

int64_t admin_refresh(struct admin *a, const struct str *names, size_t n, int64_t timeout_ms,
	admin_refresh_fn *fn, void *arg)
{
	struct question *q = ask(REFRESH, (void *)fn, arg);

	(void)a;
	(void)names;
	(void)n;
	(void)timeout_ms;
	return send(q, 0);
}

static int64_t reply(int16_t api, int32_t broker, bool bad, admin_reply_fn *fn, void *arg)
{
	struct question *q = ask(REPLY, (void *)fn, arg);

	q->api = api;
	q->broker = broker;
	q->bad = bad;
	return send(q, bad ? 100 : 0);
}

int64_t admin_call(struct admin *a, int16_t api_key, const void *request,
	const struct admin_target *to, int64_t timeout_ms, admin_reply_fn *fn, void *arg)
{
	(void)a;
	(void)request;
	(void)timeout_ms;
	return reply(api_key, to->broker, fake.dead_broker[to->broker], fn, arg);
}

int64_t admin_describe_configs(
	struct admin *a, const struct describe_configs_request *r, admin_reply_fn *fn, void *arg)
{
	(void)a;
	(void)r;
	return reply(API_DESCRIBE_CONFIGS, -1, false, fn, arg);
}

static int64_t change(int16_t api, int64_t count, admin_reply_fn *fn, void *arg)
{
	fake.changes++;
	fake.last_key = api;
	fake.last_count = count;
	return reply(api, -1, false, fn, arg);
}

int64_t admin_create_topics(
	struct admin *a, const struct create_topics_request *r, admin_reply_fn *fn, void *arg)
{
	(void)a;
	return change(API_CREATE_TOPICS, r->topics[0].num_partitions, fn, arg);
}

int64_t admin_delete_topics(
	struct admin *a, const struct delete_topics_request *r, admin_reply_fn *fn, void *arg)
{
	(void)a;
	return change(API_DELETE_TOPICS, r->n_topics, fn, arg);
}

int64_t admin_create_partitions(
	struct admin *a, const struct create_partitions_request *r, admin_reply_fn *fn, void *arg)
{
	(void)a;
	return change(API_CREATE_PARTITIONS, r->topics[0].count, fn, arg);
}

int64_t admin_alter_configs(struct admin *a, const struct incremental_alter_configs_request *r,
	admin_reply_fn *fn, void *arg)
{
	(void)a;
	return change(API_INCREMENTAL_ALTER_CONFIGS, r->resources[0].n_configs, fn, arg);
}

int64_t admin_elect_leaders(
	struct admin *a, const struct elect_leaders_request *r, admin_reply_fn *fn, void *arg)
{
	(void)a;
	return change(API_ELECT_LEADERS, r->n_topic_partitions, fn, arg);
}

int64_t admin_alter_reassignments(struct admin *a,
	const struct alter_partition_reassignments_request *r, admin_reply_fn *fn, void *arg)
{
	(void)a;
	return change(
		API_ALTER_PARTITION_REASSIGNMENTS, r->topics[0].partitions[0].n_replicas, fn, arg);
}

int64_t admin_list_reassignments(struct admin *a,
	const struct list_partition_reassignments_request *r, admin_reply_fn *fn, void *arg)
{
	(void)a;
	(void)r;
	return reply(API_LIST_PARTITION_REASSIGNMENTS, -1, false, fn, arg);
}

static int64_t offsets(const struct admin_offset *v, size_t n, admin_offsets_fn *fn, void *arg)
{
	struct question *q = ask(OFFSETS, (void *)fn, arg);

	for (size_t i = 0; i < n; i++) {
		vec_push(&q->offsets, v[i]);
		q->offsets.v[i].topic = orders.name;
		q->bad = q->bad || fake.dead_broker[partitions[v[i].partition].leader];
	}
	return send(q, q->bad ? 100 : fake.offsets_ms);
}

int64_t admin_list_offsets(struct admin *a, const struct admin_offset *v, size_t n,
	const struct admin_offsets_options *o, admin_offsets_fn *fn, void *arg)
{
	(void)a;
	(void)o;
	fake.offsets++;
	return offsets(v, n, fn, arg);
}

int64_t admin_delete_records(struct admin *a, const struct admin_offset *v, size_t n,
	int64_t timeout_ms, admin_offsets_fn *fn, void *arg)
{
	(void)a;
	(void)timeout_ms;
	fake.changes++;
	fake.last_count = (int64_t)n;
	return offsets(v, n, fn, arg);
}

int64_t admin_fetch(struct admin *a, const struct admin_fetch *v, size_t n,
	const struct admin_fetch_options *o, admin_fetch_fn *fn, void *arg)
{
	struct question *q = ask(FETCH, (void *)fn, arg);

	(void)a;
	fake.fetches++;
	fake.fetched += (int)n;
	for (size_t i = 0; i < n; i++) {
		vec_push(&q->fetches, v[i]);
		q->fetches.v[i].topic = orders.name;
	}
	return send(q, o->max_wait_ms ? 5 : 0);
}

int admin_kerr(struct err *e, int16_t code, struct str said, const char *fmt, ...)
{
	(void)said;
	(void)fmt;
	return err_set(e, code == KERR_GROUP_AUTHORIZATION_FAILED ? ERR_DENIED : ERR_EXISTS, "%s",
		kerr_name(code));
}

int16_t admin_first_error(
	int16_t api_key, int16_t version, const void *response, struct err *e, size_t *count)
{
	int16_t code = *(const int16_t *)response;

	(void)api_key;
	(void)version;
	(void)count;
	if (code)
		admin_kerr(e, code, STR_NULL, "%s", "");
	return code;
}

/* ---- the producer ---- */

struct producer {
	struct producer_options o;
	struct loop_defer defer;
	int waiting;
	void *opaque[3];
};

struct producer *producer_new(struct loop *l, const struct producer_options *o, struct err *e)
{
	struct producer *p = ALLOC(struct producer);

	(void)l;
	(void)e;
	p->o = *o;
	return p;
}

void producer_free(struct producer *p)
{
	if (p)
		loop_defer_cancel(&p->defer);
	free(p);
}

static void deliver(void *arg)
{
	struct producer *p = arg;
	int n = p->waiting;

	p->waiting = 0;
	for (int i = 0; i < n; i++) {
		struct producer_delivery d = {.opaque = p->opaque[i],
			.topic = orders.name,
			.partition = 1,
			.offset = fake.sent++};

		p->o.on_delivery(p->o.arg, &d, 1);
	}
}

/* Three at a time fit. */
int producer_send(struct producer *p, const struct producer_record *r, struct err *e)
{
	(void)e;
	if (p->waiting == 3)
		return ERR_FULL;
	p->opaque[p->waiting++] = r->opaque;
	loop_defer(fake.loop, &p->defer, deliver, p);
	return 0;
}

int producer_delivery_err(const struct producer_delivery *d, struct err *e)
{
	return err_set(e, ERR_IO, "%d", d->code);
}
