/* The frame of the real console: mouse, Hangul, the clipboard, forms, resizing, and how a cluster
 * of one's own begins and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

static const char two_topics[] = "for t in apples pears; do $K topics -b $A --create --topic $t "
				 "--partitions 2 >/dev/null; done";

static void open_topics(struct bench *b, int cols, int rows)
{
	bench_sh(b, two_topics);
	bench_open(b, cols, rows);
	screen_go(b->s, "3", ">apples");
	screen_wait(b->s, "pears");
}

/* ---- mouse ----------------------------------------------------------------------------------- */

static void mouse_moves_and_opens(void **state)
{
	struct bench *b = *state;

	open_topics(b, 80, 24);
	screen_click(b->s, 0, "pears");
	screen_wait(b->s, ">pears");
	screen_mouse(b->s, 2, 40, 12);
	screen_wait(b->s, "copy topic");
	screen_click(b->s, 0, "describe");
	screen_wait(b->s, "topics > pears");
	screen_click(b->s, 0, "Configs");
	screen_wait(b->s, "[Configs]");
	screen_wait(b->s, "cleanup.policy");
	screen_click(b->s, 0, "Placement");
	screen_wait(b->s, "[Placement]");
	screen_mouse(b->s, 65, 10, 8);
	screen_go(b->s, "Esc", ">pears");
	/* M gives it to the terminal and takes it again. */
	assert_true(screen_modes(b->s).mouse);
	screen_go(b->s, "M", "the terminal's own");
	assert_false(screen_modes(b->s).mouse);
	screen_go(b->s, "M", "right click is the menu");
	bench_quit(b);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void hangul_is_keys_and_text(void **state)
{
	struct bench *b = *state;
	int x, y, at_x, at_y;

	open_topics(b, 80, 24);
	/* ㅓ is j, ㅏ is k. */
	screen_type(b->s, "ㅓ");
	screen_wait(b->s, ">pears");
	screen_type(b->s, "ㅏ");
	screen_wait(b->s, ">apples");
	/* In a form it is text, and the cursor stands behind it: two cells a syllable. */
	screen_go(b->s, "p", "Partitioner");
	screen_wait(b->s, "Esc back");
	screen_cursor(b->s, &x, &y);
	screen_type(b->s, "주문");
	screen_wait(b->s, "주문");
	screen_cursor(b->s, &at_x, &at_y);
	assert_int_equal(at_x, x + 4);
	assert_int_equal(at_y, y);
	screen_leave(b->s, "Left Backspace", "주문");
	screen_wait(b->s, "문");
	screen_go(b->s, "Esc", ">apples");
	bench_quit(b);
}

static bool was_copied(void *arg, struct screen *s)
{
	const char *got = screen_copied(s);

	return got && strncmp(got, arg, strlen(arg)) == 0;
}

static void presenter_shows_keys(void **state)
{
	struct bench *b = *state;

	open_topics(b, 80, 24);
	screen_go(b->s, "P Down Backtab", " P Down Shift-Tab ");
	bench_quit(b);
}

static void command_is_copied(void **state)
{
	struct bench *b = *state;
	/* "kdeck topics -b 127.0.0." */
	static char command[] = "a2RlY2sgdG9waWNzIC1iIDEyNy4wLjAu";
	static char marked[] = "YXBwbGVzC"; /* "apples\t" */

	open_topics(b, 80, 24);
	screen_go(b->s, "y", "copied");
	screen_until(b->s, was_copied, command, "the command on the clipboard");
	screen_press(b->s, "Space Space c");
	screen_until(b->s, was_copied, marked, "the rows on the clipboard");
	bench_quit(b);
}

/* ---- forms ----------------------------------------------------------------------------------- */

static void bar_offers_no_letters_in_a_form(void **state)
{
	struct bench *b = *state;

	open_topics(b, 80, 24);
	screen_go(b->s, "n", "create topic");
	screen_wait(b->s, "Enter done  Tab next field  Esc cancel");
	screen_leave(b->s, "Esc", "create topic");
	screen_go(b->s, "6", "Write into which topic?");
	screen_wait(b->s, "/ filter");
	screen_press(b->s, "/");
	screen_type(b->s, "no such");
	screen_wait(b->s, "no topic matches");
	screen_leave(b->s, "Esc", "no topic matches");
	screen_go(b->s, "Enter", "Ctrl-S send  F10 menu");
	assert_false(screen_has(b->s, "m menu"));
	screen_go(b->s, "F1", "nothing to explain");
	/* The bottom of the stack is left, too. */
	screen_go(b->s, "Esc", "1 overview");
	bench_quit(b);
}

static void wrong_fields_say_so(void **state)
{
	struct bench *b = *state;

	open_topics(b, 80, 24);
	screen_go(b->s, "p", "Partitioner");
	screen_press(b->s, "Tab Tab Tab Tab Tab");
	screen_type(b->s, "=x");
	screen_go(b->s, "Ctrl-S", "Headers: name=value");
	screen_press(b->s, "Backspace Backspace Backtab Backtab Backtab Backtab Left Tab");
	screen_type(b->s, "9");
	screen_go(b->s, "Ctrl-S", "apples has the partitions 0 to 1");
	screen_go(b->s, "Esc", ">apples");
	bench_quit(b);
}

static void resized_in_a_dialog(void **state)
{
	static const int sizes[][2] = {{120, 40}, {40, 12}, {10, 3}, {1, 1}, {80, 24}};
	struct bench *b = *state;

	open_topics(b, 80, 24);
	screen_go(b->s, "Ctrl-D", "Delete the topic?");
	screen_type(b->s, "app");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		screen_resize(b->s, sizes[i][0], sizes[i][1]);
		if (sizes[i][0] >= 40)
			screen_wait(b->s, "Delete the topic?");
	}
	/* What was typed is still there. */
	screen_type(b->s, "les");
	screen_go(b->s, "Enter", "topic deleted");
	screen_wait_gone(b->s, ">apples");
	bench_quit(b);
}

static void every_table_is_saved(void **state)
{
	struct bench *b = *state;

	open_topics(b, 80, 24);
	screen_go(b->s, "x Right Enter", "2 rows written to topics.csv");
	bench_sh(b, "head -1 topics.csv | grep -q '^TOPIC,PARTS,RF,'; grep -q '^apples,2,1,' "
		    "topics.csv");
	screen_go(b->s, "2", "ADDRESS");
	screen_go(b->s, "x Enter", "1 rows written to brokers.jsonl");
	screen_go(b->s, "Enter", "partitions on broker");
	screen_wait(b->s, "pears   1   ★ leader");
	screen_go(b->s, "Esc", "ADDRESS");
	bench_quit(b);
}

static void settings_are_filtered(void **state)
{
	struct bench *b = *state;

	open_topics(b, 80, 24);
	screen_go(b->s, "e", "[Configs]");
	screen_wait(b->s, "cleanup.policy");
	screen_press(b->s, "/");
	screen_type(b->s, "retention.ms");
	screen_go(b->s, "Enter", "local.retention.ms");
	screen_go(b->s, "G", ">retention.ms");
	screen_go(b->s, "e", "Back to the default");
	screen_press(b->s, "Ctrl-U");
	screen_type(b->s, "x");
	screen_go(b->s, "Enter", "INVALID_CONFIG");
	screen_wait(b->s, "Back to the default");
	screen_leave(b->s, "Esc", "Back to the default");
	screen_go(b->s, "Esc", ">apples");
	bench_quit(b);
}

/* ---- clusters of one's own ---------------------------------------------------------------------
 */

static void demo_asks_before_it_ends(void **state)
{
	static const char *const words[] = {"demo", NULL};
	struct bench *b = *state;
	char tmp[FOLDER_MAX + 16];
	const char *extra[] = {tmp, NULL};

	bench_ports(BENCH_PORTS_SHARED);
	snprintf(tmp, sizeof(tmp), "TMPDIR=%s", b->folder);
	bench_words(b, words, extra, 80, 24);
	screen_wait(b->s, "3 of 3 up");
	screen_wait(
		b->s, "Press 3 for the topics, Enter to open one, p to write a record, ? for help");
	screen_go(b->s, "3", "sensor-readi"); /* the end goes where figures need the room */
	screen_wait_gone(b->s, "Press 3");
	screen_go(b->s, "q", "Leave kdeck?");
	screen_wait(b->s, "their records");
	/* Cancel has the focus. */
	screen_leave(b->s, "Enter", "Leave kdeck?");
	/* A second Ctrl-C means it. */
	screen_go(b->s, "Ctrl-C", "Leave kdeck?");
	screen_press(b->s, "Ctrl-C");
	assert_int_equal(screen_wait_exit(b->s), 0);
	assert_false(screen_modes(b->s).other_screen);
	bench_sh(b, "! ls -d kdeck-demo-* 2>/dev/null");
}

/* Nothing answers and nothing was named: a key starts a broker, and the console is on it. */
static void cluster_is_offered(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons(9092),
		.sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct bench *b = *state;

	bench_ports(BENCH_PORTS_ALONE);
	/* Bound and not listening: whoever asks there is refused. cmocka 1.1.5 writes a skipped
	 * test as a failed one. */
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		print_message("# not tried: somebody else has 127.0.0.1:9092\n");
		close(fd);
		bench_ports(BENCH_PORTS_FREE);
		return;
	}
	bench_words(b, NULL, NULL, 80, 24);
	screen_wait(b->s, "Start a cluster on this machine?");
	screen_wait(b->s, "n start a cluster  d demo");
	screen_wait(b->s, "no answer");
	close(fd);
	screen_go(b->s, "n", "a cluster runs at 127.0.0.1:9092; kdeck down ends it");
	screen_wait(b->s, "3 of 3 up");
	bench_quit(b);
	bench_sh(b, "unset XDG_DATA_HOME; export HOME; $K status | grep -q running; $K down");
	bench_ports(BENCH_PORTS_FREE);
}

/* A named address is never replaced. */
static void named_address_is_kept(void **state)
{
	struct bench *b = *state;

	bench_kill_broker(b);
	bench_console(b, NULL, NULL, 80, 24);
	screen_wait(b->s, "refused");
	screen_wait(b->s, "Is the address right");
	screen_go(b->s, "n", "this console was told which cluster to look at");
	bench_quit(b);
}

static void client_settings_come_from_a_file(void **state)
{
	struct bench *b = *state;
	const char *words[] = {"--command-config", "client.properties", NULL};

	bench_sh(b, "echo \"bootstrap.servers=$A\" >client.properties; "
		    "echo security.protocol=PLAINTEXT >>client.properties; "
		    "echo security.protocol=SSL >tls.properties");
	bench_words(b, words, NULL, 80, 24);
	screen_wait(b->s, b->address);
	screen_wait(b->s, "1 of 1 up");
	bench_quit(b);
	bench_sh(b, "! $K --command-config tls.properties 2>said; grep -q 'only PLAINTEXT' said");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, before others have taken the ports for longer. */
		TEST(cluster_is_offered),
		TEST(mouse_moves_and_opens),
		TEST(hangul_is_keys_and_text),
		TEST(presenter_shows_keys),
		TEST(command_is_copied),
		TEST(bar_offers_no_letters_in_a_form),
		TEST(wrong_fields_say_so),
		TEST(resized_in_a_dialog),
		TEST(every_table_is_saved),
		TEST(settings_are_filtered),
		TEST(demo_asks_before_it_ends),
		TEST(named_address_is_kept),
		TEST(client_settings_come_from_a_file),
	};

	if (!bench_ready())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
