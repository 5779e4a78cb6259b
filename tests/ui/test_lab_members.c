/*
 * Lab members as the engine runs them, on a broker: what they hold, do, commit, and what becomes of
 * that when they are killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/lab/lab_members.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "bench.h"
#include "io/loop.h"
#include "lab/lab.h"
#include "traffic/traffic.h"

enum { PARTITIONS = 3 };

struct room {
	struct bench *bench;
	struct loop *loop;
	struct lab *lab;
	char kdeck[4096];
	const char *argv[3];
};

/* The dead are missed, and rebalances heard of, sooner than by default. */
static const struct traffic_property quick[] = {
	{"session.timeout.ms", "2000"},
	{"heartbeat.interval.ms", "200"},
	{"max.poll.interval.ms", "2000"},
};

static void open_lab(struct room *b, const struct traffic_property *p, size_t n)
{
	const char *build = getenv("top_builddir");
	struct lab_options o = {.bootstrap = b->bench->address,
		.properties = p,
		.n_properties = n,
		.program = b->argv};

	b->argv[0] = b->kdeck;
	b->argv[1] = "--lab-member";
	snprintf(b->kdeck, sizeof(b->kdeck), "%s/kdeck", build ? build : ".");
	lab_engine_free(b->lab);
	b->lab = lab_engine_new(b->loop, &o);
}

static int setup(void **state)
{
	struct room *b = ALLOC(struct room);
	void *bench = NULL;

	if (bench_setup(&bench) < 0)
		return -1;
	b->bench = bench;
	b->loop = loop_new(NULL);
	bench_sh(b->bench, "$K topics -b $A --create --topic orders --partitions 3");
	open_lab(b, quick, ARRAY_LEN(quick));
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct room *b = *state;
	void *bench = b->bench;
	int rc;

	lab_engine_free(b->lab);
	loop_free(b->loop);
	rc = bench_teardown(&bench);
	free(b);
	return rc;
}

/* Fills the topic without a lab member. */
static void fill(struct room *b, int n)
{
	char command[200];

	snprintf(command, sizeof(command),
		"$K produce -b $A --topic orders --partitioner round-robin --count %d --size 10",
		n);
	bench_sh(b->bench, command);
}

/* ---- real members -----------------------------------------------------------------------------
 */

static void one_writes_one_reads(void **state)
{
	struct room *b = *state;
	struct lab_spec s = producer(200), r = consumer("shop", 1);
	struct err e = {0};
	uint32_t w, c;

	w = add_member(b->lab, &s);
	c = add_member(b->lab, &r);
	assert_string_equal(lab_find(b->lab, w)->spec.name, "lab-1");
	assert_string_equal(lab_find(b->lab, c)->spec.name, "lab-2");
	assert_int_equal(lab_find(b->lab, w)->state, LAB_STARTING);
	AWAIT(b, w, m->state == LAB_RUNNING && m->done > 50);
	AWAIT(b, c, m->state == LAB_RUNNING && m->n_shares == PARTITIONS && m->done > 50);
	AWAIT(b, c, m->commit_wall_ms > 0 && m->shares[2].committed > 0 && m->rate > 0);
	assert_int_equal(lab_find(b->lab, c)->shares[1].partition, 1);
	assert_true(lab_find(b->lab, c)->pid != lab_find(b->lab, w)->pid);
	assert_int_equal(lab_stop(b->lab, w, &e), 0);
	assert_int_equal(lab_stop(b->lab, c, &e), 0);
	assert_int_equal(lab_stop(b->lab, c, &e), ERR_INVALID);
	AWAIT(b, w, m->state == LAB_STOPPED);
	AWAIT(b, c, m->state == LAB_STOPPED && m->n_shares == 0);
	assert_int_equal(lab_find(b->lab, w)->failed, 0);
	assert_int_equal(lab_remove(b->lab, c, &e), 0);
	assert_null(lab_find(b->lab, c));
	assert_int_equal(b->lab->n, 1);
}

/* The group goes on: what was killed is shared by who is left. */
static void killed_and_started_again(void **state)
{
	struct room *b = *state;
	struct lab_spec s = consumer("shop", 5);
	struct err e = {0};
	uint32_t one, two;

	fill(b, 3000);
	one = add_member(b->lab, &s);
	AWAIT(b, one, m->n_shares == PARTITIONS && m->done > 0);
	two = add_member(b->lab, &s);
	AWAIT(b, one, m->n_shares < PARTITIONS && m->n_shares > 0);
	AWAIT(b, two, m->n_shares > 0);
	assert_int_equal(lab_kill(b->lab, two, &e), 0);
	AWAIT(b, two, m->state == LAB_KILLED);
	assert_int_equal(lab_find(b->lab, two)->term_signal, SIGKILL);
	assert_int_equal(lab_kill(b->lab, two, &e), ERR_INVALID);
	AWAIT(b, one, m->n_shares == PARTITIONS);
	assert_int_equal(lab_start(b->lab, two, &e), 0);
	AWAIT(b, two, m->state == LAB_RUNNING && m->n_shares > 0);
}

/* Commits after processing: what was not committed yet is done again, all of it and no more. */
static void at_least_once(void **state)
{
	struct room *b = *state;
	struct lab_spec s = consumer("shop", 10);
	struct err e = {0};
	uint32_t one;
	int64_t done, again;

	fill(b, 300);
	one = add_member(b->lab, &s);
	AWAIT(b, one, m->done >= 30);
	assert_int_equal(lab_kill(b->lab, one, &e), 0);
	AWAIT(b, one, m->state == LAB_KILLED);
	done = lab_find(b->lab, one)->done;
	s.process_ms = 0;
	assert_int_equal(lab_edit(b->lab, one, &s, &e), 0);
	assert_int_equal(lab_start(b->lab, one, &e), 0);
	AWAIT(b, one, m->n_shares == PARTITIONS && m->done >= 300);
	again = lab_find(b->lab, one)->again;
	AWAIT(b, one, m->done >= 300 + again);
	assert_int_equal(lab_stop(b->lab, one, &e), 0);
	AWAIT(b, one, m->state == LAB_STOPPED);
	assert_true(again <= done);
	assert_int_equal(lab_find(b->lab, one)->done, 300 + lab_find(b->lab, one)->again);
	assert_int_equal(lab_find(b->lab, one)->lost, 0);
}

/* Commits before processing: what was in hand is never processed by anybody. */
static void at_most_once(void **state)
{
	struct room *b = *state;
	struct lab_spec s = consumer("shop", 10);
	struct err e = {0};
	uint32_t one;

	fill(b, 300);
	s.commit = LAB_COMMIT_BEFORE;
	one = add_member(b->lab, &s);
	/* In the middle of a batch of about a hundred. */
	AWAIT(b, one, m->done >= 110 && m->done < 190);
	assert_int_equal(lab_kill(b->lab, one, &e), 0);
	AWAIT(b, one, m->state == LAB_KILLED);
	s.process_ms = 0;
	assert_int_equal(lab_edit(b->lab, one, &s, &e), 0);
	assert_int_equal(lab_start(b->lab, one, &e), 0);
	AWAIT(b, one, m->n_shares == PARTITIONS && m->done + m->lost >= 300);
	assert_int_equal(lab_find(b->lab, one)->done + lab_find(b->lab, one)->lost, 300);
	assert_true(lab_find(b->lab, one)->lost > 0);
	assert_int_equal(lab_find(b->lab, one)->again, 0);
}

static void stops_after_so_many(void **state)
{
	struct room *b = *state;
	struct lab_spec s = consumer("report", 1), t = consumer("report", 0);
	uint32_t one, two;

	fill(b, 300);
	s.stop_after = 42;
	one = add_member(b->lab, &s);
	AWAIT(b, one, m->state == LAB_STOPPED);
	assert_int_equal(lab_find(b->lab, one)->done, 42);
	two = add_member(b->lab, &t);
	AWAIT(b, two, m->done >= 300 - 42);
	assert_int_equal(lab_find(b->lab, two)->again, 0);
	assert_int_equal(lab_find(b->lab, two)->lost, 0);
}

static void paused_edited_and_going_on(void **state)
{
	struct room *b = *state;
	struct lab_spec s = consumer("shop", 30000), p = producer(100);
	struct err e = {0};
	uint32_t c, w;
	int64_t done;

	fill(b, 300);
	c = add_member(b->lab, &s);
	w = add_member(b->lab, &p);
	AWAIT(b, c, m->state == LAB_RUNNING && m->n_shares == PARTITIONS);
	AWAIT(b, w, m->done > 0);
	/* Half a minute each is cut short at once. */
	s.process_ms = 0;
	assert_int_equal(lab_edit(b->lab, c, &s, &e), 0);
	AWAIT(b, c, m->done > 200);
	assert_int_equal(lab_pause(b->lab, c, true, &e), 0);
	assert_int_equal(lab_pause(b->lab, c, true, &e), ERR_INVALID);
	assert_int_equal(lab_find(b->lab, c)->state, LAB_PAUSED);
	assert_int_equal(lab_pause(b->lab, w, true, &e), 0);
	done = lab_find(b->lab, w)->done;
	assert_int_equal(lab_pause(b->lab, w, false, &e), 0);
	AWAIT(b, w, m->done > done + 100);
	done = lab_find(b->lab, c)->done;
	assert_int_equal(lab_pause(b->lab, c, false, &e), 0);
	AWAIT(b, c, m->done > done);
	/* A paused one can be stopped as well. */
	assert_int_equal(lab_pause(b->lab, c, true, &e), 0);
	assert_int_equal(lab_stop(b->lab, c, &e), 0);
	AWAIT(b, c, m->state == LAB_STOPPED);
}

/* Properties reach the client, and are not seen in the list of processes. */
static void properties_reach_the_client(void **state)
{
	struct room *b = *state;
	struct traffic_property good[] = {
		{"client.id", "the-console"}, {"ssl.key.password", "s3cret\nline"}};
	struct traffic_property bad[] = {{"no.such.thing", "1"}};
	struct lab_spec s = producer(10);
	char path[64], line[4096];
	uint32_t id;
	FILE *f;
	size_t n;

	open_lab(b, good, 2);
	id = add_member(b->lab, &s);
	AWAIT(b, id, m->done > 0);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", lab_find(b->lab, id)->pid);
	f = fopen(path, "re");
	assert_non_null(f);
	n = fread(line, 1, sizeof(line), f);
	fclose(f);
	assert_null(memmem(line, n, "s3cret", 6));
	open_lab(b, bad, 1);
	id = add_member(b->lab, &s);
	AWAIT(b, id, m->state == LAB_FAILED);
	assert_non_null(strstr(lab_find(b->lab, id)->why, "no.such.thing"));
}

/* Who hangs for too long is put out, and comes back when it goes on. */
static void put_out_and_back(void **state)
{
	struct room *b = *state;
	struct lab_spec s = consumer("shop", 5);
	struct err e = {0};
	uint32_t one, two;

	fill(b, 3000);
	one = add_member(b->lab, &s);
	two = add_member(b->lab, &s);
	AWAIT(b, two, m->n_shares > 0 && m->done > 0);
	AWAIT(b, one, m->n_shares > 0 && m->n_shares < PARTITIONS);
	assert_int_equal(lab_pause(b->lab, two, true, &e), 0);
	AWAIT(b, two, m->put_out);
	AWAIT(b, one, m->n_shares == PARTITIONS);
	assert_int_equal(lab_pause(b->lab, two, false, &e), 0);
	AWAIT(b, two, !m->put_out && m->n_shares > 0 && m->n_shares < PARTITIONS);
	AWAIT(b, one, m->n_shares > 0 && m->n_shares < PARTITIONS);
}

/* What stays with its reader is never given back; nothing is done twice. */
static void cooperative(void **state)
{
	struct room *b = *state;
	struct lab_spec s = consumer("shop", 2);
	struct err e = {0};
	uint32_t one, two;
	int64_t before;

	fill(b, 3000);
	s.assignor = LAB_COOPERATIVE;
	one = add_member(b->lab, &s);
	AWAIT(b, one, m->n_shares == PARTITIONS && m->done > 100);
	two = add_member(b->lab, &s);
	AWAIT(b, two, m->n_shares == 1);
	AWAIT(b, one, m->n_shares == PARTITIONS - 1);
	before = lab_find(b->lab, one)->done;
	assert_int_equal(lab_stop(b->lab, two, &e), 0);
	AWAIT(b, two, m->state == LAB_STOPPED);
	AWAIT(b, one, m->n_shares == PARTITIONS && m->done > before);
	assert_int_equal(lab_find(b->lab, one)->again + lab_find(b->lab, two)->again, 0);
	assert_int_equal(lab_find(b->lab, one)->lost + lab_find(b->lab, two)->lost, 0);
}

/* Not even as a zombie. */
static void nobody_is_left(void **state)
{
	struct room *b = *state;
	struct lab_spec s = consumer("shop", 1), p = producer(100);
	uint32_t ids[4];
	pid_t pids[4];

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		ids[i] = add_member(b->lab, i % 2 ? &s : &p);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		AWAIT(b, ids[i], m->state == LAB_RUNNING);
		pids[i] = lab_find(b->lab, ids[i])->pid;
	}
	lab_engine_free(b->lab);
	b->lab = NULL;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_int_equal(waitpid(pids[i], NULL, WNOHANG), -1);
		assert_int_equal(kill(pids[i], 0), -1);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_writes_one_reads),
		TEST(killed_and_started_again),
		TEST(at_least_once),
		TEST(at_most_once),
		TEST(stops_after_so_many),
		TEST(paused_edited_and_going_on),
		TEST(put_out_and_back),
		TEST(cooperative),
		TEST(properties_reach_the_client),
		TEST(nobody_is_left),
	};

	return bench_ready() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
