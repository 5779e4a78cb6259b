/* DescribeConfigs over the tables: which keys a resource has, their values, what they fall back to.
 */
#include "meta/topic_name.h"
#include "server/broker_config.h"
#include "server/configs_priv.h"
#include "wire/kerr.h"
#include "wire/msg.h"

#define NO_MEANING "A setting of Kafka's that is accepted and has no meaning in this broker."

struct describing {
	const struct configs *c;
	struct arena *arena;
	const struct config_wanted *wanted;
	struct describe_configs_response_results *out;
	bool full; /* the arena has reached its limit */
};

static int refuse(struct describing *d, int16_t code, const char *fmt, ...) PRINTF_LIKE(3, 4);

static int refuse(struct describing *d, int16_t code, const char *fmt, ...)
{
	struct buf text = BUF_EMPTY;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	d->out->error_code = code;
	d->out->error_message = arena_str(d->arena, buf_str(&text));
	buf_fini(&text);
	return 0;
}

static bool is_wanted(const struct describing *d, const char *key)
{
	if (d->wanted->n_keys <= 0)
		return true;
	for (int32_t i = 0; i < d->wanted->n_keys; i++)
		if (str_eqz(d->wanted->keys[i], key))
			return true;
	return false;
}

static struct str keep(struct describing *d, struct str s)
{
	struct str copy = arena_str(d->arena, s);

	if (str_is_null(copy) && !str_is_null(s))
		d->full = true;
	return copy;
}

/* The next entry of the answer, filled in but for synonyms. */
static struct describe_configs_response_configs *put(struct describing *d,
	const struct conf_def *def, struct str value, enum config_source source)
{
	struct describe_configs_response_configs *e = &d->out->configs[d->out->n_configs++];

	msg_struct_init(&describe_configs_response_configs_struct, e);
	e->name = str_of(def->name);
	e->is_sensitive = def->type == CONF_PASSWORD;
	e->value = e->is_sensitive ? STR_NULL : keep(d, value);
	e->read_only = !(def->flags & CONF_LIVE);
	e->config_source = (int8_t)source;
	e->config_type = (int8_t)def->type;
	e->documentation = STR_NULL;
	if (d->wanted->docs)
		e->documentation = def->doc ? str_of(def->doc) : STR_LIT(NO_MEANING);
	return e;
}

/* Each place where a value is, the effective one first. */
static void put_synonym(struct describing *d, struct describe_configs_response_configs *e,
	const char *name, struct str value, enum config_source source)
{
	struct describe_configs_response_synonyms *s;

	if (str_is_null(value) || !e->synonyms)
		return;
	s = &e->synonyms[e->n_synonyms++];
	msg_struct_init(&describe_configs_response_synonyms_struct, s);
	s->name = str_of(name);
	s->value = e->is_sensitive ? STR_NULL : keep(d, value);
	s->source = (int8_t)source;
}

#define PLACES 4 /* this broker, all brokers, file, default */

static bool make_synonyms(
	struct describing *d, struct describe_configs_response_configs *e, size_t n_keys)
{
	e->synonyms = MSG_NEW(d->arena, describe_configs_response_synonyms, 1 + PLACES * n_keys);
	if (!e->synonyms)
		d->full = true;
	return !d->full;
}

/* As Kafka 4.3 does: other units are named only behind a value of the first key. */
static void put_broker_synonyms(struct describing *d, struct describe_configs_response_configs *e,
	const struct topic_config_synonym *keys, size_t n_keys)
{
	bool named = false;

	for (int place = CONFIG_FROM_BROKER; place <= CONFIG_FROM_DEFAULT; place++) {
		for (size_t i = 0; i < n_keys; i++) {
			struct str v = configs_broker_at(
				d->c, d->c->image, keys[i].broker_key, (enum config_source)place);

			named = named || (i == 0 && !str_is_null(v));
			if (named)
				put_synonym(d, e, keys[i].broker_key, v, (enum config_source)place);
		}
	}
}

static size_t synonym_count(const struct topic_config *t)
{
	size_t n = 0;

	while (n < TOPIC_CONFIG_SYNONYMS && t->synonyms[n].broker_key)
		n++;
	return n;
}

static bool make_entries(struct describing *d, size_t n)
{
	d->out->configs = MSG_NEW(d->arena, describe_configs_response_configs, n);
	if (!d->out->configs)
		d->full = true;
	return !d->full;
}

/* ---- topics --------------------------------------------------------------------------------- */

static void put_topic_row(struct describing *d, const struct topic_config *t)
{
	enum config_source source;
	struct str value = configs_topic_row(d->c, d->c->image, d->wanted->name, t, &source);
	struct describe_configs_response_configs *e = put(d, &t->def, value, source);

	if (!d->wanted->synonyms || !make_synonyms(d, e, synonym_count(t)))
		return;
	if (source == CONFIG_FROM_TOPIC)
		put_synonym(d, e, t->def.name, value, source);
	put_broker_synonyms(d, e, t->synonyms, synonym_count(t));
}

static int describe_topic(struct describing *d)
{
	struct err e = {0};

	if (topic_name_check(d->wanted->name, &e) < 0)
		return refuse(d, KERR_INVALID_TOPIC_EXCEPTION, "%s", e.msg);
	if (!d->c->image || !image_topic(d->c->image, d->wanted->name))
		return refuse(d, KERR_UNKNOWN_TOPIC_OR_PARTITION,
			"The topic '%.*s' does not exist.", STR_ARG(d->wanted->name));
	if (!make_entries(d, topic_config_count()))
		return 0;
	for (size_t i = 0; i < topic_config_count() && !d->full; i++) {
		const struct topic_config *t = topic_config_at(i);

		if (!(t->def.flags & CONF_HIDDEN) && is_wanted(d, t->def.name))
			put_topic_row(d, t);
	}
	return 0;
}

/* ---- brokers -------------------------------------------------------------------------------- */

/* A key that heads a family (log.retention.ms, .minutes, .hours) shows all of it. */
static const struct topic_config *family_of(const char *key)
{
	for (size_t i = 0; i < topic_config_count(); i++) {
		const struct topic_config *t = topic_config_at(i);

		if (synonym_count(t) > 1 && strcmp(t->synonyms[0].broker_key, key) == 0)
			return t;
	}
	return NULL;
}

static void put_broker_row(struct describing *d, const struct conf_def *def)
{
	enum config_source source;
	struct str value = configs_broker_row(d->c, d->c->image, def->name, &source);
	struct describe_configs_response_configs *e = put(d, def, value, source);
	const struct topic_config_synonym own = {def->name, 1};
	const struct topic_config *family;

	if (!d->wanted->synonyms)
		return;
	family = family_of(def->name);
	if (!make_synonyms(d, e, family ? synonym_count(family) : 1))
		return;
	if (family)
		put_broker_synonyms(d, e, family->synonyms, synonym_count(family));
	else
		put_broker_synonyms(d, e, &own, 1);
}

static void describe_broker(struct describing *d)
{
	size_t n;
	const struct conf_def *defs = broker_config_defs(&n);

	if (!make_entries(d, n))
		return;
	for (size_t i = 0; i < n && !d->full; i++)
		if (!(defs[i].flags & (CONF_PREFIX | CONF_HIDDEN | CONF_OLD)) &&
			is_wanted(d, defs[i].name))
			put_broker_row(d, &defs[i]);
}

/* The settings of all brokers: only what was set in the cluster. */
static void describe_all_brokers(struct describing *d)
{
	const struct image_config *ic =
		d->c->image ? image_config(d->c->image, META_RESOURCE_BROKER, STR_LIT("")) : NULL;
	struct describe_configs_response_configs *e;

	if (!ic || !make_entries(d, ic->entries.n))
		return;
	vec_foreach (entry, &ic->entries) {
		const struct conf_def *def = broker_config_find(entry->key);

		if (d->full || !def || !is_wanted(d, def->name))
			continue;
		e = put(d, def, entry->value, CONFIG_FROM_ALL_BROKERS);
		if (d->wanted->synonyms && make_synonyms(d, e, 1))
			put_synonym(d, e, def->name, entry->value, CONFIG_FROM_ALL_BROKERS);
	}
}

static int describe_brokers(struct describing *d)
{
	struct str name = d->wanted->name;

	if (name.n == 0)
		describe_all_brokers(d);
	else if (str_eqz(name, d->c->node_name))
		describe_broker(d);
	else
		return refuse(d, KERR_INVALID_REQUEST,
			"Unexpected broker id, expected %s or empty string, but received %.*s",
			d->c->node_name, (int)min_size(name.n, 100), name.p);
	return 0;
}

int configs_describe(void *arg, struct arena *a, const struct config_wanted *wanted,
	struct describe_configs_response_results *out)
{
	struct describing d = {arg, a, wanted, out, false};
	int rc;

	out->resource_type = wanted->type;
	out->resource_name = wanted->name;
	out->error_message = STR_NULL;
	switch (wanted->type) {
	case CONFIG_RESOURCE_TOPIC:
		rc = describe_topic(&d);
		break;
	case CONFIG_RESOURCE_BROKER:
		rc = describe_brokers(&d);
		break;
	case CONFIG_RESOURCE_BROKER_LOGGER:
		rc = refuse(&d, KERR_INVALID_REQUEST,
			"Loggers are not described by this broker; kdeck.log.level says how much "
			"it logs");
		break;
	default:
		rc = refuse(&d, KERR_INVALID_REQUEST,
			"Unsupported resource type: %d; settings are kept of topics (2) and "
			"brokers (4)",
			wanted->type);
		break;
	}
	return d.full ? ERR_NOMEM : rc;
}
