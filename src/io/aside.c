/*
 * One detached thread a call. The lock covers `ran` and `left`, which say who is the last: the
 * thread frees everything when it finds `left`, the loop does when it finds `ran`.
 */
#include "io/aside.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/xalloc.h"
#include "io/loop.h"

struct aside {
	struct aside_job job;
	struct loop_wake *wake; /* the loop's; not to be used once `left` is set */
	pthread_mutex_t lock;
	pthread_cond_t has_run;
	bool ran, left;
};

static void aside_free(struct aside *a)
{
	a->job.drop(a->job.own);
	pthread_cond_destroy(&a->has_run);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static void *serve(void *arg)
{
	struct aside *a = arg;
	bool last;

	pthread_setname_np(pthread_self(), a->job.name);
	a->job.run(a->job.own);
	pthread_mutex_lock(&a->lock);
	a->ran = true;
	last = a->left;
	if (!last) {
		pthread_cond_signal(&a->has_run);
		loop_wake_send(a->wake);
	}
	pthread_mutex_unlock(&a->lock);
	if (last)
		aside_free(a);
	return NULL;
}

static void on_wake(void *arg)
{
	struct aside *a = arg;

	/* The thread sends under the lock: when we have it, it is done with us. */
	pthread_mutex_lock(&a->lock);
	pthread_mutex_unlock(&a->lock);
	loop_wake_free(a->wake);
	if (a->job.done)
		a->job.done(a->job.arg);
	aside_free(a);
}

static int start_thread(struct aside *a)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int errnum;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* Signals are for the loop's thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	errnum = pthread_create(&thread, &attr, serve, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return errnum;
}

static void init_sync(struct aside *a)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&a->has_run, &attr);
	pthread_condattr_destroy(&attr);
}

struct aside *aside_start(struct loop *l, const struct aside_job *job, struct err *e)
{
	struct aside *a = ALLOC(struct aside);
	int errnum;

	assert(job->run && job->drop);
	a->job = *job;
	init_sync(a);
	a->wake = loop_wake_new(l, on_wake, a);
	errnum = a->wake ? start_thread(a) : 0;
	if (a->wake && !errnum)
		return a;
	if (errnum)
		err_errno(e, ERR_IO, errnum, "a thread for %s", job->name);
	else
		err_set(e, ERR_IO, "a thread for %s: no descriptor for wake-ups", job->name);
	loop_wake_free(a->wake);
	pthread_cond_destroy(&a->has_run);
	pthread_mutex_destroy(&a->lock);
	free(a);
	return NULL;
}

void aside_leave(struct aside *a)
{
	(void)aside_finish(a, 0);
}

static struct timespec deadline(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

bool aside_finish(struct aside *a, int64_t ms)
{
	struct loop_wake *wake;
	struct timespec until;
	bool ran;

	if (!a)
		return false;
	wake = a->wake;
	until = deadline(max_i64(0, ms));
	pthread_mutex_lock(&a->lock);
	while (!a->ran && ms > 0)
		if (pthread_cond_timedwait(&a->has_run, &a->lock, &until))
			break;
	ran = a->ran;
	a->left = true;
	pthread_mutex_unlock(&a->lock);
	loop_wake_free(wake); /* nobody sends once it is left */
	if (ran)
		aside_free(a);
	return ran;
}
