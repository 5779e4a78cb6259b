/* See controller.h. */
#define LOG_MODULE "controller"
#include "server/controller.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "io/loop.h"
#include "link/link.h"

#define PROBE_MS        5    /* between two tries whether a broker is dead */
#define CARE_MS         1000 /* between two looks for partitions without a leader */
#define BALANCE_AT_ONCE 1000

/* A broker's heartbeat connection, and the question whether it is dead when that was closed. */
struct contact {
	struct list_node node;
	struct controller *controller;
	int32_t broker;
	struct net_close closed;
	struct link *probe;
};

/* A decision of the controller's own; one of a kind at a time. */
struct act {
	struct metalog_op op;
	struct arena arena;
	struct controller *controller;
	bool busy;
};

struct controller {
	struct loop *loop;
	struct broker *broker;
	struct controller_settings set;
	struct sessions sessions;
	struct list contacts;
	struct io_timer due, care, balance;
	bool active;
	struct act fencing, caring, balancing;
	int32_t fenced; /* by the act under way; -1: none */
};

static void arm(struct controller *c)
{
	io_timer_at(&c->due, c->active ? sessions_next(&c->sessions) : INT64_MAX);
}

/* ---- contacts -------------------------------------------------------------------------------- */

static void end_probe(struct contact *k)
{
	link_free(k->probe);
	k->probe = NULL;
}

static void contact_free(struct contact *k)
{
	list_remove(&k->node);
	net_close_cancel(&k->closed);
	end_probe(k);
	free(k);
}

static struct contact *find_contact(struct controller *c, int32_t broker)
{
	list_foreach (it, &c->contacts) {
		struct contact *k = CONTAINER_OF(it, struct contact, node);

		if (k->broker == broker)
			return k;
	}
	return NULL;
}

static void forget(struct controller *c, int32_t broker)
{
	struct contact *k = find_contact(c, broker);

	if (k)
		contact_free(k);
}

static void forget_contacts(struct controller *c)
{
	struct list_node *node;

	while ((node = list_first(&c->contacts)))
		contact_free(CONTAINER_OF(node, struct contact, node));
}

/* ---- acts ------------------------------------------------------------------------------------ */

static void submit(struct controller *c, struct act *a, metalog_decide_fn *decide,
	void (*done)(struct metalog_op *op, int rc))
{
	if (a->busy || !c->active)
		return;
	a->busy = true;
	a->controller = c;
	a->op.done = done;
	arena_reset(&a->arena);
	metalog_submit(c->broker->metalog, &a->op, &a->arena, decide, c);
}

/* One a decision: where two leave the same ISR, the second change has to build on the first. */
static int decide_fence(void *arg, const struct control_env *env, struct control_result *out)
{
	struct controller *c = arg;
	const struct image_broker *b;

	if (sessions_due(&c->sessions, loop_now_ms(c->loop), &c->fenced, 1) == 0) {
		c->fenced = -1;
		return 0;
	}
	b = image_broker(env->image, c->fenced);
	if (b && !b->fenced)
		log_warn("broker %d is silent: fenced, its leaders move", b->id);
	return control_fence_broker(env, c->fenced, out);
}

static void fenced(struct metalog_op *op, int rc)
{
	struct controller *c = CONTAINER_OF(op, struct act, op)->controller;

	c->fencing.busy = false;
	if (rc == 0 && c->fenced >= 0 &&
		sessions_is_due(&c->sessions, c->fenced, loop_now_ms(c->loop))) {
		sessions_drop(&c->sessions, c->fenced);
		forget(c, c->fenced);
	}
	if (rc == ERR_CLOSED)
		return;
	if (rc == 0)
		arm(c);
	else if (c->active)
		io_timer_start(&c->due, CARE_MS, 0);
}

static void on_due(void *arg)
{
	struct controller *c = arg;

	submit(c, &c->fencing, decide_fence, fenced);
}

static int decide_care(void *arg, const struct control_env *env, struct control_result *out)
{
	(void)arg;
	return control_elect_offline(env, out);
}

static void act_done(struct metalog_op *op, int rc)
{
	struct act *a = CONTAINER_OF(op, struct act, op);

	(void)rc;
	a->busy = false;
}

static void on_care(void *arg)
{
	struct controller *c = arg;

	submit(c, &c->caring, decide_care, act_done);
}

static int decide_balance(void *arg, const struct control_env *env, struct control_result *out)
{
	const struct controller *c = arg;
	int rc = control_balance_leaders(env, c->set.balance_percentage, BALANCE_AT_ONCE, out);

	if (rc == 0 && out->records.list.n)
		log_info("%zu partitions go back to their preferred leaders", out->records.list.n);
	return rc;
}

static void on_balance(void *arg)
{
	struct controller *c = arg;

	submit(c, &c->balancing, decide_balance, act_done);
}

/* ---- signs of life --------------------------------------------------------------------------- */

/* A process that dies closes one thing after the other: its listener may be the last. */
static void on_probe(void *arg, struct link *link, enum link_state now, const struct err *why)
{
	struct contact *k = arg;
	struct controller *c = k->controller;
	bool dead = now == LINK_BACKOFF && why->code == ERR_REFUSED;

	if (dead) {
		sessions_dead(&c->sessions, k->broker, loop_now_ms(c->loop));
		arm(c);
	}
	if (dead || now == LINK_READY)
		end_probe(k);
	else if (now == LINK_IDLE)
		(void)!link_connect(link);
}

static void probe(struct contact *k)
{
	struct controller *c = k->controller;
	const struct image_broker *b = image_broker(metalog_image(c->broker->metalog), k->broker);
	const struct image_endpoint *e = b ? image_endpoint(b, STR_NULL) : NULL;
	const struct link_options opt = {.connect_timeout_ms = max_i64(1, c->set.sessions.grace_ms),
		.backoff_ms = PROBE_MS,
		.backoff_max_ms = PROBE_MS};
	char host[256];

	if (!e || b->fenced || k->probe || e->host.n >= sizeof(host))
		return;
	snprintf(host, sizeof(host), "%.*s", STR_ARG(e->host));
	k->probe = link_new(c->loop, host, e->port, &opt, on_probe, k);
	(void)!link_connect(k->probe);
}

static void on_closed(void *arg)
{
	struct contact *k = arg;
	struct controller *c = k->controller;

	if (!c->active)
		return;
	sessions_closed(&c->sessions, k->broker, loop_now_ms(c->loop));
	arm(c);
	probe(k);
}

static struct contact *contact(struct controller *c, int32_t broker)
{
	struct contact *k = find_contact(c, broker);

	if (k)
		return k;
	k = ALLOC(struct contact);
	k->controller = c;
	k->broker = broker;
	k->closed.fn = on_closed;
	k->closed.arg = k;
	list_push_back(&c->contacts, &k->node);
	return k;
}

void controller_heard(struct controller *c, int32_t broker, struct net_slot *slot)
{
	struct contact *k;

	if (!c->active)
		controller_look(c);
	k = contact(c, broker);
	end_probe(k);
	sessions_heard(&c->sessions, broker, loop_now_ms(c->loop));
	net_slot_on_close(slot, &k->closed);
	arm(c);
}

int64_t controller_silent_since(const struct controller *c, int32_t broker)
{
	int64_t heard = c->active ? sessions_heard_ms(&c->sessions, broker) : -1;

	if (heard < 0)
		return -1;
	return clock_wall_ms(c->broker->clock) - (loop_now_ms(c->loop) - heard);
}

/* ---- the role -------------------------------------------------------------------------------- */

static void begin(struct controller *c)
{
	const struct image *img = metalog_image(c->broker->metalog);

	sessions_begin(&c->sessions, img, loop_now_ms(c->loop));
	vec_foreach (b, &img->brokers)
		if (!(*b)->fenced && (*b)->id != c->broker->node_id)
			probe(contact(c, (*b)->id));
	io_timer_start(&c->care, CARE_MS, CARE_MS);
	if (c->set.balance)
		io_timer_start(&c->balance, c->set.balance_ms, c->set.balance_ms);
}

static void end(struct controller *c)
{
	forget_contacts(c);
	sessions_end(&c->sessions);
	io_timer_stop(&c->care);
	io_timer_stop(&c->balance);
}

void controller_look(struct controller *c)
{
	bool active;

	if (!c)
		return;
	active = metalog_active(c->broker->metalog);
	if (active == c->active)
		return;
	c->active = active;
	log_info("this node is %s",
		active ? "the active controller" : "the active controller no longer");
	if (active)
		begin(c);
	else
		end(c);
	arm(c);
}

struct controller *controller_new(
	struct loop *l, struct broker *b, const struct controller_settings *set)
{
	struct controller *c = ALLOC(struct controller);

	c->loop = l;
	c->broker = b;
	c->set = *set;
	sessions_init(&c->sessions, &set->sessions);
	list_init(&c->contacts);
	arena_init(&c->fencing.arena, 0);
	arena_init(&c->caring.arena, 0);
	arena_init(&c->balancing.arena, 0);
	io_timer_init(&c->due, l, on_due, c);
	io_timer_init(&c->care, l, on_care, c);
	io_timer_init(&c->balance, l, on_balance, c);
	return c;
}

void controller_free(struct controller *c)
{
	if (!c)
		return;
	end(c);
	io_timer_stop(&c->due);
	sessions_fini(&c->sessions);
	arena_fini(&c->fencing.arena);
	arena_fini(&c->caring.arena);
	arena_fini(&c->balancing.arena);
	free(c);
}
