/* AlterConfigs and IncrementalAlterConfigs over a small table of keys. */
#include "fixture.h"

/* "list" holds lists and inherits "a,b"; "fixed" cannot be changed; "number" takes digits. */
static int check(void *arg, int8_t type, struct str key, struct str value, struct err *e)
{
	(void)arg;
	(void)type;
	if (str_eqz(key, "fixed"))
		return err_set(e, ERR_DENIED, "fixed is read when the broker starts");
	if (str_eqz(key, "number"))
		return value.n && value.p[0] >= '0' && value.p[0] <= '9'
			       ? 0
			       : err_set(e, ERR_INVALID, "number takes digits");
	if (str_eqz(key, "list") || str_eqz(key, "text"))
		return 0;
	return err_set(e, ERR_NOT_FOUND, "no such key; did you mean text?");
}

static bool is_list(void *arg, int8_t type, struct str key)
{
	(void)arg;
	(void)type;
	return str_eqz(key, "list");
}

static struct str inherited(
	void *arg, const struct image *img, int8_t type, struct str name, struct str key)
{
	(void)arg;
	(void)img;
	(void)type;
	(void)name;
	return str_eqz(key, "list") ? STR_LIT("a,b") : STR_NULL;
}

static void setup_cluster(struct fixture *f)
{
	fixture_init(f, 1, NULL);
	assert_int_equal(fixture_topic(f, "t", 1, 1), 0);
	f->set.configs = (struct control_config_ops){
		.check = check, .is_list = is_list, .inherited = inherited};
}

struct op {
	const char *key;
	int8_t op;
	const char *value;
};

static int16_t change(struct fixture *f, int8_t type, const char *name, const struct op *ops, int n)
{
	struct incremental_alter_configs_request_configs c[4];
	struct incremental_alter_configs_request_resources r = {type, str_of(name), c, n};
	struct incremental_alter_configs_request q = {.resources = &r, .n_resources = 1};
	struct incremental_alter_configs_response a;
	int16_t code;

	for (int i = 0; i < n; i++)
		c[i] = (struct incremental_alter_configs_request_configs){
			str_of(ops[i].key), ops[i].op, str_of(ops[i].value)};
	q.validate_only = true;
	assert_int_equal(control_incremental_alter_configs(&f->env, &q, &a, &f->out), 0);
	assert_int_equal(f->out.records.list.n, 0);
	code = a.responses[0].error_code;
	q.validate_only = false;
	assert_int_equal(control_incremental_alter_configs(&f->env, &q, &a, &f->out), 0);
	assert_int_equal(a.responses[0].error_code, code);
	assert_int_equal(a.responses[0].resource_type, type);
	assert_int_equal(code == 0, str_is_null(a.responses[0].error_message));
	if (code)
		assert_int_equal(f->out.records.list.n, 0);
	fixture_apply(f);
	return code;
}

static struct str value_of(struct fixture *f, const char *key)
{
	return image_config_value(&f->image, META_RESOURCE_TOPIC, STR_LIT("t"), str_of(key));
}

static void test_operations(void **state)
{
	static const struct {
		struct op op;
		int16_t code;
		const char *after; /* NULL: no override */
	} rows[] = {
		{{"text", 0, "x"}, KERR_NONE, "x"},
		{{"text", 0, ""}, KERR_NONE, ""},
		{{"text", 1, NULL}, KERR_NONE, NULL},
		{{"text", 1, NULL}, KERR_NONE, NULL},
		{{"text", 0, NULL}, KERR_INVALID_REQUEST, NULL},
		{{"text", 2, "x"}, KERR_INVALID_CONFIG, NULL},
		{{"text", 7, "x"}, KERR_INVALID_REQUEST, NULL},
		{{"number", 0, "abc"}, KERR_INVALID_CONFIG, NULL},
		{{"fixed", 0, "1"}, KERR_INVALID_REQUEST, NULL},
		{{"tetx", 0, "1"}, KERR_INVALID_CONFIG, NULL},
		{{"", 0, "1"}, KERR_INVALID_CONFIG, NULL},
		{{"list", 2, "c"}, KERR_NONE, "a,b,c"},
		{{"list", 2, "c, a"}, KERR_NONE, "a,b,c"},
		{{"list", 3, "b,x"}, KERR_NONE, "a,c"},
		{{"list", 3, "a,c"}, KERR_NONE, ""},
		{{"list", 2, NULL}, KERR_INVALID_REQUEST, ""},
		{{"list", 1, NULL}, KERR_NONE, NULL},
		{{"list", 3, "a"}, KERR_NONE, "b"},
	};
	struct fixture f;

	(void)state;
	setup_cluster(&f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str v;

		assert_int_equal(
			change(&f, META_RESOURCE_TOPIC, "t", &rows[i].op, 1), rows[i].code);
		v = value_of(&f, rows[i].op.key);
		if (rows[i].after)
			assert_true(str_eqz(v, rows[i].after));
		else
			assert_true(str_is_null(v));
	}
	fixture_fini(&f);
}

/* One bad key and nothing of the resource is changed. */
static void test_all_or_nothing(void **state)
{
	static const struct op mixed[] = {{"text", 0, "x"}, {"number", 0, "bad"}};
	static const struct op twice[] = {{"text", 0, "x"}, {"text", 0, "y"}};
	struct fixture f;

	(void)state;
	setup_cluster(&f);
	assert_int_equal(change(&f, META_RESOURCE_TOPIC, "t", mixed, 2), KERR_INVALID_CONFIG);
	assert_int_equal(change(&f, META_RESOURCE_TOPIC, "t", twice, 2), KERR_INVALID_REQUEST);
	assert_int_equal(f.image.configs.n, 0);
	fixture_fini(&f);
}

static void test_resources(void **state)
{
	static const struct {
		int8_t type;
		const char *name;
		int16_t code;
	} rows[] = {
		{META_RESOURCE_TOPIC, "t", KERR_NONE},
		{META_RESOURCE_TOPIC, "u", KERR_UNKNOWN_TOPIC_OR_PARTITION},
		{META_RESOURCE_BROKER, "", KERR_NONE},
		{META_RESOURCE_BROKER, "1", KERR_NONE},
		{META_RESOURCE_BROKER, "2", KERR_INVALID_REQUEST},
		{META_RESOURCE_BROKER, "01", KERR_INVALID_REQUEST},
		{META_RESOURCE_BROKER, "-1", KERR_INVALID_REQUEST},
		{META_RESOURCE_BROKER, "99999999999", KERR_INVALID_REQUEST},
		{META_RESOURCE_BROKER, "4294967297", KERR_INVALID_REQUEST},
		{META_RESOURCE_TOPIC, "", KERR_INVALID_REQUEST},
		{8, "1", KERR_INVALID_REQUEST},
		{0, "", KERR_INVALID_REQUEST},
	};
	static const struct op set = {"text", 0, "x"};
	struct fixture f;

	(void)state;
	setup_cluster(&f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(change(&f, rows[i].type, rows[i].name, &set, 1), rows[i].code);
	assert_int_equal(f.image.configs.n, 3);
	fixture_fini(&f);
}

static void test_replace(void **state)
{
	struct alter_configs_request_configs c[] = {
		{STR_LIT("number"), STR_LIT("5")}, {STR_LIT("text"), STR_LIT("x")}};
	struct alter_configs_request_resources r[] = {{META_RESOURCE_TOPIC, STR_LIT("t"), c, 2},
		{META_RESOURCE_BROKER, STR_LIT("1"), c, 1},
		{META_RESOURCE_BROKER, STR_LIT("1"), c, 1}};
	struct alter_configs_request q = {.resources = r, .n_resources = 1};
	struct alter_configs_response a;
	struct fixture f;

	(void)state;
	setup_cluster(&f);
	assert_int_equal(control_alter_configs(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(f.out.records.list.n, 2);
	fixture_apply(&f);
	assert_int_equal(control_alter_configs(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(f.out.records.list.n, 0);
	r[0].n_configs = 1;
	q.n_resources = 3;
	assert_int_equal(control_alter_configs(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.n_responses, 2);
	assert_int_equal(a.responses[0].error_code, 0);
	assert_int_equal(a.responses[1].error_code, KERR_INVALID_REQUEST);
	fixture_apply(&f);
	assert_true(str_is_null(value_of(&f, "text")));
	assert_true(str_eqz(value_of(&f, "number"), "5"));
	assert_null(image_config(&f.image, META_RESOURCE_BROKER, STR_LIT("1")));
	fixture_fini(&f);
}

static void test_of_new_topics(void **state)
{
	struct create_topics_request_configs c[] = {
		{STR_LIT("number"), STR_LIT("7")}, {STR_LIT("number"), STR_LIT("8")}};
	struct create_topics_request_topics t[] = {{.name = STR_LIT("good"),
							   .num_partitions = 1,
							   .replication_factor = 1,
							   .configs = c,
							   .n_configs = 1},
		{.name = STR_LIT("twice"),
			.num_partitions = 1,
			.replication_factor = 1,
			.configs = c,
			.n_configs = 2}};
	struct create_topics_request q = {.topics = t, .n_topics = 2};
	struct create_topics_response a;
	struct fixture f;

	(void)state;
	setup_cluster(&f);
	assert_int_equal(control_create_topics(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.topics[0].error_code, 0);
	assert_int_equal(a.topics[0].n_configs, 1);
	assert_int_equal(a.topics[1].error_code, KERR_INVALID_REQUEST);
	fixture_apply(&f);
	assert_null(image_topic(&f.image, STR_LIT("twice")));
	assert_true(str_eqz(image_config_value(&f.image, META_RESOURCE_TOPIC, STR_LIT("good"),
				    STR_LIT("number")),
		"7"));
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_resources),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_of_new_topics),
	};

	return cmocka_run_group_tests_name("configs", tests, NULL, NULL);
}
