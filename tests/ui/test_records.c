/* Records in the real console: what a value is, one record whole, going elsewhere, files, and a
 * cluster that goes and comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define PRODUCE "$K produce -b $A --topic t "
#define KEYS    "--property parse.key=true --property key.separator=: "

static const char made[] =
	"$K topics -b $A --create --topic t --partitions 1 >/dev/null; "
	"printf 'a:{\"name\":\"홍길동\",\"list\":[1,{\"deep\":null}]}\\n' | " PRODUCE KEYS "; "
	"printf 'b:NIL\\n' | " PRODUCE KEYS "--property null.marker=NIL; "
	"printf 'c:\\001\\377\\376\\000z\\n' | " PRODUCE KEYS "; "
	"printf 'h:1\\td:plain, \"quoted\"\\n' | " PRODUCE KEYS "--property parse.headers=true";

static void open_records(struct bench *b, int cols, int rows)
{
	bench_sh(b, made);
	bench_open(b, cols, rows);
	/* One topic: it is not asked for. */
	screen_go(b->s, "5", "records > t");
	screen_wait(b->s, "following   4 records");
}

static void values_are_what_they_are(void **state)
{
	struct bench *b = *state;

	open_records(b, 80, 24);
	screen_wait(b->s, "홍길동");
	screen_wait(b->s, "null");
	screen_wait(b->s, "0x01fffe007a");
	screen_wait(b->s, "plain, \"quoted\"");
	bench_quit(b);
}

static void json_folds(void **state)
{
	struct bench *b = *state;

	open_records(b, 80, 24);
	screen_go(b->s, "g Enter", "[Value]  Key  Headers");
	screen_wait(b->s, "\"name\": \"홍길동\"");
	screen_wait(b->s, "\"deep\": null");
	/* The list folds with all that is in it. */
	screen_leave(b->s, "j j Enter", "\"deep\": null");
	screen_wait(b->s, "+ \"list\": [2]");
	screen_go(b->s, "Right", "\"deep\": null");
	screen_go(b->s, "Esc", "OFFSET");
	bench_quit(b);
}

static void one_record_whole(void **state)
{
	struct bench *b = *state;

	open_records(b, 80, 24);
	screen_go(b->s, "G Enter", "value   text");
	screen_go(b->s, "h h", "as hex");
	screen_wait(b->s, "70 6c 61 69 6e");
	screen_go(b->s, "h Tab", "[Key]");
	screen_wait(b->s, "key   text   1 B");
	screen_go(b->s, "Tab", "[Headers]");
	screen_wait(b->s, "h: 1");
	screen_go(b->s, "Tab [", "value   binary   5 B");
	screen_go(b->s, "[", "null: no value at all");
	screen_go(b->s, "[ [", "there is none before");
	screen_go(b->s, "Esc", "OFFSET");
	bench_quit(b);
}

static void goes_elsewhere(void **state)
{
	struct bench *b = *state;

	open_records(b, 80, 24);
	screen_go(b->s, "o", "go to");
	/* From an offset that is none: said at the field. */
	screen_press(b->s, "Right Right Right Tab Backspace Backspace Backspace");
	screen_type(b->s, "x");
	screen_go(b->s, "Enter", "a whole number, 0 or more");
	screen_go(b->s, "Backspace 2 Tab Backspace Backspace Backspace 7 Enter",
		"all, or a number from 0 to 0");
	screen_go(b->s, "Backspace 0 Enter", "end   2 records");
	screen_wait(b->s, "partition 0");
	/* f goes on with what comes. */
	screen_press(b->s, "f");
	bench_sh(b, "printf 'e:later\\n' | " PRODUCE KEYS);
	screen_wait(b->s, "later");
	bench_quit(b);
}

static void filter_takes_some(void **state)
{
	struct bench *b = *state;

	open_records(b, 80, 24);
	screen_press(b->s, "/");
	screen_type(b->s, "홍길");
	screen_go(b->s, "Enter", "1 match of 4");
	bench_sh(b, "printf 'e:no\\nf:홍길순\\n' | " PRODUCE KEYS);
	screen_wait(b->s, "2 match of 6");
	screen_press(b->s, "/");
	screen_go(b->s, "Esc", "6 records");
	bench_quit(b);
}

static void saved_as_lines_and_csv(void **state)
{
	struct bench *b = *state;

	open_records(b, 80, 24);
	screen_go(b->s, "x", "JSON lines");
	screen_go(b->s, "Enter", "4 rows written to t-records.jsonl");
	bench_sh(b, "test $(wc -l <t-records.jsonl) = 4; "
		    "grep -q '\"valueHex\":\"01fffe007a\"' t-records.jsonl; "
		    "grep -q '\"key\":\"b\",\"value\":null' t-records.jsonl; "
		    "grep -q '\"headers\":\\[{\"key\":\"h\",\"value\":\"1\"}\\]' t-records.jsonl");
	/* Nothing is written over. */
	screen_go(b->s, "x Enter", "t-records.jsonl is there already");
	screen_go(b->s, "Backtab Right Enter", "4 rows written to t-records.csv");
	bench_sh(b, "head -1 t-records.csv | grep -qx "
		    "topic,partition,offset,timestamp,key,value,headers; "
		    "grep -q ',b,,' t-records.csv; grep -q 'd,\"plain, \"\"quoted\"\"\",h=1' "
		    "t-records.csv");
	/* Marked rows alone. */
	screen_go(b->s, "g Space Space", "2 marked");
	screen_press(b->s, "x Tab End");
	screen_type(b->s, "-two");
	screen_go(b->s, "Enter", "2 rows written to t-records-two.jsonl");
	/* Deleted by somebody else: what was read stays. */
	bench_sh(b, "$K topics -b $A --delete --topic t");
	screen_wait(b->s, "topic t does not exist (any more): Esc goes back");
	screen_wait(b->s, "홍길동");
	bench_quit(b);
}

static void cluster_goes_and_comes_back(void **state)
{
	struct bench *b = *state;

	open_records(b, 80, 24);
	bench_kill_broker(b);
	screen_wait(b->s, "refused");
	screen_wait(b->s, "brokers 0/1");
	screen_wait(b->s, " s old");
	/* What was read stays. */
	screen_wait(b->s, "홍길동");
	bench_restart_broker(b);
	screen_wait(b->s, "live 1 s");
	screen_wait(b->s, "following");
	bench_sh(b, "printf 'e:back again\\n' | " PRODUCE KEYS);
	screen_wait(b->s, "back again");
	bench_quit(b);
}

static void small_screen(void **state)
{
	struct bench *b = *state;

	open_records(b, 40, 12);
	screen_go(b->s, "g Enter", "홍길동");
	screen_resize(b->s, 10, 3);
	screen_resize(b->s, 1, 1);
	screen_resize(b->s, 40, 12);
	screen_wait(b->s, "홍길동");
	screen_go(b->s, "Esc", "KEY");
	bench_quit(b);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_are_what_they_are),
		TEST(json_folds),
		TEST(one_record_whole),
		TEST(goes_elsewhere),
		TEST(filter_takes_some),
		TEST(saved_as_lines_and_csv),
		TEST(cluster_goes_and_comes_back),
		TEST(small_screen),
	};

	if (!bench_ready())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
