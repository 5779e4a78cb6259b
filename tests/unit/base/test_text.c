/* Text: buffers, JSON, UTF-8, ids, log lines, times, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/uuid.h"

static void test_buf(void **state)
{
	struct buf b = BUF_EMPTY;
	char *z;

	(void)state;
	assert_string_equal(buf_z(&b), "");
	buf_puts(&b, "abc");
	buf_printf(&b, "%d", 42);
	buf_put_be16(&b, 0x4142);
	buf_consume(&b, 1);
	assert_string_equal(buf_z(&b), "bc42AB");
	buf_puts(&b, "xyz");
	buf_cut(&b, 6);
	assert_string_equal(buf_z(&b), "bc42AB");
	for (int i = 0; i < 1000; i++)
		buf_putc(&b, 'x');
	assert_int_equal(b.n, 1006);
	z = buf_steal(&b);
	assert_int_equal(strlen(z), 1006);
	free(z);
	assert_int_equal(b.n, 0);
	buf_fini(&b);
}

static void test_buf_count(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	buf_put_count(&b, 0);
	buf_putc(&b, ' ');
	buf_put_count(&b, 184220);
	buf_putc(&b, ' ');
	buf_put_count(&b, -1000);
	buf_putc(&b, ' ');
	buf_put_count(&b, INT64_MIN);
	assert_string_equal(buf_z(&b), "0 184,220 -1,000 -9,223,372,036,854,775,808");
	buf_fini(&b);
}

static void test_str(void **state)
{
	(void)state;
	assert_true(str_cmp(STR_LIT("a"), STR_LIT("ab")) < 0);
	assert_true(str_cmp(STR_LIT("b"), STR_LIT("ab")) > 0);
	assert_true(str_cmp(STR_NULL, STR_LIT("")) == 0);
	assert_true(str_cmp(STR_LIT("\xff"), STR_LIT("a")) > 0);
	assert_false(str_eq(STR_NULL, STR_LIT("")));
	assert_true(str_starts(STR_LIT("abc"), "ab") && !str_starts(STR_LIT("a"), "ab"));
	assert_true(str_ends(STR_LIT("abc"), "bc") && !str_ends(STR_LIT("c"), "bc"));
}

static void test_json(void **state)
{
	struct buf out = BUF_EMPTY;
	struct json j;

	(void)state;
	json_init(&j, &out);
	json_object(&j);
	json_kstr(&j, "a\"\\", (struct str){"\n\t\x01\"\xed\x95\x9c\xff", 8});
	json_kint(&j, "min", INT64_MIN);
	json_key(&j, "list");
	json_array(&j);
	json_bool(&j, true);
	json_null(&j);
	json_str(&j, STR_NULL);
	json_double(&j, 0.5);
	json_double(&j, NAN);
	json_array(&j);
	json_array_end(&j);
	json_array_end(&j);
	json_object_end(&j);
	assert_non_null(strstr(buf_z(&out), "\"a\\\"\\\\\":"));
	assert_non_null(strstr(buf_z(&out), "\\n\\t\\u0001\\\"\xed\x95\x9c\xef\xbf\xbd"));
	assert_non_null(strstr(buf_z(&out), "-9223372036854775808"));
	assert_non_null(strstr(buf_z(&out), "[true,null,null,0.5,null,[]]"));
	buf_fini(&out);
}

static void test_utf8(void **state)
{
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
		"\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3(",
		"\xe2(\xa1"};
	uint32_t cp;
	char text[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct slice s = slice_str(str_of(bad[i]));

		assert_int_equal(utf8_decode(s.p, s.p + s.n, &cp), 0);
		assert_false(utf8_valid(s));
	}
	for (uint32_t want = 0; want < 0x110000; want += want < 0x1000 ? 1 : 97) {
		size_t n;

		if (want >= 0xd800 && want < 0xe000)
			continue;
		n = utf8_encode(want, text);
		assert_int_equal(utf8_decode((uint8_t *)text, (uint8_t *)text + n, &cp), n);
		assert_int_equal(cp, want);
		assert_int_equal(utf8_decode((uint8_t *)text, (uint8_t *)text + n - 1, &cp), 0);
	}
	assert_true(utf8_valid(SLICE_NULL));
}

/* What others say never commands a terminal. */
static void test_visible(void **state)
{
	static const char text[] =
		"주문 \x1b]0;x\a\n\t\r\0 \x7f \xc2\x9b \xe2\x80\xae \xff\xe2\x80";
	struct buf b = BUF_EMPTY;

	(void)state;
	utf8_put_visible(&b, (struct str){text, sizeof(text) - 1});
	assert_string_equal(buf_z(&b), "주문 \\x1b]0;x\\x07\\n\\t\\r\\x00 \\x7f \\xc2\\x9b "
				       "\\xe2\\x80\\xae \\xff\\xe2\\x80");
	buf_clear(&b);
	utf8_put_visible(&b, STR_NULL);
	assert_int_equal(b.n, 0);
	buf_fini(&b);
}

static void test_uuid(void **state)
{
	struct uuid a, b;
	char text[UUID_TEXT];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uuid_random(&a);
		uuid_format(&a, text);
		assert_int_equal(strlen(text), 22);
		assert_int_not_equal(text[0], '-');
		assert_int_equal(a.b[6] >> 4, 4);
		assert_true(uuid_parse(str_of(text), &b) && uuid_eq(&a, &b));
	}
	assert_true(uuid_parse(STR_LIT("AAAAAAAAAAAAAAAAAAAAAA"), &b) && uuid_is_zero(&b));
	assert_false(uuid_parse(STR_LIT("AAAAAAAAAAAAAAAAAAAAA"), &b));
	assert_false(uuid_parse(STR_LIT("AAAAAAAAAAAAAAAAAAAAAAA"), &b));
	assert_false(uuid_parse(STR_LIT("AAAAAAAAAAAAAAAAAAAAA+"), &b));
	assert_false(uuid_parse(STR_NULL, &b));
}

static void capture(void *arg, enum log_level level, const char *line, size_t n)
{
	(void)level;
	buf_put(arg, line, n);
	buf_putc(arg, '\n');
}

static void test_log(void **state)
{
	struct buf got = BUF_EMPTY;
	enum log_level level;

	(void)state;
	log_set_sink(capture, &got);
	log_set_level(LOG_INFO);
	log_info("peer says %s", "a\nb\x1b[31m");
	log_debug("not seen");
	log_set_sink(NULL, NULL);
	assert_non_null(strstr(buf_z(&got), "INFO"));
	assert_non_null(strstr(buf_z(&got), "kdeck: peer says a"));
	assert_null(strchr(buf_z(&got), '\x1b'));
	assert_ptr_equal(strchr(buf_z(&got), '\n'), (char *)got.p + got.n - 1);
	assert_null(strstr(buf_z(&got), "not seen"));
	assert_true(log_level_parse("trace", &level) && level == LOG_TRACE);
	assert_false(log_level_parse("loud", &level));
	buf_fini(&got);
}

static void test_clock(void **state)
{
	struct clock_manual m;
	char text[25];

	(void)state;
	clock_format_iso(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
	clock_format_iso(INT64_C(1709210096789), text);
	assert_string_equal(text, "2024-02-29T12:34:56.789Z");
	clock_format_iso(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999Z");
	clock_manual_init(&m, 5000);
	clock_manual_advance_ms(&m, 7);
	assert_int_equal(clock_wall_ms(&m.clock), 5007);
	assert_true(clock_mono_ms(&clock_system) <= clock_mono_ms(&clock_system));
}

static void test_err(void **state)
{
	struct err e = {0};
	struct buf big = BUF_EMPTY;

	(void)state;
	assert_int_equal(err_errno(&e, ERR_IO, ENOENT, "%s", "file"), ERR_IO);
	assert_string_equal(e.msg, "file: No such file or directory");
	assert_int_equal(err_wrap(&e, "while %d", 1), ERR_IO);
	assert_string_equal(e.msg, "while 1: file: No such file or directory");
	assert_int_equal(err_set(NULL, ERR_FULL, "nobody listens"), ERR_FULL);
	buf_fill(&big, 'x', 10000);
	assert_int_equal(err_set(&e, ERR_INVALID, "%s", buf_z(&big)), ERR_INVALID);
	assert_true(strlen(e.msg) < sizeof(e.msg));
	assert_int_equal(err_wrap(&e, "%s", "front"), ERR_INVALID);
	assert_true(strncmp(e.msg, "front: x", 8) == 0);
	for (int code = 0; code >= ERR_UNSUPPORTED; code--)
		assert_true(err_name(code)[0] != 0);
	buf_fini(&big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_buf_count),
		cmocka_unit_test(test_str),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_visible),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_err),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
