/* One member as the engine holds it: the row that screens see, its process, its figures. */
#ifndef LAB_WORKER_H
#define LAB_WORKER_H

#include "base/vec.h"
#include "io/loop.h"
#include "lab/lab.h"
#include "lab/ledger.h"
#include "lab/pipe.h"
#include "lab/proto.h"

struct child;

#define RATE_SAMPLES 6 /* a second apart */

struct worker {
	struct lab_member m;
	struct engine *engine;
	VEC(struct lab_share) shares;
	struct child *child; /* NULL: it has ended */
	struct line_reader in;
	struct line_writer out;
	int64_t done_before, failed_before; /* by its processes before this one */
	int64_t samples[RATE_SAMPLES];      /* done, the newest last */
	int64_t sample_ms[RATE_SAMPLES];
	int n_samples;
	bool nonsense; /* it was ended for what it said */
};

struct engine {
	struct lab base; /* first */
	struct loop *loop;
	struct lab_options o; /* strings are ours */
	char *bootstrap;
	struct traffic_property *properties;
	VEC(struct worker *) workers;
	VEC(const struct lab_member *) rows; /* the same, as screens see them */
	struct ledger ledger;
	uint32_t next_id;
	struct io_timer tick;
	struct loop_defer changed;
	bool closing;
};

/* Something that a screen shows is another. */
void engine_changed(struct engine *g);

/* heap; not started. */
struct worker *worker_new(struct engine *g, const struct lab_spec *s);
/* It has ended, or is ended now without a word. */
void worker_free(struct worker *w);
/* Starts the process. */
int worker_start(struct worker *w, struct err *e) MUSTCHECK;
/* One word to it: "pause", "resume", "stop". */
void worker_tell(struct worker *w, const char *word);
/* What may change of its spec. */
void worker_edit(struct worker *w, const struct lab_spec *s);
void worker_set_state(struct worker *w, enum lab_state state);
/* Once a second. */
void worker_sample(struct worker *w);

#endif
