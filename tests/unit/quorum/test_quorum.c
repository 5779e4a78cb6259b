/* Single rules of quorum: votes, fetches, quorum-state. Whole quorums are in tests/sim. */
#include "voter.h"

static void test_votes(void **state)
{
	static const struct {
		int32_t candidate, epoch, last_epoch;
		int64_t last_offset;
		bool pre_vote, new_cluster;
		bool granted;
		int16_t error;
	} rows[] = {
		{2, 6, 4, 10, false, false, true, 0},
		{2, 5, 4, 10, false, false, true, 0},
		{2, 6, 5, 1, false, false, true, 0},
		{2, 6, 4, 9, false, false, false, 0},
		{2, 6, 3, 99, false, false, false, 0},
		{2, 4, 4, 10, false, false, false, KERR_FENCED_LEADER_EPOCH},
		{2, 6, 4, 10, false, true, true, 0},
		{2, 6, 4, 9, false, true, false, 0},
		{2, 5, 4, 10, true, false, true, 0},
		{2, 5, 4, 9, true, false, false, 0},
		{9, 6, 4, 10, false, false, false, KERR_INVALID_REQUEST},
		{1, 6, 4, 10, false, false, false, KERR_INVALID_REQUEST},
		{2, 6, 7, 10, false, false, false, KERR_INVALID_REQUEST},
		{2, 6, 4, -1, false, false, false, KERR_INVALID_REQUEST},
		{2, -1, -1, 10, false, false, false, KERR_INVALID_REQUEST},
		{2, INT32_MAX, 4, 10, false, false, false, KERR_INVALID_REQUEST},
		{2, INT32_MAX, 4, 10, true, false, false, KERR_INVALID_REQUEST},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct quorum_vote_request r = {.voter = 1,
			.candidate = rows[i].candidate,
			.epoch = rows[i].epoch,
			.last_epoch = rows[i].last_epoch,
			.last_offset = rows[i].last_offset,
			.pre_vote = rows[i].pre_vote,
			.new_cluster = rows[i].new_cluster};
		struct quorum_vote_response a;
		struct voter v;

		voter_init(&v);
		quorum_on_vote(&v.quorum, &r, &a, 1);
		assert_int_equal(a.error, rows[i].error);
		assert_int_equal(a.granted, rows[i].granted);
		if (rows[i].granted && !rows[i].pre_vote)
			assert_int_equal(v.saved.voted_id, rows[i].candidate);
		else
			assert_int_equal(v.saved.voted_id <= 0, true);
	}
}

static void test_one_vote_an_epoch(void **state)
{
	struct quorum_vote_request r = {
		.voter = 1, .candidate = 2, .epoch = 6, .last_epoch = 4, .last_offset = 10};
	struct quorum_vote_response a;
	struct voter v;

	(void)state;
	voter_init(&v);
	quorum_on_vote(&v.quorum, &r, &a, 1);
	assert_true(a.granted);
	quorum_on_vote(&v.quorum, &r, &a, 2);
	assert_true(a.granted);
	r.candidate = 3;
	quorum_on_vote(&v.quorum, &r, &a, 3);
	assert_false(a.granted);
}

/* A voter that stood in a later epoch, unheard, has no way back to the leader of this one: its
 * pre-votes take the others there, though it gets none. */
static void test_pre_vote_of_a_later_epoch(void **state)
{
	struct quorum_begin_request begin = {.leader = 2, .epoch = 5};
	struct quorum_epoch_response begun;
	struct quorum_vote_request r = {.voter = 1,
		.candidate = 3,
		.epoch = 6,
		.last_epoch = 4,
		.last_offset = 9,
		.pre_vote = true};
	struct quorum_vote_response a;
	struct voter v;

	(void)state;
	voter_init(&v);
	quorum_on_begin(&v.quorum, &begin, &begun, 1);
	assert_int_equal(v.quorum.role, QUORUM_FOLLOWER);
	quorum_on_vote(&v.quorum, &r, &a, 2);
	assert_int_equal(a.error, 0);
	assert_false(a.granted);
	assert_int_equal(a.epoch, 6);
	assert_int_equal(v.quorum.role, QUORUM_UNATTACHED);
	assert_int_equal(v.saved.leader_epoch, 6);
	assert_int_equal(v.saved.voted_id, -1);
	/* Of its own epoch it changes nothing. */
	begin.epoch = 6;
	quorum_on_begin(&v.quorum, &begin, &begun, 3);
	quorum_on_vote(&v.quorum, &r, &a, 4);
	assert_false(a.granted);
	assert_int_equal(v.quorum.role, QUORUM_FOLLOWER);
}

/* No request or answer leads to an epoch behind which there is none. */
static void test_last_epoch(void **state)
{
	struct quorum_begin_request begin = {.leader = 2, .epoch = INT32_MAX};
	struct quorum_epoch_response begun;
	struct quorum_vote_response told = {.leader = 2, .epoch = INT32_MAX, .pre_vote = true};
	struct voter v;

	(void)state;
	voter_init(&v);
	quorum_on_begin(&v.quorum, &begin, &begun, 1);
	assert_int_equal(begun.error, KERR_INVALID_REQUEST);
	quorum_on_vote_response(&v.quorum, 2, &told, 2);
	assert_int_equal(v.quorum.state.leader_epoch, 5);
	begin.epoch = INT32_MAX - 1;
	quorum_on_begin(&v.quorum, &begin, &begun, 3);
	assert_int_equal(begun.error, 0);
	/* Others grant their pre-votes, and yet it cannot stand. */
	quorum_on_disconnect(&v.quorum, 2, 4);
	assert_true(quorum_tick(&v.quorum, 5000) > 5000);
	told = (struct quorum_vote_response){
		.leader = -1, .epoch = INT32_MAX - 1, .granted = true, .pre_vote = true};
	quorum_on_vote_response(&v.quorum, 3, &told, 5001);
	assert_int_equal(v.quorum.state.leader_epoch, INT32_MAX - 1);
	assert_int_equal(v.quorum.role, QUORUM_PROSPECTIVE);
}

/* Two processes of one id must not both acknowledge: what the one has, the other may lack. */
static void test_voter_with_two_folders(void **state)
{
	struct quorum_vote_response yes = {
		.leader = -1, .epoch = 5, .granted = true, .pre_vote = true};
	struct quorum_fetch_request r = {.replica = 2,
		.replica_dir = {{1}},
		.epoch = 6,
		.offset = 11,
		.last_fetched_epoch = 6};
	struct quorum_fetch_response a;
	struct voter v;

	(void)state;
	voter_init(&v);
	quorum_tick(&v.quorum, 100);
	quorum_on_vote_response(&v.quorum, 2, &yes, 101);
	yes.epoch = 6;
	yes.pre_vote = false;
	quorum_on_vote_response(&v.quorum, 2, &yes, 102);
	assert_int_equal(v.quorum.role, QUORUM_LEADER);
	quorum_on_fetch(&v.quorum, &r, &a, 200);
	assert_int_equal(a.error, 0);
	r.replica_dir = (struct uuid){{2}};
	quorum_on_fetch(&v.quorum, &r, &a, 200 + three.fetch_timeout_ms / 2 - 1);
	assert_int_equal(a.error, KERR_INVALID_VOTER_KEY);
	assert_int_equal(quorum_voter(&v.quorum, 2)->dir.b[0], 1);
	quorum_on_fetch(&v.quorum, &r, &a, 200 + three.fetch_timeout_ms / 2);
	assert_int_equal(a.error, 0);
	assert_int_equal(quorum_voter(&v.quorum, 2)->dir.b[0], 2);
}

/* An empty folder may have been a full one: its vote counts only where nobody objects. */
static void test_fresh_voter(void **state)
{
	struct quorum_settings set = three;
	struct quorum_vote_request r = {
		.voter = 1, .candidate = 2, .epoch = 6, .last_epoch = 4, .last_offset = 10};
	struct quorum_vote_response a;
	struct voter v = {0};
	struct err e;

	(void)state;
	set.new_voter = true;
	assert_int_equal(quorum_init(&v.quorum, &set, &ops, &v, NULL, 7, 0, &e), 0);
	quorum_start(&v.quorum, 0);
	quorum_on_vote(&v.quorum, &r, &a, 1);
	assert_false(a.granted);
	assert_int_equal(a.error, 0);
	r.new_cluster = true;
	quorum_on_vote(&v.quorum, &r, &a, 2);
	assert_true(a.granted);
}

/* Who lost its folder acknowledges nothing before every other voter has told its epoch, and nothing
 * to a leader that the others have left. */
static void test_fresh_voter_and_left_leader(void **state)
{
	struct quorum_settings set = three;
	struct quorum_begin_request begin = {.leader = 2, .epoch = 5};
	struct quorum_epoch_response begun;
	struct quorum_vote_response told = {.leader = 3, .epoch = 6, .pre_vote = true};
	struct quorum_fetch_response records = {
		.leader = 3, .epoch = 6, .high_watermark = 4, .diverging_epoch = -1};
	struct quorum_vote_request vote = {
		.voter = 1, .candidate = 2, .epoch = 7, .last_epoch = 6, .last_offset = 20};
	struct quorum_vote_response a;
	struct voter v = {0};
	struct err e;

	(void)state;
	set.new_voter = true;
	assert_int_equal(quorum_init(&v.quorum, &set, &ops, &v, NULL, 7, 0, &e), 0);
	quorum_start(&v.quorum, 0);
	/* 2 is cut off from 3, leads epoch 5 still and reaches the new voter first. */
	quorum_on_begin(&v.quorum, &begin, &begun, 1);
	assert_int_equal(begun.error, 0);
	quorum_tick(&v.quorum, 2);
	assert_int_equal(v.fetches, 0);
	/* It does not come to rest there: it asks around. */
	quorum_tick(&v.quorum, 1 + set.fetch_timeout_ms);
	assert_true(v.votes >= 2);
	quorum_on_vote_response(&v.quorum, 3, &told, 2100);
	quorum_tick(&v.quorum, 2101);
	assert_int_equal(v.fetches, 1);
	assert_int_equal(v.fetch.epoch, 6);
	/* Some of the log of epoch 6, but nothing of it known committed in that epoch: still new.
	 */
	assert_true(quorum_on_fetch_response(&v.quorum, 3, &records, 2102));
	v.end = 4;
	v.last_epoch = 5;
	quorum_on_log(&v.quorum, 4, 2103);
	assert_true(v.quorum.fresh);
	quorum_on_vote(&v.quorum, &vote, &a, 2104);
	assert_false(a.granted);
	begin = (struct quorum_begin_request){.leader = 3, .epoch = 7};
	quorum_on_begin(&v.quorum, &begin, &begun, 2105);
	quorum_tick(&v.quorum, 2106);
	records.epoch = 7;
	records.high_watermark = 9;
	assert_true(quorum_on_fetch_response(&v.quorum, 3, &records, 2107));
	v.end = 9;
	v.last_epoch = 7;
	quorum_on_log(&v.quorum, 9, 2108);
	assert_false(v.quorum.fresh);
}

static void test_no_vote_without_disk(void **state)
{
	struct quorum_vote_request r = {
		.voter = 1, .candidate = 2, .epoch = 5, .last_epoch = 4, .last_offset = 10};
	struct quorum_vote_response a;
	struct voter v;

	(void)state;
	voter_init(&v);
	v.disk_refuses = true;
	quorum_on_vote(&v.quorum, &r, &a, 1);
	assert_false(a.granted);
	r.epoch = 6;
	quorum_on_vote(&v.quorum, &r, &a, 1);
	assert_false(a.granted);
	assert_int_equal(a.error, KERR_UNKNOWN_SERVER_ERROR);
	assert_int_equal(quorum_epoch(&v.quorum), 5);
}

/* Records of one leader that are not synced yet hold back the first fetch from the next one. */
static void test_fetch_waits_for_sync(void **state)
{
	struct quorum_begin_request begin = {.leader = 2, .epoch = 6};
	struct quorum_epoch_response begun;
	struct quorum_fetch_response records = {
		.leader = 2, .epoch = 6, .high_watermark = 10, .diverging_epoch = -1};
	struct voter v;

	(void)state;
	voter_init(&v);
	quorum_on_begin(&v.quorum, &begin, &begun, 1);
	quorum_tick(&v.quorum, 1);
	assert_int_equal(v.fetches, 1);
	assert_int_equal(v.fetch.offset, 10);
	assert_int_equal(v.fetch.last_fetched_epoch, 4);
	assert_true(quorum_on_fetch_response(&v.quorum, 2, &records, 2));
	v.end = 15;
	v.last_epoch = 6;
	begin = (struct quorum_begin_request){.leader = 3, .epoch = 7};
	quorum_on_begin(&v.quorum, &begin, &begun, 3);
	quorum_tick(&v.quorum, 4);
	assert_int_equal(v.fetches, 1);
	quorum_on_log(&v.quorum, 15, 5);
	assert_int_equal(v.fetches, 2);
	assert_int_equal(v.fetch.offset, 15);
}

static void test_single_voter(void **state)
{
	struct quorum_settings one = three;
	struct err e;
	struct voter v = {0};

	(void)state;
	one.n_voters = 1;
	assert_int_equal(quorum_init(&v.quorum, &one, &ops, &v, NULL, 7, 0, &e), 0);
	quorum_start(&v.quorum, 0);
	assert_true(quorum_leads(&v.quorum));
	assert_int_equal(v.saved.leader_id, 1);
	assert_int_equal(v.votes, 0);
	assert_int_equal(v.quorum.high_watermark, -1);
	quorum_on_log(&v.quorum, v.end, 1);
	assert_int_equal(v.quorum.high_watermark, v.end);
	assert_int_equal(quorum_tick(&v.quorum, 2), INT64_MAX);
}

/* New voters cannot elect one of themselves while this one's log has more: it stands soon, and asks
 * for the votes of all, which they may give. Under a leader that is over. */
static void test_stands_for_new_voters(void **state)
{
	struct quorum_vote_request r = {
		.voter = 1, .candidate = 2, .epoch = 5, .pre_vote = true, .new_cluster = true};
	struct quorum_begin_request begin = {.leader = 2, .epoch = 6};
	struct quorum_epoch_response begun;
	struct quorum_vote_response a;
	struct voter v;

	(void)state;
	voter_init(&v);
	v.quorum.deadline_ms = 5000;
	quorum_on_vote(&v.quorum, &r, &a, 10);
	assert_false(a.granted);
	assert_in_range(v.quorum.deadline_ms, 11, 110);
	quorum_tick(&v.quorum, v.quorum.deadline_ms);
	assert_int_equal(v.quorum.role, QUORUM_PROSPECTIVE);
	assert_true(v.quorum.unanimous);
	quorum_on_begin(&v.quorum, &begin, &begun, 200);
	assert_int_equal(begun.error, 0);
	quorum_on_disconnect(&v.quorum, 2, 300);
	quorum_tick(&v.quorum, v.quorum.deadline_ms);
	assert_int_equal(v.quorum.role, QUORUM_PROSPECTIVE);
	assert_false(v.quorum.unanimous);
}

/* A restarted voter asks at once, and disturbs nobody by it. */
static void test_asks_soon_after_a_start(void **state)
{
	struct voter v;

	(void)state;
	voter_init(&v);
	assert_int_equal(v.quorum.role, QUORUM_UNATTACHED);
	assert_in_range(v.quorum.deadline_ms, 1, 80);
	quorum_tick(&v.quorum, v.quorum.deadline_ms);
	assert_int_equal(v.quorum.role, QUORUM_PROSPECTIVE);
	assert_int_equal(v.saved.leader_epoch, 0);
	assert_int_equal(v.votes, 2);
}

static bool asked_for_pre_vote(struct voter *v, int32_t by, int64_t end, int64_t now)
{
	struct quorum_vote_request r = {.voter = 1,
		.candidate = by,
		.epoch = 5,
		.last_epoch = 4,
		.last_offset = end,
		.pre_vote = true};
	struct quorum_vote_response a;

	quorum_on_vote(&v->quorum, &r, &a, now);
	assert_int_equal(a.error, 0);
	return a.granted;
}

/* Votes are not split: who was asked first lets the other stand. */
static void test_lets_the_first_stand(void **state)
{
	struct voter v;

	(void)state;
	voter_init(&v);
	v.quorum.deadline_ms = 5;
	assert_true(asked_for_pre_vote(&v, 2, 10, 4));
	assert_in_range(v.quorum.deadline_ms, 154, 304);
	/* The other may be gone. */
	quorum_tick(&v.quorum, v.quorum.deadline_ms);
	assert_int_equal(v.quorum.role, QUORUM_PROSPECTIVE);
	/* One that could not be elected keeps nobody from standing. */
	voter_init(&v);
	v.quorum.deadline_ms = 5;
	assert_false(asked_for_pre_vote(&v, 2, 9, 4));
	assert_int_equal(v.quorum.deadline_ms, 5);
}

/* Of two who ask each other one goes on: that of the longer log, or else of the lower id. */
static void test_two_ask_at_once(void **state)
{
	struct quorum_vote_response granted = {.granted = true, .epoch = 5, .pre_vote = true};
	struct voter v;

	(void)state;
	granted.leader = -1;
	for (int longer = 0; longer < 2; longer++) {
		voter_init(&v);
		quorum_tick(&v.quorum, v.quorum.deadline_ms);
		assert_int_equal(v.quorum.role, QUORUM_PROSPECTIVE);
		assert_true(asked_for_pre_vote(&v, 2, 10 + longer, 100));
		assert_int_equal(v.quorum.role, longer ? QUORUM_UNATTACHED : QUORUM_PROSPECTIVE);
		quorum_on_vote_response(&v.quorum, 2, &granted, 101);
		assert_int_equal(v.quorum.role, longer ? QUORUM_UNATTACHED : QUORUM_CANDIDATE);
	}
	assert_in_range(v.quorum.deadline_ms, 250, 400);
}

static void follow(struct voter *v, int32_t leader, int64_t now)
{
	struct quorum_begin_request begin = {.leader = leader, .epoch = 6};
	struct quorum_epoch_response begun;

	quorum_on_begin(&v->quorum, &begin, &begun, now);
	assert_int_equal(begun.error, 0);
	quorum_tick(&v->quorum, now);
}

/* The disk took nothing of what came: it is asked for again, but not at once. */
static void test_refused_append_waits(void **state)
{
	struct quorum_fetch_response r = {
		.leader = 2, .epoch = 6, .high_watermark = 10, .diverging_epoch = -1};
	struct voter v;

	(void)state;
	voter_init(&v);
	follow(&v, 2, 100);
	assert_int_equal(v.fetches, 1);
	assert_true(quorum_on_fetch_response(&v.quorum, 2, &r, 110));
	quorum_on_append_refused(&v.quorum, 110);
	quorum_tick(&v.quorum, 609);
	assert_int_equal(v.fetches, 1);
	quorum_tick(&v.quorum, 610);
	assert_int_equal(v.fetches, 2);
	assert_int_equal(v.fetch.offset, 10);
	assert_int_equal(v.quorum.high_watermark, -1);
}

/* A node without a vote that has yet to learn who has one. */
static void test_observer_learns_the_voters(void **state)
{
	const int32_t voters[] = {1, 2, 3}, with_itself[] = {1, 9};
	struct quorum_settings set = three;
	struct quorum_fetch_response r = {.error = KERR_NOT_LEADER_OR_FOLLOWER,
		.leader = 2,
		.epoch = 1,
		.diverging_epoch = -1};
	struct voter v = {0};
	struct err e;

	(void)state;
	set.id = 9;
	set.n_voters = 0;
	assert_int_equal(quorum_init(&v.quorum, &set, &ops, &v, NULL, 1, 0, &e), 0);
	quorum_start(&v.quorum, 0);
	assert_int_equal(quorum_tick(&v.quorum, 10), INT64_MAX);
	assert_int_equal(v.fetches, 0);
	assert_int_equal(quorum_set_voters(&v.quorum, with_itself, 2, 20, &e), ERR_INVALID);
	assert_int_equal(quorum_set_voters(&v.quorum, voters, 0, 20, &e), ERR_INVALID);
	assert_int_equal(quorum_set_voters(&v.quorum, voters, 3, 20, &e), 0);
	assert_int_equal(v.fetches, 1);
	assert_false(quorum_on_fetch_response(&v.quorum, 1, &r, 30));
	quorum_tick(&v.quorum, 50);
	assert_int_equal(v.quorum.leader, 2);
	assert_int_equal(v.fetches, 2);
	quorum_on_disconnect(&v.quorum, 2, 60);
	assert_int_equal(v.quorum.leader, QUORUM_NOBODY);
	assert_int_equal(v.quorum.role, QUORUM_OBSERVER);
	quorum_tick(&v.quorum, 80);
	assert_int_equal(v.fetches, 3);
	assert_int_equal(v.votes, 0);
}

static void test_settings(void **state)
{
	struct quorum_settings s = three;
	struct quorum_state stranger = {.leader_id = -1, .leader_epoch = 5, .voted_id = 8};
	struct quorum_state old = {.leader_id = -1, .leader_epoch = 3, .voted_id = -1};
	struct voter v = {.end = 10, .last_epoch = 4}, empty = {0};
	struct err e;

	(void)state;
	assert_int_equal(quorum_init(&empty.quorum, &s, &ops, &empty, NULL, 1, 0, &e), 0);
	s.voters[2] = 2;
	assert_int_equal(quorum_init(&empty.quorum, &s, &ops, &empty, NULL, 1, 0, &e), ERR_INVALID);
	s = three;
	s.n_voters = QUORUM_MAX_VOTERS + 1;
	assert_int_equal(quorum_init(&empty.quorum, &s, &ops, &empty, NULL, 1, 0, &e), ERR_INVALID);
	assert_int_equal(quorum_init(&v.quorum, &three, &ops, &v, NULL, 1, 0, &e), ERR_INVALID);
	assert_int_equal(
		quorum_init(&v.quorum, &three, &ops, &v, &stranger, 1, 0, &e), ERR_INVALID);
	assert_int_equal(quorum_init(&v.quorum, &three, &ops, &v, &old, 1, 0, &e), ERR_INVALID);
}

static void test_state_file(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{"{\"leaderId\":1,\"leaderEpoch\":2,\"votedId\":-1,\"data_version\":0}", 0},
		{"{\"clusterId\":\"\",\"leaderId\":1,\"leaderEpoch\":2,\"votedId\":-1,"
		 "\"appliedOffset\":0,\"currentVoters\":[],\"data_version\":0}",
			0},
		{"", ERR_INVALID},
		{"{}", ERR_INVALID},
		{"{\"leaderId\":1,\"leaderEpoch\":2,\"votedId\":-1,\"data_version\":7}",
			ERR_VERSION},
		{"{\"leaderId\":x,\"leaderEpoch\":2,\"votedId\":-1,\"data_version\":1}",
			ERR_INVALID},
		{"{\"leaderId\":99999999999,\"leaderEpoch\":2,\"votedId\":-1,\"data_version\":1}",
			ERR_INVALID},
		{"{\"leaderEpoch\":2,\"votedId\":-1,\"data_version\":1}", ERR_INVALID},
	};
	struct quorum_state in = {.leader_id = 3, .leader_epoch = INT32_MAX, .voted_id = 0}, out;
	struct buf text = BUF_EMPTY;
	struct err e;

	(void)state;
	uuid_random(&in.voted_dir);
	quorum_state_encode(&in, &text);
	assert_int_equal(quorum_state_parse(buf_str(&text), &out, &e), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	for (size_t n = 0; n + 1 < text.n; n++)
		assert_true(quorum_state_parse((struct str){(char *)text.p, n}, &out, &e) < 0);
	buf_fini(&text);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(quorum_state_parse(str_of(rows[i].text), &out, &e), rows[i].rc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_votes),
		cmocka_unit_test(test_one_vote_an_epoch),
		cmocka_unit_test(test_pre_vote_of_a_later_epoch),
		cmocka_unit_test(test_last_epoch),
		cmocka_unit_test(test_voter_with_two_folders),
		cmocka_unit_test(test_fresh_voter),
		cmocka_unit_test(test_fresh_voter_and_left_leader),
		cmocka_unit_test(test_no_vote_without_disk),
		cmocka_unit_test(test_fetch_waits_for_sync),
		cmocka_unit_test(test_single_voter),
		cmocka_unit_test(test_stands_for_new_voters),
		cmocka_unit_test(test_asks_soon_after_a_start),
		cmocka_unit_test(test_lets_the_first_stand),
		cmocka_unit_test(test_two_ask_at_once),
		cmocka_unit_test(test_refused_append_waits),
		cmocka_unit_test(test_observer_learns_the_voters),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_state_file),
	};

	return cmocka_run_group_tests_name("quorum", tests, NULL, NULL);
}
