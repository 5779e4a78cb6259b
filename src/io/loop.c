/*
 * The turn of the loop on libuv's handles: one prepare handle is the end of the turn, one idle
 * handle keeps the next wait from blocking, one timer handle stands for the earliest of the heap.
 * Handles that are freed are closed by libuv later; the memory goes in the close callback.
 */
#include "io/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "base/xalloc.h"
#include "io/loop_impl.h"

/* clock first: a struct clock * of ours leads back to the loop. */
struct turn_clock {
	struct clock clock;
	struct loop *loop;
};

struct loop {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_idle_t idle;
	uv_timer_t timer;
	struct heap timers;
	int64_t armed; /* deadline that the timer handle stands for, -1 = none */
	struct list hooks, deferred;
	struct turn_clock clock;
	struct loop_children children;
	int64_t now_us; /* 0: not read in this turn */
	uint64_t turn;
	bool stopped;
	struct list_node mark; /* in deferred while it runs: what comes behind waits */
	bool stepping;         /* the caller of a turn looks at its flags after it */
	bool busy;             /* something ran before the wait that may have set them */
};

struct loop_hook {
	struct list_node node;
	loop_hook_fn *fn;
	void *arg;
	struct loop_defer release;
	struct loop *loop;
};

struct loop_wake {
	uv_async_t uv;
	loop_wake_fn *fn;
	void *arg;
};

struct loop_signal {
	uv_signal_t uv;
	loop_signal_fn *fn;
	void *arg;
};

struct loop_watch {
	uv_poll_t uv;
	loop_watch_fn *fn;
	void *arg;
};

static int64_t clock_wall(const struct clock *c)
{
	(void)c;
	return clock_wall_ms(&clock_system);
}

static int64_t clock_mono(const struct clock *c)
{
	return loop_now_us(((const struct turn_clock *)(const void *)c)->loop);
}

static void run_deferred(struct loop *l)
{
	/* What is deferred from here on goes behind the mark and waits for the next round. */
	list_push_back(&l->deferred, &l->mark);
	for (struct list_node *n; (n = list_first(&l->deferred)) != &l->mark;) {
		struct loop_defer *d = CONTAINER_OF(n, struct loop_defer, node);
		list_remove(n);
		l->busy = true;
		d->fn(d->arg);
	}
	list_remove(&l->mark);
}

static bool run_hooks(struct loop *l)
{
	bool again = false;

	list_foreach (n, &l->hooks) {
		struct loop_hook *h = CONTAINER_OF(n, struct loop_hook, node);
		if (h->fn && h->fn(h->arg))
			again = true;
	}
	return again;
}

static void run_timers(uv_timer_t *uv)
{
	struct loop *l = uv->data;
	uint64_t born = l->timers.seq;
	struct heap_node *n;

	l->armed = -1;
	l->busy = true;
	l->now_us = 0;
	while ((n = heap_min(&l->timers)) && n->key <= loop_now_us(l) && n->seq < born) {
		struct io_timer *t = CONTAINER_OF(n, struct io_timer, node);
		int64_t next = n->key + t->repeat_us;
		heap_remove(&l->timers, n);
		if (t->repeat_us > 0)
			heap_insert(&l->timers, n,
				next > loop_now_us(l) ? next : loop_now_us(l) + t->repeat_us);
		t->fn(t->arg);
	}
}

static void arm(struct loop *l)
{
	struct heap_node *n = heap_min(&l->timers);
	int64_t key = n ? n->key : -1;
	int64_t left;

	if (key == l->armed)
		return;
	l->armed = key;
	if (!n) {
		uv_timer_stop(&l->timer);
		return;
	}
	left = max_i64(0, key - clock_mono_us(&clock_system));
	uv_update_time(&l->uv);
	uv_timer_start(&l->timer, run_timers, (uint64_t)((left + 999) / 1000), 0);
}

static void nothing(uv_idle_t *uv)
{
	(void)uv;
}

static void end_of_turn(uv_prepare_t *uv)
{
	struct loop *l = uv->data;
	bool again;

	run_deferred(l);
	again = run_hooks(l);
	run_deferred(l);
	if (again || (l->busy && l->stepping) || l->stopped || !list_empty(&l->deferred))
		uv_idle_start(&l->idle, nothing);
	else
		uv_idle_stop(&l->idle);
	l->busy = false;
	arm(l);
	l->turn++;
	l->now_us = 0;
}

struct loop *loop_new(struct err *e)
{
	struct loop *l = ALLOC(struct loop);
	int rc = uv_loop_init(&l->uv);

	if (rc) {
		err_set(e, ERR_IO, "event loop: %s", uv_strerror(rc));
		free(l);
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);
	uv_prepare_init(&l->uv, &l->prepare);
	uv_idle_init(&l->uv, &l->idle);
	uv_timer_init(&l->uv, &l->timer);
	l->prepare.data = l->idle.data = l->timer.data = l;
	uv_prepare_start(&l->prepare, end_of_turn);
	heap_init(&l->timers);
	list_init(&l->hooks);
	list_init(&l->deferred);
	l->armed = -1;
	l->clock = (struct turn_clock){{clock_wall, clock_mono}, l};
	return l;
}

struct loop_children *loop_children(struct loop *l)
{
	return &l->children;
}

/* What is still open was forgotten by its owner: better a message than a wait for ever. */
static void must_be_closing(uv_handle_t *h, void *arg)
{
	(void)arg;
	assert(uv_is_closing(h));
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	run_deferred(l); /* what was freed in the last turn */
	if (l->children.p)
		l->children.free(l->children.p);
	uv_close((uv_handle_t *)&l->prepare, NULL);
	uv_close((uv_handle_t *)&l->idle, NULL);
	uv_close((uv_handle_t *)&l->timer, NULL);
	uv_walk(&l->uv, must_be_closing, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	(void)uv_loop_close(&l->uv);
	heap_fini(&l->timers);
	free(l);
}

static void turn(struct loop *l, bool wait)
{
	l->now_us = 0;
	uv_run(&l->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	l->now_us = 0;
}

void loop_run(struct loop *l)
{
	l->stopped = false;
	l->stepping = false;
	while (!l->stopped)
		turn(l, true);
}

void loop_run_once(struct loop *l, bool wait)
{
	l->stepping = true;
	turn(l, wait);
}

static void raise_flag(void *arg)
{
	*(bool *)arg = true;
}

bool loop_run_until(struct loop *l, const bool *flag, int64_t ms)
{
	struct io_timer t;
	bool late = false;

	l->stopped = false;
	io_timer_init(&t, l, raise_flag, &late);
	io_timer_start(&t, ms, 0);
	while (!*flag && !late && !l->stopped)
		loop_run_once(l, true);
	io_timer_stop(&t);
	return *flag;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
	uv_idle_start(&l->idle, nothing);
}

int64_t loop_now_us(struct loop *l)
{
	if (!l->now_us)
		l->now_us = clock_mono_us(&clock_system);
	return l->now_us;
}

int64_t loop_now_ms(struct loop *l)
{
	return loop_now_us(l) / 1000;
}

const struct clock *loop_clock(struct loop *l)
{
	return &l->clock.clock;
}

uint64_t loop_turn(const struct loop *l)
{
	return l->turn;
}

void io_timer_init(struct io_timer *t, struct loop *l, io_timer_fn *fn, void *arg)
{
	*t = (struct io_timer){.loop = l, .fn = fn, .arg = arg};
}

/* Longer than any machine runs counts as that: settings may say 2^63 - 1. */
static int64_t us_of(int64_t ms)
{
	return max_i64(0, min_i64(ms, INT64_MAX / 4000)) * 1000;
}

void io_timer_start(struct io_timer *t, int64_t ms, int64_t repeat_ms)
{
	io_timer_stop(t);
	t->repeat_us = us_of(repeat_ms);
	heap_insert(&t->loop->timers, &t->node, loop_now_us(t->loop) + us_of(ms));
}

void io_timer_stop(struct io_timer *t)
{
	heap_remove(&t->loop->timers, &t->node);
	t->repeat_us = 0;
}

struct loop_hook *loop_at_turn_end(struct loop *l, loop_hook_fn *fn, void *arg)
{
	struct loop_hook *h = ALLOC(struct loop_hook);

	h->fn = fn;
	h->arg = arg;
	h->loop = l;
	list_push_back(&l->hooks, &h->node);
	return h;
}

static void hook_release(void *arg)
{
	struct loop_hook *h = arg;

	list_remove(&h->node);
	free(h);
}

void loop_hook_free(struct loop_hook *h)
{
	if (!h)
		return;
	h->fn = NULL; /* stays linked: a hook may be walking the list */
	loop_defer(h->loop, &h->release, hook_release, h);
}

void loop_defer(struct loop *l, struct loop_defer *d, loop_defer_fn *fn, void *arg)
{
	if (list_holds(&d->node))
		return;
	d->fn = fn;
	d->arg = arg;
	list_push_back(&l->deferred, &d->node);
}

void loop_defer_cancel(struct loop_defer *d)
{
	list_remove(&d->node);
}

static void handle_closed(uv_handle_t *h)
{
	free(h); /* every handle is the first member of what was allocated */
}

static void wake_cb(uv_async_t *uv)
{
	struct loop_wake *w = (struct loop_wake *)(void *)uv;
	w->fn(w->arg);
}

struct loop_wake *loop_wake_new(struct loop *l, loop_wake_fn *fn, void *arg)
{
	struct loop_wake *w = ALLOC(struct loop_wake);

	w->fn = fn;
	w->arg = arg;
	if (uv_async_init(&l->uv, &w->uv, wake_cb)) {
		free(w);
		return NULL;
	}
	return w;
}

void loop_wake_send(struct loop_wake *w)
{
	uv_async_send(&w->uv);
}

void loop_wake_free(struct loop_wake *w)
{
	if (w)
		uv_close((uv_handle_t *)&w->uv, handle_closed);
}

static void signal_cb(uv_signal_t *uv, int signum)
{
	struct loop_signal *s = (struct loop_signal *)(void *)uv;
	s->fn(s->arg, signum);
}

struct loop_signal *loop_signal_new(
	struct loop *l, int signum, loop_signal_fn *fn, void *arg, struct err *e)
{
	struct loop_signal *s = ALLOC(struct loop_signal);
	int rc = uv_signal_init(&l->uv, &s->uv);

	if (rc) {
		free(s);
		err_set(e, ERR_IO, "signal %d: %s", signum, uv_strerror(rc));
		return NULL;
	}
	s->fn = fn;
	s->arg = arg;
	rc = uv_signal_start(&s->uv, signal_cb, signum);
	if (rc) {
		loop_signal_free(s);
		err_set(e, ERR_INVALID, "signal %d: %s", signum, uv_strerror(rc));
		return NULL;
	}
	return s;
}

void loop_signal_free(struct loop_signal *s)
{
	if (s)
		uv_close((uv_handle_t *)&s->uv, handle_closed);
}

struct loop_watch *loop_watch_new(
	struct loop *l, int fd, loop_watch_fn *fn, void *arg, struct err *e)
{
	struct loop_watch *w = ALLOC(struct loop_watch);
	int rc = uv_poll_init(&l->uv, &w->uv, fd);

	if (rc) {
		free(w);
		err_set(e, ERR_IO, "descriptor %d cannot be watched: %s", fd, uv_strerror(rc));
		return NULL;
	}
	w->fn = fn;
	w->arg = arg;
	return w;
}

static void watch_cb(uv_poll_t *uv, int status, int events)
{
	struct loop_watch *w = (struct loop_watch *)(void *)uv;
	int ev = (events & UV_READABLE ? LOOP_READ : 0) | (events & UV_WRITABLE ? LOOP_WRITE : 0);

	w->fn(w->arg, status < 0 ? ev | LOOP_FAILED : ev);
}

void loop_watch_set(struct loop_watch *w, int events)
{
	int ev = (events & LOOP_READ ? UV_READABLE : 0) | (events & LOOP_WRITE ? UV_WRITABLE : 0);

	if (ev)
		uv_poll_start(&w->uv, ev, watch_cb);
	else
		uv_poll_stop(&w->uv);
}

void loop_watch_free(struct loop_watch *w)
{
	if (w)
		uv_close((uv_handle_t *)&w->uv, handle_closed);
}
