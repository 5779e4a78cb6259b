/* Reading JSON: what RFC 8259 allows, and that nothing else is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/json_read.h"

static struct arena a;

static int set_up(void **state)
{
	(void)state;
	arena_init(&a, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&a);
	return 0;
}

static struct json_value *read_it(const char *z)
{
	struct json_value *v = NULL;
	struct err e = {0};

	assert_int_equal(json_tree_parse(str_of(z), &a, &v, &e), 0);
	return v;
}

static void a_tree(void **state)
{
	const struct json_value *v =
		read_it("\t{\"a\": [1, -2.5, \"\\u00e9\\n\", true, null], \"b\": {} }\r\n");
	const struct json_value *list = json_tree_get(v, "a");

	(void)state;
	assert_non_null(list);
	assert_int_equal(list->kind, JSON_ARRAY);
	list = list->child;
	assert_true(list->is_integer);
	assert_int_equal(list->integer, 1);
	list = list->next;
	assert_false(list->is_integer);
	assert_true(list->number > -2.51 && list->number < -2.49);
	list = list->next;
	assert_true(str_eqz(list->string, "\xc3\xa9\n"));
	list = list->next;
	assert_true(list->kind == JSON_BOOL && list->boolean);
	assert_int_equal(list->next->kind, JSON_NULL);
	assert_null(list->next->next);
	assert_int_equal(json_tree_get(v, "b")->kind, JSON_OBJECT);
	assert_null(json_tree_get(v, "b")->child);
	assert_null(json_tree_get(v, "c"));
	assert_null(json_tree_get(list, "a"));
	assert_null(json_tree_get(NULL, "a"));
}

static void numbers(void **state)
{
	static const char *const whole[] = {
		"0", "-0", "9223372036854775807", "-9223372036854775808"};
	static const char *const other[] = {"0.0", "1e3", "1E+3", "1.5e-3", "9223372036854775808"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		assert_true(read_it(whole[i])->is_integer);
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		assert_false(read_it(other[i])->is_integer);
	assert_int_equal(read_it(whole[3])->integer, INT64_MIN);
	assert_true(read_it("1E+3")->number > 999.9 && read_it("1E+3")->number < 1000.1);
}

static void strings(void **state)
{
	struct str s;

	(void)state;
	s = read_it("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20AC\\ud83d\\ude00\"")->string;
	assert_true(str_eqz(s, "\"\\/\b\f\n\r\t\xe2\x82\xac\xf0\x9f\x98\x80"));
	s = read_it("\"a\\u0000b\"")->string;
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "a\0b", 3);
	s = read_it("\"\xed\x95\x9c\"")->string;
	assert_true(str_eqz(s, "\xed\x95\x9c"));
	assert_true(str_eqz(read_it("\"\"")->string, ""));
}

static void nothing_else(void **state)
{
	static const char *const bad[] = {"", " ", "{", "}", "[", "[1,]", "[,1]", "[1 2]", "[1}",
		"{\"a\" 1}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\"}", "\"x",
		"\"\\q\"", "\"\\u12\"", "\"\\u12x4\"", "\"\\ud83d\"", "\"\\ud83dx\"",
		"\"\\ud83d\\n\"", "\"\\ud83d\\u0041\"", "\"\\ude00\"", "\"\\\"", "\"\\", "\"a\nb\"",
		"\"\x01\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "'a'", "nul", "nulls",
		"True", "1 2", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x10", "1_0",
		"NaN", "Infinity", "-Infinity", "// a\n1", "\xef\xbb\xbf{}", "{} {}"};
	struct json_value *v;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		e = (struct err){0};
		if (json_tree_parse(str_of(bad[i]), &a, &v, &e) != ERR_INVALID)
			fail_msg("taken: %s", bad[i]);
		assert_ptr_equal(strstr(e.msg, "line "), e.msg);
	}
	assert_int_equal(json_tree_parse(STR_LIT("1\0"), &a, &v, NULL), ERR_INVALID);
	assert_int_equal(json_tree_parse(STR_NULL, &a, &v, NULL), ERR_INVALID);
}

static void where_it_is_wrong(void **state)
{
	struct json_value *v;
	struct err e;

	(void)state;
	assert_int_equal(json_tree_parse(STR_LIT("{\n \"a\": x}"), &a, &v, &e), ERR_INVALID);
	assert_string_equal(e.msg, "line 2, column 7: a value was expected");
}

static void bounds(void **state)
{
	char deep[2 * JSON_READ_DEPTH + 2];
	struct json_value *v;
	struct err e;
	struct arena small;

	(void)state;
	memset(deep, '[', JSON_READ_DEPTH);
	memset(deep + JSON_READ_DEPTH, ']', JSON_READ_DEPTH);
	assert_int_equal(
		json_tree_parse((struct str){deep, (size_t)2 * JSON_READ_DEPTH}, &a, &v, &e), 0);
	memset(deep, '[', sizeof(deep));
	assert_int_equal(
		json_tree_parse((struct str){deep, sizeof(deep)}, &a, &v, &e), ERR_TOO_BIG);
	arena_init(&small, 512);
	assert_int_equal(
		json_tree_parse(STR_LIT("[1,2,3,4,5,6,7,8,9]"), &small, &v, &e), ERR_TOO_BIG);
	assert_string_equal(e.msg, "the text is too long");
	arena_fini(&small);
}

#define WITH_ARENA(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ARENA(a_tree),
		WITH_ARENA(numbers),
		WITH_ARENA(strings),
		WITH_ARENA(nothing_else),
		WITH_ARENA(where_it_is_wrong),
		WITH_ARENA(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
