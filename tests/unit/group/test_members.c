/* Joining, leaving, being missed: what each state of a group answers. */
#include "fixture.h"

static void two_share(struct fixture *f, struct client *a, struct client *b)
{
	join_twice(a, "g");
	join_twice(b, "g");
	fixture_wait(f, 6100);
	assert_false(a->joining || b->joining);
	sync_group(b, "g");
	sync_group(a, "g");
	assert_string_equal(state_of(f, "g"), "Stable");
}

#define WITH_FIXTURE      \
	struct fixture f; \
	fixture_init(&f)

static void an_id_is_required_first(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f);

	(void)state;
	join(&a, "g");
	assert_false(a.joining);
	assert_int_equal(a.error, KERR_MEMBER_ID_REQUIRED);
	assert_true(strncmp(a.id, "client-", 7) == 0);
	assert_int_equal(strlen(a.id), 7 + 36);
	join(&a, "g");
	assert_true(a.joining);
	assert_string_equal(state_of(&f, "g"), "PreparingRebalance");
	fixture_wait(&f, 3100);
	assert_false(a.joining);
	assert_int_equal(a.error, 0);
	assert_int_equal(a.generation, 1);
	assert_string_equal(a.leader, a.id);
	assert_int_equal(a.n_members, 1);
	assert_string_equal(a.protocol, "range");
	fixture_fini(&f);
}

static void old_clients_need_none(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f);

	(void)state;
	a.version = 3;
	join(&a, "g");
	assert_true(a.joining);
	fixture_wait(&f, 3100);
	assert_int_equal(a.error, 0);
	fixture_fini(&f);
}

static void first_joins_wait_for_more(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f);

	(void)state;
	join_twice(&a, "g");
	fixture_wait(&f, 2000);
	join_twice(&b, "g");
	fixture_wait(&f, 2000);
	assert_true(a.joining && b.joining);
	fixture_wait(&f, 2100);
	assert_false(a.joining || b.joining);
	assert_int_equal(a.n_members, 2);
	assert_int_equal(b.n_members, 0);
	assert_string_equal(b.leader, a.id);
	fixture_fini(&f);
}

static void everybody_gets_its_assignment(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f);

	(void)state;
	two_share(&f, &a, &b);
	assert_string_equal(a.assignment, a.id);
	assert_string_equal(b.assignment, b.id);
	assert_int_equal(heartbeat(&a, "g"), 0);
	b.generation--;
	assert_int_equal(heartbeat(&b, "g"), KERR_ILLEGAL_GENERATION);
	fixture_fini(&f);
}

static void assignments_wait_for_the_log(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f);

	(void)state;
	join_twice(&a, "g");
	fixture_wait(&f, 3100);
	f.at_once = false;
	sync_group(&a, "g");
	assert_true(a.syncing);
	fixture_settle(&f, KERR_NOT_ENOUGH_REPLICAS);
	assert_false(a.syncing);
	assert_int_equal(a.sync_error, KERR_COORDINATOR_NOT_AVAILABLE);
	assert_string_equal(state_of(&f, "g"), "PreparingRebalance");
	fixture_fini(&f);
}

static void a_leader_that_never_assigns_is_out(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f);

	(void)state;
	join_twice(&a, "g");
	join_twice(&b, "g");
	fixture_wait(&f, 6100);
	sync_group(&b, "g");
	for (int i = 0; i < 70 && b.syncing; i++) {
		fixture_wait(&f, 1000);
		heartbeat(&a, "g");
	}
	assert_false(b.syncing);
	assert_int_equal(b.sync_error, KERR_REBALANCE_IN_PROGRESS);
	assert_int_equal(heartbeat(&a, "g"), KERR_UNKNOWN_MEMBER_ID);
	join(&b, "g");
	assert_false(b.joining);
	assert_string_equal(b.leader, b.id);
	fixture_fini(&f);
}

static void a_silent_member_is_missed(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f);

	(void)state;
	two_share(&f, &a, &b);
	for (int i = 0; i < 4; i++) {
		fixture_wait(&f, 3000);
		heartbeat(&a, "g");
	}
	assert_int_equal(heartbeat(&a, "g"), KERR_REBALANCE_IN_PROGRESS);
	assert_int_equal(heartbeat(&b, "g"), KERR_UNKNOWN_MEMBER_ID);
	join(&a, "g");
	assert_false(a.joining);
	assert_int_equal(a.generation, 2);
	assert_int_equal(a.n_members, 1);
	fixture_fini(&f);
}

static void leaving_rebalances_at_once(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f);

	(void)state;
	two_share(&f, &a, &b);
	assert_int_equal(leave(&a, "g"), 0);
	assert_int_equal(leave(&a, "g"), KERR_UNKNOWN_MEMBER_ID);
	assert_int_equal(heartbeat(&b, "g"), KERR_REBALANCE_IN_PROGRESS);
	assert_int_equal(leave(&b, "g"), 0);
	assert_string_equal(state_of(&f, "g"), "Empty");
	fixture_fini(&f);
}

static void who_does_not_come_back_is_out(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f), c = CLIENT(&f);

	(void)state;
	two_share(&f, &a, &b);
	join_twice(&c, "g");
	join(&a, "g");
	for (int i = 0; i < 61; i++) {
		fixture_wait(&f, 1000);
		heartbeat(&b, "g");
	}
	assert_false(a.joining || c.joining);
	assert_int_equal(a.n_members, 2);
	assert_int_equal(heartbeat(&b, "g"), KERR_UNKNOWN_MEMBER_ID);
	fixture_fini(&f);
}

/* A leader asks for new assignments by joining again; another member that does, with nothing new,
 * is told what it was. */
static void a_leader_may_assign_anew(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f);

	(void)state;
	two_share(&f, &a, &b);
	join(&b, "g");
	assert_false(b.joining);
	assert_int_equal(b.generation, 1);
	assert_string_equal(state_of(&f, "g"), "Stable");
	join(&a, "g");
	assert_true(a.joining);
	assert_string_equal(state_of(&f, "g"), "PreparingRebalance");
	fixture_fini(&f);
}

/* Static members have until their session ends; one that leads leaves that to another meanwhile. */
static void static_members_keep_their_place(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f), c = CLIENT(&f);

	(void)state;
	a.instance = "one";
	a.rebalance_ms = b.rebalance_ms = c.rebalance_ms = 5000;
	two_share(&f, &a, &b);
	assert_string_equal(b.leader, a.id);
	join_twice(&c, "g");
	join(&b, "g");
	fixture_wait(&f, 5100);
	assert_false(b.joining || c.joining);
	assert_string_equal(b.leader, b.id);
	assert_string_equal(c.leader, b.id);
	assert_int_equal(b.n_members, 3);
	a.generation = b.generation;
	assert_int_equal(heartbeat(&a, "g"), 0);
	fixture_fini(&f);
}

static void the_protocol_is_what_all_know(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f), c = CLIENT(&f);

	(void)state;
	a.protocols[0] = "sticky";
	a.protocols[1] = "range";
	b.protocols[0] = "range";
	b.protocols[1] = "roundrobin";
	c.protocols[0] = "roundrobin";
	two_share(&f, &a, &b);
	assert_string_equal(a.protocol, "range");
	join(&c, "g");
	assert_int_equal(c.error, KERR_INCONSISTENT_GROUP_PROTOCOL);
	fixture_fini(&f);
}

static void static_members_return_without_a_stir(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f), again = CLIENT(&f);

	(void)state;
	a.instance = again.instance = "one";
	b.instance = "two";
	two_share(&f, &a, &b);
	join(&again, "g");
	assert_false(again.joining);
	assert_int_equal(again.error, 0);
	assert_int_equal(again.generation, 1);
	assert_true(strncmp(again.id, "one-", 4) == 0);
	assert_string_not_equal(again.id, a.id);
	assert_true(again.skip);
	sync_group(&again, "g");
	assert_string_equal(again.assignment, a.id);
	assert_int_equal(heartbeat(&a, "g"), KERR_FENCED_INSTANCE_ID);
	assert_int_equal(heartbeat(&b, "g"), 0);
	fixture_fini(&f);
}

static void groups_outlive_a_restart(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f);

	(void)state;
	two_share(&f, &a, &b);
	fixture_restart(&f);
	assert_string_equal(state_of(&f, "g"), "Stable");
	assert_int_equal(heartbeat(&a, "g"), 0);
	sync_group(&b, "g");
	assert_string_equal(b.assignment, b.id);
	fixture_wait(&f, 10100);
	assert_int_equal(heartbeat(&a, "g"), KERR_UNKNOWN_MEMBER_ID);
	fixture_fini(&f);
}

static void wrong_requests_are_told_so(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f);

	(void)state;
	join(&a, "");
	assert_int_equal(a.error, KERR_INVALID_GROUP_ID);
	a.session_ms = 5999;
	join(&a, "g");
	assert_int_equal(a.error, KERR_INVALID_SESSION_TIMEOUT);
	a.session_ms = 1800001;
	join(&a, "g");
	assert_int_equal(a.error, KERR_INVALID_SESSION_TIMEOUT);
	a.session_ms = 1800000;
	strcpy(a.id, "unheard-of");
	join(&a, "g");
	assert_int_equal(a.error, KERR_UNKNOWN_MEMBER_ID);
	assert_int_equal(heartbeat(&a, "g"), KERR_UNKNOWN_MEMBER_ID);
	assert_int_equal(leave(&a, "g"), KERR_UNKNOWN_MEMBER_ID);
	sync_group(&a, "g");
	assert_int_equal(a.sync_error, KERR_UNKNOWN_MEMBER_ID);
	assert_string_equal(state_of(&f, "g"), "Dead");
	a.protocols[0] = NULL;
	a.id[0] = 0;
	join(&a, "g");
	assert_int_equal(a.error, KERR_INCONSISTENT_GROUP_PROTOCOL);
	fixture_fini(&f);
}

static void a_full_group_takes_nobody(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f), b = CLIENT(&f), c = CLIENT(&f);

	(void)state;
	f.set.max_size = 2;
	two_share(&f, &a, &b);
	join_twice(&c, "g");
	assert_int_equal(c.error, KERR_GROUP_MAX_SIZE_REACHED);
	assert_int_equal(heartbeat(&a, "g"), 0);
	fixture_fini(&f);
}

static void an_id_that_nobody_uses_is_forgotten(void **state)
{
	WITH_FIXTURE;
	struct client a = CLIENT(&f);

	(void)state;
	join(&a, "g");
	fixture_wait(&f, 10100);
	assert_string_equal(state_of(&f, "g"), "Dead");
	join(&a, "g");
	assert_int_equal(a.error, KERR_UNKNOWN_MEMBER_ID);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_required_first),
		cmocka_unit_test(old_clients_need_none),
		cmocka_unit_test(first_joins_wait_for_more),
		cmocka_unit_test(everybody_gets_its_assignment),
		cmocka_unit_test(assignments_wait_for_the_log),
		cmocka_unit_test(a_leader_that_never_assigns_is_out),
		cmocka_unit_test(a_silent_member_is_missed),
		cmocka_unit_test(leaving_rebalances_at_once),
		cmocka_unit_test(who_does_not_come_back_is_out),
		cmocka_unit_test(a_leader_may_assign_anew),
		cmocka_unit_test(static_members_keep_their_place),
		cmocka_unit_test(the_protocol_is_what_all_know),
		cmocka_unit_test(static_members_return_without_a_stir),
		cmocka_unit_test(groups_outlive_a_restart),
		cmocka_unit_test(wrong_requests_are_told_so),
		cmocka_unit_test(a_full_group_takes_nobody),
		cmocka_unit_test(an_id_that_nobody_uses_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
