/* .properties files as java.util.Properties reads them; what it gave for each text stands here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/properties.h"

struct sample {
	const char *text;
	const char *want; /* [key]=[value]@line; for each entry */
};

static const struct sample samples[] = {
	{"", ""},
	{"a=b", "[a]=[b]@1;"},
	{"a=b\nc=d\n", "[a]=[b]@1;[c]=[d]@2;"},
	{"a=b\r\nc=d\r\n", "[a]=[b]@1;[c]=[d]@2;"},
	{"a=b\rc=d\r", "[a]=[b]@1;[c]=[d]@2;"},
	/* separators */
	{"a:b", "[a]=[b]@1;"},
	{"a b", "[a]=[b]@1;"},
	{"a\tb", "[a]=[b]@1;"},
	{"a\fb", "[a]=[b]@1;"},
	{"a = b", "[a]=[b]@1;"},
	{"a : b", "[a]=[b]@1;"},
	{"a == b", "[a]=[= b]@1;"},
	{"a =: b", "[a]=[: b]@1;"},
	{"a", "[a]=[]@1;"},
	{"a=", "[a]=[]@1;"},
	{"=b", "[]=[b]@1;"},
	{"  a=b  ", "[a]=[b  ]@1;"},
	/* comments */
	{"# a=b\n! c=d\n  # e\nf=g", "[f]=[g]@4;"},
	{"# goes on \\\na=b", "[a]=[b]@2;"},
	{"a=b#c", "[a]=[b#c]@1;"},
	{"\n \n\t\na=b", "[a]=[b]@4;"},
	/* continued lines */
	{"a=b\\\n   c", "[a]=[bc]@1;"},
	{"a=b\\\r\n\tc", "[a]=[bc]@1;"},
	{"a=b\\\\\nc=d", "[a]=[b\\]@1;[c]=[d]@2;"},
	{"a=b\\\\\\\nc", "[a]=[b\\c]@1;"},
	{"a=b\\\n\nc=d", "[a]=[b]@1;[c]=[d]@3;"},
	{"a=b\\\n#c", "[a]=[b#c]@1;"},
	{"a=b\\", "[a]=[b]@1;"},
	{"\\\n#a=b", ""},
	{"\\\n", "[]=[]@1;"},
	{"\\\n ", ""},
	{"\\", "[]=[]@1;"},
	{"\\\n a=b", "[a]=[b]@2;"},
	{"\\\n\n#a\nb=c", "[b]=[c]@4;"},
	{"a\\\n=b", "[a]=[b]@1;"},
	/* escapes */
	{"a=\\t\\n\\r\\f", "[a]=[\t\n\r\f]@1;"},
	{"a=\\b\\z\\'\\\"", "[a]=[bz'\"]@1;"},
	{"a\\=b\\:c\\ d=e", "[a=b:c d]=[e]@1;"},
	{"\\#a=b", "[#a]=[b]@1;"},
	{"a=\\u0041\\u00e9", "[a]=[A\xc3\xa9]@1;"},
	{"a=\\uAC00\\uac00", "[a]=[\xea\xb0\x80\xea\xb0\x80]@1;"},
	{"a=\\ud83d\\ude00", "[a]=[\xf0\x9f\x98\x80]@1;"},
	{"a=\\ud83dx", "[a]=[\xef\xbf\xbdx]@1;"},
	{"a=\\ b", "[a]=[ b]@1;"},
	/* encodings */
	{"a=\xed\x95\x9c", "[a]=[\xed\x95\x9c]@1;"},
	{"a=\xe9t\xe9", "[a]=[\xc3\xa9t\xc3\xa9]@1;"},
	{"\xef\xbb\xbf"
	 "a=b",
		"[a]=[b]@1;"},
	{"a=1\na=2", "[a]=[1]@1;[a]=[2]@2;"},
};

static int put_entry(void *arg, struct str key, struct str value, int line)
{
	assert_int_equal(key.p[key.n], 0);
	assert_int_equal(value.p[value.n], 0);
	buf_printf(arg, "[%.*s]=[%.*s]@%d;", STR_ARG(key), STR_ARG(value), line);
	return 0;
}

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct buf got = BUF_EMPTY;
		struct err e = {0};
		struct slice text = slice_str(str_of(samples[i].text));

		assert_int_equal(properties_parse(text, "f", put_entry, &got, &e), 0);
		assert_string_equal(buf_z(&got), samples[i].want);
		buf_fini(&got);
	}
}

static void test_bad_escapes(void **state)
{
	static const char *const bad[] = {"a=\\u", "a=\\u12", "a=\\u12g4", "\\u000=", "a=\\u0000"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct buf got = BUF_EMPTY, text = BUF_EMPTY;
		struct err e = {0};

		buf_printf(&text, "ok=1\n%s\n", bad[i]);
		assert_int_equal(
			properties_parse(buf_slice(&text), "x.properties", put_entry, &got, &e),
			ERR_INVALID);
		assert_non_null(strstr(e.msg, "x.properties:2: "));
		buf_fini(&got);
		buf_fini(&text);
	}
}

static void test_nul_is_refused(void **state)
{
	struct buf got = BUF_EMPTY;
	struct err e = {0};

	(void)state;
	assert_int_equal(
		properties_parse(slice_of("a=b\0c", 5), "f", put_entry, &got, &e), ERR_INVALID);
	buf_fini(&got);
}

static int stop_at_second(void *arg, struct str key, struct str value, int line)
{
	(void)key;
	(void)value;
	(void)line;
	return ++*(int *)arg == 2 ? ERR_CANCELLED : 0;
}

static void test_callee_ends_it(void **state)
{
	int n = 0;

	(void)state;
	assert_int_equal(
		properties_parse(slice_str(str_of("a\nb\nc")), "f", stop_at_second, &n, NULL),
		ERR_CANCELLED);
	assert_int_equal(n, 2);
}

static void test_bounds(void **state)
{
	struct buf text = BUF_EMPTY;
	struct err e = {0};
	int n = 10;

	(void)state;
	buf_fill(&text, '#', PROPERTIES_MAX_BYTES);
	assert_int_equal(properties_parse(buf_slice(&text), "f", stop_at_second, &n, &e), 0);
	buf_putc(&text, '\n');
	assert_int_equal(
		properties_parse(buf_slice(&text), "f", stop_at_second, &n, &e), ERR_TOO_BIG);
	buf_fini(&text);
}

static void test_files(void **state)
{
	char path[] = "/tmp/kdeck-properties-XXXXXX";
	int fd = mkstemp(path);
	struct buf got = BUF_EMPTY;
	struct err e = {0};

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a=b\n", 4), 4);
	close(fd);
	assert_int_equal(properties_read(path, put_entry, &got, &e), 0);
	assert_string_equal(buf_z(&got), "[a]=[b]@1;");
	unlink(path);
	assert_int_equal(properties_read(path, put_entry, &got, &e), ERR_IO);
	assert_non_null(strstr(e.msg, path));
	assert_int_equal(properties_read("/tmp", put_entry, &got, &e), ERR_IO);
	buf_fini(&got);
}

struct pair {
	struct str key, value;
};

static int same_pair(void *arg, struct str key, struct str value, int line)
{
	struct pair *p = arg;

	assert_int_equal(line, 1);
	assert_true(str_eq(key, p->key));
	assert_true(str_eq(value, p->value));
	p->key = STR_NULL;
	return 0;
}

static void test_written_text_reads_back(void **state)
{
	static const char *const texts[] = {"a", " a b ", "#a!", "a=b:c", "\t\n\r\f", "\\u0041\\",
		"\xed\x95\x9c", "\xf0\x9f\x98\x80", "\x01\x7f", "C:\\dir"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts) * ARRAY_LEN(texts); i++) {
		struct pair p = {
			str_of(texts[i / ARRAY_LEN(texts)]), str_of(texts[i % ARRAY_LEN(texts)])};
		struct buf out = BUF_EMPTY;

		properties_write(&out, p.key, p.value);
		assert_int_equal(properties_parse(buf_slice(&out), "f", same_pair, &p, NULL), 0);
		assert_null(p.key.p);
		buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_bad_escapes),
		cmocka_unit_test(test_nul_is_refused),
		cmocka_unit_test(test_callee_ends_it),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_written_text_reads_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
