/* The lines between the console and a lab member, and the book of what was processed twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/random.h"
#include "lab/ledger.h"
#include "lab/proto.h"

static int parse(struct proto_line *l, const char *text)
{
	return proto_parse(l, str_of(text));
}

static void lines_come_back_as_they_were(void **state)
{
	struct proto_line all[PROTO_WORD_COUNT], got;
	struct buf out = BUF_EMPTY;

	(void)state;
	for (int i = 0; i < PROTO_WORD_COUNT; i++) {
		all[i] = (struct proto_line){.word = (enum proto_word)i};
		buf_clear(&out);
		proto_put(&out, &all[i]);
		/* What has a topic needs one. */
		if (i == PROTO_OWN || i == PROTO_BEGIN || i == PROTO_AT || i == PROTO_DROP ||
			i == PROTO_COMMITTING || i == PROTO_COMMITTED) {
			assert_int_equal(proto_parse(&got, buf_str(&out)), ERR_INVALID);
			snprintf(all[i].topic, sizeof(all[i].topic), "orders");
			all[i].partition = i;
			all[i].number = i == PROTO_DROP ? 0 : INT64_MAX - i;
			buf_clear(&out);
			proto_put(&out, &all[i]);
		}
		assert_int_equal(out.p[out.n - 1], '\n');
		assert_int_equal(proto_parse(&got, (struct str){(char *)out.p, out.n - 1}), 0);
		assert_int_equal(got.word, all[i].word);
		assert_string_equal(got.topic, all[i].topic);
		assert_int_equal(got.partition, all[i].partition);
		assert_int_equal(got.number, all[i].number);
	}
	buf_fini(&out);
}

static void text_is_escaped_and_bounded(void **state)
{
	struct proto_line l = {.word = PROTO_TROUBLE}, got;
	struct buf out = BUF_EMPTY;

	(void)state;
	snprintf(l.text, sizeof(l.text), "back\\slash 녹차");
	proto_put(&out, &l);
	assert_int_equal(proto_parse(&got, (struct str){(char *)out.p, out.n - 1}), 0);
	assert_string_equal(got.text, l.text);
	memset(l.text, '\\', sizeof(l.text) - 1);
	l.text[sizeof(l.text) - 1] = 0;
	buf_clear(&out);
	proto_put(&out, &l);
	assert_int_equal(proto_parse(&got, (struct str){(char *)out.p, out.n - 1}), 0);
	assert_true(strlen(got.text) > 100);
	buf_fini(&out);
}

static void what_is_no_line_is_refused(void **state)
{
	static const char *const bad[] = {"", " ", "hello", "ready ", "ready 1", "done", "done ",
		"done x", "done -1", "done 1 2", "done 1 ", "done 99999999999999999999", "own",
		"own orders", "own orders 1", "own orders 1 ", "own orders -1 5", "own orders 1 -3",
		"own orders 2147483648 1", "own orders 1 5 6", "own  1 5", "own or\tders 1 5",
		"drop orders", "drop orders 1 2", "trouble bad\\escape", "trouble end\\",
		"trouble \xff\xfe", "Done 1", "done +1", "done 0x1"};
	struct proto_line l;
	char topic[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (parse(&l, bad[i]) == 0)
			fail_msg("was taken: %s", bad[i]);
	snprintf(topic, sizeof(topic), "drop %0*d 1", LAB_TOPIC_MAX + 1, 0);
	assert_int_equal(parse(&l, topic), ERR_INVALID);
	snprintf(topic, sizeof(topic), "drop %0*d 1", LAB_TOPIC_MAX, 0);
	assert_int_equal(parse(&l, topic), 0);
	assert_int_equal(proto_parse(&l, (struct str){"done 1\0x", 8}), ERR_INVALID);
	assert_int_equal(parse(&l, "own orders 1 -2"), 0);
	assert_int_equal(l.number, -2);
}

/* Any bytes: never a crash, and what is taken is put out the same. */
static void random_bytes_do_no_harm(void **state)
{
	static const char alphabet[] = "own drop at done 0123456789 -\\n\xc3\xa9\x01";
	struct rng r;

	(void)state;
	rng_seed(&r, 7);
	for (int i = 0; i < 200000; i++) {
		char text[40];
		size_t n = rng_below(&r, sizeof(text));
		struct proto_line l;
		for (size_t k = 0; k < n; k++)
			text[k] = alphabet[rng_below(&r, sizeof(alphabet))];
		if (proto_parse(&l, (struct str){text, n}) == 0)
			assert_true(l.word < PROTO_WORD_COUNT && l.number >= -2);
	}
}

/* ---- settings ---------------------------------------------------------------------------------
 */

/* What a member makes of the lines: as it would read them. */
static struct lab_spec read_back(struct buf *lines)
{
	struct lab_spec s = {0};

	buf_putc(lines, 0);
	for (char *at = (char *)lines->p, *nl; (nl = strchr(at, '\n')); at = nl + 1) {
		char *word, *value;
		assert_int_equal(proto_split(at, (size_t)(nl - at), &word, &value), 0);
		assert_int_equal(proto_take(&s, word, value), 0);
	}
	return s;
}

static void specs_come_back_as_they_were(void **state)
{
	struct lab_spec s = {.kind = LAB_CONSUMER,
		.name = "lab-1",
		.topic = "orders,page-views",
		.group = "주문 그룹",
		.process_ms = 250,
		.commit = LAB_COMMIT_BEFORE,
		.assignor = LAB_COOPERATIVE,
		.session_ms = 6000,
		.from_end = true,
		.stop_after = 17};
	struct lab_spec p = {.kind = LAB_PRODUCER,
		.name = "p",
		.topic = "t",
		.rate = 100,
		.keys = 5,
		.hot_percent = 90,
		.size = 1000};
	struct buf lines = BUF_EMPTY;
	struct lab_spec got;

	(void)state;
	proto_put_spec(&lines, &s);
	got = read_back(&lines);
	assert_memory_equal(&got, &s, sizeof(s));
	buf_clear(&lines);
	proto_put_spec(&lines, &p);
	got = read_back(&lines);
	assert_memory_equal(&got, &p, sizeof(p));
	buf_fini(&lines);
}

static void values_may_hold_anything_but_a_nul(void **state)
{
	struct buf line = BUF_EMPTY;
	char *word, *value, broken[] = "x \\q", end[] = "x y\\", nul[] = "x a\0b\n";

	(void)state;
	proto_put_setting(&line, "property", STR_LIT("ssl.key.pem=-----\nabc\\n\r\n"));
	assert_int_equal(memchr(line.p, '\n', line.n - 1) == NULL, true);
	assert_int_equal(proto_split((char *)line.p, line.n - 1, &word, &value), 0);
	assert_string_equal(word, "property");
	assert_string_equal(value, "ssl.key.pem=-----\nabc\\n\r\n");
	assert_int_equal(proto_split(broken, 4, &word, &value), ERR_INVALID);
	assert_int_equal(proto_split(end, 4, &word, &value), ERR_INVALID);
	assert_int_equal(proto_split(nul, 5, &word, &value), ERR_INVALID);
	buf_fini(&line);
}

static void settings_have_bounds(void **state)
{
	static const struct {
		const char *word, *value;
		int rc;
	} cases[] = {{"rate", "100000", 0}, {"rate", "100001", ERR_INVALID},
		{"rate", "-1", ERR_INVALID}, {"rate", "", ERR_INVALID}, {"hot", "101", ERR_INVALID},
		{"process", "30001", ERR_INVALID}, {"commit", "never", ERR_INVALID},
		{"assignor", "sticky", ERR_INVALID}, {"name", "", ERR_INVALID},
		{"group", "\xff", ERR_INVALID}, {"speed", "1", ERR_NOT_FOUND}};
	struct lab_spec s = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(proto_take(&s, cases[i].word, cases[i].value), cases[i].rc);
}

static void specs_are_checked(void **state)
{
	struct lab_spec s;
	struct err e = {0};

	(void)state;
	lab_spec_init(&s, LAB_CONSUMER);
	assert_int_equal(lab_spec_check(&s, &e), ERR_INVALID);
	snprintf(s.topic, sizeof(s.topic), "orders");
	assert_int_equal(lab_spec_check(&s, &e), ERR_INVALID);
	assert_non_null(strstr(e.msg, "group"));
	snprintf(s.group, sizeof(s.group), "shop");
	assert_int_equal(lab_spec_check(&s, &e), 0);
	s.session_ms = 5999;
	assert_int_equal(lab_spec_check(&s, &e), ERR_INVALID);
	lab_spec_init(&s, LAB_PRODUCER);
	snprintf(s.topic, sizeof(s.topic), "orders");
	assert_int_equal(lab_spec_check(&s, &e), 0);
	s.rate = 0;
	assert_int_equal(lab_spec_check(&s, &e), ERR_INVALID);
}

/* ---- the ledger -------------------------------------------------------------------------------
 */

static void assert_gap(struct ledger *l, int64_t offset, int64_t again, int64_t lost)
{
	struct ledger_gap g = ledger_begin(l, "g", "t", 1, offset);

	assert_int_equal(g.again, again);
	assert_int_equal(g.lost, lost);
}

static void what_is_done_twice_or_never(void **state)
{
	struct ledger l;

	(void)state;
	ledger_init(&l);
	assert_gap(&l, 0, 0, 0); /* nobody was here before */
	ledger_at(&l, "g", "t", 1, 80);
	ledger_commit(&l, "g", "t", 1, 60);
	assert_gap(&l, 60, 20, 0);
	/* Killed again before it came where the first one was. */
	ledger_at(&l, "g", "t", 1, 65);
	assert_gap(&l, 60, 5, 0);
	ledger_at(&l, "g", "t", 1, 100);
	assert_gap(&l, 100, 0, 0);
	/* Committed first. */
	ledger_commit(&l, "g", "t", 1, 150);
	ledger_at(&l, "g", "t", 1, 110);
	assert_gap(&l, 150, 0, 40);
	/* Somebody else read on, or moved the offset. */
	assert_gap(&l, 1000, 0, 0);
	/* Other partitions, topics and groups are others. */
	assert_int_equal(ledger_begin(&l, "g", "t", 2, 5).again, 0);
	assert_int_equal(ledger_begin(&l, "g", "u", 1, 5).again, 0);
	assert_int_equal(ledger_begin(&l, "h", "t", 1, 5).again, 0);
	ledger_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_back_as_they_were),
		cmocka_unit_test(text_is_escaped_and_bounded),
		cmocka_unit_test(what_is_no_line_is_refused),
		cmocka_unit_test(random_bytes_do_no_harm),
		cmocka_unit_test(specs_come_back_as_they_were),
		cmocka_unit_test(values_may_hold_anything_but_a_nul),
		cmocka_unit_test(settings_have_bounds),
		cmocka_unit_test(specs_are_checked),
		cmocka_unit_test(what_is_done_twice_or_never),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
