/* CreateTopics, CreatePartitions, DeleteTopics, and where replicas go. */
#include "fixture.h"

static const struct create_topics_response_topics *create(struct fixture *f,
	const struct create_topics_request_topics *topics, int32_t n, bool validate_only,
	struct create_topics_response *a)
{
	struct create_topics_request q;

	msg_init(&create_topics_request_desc, &q);
	q.topics = (struct create_topics_request_topics *)(uintptr_t)topics;
	q.n_topics = n;
	q.validate_only = validate_only;
	assert_int_equal(control_create_topics(&f->env, &q, a, &f->out), 0);
	return a->topics;
}

static struct create_topics_request_topics topic(const char *name, int32_t n, int16_t rf)
{
	struct create_topics_request_topics t;

	msg_struct_init(&create_topics_request_topics_struct, &t);
	t.name = str_of(name);
	t.num_partitions = n;
	t.replication_factor = rf;
	return t;
}

static void test_create_table(void **state)
{
	static const struct {
		const char *name;
		int32_t partitions;
		int16_t replicas;
		int16_t code;
		const char *says;
	} rows[] = {
		{"fine", 3, 2, KERR_NONE, NULL},
		{"defaults", -1, -1, KERR_NONE, NULL},
		{"taken", 1, 1, KERR_TOPIC_ALREADY_EXISTS, "already exists"},
		{"a b/c", 1, 1, KERR_INVALID_TOPIC_EXCEPTION, "A name that works: a-b-c"},
		{"..", 1, 1, KERR_INVALID_TOPIC_EXCEPTION, "my-topic"},
		{"", 1, 1, KERR_INVALID_TOPIC_EXCEPTION, "my-topic"},
		{"dotted_name", 1, 1, KERR_INVALID_TOPIC_EXCEPTION, "dotted.name"},
		{"__cluster_metadata", 1, 1, KERR_INVALID_REQUEST, "prohibited"},
		{"x", 0, 1, KERR_INVALID_PARTITIONS, "1 or more"},
		{"x", -2, 1, KERR_INVALID_PARTITIONS, "non-positive"},
		{"x", 1, 0, KERR_INVALID_REPLICATION_FACTOR, "larger than 0"},
		{"x", 1, -2, KERR_INVALID_REPLICATION_FACTOR, "-1"},
		{"x", 0, 0, KERR_INVALID_REPLICATION_FACTOR, NULL},
		{"x", 1, 3, KERR_INVALID_REPLICATION_FACTOR,
			"The target replication factor of 3 cannot be reached because only 2 "
			"broker(s) are registered"},
		{"x", 10001, 1, KERR_POLICY_VIOLATION, "10000"},
		{"x", 10001, 3, KERR_POLICY_VIOLATION, NULL},
		{"x", INT32_MAX, 1, KERR_POLICY_VIOLATION, "split"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct create_topics_request_topics t =
			topic(rows[i].name, rows[i].partitions, rows[i].replicas);
		struct create_topics_response a;
		struct fixture f;

		fixture_init(&f, 2, NULL);
		assert_int_equal(fixture_topic(&f, "taken", 1, 1), 0);
		assert_int_equal(fixture_topic(&f, "dotted.name", 1, 1), 0);
		create(&f, &t, 1, false, &a);
		assert_int_equal(a.topics[0].error_code, rows[i].code);
		assert_true(str_eq(a.topics[0].name, t.name));
		assert_int_equal(str_is_null(a.topics[0].error_message), rows[i].code == 0);
		if (rows[i].says)
			assert_true(contains(a.topics[0].error_message, rows[i].says));
		assert_int_equal(f.out.records.list.n > 0, rows[i].code == 0);
		fixture_apply(&f);
		assert_int_equal(image_topic(&f.image, t.name) != NULL,
			rows[i].code == 0 || rows[i].code == KERR_TOPIC_ALREADY_EXISTS);
		fixture_fini(&f);
	}
}

static void test_create_several(void **state)
{
	struct create_topics_request_topics t[] = {topic("one", 2, 1), topic("twice", 1, 1),
		topic("bad name", 1, 1), topic("twice", 1, 1), topic("a.b", 1, 1),
		topic("a_b", 1, 1), topic("last", 3, 1)};
	static const int16_t codes[] = {KERR_NONE, KERR_INVALID_REQUEST,
		KERR_INVALID_TOPIC_EXCEPTION, KERR_NONE, KERR_INVALID_TOPIC_EXCEPTION, KERR_NONE};
	struct create_topics_response a;
	struct fixture f;

	(void)state;
	fixture_init(&f, 1, NULL);
	create(&f, t, ARRAY_LEN(t), true, &a);
	assert_int_equal(f.out.records.list.n, 0);
	assert_int_equal(a.topics[0].num_partitions, 2);
	/* Kafka gives a topic that is only looked at an id, too. */
	assert_false(uuid_is_zero(&a.topics[0].topic_id));
	create(&f, t, ARRAY_LEN(t), false, &a);
	assert_int_equal(a.n_topics, ARRAY_LEN(codes));
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		assert_int_equal(a.topics[i].error_code, codes[i]);
	fixture_apply(&f);
	assert_int_equal(f.image.topics.n, 3);
	assert_int_equal(f.image.n_partitions, 6);
	assert_true(uuid_eq(&a.topics[0].topic_id, &image_topic(&f.image, STR_LIT("one"))->id));
	fixture_fini(&f);
}

static void test_bound_is_for_the_request(void **state)
{
	struct create_topics_request_topics t[] = {
		topic("big", 9999, 1), topic("two", 2, 1), topic("one", 1, 1)};
	struct create_topics_response a;
	struct fixture f;

	(void)state;
	fixture_init(&f, 3, NULL);
	create(&f, t, 3, false, &a);
	assert_int_equal(a.topics[0].error_code, 0);
	assert_int_equal(a.topics[1].error_code, KERR_POLICY_VIOLATION);
	assert_int_equal(a.topics[2].error_code, 0);
	assert_int_equal(f.out.records.list.n, 10002);
	fixture_fini(&f);
}

/* Every assignment that cannot be, and the two that can. */
static void test_manual(void **state)
{
	static const struct {
		int32_t index[2];
		int32_t ids[2][2];
		int32_t n_ids[2];
		int32_t n;
		int32_t partitions;
		int16_t code;
	} rows[] = {
		{{0, 1}, {{1, 2}, {2, 1}}, {2, 2}, 2, -1, KERR_NONE},
		{{1, 0}, {{1, 2}, {2, 1}}, {2, 2}, 2, -1, KERR_NONE},
		{{0, 1}, {{1, 2}, {2, 1}}, {2, 2}, 2, 2, KERR_INVALID_REQUEST},
		{{0, 0}, {{1, 2}, {2, 1}}, {2, 2}, 2, -1, KERR_INVALID_REPLICA_ASSIGNMENT},
		{{0, 2}, {{1, 2}, {2, 1}}, {2, 2}, 2, -1, KERR_INVALID_REPLICA_ASSIGNMENT},
		{{0, -1}, {{1, 2}, {2, 1}}, {2, 2}, 2, -1, KERR_INVALID_REPLICA_ASSIGNMENT},
		{{0, 1}, {{1, 2}, {2, 1}}, {2, 1}, 2, -1, KERR_INVALID_REPLICA_ASSIGNMENT},
		{{0, 1}, {{1, 1}, {2, 1}}, {2, 2}, 2, -1, KERR_INVALID_REPLICA_ASSIGNMENT},
		{{0}, {{9}}, {1}, 1, -1, KERR_INVALID_REPLICA_ASSIGNMENT},
		{{0}, {{-1}}, {1}, 1, -1, KERR_INVALID_REPLICA_ASSIGNMENT},
		{{0}, {{0}}, {0}, 1, -1, KERR_INVALID_REPLICA_ASSIGNMENT},
		{{0}, {{3}}, {1}, 1, -1, KERR_INVALID_REPLICA_ASSIGNMENT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct create_topics_request_assignments v[2];
		struct create_topics_request_topics t = topic("t", rows[i].partitions, -1);
		struct create_topics_response a;
		struct fixture f;

		fixture_init(&f, 3, NULL);
		fixture_fence(&f, 3);
		for (int k = 0; k < 2; k++)
			v[k] = (struct create_topics_request_assignments){rows[i].index[k],
				(int32_t *)(uintptr_t)rows[i].ids[k], rows[i].n_ids[k]};
		t.assignments = v;
		t.n_assignments = rows[i].n;
		create(&f, &t, 1, false, &a);
		assert_int_equal(a.topics[0].error_code, rows[i].code);
		fixture_apply(&f);
		if (rows[i].code == 0) {
			const struct image_partition *p =
				image_partition(&f.image, t.name, rows[i].index[0]);

			assert_int_equal(p->replicas.v[0], 1);
			assert_int_equal(p->leader, 1);
			assert_int_equal(a.topics[0].replication_factor, 2);
		}
		fixture_fini(&f);
	}
}

/* In how many racks a partition is, whose replicas are distinct and led by the first. */
static int count_racks(const struct image_partition *p, const char *racks, int held[static 10])
{
	bool seen[10] = {0}, seen_rack[3] = {0};
	int n = 0;

	assert_int_equal(p->leader, p->replicas.v[0]);
	for (int32_t k = 0; k < p->replicas.n; k++) {
		int32_t id = p->replicas.v[k];
		int rack = racks ? racks[id - 1] - 'a' : 0;

		assert_false(seen[id]);
		seen[id] = true;
		held[id]++;
		n += !seen_rack[rack];
		seen_rack[rack] = true;
	}
	return n;
}

/* Leaders even to one; each partition in as many racks as it can be; replicas distinct. */
static void test_placement(void **state)
{
	static const struct {
		int brokers;
		const char *racks;
		int16_t rf;
		int n_racks;
	} rows[] = {{1, NULL, 1, 1}, {5, NULL, 3, 1}, {6, "aabbcc", 3, 3}, {6, "aabbcc", 2, 3},
		{5, "aaabc", 3, 3}, {4, "aabb", 4, 2}, {9, "abcabcabc", 3, 3}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int led[10] = {0}, held[10] = {0};
		struct fixture f;
		int32_t n = rows[i].brokers * 20;

		fixture_init(&f, rows[i].brokers, rows[i].racks);
		assert_int_equal(fixture_topic(&f, "t", n, rows[i].rf), 0);
		for (int32_t p = 0; p < n; p++) {
			led[part(&f, p)->leader]++;
			assert_int_equal(part(&f, p)->isr.n, rows[i].rf);
			assert_int_equal(count_racks(part(&f, p), rows[i].racks, held),
				rows[i].rf < rows[i].n_racks ? rows[i].rf : rows[i].n_racks);
		}
		for (int b = 1; b <= rows[i].brokers; b++) {
			assert_int_equal(led[b], 20);
			assert_true(held[b] > 0);
			if (!rows[i].racks)
				assert_int_equal(held[b], 20 * rows[i].rf);
		}
		fixture_fini(&f);
	}
}

static void test_fenced_brokers(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 3, NULL);
	fixture_fence(&f, 1);
	assert_int_equal(fixture_topic(&f, "two", 12, 2), 0);
	assert_int_equal(fixture_topic(&f, "three", 12, 3), 0);
	for (int32_t i = 0; i < 12; i++) {
		const struct image_partition *two = image_partition(&f.image, STR_LIT("two"), i);
		const struct image_partition *three =
			image_partition(&f.image, STR_LIT("three"), i);

		assert_int_equal(meta_ids_find(two->replicas, 1), -1);
		assert_int_equal(meta_ids_find(three->replicas, 1), 2);
		assert_int_equal(meta_ids_find(three->isr, 1), -1);
		assert_int_equal(three->isr.n, 2);
	}
	fixture_fence(&f, 2);
	fixture_fence(&f, 3);
	assert_int_equal(fixture_topic(&f, "none", 1, 1), KERR_INVALID_REPLICATION_FACTOR);
	fixture_fini(&f);
}

static int16_t grow(struct fixture *f, const char *name, int32_t count,
	struct create_partitions_request_assignments *v, int32_t n)
{
	struct create_partitions_request_topics t = {str_of(name), count, v, v ? n : -1};
	struct create_partitions_request q = {.topics = &t, .n_topics = 1};
	struct create_partitions_response a;
	int16_t code;

	q.validate_only = true;
	assert_int_equal(control_create_partitions(&f->env, &q, &a, &f->out), 0);
	assert_int_equal(f->out.records.list.n, 0);
	code = a.results[0].error_code;
	q.validate_only = false;
	assert_int_equal(control_create_partitions(&f->env, &q, &a, &f->out), 0);
	assert_int_equal(a.n_results, 1);
	assert_int_equal(a.results[0].error_code, code);
	assert_int_equal(code == 0, str_is_null(a.results[0].error_message));
	fixture_apply(f);
	return code;
}

static void test_create_partitions(void **state)
{
	int32_t one[] = {1, 2}, bad[] = {1, 7};
	struct create_partitions_request_assignments v[] = {{one, 2}, {bad, 2}, {one, 1}};
	struct fixture f;

	(void)state;
	fixture_init(&f, 3, NULL);
	fixture_topic(&f, "t", 3, 2);
	assert_int_equal(grow(&f, "t", 5, NULL, 0), 0);
	assert_int_equal(image_topic(&f.image, STR_LIT("t"))->n_partitions, 5);
	assert_int_equal(image_partition(&f.image, STR_LIT("t"), 4)->replicas.n, 2);
	assert_int_equal(grow(&f, "t", 5, NULL, 0), KERR_INVALID_PARTITIONS);
	assert_int_equal(grow(&f, "t", 4, NULL, 0), KERR_INVALID_PARTITIONS);
	assert_int_equal(grow(&f, "t", -1, NULL, 0), KERR_INVALID_PARTITIONS);
	assert_int_equal(grow(&f, "t", INT32_MIN, NULL, 0), KERR_INVALID_PARTITIONS);
	assert_int_equal(grow(&f, "t", INT32_MAX, NULL, 0), KERR_POLICY_VIOLATION);
	assert_int_equal(grow(&f, "u", 5, NULL, 0), KERR_UNKNOWN_TOPIC_OR_PARTITION);
	assert_int_equal(grow(&f, "t", 6, v, 1), 0);
	assert_int_equal(image_partition(&f.image, STR_LIT("t"), 5)->leader, 1);
	assert_int_equal(grow(&f, "t", 8, v, 1), KERR_INVALID_REPLICA_ASSIGNMENT);
	assert_int_equal(grow(&f, "t", 7, v + 1, 1), KERR_INVALID_REPLICA_ASSIGNMENT);
	assert_int_equal(grow(&f, "t", 7, v + 2, 1), KERR_INVALID_REPLICA_ASSIGNMENT);
	fixture_fini(&f);
}

static void test_delete(void **state)
{
	struct delete_topics_request_topics t[7];
	struct delete_topics_request q = {.topics = t, .n_topics = 7};
	static const int16_t codes[] = {KERR_NONE, KERR_UNKNOWN_TOPIC_OR_PARTITION,
		KERR_UNKNOWN_TOPIC_ID, KERR_INVALID_REQUEST, KERR_INVALID_REQUEST,
		KERR_INVALID_TOPIC_EXCEPTION};
	struct delete_topics_response a;
	struct fixture f;

	(void)state;
	fixture_init(&f, 1, NULL);
	fixture_topic(&f, "by-id", 2, 1);
	fixture_topic(&f, "twice", 2, 1);
	fixture_topic(&f, "__consumer_offsets", 1, 1);
	memset(t, 0, sizeof(t));
	t[0].topic_id = image_topic(&f.image, STR_LIT("by-id"))->id;
	t[1].name = STR_LIT("nobody");
	t[2].topic_id.b[3] = 9;
	t[4].name = STR_LIT("twice");
	t[5].topic_id = image_topic(&f.image, STR_LIT("twice"))->id;
	t[6].name = STR_LIT("__consumer_offsets");
	assert_int_equal(control_delete_topics(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.n_responses, ARRAY_LEN(codes));
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		assert_int_equal(a.responses[i].error_code, codes[i]);
	assert_true(str_eqz(a.responses[0].name, "by-id"));
	assert_true(str_is_null(a.responses[2].name));
	fixture_apply(&f);
	assert_null(image_topic(&f.image, STR_LIT("by-id")));
	assert_int_equal(f.image.topics.n, 2);
	fixture_fini(&f);
}

static void test_delete_by_names(void **state)
{
	struct str names[] = {STR_LIT("one"), STR_LIT("none")};
	struct delete_topics_request q = {.topic_names = names, .n_topic_names = 2};
	struct delete_topics_response a;
	struct fixture f;

	(void)state;
	fixture_init(&f, 1, NULL);
	fixture_topic(&f, "one", 2, 1);
	f.set.topic_deletion_disabled = true;
	assert_int_equal(control_delete_topics(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.responses[0].error_code, KERR_TOPIC_DELETION_DISABLED);
	assert_int_equal(f.out.records.list.n, 0);
	f.set.topic_deletion_disabled = false;
	assert_int_equal(control_delete_topics(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.responses[0].error_code, 0);
	assert_int_equal(a.responses[1].error_code, KERR_UNKNOWN_TOPIC_OR_PARTITION);
	fixture_apply(&f);
	assert_int_equal(f.image.n_partitions, 0);
	fixture_fini(&f);
}

/* An arena that is too small, at every size: no records, no crash, an honest answer. */
static void test_arena_limits(void **state)
{
	struct create_topics_request_topics t[] = {topic("one", 3, 2), topic("bad name", 1, 1)};
	struct create_topics_request q;
	struct create_topics_response a;
	int rc = ERR_NOMEM;

	(void)state;
	msg_init(&create_topics_request_desc, &q);
	q.topics = t;
	q.n_topics = 2;
	for (size_t limit = 16; rc != 0; limit += 64) {
		struct fixture f;
		struct arena small;

		fixture_init(&f, 2, NULL);
		arena_init(&small, limit);
		f.env.arena = &small;
		rc = control_create_topics(&f.env, &q, &a, &f.out);
		assert_true(rc == 0 || rc == ERR_NOMEM);
		assert_int_equal(f.out.records.list.n, rc == 0 ? 4 : 0);
		assert_true(limit < 100000);
		arena_fini(&small);
		fixture_fini(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_table),
		cmocka_unit_test(test_create_several),
		cmocka_unit_test(test_bound_is_for_the_request),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_placement),
		cmocka_unit_test(test_fenced_brokers),
		cmocka_unit_test(test_create_partitions),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_delete_by_names),
		cmocka_unit_test(test_arena_limits),
	};

	return cmocka_run_group_tests_name("topics", tests, NULL, NULL);
}
