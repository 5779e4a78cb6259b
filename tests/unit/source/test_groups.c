/* A source over the fake cluster: groups, their commits and what is asked for, in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "fake_cluster.h"
#include "fake_groups.h"
#include "model/group.h"
#include "model/model.h"
#include "source/source.h"
#include <stdlib.h>

#define PATIENCE_MS 20000

struct bench {
	struct loop *loop;
	struct admin *admin;
	struct model *model;
	struct source *source;
	int64_t least, most; /* lag of any partition that was published */
	int published;       /* partitions with lag */
};

static void watch(void *arg)
{
	struct bench *b = arg;
	const struct cluster *c = model_cluster(b->model);

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

/* Turns the loop until the condition holds. */
#define UNTIL(b, cond)                                               \
	do {                                                         \
		int64_t end_ = loop_now_ms((b)->loop) + PATIENCE_MS; \
		while (!(cond) && loop_now_ms((b)->loop) < end_)     \
			loop_run_once((b)->loop, true);              \
		assert_true(cond);                                   \
	} while (0)

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
	struct bench *b = begin(30);
	int rounds;

	(void)state;
	fake_groups_add(1);
	fake_groups.grow = 10;
	rounds = fake_groups.fetches;
	UNTIL(b, fake_groups.fetches > rounds + 20 && b->published > 20);
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
	UNTIL(b, b->published > 20);
	assert_true(b->least >= 10);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fills),
		cmocka_unit_test(test_commits_before_ends),
		cmocka_unit_test(test_slow_ends),
	};

	return cmocka_run_group_tests_name("source groups", tests, NULL, NULL);
}
