/* The model: what is fed, what is published, what changed; lists, rates, history, the plain page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "model/feed.h"
#include "model/format.h"
#include "model/snapshot_print.h"
#include "model/topic_list.h"
#include <math.h>
#include <stdio.h>

/* A cluster of `n` topics with two partitions each on brokers 1 and 2. */
struct world {
	size_t n;
	size_t internal; /* which of them is, from 1; 0: none */
	int32_t leader, epoch, n_isr;
	int32_t second; /* leads the second partition; 0: the same does */
	char name[32];
	struct feed_partition parts[2];
};

static const int32_t replicas[] = {1, 2};

static void give(void *arg, size_t i, struct feed_topic *out)
{
	struct world *w = arg;

	snprintf(w->name, sizeof(w->name), "topic-%05zu", i);
	for (int32_t k = 0; k < 2; k++)
		w->parts[k] = (struct feed_partition){.index = k,
			.leader = k && w->second ? w->second : w->leader,
			.leader_epoch = w->epoch,
			.replicas = replicas,
			.n_replicas = 2,
			.isr = replicas,
			.n_isr = w->n_isr};
	*out = (struct feed_topic){.name = str_of(w->name),
		.internal = i + 1 == w->internal,
		.partitions = w->parts,
		.n_partitions = 2};
}

static void feed(struct model *m, int64_t now, struct world *w, size_t n_brokers)
{
	const struct feed_broker brokers[] = {
		{1, STR_LIT("one"), 9092, STR_NULL}, {2, STR_LIT("two"), 9093, STR_LIT("r2")}};

	feed_metadata(m, now,
		&(struct feed_metadata){.cluster_id = STR_LIT("abc"),
			.controller = 1,
			.brokers = brokers,
			.n_brokers = n_brokers,
			.n_topics = w->n,
			.topic = give,
			.arg = w,
			.interval_ms = 5000});
}

static void test_publish(void **state)
{
	struct model *m = model_new();
	struct world w = {.n = 3, .leader = 1, .epoch = 4, .n_isr = 2};
	const struct cluster *c, *kept;
	const struct topic *t;

	(void)state;
	assert_false(model_publish(m, 100, 0));
	feed(m, 1000, &w, 2);
	feed_broker_state(m, 1000, 1, BROKER_UP, 200, NULL);
	assert_true(feed_offset(m, 1000, STR_LIT("topic-00001"), 0, FEED_START, -1, 10, 0));
	assert_true(feed_offset(m, 1000, STR_LIT("topic-00001"), 0, FEED_END, -1, 110, 0));
	assert_false(feed_offset(m, 1000, STR_LIT("nope"), 0, FEED_END, -1, 110, 0));
	assert_false(feed_offset(m, 1000, STR_LIT("topic-00001"), 7, FEED_END, -1, 110, 0));
	assert_true(model_publish(m, 1000, 5));
	c = kept = cluster_ref(model_cluster(m));
	assert_int_equal(c->n_topics, 3);
	assert_int_equal(c->totals.brokers, 2);
	assert_int_equal(c->totals.brokers_up, 1);
	assert_int_equal(c->brokers[0].n_leaders, 6);
	t = cluster_topic(c, STR_LIT("topic-00001"));
	assert_int_equal(t->records, 100);
	assert_true(t->records_about);
	assert_int_equal(cluster_topic_at(c, STR_LIT("topic-0000")), -1);

	/* A snapshot that is kept does not change; topics that did not change are shared. */
	feed_offset(m, 3000, STR_LIT("topic-00001"), 0, FEED_END, -1, 210, 0);
	model_publish(m, 3000, 6);
	c = model_cluster(m);
	assert_int_equal(t->records, 100);
	assert_int_equal(cluster_topic(c, STR_LIT("topic-00001"))->records, 200);
	assert_true(fabs(topic_partition(c->topics[1], 0)->in_records - 50) < 0.01);
	assert_ptr_equal(c->topics[0], kept->topics[0]);
	cluster_unref(kept);
	assert_int_equal(model_changes(m)->n, 0);
	model_free(m);
}

static void sizes(struct model *m, int64_t now, int32_t broker, int64_t bytes)
{
	feed_sizes_begin(m, broker);
	for (int32_t p = 0; p < 2; p++)
		feed_size(m, broker, STR_LIT("topic-00000"), p, bytes);
	feed_sizes_end(m, now, broker, -1, -1, 1000);
	model_publish(m, now, now);
}

/* Brokers answer one after the other: what was there already did not come in meanwhile. */
static void test_bytes_a_second(void **state)
{
	struct model *m = model_new();
	struct world w = {.n = 1, .leader = 1, .second = 2, .epoch = 4, .n_isr = 2};

	(void)state;
	feed(m, 1000, &w, 2);
	sizes(m, 1000, 1, 5000000);
	sizes(m, 2000, 2, 5000000);
	assert_true(isnan(model_cluster(m)->totals.in_bytes));
	sizes(m, 3000, 1, 5000100);
	assert_true(fabs(model_cluster(m)->totals.in_bytes - 100) < 1);
	sizes(m, 4000, 2, 5000100);
	assert_true(fabs(model_cluster(m)->totals.in_bytes - 100) < 1);
	model_free(m);
}

/* The problem that stands at a place, in words. */
static void problem_is(struct model *m, size_t at, const char *words)
{
	struct problem problems[8];
	struct buf b = BUF_EMPTY;
	size_t n = cluster_problems(model_cluster(m), problems, 8);

	assert_true(at < n);
	problem_put(&b, model_cluster(m), &problems[at]);
	assert_string_equal(buf_z(&b), words);
	buf_fini(&b);
}

/* A leader has ended and there is no controller that would replace it: metadata says that all is
 * well, and names as the controller who knows of none. */
static void test_no_majority(void **state)
{
	struct model *m = model_new();
	struct world w = {.n = 1, .leader = 2, .epoch = 6, .n_isr = 2};
	const char *unpreferred =
		"topic topic-00000: 2 of 2 partitions not led by their preferred replica";

	(void)state;
	feed(m, 1000, &w, 2);
	feed_broker_state(m, 1000, 1, BROKER_UP, -1, NULL);
	feed_broker_state(m, 1000, 2, BROKER_UP, -1, NULL);
	feed_offset(m, 1000, STR_LIT("topic-00000"), 0, FEED_END, -1, 100, 0);
	feed_offset(m, 2000, STR_LIT("topic-00000"), 0, FEED_END, -1, 200, 0);
	model_publish(m, 2000, 1);
	int32_t controller = model_cluster(m)->controller;
	assert_false(topic_offsets_there(model_cluster(m), model_cluster(m)->topics[0]));
	assert_false(isnan(model_cluster(m)->totals.in_records));
	problem_is(m, 0, unpreferred);

	feed_broker_process(m, 3000, 2, PROCESS_ENDED);
	feed_broker_trouble(m, controller, "no controller: nothing changes", true);
	model_publish(m, 3000, 2);
	assert_int_equal(model_cluster(m)->controller, -1);
	assert_int_equal(model_cluster(m)->totals.orphans, 2);
	assert_int_equal(topic_orphans(model_cluster(m), model_cluster(m)->topics[0]), 2);
	/* Nobody waits for the ends of what has no leader that could tell them. */
	assert_true(topic_offsets_there(model_cluster(m), model_cluster(m)->topics[0]));
	/* What came in before is no rate of now. */
	assert_true(isnan(model_cluster(m)->totals.in_records));
	problem_is(m, 0, "broker 1: no controller: nothing changes");
	feed_broker_votes(m, 1, true);
	feed_broker_votes(m, 2, true);
	feed_broker_process(m, 3000, 1, PROCESS_RUNS);
	/* Of the third voter, a controller alone, there is no row. */
	feed_voters(m, 3, 2);
	model_publish(m, 3000, 2);
	problem_is(m, 0, "broker 1: no controller: nothing changes");
	feed_voters(m, 3, 1);
	model_publish(m, 3000, 2);
	problem_is(m, 0,
		"broker 1: no controller, 1 of 3 voters runs: start broker 2; nothing changes");
	problem_is(m, 1, "topic topic-00000: 2 of 2 partitions led by broker 2, which is down");
	problem_is(m, 2, "broker 2 is down, 2 replicas there");

	feed_broker_process(m, 4000, 2, PROCESS_RUNS);
	feed_broker_state(m, 4000, 2, BROKER_UP, -1, NULL);
	feed_broker_trouble(m, controller, NULL, false);
	model_publish(m, 4000, 3);
	assert_int_equal(model_cluster(m)->controller, controller);
	problem_is(m, 0, unpreferred);
	model_free(m);
}

/* Of whom the same is to be said is named together. */
static void test_nobody_answers(void **state)
{
	struct model *m = model_new();
	struct world w = {.n = 1, .leader = 1, .second = 2, .epoch = 6, .n_isr = 2};

	(void)state;
	feed(m, 1000, &w, 2);
	for (int32_t id = 1; id <= 2; id++)
		feed_broker_state(m, 1000, id, BROKER_STALE, -1, NULL);
	model_publish(m, 1000, 1);
	problem_is(m, 0,
		"topic topic-00000: 2 of 2 partitions led by brokers 1, 2, which do not answer");
	feed_broker_state(m, 2000, 2, BROKER_DOWN, -1, NULL);
	model_publish(m, 2000, 2);
	problem_is(m, 0,
		"topic topic-00000: 2 of 2 partitions led by broker 1, which does not answer, and "
		"broker 2, which is down");
	w.n_isr = 0;
	feed(m, 3000, &w, 2);
	for (int32_t id = 1; id <= 2; id++)
		feed_broker_state(m, 3000, id, BROKER_UP, -1, NULL);
	model_publish(m, 3000, 3);
	problem_is(m, 0,
		"topic topic-00000: 2 of 2 partitions under-replicated: brokers 1, 2 are catching "
		"up");
	model_free(m);
}

/* Which voters would make a majority again. */
static void test_voters_to_start(void **state)
{
	static const struct {
		int32_t voters, running;
		const char *words;
	} cases[] = {
		{3, 1, "1 of 3 voters runs: start broker 2 or 3; no change"},
		{4, 1, "1 of 4 voters runs: start brokers 2 and 3; no change"},
		{3, 0, "0 of 3 voters run: start brokers 2 and 3; no change"},
		{5, 2, "2 of 5 voters run: start broker 2 or 3; no change"},
	};
	struct model *m = model_new();
	struct world w = {.n = 1, .leader = 1, .epoch = 6, .n_isr = 2};
	char want[120];

	(void)state;
	feed(m, 1000, &w, 2);
	feed_broker_process(m, 1000, 1, PROCESS_RUNS);
	feed_broker_trouble(m, 1, "no controller: no change", true);
	for (int32_t id = 2; id <= 3; id++) {
		feed_broker_process(m, 1000, id, PROCESS_ENDED);
		feed_broker_votes(m, id, true);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		feed_voters(m, cases[i].voters, cases[i].running);
		model_publish(m, 1000, 1);
		snprintf(want, sizeof(want), "broker 1: no controller, %s", cases[i].words);
		problem_is(m, 0, want);
	}
	feed_broker_process(m, 1000, 4, PROCESS_ENDED);
	feed_broker_votes(m, 4, true);
	feed_voters(m, 3, 0);
	model_publish(m, 1000, 1);
	problem_is(m, 0,
		"broker 1: no controller, 0 of 3 voters run: start 2 of brokers 2, 3, 4; no "
		"change");
	model_free(m);
}

/* Said of brokers that answer: what was done to them in one line, the same trouble of several in
 * one. */
static void test_trouble_and_faults(void **state)
{
	struct model *m = model_new();
	struct world w = {.n = 1, .leader = 2, .epoch = 6, .n_isr = 2};

	(void)state;
	feed(m, 1000, &w, 2);
	for (int32_t id = 1; id <= 2; id++) {
		feed_broker_state(m, 1000, id, BROKER_UP, -1, NULL);
		feed_broker_trouble(m, id, "not served", false);
		feed_broker_fault(m, id, id == 1 ? "cut off from 2" : "cut off from 1");
	}
	model_publish(m, 1000, 1);
	problem_is(m, 0, "brokers 1, 2: not served");
	problem_is(m, 1, "on purpose: broker 1 cut off from 2; broker 2 cut off from 1");
	assert_int_equal(cluster_problems(model_cluster(m), NULL, 0), 3);
	/* The controller does not hear of it any more; but it is known why. */
	feed_broker_trouble(m, 1, NULL, false);
	feed_broker_process(m, 2000, 2, PROCESS_RUNS);
	w.leader = 1;
	feed(m, 2000, &w, 1);
	model_publish(m, 2000, 2);
	problem_is(m, 0, "broker 2 cut off from 1, 2 replicas there");
	model_free(m);
}

/* A process that was started here and is not in the cluster yet: it joins. One that was there is
 * back. */
static void test_joins(void **state)
{
	struct model *m = model_new();
	struct world w = {.leader = 1};
	struct buf b = BUF_EMPTY;

	(void)state;
	feed(m, 1000, &w, 1);
	feed_broker_state(m, 1000, 1, BROKER_UP, -1, NULL);
	feed_broker_process(m, 1000, 2, PROCESS_RUNS);
	model_publish(m, 1000, 1);
	for (int turn = 0; turn < 2; turn++) {
		feed(m, 2000, &w, 2);
		feed_broker_state(m, 2000, 2, BROKER_UP, -1, NULL);
		model_publish(m, 2000, 2);
		buf_clear(&b);
		change_put(&b, changes_at(model_changes(m), 0), true);
		assert_string_equal(buf_z(&b), turn ? "broker 2 back" : "broker 2 joined");
		feed(m, 3000, &w, 1);
		model_publish(m, 3000, 3);
	}
	model_free(m);
	buf_fini(&b);
}

/* What a broker failed at before it came back, and a leader that stays, are no news. */
static void test_back_and_again(void **state)
{
	struct model *m = model_new();
	struct world w = {.n = 1, .leader = 2, .epoch = 6, .n_isr = 2};
	struct buf b = BUF_EMPTY;

	(void)state;
	feed(m, 1000, &w, 2);
	feed_broker_state(m, 1000, 1, BROKER_UP, -1, NULL);
	feed_broker_state(m, 1000, 2, BROKER_STALE, -1, "no answer in time");
	model_publish(m, 1000, 1);
	feed_broker_state(m, 2000, 2, BROKER_UP, -1, "no answer in time");
	model_publish(m, 2000, 2);
	change_put(&b, changes_at(model_changes(m), 0), true);
	assert_string_equal(buf_z(&b), "broker 2 back");
	buf_clear(&b);
	w.epoch = 7;
	feed(m, 3000, &w, 2);
	model_publish(m, 3000, 3);
	change_put(&b, changes_at(model_changes(m), 0), true);
	assert_string_equal(buf_z(&b), "topic-00000  p1 leader 2   epoch 6 > 7");
	model_free(m);
	buf_fini(&b);
}

static void test_changes(void **state)
{
	struct model *m = model_new();
	struct world w = {.n = 2, .leader = 2, .epoch = 6, .n_isr = 2};
	struct buf b = BUF_EMPTY;
	const struct changes *c = model_changes(m);
	struct problem problems[4];

	(void)state;
	feed(m, 1000, &w, 2);
	feed_broker_state(m, 1000, 1, BROKER_UP, -1, NULL);
	feed_broker_state(m, 1000, 2, BROKER_UP, -1, NULL);
	model_publish(m, 1000, 1);
	w = (struct world){.n = 1, .leader = 1, .epoch = 7, .n_isr = 1};
	feed(m, 2000, &w, 1);
	model_publish(m, 2000, 2);
	/* broker 2 lost, two elections, a topic deleted */
	assert_int_equal(c->n, 4);
	change_put(&b, changes_at(c, 3), true);
	assert_string_equal(buf_z(&b), "broker 2 lost");
	buf_clear(&b);
	change_put(&b, changes_at(c, 2), true);
	assert_string_equal(buf_z(&b), "topic-00000  p0 leader 2 > 1   epoch 6 > 7   ISR 1,2 > 1");
	buf_clear(&b);
	change_put(&b, changes_at(c, 0), true);
	assert_string_equal(buf_z(&b), "topic-00001  topic deleted");
	buf_clear(&b);
	assert_int_equal(cluster_broker(model_cluster(m), 2)->state, BROKER_DOWN);
	assert_int_equal(cluster_problems(model_cluster(m), problems, 4), 2);
	problem_put(&b, model_cluster(m), &problems[1]);
	assert_string_equal(buf_z(&b),
		"topic topic-00000: 2 of 2 partitions under-replicated: broker 2 is down");
	buf_clear(&b);

	feed_broker_state(m, 2500, 1, BROKER_STALE, -1, "no route");
	model_publish(m, 2500, 3);
	change_put(&b, changes_at(c, 0), true);
	assert_string_equal(buf_z(&b), "broker 1 lost: no route");
	feed_action(m, 3000, 4,
		&(struct feed_deed){.topic = "x",
			.text = "create topic x",
			.command = "kdeck topics --create --topic x"},
		NULL);
	assert_int_equal(changes_at(c, 0)->kind, CHANGE_ACTION);
	for (int i = 0; i < 3000; i++)
		feed_action(m, 3000, 4, &(struct feed_deed){.topic = "x", .text = "again"}, NULL);
	assert_int_equal(c->n, CHANGES_MAX);
	assert_null(changes_at(c, CHANGES_MAX));
	buf_fini(&b);
	model_free(m);
}

/* What the user did and what is seen of it are one line, whichever comes first. */
static void test_an_action_and_its_effect(void **state)
{
	static const struct err refused = {.code = ERR_DENIED, .msg = "no"};
	struct model *m = model_new();
	const struct changes *c = model_changes(m);
	struct world w = {.n = 1, .leader = 1, .epoch = 1, .n_isr = 2};

	(void)state;
	feed(m, 1000, &w, 2);
	model_publish(m, 1000, 1);
	feed_action(m, 1900, 2,
		&(struct feed_deed){.topic = "topic-00001",
			.text = "create topic topic-00001",
			.command = "kdeck topics",
			.effect = CHANGE_TOPIC_CREATED},
		NULL);
	w.n = 2;
	feed(m, 2000, &w, 2);
	model_publish(m, 2000, 2);
	assert_int_equal(c->n, 1);
	assert_string_equal(changes_at(c, 0)->text, "create topic topic-00001");
	/* Seen before the answer came. */
	w.n = 1;
	feed(m, 3000, &w, 2);
	model_publish(m, 3000, 3);
	assert_int_equal(c->n, 2);
	assert_int_equal(changes_at(c, 0)->kind, CHANGE_TOPIC_DELETED);
	feed_action(m, 3100, 3,
		&(struct feed_deed){.topic = "topic-00001",
			.text = "delete topic topic-00001",
			.command = "kdeck topics",
			.effect = CHANGE_TOPIC_DELETED},
		NULL);
	assert_int_equal(c->n, 2);
	assert_int_equal(changes_at(c, 0)->kind, CHANGE_ACTION);
	assert_string_equal(changes_at(c, 0)->command, "kdeck topics");
	/* Refused, and then somebody else did it; and somebody else once more. */
	feed_action(m, 3200, 3,
		&(struct feed_deed){.topic = "topic-00001",
			.text = "create topic topic-00001",
			.command = "kdeck topics",
			.effect = CHANGE_TOPIC_CREATED},
		&refused);
	w.n = 2;
	feed(m, 4000, &w, 2);
	model_publish(m, 4000, 4);
	assert_int_equal(c->n, 4);
	w.n = 1;
	feed(m, 5000, &w, 2);
	model_publish(m, 5000, 5);
	assert_int_equal(c->n, 5);
	assert_int_equal(changes_at(c, 0)->kind, CHANGE_TOPIC_DELETED);
	model_free(m);
}

static void test_many_changes_are_bounded(void **state)
{
	struct model *m = model_new();
	struct world w = {.n = 1000, .leader = 1, .epoch = 1, .n_isr = 2};
	const struct change *last;

	(void)state;
	feed(m, 1000, &w, 2);
	model_publish(m, 1000, 1);
	w.leader = 2;
	feed(m, 2000, &w, 2);
	model_publish(m, 2000, 2);
	last = changes_at(model_changes(m), 0);
	assert_int_equal(last->kind, CHANGE_MORE);
	assert_int_equal(last->to, 1800);
	model_free(m);
}

static void test_history_is_bounded(void **state)
{
	struct model *m = model_new();
	struct world w = {.n = 5000, .leader = 1, .epoch = 1, .n_isr = 2};
	struct str name = STR_LIT("topic-00007");
	double v[4];

	(void)state;
	for (int i = 0; i < 40; i++) {
		char pin[32];

		snprintf(pin, sizeof(pin), "topic-%05d", i % 20);
		model_pin(m, str_of(pin));
	}
	model_pin(m, name);
	for (int64_t now = 1000; now < 200000; now += 20000) {
		feed(m, now, &w, 2);
		for (size_t i = 0; i < w.n; i++) {
			struct feed_topic t;

			give(&w, i, &t);
			feed_offset(m, now, t.name, 0, FEED_END, -1, now, 0);
			feed_offset(m, now, t.name, 1, FEED_END, -1, now, 0);
		}
		model_publish(m, now, now);
	}
	assert_true(model_history_bytes(m) < (size_t)8 << 20);
	assert_int_equal(model_topic_series(m, name)->step_ms, 1000);
	assert_int_equal(model_topic_series(m, STR_LIT("topic-04000"))->step_ms, 60000);
	series_read(model_topic_series(m, STR_LIT("topic-04000")), 181000, 60000, v, 4);
	assert_true(v[3] > 0);
	model_free(m);
}

static void test_rate_and_series(void **state)
{
	struct rate r;
	struct series s;
	double v[3];

	(void)state;
	rate_reset(&r);
	assert_true(isnan(rate_get(&r, 0)));
	for (int64_t t = 0; t <= 60; t++)
		rate_add(&r, t * 1000, t < 40 ? t * 100 : 4000 + (t - 40) * 7);
	assert_true(fabs(rate_get(&r, 60000) - 7) < 0.01);
	assert_true(isnan(rate_get(&r, 90000)));
	rate_add(&r, 61000, 3); /* made anew */
	assert_true(isnan(rate_get(&r, 61000)));

	series_init(&s, 4, 1000);
	series_add(&s, 1000, 2);
	series_add(&s, 1500, 4);
	series_add(&s, 3000, 8);
	series_add(&s, 2000, 99); /* the past is over */
	series_read(&s, 3999, 1000, v, 3);
	assert_true(v[0] == 3 && isnan(v[1]) && v[2] == 8);
	series_add(&s, 1000000, 1);
	series_read(&s, 1000000, 1000, v, 3);
	assert_true(isnan(v[0]) && isnan(v[1]) && v[2] == 1);
	series_fini(&s);
}

static void test_topic_list(void **state)
{
	struct model *m = model_new();
	struct world w = {.n = 10000, .leader = 1, .epoch = 1, .n_isr = 2};
	struct topic_list l;

	(void)state;
	feed(m, 1000, &w, 2);
	feed_offset(m, 1000, STR_LIT("topic-00042"), 0, FEED_START, -1, 0, 0);
	feed_offset(m, 1000, STR_LIT("topic-00042"), 0, FEED_END, -1, 5, 0);
	model_publish(m, 1000, 1);
	topic_list_init(&l);
	assert_true(topic_list_update(&l, model_cluster(m)));
	assert_int_equal(l.rows.n, 10000);
	topic_list_sort(&l, TOPIC_BY_RECORDS, true);
	assert_true(topic_list_update(&l, model_cluster(m)));
	assert_string_equal(topic_list_at(&l, 0)->name.p, "topic-00042");
	assert_string_equal(topic_list_at(&l, 1)->name.p, "topic-00000");
	topic_list_filter(&l, STR_LIT("0004"));
	topic_list_update(&l, model_cluster(m));
	assert_int_equal(l.rows.n, 11); /* 00040 … 00049 and 00004 */
	topic_list_filter(&l, STR_LIT("!0004"));
	topic_list_update(&l, model_cluster(m));
	assert_int_equal(l.rows.n, 9989);
	topic_list_filter(&l, STR_LIT("TOPIC-?0001"));
	topic_list_update(&l, model_cluster(m));
	assert_int_equal(l.rows.n, 1);
	topic_list_filter(&l, STR_NULL);
	topic_list_sort(&l, TOPIC_BY_NAME, true);
	w.n = 3;
	feed(m, 2000, &w, 2);
	model_publish(m, 2000, 2);
	topic_list_update(&l, model_cluster(m));
	assert_int_equal(l.rows.n, 3);
	assert_string_equal(topic_list_at(&l, 0)->name.p, "topic-00002");
	assert_null(topic_list_at(&l, 3));
	/* Internal ones come last by name, in either direction. */
	w.internal = 1;
	feed(m, 3000, &w, 2);
	model_publish(m, 3000, 3);
	for (int desc = 0; desc < 2; desc++) {
		topic_list_sort(&l, TOPIC_BY_NAME, desc);
		topic_list_update(&l, model_cluster(m));
		assert_string_equal(
			topic_list_at(&l, 0)->name.p, desc ? "topic-00002" : "topic-00001");
		assert_string_equal(topic_list_at(&l, 2)->name.p, "topic-00000");
	}
	topic_list_fini(&l);
	model_free(m);
}

static void test_parts(void **state)
{
	struct part p = {.at_ms = -1, .interval_ms = 1000};

	(void)state;
	assert_int_equal(part_state(&p, 5), PART_NEVER);
	p.code = ERR_TIMEOUT;
	assert_int_equal(part_state(&p, 5), PART_FAILED);
	p.at_ms = 1000;
	assert_int_equal(part_state(&p, 3000), PART_LIVE);
	assert_int_equal(part_state(&p, 3001), PART_STALE);
	p.code = ERR_DENIED;
	assert_int_equal(part_state(&p, 3001), PART_DENIED);
}

#define FORMATS(fn, value, text)                       \
	do {                                           \
		struct buf b_ = BUF_EMPTY;             \
		fn(&b_, value);                        \
		assert_string_equal(buf_z(&b_), text); \
		buf_fini(&b_);                         \
	} while (0)

static void test_format(void **state)
{
	(void)state;
	FORMATS(fmt_count, 1234567, "1,234,567");
	FORMATS(fmt_count, 0, "0");
	FORMATS(fmt_count, -1, "-");
	FORMATS(fmt_count, INT64_MAX, "9,223,372,036,854,775,807");
	FORMATS(fmt_bytes, 812, "812 B");
	FORMATS(fmt_bytes, 999, "999 B");
	FORMATS(fmt_bytes, 75213000, "75.2 MB");
	FORMATS(fmt_bytes, 999960, "1.0 MB");
	FORMATS(fmt_bytes, INT64_MAX, "9.2 EB");
	FORMATS(fmt_rate, (double)NAN, "-");
	FORMATS(fmt_rate, 0.31, "0.3");
	FORMATS(fmt_rate, 1240.4, "1,240");
	FORMATS(fmt_age, 99000, "1 m 39 s");
	FORMATS(fmt_age, 500, "< 1 s");
	FORMATS(fmt_age, 7200000, "2 h");
	FORMATS(fmt_span, 210, "0.21 s");
	FORMATS(fmt_retention, 604800000, "7 d");
	FORMATS(fmt_retention, -1, "forever");
	FORMATS(fmt_retention, -2, "-");
}

static void test_print(void **state)
{
	struct model *m = model_new();
	struct world w = {.n = 2, .leader = 1, .epoch = 1, .n_isr = 2};
	struct snapshot_options o = {.name = "demo", .address = "127.0.0.1:9092", .max_rows = 1};
	struct buf b = BUF_EMPTY;

	(void)state;
	snapshot_text(&b, model_cluster(m), &o, 0);
	assert_non_null(strstr(buf_z(&b), "connecting"));
	buf_clear(&b);
	feed(m, 1000, &w, 2);
	feed_broker_state(m, 1000, 1, BROKER_UP, -1, NULL);
	model_publish(m, 1000, 1);
	snapshot_text(&b, model_cluster(m), &o, 1000);
	assert_non_null(strstr(buf_z(&b), "brokers 1/2   controller 1   topics 2"));
	assert_non_null(strstr(buf_z(&b), " BROKER  ADDRESS   RACK  STATE           LEADERS"));
	assert_non_null(strstr(buf_z(&b), "      1  one:9092  -     up, controller        4"));
	assert_non_null(strstr(buf_z(&b), " topic-00000      2   2  in sync"));
	assert_non_null(strstr(buf_z(&b), "and 1 more topic\n"));
	assert_non_null(strstr(buf_z(&b), "no problems"));
	buf_clear(&b);
	snapshot_json(&b, model_cluster(m), &o, 1000);
	assert_non_null(strstr(buf_z(&b), "\"isr\":[1,2]"));
	assert_non_null(strstr(buf_z(&b), "\"highWatermark\":null"));
	buf_fini(&b);
	model_free(m);
}

static void one_hostile_topic(void *arg, size_t i, struct feed_topic *out)
{
	static const int32_t ids[] = {1};
	static const struct feed_partition p = {
		.leader = 1, .replicas = ids, .isr = ids, .n_replicas = 1, .n_isr = 1};

	(void)arg;
	(void)i;
	*out = (struct feed_topic){
		.name = STR_LIT("t\x1b[2J"), .partitions = &p, .n_partitions = 1};
}

/* A page on a terminal: no name that a cluster gives is a command to it. */
static void test_page_of_a_hostile_cluster(void **state)
{
	struct model *m = model_new();
	struct feed_broker broker = {1,
		STR_LIT("host\x1b"
			"]0;a\a"),
		1,
		STR_LIT("r\xc2\x9b"
			"31m\x1b[31m")};
	struct progress p = {.why = "said \x1b"
				    "[2J"};
	struct snapshot_options o = {.name = "demo"};
	struct buf b = BUF_EMPTY;

	(void)state;
	feed_progress(m, &p);
	model_publish(m, 1, 1);
	snapshot_text(&b, model_cluster(m), &o, 1);
	feed_metadata(m, 1000,
		&(struct feed_metadata){.cluster_id = STR_LIT("id\x1b"
							      "c"),
			.controller = 1,
			.brokers = &broker,
			.n_brokers = 1,
			.n_topics = 1,
			.topic = one_hostile_topic,
			.interval_ms = 5000});
	feed_broker_state(m, 1000, 1, BROKER_STALE, -1, "why\x1b[A");
	model_publish(m, 1000, 1);
	snapshot_text(&b, model_cluster(m), &o, 1000);
	for (size_t i = 0; i < b.n; i++)
		assert_true(b.p[i] == '\n' || (b.p[i] >= 0x20 && b.p[i] != 0x7f && b.p[i] != 0x9b));
	assert_non_null(strstr(buf_z(&b), "t\\x1b[2J"));
	assert_non_null(strstr(buf_z(&b), "why\\x1b[A"));
	assert_non_null(strstr(buf_z(&b), "id\\x1bc"));
	buf_fini(&b);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_publish),
		cmocka_unit_test(test_bytes_a_second),
		cmocka_unit_test(test_no_majority),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_voters_to_start),
		cmocka_unit_test(test_trouble_and_faults),
		cmocka_unit_test(test_joins),
		cmocka_unit_test(test_back_and_again),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_an_action_and_its_effect),
		cmocka_unit_test(test_many_changes_are_bounded),
		cmocka_unit_test(test_history_is_bounded),
		cmocka_unit_test(test_rate_and_series),
		cmocka_unit_test(test_topic_list),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_page_of_a_hostile_cluster),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
