/*
 * What a follower asks its leaders: a request that opens a session, later ones that say only what
 * has changed. The other brokers are this test, which keeps the requests and answers them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "../folder.h"
#include "base/xalloc.h"
#include "repl/repl.h"
#include "wire/kerr.h"
#include "wire/msg.h"

#define TOPICS  2
#define PARTS   2
#define BROKERS 4

/* The last request to a broker that is not answered yet. */
struct asked {
	int n; /* requests so far */
	int32_t session_id, session_epoch;
	int32_t n_topics, n_partitions[TOPICS];
	int32_t n_forgotten, forgotten; /* the index of the last */
	repl_reply_fn *fn;
	void *arg;
};

struct fixture {
	struct clock_manual clock; /* stands still: a turn makes as many logs as there are */
	char dir[FOLDER_MAX];
	struct store store;
	struct repl *repl;
	struct image_topic topics[TOPICS];
	struct image_partition partitions[TOPICS][PARTS];
	int32_t replicas[BROKERS - 1];
	struct asked asked[BROKERS]; /* by id */
};

static void config(void *arg, struct str topic, struct repl_config *out)
{
	(void)arg;
	(void)topic;
	*out = (struct repl_config){.log = plog_config_default, .min_insync_replicas = 1};
}

static int64_t net_fetch(
	void *arg, int32_t leader, const struct fetch_request *req, repl_reply_fn *fn, void *fn_arg)
{
	struct asked *a = &((struct fixture *)arg)->asked[leader];

	a->n++;
	a->session_id = req->session_id;
	a->session_epoch = req->session_epoch;
	a->n_topics = req->n_topics;
	for (int32_t i = 0; i < req->n_topics && i < TOPICS; i++)
		a->n_partitions[i] = req->topics[i].n_partitions;
	a->n_forgotten = req->n_forgotten_topics_data;
	for (int32_t i = 0; i < a->n_forgotten; i++)
		a->forgotten = req->forgotten_topics_data[i].partitions[0];
	a->fn = fn;
	a->arg = fn_arg;
	return leader;
}

static void net_cancel(void *arg, int64_t id)
{
	((struct fixture *)arg)->asked[id].fn = NULL;
}

static int64_t net_epoch(void *arg)
{
	(void)arg;
	return 5;
}

static int setup(void **state)
{
	struct fixture *f = ALLOC(struct fixture);
	struct store_options opt = {.clock = &f->clock.clock, .node_id = 1};
	struct repl_settings set = {.node_id = 1,
		.config = config,
		.net = {.arg = f,
			.fetch = net_fetch,
			.cancel = net_cancel,
			.broker_epoch = net_epoch},
		.lag_ms = 30000,
		.fetch_backoff_ms = 1000};
	struct err e = {0};

	clock_manual_init(&f->clock, 1);
	assert_true(folder_make(f->dir));
	opt.dir = f->dir;
	opt.config = plog_config_default;
	assert_int_equal(store_open(&f->store, &opt, &e), 0);
	assert_int_equal(store_load(&f->store, 1, NULL), 0);
	f->repl = repl_new(&f->store, &set);
	for (int32_t i = 0; i < BROKERS - 1; i++)
		f->replicas[i] = i + 1;
	for (int t = 0; t < TOPICS; t++) {
		f->topics[t] = (struct image_topic){.name = t ? STR_LIT("b") : STR_LIT("a"),
			.n_partitions = PARTS,
			.partitions = f->partitions[t]};
		uuid_random(&f->topics[t].id);
		for (int i = 0; i < PARTS; i++)
			f->partitions[t][i] =
				(struct image_partition){.replicas = {f->replicas, BROKERS - 1},
					.isr = {f->replicas, BROKERS - 1},
					.leader = 2,
					.leader_epoch = 0};
		repl_topic_created(f->repl, &f->topics[t]);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int rc;

	repl_free(f->repl);
	store_drop(&f->store);
	rc = folder_remove(f->dir);
	free(f);
	return rc;
}

/* Nothing new, but perhaps a session. */
static void answer(struct fixture *f, int32_t broker, int32_t session)
{
	struct asked *a = &f->asked[broker];
	repl_reply_fn *fn = a->fn;
	struct fetch_response resp;

	msg_init(&fetch_response_desc, &resp);
	resp.session_id = session;
	a->fn = NULL;
	assert_non_null(fn);
	fn(a->arg, NULL, 17, &resp, NULL);
	repl_turn(f->repl);
}

static void lead(struct fixture *f, int topic, int32_t index, int32_t leader)
{
	f->partitions[topic][index].leader = leader;
	f->partitions[topic][index].leader_epoch++;
	repl_partition_changed(f->repl, &f->topics[topic], index);
}

static void test_names_all_once(void **state)
{
	struct fixture *f = *state;
	const struct asked *a = &f->asked[2];

	repl_turn(f->repl);
	assert_int_equal(a->n, 1);
	assert_int_equal(a->session_epoch, 0);
	/* One element a topic, with all that is fetched of it. */
	assert_int_equal(a->n_topics, TOPICS);
	assert_int_equal(a->n_partitions[0], PARTS);
	assert_int_equal(a->n_partitions[1], PARTS);
	answer(f, 2, 77);
	assert_int_equal(a->n, 2);
	assert_int_equal(a->session_id, 77);
	assert_int_equal(a->session_epoch, 1);
	assert_int_equal(a->n_topics, 0);
}

static void test_forgets_what_moved(void **state)
{
	struct fixture *f = *state;
	const struct asked *a = &f->asked[2];

	repl_turn(f->repl);
	answer(f, 2, 77);
	lead(f, 0, 1, 3);
	repl_turn(f->repl);
	assert_int_equal(f->asked[3].n_topics, 1);
	answer(f, 2, 77);
	assert_int_equal(a->session_epoch, 2);
	assert_int_equal(a->n_forgotten, 1);
	assert_int_equal(a->forgotten, 1);
}

/* The session that is being opened has it, and the leader of before would answer each request at
 * once: it leads that partition no more. */
static void test_forgets_what_moved_while_opening(void **state)
{
	struct fixture *f = *state;
	const struct asked *a = &f->asked[2];

	repl_turn(f->repl);
	assert_int_equal(a->n, 1);
	lead(f, 0, 1, 3);
	repl_turn(f->repl);
	assert_int_equal(a->n, 1);
	answer(f, 2, 77);
	assert_int_equal(a->n, 2);
	assert_int_equal(a->session_epoch, 1);
	assert_int_equal(a->n_topics, 0);
	assert_int_equal(a->n_forgotten, 1);
	assert_int_equal(a->forgotten, 1);
}

/* The leader has no room for a session: each request names all, and nothing is there to forget. */
static void test_no_session(void **state)
{
	struct fixture *f = *state;
	const struct asked *a = &f->asked[2];

	repl_turn(f->repl);
	lead(f, 0, 1, 3);
	answer(f, 2, 0);
	assert_int_equal(a->n, 2);
	assert_int_equal(a->session_id, 0);
	assert_int_equal(a->session_epoch, 0);
	assert_int_equal(a->n_topics, TOPICS);
	assert_int_equal(a->n_partitions[0] + a->n_partitions[1], PARTS + 1);
	assert_int_equal(a->n_forgotten, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names_all_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forgets_what_moved, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_forgets_what_moved_while_opening, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_session, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
