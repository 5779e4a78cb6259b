/* Brokers of this machine: who is known to run, and what is done to them. A script stands for the
 * broker: it holds the lock of its data folder and says that it is ready. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "folder.h"
#include "io/listener.h"
#include "io/loop.h"
#include "local/local.h"

enum { PATIENCE_MS = 20000 };

static char folder[FOLDER_MAX];
static struct loop *l;

/* ---- what stands there ----------------------------------------------------------------------- */

static char *path_of(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static void put(const char *name, const char *text, mode_t mode)
{
	char *path = path_of(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	ssize_t n = (ssize_t)strlen(text);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, (size_t)n), n);
	close(fd);
	free(path);
}

static bool is_there(const char *name)
{
	char *path = path_of(name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static void remove_file(const char *name)
{
	char *path = path_of(name);

	assert_int_equal(unlink(path), 0);
	free(path);
}

/* broker-ID with such settings and an empty data folder. */
static void put_broker(int32_t id, const char *settings)
{
	char name[64];
	char *path;

	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), i ? "broker-%d/data" : "broker-%d", id);
		path = path_of(name);
		assert_int_equal(mkdir(path, 0755), 0);
		free(path);
	}
	snprintf(name, sizeof(name), "broker-%d/server.properties", id);
	put(name, settings, 0644);
	snprintf(name, sizeof(name), "broker-%d/data/.lock", id);
	put(name, "", 0644);
}

static int hold(int32_t id)
{
	char *path = xasprintf("%s/broker-%d/data/.lock", folder, id);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_int_equal(flock(fd, LOCK_EX), 0);
	free(path);
	return fd;
}

static void put_pid(int32_t id, pid_t pid)
{
	char name[64], text[32];

	snprintf(name, sizeof(name), "broker-%d/pid", id);
	snprintf(text, sizeof(text), "%ld\n", (long)pid);
	put(name, text, 0644);
}

static enum local_state state_of(int32_t id, pid_t *pid)
{
	struct local_cluster c;
	struct err e = {0};
	const struct local_broker *b;
	enum local_state state;

	assert_int_equal(local_look(&c, folder, &e), 0);
	b = local_find(&c, id);
	assert_non_null(b);
	state = b->state;
	if (pid)
		*pid = b->pid;
	local_fini(&c);
	return state;
}

static bool until_state(int32_t id, enum local_state want)
{
	for (int i = 0; i < PATIENCE_MS; i++) {
		if (state_of(id, NULL) == want)
			return true;
		usleep(1000);
	}
	return false;
}

static int setup(void **state)
{
	char *program;

	(void)state;
	if (!folder_make(folder))
		return -1;
	l = loop_new(NULL);
	/* One process all the way: none that outlives it holds its lock. A closed pipe does not end
	 * it, as it does not end the broker. */
	put("stand-in",
		"#!/bin/sh\n"
		"trap '' PIPE\n"
		"d=${1%/*}\n"
		"if test -e $d/fails; then echo 'no room' >&2; exit 1; fi\n"
		"test -d $d/data || mkdir $d/data\n"
		"exec flock --no-fork $d/data/.lock sh -c '\n"
		"echo ready node.id=1 2>/dev/null\n"
		"exec sleep 1000 >/dev/null 2>&1'\n",
		0755);
	program = path_of("stand-in");
	setenv("KDECK_BROKER", program, 1);
	free(program);
	return l ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	(void)!local_stop_all(folder, PATIENCE_MS);
	loop_free(l);
	return folder_remove(folder);
}

/* ---- waiting -----------------------------------------------------------------------------------
 */

struct told {
	bool done;
	struct err e;
};

static void on_done(void *arg, const struct err *e)
{
	struct told *t = arg;

	assert_false(t->done);
	t->done = true;
	t->e = e ? *e : (struct err){0};
}

/* The result, the op freed. */
static int finish(struct local_op *o, struct told *t)
{
	assert_non_null(o);
	assert_true(loop_run_until(l, &t->done, PATIENCE_MS));
	local_op_free(o);
	return t->e.code;
}

/* ---- looking -----------------------------------------------------------------------------------
 */

static void test_settings(void **state)
{
	struct local_cluster c;
	struct buf text = BUF_EMPTY;
	struct err e = {0};

	(void)state;
	put_broker(2, "listeners=CONTROLLER://:1, PLAINTEXT://:9093,OTHER://a:3\n"
		      "kdeck.http.listener=127.0.0.1:19093\nlog.dirs=/elsewhere\n");
	put_broker(10, "process.roles=controller\nlisteners=CONTROLLER://127.0.0.1:2\n");
	put_broker(1, "process.roles=broker\nlisteners=PLAINTEXT://127.0.0.1:9092\n");
	assert_int_equal(local_look(&c, folder, &e), 0);
	assert_int_equal(c.brokers.n, 3);
	assert_int_equal(c.brokers.v[0].id, 1);
	assert_int_equal(c.brokers.v[2].id, 10);
	assert_string_equal(c.brokers.v[1].listeners, "PLAINTEXT://:9093,OTHER://a:3");
	assert_string_equal(c.brokers.v[1].http, "http://127.0.0.1:19093");
	assert_string_equal(c.brokers.v[1].data, "/elsewhere");
	assert_null(c.brokers.v[0].http);
	assert_true(c.brokers.v[0].is_broker && !c.brokers.v[0].votes);
	assert_true(!c.brokers.v[2].is_broker && c.brokers.v[2].votes);
	assert_true(c.brokers.v[1].is_broker && c.brokers.v[1].votes);
	assert_string_equal(c.brokers.v[2].listeners, "CONTROLLER://127.0.0.1:2");
	local_bootstrap(&c, &text);
	assert_string_equal(buf_z(&text), "127.0.0.1:9092,127.0.0.1:9093");
	buf_fini(&text);
	local_fini(&c);
}

static void test_hold(void **state)
{
	struct local_hold up, down, start[2];
	char *lock = path_of("up.lock");
	struct err e = {0};

	(void)state;
	/* Nobody has done anything here. */
	assert_int_equal(local_share(&start[0], folder, &e), 0);
	local_let_go(&start[0]);
	assert_int_equal(access(lock, F_OK), -1);
	put_broker(1, "");
	assert_int_equal(local_hold(&up, folder, true, 0, &e), 0);
	assert_int_equal(local_hold(&down, folder, false, 0, &e), ERR_IN_USE);
	assert_int_equal(local_share(&start[0], folder, &e), ERR_IN_USE);
	local_let_go(&start[0]);
	local_let_go(&down);
	local_let_go(&up);
	for (int i = 0; i < 2; i++)
		assert_int_equal(local_share(&start[i], folder, &e), 0);
	local_let_go(&start[0]);
	assert_int_equal(local_hold(&down, folder, false, 0, &e), ERR_IN_USE);
	local_let_go(&start[1]);
	assert_int_equal(local_hold(&down, folder, false, 0, &e), 0);
	local_let_go(&down);
	assert_int_equal(access(lock, F_OK), 0);
	free(lock);
}

static void test_nothing_there(void **state)
{
	struct local_cluster c;
	struct err e = {0};
	char *path = path_of("broker-3");

	(void)state;
	/* A folder without settings is no broker. */
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(local_look(&c, folder, &e), ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, folder));
	local_fini(&c);
	free(path);
}

/* The lock says that it runs; only a process that has it open is the broker. */
static void test_who_runs(void **state)
{
	pid_t pid = 1;
	int fd;

	(void)state;
	put_broker(1, "");
	put_pid(1, getpid());
	assert_int_equal(state_of(1, &pid), LOCAL_STOPPED);
	assert_int_equal(pid, 0);
	fd = hold(1);
	assert_int_equal(state_of(1, &pid), LOCAL_RUNNING);
	assert_int_equal(pid, getpid());
	put_pid(1, getppid());
	assert_int_equal(state_of(1, &pid), LOCAL_RUNNING);
	assert_int_equal(pid, 0);
	close(fd);
	put("broker-1/pid", "many\n", 0644);
	assert_int_equal(state_of(1, &pid), LOCAL_STOPPED);
}

static void test_refused(void **state)
{
	struct err e = {0};
	struct told t = {0};
	int fd;

	(void)state;
	put_broker(1, "");
	assert_int_equal(local_pause(folder, 7, &e), ERR_NOT_FOUND);
	assert_int_equal(local_pause(folder, 1, &e), ERR_CLOSED);
	assert_null(local_stop(l, folder, 1, on_done, &t, &e));
	assert_int_equal(e.code, ERR_CLOSED);
	put_pid(1, getppid());
	fd = hold(1);
	assert_int_equal(local_pause(folder, 1, &e), ERR_DENIED);
	assert_null(local_kill(l, folder, 1, on_done, &t, &e));
	assert_int_equal(e.code, ERR_DENIED);
	assert_null(local_start(l, folder, 1, on_done, &t, &e));
	assert_int_equal(e.code, ERR_EXISTS);
	assert_false(t.done);
	close(fd);
}

/* ---- acting ------------------------------------------------------------------------------------
 */

static void start(int32_t id)
{
	struct err e = {0};
	struct told t = {0};

	if (finish(local_start(l, folder, id, on_done, &t, &e), &t) < 0)
		fail_msg("%s", t.e.msg);
}

static void test_life(void **state)
{
	struct err e = {0};
	struct told t = {0};
	pid_t pid;

	(void)state;
	put_broker(1, "");
	start(1);
	assert_int_equal(state_of(1, &pid), LOCAL_RUNNING);
	assert_true(pid > 1);
	assert_int_equal(local_pause(folder, 1, &e), 0);
	assert_true(until_state(1, LOCAL_PAUSED));
	assert_int_equal(local_pause(folder, 1, &e), 0);
	assert_int_equal(local_continue(folder, 1, &e), 0);
	assert_true(until_state(1, LOCAL_RUNNING));
	assert_int_equal(finish(local_kill(l, folder, 1, on_done, &t, &e), &t), 0);
	assert_int_equal(state_of(1, &pid), LOCAL_STOPPED);
	start(1);
	/* One that is held up stops, too. */
	assert_int_equal(local_pause(folder, 1, &e), 0);
	t = (struct told){0};
	assert_int_equal(finish(local_stop(l, folder, 1, on_done, &t, &e), &t), 0);
	assert_int_equal(state_of(1, &pid), LOCAL_STOPPED);
}

static void test_start_fails(void **state)
{
	struct err e = {0};
	struct told t = {0};

	(void)state;
	put_broker(1, "");
	put("broker-1/fails", "", 0644);
	assert_int_equal(finish(local_start(l, folder, 1, on_done, &t, &e), &t), ERR_IO);
	assert_non_null(strstr(t.e.msg, "broker 1 did not start: no room"));
	assert_int_equal(state_of(1, NULL), LOCAL_STOPPED);
}

/* Who forgets a start does not end it. */
static void test_forgotten(void **state)
{
	struct err e = {0};
	struct told t = {0};

	(void)state;
	put_broker(1, "");
	local_op_free(local_start(l, folder, 1, on_done, &t, &e));
	assert_true(until_state(1, LOCAL_RUNNING));
	assert_false(t.done);
}

static void test_all(void **state)
{
	struct err e = {0};

	(void)state;
	put_broker(1, "");
	put_broker(2, "process.roles=broker\n");
	assert_int_equal(local_start_all(l, folder, &e), 0);
	assert_int_equal(state_of(1, NULL), LOCAL_RUNNING);
	assert_int_equal(state_of(2, NULL), LOCAL_RUNNING);
	assert_int_equal(local_stop_all(folder, PATIENCE_MS), 0);
	assert_int_equal(state_of(1, NULL), LOCAL_STOPPED);
	/* One that does not come up takes the others with it, but not what ran before. */
	start(1);
	put_broker(3, "");
	put("broker-3/fails", "", 0644);
	assert_int_equal(local_start_all(l, folder, &e), ERR_IO);
	assert_non_null(strstr(e.msg, "broker 3"));
	assert_int_equal(state_of(1, NULL), LOCAL_RUNNING);
	assert_int_equal(state_of(2, NULL), LOCAL_STOPPED);
}

static void test_add(void **state)
{
	struct err e = {0};
	struct told t = {0};
	struct local_cluster c;
	struct local_op *o;
	char *path = path_of("broker-6");

	(void)state;
	put_broker(4, "listeners=PLAINTEXT://127.0.0.1:29111\n"
		      "controller.quorum.voters=4@127.0.0.1:49111\nkdeck.faults.enable=true\n");
	o = local_add(l, folder, on_done, &t, &e);
	assert_non_null(o);
	assert_int_equal(local_op_broker(o), 5);
	assert_int_equal(finish(o, &t), 0);
	assert_int_equal(local_look(&c, folder, &e), 0);
	assert_true(local_find(&c, 5)->is_broker && !local_find(&c, 5)->votes);
	assert_int_equal(local_find(&c, 5)->state, LOCAL_RUNNING);
	local_fini(&c);
	/* One that cannot be started leaves no folder. */
	put("stand-in", "#!/bin/sh\necho full >&2\nexit 1\n", 0755);
	t = (struct told){0};
	assert_int_equal(finish(local_add(l, folder, on_done, &t, &e), &t), ERR_IO);
	assert_non_null(strstr(t.e.msg, "broker 6 did not start: full"));
	assert_int_equal(access(path, F_OK), -1);
	free(path);
}

/* ---- ports ----------------------------------------------------------------------------------- */

static void ignore(void *arg, int fd)
{
	(void)arg;
	close(fd);
}

static struct listener *listen_on(uint16_t port)
{
	struct err e = {0};

	return listener_new(l, NULL, port, ignore, NULL, &e);
}

/* The first of n ports in a row that nobody has; the one at `held` of them is listened on. */
static uint16_t row_of(uint16_t n, uint16_t at, struct listener **held)
{
	for (uint16_t first = 21000; first < 30000; first = (uint16_t)(first + n)) {
		uint16_t i = 0;
		struct listener *each;
		while (i < n && (each = listen_on((uint16_t)(first + i)))) {
			listener_free(each);
			i++;
		}
		*held = i == n ? listen_on((uint16_t)(first + at)) : NULL;
		if (*held)
			return first;
	}
	return 0;
}

/* Of the ports of a cluster one is free: its broker is down, and will want it again. */
static void test_rows_of_ports(void **state)
{
	struct listener *held;
	uint16_t first = row_of(6, 1, &held);
	struct local_wish w = {.brokers = 3, .port = first, .next_ports = true};
	struct local_cluster c;
	struct buf said = BUF_EMPTY, want = BUF_EMPTY, got = BUF_EMPTY;
	struct err e = {0};

	(void)state;
	assert_int_not_equal(first, 0);
	assert_int_equal(local_begin(l, folder, &w, &said, &e), 0);
	assert_int_equal(local_look(&c, folder, &e), 0);
	local_bootstrap(&c, &got);
	buf_printf(
		&want, "127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d", first + 3, first + 4, first + 5);
	assert_string_equal(buf_z(&got), buf_z(&want));
	local_fini(&c);
	listener_free(held);
	buf_fini(&said);
	buf_fini(&want);
	buf_fini(&got);
}

/* What a cluster that does not come up leaves: nothing of its own, and all that was there before.
 */
static void test_taken_back(void **state)
{
	static const char *const stay[] = {
		"broker-1/data/meta.properties", "broker-1/data/t-0.log"};
	static const char *const go[] = {
		"broker-1/server.properties", "broker-2/server.properties", "broker-2/data"};
	struct listener *held;
	uint16_t first = row_of(3, 0, &held);
	struct local_wish w = {.brokers = 2, .port = first + 1};
	struct buf said = BUF_EMPTY;
	struct err e = {0};

	(void)state;
	put_broker(1, "");
	put("broker-1/data/meta.properties", "version=1\nnode.id=1\n", 0644);
	put("broker-1/data/t-0.log", "records", 0644);
	put("broker-1/fails", "", 0644);
	remove_file("broker-1/server.properties");
	assert_int_equal(local_begin(l, folder, &w, &said, &e), ERR_IO);
	assert_non_null(strstr(e.msg, "broker 1 did not start: no room"));
	for (size_t i = 0; i < ARRAY_LEN(stay); i++)
		assert_true(is_there(stay[i]));
	for (size_t i = 0; i < ARRAY_LEN(go); i++)
		assert_false(is_there(go[i]));
	listener_free(held);
	buf_fini(&said);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_settings),
		TEST(test_hold),
		TEST(test_nothing_there),
		TEST(test_who_runs),
		TEST(test_refused),
		TEST(test_life),
		TEST(test_start_fails),
		TEST(test_forgotten),
		TEST(test_all),
		TEST(test_add),
		TEST(test_rows_of_ports),
		TEST(test_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
