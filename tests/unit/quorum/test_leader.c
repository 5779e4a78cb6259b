/* A leader of the quorum: how it comes to be, what it counts, when it gives up; and what a follower
 * lets a leader do to its log. */
#include "voter.h"

static void granted(struct voter *v, int32_t by, bool pre_vote, int64_t now)
{
	struct quorum_vote_response yes = {.leader = -1,
		.epoch = quorum_epoch(&v->quorum),
		.granted = true,
		.pre_vote = pre_vote};

	quorum_on_vote_response(&v->quorum, by, &yes, now);
}

/* Node 1 leads epoch 6 since 102: its log is (4, 10), and LeaderChange, which is not synced. */
static void leader_init(struct voter *v)
{
	voter_init(v);
	quorum_tick(&v->quorum, 100);
	granted(v, 2, true, 101);
	assert_int_equal(v->quorum.role, QUORUM_CANDIDATE);
	granted(v, 2, false, 102);
	assert_int_equal(v->quorum.role, QUORUM_LEADER);
	assert_int_equal(v->end, 11);
}

static struct quorum_fetch_response fetched(
	struct voter *v, int32_t by, int32_t last_epoch, int64_t offset, int64_t now)
{
	struct quorum_fetch_request r = {.replica = by,
		.epoch = quorum_epoch(&v->quorum),
		.offset = offset,
		.last_fetched_epoch = last_epoch};
	struct quorum_fetch_response a;

	quorum_on_fetch(&v->quorum, &r, &a, now);
	return a;
}

/* Two voters are a quorum only together. */
static void test_majority_of_two(void **state)
{
	struct quorum_settings two = three;
	struct voter v = {0};
	struct err e;

	(void)state;
	two.n_voters = 2;
	assert_int_equal(quorum_init(&v.quorum, &two, &ops, &v, NULL, 7, 0, &e), 0);
	quorum_start(&v.quorum, 0);
	quorum_tick(&v.quorum, 100);
	assert_int_equal(v.quorum.role, QUORUM_PROSPECTIVE);
	granted(&v, 2, true, 101);
	assert_int_equal(v.quorum.role, QUORUM_CANDIDATE);
	granted(&v, 2, false, 102);
	assert_true(quorum_leads(&v.quorum));
	quorum_on_log(&v.quorum, v.end, 103);
	assert_int_equal(v.quorum.high_watermark, -1);
	fetched(&v, 2, 1, v.end, 104);
	assert_int_equal(v.quorum.high_watermark, v.end);
}

/* Voters that are all new need all: one of them may have been there before. */
static void test_new_voters_need_all(void **state)
{
	struct quorum_settings set = three;
	struct voter v = {0};
	struct err e;

	(void)state;
	set.new_voter = true;
	assert_int_equal(quorum_init(&v.quorum, &set, &ops, &v, NULL, 7, 0, &e), 0);
	quorum_start(&v.quorum, 0);
	quorum_tick(&v.quorum, v.quorum.deadline_ms);
	assert_int_equal(v.quorum.role, QUORUM_PROSPECTIVE);
	granted(&v, 2, true, 50);
	assert_int_equal(v.quorum.role, QUORUM_PROSPECTIVE);
	granted(&v, 3, true, 51);
	assert_int_equal(v.quorum.role, QUORUM_CANDIDATE);
	granted(&v, 3, false, 52);
	assert_int_equal(v.quorum.role, QUORUM_CANDIDATE);
	granted(&v, 2, false, 53);
	assert_int_equal(v.quorum.role, QUORUM_LEADER);
}

/* Nobody is voted for while the leader is heard. */
static void test_no_pre_vote_beside_a_leader(void **state)
{
	struct quorum_begin_request begin = {.leader = 2, .epoch = 6};
	struct quorum_epoch_response begun;
	struct quorum_vote_request r = {.voter = 1,
		.candidate = 3,
		.epoch = 6,
		.last_epoch = 6,
		.last_offset = 11,
		.pre_vote = true};
	struct quorum_vote_response a;
	struct voter v;

	(void)state;
	voter_init(&v);
	quorum_on_begin(&v.quorum, &begin, &begun, 100);
	quorum_on_vote(&v.quorum, &r, &a, 100 + three.fetch_timeout_ms - 1);
	assert_false(a.granted);
	quorum_on_vote(&v.quorum, &r, &a, 100 + three.fetch_timeout_ms);
	assert_true(a.granted);
	leader_init(&v);
	quorum_on_vote(&v.quorum, &r, &a, 200);
	assert_false(a.granted);
}

/* What others have of earlier epochs commits nothing before they have something of this one; the
 * leader's own log counts as far as it is synced. */
static void test_high_watermark(void **state)
{
	struct voter v;

	(void)state;
	leader_init(&v);
	fetched(&v, 2, 4, 10, 110);
	fetched(&v, 3, 4, 10, 110);
	assert_int_equal(v.quorum.high_watermark, -1);
	fetched(&v, 2, 6, 11, 111);
	assert_int_equal(v.quorum.high_watermark, -1);
	quorum_on_log(&v.quorum, 11, 112);
	assert_int_equal(v.quorum.high_watermark, 11);
	/* Those without a vote do not count. */
	v.end = 20;
	quorum_on_log(&v.quorum, 20, 113);
	fetched(&v, 8, 6, 20, 114);
	fetched(&v, 9, 6, 20, 114);
	assert_int_equal(v.quorum.high_watermark, 11);
	fetched(&v, 3, 6, 15, 115);
	assert_int_equal(v.quorum.high_watermark, 15);
	fetched(&v, 3, 6, 12, 116);
	assert_int_equal(v.quorum.high_watermark, 15);
}

static void test_fetch_is_judged(void **state)
{
	static const struct {
		int32_t epoch, last_epoch;
		int64_t offset;
		int16_t error;
		int32_t diverging; /* -1: the logs agree */
		int64_t end;
	} rows[] = {
		{6, 6, 11, 0, -1, -1},
		{6, 4, 10, 0, -1, -1},
		{6, 4, 3, 0, -1, -1},
		{6, 6, 12, 0, 6, 11},
		{6, 4, 11, 0, 4, 10},
		{6, 5, 10, 0, 4, 10},
		{6, 3, 10, 0, 0, 0},
		{5, 4, 10, KERR_FENCED_LEADER_EPOCH, -1, -1},
		{7, 4, 10, KERR_UNKNOWN_LEADER_EPOCH, -1, -1},
		{6, 4, -1, KERR_INVALID_REQUEST, -1, -1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct quorum_fetch_request r = {.replica = 2,
			.epoch = rows[i].epoch,
			.offset = rows[i].offset,
			.last_fetched_epoch = rows[i].last_epoch};
		struct quorum_fetch_response a;
		struct voter v;

		leader_init(&v);
		quorum_on_fetch(&v.quorum, &r, &a, 110);
		assert_int_equal(a.error, rows[i].error);
		assert_int_equal(a.diverging_epoch, rows[i].diverging);
		assert_int_equal(a.diverging_end, rows[i].end);
	}
}

/* One and a half fetch time-outs without a majority; who has most is named first. */
static void test_gives_up_alone(void **state)
{
	int64_t patience = three.fetch_timeout_ms * 3 / 2;
	struct voter v;

	(void)state;
	leader_init(&v);
	fetched(&v, 2, 4, 10, 1000);
	fetched(&v, 3, 6, 11, 1001);
	quorum_tick(&v.quorum, 1001 + patience - 1);
	assert_int_equal(v.quorum.role, QUORUM_LEADER);
	quorum_tick(&v.quorum, 1001 + patience);
	assert_int_equal(v.quorum.role, QUORUM_RESIGNED);
	assert_int_equal(v.handed_over.epoch, 6);
	assert_int_equal(v.handed_over.n_successors, 2);
	assert_int_equal(v.handed_over.successors[0], 3);
	assert_int_equal(v.handed_over.successors[1], 2);
}

/* A follower cuts what its leader does not have, but nothing that is committed. */
static void test_committed_is_not_cut(void **state)
{
	struct quorum_begin_request begin = {.leader = 2, .epoch = 6};
	struct quorum_epoch_response begun;
	struct quorum_fetch_response r = {
		.leader = 2, .epoch = 6, .high_watermark = 8, .diverging_epoch = -1};
	struct voter v;

	(void)state;
	voter_init(&v);
	quorum_on_begin(&v.quorum, &begin, &begun, 100);
	quorum_tick(&v.quorum, 100);
	assert_true(quorum_on_fetch_response(&v.quorum, 2, &r, 101));
	quorum_on_log(&v.quorum, 10, 102);
	assert_int_equal(v.quorum.high_watermark, 8);
	r.diverging_epoch = 4;
	r.diverging_end = 7;
	assert_false(quorum_on_fetch_response(&v.quorum, 2, &r, 103));
	assert_int_equal(v.end, 10);
	quorum_tick(&v.quorum, 103 + three.retry_ms);
	r.diverging_end = 9;
	assert_false(quorum_on_fetch_response(&v.quorum, 2, &r, 130));
	assert_int_equal(v.end, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_majority_of_two),
		cmocka_unit_test(test_new_voters_need_all),
		cmocka_unit_test(test_no_pre_vote_beside_a_leader),
		cmocka_unit_test(test_high_watermark),
		cmocka_unit_test(test_fetch_is_judged),
		cmocka_unit_test(test_gives_up_alone),
		cmocka_unit_test(test_committed_is_not_cut),
	};

	return cmocka_run_group_tests_name("leader", tests, NULL, NULL);
}
