/*
 * A call that may block for long and that nothing can stop (looking up a host name, a library that
 * closes its connections), on a thread of its own. The loop can walk away from it: the thread ends
 * when the call is back, or with the process, and nobody waits for it. Work that always comes to an
 * end belongs to a pool (work.h).
 */
#ifndef IO_ASIDE_H
#define IO_ASIDE_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct aside;

struct aside_job {
	const char *name;       /* of the thread, at most 15 characters */
	void (*run)(void *own); /* on the thread: may touch only what `own` holds */
	/* Frees own, exactly once: after done, or when it was left, on whichever thread is last. */
	void (*drop)(void *own);
	void *own;
	/* On the loop: it has run. The aside is gone when this returns. NULL: nobody asks. */
	void (*done)(void *arg);
	void *arg;
};

/* NULL with e set (ERR_IO) when no thread starts: own has not been dropped then. */
struct aside *aside_start(struct loop *l, const struct aside_job *job, struct err *e) MUSTCHECK;
/* done will not be called. Returns at once. Not from inside done. NULL is allowed. */
void aside_leave(struct aside *a);
/* Waits for it, at most `ms` (it blocks the loop's thread), and leaves it. True: it has run. */
bool aside_finish(struct aside *a, int64_t ms);

#endif
