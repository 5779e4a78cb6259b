/* Wiring: makes the modules in order, runs the turn and the timers, takes all down in reverse. */
#define LOG_MODULE "server"
#include "server/server.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "server/forward.h"
#include "server/priv.h"

#define DRAIN_MS     20
#define DRAIN_ROUNDS 250

/* ---- the turn ------------------------------------------------------------------------------ */

static void arm_delay(struct server *s)
{
	int64_t next = delay_next(&s->broker.delay);

	if (s->broker.repl)
		next = min_i64(next, repl_due_ms(s->broker.repl));
	if (next == s->delay_ms)
		return;
	s->delay_ms = next;
	io_timer_at(&s->delay, next);
}

/* One append a partition for all that came in this turn, then everybody who waited for it. Who was
 * woken may have written more: that is for another turn. */
static bool on_turn(void *arg)
{
	struct server *s = arg;

	if (s->broker.repl && repl_turn(s->broker.repl))
		groups_follow(s->groups);
	api_turn(&s->broker);
	if (s->groups)
		groups_turn(s->groups);
	if (s->broker.metalog)
		events_controller(s->events, metalog_quorum(s->broker.metalog)->leader,
			quorum_epoch(metalog_quorum(s->broker.metalog)));
	arm_delay(s);
	return s->broker.repl && repl_has_work(s->broker.repl);
}

static void on_delay(void *arg)
{
	struct server *s = arg;

	/* The end of the turn does what is due. */
	s->delay_ms = INT64_MAX;
}

int32_t server_leader(const struct server *s)
{
	return metalog_quorum(s->broker.metalog)->leader;
}

static int32_t leader_of(void *arg)
{
	return server_leader(arg);
}

static void on_heard(struct broker *b, int32_t id, struct net_slot *slot)
{
	controller_heard(((struct server *)b->owner)->control, id, slot);
}

static int64_t silent_since(void *arg, int32_t id)
{
	const struct server *s = arg;

	return s->control ? controller_silent_since(s->control, id) : -1;
}

static void on_rebalanced(struct broker *b, struct str group, int32_t generation, int32_t members,
	const char *state, int64_t pause_ms)
{
	struct server *s = b->owner;

	events_rebalance(s->events, group, generation, members, state, pause_ms);
}

/* ---- making -------------------------------------------------------------------------------- */

static int bind_listeners(struct server *s, struct err *e)
{
	for (int i = 0; i < s->set.n_listeners; i++) {
		struct server_listener *l = &s->set.listeners[i];

		s->bound[i] = net_listen(s->net, l->name, i, l->host, l->port, NULL, e);
		if (!s->bound[i])
			return err_wrap(e, "listeners");
		l->port = net_listener_port(s->bound[i]);
		s->endpoints[i].name = str_of(l->name);
		s->endpoints[i].host = str_of(l->advertised_host[0] ? l->advertised_host : l->host);
		s->endpoints[i].port = l->advertised_port ? l->advertised_port : l->port;
	}
	s->broker.endpoints = s->endpoints;
	return server_bind_controller(s, e);
}

static int open_store(struct server *s, struct err *e)
{
	struct store_options opt = {
		.clock = s->set.clock,
		.io = s->faulty ? faulty_disk_io(s->faulty) : s->set.io,
		.dir = s->set.dir,
		.node_id = s->set.node_id,
		.cluster_id = s->set.cluster_id,
		.max_open_files = s->set.max_open_files,
		.config = plog_config_default,
	};
	int bad = 0;
	int rc = store_open(&s->store, &opt, e);

	if (rc < 0)
		return rc;
	s->store_open = true;
	rc = store_load(&s->store, s->set.recovery_threads, &bad);
	if (rc < 0)
		return err_set(e, rc, "%s: cannot be read", s->set.dir);
	if (bad)
		log_error("%d partitions cannot be opened and are offline; lines before this one "
			  "say why",
			bad);
	return 0;
}

static void repl_config(void *arg, struct str topic, struct repl_config *out)
{
	struct server *s = arg;

	configs_topic(s->configs, topic, out);
}

static int sync_log(
	void *arg, struct plog *log, void (*done)(void *done_arg, int rc), void *done_arg)
{
	return disk_sync(((struct server *)arg)->disk, log, done, done_arg);
}

static void read_ahead(
	struct broker *b, struct plog_warm *pieces, int32_t n, void (*done)(void *arg), void *arg)
{
	disk_read_ahead(((struct server *)b->owner)->disk, pieces, n, done, arg);
}

static int open_all(struct server *s, struct err *e)
{
	struct repl_settings repl = s->set.repl;
	int rc = bind_listeners(s, e);

	if (rc == 0)
		rc = open_store(s, e);
	if (rc < 0)
		return rc;
	s->broker.cluster_id = str_of(s->store.meta.cluster_id);
	s->broker.rack = s->set.rack[0] ? str_of(s->set.rack) : STR_NULL;
	s->sync = work_pool_new(s->loop, "kdeck-sync", 1, e);
	s->disk = s->sync ? disk_new(s->loop, &s->store, &s->set.disk, e) : NULL;
	if (!s->disk)
		return e->code;
	s->broker.read_ahead = read_ahead;
	s->configs = configs_new(s->conf, s->set.node_id);
	s->broker.configs = configs_ops(s->configs);
	s->broker.store = &s->store;
	repl.node_id = s->set.node_id;
	repl.config = repl_config;
	repl.arg = s;
	repl.sync = sync_log;
	server_replicas_settings(s, &repl);
	s->broker.repl = repl_new(&s->store, &repl);
	s->groups = groups_new(s->loop, &s->broker, &s->set.groups, s->set.offsets_commit_ms);
	return server_open_quorum(s, e);
}

static void make_cluster(struct server *s)
{
	const struct controller_settings set = {
		.sessions = {.session_ms = s->set.session_ms, .grace_ms = s->set.grace_ms},
		.balance = s->set.balance,
		.balance_ms = s->set.balance_ms,
		.balance_percentage = s->set.balance_percentage,
	};

	s->asks = asks_new(s->loop, s->peers, leader_of, s);
	if (s->set.is_controller)
		s->control = controller_new(s->loop, &s->broker, &set);
	if (s->set.is_broker)
		s->lifecycle = lifecycle_new(s);
}

static void on_drain(void *arg);

struct server *server_new(struct loop *l, const struct server_settings *set, struct conf *conf,
	const struct server_events *ev, struct err *e)
{
	struct server *s = ALLOC(struct server);

	s->loop = l;
	s->started_us = clock_mono_us(loop_clock(l));
	s->started_ms = clock_wall_ms(loop_clock(l));
	s->set = *set;
	s->conf = conf;
	s->ev = *ev;
	list_init(&s->wanted_topics);
	uuid_random(&s->incarnation);
	s->broker.set = set->api;
	broker_init(&s->broker, loop_clock(l));
	s->broker.node_id = set->node_id;
	s->broker.owner = s;
	s->broker.topic_wanted = server_topic_wanted;
	s->broker.ids_wanted = server_ids_wanted;
	s->broker.forward = server_forward;
	s->broker.heard = on_heard;
	if (set->faults) {
		s->faulty = faulty_disk_new(set->io ? set->io : &store_io_system);
		s->broker.lets_in = server_lets_in;
	}
	s->broker.rebalanced = on_rebalanced;
	if (set->http)
		s->events = events_new(&(struct events_settings){
			.clock = s->broker.clock, .silent_since = silent_since, .arg = s});
	s->net = net_new(l, &set->net, api_request, &s->broker);
	io_timer_init(&s->delay, l, on_delay, s);
	s->delay_ms = INT64_MAX;
	io_timer_init(&s->drain, l, on_drain, s);
	server_init_quorum(s);
	s->turn = loop_at_turn_end(l, on_turn, s);
	if (open_all(s, e) < 0) {
		server_free(s);
		return NULL;
	}
	make_cluster(s);
	server_start_quorum(s);
	return s;
}

/* ---- going down ------------------------------------------------------------------------------ */

static void stopped(struct server *s, int rc)
{
	s->state = SERVER_STOPPED;
	if (s->ev.stopped)
		s->ev.stopped(s->ev.arg, rc);
}

void server_fail(struct server *s, const char *why)
{
	if (s->state == SERVER_STOPPED)
		return;
	log_error("cannot go on: %s", why);
	stopped(s, ERR_IO);
}

/* Those who hold calls first, so that each call still finds its connection or learns that it is
 * gone; then the connections with their waiting fetches. */
static void close_modules(struct server *s)
{
	lifecycle_free(s->lifecycle);
	s->lifecycle = NULL;
	s->broker.forward = NULL;
	asks_free(s->asks);
	s->asks = NULL;
	disk_stop(s->disk);
	if (s->sync)
		work_pool_drain(s->sync);
	quorum_net_free(s->quorum);
	s->quorum = NULL;
	metalog_free(s->broker.metalog);
	s->broker.metalog = NULL;
	controller_free(s->control);
	s->control = NULL;
	repl_free(s->broker.repl);
	s->broker.repl = NULL;
	groups_free(s->groups);
	s->groups = NULL;
	peers_free(s->peers);
	s->peers = NULL;
	net_free(s->net);
	s->net = NULL;
	work_pool_free(s->sync);
	s->sync = NULL;
	disk_free(s->disk);
	s->disk = NULL;
}

static void close_all(struct server *s)
{
	int rc;

	io_timer_stop(&s->drain);
	io_timer_stop(&s->patience);
	close_modules(s);
	rc = store_close(&s->store);
	s->store_open = false;
	if (rc < 0)
		log_error("%s: not everything could be synced; the next start checks the logs",
			s->set.dir);
	stopped(s, rc);
}

/* Open requests are answered (waiting fetches by their own time-outs, at most a few seconds). */
static void on_drain(void *arg)
{
	struct server *s = arg;

	if (net_drain(s->net) || ++s->drains >= DRAIN_ROUNDS)
		close_all(s);
}

void server_left(struct server *s)
{
	if (s->state >= SERVER_STOPPING)
		return;
	s->state = SERVER_STOPPING;
	s->broker.stopping = true;
	metalog_resign(s->broker.metalog);
	net_stop_accepting(s->net);
	groups_stop(s->groups);
	/* Fetches that wait for more are answered with what there is. */
	delay_run(&s->broker.delay, INT64_MAX);
	io_timer_start(&s->drain, 0, DRAIN_MS);
}

void server_stop(struct server *s)
{
	bool running = s->state == SERVER_RUNNING;

	if (s->state >= SERVER_LEAVING)
		return;
	server_heal(s);
	s->state = SERVER_LEAVING;
	if (running && s->lifecycle)
		lifecycle_leave(s->lifecycle);
	else
		server_left(s);
}

void server_free(struct server *s)
{
	if (!s)
		return;
	io_timer_stop(&s->delay);
	io_timer_stop(&s->drain);
	io_timer_stop(&s->patience);
	close_modules(s);
	if (s->store_open)
		store_drop(&s->store);
	faulty_disk_free(s->faulty);
	events_free(s->events);
	configs_free(s->configs);
	loop_hook_free(s->turn);
	broker_fini(&s->broker);
	free(s);
}

int32_t server_node_id(const struct server *s)
{
	return s->set.node_id;
}

void server_listeners_text(const struct server *s, struct buf *out)
{
	if (!s->set.n_listeners)
		buf_printf(out, "%s://%s:%u", s->set.controller.name, s->set.controller.host,
			s->set.controller.port);
	for (int i = 0; i < s->set.n_listeners; i++)
		buf_printf(out, "%s%s://%s:%u", i ? "," : "", s->set.listeners[i].name,
			s->set.listeners[i].host[0] ? s->set.listeners[i].host : "127.0.0.1",
			s->set.listeners[i].port);
}
