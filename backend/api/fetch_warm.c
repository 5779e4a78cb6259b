/* See fetch_warm.h. */
#include "api/fetch_warm.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct job {
	struct list_node node;
	uint64_t number;
	VEC(struct plog_warm) pieces;
	VEC(struct partition *) partitions; /* with references */
};

struct fetch_warming {
	struct broker *broker;
	struct list jobs;
	struct job *next; /* being gathered */
	uint64_t n_jobs;
};

struct fetch_warming *fetch_warming_new(struct broker *b)
{
	struct fetch_warming *w = ALLOC(struct fetch_warming);

	w->broker = b;
	list_init(&w->jobs);
	return w;
}

void fetch_warming_free(struct fetch_warming *w)
{
	free(w);
}

size_t fetch_warm_add(struct fetch_warming *w, struct partition *p, int64_t offset,
	size_t max_bytes, int64_t max_offset)
{
	struct plog_warm piece;

	if (!w->broker->read_ahead || offset >= max_offset ||
		plog_warm_begin(p->log, offset, max_bytes, max_offset, &piece) <= 0)
		return 0;
	if (!w->next)
		w->next = ALLOC(struct job);
	vec_push(&w->next->pieces, piece);
	vec_push(&w->next->partitions, partition_get(p));
	return piece.bytes > 0 ? piece.bytes : 1;
}

static void done(void *arg)
{
	struct job *j = arg;

	list_remove(&j->node);
	vec_foreach (it, &j->pieces)
		plog_warm_end(it);
	vec_foreach (it, &j->partitions) {
		delay_key_wake(&(*it)->reads);
		delay_key_wake(&(*it)->ends);
		partition_put(*it);
	}
	vec_fini(&j->pieces);
	vec_fini(&j->partitions);
	free(j);
}

uint64_t fetch_warm_begin(struct fetch_warming *w)
{
	struct job *j = w->next;
	uint64_t number;

	if (!j)
		return 0;
	w->next = NULL;
	number = j->number = ++w->n_jobs;
	list_push_back(&w->jobs, &j->node);
	w->broker->read_ahead(w->broker, j->pieces.v, (int32_t)j->pieces.n, done, j);
	return number;
}

bool fetch_warm_busy(const struct fetch_warming *w, uint64_t number)
{
	list_foreach (n, &w->jobs)
		if (CONTAINER_OF(n, struct job, node)->number == number)
			return true;
	return false;
}
