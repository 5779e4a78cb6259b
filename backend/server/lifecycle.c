/* See lifecycle.h. */
#define LOG_MODULE "server"
#include "server/lifecycle.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "server/priv.h"
#include "wire/kerr.h"

#define REGISTER_MS  10000 /* one attempt; there is always another */
#define DUPLICATE_MS 2000  /* how long an old incarnation may take to be found dead */
#define AGAIN_MS     100
#define SAY_MS       5000
#define FENCED_MS    50
#define LEAVE_MS     5000 /* for leaders to move away */
#define NOBODY_MS    1500 /* without a controller that hears of it */

enum life { LIFE_IDLE, LIFE_REGISTERING, LIFE_ENTERING, LIFE_SERVING, LIFE_LEAVING, LIFE_LEFT };

struct lifecycle {
	struct server *server;
	enum life state;
	struct ask registration, beat;
	struct broker_registration_request register_request;
	struct broker_registration_request_listeners listeners[SERVER_LISTENERS];
	struct uuid dir;
	struct broker_heartbeat_request beat_request;
	struct io_timer timer; /* the next heartbeat, or registration */
	bool again;            /* another heartbeat as soon as this one is answered */
	bool loaded;
	bool was_fenced;
	int32_t leader;     /* that was told last */
	int64_t refused_ms; /* when the id was first found taken; -1: it is not */
	int64_t granted;    /* the epoch of the last registration; -1: none yet */
	int64_t rival;      /* the epoch of the first that took this one's place; -1: none did */
	int64_t leave_by_ms;
	int64_t said_ms; /* what goes wrong again and again; -1: never */
};

static void beat(struct lifecycle *l);
static void enter(struct lifecycle *l);
static void look_for_another(struct lifecycle *l);

static int64_t now(const struct lifecycle *l)
{
	return loop_now_ms(l->server->loop);
}

static const struct image_broker *self(const struct lifecycle *l)
{
	return server_self(l->server);
}

/* What is tried again ten times a second is told of less often. */
static bool may_say(struct lifecycle *l)
{
	bool may = l->said_ms < 0 || now(l) - l->said_ms >= SAY_MS;

	if (may)
		l->said_ms = now(l);
	return may;
}

static void again_in(struct lifecycle *l, int64_t ms)
{
	io_timer_start(&l->timer, ms, 0);
}

/* ---- registration ---------------------------------------------------------------------------- */

static void fill_registration(struct lifecycle *l)
{
	struct server *s = l->server;
	struct broker_registration_request *r = &l->register_request;

	msg_init(&broker_registration_request_desc, r);
	r->broker_id = s->set.node_id;
	r->cluster_id = s->broker.cluster_id;
	r->incarnation_id = s->incarnation;
	r->rack = s->broker.rack;
	r->listeners = l->listeners;
	r->n_listeners = s->set.n_listeners;
	for (int i = 0; i < s->set.n_listeners; i++) {
		msg_struct_init(&broker_registration_request_listeners_struct, &l->listeners[i]);
		l->listeners[i].name = s->endpoints[i].name;
		l->listeners[i].host = s->endpoints[i].host;
		l->listeners[i].port = s->endpoints[i].port;
	}
	if (uuid_parse(str_of(s->store.meta.directory_id), &l->dir)) {
		r->log_dirs = &l->dir;
		r->n_log_dirs = 1;
	}
}

/* The one who has it may be found dead any moment; a live one stays. */
static void taken(struct lifecycle *l)
{
	char why[200];

	if (l->refused_ms < 0)
		l->refused_ms = now(l);
	if (now(l) - l->refused_ms < DUPLICATE_MS) {
		again_in(l, AGAIN_MS);
		return;
	}
	snprintf(why, sizeof(why),
		"node.id %d is taken: a broker with this id and another data folder is alive. "
		"Give this one another node.id, or stop the other",
		l->server->set.node_id);
	server_fail(l->server, why);
}

static void refused(struct lifecycle *l, int16_t error)
{
	char why[200];

	switch (error) {
	case KERR_DUPLICATE_BROKER_REGISTRATION:
		taken(l);
		return;
	case KERR_INCONSISTENT_CLUSTER_ID:
		snprintf(why, sizeof(why),
			"the controller leads another cluster than that of this data folder (%.*s)",
			STR_ARG(l->server->broker.cluster_id));
		break;
	case KERR_INVALID_REGISTRATION:
		snprintf(why, sizeof(why), "the controller refuses this broker: %s",
			kerr_text(error));
		break;
	default:
		if (may_say(l))
			log_warn("the controller has not registered this broker yet: %s",
				kerr_text(error));
		again_in(l, AGAIN_MS);
		return;
	}
	server_fail(l->server, why);
}

static void registered(struct ask *q, const struct err *e, const void *response)
{
	struct lifecycle *l = CONTAINER_OF(q, struct lifecycle, registration);
	const struct broker_registration_response *r = response;

	if (e && e->code == ERR_CANCELLED)
		return;
	if (e) {
		log_warn("no controller has registered this broker yet: %s", e->msg);
		again_in(l, AGAIN_MS);
	} else if (r->error_code) {
		refused(l, r->error_code);
	} else {
		l->refused_ms = -1;
		l->granted = r->broker_epoch;
		enter(l);
	}
}

static void register_self(struct lifecycle *l)
{
	if (ask_active(&l->registration))
		return;
	fill_registration(l);
	l->registration = (struct ask){
		.lane = PEER_CONTROL,
		.api_key = API_BROKER_REGISTRATION,
		.version = LINK_BEST,
		.request = &l->register_request,
		.deadline_ms = now(l) + REGISTER_MS,
		.done = registered,
	};
	ask_start(l->server->asks, &l->registration);
}

/* The partitions are opened when the image has the registration: it has taken this broker out of
 * what it led before, so nothing old is led on. */
static void enter(struct lifecycle *l)
{
	const struct image_broker *b = self(l);

	if (!b) {
		look_for_another(l);
		return;
	}
	l->was_fenced = b->fenced;
	if (l->state == LIFE_REGISTERING)
		l->state = LIFE_ENTERING;
	if (!l->loaded)
		server_load(l->server);
	l->loaded = true;
	beat(l);
}

/* ---- heartbeats ------------------------------------------------------------------------------ */

static void left(struct lifecycle *l)
{
	l->state = LIFE_LEFT;
	io_timer_stop(&l->timer);
	ask_cancel(&l->beat);
	ask_cancel(&l->registration);
	server_left(l->server);
}

static bool leads_any(const struct lifecycle *l)
{
	return image_leads(metalog_image(l->server->broker.metalog), l->server->set.node_id);
}

/* Another process is let in under the id of one that lives when it has a copy of its folder, and
 * with any folder when this one was fenced. The first with this folder may be this one's own dead
 * predecessor, whose request came late: then registering again ends the matter. One that lives does
 * the same, and the later of the two stays. */
static void taken_over(struct lifecycle *l, const struct image_broker *other)
{
	bool copy = false;
	char why[200];

	if (other->epoch == l->rival)
		return;
	for (int32_t i = 0; i < other->n_dirs; i++)
		copy |= uuid_eq(&other->dirs[i], &l->dir);
	if (copy && l->rival < 0) {
		l->rival = other->epoch;
		log_warn("another process was registered for this folder after this one: "
			 "registering again");
		register_self(l);
		return;
	}
	snprintf(why, sizeof(why),
		"node.id %d was taken over by another process%s. Each broker needs an id and a "
		"folder of its own",
		l->server->set.node_id, copy ? ", from a copy of this data folder" : "");
	server_fail(l->server, why);
}

/* The controller does not know this incarnation: another took its id, or it was unregistered. */
static void forgotten(struct lifecycle *l, int16_t error)
{
	const struct image_broker *b = self(l);

	if (l->state == LIFE_LEAVING) {
		left(l);
	} else if (b && b->epoch != l->beat_request.broker_epoch) {
		beat(l);
	} else if (error == KERR_BROKER_ID_NOT_REGISTERED) {
		log_warn("the controller does not know this broker any more: registering again");
		register_self(l);
	} else {
		/* The image will tell who has. */
		again_in(l, AGAIN_MS);
	}
}

static void heard(struct lifecycle *l, const struct broker_heartbeat_response *r)
{
	if (l->state == LIFE_LEAVING) {
		if (r->should_shut_down)
			left(l);
		else
			again_in(l, leads_any(l) ? AGAIN_MS : 0);
	} else if (l->again) {
		beat(l);
	} else {
		again_in(l, r->is_fenced ? FENCED_MS : l->server->set.heartbeat_ms);
	}
}

static void beaten(struct ask *q, const struct err *e, const void *response)
{
	struct lifecycle *l = CONTAINER_OF(q, struct lifecycle, beat);
	const struct broker_heartbeat_response *r = response;

	if (e && e->code == ERR_CANCELLED)
		return;
	if (e && l->state == LIFE_LEAVING) {
		log_warn("stopping without handing leadership over, no controller takes it: %s",
			e->msg);
		left(l);
	} else if (e) {
		beat(l);
	} else if (r->error_code == KERR_STALE_BROKER_EPOCH ||
		   r->error_code == KERR_BROKER_ID_NOT_REGISTERED) {
		forgotten(l, r->error_code);
	} else if (r->error_code) {
		if (may_say(l))
			log_warn("the controller does not take this broker's heartbeat: %s",
				kerr_text(r->error_code));
		again_in(l, AGAIN_MS);
	} else {
		heard(l, r);
	}
}

static void beat(struct lifecycle *l)
{
	struct server *s = l->server;
	const struct image_broker *b = self(l);
	bool leaving = l->state == LIFE_LEAVING;

	l->again = ask_active(&l->beat);
	if (l->again || !b)
		return;
	io_timer_stop(&l->timer);
	msg_init(&broker_heartbeat_request_desc, &l->beat_request);
	l->beat_request.broker_id = b->id;
	l->beat_request.broker_epoch = b->epoch;
	l->beat_request.current_metadata_offset = metalog_image(s->broker.metalog)->offset;
	l->beat_request.want_shut_down = leaving;
	l->beat = (struct ask){
		.lane = PEER_CONTROL,
		.api_key = API_BROKER_HEARTBEAT,
		.version = LINK_BEST,
		.request = &l->beat_request,
		.deadline_ms = now(l) + (leaving ? NOBODY_MS : s->set.session_ms),
		.done = beaten,
	};
	ask_start(s->asks, &l->beat);
}

/* ---- what others tell ------------------------------------------------------------------------ */

static void on_timer(void *arg)
{
	struct lifecycle *l = arg;

	if (l->state == LIFE_LEAVING && now(l) >= l->leave_by_ms) {
		log_warn("stopping without handing all leadership over: %d s were not enough",
			LEAVE_MS / 1000);
		left(l);
	} else if (self(l) && !ask_active(&l->registration)) {
		beat(l);
	} else {
		register_self(l);
	}
}

void lifecycle_begin(struct lifecycle *l)
{
	if (!l || l->state != LIFE_IDLE)
		return;
	l->state = LIFE_REGISTERING;
	register_self(l);
}

/* The image has another in this one's place. An older one is replaced as soon as this one's
 * registration has come; before that, one that was replaced again is never seen in the image. */
static void look_for_another(struct lifecycle *l)
{
	const struct image_broker *other;

	if (!l || l->granted < 0 || l->state >= LIFE_LEFT)
		return;
	other = image_broker(metalog_image(l->server->broker.metalog), l->server->set.node_id);
	if (other && other->epoch < l->granted)
		return;
	if (other && l->state == LIFE_LEAVING)
		left(l);
	else if (other)
		taken_over(l, other);
}

void lifecycle_applied(struct lifecycle *l)
{
	const struct image_broker *b = l ? self(l) : NULL;

	if (!b) {
		look_for_another(l);
		return;
	}
	if (l->state == LIFE_REGISTERING && !ask_active(&l->registration))
		enter(l);
	if (l->state == LIFE_ENTERING && !b->fenced) {
		l->state = LIFE_SERVING;
		server_serve(l->server);
	}
	if (l->state == LIFE_SERVING && b->fenced && !l->was_fenced) {
		log_warn("the controller has fenced this broker, which leads nothing until it is "
			 "heard again");
		beat(l);
	} else if (l->state == LIFE_LEAVING && io_timer_active(&l->timer) && !leads_any(l)) {
		beat(l);
	}
	l->was_fenced = b->fenced;
}

void lifecycle_look(struct lifecycle *l)
{
	int32_t leader;

	if (!l)
		return;
	leader = server_leader(l->server);
	if (leader >= 0 && leader != l->leader && l->loaded && l->state < LIFE_LEFT)
		beat(l);
	l->leader = leader;
}

/* The controller takes the end of this connection for a sign; a heartbeat says that it is not. */
static void on_closed(void *arg, int32_t node, enum peer_lane lane, bool refused_there)
{
	struct lifecycle *l = arg;

	(void)node;
	(void)lane;
	(void)refused_there;
	if (l->loaded && l->state < LIFE_LEFT && !ask_active(&l->beat))
		again_in(l, 0);
}

void lifecycle_leave(struct lifecycle *l)
{
	l->state = LIFE_LEAVING;
	l->leave_by_ms = now(l) + LEAVE_MS;
	ask_cancel(&l->beat);
	if (self(l))
		beat(l);
	else
		left(l);
}

struct lifecycle *lifecycle_new(struct server *s)
{
	struct lifecycle *l = ALLOC(struct lifecycle);

	l->server = s;
	l->leader = -1;
	l->refused_ms = -1;
	l->granted = -1;
	l->rival = -1;
	l->said_ms = -1;
	io_timer_init(&l->timer, s->loop, on_timer, l);
	peers_on_closed(s->peers, PEER_CONTROL, on_closed, l);
	return l;
}

void lifecycle_free(struct lifecycle *l)
{
	if (!l)
		return;
	peers_on_closed(l->server->peers, PEER_CONTROL, NULL, NULL);
	io_timer_stop(&l->timer);
	ask_cancel(&l->beat);
	ask_cancel(&l->registration);
	free(l);
}
