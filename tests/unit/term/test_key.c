/* Bytes to events, in every slicing; Hangul back to QWERTY. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "term/key.h"

static void on_event(void *arg, const struct event *e)
{
	struct buf *out = arg;
	char name[KEY_NAME_MAX];

	if (e->type == EVENT_KEY) {
		key_spell(e->key, name);
		buf_printf(out, "%s ", name);
	} else if (e->type == EVENT_PASTE) {
		buf_printf(out, "paste(%.*s) ", STR_ARG(e->text));
	} else if (e->type == EVENT_MOUSE) {
		buf_printf(out, "mouse(%d,%d,%d,%d) ", (int)e->button, e->press, e->x, e->y);
	} else {
		buf_printf(out, "at(%d,%d) ", e->x, e->y);
	}
}

/* The same whatever the slices. */
static void decodes(const char *bytes, const char *want)
{
	size_t n = strlen(bytes);

	for (size_t cut = 0; cut <= n; cut++) {
		struct key_decoder d;
		struct buf out = BUF_EMPTY;
		key_decoder_init(&d);
		key_decoder_feed(&d, bytes, cut, on_event, &out);
		key_decoder_feed(&d, bytes + cut, n - cut, on_event, &out);
		key_decoder_flush(&d, on_event, &out);
		assert_string_equal(buf_z(&out), want);
		assert_false(key_decoder_waiting(&d));
		buf_fini(&out);
		key_decoder_fini(&d);
	}
}

static void plain(void **state)
{
	(void)state;
	decodes("jG ?", "j G Space ? ");
	decodes("\r\t\x7f\x04\x0c", "Enter Tab Backspace Ctrl-D Ctrl-L ");
	decodes("한ㅓ", "한 ㅓ ");
	decodes("\xff\xc3"
		"a",
		"a ");
}

static void sequences(void **state)
{
	(void)state;
	decodes("\x1b[A\x1bOB\x1b[5~\x1b[3~\x1b[Z", "Up Down PgUp Delete Backtab ");
	decodes("\x1bOP\x1b[24~\x1b[1;5C", "F1 F12 Ctrl-Right ");
	decodes("\x1b", "Esc ");
	decodes("\x1bx\x1b\r", "Alt-x Alt-Enter ");
	decodes("\x1b[?1;2;3y\x1b[99~k", "k ");
	decodes("\x1b]52;c;abc\x07j", "j ");
	decodes("\x1b[2;3R", "at(2,1) ");
}

static void pastes(void **state)
{
	(void)state;
	decodes("\x1b[200~a\x1b[31mb\nq\x1b[201~j", "paste(a\x1b[31mb\nq) j ");
}

static void mice(void **state)
{
	(void)state;
	decodes("\x1b[<0;5;7M\x1b[<0;5;7m", "mouse(0,1,4,6) mouse(0,0,4,6) ");
	decodes("\x1b[<64;1;1M\x1b[<65;1;1M", "mouse(3,1,0,0) mouse(4,1,0,0) ");
}

static void hangul(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(key_hangul(0x3153, out), 1);
	assert_string_equal(out, "j");
	assert_int_equal(key_hangul(0xc800, out), 2);
	assert_string_equal(out, "wj");
	key_hangul(0x3158, out);
	assert_string_equal(out, "hk");
	key_hangul(0x3132, out);
	assert_string_equal(out, "R");
	assert_int_equal(key_hangul('a', out), 0);
	for (uint32_t cp = 0xac00; cp <= 0xd7a3; cp++)
		assert_in_range(key_hangul(cp, out), 2, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(sequences),
		cmocka_unit_test(pastes),
		cmocka_unit_test(mice),
		cmocka_unit_test(hangul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
