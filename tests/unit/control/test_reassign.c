/* Replicas on the move: begin, replace, cancel, list, and the end inside AlterPartition. */
#include <stdio.h>

#include "fixture.h"

static void assert_ids(struct meta_ids ids, const char *expected)
{
	char text[64] = "";

	for (int32_t i = 0; i < ids.n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d", i ? "," : "",
			ids.v[i]);
	assert_string_equal(text, expected);
}

static void set_ids(struct meta_ids *ids, int32_t n, const int32_t *v)
{
	free(ids->v);
	ids->v = n ? xmemdup(v, (size_t)n * sizeof(*v)) : NULL;
	ids->n = n;
}

/* Five brokers; partition 0 of t on 1, 2, 3, led by 1. */
static void setup(struct fixture *f)
{
	static const int32_t three[] = {1, 2, 3};

	fixture_init(f, 5, NULL);
	assert_int_equal(fixture_topic(f, "t", 1, 3), 0);
	set_ids(&part(f, 0)->replicas, 3, three);
	set_ids(&part(f, 0)->isr, 3, three);
	part(f, 0)->leader = 1;
}

static int16_t ask(struct fixture *f, int32_t index, const int32_t *ids, int32_t n, bool change)
{
	struct alter_partition_reassignments_request_partitions p = {
		index, (int32_t *)(uintptr_t)ids, n};
	struct alter_partition_reassignments_request_topics t = {STR_LIT("t"), &p, 1};
	struct alter_partition_reassignments_request q = {
		.allow_replication_factor_change = change, .topics = &t, .n_topics = 1};
	struct alter_partition_reassignments_response a;

	assert_int_equal(control_alter_reassignments(&f->env, &q, &a, &f->out), 0);
	assert_int_equal(a.error_code, 0);
	assert_int_equal(a.n_responses, 1);
	assert_int_equal(a.responses[0].n_partitions, 1);
	fixture_apply(f);
	if (a.responses[0].partitions[0].error_code)
		assert_true(a.responses[0].partitions[0].error_message.n > 10);
	return a.responses[0].partitions[0].error_code;
}

#define MOVE(f, ...)                              \
	ask(f, 0, (const int32_t[]){__VA_ARGS__}, \
		(int32_t)(sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t)), true)

/* The leader asks for this ISR; gives the partition's error code. */
static int16_t alter(struct fixture *f, const int32_t *ids, int32_t n)
{
	struct alter_partition_request_new_isr_with_epochs isr[8];
	struct alter_partition_request_partitions p = {.leader_epoch = part(f, 0)->leader_epoch,
		.partition_epoch = part(f, 0)->partition_epoch,
		.new_isr_with_epochs = isr,
		.n_new_isr_with_epochs = n};
	struct alter_partition_request_topics t = {
		.topic_id = image_topic(&f->image, STR_LIT("t"))->id,
		.partitions = &p,
		.n_partitions = 1};
	struct alter_partition_request q = {.broker_id = part(f, 0)->leader,
		.broker_epoch = image_broker(&f->image, part(f, 0)->leader)->epoch,
		.topics = &t,
		.n_topics = 1};
	struct alter_partition_response a;
	struct alter_partition_response_partitions *r;

	for (int32_t i = 0; i < n; i++)
		isr[i] = (struct alter_partition_request_new_isr_with_epochs){ids[i], -1};
	assert_int_equal(control_alter_partition(&f->env, &q, &a, &f->out), 0);
	fixture_apply(f);
	r = &a.topics[0].partitions[0];
	if (r->error_code == 0) {
		assert_int_equal(r->leader_id, part(f, 0)->leader);
		assert_int_equal(r->leader_epoch, part(f, 0)->leader_epoch);
		assert_int_equal(r->partition_epoch, part(f, 0)->partition_epoch);
		assert_int_equal(r->n_isr, part(f, 0)->isr.n);
	}
	return r->error_code;
}

#define ISR(f, ...)                              \
	alter(f, (const int32_t[]){__VA_ARGS__}, \
		(int32_t)(sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t)))

static int32_t listed(struct fixture *f, bool named)
{
	int32_t zero = 0;
	struct list_partition_reassignments_request_topics t = {STR_LIT("t"), &zero, 1};
	struct list_partition_reassignments_request q = {
		.topics = named ? &t : NULL, .n_topics = named ? 1 : -1};
	struct list_partition_reassignments_response a;

	assert_int_equal(control_list_reassignments(&f->env, &q, &a), 0);
	if (a.n_topics == 0)
		return 0;
	assert_true(str_eqz(a.topics[0].name, "t"));
	assert_int_equal(a.topics[0].partitions[0].n_replicas, part(f, 0)->replicas.n);
	assert_int_equal(a.topics[0].partitions[0].n_adding_replicas, part(f, 0)->adding.n);
	assert_int_equal(a.topics[0].partitions[0].n_removing_replicas, part(f, 0)->removing.n);
	return a.topics[0].n_partitions;
}

/* All three replicas go elsewhere or leave; the lead goes with them when the last is in sync. */
static void test_move(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	assert_int_equal(listed(&f, false), 0);
	assert_int_equal(MOVE(&f, 4, 5, 2), 0);
	assert_ids(part(&f, 0)->replicas, "4,5,2,1,3");
	assert_ids(part(&f, 0)->adding, "4,5");
	assert_ids(part(&f, 0)->removing, "1,3");
	assert_ids(part(&f, 0)->isr, "1,2,3");
	assert_int_equal(part(&f, 0)->leader, 1);
	assert_int_equal(part(&f, 0)->leader_epoch, 0);
	assert_int_equal(listed(&f, false), 1);
	assert_int_equal(listed(&f, true), 1);
	assert_int_equal(ISR(&f, 1, 2, 3, 4), 0);
	assert_int_equal(part(&f, 0)->adding.n, 2);
	assert_int_equal(ISR(&f, 1, 2, 3, 4, 5), KERR_NEW_LEADER_ELECTED);
	assert_ids(part(&f, 0)->replicas, "4,5,2");
	assert_ids(part(&f, 0)->isr, "2,4,5");
	assert_int_equal(part(&f, 0)->leader, 4);
	assert_int_equal(part(&f, 0)->leader_epoch, 1);
	assert_int_equal(part(&f, 0)->adding.n + part(&f, 0)->removing.n, 0);
	assert_int_equal(listed(&f, true), 0);
	fixture_fini(&f);
}

/* The leader is among the wanted: it stays, in a new epoch since replicas were removed. */
static void test_leader_stays(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	assert_int_equal(MOVE(&f, 1, 4), 0);
	assert_int_equal(ISR(&f, 1, 2, 3, 4), 0);
	assert_ids(part(&f, 0)->replicas, "1,4");
	assert_ids(part(&f, 0)->isr, "1,4");
	assert_int_equal(part(&f, 0)->leader, 1);
	assert_int_equal(part(&f, 0)->leader_epoch, 1);
	fixture_fini(&f);
}

/* Nothing to wait for: done at once. */
static void test_at_once(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	assert_int_equal(MOVE(&f, 3, 2, 1), 0);
	assert_ids(part(&f, 0)->replicas, "3,2,1");
	assert_int_equal(part(&f, 0)->leader, 1);
	assert_int_equal(part(&f, 0)->leader_epoch, 0);
	assert_int_equal(listed(&f, false), 0);
	assert_int_equal(MOVE(&f, 3), 0);
	assert_ids(part(&f, 0)->replicas, "3");
	assert_ids(part(&f, 0)->isr, "3");
	assert_int_equal(part(&f, 0)->leader, 3);
	assert_int_equal(listed(&f, false), 0);
	/* Nobody of the wanted is in sync: they wait. */
	assert_int_equal(MOVE(&f, 4), 0);
	assert_int_equal(listed(&f, false), 1);
	assert_int_equal(part(&f, 0)->leader, 3);
	fixture_fini(&f);
}

static void test_replace(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	assert_int_equal(MOVE(&f, 1, 2, 4), 0);
	assert_int_equal(ISR(&f, 1, 2, 3), 0);
	assert_int_equal(MOVE(&f, 1, 2, 5), 0);
	assert_ids(part(&f, 0)->replicas, "1,2,5,3");
	assert_ids(part(&f, 0)->adding, "5");
	assert_ids(part(&f, 0)->removing, "3");
	/* The same once more: 5 is still one to wait for. */
	assert_int_equal(MOVE(&f, 1, 2, 5), 0);
	assert_ids(part(&f, 0)->adding, "5");
	assert_int_equal(ask(&f, 0, NULL, -1, true), 0);
	assert_ids(part(&f, 0)->replicas, "1,2,3");
	assert_ids(part(&f, 0)->isr, "1,2,3");
	assert_int_equal(listed(&f, false), 0);
	fixture_fini(&f);
}

/* Only the replica to add is in sync: it stays for as long as nobody else has the data. */
static void test_last_in_sync(void **state)
{
	static const int32_t four[] = {4};
	struct fixture f;

	(void)state;
	setup(&f);
	assert_int_equal(MOVE(&f, 1, 2, 4), 0);
	set_ids(&part(&f, 0)->isr, 1, four);
	part(&f, 0)->leader = 4;
	assert_int_equal(ask(&f, 0, NULL, -1, true), KERR_INVALID_REPLICA_ASSIGNMENT);
	assert_int_equal(part(&f, 0)->leader, 4);
	assert_int_equal(MOVE(&f, 1, 2, 5), 0);
	assert_ids(part(&f, 0)->isr, "4");
	assert_true(meta_ids_find(part(&f, 0)->removing, 4) >= 0);
	assert_int_equal(part(&f, 0)->leader, 4);
	assert_int_equal(ISR(&f, 4, 5), KERR_NEW_LEADER_ELECTED);
	assert_ids(part(&f, 0)->replicas, "1,2,5");
	assert_ids(part(&f, 0)->isr, "5");
	assert_int_equal(part(&f, 0)->leader, 5);
	f.set.unclean_leader_election = true;
	assert_int_equal(MOVE(&f, 1, 2, 4), 0);
	set_ids(&part(&f, 0)->isr, 1, four);
	part(&f, 0)->leader = 4;
	assert_int_equal(ask(&f, 0, NULL, -1, true), 0);
	assert_int_equal(part(&f, 0)->isr.n, 1);
	assert_int_equal(part(&f, 0)->recovery, 1);
	fixture_fini(&f);
}

static void test_bad_requests(void **state)
{
	static const int32_t twice[] = {1, 1}, stranger[] = {1, 9}, negative[] = {-1};
	static const int32_t two[] = {1, 4};
	struct alter_partition_reassignments_request_partitions both[] = {
		{0, NULL, -1}, {0, NULL, -1}};
	struct alter_partition_reassignments_request_topics t = {STR_LIT("t"), both, 2};
	struct alter_partition_reassignments_request q = {.topics = &t, .n_topics = 1};
	struct alter_partition_reassignments_response a;
	struct fixture f;

	(void)state;
	setup(&f);
	assert_int_equal(ask(&f, 0, NULL, -1, true), KERR_NO_REASSIGNMENT_IN_PROGRESS);
	assert_int_equal(ask(&f, 0, twice, 2, true), KERR_INVALID_REPLICA_ASSIGNMENT);
	assert_int_equal(ask(&f, 0, stranger, 2, true), KERR_INVALID_REPLICA_ASSIGNMENT);
	assert_int_equal(ask(&f, 0, negative, 1, true), KERR_INVALID_REPLICA_ASSIGNMENT);
	assert_int_equal(ask(&f, 0, twice, 0, true), KERR_INVALID_REPLICA_ASSIGNMENT);
	assert_int_equal(ask(&f, 1, two, 2, true), KERR_UNKNOWN_TOPIC_OR_PARTITION);
	assert_int_equal(ask(&f, -1, two, 2, true), KERR_UNKNOWN_TOPIC_OR_PARTITION);
	assert_int_equal(ask(&f, 0, two, 2, false), KERR_INVALID_REPLICATION_FACTOR);
	assert_int_equal(part(&f, 0)->partition_epoch, 0);
	assert_int_equal(control_alter_reassignments(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.error_code, KERR_INVALID_REQUEST);
	t.name = STR_LIT("nobody");
	t.n_partitions = 1;
	assert_int_equal(control_alter_reassignments(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.responses[0].partitions[0].error_code, KERR_UNKNOWN_TOPIC_OR_PARTITION);
	/* Without leave to change it, the factor is the one there will be. */
	assert_int_equal(MOVE(&f, 1, 4), 0);
	assert_int_equal(ask(&f, 0, (const int32_t[]){1, 5}, 2, false), 0);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_leader_stays),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_last_in_sync),
		cmocka_unit_test(test_bad_requests),
	};

	return cmocka_run_group_tests_name("reassign", tests, NULL, NULL);
}
