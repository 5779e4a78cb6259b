/* Widths, escapes, cutting, and the grid's invariant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "term/surface.h"

static void widths(void **state)
{
	(void)state;
	text_env_set((struct text_env){.ambiguous = 1, .ascii = false});
	assert_int_equal(text_cp_width('a'), 1);
	assert_int_equal(text_cp_width(0x301), 0);
	assert_int_equal(text_cp_width(0xd55c), 2);
	assert_int_equal(text_cp_width(0x1f600), 2);
	assert_int_equal(text_cp_width(0x2605), 1);
	assert_int_equal(text_cp_width(0x202e), -1);
	assert_int_equal(text_cp_width(0x1b), -1);
	assert_int_equal(text_width(STR_LIT("한글 e\xcc\x81")), 6);
	/* Conjoining letters are one syllable: the first takes the cells. */
	assert_int_equal(text_width(STR_LIT("\u1112\u1161\u11ab")), 2);
	text_env_set((struct text_env){.ambiguous = 2, .ascii = false});
	assert_int_equal(text_cp_width(0x2605), 2);
	text_env_set((struct text_env){.ambiguous = 2, .ascii = true});
	assert_int_equal(text_cp_width(0x2605), 1);
	text_env_set((struct text_env){.ambiguous = 1, .ascii = false});
}

static void escapes(void **state)
{
	struct buf b = BUF_EMPTY;

	(void)state;
	text_escape(&b, (struct str){"a\x1b[2J\n\xff\xe2\x80\xae", 10});
	assert_string_equal(buf_z(&b), "a\\x1b[2J\\n\\xff\\u202e");
	buf_fini(&b);
	assert_int_equal(text_width((struct str){"\0\t", 2}), 4);
}

/* Bytes above 0x7f are control characters to a terminal that does not read UTF-8. */
static void only_ascii(void **state)
{
	static const char text[] = "주문 ★ e\xcc\x81 \xec\x9b\x9b 2J";
	struct buf b = BUF_EMPTY;

	(void)state;
	text_env_set((struct text_env){.ambiguous = 1, .only_ascii = true});
	text_escape(&b, (struct str){text, sizeof(text) - 1});
	assert_string_equal(buf_z(&b), "\\uc8fc\\ubb38 * e\\u0301 \\uc6db 2J");
	assert_int_equal(text_width(buf_str(&b)), (int)b.n);
	text_env_set((struct text_env){.ambiguous = 1});
	buf_fini(&b);
}

/* Whatever bytes come, what is drawn holds no control character, and every byte is accounted for.
 */
static void any_bytes(void **state)
{
	uint32_t x = 1;

	(void)state;
	for (int n = 0; n < 20000; n++) {
		char z[24];
		struct buf b = BUF_EMPTY;
		struct str s = {z, 0};
		size_t at = 0, next;

		for (s.n = 0; s.n < sizeof(z); s.n++) {
			static const uint8_t odd[] = {
				0x1b, 0x9b, 0xc2, 0xe2, 0x80, 0xf0, 0x9f, 0xcc};
			x = x * 1664525 + 1013904223;
			z[s.n] = (char)(x >> 30 ? x >> 16 : odd[x >> 20 & 7]);
		}
		for (; at < s.n; at = next) {
			next = text_next(s, at);
			assert_true(next > at);
		}
		assert_int_equal(at, s.n);
		text_escape(&b, s);
		for (size_t i = 0; i < b.n;) {
			uint32_t cp;
			size_t used = utf8_decode(b.p + i, b.p + b.n, &cp);

			assert_true(used > 0);
			assert_true(text_cp_width(cp) >= 0);
			i += used;
		}
		buf_fini(&b);
	}
}

static void wrapping(void **state)
{
	struct str line, s = STR_LIT("one two three");
	size_t n;

	(void)state;
	n = text_wrap(s, 8, &line);
	assert_int_equal(n, 8);
	assert_true(str_eqz(line, "one two"));
	n = text_wrap(STR_LIT("abcdef"), 4, &line);
	assert_int_equal(n, 4);
	n = text_wrap(STR_LIT("a\nb"), 4, &line);
	assert_int_equal(n, 2);
	assert_int_equal(line.n, 1);
	/* Something always goes, even into one cell. */
	assert_int_equal(text_wrap(STR_LIT("한"), 1, &line), 3);
}

static void steps(void **state)
{
	struct str s = STR_LIT("한e\xcc\x81z");

	(void)state;
	assert_int_equal(text_next(s, 0), 3);
	assert_int_equal(text_next(s, 3), 6);
	assert_int_equal(text_prev(s, 7), 6);
	assert_int_equal(text_prev(s, 6), 3);
	assert_int_equal(text_prev(s, 0), 0);
}

static void drawing(void **state)
{
	struct grid g;
	struct buf b = BUF_EMPTY;

	(void)state;
	grid_init(&g, 8, 3);
	struct surface s = surface_of(&g);
	surface_puts(&s, 0, 0, STYLE_NORMAL, "한글한글한");
	surface_puts(&s, 1, 0, STYLE_NORMAL, "x");
	surface_field(&s, 0, 1, 5, ALIGN_LEFT, STYLE_NORMAL, STR_LIT("abcdefgh"));
	surface_field(&s, 5, 1, 3, ALIGN_RIGHT, STYLE_NORMAL, STR_LIT("9"));
	surface_puts(&s, -1, 2, STYLE_NORMAL, "한b");
	surface_puts(&s, 7, 2, STYLE_NORMAL, "한");
	assert_int_equal(grid_check(&g), -1);
	grid_text(&g, &b);
	assert_string_equal(buf_z(&b), " x글한글\nabcd…  9\n b\n");
	buf_fini(&b);
	grid_fini(&g);
}

static void clipping(void **state)
{
	struct grid g;

	(void)state;
	for (int cols = 1; cols < 14; cols++) {
		for (int rows = 1; rows < 5; rows++) {
			grid_init(&g, cols, rows);
			struct surface s = surface_of(&g);
			struct surface in = surface_box(&s, STR_LIT("한글 title"), STYLE_BOX);
			surface_puts(&in, -3, 0, STYLE_WARN, "한글한글 \x1b[0m");
			surface_rule(&s, rows / 2, STR_LIT("변경"));
			surface_put_right(&s, cols / 2, 0, STYLE_OK, STR_LIT("가나다"));
			assert_int_equal(grid_check(&g), -1);
			grid_fini(&g);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(widths),
		cmocka_unit_test(escapes),
		cmocka_unit_test(only_ascii),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(wrapping),
		cmocka_unit_test(steps),
		cmocka_unit_test(drawing),
		cmocka_unit_test(clipping),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
