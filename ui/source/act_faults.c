/*
 * Faults on purpose, by the HTTP faces of brokers: cut off, slow, and all of it ended. An action is
 * a row of requests, one after another; the first that fails ends it.
 */
#include "source/op.h"

#include "base/json.h"
#include "base/xalloc.h"

struct step {
	char *url;
	const char *method;
	struct buf body;
};

struct fault_act {
	struct op op; /* first */
	VEC(struct step) steps;
	size_t at;
	int64_t request; /* under way, 0: none */
	enum broker_op what;
	struct buf done; /* what is said then */
};

static struct fault_act *act_of(struct op *op)
{
	return CONTAINER_OF(op, struct fault_act, op);
}

static void drop(struct op *op)
{
	struct fault_act *a = act_of(op);

	if (a->request)
		http_cancel(op->s->faces.http, a->request);
	vec_foreach (step, &a->steps) {
		free(step->url);
		buf_fini(&step->body);
	}
	vec_fini(&a->steps);
	buf_fini(&a->done);
}

/* ---- what is asked ------------------------------------------------------------------------- */

static struct step *add_step(struct fault_act *a, const struct face *f, const char *method)
{
	struct step *step = vec_add(&a->steps);

	*step = (struct step){.url = xasprintf("%s/faults", f->url), .method = method};
	return step;
}

static void put_command(struct fault_act *a, struct step *step)
{
	buf_printf(&a->op.command, "%scurl -X %s ", a->op.command.n ? "; " : "", step->method);
	if (step->body.n)
		buf_printf(&a->op.command, "-d '%s' ", buf_z(&step->body));
	buf_puts(&a->op.command, step->url);
}

/* f cuts itself off from those, and no others. */
static void step_cut(struct fault_act *a, const struct face *f, const int32_t *v, size_t n)
{
	struct step *step = add_step(a, f, "PUT");
	struct json j;

	json_init(&j, &step->body);
	json_object(&j);
	json_key(&j, "cut");
	json_array(&j);
	for (size_t i = 0; i < n; i++)
		json_int(&j, v[i]);
	json_array_end(&j);
	json_object_end(&j);
	put_command(a, step);
}

/* Beside those that it has cut before. */
static void cut_more(struct fault_act *a, const struct face *f, int32_t other)
{
	const struct cluster *c = model_cluster(a->op.s->model);
	int32_t v[FACE_CUT_MAX];
	size_t n = f->now.n_cut;

	memcpy(v, f->now.cut, n * sizeof(*v));
	for (size_t i = 0; i < c->n_brokers && n < FACE_CUT_MAX; i++) {
		int32_t id = c->brokers[i].id;

		if (id != f->broker && (other < 0 || id == other) && !face_cuts(f, id))
			v[n++] = id;
	}
	step_cut(a, f, v, n);
}

static void cut_less(struct fault_act *a, const struct face *f, int32_t other)
{
	int32_t v[FACE_CUT_MAX];
	size_t n = 0;

	if (!face_cuts(f, other))
		return;
	for (size_t i = 0; i < f->now.n_cut; i++)
		if (f->now.cut[i] != other)
			v[n++] = f->now.cut[i];
	step_cut(a, f, v, n);
}

/* Whatever was done to it, by it or by others. */
static void heal(struct fault_act *a, const struct face *f)
{
	bool cut = f->now.n_cut > 0;

	vec_foreach (other, &a->op.s->faces.v)
		cut = cut || face_cuts(*other, f->broker);
	if (!cut) {
		buf_clear(&a->done);
		buf_printf(&a->done, "faults of broker %d ended from this console", f->broker);
	}
	put_command(a, add_step(a, f, "DELETE"));
	vec_foreach (other, &a->op.s->faces.v)
		if (*other != f)
			cut_less(a, *other, f->broker);
}

/* ---- asking -------------------------------------------------------------------------------- */

static void next_step(struct fault_act *a);

/* What a face says that does not do it is a line, or {"error": …}: as it is. */
static void say_refusal(struct err *e, const struct fault_act *a, int status, struct slice body)
{
	int n = (int)min_size(body.n, 160);

	while (n > 0 && (body.p[n - 1] == '\n' || body.p[n - 1] == '\r'))
		n--;
	(void)!err_set(e, ERR_INVALID, "%s: HTTP %d: %.*s", a->steps.v[a->at].url, status, n,
		(const char *)body.p);
}

static void finish(struct fault_act *a, const struct err *e)
{
	struct cluster_source *s = a->op.s;

	vec_foreach (f, &s->faces.v)
		(*f)->faults.due_ms = 0;
	if (!e) {
		buf_clear(&a->op.text);
		buf_put_str(&a->op.text, buf_str(&a->done));
	}
	op_done(&a->op, e);
}

static void on_answer(void *arg, const struct err *e, int status, struct slice body)
{
	struct fault_act *a = arg;
	struct err said = {0};

	a->request = 0;
	if (!e && status / 100 != 2) {
		say_refusal(&said, a, status, body);
		e = &said;
	}
	a->at++;
	if (e || a->at == a->steps.n)
		finish(a, e);
	else
		next_step(a);
}

static void next_step(struct fault_act *a)
{
	const struct step *step = &a->steps.v[a->at];

	a->request = http_send(a->op.s->faces.http,
		&(struct http_request){
			.method = step->method, .url = step->url, .body = buf_slice(&step->body)},
		on_answer, a);
}

static struct fault_act *act_new(
	struct source *base, enum broker_op what, int32_t broker, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(struct fault_act), -1, fn, arg);

	op->drop = drop;
	op->broker = broker;
	act_of(op)->what = what;
	return act_of(op);
}

/* The face to ask; NULL: it was refused, and that will be told. */
static struct face *allowed(struct fault_act *a)
{
	struct cluster_source *s = a->op.s;
	struct buf reason = BUF_EMPTY;
	bool can;

	if (op_refused(&a->op))
		return NULL;
	can = act_broker_can(&s->base, a->what, a->op.broker, NULL, &reason);
	if (!can) {
		(void)!err_set(
			&a->op.err, ERR_UNSUPPORTED, "broker %d: %s", a->op.broker, buf_z(&reason));
		op_fail_later(&a->op);
	}
	buf_fini(&reason);
	return can ? face_find(s, a->op.broker) : NULL;
}

int64_t act_cut(
	struct source *base, int32_t broker, int32_t other, bool on, source_done_fn *fn, void *arg)
{
	struct fault_act *a = act_new(base, BROKER_CUT, broker, fn, arg);
	int64_t id = a->op.id;
	struct face *f, *there = face_find(source_of(base), other);
	struct buf whom = BUF_EMPTY;

	if (other < 0)
		buf_puts(&whom, on ? "all others" : "all");
	else
		buf_printf(&whom, "broker %d", other);
	if (on)
		buf_printf(&a->op.text, "cut broker %d off from %s", broker, buf_z(&whom));
	else
		buf_printf(&a->op.text, "join broker %d with %s again", broker, buf_z(&whom));
	buf_printf(&a->done, "broker %d %s %s%s from this console", broker,
		on ? "cut off from" : "joined with", buf_z(&whom), on ? "" : " again");
	buf_fini(&whom);
	f = allowed(a);
	if (!f)
		return id;
	if (on) {
		cut_more(a, f, other);
	} else if (other < 0) {
		heal(a, f);
	} else {
		cut_less(a, f, other);
		if (there)
			cut_less(a, there, broker);
	}
	if (a->steps.n) {
		next_step(a);
	} else {
		(void)!err_set(&a->op.err, ERR_NOT_FOUND, "they are not cut off from each other");
		op_fail_later(&a->op);
	}
	return id;
}

int64_t act_slow(
	struct source *base, int32_t broker, int32_t delay_ms, source_done_fn *fn, void *arg)
{
	struct fault_act *a = act_new(base, BROKER_SLOW, broker, fn, arg);
	int64_t id = a->op.id;
	struct face *f;

	buf_printf(&a->op.text, "slow broker %d", broker);
	if (delay_ms)
		buf_printf(
			&a->done, "broker %d answers %d ms late by this console", broker, delay_ms);
	else
		buf_printf(&a->done, "broker %d answers at once again by this console", broker);
	f = allowed(a);
	if (f) {
		struct step *step = add_step(a, f, "PUT");

		buf_printf(&step->body, "{\"delay_ms\":%d}", delay_ms);
		put_command(a, step);
		next_step(a);
	}
	return id;
}
