/*
 * The metadata log with a quorum of one, on a real folder: it leads by itself, decisions are
 * committed and applied in order, and after a crash the image is what was committed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../folder.h"
#include "base/xalloc.h"
#include "io/loop.h"
#include "io/work.h"
#include "metalog/metalog.h"

#define WAIT_MS 20000

/* Sees to it that what a voter says is on the disk before its file has its name. */
struct disk {
	struct store_io io; /* first */
	int fd;             /* of the next quorum-state; -1: none is being written */
	bool synced;
	int written, unsure;
};

struct node {
	struct disk disk;
	char dir[FOLDER_MAX];
	struct loop *loop;
	struct work_pool *pool;
	struct store store;
	struct metalog *log;
	bool caught_up;
	int64_t applied;
};

static int disk_open(struct store_io *io, const char *path, int flags)
{
	struct disk *d = (struct disk *)io;
	int fd = store_io_system.open(io, path, flags);

	if (str_ends(str_of(path), "/quorum-state.tmp")) {
		d->fd = fd;
		d->synced = false;
	}
	return fd;
}

static int disk_sync(struct store_io *io, int fd)
{
	struct disk *d = (struct disk *)io;
	int rc = store_io_system.fdatasync(io, fd);

	d->synced = d->synced || (fd == d->fd && rc == 0);
	return rc;
}

static int disk_rename(struct store_io *io, const char *from, const char *to)
{
	struct disk *d = (struct disk *)io;

	if (str_ends(str_of(to), "/quorum-state")) {
		d->written++;
		d->unsure += !d->synced;
		d->fd = -1;
	}
	return store_io_system.rename(io, from, to);
}

static void on_caught_up(void *arg)
{
	((struct node *)arg)->caught_up = true;
}

static void on_applied(void *arg, int64_t offset)
{
	((struct node *)arg)->applied = offset;
}

static void start(struct node *n)
{
	struct store_options opt = {.io = &n->disk.io,
		.clock = &clock_system,
		.dir = n->dir,
		.node_id = 1,
		.cluster_id = "test"};
	struct metalog_events ev = {.arg = n, .caught_up = on_caught_up, .applied = on_applied};
	struct metalog_settings set = {.quorum = {.id = 1,
					       .voters = {1},
					       .n_voters = 1,
					       .election_timeout_ms = 1000,
					       .fetch_timeout_ms = 2000,
					       .election_backoff_ms = 1000,
					       .request_timeout_ms = 2000,
					       .retry_ms = 20}};
	struct err e = {0};

	n->caught_up = false;
	n->loop = loop_new(&e);
	opt.config = plog_config_default;
	assert_int_equal(store_open(&n->store, &opt, &e), 0);
	assert_int_equal(store_load(&n->store, 1, NULL), 0);
	n->pool = work_pool_new(n->loop, "sync", 1, &e);
	set.sync = n->pool;
	assert_true(uuid_parse(str_of(n->store.meta.directory_id), &set.quorum.dir));
	n->log = metalog_new(n->loop, &n->store, &set, &ev, &e);
	assert_non_null(n->log);
	metalog_start(n->log);
	assert_true(loop_run_until(n->loop, &n->caught_up, WAIT_MS));
}

static void stop(struct node *n)
{
	work_pool_drain(n->pool);
	metalog_free(n->log);
	work_pool_free(n->pool);
	store_drop(&n->store);
	loop_free(n->loop);
}

static int setup(void **state)
{
	struct node *n = ALLOC(struct node);

	n->disk = (struct disk){.io = store_io_system, .fd = -1};
	n->disk.io.open = disk_open;
	n->disk.io.fdatasync = disk_sync;
	n->disk.io.rename = disk_rename;
	assert_true(folder_make(n->dir));
	*state = n;
	return 0;
}

static int teardown(void **state)
{
	struct node *n = *state;
	int rc = folder_remove(n->dir);

	free(n);
	return rc;
}

struct topic {
	struct metalog_op op;
	struct arena arena;
	const char *name;
	int rc;
	bool done;
	int *order;
	int place; /* in which it was done */
	const struct metalog *log;
	bool sure; /* then it was on the disk, and the image no further than what is committed */
};

/* Looks, and writes nothing. */
static int look(void *arg, const struct control_env *env, struct control_result *out)
{
	struct topic *t = arg;

	(void)out;
	return image_topic(env->image, str_of(t->name)) ? 0 : ERR_NOT_FOUND;
}

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct topic *t = arg;
	struct topic_record *r;
	struct metarec rec = {.desc = &topic_record_desc, .version = 0};

	if (image_topic(env->image, str_of(t->name)))
		return ERR_EXISTS;
	r = arena_alloc(env->arena, sizeof(*r));
	msg_init(&topic_record_desc, r);
	r->name = str_of(t->name);
	uuid_random(&r->topic_id);
	rec.body = r;
	vec_push(&out->records.list, rec);
	return 0;
}

static void done(struct metalog_op *op, int rc)
{
	struct topic *t = CONTAINER_OF(op, struct topic, op);

	t->rc = rc;
	t->done = true;
	t->place = (*t->order)++;
	if (!t->log)
		return;
	t->sure = op->end <= metalog_log(t->log)->recovery_point &&
		  metalog_image(t->log)->offset < metalog_quorum(t->log)->high_watermark;
}

static void submit(struct node *n, struct topic *t, const char *name, int *order)
{
	*t = (struct topic){.name = name, .order = order, .log = n->log, .op = {.done = done}};
	arena_init(&t->arena, 0);
	metalog_submit(n->log, &t->op, &t->arena, decide, t);
}

static void finish(struct node *n, struct topic *t)
{
	assert_true(t->done || loop_run_until(n->loop, &t->done, WAIT_MS));
	arena_fini(&t->arena);
}

static void test_leads_alone(void **state)
{
	struct node *n = *state;

	start(n);
	assert_true(metalog_leads(n->log));
	assert_int_equal(quorum_epoch(metalog_quorum(n->log)), 1);
	/* Its vote for itself, and that it leads. */
	assert_int_equal(n->disk.written, 2);
	assert_int_equal(n->disk.unsure, 0);
	stop(n);
	start(n);
	assert_int_equal(quorum_epoch(metalog_quorum(n->log)), 2);
	stop(n);
}

static void test_committed_in_order(void **state)
{
	struct node *n = *state;
	struct topic t[10];
	char names[10][8];
	int order = 0;

	start(n);
	for (int i = 0; i < 10; i++) {
		snprintf(names[i], sizeof(names[i]), "t%d", i);
		submit(n, &t[i], names[i], &order);
		/* Not seen by readers before it is on the disk. */
		assert_null(image_topic(metalog_image(n->log), str_of(names[i])));
	}
	for (int i = 0; i < 10; i++) {
		finish(n, &t[i]);
		assert_int_equal(t[i].rc, 0);
		assert_int_equal(t[i].place, i);
		assert_true(t[i].sure);
		assert_non_null(image_topic(metalog_image(n->log), str_of(names[i])));
	}
	stop(n);
}

/* The second decision sees the first one's records although they are not committed yet. */
static void test_decides_on_its_own_tail(void **state)
{
	struct node *n = *state;
	struct topic a, b;
	int order = 0;

	start(n);
	submit(n, &a, "twice", &order);
	submit(n, &b, "twice", &order);
	assert_true(b.done);
	assert_int_equal(b.rc, ERR_EXISTS);
	finish(n, &a);
	finish(n, &b);
	assert_int_equal(a.rc, 0);
	stop(n);
}

/* An answer without records tells what was decided before it, so it waits for that. */
static void test_looking_waits_for_what_it_saw(void **state)
{
	struct node *n = *state;
	struct topic a, b;
	int order = 0;

	start(n);
	submit(n, &a, "seen", &order);
	b = (struct topic){.name = "seen", .order = &order, .op = {.done = done}};
	arena_init(&b.arena, 0);
	metalog_submit(n->log, &b.op, &b.arena, look, &b);
	assert_false(b.done);
	finish(n, &b);
	assert_true(a.done);
	assert_int_equal(a.place, 0);
	assert_int_equal(b.rc, 0);
	finish(n, &a);
	/* Nothing is open: at once. */
	b = (struct topic){.name = "seen", .order = &order, .op = {.done = done}};
	arena_init(&b.arena, 0);
	metalog_submit(n->log, &b.op, &b.arena, look, &b);
	assert_true(b.done);
	finish(n, &b);
	stop(n);
}

static void test_survives_a_restart(void **state)
{
	struct node *n = *state;
	struct topic t;
	struct image before;
	int order = 0;

	start(n);
	submit(n, &t, "kept", &order);
	finish(n, &t);
	submit(n, &t, "kept-too", &order);
	finish(n, &t);
	image_copy(&before, metalog_image(n->log));
	stop(n);
	start(n);
	assert_true(image_equal(&before, metalog_image(n->log)));
	image_fini(&before);
	stop(n);
}

static void test_closing_answers_all(void **state)
{
	struct node *n = *state;
	struct topic t;
	int order = 0;

	start(n);
	submit(n, &t, "late", &order);
	stop(n);
	assert_true(t.done);
	assert_true(t.rc == 0 || t.rc == ERR_CLOSED);
	arena_fini(&t.arena);
}

#define ON_A_NODE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_NODE(test_leads_alone),
		ON_A_NODE(test_committed_in_order),
		ON_A_NODE(test_decides_on_its_own_tail),
		ON_A_NODE(test_looking_waits_for_what_it_saw),
		ON_A_NODE(test_survives_a_restart),
		ON_A_NODE(test_closing_answers_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
