/* Time, turns, timers and the system's random numbers: io/loop.h on virtual time. */
#include "sim.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/xalloc.h"

#define WALL0 INT64_C(1700000000000)

struct loop {
	struct sim *sim;
	struct sim_machine *machine;
	struct heap timers;
	struct list hooks, deferred, ready;
	struct list_node mark; /* in a list while it runs: what comes behind waits */
	int64_t busy_until_us;
	uint64_t turn;
	bool again; /* a hook wants another turn */
};

struct loop_hook {
	struct list_node node;
	loop_hook_fn *fn;
	void *arg;
	struct loop_defer release;
	struct loop *loop;
};

struct loop_wake {
	struct loop *loop;
	struct sim_ready ready;
	loop_wake_fn *fn;
	void *arg;
};

static struct sim *the_sim;

/* ---- chance --------------------------------------------------------------------------------- */

/* Outside of a run the numbers are always the same: the order in which maps are walked is the
 * process's, not the first seed's. */
uint64_t random_u64(void)
{
	return the_sim ? rng_u64(&the_sim->rng) : 1;
}

void random_bytes(void *p, size_t n)
{
	struct rng fixed;

	rng_seed(&fixed, 1);
	rng_bytes(the_sim ? &the_sim->rng : &fixed, p, n);
}

const char *sim_where(void)
{
	static char text[48];
	const struct sim *s = the_sim;

	if (!s)
		return "";
	snprintf(text, sizeof(text), "%lld.%06lld %s", (long long)(s->now_us / 1000000),
		(long long)(s->now_us % 1000000), s->acting ? s->acting->host : "-");
	return text;
}

void sim_note(struct sim *s, uint64_t what)
{
	s->trace = (s->trace ^ what) * 0x9e3779b97f4a7c15;
	s->trace ^= s->trace >> 29;
}

/* ---- the world ------------------------------------------------------------------------------ */

/* Maps take their seed once in a process: not in the midst of the first run. */
static void settle_maps(void)
{
	struct map m;

	map_init(&m);
	map_put64(&m, 1, &m);
	map_fini(&m);
}

void sim_init(struct sim *s, uint64_t seed)
{
	assert(!the_sim);
	settle_maps();
	*s = (struct sim){.now_us = 1000000};
	rng_seed(&s->rng, seed);
	heap_init(&s->events);
	list_init(&s->conns);
	the_sim = s;
}

void sim_fini(struct sim *s)
{
	for (int i = 0; i < s->n_machines; i++) {
		assert(!s->machines[i]->loop);
		free(s->machines[i]);
	}
	assert(list_empty(&s->conns));
	heap_fini(&s->events);
	the_sim = NULL;
}

static int64_t machine_wall(const struct clock *c)
{
	const struct sim_machine *m = (const struct sim_machine *)(const void *)c;

	return WALL0 + m->sim->now_us / 1000 + m->wall_skew_ms;
}

static int64_t machine_mono(const struct clock *c)
{
	const struct sim_machine *m = (const struct sim_machine *)(const void *)c;

	return m->sim->now_us + m->mono_base_us;
}

struct sim_machine *sim_machine_add(struct sim *s, const char *host)
{
	struct sim_machine *m = ALLOC(struct sim_machine);

	assert(s->n_machines < SIM_MACHINES);
	m->clock = (struct clock){machine_wall, machine_mono};
	m->sim = s;
	m->id = s->n_machines;
	m->mono_base_us = sim_between(s, 0, INT64_C(3600000000));
	m->next_port = 30000;
	snprintf(m->host, sizeof(m->host), "%s", host);
	list_init(&m->listeners);
	s->machines[s->n_machines++] = m;
	return m;
}

void sim_at(struct sim *s, struct sim_event *e, int64_t at_us, void (*fn)(void *), void *arg)
{
	heap_remove(&s->events, &e->node);
	e->fn = fn;
	e->arg = arg;
	heap_insert(&s->events, &e->node, max_i64(at_us, s->now_us));
}

void sim_cancel(struct sim *s, struct sim_event *e)
{
	heap_remove(&s->events, &e->node);
}

void sim_ready(struct loop *l, struct sim_ready *r, void (*fn)(void *), void *arg)
{
	if (list_holds(&r->node))
		return;
	r->fn = fn;
	r->arg = arg;
	list_push_back(&l->ready, &r->node);
}

void sim_ready_cancel(struct sim_ready *r)
{
	list_remove(&r->node);
}

/* ---- a turn --------------------------------------------------------------------------------- */

static int64_t next_of(const struct loop *l)
{
	const struct heap_node *n = heap_min(&l->timers);
	int64_t at = n ? n->key - l->machine->mono_base_us : INT64_MAX;

	if (l->again || !list_empty(&l->ready) || !list_empty(&l->deferred))
		at = 0;
	return max_i64(at, max_i64(l->busy_until_us, l->machine->stopped_until_us));
}

static void run_ready(struct loop *l)
{
	list_push_back(&l->ready, &l->mark);
	for (struct list_node *n; (n = list_first(&l->ready)) != &l->mark;) {
		struct sim_ready *r = CONTAINER_OF(n, struct sim_ready, node);
		list_remove(n);
		r->fn(r->arg);
	}
	list_remove(&l->mark);
}

static void run_timers(struct loop *l)
{
	uint64_t born = l->timers.seq;
	int64_t now = loop_now_us(l);
	struct heap_node *n;

	while ((n = heap_min(&l->timers)) && n->key <= now && n->seq < born) {
		struct io_timer *t = CONTAINER_OF(n, struct io_timer, node);
		int64_t next = n->key + t->repeat_us;
		heap_remove(&l->timers, n);
		if (t->repeat_us > 0)
			heap_insert(&l->timers, n, next > now ? next : now + t->repeat_us);
		t->fn(t->arg);
	}
}

static void run_deferred(struct loop *l)
{
	list_push_back(&l->deferred, &l->mark);
	for (struct list_node *n; (n = list_first(&l->deferred)) != &l->mark;) {
		struct loop_defer *d = CONTAINER_OF(n, struct loop_defer, node);
		list_remove(n);
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

static void turn(struct loop *l)
{
	run_ready(l);
	run_timers(l);
	run_deferred(l);
	l->again = run_hooks(l);
	run_deferred(l);
	l->turn++;
	l->busy_until_us = l->sim->now_us + sim_between(l->sim, 2, 40);
	if (rng_one_in(&l->sim->rng, 3000))
		l->busy_until_us += sim_between(l->sim, 1000, 20000);
}

/* What happens first: *at and, when it is a turn, whose. */
static struct loop *find_next(const struct sim *s, int64_t *at)
{
	const struct heap_node *n = heap_min(&s->events);
	struct loop *first = NULL;

	*at = n ? n->key : INT64_MAX;
	for (int i = 0; i < s->n_machines; i++) {
		struct loop *l = s->machines[i]->loop;
		int64_t t = l ? next_of(l) : INT64_MAX;
		if (t < *at) {
			*at = t;
			first = l;
		}
	}
	return first;
}

bool sim_step(struct sim *s, int64_t until_us, struct sim_machine **ran)
{
	int64_t at;
	struct loop *l = find_next(s, &at);

	*ran = NULL;
	if (at > until_us) {
		s->now_us = max_i64(s->now_us, until_us);
		return false;
	}
	s->now_us = max_i64(s->now_us, at);
	s->steps++;
	if (l) {
		*ran = l->machine;
		sim_note(s, ((uint64_t)s->now_us << 4) + (uint64_t)l->machine->id);
		s->acting = l->machine;
		turn(l);
		s->acting = NULL;
	} else {
		struct heap_node *n = heap_min(&s->events);
		struct sim_event *e = CONTAINER_OF(n, struct sim_event, node);
		heap_remove(&s->events, n);
		e->fn(e->arg);
	}
	return true;
}

/* ---- io/loop.h ------------------------------------------------------------------------------ */

struct loop *sim_loop_new(struct sim_machine *m)
{
	struct loop *l = ALLOC(struct loop);

	assert(!m->loop);
	l->sim = m->sim;
	l->machine = m;
	heap_init(&l->timers);
	list_init(&l->hooks);
	list_init(&l->deferred);
	list_init(&l->ready);
	m->loop = l;
	return l;
}

struct sim_machine *sim_loop_machine(const struct loop *l)
{
	return l->machine;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	run_deferred(l);
	assert(list_empty(&l->hooks) && list_empty(&l->ready));
	assert(!heap_min(&l->timers));
	heap_fini(&l->timers);
	l->machine->loop = NULL;
	free(l);
}

void loop_stop(struct loop *l)
{
	(void)l;
}

int64_t loop_now_us(struct loop *l)
{
	return l->sim->now_us + l->machine->mono_base_us;
}

int64_t loop_now_ms(struct loop *l)
{
	return loop_now_us(l) / 1000;
}

const struct clock *loop_clock(struct loop *l)
{
	return &l->machine->clock;
}

uint64_t loop_turn(const struct loop *l)
{
	return l->turn;
}

void io_timer_init(struct io_timer *t, struct loop *l, io_timer_fn *fn, void *arg)
{
	*t = (struct io_timer){.loop = l, .fn = fn, .arg = arg};
}

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
	if (heap_holds(&t->node))
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
	h->fn = NULL;
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

static void wake_run(void *arg)
{
	struct loop_wake *w = arg;

	w->fn(w->arg);
}

struct loop_wake *loop_wake_new(struct loop *l, loop_wake_fn *fn, void *arg)
{
	struct loop_wake *w = ALLOC(struct loop_wake);

	w->loop = l;
	w->fn = fn;
	w->arg = arg;
	return w;
}

void loop_wake_send(struct loop_wake *w)
{
	sim_ready(w->loop, &w->ready, wake_run, w);
}

void loop_wake_free(struct loop_wake *w)
{
	if (w)
		sim_ready_cancel(&w->ready);
	free(w);
}

/* There are no descriptors here. */
struct loop_watch *loop_watch_new(
	struct loop *l, int fd, loop_watch_fn *fn, void *arg, struct err *e)
{
	(void)l;
	(void)fn;
	(void)arg;
	err_set(e, ERR_UNSUPPORTED, "descriptor %d in a simulation", fd);
	return NULL;
}

void loop_watch_set(struct loop_watch *w, int events)
{
	(void)w;
	(void)events;
}

void loop_watch_free(struct loop_watch *w)
{
	(void)w;
}
