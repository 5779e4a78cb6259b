/* Links between nodes: waiting for a connection, its end, cancelling, cutting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../link/fake_broker.h"
#include "server/peers.h"
#include "wire/api.h"

#define NODE 7

struct answer {
	unsigned n;
	int code;
	int32_t controller;
	bool done;
};

struct test {
	struct loop *loop;
	struct fake *fake;
	struct peers *peers;
	struct answer answers[4];
	unsigned closed, refused;
	bool was_closed, was_refused;
};

static enum fake_action serve(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	const struct metadata_request *r = request;

	(void)arg;
	(void)f;
	(void)a;
	assert_string_equal(h->client_id.p ? "set" : "", "set");
	assert_memory_equal(h->client_id.p, "broker-3", 8);
	((struct metadata_response *)response)->controller_id =
		r->n_topics == 1 ? r->topics[0].name.p[0] : -1;
	return FAKE_ANSWER;
}

static enum fake_action hang_up(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	(void)arg;
	(void)f;
	(void)h;
	(void)request;
	(void)response;
	(void)a;
	return FAKE_HANG_UP;
}

static enum fake_action say_nothing(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	(void)hang_up(arg, f, h, request, response, a);
	return FAKE_SILENCE;
}

static void on_answer(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct answer *out = arg;

	(void)version;
	assert_int_equal(e == NULL, response != NULL && arena != NULL);
	out->n++;
	out->code = e ? e->code : 0;
	if (response)
		out->controller = ((const struct metadata_response *)response)->controller_id;
	out->done = true;
}

static void on_closed(void *arg, int32_t node, enum peer_lane lane, bool refused)
{
	struct test *t = arg;

	assert_int_equal(node, NODE);
	assert_int_equal(lane, PEER_CONTROL);
	t->closed++;
	t->refused += refused;
	t->was_closed = true;
	t->was_refused |= refused;
}

static int64_t ask(struct test *t, enum peer_lane lane, int at, char what, int64_t timeout_ms)
{
	char name[2] = {what, 0};
	struct metadata_request_topics topic;
	struct metadata_request r;
	int64_t id;

	msg_init(&metadata_request_desc, &r);
	msg_struct_init(&metadata_request_topics_struct, &topic);
	topic.name = str_of(name);
	r.topics = &topic;
	r.n_topics = 1;
	id = peers_call(t->peers, NODE, lane,
		&(struct link_call){.api_key = API_METADATA,
			.version = LINK_BEST,
			.timeout_ms = timeout_ms,
			.request = &r,
			.fn = on_answer,
			.arg = &t->answers[at]});
	/* Whoever waits has a copy. */
	memset(name, '-', sizeof(name));
	memset(&r, 0xff, sizeof(r));
	assert_true(id > 0);
	assert_int_equal(t->answers[at].n, 0);
	return id;
}

static void wait_answer(struct test *t, int at)
{
	assert_true(loop_run_until(t->loop, &t->answers[at].done, 5000));
	assert_int_equal(t->answers[at].n, 1);
}

static int setup(void **state)
{
	struct test *t = ALLOC(struct test);
	struct err e = {0};

	t->loop = loop_new(&e);
	t->fake = fake_new(t->loop, NODE);
	fake_on(t->fake, API_METADATA, serve, t);
	t->peers = peers_new(t->loop, 3);
	peers_on_closed(t->peers, PEER_CONTROL, on_closed, t);
	peers_set_controller(t->peers, NODE, "127.0.0.1", t->fake->port);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	peers_free(t->peers);
	fake_free(t->fake);
	loop_free(t->loop);
	free(t);
	return 0;
}

static void calls_share_a_connection_of_their_lane(void **state)
{
	struct test *t = *state;

	ask(t, PEER_CONTROL, 0, 'a', 0);
	ask(t, PEER_CONTROL, 1, 'b', 0);
	wait_answer(t, 0);
	wait_answer(t, 1);
	ask(t, PEER_CONTROL, 2, 'c', 0);
	wait_answer(t, 2);
	assert_int_equal(t->answers[0].controller, 'a');
	assert_int_equal(t->answers[1].controller, 'b');
	assert_int_equal(t->answers[2].controller, 'c');
	assert_int_equal(t->fake->connections, 1);
	ask(t, PEER_FORWARD, 3, 'd', 0);
	wait_answer(t, 3);
	assert_int_equal(t->fake->connections, 2);
}

static void no_address_is_told_later(void **state)
{
	struct test *t = *state;

	ask(t, PEER_REPLICAS, 0, 'a', 0);
	wait_answer(t, 0);
	assert_int_equal(t->answers[0].code, ERR_NOT_FOUND);
	assert_false(peers_knows(t->peers, NODE, PEER_REPLICAS));
	peers_set_broker(t->peers, NODE, "127.0.0.1", t->fake->port);
	ask(t, PEER_REPLICAS, 1, 'b', 0);
	wait_answer(t, 1);
	assert_int_equal(t->answers[1].controller, 'b');
}

static void a_call_waits_for_a_node_that_comes(void **state)
{
	struct test *t = *state;

	fake_stop(t->fake);
	ask(t, PEER_CONTROL, 0, 'a', 5000);
	assert_true(loop_run_until(t->loop, &t->was_refused, 5000));
	assert_int_equal(t->answers[0].n, 0);
	fake_start(t->fake);
	wait_answer(t, 0);
	assert_int_equal(t->answers[0].controller, 'a');
}

static void a_call_ends_with_its_time(void **state)
{
	struct test *t = *state;

	fake_stop(t->fake);
	ask(t, PEER_CONTROL, 0, 'a', 60);
	wait_answer(t, 0);
	assert_int_equal(t->answers[0].code, ERR_TIMEOUT);
	fake_start(t->fake);
	fake_on(t->fake, API_METADATA, say_nothing, t);
	ask(t, PEER_CONTROL, 1, 'b', 500);
	wait_answer(t, 1);
	assert_int_equal(t->answers[1].code, ERR_TIMEOUT);
}

static void what_flies_ends_with_the_connection(void **state)
{
	struct test *t = *state;

	fake_on(t->fake, API_METADATA, hang_up, t);
	ask(t, PEER_CONTROL, 0, 'a', 5000);
	wait_answer(t, 0);
	assert_int_equal(t->answers[0].code, ERR_CLOSED);
	assert_true(loop_run_until(t->loop, &t->was_closed, 5000));
	assert_int_equal(t->refused, 0);
	fake_on(t->fake, API_METADATA, serve, t);
	ask(t, PEER_CONTROL, 1, 'b', 5000);
	wait_answer(t, 1);
	assert_int_equal(t->answers[1].controller, 'b');
}

static void what_is_cancelled_is_not_answered(void **state)
{
	struct test *t = *state;
	int64_t waiting = ask(t, PEER_CONTROL, 0, 'a', 0);
	int64_t flying;

	peers_cancel(t->peers, waiting);
	ask(t, PEER_CONTROL, 1, 'b', 0);
	wait_answer(t, 1);
	flying = ask(t, PEER_CONTROL, 2, 'c', 0);
	peers_cancel(t->peers, flying);
	peers_cancel(t->peers, flying);
	peers_cancel(t->peers, 0);
	ask(t, PEER_CONTROL, 3, 'd', 0);
	wait_answer(t, 3);
	assert_int_equal(t->answers[0].n, 0);
	assert_int_equal(t->answers[2].n, 0);
	assert_int_equal(t->answers[3].controller, 'd');
}

static void a_cut_holds_calls_until_it_heals(void **state)
{
	struct test *t = *state;

	fake_on(t->fake, API_METADATA, say_nothing, t);
	ask(t, PEER_CONTROL, 0, 'a', 5000);
	while (t->fake->seen[API_METADATA] == 0)
		loop_run_once(t->loop, true);
	peers_cut(t->peers, NODE, true);
	assert_int_equal(t->closed, 1);
	assert_int_equal(t->answers[0].n, 0);
	wait_answer(t, 0);
	assert_int_equal(t->answers[0].code, ERR_CLOSED);
	ask(t, PEER_CONTROL, 1, 'b', 40);
	wait_answer(t, 1);
	assert_int_equal(t->answers[1].code, ERR_TIMEOUT);
	fake_on(t->fake, API_METADATA, serve, t);
	ask(t, PEER_CONTROL, 2, 'c', 5000);
	peers_cut(t->peers, NODE, false);
	wait_answer(t, 2);
	assert_int_equal(t->answers[2].controller, 'c');
}

static void another_address_takes_over(void **state)
{
	struct test *t = *state;
	struct fake *other = fake_new(t->loop, NODE);

	fake_on(other, API_METADATA, serve, t);
	fake_on(t->fake, API_METADATA, say_nothing, t);
	ask(t, PEER_CONTROL, 0, 'a', 5000);
	while (t->fake->seen[API_METADATA] == 0)
		loop_run_once(t->loop, true);
	peers_set_controller(t->peers, NODE, "127.0.0.1", t->fake->port);
	assert_int_equal(t->closed, 0);
	peers_set_controller(t->peers, NODE, "127.0.0.1", other->port);
	assert_int_equal(t->answers[0].n, 0);
	ask(t, PEER_CONTROL, 1, 'b', 5000);
	wait_answer(t, 0);
	wait_answer(t, 1);
	assert_int_equal(t->answers[0].code, ERR_CLOSED);
	assert_int_equal(t->answers[1].controller, 'b');
	fake_free(other);
}

static void open_calls_are_answered_when_it_ends(void **state)
{
	struct test *t = *state;

	fake_on(t->fake, API_METADATA, say_nothing, t);
	ask(t, PEER_CONTROL, 0, 'a', 5000);
	while (t->fake->seen[API_METADATA] == 0)
		loop_run_once(t->loop, true);
	peers_cut(t->peers, 8, true);
	ask(t, PEER_FORWARD, 1, 'b', 5000);
	peers_free(t->peers);
	assert_int_equal(t->answers[0].code, ERR_CANCELLED);
	assert_int_equal(t->answers[1].code, ERR_CANCELLED);
	t->peers = peers_new(t->loop, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			calls_share_a_connection_of_their_lane, setup, teardown),
		cmocka_unit_test_setup_teardown(no_address_is_told_later, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_call_waits_for_a_node_that_comes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_call_ends_with_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_flies_ends_with_the_connection, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_cancelled_is_not_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cut_holds_calls_until_it_heals, setup, teardown),
		cmocka_unit_test_setup_teardown(another_address_takes_over, setup, teardown),
		cmocka_unit_test_setup_teardown(
			open_calls_are_answered_when_it_ends, setup, teardown),
	};

	return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
