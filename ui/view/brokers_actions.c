/* See brokers_actions.h. */
#include "view/brokers_actions.h"

#include <stdio.h>

#define SLOW_MS "200"

void brokers_actions_init(struct brokers_actions *a, struct view_ctx *ctx)
{
	*a = (struct brokers_actions){.ctx = ctx, .broker = -1, .other = -1};
}

void brokers_actions_fini(struct brokers_actions *a)
{
	formbox_close(&a->box);
}

/* What of the source an action is; false: none. "Start" also ends what was done to a broker. */
static bool op_of(enum action_id id, const struct broker *b, enum broker_op *op)
{
	switch ((int)id) {
	case ACTION_BROKER_STOP:
		*op = BROKER_STOP_CLEANLY;
		return true;
	case ACTION_BROKER_KILL:
		*op = BROKER_KILL;
		return true;
	case ACTION_BROKER_PAUSE:
		*op = BROKER_PAUSE;
		return true;
	case ACTION_BROKER_CUT:
		*op = BROKER_CUT;
		return true;
	case ACTION_BROKER_SLOW:
		*op = BROKER_SLOW;
		return true;
	case ACTION_BROKER_ADD:
		*op = BROKER_ADD;
		return true;
	case ACTION_BROKER_START:
		*op = b && b->process == PROCESS_PAUSED ? BROKER_CONTINUE : BROKER_START;
		return true;
	}
	return false;
}

static bool has_fault(const struct broker *b)
{
	return b && b->process == PROCESS_RUNS && b->fault[0];
}

bool brokers_actions_allowed(const struct brokers_actions *a, enum action_id id,
	const struct broker *b, struct buf *reason)
{
	enum broker_op op;

	if (!op_of(id, b, &op))
		return true;
	if (!b && op != BROKER_ADD) {
		buf_puts(reason, "there is no broker under the cursor");
		return false;
	}
	if (id == ACTION_BROKER_START && has_fault(b))
		return true;
	return source_broker_can(a->ctx->source, op, b ? b->id : -1, NULL, reason);
}

/* ---- what came of it ----------------------------------------------------------------------- */

/* The newest change is what was done: "broker 3 killed from this console". */
static void told(void *arg, const struct err *e)
{
	struct view_ctx *ctx = arg;
	const struct change *c = changes_at(model_changes(ctx->model), 0);

	view_outcome(ctx, e, c && c->kind == CHANGE_ACTION && c->text ? c->text : "done");
}

static const char *const doing[] = {
	[BROKER_STOP_CLEANLY] = "stopping",
	[BROKER_KILL] = "killing",
	[BROKER_PAUSE] = "pausing",
	[BROKER_CONTINUE] = "continuing",
	[BROKER_START] = "starting",
	[BROKER_ADD] = "starting one more",
	[BROKER_CUT] = "cutting off",
	[BROKER_SLOW] = "slowing",
};

static void control(struct brokers_actions *a, enum broker_op op, int32_t broker)
{
	if (op == BROKER_ADD)
		view_message(a->ctx, MESSAGE_PROGRESS, "starting one more broker …");
	else
		view_message(a->ctx, MESSAGE_PROGRESS, "%s broker %d …", doing[op], broker);
	source_broker_control(a->ctx->source, op, broker, told, a->ctx);
}

/* ---- stop, kill, cut off: asked first ------------------------------------------------------- */

/* Partitions that nobody else could lead. */
static int32_t led_alone(const struct cluster *c, int32_t broker)
{
	int32_t n = 0;

	for (size_t i = 0; i < c->n_topics; i++)
		for (int32_t k = 0; k < c->topics[i]->n_partitions; k++) {
			const struct partition *p = &c->topics[i]->partitions[k];

			n += p->leader == broker && p->n_isr <= 1;
		}
	return n;
}

static void put_who(struct buf *out, const struct broker *b)
{
	buf_printf(out, "Broker %d", b->id);
	if (b->host[0])
		buf_printf(out, " (%s:%d)", b->host, b->port);
}

/* Who leads its partitions then. */
static void put_leaderships(struct buf *out, const struct cluster *c, const struct broker *b)
{
	int32_t alone = led_alone(c, b->id), rest = b->n_leaders - alone;

	buf_puts(out, " It leads ");
	if (b->n_leaders)
		fmt_things(out, b->n_leaders, "partition");
	else
		buf_puts(out, "no partition");
	if (rest && !alone)
		buf_puts(out, ": other replicas in sync take over.");
	else if (rest)
		buf_printf(out, ": for %d, other replicas in sync take over.", rest);
	else
		buf_putc(out, '.');
	if (alone) {
		buf_putc(out, ' ');
		fmt_things(out, alone, "partition");
		buf_puts(
			out, " will have no leader until it is back: no other replica is in sync.");
	}
}

/* How many voters run once it does not. */
static int32_t voters_left(const struct cluster *c, const struct broker *b)
{
	return c->voters_run - (b->votes && b->process == PROCESS_RUNS);
}

static void put_left(struct buf *out, const struct cluster *c, const struct broker *b)
{
	int32_t left = voters_left(c, b);

	if (left)
		buf_printf(
			out, " Of %d voters %d %s left", c->voters, left, left == 1 ? "is" : "are");
	else
		buf_puts(out, " No voter is left");
	buf_puts(out, ": no controller can be elected, so ");
}

/* Nobody gives its partitions to others. */
static void put_stranded(struct buf *out, const struct cluster *c, const struct broker *b)
{
	put_left(out, c, b);
	if (b->n_leaders) {
		buf_puts(out, "the ");
		fmt_things(out, b->n_leaders, "partition");
		buf_printf(
			out, " it leads %s without a leader", b->n_leaders == 1 ? "stays" : "stay");
	} else {
		buf_puts(out, "topics and leaders cannot change");
	}
	buf_puts(out, " until a voter is back.");
}

/* Kill and stop. What ends in order is still heard by the controller that there is before. */
static void put_end_effect(struct buf *out, const struct cluster *c,
	const struct brokers_actions *a, const struct broker *b)
{
	bool last = cluster_cannot_elect(c, voters_left(c, b));

	if (last && (a->op == BROKER_KILL || cluster_cannot_elect(c, c->voters_run))) {
		put_stranded(out, c, b);
		return;
	}
	put_leaderships(out, c, b);
	if (last) {
		put_left(out, c, b);
		buf_puts(out, "topics and leaders cannot change until a voter is back.");
	} else if (b->id == c->controller) {
		buf_puts(out, " It is the controller: another one is elected.");
	}
}

static void put_no_majority(struct buf *out, const struct cluster *c)
{
	buf_printf(out,
		" Neither side has a majority of the %d voters then: no controller can be elected, "
		"so topics, leaders and in-sync replicas cannot change, and writes with acks=all "
		"wait, until they are joined again.",
		c->voters);
}

/* `lost` no longer hears the controller, nor is heard by it. */
static void put_taken_for_lost(struct buf *out, const struct cluster *c, const struct broker *lost)
{
	if (cluster_cannot_elect(c, voters_left(c, lost))) {
		put_no_majority(out, c);
		return;
	}
	if (lost->id == c->controller)
		buf_puts(out, " It is the controller: the others elect another one, which takes it "
			      "for lost.");
	else
		buf_printf(out, " Broker %d is lost to the controller.", lost->id);
	if (lost->n_leaders)
		put_leaderships(out, c, lost);
	buf_puts(out, " Writes with acks=all that still go to it wait.");
}

static void put_cut_effect(struct buf *out, const struct cluster *c,
	const struct brokers_actions *a, const struct broker *b)
{
	const struct broker *other = a->other < 0 ? NULL : cluster_broker(c, a->other);

	if (!other || other->id == c->controller)
		put_taken_for_lost(out, c, b);
	else if (b->id == c->controller)
		put_taken_for_lost(out, c, other);
	else
		buf_puts(out, " Neither can copy what the other leads: writes with acks=all wait "
			      "there until it is out of the in-sync replicas "
			      "(replica.lag.time.max.ms, 30 s unless set).");
}

static void put_what(struct buf *out, const struct brokers_actions *a, const struct broker *b)
{
	const struct cluster *c = view_cluster(a->ctx);

	put_who(out, b);
	if (a->op == BROKER_KILL)
		buf_puts(out, " ends without warning.");
	else if (a->op == BROKER_STOP_CLEANLY && cluster_cannot_elect(c, c->voters_run))
		buf_puts(out, " is ended; no controller takes its leaderships over.");
	else if (a->op == BROKER_STOP_CLEANLY)
		buf_puts(out, " is ended in order: it hands its leaderships over first.");
	else if (a->other < 0)
		buf_puts(out, " and all others do not reach each other any more; clients still "
			      "reach it.");
	else
		buf_printf(out,
			" and broker %d do not reach each other any more; clients still reach "
			"both.",
			a->other);
	if (a->op == BROKER_CUT)
		put_cut_effect(out, c, a, b);
	else
		put_end_effect(out, c, a, b);
	buf_printf(out, "\n\nm t %s.", a->op == BROKER_CUT ? "joins it again" : "starts it again");
}

static void answered(void *arg, bool yes)
{
	struct brokers_actions *a = arg;

	if (!yes)
		return;
	if (a->op != BROKER_CUT) {
		control(a, a->op, a->broker);
		return;
	}
	view_message(a->ctx, MESSAGE_PROGRESS, "cutting broker %d off …", a->broker);
	source_cut(a->ctx->source, a->broker, a->other, true, told, a->ctx);
}

static void ask(struct brokers_actions *a, const struct broker *b)
{
	static const char *const verbs[] = {
		[BROKER_STOP_CLEANLY] = "Stop", [BROKER_KILL] = "Kill", [BROKER_CUT] = "Cut off"};
	struct buf text = BUF_EMPTY, command = BUF_EMPTY;
	char title[60], yes[40];

	put_what(&text, a, b);
	if (a->op != BROKER_CUT &&
		source_broker_can(a->ctx->source, a->op, b->id, &command, NULL) && command.n)
		buf_printf(&text, "\n\n$ %s", buf_z(&command));
	if (a->op == BROKER_CUT && a->other >= 0)
		snprintf(
			title, sizeof(title), "Cut broker %d off from broker %d?", b->id, a->other);
	else
		snprintf(title, sizeof(title), "%s broker %d?", verbs[a->op], b->id);
	snprintf(yes, sizeof(yes), "%s broker %d", verbs[a->op], b->id);
	view_ask(a->ctx, title, buf_z(&text), yes, NULL, true, answered, a);
	buf_fini(&command);
	buf_fini(&text);
}

/* ---- forms --------------------------------------------------------------------------------- */

static void submit_cut(void *arg, struct form *f)
{
	struct brokers_actions *a = arg;
	const struct broker *b = cluster_broker(view_cluster(a->ctx), a->broker);
	struct str from = form_text(f, "from");
	int32_t id;

	a->other = sscanf(from.p ? from.p : "", "broker %d", &id) == 1 ? id : -1;
	if (b)
		ask(a, b);
}

static void open_cut(struct brokers_actions *a, const struct broker *b)
{
	const struct cluster *c = view_cluster(a->ctx);
	int n = 0;

	a->choices[n++] = "all others";
	for (size_t i = 0; i < c->n_brokers && n <= (int)ARRAY_LEN(a->names); i++) {
		if (c->brokers[i].id == b->id)
			continue;
		snprintf(a->names[n - 1], sizeof(a->names[0]), "broker %d", c->brokers[i].id);
		a->choices[n] = a->names[n - 1];
		n++;
	}
	a->choices[n] = NULL;
	a->cut = (struct field_def){.name = "from",
		.label = "Cut off from",
		.type = FIELD_CHOICE,
		.help = "Clients still reach it. Left and Right choose; Enter goes on.",
		.initial = a->choices[0],
		.choices = a->choices};
	snprintf(a->title, sizeof(a->title), "cut broker %d off", b->id);
	formbox_open(&a->box, a->title, &a->cut, 1, submit_cut, a);
}

static const struct field_def slow_fields[] = {
	{.name = "delay",
		.label = "Delay in ms",
		.type = FIELD_NUMBER,
		.help = "Before each answer. 0: as fast as it can.",
		.initial = SLOW_MS,
		.min = 0,
		.max = 60000,
		.required = true},
};

static void submit_slow(void *arg, struct form *f)
{
	struct brokers_actions *a = arg;

	view_message(a->ctx, MESSAGE_PROGRESS, "slowing broker %d …", a->broker);
	source_slow(a->ctx->source, a->broker, (int32_t)form_number(f, "delay", 0), told, a->ctx);
}

/* ---- by action ----------------------------------------------------------------------------- */

/* Everything that was done to it, at once. */
static void heal(struct brokers_actions *a, const struct broker *b)
{
	view_message(a->ctx, MESSAGE_PROGRESS, "ending the faults of broker %d …", b->id);
	source_cut(a->ctx->source, b->id, -1, false, told, a->ctx);
}

bool brokers_actions_do(struct brokers_actions *a, enum action_id id, const struct broker *b)
{
	if (!op_of(id, b, &a->op))
		return false;
	a->broker = b ? b->id : -1;
	a->other = -1;
	if (a->op == BROKER_ADD) {
		control(a, a->op, -1);
	} else if (!b) {
		return true;
	} else if (id == ACTION_BROKER_START && has_fault(b)) {
		heal(a, b);
	} else if (a->op == BROKER_STOP_CLEANLY || a->op == BROKER_KILL) {
		ask(a, b);
	} else if (a->op == BROKER_CUT) {
		open_cut(a, b);
	} else if (a->op == BROKER_SLOW) {
		snprintf(a->title, sizeof(a->title), "slow broker %d", b->id);
		formbox_open(
			&a->box, a->title, slow_fields, ARRAY_LEN(slow_fields), submit_slow, a);
	} else {
		control(a, a->op, b->id);
	}
	return true;
}
