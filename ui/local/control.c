/* Ending brokers and holding them up: signals to a process that was seen to hold the folder. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "local/op.h"

#define GONE_MS 5000 /* so long a kill may take, on a machine that is busy */

/* ---- what every op does ---------------------------------------------------------------------- */

struct local_op *local_op_new(struct loop *l, int32_t id, local_done_fn *fn, void *arg)
{
	struct local_op *o = ALLOC(struct local_op);

	*o = (struct local_op){.id = id, .fn = fn, .arg = arg, .loop = l, .fd = -1};
	io_timer_init(&o->timer, l, NULL, o);
	return o;
}

int local_op_wait(struct local_op *o, int fd, loop_watch_fn *ready, io_timer_fn *late, int64_t ms,
	struct err *e)
{
	o->fd = fd;
	o->watch = loop_watch_new(o->loop, fd, ready, o, e);
	if (!o->watch)
		return e->code;
	loop_watch_set(o->watch, LOOP_READ);
	o->timer.fn = late;
	io_timer_start(&o->timer, ms, 0);
	return 0;
}

static void stop_waiting(struct local_op *o)
{
	io_timer_stop(&o->timer);
	if (o->watch)
		loop_watch_free(o->watch);
	o->watch = NULL;
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	child_free(o->child);
	o->child = NULL;
}

void local_op_done(struct local_op *o, const struct err *e)
{
	stop_waiting(o);
	o->fn(o->arg, e);
}

int32_t local_op_broker(const struct local_op *o)
{
	return o->id;
}

void local_op_free(struct local_op *o)
{
	if (!o)
		return;
	stop_waiting(o);
	buf_fini(&o->line);
	free(o->broker_dir);
	free(o);
}

/* ---- stop and kill --------------------------------------------------------------------------- */

static void on_gone(void *arg, int events)
{
	struct local_op *o = arg;
	struct err e = {0};

	(void)events;
	if (o->killed)
		err_set(&e, ERR_TIMEOUT, "broker %d did not stop in %d s and was killed", o->id,
			LOCAL_STOP_MS / 1000);
	local_op_done(o, o->killed ? &e : NULL);
}

static void on_still_there(void *arg)
{
	struct local_op *o = arg;
	struct err e = {0};

	err_set(&e, ERR_TIMEOUT, "broker %d was killed and has not gone", o->id);
	local_op_done(o, &e);
}

static void on_late(void *arg)
{
	struct local_op *o = arg;

	o->killed = true;
	(void)!local_signal(o->fd, SIGKILL);
	o->timer.fn = on_still_there;
	io_timer_start(&o->timer, GONE_MS, 0);
}

/* One that is held up sees the signal when it goes on. */
static void ask_to_end(int pidfd)
{
	(void)!local_signal(pidfd, SIGTERM);
	(void)!local_signal(pidfd, SIGCONT);
}

static int open_by_id(const char *dir, int32_t id, struct err *e)
{
	struct local_cluster c;
	const struct local_broker *b = local_get(&c, dir, id, e);
	int fd = b ? local_open_process(b, e) : e->code;

	local_fini(&c);
	return fd;
}

/* An op that waits for the end of broker id's process, whose descriptor, the op's, is *fd. */
static struct local_op *await_end(struct loop *l, const char *dir, int32_t id, local_done_fn *fn,
	void *arg, io_timer_fn *late, int64_t ms, int *fd, struct err *e)
{
	struct local_op *o;

	*fd = open_by_id(dir, id, e);
	if (*fd < 0)
		return NULL;
	o = local_op_new(l, id, fn, arg);
	if (local_op_wait(o, *fd, on_gone, late, ms, e) == 0)
		return o;
	local_op_free(o);
	return NULL;
}

struct local_op *local_stop(
	struct loop *l, const char *dir, int32_t id, local_done_fn *fn, void *arg, struct err *e)
{
	int fd;
	struct local_op *o = await_end(l, dir, id, fn, arg, on_late, LOCAL_STOP_MS, &fd, e);

	if (o)
		ask_to_end(fd);
	return o;
}

struct local_op *local_kill(
	struct loop *l, const char *dir, int32_t id, local_done_fn *fn, void *arg, struct err *e)
{
	int fd;
	struct local_op *o = await_end(l, dir, id, fn, arg, on_still_there, GONE_MS, &fd, e);

	if (o)
		(void)!local_signal(fd, SIGKILL);
	return o;
}

/* ---- pause and continue ---------------------------------------------------------------------- */

static int send_one(const char *dir, int32_t id, int signum, struct err *e)
{
	int fd = open_by_id(dir, id, e);
	int rc;

	if (fd < 0)
		return fd;
	rc = local_signal(fd, signum);
	close(fd);
	return rc < 0 ? err_set(e, ERR_CLOSED, "broker %d does not run any more", id) : 0;
}

int local_pause(const char *dir, int32_t id, struct err *e)
{
	return send_one(dir, id, SIGSTOP, e);
}

int local_continue(const char *dir, int32_t id, struct err *e)
{
	return send_one(dir, id, SIGCONT, e);
}

/* ---- all at once, without a loop ------------------------------------------------------------- */

typedef VEC(struct pollfd) process_list;

/* Those that have ended are taken off. False: some have not in that time. */
static bool wait_all(process_list *all, int64_t ms)
{
	int64_t until = clock_mono_ms(&clock_system) + ms, left = ms;

	while (all->n && left >= 0) {
		int n = poll(all->v, all->n, (int)left);
		for (size_t i = all->n; n > 0 && i-- > 0;) {
			if (!all->v[i].revents)
				continue;
			close(all->v[i].fd);
			vec_remove(all, i);
		}
		left = until - clock_mono_ms(&clock_system);
	}
	return all->n == 0;
}

/* ERR_TIMEOUT: some had to be killed. */
static int stop_those(const struct local_cluster *c, bool votes, int64_t timeout_ms)
{
	process_list all = {0};
	struct err e = {0};
	int rc = 0;

	vec_foreach (b, &c->brokers) {
		int fd = b->votes == votes ? local_open_process(b, &e) : -1;
		if (fd >= 0)
			vec_push(&all, ((struct pollfd){.fd = fd, .events = POLLIN}));
	}
	vec_foreach (p, &all)
		ask_to_end(p->fd);
	if (!wait_all(&all, timeout_ms)) {
		rc = ERR_TIMEOUT;
		vec_foreach (p, &all)
			(void)!local_signal(p->fd, SIGKILL);
		(void)!wait_all(&all, GONE_MS);
	}
	vec_foreach (p, &all)
		close(p->fd);
	vec_fini(&all);
	return rc;
}

int local_stop_all(const char *dir, int64_t timeout_ms)
{
	struct local_cluster c;
	struct err e = {0};
	int rc = 0;

	if (local_look(&c, dir, &e) == 0) {
		rc = stop_those(&c, false, timeout_ms);
		if (stop_those(&c, true, timeout_ms) < 0)
			rc = ERR_TIMEOUT;
	}
	local_fini(&c);
	return rc;
}
