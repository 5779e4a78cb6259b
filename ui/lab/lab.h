/*
 * The lab's engine: starts each member as a process of its own (child.h), tells it what to do, and
 * makes the figures of model/lab.h of what it says. Every process ends with ours, however that
 * ends: in order by lab_engine_free, else by the kernel and by the end of its input.
 */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include "model/lab.h"

struct loop;
struct traffic_property;

typedef void lab_changed_fn(void *arg);

struct lab_options {
	const char *bootstrap;
	/* Client settings for every member, secrets too; may be NULL. */
	const struct traffic_property *properties;
	size_t n_properties;
	bool read_only;
	/* At the end members need not leave their groups: the cluster goes as well. */
	bool cluster_ends;
	/* NULL-ended, borrowed; NULL: this program with --lab-member. */
	const char *const *program;
	lab_changed_fn *on_change; /* once a turn at most; may be NULL */
	void *arg;
};

/* Strings are copied, the loop is borrowed. Starts nothing. */
struct lab *lab_engine_new(struct loop *l, const struct lab_options *o);
/* Has the members leave, waiting for that a second at most, and ends what is left. Runs the loop.
 * NULL is allowed. */
void lab_engine_free(struct lab *l);

#endif
