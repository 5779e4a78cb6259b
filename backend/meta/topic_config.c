/* Topic settings: the table, lookups and the checks that the table cannot say. */
#include "meta/topic_config.h"

#include <stdlib.h>

static int check_gzip_level(const struct conf_def *def, struct str value, struct err *e)
{
	int64_t level;

	if (conf_parse_long(value, &level) && level != 0)
		return 0;
	return err_set(e, ERR_INVALID, "%s=%.*s: expected a whole number from 1 to 9, or -1",
		def->name, STR_ARG(value));
}

/* "0:101" */
static bool is_pair(struct str s)
{
	const char *colon = memchr(s.p, ':', s.n);
	int64_t partition, broker;

	if (!colon)
		return false;
	return conf_parse_long((struct str){s.p, (size_t)(colon - s.p)}, &partition) &&
	       conf_parse_long((struct str){colon + 1, s.n - (size_t)(colon - s.p) - 1}, &broker) &&
	       partition >= 0 && broker >= 0;
}

static int check_replicas(const struct conf_def *def, struct str value, struct err *e)
{
	struct str rest = value, item;

	if (str_eqz(value, "*"))
		return 0;
	while (conf_list_next(&rest, &item))
		if (!is_pair(item))
			return err_set(e, ERR_INVALID,
				"%s=%.*s: expected * or a list of PARTITION:BROKER, for example "
				"%s=0:101,1:102",
				def->name, (int)min_size(value.n, 100), value.p, def->name);
	return 0;
}

static int check_no_tiers(const struct conf_def *def, struct str value, struct err *e)
{
	bool on;

	if (!conf_parse_bool(value, &on) || !on)
		return 0;
	return err_set(e, ERR_INVALID, "%s=true: this broker has no tiered storage", def->name);
}

#define AT_LEAST(n)   .min = (n), .max = INT64_MAX
#define BETWEEN(a, b) .min = (a), .max = (b)
#define NO_BROKER               \
	{                       \
		{               \
			NULL, 0 \
		}               \
	}
#define BROKER1(a)           \
	{                    \
		{            \
			a, 1 \
		}            \
	}
#define BROKER2(a, f, b, g)  \
	{                    \
		{a, f},      \
		{            \
			b, g \
		}            \
	}
#define BROKER3(a, f, b, g, c, h) \
	{                         \
		{a, f}, {b, g},   \
		{                 \
			c, h      \
		}                 \
	}
#define TOPIC(text, kind, preset, fallback, words, ...) \
	{.def = {.name = text,                          \
		 .type = CONF_##kind,                   \
		 .def = preset,                         \
		 .doc = words,                          \
		 .flags = CONF_LIVE,                    \
		 __VA_ARGS__},                          \
		.synonyms = fallback},

/* A row may name its own flags. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct topic_config table[] = {
#include "meta/topic_config.def"
};
#pragma GCC diagnostic pop

static int by_name(const void *key, const void *row)
{
	const struct str *name = key;
	const struct topic_config *t = row;

	return str_cmp(*name, str_of(t->def.name));
}

const struct topic_config *topic_config_find(struct str name)
{
	return bsearch(&name, table, ARRAY_LEN(table), sizeof(table[0]), by_name);
}

size_t topic_config_count(void)
{
	return ARRAY_LEN(table);
}

const struct topic_config *topic_config_at(size_t i)
{
	return &table[i];
}

const char *topic_config_nearest(struct str name)
{
	const char *found = NULL;
	size_t best = 3 + name.n / 6;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		size_t d = conf_distance(name, str_of(table[i].def.name), best);

		if (d < best && !(table[i].def.flags & CONF_HIDDEN)) {
			best = d;
			found = table[i].def.name;
		}
	}
	return found;
}

int topic_config_check(struct str name, struct str value, struct err *e)
{
	const struct topic_config *t = topic_config_find(name);
	const char *near;
	int shown = (int)min_size(name.n, 100);

	if (t)
		return conf_check(&t->def, value, e);
	near = topic_config_nearest(name);
	if (near)
		return err_set(e, ERR_NOT_FOUND,
			"Unknown topic config name: %.*s (did you mean %s?)", shown, name.p, near);
	return err_set(
		e, ERR_NOT_FOUND, "Unknown topic config name: %.*s", shown, name.p ? name.p : "");
}
