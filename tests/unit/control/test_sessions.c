/* Who is silent: sessions, closed connections, new controllers. */
#include "fixture.h"

#include "control/sessions.h"

static const struct sessions_settings settings = {.session_ms = 9000, .grace_ms = 300};

static int32_t due(const struct sessions *s, int64_t now)
{
	int32_t ids[8];

	return sessions_due(s, now, ids, 8);
}

static void test_silence(void **state)
{
	struct sessions s;
	int32_t ids[4];

	(void)state;
	sessions_init(&s, &settings);
	assert_int_equal(sessions_next(&s), INT64_MAX);
	assert_int_equal(sessions_heard_ms(&s, 2), -1);
	sessions_heard(&s, 2, 1000);
	sessions_heard(&s, 1, 1500);
	assert_int_equal(sessions_next(&s), 10000);
	assert_int_equal(due(&s, 9999), 0);
	assert_int_equal(sessions_due(&s, 10000, ids, 4), 1);
	assert_int_equal(ids[0], 2);
	assert_int_equal(sessions_due(&s, 10500, ids, 4), 2);
	assert_int_equal(sessions_due(&s, 10500, ids, 1), 1);
	sessions_heard(&s, 2, 10500);
	assert_int_equal(due(&s, 10500), 1);
	sessions_drop(&s, 1);
	assert_int_equal(due(&s, 10500), 0);
	assert_int_equal(sessions_heard_ms(&s, 1), 1500);
	assert_int_equal(sessions_next(&s), 19500);
	sessions_fini(&s);
}

/* A closed connection shortens the session and never makes it longer; a heartbeat over another one
 * makes it whole. */
static void test_closed(void **state)
{
	struct sessions s;

	(void)state;
	sessions_init(&s, &settings);
	sessions_closed(&s, 1, 5);
	sessions_dead(&s, 1, 5);
	assert_int_equal(sessions_next(&s), INT64_MAX);
	sessions_heard(&s, 1, 0);
	sessions_closed(&s, 1, 8900);
	assert_int_equal(sessions_next(&s), 9000);
	sessions_heard(&s, 1, 8950);
	sessions_closed(&s, 1, 9100);
	assert_int_equal(sessions_next(&s), 9400);
	assert_int_equal(sessions_heard_ms(&s, 1), 9100);
	sessions_heard(&s, 1, 9399);
	assert_int_equal(due(&s, 9400), 0);
	sessions_closed(&s, 1, 9500);
	sessions_dead(&s, 1, 9510);
	assert_int_equal(due(&s, 9510), 1);
	sessions_dead(&s, 1, 9600);
	assert_int_equal(sessions_next(&s), 9510);
	sessions_drop(&s, 1);
	sessions_closed(&s, 1, 9700);
	assert_int_equal(sessions_next(&s), INT64_MAX);
	sessions_fini(&s);
}

static void test_new_controller(void **state)
{
	struct sessions s;
	struct fixture f;
	int32_t ids[4];

	(void)state;
	fixture_init(&f, 3, NULL);
	fixture_fence(&f, 3);
	sessions_init(&s, &settings);
	sessions_heard(&s, 9, 0);
	sessions_begin(&s, &f.image, 50000);
	assert_int_equal(sessions_heard_ms(&s, 9), -1);
	assert_int_equal(due(&s, 50299), 0);
	sessions_heard(&s, 1, 50100);
	assert_int_equal(sessions_due(&s, 50300, ids, 4), 1);
	assert_int_equal(ids[0], 2);
	sessions_end(&s);
	assert_int_equal(sessions_next(&s), INT64_MAX);
	sessions_fini(&s);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_new_controller),
	};

	return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
