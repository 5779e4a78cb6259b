/*
 * One action under way: a question to the cluster, its answer as words, a line in the model's
 * changes with the shell command that does the same. Private to ui/source.
 */
#ifndef SOURCE_OP_H
#define SOURCE_OP_H

#include "source/impl.h"

#define CHANGE_MS 30000 /* for the cluster to obey */

struct op {
	struct list_node node;
	struct cluster_source *s;
	int64_t id, question; /* question 0: none is open */
	int16_t api_key;
	source_done_fn *fn;
	void *arg;
	char *topic, *group; /* what it is about; NULL: nothing or several */
	int32_t broker;      /* -1 */
	bool takes_away;     /* the broker is lost by it */
	bool in_order;       /* that, and it hands over before */
	struct buf text, command;
	struct loop_defer refused;
	struct err err;
	void (*drop)(struct op *op); /* frees what lies behind op in the same memory; NULL */
};

/* size: of the struct that begins with the op. */
struct op *op_new(struct source *base, size_t size, int16_t api_key, source_done_fn *fn, void *arg);
void op_free(struct op *op);
/* Tells the changes, then fn; op is gone. e may lie in op. */
void op_done(struct op *op, const struct err *e);
/* An answer to op->question that says no more than whether it was done: ends the op. arg is the op.
 */
void op_replied(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena);
/* True when this console changes nothing: it is told, and nothing must be asked. */
bool op_refused(struct op *op);
/* fn comes at the end of the turn with op->err. */
void op_fail_later(struct op *op);
/* The same: the cluster has no such topic or partition. */
void op_not_there(struct op *op);

#endif
