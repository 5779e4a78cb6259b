/* The admin client: elections, reassignments, the quorum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cluster.h"

static enum fake_action say_elected(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct test *t = arg;
	const struct elect_leaders_request *q = request;
	struct elect_leaders_response *r = response;

	(void)h;
	if (f->id != t->controller) {
		r->error_code = KERR_NOT_CONTROLLER;
		return FAKE_ANSWER;
	}
	if (q->n_topic_partitions < 0)
		return FAKE_ANSWER;
	r->replica_election_results =
		MSG_NEW(a, elect_leaders_response_replica_election_results, 1);
	r->n_replica_election_results = 1;
	r->replica_election_results[0].topic = q->topic_partitions[0].topic;
	r->replica_election_results[0].partition_result =
		MSG_NEW(a, elect_leaders_response_partition_result, 1);
	r->replica_election_results[0].n_partition_result = 1;
	r->replica_election_results[0].partition_result[0].partition_id =
		q->topic_partitions[0].partitions[0];
	r->replica_election_results[0].partition_result[0].error_code = t->code;
	return t->act;
}

static enum fake_action say_moving(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	static int32_t replicas[] = {3, 1, 2}, adding[] = {3};
	struct test *t = arg;
	const struct list_partition_reassignments_request *q = request;
	struct list_partition_reassignments_response *r = response;
	struct list_partition_reassignments_response_partitions *p;

	(void)h;
	if (f->id != t->controller) {
		r->error_code = KERR_NOT_CONTROLLER;
		return FAKE_ANSWER;
	}
	assert_int_equal(q->n_topics, -1);
	r->topics = MSG_NEW(a, list_partition_reassignments_response_topics, 1);
	r->n_topics = 1;
	r->topics[0].name = STR_LIT("orders");
	r->topics[0].partitions = p =
		MSG_NEW(a, list_partition_reassignments_response_partitions, 1);
	r->topics[0].n_partitions = 1;
	p->partition_index = 2;
	p->replicas = replicas;
	p->n_replicas = 3;
	p->adding_replicas = adding;
	p->n_adding_replicas = 1;
	return t->act;
}

static enum fake_action say_begun(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct test *t = arg;
	const struct alter_partition_reassignments_request *q = request;
	struct alter_partition_reassignments_response *r = response;

	(void)f;
	(void)h;
	r->responses = MSG_NEW(a, alter_partition_reassignments_response_responses, 1);
	r->n_responses = 1;
	r->responses[0].name = q->topics[0].name;
	r->responses[0].partitions =
		MSG_NEW(a, alter_partition_reassignments_response_partitions, 1);
	r->responses[0].n_partitions = 1;
	r->responses[0].partitions[0].partition_index = q->topics[0].partitions[0].partition_index;
	r->responses[0].partitions[0].error_code = t->code;
	t->n = (size_t)(q->topics[0].partitions[0].n_replicas + 1);
	return t->act;
}

static enum fake_action say_quorum(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	const struct describe_quorum_request *q = request;
	struct describe_quorum_response *r = response;

	(void)arg;
	(void)f;
	(void)h;
	assert_int_equal(q->n_topics, 1);
	assert_true(str_eqz(q->topics[0].topic_name, "__cluster_metadata"));
	assert_int_equal(q->topics[0].n_partitions, 1);
	r->topics = MSG_NEW(a, describe_quorum_response_topics, 1);
	r->n_topics = 1;
	r->topics[0].topic_name = q->topics[0].topic_name;
	r->topics[0].partitions = MSG_NEW(a, describe_quorum_response_partitions, 1);
	r->topics[0].n_partitions = 1;
	r->topics[0].partitions[0].leader_id = 2;
	r->topics[0].partitions[0].leader_epoch = 7;
	return FAKE_ANSWER;
}

static int setup(void **state)
{
	int rc = cluster_setup(state);
	struct test *t = *state;

	for (int i = 0; i < BROKERS; i++) {
		fake_on(t->fake[i], API_ELECT_LEADERS, say_elected, t);
		fake_on(t->fake[i], API_LIST_PARTITION_REASSIGNMENTS, say_moving, t);
		fake_on(t->fake[i], API_ALTER_PARTITION_REASSIGNMENTS, say_begun, t);
		fake_on(t->fake[i], API_DESCRIBE_QUORUM, say_quorum, t);
	}
	return rc;
}

static void got_list(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	const struct list_partition_reassignments_response *r = response;
	struct test *t = arg;

	got_reply(arg, e, version, response, arena);
	if (r)
		snprintf(t->text, sizeof(t->text), "%.*s-%d %d+%d-%d", STR_ARG(r->topics[0].name),
			r->topics[0].partitions[0].partition_index,
			r->topics[0].partitions[0].n_replicas,
			r->topics[0].partitions[0].n_adding_replicas,
			r->topics[0].partitions[0].n_removing_replicas);
}

static void got_quorum(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	const struct describe_quorum_response *r = response;
	struct test *t = arg;

	got_reply(arg, e, version, response, arena);
	if (r)
		t->n = (size_t)r->topics[0].partitions[0].leader_epoch;
}

static void got_elected(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct test *t = arg;

	got_reply(arg, e, version, response, arena);
	if (response)
		t->code = admin_first_error(API_ELECT_LEADERS, version, response, &t->err, &t->n);
}

static void elect(struct test *t, int8_t type)
{
	int32_t index = 4;
	struct elect_leaders_request_topic_partitions tp = {STR_LIT("orders"), &index, 1};
	struct elect_leaders_request r = {
		.election_type = type, .topic_partitions = &tp, .n_topic_partitions = 1};

	admin_elect_leaders(t->admin, &r, got_elected, t);
	wait_done(t);
}

static void elections_go_to_the_controller(void **state)
{
	struct test *t = *state;

	open_client(t);
	refresh_all(t);
	t->controller = 3; /* and the cache still says 2 */
	elect(t, ADMIN_ELECT_PREFERRED);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->fake[2]->seen[API_ELECT_LEADERS], 1);
	t->code = KERR_PREFERRED_LEADER_NOT_AVAILABLE;
	elect(t, ADMIN_ELECT_PREFERRED);
	assert_int_equal(t->code, KERR_PREFERRED_LEADER_NOT_AVAILABLE);
	assert_non_null(strstr(t->err.msg, "partition orders-4: PREFERRED_LEADER_NOT_AVAILABLE"));
	assert_int_equal(t->fake[2]->seen[API_ELECT_LEADERS], 2);
}

static void lost_election_is_not_repeated(void **state)
{
	struct test *t = *state;

	open_client(t);
	t->act = FAKE_HANG_UP;
	elect(t, ADMIN_ELECT_UNCLEAN);
	assert_int_equal(t->err.code, ERR_CLOSED);
	assert_non_null(strstr(t->err.msg, "look before trying again"));
	assert_int_equal(t->fake[1]->seen[API_ELECT_LEADERS], 1);
}

static void old_brokers_elect_preferred_leaders_only(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < BROKERS; i++)
		fake_offer(t->fake[i], API_ELECT_LEADERS, 0, 0);
	open_client(t);
	elect(t, ADMIN_ELECT_PREFERRED);
	assert_int_equal(t->err.code, 0);
	elect(t, ADMIN_ELECT_UNCLEAN);
	assert_int_equal(t->err.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(t->err.msg, "preferred leaders only"));
}

static void list_again(struct test *t)
{
	struct list_partition_reassignments_request r;

	msg_init(&list_partition_reassignments_request_desc, &r);
	r.n_topics = -1;
	admin_list_reassignments(t->admin, &r, got_list, t);
	wait_done(t);
}

static void moves_are_listed(void **state)
{
	struct test *t = *state;

	open_client(t);
	list_again(t);
	assert_string_equal(t->text, "orders-2 3+1-0");
	/* A question may be repeated where a change may not. */
	t->text[0] = '\0';
	fake_drop(t->fake[1]);
	list_again(t);
	assert_int_equal(t->err.code, 0);
	assert_string_equal(t->text, "orders-2 3+1-0");
	fake_stop(t->fake[1]);
	t->controller = 1;
	list_again(t);
	assert_int_equal(t->err.code, 0);
	assert_string_equal(t->text, "orders-2 3+1-0");
}

static void move(struct test *t, int32_t *replicas, int32_t n, bool other_factor)
{
	struct alter_partition_reassignments_request_partitions p = {2, replicas, n};
	struct alter_partition_reassignments_request_topics topic = {STR_LIT("orders"), &p, 1};
	struct alter_partition_reassignments_request r = {.timeout_ms = 1000,
		.allow_replication_factor_change = other_factor,
		.topics = &topic,
		.n_topics = 1};

	admin_alter_reassignments(t->admin, &r, got_reply, t);
	wait_done(t);
}

static void moves_begin_and_are_cancelled(void **state)
{
	struct test *t = *state;
	int32_t replicas[] = {1, 2};

	open_client(t);
	move(t, replicas, 2, true);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->n, 3);
	move(t, NULL, -1, true);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->n, 0);
	t->act = FAKE_HANG_UP;
	move(t, replicas, 2, true);
	assert_int_equal(t->err.code, ERR_CLOSED);
	assert_int_equal(t->fake[1]->seen[API_ALTER_PARTITION_REASSIGNMENTS], 3);
}

static void old_brokers_change_the_factor(void **state)
{
	struct test *t = *state;
	int32_t replicas[] = {1, 2};

	for (int i = 0; i < BROKERS; i++)
		fake_offer(t->fake[i], API_ALTER_PARTITION_REASSIGNMENTS, 0, 0);
	open_client(t);
	move(t, replicas, 2, false);
	assert_int_equal(t->err.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(t->err.msg, "replication factor"));
	move(t, replicas, 2, true);
	assert_int_equal(t->err.code, 0);
}

static void quorum_is_described_by_any(void **state)
{
	struct test *t = *state;

	open_client(t);
	fake_stop(t->fake[1]);
	fake_stop(t->fake[2]);
	admin_describe_quorum(t->admin, got_quorum, t);
	wait_done(t);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->n, 7);
	assert_int_equal(t->version, 2);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, cluster_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(elections_go_to_the_controller),
		T(lost_election_is_not_repeated),
		T(old_brokers_elect_preferred_leaders_only),
		T(moves_are_listed),
		T(moves_begin_and_are_cancelled),
		T(old_brokers_change_the_factor),
		T(quorum_is_described_by_any),
	};
	return cmocka_run_group_tests_name("admin moves", tests, NULL, NULL);
}
