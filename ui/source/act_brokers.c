/*
 * What is done to single brokers: to their processes, where this machine's kdeck runs them. A row
 * for each op says what it needs and how a shell does the same. Faults are act_faults.c.
 */
#include "source/op.h"

#include "base/xalloc.h"

struct broker_act {
	struct op op; /* first */
	enum broker_op what;
	int32_t broker;
	struct local_op *run;
	struct local_hold hold; /* against kdeck up and down, where it starts something */
};

struct op_rule {
	const char *verb, *done;    /* "kill broker 3: …", "broker 3 killed" */
	bool stopped, paused, runs; /* when it can be done */
	const char *why_not;
	const char *signal; /* the command that its process's number follows; NULL: another */
};

static const struct op_rule rules[] = {
	[BROKER_STOP_CLEANLY] = {"stop", "stopped", false, true, true, "it does not run", "kill"},
	[BROKER_KILL] = {"kill", "killed", false, true, true, "it does not run", "kill -9"},
	[BROKER_PAUSE] = {"pause", "paused", false, false, true, "it does not run", "kill -STOP"},
	[BROKER_CONTINUE] = {"continue", "continued", false, true, false, "it is not paused",
		"kill -CONT"},
	[BROKER_START] = {"start", "started", true, false, false, "it runs", NULL},
	[BROKER_ADD] = {"add", "added", true, true, true, NULL, NULL},
	[BROKER_CUT] = {"cut off", "cut off", false, false, true, "it does not run", NULL},
	[BROKER_SLOW] = {"slow", "slowed", false, false, true, "it does not run", NULL},
};

/* ---- may it be, and how -------------------------------------------------------------------- */

static const char *why_no_faults(struct cluster_source *s, const struct local_broker *b)
{
	const struct face *f = face_find(s, b->id);

	if (!b->http)
		return "its HTTP face is off (kdeck.http.listener)";
	if (!f || !f->told_ms)
		return "its HTTP face does not answer";
	return f->takes_faults ? NULL : "it takes no faults (kdeck.faults.enable allows them)";
}

static const char *why_not(
	struct cluster_source *s, enum broker_op op, const struct local_broker *b)
{
	const struct op_rule *r = &rules[op];
	bool can;

	if (!s->here.ours)
		return "only brokers of kdeck up and kdeck demo on this machine";
	if (op == BROKER_ADD)
		return NULL;
	if (!b)
		return "this broker is not one that kdeck started here";
	can = b->state == LOCAL_RUNNING  ? r->runs
	      : b->state == LOCAL_PAUSED ? r->paused
					 : r->stopped;
	if (!can)
		return b->state == LOCAL_PAUSED && op == BROKER_PAUSE ? "it is paused already"
		       : b->state == LOCAL_PAUSED                     ? "it is paused"
								      : r->why_not;
	if (op != BROKER_START && b->pid <= 0)
		return "nobody knows which process it is";
	return op == BROKER_CUT || op == BROKER_SLOW ? why_no_faults(s, b) : NULL;
}

static void put_command(
	struct buf *out, const struct here *h, enum broker_op op, const struct local_broker *b)
{
	char *file;

	if (op == BROKER_ADD) {
		buf_puts(out, "kdeck up --dir ");
		buf_put_word(out, str_of(h->dir));
		buf_printf(out, " --brokers %zu", h->now.brokers.n + 1);
	} else if (op == BROKER_START) {
		file = xasprintf("%s/server.properties", b->dir);
		buf_puts(out, "kdeck-broker ");
		buf_put_word(out, str_of(file));
		free(file);
	} else if (rules[op].signal) {
		buf_printf(out, "%s %ld", rules[op].signal, (long)b->pid);
	}
}

bool act_broker_can(struct source *base, enum broker_op op, int32_t broker, struct buf *command,
	struct buf *reason)
{
	struct cluster_source *s = source_of(base);
	const struct local_broker *b = here_find(&s->here, broker);
	const char *why = why_not(s, op, b);

	if (why && reason)
		buf_puts(reason, why);
	if (!why && command)
		put_command(command, &s->here, op, b);
	return !why;
}

/* ---- doing it ------------------------------------------------------------------------------ */

static void drop(struct op *op)
{
	struct broker_act *a = CONTAINER_OF(op, struct broker_act, op);

	local_op_free(a->run);
	a->run = NULL;
	local_let_go(&a->hold);
}

/* "kill broker 3" while it is wanted and when it fails, "broker 3 killed" when it is done. */
static void say(struct broker_act *a, bool done)
{
	a->op.broker = a->broker;
	buf_clear(&a->op.text);
	if (done)
		buf_printf(&a->op.text, "broker %d %s from this console", a->broker,
			rules[a->what].done);
	else if (a->broker >= 0)
		buf_printf(&a->op.text, "%s broker %d", rules[a->what].verb, a->broker);
	else
		buf_printf(&a->op.text, "%s a broker", rules[a->what].verb);
}

static void finish(struct broker_act *a, const struct err *e)
{
	if (!e)
		say(a, true);
	a->op.s->here.due_ms = 0;
	a->op.in_order = a->what == BROKER_STOP_CLEANLY;
	a->op.takes_away = a->op.in_order || a->what == BROKER_KILL || a->what == BROKER_PAUSE;
	op_done(&a->op, e);
}

static void on_local(void *arg, const struct err *e)
{
	struct broker_act *a = arg;

	finish(a, e);
}

static void on_at_once(void *arg)
{
	struct broker_act *a = arg;

	finish(a, a->op.err.code ? &a->op.err : NULL);
}

static void begin(struct broker_act *a)
{
	struct cluster_source *s = a->op.s;
	const char *dir = s->here.dir;
	struct err *e = &a->op.err;

	switch (a->what) {
	case BROKER_STOP_CLEANLY:
		a->run = local_stop(s->loop, dir, a->broker, on_local, a, e);
		break;
	case BROKER_KILL:
		a->run = local_kill(s->loop, dir, a->broker, on_local, a, e);
		break;
	case BROKER_START:
		if (local_share(&a->hold, dir, e) == 0)
			a->run = local_start(s->loop, dir, a->broker, on_local, a, e);
		break;
	case BROKER_ADD:
		if (local_share(&a->hold, dir, e) == 0)
			a->run = local_add(s->loop, dir, on_local, a, e);
		a->broker = a->run ? local_op_broker(a->run) : a->broker;
		break;
	case BROKER_PAUSE:
		(void)!local_pause(dir, a->broker, e);
		break;
	case BROKER_CONTINUE:
		(void)!local_continue(dir, a->broker, e);
		break;
	case BROKER_CUT:
	case BROKER_SLOW:
		break;
	}
	/* Its callback never comes from within a call. */
	if (!a->run)
		loop_defer(s->loop, &a->op.refused, on_at_once, a);
}

int64_t act_broker_control(
	struct source *base, enum broker_op what, int32_t broker, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(struct broker_act), -1, fn, arg);
	struct broker_act *a = CONTAINER_OF(op, struct broker_act, op);
	struct buf reason = BUF_EMPTY;
	int64_t id = op->id;

	a->what = what;
	a->broker = broker;
	a->hold.fd = -1;
	op->drop = drop;
	say(a, false);
	if (op_refused(op))
		return id;
	if (act_broker_can(base, what, broker, &op->command, &reason)) {
		begin(a);
	} else {
		(void)!err_set(&op->err, ERR_UNSUPPORTED, "%s", buf_z(&reason));
		if (broker >= 0)
			err_wrap(&op->err, "broker %d", broker);
		op_fail_later(op);
	}
	buf_fini(&reason);
	return id;
}
