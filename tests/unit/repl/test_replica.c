/* The arithmetic of replicas: who is in sync, how far all is committed, what is proposed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repl/replica.h"

#define LAG 1000

static int32_t all[] = {1, 2, 3};

static struct image_partition image(int32_t n_isr, int32_t partition_epoch)
{
	return (struct image_partition){.replicas = {all, 3},
		.isr = {all, n_isr},
		.leader = 1,
		.leader_epoch = 7,
		.partition_epoch = partition_epoch};
}

static void lead(struct replicas *rs, int32_t n_isr, int64_t leo)
{
	struct image_partition ip = image(n_isr, 10);

	replicas_init(rs, 1);
	replicas_lead(rs, &ip, leo, 0);
	for (int32_t i = 0; i < rs->n; i++)
		rs->v[i].live = true;
}

static bool fetch(struct replicas *rs, int32_t id, int64_t offset, int64_t leo, int64_t now)
{
	struct replica_fetch f = {.replica = id,
		.broker_epoch = 100 + id,
		.live_epoch = 100 + id,
		.offset = offset,
		.leader_leo = leo,
		.now_ms = now};

	return replica_fetched(replicas_find(rs, id), &f);
}

static struct commit_view view(int64_t leo, int64_t hw, int64_t now)
{
	return (struct commit_view){leo, hw, 1, now, LAG};
}

static int64_t commit(const struct replicas *rs, int64_t leo, int64_t hw, int64_t now)
{
	struct commit_view v = view(leo, hw, now);

	return replicas_commit(rs, &v);
}

/* Nothing is committed before every member of the ISR has been heard of. */
static void test_commit_is_the_lowest(void **state)
{
	struct replicas rs;

	(void)state;
	lead(&rs, 3, 50);
	assert_int_equal(commit(&rs, 60, 40, 0), 40);
	fetch(&rs, 2, 60, 60, 1);
	assert_int_equal(commit(&rs, 60, 40, 1), 40);
	fetch(&rs, 3, 55, 60, 1);
	assert_int_equal(commit(&rs, 60, 40, 1), 55);
	/* Never back, whatever a follower says. */
	fetch(&rs, 3, 45, 60, 2);
	assert_int_equal(commit(&rs, 60, 55, 2), 55);
	replicas_fini(&rs);
}

static void test_too_few_in_sync_commit_nothing(void **state)
{
	struct replicas rs;
	struct commit_view v = view(60, 40, 0);

	(void)state;
	lead(&rs, 1, 50);
	rs.v[0].live = rs.v[1].live = false;
	assert_int_equal(replicas_commit(&rs, &v), 60);
	v.min_isr = 2;
	assert_int_equal(replicas_commit(&rs, &v), 40);
	replicas_fini(&rs);
}

/* One that is outside but caught up a moment ago holds the high watermark: it is about to join. */
static void test_about_to_join_counts(void **state)
{
	struct replicas rs;

	(void)state;
	lead(&rs, 2, 50);
	fetch(&rs, 2, 60, 60, 1);
	assert_int_equal(commit(&rs, 60, 40, 1), 60);
	fetch(&rs, 3, 60, 60, 1);
	assert_int_equal(commit(&rs, 70, 60, 2), 60);
	fetch(&rs, 2, 70, 70, 3);
	assert_int_equal(commit(&rs, 70, 60, 3), 60);
	assert_int_equal(commit(&rs, 70, 60, 3 + LAG), 70);
	fetch(&rs, 3, 65, 70, 4);
	replicas_find(&rs, 3)->live = false;
	assert_int_equal(commit(&rs, 70, 60, 5), 70);
	replicas_fini(&rs);
}

static void test_shrink_and_settle(void **state)
{
	struct replicas rs;
	struct commit_view v = view(60, 50, 0);
	struct image_partition ip;

	(void)state;
	lead(&rs, 3, 50);
	fetch(&rs, 2, 60, 60, LAG);
	v.now_ms = LAG;
	assert_false(isr_propose(&rs, &v, 10, true));
	v.now_ms = LAG + 1;
	assert_false(isr_propose(&rs, &v, 10, false));
	assert_true(isr_propose(&rs, &v, 10, true));
	assert_int_equal(rs.isr.proposed.n, 2);
	assert_true(isr_has(rs.isr.proposed, 1));
	assert_true(isr_has(rs.isr.proposed, 2));
	/* Until the image has it, the old one counts. */
	assert_true(isr_maximal_has(&rs.isr, 3));
	assert_int_equal(replicas_commit(&rs, &v), 50);
	assert_false(isr_propose(&rs, &v, 10, true));
	ip = image(3, 10);
	replicas_change(&rs, &ip, v.now_ms);
	assert_int_equal(rs.isr.state, ISR_PROPOSED);
	ip = image(2, 11);
	replicas_change(&rs, &ip, v.now_ms);
	assert_int_equal(rs.isr.state, ISR_SETTLED);
	assert_int_equal(replicas_commit(&rs, &v), 60);
	replicas_fini(&rs);
}

static void test_join_needs_all_of_earlier_epochs(void **state)
{
	struct replicas rs;
	struct commit_view v = view(60, 40, 0);
	struct replica *r;

	(void)state;
	lead(&rs, 2, 50);
	r = replicas_find(&rs, 3);
	assert_false(isr_propose(&rs, &v, 10, false));
	fetch(&rs, 3, 49, 49, 0);
	assert_false(isr_propose(&rs, &v, 10, false));
	fetch(&rs, 3, 50, 50, 0);
	r->live = false;
	assert_false(isr_propose(&rs, &v, 10, false));
	r->live = true;
	v.high_watermark = 51;
	assert_false(isr_propose(&rs, &v, 10, false));
	v.high_watermark = 50;
	/* It has not been heard of for long, and there is more now. */
	v.now_ms = LAG + 1;
	assert_false(isr_propose(&rs, &v, 10, false));
	v.now_ms = LAG;
	assert_true(isr_propose(&rs, &v, 10, false));
	assert_int_equal(rs.isr.proposed.n, 3);
	assert_true(isr_maximal_has(&rs.isr, 3));
	isr_refused(&rs.isr);
	assert_false(isr_maximal_has(&rs.isr, 3));
	replicas_fini(&rs);
}

/* A broker that has started again may have less than it had; its former self counts no more. */
static void test_incarnations(void **state)
{
	struct replicas rs;
	struct replica *r;
	struct replica_fetch f = {.replica = 2,
		.broker_epoch = 200,
		.live_epoch = -1,
		.offset = 10,
		.leader_leo = 60,
		.now_ms = 5};

	(void)state;
	lead(&rs, 3, 50);
	r = replicas_find(&rs, 2);
	fetch(&rs, 2, 60, 60, 1);
	assert_true(replica_fetched(r, &f));
	assert_int_equal(r->leo, 10);
	assert_false(r->live);
	assert_false(replica_caught_up(r, 60, 6, LAG));
	f.broker_epoch = 102;
	assert_false(replica_fetched(r, &f));
	assert_int_equal(r->leo, 10);
	replicas_fini(&rs);
}

/* While the image knows who it is, nobody else speaks for it: not with another epoch, not without
 * one. What was taken before that was known does not stand in its way. */
static void test_somebody_else(void **state)
{
	struct replicas rs;
	struct replica *r;
	struct replica_fetch f = {.replica = 2,
		.broker_epoch = -1,
		.live_epoch = 102,
		.offset = 60,
		.leader_leo = 60};

	(void)state;
	lead(&rs, 3, 50);
	r = replicas_find(&rs, 2);
	assert_false(replica_fetched(r, &f));
	f.broker_epoch = INT64_MAX;
	assert_false(replica_fetched(r, &f));
	f.broker_epoch = 101;
	assert_false(replica_fetched(r, &f));
	assert_int_equal(r->leo, REPLICA_UNKNOWN);
	f.broker_epoch = INT64_MAX;
	f.live_epoch = -1;
	assert_true(replica_fetched(r, &f));
	assert_true(fetch(&rs, 2, 20, 60, 1));
	assert_int_equal(r->leo, 20);
	assert_int_equal(r->broker_epoch, 102);
	replicas_fini(&rs);
}

/* The controller is asked for the broker that had caught up. One that has started again since,
 * maybe with less, is another: it must not come in by a proposal that is sent late, or once more.
 */
static void test_proposed_as_it_was(void **state)
{
	struct replicas rs;
	struct commit_view v = view(60, 60, 0);
	struct replica_fetch f = {.replica = 3,
		.broker_epoch = 300,
		.live_epoch = 300,
		.offset = 0,
		.leader_leo = 60};

	(void)state;
	lead(&rs, 2, 50);
	fetch(&rs, 2, 60, 60, 0);
	fetch(&rs, 3, 60, 60, 0);
	assert_true(isr_propose(&rs, &v, 10, false));
	assert_true(replica_fetched(replicas_find(&rs, 3), &f));
	assert_int_equal(rs.isr.proposed.n, 3);
	assert_int_equal(rs.isr.epochs[0], -1);
	assert_int_equal(rs.isr.epochs[1], 102);
	assert_int_equal(rs.isr.proposed.v[2], 3);
	assert_int_equal(rs.isr.epochs[2], 103);
	replicas_fini(&rs);
}

static void test_caught_up_by_the_fetch_before(void **state)
{
	struct replicas rs;
	struct replica *r;

	(void)state;
	lead(&rs, 1, 50);
	r = replicas_find(&rs, 2);
	assert_false(replica_caught_up(r, 60, 0, LAG));
	fetch(&rs, 2, 55, 60, 10);
	assert_false(replica_caught_up(r, 60, 10, LAG));
	/* It has now what there was at 10. */
	fetch(&rs, 2, 60, 70, 20);
	assert_true(replica_caught_up(r, 70, 10 + LAG, LAG));
	assert_false(replica_caught_up(r, 70, 11 + LAG, LAG));
	replicas_fini(&rs);
}

static void test_low_watermark(void **state)
{
	struct replicas rs;

	(void)state;
	lead(&rs, 2, 50);
	assert_int_equal(replicas_low_watermark(&rs, 30), REPLICA_UNKNOWN);
	rs.v[0].log_start = 20;
	rs.v[1].log_start = 10;
	assert_int_equal(replicas_low_watermark(&rs, 30), 10);
	rs.v[1].live = false;
	assert_int_equal(replicas_low_watermark(&rs, 30), 20);
	replicas_fini(&rs);
}

/* Replicas come and go; what is known of the others stays. */
static void test_change_keeps_what_is_known(void **state)
{
	static int32_t other[] = {1, 3, 4};
	struct replicas rs;
	struct image_partition ip = image(2, 11);

	(void)state;
	lead(&rs, 3, 50);
	fetch(&rs, 3, 58, 60, 1);
	ip.replicas.v = other;
	ip.isr.v = other;
	replicas_change(&rs, &ip, 2);
	assert_null(replicas_find(&rs, 2));
	assert_int_equal(replicas_find(&rs, 3)->leo, 58);
	assert_int_equal(replicas_find(&rs, 4)->leo, REPLICA_UNKNOWN);
	replicas_fini(&rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit_is_the_lowest),
		cmocka_unit_test(test_too_few_in_sync_commit_nothing),
		cmocka_unit_test(test_about_to_join_counts),
		cmocka_unit_test(test_shrink_and_settle),
		cmocka_unit_test(test_join_needs_all_of_earlier_epochs),
		cmocka_unit_test(test_incarnations),
		cmocka_unit_test(test_somebody_else),
		cmocka_unit_test(test_proposed_as_it_was),
		cmocka_unit_test(test_caught_up_by_the_fetch_before),
		cmocka_unit_test(test_low_watermark),
		cmocka_unit_test(test_change_keeps_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
