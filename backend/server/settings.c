/* The broker's settings as the wiring takes them. */
#include <stdio.h>
#include <unistd.h>

#include "conf/conf.h"
#include "io/listener.h"
#include "server/server.h"
#include "server/settings.h"

#define STALL_MS 10000

int settings_copy(char *to, size_t room, struct str s, const char *what, struct err *e)
{
	if (s.n >= room)
		return err_set(e, ERR_INVALID, "%s is longer than %zu characters", what, room - 1);
	memcpy(to, s.p ? s.p : "", s.n);
	to[s.n] = 0;
	return 0;
}

int settings_address(struct str text, char host[static SERVER_HOST], uint16_t *port,
	const char *what, struct err *e)
{
	struct str s;

	if (!conf_parse_address(text, &s, port))
		return err_set(e, ERR_INVALID, "%s: '%.*s' is no address: HOST:PORT is expected",
			what, STR_ARG(text));
	return settings_copy(host, SERVER_HOST, s.n ? s : STR_LIT("127.0.0.1"), what, e);
}

static int no_listener(const char *setting, struct str item, struct err *e)
{
	return err_set(e, ERR_INVALID,
		"%s: '%.*s' is no listener: NAME://HOST:PORT is expected, as in "
		"PLAINTEXT://127.0.0.1:9092",
		setting, STR_ARG(item));
}

/* Listeners of the controller's are not for clients. */
static bool is_controller_listener(const struct conf *c, struct str name)
{
	struct str rest = conf_get_str(c, "controller.listener.names");
	struct str item;

	while (conf_list_next(&rest, &item))
		if (str_eq(item, name))
			return true;
	return false;
}

static int check_protocol(const struct conf *c, struct str name, struct err *e)
{
	struct str map = conf_get_str(c, "listener.security.protocol.map");
	/* A controller's listener that the map does not name is plain, as in Kafka. */
	struct str item, protocol = is_controller_listener(c, name) ? STR_LIT("PLAINTEXT") : name;

	while (conf_list_next(&map, &item))
		if (item.n > name.n && item.p[name.n] == ':' && memcmp(item.p, name.p, name.n) == 0)
			protocol = (struct str){item.p + name.n + 1, item.n - name.n - 1};
	if (!str_eqz(protocol, "PLAINTEXT"))
		return err_set(e, ERR_UNSUPPORTED,
			"listener %.*s: the protocol %.*s is not served yet; PLAINTEXT is",
			STR_ARG(name), STR_ARG(protocol));
	return 0;
}

/* The controller's listener, or the next one for clients; NULL with e. */
static struct server_listener *place(
	const struct conf *c, struct server_settings *set, struct str name, struct err *e)
{
	if (!is_controller_listener(c, name)) {
		if (set->n_listeners < SERVER_LISTENERS)
			return &set->listeners[set->n_listeners++];
		err_set(e, ERR_TOO_BIG, "listeners: at most %d", SERVER_LISTENERS);
		return NULL;
	}
	if (!set->controller.name[0])
		return &set->controller;
	err_set(e, ERR_UNSUPPORTED, "listeners: %.*s is a second one for controllers; one is used",
		STR_ARG(name));
	return NULL;
}

static int add_listener(
	const struct conf *c, struct server_settings *set, struct str item, struct err *e)
{
	struct server_listener *l;
	struct str name, host;
	uint16_t port;
	int rc;

	if (!conf_parse_listener(item, &name, &host, &port))
		return no_listener("listeners", item, e);
	rc = check_protocol(c, name, e);
	if (rc < 0)
		return rc;
	l = place(c, set, name, e);
	if (!l)
		return e->code;
	l->port = port;
	rc = settings_copy(l->name, sizeof(l->name), name, "a listener's name", e);
	if (rc == 0)
		rc = settings_copy(l->host, sizeof(l->host), host, "a listener's host", e);
	/* An empty host is loopback, never every interface. */
	if (rc == 0 && !l->host[0])
		snprintf(l->host, sizeof(l->host), "127.0.0.1");
	return rc;
}

static int advertise(struct server_settings *set, struct str item, struct err *e)
{
	struct str name, host;
	uint16_t port;

	if (!conf_parse_listener(item, &name, &host, &port))
		return no_listener("advertised.listeners", item, e);
	/* The controller's address is what controller.quorum.voters says. */
	if (str_eqz(name, set->controller.name))
		return 0;
	for (int i = 0; i < set->n_listeners; i++) {
		struct server_listener *l = &set->listeners[i];
		if (!str_eqz(name, l->name))
			continue;
		l->advertised_port = port;
		return settings_copy(l->advertised_host, sizeof(l->advertised_host), host,
			"an advertised host", e);
	}
	return err_set(e, ERR_INVALID,
		"advertised.listeners: there is no listener %.*s in listeners", STR_ARG(name));
}

/* What clients would be told must be an address. */
static int check_advertised(const struct server_settings *set, struct err *e)
{
	for (int i = 0; i < set->n_listeners; i++) {
		const struct server_listener *l = &set->listeners[i];
		const char *host = l->advertised_host[0] ? l->advertised_host : l->host;
		if (listener_everywhere(host))
			return err_set(e, ERR_INVALID,
				"listener %s: clients cannot connect to %s: name the address they "
				"use in advertised.listeners",
				l->name, host);
	}
	return 0;
}

static int read_listeners(const struct conf *c, struct server_settings *set, struct err *e)
{
	struct str between = conf_get_str(c, "security.inter.broker.protocol");
	struct str rest = conf_get_str(c, "listeners");
	struct str item;
	int rc = 0;

	while (rc == 0 && conf_list_next(&rest, &item))
		rc = add_listener(c, set, item, e);
	if (rc == 0 && !str_eqz(between, "PLAINTEXT"))
		rc = err_set(e, ERR_UNSUPPORTED,
			"security.inter.broker.protocol=%.*s is not served yet; PLAINTEXT is",
			STR_ARG(between));
	rest = conf_get_str(c, "advertised.listeners");
	while (rc == 0 && conf_list_next(&rest, &item))
		rc = advertise(set, item, e);
	if (rc == 0)
		rc = settings_quorum(c, set, e);
	if (rc == 0 && set->is_broker && set->n_listeners == 0)
		rc = err_set(e, ERR_INVALID, "listeners: none is for clients");
	return rc == 0 ? check_advertised(set, e) : rc;
}

static int read_http(const struct conf *c, struct server_settings *set, struct err *e)
{
	struct str text = conf_get_str(c, "kdeck.http.listener");

	set->http = text.n > 0;
	if (!set->http)
		return 0;
	return settings_address(text, set->http_host, &set->http_port, "kdeck.http.listener", e);
}

/* Could both be had? "::" takes both families. */
static bool clash(const char *a, uint16_t a_port, const char *b, uint16_t b_port)
{
	if (!a_port || a_port != b_port)
		return false;
	return strcmp(a, b) == 0 || strcmp(a, "::") == 0 || strcmp(b, "::") == 0 ||
	       (strcmp(a, "0.0.0.0") == 0 && !strchr(b, ':')) ||
	       (strcmp(b, "0.0.0.0") == 0 && !strchr(a, ':'));
}

/* The second one would be told that another program has its port. */
static int check_ports(const struct server_settings *set, struct err *e)
{
	const char *hosts[SERVER_LISTENERS + 2];
	uint16_t ports[SERVER_LISTENERS + 2];
	int n = 0;

	for (; n < set->n_listeners; n++) {
		hosts[n] = set->listeners[n].host;
		ports[n] = set->listeners[n].port;
	}
	hosts[n] = set->controller.host;
	ports[n++] = set->controller_anywhere ? 0 : set->controller.port;
	hosts[n] = set->http_host;
	ports[n] = set->http_port;
	for (int i = 0; i <= n; i++)
		for (int j = 0; j < i; j++)
			if (clash(hosts[i], ports[i], hosts[j], ports[j]))
				return err_set(e, ERR_INVALID, "%s: two listeners on port %u",
					i == n ? "kdeck.http.listener" : "listeners", ports[i]);
	return 0;
}

static int read_dir(const struct conf *c, struct server_settings *set, struct err *e)
{
	struct str rest = conf_get_str(c, "log.dirs");
	struct str dir, more;

	if (!conf_list_next(&rest, &dir))
		return err_set(e, ERR_INVALID, "log.dirs: a folder is expected");
	if (conf_list_next(&rest, &more))
		return err_set(e, ERR_UNSUPPORTED,
			"log.dirs: one folder a broker; '%.*s' is a second one", STR_ARG(more));
	return settings_copy(set->dir, sizeof(set->dir), dir, "log.dirs", e);
}

/* What no setting says. */
static void set_bounds(const struct conf *c, struct server_settings *set)
{
	set->net.max_output = (size_t)1 << 20;
	set->net.max_open = 256;
	set->net.stall_ms = STALL_MS;
	if (!conf_is_set(c, "num.recovery.threads.per.data.dir"))
		set->recovery_threads = (int)max_i64(1, sysconf(_SC_NPROCESSORS_ONLN));
}

int server_settings_read(const struct conf *c, struct server_settings *set, struct err *e)
{
	int rc;

	*set = (struct server_settings){0};
	conf_fill(c, set);
	set_bounds(c, set);
	rc = read_listeners(c, set, e);
	if (rc == 0)
		rc = read_http(c, set, e);
	if (rc == 0)
		rc = check_ports(set, e);
	if (rc == 0)
		rc = read_dir(c, set, e);
	if (rc == 0)
		rc = settings_copy(set->rack, sizeof(set->rack), conf_get_str(c, "broker.rack"),
			"broker.rack", e);
	return rc;
}
