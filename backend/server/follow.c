/*
 * What this broker makes of the image: partitions and groups follow it from the moment this broker
 * is registered; clients are let in when it is admitted.
 */
#define LOG_MODULE "server"
#include "base/log.h"
#include "server/priv.h"

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

void server_load(struct server *s)
{
	struct image_listener listener = {
		.arg = s,
		.topic_created = on_topic_created,
		.topic_deleted = on_topic_deleted,
		.partition_changed = on_partition_changed,
		.config_changed = on_config_changed,
		.broker_changed = server_broker_changed,
	};

	take_live(s);
	server_replicas_begin(s);
	repl_load(s->broker.repl, metalog_image(s->broker.metalog));
	groups_follow(s->groups);
	events_begin_with(s->events, metalog_image(s->broker.metalog));
	events_wrap(s->events, &listener, &listener);
	metalog_listen(s->broker.metalog, &listener);
}

void server_serve(struct server *s)
{
	struct buf at = BUF_EMPTY;

	s->state = SERVER_RUNNING;
	net_start_accepting(s->net);
	server_listeners_text(s, &at);
	log_info("node %d serves at %s, %lld ms after its start", s->set.node_id, buf_z(&at),
		(long long)(clock_mono_us(s->broker.clock) - s->started_us) / 1000);
	buf_fini(&at);
	if (s->ev.ready)
		s->ev.ready(s->ev.arg);
}
