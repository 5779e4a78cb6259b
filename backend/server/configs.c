/*
 * Effective settings. A topic's key is looked for under its own name in the topic's overrides, then
 * under each broker key that stands for it: first among this broker's dynamic settings, then among
 * those of all brokers, then in the file, then among the defaults.
 */
#include "server/configs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "meta/topic_config.h"
#include "server/broker_config.h"
#include "server/configs_priv.h"
#include "wire/compress.h"

struct configs *configs_new(const struct conf *conf, int32_t node_id)
{
	struct configs *c = ALLOC(struct configs);

	c->conf = conf;
	snprintf(c->node_name, sizeof(c->node_name), "%d", node_id);
	c->scratch = ALLOC(struct configs_scratch);
	c->ops = (struct config_ops){c, configs_describe};
	return c;
}

void configs_free(struct configs *c)
{
	if (!c)
		return;
	free(c->scratch);
	free(c);
}

void configs_set_image(struct configs *c, const struct image *img)
{
	c->image = img;
}

const struct config_ops *configs_ops(struct configs *c)
{
	return &c->ops;
}

/* ---- one place ------------------------------------------------------------------------------ */

static struct str override_of(const struct image *img, int8_t type, struct str name, struct str key)
{
	return img ? image_config_value(img, type, name, key) : STR_NULL;
}

/* The value that a broker key has in one place; null: none. */
struct str configs_broker_at(
	const struct configs *c, const struct image *img, const char *key, enum config_source place)
{
	const struct conf_value *v;

	switch (place) {
	case CONFIG_FROM_BROKER:
		return override_of(img, META_RESOURCE_BROKER, str_of(c->node_name), str_of(key));
	case CONFIG_FROM_ALL_BROKERS:
		return override_of(img, META_RESOURCE_BROKER, STR_LIT(""), str_of(key));
	case CONFIG_FROM_FILE:
		v = conf_value(c->conf, key);
		return v->source == CONF_FROM_DEFAULT ? STR_NULL : str_of(v->text);
	case CONFIG_FROM_DEFAULT:
		v = conf_value(c->conf, key);
		if (v->source == CONF_FROM_DEFAULT)
			return str_of(v->text);
		return str_of(c->conf->defs[v - c->conf->values].def);
	case CONFIG_FROM_TOPIC:
		break;
	}
	return STR_NULL;
}

/* value times factor as text (hours as milliseconds). Negative means "never" in any unit. */
static struct str scale(const struct configs *c, struct str value, int64_t factor)
{
	struct configs_scratch *s = c->scratch;
	char *out = s->text[s->next++ % CONFIGS_SCRATCH];
	int64_t v;

	if (factor == 1 || !conf_parse_long(value, &v))
		return value;
	if (v < 0)
		v = -1;
	else if (__builtin_mul_overflow(v, factor, &v))
		v = INT64_MAX;
	snprintf(out, CONFIGS_NUMBER, "%lld", (long long)v);
	return str_of(out);
}

/* The value of a topic's key without the topic's own override. In another unit than the first key's
 * it counts as a default, as Kafka 4.3 answers. */
static struct str inherited(const struct configs *c, const struct image *img,
	const struct topic_config *t, enum config_source *source)
{
	for (int place = CONFIG_FROM_BROKER; place <= CONFIG_FROM_DEFAULT; place++) {
		*source = (enum config_source)place;
		for (int i = 0; i < TOPIC_CONFIG_SYNONYMS && t->synonyms[i].broker_key; i++) {
			struct str v =
				configs_broker_at(c, img, t->synonyms[i].broker_key, *source);
			if (str_is_null(v))
				continue;
			if (i > 0)
				*source = CONFIG_FROM_DEFAULT;
			return scale(c, v, t->synonyms[i].factor);
		}
	}
	return str_of(t->def.def);
}

struct str configs_topic_row(const struct configs *c, const struct image *img, struct str topic,
	const struct topic_config *t, enum config_source *source)
{
	struct str v = str_is_null(topic)
			       ? STR_NULL
			       : override_of(img, META_RESOURCE_TOPIC, topic, str_of(t->def.name));

	*source = CONFIG_FROM_TOPIC;
	return str_is_null(v) ? inherited(c, img, t, source) : v;
}

struct str configs_topic_value(
	const struct configs *c, struct str topic, const char *key, enum config_source *source)
{
	const struct topic_config *t = topic_config_find(str_of(key));
	enum config_source unused;

	assert(t);
	return configs_topic_row(c, c->image, topic, t, source ? source : &unused);
}

struct str configs_broker_row(const struct configs *c, const struct image *img, const char *key,
	enum config_source *source)
{
	for (int place = CONFIG_FROM_BROKER; place < CONFIG_FROM_DEFAULT; place++) {
		struct str v = configs_broker_at(c, img, key, (enum config_source)place);

		*source = (enum config_source)place;
		if (!str_is_null(v))
			return v;
	}
	*source = CONFIG_FROM_DEFAULT;
	return configs_broker_at(c, img, key, CONFIG_FROM_DEFAULT);
}

static struct str configs_broker_value(
	const struct configs *c, const char *key, enum config_source *source)
{
	enum config_source unused;

	return configs_broker_row(c, c->image, key, source ? source : &unused);
}

int64_t configs_broker_long(const struct configs *c, const char *key)
{
	int64_t v;

	if (conf_parse_long(configs_broker_value(c, key, NULL), &v))
		return v;
	return conf_get_long(c->conf, key);
}

/* ---- a topic's settings together ------------------------------------------------------------- */

static int64_t topic_long(const struct configs *c, struct str topic, const char *key)
{
	int64_t v = 0;

	/* Overrides were checked when they were made; one that an older version let in counts as
	 * unset. */
	if (!conf_parse_long(configs_topic_value(c, topic, key, NULL), &v))
		(void)conf_parse_long(str_of(topic_config_find(str_of(key))->def.def), &v);
	return v;
}

static int32_t topic_int(const struct configs *c, struct str topic, const char *key)
{
	return (int32_t)max_i64(INT32_MIN, min_i64(INT32_MAX, topic_long(c, topic, key)));
}

static int32_t segment_bytes(const struct configs *c, struct str topic)
{
	int32_t internal = topic_int(c, topic, "internal.segment.bytes");

	return internal > 0 ? internal : topic_int(c, topic, "segment.bytes");
}

static void topic_log(const struct configs *c, struct str topic, struct plog_config *out)
{
	struct str policy = configs_topic_value(c, topic, "cleanup.policy", NULL);

	*out = (struct plog_config){
		.segment_bytes = segment_bytes(c, topic),
		.segment_ms = topic_long(c, topic, "segment.ms"),
		.segment_jitter_ms = topic_long(c, topic, "segment.jitter.ms"),
		.segment_index_bytes = topic_int(c, topic, "segment.index.bytes"),
		.index_interval_bytes = topic_int(c, topic, "index.interval.bytes"),
		.retention_ms = topic_long(c, topic, "retention.ms"),
		.retention_bytes = topic_long(c, topic, "retention.bytes"),
		.file_delete_delay_ms = topic_long(c, topic, "file.delete.delay.ms"),
		.flush_messages = topic_long(c, topic, "flush.messages"),
		.flush_ms = topic_long(c, topic, "flush.ms"),
		.cleanup_delete = conf_list_has(policy, "delete"),
		.cleanup_compact = conf_list_has(policy, "compact"),
	};
	if (!conf_parse_long(configs_broker_value(c, "producer.id.expiration.ms", NULL),
		    &out->producer_expiry_ms))
		out->producer_expiry_ms = plog_config_default.producer_expiry_ms;
}

static int level_of(const struct configs *c, struct str topic, int codec)
{
	switch (codec) {
	case COMPRESS_GZIP:
		return topic_int(c, topic, "compression.gzip.level");
	case COMPRESS_LZ4:
		return topic_int(c, topic, "compression.lz4.level");
	case COMPRESS_ZSTD:
		return topic_int(c, topic, "compression.zstd.level");
	default:
		return COMPRESS_LEVEL_DEFAULT;
	}
}

void configs_topic(const struct configs *c, struct str topic, struct repl_config *out)
{
	struct str codec = configs_topic_value(c, topic, "compression.type", NULL);
	int compression = compress_by_name(codec);

	topic_log(c, topic, &out->log);
	out->max_message_bytes = topic_int(c, topic, "max.message.bytes");
	out->min_insync_replicas = topic_int(c, topic, "min.insync.replicas");
	out->log_append_time = str_eqz(
		configs_topic_value(c, topic, "message.timestamp.type", NULL), "LogAppendTime");
	out->before_max_ms = topic_long(c, topic, "message.timestamp.before.max.ms");
	out->after_max_ms = topic_long(c, topic, "message.timestamp.after.max.ms");
	out->compression = compression < 0 ? -1 : compression; /* "producer" is no codec */
	out->compression_level = level_of(c, topic, out->compression);
}

/* ---- for the controller ---------------------------------------------------------------------- */

static int check_broker(struct str key, struct str value, struct err *e)
{
	const struct conf_def *def = broker_config_find(key);
	const struct conf_def *defs;
	const char *near;
	size_t n;

	if (def && !(def->flags & CONF_LIVE))
		return err_set(
			e, ERR_DENIED, "Cannot update these configs dynamically: [%s]", def->name);
	if (def)
		return conf_check(def, value, e);
	defs = broker_config_defs(&n);
	near = conf_nearest(defs, n, key);
	return err_set(e, ERR_NOT_FOUND, "Unknown broker config name: %.*s%s%s%s",
		(int)min_size(key.n, 100), key.p ? key.p : "", near ? " (did you mean " : "",
		near ? near : "", near ? "?)" : "");
}

static int control_check(void *arg, int8_t type, struct str key, struct str value, struct err *e)
{
	(void)arg;
	if (type == META_RESOURCE_TOPIC)
		return topic_config_check(key, value, e);
	if (type == META_RESOURCE_BROKER)
		return check_broker(key, value, e);
	return err_set(e, ERR_INVALID, "settings of resource type %d are not kept here", type);
}

static bool control_is_list(void *arg, int8_t type, struct str key)
{
	const struct topic_config *t;
	const struct conf_def *def;

	(void)arg;
	if (type == META_RESOURCE_TOPIC) {
		t = topic_config_find(key);
		return t && t->def.type == CONF_LIST;
	}
	def = broker_config_find(key);
	return def && def->type == CONF_LIST;
}

static struct str control_inherited(
	void *arg, const struct image *img, int8_t type, struct str name, struct str key)
{
	const struct configs *c = arg;
	const struct topic_config *t;
	const struct conf_def *def;
	enum config_source source;

	if (type == META_RESOURCE_TOPIC) {
		t = topic_config_find(key);
		return t ? inherited(c, img, t, &source) : STR_NULL;
	}
	def = broker_config_find(key);
	if (!def || (def->flags & CONF_PREFIX))
		return STR_NULL;
	/* All brokers' settings inherit from the file, one broker's from all brokers' too. */
	for (int place = name.n ? CONFIG_FROM_ALL_BROKERS : CONFIG_FROM_FILE;
		place <= CONFIG_FROM_DEFAULT; place++) {
		struct str v = configs_broker_at(c, img, def->name, (enum config_source)place);
		if (!str_is_null(v))
			return v;
	}
	return STR_NULL;
}

static int32_t control_describe(void *arg, const struct image *img, struct arena *a,
	const struct image_config_entry *overrides, int32_t n_overrides,
	struct control_topic_config **out)
{
	const struct configs *c = arg;
	int32_t n = 0;

	*out = arena_array(a, topic_config_count(), sizeof(**out));
	if (!*out)
		return 0;
	for (size_t i = 0; i < topic_config_count(); i++) {
		const struct topic_config *t = topic_config_at(i);
		enum config_source source;
		struct str v;

		if (t->def.flags & CONF_HIDDEN)
			continue;
		v = inherited(c, img, t, &source);
		for (int32_t k = 0; k < n_overrides; k++) {
			if (!str_eqz(overrides[k].key, t->def.name))
				continue;
			v = overrides[k].value;
			source = CONFIG_FROM_TOPIC;
		}
		(*out)[n++] = (struct control_topic_config){
			.name = str_of(t->def.name), .value = arena_str(a, v), .source = source};
	}
	return n;
}

void configs_control_ops(struct configs *c, struct control_config_ops *out)
{
	*out = (struct control_config_ops){
		.arg = c,
		.check = control_check,
		.is_list = control_is_list,
		.inherited = control_inherited,
		.describe = control_describe,
	};
}
