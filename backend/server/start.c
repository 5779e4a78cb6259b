/*
 * Coming up: once the metadata log is read and led, the broker registers (a new incarnation of its
 * folder takes over from the old one), is unfenced, opens its partitions and takes clients. Also
 * topics that clients' questions bring into being.
 */
#define LOG_MODULE "server"
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "server/priv.h"

struct wanted {
	struct list_node node;
	struct metalog_op op;
	struct arena arena;
	struct server *server;
	struct create_topics_request_topics topic;
	struct create_topics_request_configs configs[3];
	struct create_topics_request request;
	struct create_topics_response response;
};

static void wish(
	struct server *s, metalog_decide_fn *decide, void (*done)(struct metalog_op *, int))
{
	struct server_wish *w = &s->wish;

	arena_reset(&w->arena);
	w->server = s;
	w->op.done = done;
	metalog_submit(s->broker.metalog, &w->op, &w->arena, decide, w);
}

/* ---- registration --------------------------------------------------------------------------- */

static int decide_register(void *arg, const struct control_env *env, struct control_result *out)
{
	struct server_wish *w = arg;
	struct server *s = w->server;
	struct broker_registration_request r;
	struct broker_registration_response resp;
	struct broker_registration_request_listeners listeners[SERVER_LISTENERS];
	struct uuid dir;

	msg_init(&broker_registration_request_desc, &r);
	msg_init(&broker_registration_response_desc, &resp);
	r.broker_id = s->set.node_id;
	r.cluster_id = s->broker.cluster_id;
	r.incarnation_id = s->incarnation;
	r.rack = s->broker.rack;
	r.listeners = listeners;
	r.n_listeners = s->set.n_listeners;
	for (int i = 0; i < s->set.n_listeners; i++) {
		msg_struct_init(&broker_registration_request_listeners_struct, &listeners[i]);
		listeners[i].name = s->endpoints[i].name;
		listeners[i].host = s->endpoints[i].host;
		listeners[i].port = s->endpoints[i].port;
	}
	if (uuid_parse(str_of(s->store.meta.directory_id), &dir)) {
		r.log_dirs = &dir;
		r.n_log_dirs = 1;
	}
	if (control_register_broker(env, &r, &resp, out) < 0 || resp.error_code) {
		log_error("registration refused: %s", kerr_name(resp.error_code));
		return ERR_DENIED;
	}
	return 0;
}

static int decide_unfence(void *arg, const struct control_env *env, struct control_result *out)
{
	struct server_wish *w = arg;
	struct server *s = w->server;
	const struct image_broker *self = image_broker(env->image, s->set.node_id);
	struct broker_heartbeat_request r;
	struct broker_heartbeat_response resp;

	msg_init(&broker_heartbeat_request_desc, &r);
	msg_init(&broker_heartbeat_response_desc, &resp);
	r.broker_id = s->set.node_id;
	r.broker_epoch = self ? self->epoch : -1;
	r.current_metadata_offset = env->image->offset;
	if (control_heartbeat(env, &r, &resp, out) < 0 || resp.error_code) {
		log_error("heartbeat refused: %s", kerr_name(resp.error_code));
		return ERR_DENIED;
	}
	return 0;
}

static bool is_offsets(struct str topic)
{
	return str_eq(topic, OFFSETS_TOPIC);
}

static void on_topic_created(void *arg, const struct image_topic *t)
{
	struct server *s = arg;

	repl_topic_created(s->broker.repl, t);
	if (is_offsets(t->name))
		groups_follow(s->groups);
}

static void on_topic_deleted(void *arg, const struct image_topic *t)
{
	struct server *s = arg;

	repl_topic_deleted(s->broker.repl, t);
	if (is_offsets(t->name))
		groups_follow(s->groups);
	coordinator_topic_deleted(s->broker.groups, t->name);
}

static void on_partition_changed(
	void *arg, const struct image_topic *t, int32_t index, const struct image_partition *before)
{
	struct server *s = arg;

	(void)before;
	repl_partition_changed(s->broker.repl, t, index);
	if (is_offsets(t->name))
		groups_follow(s->groups);
}

/* Live settings that are no topic's. */
static void take_live(struct server *s)
{
	net_set_limits(s->net, (int32_t)configs_broker_long(s->configs, "max.connections"),
		(int32_t)configs_broker_long(s->configs, "max.connections.per.ip"));
}

static void on_config_changed(
	void *arg, int8_t type, struct str name, struct str key, struct str value)
{
	struct server *s = arg;

	(void)key;
	(void)value;
	if (type == META_RESOURCE_BROKER)
		take_live(s);
	repl_config_changed(s->broker.repl, type == META_RESOURCE_TOPIC ? name : STR_NULL);
}

static void serve(struct server *s)
{
	struct image_listener listener = {
		.arg = s,
		.topic_created = on_topic_created,
		.topic_deleted = on_topic_deleted,
		.partition_changed = on_partition_changed,
		.config_changed = on_config_changed,
	};

	take_live(s);
	repl_load(s->broker.repl, metalog_image(s->broker.metalog));
	groups_follow(s->groups);
	events_begin_with(s->events, metalog_image(s->broker.metalog));
	events_wrap(s->events, &listener, &listener);
	metalog_listen(s->broker.metalog, &listener);
	s->state = SERVER_RUNNING;
	net_start_accepting(s->net);
	log_info("started in %lld ms",
		(long long)(clock_mono_us(s->broker.clock) - s->started_us) / 1000);
	if (s->ev.ready)
		s->ev.ready(s->ev.arg);
}

static void unfenced(struct metalog_op *op, int rc)
{
	struct server *s = CONTAINER_OF(op, struct server_wish, op)->server;

	if (s->state != SERVER_REGISTERING)
		return;
	if (rc < 0)
		server_fail(s, "the controller did not admit this broker");
	else
		serve(s);
}

static void registered(struct metalog_op *op, int rc)
{
	struct server *s = CONTAINER_OF(op, struct server_wish, op)->server;

	if (s->state != SERVER_REGISTERING)
		return;
	if (rc < 0)
		server_fail(s, "the controller did not register this broker");
	else
		wish(s, decide_unfence, unfenced);
}

void server_register(struct server *s)
{
	s->state = SERVER_REGISTERING;
	wish(s, decide_register, registered);
}

/* ---- topics by being asked for (auto.create.topics.enable) ------------------------------------
 */

static int decide_create(void *arg, const struct control_env *env, struct control_result *out)
{
	struct wanted *w = arg;

	return control_create_topics(env, &w->request, &w->response, out);
}

static void wanted_free(struct wanted *w)
{
	list_remove(&w->node);
	arena_fini(&w->arena);
	free(w);
}

static void created(struct metalog_op *op, int rc)
{
	struct wanted *w = CONTAINER_OF(op, struct wanted, op);

	if (rc == 0 && w->response.n_topics > 0 && w->response.topics[0].error_code == 0)
		log_info("topic %.*s was created because a client asked for it",
			STR_ARG(w->topic.name));
	wanted_free(w);
}

static void put_config(struct wanted *w, const char *name, const char *value)
{
	struct create_topics_request_configs *k = &w->configs[w->topic.n_configs++];

	msg_struct_init(&create_topics_request_configs_struct, k);
	k->name = str_of(name);
	k->value = str_of(value);
}

/* __consumer_offsets has settings of its own, as in Kafka. */
static void shape_offsets(struct wanted *w, const struct server_settings *set)
{
	w->topic.num_partitions = set->groups.n_partitions;
	w->topic.replication_factor = set->offsets_replicas;
	w->topic.configs = w->configs;
	put_config(w, "cleanup.policy", "compact");
	put_config(w, "compression.type", "producer");
	put_config(
		w, "segment.bytes", arena_printf(&w->arena, "%d", (int)set->offsets_segment_bytes));
}

void server_topic_wanted(struct broker *b, struct str name)
{
	struct server *s = b->owner;
	struct wanted *w;

	list_foreach (it, &s->wanted_topics)
		if (str_eq(CONTAINER_OF(it, struct wanted, node)->topic.name, name))
			return;
	w = ALLOC(struct wanted);
	w->server = s;
	arena_init(&w->arena, 0);
	list_push_back(&s->wanted_topics, &w->node);
	msg_init(&create_topics_request_desc, &w->request);
	msg_init(&create_topics_response_desc, &w->response);
	msg_struct_init(&create_topics_request_topics_struct, &w->topic);
	w->topic.name = arena_str(&w->arena, name);
	w->topic.num_partitions = -1;
	w->topic.replication_factor = -1;
	if (is_offsets(name))
		shape_offsets(w, &s->set);
	w->request.topics = &w->topic;
	w->request.n_topics = 1;
	w->op.done = created;
	metalog_submit(b->metalog, &w->op, &w->arena, decide_create, w);
}
