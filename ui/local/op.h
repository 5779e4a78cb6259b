/*
 * Something that takes a while with one broker.
 *
 *   start:  child runs ── "ready …" ──> done      stop, kill: signal sent ── pidfd ends ──> done
 *              ├── it ends ──> failed                 └── timer (stop) ──> SIGKILL ──┘
 *              └── timer ──> SIGKILL, failed
 */
#ifndef LOCAL_OP_H
#define LOCAL_OP_H

#include "io/child.h"
#include "io/loop.h"
#include "local/priv.h"

struct local_op {
	int32_t id;
	local_done_fn *fn;
	void *arg;
	struct loop *loop;
	struct io_timer timer;
	struct loop_watch *watch;
	int fd; /* the broker's output, or the descriptor of its process */
	struct child *child;
	struct buf line;  /* what it has said so far */
	char *broker_dir; /* of a start */
	bool is_new;      /* its folder goes when it does not come up */
	bool killed;      /* it did not stop when it was told to */
};

/* Nothing waits yet. */
struct local_op *local_op_new(struct loop *l, int32_t id, local_done_fn *fn, void *arg);
/* fd is the op's from here on. ERR_IO with e. */
int local_op_wait(struct local_op *o, int fd, loop_watch_fn *ready, io_timer_fn *late, int64_t ms,
	struct err *e) MUSTCHECK;
/* Tells its owner, who may free it: the last thing to do with it. */
void local_op_done(struct local_op *o, const struct err *e);
/* Kills a broker that is being started; its op fails. False: it has been started already. */
bool local_op_abort(struct local_op *o);

#endif
