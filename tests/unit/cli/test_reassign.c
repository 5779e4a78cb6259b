/* The parts of kdeck reassign that ask nobody: plans, their files, where replicas are put. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/reassign.h"

struct file {
	struct arena arena;
	moves plan;
	topic_names topics;
	struct err e;
};

static int plan(struct file *f, const char *text, bool strict)
{
	memset(f, 0, sizeof(*f));
	arena_init(&f->arena, 0);
	return plan_parse(str_of(text), strict, &f->arena, &f->plan, &f->e);
}

static int topics(struct file *f, const char *text)
{
	memset(f, 0, sizeof(*f));
	arena_init(&f->arena, 0);
	return topics_parse(str_of(text), &f->arena, &f->topics, &f->e);
}

static void done(struct file *f)
{
	vec_fini(&f->plan);
	vec_fini(&f->topics);
	arena_fini(&f->arena);
}

static void plans_are_read_and_written(void **state)
{
	struct file f;
	struct buf b = BUF_EMPTY;

	(void)state;
	assert_int_equal(0, plan(&f,
				    "{\"partitions\": [{\"topic\": \"b\", \"partition\": 0, "
				    "\"replicas\": [2,1], \"log_dirs\": [\"/x\", \"any\"]}, "
				    "{\"topic\": \"a\", \"partition\": 10, \"replicas\": [3]}, "
				    "{\"topic\": \"a\", \"partition\": 9, \"replicas\": [1]}]}",
				    true));
	plan_put(&b, &f.plan);
	assert_string_equal(buf_z(&b),
		"{\"version\":1,\"partitions\":["
		"{\"topic\":\"a\",\"partition\":9,\"replicas\":[1],\"log_dirs\":[\"any\"]},"
		"{\"topic\":\"a\",\"partition\":10,\"replicas\":[3],\"log_dirs\":[\"any\"]},"
		"{\"topic\":\"b\",\"partition\":0,\"replicas\":[2,1],\"log_dirs\":[\"/x\",\"any\"]}"
		"]}");
	buf_clear(&b);
	put_moves(&b, &f.plan);
	assert_string_equal(buf_z(&b), "a-9,a-10,b-0");
	assert_non_null(move_find(&f.plan, &(struct place){STR_LIT("a"), 10}));
	assert_null(move_find(&f.plan, &(struct place){STR_LIT("b"), 1}));
	done(&f);
	buf_fini(&b);
}

static void of_two_entries_the_last_counts(void **state)
{
	static const char text[] =
		"{\"partitions\":[{\"topic\":\"a\",\"partition\":0,\"replicas\":[1]},"
		"{\"topic\":\"a\",\"partition\":0,\"replicas\":[2]}]}";
	struct file f;

	(void)state;
	assert_int_equal(0, plan(&f, text, false));
	assert_int_equal(1, f.plan.n);
	assert_int_equal(2, f.plan.v[0].replicas.v[0]);
	done(&f);
	assert_int_equal(ERR_INVALID, plan(&f, text, true));
	assert_non_null(strstr(f.e.msg, "a-0 is named twice"));
	done(&f);
}

static void bad_plans_are_named(void **state)
{
#define ONE(fields) "{\"partitions\":[{\"topic\":\"a\",\"partition\":0," fields "}]}"
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "line 1"},
		{"{\"partitions\":[", "line 1"},
		{"[]", "an object"},
		{"{\"version\":2,\"partitions\":[]}", "\"version\": 1"},
		{"{\"version\":\"1\",\"partitions\":[]}", "\"version\": 1"},
		{"{\"partitions\":{}}", "a list"},
		{"{}", "is empty"},
		{"{\"partitions\":[]}", "is empty"},
		{"{\"partitions\":[1]}", "entry 1"},
		{"{\"partitions\":[{\"topic\":\"\",\"partition\":0,\"replicas\":[1]}]}", "entry 1"},
		{"{\"partitions\":[{\"topic\":\"a\",\"partition\":-1,\"replicas\":[1]}]}",
			"entry 1"},
		{"{\"partitions\":[{\"topic\":\"a\",\"partition\":4294967296,\"replicas\":[1]}]}",
			"entry 1"},
		{ONE("\"replicas\":1"), "\"replicas\""},
		{ONE("\"x\":1"), "\"replicas\""},
		{ONE("\"replicas\":[]"), "a-0 has no replicas"},
		{ONE("\"replicas\":[1.5]"), "broker ids"},
		{ONE("\"replicas\":[3000000000]"), "broker ids"},
		{ONE("\"replicas\":[1,2,1]"), "two replicas on broker 1"},
		{ONE("\"replicas\":[1],\"log_dirs\":[]"), "0 entries"},
		{ONE("\"replicas\":[1],\"log_dirs\":[\"any\",\"any\"]"), "2 entries"},
		{ONE("\"replicas\":[1],\"log_dirs\":[1]"), "strings"},
		{ONE("\"replicas\":[1],\"log_dirs\":\"any\""), "0 entries"},
	};
	struct file f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(ERR_INVALID, plan(&f, bad[i].text, true));
		if (!strstr(f.e.msg, bad[i].why))
			fail_msg("%s: %s", bad[i].text, f.e.msg);
		done(&f);
	}
#undef ONE
}

static void topics_are_named_once(void **state)
{
	struct file f;

	(void)state;
	assert_int_equal(
		0, topics(&f, "{\"topics\":[{\"topic\":\"b\"},{\"topic\":\"a\"}],\"version\":1}"));
	assert_int_equal(2, f.topics.n);
	assert_true(str_eqz(f.topics.v[0], "a"));
	done(&f);
	assert_int_equal(ERR_INVALID,
		topics(&f, "{\"topics\":[{\"topic\":\"b\"},{\"topic\":\"a\"},{\"topic\":\"b\"}]}"));
	assert_non_null(strstr(f.e.msg, "topic b is named twice"));
	done(&f);
	assert_int_equal(ERR_INVALID, topics(&f, "{\"topics\":[\"a\"]}"));
	done(&f);
}

enum { MAX_BROKERS = 9 };

/* Lays out n partitions and checks what holds of every layout. */
static void check_layout(
	const struct place_broker *b, size_t n_brokers, size_t n_racks, int32_t factor, size_t n)
{
	size_t leaders[MAX_BROKERS + 1] = {0}, all[MAX_BROKERS + 1] = {0}, start = 0;
	size_t low = SIZE_MAX, high = 0;
	struct ids out[200];
	struct arena a;

	assert_true(n <= ARRAY_LEN(out));
	arena_init(&a, 0);
	place_replicas(b, n_brokers, factor, n, &start, &a, out);
	assert_int_equal(start, n);
	for (size_t i = 0; i < n; i++) {
		bool racks[MAX_BROKERS] = {false};
		size_t distinct = 0;

		assert_int_equal(out[i].n, factor);
		leaders[out[i].v[0]]++;
		for (int32_t k = 0; k < factor; k++) {
			assert_false(ids_have(&(struct ids){out[i].v, k}, out[i].v[k]));
			all[out[i].v[k]]++;
			for (size_t x = 0; x < n_brokers; x++)
				if (b[x].id == out[i].v[k] && b[x].rack.p)
					racks[b[x].rack.p[0] - 'a'] = true;
		}
		for (size_t r = 0; r < MAX_BROKERS; r++)
			distinct += racks[r];
		if (n_racks)
			assert_int_equal(distinct, min_size(n_racks, (size_t)factor));
	}
	for (size_t i = 1; i <= n_brokers; i++) {
		assert_true(leaders[i] >= n / n_brokers);
		assert_true(leaders[i] <= (n + n_brokers - 1) / n_brokers);
		low = min_size(low, all[i]);
		high = max_size(high, all[i]);
	}
	/* Whole turns of the ring, and racks of one size: nobody carries more than another. */
	if (n % (n_brokers * (n_brokers - 1 + (n_brokers == 1))) == 0 && n_racks == 0)
		assert_int_equal(low, high);
	arena_fini(&a);
}

static void replicas_are_spread(void **state)
{
	struct place_broker b[MAX_BROKERS];

	(void)state;
	for (size_t n = 1; n <= MAX_BROKERS; n++) {
		for (size_t i = 0; i < n; i++)
			b[i] = (struct place_broker){.id = (int32_t)(n - i)};
		for (int32_t factor = 1; factor <= (int32_t)n; factor++) {
			check_layout(b, n, 0, factor, 1);
			check_layout(b, n, 0, factor, n * (n > 1 ? n - 1 : 1));
			check_layout(b, n, 0, factor, 100);
		}
	}
}

static void racks_come_before_neighbours(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct place_broker b[MAX_BROKERS];

	(void)state;
	for (size_t n = 2; n <= MAX_BROKERS; n++)
		for (size_t racks = 1; racks <= min_size(n, ARRAY_LEN(names)); racks++) {
			/* Uneven ones: the first rack has what the others leave. */
			for (size_t i = 0; i < n; i++)
				b[i] = (struct place_broker){.id = (int32_t)(i + 1),
					.rack = str_of(names[i < racks ? i : 0])};
			for (int32_t factor = 1; factor <= (int32_t)n; factor++)
				check_layout(b, n, racks, factor, 60);
		}
}

/* Topics of one partition each go on where the last one ended. */
static void topics_follow_each_other(void **state)
{
	struct place_broker b[] = {{.id = 1}, {.id = 2}, {.id = 3}};
	size_t start = 0, seen[4] = {0};
	struct ids out;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (int i = 0; i < 9; i++) {
		place_replicas(b, 3, 1, 1, &start, &a, &out);
		seen[out.v[0]]++;
	}
	for (int i = 1; i <= 3; i++)
		assert_int_equal(seen[i], 3);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_are_read_and_written),
		cmocka_unit_test(of_two_entries_the_last_counts),
		cmocka_unit_test(bad_plans_are_named),
		cmocka_unit_test(topics_are_named_once),
		cmocka_unit_test(replicas_are_spread),
		cmocka_unit_test(racks_come_before_neighbours),
		cmocka_unit_test(topics_follow_each_other),
	};
	return cmocka_run_group_tests_name("cli reassign", tests, NULL, NULL);
}
