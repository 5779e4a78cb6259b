/*
 * Which part this node has in the quorum.
 *
 *   roles                  voters   bootstrap
 *   controller or both     -        -          a quorum of itself
 *   controller or both     yes      any        one of the voters
 *   broker                 yes      any        looks on; knows whom to ask
 *   broker, or not set     -        yes        looks on; asks who the voters are
 */
#include <stdio.h>
#include <string.h>

#include "server/settings.h"

#define CONTROLLER_PORT_STEP 20000

/* "HOST:PORT" or "ID@HOST:PORT", whose form the table of settings has checked. */
static int parse_server(
	const char *setting, struct str item, struct server_voter *out, struct err *e)
{
	const char *at = memchr(item.p, '@', item.n);
	size_t n = at ? (size_t)(at - item.p) : 0;
	int64_t id = -1;
	int rc;

	if (at && !conf_parse_long((struct str){item.p, n}, &id))
		return err_set(e, ERR_INVALID, "%s: '%.*s': the node's number is none", setting,
			STR_ARG(item));
	out->id = (int32_t)id;
	if (at)
		item = (struct str){at + 1, item.n - n - 1};
	rc = settings_address(item, out->host, &out->port, setting, e);
	if (rc == 0 && out->port == 0)
		rc = err_set(e, ERR_INVALID, "%s: '%.*s': a port is a number from 1 to 65535",
			setting, STR_ARG(item));
	return rc;
}

static int read_servers(const struct conf *c, const char *name, struct server_voter *out, int room,
	int *n, struct err *e)
{
	struct str rest = conf_get_str(c, name), item;
	int rc = 0;

	*n = 0;
	while (rc == 0 && conf_list_next(&rest, &item)) {
		if (*n == room)
			return err_set(e, ERR_TOO_BIG, "%s: at most %d", name, room);
		rc = parse_server(name, item, &out[(*n)++], e);
	}
	return rc;
}

static void read_roles(const struct conf *c, struct server_settings *set)
{
	struct str rest = conf_get_str(c, "process.roles"), role;

	while (conf_list_next(&rest, &role)) {
		set->is_broker |= str_eqz(role, "broker");
		set->is_controller |= str_eqz(role, "controller");
	}
	/* Who names no role and asks others for the quorum has no part in it. */
	if (set->n_voters == 0 && set->n_bootstrap > 0 && !conf_is_set(c, "process.roles"))
		set->is_controller = false;
}

static const struct server_voter *own_vote(const struct server_settings *set)
{
	for (int i = 0; i < set->n_voters; i++)
		if (set->voters[i].id == set->node_id)
			return &set->voters[i];
	return NULL;
}

static int check_roles(const struct server_settings *set, struct err *e)
{
	bool votes = own_vote(set);

	if (!set->is_broker && !set->is_controller)
		return err_set(e, ERR_INVALID, "process.roles: broker, controller or both");
	for (int i = 0; i < set->n_voters; i++)
		for (int k = 0; k < i; k++)
			if (set->voters[i].id == set->voters[k].id)
				return err_set(e, ERR_INVALID,
					"controller.quorum.voters: node %d stands twice",
					set->voters[i].id);
	if (set->is_controller && set->n_voters == 0 && set->n_bootstrap > 0)
		return err_set(e, ERR_UNSUPPORTED,
			"process.roles has controller, but controller.quorum.voters is empty: "
			"voters are fixed when a cluster is made; name them, or take the role "
			"away");
	if (set->is_controller && set->n_voters > 0 && !votes)
		return err_set(e, ERR_INVALID,
			"process.roles has controller, but node %d is not in "
			"controller.quorum.voters",
			set->node_id);
	if (!set->is_controller && votes)
		return err_set(e, ERR_INVALID,
			"node %d is in controller.quorum.voters, but process.roles has no "
			"controller",
			set->node_id);
	if (!set->is_controller && set->n_voters == 0 && set->n_bootstrap == 0)
		return err_set(e, ERR_INVALID,
			"process.roles=broker: name the controllers in controller.quorum.voters or "
			"controller.quorum.bootstrap.servers");
	return 0;
}

/* Where `listeners` names none: the own address among the voters, else the clients' port and
 * 20,000 on loopback. */
static int default_listener(const struct conf *c, struct server_settings *set, struct err *e)
{
	const struct server_voter *own = own_vote(set);
	struct server_listener *l = &set->controller;
	struct str rest = conf_get_str(c, "controller.listener.names"), name;
	int port = set->n_listeners ? set->listeners[0].port : 0;

	if (!conf_list_next(&rest, &name))
		name = STR_LIT("CONTROLLER");
	set->controller_anywhere = !own;
	port = port && port + CONTROLLER_PORT_STEP <= UINT16_MAX ? port + CONTROLLER_PORT_STEP : 0;
	l->port = own ? own->port : (uint16_t)port;
	snprintf(l->host, sizeof(l->host), "%s", own ? own->host : "127.0.0.1");
	return settings_copy(l->name, sizeof(l->name), name, "a listener's name", e);
}

int settings_quorum(const struct conf *c, struct server_settings *set, struct err *e)
{
	int rc = read_servers(
		c, "controller.quorum.voters", set->voters, SERVER_VOTERS, &set->n_voters, e);

	if (rc == 0)
		rc = read_servers(c, "controller.quorum.bootstrap.servers", set->bootstrap,
			SERVER_BOOTSTRAP, &set->n_bootstrap, e);
	if (rc < 0)
		return rc;
	read_roles(c, set);
	rc = check_roles(set, e);
	if (rc == 0 && set->is_controller && !set->controller.name[0])
		rc = default_listener(c, set, e);
	if (rc == 0 && !set->is_controller && set->controller.name[0])
		rc = err_set(e, ERR_INVALID,
			"listeners: %s is for controllers, and process.roles has no controller",
			set->controller.name);
	if (rc == 0 && !set->is_broker && set->n_listeners && conf_is_set(c, "listeners"))
		rc = err_set(e, ERR_INVALID,
			"listeners: %s is for clients, and process.roles has no broker",
			set->listeners[0].name);
	if (!set->is_broker)
		set->n_listeners = 0;
	return rc;
}
