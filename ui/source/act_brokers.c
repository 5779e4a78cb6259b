/* What is done to single brokers: their processes, where this machine's kdeck runs them, and faults
 * through their HTTP face. */
#include "source/op.h"

bool act_broker_can(struct source *s, enum broker_op op, int32_t broker, struct buf *command,
	struct buf *reason)
{
	(void)s;
	(void)op;
	(void)broker;
	(void)command;
	if (reason)
		buf_puts(reason, "only brokers of kdeck up and kdeck demo on this machine");
	return false;
}

/* What an action says that cannot be done now. */
static void refuse(struct op *op, enum broker_op what, int32_t broker)
{
	struct buf reason = BUF_EMPTY;

	(void)act_broker_can(&op->s->base, what, broker, NULL, &reason);
	err_set(&op->err, ERR_UNSUPPORTED, "%s", buf_z(&reason));
	buf_fini(&reason);
	op_fail_later(op);
}

int64_t act_broker_control(
	struct source *base, enum broker_op what, int32_t broker, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(*op), -1, fn, arg);

	if (!op_refused(op))
		refuse(op, what, broker);
	return op->id;
}

int64_t act_cut(struct source *base, int32_t a, int32_t b, bool on, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(*op), -1, fn, arg);

	(void)b;
	(void)on;
	if (!op_refused(op))
		refuse(op, BROKER_CUT, a);
	return op->id;
}

int64_t act_slow(
	struct source *base, int32_t broker, int32_t delay_ms, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(*op), -1, fn, arg);

	(void)delay_ms;
	if (!op_refused(op))
		refuse(op, BROKER_SLOW, broker);
	return op->id;
}
