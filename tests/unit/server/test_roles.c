/* Which part the settings give a node in the quorum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/xalloc.h"
#include "server/broker_config.h"
#include "server/server.h"

#define LINES  4
#define VOTERS "controller.quorum.voters=1@h1:19093,2@127.0.0.1:19094,3@[::1]:19095"

static int read(const char *const lines[LINES], struct server_settings *set, struct err *e)
{
	struct conf c;
	int rc = 0;

	broker_config_init(&c);
	for (int i = 0; i < LINES && lines[i] && rc == 0; i++)
		rc = conf_override(&c, lines[i], e);
	if (rc == 0)
		rc = broker_config_settle(&c, e);
	if (rc == 0)
		rc = server_settings_read(&c, set, e);
	conf_fini(&c);
	return rc;
}

static void test_parts(void **state)
{
	static const struct {
		const char *lines[LINES];
		bool broker, controller, anywhere;
		int n_voters, n_bootstrap, n_listeners;
		const char *host;
		uint16_t port;
	} rows[] = {
		{{NULL}, true, true, true, 0, 0, 1, "127.0.0.1", 29092},
		{{"listeners=PLAINTEXT://:0"}, true, true, true, 0, 0, 1, "127.0.0.1", 0},
		{{"listeners=PLAINTEXT://:45536"}, true, true, true, 0, 0, 1, "127.0.0.1", 0},
		{{"listeners=PLAINTEXT://:45535"}, true, true, true, 0, 0, 1, "127.0.0.1", 65535},
		{{"listeners=PLAINTEXT://:9092,CONTROLLER://:7"}, true, true, false, 0, 0, 1,
			"127.0.0.1", 7},
		{{"listeners=PLAINTEXT://127.0.0.1:7,CONTROLLER://127.0.0.2:7"}, true, true, false,
			0, 0, 1, "127.0.0.2", 7},
		{{"listeners=PLAINTEXT://:0,CONTROLLER://:0"}, true, true, false, 0, 0, 1,
			"127.0.0.1", 0},
		{{"listeners=PLAINTEXT://:9092,B://:29092",
			 "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,B:PLAINTEXT"},
			true, true, true, 0, 0, 2, "127.0.0.1", 29092},
		{{"node.id=1", VOTERS}, true, true, false, 3, 0, 1, "h1", 19093},
		{{"node.id=3", VOTERS}, true, true, false, 3, 0, 1, "::1", 19095},
		{{"node.id=2", VOTERS, "process.roles=controller"}, false, true, false, 3, 0, 0,
			"127.0.0.1", 19094},
		{{"process.roles=controller", "listeners=CONTROLLER://127.0.0.1:2181"}, false, true,
			false, 0, 0, 0, "127.0.0.1", 2181},
		{{"node.id=4", VOTERS, "process.roles=broker"}, true, false, false, 3, 0, 1, "", 0},
		{{"node.id=4", "controller.quorum.bootstrap.servers=a:1,:2"}, true, false, false, 0,
			2, 1, "", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct server_settings *set = ALLOC(struct server_settings);
		struct err e = {0};

		assert_int_equal(read(rows[i].lines, set, &e), 0);
		assert_int_equal(set->is_broker, rows[i].broker);
		assert_int_equal(set->is_controller, rows[i].controller);
		assert_int_equal(set->controller_anywhere, rows[i].anywhere);
		assert_int_equal(set->n_voters, rows[i].n_voters);
		assert_int_equal(set->n_bootstrap, rows[i].n_bootstrap);
		assert_int_equal(set->n_listeners, rows[i].n_listeners);
		assert_string_equal(set->controller.host, rows[i].host);
		assert_int_equal(set->controller.port, rows[i].port);
		free(set);
	}
}

static void test_contradictions(void **state)
{
	static const struct {
		const char *lines[LINES];
		const char *words;
	} rows[] = {
		{{"node.id=4", VOTERS}, "node 4 is not in controller.quorum.voters"},
		{{"node.id=1", VOTERS, "process.roles=broker"}, "has no controller"},
		{{"process.roles=broker"}, "controller.quorum.bootstrap.servers"},
		{{"process.roles=broker,controller", "controller.quorum.bootstrap.servers=a:1"},
			"controller.quorum.voters is empty"},
		{{"node.id=1", "controller.quorum.voters=1@a:1,1@b:2"}, "stands twice"},
		{{"node.id=1", "controller.quorum.voters=1@a:0"}, "from 1 to 65535"},
		{{"node.id=4", VOTERS, "process.roles=broker",
			 "listeners=PLAINTEXT://:9092,CONTROLLER://:9093"},
			"CONTROLLER is for controllers"},
		{{"process.roles=controller", "listeners=PLAINTEXT://:9092"},
			"PLAINTEXT is for clients"},
		{{"controller.listener.names=A,B", "listeners=PLAINTEXT://:1,A://:2,B://:3"},
			"a second one for controllers"},
		{{"listeners=CONTROLLER://:9093"}, "none is for clients"},
		{{"listeners=PLAINTEXT://:7,CONTROLLER://127.0.0.1:7"},
			"listeners: two listeners on port 7"},
		{{"listeners=PLAINTEXT://127.0.0.1:7,CONTROLLER://0.0.0.0:7"},
			"listeners: two listeners on port 7"},
		{{"listeners=PLAINTEXT://[::1]:7,CONTROLLER://[::]:7"},
			"listeners: two listeners on port 7"},
		{{"listeners=PLAINTEXT://:7", "kdeck.http.listener=127.0.0.1:7"},
			"kdeck.http.listener: two listeners on port 7"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct server_settings *set = ALLOC(struct server_settings);
		struct err e = {0};

		assert_true(read(rows[i].lines, set, &e) < 0);
		if (!strstr(e.msg, rows[i].words))
			fail_msg("row %zu: %s", i, e.msg);
		free(set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_contradictions),
	};

	return cmocka_run_group_tests_name("roles", tests, NULL, NULL);
}
