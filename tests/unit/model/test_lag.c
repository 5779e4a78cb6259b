/* Lag: the life of a slow consumer against the truth, verdicts, the history of ends, its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/random.h"
#include "base/vec.h"
#include "lag_world.h"
#include "model/lag_ends.h"

/* ---- one partition, one consumer, every record's moment known ----------------------------- */

struct life {
	struct lag_world w;
	struct rng rng;
	VEC(int64_t) born; /* when each record was appended */
	int64_t now, read, committed, commit_ms;
	double in, out, carry_in, carry_out;
	int64_t commit_every;
};

static void life_init(struct life *l, double in, double out)
{
	*l = (struct life){.in = in, .out = out, .commit_every = 5000};
	lag_world_init(&l->w, 1, 1);
	rng_seed(&l->rng, 7);
	lag_list(&l->w, 0, "g", "Stable");
	lag_describe(&l->w, 0, "g", "Stable", 1, 1, 1);
}

/* 100 ms of a topic that comes in fits and a consumer that commits now and then. */
static void live_a_bit(struct life *l)
{
	int64_t arrive, take;

	l->now += 100;
	l->carry_in += l->in / 10 * (double)rng_below(&l->rng, 2001) / 1000;
	arrive = (int64_t)l->carry_in;
	l->carry_in -= (double)arrive;
	for (int64_t i = 0; i < arrive; i++)
		vec_push(&l->born, l->now - 100 + 100 * i / arrive);
	l->carry_out += l->out / 10;
	take = (int64_t)l->carry_out;
	l->carry_out -= (double)take;
	l->read = min_i64(l->read + take, (int64_t)l->born.n);
	if (l->now - l->commit_ms >= l->commit_every && l->out > 0) {
		l->committed = l->read;
		l->commit_ms = l->now;
	}
}

/* A look of the source: commits, then ends 20 ms later, then the screen. */
static const struct lag *look(struct life *l)
{
	lag_commit(&l->w, l->now, "g", "t-00000", 0, l->committed);
	lag_end(&l->w, l->now + 20, "t-00000", 0, 0, (int64_t)l->born.n);
	model_publish(l->w.m, l->now + 30, 1700000000000 + l->now);
	return &lag_group(&l->w, "g")->lag;
}

/* Worst difference between the age shown and the truth, in ms, over `ms`; of what is older than 20
 * s a twentieth is let pass where rough is set. */
static int64_t run_to(struct life *l, int64_t ms, bool rough, const struct lag **out)
{
	int64_t worst = 0;

	for (int64_t end = l->now + ms; l->now < end;) {
		int64_t truth, off;

		for (int i = 0; i < 10; i++)
			live_a_bit(l);
		*out = look(l);
		assert_int_equal((*out)->records, (int64_t)l->born.n - l->committed);
		assert_false((*out)->about);
		truth = l->committed < (int64_t)l->born.n ? l->now - l->born.v[l->committed] : 0;
		if ((*out)->age == AGE_LEAST) {
			assert_true((*out)->age_ms <= truth + 1000);
			continue;
		}
		off = llabs((long long)((*out)->age_ms - truth));
		if (!rough || off >= truth / 20)
			worst = max_i64(worst, off);
	}
	return worst;
}

static int64_t run(struct life *l, int64_t ms, const struct lag **out)
{
	return run_to(l, ms, false, out);
}

static void life_fini(struct life *l)
{
	vec_fini(&l->born);
	model_free(l->w.m);
}

static void reason_is(const struct life *l, const char *want)
{
	struct buf b = BUF_EMPTY;

	group_put_reason(&b, lag_group(&l->w, "g"), l->now);
	if (!strstr(buf_z(&b), want))
		fail_msg("\"%s\" lacks \"%s\"", buf_z(&b), want);
	buf_fini(&b);
}

static void test_life_of_a_slow_consumer(void **state)
{
	const struct lag *l;
	struct life s;
	int64_t estimate, began;

	(void)state;
	life_init(&s, 70, 10000);
	/* Healthy: the auto-commit makes a saw, not a verdict. */
	assert_true(run(&s, 120000, &l) < 1000);
	assert_int_equal(l->verdict, VERDICT_OK);
	assert_true(l->records < 7 * 70 * 2);

	/* Slow: behind, growing at its pace, never there. */
	s.out = 12;
	assert_true(run(&s, 180000, &l) < 1000);
	assert_int_equal(l->verdict, VERDICT_BEHIND);
	assert_true(l->records > 8000);
	assert_true(l->age_ms > 120000);
	assert_true(fabs(l->out - 12) < 2);
	assert_true(fabs(lag_net(l) - 58) < 15);
	assert_true(l->catch_up_ms == CATCH_UP_NEVER);
	reason_is(&s, "partition 0: c-0 takes 12/s of ");
	reason_is(&s, "/s and will never catch up at this pace");

	/* Hangs: stalled after half a minute, not before. */
	s.out = 0;
	assert_true(run(&s, 20000, &l) < 1000);
	assert_int_not_equal(l->verdict, VERDICT_STALLED);
	assert_true(run(&s, 20000, &l) < 1000);
	assert_int_equal(l->verdict, VERDICT_STALLED);
	reason_is(&s, "has not committed for");

	/* Faster than its input: the time it needs is told within a fifth. */
	s.out = 270;
	assert_true(run(&s, 15000, &l) < 1000);
	assert_int_equal(l->verdict, VERDICT_OK);
	estimate = l->catch_up_ms;
	began = s.now;
	assert_true(estimate > 0 && estimate < CATCH_UP_NEVER);
	for (int i = 0; i < 300 && s.committed + 700 < (int64_t)s.born.n; i++)
		assert_true(run(&s, 1000, &l) < 1000);
	assert_true(llabs((long long)(s.now - began - estimate)) < estimate / 5 + 5000);

	/* Nothing comes any more: zero. */
	s.in = 0;
	run(&s, 20000, &l);
	assert_int_equal(l->records, 0);
	assert_int_equal(l->age_ms, 0);
	assert_int_equal(l->catch_up_ms, 0);
	assert_int_equal(l->verdict, VERDICT_OK);

	/* An hour of silence, then records: waiting begins with them. */
	s.now += 3600000;
	s.in = 70;
	run(&s, 3000, &l);
	assert_int_equal(l->verdict, VERDICT_OK);
	life_fini(&s);
}

static void test_slow_from_the_start(void **state)
{
	const struct lag *l;
	struct life s;

	(void)state;
	life_init(&s, 100, 50);
	/* A backlog from before we looked: older than the history reaches, and said so. */
	for (int64_t i = 0; i < 5000; i++)
		vec_push(&s.born, -60000);
	run(&s, 10000, &l);
	assert_int_equal(l->age, AGE_LEAST);
	assert_true(l->age_ms >= 8500 && l->age_ms <= 10000);
	run(&s, 60000, &l);
	assert_int_equal(l->verdict, VERDICT_BEHIND);
	life_fini(&s);
}

static void test_many_rates_within_a_second(void **state)
{
	static const double in[] = {0.3, 2, 15, 400, 20000};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		const struct lag *l;
		struct life s;
		int64_t worst;

		life_init(&s, in[i], in[i] * 0.6);
		s.commit_every = 1000;
		run(&s, 5000, &l);
		/* A record every three seconds needs a mark or two each: 24 do not reach far. */
		worst = run_to(&s, 200000, in[i] < 1, &l);
		if (worst >= 1000)
			fail_msg("%g a second: %lld ms off", in[i], (long long)worst);
		life_fini(&s);
	}
}

/* ---- the history of ends ------------------------------------------------------------------ */

static void test_ends(void **state)
{
	struct ends e;
	int64_t at = -1;

	(void)state;
	ends_init(&e);
	assert_int_equal(ends_when(&e, 0, &at), AGE_NONE);
	for (int64_t s = 0; s <= 3600; s++)
		ends_add(&e, 1000000 + s * 1000, s * 70);
	/* Steady: two marks remember an hour. */
	assert_true(e.n <= 3);
	assert_int_equal(ends_when(&e, 70 * 1800, &at), AGE_ABOUT);
	assert_true(llabs((long long)(at - 2800000)) <= ENDS_EXACT_MS);
	assert_int_equal(ends_when(&e, 70 * 3600, &at), AGE_NONE);
	/* A pause: what comes after it is young. */
	for (int64_t s = 3601; s <= 4000; s++)
		ends_add(&e, 1000000 + s * 1000, 252000);
	ends_add(&e, 5001000, 252010);
	assert_int_equal(ends_when(&e, 252000, &at), AGE_ABOUT);
	assert_true(at >= 5000000 && at <= 5001000);
	/* Truncated: what was above is forgotten, and the line goes on from there. */
	ends_add(&e, 5002000, 100);
	ends_add(&e, 5003000, 200);
	assert_int_equal(ends_when(&e, 150, &at), AGE_ABOUT);
	assert_true(at >= 5002000 && at <= 5003000);
	/* Time that stands or goes back is no look. */
	ends_add(&e, 5003000, 900);
	ends_add(&e, 4000000, 900);
	assert_int_equal(ends_when(&e, 250, &at), AGE_NONE);
	/* Months later the marks count from anew. */
	ends_add(&e, 5003000 + (int64_t)INT32_MAX + 10000000, 300);
	assert_int_equal(e.n, 1);
	assert_int_equal(ends_when(&e, 250, &at), AGE_LEAST);
}

/* ---- verdicts ----------------------------------------------------------------------------- */

static struct lag judged(const struct commits *c, int64_t now, int64_t committed, int64_t end)
{
	struct lag out = LAG_UNKNOWN;

	lag_judge(&out, &(struct lag_facts){.committed = committed,
				.start = 10,
				.end = end,
				.now_ms = now,
				.lagging_ms = end > committed ? 0 : -1,
				.members = 1,
				.settled = true,
				.in = 10,
				.commits = c});
	return out;
}

static void test_verdicts(void **state)
{
	struct commits c = {0};
	struct lag l;

	(void)state;
	assert_int_equal(judged(NULL, 0, -1, 100).verdict, VERDICT_NONE);
	assert_int_equal(judged(NULL, 0, 5, 100).verdict, VERDICT_LOST);
	assert_int_equal(judged(NULL, 0, 9, 100).verdict, VERDICT_LOST);
	/* The next one to read is the first that there is. */
	assert_int_not_equal(judged(NULL, 0, 10, 100).verdict, VERDICT_LOST);
	assert_int_equal(judged(NULL, 0, 5, 100).records, 95);
	assert_int_equal(judged(NULL, 0, 200, 100).records, 0);
	for (int i = 0; i < 20; i++)
		commits_add(&c, i * 1000, 100 + i * 5, 50 + i * 20);
	assert_int_equal(c.n, LAG_COMMITS);
	assert_int_equal(commits_gap(&c), 1000);
	assert_true(fabs(commits_rate(&c, 19500) - 5) < 0.01);
	assert_int_equal(judged(&c, 19500, 195, 700).verdict, VERDICT_BEHIND);
	/* The same look again is no commit. */
	commits_add(&c, 20000, 195, 9999);
	assert_int_equal(commits_last_ms(&c), 19000);
	/* One zero, or a dip beyond noise, and it is a saw. */
	commits_add(&c, 20000, 700, 0);
	assert_int_equal(judged(&c, 20500, 700, 720).verdict, VERDICT_OK);
	/* Back: rewound for two minutes, with a pace of its own after it. */
	commits_add(&c, 21000, 100, 620);
	l = judged(&c, 21500, 100, 720);
	assert_int_equal(l.verdict, VERDICT_REWOUND);
	assert_true(isnan(l.out));
	commits_add(&c, 22000, 300, 420);
	assert_true(fabs(commits_rate(&c, 22000) - 200) < 0.01);
	/* Stalled counts from the later of commit and first waiting record. */
	assert_int_equal(judged(&c, 21000 + 121000, 300, 720).verdict, VERDICT_STALLED);
	assert_true(judged(&c, 21000 + 121000, 300, 720).catch_up_ms == CATCH_UP_NEVER);
	assert_true(fabs(commits_rate(&c, 200000)) < 0.01);
}

/* ---- bounds and clocks -------------------------------------------------------------------- */

static void round_of_all(struct lag_world *w, int32_t groups, int64_t now)
{
	char name[32], topic[32];

	feed_groups_begin(w->m, 1);
	for (int32_t g = 0; g < groups; g++) {
		snprintf(name, sizeof(name), "group-%05d", g);
		feed_group_listed(w->m, now, 1, str_of(name), STR_LIT("Stable"),
			STR_LIT("consumer"), STR_LIT("classic"));
	}
	feed_groups_end(w->m, now, 1, 1000);
	for (int32_t g = 0; g < groups; g++) {
		snprintf(name, sizeof(name), "group-%05d", g);
		snprintf(topic, sizeof(topic), "t-%05d", g % w->topics);
		feed_commits_begin(w->m, str_of(name));
		for (int32_t p = 0; p < w->partitions; p++)
			feed_commit(w->m, now, str_of(name), str_of(topic), p, now / 20 + p, 0,
				STR_NULL, 0);
		feed_commits_end(w->m, now, str_of(name), true, 1000);
	}
	for (int32_t t = 0; t < w->topics; t++) {
		snprintf(topic, sizeof(topic), "t-%05d", t);
		for (int32_t p = 0; p < w->partitions; p++)
			lag_end(w, now + 10, topic, p, 0, now / 10 + (now * 7919 + t) % 97);
	}
	model_publish(w->m, now + 20, now);
}

static void test_memory_of_1000_groups(void **state)
{
	struct lag_world w;
	const struct cluster *c;

	(void)state;
	lag_world_init(&w, 1000, 10);
	for (int64_t now = 1000; now <= 40000; now += 1000)
		round_of_all(&w, 1000, now);
	c = model_cluster(w.m);
	assert_int_equal(c->totals.groups, 1000);
	assert_int_equal(c->totals.groups_known, 1000);
	assert_true(c->totals.lag > 1000000);
	assert_false(c->totals.lag_about);
	assert_int_equal(c->readers[7].groups, 1);
	assert_int_equal(c->readers[7].verdict, VERDICT_BEHIND);
	assert_int_equal(c->groups[999]->partitions[9].lag.age, AGE_ABOUT);
	print_message(
		"# history of 1,000 groups x 10 partitions: %zu bytes\n", model_history_bytes(w.m));
	assert_true(model_history_bytes(w.m) < (size_t)8 << 20);
	/* Gone twice, gone for good: nothing of them is kept. */
	lag_list(&w, 50000, NULL, NULL);
	model_publish(w.m, 50000, 50000);
	assert_int_equal(model_cluster(w.m)->groups[0]->state, GROUP_DEAD);
	lag_list(&w, 51000, NULL, NULL);
	w.topics = 0;
	lag_metadata(&w, 51000);
	model_publish(w.m, 51000, 51000);
	assert_int_equal(model_cluster(w.m)->n_groups, 0);
	assert_int_equal(model_cluster(w.m)->totals.lag, 0);
	assert_true(model_history_bytes(w.m) < 200000);
	model_free(w.m);
}

static void test_history_is_full(void **state)
{
	struct lag_world w;
	const struct cluster *c;

	(void)state;
	/* Far more than fits: lag is right all the same, only its past is short. */
	lag_world_init(&w, 100, 10);
	for (int64_t now = 1000; now <= 3000; now += 1000)
		round_of_all(&w, 4000, now);
	c = model_cluster(w.m);
	assert_int_equal(c->totals.groups_known, 4000);
	assert_true(model_history_bytes(w.m) < (size_t)8 << 20);
	assert_true(c->groups[3999]->lag.records >= 0);
	model_free(w.m);
}

static void test_clock_steps(void **state)
{
	const struct lag *l;
	struct life s;
	int64_t age;

	(void)state;
	life_init(&s, 100, 50);
	run(&s, 30000, &l);
	age = l->age_ms;
	/* Wall time does not enter ages from history. */
	lag_commit(&s.w, s.now + 100, "g", "t-00000", 0, s.committed);
	lag_end(&s.w, s.now + 120, "t-00000", 0, 0, (int64_t)s.born.n);
	model_publish(s.w.m, s.now + 1500, 5);
	l = &lag_group(&s.w, "g")->lag;
	assert_true(llabs((long long)(l->age_ms - age)) <= 150);
	/* An exact age never goes below zero, whatever the wall clock says. */
	feed_unread(s.w.m, STR_LIT("g"), STR_LIT("t-00000"), 0, s.committed, 1700000000000);
	model_publish(s.w.m, s.now + 2600, 5);
	l = &lag_group(&s.w, "g")->lag;
	assert_int_equal(l->age, AGE_EXACT);
	assert_int_equal(l->age_ms, 0);
	feed_unread(s.w.m, STR_LIT("g"), STR_LIT("t-00000"), 0, s.committed, 1700000000000);
	model_publish(s.w.m, s.now + 2700, 1700000010000 + 2600);
	assert_int_equal(lag_group(&s.w, "g")->lag.age_ms, 10000);
	/* The machine slept for an hour: the consumer did, too. */
	s.now += 3600000;
	s.commit_ms = s.now;
	l = look(&s);
	assert_true(l->age_ms >= 3600000);
	run(&s, 4000, &l);
	assert_int_not_equal(l->verdict, VERDICT_STALLED);
	/* Monotonic time that goes back (a bug elsewhere) breaks nothing. */
	s.now -= 20000;
	lag_commit(&s.w, s.now, "g", "t-00000", 0, s.committed);
	lag_end(&s.w, s.now, "t-00000", 0, 0, (int64_t)s.born.n);
	model_publish(s.w.m, s.now, 1);
	assert_true(lag_group(&s.w, "g")->lag.records >= 0);
	assert_true(lag_group(&s.w, "g")->lag.age_ms >= 0);
	life_fini(&s);
}

/* Offsets are what a broker says: at their bounds a sum stays at its bound. */
static void test_bounds(void **state)
{
	struct commits commits = {0};
	struct lag_facts f = {.committed = 0,
		.start = 0,
		.end = INT64_MAX,
		.now_ms = 10000,
		.lagging_ms = -1,
		.members = 1,
		.settled = true,
		.in = 0,
		.commits = &commits};
	struct lag part, sum = LAG_UNKNOWN;

	(void)state;
	commits_add(&commits, 1000, 0, 1);
	commits_add(&commits, 5000, 1, 1);
	commits_add(&commits, 10000, 2, 1);
	lag_judge(&part, &f);
	assert_true(part.records == INT64_MAX);
	assert_true(part.catch_up_ms == (int64_t)1 << 50);
	part.age_ms = -1;
	part.age = AGE_NONE;
	lag_add(&sum, &part);
	lag_add(&sum, &part);
	assert_true(sum.records == INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life_of_a_slow_consumer),
		cmocka_unit_test(test_slow_from_the_start),
		cmocka_unit_test(test_many_rates_within_a_second),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_memory_of_1000_groups),
		cmocka_unit_test(test_history_is_full),
		cmocka_unit_test(test_clock_steps),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
