/* Settings by table: sources, checks, messages, what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "conf/conf.h"

static int check_even(const struct conf_def *def, struct str value, struct err *e)
{
	int64_t v;

	if (conf_parse_long(value, &v) && v % 2 == 0)
		return 0;
	return err_set(e, ERR_INVALID, "%s: an even number", def->name);
}

static const struct conf_def table[] = {
	{.name = "some.int",
		.alias = "old.int",
		.type = CONF_INT,
		.def = "7",
		.min = 1,
		.max = 100,
		.doc = "A number."},
	{.name = "some.long", .type = CONF_LONG, .def = "-1"},
	{.name = "some.short", .type = CONF_SHORT, .def = "3"},
	{.name = "some.bool", .type = CONF_BOOL, .def = "true", .doc = ".starts with a dot"},
	{.name = "some.double", .type = CONF_DOUBLE, .def = "0.5", .min = 0, .max = 1},
	{.name = "some.list", .type = CONF_LIST, .def = "a", .values = "a|b|c"},
	{.name = "some.choice", .type = CONF_STRING, .def = "x", .values = "x|yy"},
	{.name = "some.text", .type = CONF_STRING, .def = NULL, .doc = "A text | with - marks."},
	{.name = "some.password", .type = CONF_PASSWORD, .def = NULL},
	{.name = "even", .type = CONF_INT, .def = "2", .check = check_even},
	{.name = "differs",
		.type = CONF_INT,
		.def = "0",
		.flags = CONF_DIFFERS,
		.kafka_def = "3000",
		.reason = "Because.",
		.doc = "Differs."},
	{.name = "inert.one", .type = CONF_INT, .def = "1", .flags = CONF_INERT},
	{.name = "inert.", .type = CONF_STRING, .flags = CONF_INERT | CONF_PREFIX},
	{.name = "gone", .type = CONF_STRING, .flags = CONF_OLD, .reason = "use some.text"},
};

static int setup(void **state)
{
	struct conf *c = calloc(1, sizeof(*c));

	conf_init(c, table, ARRAY_LEN(table));
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	conf_fini(*state);
	free(*state);
	return 0;
}

static void test_defaults(void **state)
{
	struct conf *c = *state;

	assert_int_equal(conf_get_int(c, "some.int"), 7);
	assert_int_equal(conf_get_long(c, "some.long"), -1);
	assert_true(conf_get_bool(c, "some.bool"));
	assert_true(conf_get_double(c, "some.double") == 0.5);
	assert_null(conf_get_z(c, "some.text"));
	assert_false(conf_is_set(c, "some.int"));
	assert_int_equal(conf_get_int(c, "old.int"), 7);
}

struct filled {
	int64_t before, wide;
	int32_t whole, after;
	int16_t narrow;
	bool yes;
};

#define INTO(member, n) \
	.into = {offsetof(struct filled, member), sizeof(((struct filled *)NULL)->member), n}

/* Each value at its member, in the member's unit; nothing beside them. */
static void test_fill(void **state)
{
	static const struct conf_def rows[] = {
		{.name = "wide", .type = CONF_INT, .def = "2147483647", INTO(wide, 60000)},
		{.name = "whole", .type = CONF_LONG, .def = "-5", INTO(whole, 1)},
		{.name = "narrow", .type = CONF_SHORT, .def = "300", INTO(narrow, 0)},
		{.name = "yes", .type = CONF_BOOL, .def = "false", INTO(yes, 1)},
		{.name = "nowhere", .type = CONF_LONG, .def = "9"},
	};
	struct filled f = {.before = 1, .after = 2, .yes = true};
	struct conf c;

	(void)state;
	conf_init(&c, rows, ARRAY_LEN(rows));
	conf_fill(&c, &f);
	assert_true(f.wide == INT64_C(2147483647) * 60000 && f.whole == -5);
	assert_true(f.narrow == 300 && !f.yes && f.before == 1 && f.after == 2);
	conf_fini(&c);
}

static void test_stronger_source_wins(void **state)
{
	struct conf *c = *state;
	struct err e = {0};

	assert_int_equal(conf_override(c, "some.int=9", &e), 0);
	assert_int_equal(
		conf_read_text(c, slice_str(str_of("some.int=8\nold.int=10")), "f", &e), 0);
	assert_int_equal(conf_get_int(c, "some.int"), 9);
	assert_string_equal(conf_value(c, "some.int")->where, "--override");
	assert_int_equal(
		conf_set(c, str_of("some.int"), str_of("11"), CONF_FROM_DYNAMIC, NULL, &e), 0);
	assert_int_equal(conf_get_int(c, "some.int"), 11);
	conf_set_default(c, "some.int", "50");
	assert_int_equal(conf_get_int(c, "some.int"), 11);
	conf_set_default(c, "some.long", "50");
	assert_int_equal(conf_get_long(c, "some.long"), 50);
	assert_false(conf_is_set(c, "some.long"));
}

static void test_file_and_line(void **state)
{
	struct conf *c = *state;
	struct err e = {0};

	assert_int_equal(
		conf_read_text(c, slice_str(str_of("\nold.int = 12 \n")), "a.properties", &e), 0);
	assert_int_equal(conf_get_int(c, "some.int"), 12);
	assert_string_equal(conf_value(c, "some.int")->where, "a.properties:2");
	assert_int_equal(conf_read_text(c, slice_str(str_of("#\nsome.itn=1")), "a.properties", &e),
		ERR_NOT_FOUND);
	assert_string_equal(
		e.msg, "a.properties:2: unknown setting some.itn; did you mean some.int?");
	assert_int_equal(conf_read_text(c, slice_str(str_of("some.int=x")), "a.properties", &e),
		ERR_INVALID);
	assert_string_equal(e.msg,
		"a.properties:1: some.int=x: expected a whole number from 1 to 100, for example "
		"some.int=7");
	assert_int_equal(
		conf_read_text(c, slice_str(str_of("some.int=x")), "f", NULL), ERR_INVALID);
	/* All that is wrong is told, and what is right is set. */
	size_t before = c->n_wrong;
	assert_int_equal(conf_read_text(c,
				 slice_str(str_of("some.itn=1\nsome.int=y\nsome.int=9\n\nx=\\uzz")),
				 "g", &e),
		ERR_NOT_FOUND);
	assert_int_equal(c->n_wrong, before + 3);
	assert_true(str_starts(str_of(c->wrong.v[before]), "g:1: "));
	assert_true(str_starts(str_of(c->wrong.v[before + 1]), "g:2: "));
	assert_true(str_starts(str_of(c->wrong.v[before + 2]), "g:5: "));
	assert_int_equal(conf_get_int(c, "some.int"), 9);
}

static void refused(struct conf *c, const char *assignment)
{
	struct err e = {0};

	assert_int_not_equal(conf_override(c, assignment, &e), 0);
	assert_true(e.msg[0] != 0);
}

static void test_values_are_checked(void **state)
{
	static const char *const good[] = {"some.int=1", "some.int=100", "some.int=+5",
		"some.int= 5\t", "some.long=9223372036854775807", "some.long=-9223372036854775808",
		"some.short=-32768", "some.bool=TRUE", "some.bool= false", "some.double=1",
		"some.double=0", "some.double=1e-3", "some.list=", "some.list=c,a",
		"some.list= a , b ", "some.choice=yy", "some.text=", "even=-4",
		"inert.one=what you like"};
	static const char *const bad[] = {"some.int=0", "some.int=101", "some.int=", "some.int=1x",
		"some.int=0x10", "some.int=--5", "some.int=1 2", "some.long=9223372036854775808",
		"some.short=32768", "some.bool=yes", "some.bool=1",
		"some.bool=", "some.double=1.01", "some.double=-0.1", "some.double=nan",
		"some.double=inf", "some.double=0,5", "some.double=", "some.list=d",
		"some.list=a,a", "some.list=a,", "some.choice=y", "some.choice=x|yy",
		"some.choice=", "even=3", "nothing", "=1", "", "completely.unknown.to.everybody=1"};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(conf_override(*state, good[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		refused(*state, bad[i]);
	assert_int_equal(conf_get_int(*state, "some.int"), 5);
	assert_string_equal(conf_get_z(*state, "some.list"), " a , b ");
}

static void test_long_input_is_cut_in_messages(void **state)
{
	struct buf text = BUF_EMPTY;

	buf_fill(&text, 'x', 100000);
	buf_puts(&text, "=1");
	refused(*state, buf_z(&text));
	buf_clear(&text);
	buf_puts(&text, "some.int=");
	buf_fill(&text, '1', 100000);
	refused(*state, buf_z(&text));
	buf_fini(&text);
}

static void test_without_meaning(void **state)
{
	struct conf *c = *state;

	assert_int_equal(conf_override(c, "inert.one=5", NULL), 0);
	assert_int_equal(conf_override(c, "inert.one=6", NULL), 0);
	assert_int_equal(conf_override(c, "inert.other.thing=5", NULL), 0);
	assert_int_equal(conf_override(c, "gone=5", NULL), 0);
	assert_int_equal(c->ignored.n, 2);
	assert_string_equal(c->ignored.v[1], "inert.other.thing");
	assert_int_equal(c->notes.n, 1);
	assert_string_equal(c->notes.v[0], "--override: gone: use some.text");
}

static void test_secrets_are_hidden(void **state)
{
	struct conf *c = *state;
	struct buf out = BUF_EMPTY;

	assert_int_equal(conf_override(c, "some.password=geheim", NULL), 0);
	conf_print_properties(c, &out);
	assert_null(strstr(buf_z(&out), "geheim"));
	assert_non_null(strstr(buf_z(&out), "#some.password=[hidden]\n"));
	buf_fini(&out);
}

static void test_printed_settings_read_back(void **state)
{
	struct conf *c = *state, again;
	struct buf out = BUF_EMPTY;

	assert_int_equal(conf_override(c, "some.text= a\\=\t#", NULL), 0);
	assert_int_equal(conf_override(c, "some.int=55", NULL), 0);
	conf_print_properties(c, &out);
	assert_non_null(strstr(buf_z(&out), "# Kafka's default is 3000. Because.\ndiffers=0\n"));
	assert_null(strstr(buf_z(&out), "inert"));
	conf_init(&again, table, ARRAY_LEN(table));
	assert_int_equal(conf_read_text(&again, buf_slice(&out), "f", NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (!(table[i].flags & CONF_PREFIX))
			assert_true(str_eq(conf_get_str(c, table[i].name),
				conf_get_str(&again, table[i].name)));
	conf_fini(&again);
	buf_fini(&out);
}

static void test_documentation(void **state)
{
	struct buf out = BUF_EMPTY;

	(void)state;
	conf_print_man(table, ARRAY_LEN(table), &out);
	assert_non_null(strstr(buf_z(&out), ".TP\n.B some.int\nA number.\n(int, default 7; "));
	assert_non_null(strstr(buf_z(&out), "\n\\&.starts with a dot\n"));
	assert_non_null(strstr(buf_z(&out), "Differs. (Kafka: 3000.) Because."));
	buf_clear(&out);
	conf_print_markdown(table, ARRAY_LEN(table), &out);
	assert_non_null(strstr(buf_z(&out), "A text \\| with - marks."));
	assert_null(strstr(buf_z(&out), "inert"));
	buf_fini(&out);
}

static void test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		size_t d;
	} rows[] = {{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1},
		{"abc", "acb", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
		{"abcdef", "uvwxyz", 5}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(conf_distance(str_of(rows[i].a), str_of(rows[i].b), 4), rows[i].d);
		assert_int_equal(conf_distance(str_of(rows[i].b), str_of(rows[i].a), 4), rows[i].d);
	}
}

static void test_lists(void **state)
{
	struct str rest = str_of(" a ,,b,c d , "), item;

	(void)state;
	assert_true(conf_list_next(&rest, &item) && str_eqz(item, "a"));
	assert_true(conf_list_next(&rest, &item) && str_eqz(item, "b"));
	assert_true(conf_list_next(&rest, &item) && str_eqz(item, "c d"));
	assert_false(conf_list_next(&rest, &item));
	assert_true(conf_list_has(str_of("x, y"), "y"));
	assert_false(conf_list_has(str_of("xy"), "y"));
	assert_false(conf_list_has(STR_NULL, "y"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *host; /* host NULL: it is none */
		uint16_t port;
	} rows[] = {
		{"h:1", "h", 1},
		{":0", "", 0},
		{"[::1]:65535", "::1", 65535},
		{"::1:7", "::1", 7},
		{"h", NULL, 0},
		{"h:", NULL, 0},
		{"h:-1", NULL, 0},
		{"h:65536", NULL, 0},
		{"h:1x", NULL, 0},
		{"", NULL, 0},
	};
	struct str name, host;
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(
			conf_parse_address(str_of(rows[i].text), &host, &port), !!rows[i].host);
		if (!rows[i].host)
			continue;
		assert_true(str_eqz(host, rows[i].host));
		assert_int_equal(port, rows[i].port);
	}
	assert_true(conf_parse_listener(STR_LIT("A://[::]:9092"), &name, &host, &port));
	assert_true(str_eqz(name, "A") && str_eqz(host, "::") && port == 9092);
	assert_false(conf_parse_listener(STR_LIT("://h:1"), &name, &host, &port));
	assert_false(conf_parse_listener(STR_LIT("h:1"), &name, &host, &port));
	assert_false(conf_parse_listener(STR_LIT("A://h"), &name, &host, &port));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		TEST(test_defaults),
		TEST(test_fill),
		TEST(test_stronger_source_wins),
		TEST(test_file_and_line),
		TEST(test_values_are_checked),
		TEST(test_long_input_is_cut_in_messages),
		TEST(test_without_meaning),
		TEST(test_secrets_are_hidden),
		TEST(test_printed_settings_read_back),
		TEST(test_documentation),
		TEST(test_distance),
		TEST(test_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
