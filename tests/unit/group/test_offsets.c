/* Offsets: committed, asked for, forgotten, and there again after a restart. */
#include "fixture.h"

#define WITH_FIXTURE      \
	struct fixture f; \
	int16_t error;    \
	fixture_init(&f)

static struct client member_of(struct fixture *f, const char *group)
{
	struct client a = CLIENT(f);

	join_twice(&a, group);
	fixture_wait(f, 3100);
	sync_group(&a, group);
	return a;
}

static void a_commit_comes_back(void **state)
{
	WITH_FIXTURE;
	struct fetched x;

	(void)state;
	commit(&f, NULL, "simple", "t", 3, 42, "note", &error);
	assert_int_equal(error, 0);
	x = fetch(&f, "simple", "t", 3);
	assert_int_equal(x.offset, 42);
	assert_int_equal(x.epoch, 7);
	assert_string_equal(x.metadata, "note");
	assert_int_equal(fetch(&f, "simple", "t", 4).offset, -1);
	assert_int_equal(fetch(&f, "nobody", "t", 3).offset, -1);
	assert_int_equal(fetch(&f, "simple", NULL, 0).n_topics, 1);
	fixture_restart(&f);
	assert_int_equal(fetch(&f, "simple", "t", 3).offset, 42);
	fixture_fini(&f);
}

static void a_commit_counts_when_it_is_stored(void **state)
{
	WITH_FIXTURE;

	(void)state;
	f.at_once = false;
	commit(&f, NULL, "g", "t", 0, 5, "", &error);
	assert_int_equal(error, -2);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, -1);
	fixture_settle(&f, 0);
	assert_int_equal(error, 0);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, 5);
	commit(&f, NULL, "g", "t", 0, 6, "", &error);
	fixture_settle(&f, KERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND);
	assert_int_equal(error, KERR_COORDINATOR_NOT_AVAILABLE);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, 5);
	fixture_fini(&f);
}

static void only_members_commit_to_a_live_group(void **state)
{
	WITH_FIXTURE;
	struct client a = member_of(&f, "g");

	(void)state;
	commit(&f, &a, "g", "t", 0, 1, "", &error);
	assert_int_equal(error, 0);
	commit(&f, NULL, "g", "t", 0, 2, "", &error);
	assert_int_equal(error, KERR_UNKNOWN_MEMBER_ID);
	for (int i = 0; i < 2; i++) {
		a.generation += i ? -2 : 1;
		commit(&f, &a, "g", "t", 0, 3, "", &error);
		assert_int_equal(error, KERR_ILLEGAL_GENERATION);
	}
	commit(&f, &a, "other", "t", 0, 3, "", &error);
	assert_int_equal(error, KERR_GROUP_ID_NOT_FOUND);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, 1);
	fixture_fini(&f);
}

static void a_rebalance_lets_the_old_generation_commit(void **state)
{
	WITH_FIXTURE;
	struct client a = member_of(&f, "g"), b = CLIENT(&f);

	(void)state;
	join_twice(&b, "g");
	commit(&f, &a, "g", "t", 0, 9, "", &error);
	assert_int_equal(error, 0);
	join(&a, "g");
	assert_false(a.joining);
	commit(&f, &a, "g", "t", 0, 10, "", &error);
	assert_int_equal(error, KERR_REBALANCE_IN_PROGRESS);
	fixture_fini(&f);
}

static void bounds_are_kept(void **state)
{
	static char big[4098];
	WITH_FIXTURE;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	commit(&f, NULL, "g", "t", 0, 1, big, &error);
	assert_int_equal(error, KERR_OFFSET_METADATA_TOO_LARGE);
	commit(&f, NULL, "g", "nowhere", 0, 1, "", &error);
	assert_int_equal(error, KERR_UNKNOWN_TOPIC_OR_PARTITION);
	assert_string_equal(state_of(&f, "g"), "Dead");
	assert_int_equal(f.records.n, 0);
	fixture_fini(&f);
}

static void the_empty_and_the_korean_group_have_offsets(void **state)
{
	WITH_FIXTURE;

	(void)state;
	commit(&f, NULL, "", "t", 0, 1, "", &error);
	assert_int_equal(error, 0);
	commit(&f, NULL, "주문-처리", "주제", 0, 2, "메모", &error);
	assert_int_equal(error, 0);
	fixture_restart(&f);
	assert_int_equal(fetch(&f, "", "t", 0).offset, 1);
	assert_int_equal(fetch(&f, "주문-처리", "주제", 0).offset, 2);
	fixture_fini(&f);
}

static void offsets_of_an_empty_group_expire(void **state)
{
	WITH_FIXTURE;
	struct client a;

	(void)state;
	f.set.retention_ms = 3600000;
	a = member_of(&f, "g");
	commit(&f, &a, "g", "t", 0, 1, "", &error);
	/* For longer than that. */
	for (int i = 0; i < 900; i++) {
		fixture_wait(&f, 5000);
		heartbeat(&a, "g");
	}
	assert_int_equal(fetch(&f, "g", "t", 0).offset, 1);
	leave(&a, "g");
	fixture_wait(&f, 3000000);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, 1);
	fixture_wait(&f, 1300000);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, -1);
	assert_string_equal(state_of(&f, "g"), "Dead");
	fixture_restart(&f);
	assert_string_equal(state_of(&f, "g"), "Dead");
	fixture_fini(&f);
}

static void groups_are_deleted_when_empty(void **state)
{
	WITH_FIXTURE;
	struct client a = member_of(&f, "g");

	(void)state;
	commit(&f, &a, "g", "t", 0, 1, "", &error);
	assert_int_equal(delete_group(&f, "g"), KERR_NON_EMPTY_GROUP);
	leave(&a, "g");
	assert_int_equal(delete_group(&f, "g"), 0);
	assert_int_equal(delete_group(&f, "g"), KERR_GROUP_ID_NOT_FOUND);
	fixture_restart(&f);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, -1);
	assert_int_equal(delete_group(&f, "g"), KERR_GROUP_ID_NOT_FOUND);
	fixture_fini(&f);
}

static void a_commit_under_way_is_deleted_too(void **state)
{
	WITH_FIXTURE;

	(void)state;
	f.at_once = false;
	commit(&f, NULL, "g", "t", 0, 1, "", &error);
	assert_int_equal(delete_group(&f, "g"), -2);
	fixture_settle(&f, 0);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, -1);
	fixture_restart(&f);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, -1);
	fixture_fini(&f);
}

static void offsets_go_with_their_topic(void **state)
{
	WITH_FIXTURE;

	(void)state;
	commit(&f, NULL, "g", "t", 0, 1, "", &error);
	commit(&f, NULL, "g", "u", 0, 2, "", &error);
	coordinator_topic_deleted(f.c, STR_LIT("t"));
	after(&f);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, -1);
	assert_int_equal(fetch(&f, "g", "u", 0).offset, 2);
	fixture_restart(&f);
	assert_int_equal(fetch(&f, "g", "t", 0).offset, -1);
	fixture_fini(&f);
}

static void nothing_is_said_elsewhere_or_while_loading(void **state)
{
	WITH_FIXTURE;
	int32_t p = coordinator_partition(f.c, STR_LIT("g"));

	(void)state;
	coordinator_unload(f.c, p);
	commit(&f, NULL, "g", "t", 0, 1, "", &error);
	assert_int_equal(error, KERR_NOT_COORDINATOR);
	coordinator_load_begin(f.c, p);
	commit(&f, NULL, "g", "t", 0, 1, "", &error);
	assert_int_equal(error, KERR_COORDINATOR_LOAD_IN_PROGRESS);
	assert_int_equal(fetch(&f, "g", "t", 0).error, KERR_COORDINATOR_LOAD_IN_PROGRESS);
	coordinator_load_end(f.c, p);
	fixture_fini(&f);
}

/* "abc".hashCode() is 96354; "😀".hashCode() is 1772899 by its two UTF-16 units; "orders" has
 * -1008770331, and "polygenelubricants" the one number that stays below 0 without its sign. */
static void names_hash_as_in_java(void **state)
{
	WITH_FIXTURE;

	(void)state;
	(void)error;
	assert_int_equal(coordinator_partition(f.c, STR_LIT("abc")), 96354 % N_PARTITIONS);
	assert_int_equal(coordinator_partition(f.c, STR_LIT("😀")), 1772899 % N_PARTITIONS);
	assert_int_equal(coordinator_partition(f.c, STR_LIT("orders")), 1008770331 % N_PARTITIONS);
	assert_int_equal(coordinator_partition(f.c, STR_LIT("polygenelubricants")), 0);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_comes_back),
		cmocka_unit_test(a_commit_counts_when_it_is_stored),
		cmocka_unit_test(only_members_commit_to_a_live_group),
		cmocka_unit_test(a_rebalance_lets_the_old_generation_commit),
		cmocka_unit_test(bounds_are_kept),
		cmocka_unit_test(the_empty_and_the_korean_group_have_offsets),
		cmocka_unit_test(offsets_of_an_empty_group_expire),
		cmocka_unit_test(groups_are_deleted_when_empty),
		cmocka_unit_test(a_commit_under_way_is_deleted_too),
		cmocka_unit_test(offsets_go_with_their_topic),
		cmocka_unit_test(nothing_is_said_elsewhere_or_while_loading),
		cmocka_unit_test(names_hash_as_in_java),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
