/* io/work.h on virtual time: a job runs, all at once, when its thread is done with it. */
#include "io/work.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "sim.h"

struct thread {
	struct sim_event ends;
	struct work_pool *pool;
	struct work *work; /* NULL: waits for one */
};

struct work_pool {
	struct loop *loop;
	struct sim *sim;
	struct list queue, done;
	struct sim_ready wake;
	struct loop_defer release;
	size_t pending;
	bool freed;
	int n_threads;
	struct thread threads[];
};

static void start_some(struct work_pool *p);

static void run(struct thread *t)
{
	struct work *w = t->work;

	t->work = NULL;
	w->run(w);
	w->state = WORK_DONE;
	list_push_back(&t->pool->done, &w->node);
}

static bool finish_one(struct work_pool *p)
{
	struct list_node *n = list_first(&p->done);
	struct work *w;
	int status;

	if (!n)
		return false;
	w = CONTAINER_OF(n, struct work, node);
	list_remove(n);
	status = w->state == WORK_CANCELLED ? ERR_CANCELLED : 0;
	w->state = WORK_IDLE;
	p->pending--;
	w->done(w, status);
	return true;
}

static void on_wake(void *arg)
{
	struct work_pool *p = arg;
	size_t n = 0;

	list_foreach (it, &p->done)
		n++;
	while (n-- > 0 && !p->freed)
		if (!finish_one(p))
			break;
}

static void thread_ends(void *arg)
{
	struct thread *t = arg;
	struct work_pool *p = t->pool;
	int64_t stopped = sim_loop_machine(p->loop)->stopped_until_us;

	if (stopped > p->sim->now_us) {
		sim_at(p->sim, &t->ends, stopped, thread_ends, t);
		return;
	}
	run(t);
	start_some(p);
	sim_ready(p->loop, &p->wake, on_wake, p);
}

static int64_t duration(struct work_pool *p)
{
	int64_t slow = sim_loop_machine(p->loop)->slow_disk_us;

	if (slow)
		return sim_between(p->sim, slow / 4, slow);
	return rng_one_in(&p->sim->rng, 50) ? sim_between(p->sim, 1000, 30000)
					    : sim_between(p->sim, 10, 600);
}

static void start(struct thread *t)
{
	struct work_pool *p = t->pool;
	struct list_node *n = list_first(&p->queue);

	list_remove(n);
	t->work = CONTAINER_OF(n, struct work, node);
	t->work->state = WORK_RUNNING;
	sim_at(p->sim, &t->ends, p->sim->now_us + duration(p), thread_ends, t);
}

static void start_some(struct work_pool *p)
{
	for (int i = 0; i < p->n_threads && !list_empty(&p->queue); i++)
		if (!p->threads[i].work)
			start(&p->threads[i]);
}

struct work_pool *work_pool_new(struct loop *l, const char *name, int threads, struct err *e)
{
	struct work_pool *p = xcalloc(1, sizeof(*p) + (size_t)threads * sizeof(p->threads[0]));

	(void)name;
	(void)e;
	p->loop = l;
	p->sim = sim_loop_machine(l)->sim;
	p->n_threads = threads;
	list_init(&p->queue);
	list_init(&p->done);
	for (int i = 0; i < threads; i++)
		p->threads[i].pool = p;
	return p;
}

/* No time passes: the caller waits, and nobody sees how long. */
static void run_next(struct work_pool *p)
{
	int i = 0;

	start_some(p);
	while (!p->threads[i].work)
		i++;
	sim_cancel(p->sim, &p->threads[i].ends);
	run(&p->threads[i]);
}

void work_pool_drain(struct work_pool *p)
{
	while (p->pending > 0)
		if (!finish_one(p))
			run_next(p);
	sim_ready_cancel(&p->wake);
}

void work_pool_free(struct work_pool *p)
{
	if (!p)
		return;
	work_pool_drain(p);
	p->freed = true;
	loop_defer(p->loop, &p->release, free, p); /* a done call may be on the stack */
}

void work_submit(struct work_pool *p, struct work *w, work_run_fn *run_fn, work_done_fn *done)
{
	assert(w->state == WORK_IDLE);
	w->state = WORK_QUEUED;
	w->run = run_fn;
	w->done = done;
	list_push_back(&p->queue, &w->node);
	p->pending++;
	start_some(p);
}

bool work_cancel(struct work_pool *p, struct work *w)
{
	if (w->state != WORK_QUEUED)
		return false;
	list_remove(&w->node);
	w->state = WORK_CANCELLED;
	list_push_back(&p->done, &w->node);
	sim_ready(p->loop, &p->wake, on_wake, p);
	return true;
}

size_t work_pool_pending(const struct work_pool *p)
{
	return p->pending;
}
