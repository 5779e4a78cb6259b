/* Options, lines, records, configs, assignments and JSON: the pure parts of the commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/impl.h"

static const struct cli_command *const commands[] = {CLI_KAFKA_COMMANDS, NULL};

static void options_are_split(void **state)
{
	struct cli c = {.cmd = &cli_topics};
	struct err e;
	const char *argv[] = {"--create", "--topic=a=b", "-b", "h:1", "--config", "x=1", "--config",
		"y=2", "-bh:2"};
	(void)state;
	assert_int_equal(0, cli_parse(&c, ARRAY_LEN(argv), argv, &e));
	assert_true(cli_has(&c, "create"));
	assert_false(cli_has(&c, "list"));
	assert_string_equal("a=b", cli_get(&c, "topic"));
	assert_string_equal("h:2", cli_get(&c, "bootstrap-server"));
	assert_string_equal("x=1", cli_nth(&c, "config", 0));
	assert_string_equal("y=2", cli_nth(&c, "config", 1));
	assert_null(cli_nth(&c, "config", 2));
	cli_fini(&c);
}

static void refused(const struct cli_command *cmd, const char *word, const char *why)
{
	struct cli c = {.cmd = cmd};
	struct err e;
	assert_int_equal(ERR_INVALID, cli_parse(&c, 1, &word, &e));
	assert_string_equal(why, e.msg);
	cli_fini(&c);
}

static void wrong_options_are_named(void **state)
{
	(void)state;
	refused(&cli_topics, "--partition",
		"unknown option --partition; did you mean --partitions?");
	refused(&cli_topics, "--qqqqqqqq", "unknown option --qqqqqqqq");
	refused(&cli_topics, "--topic", "--topic needs a value: NAME");
	refused(&cli_topics, "--list=1", "--list takes no value");
	refused(&cli_topics, "orders", "orders: an option was expected");
	refused(&cli_topics, "-z", "unknown option -z");
}

/* A value that may be left out is not taken from the next option, a short one included. */
static void optional_values_are_left_out(void **state)
{
	struct cli c = {.cmd = &cli_groups};
	struct err e;
	const char *argv[] = {"--list", "--state", "-b", "h:1", "--type"};

	(void)state;
	assert_int_equal(0, cli_parse(&c, ARRAY_LEN(argv), argv, &e));
	assert_true(cli_has(&c, "state"));
	assert_null(cli_get(&c, "state"));
	assert_string_equal("h:1", cli_get(&c, "bootstrap-server"));
	cli_fini(&c);
}

static void commands_are_found(void **state)
{
	(void)state;
	assert_ptr_equal(&cli_topics, cli_find(commands, "topics"));
	assert_ptr_equal(&cli_topics, cli_find(commands, "/x/kafka-topics.sh"));
	assert_ptr_equal(&cli_produce, cli_find(commands, "kafka-console-producer"));
	assert_null(cli_find(commands, "kafka"));
	assert_ptr_equal(&cli_topics, cli_by_link(commands, "/x/kafka-topics.sh"));
	assert_null(cli_by_link(commands, "/x/topics"));
	assert_null(cli_by_link(commands, "kafka-nothing.sh"));
	char kdeck[] = "kdeck", help[] = "--help", *argv[] = {kdeck, help};
	assert_int_equal(-1, cli_main(commands, NULL, 2, argv));
}

static void help_shows_every_option(void **state)
{
	struct buf b = BUF_EMPTY;
	(void)state;
	cli_print_help(&cli_consume, NULL, &b);
	assert_true(str_starts(buf_str(&b), "Usage: kdeck consume [OPTION …]\n"));
	assert_non_null(strstr(buf_z(&b), "--from-beginning"));
	assert_non_null(strstr(buf_z(&b), "-b, --bootstrap-server"));
	assert_null(strstr(buf_z(&b), "formatter-property"));
	buf_clear(&b);
	cli_print_help(&cli_consume, "kafka-console-consumer", &b);
	assert_true(str_starts(buf_str(&b), "Usage: kafka-console-consumer [OPTION …]\n"));
	buf_clear(&b);
	cli_print_man(&cli_consume, &b);
	assert_non_null(strstr(buf_z(&b), "\\-\\-from\\-beginning"));
	buf_fini(&b);
}

static void assert_slice(const char *z, struct slice s)
{
	assert_non_null(s.p);
	assert_true(str_eqz(str_slice(s), z));
}

static void lines_become_records(void **state)
{
	struct line_reader r;
	struct line_record l;
	struct err e;
	(void)state;
	line_reader_init(&r);
	assert_int_equal(0, line_reader_take(&r, STR_LIT("k\tv"), &l, &e));
	assert_null(l.key.p);
	assert_slice("k\tv", l.value);
	assert_int_equal(0, line_reader_set(&r, "parse.key=true", &e));
	assert_int_equal(0, line_reader_set(&r, "key.separator=::", &e));
	assert_int_equal(0, line_reader_set(&r, "parse.headers=true", &e));
	assert_int_equal(0, line_reader_set(&r, "null.marker=NULL", &e));
	assert_int_equal(0, line_reader_take(&r, STR_LIT("a:1,b:NULL\tk::NULL"), &l, &e));
	assert_slice("k", l.key);
	assert_null(l.value.p);
	assert_int_equal(2, l.n_headers);
	assert_true(str_eqz(l.headers[1].name, "b"));
	assert_null(l.headers[1].value.p);
	assert_int_equal(0, line_reader_take(&r, STR_LIT("NULL\t::"), &l, &e));
	assert_int_equal(0, l.n_headers);
	assert_slice("", l.key);
	assert_slice("", l.value);
	assert_int_equal(ERR_INVALID, line_reader_take(&r, STR_LIT("a:1\tk"), &l, &e));
	assert_string_equal("line 4: no key separator \"::\" in \"a:1\tk\"", e.msg);
	assert_int_equal(ERR_NOT_FOUND, line_reader_set(&r, "parse.kee=true", &e));
	assert_int_equal(ERR_INVALID, line_reader_set(&r, "parse.key=yes", &e));
	assert_int_equal(ERR_INVALID, line_reader_set(&r, "parse.key", &e));
}

static void records_are_printed(void **state)
{
	struct record_format f;
	struct buf b = BUF_EMPTY;
	struct err e;
	struct traffic_header h[2] = {
		{STR_LIT("a"), {(const uint8_t *)"1", 1}}, {STR_LIT("b"), SLICE_NULL}};
	struct consumer_record r = {.topic = STR_LIT("t"),
		.partition = 3,
		.offset = 42,
		.timestamp = 1000,
		.time = CONSUMER_CREATE_TIME,
		.leader_epoch = -1,
		.value = {(const uint8_t *)"v", 1}};
	static const char *const all[] = {"print.timestamp=true", "print.partition=true",
		"print.offset=true", "print.delivery=true", "print.epoch=true",
		"print.headers=true", "print.key=true"};
	(void)state;
	record_format_init(&f);
	record_format_put(&f, &r, h, 2, &b);
	assert_string_equal("v\n", buf_z(&b));
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_int_equal(0, record_format_set(&f, all[i], &e));
	buf_clear(&b);
	record_format_put(&f, &r, h, 2, &b);
	assert_string_equal("CreateTime:1000\tPartition:3\tOffset:42\tDelivery:NOT_PRESENT\t"
			    "Epoch:NOT_PRESENT\ta:1,b:null\tnull\tv\n",
		buf_z(&b));
	buf_clear(&b);
	record_format_json(&r, h, 1, &b);
	assert_string_equal(
		"{\"topic\":\"t\",\"partition\":3,\"offset\":42,\"timestamp\":1000,"
		"\"timestampType\":\"CreateTime\",\"headers\":[{\"key\":\"a\",\"value\":\"1\"}],"
		"\"key\":null,\"value\":\"v\"}\n",
		buf_z(&b));
	assert_int_equal(ERR_NOT_FOUND, record_format_set(&f, "print.nothing=true", &e));
	buf_fini(&b);
}

static void configs_are_split(void **state)
{
	struct config_pair p[3];
	struct err e;
	size_t n;
	(void)state;
	assert_int_equal(
		0, config_pairs("cleanup.policy=[compact,delete], a=,b=1", false, p, 3, &n, &e));
	assert_int_equal(3, n);
	assert_true(str_eqz(p[0].value, "compact,delete"));
	assert_true(str_eqz(p[1].value, ""));
	assert_int_equal(ERR_INVALID, config_pairs("a", false, p, 3, &n, &e));
	assert_int_equal(ERR_INVALID, config_pairs("=1", false, p, 3, &n, &e));
	assert_int_equal(ERR_INVALID, config_pairs("", false, p, 3, &n, &e));
	assert_int_equal(ERR_TOO_BIG, config_pairs("a=1,b=1,c=1,d=1", false, p, 3, &n, &e));
	assert_int_equal(0, config_pairs("a,b", true, p, 3, &n, &e));
	assert_int_equal(2, n);
}

static void topics_are_printed(void **state)
{
	static const int32_t ids[] = {1, 2};
	struct described_partition p = {.leader = -1, .replicas = {ids, 2}, .isr = {ids, 1}};
	struct described_topic t = {.name = STR_LIT("t")};
	struct buf b = BUF_EMPTY;
	(void)state;
	put_topic_partition(&b, t.name, &p);
	assert_string_equal("\tTopic: t\tPartition: 0\tLeader: none\tReplicas: 1,2\tIsr: 1\tElr: "
			    "\tLastKnownElr: \n",
		buf_z(&b));
	buf_clear(&b);
	p = (struct described_partition){.leader = 2,
		.replicas = {ids, 2},
		.isr = {ids, 2},
		.moving = true,
		.adding = {ids + 1, 1},
		.elr = {NULL, -1},
		.last_elr = {NULL, -1}};
	put_topic_partition(&b, t.name, &p);
	assert_string_equal("\tTopic: t\tPartition: 0\tLeader: 2\tReplicas: 1,2\tIsr: 1,2"
			    "\tAdding Replicas: 2\tRemoving Replicas: \tElr: N/A"
			    "\tLastKnownElr: N/A\n",
		buf_z(&b));
	buf_clear(&b);
	vec_push(&t.partitions, p);
	put_topic_head(&b, &t, 1);
	assert_string_equal("Topic: t\tTopicId: AAAAAAAAAAAAAAAAAAAAAA\tPartitionCount: 1"
			    "\tReplicationFactor: 1\tConfigs: \n",
		buf_z(&b));
	vec_fini(&t.partitions);
	buf_fini(&b);
}

static void assignments_are_read(void **state)
{
	struct replica_assignment a;
	struct err e;
	static const char *const bad[] = {"", "1:", "1:1", "1:2,3", "a", "1;2", "99999999999"};
	(void)state;
	assert_int_equal(0, replica_assignment_parse("1:2,2:3", &a, &e));
	assert_int_equal(2, a.ends.n);
	assert_int_equal(3, a.ids.v[3]);
	replica_assignment_fini(&a);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(ERR_INVALID, replica_assignment_parse(bad[i], &a, &e));
		replica_assignment_fini(&a);
	}
}

static void names_and_partitions_match(void **state)
{
	struct name_pattern p;
	struct err e;
	(void)state;
	assert_int_equal(0, name_pattern_init(&p, "a.*,b\\d", &e));
	assert_true(name_pattern_match(&p, STR_LIT("abc")));
	assert_true(name_pattern_match(&p, STR_LIT("b1")));
	assert_false(name_pattern_match(&p, STR_LIT("b12")));
	name_pattern_fini(&p);
	assert_int_equal(ERR_INVALID, name_pattern_init(&p, "(", &e));
	name_pattern_fini(&p);
	assert_true(partition_set_valid("0,2-4,9-"));
	assert_false(partition_set_valid("x"));
	assert_true(partition_set_has("0,2-4", 3));
	assert_false(partition_set_has("0,2-4", 4));
	assert_true(partition_set_has("7-", 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_split),
		cmocka_unit_test(wrong_options_are_named),
		cmocka_unit_test(optional_values_are_left_out),
		cmocka_unit_test(commands_are_found),
		cmocka_unit_test(help_shows_every_option),
		cmocka_unit_test(lines_become_records),
		cmocka_unit_test(records_are_printed),
		cmocka_unit_test(configs_are_split),
		cmocka_unit_test(topics_are_printed),
		cmocka_unit_test(assignments_are_read),
		cmocka_unit_test(names_and_partitions_match),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
