/*
 * The event loop. One thread runs it; every callback of src/io comes on that thread. No globals:
 * everything hangs on a struct loop, so that a process can have several.
 *
 * One turn:   wait -> sockets, signals, wake-ups -> timers -> deferred calls -> end-of-turn hooks
 *             -> what the hooks deferred -> wait …
 *
 * Nothing here keeps the loop running or lets it end: it runs until loop_stop. All functions except
 * loop_wake_send belong to the loop's thread. Freeing anything inside its own callback is safe.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "base/clock.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/list.h"
#include <stdbool.h>

struct loop;

/* Ignores SIGPIPE for the process: a closed peer is an error of write, not a death. NULL with e
 * set when the system gives no descriptors. */
struct loop *loop_new(struct err *e);
/* Everything made on the loop must have been freed before. Deferred calls that are queued get one
 * last round. NULL is allowed. */
void loop_free(struct loop *l);

/* Until loop_stop. */
void loop_run(struct loop *l);
/* One turn; when `wait`, waits for the first event, unless something ran before the wait (a
 * deferred call, a timer): the caller can look at its flags between any two things that happen. */
void loop_run_once(struct loop *l, bool wait);
/* Turns until *flag is true; false when `ms` have passed first (or loop_stop was called). */
bool loop_run_until(struct loop *l, const bool *flag, int64_t ms) MUSTCHECK;
/* Ends loop_run after this turn. */
void loop_stop(struct loop *l);

/* Monotonic, read once a turn. */
int64_t loop_now_us(struct loop *l);
int64_t loop_now_ms(struct loop *l);
/* The same as a clock to hand to modules that take one; the wall time is the machine's. */
const struct clock *loop_clock(struct loop *l);
/* How many turns there have been: for budgets that hold for one turn. */
uint64_t loop_turn(const struct loop *l);

/*
 * Timers live in a heap over one system timer: starting and stopping is cheap, thousands are fine.
 * The owner embeds the struct, inits it once and stops it before its memory goes. Equal deadlines
 * fire in the order they were started; a timer never fires early, nor in the turn that starts it.
 */
struct io_timer;
typedef void io_timer_fn(void *arg);

struct io_timer {
	struct heap_node node;
	struct loop *loop;
	io_timer_fn *fn;
	void *arg;
	int64_t repeat_us;
};

void io_timer_init(struct io_timer *t, struct loop *l, io_timer_fn *fn, void *arg);
/* Fires after `ms` (negative counts as 0), then every repeat_ms if that is > 0. Restarts a running
 * timer. A repeating timer that is late skips what it missed. */
void io_timer_start(struct io_timer *t, int64_t ms, int64_t repeat_ms);
/* No effect when it is not running. */
void io_timer_stop(struct io_timer *t);
/* Fires at that moment of the loop's clock, once; INT64_MAX: not at all. */
static inline void io_timer_at(struct io_timer *t, int64_t at_ms)
{
	if (at_ms == INT64_MAX)
		io_timer_stop(t);
	else
		io_timer_start(t, at_ms - loop_now_ms(t->loop), 0);
}
static inline bool io_timer_active(const struct io_timer *t)
{
	return heap_holds(&t->node);
}

/*
 * End-of-turn hooks run once a turn, after all callbacks and before the wait, in the order they
 * were added. A hook that returns true is given another turn without a wait.
 */
typedef bool loop_hook_fn(void *arg);
struct loop_hook;
struct loop_hook *loop_at_turn_end(struct loop *l, loop_hook_fn *fn, void *arg);
void loop_hook_free(struct loop_hook *h);

/*
 * A deferred call runs once, at the end of this turn (before the hooks; from a hook: right after
 * the hooks). The owner embeds the struct. Deferring what is queued has no effect.
 */
typedef void loop_defer_fn(void *arg);
struct loop_defer {
	struct list_node node;
	loop_defer_fn *fn;
	void *arg;
};

/* d must be zeroed or done before its first use. */
void loop_defer(struct loop *l, struct loop_defer *d, loop_defer_fn *fn, void *arg);
void loop_defer_cancel(struct loop_defer *d);

/*
 * Wake-ups from other threads. Several sends before the loop comes round make one call.
 */
typedef void loop_wake_fn(void *arg);
struct loop_wake;
/* NULL when the system gives no descriptor. */
struct loop_wake *loop_wake_new(struct loop *l, loop_wake_fn *fn, void *arg);
/* Any thread, also a signal handler. */
void loop_wake_send(struct loop_wake *w);
/* No other thread may send from here on. NULL is allowed. */
void loop_wake_free(struct loop_wake *w);

typedef void loop_signal_fn(void *arg, int signum);
struct loop_signal;
/* NULL with e set when the signal cannot be caught. */
struct loop_signal *loop_signal_new(
	struct loop *l, int signum, loop_signal_fn *fn, void *arg, struct err *e);
void loop_signal_free(struct loop_signal *s);

/*
 * Watching a descriptor of somebody else (socket, pipe, terminal; never a regular file).
 * Level-triggered. LOOP_FAILED comes alone or with others: read the reason with SO_ERROR; the
 * watch has stopped then, until it is set again.
 */
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_FAILED = 4 };
typedef void loop_watch_fn(void *arg, int events);
struct loop_watch;
/* fd becomes non-blocking and stays the caller's, who frees the watch before closing it. Watches
 * nothing yet. NULL with e set when fd cannot be polled. */
struct loop_watch *loop_watch_new(
	struct loop *l, int fd, loop_watch_fn *fn, void *arg, struct err *e);
/* 0 pauses. */
void loop_watch_set(struct loop_watch *w, int events);
void loop_watch_free(struct loop_watch *w);

#endif
