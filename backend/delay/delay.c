/* Delayed operations; the states are drawn in delay.h. */
#include "delay/delay.h"

#include <assert.h>

void delay_queue_init(struct delay_queue *q)
{
	heap_init(&q->deadlines);
	list_init(&q->ready);
}

void delay_queue_fini(struct delay_queue *q)
{
	assert(!heap_min(&q->deadlines) && list_empty(&q->ready));
	heap_fini(&q->deadlines);
}

void delay_key_init(struct delay_key *k)
{
	list_init(&k->watches);
}

void delay_key_fini(struct delay_key *k)
{
	list_foreach (n, &k->watches)
		list_remove(n);
}

void delay_start(struct delay_queue *q, struct delay_op *op, const struct delay_ops *ops,
	int64_t deadline_ms)
{
	assert(!op->ops);
	op->ops = ops;
	op->queue = q;
	op->ready = (struct list_node){NULL, NULL};
	op->deadline = (struct heap_node){0};
	list_init(&op->watches);
	heap_insert(&q->deadlines, &op->deadline, deadline_ms);
}

void delay_watch_add(struct delay_op *op, struct delay_watch *w, struct delay_key *k)
{
	assert(op->ops);
	w->op = op;
	w->woken = NULL;
	list_push_back(&op->watches, &w->of_op);
	list_push_back(&k->watches, &w->of_key);
}

void delay_watch_stay(struct delay_watch *w, struct delay_key *k, delay_woken_fn *fn)
{
	w->op = NULL;
	w->woken = fn;
	list_push_back(&k->watches, &w->of_key);
}

void delay_watch_end(struct delay_watch *w)
{
	list_remove(&w->of_key);
}

void delay_mark(struct delay_op *op)
{
	if (op->ops && !list_holds(&op->ready))
		list_push_back(&op->queue->ready, &op->ready);
}

void delay_finish(struct delay_op *op)
{
	if (!op->ops)
		return;
	heap_remove(&op->queue->deadlines, &op->deadline);
	list_remove(&op->ready);
	list_foreach (n, &op->watches) {
		struct delay_watch *w = CONTAINER_OF(n, struct delay_watch, of_op);
		list_remove(&w->of_op);
		list_remove(&w->of_key);
	}
	op->ops = NULL;
}

void delay_key_wake(struct delay_key *k)
{
	list_foreach (n, &k->watches) {
		struct delay_watch *w = CONTAINER_OF(n, struct delay_watch, of_key);

		if (w->woken)
			w->woken(w);
		else
			delay_mark(w->op);
	}
}

static size_t run_ready(struct delay_queue *q)
{
	/* Only what is marked now: an operation marked again by a try waits for the next run. */
	struct list batch;
	struct list_node *n;
	size_t looked = 0;

	list_init(&batch);
	list_move(&batch, &q->ready);
	while ((n = list_pop(&batch))) {
		struct delay_op *op = CONTAINER_OF(n, struct delay_op, ready);
		op->ops->try(op);
		looked++;
	}
	return looked;
}

static size_t run_expired(struct delay_queue *q, int64_t now_ms)
{
	struct heap_node *n;
	size_t looked = 0;

	while ((n = heap_min(&q->deadlines)) && n->key <= now_ms) {
		struct delay_op *op = CONTAINER_OF(n, struct delay_op, deadline);
		op->ops->expire(op);
		/* gone, or begun anew with a later deadline */
		assert(heap_min(&q->deadlines) != n || n->key > now_ms);
		looked++;
	}
	return looked;
}

size_t delay_run(struct delay_queue *q, int64_t now_ms)
{
	return run_ready(q) + run_expired(q, now_ms);
}

int64_t delay_next(const struct delay_queue *q)
{
	struct heap_node *n = heap_min(&q->deadlines);
	return n ? n->key : INT64_MAX;
}
