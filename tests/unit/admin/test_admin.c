/* The admin client: metadata, routing, changes, older brokers, cancelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cluster.h"

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
	refresh_all(t);
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
	admin_refresh(t->admin, &(struct str){"orders", 6}, 1, 0, got_refresh, t);
	wait_done(t);
	assert_null(admin_topic_find(t->admin, STR_LIT("orders")));
}

static void refreshes_share_a_request(void **state)
{
	struct test *t = *state;
	struct str name = STR_LIT("orders");

	open_client(t);
	refresh_all(t);
	unsigned before = t->fake[0]->seen[3] + t->fake[1]->seen[3] + t->fake[2]->seen[3];
	for (int i = 0; i < 5; i++)
		admin_refresh(t->admin, &name, 1, 0, got_refresh, t);
	while (t->replies < 5)
		loop_run_once(t->loop, true);
	assert_int_equal(
		t->fake[0]->seen[3] + t->fake[1]->seen[3] + t->fake[2]->seen[3], before + 1);
}

/* Metadata of all topics comes from this broker. */
static void asked_is(struct test *t, int at)
{
	unsigned before[BROKERS];

	for (int i = 0; i < BROKERS; i++)
		before[i] = t->fake[i]->seen[API_METADATA];
	for (int i = 0; i < 3; i++)
		refresh_all(t);
	for (int i = 0; i < BROKERS; i++)
		assert_int_equal(t->fake[i]->seen[API_METADATA] - before[i], i == at ? 3 : 0);
}

static void doubted_brokers_are_asked_last(void **state)
{
	struct test *t = *state;

	open_client(t);
	admin_describe_log_dirs(t->admin, NULL, got_each, t); /* connects to all */
	wait_done(t);
	admin_doubt(t->admin, 1, true);
	admin_doubt(t->admin, 2, true);
	admin_doubt(t->admin, 9, true);
	asked_is(t, 2);
	admin_doubt(t->admin, 2, false);
	admin_doubt(t->admin, 3, true);
	asked_is(t, 1);
	/* Better than nobody. */
	fake_stop(t->fake[1]);
	fake_stop(t->fake[2]);
	refresh_all(t);
	asked_is(t, 0);
}

static void dead_bootstrap_does_not_block(void **state)
{
	struct test *t = *state;

	open_client(t);
	fake_stop(t->fake[0]);
	fake_stop(t->fake[1]);
	refresh_all(t);
	assert_int_equal(admin_metadata(t->admin)->n_brokers, 3);
}

static void silent_bootstrap_does_not_block(void **state)
{
	struct test *t = *state;

	open_client(t);
	t->fake[0]->raw = "";
	refresh_all(t);
}

/* Whoever is asked first never answers that; *arg is its id. */
static enum fake_action first_is_silent(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	int32_t *first = arg;

	(void)h;
	(void)request;
	(void)response;
	(void)a;
	*first = *first ? *first : f->id;
	return *first == f->id ? FAKE_SILENCE : FAKE_ANSWER;
}

/* Connected, and it answers other things: the question goes to the next address all the same. */
static void silent_on_one_question(void **state)
{
	struct test *t = *state;
	int32_t first = 0;

	for (int i = 0; i < BROKERS; i++)
		fake_on(t->fake[i], API_DESCRIBE_QUORUM, first_is_silent, &first);
	t->opt.request_timeout_ms = 30;
	open_client(t);
	admin_describe_quorum(t->admin, got_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->fake[first - 1]->seen[API_DESCRIBE_QUORUM], 1);
	/* It alone is left: it is asked all the same. */
	for (int i = 0; i < BROKERS; i++)
		if (i != first - 1)
			fake_stop(t->fake[i]);
	refresh_all(t);
}

static void nobody_answers(void **state)
{
	struct test *t = *state;

	open_client(t);
	for (int i = 0; i < BROKERS; i++)
		fake_stop(t->fake[i]);
	admin_refresh(t->admin, NULL, 0, 0, got_refresh, t);
	wait_done(t);
	assert_int_equal(t->err.code, ERR_REFUSED);
	for (int i = 0; i < BROKERS; i++)
		assert_non_null(strstr(t->err.msg, t->fake[i]->address));
	assert_non_null(strstr(t->err.msg, "refused"));
	/* They come back: so does the client. */
	fake_start(t->fake[1]);
	refresh_all(t);
}

static void controller_has_moved(void **state)
{
	struct test *t = *state;

	open_client(t);
	refresh_all(t);
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
	refresh_all(t);
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

static void deadline_ends_a_question(void **state)
{
	struct test *t = *state;
	struct metadata_request r;

	open_client(t);
	refresh_all(t);
	for (int i = 0; i < BROKERS; i++)
		fake_on(t->fake[i], API_METADATA, NULL, NULL);
	msg_init(&metadata_request_desc, &r);
	admin_call(t->admin, API_METADATA, &r, &ADMIN_TO_CONTROLLER, 40, got_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, ERR_TIMEOUT);
	assert_non_null(strstr(t->err.msg, "Metadata"));
}

static void every_broker(void **state)
{
	struct test *t = *state;

	open_client(t);
	admin_describe_log_dirs(t->admin, NULL, got_each, t);
	wait_done(t);
	assert_int_equal(t->replies, 3);
	assert_int_equal(t->brokers_with_error, 0);
	fake_stop(t->fake[2]);
	t->replies = 0;
	admin_describe_log_dirs(t->admin, NULL, got_each, t);
	wait_done(t);
	assert_int_equal(t->replies, 3);
	assert_int_equal(t->brokers_with_error, 3);
	assert_non_null(strstr(t->err.msg, t->fake[2]->address));
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
		fake_offer(t->fake[i], API_LIST_OFFSETS, 0, 1);
		fake_offer(t->fake[i], API_FETCH, 0, 11);
	}
	open_client(t);
	admin_refresh(t->admin, &orders, 1, 0, got_refresh, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	assert_non_null(admin_topic_find(t->admin, orders));
	admin_delete_topics(t->admin, &del, got_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	t->replies = 0;
	ask_offsets(t, 6, ADMIN_LATEST, 0);
	wait_done(t);
	assert_int_equal(t->offsets[5].offset, 1005);
	admin_fetch(t->admin, &ask, 1, NULL, got_fetch, t);
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
	admin_alter_configs(t->admin, &r, got_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	assert_string_equal(
		t->text, "retention.ms=100;cleanup.policy=delete,compact;segment.bytes=2048;");
	/* A secret that would be lost. */
	t->code = 1;
	admin_alter_configs(t->admin, &r, got_reply, t);
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
	admin_describe_configs(t->admin, &r, got_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->fake[2]->seen[API_DESCRIBE_CONFIGS], 1);
	r.n_resources = 2;
	admin_describe_configs(t->admin, &r, got_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, ERR_INVALID);
	r.n_resources = 1;
	res[0].resource_name = STR_LIT("9");
	admin_describe_configs(t->admin, &r, got_reply, t);
	wait_done(t);
	assert_int_equal(t->err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(t->err.msg, "1, 2, 3"));
}

static void cancelled_is_not_called(void **state)
{
	struct test *t = *state;
	struct admin_offset one = {.topic = STR_LIT("orders"), .replica = -1, .timestamp = -1};

	open_client(t);
	admin_cancel(t->admin, admin_list_offsets(t->admin, &one, 1, NULL, got_offsets, t));
	admin_cancel(t->admin, admin_describe_log_dirs(t->admin, NULL, got_each, t));
	admin_cancel(t->admin, admin_refresh(t->admin, NULL, 0, 0, got_refresh, t));
	admin_cancel(t->admin, admin_describe_quorum(t->admin, got_reply, t));
	admin_cancel(t->admin, 4711);
	assert_int_equal(admin_pending(t->admin), 0);
	refresh_all(t);
	admin_cancel(t->admin, admin_list_offsets(t->admin, &one, 1, NULL, got_offsets, t));
	/* And freed with all in flight, after a few turns. */
	for (int turns = 0; turns < 4; turns++) {
		admin_list_offsets(t->admin, &one, 1, NULL, got_offsets, t);
		admin_describe_log_dirs(t->admin, NULL, got_each, t);
		admin_refresh(t->admin, NULL, 0, 0, got_refresh, t);
		admin_describe_quorum(t->admin, got_reply, t);
		for (int i = 0; i < turns; i++)
			loop_run_once(t->loop, false);
		admin_free(t->admin);
		t->replies = 0;
		open_client(t);
	}
	assert_int_equal(t->replies, 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, cluster_setup, cluster_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(addresses),
		T(metadata_fills_the_cache),
		T(refreshes_share_a_request),
		T(doubted_brokers_are_asked_last),
		T(dead_bootstrap_does_not_block),
		T(silent_bootstrap_does_not_block),
		T(silent_on_one_question),
		T(nobody_answers),
		T(controller_has_moved),
		T(controller_is_dead),
		T(errors_name_the_item),
		T(lost_change_is_not_repeated),
		T(deadline_ends_a_question),
		T(every_broker),
		T(old_brokers),
		T(configs_are_merged_for_old_brokers),
		T(configs_go_to_their_broker),
		T(cancelled_is_not_called),
	};
	return cmocka_run_group_tests_name("admin", tests, NULL, NULL);
}
