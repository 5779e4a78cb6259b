/*
 * A question about many groups: their coordinators are looked up, then each coordinator is asked
 * about its groups, side by side.
 *
 *   OPEN --> FINDING --> FOUND --> ASKED --> DONE
 *    ^          |                    |
 *    +------- PAUSED <---------------+
 *
 * PAUSED groups are looked up anew: what failed is most often a coordinator that has moved. The
 * deadline ends all that are not DONE. Whoever knows the coordinators begins with FOUND. A batch
 * finds its groups by their place in the request, as brokers answer in that order, and by name
 * where they do not.
 */
#include "admin/crowd.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* Groups in one request: an answer stays far below the largest that is taken. */
enum { CROWD_BATCH = 2000 };

static void run(struct crowd *c);

static void batch_free(struct crowd_batch *b)
{
	list_remove(&b->node);
	if (b->ask)
		admin_cancel(b->crowd->admin, b->ask);
	arena_fini(&b->arena);
	free(b);
}

static void crowd_free(struct crowd *c)
{
	list_foreach (n, &c->batches)
		batch_free(CONTAINER_OF(n, struct crowd_batch, node));
	io_timer_stop(&c->pause);
	io_timer_stop(&c->deadline);
	loop_defer_cancel(&c->start);
	arena_fini(&c->arena);
	free(c);
}

static void on_cancel(struct op *op)
{
	struct crowd *c = CONTAINER_OF(op, struct crowd, op);

	c->dead = true;
	if (!c->busy)
		crowd_free(c);
}

/* ---- results ---- */

static void done(struct crowd *c, size_t i, int16_t error, const char *why)
{
	struct admin_group *g = &c->groups[i];

	c->state[i] = CROWD_DONE;
	g->answered = true;
	g->error = error;
	g->why = why;
	c->open--;
	c->news = true;
}

/* False: the crowd is over and gone. */
static bool report(struct crowd *c, int32_t broker)
{
	bool last = c->open == 0;

	if (!c->news && !last)
		return true;
	c->news = false;
	if (last)
		op_end(&c->op);
	c->busy = true;
	c->fn(c->arg, c->groups, c->n, broker, c->open);
	c->busy = false;
	if (!last && !c->dead)
		return true;
	crowd_free(c);
	return false;
}

static const char *why_of(struct crowd *c, size_t i, int16_t error, struct str said)
{
	struct err e = {0};

	admin_kerr(&e, error, said, "group %.*s", STR_ARG(c->groups[i].group));
	return arena_strdup(&c->arena, e.msg);
}

/* Nothing was done, and another look may find who can do it. */
static bool passes(int16_t error)
{
	return error == KERR_COORDINATOR_NOT_AVAILABLE || error == KERR_NOT_COORDINATOR ||
	       error == KERR_COORDINATOR_LOAD_IN_PROGRESS;
}

static void again(struct crowd *c, size_t i, int16_t error, const char *why)
{
	c->state[i] = CROWD_PAUSED;
	c->groups[i].error = error;
	c->groups[i].why = why;
}

void crowd_told(struct crowd *c, struct crowd_batch *b, size_t i, int16_t error, struct str said)
{
	size_t at = b->at[i];
	const char *why;

	if (c->state[at] != CROWD_ASKED && c->state[at] != CROWD_FINDING)
		return;
	why = error ? why_of(c, at, error, said) : NULL;
	if (passes(error))
		again(c, at, error, why);
	else
		done(c, at, error, why);
}

void crowd_or_else(struct crowd *c, struct crowd_batch *b, size_t i, int16_t error, struct str said)
{
	size_t at = b->at[i];

	if (c->state[at] != CROWD_ASKED)
		return;
	c->groups[at].error = error;
	c->groups[at].why = error ? why_of(c, at, error, said) : NULL;
	c->or_else[at] = true;
	c->state[at] = CROWD_FOUND;
}

void crowd_stands(struct crowd *c, struct crowd_batch *b, size_t i)
{
	size_t at = b->at[i];

	if (c->state[at] == CROWD_ASKED)
		done(c, at, c->groups[at].error, c->groups[at].why);
}

size_t crowd_find(const struct crowd *c, const struct crowd_batch *b, struct str group)
{
	for (size_t i = 0; i < b->n; i++)
		if (c->state[b->at[i]] != CROWD_DONE && str_eq(crowd_group(c, b, i)->group, group))
			return i;
	return b->n;
}

static void on_deadline(void *arg)
{
	struct crowd *c = arg;

	for (size_t i = 0; i < c->n; i++)
		if (c->state[i] != CROWD_DONE)
			done(c, i, KERR_REQUEST_TIMED_OUT,
				c->groups[i].why
					? arena_printf(&c->arena, "%s; gave up at the deadline",
						  c->groups[i].why)
					: arena_printf(&c->arena, "group %.*s: no answer in time",
						  STR_ARG(c->groups[i].group)));
	report(c, -1);
}

/* ---- requests ---- */

static void batch_send(
	struct crowd_batch *b, int16_t key, int16_t cap, const void *request, admin_reply_fn *fn)
{
	struct crowd *c = b->crowd;
	struct admin_target to = ADMIN_TO_ANY;

	if (b->broker >= 0)
		to = (struct admin_target){.to = ADMIN_BROKER, .broker = b->broker};
	b->ask = ask_start(c->admin, &(struct ask_spec){.key = key,
					     .request = request,
					     .lend = true,
					     .to = to,
					     .once = true,
					     .cap = cap,
					     .internal = true,
					     .timeout_ms = time_left(c->admin, c->deadline_ms),
					     .fn = fn,
					     .arg = b});
}

static struct crowd_batch *batch_new(
	struct crowd *c, const struct crowd_kind *kind, int32_t broker, size_t most)
{
	struct crowd_batch *b = ALLOC(struct crowd_batch);

	b->crowd = c;
	b->kind = kind;
	b->broker = broker;
	arena_init(&b->arena, 0);
	b->at = arena_array(&b->arena, most, sizeof(*b->at));
	list_push_back(&c->batches, &b->node);
	return b;
}

/* What a failed request means for the groups of its batch. */
static void batch_failed(struct crowd_batch *b, const struct err *e, enum crowd_state back)
{
	struct crowd *c = b->crowd;
	bool stands = e->code == ERR_UNSUPPORTED && b->kind != c->kind;
	bool old = e->code == ERR_UNSUPPORTED && b->n > 1 && !stands;
	bool change = b->broker >= 0 && (api_find(b->kind->key)->what & API_CHANGES);
	bool lost = e->code == ERR_CLOSED || e->code == ERR_IO || e->code == ERR_TIMEOUT ||
		    e->code == ERR_NOT_FOUND;
	int16_t error = e->code == ERR_UNSUPPORTED ? KERR_UNSUPPORTED_VERSION
			: e->code == ERR_TIMEOUT   ? KERR_REQUEST_TIMED_OUT
						   : KERR_NETWORK_EXCEPTION;
	const char *why = arena_strdup(&c->arena, e->msg);

	if (old && b->broker >= 0)
		c->ask_single = true;
	else if (old)
		c->find_single = true;
	for (size_t i = 0; i < b->n; i++) {
		if (stands)
			crowd_stands(c, b, i);
		else if (old)
			c->state[b->at[i]] = (uint8_t)back;
		else if (lost && !change && b->broker >= 0)
			again(c, b->at[i], error, why);
		else
			done(c, b->at[i], error, why);
	}
}

/* The batch has been dealt with. */
static void batch_over(struct crowd_batch *b)
{
	struct crowd *c = b->crowd;
	int32_t broker = b->broker;

	/* What the answer left out was not answered. */
	for (size_t i = 0; i < b->n; i++)
		if (c->state[b->at[i]] == CROWD_ASKED || c->state[b->at[i]] == CROWD_FINDING)
			crowd_told(c, b, i, KERR_UNKNOWN_SERVER_ERROR,
				STR_LIT("the answer leaves it out"));
	b->ask = 0;
	batch_free(b);
	if (report(c, broker))
		run(c);
}

static void on_answer(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct crowd_batch *b = arg;
	struct crowd *c = b->crowd;

	(void)arena;
	if (e) {
		batch_failed(b, e, CROWD_FOUND);
	} else {
		b->kind->take(c, b, version,
			msg_copy(api_find(b->kind->key)->response, response, &c->arena));
	}
	batch_over(b);
}

/* ---- coordinators ---- */

static void found(struct crowd_batch *b, size_t i, int16_t error, struct str said, int32_t broker)
{
	struct crowd *c = b->crowd;

	if (i >= b->n || c->state[b->at[i]] != CROWD_FINDING)
		return;
	if (error) {
		crowd_told(c, b, i, error, said);
		return;
	}
	crowd_group(c, b, i)->coordinator = broker;
	if (c->kind->build)
		c->state[b->at[i]] = CROWD_FOUND;
	else
		done(c, b->at[i], KERR_NONE, NULL);
}

static void on_found(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	const struct find_coordinator_response *r = response;
	struct crowd_batch *b = arg;

	(void)arena;
	if (e) {
		batch_failed(b, e, CROWD_OPEN);
	} else if (version < 4) {
		found(b, 0, r->error_code, r->error_message, r->node_id);
	} else {
		for (int32_t i = 0; i < r->n_coordinators; i++) {
			const struct find_coordinator_response_coordinators *k =
				&r->coordinators[i];
			size_t at = (size_t)i;
			if (at >= b->n || !str_eq(crowd_group(b->crowd, b, at)->group, k->key))
				at = crowd_find(b->crowd, b, k->key);
			found(b, at, k->error_code, k->error_message, k->node_id);
		}
	}
	batch_over(b);
}

static void send_find(struct crowd_batch *b)
{
	struct find_coordinator_request *r = ARENA_NEW(&b->arena, struct find_coordinator_request);

	msg_init(&find_coordinator_request_desc, r);
	r->coordinator_keys = arena_array(&b->arena, b->n, sizeof(struct str));
	r->n_coordinator_keys = (int32_t)b->n;
	for (size_t i = 0; i < b->n; i++)
		r->coordinator_keys[i] = crowd_group(b->crowd, b, i)->group;
	batch_send(b, API_FIND_COORDINATOR, 0, r, on_found);
}

/* ---- rounds ---- */

static const struct crowd_kind *kind_of(const struct crowd *c, size_t i)
{
	return c->or_else[i] ? c->kind->or_else : c->kind;
}

/* One batch of groups in `from` (of that broker, unless it is -1). False: there is none. */
static bool send_some(struct crowd *c, enum crowd_state from, size_t *begin)
{
	bool find = from == CROWD_OPEN;
	size_t most = (find ? c->find_single : c->ask_single) ? 1 : CROWD_BATCH;
	struct crowd_batch *b = NULL;
	size_t i = *begin;

	for (; i < c->n && c->state[i] != (uint8_t)from; i++)
		;
	*begin = i;
	if (i == c->n)
		return false;
	b = batch_new(
		c, kind_of(c, i), find ? -1 : c->groups[i].coordinator, min_size(most, c->n - i));
	for (; i < c->n && b->n < most; i++) {
		if (c->state[i] != (uint8_t)from ||
			(!find && (c->groups[i].coordinator != b->broker ||
					  kind_of(c, i) != b->kind)))
			continue;
		c->state[i] = find ? CROWD_FINDING : CROWD_ASKED;
		b->at[b->n++] = (uint32_t)i;
	}
	if (find)
		send_find(b);
	else
		batch_send(b, b->kind->key, b->kind->cap, b->kind->build(c, b), on_answer);
	return true;
}

static void send_all(struct crowd *c, enum crowd_state from)
{
	for (size_t begin = 0; send_some(c, from, &begin);)
		;
}

static bool any(const struct crowd *c, enum crowd_state state)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->state[i] == (uint8_t)state)
			return true;
	return false;
}

static void run(struct crowd *c)
{
	send_all(c, CROWD_OPEN);
	/* A request a broker: so all coordinators have to be known. */
	if (!any(c, CROWD_FINDING))
		send_all(c, CROWD_FOUND);
	if (any(c, CROWD_PAUSED) && !io_timer_active(&c->pause))
		pause_start(c->admin, &c->pause, c->rounds++);
}

static void on_pause_over(void *arg)
{
	struct crowd *c = arg;

	for (size_t i = 0; i < c->n; i++)
		if (c->state[i] == CROWD_PAUSED)
			c->state[i] = CROWD_OPEN;
	run(c);
}

static void on_start(void *arg)
{
	struct crowd *c = arg;

	if (c->n)
		run(c);
	else
		report(c, -1);
}

struct crowd *crowd_new(struct admin *a, const struct crowd_kind *kind, const struct str *groups,
	size_t n, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	struct crowd *c = ALLOC(struct crowd);

	c->admin = a;
	c->kind = kind;
	c->deadline_ms = deadline_from(a, timeout_ms);
	c->fn = fn;
	c->arg = arg;
	c->n = c->open = n;
	list_init(&c->batches);
	arena_init(&c->arena, 0);
	c->groups = arena_array(&c->arena, n, sizeof(*c->groups));
	c->state = arena_alloc(&c->arena, n);
	c->or_else = arena_array(&c->arena, n, sizeof(*c->or_else));
	for (size_t i = 0; i < n; i++) {
		c->groups[i].group = (struct str){
			arena_printf(&c->arena, "%.*s", STR_ARG(groups[i])), groups[i].n};
		c->groups[i].coordinator = -1;
	}
	io_timer_init(&c->pause, a->loop, on_pause_over, c);
	io_timer_init(&c->deadline, a->loop, on_deadline, c);
	io_timer_at(&c->deadline, c->deadline_ms);
	loop_defer(a->loop, &c->start, on_start, c);
	return c;
}

void crowd_known(struct crowd *c, int32_t broker)
{
	for (size_t i = 0; i < c->n; i++) {
		c->groups[i].coordinator = broker;
		c->state[i] = CROWD_FOUND;
	}
}

int64_t crowd_start(struct crowd *c)
{
	return op_start(c->admin, &c->op, false, on_cancel);
}
