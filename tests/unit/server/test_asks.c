/* Questions to the controller: it is waited for, followed when it moves, asked again when it dies,
 * and given up in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../link/fake_broker.h"
#include "base/xalloc.h"
#include "server/asks.h"
#include "wire/api.h"
#include "wire/kerr.h"

#define FIRST   1
#define SECOND  2
#define WAIT_MS 20000

struct test {
	struct loop *loop;
	struct fake *nodes[3]; /* by id */
	struct peers *peers;
	struct asks *asks;
	int32_t leader;
	struct ask ask;
	struct allocate_producer_ids_request request;
	bool done;
	int n_done, code;
	int64_t start; /* of the answer */
};

static enum fake_action grant(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct allocate_producer_ids_response *r = response;

	(void)arg;
	(void)h;
	(void)request;
	(void)a;
	r->producer_id_start = 1000 * f->id;
	return FAKE_ANSWER;
}

static enum fake_action not_me(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct test *t = arg;

	(void)grant(arg, f, h, request, response, a);
	((struct allocate_producer_ids_response *)response)->error_code = KERR_NOT_CONTROLLER;
	t->done = f->seen[API_ALLOCATE_PRODUCER_IDS] == 3;
	return FAKE_ANSWER;
}

static enum fake_action hang_up(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	(void)grant(arg, f, h, request, response, a);
	fake_on(f, API_ALLOCATE_PRODUCER_IDS, grant, arg);
	return FAKE_HANG_UP;
}

static enum fake_action keep_silent(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a)
{
	struct test *t = arg;

	(void)grant(arg, f, h, request, response, a);
	t->done = true;
	return FAKE_SILENCE;
}

static void on_done(struct ask *q, const struct err *e, const void *response)
{
	struct test *t = CONTAINER_OF(q, struct test, ask);

	assert_int_equal(e == NULL, response != NULL);
	assert_false(ask_active(q));
	t->done = true;
	t->n_done++;
	t->code = e ? e->code : 0;
	if (response)
		t->start = ((const struct allocate_producer_ids_response *)response)
				   ->producer_id_start;
}

static int32_t leader_of(void *arg)
{
	return ((struct test *)arg)->leader;
}

static int setup(void **state)
{
	struct test *t = ALLOC(struct test);
	struct err e = {0};

	t->loop = loop_new(&e);
	t->peers = peers_new(t->loop, 3);
	for (int32_t id = FIRST; id <= SECOND; id++) {
		t->nodes[id] = fake_new(t->loop, id);
		fake_on(t->nodes[id], API_ALLOCATE_PRODUCER_IDS, grant, t);
		peers_set_controller(t->peers, id, "127.0.0.1", t->nodes[id]->port);
	}
	t->asks = asks_new(t->loop, t->peers, leader_of, t);
	t->leader = -1;
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	asks_free(t->asks);
	peers_free(t->peers);
	fake_free(t->nodes[FIRST]);
	fake_free(t->nodes[SECOND]);
	loop_free(t->loop);
	free(t);
	return 0;
}

static void start(struct test *t, int64_t patience_ms)
{
	msg_init(&allocate_producer_ids_request_desc, &t->request);
	t->ask = (struct ask){
		.lane = PEER_CONTROL,
		.api_key = API_ALLOCATE_PRODUCER_IDS,
		.version = LINK_BEST,
		.request = &t->request,
		.deadline_ms = loop_now_ms(t->loop) + patience_ms,
		.done = on_done,
	};
	ask_start(t->asks, &t->ask);
	assert_int_equal(t->n_done, 0);
}

static void until_done(struct test *t)
{
	assert_true(loop_run_until(t->loop, &t->done, WAIT_MS));
	t->done = false;
}

static void it_waits_for_a_controller(void **state)
{
	struct test *t = *state;

	start(t, WAIT_MS);
	for (int i = 0; i < 10; i++)
		loop_run_once(t->loop, false);
	assert_int_equal(t->n_done, 0);
	t->leader = SECOND;
	asks_look(t->asks);
	until_done(t);
	assert_int_equal(t->n_done, 1);
	assert_int_equal(t->start, 2000);
}

static void it_follows_the_controller(void **state)
{
	struct test *t = *state;

	t->leader = FIRST;
	fake_on(t->nodes[FIRST], API_ALLOCATE_PRODUCER_IDS, keep_silent, t);
	start(t, WAIT_MS);
	until_done(t);
	assert_int_equal(t->n_done, 0);
	t->leader = -1;
	asks_look(t->asks);
	t->leader = SECOND;
	asks_look(t->asks);
	until_done(t);
	assert_int_equal(t->n_done, 1);
	assert_int_equal(t->start, 2000);
}

static void one_that_is_not_the_controller_is_asked_again(void **state)
{
	struct test *t = *state;

	t->leader = FIRST;
	fake_on(t->nodes[FIRST], API_ALLOCATE_PRODUCER_IDS, not_me, t);
	start(t, WAIT_MS);
	until_done(t);
	assert_int_equal(t->n_done, 0);
	fake_on(t->nodes[FIRST], API_ALLOCATE_PRODUCER_IDS, grant, t);
	until_done(t);
	assert_int_equal(t->start, 1000);
}

static void it_asks_again_after_the_connection(void **state)
{
	struct test *t = *state;

	t->leader = FIRST;
	fake_on(t->nodes[FIRST], API_ALLOCATE_PRODUCER_IDS, hang_up, t);
	start(t, WAIT_MS);
	until_done(t);
	assert_int_equal(t->n_done, 1);
	assert_int_equal(t->start, 1000);
	assert_int_equal(t->nodes[FIRST]->seen[API_ALLOCATE_PRODUCER_IDS], 2);
}

static void it_gives_up_in_time(void **state)
{
	struct test *t = *state;

	start(t, 30);
	until_done(t);
	assert_int_equal(t->code, ERR_TIMEOUT);
	t->n_done = 0;
	t->leader = FIRST;
	fake_stop(t->nodes[FIRST]);
	start(t, 60);
	until_done(t);
	assert_int_equal(t->code, ERR_TIMEOUT);
	t->n_done = 0;
	start(t, 0);
	until_done(t);
	assert_int_equal(t->code, ERR_TIMEOUT);
}

static void cancelled_ones_are_not_told_and_the_end_is(void **state)
{
	struct test *t = *state;

	start(t, WAIT_MS);
	ask_cancel(&t->ask);
	t->leader = FIRST;
	asks_look(t->asks);
	start(t, WAIT_MS);
	ask_cancel(&t->ask);
	ask_cancel(&t->ask);
	start(t, WAIT_MS);
	asks_free(t->asks);
	t->asks = NULL;
	assert_int_equal(t->n_done, 1);
	assert_int_equal(t->code, ERR_CANCELLED);
}

#define WITH_NODES(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_NODES(it_waits_for_a_controller),
		WITH_NODES(it_follows_the_controller),
		WITH_NODES(one_that_is_not_the_controller_is_asked_again),
		WITH_NODES(it_asks_again_after_the_connection),
		WITH_NODES(it_gives_up_in_time),
		WITH_NODES(cancelled_ones_are_not_told_and_the_end_is),
	};

	return cmocka_run_group_tests_name("asks", tests, NULL, NULL);
}
