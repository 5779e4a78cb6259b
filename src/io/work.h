/*
 * Threads for what blocks: fsync, cold reads, recovery, deletion. Each pool has its own threads, so
 * that one kind of work does not wait behind another. Jobs of a pool with one thread run in order.
 */
#ifndef IO_WORK_H
#define IO_WORK_H

#include "base/err.h"
#include "base/list.h"
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct work_pool;
struct work;

/* On a thread of the pool: may touch only what the job owns. */
typedef void work_run_fn(struct work *w);
/* On the loop; status is 0, or ERR_CANCELLED when run was never called. w may be freed or
 * submitted again in it. */
typedef void work_done_fn(struct work *w, int status);

enum work_state { WORK_IDLE, WORK_QUEUED, WORK_RUNNING, WORK_DONE, WORK_CANCELLED };

/* Embedded by the owner; valid until done has been called. Zeroed before the first use. */
struct work {
	work_run_fn *run;
	work_done_fn *done;
	struct list_node node;
	enum work_state state; /* under the pool's lock */
};

/* `name` (at most 15 characters) shows in ps and gdb. NULL with e set when no thread starts. */
struct work_pool *work_pool_new(struct loop *l, const char *name, int threads, struct err *e);
/* Waits for everything submitted (it blocks the loop's thread), calls every done, ends the
 * threads. NULL is allowed. */
void work_pool_free(struct work_pool *p);
/* Waits for everything submitted, also by the done calls that this makes. */
void work_pool_drain(struct work_pool *p);

/* w must be idle: run and done are called once each. */
void work_submit(struct work_pool *p, struct work *w, work_run_fn *run, work_done_fn *done);
/* True: it had not started and will not; done comes on the loop with ERR_CANCELLED. False: it runs
 * or has run, done comes as usual. */
bool work_cancel(struct work_pool *p, struct work *w);
/* Jobs submitted whose done has not been called. */
size_t work_pool_pending(const struct work_pool *p);

#endif
