/* Topic settings: that all of Kafka's are there, with its defaults, and what values they take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "meta/topic_config.h"

/* Of Kafka 4.3: name, ConfigType, default, the first broker setting that stands for it. */
static const struct {
	const char *name;
	int type;
	const char *def, *synonym;
} kafka[] = {
	{"cleanup.policy", 7, "delete", "log.cleanup.policy"},
	{"compression.gzip.level", 3, "-1", "compression.gzip.level"},
	{"compression.lz4.level", 3, "9", "compression.lz4.level"},
	{"compression.type", 2, "producer", "compression.type"},
	{"compression.zstd.level", 3, "3", "compression.zstd.level"},
	{"delete.retention.ms", 5, "86400000", "log.cleaner.delete.retention.ms"},
	{"file.delete.delay.ms", 5, "60000", "log.segment.delete.delay.ms"},
	{"flush.messages", 5, "9223372036854775807", "log.flush.interval.messages"},
	{"flush.ms", 5, "9223372036854775807", "log.flush.interval.ms"},
	{"follower.replication.throttled.replicas", 7, "", NULL},
	{"index.interval.bytes", 3, "4096", "log.index.interval.bytes"},
	{"internal.segment.bytes", 3, NULL, NULL},
	{"leader.replication.throttled.replicas", 7, "", NULL},
	{"local.retention.bytes", 5, "-2", "log.local.retention.bytes"},
	{"local.retention.ms", 5, "-2", "log.local.retention.ms"},
	{"max.compaction.lag.ms", 5, "9223372036854775807", "log.cleaner.max.compaction.lag.ms"},
	{"max.message.bytes", 3, "1048588", "message.max.bytes"},
	{"message.timestamp.after.max.ms", 5, "3600000", "log.message.timestamp.after.max.ms"},
	{"message.timestamp.before.max.ms", 5, "9223372036854775807",
		"log.message.timestamp.before.max.ms"},
	{"message.timestamp.type", 2, "CreateTime", "log.message.timestamp.type"},
	{"min.cleanable.dirty.ratio", 6, "0.5", "log.cleaner.min.cleanable.ratio"},
	{"min.compaction.lag.ms", 5, "0", "log.cleaner.min.compaction.lag.ms"},
	{"min.insync.replicas", 3, "1", "min.insync.replicas"},
	{"preallocate", 1, "false", "log.preallocate"},
	{"remote.log.copy.disable", 1, "false", NULL},
	{"remote.log.delete.on.disable", 1, "false", NULL},
	{"remote.storage.enable", 1, "false", NULL},
	{"retention.bytes", 5, "-1", "log.retention.bytes"},
	{"retention.ms", 5, "604800000", "log.retention.ms"},
	{"segment.bytes", 3, "1073741824", "log.segment.bytes"},
	{"segment.index.bytes", 3, "10485760", "log.index.size.max.bytes"},
	{"segment.jitter.ms", 5, "0", "log.roll.jitter.ms"},
	{"segment.ms", 5, "604800000", "log.roll.ms"},
	{"unclean.leader.election.enable", 1, "false", "unclean.leader.election.enable"},
};

static void test_all_of_kafka_are_there(void **state)
{
	(void)state;
	assert_int_equal(topic_config_count(), ARRAY_LEN(kafka));
	for (size_t i = 0; i < ARRAY_LEN(kafka); i++) {
		const struct topic_config *t = topic_config_find(str_of(kafka[i].name));

		assert_non_null(t);
		assert_ptr_equal(t, topic_config_at(i));
		assert_int_equal(t->def.type, kafka[i].type);
		if (kafka[i].def)
			assert_string_equal(t->def.def, kafka[i].def);
		else
			assert_null(t->def.def);
		if (kafka[i].synonym)
			assert_string_equal(t->synonyms[0].broker_key, kafka[i].synonym);
		else
			assert_null(t->synonyms[0].broker_key);
	}
}

static void test_defaults_are_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < topic_config_count(); i++) {
		const struct topic_config *t = topic_config_at(i);

		assert_true(t->def.doc && strlen(t->def.doc) > 20);
		assert_int_equal(conf_check(&t->def, str_of(t->def.def), NULL), 0);
	}
}

static int check(const char *name, const char *value)
{
	struct err e = {0};
	int rc = topic_config_check(str_of(name), str_of(value), &e);

	assert_int_equal(rc, e.code);
	assert_true((rc < 0) == (e.msg[0] != 0));
	return rc;
}

static void test_values(void **state)
{
	static const char *const good[][2] = {
		{"cleanup.policy", "compact,delete"},
		{"cleanup.policy", ""},
		{"compression.gzip.level", "-1"},
		{"compression.gzip.level", "9"},
		{"compression.type", "uncompressed"},
		{"segment.bytes", "1048576"},
		{"retention.ms", "-1"},
		{"min.cleanable.dirty.ratio", "0.01"},
		{"leader.replication.throttled.replicas", "*"},
		{"leader.replication.throttled.replicas", "0:1,2:3"},
		{"remote.storage.enable", "false"},
		{"message.timestamp.type", "LogAppendTime"},
	};
	static const char *const bad[][2] = {
		{"cleanup.policy", "remove"},
		{"cleanup.policy", "compact,compact"},
		{"compression.gzip.level", "0"},
		{"compression.lz4.level", "18"},
		{"compression.type", "brotli"},
		{"segment.bytes", "1"},
		{"segment.bytes", "2147483648"},
		{"segment.bytes", "abc"},
		{"retention.ms", "-2"},
		{"min.cleanable.dirty.ratio", "2"},
		{"min.insync.replicas", "0"},
		{"leader.replication.throttled.replicas", "a"},
		{"leader.replication.throttled.replicas", "1:"},
		{"leader.replication.throttled.replicas", "-1:2"},
		{"remote.storage.enable", "true"},
		{"unclean.leader.election.enable", "yes"},
		{"message.timestamp.type", "createtime"},
		{"max.message.bytes", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(check(good[i][0], good[i][1]), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(check(bad[i][0], bad[i][1]), ERR_INVALID);
}

static void test_unknown_names(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(check("no.such.thing.at.all", "1"), ERR_NOT_FOUND);
	assert_int_equal(check("", "1"), ERR_NOT_FOUND);
	assert_int_equal(topic_config_check(str_of("retention.m"), str_of("1"), &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, "did you mean retention.ms?"));
	assert_string_equal(topic_config_nearest(str_of("clenup.policy")), "cleanup.policy");
	assert_null(topic_config_nearest(str_of("zookeeper")));
	assert_null(topic_config_find(str_of("retention")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_kafka_are_there),
		cmocka_unit_test(test_defaults_are_valid),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_unknown_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
