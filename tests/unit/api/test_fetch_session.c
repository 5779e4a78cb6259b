/* Fetch sessions: found by id, partitions once each, and bounds on both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/fetch_session.h"

#define SLOTS 3

struct fixture {
	struct fetch_sessions *s;
	struct rng rng;
};

static struct fixture fixture;

static int setup(void **state)
{
	fixture.s = fetch_sessions_new(SLOTS);
	rng_seed(&fixture.rng, 1);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	fetch_sessions_free(((struct fixture *)*state)->s);
	return 0;
}

static struct fetch_session *make(struct fixture *f, bool follower, size_t n, int64_t now)
{
	return fetch_session_new(f->s, &f->rng, follower, true, n, now);
}

static void test_parts_once_each(void **state)
{
	struct fixture *f = *state;
	struct fetch_session *s = make(f, false, 2, 0);
	struct uuid a = {{1}}, b = {{2}};
	struct fetch_part *p = fetch_session_part(f->s, s, STR_NULL, &a, 0);

	assert_ptr_equal(fetch_session_find(f->s, s->id), s);
	assert_null(fetch_session_find(f->s, s->id + 1));
	assert_ptr_equal(fetch_session_part(f->s, s, STR_NULL, &a, 0), p);
	assert_ptr_not_equal(fetch_session_part(f->s, s, STR_NULL, &a, 1), p);
	assert_ptr_not_equal(fetch_session_part(f->s, s, STR_NULL, &b, 0), p);
	assert_int_equal(s->n_parts, 3);
	fetch_session_forget(f->s, s, STR_NULL, &a, 0);
	fetch_session_forget(f->s, s, STR_NULL, &a, 7);
	assert_int_equal(s->n_parts, 2);
}

static void test_parts_by_name(void **state)
{
	struct fixture *f = *state;
	struct fetch_session *s = fetch_session_new(f->s, &f->rng, false, false, 1, 0);
	struct uuid none = {{0}};
	struct fetch_part *p = fetch_session_part(f->s, s, STR_LIT("one"), &none, 0);

	assert_true(str_eqz(p->name, "one"));
	assert_ptr_equal(fetch_session_part(f->s, s, STR_LIT("one"), &none, 0), p);
	assert_ptr_not_equal(fetch_session_part(f->s, s, STR_LIT("on"), &none, 0), p);
}

/* The one that was idle for longest, and long enough, gives way; a consumer's also to a follower.
 */
static void test_who_gives_way(void **state)
{
	struct fixture *f = *state;
	struct fetch_session *s[SLOTS];
	int32_t id[SLOTS];

	for (int i = 0; i < SLOTS; i++) {
		s[i] = make(f, i == 0, 1, i);
		id[i] = s[i]->id;
	}
	assert_null(make(f, false, 1, 10));
	assert_non_null(make(f, true, 1, 10));
	assert_null(fetch_session_find(f->s, id[1]));
	fetch_session_touch(f->s, s[0], 20);
	assert_null(make(f, false, 1, FETCH_SESSION_IDLE_MS + 1));
	assert_non_null(make(f, false, 1, FETCH_SESSION_IDLE_MS + 2));
	assert_null(fetch_session_find(f->s, id[2]));
	assert_ptr_equal(fetch_session_find(f->s, id[0]), s[0]);
	assert_int_equal(fetch_sessions_count(f->s), SLOTS);
}

/* One whose fetch waits stays, however long. */
static void test_waiting_one_stays(void **state)
{
	struct fixture *f = *state;
	struct fetch_session *s[SLOTS];

	for (int i = 0; i < SLOTS; i++) {
		s[i] = make(f, false, 1, 0);
		s[i]->fetch = (struct fetch *)s[i];
	}
	assert_null(make(f, true, 1, 10 * FETCH_SESSION_IDLE_MS));
	s[1]->fetch = NULL;
	assert_non_null(make(f, true, 1, 10 * FETCH_SESSION_IDLE_MS));
	s[0]->fetch = s[2]->fetch = NULL;
}

static void test_bound_on_partitions(void **state)
{
	struct fixture *f = *state;
	struct uuid id = {{1}};
	struct fetch_session *s = make(f, false, 1, 0);

	/* More than there can ever be takes no other's place. */
	assert_null(make(f, true, FETCH_SESSION_PARTS + 1, 10 * FETCH_SESSION_IDLE_MS));
	assert_int_equal(fetch_sessions_count(f->s), 1);
	for (int32_t i = 0; i < FETCH_SESSION_PARTS; i++)
		assert_non_null(fetch_session_part(f->s, s, STR_NULL, &id, i));
	assert_null(fetch_session_part(f->s, s, STR_NULL, &id, FETCH_SESSION_PARTS));
	assert_null(make(f, false, 1, 0));
	fetch_session_free(f->s, s);
	assert_non_null(make(f, false, 1, 0));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_parts_once_each),
		TEST(test_parts_by_name),
		TEST(test_who_gives_way),
		TEST(test_waiting_one_stays),
		TEST(test_bound_on_partitions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
