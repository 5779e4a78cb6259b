/* Leaders and in-sync replicas: fencing, elections, AlterPartition, registration. */
#include "fixture.h"

/* Three brokers, six partitions of three replicas. */
static void setup_cluster(struct fixture *f)
{
	fixture_init(f, 3, NULL);
	assert_int_equal(fixture_topic(f, "t", 6, 3), 0);
}

static void test_fencing(void **state)
{
	struct fixture f;

	(void)state;
	setup_cluster(&f);
	assert_int_equal(control_fence_broker(&f.env, 2, &f.out), 0);
	fixture_apply(&f);
	assert_true(image_broker(&f.image, 2)->fenced);
	for (int32_t i = 0; i < 6; i++) {
		assert_int_not_equal(part(&f, i)->leader, 2);
		assert_int_equal(part(&f, i)->isr.n, 2);
		assert_int_equal(
			part(&f, i)->leader_epoch, part(&f, i)->replicas.v[0] == 2 ? 1 : 0);
	}
	assert_int_equal(control_fence_broker(&f.env, 2, &f.out), 0);
	assert_int_equal(f.out.records.list.n, 0);
	for (int32_t id = 1; id <= 3; id += 2) {
		assert_int_equal(control_fence_broker(&f.env, id, &f.out), 0);
		fixture_apply(&f);
	}
	for (int32_t i = 0; i < 6; i++) {
		assert_int_equal(part(&f, i)->leader, META_NO_LEADER);
		assert_int_equal(part(&f, i)->isr.n, 1);
	}
	fixture_fini(&f);
}

static int16_t elect_one(struct fixture *f, int8_t type, int32_t index)
{
	struct elect_leaders_request_topic_partitions t = {STR_LIT("t"), &index, 1};
	struct elect_leaders_request q = {
		.election_type = type, .topic_partitions = &t, .n_topic_partitions = 1};
	struct elect_leaders_response a;

	assert_int_equal(control_elect_leaders(&f->env, &q, &a, &f->out), 0);
	assert_int_equal(a.error_code, 0);
	fixture_apply(f);
	return a.replica_election_results[0].partition_result[0].error_code;
}

static void test_elections(void **state)
{
	struct fixture f;
	struct image_partition *p;

	(void)state;
	setup_cluster(&f);
	assert_int_equal(elect_one(&f, 0, 0), KERR_ELECTION_NOT_NEEDED);
	assert_int_equal(elect_one(&f, 1, 0), KERR_ELECTION_NOT_NEEDED);
	assert_int_equal(elect_one(&f, 0, 6), KERR_UNKNOWN_TOPIC_OR_PARTITION);
	assert_int_equal(elect_one(&f, 0, -1), KERR_UNKNOWN_TOPIC_OR_PARTITION);
	p = part(&f, 0);
	p->leader = p->replicas.v[1];
	assert_int_equal(elect_one(&f, 0, 0), KERR_NONE);
	assert_int_equal(p->leader, p->replicas.v[0]);
	assert_int_equal(p->leader_epoch, 1);
	p->leader = p->replicas.v[1];
	p->isr.n = 2;
	p->isr.v[0] = p->replicas.v[2];
	assert_int_equal(elect_one(&f, 0, 0), KERR_PREFERRED_LEADER_NOT_AVAILABLE);
	fixture_fence(&f, p->replicas.v[0]);
	assert_int_equal(elect_one(&f, 0, 0), KERR_PREFERRED_LEADER_NOT_AVAILABLE);
	/* Offline with the last in-sync replica fenced: only an unclean election helps. */
	p->leader = META_NO_LEADER;
	p->isr.n = 1;
	p->isr.v[0] = p->replicas.v[0];
	assert_int_equal(elect_one(&f, 1, 0), KERR_NONE);
	assert_int_equal(p->leader, p->replicas.v[1]);
	assert_int_equal(p->isr.n, 1);
	assert_int_equal(p->isr.v[0], p->leader);
	assert_int_equal(p->recovery, 1);
	p->leader = META_NO_LEADER;
	for (int32_t id = 1; id <= 3; id++)
		fixture_fence(&f, id);
	assert_int_equal(elect_one(&f, 1, 0), KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE);
	fixture_fini(&f);
}

/* Without a list all partitions are looked at; the answer names only those that need it. */
static void test_elect_everywhere(void **state)
{
	struct elect_leaders_request q = {.n_topic_partitions = -1};
	struct elect_leaders_response a;
	int32_t twice[] = {1, 1};
	struct elect_leaders_request_topic_partitions t = {STR_LIT("t"), twice, 2};
	struct fixture f;

	(void)state;
	setup_cluster(&f);
	part(&f, 4)->leader = part(&f, 4)->replicas.v[2];
	assert_int_equal(control_elect_leaders(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.n_replica_election_results, 1);
	assert_int_equal(a.replica_election_results[0].n_partition_result, 1);
	assert_int_equal(a.replica_election_results[0].partition_result[0].partition_id, 4);
	fixture_apply(&f);
	assert_int_equal(part(&f, 4)->leader, part(&f, 4)->replicas.v[0]);
	assert_int_equal(control_elect_leaders(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.n_replica_election_results, 0);
	q = (struct elect_leaders_request){.topic_partitions = &t, .n_topic_partitions = 1};
	assert_int_equal(control_elect_leaders(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.error_code, KERR_INVALID_REQUEST);
	q.election_type = 5;
	assert_int_equal(control_elect_leaders(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.error_code, KERR_INVALID_REQUEST);
	fixture_fini(&f);
}

/* Partition 0 with its leader asking; what differs from a good request gives the code. */
struct alteration {
	const char *what;
	int32_t leader_epoch, partition_epoch;
	int n_isr; /* of the replicas, in order */
	int swap;  /* put this in the last place; -1: the last one first, without the leader
		    */
	int8_t recovery;
	int16_t code;
};

static void ask_for(
	struct fixture *f, const struct alteration *r, struct alter_partition_response *a)
{
	struct alter_partition_request_new_isr_with_epochs isr[3];
	struct alter_partition_request_partitions p = {.new_isr_with_epochs = isr};
	struct alter_partition_request_topics t = {.partitions = &p, .n_partitions = 1};
	struct alter_partition_request q = {.topics = &t, .n_topics = 1};

	t.topic_id = image_topic(&f->image, STR_LIT("t"))->id;
	q.broker_id = part(f, 0)->leader;
	q.broker_epoch = image_broker(&f->image, q.broker_id)->epoch;
	p.leader_epoch = r->leader_epoch;
	p.partition_epoch = r->partition_epoch;
	p.leader_recovery_state = r->recovery;
	p.n_new_isr_with_epochs = r->n_isr;
	for (int k = 0; k < 3; k++)
		isr[k] = (struct alter_partition_request_new_isr_with_epochs){
			part(f, 0)->replicas.v[k], -1};
	if (r->swap < 0)
		isr[0].broker_id = isr[2].broker_id;
	else if (r->swap)
		isr[r->n_isr - 1].broker_id = r->swap;
	assert_int_equal(control_alter_partition(&f->env, &q, a, &f->out), 0);
	assert_int_equal(a->error_code, 0);
}

static void check_alteration(const struct alteration *r)
{
	struct alter_partition_response a;
	struct fixture f;

	setup_cluster(&f);
	ask_for(&f, r, &a);
	assert_int_equal(a.topics[0].partitions[0].error_code, r->code);
	assert_int_equal(f.out.records.list.n, r->code == 0 && r->n_isr != 3 ? 1 : 0);
	fixture_apply(&f);
	if (r->code == 0) {
		assert_int_equal(part(&f, 0)->isr.n, r->n_isr);
		assert_int_equal(part(&f, 0)->leader_epoch, 0);
		assert_int_equal(
			part(&f, 0)->partition_epoch, a.topics[0].partitions[0].partition_epoch);
		assert_int_equal(a.topics[0].partitions[0].n_isr, r->n_isr);
	}
	fixture_fini(&f);
}

static void test_alter_partition(void **state)
{
	static const struct alteration rows[] = {
		{"shrink", 0, 0, 2, 0, 0, KERR_NONE},
		{"as it is", 0, 0, 3, 0, 0, KERR_NONE},
		{"old leader epoch", -1, 0, 2, 0, 0, KERR_FENCED_LEADER_EPOCH},
		{"later leader epoch", 1, 0, 2, 0, 0, KERR_NOT_CONTROLLER},
		{"old partition epoch", 0, -1, 2, 0, 0, KERR_INVALID_UPDATE_VERSION},
		{"later partition epoch", 0, 1, 2, 0, 0, KERR_NOT_CONTROLLER},
		{"nobody", 0, 0, 0, 0, 0, KERR_INVALID_REQUEST},
		{"a stranger", 0, 0, 2, 9, 0, KERR_INVALID_REQUEST},
		{"without the leader", 0, 0, 1, -1, 0, KERR_INVALID_REQUEST},
		{"begins recovery", 0, 0, 1, 0, 1, KERR_INVALID_REQUEST},
		{"no such state", 0, 0, 1, 0, 2, KERR_INVALID_REQUEST},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_alteration(&rows[i]);
}

static void test_partition_twice(void **state)
{
	struct alter_partition_request_new_isr_with_epochs isr[2];
	struct alter_partition_request_partitions p = {
		.new_isr_with_epochs = isr, .n_new_isr_with_epochs = 2};
	struct alter_partition_request_topics t[2];
	struct alter_partition_request q = {.topics = t, .n_topics = 2};
	struct alter_partition_response a;
	struct fixture f;

	(void)state;
	setup_cluster(&f);
	q.broker_id = part(&f, 0)->leader;
	q.broker_epoch = image_broker(&f.image, q.broker_id)->epoch;
	for (int i = 0; i < 2; i++) {
		isr[i] = (struct alter_partition_request_new_isr_with_epochs){
			part(&f, 0)->replicas.v[i], -1};
		t[i] = (struct alter_partition_request_topics){
			.topic_id = image_topic(&f.image, STR_LIT("t"))->id,
			.partitions = &p,
			.n_partitions = 1};
	}
	assert_int_equal(control_alter_partition(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.error_code, KERR_INVALID_REQUEST);
	assert_int_equal(f.out.records.list.n, 0);
	fixture_fini(&f);
}

static void test_ineligible(void **state)
{
	struct alter_partition_request_new_isr_with_epochs isr[3];
	struct alter_partition_request_partitions p = {
		.new_isr_with_epochs = isr, .n_new_isr_with_epochs = 3};
	struct alter_partition_request_topics t = {.partitions = &p, .n_partitions = 1};
	struct alter_partition_request q = {.topics = &t, .n_topics = 1};
	struct alter_partition_response a;
	struct fixture f;

	(void)state;
	setup_cluster(&f);
	t.topic_id = image_topic(&f.image, STR_LIT("t"))->id;
	q.broker_id = part(&f, 0)->leader;
	q.broker_epoch = image_broker(&f.image, q.broker_id)->epoch;
	for (int k = 0; k < 3; k++)
		isr[k] = (struct alter_partition_request_new_isr_with_epochs){
			part(&f, 0)->replicas.v[k], -1};
	image_broker(&f.image, isr[1].broker_id)->epoch = 76;
	for (int64_t epoch = 75; epoch <= 77; epoch += 2) {
		isr[1].broker_epoch = epoch;
		assert_int_equal(control_alter_partition(&f.env, &q, &a, &f.out), 0);
		assert_int_equal(a.topics[0].partitions[0].error_code, KERR_INELIGIBLE_REPLICA);
	}
	isr[1].broker_epoch = image_broker(&f.image, isr[1].broker_id)->epoch;
	fixture_fence(&f, isr[2].broker_id);
	assert_int_equal(control_alter_partition(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.topics[0].partitions[0].error_code, KERR_INELIGIBLE_REPLICA);
	t.topic_id.b[0] ^= 1;
	assert_int_equal(control_alter_partition(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.topics[0].partitions[0].error_code, KERR_UNKNOWN_TOPIC_ID);
	q.broker_epoch = 55;
	assert_int_equal(control_alter_partition(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.error_code, KERR_STALE_BROKER_EPOCH);
	fixture_fini(&f);
}

static void test_registration(void **state)
{
	struct broker_registration_request_listeners l = {
		STR_LIT("PLAINTEXT"), STR_LIT("localhost"), 9092, 0};
	struct broker_registration_request_features feature = {STR_LIT("metadata.version"), 1, 25};
	struct broker_registration_request q;
	struct broker_registration_response a;
	struct fixture f;

	(void)state;
	setup_cluster(&f);
	msg_init(&broker_registration_request_desc, &q);
	q.broker_id = 4;
	q.cluster_id = STR_LIT("other");
	q.listeners = &l;
	q.n_listeners = 1;
	q.features = &feature;
	q.n_features = 1;
	assert_int_equal(control_register_broker(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.error_code, KERR_INCONSISTENT_CLUSTER_ID);
	q.cluster_id = STR_LIT("test");
	assert_int_equal(control_register_broker(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.error_code, 0);
	assert_int_equal(a.broker_epoch, f.offset);
	fixture_apply(&f);
	assert_true(image_broker(&f.image, 4)->fenced);
	assert_int_equal(image_broker(&f.image, 4)->n_features, 1);
	assert_int_equal(image_broker(&f.image, 4)->features[0].max, 25);
	assert_true(str_eqz(image_broker(&f.image, 4)->endpoints[0].host, "localhost"));
	/* A stranger under a live broker's id. */
	q.broker_id = 1;
	q.incarnation_id.b[0] = 9;
	assert_int_equal(control_register_broker(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.error_code, KERR_DUPLICATE_BROKER_REGISTRATION);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fencing),
		cmocka_unit_test(test_elections),
		cmocka_unit_test(test_elect_everywhere),
		cmocka_unit_test(test_alter_partition),
		cmocka_unit_test(test_partition_twice),
		cmocka_unit_test(test_ineligible),
		cmocka_unit_test(test_registration),
	};

	return cmocka_run_group_tests_name("leaders", tests, NULL, NULL);
}
