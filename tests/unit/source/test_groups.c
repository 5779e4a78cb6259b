/* A source over the fake cluster: groups, their commits and what is asked for, in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "fake_cluster.h"
#include "fake_groups.h"
#include "model/group.h"
#include "model/model.h"
#include "source/source.h"
#include <limits.h>
#include <stdlib.h>

struct bench {
	struct loop *loop;
	struct admin *admin;
	struct model *model;
	struct source *source;
	int64_t least, most; /* lag of any partition that was published */
	int published;       /* partitions with lag */
	int64_t told_ms;     /* when it was */
	bool stood_still;    /* nothing was told for longer than a round takes */
	/* When the lag of the seen group came: groups with lag, 0 before; the total was not exact;
	 * all 3,000 were there. */
	unsigned known_then;
	bool about_then, all_then;
};

#define INTERVAL_MS 30
#define SEEN        "g-02999"

static void watch(void *arg)
{
	struct bench *b = arg;
	const struct cluster *c = model_cluster(b->model);
	const struct group *seen = cluster_group(c, STR_LIT(SEEN));
	int64_t now = loop_now_ms(b->loop);

	b->stood_still = b->stood_still || now - b->told_ms > INTERVAL_MS * 3 / 2;
	b->told_ms = now;
	if (seen && seen->lag_known && !b->known_then) {
		b->known_then = c->totals.groups_known;
		b->about_then = c->totals.lag_about;
		b->all_then = cluster_groups_there(c, 3000);
	}

	for (size_t i = 0; i < c->n_groups; i++)
		for (size_t k = 0; k < c->groups[i]->n_partitions; k++) {
			const struct group_partition *p = &c->groups[i]->partitions[k];

			if (p->lag.records < 0)
				continue;
			b->published++;
			b->least = min_i64(b->least, p->end - p->committed);
			b->most = max_i64(b->most, p->lag.records);
		}
}

static struct bench *begin(int32_t interval_ms)
{
	struct bench *b = ALLOC(struct bench);
	struct err e;

	b->loop = loop_new(&e);
	assert_non_null(b->loop);
	b->admin = fake_start(b->loop);
	b->model = model_new();
	b->least = INT64_MAX;
	fake.end[0] = fake.end[1] = 100;
	model_on_change(b->model, watch, b);
	b->source = cluster_source_new(b->loop, b->admin, b->model,
		&(struct cluster_source_options){.bootstrap = "x:1", .interval_ms = interval_ms});
	return b;
}

static void end(struct bench *b)
{
	cluster_source_free(b->source);
	model_free(b->model);
	fake_end(b->admin);
	loop_free(b->loop);
	free(b);
}

static const struct group *group(const struct bench *b, const char *name)
{
	return cluster_group(model_cluster(b->model), str_of(name));
}

static const struct totals *totals(const struct bench *b)
{
	return &model_cluster(b->model)->totals;
}

static void test_fills(void **state)
{
	struct bench *b = begin(30);
	const struct group *g;

	(void)state;
	fake_groups_add(3);
	fake_groups.v[1].committed[0] = 90;
	fake_groups.v[1].committed[1] = -1;
	fake_groups.v[2].state = "Empty";
	fake_groups.v[2].members = 0;
	UNTIL(b, totals(b)->groups_known == 3 && totals(b)->lag == 410);
	g = group(b, "g-00001");
	assert_int_equal(g->state, GROUP_STABLE);
	assert_int_equal(g->coordinator, 2);
	assert_int_equal(g->n_partitions, 1);
	assert_int_equal(g->lag.records, 10);
	assert_false(g->lag.about);
	assert_string_equal(g->protocol, "classic");
	UNTIL(b, group(b, "g-00000")->members->n == 1);
	/* That a group is empty its list has told. */
	assert_true(group(b, "g-00002")->described);
	assert_int_equal(fake_groups.v[2].described, 0);
	assert_false(totals(b)->lag_about);
	end(b);
}

/* Everything is committed when commits are read, ten records come after: never less, and an end
 * from before would show nothing. */
static void test_commits_before_ends(void **state)
{
	struct bench *b = begin(INTERVAL_MS);
	int rounds, windows = 0;

	(void)state;
	fake_groups_add(1);
	fake_groups.grow = 10;
	/* On a machine that stands still the next round's commits come before this one's ends. */
	do {
		rounds = fake_groups.fetches;
		b->published = 0;
		b->least = INT64_MAX;
		b->most = 0;
		b->told_ms = loop_now_ms(b->loop);
		b->stood_still = false;
		UNTIL(b, fake_groups.fetches > rounds + 20 && b->published > 20);
	} while (b->stood_still && windows++ < 50);
	assert_int_equal(b->least, 10);
	assert_int_equal(b->most, 10);
	end(b);
}

/* An answer for ends that is under way when commits come is of before. */
static void test_slow_ends(void **state)
{
	struct bench *b = begin(30);

	(void)state;
	fake.offsets_ms = 50;
	fake_groups_add(2);
	fake_groups.grow = 10;
	/* Nothing is known of lag before; above all not that there is none. */
	while (totals(b)->lag < 0) {
		assert_int_equal(totals(b)->groups_known, 0);
		assert_true(
			!totals(b)->groups || !cluster_groups_there(model_cluster(b->model), 2));
		loop_run_once(b->loop, true);
	}
	assert_true(totals(b)->lag > 0);
	UNTIL(b, b->published > 20);
	assert_true(b->least >= 10);
	end(b);
}

/* ---- the time of the next unread record ---- */

static int64_t age(const struct bench *b, const char *name, int32_t partition)
{
	const struct group *g = group(b, name);
	const struct group_partition *p =
		g ? group_partition_find(g, STR_LIT("orders"), partition) : NULL;

	return p && p->lag.age == AGE_EXACT ? p->lag.age_ms : -1;
}

static void want_group(struct bench *b, const char *opened, const char *const *rows, size_t n)
{
	struct str names[8];

	for (size_t i = 0; i < n; i++)
		names[i] = str_of(rows[i]);
	source_want(
		b->source, &(struct source_want){.group = opened, .groups = names, .n_groups = n});
}

/* Right within half a second, and each record is asked for once. */
static void test_age(void **state)
{
	struct bench *b = begin(30);
	int64_t wall = clock_wall_ms(loop_clock(b->loop));
	int asked;

	(void)state;
	fake.end[0] = fake.end[1] = 0;
	fake_append(0, 20, wall - 100000);
	fake_append(1, 500, wall - 200000); /* over five seconds: looked for in the batch */
	fake_groups_add(2);
	fake_groups.v[0].committed[0] = 5;
	fake_groups.v[0].committed[1] = 400;
	UNTIL(b, totals(b)->groups_known == 2 && totals(b)->lag > 0);
	assert_int_equal(fake.fetches, 0);
	assert_int_equal(age(b, "g-00000", 0), -1);
	want_group(b, "g-00000", NULL, 0);
	UNTIL(b, age(b, "g-00000", 0) > 0 && age(b, "g-00000", 1) > 0);
	assert_in_range(age(b, "g-00000", 0), 99000, 130000);
	assert_in_range(age(b, "g-00000", 1), 195900, 225000);
	assert_int_equal(group(b, "g-00000")->lag.age, AGE_EXACT);
	/* Nobody looks at the other one. */
	assert_true(age(b, "g-00001", 0) <= 0);
	asked = fake.fetches;
	int rounds = fake_groups.fetches;
	UNTIL(b, fake_groups.fetches > rounds + 10);
	assert_int_equal(fake.fetches, asked);
	fake_groups.v[0].committed[0] = 6;
	UNTIL(b, fake.fetches == asked + 1);
	end(b);
}

/* Of rows that are seen the oldest partitions are asked for, in one question. */
static void test_age_of_rows(void **state)
{
	static const char *const rows[] = {"g-00000", "g-00001", "g-00002"};
	struct bench *b = begin(30);
	int64_t wall = clock_wall_ms(loop_clock(b->loop));

	(void)state;
	fake.end[0] = fake.end[1] = 0;
	fake_append(0, 20, wall - 100000);
	fake_append(1, 20, wall - 200000);
	fake_groups_add(3);
	UNTIL(b, totals(b)->groups_known == 3 && totals(b)->lag == 120);
	want_group(b, NULL, rows, 3);
	UNTIL(b, group(b, "g-00002")->lag.age == AGE_EXACT);
	/* The same two records for all three. */
	assert_int_equal(fake.fetches, 1);
	assert_int_equal(fake.fetched, 2);
	end(b);
}

/* A batch that is larger than what is asked for is left out of an answer, but for its first
 * partition: it is asked for once more with room for it. */
static void test_age_in_large_batches(void **state)
{
	static const char *const rows[] = {"g-00000", "g-00002"};
	struct bench *b = begin(30);
	int64_t wall = clock_wall_ms(loop_clock(b->loop));

	(void)state;
	fake.whole_batches = true;
	fake.end[0] = fake.end[1] = 0;
	fake_append(0, 500, wall - 200000);
	fake_append(1, 500, wall - 200000);
	fake_groups_add(3);
	fake_groups.v[0].committed[1] = fake_groups.v[2].committed[0] = -1;
	fake_groups.v[0].committed[0] = fake_groups.v[2].committed[1] = 400;
	UNTIL(b, totals(b)->groups_known == 3);
	want_group(b, NULL, rows, 2);
	UNTIL(b, age(b, "g-00000", 0) > 0 && age(b, "g-00002", 1) > 0);
	assert_in_range(age(b, "g-00002", 1), 195900, 225000);
	end(b);
}

/* The head of a batch that spans long does not tell: the whole of it is fetched, once. */
static void test_age_in_a_cut_batch(void **state)
{
	struct bench *b = begin(30);
	int64_t wall = clock_wall_ms(loop_clock(b->loop));

	(void)state;
	fake.cut = 100;
	fake.end[0] = fake.end[1] = 0;
	fake_append(0, 500, wall - 200000);
	fake_groups_add(1);
	fake_groups.v[0].committed[0] = 400;
	want_group(b, "g-00000", NULL, 0);
	UNTIL(b, age(b, "g-00000", 0) > 0);
	assert_in_range(age(b, "g-00000", 0), 195900, 225000);
	assert_int_equal(fake.fetches, 2);
	end(b);
}

/* Who may not read a topic is not told anything about it, and does not ask again and again. */
static void test_age_denied(void **state)
{
	struct bench *b = begin(30);
	int rounds;

	(void)state;
	fake.no_fetch = KERR_TOPIC_AUTHORIZATION_FAILED;
	fake_groups_add(1);
	want_group(b, "g-00000", NULL, 0);
	UNTIL(b, fake.fetches == 1);
	rounds = fake_groups.fetches;
	UNTIL(b, fake_groups.fetches > rounds + 10);
	assert_int_equal(fake.fetches, 1);
	assert_int_equal(age(b, "g-00000", 0), -1);
	assert_int_equal(group(b, "g-00000")->lag.records, 200);
	end(b);
}

/* ---- what goes wrong ---- */

/* What came late about a group that has gone does not bring it back. */
static void test_deleted_while_asked(void **state)
{
	struct bench *b = begin(30);
	int lists;

	(void)state;
	fake_groups_add(2);
	UNTIL(b, totals(b)->groups_known == 2);
	fake_groups.describe_ms = fake_groups.fetch_ms = 400;
	int asked = fake_groups.fetches;
	UNTIL(b, fake_groups.fetches > asked + 1);
	fake_groups.v[0].gone = true;
	fake_groups.v[0].linger = true; /* the answers under way still know it */
	UNTIL(b, totals(b)->groups == 1);
	lists = fake_groups.lists;
	UNTIL(b, fake_groups.lists > lists + 60 && totals(b)->groups == 1);
	assert_null(group(b, "g-00000"));
	end(b);
}

static void test_coordinator_moves(void **state)
{
	struct bench *b = begin(30);

	(void)state;
	fake_groups_add(2);
	UNTIL(b, totals(b)->groups_known == 2);
	fake_groups.v[0].broker = 2;
	fake_groups.v[0].committed[0] = 40;
	UNTIL(b, group(b, "g-00000") && group(b, "g-00000")->coordinator == 2 &&
			 group(b, "g-00000")->lag.records == 160);
	assert_int_equal(totals(b)->groups, 2);
	end(b);
}

/* Groups of a coordinator that is gone stay as they were; those of the other go on. */
static void test_dead_coordinator(void **state)
{
	struct bench *b = begin(30);
	int64_t since;

	(void)state;
	fake_groups_add(2);
	UNTIL(b, totals(b)->groups_known == 2);
	fake.dead_broker[2] = true;
	UNTIL(b, group(b, "g-00001")->offsets.code == ERR_TIMEOUT);
	since = group(b, "g-00001")->offsets.at_ms;
	fake_groups.v[0].committed[0] = 30;
	UNTIL(b, group(b, "g-00000")->partitions[0].committed == 30);
	assert_int_equal(group(b, "g-00001")->offsets.at_ms, since);
	assert_int_equal(totals(b)->groups, 2);
	assert_int_equal(cluster_broker(model_cluster(b->model), 2)->groups.code, ERR_IO);
	assert_int_equal(cluster_broker(model_cluster(b->model), 1)->groups.code, 0);
	fake.dead_broker[2] = false;
	UNTIL(b, group(b, "g-00001")->offsets.at_ms > since);
	end(b);
}

static void test_other_cluster(void **state)
{
	struct bench *b = begin(30);

	(void)state;
	fake_groups_add(2);
	UNTIL(b, totals(b)->groups_known == 2);
	fake.id = "another";
	fake_groups.v[0].gone = true;
	source_refresh(b->source);
	UNTIL(b, strcmp(model_cluster(b->model)->id, "another") == 0 && totals(b)->groups == 1 &&
			 totals(b)->groups_known == 1);
	assert_null(group(b, "g-00000"));
	end(b);
}

/* It is said once, and not asked every round. */
static void test_denied(void **state)
{
	struct bench *b = begin(30);
	int lists;

	(void)state;
	fake_groups_add(2);
	fake_groups.no_list = KERR_CLUSTER_AUTHORIZATION_FAILED;
	UNTIL(b, fake_groups.lists == 2 && fake.offsets > 10);
	assert_int_equal(model_cluster(b->model)->group_list.code, ERR_DENIED);
	lists = fake_groups.lists;
	UNTIL(b, fake.offsets > 40);
	assert_int_equal(fake_groups.lists, lists);
	assert_int_equal(fake_groups.fetches, 0);
	assert_true(cluster_groups_there(model_cluster(b->model), 100));
	fake_groups.no_list = 0;
	source_refresh(b->source);
	UNTIL(b, totals(b)->groups_known == 2);
	assert_int_equal(model_cluster(b->model)->group_list.code, 0);
	end(b);
}

static void test_commits_denied(void **state)
{
	struct bench *b = begin(30);
	int rounds;

	(void)state;
	fake_groups_add(2);
	fake_groups.no_commits = KERR_GROUP_AUTHORIZATION_FAILED;
	UNTIL(b, totals(b)->groups == 2 && group(b, "g-00000")->offsets.code == ERR_DENIED &&
			 group(b, "g-00001")->offsets.code == ERR_DENIED);
	rounds = fake.offsets;
	UNTIL(b, fake.offsets > rounds + 20);
	assert_int_equal(fake_groups.v[0].fetched, 1);
	assert_true(cluster_groups_there(model_cluster(b->model), 100));
	end(b);
}

/* A group of the newer protocol has a question of its own. */
static void test_newer_protocol(void **state)
{
	struct bench *b = begin(30);

	(void)state;
	fake_groups_add(2);
	fake_groups.v[0].type = "consumer";
	UNTIL(b, totals(b)->groups_known == 2 && group(b, "g-00000")->described);
	assert_string_equal(group(b, "g-00000")->protocol, "consumer");
	assert_int_equal(group(b, "g-00000")->members->n, 1);
	assert_int_equal(group(b, "g-00000")->generation, 7);
	UNTIL(b, group(b, "g-00001")->described);
	assert_int_equal(group(b, "g-00001")->generation, -1);
	end(b);
}

/* A group of a kind whose members nobody tells: its lag is there all the same. */
static void test_unknown_protocol(void **state)
{
	struct bench *b = begin(30);

	(void)state;
	fake_groups_add(1);
	fake_groups.v[0].type = "streams";
	UNTIL(b, totals(b)->groups_known == 1 && totals(b)->lag == 200);
	UNTIL(b, fake_groups.v[0].described > 2);
	assert_false(group(b, "g-00000")->described);
	assert_int_equal(group(b, "g-00000")->describe.code, 0);
	assert_int_equal(group(b, "g-00000")->describe.kerr, 0);
	end(b);
}

static void test_half_an_answer(void **state)
{
	struct bench *b = begin(30);

	(void)state;
	fake_groups.two = true;
	fake_groups_add(10);
	UNTIL(b, totals(b)->groups_known == 10 && totals(b)->lag == 2000);
	assert_false(totals(b)->lag_about);
	end(b);
}

/* ---- how much is asked for ---- */

/* A list, a description, commits and ends, once a broker and second, however many groups. */
static void test_requests(void **state)
{
	struct bench *b = begin(200);
	struct fake_groups was;
	int offsets, rounds;
	int64_t began_ms;

	(void)state;
	fake_groups_add(1000);
	UNTIL(b, totals(b)->groups_known == 1000 && totals(b)->lag == 200000);
	UNTIL(b, fake_groups.fetches % 2 == 0 && fake_groups.fetches >= 6);
	was = fake_groups;
	offsets = fake.offsets;
	began_ms = clock_mono_ms(&clock_system);
	UNTIL(b, fake_groups.fetches == was.fetches + 10);
	/* Five; where commits take longer than a second, lists and descriptions go on. */
	rounds = max_int(5, (int)((clock_mono_ms(&clock_system) - began_ms + 999) / 1000));
	assert_int_equal(fake_groups.most, 500);
	assert_in_range(fake_groups.lists - was.lists, 1, 2 * rounds + 2);
	assert_in_range(fake_groups.describes - was.describes, 1, 2 * rounds + 2);
	assert_in_range(fake.offsets - offsets, 1, 2 * rounds + 2);
	end(b);
}

/* Beyond what fits a second: the rows that are seen each second, of the others a slice; each has
 * its turn, and what is known so far is told. */
static void test_too_many(void **state)
{
	static const char *const rows[] = {SEEN, "g-02500"};
	struct bench *b = begin(30);
	unsigned seen, least = 0;

	(void)state;
	fake_groups_add(3000);
	UNTIL(b, totals(b)->groups == 3000);
	fake_groups.most = 0; /* before both lists were there it was not known to be too many */
	want_group(b, "g-01234", rows, 2);
	UNTIL(b, group(b, SEEN)->lag_known && group(b, "g-01234")->lag_known);
	assert_in_range(b->known_then, 1, 2999);
	assert_true(b->about_then);
	assert_false(b->all_then);
	assert_true(cluster_groups_there(model_cluster(b->model), 3));
	UNTIL(b, totals(b)->groups_known == 3000);
	assert_true(fake_groups.most <= 503);
	seen = fake_groups.v[2999].fetched;
	while (least < 4) {
		loop_run_once(b->loop, true);
		least = UINT_MAX;
		vec_foreach (g, &fake_groups)
			least = g->fetched < least ? g->fetched : least;
	}
	assert_true(fake_groups.v[2999].fetched - seen >= 6);
	assert_true(fake_groups.v[1].fetched <= 6);
	assert_true(group(b, "g-00001")->offsets.interval_ms >= 3 * 30);
	assert_int_equal(group(b, "g-02999")->offsets.interval_ms, 30);
	end(b);
}

/* A screen that is drawn slowly, another part of it each time. */
struct screen {
	struct bench *b;
	struct io_timer timer;
	int drawn;
};

/* What is drawn stays while the source is told about it. */
static void draw_slowly(void *arg)
{
	static const char *const rows[] = {"g-00000", "g-00001"};
	struct screen *s = arg;
	const struct cluster *drawn = model_cluster(s->b->model);
	int64_t end = clock_mono_ms(&clock_system) + 5;

	want_group(s->b, rows[s->drawn++ % 2], rows, 2);
	assert_ptr_equal(drawn, model_cluster(s->b->model));
	while (clock_mono_ms(&clock_system) < end)
		;
	io_timer_start(&s->timer, 1, 0);
}

static void test_told_while_drawing(void **state)
{
	struct bench *b = begin(250);
	struct screen s = {.b = b};
	int published;

	(void)state;
	fake.offsets_ms = 200; /* so that what comes before is shown by itself */
	fake_groups_add(2);
	UNTIL(b, totals(b)->groups_known == 2);
	published = b->published;
	io_timer_init(&s.timer, b->loop, draw_slowly, &s);
	io_timer_start(&s.timer, 1, 0);
	UNTIL(b, b->published > published + 80);
	io_timer_stop(&s.timer);
	end(b);
}

static void test_hidden(void **state)
{
	struct bench *b = begin(30);
	int asked;

	(void)state;
	fake_groups_add(2);
	UNTIL(b, totals(b)->groups_known == 2);
	source_hide(b->source, true);
	asked = fake.questions;
	for (int i = 0; i < 20; i++)
		loop_run_once(b->loop, false);
	assert_int_equal(fake.questions, asked);
	source_hide(b->source, false);
	UNTIL(b, fake.questions > asked + 8);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fills),
		cmocka_unit_test(test_commits_before_ends),
		cmocka_unit_test(test_slow_ends),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_age_of_rows),
		cmocka_unit_test(test_age_in_large_batches),
		cmocka_unit_test(test_age_in_a_cut_batch),
		cmocka_unit_test(test_age_denied),
		cmocka_unit_test(test_deleted_while_asked),
		cmocka_unit_test(test_coordinator_moves),
		cmocka_unit_test(test_dead_coordinator),
		cmocka_unit_test(test_other_cluster),
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_commits_denied),
		cmocka_unit_test(test_newer_protocol),
		cmocka_unit_test(test_unknown_protocol),
		cmocka_unit_test(test_half_an_answer),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_told_while_drawing),
		cmocka_unit_test(test_hidden),
	};

	return cmocka_run_group_tests_name("source groups", tests, NULL, NULL);
}
