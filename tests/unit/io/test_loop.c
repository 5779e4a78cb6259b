/* The loop: timers in order, hooks and deferred calls, wake-ups from threads, signals, watches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <semaphore.h>

#include "one_loop.h"

enum { N_TIMERS = 5000, N_SENDERS = 4 };

struct alarm {
	struct io_timer t;
	int64_t due_us;
	int at; /* order of starting */
};

static struct alarm alarms[N_TIMERS];
static const struct alarm *last;
static int n_fired;
static bool all_fired;

static void fire(void *arg)
{
	const struct alarm *a = arg;

	assert_true(loop_now_us(l) >= a->due_us);
	if (last)
		assert_true(last->due_us < a->due_us ||
			    (last->due_us == a->due_us && last->at < a->at));
	last = a;
	all_fired = ++n_fired == N_TIMERS - N_TIMERS / 5;
}

static void thousands_of_timers(void **state)
{
	(void)state;
	for (int i = 0; i < N_TIMERS; i++) {
		int64_t ms = (int64_t)i * 7919 % 40;
		alarms[i].at = i;
		io_timer_init(&alarms[i].t, l, fire, &alarms[i]);
		io_timer_start(&alarms[i].t, ms, 0);
		alarms[i].due_us = loop_now_us(l) + ms * 1000;
	}
	for (int i = 0; i < N_TIMERS; i += 5)
		io_timer_stop(&alarms[i].t);
	assert_true(loop_run_until(l, &all_fired, PATIENCE_MS));
	for (int i = 0; i < N_TIMERS; i++)
		assert_false(io_timer_active(&alarms[i].t));
}

struct steps {
	char text[32];
	size_t n;
	struct loop_defer d, e;
	struct loop_hook *hook;
};

static void note(struct steps *s, char c)
{
	if (s->n < sizeof(s->text) - 1)
		s->text[s->n++] = c;
}

static void deferred_by_hook(void *arg)
{
	note(arg, 'e');
}

static void deferred(void *arg)
{
	note(arg, 'd');
}

static bool hook(void *arg)
{
	struct steps *s = arg;

	note(s, 'h');
	loop_defer(l, &s->e, deferred_by_hook, s);
	loop_hook_free(s->hook);
	return true;
}

static void one_turn_in_order(void **state)
{
	struct steps s = {0};

	(void)state;
	s.hook = loop_at_turn_end(l, hook, &s);
	loop_defer(l, &s.d, deferred, &s);
	loop_defer(l, &s.d, deferred, &s);
	loop_run_once(l, false);
	assert_string_equal(s.text, "dhe");
	loop_run_once(l, true); /* does not wait: the hook asked for another turn */
	assert_string_equal(s.text, "dhe");
	loop_defer(l, &s.d, deferred, &s);
	loop_defer_cancel(&s.d);
	loop_run_once(l, false);
	assert_string_equal(s.text, "dhe");
}

static int n_wakes, n_sent;
static bool woken;
static struct loop_wake *wake;

static void on_wake(void *arg)
{
	(void)arg;
	n_wakes++;
	woken = __atomic_load_n(&n_sent, __ATOMIC_SEQ_CST) == N_SENDERS * 1000;
}

static void *sender(void *arg)
{
	(void)arg;
	for (int i = 0; i < 1000; i++) {
		__atomic_add_fetch(&n_sent, 1, __ATOMIC_SEQ_CST);
		loop_wake_send(wake);
	}
	return NULL;
}

static void wakes_from_threads(void **state)
{
	pthread_t threads[N_SENDERS];

	(void)state;
	wake = loop_wake_new(l, on_wake, NULL);
	for (int i = 0; i < N_SENDERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, sender, NULL), 0);
	assert_true(loop_run_until(l, &woken, PATIENCE_MS));
	for (int i = 0; i < N_SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_true(n_wakes >= 1 && n_wakes <= N_SENDERS * 1000);
	loop_wake_free(wake);
}

static bool got_signal;

static void on_signal(void *arg, int signum)
{
	assert_int_equal(signum, *(int *)arg);
	got_signal = true;
}

static void signals(void **state)
{
	int expected = SIGUSR1;
	struct loop_signal *s = loop_signal_new(l, SIGUSR1, on_signal, &expected, NULL);
	struct err e = {0};

	(void)state;
	assert_non_null(s);
	raise(SIGUSR1);
	assert_true(loop_run_until(l, &got_signal, PATIENCE_MS));
	loop_signal_free(s);
	assert_null(loop_signal_new(l, SIGKILL, on_signal, NULL, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

static bool got_input;

static void on_input(void *arg, int events)
{
	struct loop_watch **w = arg;

	assert_true(events & LOOP_READ);
	got_input = true;
	loop_watch_free(*w); /* inside its own callback */
}

static void watches(void **state)
{
	struct loop_watch *w;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	w = loop_watch_new(l, fd[0], on_input, &w, NULL);
	assert_non_null(w);
	assert_int_equal(write(fd[1], "x", 1), 1);
	loop_run_once(l, false);
	assert_false(got_input); /* nothing is watched yet */
	loop_watch_set(w, LOOP_READ);
	assert_true(loop_run_until(l, &got_input, PATIENCE_MS));
	close(fd[0]);
	close(fd[1]);
}

/* Another thread answers each deferred call with a wake-up, which defers the next one. */
enum { N_ROUNDS = 200 };

static struct {
	struct loop_wake *wake;
	struct loop_defer defer;
	sem_t asked;
	int rounds;
} ping;

static void *pong(void *arg)
{
	(void)arg;
	for (int i = 0; i < N_ROUNDS; i++) {
		sem_wait(&ping.asked);
		loop_wake_send(ping.wake);
	}
	return NULL;
}

static void ask(void *arg)
{
	(void)arg;
	sem_post(&ping.asked);
}

static void answered(void *arg)
{
	(void)arg;
	if (++ping.rounds == N_ROUNDS)
		loop_stop(l);
	else
		loop_defer(l, &ping.defer, ask, NULL);
}

/* What was deferred costs no turn of its own: the loop waits at once for what comes of it. */
static void deferred_calls_cost_no_turn(void **state)
{
	pthread_t thread;

	(void)state;
	sem_init(&ping.asked, 0, 0);
	ping.rounds = 0;
	ping.wake = loop_wake_new(l, answered, NULL);
	assert_non_null(ping.wake);
	loop_defer(l, &ping.defer, ask, NULL);
	assert_int_equal(pthread_create(&thread, NULL, pong, NULL), 0);
	loop_run(l);
	assert_int_equal(ping.rounds, N_ROUNDS);
	assert_in_range(loop_turn(l), N_ROUNDS, N_ROUNDS + N_ROUNDS / 4);
	pthread_join(thread, NULL);
	loop_wake_free(ping.wake);
	sem_destroy(&ping.asked);
}

static void raise_it(void *arg)
{
	*(bool *)arg = true;
}

/* Whoever takes single turns sees what a deferred call did before the next wait. */
static void a_single_turn_ends_after_a_deferred_call(void **state)
{
	struct loop_defer d = {0};
	bool flag = false;

	(void)state;
	loop_defer(l, &d, raise_it, &flag);
	loop_run_once(l, true);
	assert_true(flag);
	flag = false;
	loop_defer(l, &d, raise_it, &flag);
	assert_true(loop_run_until(l, &flag, PATIENCE_MS));
}

static void never_told(void *arg)
{
	(void)arg;
	fail_msg("it is not time yet");
}

static void the_longest_time_is_no_overflow(void **state)
{
	struct io_timer t;

	(void)state;
	io_timer_init(&t, l, never_told, NULL);
	io_timer_start(&t, INT64_MAX, INT64_MAX);
	loop_run_once(l, false);
	loop_run_once(l, false);
	assert_true(io_timer_active(&t));
	io_timer_stop(&t);
}

static void time_runs_out(void **state)
{
	const bool never = false;
	int64_t start = loop_now_us(l);

	(void)state;
	assert_false(loop_run_until(l, &never, 20));
	assert_true(loop_now_us(l) - start >= 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_LOOP(thousands_of_timers),
		ON_A_LOOP(one_turn_in_order),
		ON_A_LOOP(wakes_from_threads),
		ON_A_LOOP(signals),
		ON_A_LOOP(watches),
		ON_A_LOOP(deferred_calls_cost_no_turn),
		ON_A_LOOP(a_single_turn_ends_after_a_deferred_call),
		ON_A_LOOP(the_longest_time_is_no_overflow),
		ON_A_LOOP(time_runs_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
