/* Effective settings: which place wins, and what DescribeConfigs and the controller are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/xalloc.h"
#include "server/broker_config.h"
#include "server/configs.h"
#include "wire/compress.h"
#include "wire/kerr.h"
#include "wire/msg.h"

struct world {
	struct conf conf;
	struct image image;
	struct configs *configs;
	struct arena arena;
	int64_t offset;
};

static void apply(struct world *w, const struct msg_desc *desc, void *body)
{
	struct metarec r = {desc, 0, body};
	struct err e = {0};

	if (image_apply(&w->image, &r, w->offset++, 1, &e) < 0)
		fail_msg("%s", e.msg);
}

static void override(
	struct world *w, int8_t type, const char *name, const char *key, const char *value)
{
	struct config_record r;

	msg_init(&config_record_desc, &r);
	r.resource_type = type;
	r.resource_name = str_of(name);
	r.name = str_of(key);
	r.value = str_of(value);
	apply(w, &config_record_desc, &r);
}

static int setup(void **state)
{
	struct world *w = ALLOC(struct world);
	struct topic_record t;

	broker_config_init(&w->conf);
	image_init(&w->image);
	arena_init(&w->arena, 4 << 20);
	msg_init(&topic_record_desc, &t);
	t.name = STR_LIT("t");
	uuid_random(&t.topic_id);
	apply(w, &topic_record_desc, &t);
	w->configs = configs_new(&w->conf, 1);
	configs_set_image(w->configs, &w->image);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	configs_free(w->configs);
	image_fini(&w->image);
	conf_fini(&w->conf);
	arena_fini(&w->arena);
	free(w);
	return 0;
}

static void expect(struct world *w, const char *key, const char *value, enum config_source source)
{
	enum config_source got;
	struct str v = configs_topic_value(w->configs, STR_LIT("t"), key, &got);

	assert_true(str_eqz(v, value));
	assert_int_equal(got, source);
}

static void test_places_in_order(void **state)
{
	struct world *w = *state;

	expect(w, "retention.ms", "604800000", CONFIG_FROM_DEFAULT);
	assert_int_equal(conf_override(&w->conf, "log.retention.hours=100", NULL), 0);
	expect(w, "retention.ms", "360000000", CONFIG_FROM_DEFAULT);
	assert_int_equal(conf_override(&w->conf, "log.retention.minutes=3", NULL), 0);
	expect(w, "retention.ms", "180000", CONFIG_FROM_DEFAULT);
	assert_int_equal(conf_override(&w->conf, "log.segment.bytes=2000000", NULL), 0);
	expect(w, "segment.bytes", "2000000", CONFIG_FROM_FILE);
	override(w, META_RESOURCE_BROKER, "", "log.retention.ms", "88000");
	expect(w, "retention.ms", "88000", CONFIG_FROM_ALL_BROKERS);
	override(w, META_RESOURCE_BROKER, "2", "log.retention.ms", "1");
	expect(w, "retention.ms", "88000", CONFIG_FROM_ALL_BROKERS);
	override(w, META_RESOURCE_BROKER, "1", "log.retention.ms", "77000");
	expect(w, "retention.ms", "77000", CONFIG_FROM_BROKER);
	override(w, META_RESOURCE_TOPIC, "t", "retention.ms", "5000");
	expect(w, "retention.ms", "5000", CONFIG_FROM_TOPIC);
	override(w, META_RESOURCE_TOPIC, "t", "retention.ms", NULL);
	expect(w, "retention.ms", "77000", CONFIG_FROM_BROKER);
}

static void test_never_is_never_in_any_unit(void **state)
{
	struct world *w = *state;

	assert_int_equal(conf_override(&w->conf, "log.retention.hours=-1", NULL), 0);
	expect(w, "retention.ms", "-1", CONFIG_FROM_DEFAULT);
}

static void test_topic_together(void **state)
{
	struct world *w = *state;
	struct repl_config c;

	configs_topic(w->configs, STR_LIT("t"), &c);
	assert_memory_equal(&c.log.retention_ms, &plog_config_default.retention_ms, 8);
	assert_int_equal(c.log.segment_bytes, 1 << 30);
	assert_int_equal(c.log.segment_ms, 604800000);
	assert_int_equal(c.log.flush_ms, INT64_MAX);
	assert_int_equal(c.log.producer_expiry_ms, 86400000);
	assert_true(c.log.cleanup_delete && !c.log.cleanup_compact);
	assert_int_equal(c.max_message_bytes, 1048588);
	assert_int_equal(c.compression, -1);
	assert_false(c.log_append_time);
	override(w, META_RESOURCE_TOPIC, "t", "compression.type", "uncompressed");
	override(w, META_RESOURCE_TOPIC, "t", "cleanup.policy", "compact");
	override(w, META_RESOURCE_TOPIC, "t", "message.timestamp.type", "LogAppendTime");
	override(w, META_RESOURCE_TOPIC, "t", "internal.segment.bytes", "1000");
	override(w, META_RESOURCE_BROKER, "", "min.insync.replicas", "2");
	override(w, META_RESOURCE_BROKER, "1", "unclean.leader.election.enable", "true");
	configs_topic(w->configs, STR_LIT("t"), &c);
	assert_int_equal(c.compression, COMPRESS_NONE);
	assert_true(!c.log.cleanup_delete && c.log.cleanup_compact);
	assert_true(c.log_append_time);
	assert_int_equal(c.log.segment_bytes, 1000);
	assert_int_equal(c.min_insync_replicas, 2);
	configs_topic(w->configs, STR_NULL, &c);
	assert_int_equal(c.compression, -1);
}

/* ---- DescribeConfigs ------------------------------------------------------------------------ */

static int16_t describe(struct world *w, int8_t type, const char *name, bool synonyms,
	struct describe_configs_response_results *out)
{
	const struct config_ops *ops = configs_ops(w->configs);
	struct config_wanted wanted = {.type = type,
		.name = str_of(name),
		.n_keys = -1,
		.synonyms = synonyms,
		.docs = true};

	msg_struct_init(&describe_configs_response_results_struct, out);
	assert_int_equal(ops->describe(ops->arg, &w->arena, &wanted, out), 0);
	assert_true(str_eqz(out->resource_name, name));
	assert_int_equal(out->resource_type, type);
	assert_true((out->error_code != 0) == !str_is_null(out->error_message));
	return out->error_code;
}

static const struct describe_configs_response_configs *entry(
	const struct describe_configs_response_results *r, const char *key)
{
	for (int32_t i = 0; i < r->n_configs; i++)
		if (str_eqz(r->configs[i].name, key))
			return &r->configs[i];
	return NULL;
}

static void is_synonym(const struct describe_configs_response_configs *e, int32_t i,
	const char *name, const char *value, int8_t source)
{
	assert_true(i < e->n_synonyms);
	assert_true(str_eqz(e->synonyms[i].name, name));
	assert_true(str_eqz(e->synonyms[i].value, value));
	assert_int_equal(e->synonyms[i].source, source);
}

/* As a broker of Kafka 4.3 answered with the same settings. */
static void test_describe_topic(void **state)
{
	struct world *w = *state;
	struct describe_configs_response_results r;
	const struct describe_configs_response_configs *e;

	assert_int_equal(conf_override(&w->conf, "log.retention.hours=100", NULL), 0);
	override(w, META_RESOURCE_BROKER, "", "log.retention.ms", "88000");
	override(w, META_RESOURCE_BROKER, "1", "log.retention.ms", "77000");
	override(w, META_RESOURCE_TOPIC, "t", "retention.ms", "5000");
	assert_int_equal(describe(w, CONFIG_RESOURCE_TOPIC, "t", true, &r), 0);
	assert_int_equal(r.n_configs, 33);
	e = entry(&r, "retention.ms");
	assert_non_null(e);
	assert_int_equal(e->n_synonyms, 5);
	is_synonym(e, 0, "retention.ms", "5000", 1);
	is_synonym(e, 1, "log.retention.ms", "77000", 2);
	is_synonym(e, 2, "log.retention.ms", "88000", 3);
	is_synonym(e, 3, "log.retention.hours", "100", 4);
	is_synonym(e, 4, "log.retention.hours", "168", 5);
	assert_int_equal(e->config_type, CONF_LONG);
	assert_false(e->read_only || e->is_sensitive);
	assert_true(e->documentation.n > 0);
	e = entry(&r, "remote.storage.enable");
	assert_true(e->n_synonyms == 0);
	e = entry(&r, "segment.jitter.ms");
	assert_true(e->n_synonyms == 0 && e->config_source == 5 && str_eqz(e->value, "0"));
	assert_null(entry(&r, "internal.segment.bytes"));
}

static void test_describe_broker(void **state)
{
	struct world *w = *state;
	struct describe_configs_response_results r;
	const struct describe_configs_response_configs *e;

	assert_int_equal(conf_override(&w->conf, "log.retention.hours=100", NULL), 0);
	assert_int_equal(conf_override(&w->conf, "ssl.keystore.password=geheim", NULL), 0);
	override(w, META_RESOURCE_BROKER, "1", "log.retention.ms", "77000");
	assert_int_equal(describe(w, CONFIG_RESOURCE_BROKER, "1", true, &r), 0);
	e = entry(&r, "log.retention.ms");
	assert_true(str_eqz(e->value, "77000") && e->config_source == 2 && !e->read_only);
	assert_int_equal(e->n_synonyms, 3);
	is_synonym(e, 1, "log.retention.hours", "100", 4);
	e = entry(&r, "log.retention.hours");
	assert_true(str_eqz(e->value, "100") && e->config_source == 4 && e->read_only);
	assert_int_equal(e->n_synonyms, 2);
	e = entry(&r, "ssl.keystore.password");
	assert_true(e->is_sensitive && str_is_null(e->value) && e->n_synonyms == 1);
	assert_true(str_is_null(e->synonyms[0].value));
	assert_non_null(entry(&r, "num.io.threads"));
	assert_non_null(entry(&r, "kdeck.log.level"));
	assert_int_equal(describe(w, CONFIG_RESOURCE_BROKER, "1", false, &r), 0);
	assert_int_equal(entry(&r, "log.retention.ms")->n_synonyms, 0);
}

static void test_describe_all_brokers(void **state)
{
	struct world *w = *state;
	struct describe_configs_response_results r;

	assert_int_equal(describe(w, CONFIG_RESOURCE_BROKER, "", true, &r), 0);
	assert_int_equal(r.n_configs, 0);
	override(w, META_RESOURCE_BROKER, "", "log.retention.ms", "88000");
	override(w, META_RESOURCE_BROKER, "1", "log.roll.ms", "77000");
	assert_int_equal(describe(w, CONFIG_RESOURCE_BROKER, "", true, &r), 0);
	assert_int_equal(r.n_configs, 1);
	assert_int_equal(r.configs[0].config_source, 3);
	is_synonym(&r.configs[0], 0, "log.retention.ms", "88000", 3);
}

static void test_describe_what_is_not_there(void **state)
{
	struct world *w = *state;
	struct describe_configs_response_results r;

	assert_int_equal(describe(w, CONFIG_RESOURCE_TOPIC, "nope", true, &r),
		KERR_UNKNOWN_TOPIC_OR_PARTITION);
	assert_int_equal(
		describe(w, CONFIG_RESOURCE_TOPIC, "", true, &r), KERR_INVALID_TOPIC_EXCEPTION);
	assert_int_equal(
		describe(w, CONFIG_RESOURCE_TOPIC, "a b", true, &r), KERR_INVALID_TOPIC_EXCEPTION);
	assert_int_equal(describe(w, CONFIG_RESOURCE_BROKER, "7", true, &r), KERR_INVALID_REQUEST);
	assert_int_equal(describe(w, CONFIG_RESOURCE_BROKER, "x", true, &r), KERR_INVALID_REQUEST);
	assert_int_equal(
		describe(w, CONFIG_RESOURCE_BROKER_LOGGER, "1", true, &r), KERR_INVALID_REQUEST);
	assert_int_equal(describe(w, CONFIG_RESOURCE_GROUP, "g", true, &r), KERR_INVALID_REQUEST);
	assert_int_equal(describe(w, 99, "g", true, &r), KERR_INVALID_REQUEST);
}

static void test_wanted_keys(void **state)
{
	struct world *w = *state;
	const struct config_ops *ops = configs_ops(w->configs);
	const struct str keys[] = {
		STR_LIT("segment.bytes"), STR_LIT("no.such"), STR_LIT("cleanup.policy")};
	struct config_wanted wanted = {
		.type = CONFIG_RESOURCE_TOPIC, .name = STR_LIT("t"), .keys = keys, .n_keys = 3};
	struct describe_configs_response_results r;

	msg_struct_init(&describe_configs_response_results_struct, &r);
	assert_int_equal(ops->describe(ops->arg, &w->arena, &wanted, &r), 0);
	assert_int_equal(r.n_configs, 2);
	assert_true(str_is_null(r.configs[0].documentation));
}

static void test_arena_limit(void **state)
{
	struct world *w = *state;
	const struct config_ops *ops = configs_ops(w->configs);
	struct config_wanted wanted = {.type = CONFIG_RESOURCE_BROKER,
		.name = STR_LIT("1"),
		.n_keys = -1,
		.synonyms = true};
	struct describe_configs_response_results r;

	for (size_t limit = 1; limit < 200000; limit = limit * 3 / 2 + 1) {
		struct arena a;

		arena_init(&a, limit);
		msg_struct_init(&describe_configs_response_results_struct, &r);
		assert_in_set(-ops->describe(ops->arg, &a, &wanted, &r),
			((uintmax_t[]){0, -ERR_NOMEM}), 2);
		arena_fini(&a);
	}
}

/* ---- the controller's view ------------------------------------------------------------------- */

static void test_control_check(void **state)
{
	struct world *w = *state;
	static const struct {
		int8_t type;
		const char *key, *value;
		int rc;
	} rows[] = {
		{META_RESOURCE_TOPIC, "segment.bytes", "1048576", 0},
		{META_RESOURCE_TOPIC, "segment.bytes", "1", ERR_INVALID},
		{META_RESOURCE_TOPIC, "segmnt.bytes", "1", ERR_NOT_FOUND},
		{META_RESOURCE_BROKER, "log.retention.ms", "1000", 0},
		{META_RESOURCE_BROKER, "log.retention.ms", "0", ERR_INVALID},
		{META_RESOURCE_BROKER, "leader.replication.throttled.rate", "1000", 0},
		{META_RESOURCE_BROKER, "num.partitions", "3", ERR_DENIED},
		{META_RESOURCE_BROKER, "ssl.keystore.password", "x", ERR_DENIED},
		{META_RESOURCE_BROKER, "listener.name.x.ssl.key.password", "x", ERR_DENIED},
		{META_RESOURCE_BROKER, "nonsense.key", "3", ERR_NOT_FOUND},
		{99, "x", "3", ERR_INVALID},
	};
	struct control_config_ops ops;

	configs_control_ops(w->configs, &ops);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {0};

		assert_int_equal(ops.check(ops.arg, rows[i].type, str_of(rows[i].key),
					 str_of(rows[i].value), &e),
			rows[i].rc);
		assert_true((rows[i].rc == 0) == (e.msg[0] == 0));
	}
	assert_true(ops.is_list(ops.arg, META_RESOURCE_TOPIC, STR_LIT("cleanup.policy")));
	assert_false(ops.is_list(ops.arg, META_RESOURCE_TOPIC, STR_LIT("retention.ms")));
	assert_true(ops.is_list(ops.arg, META_RESOURCE_BROKER, STR_LIT("log.cleanup.policy")));
	assert_false(ops.is_list(ops.arg, META_RESOURCE_BROKER, STR_LIT("nonsense")));
}

static bool inherits(
	struct world *w, int8_t type, const char *name, const char *key, const char *value)
{
	struct control_config_ops ops;

	configs_control_ops(w->configs, &ops);
	return str_eqz(ops.inherited(ops.arg, &w->image, type, str_of(name), str_of(key)), value);
}

static void test_control_inherited(void **state)
{
	struct world *w = *state;

	override(w, META_RESOURCE_TOPIC, "t", "cleanup.policy", "compact");
	assert_true(inherits(w, META_RESOURCE_TOPIC, "t", "cleanup.policy", "delete"));
	override(w, META_RESOURCE_BROKER, "", "log.cleanup.policy", "compact,delete");
	assert_true(inherits(w, META_RESOURCE_TOPIC, "t", "cleanup.policy", "compact,delete"));
	assert_true(inherits(w, META_RESOURCE_BROKER, "1", "log.cleanup.policy", "compact,delete"));
	assert_true(inherits(w, META_RESOURCE_BROKER, "", "log.cleanup.policy", "delete"));
	assert_false(inherits(w, META_RESOURCE_TOPIC, "t", "nonsense", ""));
}

static void test_control_describe(void **state)
{
	struct world *w = *state;
	struct image_config_entry overrides[] = {{STR_LIT("retention.ms"), STR_LIT("9")}};
	struct control_topic_config *out;
	struct control_config_ops ops;
	int seen = 0;

	configs_control_ops(w->configs, &ops);
	assert_int_equal(ops.describe(ops.arg, &w->image, &w->arena, overrides, 1, &out), 33);
	for (int i = 0; i < 33; i++) {
		bool set = str_eqz(out[i].name, "retention.ms");

		seen += set;
		assert_int_equal(out[i].source, set ? CONFIG_FROM_TOPIC : CONFIG_FROM_DEFAULT);
		assert_true(!set || str_eqz(out[i].value, "9"));
	}
	assert_int_equal(seen, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_places_in_order),
		TEST(test_never_is_never_in_any_unit),
		TEST(test_topic_together),
		TEST(test_describe_topic),
		TEST(test_describe_broker),
		TEST(test_describe_all_brokers),
		TEST(test_describe_what_is_not_there),
		TEST(test_wanted_keys),
		TEST(test_arena_limit),
		TEST(test_control_check),
		TEST(test_control_inherited),
		TEST(test_control_describe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
