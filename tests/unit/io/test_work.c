/* Worker threads: order, cancelling, draining, and what may be done inside the done calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "base/list.h"
#include "io/loop.h"
#include "io/work.h"

enum { PATIENCE_MS = 20000, N_JOBS = 500 };

struct job {
	struct work work;
	int id, status, again;
	bool ran, finished;
};

static struct work_pool *pool;
static struct loop *loop;
static struct job jobs[N_JOBS];
static int ran[N_JOBS], n_ran, finished[N_JOBS], n_finished;
static bool all_finished;
static sem_t gate;
static pthread_t loop_thread;

static int set_up(void **state)
{
	(void)state;
	memset(jobs, 0, sizeof(jobs));
	n_ran = n_finished = 0;
	all_finished = false;
	for (int i = 0; i < N_JOBS; i++)
		jobs[i].id = i;
	sem_init(&gate, 0, 0);
	loop_thread = pthread_self();
	loop = loop_new(NULL);
	return loop ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	work_pool_free(pool);
	pool = NULL;
	loop_free(loop);
	sem_destroy(&gate);
	return 0;
}

static void run(struct work *w)
{
	struct job *j = CONTAINER_OF(w, struct job, work);

	ran[n_ran++] = j->id; /* by the one thread of the pool */
	j->ran = !pthread_equal(pthread_self(), loop_thread);
}

static void run_at_gate(struct work *w)
{
	sem_wait(&gate);
	run(w);
}

static void done(struct work *w, int status)
{
	struct job *j = CONTAINER_OF(w, struct job, work);

	assert_true(pthread_equal(pthread_self(), loop_thread));
	j->finished = true;
	j->status = status;
	finished[n_finished++] = j->id;
	all_finished = n_finished == N_JOBS;
}

static void start_pool(int threads)
{
	struct err e = {0};

	pool = work_pool_new(loop, "test", threads, &e);
	assert_non_null(pool);
}

static void one_thread_keeps_the_order(void **state)
{
	(void)state;
	start_pool(1);
	for (int i = 0; i < N_JOBS; i++)
		work_submit(pool, &jobs[i].work, run, done);
	assert_int_equal(work_pool_pending(pool), N_JOBS);
	assert_int_equal(n_finished, 0);
	assert_true(loop_run_until(loop, &all_finished, PATIENCE_MS));
	assert_int_equal(work_pool_pending(pool), 0);
	for (int i = 0; i < N_JOBS; i++) {
		assert_int_equal(ran[i], i);
		assert_int_equal(finished[i], i);
		assert_true(jobs[i].ran && jobs[i].status == 0);
	}
}

static void cancel_before_and_after_the_start(void **state)
{
	(void)state;
	start_pool(1);
	assert_false(work_cancel(pool, &jobs[0].work)); /* was never submitted */
	work_submit(pool, &jobs[0].work, run_at_gate, done);
	work_submit(pool, &jobs[1].work, run, done);
	work_submit(pool, &jobs[2].work, run, done);
	assert_true(work_cancel(pool, &jobs[1].work));
	assert_false(work_cancel(pool, &jobs[1].work));
	assert_false(jobs[1].finished); /* only from the loop */
	assert_true(loop_run_until(loop, &jobs[1].finished, PATIENCE_MS));
	assert_int_equal(jobs[1].status, ERR_CANCELLED);
	sem_post(&gate);
	assert_true(loop_run_until(loop, &jobs[2].finished, PATIENCE_MS));
	assert_int_equal(n_ran, 2);
	assert_false(work_cancel(pool, &jobs[0].work));
	assert_int_equal(jobs[0].status, 0);
}

static void done_and_again(struct work *w, int status)
{
	struct job *j = CONTAINER_OF(w, struct job, work);

	done(w, status);
	if (j->again-- > 0)
		work_submit(pool, w, run, done_and_again);
}

static void drain_waits_for_what_done_submits(void **state)
{
	(void)state;
	start_pool(1);
	jobs[0].again = 20;
	work_submit(pool, &jobs[0].work, run, done_and_again);
	work_pool_drain(pool);
	assert_int_equal(n_ran, 21);
	assert_int_equal(n_finished, 21);
}

static void done_and_free(struct work *w, int status)
{
	done(w, status);
	work_pool_free(pool);
	pool = NULL;
}

static void free_inside_done(void **state)
{
	(void)state;
	start_pool(1);
	work_submit(pool, &jobs[0].work, run, done_and_free);
	for (int i = 1; i < 10; i++)
		work_submit(pool, &jobs[i].work, run, done);
	assert_true(loop_run_until(loop, &jobs[9].finished, PATIENCE_MS));
	assert_int_equal(n_finished, 10);
	assert_null(pool);
}

static void run_pair(struct work *w)
{
	/* Neither goes on before the other has come: needs two threads at once. */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t met = PTHREAD_COND_INITIALIZER;
	static int here;
	struct job *j = CONTAINER_OF(w, struct job, work);

	pthread_mutex_lock(&lock);
	here++;
	pthread_cond_broadcast(&met);
	while (here < 2)
		pthread_cond_wait(&met, &lock);
	pthread_mutex_unlock(&lock);
	j->ran = true;
}

static void two_threads_run_at_once(void **state)
{
	(void)state;
	start_pool(2);
	work_submit(pool, &jobs[0].work, run_pair, done);
	work_submit(pool, &jobs[1].work, run_pair, done);
	work_pool_drain(pool);
	assert_true(jobs[0].ran && jobs[1].ran);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_thread_keeps_the_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			cancel_before_and_after_the_start, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			drain_waits_for_what_done_submits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(free_inside_done, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_threads_run_at_once, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
