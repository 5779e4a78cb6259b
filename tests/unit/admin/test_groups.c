/* The admin client: questions about groups, and how few requests they take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/groups.h"
#include "cluster.h"

enum { GROUPS = 1000, PARTS = 10 };

/* What the brokers do, and what came. Group gN belongs to broker (N + moved) % 3 + 1. */
struct groups {
	int moved;
	int loading;     /* so many answers are COORDINATOR_LOAD_IN_PROGRESS */
	int unavailable; /* so many lookups are COORDINATOR_NOT_AVAILABLE */
	bool newer;      /* groups with an even number are of the newer protocol */
	unsigned newer_seen;
	enum fake_action act;
	unsigned calls, answered, failed;
	int64_t sum; /* of the committed offsets */
	int16_t error;
	char why[400];
	char state[32];
	size_t partitions, listed;
};

static struct groups g;
static char names[GROUPS][8];

static int32_t home(struct str group)
{
	char text[16];

	snprintf(text, sizeof(text), "%.*s", STR_ARG(group));
	return (atoi(text + 1) + g.moved) % BROKERS + 1;
}

static bool is_newer(struct str group)
{
	return group.p[group.n - 1] % 2 == 0;
}

static int16_t refusal(const struct fake *f, struct str group)
{
	if (g.loading > 0) {
		g.loading--;
		return KERR_COORDINATOR_LOAD_IN_PROGRESS;
	}
	return home(group) == f->id ? KERR_NONE : KERR_NOT_COORDINATOR;
}

static enum fake_action say_coordinators(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	const struct find_coordinator_request *q = request;
	struct find_coordinator_response *r = response;

	(void)arg;
	(void)f;
	assert_int_equal(q->key_type, 0);
	if (h->api_version < 4) {
		r->node_id = home(q->key);
		r->error_code = g.unavailable-- > 0 ? KERR_COORDINATOR_NOT_AVAILABLE : KERR_NONE;
		return FAKE_ANSWER;
	}
	r->coordinators =
		MSG_NEW(a, find_coordinator_response_coordinators, (size_t)q->n_coordinator_keys);
	r->n_coordinators = q->n_coordinator_keys;
	for (int32_t i = 0; i < r->n_coordinators; i++) {
		/* The other way round: order is nobody's promise. */
		struct str key = q->coordinator_keys[r->n_coordinators - 1 - i];
		r->coordinators[i].key = key;
		r->coordinators[i].node_id = home(key);
		if (g.unavailable-- > 0)
			r->coordinators[i].error_code = KERR_COORDINATOR_NOT_AVAILABLE;
	}
	return FAKE_ANSWER;
}

static enum fake_action say_fetched(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	const struct offset_fetch_request *q = request;
	struct offset_fetch_response *r = response;

	(void)arg;
	assert_true(h->api_version <= 9);
	if (h->api_version < 8) {
		assert_int_equal(q->n_topics, -1);
		r->error_code = refusal(f, q->group_id);
		r->topics = MSG_NEW(a, offset_fetch_response_topics, 1);
		r->n_topics = 1;
		r->topics[0].name = STR_LIT("orders");
		r->topics[0].partitions = MSG_NEW(a, offset_fetch_response_topics_partitions, 1);
		r->topics[0].n_partitions = 1;
		r->topics[0].partitions[0].committed_offset = 7;
		return g.act;
	}
	r->groups = MSG_NEW(a, offset_fetch_response_groups, (size_t)q->n_groups);
	r->n_groups = q->n_groups;
	for (int32_t i = 0; i < q->n_groups; i++) {
		struct offset_fetch_response_groups *to = &r->groups[i];
		assert_int_equal(q->groups[i].n_topics, -1);
		to->group_id = q->groups[i].group_id;
		to->error_code = refusal(f, to->group_id);
		to->topics = MSG_NEW(a, offset_fetch_response_groups_topics, 1);
		to->n_topics = 1;
		to->topics[0].name = STR_LIT("orders");
		to->topics[0].partitions =
			MSG_NEW(a, offset_fetch_response_groups_topics_partitions, PARTS);
		to->topics[0].n_partitions = PARTS;
		for (int32_t p = 0; p < PARTS; p++) {
			to->topics[0].partitions[p].partition_index = p;
			to->topics[0].partitions[p].committed_offset = p;
		}
	}
	return g.act;
}

static enum fake_action say_described(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	const struct describe_groups_request *q = request;
	struct describe_groups_response *r = response;

	(void)arg;
	(void)h;
	r->groups = MSG_NEW(a, describe_groups_response_groups, (size_t)q->n_groups);
	r->n_groups = q->n_groups;
	for (int32_t i = 0; i < q->n_groups; i++) {
		r->groups[i].group_id = q->groups[i];
		r->groups[i].error_code = refusal(f, q->groups[i]);
		r->groups[i].group_state = STR_LIT("Stable");
		if (g.newer && is_newer(q->groups[i])) {
			r->groups[i].error_code = KERR_GROUP_ID_NOT_FOUND;
			r->groups[i].group_state = STR_LIT("Dead");
		}
	}
	return g.act;
}

/* Of the newer groups "g0" is not there at all. */
static enum fake_action say_consumers(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	static int32_t owned[] = {2, 5};
	const struct consumer_group_describe_request *q = request;
	struct consumer_group_describe_response *r = response;

	(void)arg;
	(void)h;
	r->groups = MSG_NEW(a, consumer_group_describe_response_groups, (size_t)q->n_group_ids);
	for (; r->n_groups < q->n_group_ids; r->n_groups++) {
		struct consumer_group_describe_response_groups *to = &r->groups[r->n_groups];
		struct consumer_group_describe_response_topic_partitions *t =
			MSG_NEW(a, consumer_group_describe_response_topic_partitions, 1);

		to->group_id = q->group_ids[r->n_groups];
		to->error_code = refusal(f, to->group_id);
		if (!is_newer(to->group_id) || str_eqz(to->group_id, "g0"))
			to->error_code = KERR_GROUP_ID_NOT_FOUND;
		to->group_state = STR_LIT("Reconciling");
		to->group_epoch = 12;
		to->assignor_name = STR_LIT("uniform");
		t->topic_name = STR_LIT("orders");
		t->partitions = owned;
		t->n_partitions = 2;
		to->members = MSG_NEW(a, consumer_group_describe_response_members, 1);
		to->n_members = 1;
		to->members[0].member_id = STR_LIT("m");
		to->members[0].subscribed_topic_names = &t->topic_name;
		to->members[0].n_subscribed_topic_names = 1;
		to->members[0].assignment.topic_partitions = t;
		to->members[0].assignment.n_topic_partitions = 1;
	}
	return g.act;
}

/* What is told of a newer group in the older form. */
static void check_newer(const struct admin_group *in)
{
	const struct describe_groups_response_groups *d = in->described;
	struct consumer_protocol_assignment is;
	struct slice bytes = d->members[0].member_assignment;
	struct arena a;

	g.newer_seen++;
	assert_int_equal(in->consumer->group_epoch, 12);
	assert_true(str_eqz(d->protocol_data, "uniform"));
	assert_true(str_eqz(d->group_state, "Reconciling"));
	assert_int_equal(d->n_members, 1);
	arena_init(&a, 0);
	msg_init(&consumer_protocol_assignment_desc, &is);
	assert_int_equal(msg_decode(&consumer_protocol_assignment_desc, 0,
				 slice_of(bytes.p + 2, bytes.n - 2), &a, &is, NULL),
		0);
	assert_int_equal(is.n_assigned_partitions, 1);
	assert_true(str_eqz(is.assigned_partitions[0].topic, "orders"));
	assert_int_equal(is.assigned_partitions[0].n_partitions, 2);
	assert_int_equal(is.assigned_partitions[0].partitions[1], 5);
	arena_fini(&a);
}

static enum fake_action say_deleted(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	const struct delete_groups_request *q = request;
	struct delete_groups_response *r = response;

	(void)arg;
	(void)h;
	r->results = MSG_NEW(a, delete_groups_response_results, (size_t)q->n_groups_names);
	r->n_results = q->n_groups_names;
	for (int32_t i = 0; i < r->n_results; i++) {
		r->results[i].group_id = q->groups_names[i];
		r->results[i].error_code = refusal(f, q->groups_names[i]);
		if (str_eqz(q->groups_names[i], "g5"))
			r->results[i].error_code = KERR_NON_EMPTY_GROUP;
	}
	return g.act;
}

static enum fake_action say_committed(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	const struct offset_commit_request *q = request;
	struct offset_commit_response *r = response;

	(void)arg;
	assert_true(h->api_version <= 9);
	assert_int_equal(q->generation_id_or_member_epoch, -1);
	assert_int_equal(q->member_id.n, 0);
	r->topics = MSG_NEW(a, offset_commit_response_topics, 1);
	r->n_topics = 1;
	r->topics[0].name = q->topics[0].name;
	r->topics[0].partitions = MSG_NEW(a, offset_commit_response_partitions, 2);
	r->topics[0].n_partitions = 2;
	for (int i = 0; i < 2; i++) {
		r->topics[0].partitions[i].partition_index = i;
		r->topics[0].partitions[i].error_code = refusal(f, q->group_id);
	}
	if (!r->topics[0].partitions[1].error_code)
		r->topics[0].partitions[1].error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
	return g.act;
}

static enum fake_action say_offsets_deleted(void *arg, struct fake *f,
	const struct request_header *h, const void *request, void *response, struct arena *a)
{
	const struct offset_delete_request *q = request;
	struct offset_delete_response *r = response;

	(void)arg;
	(void)h;
	(void)a;
	r->error_code = refusal(f, q->group_id);
	return g.act;
}

static enum fake_action say_listed(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	const struct list_groups_request *q = request;
	struct list_groups_response *r = response;

	(void)arg;
	(void)h;
	if (q->n_states_filter == 1)
		assert_true(str_eqz(q->states_filter[0], "Stable"));
	if (g.loading > 0) {
		g.loading--;
		r->error_code = KERR_COORDINATOR_LOAD_IN_PROGRESS;
		return FAKE_ANSWER;
	}
	r->groups = MSG_NEW(a, list_groups_response_groups, 1);
	r->n_groups = 1;
	r->groups[0].group_id = str_of(names[f->id]);
	return FAKE_ANSWER;
}

static void got_groups(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct test *t = arg;
	size_t open = 0;

	(void)broker;
	for (size_t i = 0; i < n; i++)
		open += !all[i].answered;
	assert_int_equal(open, left);
	g.calls++;
	t->done = left == 0;
	for (size_t i = 0; i < n && t->done; i++) {
		assert_int_equal(all[i].error != 0, all[i].why != NULL);
		g.answered++;
		g.failed += all[i].error != 0;
		if (all[i].error) {
			g.error = all[i].error;
			snprintf(g.why, sizeof(g.why), "%s", all[i].why);
			continue;
		}
		assert_int_equal(all[i].coordinator, home(all[i].group));
		if (all[i].consumer)
			check_newer(&all[i]);
		else if (all[i].described)
			snprintf(g.state, sizeof(g.state), "%.*s",
				STR_ARG(all[i].described->group_state));
		for (int32_t k = 0; all[i].offsets && k < all[i].offsets->n_topics; k++)
			for (int32_t p = 0; p < all[i].offsets->topics[k].n_partitions; p++) {
				g.partitions++;
				g.sum += all[i].offsets->topics[k].partitions[p].committed_offset;
			}
		if (all[i].committed)
			g.error = all[i].committed->topics[0].partitions[1].error_code;
	}
}

static void got_list(void *arg, int32_t broker, const struct err *e, int16_t version,
	const void *response, size_t left)
{
	const struct list_groups_response *r = response;
	struct test *t = arg;

	(void)broker;
	(void)version;
	if (e)
		snprintf(g.why, sizeof(g.why), "%s", e->msg);
	else
		g.listed += r->error_code ? 0 : (size_t)r->n_groups;
	t->done = left == 0;
}

static unsigned seen(const struct test *t, int16_t key)
{
	unsigned n = 0;

	for (int i = 0; i < BROKERS; i++)
		n += t->fake[i]->seen[key];
	return n;
}

static int setup(void **state)
{
	struct test *t;

	g = (struct groups){.act = FAKE_ANSWER};
	for (int i = 0; i < GROUPS; i++)
		snprintf(names[i], sizeof(names[i]), "g%d", i);
	cluster_setup(state);
	t = *state;
	for (int i = 0; i < BROKERS; i++) {
		fake_on(t->fake[i], API_FIND_COORDINATOR, say_coordinators, t);
		fake_on(t->fake[i], API_OFFSET_FETCH, say_fetched, t);
		fake_on(t->fake[i], API_DESCRIBE_GROUPS, say_described, t);
		fake_on(t->fake[i], API_DELETE_GROUPS, say_deleted, t);
		fake_on(t->fake[i], API_OFFSET_COMMIT, say_committed, t);
		fake_on(t->fake[i], API_OFFSET_DELETE, say_offsets_deleted, t);
		fake_on(t->fake[i], API_LIST_GROUPS, say_listed, t);
	}
	open_client(t);
	return 0;
}

typedef int64_t ask_fn(struct admin *a, const struct str *groups, size_t n, int64_t timeout_ms,
	admin_groups_fn *fn, void *arg);

static void ask(struct test *t, ask_fn *fn, size_t n, int64_t timeout_ms)
{
	struct str list[GROUPS];

	for (size_t i = 0; i < n; i++)
		list[i] = str_of(names[i]);
	fn(t->admin, list, n, timeout_ms, got_groups, t);
	assert_int_equal(g.calls, 0);
	wait_done(t);
}

static void a_thousand_groups_take_few_requests(void **state)
{
	struct test *t = *state;

	ask(t, admin_fetch_group_offsets, GROUPS, 0);
	assert_int_equal(g.answered, GROUPS);
	assert_int_equal(g.failed, 0);
	assert_int_equal(g.partitions, GROUPS * PARTS);
	assert_int_equal(g.sum, GROUPS * 45);
	assert_int_equal(seen(t, API_FIND_COORDINATOR), 1);
	assert_int_equal(seen(t, API_OFFSET_FETCH), BROKERS);
	assert_int_equal(g.calls, BROKERS);
}

static void descriptions_and_deletions_are_batched(void **state)
{
	struct test *t = *state;

	ask(t, admin_describe_groups, 30, 0);
	assert_int_equal(g.failed, 0);
	assert_string_equal(g.state, "Stable");
	assert_int_equal(seen(t, API_DESCRIBE_GROUPS), BROKERS);
	g.calls = g.answered = 0;
	ask(t, admin_delete_groups, 30, 0);
	assert_int_equal(g.failed, 1);
	assert_int_equal(g.error, KERR_NON_EMPTY_GROUP);
	assert_non_null(strstr(g.why, "group g5: NON_EMPTY_GROUP"));
	assert_int_equal(seen(t, API_DELETE_GROUPS), BROKERS);
}

/* One more request a coordinator, for those alone that it did not know in the older way. */
static void groups_of_the_newer_protocol_are_described_too(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < BROKERS; i++)
		fake_on(t->fake[i], API_CONSUMER_GROUP_DESCRIBE, say_consumers, t);
	g.newer = true;
	ask(t, admin_describe_groups, 30, 0);
	assert_int_equal(g.answered, 30);
	assert_int_equal(g.failed, 1);
	assert_int_equal(g.error, KERR_GROUP_ID_NOT_FOUND);
	assert_int_equal(g.newer_seen, 14);
	assert_string_equal(g.state, "Stable");
	assert_int_equal(seen(t, API_DESCRIBE_GROUPS), BROKERS);
	assert_int_equal(seen(t, API_CONSUMER_GROUP_DESCRIBE), BROKERS);
}

/* A broker that has not heard of them: what it said first stands. */
static void brokers_without_the_newer_protocol_have_the_last_word(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < BROKERS; i++)
		fake_offer(t->fake[i], API_CONSUMER_GROUP_DESCRIBE, -1, -1);
	g.newer = true;
	ask(t, admin_describe_groups, 30, 0);
	assert_int_equal(g.answered, 30);
	assert_int_equal(g.failed, 15);
	assert_int_equal(g.error, KERR_GROUP_ID_NOT_FOUND);
	assert_int_equal(seen(t, API_DESCRIBE_GROUPS), BROKERS);
}

static void coordinators_alone(void **state)
{
	ask(*state, admin_find_coordinators, 30, 0);
	assert_int_equal(g.answered, 30);
	assert_int_equal(g.failed, 0);
}

static void old_brokers_are_asked_one_by_one(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < BROKERS; i++) {
		fake_offer(t->fake[i], API_FIND_COORDINATOR, 0, 3);
		fake_offer(t->fake[i], API_OFFSET_FETCH, 1, 7);
	}
	ask(t, admin_fetch_group_offsets, 12, 0);
	assert_int_equal(g.failed, 0);
	assert_int_equal(g.sum, 12 * 7);
	assert_int_equal(seen(t, API_FIND_COORDINATOR), 12);
	assert_int_equal(seen(t, API_OFFSET_FETCH), 12);
}

static void passing_errors_are_waited_out(void **state)
{
	struct test *t = *state;

	g.loading = 5;
	g.unavailable = 7;
	ask(t, admin_fetch_group_offsets, 12, 0);
	assert_int_equal(g.failed, 0);
	assert_int_equal(g.partitions, 12 * PARTS);
}

/* The coordinators change between the lookup and the question. */
static enum fake_action say_moving(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	enum fake_action act = say_coordinators(arg, f, h, request, response, a);

	if (g.moved < 2)
		g.moved++;
	return act;
}

static void a_coordinator_that_moves_is_found_again(void **state)
{
	struct test *t = *state;

	for (int i = 0; i < BROKERS; i++)
		fake_on(t->fake[i], API_FIND_COORDINATOR, say_moving, t);
	ask(t, admin_describe_groups, 12, 0);
	assert_int_equal(g.failed, 0);
	assert_true(seen(t, API_FIND_COORDINATOR) >= 3);
}

static void the_deadline_ends_it(void **state)
{
	g.loading = 1 << 30;
	ask(*state, admin_describe_groups, 3, 200);
	assert_int_equal(g.failed, 3);
	assert_int_equal(g.error, KERR_REQUEST_TIMED_OUT);
	assert_non_null(strstr(g.why, "COORDINATOR_LOAD_IN_PROGRESS"));
}

static void a_lost_deletion_is_not_repeated(void **state)
{
	struct test *t = *state;

	g.act = FAKE_HANG_UP;
	ask(t, admin_delete_groups, 1, 0);
	assert_int_equal(g.failed, 1);
	assert_non_null(strstr(g.why, "may be done all the same"));
	assert_int_equal(seen(t, API_DELETE_GROUPS), 1);
}

static int64_t fetch_at_2(struct admin *a, const struct str *groups, size_t n, int64_t timeout_ms,
	admin_groups_fn *fn, void *arg)
{
	return admin_fetch_group_offsets_at(a, 2, groups, n, timeout_ms, fn, arg);
}

static int64_t describe_at_2(struct admin *a, const struct str *groups, size_t n,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return admin_describe_groups_at(a, 2, groups, n, timeout_ms, fn, arg);
}

/* Who knows the coordinator asks it at once; where that is wrong by now it is looked up. */
static void known_coordinators_are_not_looked_up(void **state)
{
	struct test *t = *state;
	struct str g1 = str_of(names[1]);

	admin_fetch_group_offsets_at(t->admin, 2, &g1, 1, 0, got_groups, t);
	wait_done(t);
	assert_int_equal(g.failed, 0);
	assert_int_equal(g.partitions, PARTS);
	assert_int_equal(seen(t, API_FIND_COORDINATOR), 0);
	assert_int_equal(seen(t, API_OFFSET_FETCH), 1);
	g.calls = g.answered = 0;
	ask(t, fetch_at_2, 12, 0);
	assert_int_equal(g.answered, 12);
	assert_int_equal(g.failed, 0);
	assert_int_equal(seen(t, API_FIND_COORDINATOR), 1);
	g.calls = g.answered = 0;
	ask(t, describe_at_2, 12, 0);
	assert_int_equal(g.answered, 12);
	assert_int_equal(g.failed, 0);
}

static void nobody_is_asked_about_nothing(void **state)
{
	ask(*state, admin_describe_groups, 0, 0);
	assert_int_equal(g.calls, 1);
	assert_int_equal(g.answered, 0);
}

static void commits_find_their_coordinator(void **state)
{
	struct test *t = *state;
	struct offset_commit_request_partitions p[2] = {{.partition_index = 0,
								.committed_offset = 5,
								.committed_leader_epoch = -1,
								.commit_timestamp = -1},
		{.partition_index = 1,
			.committed_offset = 6,
			.committed_leader_epoch = -1,
			.commit_timestamp = -1}};
	struct offset_commit_request_topics topic = {
		.name = STR_LIT("orders"), .partitions = p, .n_partitions = 2};
	struct offset_commit_request r;

	msg_init(&offset_commit_request_desc, &r);
	r.group_id = STR_LIT("g4");
	r.topics = &topic;
	r.n_topics = 1;
	g.loading = 2;
	admin_commit_offsets(t->admin, &r, 0, got_groups, t);
	wait_done(t);
	assert_string_equal(g.why, "");
	assert_int_equal(g.failed, 0);
	assert_int_equal(g.error, KERR_UNKNOWN_TOPIC_OR_PARTITION);
	assert_int_equal(seen(t, API_OFFSET_COMMIT), 2);
}

static void offsets_are_deleted(void **state)
{
	struct test *t = *state;
	struct offset_delete_request r;

	msg_init(&offset_delete_request_desc, &r);
	r.group_id = STR_LIT("g4");
	g.loading = 1;
	admin_delete_group_offsets(t->admin, &r, 0, got_groups, t);
	wait_done(t);
	assert_int_equal(g.failed, 0);
	assert_int_equal(seen(t, API_OFFSET_DELETE), 2);
}

static void all_brokers_list_their_groups(void **state)
{
	struct test *t = *state;
	struct str stable = STR_LIT("Stable");

	g.loading = 4;
	admin_list_groups(t->admin, &stable, 1, NULL, 0, 0, got_list, t);
	wait_done(t);
	assert_int_equal(g.listed, BROKERS);
	assert_int_equal(seen(t, API_LIST_GROUPS), BROKERS + 4);
	admin_free(t->admin);
	for (int i = 0; i < BROKERS; i++)
		fake_offer(t->fake[i], API_LIST_GROUPS, 0, 3);
	open_client(t);
	admin_list_groups(t->admin, &stable, 1, NULL, 0, 0, got_list, t);
	wait_done(t);
	assert_non_null(strstr(g.why, "ListGroups"));
}

static void a_cancelled_question_is_silent(void **state)
{
	struct test *t = *state;
	struct str one = STR_LIT("g1");
	int64_t id = admin_describe_groups(t->admin, &one, 1, 0, got_groups, t);

	refresh_all(t);
	admin_cancel(t->admin, id);
	refresh_all(t);
	assert_true(g.calls <= 1);
	assert_int_equal(admin_pending(t->admin), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, cluster_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_thousand_groups_take_few_requests),
		T(descriptions_and_deletions_are_batched),
		T(groups_of_the_newer_protocol_are_described_too),
		T(brokers_without_the_newer_protocol_have_the_last_word),
		T(coordinators_alone),
		T(old_brokers_are_asked_one_by_one),
		T(passing_errors_are_waited_out),
		T(a_coordinator_that_moves_is_found_again),
		T(the_deadline_ends_it),
		T(a_lost_deletion_is_not_repeated),
		T(known_coordinators_are_not_looked_up),
		T(nobody_is_asked_about_nothing),
		T(commits_find_their_coordinator),
		T(offsets_are_deleted),
		T(all_brokers_list_their_groups),
		T(a_cancelled_question_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
