/* Values as text: JSON taken in pieces, indented, cut; text and hex that no terminal obeys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "model/value.h"

#define BYTES(lit) slice_of(lit, sizeof(lit) - 1)

static bool whole(const char *z, size_t piece)
{
	struct jlex j;
	size_t n = strlen(z);

	jlex_init(&j, NULL, NULL);
	for (size_t at = 0; at < n; at += piece)
		if (!jlex_feed(&j, slice_of(z + at, min_size(piece, n - at))))
			return false;
	return jlex_end(&j);
}

static void test_lexer(void **state)
{
	static const char *const good[] = {"0", "-1.5e+10", "null", "\"\\u00e9\\n\"", "[]", "{}",
		" { \"a\" : [ 1 , true , { \"b\" : \"c\" } ] } ", "[[[[]]]]", "[0,1.0,2E5]"};
	static const char *const wrong[] = {"", " ", "01", "-", "1.", "1e", "tru", "nul l", "\"a",
		"\"\\x\"", "\"\\u12g4\"", "[1,]", "{\"a\"}", "{\"a\":}", "{,}", "{a:1}", "[1 2]",
		"]", "[}", "1 2", "{\"a\":1,}", "[", "\"\n\"", "+1", ".5"};

	(void)state;
	for (size_t piece = 1; piece < 40; piece += 13) {
		for (size_t i = 0; i < ARRAY_LEN(good); i++)
			assert_true(whole(good[i], piece));
		for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
			assert_false(whole(wrong[i], piece));
	}
}

static void test_depth(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	buf_fill(&b, '[', JLEX_DEPTH);
	buf_fill(&b, ']', JLEX_DEPTH);
	assert_true(whole(buf_z(&b), 100));
	buf_clear(&b);
	buf_fill(&b, '[', JLEX_DEPTH + 1);
	buf_fill(&b, ']', JLEX_DEPTH + 1);
	assert_false(whole(buf_z(&b), 100));
	buf_fini(&b);
}

static void test_pretty(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	assert_int_equal(value_json(&b, BYTES("{\"a\":[1,{}],\"b\":[]}"), 2, 1000), 0);
	assert_string_equal(buf_z(&b), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
	buf_clear(&b);
	assert_int_equal(value_json(&b, BYTES(" [ 1 , \"x\" ] "), 0, 1000), 0);
	assert_string_equal(buf_z(&b), "[1,\"x\"]");
	buf_clear(&b);
	assert_int_equal(value_json(&b, BYTES("[1,"), 2, 1000), ERR_INVALID);
	assert_int_equal(b.n, 0);
	assert_int_equal(value_json(&b, BYTES("[\"ééééé\"]"), 0, 7), ERR_TOO_BIG);
	assert_string_equal(buf_z(&b), "[\"éé…");
	buf_clear(&b);
	assert_int_equal(value_json(&b, BYTES("[\"\xe2\x80\xae\x7f\"]"), 0, 100), 0);
	assert_string_equal(buf_z(&b), "[\"\\u202e\\u007f\"]");
	buf_fini(&b);
}

static void test_kind(void **state)
{
	(void)state;
	assert_int_equal(value_kind(SLICE_NULL), VALUE_NULL);
	assert_int_equal(value_kind(slice_of("", 0)), VALUE_EMPTY);
	assert_int_equal(value_kind(BYTES(" {\"a\":1}")), VALUE_JSON);
	assert_int_equal(value_kind(BYTES("{\"a\":1")), VALUE_TEXT);
	assert_int_equal(value_kind(BYTES("12")), VALUE_TEXT);
	assert_int_equal(value_kind(BYTES("안녕")), VALUE_TEXT);
	assert_int_equal(value_kind(BYTES("\x00\x01\x02")), VALUE_BINARY);
	assert_int_equal(value_kind(BYTES("ab\xff")), VALUE_BINARY);
}

static void test_text(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	assert_true(value_text(&b, BYTES("a\x1b[31m\n\xff\xe2\x80\xae"), false, 100));
	assert_string_equal(buf_z(&b), "a\\x1b[31m\\n\\xff\\u202e");
	buf_clear(&b);
	assert_false(value_text(&b, BYTES("abcdef"), true, 3));
	assert_string_equal(buf_z(&b), "abc…");
	buf_clear(&b);
	value_line(&b, SLICE_NULL, 10);
	value_line(&b, slice_of("", 0), 10);
	value_line(&b, BYTES("\x00\xff\x00"), 4);
	assert_string_equal(buf_z(&b), "null\"\"0x00ff…");
	buf_clear(&b);
	assert_true(value_hex(&b, BYTES("hello, kafka\x00\x01"), 16, 100));
	assert_string_equal(buf_z(&b),
		"00000010  68 65 6c 6c 6f 2c 20 6b  61 66 6b 61 00 01        hello, kafka..\n");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lexer),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
