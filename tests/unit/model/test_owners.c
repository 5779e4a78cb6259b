/* Who owned what over the rebalances, and why they came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "lag_world.h"
#include "model/owners.h"

#define G STR_LIT("g")

static void look(struct lag_world *w, int64_t now, int32_t n, int32_t given, int32_t generation)
{
	lag_describe(w, now, "g", "Stable", n, given, generation);
	model_publish(w->m, now, 1000000 + now);
}

static void move(struct lag_world *w, int64_t now, int32_t n)
{
	lag_describe(w, now, "g", "PreparingRebalance", n, 0, -1);
	model_publish(w->m, now, 1000000 + now);
}

static void begin(struct lag_world *w)
{
	lag_world_init(w, 1, 8);
	lag_list(w, 10, "g", "Stable");
	model_pin_group(w->m, G);
}

static const char *at(const struct owners *o, size_t col, size_t row)
{
	const char *z = owners_at(o, col, row);

	return z ? z : "-";
}

static void columns_are_rebalances(void **state)
{
	const struct owners *o;
	struct lag_world w;

	(void)state;
	begin(&w);
	look(&w, 20, 2, 2, 5);
	o = model_group_owners(w.m, G);
	assert_non_null(o);
	assert_int_equal(o->n, 1);
	assert_true(o->cols[0].first);
	assert_int_equal(o->rows.n, 2);
	assert_string_equal(at(o, 0, 0), "c-0");
	assert_string_equal(at(o, 0, 1), "c-1");
	/* Looked at again: nothing new. */
	look(&w, 1020, 2, 2, 5);
	assert_int_equal(model_group_owners(w.m, G)->n, 1);
	/* In a rebalance nobody knows yet. */
	move(&w, 2020, 3);
	assert_int_equal(model_group_owners(w.m, G)->n, 1);
	look(&w, 2420, 3, 3, 6);
	o = model_group_owners(w.m, G);
	assert_int_equal(o->n, 2);
	assert_int_equal(o->cols[1].generation, 6);
	assert_int_equal(o->cols[1].paused_ms, 400);
	assert_int_equal(o->cols[1].wall_ms, 1002420);
	assert_int_equal(o->cols[1].moved, 1);
	assert_int_equal(o->cols[1].total, 3);
	assert_string_equal(o->cols[1].why, "c-2 joined");
	assert_int_equal(o->rows.n, 3);
	assert_string_equal(at(o, 0, 2), "-");
	assert_string_equal(at(o, 1, 2), "c-2");
	assert_true(owners_moved(o, 1, 2));
	assert_false(owners_moved(o, 1, 0));
	assert_false(owners_moved(o, 0, 0));
	/* One goes: its row stays while a column speaks of it. */
	look(&w, 3020, 2, 2, 7);
	o = model_group_owners(w.m, G);
	assert_int_equal(o->n, 3);
	assert_string_equal(o->cols[2].why, "c-2 left");
	assert_int_equal(o->cols[2].paused_ms, -1);
	assert_int_equal(o->rows.n, 3);
	assert_string_equal(at(o, 2, 2), "-");
	assert_true(owners_moved(o, 2, 2));
	assert_string_equal(lag_group(&w, "g")->rebalance.why, "c-2 left");
	assert_null(model_group_owners(w.m, STR_LIT("other")));
	model_free(w.m);
}

static void events_say_why(void **state)
{
	struct buf text = BUF_EMPTY;
	struct lag_world w;
	const struct change *c;

	(void)state;
	begin(&w);
	look(&w, 20, 2, 2, 5);
	look(&w, 1020, 3, 3, 6);
	for (size_t i = 0; (c = changes_at(model_changes(w.m), i)); i++)
		if (c->kind == CHANGE_REBALANCE)
			break;
	assert_non_null(c);
	change_put(&text, c, true);
	assert_string_equal(buf_z(&text),
		"g  rebalanced: c-2 joined   generation 5 > 6   1 of 3 partitions moved");
	buf_fini(&text);
	model_free(w.m);
}

/* Killed, its session ran out: what it had to read had waited. */
static void silence_is_told(void **state)
{
	struct lag_world w;

	(void)state;
	begin(&w);
	look(&w, 20, 2, 2, 5);
	for (int i = 0; i < 3; i++) {
		int64_t now = 100 + i * 1000;

		lag_commit(&w, now, "g", "t-00000", 1, 100 + i);
		lag_end(&w, now + 10, "t-00000", 1, 0, 500);
		model_publish(w.m, now + 20, 1);
	}
	look(&w, 47200, 1, 1, 6);
	assert_string_equal(
		model_group_owners(w.m, G)->cols[1].why, "c-1 left, no commit for 45 s");
	model_free(w.m);
}

static void many_are_counted(void **state)
{
	struct lag_world w;

	(void)state;
	begin(&w);
	look(&w, 20, 0, 0, 1);
	look(&w, 1020, 6, 6, 2);
	assert_string_equal(
		model_group_owners(w.m, G)->cols[1].why, "c-0, c-1, c-2 and 3 more joined");
	look(&w, 2020, 6, 3, 3);
	assert_string_equal(model_group_owners(w.m, G)->cols[2].why, "3 partitions instead of 6");
	look(&w, 3020, 6, 3, 4);
	assert_string_equal(model_group_owners(w.m, G)->cols[3].why, "nobody came or went");
	model_free(w.m);
}

static void columns_are_bounded(void **state)
{
	const struct owners *o;
	struct lag_world w;

	(void)state;
	begin(&w);
	for (int i = 0; i <= 3 * OWNERS_COLS; i++)
		look(&w, 1000 * i, i % 2 ? 8 : 1, i % 2 ? 8 : 1, i);
	o = model_group_owners(w.m, G);
	assert_int_equal(o->n, OWNERS_COLS);
	assert_true(o->gap);
	assert_int_equal(o->cols[o->n - 1].generation, 3 * OWNERS_COLS);
	assert_int_equal(o->names.n, 8);
	for (size_t i = 1; i < o->n; i++)
		assert_true(o->cols[i].at_ms > o->cols[i - 1].at_ms);
	assert_true(owners_bytes(o) < 8192);
	assert_true(model_history_bytes(w.m) > owners_bytes(o));
	model_free(w.m);
}

/* A name is cut between two characters; who is told apart by more is another one still. */
static void names_are_bounded(void **state)
{
	struct group_given given[] = {{STR_LIT("t"), 0}, {STR_LIT("t"), 1}};
	struct group_member v[] = {{.client = "", .host = "", .instance = "", .n_given = 1},
		{.client = "", .host = "", .instance = "", .n_given = 1}};
	struct group_members all = {.refs = 1, .n = 2, .v = v};
	struct group g = {.described = true,
		.state = GROUP_STABLE,
		.members = &all,
		.rebalance = {.why = ""}};
	char names[2][3 * OWNERS_LABEL + 2];
	struct owners o;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < OWNERS_LABEL; k++)
			memcpy(names[i] + 3 * k, "가", 3);
		memcpy(names[i] + sizeof(names[i]) - 2, i ? "b" : "a", 2);
		v[i].id = v[i].label = names[i];
		v[i].given = &given[i];
	}
	owners_init(&o);
	assert_true(owners_look(&o, &g, 1, 1));
	assert_int_equal(o.names.n, 2);
	assert_int_equal(strlen(owners_at(&o, 0, 0)), OWNERS_LABEL / 3 * 3);
	owners_fini(&o);
}

/* More partitions than there is room for: those that are owned now are kept, the rest counted. */
static void rows_are_bounded(void **state)
{
	struct group_given *given = calloc(2 * OWNERS_ROWS, sizeof(*given));
	struct group_member m = {
		.id = "a", .client = "a", .host = "", .instance = "", .label = "a"};
	struct group_members all = {.refs = 1, .n = 1, .v = &m};
	struct group g = {.described = true,
		.state = GROUP_STABLE,
		.generation = 1,
		.members = &all,
		.rebalance = {.why = ""}};
	struct owners o;

	(void)state;
	owners_init(&o);
	for (int32_t i = 0; i < 2 * OWNERS_ROWS; i++)
		given[i] = (struct group_given){STR_LIT("t"), i};
	m.given = given;
	m.n_given = OWNERS_ROWS / 2;
	assert_true(owners_look(&o, &g, 1, 1));
	assert_int_equal(o.rows.n, OWNERS_ROWS / 2);
	m.given = given + OWNERS_ROWS;
	m.n_given = OWNERS_ROWS;
	g.rebalance.count = 1;
	assert_true(owners_look(&o, &g, 2, 2));
	assert_int_equal(o.rows.n, OWNERS_ROWS);
	assert_int_equal(o.rows.v[0].partition, OWNERS_ROWS);
	assert_int_equal(o.left_out, 0);
	m.given = given;
	m.n_given = OWNERS_ROWS + 7;
	g.rebalance.count = 2;
	assert_true(owners_look(&o, &g, 3, 3));
	assert_int_equal(o.rows.n, OWNERS_ROWS);
	assert_int_equal(o.left_out, 7);
	owners_fini(&o);
	free(given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_rebalances),
		cmocka_unit_test(events_say_why),
		cmocka_unit_test(silence_is_told),
		cmocka_unit_test(many_are_counted),
		cmocka_unit_test(columns_are_bounded),
		cmocka_unit_test(names_are_bounded),
		cmocka_unit_test(rows_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
