/* What kdeck groups keeps of answers, and its columns of characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/groups.h"

static void columns_count_characters(void **state)
{
	struct buf b = BUF_EMPTY;
	(void)state;
	put_column(&b, STR_LIT("\xed\x95\x9c\xea\xb5\xad"), 4);
	put_column(&b, STR_LIT("longer"), 3);
	assert_string_equal("\xed\x95\x9c\xea\xb5\xad  longer", buf_z(&b));
	buf_fini(&b);
}

/* The name of a group is anybody's bytes; a terminal obeys none of them. */
static void columns_show_control_characters(void **state)
{
	struct buf b = BUF_EMPTY;
	(void)state;
	put_column(&b, STR_LIT("\x1b]0;x\x07\n"), 15);
	assert_string_equal("\\x1b]0;x\\x07\\n ", buf_z(&b));
	assert_int_equal(14, column_width(STR_LIT("\x1b]0;x\x07\n")));
	buf_fini(&b);
}

static void places_stand_once(void **state)
{
	group_places p = {0};
	(void)state;
	for (int i = 0; i < 6; i++)
		*vec_add(&p) = (struct group_place){
			.topic = i % 2 ? STR_LIT("a") : STR_LIT("b"), .partition = 5 - i / 4};
	group_places_unique(&p);
	assert_int_equal(4, p.n);
	assert_true(str_eqz(p.v[0].topic, "a"));
	assert_int_equal(4, p.v[0].partition);
	assert_int_equal(5, p.v[3].partition);
	vec_fini(&p);
}

static void groups_are_listed_once(void **state)
{
	listed_groups v = {0};

	(void)state;
	listed_groups_unique(&v);
	assert_int_equal(0, v.n);
	for (int i = 0; i < 6; i++)
		*vec_add(&v) = (struct listed){.group = i % 2 ? STR_LIT("a") : STR_LIT("b")};
	listed_groups_unique(&v);
	assert_int_equal(2, v.n);
	assert_true(str_eqz(v.v[0].group, "a"));
	assert_true(str_eqz(v.v[1].group, "b"));
	vec_fini(&v);
}

static void read_plans(csv_plans *out, struct arena *a, const char *text)
{
	struct err e = {0};

	vec_clear(out);
	if (csv_plans_read(out, a, str_of(text), &e) < 0)
		fail_msg("%s", e.msg);
}

static void plans_are_read(void **state)
{
	csv_plans v = {0};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	read_plans(&v, &a, "b,1,5\r\n\n\"a \"\"q\"\", z\",2, 7 \nb,0,-3\nb,1,6");
	assert_int_equal(3, v.n);
	assert_true(str_eqz(v.v[0].topic, "a \"q\", z"));
	assert_null(v.v[0].group.p);
	assert_int_equal(2, v.v[0].partition);
	assert_int_equal(7, v.v[0].offset);
	assert_int_equal(-3, v.v[1].offset);
	/* of two lines about one partition the last stands */
	assert_int_equal(6, v.v[2].offset);
	assert_int_equal(5, v.v[2].line);
	read_plans(&v, &a, "g 2,t,0,1\ng 1,t,0,9223372036854775807\n");
	assert_true(str_eqz(v.v[0].group, "g 1"));
	assert_true(v.v[0].offset == INT64_MAX);
	vec_fini(&v);
	arena_fini(&a);
}

static void broken_plans_are_refused(void **state)
{
	static const char *const bad[] = {"", "\n\n", "t,0", "t", ",", ",0,1", "t,,1", "t,0,",
		"t,2147483648,1", "t,-1,1", "t,0x1,1", "t,0,1 x", "t,0,9223372036854775808",
		"\"t,0,1", "\"t\"x,0,1", "t,0,1,", "g,t,0,1,2", "t,0,1\ng,t,0,1", "g,t,0,1\nt,0,1",
		",t,0,1"};
	csv_plans v = {0};
	struct arena a;
	struct err e;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		vec_clear(&v);
		if (csv_plans_read(&v, &a, str_of(bad[i]), &e) != ERR_INVALID)
			fail_msg("'%s' was taken for a plan", bad[i]);
	}
	vec_fini(&v);
	arena_fini(&a);
}

/* What is written is read again, whatever the names are. */
static void plans_are_read_as_written(void **state)
{
	static const char *const names[] = {"t", "a b", "\"", "a,b", "\"\"\"", " ", "\xed\x95\x9c",
		"a_name_of_more_than_24_bytes", "-1.2_x"};
	csv_plans v = {0};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		for (int with = 0; with < 2; with++) {
			struct buf b = BUF_EMPTY;

			csv_put_plan(&b, &(struct csv_plan){with ? str_of(names[i]) : STR_NULL,
						 str_of(names[i]), 3, 4, 0});
			read_plans(&v, &a, buf_z(&b));
			assert_int_equal(1, v.n);
			assert_true(str_eqz(v.v[0].topic, names[i]));
			assert_int_equal(with, v.v[0].group.p && str_eqz(v.v[0].group, names[i]));
			buf_fini(&b);
		}
	}
	vec_fini(&v);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_count_characters),
		cmocka_unit_test(columns_show_control_characters),
		cmocka_unit_test(places_stand_once),
		cmocka_unit_test(groups_are_listed_once),
		cmocka_unit_test(plans_are_read),
		cmocka_unit_test(broken_plans_are_refused),
		cmocka_unit_test(plans_are_read_as_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
