/*
 * Machines in one process on virtual time: the substitutes of src/io (loop.h, work.h, transport.h,
 * listener.h) that a whole server is linked against, and of the system's random numbers. Time goes
 * from one thing that happens to the next; everything that is decided by chance comes from one
 * generator, so that a seed gives the same run again.
 *
 *   sim_machine   a host: address, clock, at most one process (one loop); may be off or stopped
 *   event         something outside of any process: a segment arrives, a thread's job is done
 *   turn          one turn of a loop, at the time of the first thing it waits for; it takes some
 *                 microseconds, in which it takes nothing else
 *
 * There is one struct sim at a time in a process.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/clock.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/random.h"
#include "io/loop.h"

#define SIM_MACHINES 10

struct sim_event {
	struct heap_node node;
	void (*fn)(void *arg);
	void *arg;
};

/* What a loop does at the beginning of its next turn. */
struct sim_ready {
	struct list_node node;
	void (*fn)(void *arg);
	void *arg;
};

struct sim_machine {
	struct clock clock; /* first; wall time may jump, monotonic time is its own */
	struct sim *sim;
	int id;
	char host[16];
	struct loop *loop; /* of its process; NULL: none */
	bool off;          /* no power: takes nothing and sends nothing */
	bool dying;        /* the process is being killed: no byte leaves it any more */
	const bool *dead;  /* NULL, or: it died in the midst of this turn */
	int64_t wall_skew_ms, mono_base_us;
	int64_t stopped_until_us; /* of the sim's time: the process is stopped (SIGSTOP) */
	int64_t slow_disk_us;     /* more that a job of a thread may take */
	struct list listeners;
	uint16_t next_port;
};

/* A way from one machine to another. */
struct sim_path {
	bool cut;
	int64_t slow_us; /* more that a segment may take */
};

struct sim {
	struct rng rng;
	int64_t now_us;
	const struct sim_machine *acting; /* whose code runs; NULL: nobody's */
	uint64_t trace;                   /* hash of all that happened */
	uint64_t steps;
	uint64_t n_conns;
	struct heap events;
	struct sim_machine *machines[SIM_MACHINES];
	int n_machines;
	struct sim_path paths[SIM_MACHINES][SIM_MACHINES];
	struct list conns;
};

void sim_init(struct sim *s, uint64_t seed);
/* All loops are gone. */
void sim_fini(struct sim *s);
struct sim_machine *sim_machine_add(struct sim *s, const char *host);

/* The next thing up to until_us: *ran is the machine whose loop had a turn, or NULL. False: there
 * is nothing, and it is until_us. */
bool sim_step(struct sim *s, int64_t until_us, struct sim_machine **ran);
/* The process of a machine that has none. Ends with loop_free. */
struct loop *sim_loop_new(struct sim_machine *m);
struct sim_machine *sim_loop_machine(const struct loop *l);

void sim_at(struct sim *s, struct sim_event *e, int64_t at_us, void (*fn)(void *), void *arg);
void sim_cancel(struct sim *s, struct sim_event *e);
void sim_ready(struct loop *l, struct sim_ready *r, void (*fn)(void *), void *arg);
void sim_ready_cancel(struct sim_ready *r);

static inline int64_t sim_between(struct sim *s, int64_t lo, int64_t hi)
{
	return rng_between(&s->rng, lo, hi);
}
/* "12.345678 node-1": when, and whose code runs; for log lines. Static storage. */
const char *sim_where(void);
/* Goes into the trace. */
void sim_note(struct sim *s, uint64_t what);

#endif
