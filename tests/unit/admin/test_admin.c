/* The admin client against a cluster of three brokers of the test's own making. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../link/fake_broker.h"
#include "admin/admin.h"
#include "base/xalloc.h"

enum { BROKERS = 3, MAX_PARTS = 6000 };

struct test {
	struct loop *loop;
	struct fake *fake[BROKERS];
	struct admin *admin;
	struct admin_options opt;
	char bootstrap[128];
	/* the cluster */
	int32_t controller;
	int32_t n_parts;
	int32_t leader[MAX_PARTS];
	bool no_topic;
	enum fake_action act;
	/* what came */
	bool done;
	unsigned replies;
	struct err err;
	int16_t version;
	int16_t code;
	size_t n;
	int32_t brokers_with_error;
	char text[400];
	struct admin_offset *offsets;
	int16_t fetch_error;
	char fetched[64];
};

/* ---- the brokers ---- */

static enum fake_action say_metadata(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct test *t = arg;
	const struct metadata_request *q = request;
	struct metadata_response *r = response;
	bool wanted = q->n_topics < 0 || (h->api_version == 0 && q->n_topics == 0);

	(void)f;
	for (int32_t i = 0; i < q->n_topics; i++)
		wanted |= str_eqz(q->topics[i].name, "orders");
	r->cluster_id = STR_LIT("cafe");
	r->controller_id = t->controller;
	r->brokers = MSG_NEW(a, metadata_response_brokers, BROKERS);
	r->n_brokers = BROKERS;
	for (int32_t i = 0; i < BROKERS; i++) {
		r->brokers[i].node_id = i + 1;
		r->brokers[i].host = STR_LIT("127.0.0.1");
		r->brokers[i].port = t->fake[i]->port;
	}
	r->topics = MSG_NEW(a, metadata_response_topics, 1);
	r->n_topics = wanted || q->n_topics > 0;
	if (!r->n_topics)
		return FAKE_ANSWER;
	r->topics[0].name = wanted ? STR_LIT("orders") : q->topics[0].name;
	if (!wanted || t->no_topic) {
		r->topics[0].error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
		return FAKE_ANSWER;
	}
	r->topics[0].topic_id.b[0] = 7;
	r->topics[0].partitions = MSG_NEW(a, metadata_response_partitions, (size_t)t->n_parts);
	r->topics[0].n_partitions = t->n_parts;
	for (int32_t i = 0; i < t->n_parts; i++) {
		struct metadata_response_partitions *p = &r->topics[0].partitions[i];
		p->partition_index = t->n_parts - 1 - i; /* order is nobody's promise */
		p->leader_id = t->leader[p->partition_index];
		p->leader_epoch = 5;
		p->replica_nodes = &t->leader[p->partition_index];
		p->n_replica_nodes = 1;
		p->isr_nodes = p->replica_nodes;
		p->n_isr_nodes = 1;
	}
	return FAKE_ANSWER;
}

static enum fake_action say_offsets(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct test *t = arg;
	const struct list_offsets_request *q = request;
	struct list_offsets_response *r = response;
	const struct list_offsets_request_topics *qt = &q->topics[0];

	(void)h;
	assert_int_equal(q->n_topics, 1);
	r->topics = MSG_NEW(a, list_offsets_response_topics, 1);
	r->n_topics = 1;
	r->topics[0].name = qt->name;
	r->topics[0].partitions =
		MSG_NEW(a, list_offsets_response_partitions, (size_t)qt->n_partitions);
	r->topics[0].n_partitions = qt->n_partitions;
	for (int32_t i = 0; i < qt->n_partitions; i++) {
		struct list_offsets_response_partitions *p = &r->topics[0].partitions[i];
		p->partition_index = qt->partitions[i].partition_index;
		p->offset = q->replica_id == -2 ? 5000 : 1000 + p->partition_index;
		if (qt->partitions[i].timestamp == ADMIN_EARLIEST)
			p->offset = p->partition_index;
		if (q->replica_id != -2 && t->leader[p->partition_index] != f->id)
			p->error_code = KERR_NOT_LEADER_OR_FOLLOWER;
	}
	return t->act;
}

static enum fake_action say_created(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct test *t = arg;
	const struct create_topics_request *q = request;
	struct create_topics_response *r = response;

	(void)h;
	r->topics = MSG_NEW(a, create_topics_response_topics, (size_t)q->n_topics);
	r->n_topics = q->n_topics;
	for (int32_t i = 0; i < q->n_topics; i++) {
		r->topics[i].name = q->topics[i].name;
		if (f->id != t->controller)
			r->topics[i].error_code = KERR_NOT_CONTROLLER;
		else if (str_eqz(q->topics[i].name, "taken"))
			r->topics[i].error_code = KERR_TOPIC_ALREADY_EXISTS;
	}
	return t->act;
}

static enum fake_action say_log_dirs(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct describe_log_dirs_response *r = response;

	(void)arg;
	(void)f;
	(void)h;
	assert_int_equal(((const struct describe_log_dirs_request *)request)->n_topics, -1);
	r->results = MSG_NEW(a, describe_log_dirs_response_results, 1);
	r->n_results = 1;
	r->results[0].log_dir = STR_LIT("/data");
	return FAKE_ANSWER;
}

static enum fake_action say_fetch(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct test *t = arg;
	const struct fetch_request *q = request;
	struct fetch_response *r = response;
	int32_t part = q->topics[0].partitions[0].partition;

	r->responses = MSG_NEW(a, fetch_response_responses, 1);
	r->n_responses = 1;
	r->responses[0].topic = q->topics[0].topic;
	r->responses[0].topic_id = q->topics[0].topic_id;
	assert_true(h->api_version < 13 || q->topics[0].topic_id.b[0] == 7);
	r->responses[0].partitions = MSG_NEW(a, fetch_response_partitions, 1);
	r->responses[0].n_partitions = 1;
	r->responses[0].partitions[0].partition_index = part;
	r->responses[0].partitions[0].high_watermark = 99;
	r->responses[0].partitions[0].records.bytes = slice_of("batches", 7);
	if (t->leader[part] != f->id)
		r->responses[0].partitions[0].error_code = KERR_NOT_LEADER_OR_FOLLOWER;
	return q->max_wait_ms ? FAKE_SILENCE : FAKE_ANSWER;
}

static enum fake_action say_configs(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	static const char *const names[] = {"retention.ms", "cleanup.policy", "segment.bytes"};
	static const char *const values[] = {"100", "delete", "1024"};
	struct test *t = arg;
	const struct describe_configs_request *q = request;
	struct describe_configs_response *r = response;

	(void)f;
	(void)h;
	r->results = MSG_NEW(a, describe_configs_response_results, 1);
	r->n_results = 1;
	r->results[0].resource_type = q->resources[0].resource_type;
	r->results[0].resource_name = q->resources[0].resource_name;
	r->results[0].configs = MSG_NEW(a, describe_configs_response_configs, 3);
	r->results[0].n_configs = 3;
	for (int i = 0; i < 3; i++) {
		r->results[0].configs[i].name = str_of(names[i]);
		r->results[0].configs[i].value = str_of(values[i]);
		r->results[0].configs[i].config_source =
			i == 2 ? ADMIN_SOURCE_DEFAULT : ADMIN_SOURCE_TOPIC;
		r->results[0].configs[i].is_sensitive = t->code == 1 && i == 0;
	}
	return FAKE_ANSWER;
}

static enum fake_action say_altered(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct test *t = arg;
	const struct alter_configs_request *q = request;
	struct alter_configs_response *r = response;

	(void)f;
	(void)h;
	t->text[0] = '\0';
	for (int32_t i = 0; i < q->resources[0].n_configs; i++) {
		size_t n = strlen(t->text);
		snprintf(t->text + n, sizeof(t->text) - n, "%.*s=%.*s;",
			STR_ARG(q->resources[0].configs[i].name),
			STR_ARG(q->resources[0].configs[i].value));
	}
	r->responses = MSG_NEW(a, alter_configs_response_responses, 1);
	r->n_responses = 1;
	r->responses[0].resource_type = q->resources[0].resource_type;
	r->responses[0].resource_name = q->resources[0].resource_name;
	return FAKE_ANSWER;
}

static enum fake_action say_deleted(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	const struct delete_topics_request *q = request;
	struct delete_topics_response *r = response;

	(void)arg;
	(void)f;
	assert_true(h->api_version < 6);
	r->responses = MSG_NEW(a, delete_topics_response_responses, (size_t)q->n_topic_names);
	r->n_responses = q->n_topic_names;
	for (int32_t i = 0; i < q->n_topic_names; i++)
		r->responses[i].name = q->topic_names[i];
	return FAKE_ANSWER;
}

/* ---- the client's side ---- */

static void on_refresh(void *arg, const struct err *e)
{
	struct test *t = arg;

	t->err = e ? *e : (struct err){0};
	t->replies++;
	t->done = true;
}

static void on_reply(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct test *t = arg;

	(void)arena;
	assert_int_equal(e == NULL, response != NULL);
	t->err = e ? *e : (struct err){0};
	t->version = version;
	t->replies++;
	t->done = true;
}

static void on_created(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct test *t = arg;

	on_reply(arg, e, version, response, arena);
	if (response)
		t->code = admin_first_error(API_CREATE_TOPICS, version, response, &t->err, &t->n);
}

static void on_cluster(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct test *t = arg;

	on_reply(arg, e, version, response, arena);
	t->n = (size_t)((const struct describe_cluster_response *)response)->n_brokers;
}

static void on_each(void *arg, int32_t broker, const struct err *e, int16_t version,
	const void *response, size_t left)
{
	struct test *t = arg;

	(void)version;
	assert_int_equal(e == NULL, response != NULL);
	if (e)
		t->err = *e;
	t->brokers_with_error += e ? broker : 0;
	t->replies++;
	t->done = left == 0;
}

static void on_offsets(
	void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left)
{
	struct test *t = arg;
	size_t open = 0;

	(void)broker;
	for (size_t i = 0; i < n; i++) {
		open += !all[i].answered;
		assert_int_equal(all[i].error != 0, all[i].why != NULL);
	}
	assert_int_equal(open, left);
	t->replies++;
	t->done = left == 0;
	if (!t->done)
		return;
	t->offsets = malloc((n + 1) * sizeof(*all));
	if (n)
		memcpy(t->offsets, all, n * sizeof(*all));
	for (size_t i = 0; i < n; i++)
		if (all[i].why)
			snprintf(t->text, sizeof(t->text), "%s", all[i].why);
}

static void on_fetch(void *arg, const struct admin_fetched *got, size_t n, size_t left)
{
	struct test *t = arg;

	assert_int_equal(n, 1);
	t->replies++;
	t->fetch_error = got->error;
	snprintf(t->fetched, sizeof(t->fetched), "%d %.*s %lld", got->partition,
		(int)got->records.n, got->records.p ? (const char *)got->records.p : "",
		(long long)got->high_watermark);
	t->done = left == 0;
}

static void wait_done(struct test *t)
{
	assert_true(loop_run_until(t->loop, &t->done, 10000));
	t->done = false;
}

static void open_client(struct test *t)
{
	struct err e = {0};

	snprintf(t->bootstrap, sizeof(t->bootstrap), "%s,%s,%s", t->fake[0]->address,
		t->fake[1]->address, t->fake[2]->address);
	if (!t->opt.bootstrap)
		t->opt.bootstrap = t->bootstrap;
	t->admin = admin_new(t->loop, &t->opt, &e);
	assert_non_null(t->admin);
}

static void refresh(struct test *t)
{
	admin_refresh(t->admin, NULL, 0, 0, on_refresh, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	t->replies = 0;
}

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));

	t->loop = loop_new(NULL);
	t->controller = 2;
	t->n_parts = 6;
	t->act = FAKE_ANSWER;
	t->opt.backoff_ms = 2;
	t->opt.backoff_max_ms = 10;
	for (int i = 0; i < MAX_PARTS; i++)
		t->leader[i] = i % BROKERS + 1;
	for (int32_t i = 0; i < BROKERS; i++) {
		struct fake *f = t->fake[i] = fake_new(t->loop, i + 1);
		fake_on(f, API_METADATA, say_metadata, t);
		fake_on(f, API_LIST_OFFSETS, say_offsets, t);
		fake_on(f, API_CREATE_TOPICS, say_created, t);
		fake_on(f, API_DESCRIBE_LOG_DIRS, say_log_dirs, t);
		fake_on(f, API_FETCH, say_fetch, t);
		fake_on(f, API_DESCRIBE_CONFIGS, say_configs, t);
		fake_on(f, API_ALTER_CONFIGS, say_altered, t);
		fake_on(f, API_DELETE_TOPICS, say_deleted, t);
	}
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	admin_free(t->admin);
	for (int i = 0; i < BROKERS; i++)
		fake_free(t->fake[i]);
	loop_free(t->loop);
	free(t->offsets);
	free(t);
	return 0;
}

static void ask_offsets(struct test *t, size_t n, int64_t timestamp, int64_t timeout_ms)
{
	struct admin_offset *ask = calloc(n, sizeof(*ask));
	struct admin_offsets_options o = {.timeout_ms = timeout_ms};

	for (size_t i = 0; i < n; i++)
		ask[i] = (struct admin_offset){.topic = STR_LIT("orders"),
			.partition = (int32_t)i,
			.replica = -1,
			.timestamp = timestamp};
	admin_list_offsets(t->admin, ask, n, &o, on_offsets, t);
	free(ask);
	assert_int_equal(t->replies, 0);
}

static void ask_create(struct test *t, const char *name)
{
	struct create_topics_request_topics topic = {
		.name = str_of(name), .num_partitions = 3, .replication_factor = 1};
	struct create_topics_request r = {.topics = &topic, .n_topics = 1, .timeout_ms = 1000};

	admin_create_topics(t->admin, &r, on_created, t);
}

/* ---- tests ---- */

static void addresses(void **state)
{
	struct test *t = *state;
	static const char *const bad[] = {"", " , ", "host:", "host:0", "host:70000", ":9092",
		"[::1", "h:9x", "http://h:9092"};
	static const char *const good[] = {
		"h", "h:1,g", "[::1]:9093", "[::1]", "10.0.0.1:65535, h"};
	struct admin_options o = {0};
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		o.bootstrap = bad[i];
		e.code = 0;
		assert_null(admin_new(t->loop, &o, &e));
		assert_int_equal(e.code, ERR_INVALID);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		o.bootstrap = good[i];
		struct admin *a = admin_new(t->loop, &o, &e);
		assert_non_null(a);
		admin_free(a);
	}
}

static void metadata_fills_the_cache(void **state)
{
	struct test *t = *state;
	const struct admin_metadata *m;
	const struct admin_topic *topic;

	open_client(t);
	m = admin_metadata(t->admin);
	assert_int_equal(m->full_at_ms, -1);
	refresh(t);
	assert_string_equal(m->cluster_id, "cafe");
	assert_int_equal(m->controller, 2);
	assert_int_equal(m->n_brokers, 3);
	assert_int_equal(m->n_topics, 1);
	assert_true(m->full_at_ms >= 0);
	topic = admin_topic_find(t->admin, STR_LIT("orders"));
	assert_non_null(topic);
	assert_int_equal(topic->n_partitions, 6);
	for (int32_t i = 0; i < 6; i++) {
		assert_int_equal(topic->partitions[i].index, i);
		assert_int_equal(admin_partition_find(topic, i)->leader, i % 3 + 1);
		assert_int_equal(topic->partitions[i].isr[0], i % 3 + 1);
	}
	assert_null(admin_partition_find(topic, 6));
	t->no_topic = true;
	admin_refresh(t->admin, &(struct str){"orders", 6}, 1, 0, on_refresh, t);
	wait_done(t);
	assert_null(admin_topic_find(t->admin, STR_LIT("orders")));
}

static void refreshes_share_a_request(void **state)
{
	struct test *t = *state;
	struct str name = STR_LIT("orders");

	open_client(t);
	refresh(t);
	unsigned before = t->fake[0]->seen[3] + t->fake[1]->seen[3] + t->fake[2]->seen[3];
	for (int i = 0; i < 5; i++)
		admin_refresh(t->admin, &name, 1, 0, on_refresh, t);
	while (t->replies < 5)
		loop_run_once(t->loop, true);
	assert_int_equal(
		t->fake[0]->seen[3] + t->fake[1]->seen[3] + t->fake[2]->seen[3], before + 1);
}

static void dead_bootstrap_does_not_block(void **state)
{
	struct test *t = *state;

	open_client(t);
	fake_stop(t->fake[0]);
	fake_stop(t->fake[1]);
	refresh(t);
	assert_int_equal(admin_metadata(t->admin)->n_brokers, 3);
}

static void silent_bootstrap_does_not_block(void **state)
{
	struct test *t = *state;

	open_client(t);
	t->fake[0]->raw = "";
	refresh(t);
}

static void nobody_answers(void **state)
{
	struct test *t = *state;

	open_client(t);
	for (int i = 0; i < BROKERS; i++)
		fake_stop(t->fake[i]);
	admin_refresh(t->admin, NULL, 0, 0, on_refresh, t);
	wait_done(t);
	assert_int_equal(t->err.code, ERR_CLOSED);
	for (int i = 0; i < BROKERS; i++)
		assert_non_null(strstr(t->err.msg, t->fake[i]->address));
	assert_non_null(strstr(t->err.msg, "refused"));
	/* They come back: so does the client. */
	fake_start(t->fake[1]);
	refresh(t);
}

static void controller_has_moved(void **state)
{
	struct test *t = *state;

	open_client(t);
	refresh(t);
	t->controller = 3;
	ask_create(t, "new");
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->code, 0);
	assert_int_equal(t->fake[1]->seen[API_CREATE_TOPICS], 1);
	assert_int_equal(t->fake[2]->seen[API_CREATE_TOPICS], 1);
}

static void controller_is_dead(void **state)
{
	struct test *t = *state;

	open_client(t);
	refresh(t);
	fake_stop(t->fake[1]);
	t->controller = 1;
	ask_create(t, "new");
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->fake[0]->seen[API_CREATE_TOPICS], 1);
}

static void errors_name_the_item(void **state)
{
	struct test *t = *state;

	open_client(t);
	ask_create(t, "taken");
	wait_done(t);
	assert_int_equal(t->code, KERR_TOPIC_ALREADY_EXISTS);
	assert_int_equal(t->err.code, ERR_EXISTS);
	assert_int_equal(t->n, 1);
	assert_string_equal(t->err.msg, "topic taken: TOPIC_ALREADY_EXISTS: "
					"A topic of that name exists already.");
}

static void lost_change_is_not_repeated(void **state)
{
	struct test *t = *state;

	open_client(t);
	t->act = FAKE_HANG_UP;
	ask_create(t, "new");
	wait_done(t);
	assert_int_equal(t->err.code, ERR_CLOSED);
	assert_non_null(strstr(t->err.msg, "CreateTopics"));
	assert_non_null(strstr(t->err.msg, "look before trying again"));
	assert_int_equal(t->fake[1]->seen[API_CREATE_TOPICS], 1);
}

static void offsets_take_one_request_a_broker(void **state)
{
	struct test *t = *state;

	t->n_parts = MAX_PARTS;
	open_client(t);
	refresh(t);
	ask_offsets(t, MAX_PARTS, ADMIN_LATEST, 0);
	wait_done(t);
	assert_int_equal(t->replies, 3);
	for (int i = 0; i < BROKERS; i++)
		assert_int_equal(t->fake[i]->seen[API_LIST_OFFSETS], 1);
	for (int32_t i = 0; i < MAX_PARTS; i++) {
		assert_int_equal(t->offsets[i].error, 0);
		assert_int_equal(t->offsets[i].offset, 1000 + i);
		assert_int_equal(t->offsets[i].broker, i % 3 + 1);
	}
}

static void offsets_without_a_cache(void **state)
{
	struct test *t = *state;

	open_client(t);
	ask_offsets(t, 6, ADMIN_EARLIEST, 0);
	wait_done(t);
	assert_int_equal(t->offsets[5].offset, 5);
}

static void both_ends_and_replicas_at_once(void **state)
{
	struct test *t = *state;
	struct admin_offset ask[4] = {
		{.topic = STR_LIT("orders"),
			.partition = 1,
			.replica = -1,
			.timestamp = ADMIN_LATEST},
		{.topic = STR_LIT("orders"),
			.partition = 1,
			.replica = -1,
			.timestamp = ADMIN_EARLIEST},
		{.topic = STR_LIT("orders"),
			.partition = 1,
			.replica = 3,
			.timestamp = ADMIN_LATEST},
		{.topic = STR_LIT("nothing"),
			.partition = 0,
			.replica = -1,
			.timestamp = ADMIN_LATEST},
	};

	open_client(t);
	admin_list_offsets(t->admin, ask, 4, NULL, on_offsets, t);
	wait_done(t);
	assert_int_equal(t->offsets[0].offset, 1001);
	assert_int_equal(t->offsets[1].offset, 1);
	assert_int_equal(t->offsets[2].offset, 5000);
	assert_int_equal(t->offsets[2].broker, 3);
	assert_int_equal(t->offsets[3].error, KERR_UNKNOWN_TOPIC_OR_PARTITION);
	assert_non_null(strstr(t->text, "partition nothing-0: UNKNOWN_TOPIC_OR_PARTITION"));
}

static void no_offsets(void **state)
{
	struct test *t = *state;

	open_client(t);
	admin_list_offsets(t->admin, NULL, 0, NULL, on_offsets, t);
	wait_done(t);
	assert_int_equal(t->replies, 1);
}

static void leader_has_moved(void **state)
{
	struct test *t = *state;

	open_client(t);
	refresh(t);
	t->leader[0] = 2;
	ask_offsets(t, 6, ADMIN_LATEST, 0);
	wait_done(t);
	for (int i = 0; i < 6; i++)
		assert_int_equal(t->offsets[i].error, 0);
	assert_int_equal(t->offsets[0].broker, 2);
	assert_int_equal(t->fake[0]->seen[API_LIST_OFFSETS], 1);
	assert_int_equal(t->fake[1]->seen[API_LIST_OFFSETS], 2);
}

static void one_broker_is_dead(void **state)
{
	struct test *t = *state;

	open_client(t);
	refresh(t);
	fake_stop(t->fake[2]);
	ask_offsets(t, 6, ADMIN_LATEST, 0);
	wait_done(t);
	assert_true(t->replies >= 2); /* nobody waited for it */
	for (int i = 0; i < 6; i++)
		assert_int_equal(
			t->offsets[i].error, i % 3 == 2 ? KERR_NETWORK_EXCEPTION : KERR_NONE);
	assert_non_null(strstr(t->text, t->fake[2]->address));
}

static void partition_without_leader(void **state)
{
	struct test *t = *state;

	open_client(t);
	t->leader[4] = -1;
	ask_offsets(t, 6, ADMIN_LATEST, 0);
	wait_done(t);
	assert_int_equal(t->offsets[4].error, KERR_LEADER_NOT_AVAILABLE);
	assert_int_equal(t->offsets[3].error, 0);
}

static void silent_leader_times_out(void **state)
{
	struct test *t = *state;

	t->opt.request_timeout_ms = 50;
	open_client(t);
	refresh(t);
	t->act = FAKE_SILENCE;
	ask_offsets(t, 1, ADMIN_LATEST, 0);
	wait_done(t);
	assert_int_equal(t->offsets[0].error, KERR_REQUEST_TIMED_OUT);
	assert_non_null(strstr(t->text, t->fake[0]->address));
}

static void deadline_ends_a_question(void **state)
{
	struct test *t = *state;
	struct metadata_request r;

	open_client(t);
	refresh(t);
	for (int i = 0; i < BROKERS; i++)
		fake_on(t->fake[i], API_METADATA, NULL, NULL);
	msg_init(&metadata_request_desc, &r);
	admin_call(t->admin, API_METADATA, &r, &ADMIN_TO_CONTROLLER, 40, on_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, ERR_TIMEOUT);
	assert_non_null(strstr(t->err.msg, "Metadata"));
}

static void every_broker(void **state)
{
	struct test *t = *state;

	open_client(t);
	admin_describe_log_dirs(t->admin, NULL, on_each, t);
	wait_done(t);
	assert_int_equal(t->replies, 3);
	assert_int_equal(t->brokers_with_error, 0);
	fake_stop(t->fake[2]);
	t->replies = 0;
	admin_describe_log_dirs(t->admin, NULL, on_each, t);
	wait_done(t);
	assert_int_equal(t->replies, 3);
	assert_int_equal(t->brokers_with_error, 3);
	assert_non_null(strstr(t->err.msg, t->fake[2]->address));
}

static void records(void **state)
{
	struct test *t = *state;
	struct admin_fetch ask = {.topic = STR_LIT("orders"), .partition = 1};
	struct admin_fetch_options tail = {.max_wait_ms = 60000};

	open_client(t);
	refresh(t);
	admin_fetch(t->admin, &ask, 1, NULL, on_fetch, t);
	wait_done(t);
	assert_string_equal(t->fetched, "1 batches 99");
	/* A fetch that waits holds up neither questions nor other fetches. */
	admin_fetch(t->admin, &ask, 1, &tail, on_fetch, t);
	t->leader[1] = 1;
	admin_fetch(t->admin, &ask, 1, NULL, on_fetch, t);
	wait_done(t);
	assert_int_equal(t->fetch_error, 0);
	t->replies = 0;
	ask_offsets(t, 6, ADMIN_LATEST, 0);
	wait_done(t);
	assert_int_equal(admin_pending(t->admin), 1);
}

static void old_brokers(void **state)
{
	struct test *t = *state;
	struct delete_topics_request_topics name = {.name = STR_LIT("orders")};
	struct delete_topics_request del = {.topics = &name, .n_topics = 1};
	struct admin_fetch ask = {.topic = STR_LIT("orders"), .partition = 1};
	struct str orders = STR_LIT("orders");

	for (int i = 0; i < BROKERS; i++) {
		fake_offer(t->fake[i], API_METADATA, 0, 3);
		fake_offer(t->fake[i], API_DELETE_TOPICS, 0, 3);
		fake_offer(t->fake[i], API_DESCRIBE_CLUSTER, 0, -1);
		fake_offer(t->fake[i], API_LIST_OFFSETS, 0, 1);
		fake_offer(t->fake[i], API_FETCH, 0, 11);
	}
	open_client(t);
	admin_refresh(t->admin, &orders, 1, 0, on_refresh, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	assert_non_null(admin_topic_find(t->admin, orders));
	admin_delete_topics(t->admin, &del, on_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	admin_describe_cluster(t->admin, true, on_cluster, t);
	wait_done(t);
	assert_int_equal(t->n, 3);
	t->replies = 0;
	ask_offsets(t, 6, ADMIN_LATEST, 0);
	wait_done(t);
	assert_int_equal(t->offsets[5].offset, 1005);
	admin_fetch(t->admin, &ask, 1, NULL, on_fetch, t);
	wait_done(t);
	assert_string_equal(t->fetched, "1 batches 99");
}

static void configs_are_merged_for_old_brokers(void **state)
{
	struct test *t = *state;
	struct incremental_alter_configs_request_configs c[] = {
		{STR_LIT("cleanup.policy"), ADMIN_CONFIG_APPEND, STR_LIT("compact")},
		{STR_LIT("segment.bytes"), ADMIN_CONFIG_SET, STR_LIT("2048")},
	};
	struct incremental_alter_configs_request_resources res = {
		ADMIN_RESOURCE_TOPIC, STR_LIT("orders"), c, 2};
	struct incremental_alter_configs_request r = {&res, 1, false};

	for (int i = 0; i < BROKERS; i++)
		fake_offer(t->fake[i], API_INCREMENTAL_ALTER_CONFIGS, 0, -1);
	open_client(t);
	admin_alter_configs(t->admin, &r, on_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	assert_string_equal(
		t->text, "retention.ms=100;cleanup.policy=delete,compact;segment.bytes=2048;");
	/* A secret that would be lost. */
	t->code = 1;
	admin_alter_configs(t->admin, &r, on_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(t->err.msg, "retention.ms"));
}

static void configs_go_to_their_broker(void **state)
{
	struct test *t = *state;
	struct describe_configs_request_resources res[2] = {
		{ADMIN_RESOURCE_BROKER, STR_LIT("3"), NULL, -1},
		{ADMIN_RESOURCE_TOPIC, STR_LIT("orders"), NULL, -1}};
	struct describe_configs_request r = {.resources = res, .n_resources = 1};

	open_client(t);
	admin_describe_configs(t->admin, &r, on_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->fake[2]->seen[API_DESCRIBE_CONFIGS], 1);
	r.n_resources = 2;
	admin_describe_configs(t->admin, &r, on_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, ERR_INVALID);
	r.n_resources = 1;
	res[0].resource_name = STR_LIT("9");
	admin_describe_configs(t->admin, &r, on_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(t->err.msg, "1, 2, 3"));
}

static void cancelled_is_not_called(void **state)
{
	struct test *t = *state;
	struct admin_offset one = {.topic = STR_LIT("orders"), .replica = -1, .timestamp = -1};

	open_client(t);
	admin_cancel(t->admin, admin_list_offsets(t->admin, &one, 1, NULL, on_offsets, t));
	admin_cancel(t->admin, admin_describe_log_dirs(t->admin, NULL, on_each, t));
	admin_cancel(t->admin, admin_refresh(t->admin, NULL, 0, 0, on_refresh, t));
	admin_cancel(t->admin, admin_describe_cluster(t->admin, false, on_cluster, t));
	admin_cancel(t->admin, 4711);
	assert_int_equal(admin_pending(t->admin), 0);
	refresh(t);
	admin_cancel(t->admin, admin_list_offsets(t->admin, &one, 1, NULL, on_offsets, t));
	/* And freed with all in flight, after a few turns. */
	for (int turns = 0; turns < 4; turns++) {
		admin_list_offsets(t->admin, &one, 1, NULL, on_offsets, t);
		admin_describe_log_dirs(t->admin, NULL, on_each, t);
		admin_refresh(t->admin, NULL, 0, 0, on_refresh, t);
		admin_describe_cluster(t->admin, false, on_cluster, t);
		for (int i = 0; i < turns; i++)
			loop_run_once(t->loop, false);
		admin_free(t->admin);
		t->replies = 0;
		open_client(t);
	}
	assert_int_equal(t->replies, 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(addresses),
		T(metadata_fills_the_cache),
		T(refreshes_share_a_request),
		T(dead_bootstrap_does_not_block),
		T(silent_bootstrap_does_not_block),
		T(nobody_answers),
		T(controller_has_moved),
		T(controller_is_dead),
		T(errors_name_the_item),
		T(lost_change_is_not_repeated),
		T(offsets_take_one_request_a_broker),
		T(offsets_without_a_cache),
		T(both_ends_and_replicas_at_once),
		T(no_offsets),
		T(leader_has_moved),
		T(one_broker_is_dead),
		T(partition_without_leader),
		T(silent_leader_times_out),
		T(deadline_ends_a_question),
		T(every_broker),
		T(records),
		T(old_brokers),
		T(configs_are_merged_for_old_brokers),
		T(configs_go_to_their_broker),
		T(cancelled_is_not_called),
	};
	return cmocka_run_group_tests_name("admin", tests, NULL, NULL);
}
