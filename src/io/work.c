/*
 * Threads that take jobs off one queue and put them on a second one that the loop empties.
 *
 *   IDLE --submit--> QUEUED --> RUNNING --> DONE --+--> IDLE (done is called on the loop)
 *                       \--cancel--> CANCELLED ----+
 *
 * The lock covers both queues and every job's state; run and done are called without it. `pending`
 * and `freed` belong to the loop's thread.
 */
#include "io/work.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "io/loop.h"

struct work_pool {
	struct loop *loop;
	struct loop_wake *wake;
	pthread_mutex_t lock;
	pthread_cond_t has_work, has_done;
	struct list queue, done;
	size_t n_done;
	bool ending;

	size_t pending;
	struct loop_defer release;
	bool freed;
	char name[16];
	int n_threads;
	pthread_t threads[];
};

static void move(struct work *w, enum work_state to)
{
	static const unsigned moves[] = {
		[WORK_IDLE] = 1u << WORK_QUEUED,
		[WORK_QUEUED] = 1u << WORK_RUNNING | 1u << WORK_CANCELLED,
		[WORK_RUNNING] = 1u << WORK_DONE,
		[WORK_DONE] = 1u << WORK_IDLE,
		[WORK_CANCELLED] = 1u << WORK_IDLE,
	};

	assert(moves[w->state] & (1u << to));
	w->state = to;
}

/* Under the lock. */
static void put_done(struct work_pool *p, struct work *w, enum work_state how)
{
	move(w, how);
	list_push_back(&p->done, &w->node);
	p->n_done++;
	pthread_cond_signal(&p->has_done);
	loop_wake_send(p->wake);
}

static void *serve(void *arg)
{
	struct work_pool *p = arg;

	pthread_setname_np(pthread_self(), p->name);
	pthread_mutex_lock(&p->lock);
	while (!p->ending) {
		struct list_node *n = list_pop(&p->queue);
		struct work *w;
		if (!n) {
			pthread_cond_wait(&p->has_work, &p->lock);
			continue;
		}
		w = CONTAINER_OF(n, struct work, node);
		move(w, WORK_RUNNING);
		pthread_mutex_unlock(&p->lock);
		w->run(w);
		pthread_mutex_lock(&p->lock);
		put_done(p, w, WORK_DONE);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Calls the first job's done; false when there is none. */
static bool finish_one(struct work_pool *p)
{
	struct list_node *n;
	struct work *w = NULL;
	int status = 0;

	pthread_mutex_lock(&p->lock);
	n = list_pop(&p->done);
	if (n) {
		w = CONTAINER_OF(n, struct work, node);
		p->n_done--;
		status = w->state == WORK_CANCELLED ? ERR_CANCELLED : 0;
		move(w, WORK_IDLE);
	}
	pthread_mutex_unlock(&p->lock);
	if (!w)
		return false;
	p->pending--;
	w->done(w, status);
	return true;
}

static size_t count_done(struct work_pool *p)
{
	size_t n;

	pthread_mutex_lock(&p->lock);
	n = p->n_done;
	pthread_mutex_unlock(&p->lock);
	return n;
}

/* As many as there are now: jobs that submit themselves again must not keep the loop here. Those
 * that finish meanwhile send their own wake-up. */
static void on_wake(void *arg)
{
	struct work_pool *p = arg;

	for (size_t n = count_done(p); n > 0 && !p->freed; n--)
		if (!finish_one(p))
			break;
}

static void start_threads(struct work_pool *p, int threads, int *errnum)
{
	sigset_t all, before;

	/* Signals are for the loop's thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (*errnum = 0; p->n_threads < threads && !*errnum;) {
		*errnum = pthread_create(&p->threads[p->n_threads], NULL, serve, p);
		if (!*errnum)
			p->n_threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void release(void *arg)
{
	struct work_pool *p = arg;

	pthread_cond_destroy(&p->has_done);
	pthread_cond_destroy(&p->has_work);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

struct work_pool *work_pool_new(struct loop *l, const char *name, int threads, struct err *e)
{
	struct work_pool *p;
	int errnum;

	assert(threads > 0);
	p = xcalloc(1, sizeof(*p) + (size_t)threads * sizeof(p->threads[0]));
	p->loop = l;
	strncpy(p->name, name, sizeof(p->name) - 1);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->has_work, NULL);
	pthread_cond_init(&p->has_done, NULL);
	list_init(&p->queue);
	list_init(&p->done);
	p->wake = loop_wake_new(l, on_wake, p);
	if (!p->wake) {
		err_set(e, ERR_IO, "worker threads %s: no descriptor for wake-ups", name);
		release(p);
		return NULL;
	}
	start_threads(p, threads, &errnum);
	if (!p->n_threads) {
		err_errno(e, ERR_IO, errnum, "worker threads %s", name);
		loop_wake_free(p->wake);
		release(p);
		return NULL;
	}
	return p;
}

void work_pool_drain(struct work_pool *p)
{
	while (p->pending > 0) {
		pthread_mutex_lock(&p->lock);
		while (list_empty(&p->done))
			pthread_cond_wait(&p->has_done, &p->lock);
		pthread_mutex_unlock(&p->lock);
		finish_one(p);
	}
}

void work_pool_free(struct work_pool *p)
{
	if (!p)
		return;
	work_pool_drain(p);
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->has_work);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	loop_wake_free(p->wake);
	p->freed = true;
	loop_defer(p->loop, &p->release, release, p); /* a done call may be on the stack */
}

void work_submit(struct work_pool *p, struct work *w, work_run_fn *run, work_done_fn *done)
{
	pthread_mutex_lock(&p->lock);
	move(w, WORK_QUEUED);
	w->run = run;
	w->done = done;
	list_push_back(&p->queue, &w->node);
	pthread_cond_signal(&p->has_work);
	pthread_mutex_unlock(&p->lock);
	p->pending++;
}

bool work_cancel(struct work_pool *p, struct work *w)
{
	bool cancelled;

	pthread_mutex_lock(&p->lock);
	cancelled = w->state == WORK_QUEUED;
	if (cancelled) {
		list_remove(&w->node);
		put_done(p, w, WORK_CANCELLED);
	}
	pthread_mutex_unlock(&p->lock);
	return cancelled;
}

size_t work_pool_pending(const struct work_pool *p)
{
	return p->pending;
}
