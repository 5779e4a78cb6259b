/* The table of broker settings, and what makes one consistent configuration of files, overrides and
 * old names. */
#include "server/broker_config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "server/server.h"

/* ---- rules that the table cannot say -------------------------------------------------------- */

static int check_retention(const struct conf_def *def, struct str value, struct err *e)
{
	int64_t v;

	if (conf_parse_long(value, &v) && v != 0)
		return 0;
	return err_set(e, ERR_INVALID, "%s=0: expected at least 1, or -1 for ever", def->name);
}

static int check_gzip_level(const struct conf_def *def, struct str value, struct err *e)
{
	int64_t v;

	if (conf_parse_long(value, &v) && v != 0)
		return 0;
	return err_set(
		e, ERR_INVALID, "%s=0: expected a whole number from 1 to 9, or -1", def->name);
}

static int check_server(const struct conf_def *def, struct str value, struct err *e)
{
	struct str host;
	uint16_t port;

	if (value.n == 0 || conf_parse_address(value, &host, &port))
		return 0;
	return err_set(e, ERR_INVALID,
		"%s=%.*s: expected HOST:PORT, for example %s=127.0.0.1:19092", def->name,
		(int)min_size(value.n, 100), value.p, def->name);
}

static int check_servers(const struct conf_def *def, struct str value, struct err *e)
{
	struct str rest = value, item;

	while (conf_list_next(&rest, &item))
		if (check_server(def, item, e) < 0)
			return ERR_INVALID;
	return 0;
}

static bool is_voter(struct str s)
{
	const char *at = memchr(s.p, '@', s.n);
	size_t n = at ? (size_t)(at - s.p) : 0;
	struct str host;
	uint16_t port;
	int64_t id;

	return at && conf_parse_long((struct str){s.p, n}, &id) && id >= 0 && id <= INT32_MAX &&
	       conf_parse_address((struct str){at + 1, s.n - n - 1}, &host, &port);
}

static int check_voters(const struct conf_def *def, struct str value, struct err *e)
{
	struct str rest = value, item;
	int n = 0;

	while (conf_list_next(&rest, &item)) {
		if (!is_voter(item))
			return err_set(e, ERR_INVALID,
				"%s: '%.*s' is no voter; expected ID@HOST:PORT, for example "
				"%s=0@127.0.0.1:29092",
				def->name, (int)min_size(item.n, 100), item.p, def->name);
		n++;
	}
	if (n > SERVER_VOTERS)
		return err_set(e, ERR_INVALID, "%s: %d voters; at most %d take part in a quorum",
			def->name, n, SERVER_VOTERS);
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------ */

#define INTERNAL_REPLICAS "min(3, number of controllers that vote): one broker must do."
#define AT_LEAST(n)       .min = (n), .max = INT64_MAX
#define BETWEEN(a, b)     .min = (a), .max = (b)
#define LIVE              .flags = CONF_LIVE
#define OWN               .flags = CONF_OWN
#define DIFFERS(k, why)   .flags = CONF_DIFFERS, .kafka_def = k, .reason = why
#define INTO_TIMES(m, n)                                                                           \
	.into = {offsetof(struct server_settings, m), sizeof(((struct server_settings *)NULL)->m), \
		n}
#define INTO(m) INTO_TIMES(m, 1)
#define SETTING(text, kind, preset, words, ...) \
	{.name = text, .type = CONF_##kind, .def = preset, .doc = words, __VA_ARGS__},
#define OLD(text, kind, preset, why) \
	{.name = text, .type = CONF_##kind, .def = preset, .flags = CONF_OLD, .reason = why},
#define ZOOKEEPER(text, kind, preset, ...) \
	{.name = text, .type = CONF_##kind, .def = preset, .flags = CONF_HIDDEN, __VA_ARGS__},
#define INERT(text, kind, preset, more) \
	{.name = text, .type = CONF_##kind, .def = preset, .flags = CONF_INERT | (more)},

static const struct conf_def table[] = {
#include "server/broker_config.def"
#include "server/broker_inert.def"
};

const struct conf_def *broker_config_defs(size_t *n)
{
	*n = ARRAY_LEN(table);
	return table;
}

const struct conf_def *broker_config_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].flags & CONF_PREFIX ? str_starts(name, table[i].name)
						 : str_eqz(name, table[i].name))
			return &table[i];
	return NULL;
}

void broker_config_init(struct conf *c)
{
	conf_init(c, table, ARRAY_LEN(table));
}

int broker_config_voters(const struct conf *c)
{
	struct str rest = conf_get_str(c, "controller.quorum.voters"), item;
	int n = 0;

	while (conf_list_next(&rest, &item))
		n++;
	return n ? n : 1;
}

static void default_number(struct conf *c, const char *name, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	conf_set_default(c, name, text);
}

/* ---- old names ------------------------------------------------------------------------------ */

int broker_config_stand_for(
	struct conf *c, const char *from, const char *to, const char *value, struct err *e)
{
	const struct conf_value *v = conf_value(c, from);

	return conf_set(c, str_of(to), str_of(value), v->source, v->where, e);
}

static int settle_id(struct conf *c, struct err *e)
{
	int32_t old = conf_get_int(c, "broker.id");

	if (old < 0)
		return 0;
	if (!conf_is_set(c, "node.id"))
		return broker_config_stand_for(
			c, "broker.id", "node.id", conf_get_z(c, "broker.id"), e);
	if (conf_get_int(c, "node.id") == old)
		return 0;
	return err_set(e, ERR_INVALID,
		"node.id=%d and broker.id=%d: they are two names of the same; leave broker.id out",
		conf_get_int(c, "node.id"), old);
}

/* host and port of old → one listener of the new name, unless that is set itself. */
static int settle_address(
	struct conf *c, const char *host, const char *port, const char *to, struct err *e)
{
	const char *set = conf_is_set(c, host) ? host : port;
	const char *h = conf_get_z(c, host), *p = conf_get_z(c, port);
	char *listener;
	int rc;

	if (!conf_is_set(c, host) && !conf_is_set(c, port))
		return 0;
	if (conf_is_set(c, to)) {
		conf_note(c, "%s is not used, because %s is set", set, to);
		return 0;
	}
	listener =
		xasprintf("PLAINTEXT://%s:%s", h && h[0] ? h : "127.0.0.1", p && p[0] ? p : "9092");
	rc = broker_config_stand_for(c, set, to, listener, e);
	free(listener);
	return rc;
}

/* An advertised host without a port has the port of the first listener. */
static int settle_advertised(struct conf *c, struct err *e)
{
	struct str rest = conf_get_str(c, "listeners"), first, name, host;
	uint16_t port;

	if (conf_is_set(c, "advertised.host.name") && !conf_is_set(c, "advertised.port") &&
		conf_list_next(&rest, &first) && conf_parse_listener(first, &name, &host, &port))
		default_number(c, "advertised.port", port);
	return settle_address(
		c, "advertised.host.name", "advertised.port", "advertised.listeners", e);
}

/* ---- defaults that follow from other settings ------------------------------------------------ */

static void default_replication(struct conf *c)
{
	int n = broker_config_voters(c);
	int replicas = n < 3 ? n : 3;
	int factor;

	default_number(c, "offsets.topic.replication.factor", replicas);
	default_number(c, "transaction.state.log.replication.factor", replicas);
	factor = conf_get_int(c, "transaction.state.log.replication.factor");
	default_number(c, "transaction.state.log.min.isr", factor < 2 ? factor : 2);
}

static void default_dir(struct conf *c)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	char *dir;

	if (conf_is_set(c, "log.dir")) {
		dir = xstrdup(conf_get_z(c, "log.dir"));
	} else {
		bool own = !data || data[0] != '/';

		dir = xasprintf("%s%s/kdeck/broker-%d", own ? (home ? home : "/tmp") : data,
			own ? "/.local/share" : "", conf_get_int(c, "node.id"));
	}
	conf_set_default(c, "log.dirs", dir);
	free(dir);
}

/* ---- settings that contradict each other ----------------------------------------------------- */

static int check_order(struct conf *c, const char *low, const char *high, struct err *e)
{
	int64_t a = conf_get_long(c, low), b = conf_get_long(c, high);

	if (a <= b)
		return 0;
	return err_set(e, ERR_INVALID, "%s=%lld is more than %s=%lld", low, (long long)a, high,
		(long long)b);
}

static int check_together(struct conf *c, struct err *e)
{
	static const char *const pairs[][2] = {
		{"group.min.session.timeout.ms", "group.max.session.timeout.ms"},
		{"broker.heartbeat.interval.ms", "broker.session.timeout.ms"},
		{"replica.fetch.wait.max.ms", "replica.lag.time.max.ms"},
		{"replica.fetch.wait.max.ms", "replica.socket.timeout.ms"},
		{"log.cleaner.min.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms"},
		{"transaction.state.log.min.isr", "transaction.state.log.replication.factor"},
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (check_order(c, pairs[i][0], pairs[i][1], e) < 0)
			return ERR_INVALID;
	return 0;
}

/* One line for all of them. */
static void note_ignored(struct conf *c)
{
	struct buf names = BUF_EMPTY;

	if (!c->ignored.n)
		return;
	vec_foreach (name, &c->ignored)
		buf_printf(&names, "%s%s", names.n ? ", " : "", *name);
	conf_note(c, "without meaning here, and ignored: %s", buf_z(&names));
	buf_fini(&names);
}

int broker_config_settle(struct conf *c, struct err *e)
{
	int rc = settle_id(c, e);

	if (rc == 0)
		rc = broker_zookeeper_settle(c, e);
	if (rc == 0)
		rc = settle_address(c, "host.name", "port", "listeners", e);
	if (rc == 0)
		rc = settle_advertised(c, e);
	if (rc < 0)
		return rc;
	default_replication(c);
	default_dir(c);
	rc = check_together(c, e);
	if (rc == 0)
		note_ignored(c);
	return rc;
}
