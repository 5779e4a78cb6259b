/* A link against a broker of the test's own making. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fake_broker.h"
#include "link/link.h"

struct test {
	struct loop *loop;
	struct fake *fake;
	struct link *link;
	struct link_options opt;
	enum link_state wanted;
	bool reached;
	bool free_on_reply, disconnect_on_reply, connect_on_idle;
	unsigned states[LINK_CLOSED + 1];
	struct err why;
	/* the last reply */
	unsigned replies;
	unsigned wanted_replies;
	bool replied;
	struct err err;
	int16_t version;
	int32_t throttle;
};

static void on_state(void *arg, struct link *k, enum link_state now, const struct err *why)
{
	struct test *t = arg;

	t->states[now]++;
	assert_int_equal(link_state(k), now);
	assert_int_equal(why != NULL, now == LINK_BACKOFF);
	if (why)
		t->why = *why;
	if (now == t->wanted)
		t->reached = true;
	if (now == LINK_IDLE && t->connect_on_idle)
		assert_int_equal(link_connect(k), 0);
}

static void on_reply(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct test *t = arg;

	assert_int_equal(e == NULL, response != NULL && arena != NULL);
	t->version = version;
	t->err = e ? *e : (struct err){0};
	if (response)
		t->throttle = ((const struct metadata_response *)response)->throttle_time_ms;
	if (++t->replies >= t->wanted_replies)
		t->replied = true;
	if (t->free_on_reply) {
		link_free(t->link);
		t->link = NULL;
	} else if (t->disconnect_on_reply) {
		link_disconnect(t->link);
		/* What was lent is still there. */
		if (response)
			assert_int_equal(
				((const struct metadata_response *)response)->cluster_id.n, 4);
	}
}

static void wait_state(struct test *t, enum link_state s)
{
	t->wanted = s;
	t->reached = t->link && link_state(t->link) == s;
	assert_true(loop_run_until(t->loop, &t->reached, 5000));
}

static void wait_replies(struct test *t, unsigned n)
{
	t->wanted_replies = n;
	t->replied = t->replies >= n;
	assert_true(loop_run_until(t->loop, &t->replied, 5000));
}

static void start(struct test *t)
{
	t->link = link_new(t->loop, "127.0.0.1", t->fake->port, &t->opt, on_state, t);
	assert_int_equal(link_state(t->link), LINK_IDLE);
	assert_int_equal(link_connect(t->link), 0);
}

static void ready(struct test *t)
{
	start(t);
	wait_state(t, LINK_READY);
}

static int64_t call_metadata(struct test *t, struct link_call extra, struct err *e)
{
	struct metadata_request r;

	msg_init(&metadata_request_desc, &r);
	extra.api_key = API_METADATA;
	extra.request = &r;
	extra.fn = on_reply;
	extra.arg = t;
	return link_call(t->link, &extra, e);
}

static int64_t call(struct test *t)
{
	struct err e = {0};
	int64_t id = call_metadata(t, (struct link_call){.version = LINK_BEST}, &e);

	if (id <= 0)
		fail_msg("%s", e.msg);
	return id;
}

static enum fake_action say_metadata(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct metadata_response *r = response;

	(void)arg;
	(void)request;
	(void)a;
	assert_true(str_eqz(h->client_id, "kdeck"));
	r->throttle_time_ms = (int32_t)f->seen[API_METADATA];
	r->cluster_id = STR_LIT("cafe");
	return FAKE_ANSWER;
}

static enum fake_action act(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	say_metadata(arg, f, h, request, response, a);
	return *(enum fake_action *)arg;
}

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));

	t->loop = loop_new(NULL);
	t->fake = fake_new(t->loop, 1);
	fake_on(t->fake, API_METADATA, say_metadata, NULL);
	t->opt.backoff_ms = 5;
	t->opt.backoff_max_ms = 20;
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	link_free(t->link);
	fake_free(t->fake);
	loop_free(t->loop);
	free(t);
	return 0;
}

static void connects_and_answers(void **state)
{
	struct test *t = *state;
	int16_t min, max;

	ready(t);
	assert_int_equal(t->states[LINK_CONNECTING], 1);
	assert_int_equal(t->states[LINK_VERSIONS], 1);
	assert_int_equal(link_connect(t->link), ERR_EXISTS);
	assert_int_equal(t->fake->last_version[API_API_VERSIONS], 4);
	assert_true(link_broker_range(t->link, API_FETCH, &min, &max));
	assert_int_equal(max, fetch_request_desc.max);
	assert_false(link_broker_range(t->link, 99, &min, &max));
	call(t);
	assert_int_equal(t->replies, 0);
	wait_replies(t, 1);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->version, metadata_request_desc.max);
	assert_int_equal(t->throttle, 1);
	assert_true(link_rtt_us(t->link) >= 0);
	assert_int_equal(link_in_flight(t->link), 0);
}

static void pipelines(void **state)
{
	struct test *t = *state;

	ready(t);
	for (int i = 0; i < 500; i++)
		call(t);
	assert_int_equal(link_in_flight(t->link), 500);
	wait_replies(t, 500);
	assert_int_equal(t->throttle, 500);
	assert_int_equal(t->fake->connections, 1);
}

static void versions_are_negotiated(void **state)
{
	struct test *t = *state;
	struct err e = {0};

	fake_offer(t->fake, API_METADATA, 2, 7);
	fake_offer(t->fake, API_FETCH, 0, -1);
	fake_offer(t->fake, API_PRODUCE, 90, 91);
	ready(t);
	assert_int_equal(link_version_for(t->link, API_METADATA, -1), 7);
	assert_int_equal(link_version_for(t->link, API_METADATA, 4), 4);
	assert_int_equal(link_version_for(t->link, API_METADATA, 1), -1);
	assert_int_equal(link_version_for(t->link, API_FETCH, -1), -1);
	assert_int_equal(link_version_for(t->link, API_PRODUCE, -1), -1);
	assert_true(call_metadata(t, (struct link_call){.version = LINK_BEST, .cap = 5}, &e) > 0);
	wait_replies(t, 1);
	assert_int_equal(t->version, 5);
	assert_int_equal(call_metadata(t, (struct link_call){.version = 8}, &e), ERR_UNSUPPORTED);
	assert_non_null(strstr(e.msg, "versions 2 to 7 of Metadata"));
	assert_int_equal(call_metadata(t, (struct link_call){.version = 1}, &e), ERR_UNSUPPORTED);
}

static void falls_back_to_what_is_listed(void **state)
{
	struct test *t = *state;

	fake_offer(t->fake, API_API_VERSIONS, 0, 2);
	ready(t);
	assert_int_equal(t->fake->seen[API_API_VERSIONS], 2);
	assert_int_equal(t->fake->last_version[API_API_VERSIONS], 2);
	assert_int_equal(t->fake->connections, 1);
}

static void falls_back_to_zero_on_nonsense(void **state)
{
	struct test *t = *state;

	fake_offer(t->fake, API_API_VERSIONS, 0, 2);
	t->fake->bad_fallback = true;
	ready(t);
	assert_int_equal(t->fake->last_version[API_API_VERSIONS], 0);
}

static void request_must_fit_the_version(void **state)
{
	struct test *t = *state;
	struct metadata_request r;
	struct err e = {0};

	fake_offer(t->fake, API_METADATA, 0, 3);
	ready(t);
	msg_init(&metadata_request_desc, &r);
	r.allow_auto_topic_creation = false;
	assert_int_equal(link_call(t->link,
				 &(struct link_call){.api_key = API_METADATA,
					 .version = LINK_BEST,
					 .request = &r,
					 .fn = on_reply},
				 &e),
		ERR_UNSUPPORTED);
	assert_non_null(strstr(e.msg, "Metadata only up to version 3"));
	call(t);
	wait_replies(t, 1);
}

static void not_before_ready(void **state)
{
	struct test *t = *state;
	struct err e = {0};

	start(t);
	assert_int_equal(call_metadata(t, (struct link_call){.version = LINK_BEST}, &e), ERR_AGAIN);
	wait_state(t, LINK_READY);
}

static void refused_then_there(void **state)
{
	struct test *t = *state;

	fake_stop(t->fake);
	start(t);
	wait_state(t, LINK_BACKOFF);
	assert_non_null(strstr(t->why.msg, t->fake->address));
	assert_non_null(strstr(link_last_error(t->link)->msg, "refused"));
	assert_int_equal(link_connect(t->link), ERR_AGAIN);
	t->connect_on_idle = true;
	wait_state(t, LINK_CONNECTING);
	fake_start(t->fake);
	wait_state(t, LINK_READY);
}

static void lost_connection_answers_all(void **state)
{
	struct test *t = *state;
	enum fake_action what = FAKE_HANG_UP;

	ready(t);
	fake_on(t->fake, API_METADATA, act, &what);
	call(t);
	call(t);
	wait_replies(t, 2);
	assert_int_equal(t->err.code, ERR_CLOSED);
	assert_non_null(strstr(t->err.msg, t->fake->address));
	wait_state(t, LINK_IDLE);
	assert_int_equal(t->states[LINK_BACKOFF], 1);
	assert_int_equal(link_connect(t->link), 0);
	wait_state(t, LINK_READY);
}

static void call_times_out_alone(void **state)
{
	struct test *t = *state;
	enum fake_action what = FAKE_LATER;
	struct err e = {0};

	ready(t);
	fake_on(t->fake, API_METADATA, act, &what);
	assert_true(call_metadata(
			    t, (struct link_call){.version = LINK_BEST, .timeout_ms = 20}, &e) > 0);
	wait_replies(t, 1);
	assert_int_equal(t->err.code, ERR_TIMEOUT);
	assert_non_null(strstr(t->err.msg, "Metadata"));
	assert_int_equal(link_state(t->link), LINK_READY);
	/* The late answer goes by, the next call gets its own. */
	fake_release(t->fake);
	what = FAKE_ANSWER;
	call(t);
	wait_replies(t, 2);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->throttle, 2);
	assert_int_equal(t->fake->connections, 1);
}

static void silent_broker_is_given_up(void **state)
{
	struct test *t = *state;
	enum fake_action what = FAKE_SILENCE;

	t->opt.request_timeout_ms = 40;
	ready(t);
	fake_on(t->fake, API_METADATA, act, &what);
	call(t);
	wait_replies(t, 1);
	assert_int_equal(t->err.code, ERR_TIMEOUT);
	wait_state(t, LINK_IDLE);
	assert_int_equal(t->states[LINK_BACKOFF], 1);
	assert_non_null(strstr(t->why.msg, "does not answer any more"));
}

static void mute_server_times_out(void **state)
{
	struct test *t = *state;

	t->opt.connect_timeout_ms = 40;
	t->fake->raw = "";
	start(t);
	wait_state(t, LINK_BACKOFF);
	assert_int_equal(t->why.code, ERR_TIMEOUT);
	assert_non_null(strstr(t->why.msg, t->fake->address));
}

static void cancelled_call_is_not_called(void **state)
{
	struct test *t = *state;
	int64_t id;

	ready(t);
	id = call(t);
	call(t);
	link_cancel(t->link, id);
	link_cancel(t->link, 12345);
	wait_replies(t, 1);
	assert_int_equal(t->throttle, 2);
	assert_int_equal(t->replies, 1);
	assert_int_equal(link_in_flight(t->link), 0);
}

static void freed_in_reply(void **state)
{
	struct test *t = *state;

	ready(t);
	t->free_on_reply = true;
	call(t);
	call(t);
	wait_replies(t, 1);
	assert_null(t->link);
	/* The second was answered by link_free. */
	assert_int_equal(t->replies, 2);
	assert_int_equal(t->err.code, ERR_CANCELLED);
}

static void freed_while_failing(void **state)
{
	struct test *t = *state;
	enum fake_action what = FAKE_HANG_UP;

	ready(t);
	t->free_on_reply = true;
	fake_on(t->fake, API_METADATA, act, &what);
	call(t);
	call(t);
	wait_replies(t, 2);
	assert_null(t->link);
}

static void disconnect_in_reply(void **state)
{
	struct test *t = *state;

	ready(t);
	t->disconnect_on_reply = true;
	call(t);
	call(t);
	wait_replies(t, 2);
	assert_int_equal(link_state(t->link), LINK_IDLE);
	t->disconnect_on_reply = false;
	assert_int_equal(link_connect(t->link), 0);
	wait_state(t, LINK_READY);
	call(t);
	wait_replies(t, 3);
	assert_int_equal(t->err.code, 0);
}

static void free_cancels(void **state)
{
	struct test *t = *state;

	ready(t);
	call(t);
	link_free(t->link);
	t->link = NULL;
	assert_int_equal(t->replies, 1);
	assert_int_equal(t->err.code, ERR_CANCELLED);
}

static void garbled_answer(void **state)
{
	struct test *t = *state;
	enum fake_action what = FAKE_GARBLE;

	ready(t);
	fake_on(t->fake, API_METADATA, act, &what);
	call(t);
	wait_replies(t, 1);
	assert_int_equal(t->err.code, ERR_CORRUPT);
	assert_int_equal(link_state(t->link), LINK_BACKOFF);
}

static void not_a_broker(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} raw[] = {
		{"HTTP/1.1 400 Bad Request\r\n\r\n", 28},
		{"\x15\x03\x03\x00\x02\x02\x28", 7},
		{"\xff\xff\xff\xff", 4},
		{"\0\0\0\4\1\2\3\4", 8},
	};
	struct test *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(raw); i++) {
		t->fake->raw = raw[i].bytes;
		t->fake->raw_n = raw[i].n;
		start(t);
		wait_state(t, LINK_BACKOFF);
		assert_int_equal(t->why.code, ERR_CORRUPT);
		link_free(t->link);
		t->link = NULL;
	}
}

static void long_answer(void **state)
{
	struct test *t = *state;

	ready(t);
	t->fake->raw = "\x06\x40\x00\x01";
	t->fake->raw_n = 4;
	call(t);
	wait_replies(t, 1);
	assert_int_equal(t->err.code, ERR_TOO_BIG);
	assert_non_null(strstr(t->err.msg, "104857601"));
}

static void in_flight_is_bounded(void **state)
{
	struct test *t = *state;
	struct err e = {0};

	t->opt.max_in_flight = 2;
	ready(t);
	call(t);
	call(t);
	assert_int_equal(call_metadata(t, (struct link_call){.version = LINK_BEST}, &e), ERR_FULL);
	wait_replies(t, 2);
	call(t);
	wait_replies(t, 3);
}

static enum fake_action say_much(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct metadata_response *r = response;

	(void)arg;
	(void)request;
	(void)h;
	r->throttle_time_ms = (int32_t)f->seen[API_METADATA];
	r->n_topics = 200000;
	r->topics = MSG_NEW(a, metadata_response_topics, (size_t)r->n_topics);
	for (int32_t i = 0; i < r->n_topics; i++)
		r->topics[i].name = STR_LIT("a-topic-with-a-name");
	return FAKE_ANSWER;
}

static void large_answer_arrives(void **state)
{
	struct test *t = *state;

	ready(t);
	fake_on(t->fake, API_METADATA, say_much, NULL);
	call(t);
	call(t);
	wait_replies(t, 2);
	assert_int_equal(t->err.code, 0);
	assert_int_equal(t->throttle, 2);
}

static void backoff_grows_and_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(link_backoff_ms(50, 1000, 0, 200), 50);
	assert_int_equal(link_backoff_ms(50, 1000, 0, 0), 40);
	assert_int_equal(link_backoff_ms(50, 1000, 0, 400), 60);
	assert_int_equal(link_backoff_ms(50, 1000, 2, 200), 200);
	assert_int_equal(link_backoff_ms(50, 1000, 60, 200), 1000);
	assert_int_equal(link_backoff_ms(50, 1000, UINT32_MAX, 200), 1000);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(connects_and_answers),
		T(pipelines),
		T(versions_are_negotiated),
		T(falls_back_to_what_is_listed),
		T(falls_back_to_zero_on_nonsense),
		T(request_must_fit_the_version),
		T(not_before_ready),
		T(refused_then_there),
		T(lost_connection_answers_all),
		T(call_times_out_alone),
		T(silent_broker_is_given_up),
		T(mute_server_times_out),
		T(cancelled_call_is_not_called),
		T(freed_in_reply),
		T(freed_while_failing),
		T(disconnect_in_reply),
		T(free_cancels),
		T(garbled_answer),
		T(not_a_broker),
		T(long_answer),
		T(in_flight_is_bounded),
		T(large_answer_arrives),
		T(backoff_grows_and_is_bounded),
	};
	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
