/* What a source does to groups: resets worked out, offsets set, offsets and groups deleted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "fake_cluster.h"
#include "fake_group_calls.h"
#include "model/model.h"
#include "source/source.h"
#include <stdio.h>
#include <stdlib.h>

struct bench {
	struct loop *loop;
	struct admin *admin;
	struct model *model;
	struct source *source;
	bool done;
	struct err err; /* code 0: none */
	struct reset_row rows[8];
	size_t n;
	char topic[16]; /* of the first row */
	bool again;     /* plan once more, from inside the answer */
};

static bool ready(const struct bench *b)
{
	return model_cluster(b->model)->progress.step == PROGRESS_READY;
}

/* orders has records 0 to 20 in both partitions, the group has read 5 and 15. */
static struct bench *begin(bool read_only)
{
	struct bench *b = ALLOC(struct bench);
	struct err e;

	b->loop = loop_new(&e);
	assert_non_null(b->loop);
	b->admin = fake_start(b->loop);
	b->model = model_new();
	fake_append(0, 20, 1000);
	fake_append(1, 20, 1005);
	fake_calls_reset();
	fake_calls.committed[0] = 5;
	fake_calls.committed[1] = 15;
	b->source = cluster_source_new(b->loop, b->admin, b->model,
		&(struct cluster_source_options){
			.bootstrap = "x:1", .interval_ms = 30, .read_only = read_only});
	UNTIL(b, ready(b));
	return b;
}

static void end(struct bench *b)
{
	cluster_source_free(b->source);
	model_free(b->model);
	fake_end(b->admin);
	loop_free(b->loop);
	fake_calls_reset();
	free(b);
}

static void on_done(void *arg, const struct err *e)
{
	struct bench *b = arg;

	b->done = true;
	b->err = e ? *e : (struct err){0};
}

static void on_plan(void *arg, const struct err *e, const struct reset_row *rows, size_t n)
{
	struct bench *b = arg;
	const struct reset_spec more = {.group = "g", .partition = -1, .to = RESET_LATEST};

	on_done(b, e);
	assert_true(n <= ARRAY_LEN(b->rows));
	for (size_t i = 0; i < n; i++)
		b->rows[i] = rows[i];
	b->n = n;
	if (n)
		snprintf(b->topic, sizeof(b->topic), "%.*s", STR_ARG(rows[0].topic));
	if (b->again) {
		b->again = b->done = false;
		source_plan_reset(b->source, &more, on_plan, b);
	}
	/* Still lent, whatever was asked for meanwhile. */
	if (n)
		assert_true(str_eqz(rows[0].topic, b->topic));
}

static void plan(
	struct bench *b, const char *topic, int32_t partition, enum reset_to to, int64_t at)
{
	const struct reset_spec spec = {
		.group = "g", .topic = topic, .partition = partition, .to = to, .at = at};

	b->done = false;
	b->n = 0;
	source_plan_reset(b->source, &spec, on_plan, b);
	assert_false(b->done); /* never from inside the call */
	UNTIL(b, b->done);
}

static void refused(struct bench *b, int code, const char *why)
{
	assert_int_equal(b->n, 0);
	assert_int_equal(b->err.code, code);
	if (!strstr(b->err.msg, why))
		fail_msg("\"%s\" is not in: %s", why, b->err.msg);
}

static const struct change *newest(const struct bench *b)
{
	return changes_at(model_changes(b->model), 0);
}

/* ---- plans ---------------------------------------------------------------------------------- */

static void plans_are_worked_out(void **state)
{
	struct bench *b = begin(true); /* a plan changes nothing */

	(void)state;
	plan(b, NULL, -1, RESET_EARLIEST, 0);
	assert_int_equal(b->err.code, 0);
	assert_int_equal(b->n, 2);
	assert_string_equal(b->topic, "orders");
	for (int32_t i = 0; i < 2; i++) {
		assert_int_equal(b->rows[i].partition, i);
		assert_int_equal(b->rows[i].now, i ? 15 : 5);
		assert_int_equal(b->rows[i].to, 0);
		assert_int_equal(b->rows[i].start, 0);
		assert_int_equal(b->rows[i].end, 20);
		assert_int_equal(b->rows[i].clamp, RESET_FITS);
	}
	plan(b, "orders", 1, RESET_SHIFT, 100);
	assert_int_equal(b->n, 1);
	assert_int_equal(b->rows[0].partition, 1);
	assert_int_equal(b->rows[0].to, 20);
	assert_int_equal(b->rows[0].asked, 115);
	assert_int_equal(b->rows[0].clamp, RESET_TOO_HIGH);
	/* By time: the third question of each partition. */
	plan(b, "orders", -1, RESET_DURATION, 60000);
	assert_int_equal(b->n, 2);
	assert_int_equal(b->rows[1].by_time, 20);
	assert_int_equal(fake.changes + fake_calls.commits, 0);
	assert_null(newest(b));
	end(b);
}

static void what_was_never_committed(void **state)
{
	struct bench *b = begin(false);

	(void)state;
	fake_calls.committed[1] = -1;
	plan(b, NULL, -1, RESET_LATEST, 0);
	assert_int_equal(b->n, 1);
	plan(b, "orders", -1, RESET_CURRENT, 0);
	assert_int_equal(b->n, 2);
	assert_int_equal(b->rows[0].to, 5);
	assert_int_equal(b->rows[1].now, -1);
	assert_int_equal(b->rows[1].to, 20);
	plan(b, "orders", -1, RESET_SHIFT, 1);
	refused(b, ERR_INVALID, "partition orders-1: nothing is committed");
	fake_calls.committed[0] = -1;
	plan(b, "orders", -1, RESET_SHIFT, 1);
	refused(b, ERR_INVALID, "(and so for 1 more)");
	plan(b, NULL, -1, RESET_LATEST, 0);
	refused(b, ERR_NOT_FOUND, "group g has committed nothing so far: name a topic");
	/* A group that is not there has committed nothing either; with a topic it can be made. */
	fake_calls.missing = KERR_GROUP_ID_NOT_FOUND;
	plan(b, NULL, -1, RESET_LATEST, 0);
	refused(b, ERR_NOT_FOUND, "group g is not there any more");
	plan(b, "orders", 0, RESET_LATEST, 0);
	assert_int_equal(b->n, 1);
	end(b);
}

static void members_are_named(void **state)
{
	struct bench *b = begin(false);

	(void)state;
	fake_calls.state = "Stable";
	fake_calls.n_members = 3;
	fake_calls.members[0] = (struct fake_member){"id-0", "pay-1", NULL};
	fake_calls.members[1] = (struct fake_member){"id-1", "rdkafka", "static-1"};
	fake_calls.members[2] = (struct fake_member){"id-2", "", NULL};
	plan(b, NULL, -1, RESET_EARLIEST, 0);
	refused(b, ERR_IN_USE, "group g has 3 members (pay-1, static-1, id-2): stop them first");
	/* A name that several have says nothing. */
	for (int i = 0; i < 5; i++)
		fake_calls.members[i] = (struct fake_member){
			i < 4 ? "same-id" : "id-4", i < 4 ? "rdkafka" : "pay", NULL};
	fake_calls.n_members = 5;
	plan(b, NULL, -1, RESET_EARLIEST, 0);
	refused(b, ERR_IN_USE, "group g has 5 members (same-id, same-id, same-id and 2 more)");
	fake_calls.n_members = 1;
	plan(b, NULL, -1, RESET_EARLIEST, 0);
	refused(b, ERR_IN_USE, "group g has 1 member (rdkafka): stop it first");
	fake_calls.n_members = 0;
	fake_calls.state = "PreparingRebalance";
	plan(b, NULL, -1, RESET_EARLIEST, 0);
	refused(b, ERR_IN_USE, "group g is PreparingRebalance: wait until that is over");
	assert_int_equal(fake_calls.asked, 4);
	end(b);
}

static void trouble_ends_a_plan(void **state)
{
	struct bench *b = begin(false);

	(void)state;
	plan(b, "nope", -1, RESET_EARLIEST, 0);
	refused(b, ERR_NOT_FOUND, "topic nope is not there");
	plan(b, "orders", 7, RESET_EARLIEST, 0);
	refused(b, ERR_NOT_FOUND, "partition orders-7 is not there");
	fake_calls.gone = "gone";
	plan(b, NULL, -1, RESET_EARLIEST, 0);
	refused(b, ERR_NOT_FOUND, "partition gone-0 is not there any more: choose a topic");
	plan(b, "orders", -1, RESET_EARLIEST, 0);
	assert_int_equal(b->n, 2);
	fake_calls.no_commit = KERR_TOPIC_AUTHORIZATION_FAILED;
	plan(b, "orders", -1, RESET_EARLIEST, 0);
	refused(b, ERR_EXISTS, "TOPIC_AUTHORIZATION_FAILED");
	fake_calls.no_commit = 0;
	fake_calls.error = KERR_NOT_COORDINATOR;
	plan(b, "orders", -1, RESET_EARLIEST, 0);
	refused(b, ERR_EXISTS, "the coordinator's own words");
	fake_calls.error = 0;
	fake.dead_broker[2] = true;
	plan(b, "orders", -1, RESET_EARLIEST, 0);
	refused(b, ERR_EXISTS, "it does not answer");
	fake.dead_broker[2] = false;
	fake.dead = true;
	plan(b, "orders", -1, RESET_EARLIEST, 0);
	b->n = 0;
	assert_true(b->err.code);
	end(b);
}

static void plans_are_given_up(void **state)
{
	const struct reset_spec spec = {.group = "g", .partition = -1, .to = RESET_LATEST};
	struct bench *b = begin(false);

	(void)state;
	/* At each of its questions. */
	for (int turns = 0; turns < 6; turns++) {
		int64_t id = source_plan_reset(b->source, &spec, on_plan, b);

		for (int i = 0; i < turns && !b->done; i++)
			loop_run_once(b->loop, false);
		source_cancel(b->source, id);
		if (b->done)
			break;
		for (int i = 0; i < 10; i++)
			loop_run_once(b->loop, false);
		assert_false(b->done);
	}
	/* One more from inside the answer; and a source that goes with one under way. */
	b->again = true;
	b->done = false;
	source_plan_reset(b->source, &spec, on_plan, b);
	UNTIL(b, b->done && !b->again);
	assert_int_equal(b->n, 2);
	source_plan_reset(b->source, &spec, on_plan, b);
	end(b);
}

/* ---- resets --------------------------------------------------------------------------------- */

static void reset(struct bench *b, const struct reset_spec *spec)
{
	struct reset_row rows[8];
	size_t n;

	plan(b, spec->topic, spec->partition, spec->to, spec->at);
	n = b->n;
	for (size_t i = 0; i < n; i++) {
		rows[i] = b->rows[i];
		rows[i].topic = STR_LIT("orders");
	}
	b->done = false;
	source_reset_offsets(b->source, spec, rows, n, on_done, b);
	assert_false(b->done);
	UNTIL(b, b->done);
}

static void offsets_are_set(void **state)
{
	struct bench *b = begin(false);
	struct reset_spec spec = {
		.group = "it's g", .topic = "orders", .partition = -1, .to = RESET_SHIFT, .at = -2};

	(void)state;
	reset(b, &spec);
	assert_int_equal(b->err.code, 0);
	assert_int_equal(fake_calls.to[0], 3);
	assert_int_equal(fake_calls.to[1], 13);
	assert_int_equal(newest(b)->kind, CHANGE_ACTION);
	assert_string_equal(newest(b)->group, "it's g");
	assert_string_equal(
		newest(b)->text, "reset offsets of group it's g 2 records back, topic orders");
	assert_string_equal(newest(b)->command,
		"kdeck groups --reset-offsets --group 'it'\\''s g' --topic orders --shift-by -2 "
		"--execute");
	spec = (struct reset_spec){.group = "g", .partition = -1, .to = RESET_LATEST};
	reset(b, &spec);
	assert_string_equal(newest(b)->command,
		"kdeck groups --reset-offsets --group g --all-topics --to-latest --execute");
	spec.topic = "orders";
	spec.partition = 1;
	fake_calls.to[0] = -1;
	reset(b, &spec);
	assert_int_equal(fake_calls.to[0], -1);
	assert_int_equal(fake_calls.to[1], 20);
	assert_string_equal(newest(b)->command,
		"kdeck groups --reset-offsets --group g --topic orders:1 --to-latest --execute");
	end(b);
}

static void what_the_coordinator_refuses(void **state)
{
	struct bench *b = begin(false);
	const struct reset_spec spec = {.group = "g", .partition = -1, .to = RESET_EARLIEST};

	(void)state;
	fake_calls.refuse[0] = fake_calls.refuse[1] = KERR_UNKNOWN_MEMBER_ID;
	reset(b, &spec);
	assert_int_equal(b->err.code, ERR_IN_USE);
	assert_string_equal(
		b->err.msg, "group g has members again: stop them first; nothing was changed");
	assert_int_equal(newest(b)->kind, CHANGE_FAILED);
	fake_calls.refuse[0] = 0;
	fake_calls.refuse[1] = KERR_TOPIC_AUTHORIZATION_FAILED;
	reset(b, &spec);
	assert_string_equal(b->err.msg, "1 of 2 partitions were reset: TOPIC_AUTHORIZATION_FAILED");
	fake_calls.refuse[1] = 0;
	fake_calls.silent = true;
	reset(b, &spec);
	assert_string_equal(b->err.msg,
		"1 of 2 partitions were reset: the coordinator did not answer for all partitions");
	fake_calls.silent = false;
	b->done = false;
	source_reset_offsets(b->source, &spec, NULL, 0, on_done, b);
	UNTIL(b, b->done);
	assert_string_equal(b->err.msg, "there is nothing to reset");
	end(b);
}

/* ---- deletions ------------------------------------------------------------------------------ */

static void delete_groups(struct bench *b, const char *const *names, size_t n)
{
	b->done = false;
	source_delete_groups(b->source, names, n, on_done, b);
	assert_false(b->done);
	UNTIL(b, b->done);
}

static void groups_are_deleted(void **state)
{
	static const char *const names[] = {"one", "the second", "three"};
	struct bench *b = begin(false);

	(void)state;
	delete_groups(b, names, 3);
	assert_int_equal(b->err.code, 0);
	assert_int_equal(fake_calls.n_groups, 3);
	assert_null(newest(b)->group);
	assert_string_equal(newest(b)->command,
		"kdeck groups --delete --group one --group 'the second' --group three");
	fake_calls.refused = "the second";
	fake_calls.why = KERR_NON_EMPTY_GROUP;
	delete_groups(b, names, 3);
	assert_int_equal(b->err.code, ERR_IN_USE);
	assert_string_equal(b->err.msg,
		"2 of 3 groups were deleted: group the second has members: stop them first");
	fake_calls.why = KERR_GROUP_ID_NOT_FOUND;
	delete_groups(b, &names[1], 1);
	assert_int_equal(b->err.code, ERR_NOT_FOUND);
	assert_string_equal(b->err.msg, "group the second is not there any more");
	assert_string_equal(newest(b)->group, "the second");
	fake_calls.error = KERR_REQUEST_TIMED_OUT;
	delete_groups(b, names, 3);
	assert_string_equal(b->err.msg,
		"0 of 3 groups were deleted: the coordinator's own words; the coordinator's own "
		"words; the coordinator's own words");
	end(b);
}

static void delete_offsets(struct bench *b, const char *topic, int32_t partition)
{
	b->done = false;
	source_delete_offsets(b->source, "g", topic, partition, on_done, b);
	assert_false(b->done);
	UNTIL(b, b->done);
}

static void offsets_are_deleted(void **state)
{
	struct bench *b = begin(false);

	(void)state;
	delete_offsets(b, "orders", -1);
	assert_int_equal(b->err.code, 0);
	assert_int_equal(fake_calls.n_partitions, 2);
	assert_string_equal(
		newest(b)->command, "kdeck groups --delete-offsets --group g --topic orders");
	delete_offsets(b, "orders", 1);
	assert_int_equal(fake_calls.n_partitions, 1);
	assert_string_equal(
		newest(b)->command, "kdeck groups --delete-offsets --group g --topic orders:1");
	fake_calls.refuse[0] = KERR_GROUP_SUBSCRIBED_TO_TOPIC;
	delete_offsets(b, "orders", -1);
	assert_int_equal(b->err.code, ERR_IN_USE);
	assert_string_equal(b->err.msg, "members of group g read topic orders: stop them first");
	fake_calls.refuse[0] = KERR_TOPIC_AUTHORIZATION_FAILED;
	delete_offsets(b, "orders", -1);
	assert_string_equal(b->err.msg, "1 of 2 offsets were deleted: TOPIC_AUTHORIZATION_FAILED");
	fake_calls.error = KERR_GROUP_ID_NOT_FOUND;
	delete_offsets(b, "orders", -1);
	assert_string_equal(b->err.msg, "group g is not there any more");
	delete_offsets(b, "nope", -1);
	assert_int_equal(b->err.code, ERR_NOT_FOUND);
	delete_offsets(b, "orders", 9);
	assert_int_equal(b->err.code, ERR_NOT_FOUND);
	end(b);
}

static void nothing_is_changed_read_only(void **state)
{
	const struct reset_spec spec = {.group = "g", .partition = -1, .to = RESET_EARLIEST};
	static const char *const names[] = {"g"};
	struct bench *b = begin(true);

	(void)state;
	reset(b, &spec);
	assert_int_equal(b->err.code, ERR_DENIED);
	delete_groups(b, names, 1);
	assert_int_equal(b->err.code, ERR_DENIED);
	delete_offsets(b, "orders", -1);
	assert_int_equal(b->err.code, ERR_DENIED);
	assert_int_equal(fake_calls.commits + fake_calls.deletes, 0);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_are_worked_out),
		cmocka_unit_test(what_was_never_committed),
		cmocka_unit_test(members_are_named),
		cmocka_unit_test(trouble_ends_a_plan),
		cmocka_unit_test(plans_are_given_up),
		cmocka_unit_test(offsets_are_set),
		cmocka_unit_test(what_the_coordinator_refuses),
		cmocka_unit_test(groups_are_deleted),
		cmocka_unit_test(offsets_are_deleted),
		cmocka_unit_test(nothing_is_changed_read_only),
	};

	return cmocka_run_group_tests_name("group_actions", tests, NULL, NULL);
}
