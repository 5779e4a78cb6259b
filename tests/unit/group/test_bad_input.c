/* Floods, giants and nonsense: an answer for each, bounded memory, and the group lives on. */
#include "fixture.h"

#define FLOOD 10000

#define WITH_FIXTURE      \
	struct fixture f; \
	fixture_init(&f)

/* One of very many members: no more than its id. */
struct one {
	char id[64];
	int16_t error;
	bool answered;
	int32_t generation, n_members;
};

static void on_one(void *arg, const void *response)
{
	const struct join_group_response *r = response;
	struct one *k = arg;

	k->answered = true;
	k->error = r->error_code;
	k->generation = r->generation_id;
	k->n_members = r->n_members;
	put_text(k->id, sizeof(k->id), r->member_id);
}

static void join_as(struct fixture *f, struct one *k, struct str group, struct str client)
{
	struct join_group_request_protocols p = {STR_LIT("range"), slice_of("m", 1)};
	struct group_caller who = {9, client, STR_LIT("/127.0.0.1")};
	struct join_group_request r;

	msg_init(&join_group_request_desc, &r);
	r.group_id = group;
	r.member_id = str_of(k->id);
	r.session_timeout_ms = 10000;
	r.rebalance_timeout_ms = 60000;
	r.protocol_type = STR_LIT("consumer");
	r.protocols = &p;
	r.n_protocols = 1;
	k->answered = false;
	group_join(f->c, &who, &r, (struct group_reply){on_one, k});
	after(f);
}

/* How many got this answer. */
static int32_t count(const struct one *k, int16_t error)
{
	int32_t n = 0;

	for (int i = 0; i < FLOOD; i++)
		n += k[i].answered && k[i].error == error;
	return n;
}

static void flood(struct fixture *f, struct one *k)
{
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < FLOOD; i++)
			join_as(f, &k[i], STR_LIT("g"), STR_LIT("c"));
}

static void ten_thousand_join_at_once(void **state)
{
	struct one *k = xcalloc(FLOOD, sizeof(*k));
	int32_t told = 0;

	WITH_FIXTURE;
	(void)state;
	flood(&f, k);
	fixture_wait(&f, 6500);
	assert_int_equal(count(k, 0), FLOOD);
	for (int i = 0; i < FLOOD; i++) {
		assert_int_equal(k[i].generation, 1);
		told += k[i].n_members;
	}
	/* Only the leader is told of the others. */
	assert_int_equal(told, FLOOD);
	assert_string_equal(state_of(&f, "g"), "CompletingRebalance");
	fixture_fini(&f);
	free(k);
}

static void a_full_group_lives_on_in_a_flood(void **state)
{
	struct one *k = xcalloc(FLOOD, sizeof(*k));

	WITH_FIXTURE;
	(void)state;
	f.set.max_size = 100;
	flood(&f, k);
	fixture_wait(&f, 6500);
	assert_int_equal(count(k, 0), 100);
	assert_int_equal(count(k, KERR_GROUP_MAX_SIZE_REACHED), FLOOD - 100);
	assert_string_equal(state_of(&f, "g"), "CompletingRebalance");
	fixture_fini(&f);
	free(k);
}

static void on_list(void *arg, const void *response)
{
	*(int32_t *)arg = ((const struct list_groups_response *)response)->n_groups;
}

static int32_t n_groups(struct fixture *f)
{
	struct list_groups_request r;
	struct group_caller who = {.version = 5};
	int32_t n = -1;

	msg_init(&list_groups_request_desc, &r);
	group_list(f->c, &who, &r, (struct group_reply){on_list, &n});
	return n;
}

/* A name of 30,000 bytes each, and an id that is never used. */
static void ids_that_nobody_uses_have_a_bound(void **state)
{
	char name[30001] = {0};
	struct one first = {0}, last = {0};

	WITH_FIXTURE;
	(void)state;
	memset(name, 'x', 30000);
	join_as(&f, &first, STR_LIT("g"), STR_LIT("c"));
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		name[strlen(name)] = 'x';
		last = (struct one){0};
		join_as(&f, &last, str_of(name), STR_LIT("c"));
		assert_int_equal(last.error, KERR_MEMBER_ID_REQUIRED);
	}
	/* 16 MB hold not even three hundred. */
	assert_in_range(n_groups(&f), 100, 300);
	join_as(&f, &last, str_of(name), STR_LIT("c"));
	fixture_wait(&f, 3100);
	assert_true(last.answered);
	assert_int_equal(last.error, 0);
	/* The oldest are forgotten: who has one begins again. */
	join_as(&f, &first, STR_LIT("g"), STR_LIT("c"));
	assert_int_equal(first.error, KERR_UNKNOWN_MEMBER_ID);
	first.id[0] = 0;
	join_as(&f, &first, STR_LIT("g"), STR_LIT("c"));
	assert_int_equal(first.error, KERR_MEMBER_ID_REQUIRED);
	fixture_fini(&f);
}

static void keep_length(void *arg, const void *response)
{
	*(size_t *)arg = ((const struct join_group_response *)response)->member_id.n;
}

/* A member id is made of the client's, and has to fit into a record. */
static void the_longest_client_id_makes_a_member_id(void **state)
{
	struct join_group_request_protocols p = {STR_LIT("range"), slice_of("m", 1)};
	char *client = xmalloc(INT16_MAX);
	struct group_caller who = {3, {client, INT16_MAX}, STR_LIT("/127.0.0.1")};
	struct join_group_request r;
	size_t n = 0;

	WITH_FIXTURE;
	(void)state;
	memset(client, 'c', INT16_MAX);
	msg_init(&join_group_request_desc, &r);
	r.group_id = STR_LIT("g");
	r.session_timeout_ms = 10000;
	r.rebalance_timeout_ms = 20000;
	r.protocol_type = STR_LIT("consumer");
	r.protocols = &p;
	r.n_protocols = 1;
	group_join(f.c, &who, &r, (struct group_reply){keep_length, &n});
	fixture_wait(&f, 3100);
	assert_int_equal(n, INT16_MAX);
	/* It is missed after a while: the group is stored without it. */
	fixture_wait(&f, 21000);
	assert_string_equal(state_of(&f, "g"), "Empty");
	fixture_fini(&f);
	free(client);
}

static void a_sync_that_does_not_name_its_protocol_is_refused(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f);

	(void)state;
	join_twice(&a, "g");
	fixture_wait(&f, 3100);
	strcpy(a.protocol, "roundrobin");
	sync_group(&a, "g");
	assert_int_equal(a.sync_error, KERR_INCONSISTENT_GROUP_PROTOCOL);
	strcpy(a.protocol, "range");
	sync_group(&a, "g");
	assert_int_equal(a.sync_error, 0);
	fixture_fini(&f);
}

/* Commits of a time to live that is longer than time. */
static void offsets_for_ever_stay(void **state)
{
	struct offset_commit_request_partitions p;
	struct offset_commit_request_topics t;
	struct offset_commit_request r;
	struct group_caller who = {.version = 2};
	int16_t error = -2;

	WITH_FIXTURE;
	(void)state;
	msg_init(&offset_commit_request_desc, &r);
	msg_struct_init(&offset_commit_request_topics_struct, &t);
	msg_struct_init(&offset_commit_request_partitions_struct, &p);
	r.group_id = STR_LIT("g");
	r.retention_time_ms = INT64_MAX;
	r.topics = &t;
	r.n_topics = 1;
	t.name = STR_LIT("t");
	t.partitions = &p;
	t.n_partitions = 1;
	p.committed_offset = 7;
	group_offset_commit(f.c, &who, &r, (struct group_reply){on_commit, &error});
	after(&f);
	assert_int_equal(error, 0);
	clock_manual_advance_ms(&f.clock, 100LL * 365 * 86400000);
	fixture_wait(&f, 700000);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, 7);
	fixture_fini(&f);
}

/* Kafka counts the units of a Java string: 4096 Korean letters are 12,288 bytes. */
static void metadata_is_counted_as_in_java(void **state)
{
	struct buf text = BUF_EMPTY;
	int16_t error;

	WITH_FIXTURE;
	(void)state;
	for (int i = 0; i < 4096; i++)
		buf_put_str(&text, STR_LIT("한"));
	buf_put_u8(&text, 0);
	commit(&f, NULL, "g", "t", 0, 1, (char *)text.p, &error);
	assert_int_equal(error, 0);
	text.n--;
	buf_put_str(&text, STR_LIT("글"));
	buf_put_u8(&text, 0);
	commit(&f, NULL, "g", "t", 0, 2, (char *)text.p, &error);
	assert_int_equal(error, KERR_OFFSET_METADATA_TOO_LARGE);
	buf_clear(&text);
	/* Beyond the first plane a character is two units. */
	for (int i = 0; i < 2049; i++)
		buf_put_str(&text, STR_LIT("🚚"));
	buf_put_u8(&text, 0);
	commit(&f, NULL, "g", "t", 0, 3, (char *)text.p, &error);
	assert_int_equal(error, KERR_OFFSET_METADATA_TOO_LARGE);
	buf_fini(&text);
	fixture_fini(&f);
}

/* What a group reads cannot be told from a subscription that cannot be read. */
static void an_unreadable_subscription_keeps_offsets(void **state)
{
	struct client a;
	int16_t error;

	WITH_FIXTURE;
	a = CLIENT(&f);
	(void)state;
	join_twice(&a, "g");
	fixture_wait(&f, 3100);
	sync_group(&a, "g");
	commit(&f, &a, "g", "t", 0, 5, "", &error);
	assert_int_equal(error, 0);
	for (int day = 0; day < 9; day++) {
		clock_manual_advance_ms(&f.clock, 86400000 - 9000);
		assert_int_equal(heartbeat(&a, "g"), 0);
		coordinator_run(f.c);
		after(&f);
	}
	assert_int_equal(fetch(&f, "g", "t", 0).offset, 5);
	fixture_fini(&f);
}

/* A group that has read very much is deleted in pieces that the log can take. */
static void a_giant_is_deleted_in_pieces(void **state)
{
	char topic[256];
	int16_t error;

	WITH_FIXTURE;
	(void)state;
	memset(topic, 't', sizeof(topic));
	topic[255] = 0;
	for (int i = 0; i < 100; i++) {
		topic[0] = (char)('0' + i / 10);
		topic[1] = (char)('0' + i % 10);
		for (int k = 0; k < 100; k++)
			commit(&f, NULL, "g", topic, k, 1, "", &error);
		assert_int_equal(error, 0);
	}
	f.largest = 0;
	assert_int_equal(delete_group(&f, "g"), 0);
	assert_in_range(f.largest, 1, 400000);
	fixture_restart(&f);
	assert_string_equal(state_of(&f, "g"), "Dead");
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_join_at_once),
		cmocka_unit_test(a_full_group_lives_on_in_a_flood),
		cmocka_unit_test(ids_that_nobody_uses_have_a_bound),
		cmocka_unit_test(the_longest_client_id_makes_a_member_id),
		cmocka_unit_test(a_sync_that_does_not_name_its_protocol_is_refused),
		cmocka_unit_test(offsets_for_ever_stay),
		cmocka_unit_test(metadata_is_counted_as_in_java),
		cmocka_unit_test(an_unreadable_subscription_keeps_offsets),
		cmocka_unit_test(a_giant_is_deleted_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
