/* The lab's engine where nothing answers: what it refuses, and children that are no members. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "io/loop.h"
#include "lab/lab.h"
#include "lab_members.h"
#include "traffic/traffic.h"

struct bench {
	struct loop *loop;
	struct lab *lab;
	const char *const *program; /* NULL: kdeck of this build */
	char kdeck[4096];
	const char *argv[3];
};

static void open_lab(struct bench *b, bool read_only)
{
	struct lab_options o = {.bootstrap = "127.0.0.1:1",
		.read_only = read_only,
		.program = b->program ? b->program : b->argv};

	b->lab = lab_engine_new(b->loop, &o);
}

static int setup(void **state)
{
	struct bench *b = ALLOC(struct bench);
	const char *build = getenv("top_builddir");

	snprintf(b->kdeck, sizeof(b->kdeck), "%s/kdeck", build ? build : ".");
	b->argv[0] = b->kdeck;
	b->argv[1] = "--lab-member";
	b->loop = loop_new(NULL);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	lab_engine_free(b->lab);
	/* Nobody is left, not even as a zombie. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	loop_free(b->loop);
	free(b);
	return 0;
}

/* ---- what is refused --------------------------------------------------------------------------
 */

static void read_only_starts_nothing(void **state)
{
	struct bench *b = *state;
	struct lab_spec s = producer(1);
	struct err e = {0};

	open_lab(b, true);
	assert_int_equal(lab_add(b->lab, &s, NULL, &e), ERR_DENIED);
	assert_int_equal(b->lab->n, 0);
}

static void bounds_and_names(void **state)
{
	static const char *const sleeper[] = {"sleep", "1000", NULL};
	struct bench *b = *state;
	struct lab_spec s = producer(1);
	struct err e = {0};

	b->program = sleeper;
	open_lab(b, false);
	snprintf(s.name, sizeof(s.name), "lab-2");
	(void)add_member(b->lab, &s);
	assert_int_equal(lab_add(b->lab, &s, NULL, &e), ERR_EXISTS);
	s.name[0] = 0;
	(void)add_member(b->lab, &s);
	(void)add_member(b->lab, &s);
	assert_non_null(lab_find_name(b->lab, "lab-1"));
	assert_non_null(lab_find_name(b->lab, "lab-3"));
	s.topic[0] = 0;
	assert_int_equal(lab_add(b->lab, &s, NULL, &e), ERR_INVALID);
	s = producer(1);
	while (b->lab->n < LAB_MEMBERS_MAX)
		(void)add_member(b->lab, &s);
	assert_int_equal(lab_add(b->lab, &s, NULL, &e), ERR_FULL);
	assert_int_equal(lab_kill(b->lab, 4711, &e), ERR_NOT_FOUND);
	assert_int_equal(lab_remove(b->lab, 1, &e), ERR_INVALID);
}

static void program_that_is_not_there(void **state)
{
	static const char *const none[] = {"/no/such/program", NULL};
	struct bench *b = *state;
	struct lab_spec s = producer(1);
	struct err e = {0};

	b->program = none;
	open_lab(b, false);
	assert_int_equal(lab_add(b->lab, &s, NULL, &e), ERR_NOT_FOUND);
	assert_int_equal(b->lab->n, 0);
}

/* ---- children that are no members -------------------------------------------------------------
 */

/* What becomes of a member whose process runs this script. */
static const struct lab_member *scripted(struct bench *b, enum lab_kind kind, const char *script)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	struct lab_spec s = kind == LAB_PRODUCER ? producer(1) : consumer("g", 1);
	uint32_t id;

	lab_engine_free(b->lab);
	b->program = argv;
	open_lab(b, false);
	id = add_member(b->lab, &s);
	AWAIT(b, id, !lab_state_alive(m->state));
	return lab_find(b->lab, id);
}

static void nonsense_is_ended_and_said(void **state)
{
	static const char *const bad[] = {"echo hello", "printf 'done 1\\nown a 1 5\\n'", "echo",
		"printf 'own t 1 5\\nown t 1 5\\n'", "echo drop t 1", "echo at t 1 5",
		"echo shared 3", "head -c 5000 /dev/zero | tr '\\0' x", "printf 'done \\0\\n'"};
	struct bench *b = *state;
	char script[200];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		/* The second is nonsense from a producer only. */
		enum lab_kind kind = i == 1 ? LAB_PRODUCER : LAB_CONSUMER;
		const struct lab_member *m;
		snprintf(script, sizeof(script), "%s; exec sleep 1000", bad[i]);
		m = scripted(b, kind, script);
		assert_int_equal(m->state, LAB_FAILED);
		assert_non_null(strstr(m->why, "ended"));
	}
}

static void ends_of_all_kinds(void **state)
{
	struct bench *b = *state;
	const struct lab_member *m = scripted(b, LAB_PRODUCER, "exit 3");

	assert_int_equal(m->state, LAB_FAILED);
	assert_non_null(strstr(m->why, "3"));
	m = scripted(b, LAB_PRODUCER, "echo fatal the reason; exit 1");
	assert_int_equal(m->state, LAB_FAILED);
	assert_string_equal(m->why, "the reason");
	m = scripted(b, LAB_PRODUCER, "kill -SEGV $$");
	assert_int_equal(m->state, LAB_KILLED);
	assert_int_equal(m->term_signal, SIGSEGV);
	/* The last words of one that is gone are heard. */
	m = scripted(b, LAB_PRODUCER, "echo ready; echo done 17");
	assert_int_equal(m->state, LAB_STOPPED);
	assert_int_equal(m->done, 17);
}

/* Whatever a member says: what is summed up stays at its bound. */
static void figures_have_bounds(void **state)
{
	static const char *const most[] = {"sh", "-c",
		"echo done 9223372036854775807; for i in 1 2 3; do echo own t 1 0; "
		"echo at t 1 9223372036854775807; echo drop t 1; done",
		NULL};
	struct bench *b = *state;
	struct lab_spec s = consumer("g", 1);
	struct err e = {0};
	uint32_t id;

	b->program = most;
	open_lab(b, false);
	id = add_member(b->lab, &s);
	AWAIT(b, id, m->state == LAB_STOPPED);
	assert_true(lab_find(b->lab, id)->again == INT64_MAX);
	assert_int_equal(lab_start(b->lab, id, &e), 0);
	AWAIT(b, id, m->state == LAB_STOPPED);
	assert_true(lab_find(b->lab, id)->done == INT64_MAX);
}

/* Its input has ended: whoever started it is gone. */
static void a_member_ends_with_its_input(void **state)
{
	struct bench *b = *state;
	char command[5000];

	/* No settings at all, and settings in the middle of which the console goes. */
	snprintf(command, sizeof(command), ": | %s --lab-member", b->kdeck);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "printf 'kind consumer\\nname' | %s --lab-member",
		b->kdeck);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command), "echo nonsense | %s --lab-member | grep -q ^fatal",
		b->kdeck);
	assert_int_equal(system(command), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(read_only_starts_nothing),
		TEST(bounds_and_names),
		TEST(program_that_is_not_there),
		TEST(nonsense_is_ended_and_said),
		TEST(ends_of_all_kinds),
		TEST(figures_have_bounds),
		TEST(a_member_ends_with_its_input),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
