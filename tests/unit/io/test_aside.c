/*
 * Calls that nothing can stop, and the loop that walks away from them. The look-up of names is here
 * as well: this program has a getaddrinfo of its own, which is stuck for the host "stuck.test".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "io/aside.h"
#include "io/transport.h"
#include "one_loop.h"

struct call {
	sem_t go, dropped;
	bool done;
	atomic_int runs, drops;
};

/* False when nobody posts for PATIENCE_MS. */
static bool take(sem_t *s)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	while (sem_timedwait(s, &until))
		if (errno != EINTR)
			return false;
	return true;
}

static void run(void *own)
{
	struct call *c = own;

	take(&c->go);
	atomic_fetch_add(&c->runs, 1);
}

static void drop(void *own)
{
	struct call *c = own;

	atomic_fetch_add(&c->drops, 1);
	sem_post(&c->dropped);
}

static void done(void *arg)
{
	struct call *c = arg;

	assert_int_equal(atomic_load(&c->runs), 1);
	assert_int_equal(atomic_load(&c->drops), 0);
	c->done = true;
}

static struct aside *begin(struct call *c)
{
	struct aside_job job = {"aside", run, drop, c, done, c};
	struct aside *a;

	memset(c, 0, sizeof(*c));
	sem_init(&c->go, 0, 0);
	sem_init(&c->dropped, 0, 0);
	a = aside_start(l, &job, NULL);
	assert_non_null(a);
	return a;
}

static void end(struct call *c)
{
	assert_true(take(&c->dropped));
	assert_int_equal(atomic_load(&c->runs), 1);
	assert_int_equal(atomic_load(&c->drops), 1);
	sem_destroy(&c->go);
	sem_destroy(&c->dropped);
}

static void told_on_the_loop(void **state)
{
	struct call c;

	(void)state;
	assert_non_null(begin(&c));
	loop_run_once(l, false);
	assert_false(c.done);
	sem_post(&c.go);
	assert_true(loop_run_until(l, &c.done, PATIENCE_MS));
	end(&c);
}

/* Left while it is stuck: the thread cleans up when it is back. */
static void left_while_it_runs(void **state)
{
	struct call c;

	(void)state;
	aside_leave(begin(&c));
	assert_int_equal(atomic_load(&c.drops), 0);
	loop_run_once(l, false);
	sem_post(&c.go);
	end(&c);
	assert_false(c.done);
}

static void left_when_it_has_run(void **state)
{
	struct call c;
	struct aside *a = begin(&c);

	(void)state;
	sem_post(&c.go);
	assert_true(aside_finish(a, PATIENCE_MS));
	end(&c);
	loop_run_once(l, false);
	assert_false(c.done);
	aside_leave(NULL);
}

static void waited_for_in_vain(void **state)
{
	struct call c;

	(void)state;
	assert_false(aside_finish(begin(&c), 20));
	sem_post(&c.go);
	end(&c);
}

/* --- names ------------------------------------------------------------------------------------ */

static sem_t name_server;
static sem_t asked;
static atomic_bool server_answered;

/* The linker takes this one. No name has an address. */
int getaddrinfo(const char *restrict node, const char *restrict service,
	const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
	(void)service;
	*found = NULL;
	if (hints && (hints->ai_flags & AI_NUMERICHOST))
		return EAI_NONAME;
	if (strcmp(node, "stuck.test") == 0) {
		sem_post(&asked);
		atomic_store(&server_answered, take(&name_server));
		sem_post(&asked);
	}
	return strcmp(node, "broken.test") ? EAI_AGAIN : EAI_NONAME;
}

static struct {
	bool flag;
	struct err why;
} closed;

static void on_readable(void *arg)
{
	(void)arg;
}

static void on_closed(void *arg, const struct err *why)
{
	(void)arg;
	closed.why = *why;
	closed.flag = true;
}

static const struct transport_events events = {.readable = on_readable, .closed = on_closed};

static struct transport *dial(const char *host, int64_t timeout_ms)
{
	const struct transport_target to = {.host = host, .port = 9092, .timeout_ms = timeout_ms};

	memset(&closed, 0, sizeof(closed));
	return transport_connect(l, &to, &events, NULL);
}

static void name_without_address(void **state)
{
	struct transport *t = dial("broken.test", PATIENCE_MS);

	(void)state;
	assert_int_equal(transport_state(t), TRANSPORT_RESOLVING);
	assert_true(loop_run_until(l, &closed.flag, PATIENCE_MS));
	assert_int_equal(closed.why.code, ERR_NOT_FOUND);
	assert_non_null(strstr(closed.why.msg, "broken.test:9092"));
	assert_non_null(strstr(closed.why.msg, gai_strerror(EAI_NONAME)));
	transport_close(t);
}

static void name_server_that_is_dead(void **state)
{
	struct transport *t = dial("stuck.test", 20);

	(void)state;
	assert_true(loop_run_until(l, &closed.flag, PATIENCE_MS));
	assert_int_equal(closed.why.code, ERR_TIMEOUT);
	transport_close(t);
	assert_true(take(&asked));
	sem_post(&name_server);
	assert_true(take(&asked));
}

/* Transport and loop are gone before the look-up is back: had they waited for it, it would have
 * given up on its own. */
static void quitting_waits_for_no_name(void **state)
{
	struct transport *t = dial("stuck.test", PATIENCE_MS);

	assert_true(take(&asked));
	transport_close(t);
	tear_down(state);
	sem_post(&name_server);
	assert_true(take(&asked));
	assert_true(atomic_load(&server_answered));
	assert_int_equal(set_up(state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_LOOP(told_on_the_loop),
		ON_A_LOOP(left_while_it_runs),
		ON_A_LOOP(left_when_it_has_run),
		ON_A_LOOP(waited_for_in_vain),
		ON_A_LOOP(name_without_address),
		ON_A_LOOP(name_server_that_is_dead),
		ON_A_LOOP(quitting_waits_for_no_name),
	};

	sem_init(&name_server, 0, 0);
	sem_init(&asked, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
