/* The admin client: questions about many partitions, and records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cluster.h"

static void offsets_take_one_request_a_broker(void **state)
{
	struct test *t = *state;

	t->n_parts = MAX_PARTS;
	open_client(t);
	refresh_all(t);
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
	admin_list_offsets(t->admin, ask, 4, NULL, got_offsets, t);
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
	admin_list_offsets(t->admin, NULL, 0, NULL, got_offsets, t);
	wait_done(t);
	assert_int_equal(t->replies, 1);
}

static void leader_has_moved(void **state)
{
	struct test *t = *state;

	open_client(t);
	refresh_all(t);
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
	refresh_all(t);
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
	refresh_all(t);
	t->act = FAKE_SILENCE;
	ask_offsets(t, 1, ADMIN_LATEST, 0);
	wait_done(t);
	assert_int_equal(t->offsets[0].error, KERR_REQUEST_TIMED_OUT);
	assert_non_null(strstr(t->text, t->fake[0]->address));
}

static void records(void **state)
{
	struct test *t = *state;
	struct admin_fetch ask = {.topic = STR_LIT("orders"), .partition = 1};
	struct admin_fetch_options tail = {.max_wait_ms = 60000};

	open_client(t);
	refresh_all(t);
	admin_fetch(t->admin, &ask, 1, NULL, got_fetch, t);
	wait_done(t);
	assert_string_equal(t->fetched, "1 batches 99");
	/* A fetch that waits holds up neither questions nor other fetches. */
	admin_fetch(t->admin, &ask, 1, &tail, got_fetch, t);
	t->leader[1] = 1;
	admin_fetch(t->admin, &ask, 1, NULL, got_fetch, t);
	wait_done(t);
	assert_int_equal(t->fetch_error, 0);
	t->replies = 0;
	ask_offsets(t, 6, ADMIN_LATEST, 0);
	wait_done(t);
	assert_int_equal(admin_pending(t->admin), 1);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, cluster_setup, cluster_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(offsets_take_one_request_a_broker),
		T(offsets_without_a_cache),
		T(both_ends_and_replicas_at_once),
		T(no_offsets),
		T(leader_has_moved),
		T(one_broker_is_dead),
		T(partition_without_leader),
		T(silent_leader_times_out),
		T(records),
	};
	return cmocka_run_group_tests_name("admin: partitions", tests, NULL, NULL);
}
