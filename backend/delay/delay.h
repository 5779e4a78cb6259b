/*
 * Delayed operations: requests that wait until something happens or a deadline passes — a fetch for
 * its minimum of bytes, a produce for its high watermark, a join for its members.
 *
 *   waiting --wake--> ready --try() true--> done        (try answered and freed the operation)
 *                       |
 *                       +--try() false--> waiting
 *   waiting --deadline--> expire()  -> done
 *   waiting --delay_cancel()-------->  done
 *
 * A wake only marks; delay_run tries each marked operation once, so that a thousand appends in one
 * turn cost a waiting fetch one look. Time is what the caller passes in; nothing here reads a
 * clock.
 */
#ifndef DELAY_DELAY_H
#define DELAY_DELAY_H

#include "base/heap.h"
#include "base/list.h"

struct delay_queue {
	struct heap deadlines;
	struct list ready;
};

/* What operations wait on: embedded in a partition, a group … */
struct delay_key {
	struct list watches;
};

struct delay_op;

struct delay_ops {
	/* True: answered; the operation has been finished with delay_finish and may be gone. */
	bool (*try)(struct delay_op *op);
	/* The deadline has passed; must finish the operation. */
	void (*expire)(struct delay_op *op);
};

/* Embedded by the owner. */
struct delay_op {
	const struct delay_ops *ops; /* NULL: in no queue */
	struct delay_queue *queue;
	struct heap_node deadline;
	struct list_node ready;
	struct list watches; /* struct delay_watch.of_op */
};

struct delay_watch;

typedef void delay_woken_fn(struct delay_watch *w);

/* One (operation, key) pair; memory is the operation's owner's. One that stays belongs to no
 * operation: it calls its function at each wake. */
struct delay_watch {
	struct list_node of_op, of_key;
	struct delay_op *op;
	delay_woken_fn *woken;
};

void delay_queue_init(struct delay_queue *q);
/* No operation may be left in it. */
void delay_queue_fini(struct delay_queue *q);

void delay_key_init(struct delay_key *k);
/* Detaches the watches that are still there; their operations keep waiting for their deadlines. */
void delay_key_fini(struct delay_key *k);

/* op waits until deadline_ms (the caller's monotonic time). ops must outlive it. */
void delay_start(struct delay_queue *q, struct delay_op *op, const struct delay_ops *ops,
	int64_t deadline_ms);
/* A wake of k marks op. w is the caller's and must live until the operation is finished. */
void delay_watch_add(struct delay_op *op, struct delay_watch *w, struct delay_key *k);
/* From now on each wake of k calls fn, which may mark operations and nothing else. */
void delay_watch_stay(struct delay_watch *w, struct delay_key *k, delay_woken_fn *fn);
/* Ends one that stays; no effect on one that is not in use (zeroed). */
void delay_watch_end(struct delay_watch *w);
/* delay_run will try op, if it waits. */
void delay_mark(struct delay_op *op);
/* Takes op out of everything. Safe to call twice, and on an operation never started (zeroed). */
void delay_finish(struct delay_op *op);

/* Marks every operation that watches k, and tells those who stay. */
void delay_key_wake(struct delay_key *k);

/* Tries what is marked, expires what is due. Returns how many operations were looked at. */
size_t delay_run(struct delay_queue *q, int64_t now_ms);
/* The next deadline in ms, or INT64_MAX. */
int64_t delay_next(const struct delay_queue *q);

#endif
