/* See the header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

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

void got_refresh(void *arg, const struct err *e)
{
	struct test *t = arg;

	t->err = e ? *e : (struct err){0};
	t->replies++;
	t->done = true;
}

void got_reply(
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

void got_created(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct test *t = arg;

	got_reply(arg, e, version, response, arena);
	if (response)
		t->code = admin_first_error(API_CREATE_TOPICS, version, response, &t->err, &t->n);
}

void got_each(void *arg, int32_t broker, const struct err *e, int16_t version, const void *response,
	size_t left)
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

void got_offsets(void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left)
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

void got_fetch(void *arg, const struct admin_fetched *got, size_t n, size_t left)
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

void wait_done(struct test *t)
{
	assert_true(loop_run_until(t->loop, &t->done, 10000));
	t->done = false;
}

void open_client(struct test *t)
{
	struct err e = {0};

	snprintf(t->bootstrap, sizeof(t->bootstrap), "%s,%s,%s", t->fake[0]->address,
		t->fake[1]->address, t->fake[2]->address);
	if (!t->opt.bootstrap)
		t->opt.bootstrap = t->bootstrap;
	t->admin = admin_new(t->loop, &t->opt, &e);
	assert_non_null(t->admin);
}

void refresh_all(struct test *t)
{
	admin_refresh(t->admin, NULL, 0, 0, got_refresh, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	t->replies = 0;
}

int cluster_setup(void **state)
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

int cluster_teardown(void **state)
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

void ask_offsets(struct test *t, size_t n, int64_t timestamp, int64_t timeout_ms)
{
	struct admin_offset *ask = calloc(n, sizeof(*ask));
	struct admin_offsets_options o = {.timeout_ms = timeout_ms};

	for (size_t i = 0; i < n; i++)
		ask[i] = (struct admin_offset){.topic = STR_LIT("orders"),
			.partition = (int32_t)i,
			.replica = -1,
			.timestamp = timestamp};
	admin_list_offsets(t->admin, ask, n, &o, got_offsets, t);
	free(ask);
	assert_int_equal(t->replies, 0);
}

void ask_create(struct test *t, const char *name)
{
	struct create_topics_request_topics topic = {
		.name = str_of(name), .num_partitions = 3, .replication_factor = 1};
	struct create_topics_request r = {.topics = &topic, .n_topics = 1, .timeout_ms = 1000};

	admin_create_topics(t->admin, &r, got_created, t);
}
