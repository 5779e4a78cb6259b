/* Where the nodes of a plan listen, who of them votes, and whether all of that can be. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "conf/conf.h"
#include "io/listener.h"
#include "local/plan.h"

#define DEFAULT_PORT 9092

/* ---- adding addresses ------------------------------------------------------------------------ */

static bool is_planned(const struct plan *p, uint16_t port)
{
	vec_foreach (n, &p->nodes)
		vec_foreach (a, &n->addresses)
			if (a->port == port)
				return true;
	return false;
}

static int free_port(struct loop *l, const struct plan *p, uint16_t *out, struct err *e)
{
	int rc;

	do
		rc = local_free_port(l, out, e);
	while (rc == 0 && is_planned(p, *out));
	return rc;
}

static bool is_free(struct loop *l, const struct plan *p, long port)
{
	struct err e = {0};

	return port > 0 && port <= UINT16_MAX && !is_planned(p, (uint16_t)port) &&
	       local_try_port(l, NULL, (uint16_t)port, &e) == 0;
}

static void add(struct plan_node *n, struct str name, struct str host, uint16_t port, bool chosen)
{
	struct plan_address *a = vec_add(&n->addresses);

	a->name = name.n ? str_dup(name) : NULL;
	a->host = host.n ? str_dup(host) : xstrdup("127.0.0.1");
	a->port = port;
	a->chosen = chosen;
}

/* `wanted` of loopback, or another one when that is taken or no port. */
static int add_near(struct loop *l, const struct plan *p, struct plan_node *n, const char *name,
	long wanted, struct err *e)
{
	uint16_t port = (uint16_t)wanted;
	int rc = is_free(l, p, wanted) ? 0 : free_port(l, p, &port, e);

	if (rc == 0)
		add(n, str_of(name), STR_LIT("127.0.0.1"), port, true);
	return rc;
}

/* ---- where clients connect --------------------------------------------------------------------
 */

static const char *controller_names(const struct plan_node *n)
{
	const char *names = plan_get(n, "controller.listener.names");

	return names && *names ? names : LOCAL_CONTROLLER;
}

static bool is_controller(const struct plan_node *n, struct str name)
{
	struct str rest = str_of(controller_names(n)), item;

	while (conf_list_next(&rest, &item))
		if (str_eq(item, name))
			return true;
	return false;
}

static int add_listeners(
	struct loop *l, const struct plan *p, struct plan_node *n, struct str list, struct err *e)
{
	struct str item, name, host;
	uint16_t port;

	while (conf_list_next(&list, &item)) {
		bool chosen;
		if (!conf_parse_listener(item, &name, &host, &port))
			return err_set(e, ERR_INVALID,
				"%s: listeners: '%.*s' is no listener: NAME://HOST:PORT is "
				"expected, as in PLAINTEXT://127.0.0.1:9092",
				n->file, STR_ARG(item));
		chosen = port == 0;
		if (chosen && free_port(l, p, &port, e) < 0)
			return e->code;
		add(n, name, host, port, chosen);
		vec_last(&n->addresses)->is_controller = is_controller(n, name);
	}
	return 0;
}

/* The old names of a listener. */
static int add_old(struct loop *l, const struct plan *p, struct plan_node *n, struct err *e)
{
	const char *host = plan_get(n, "host.name"), *port = plan_get(n, "port");
	char *listener = xasprintf("PLAINTEXT://%s:%s", host && *host ? host : "127.0.0.1",
		port && *port ? port : "9092");
	int rc = add_listeners(l, p, n, str_of(listener), e);

	free(listener);
	return rc;
}

static long highest_port(const struct plan *p)
{
	long port = 0;

	vec_foreach (n, &p->nodes)
		vec_foreach (a, &n->addresses)
			port = a->port > port ? a->port : port;
	return port;
}

static bool are_free(struct loop *l, const struct plan *p, long port, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_free(l, p, port + (long)i))
			return false;
	return true;
}

/* Where the flags' brokers begin; next_ports: n in a row, as all such clusters count them, so that
 * none takes the port of another one's broker that is down. Past the last port: none is left. */
static long first_port(struct loop *l, const struct plan *p, const struct local_wish *w, size_t n)
{
	long port = w->port < 0 ? DEFAULT_PORT : w->port;

	while (w->next_ports && port > 0 && port <= UINT16_MAX && !are_free(l, p, port, n))
		port += (long)n;
	return port;
}

/* The i-th of the cluster by the flags; those behind the files go on where the files end. */
static int add_port(struct loop *l, const struct plan *p, struct plan_node *n,
	const struct local_wish *w, long first, size_t i, struct err *e)
{
	bool follows = w->port < 0 && w->n_files;
	long port = follows ? highest_port(p) + 1 : first;
	uint16_t chosen = 0;

	if (w->port == 0) {
		if (free_port(l, p, &chosen, e) < 0)
			return e->code;
		port = chosen;
	} else {
		port += follows ? 0 : (long)i;
		while (port <= UINT16_MAX && (is_planned(p, (uint16_t)port) || follows) &&
			!is_free(l, p, port))
			port++;
	}
	if (port > UINT16_MAX)
		return err_set(e, ERR_INVALID,
			"no port is left for broker %d: they go from --port on, up to 65535",
			n->id);
	add(n, STR_LIT("PLAINTEXT"), STR_LIT("127.0.0.1"), (uint16_t)port, w->port == 0);
	return 0;
}

static int add_clients(struct loop *l, struct plan *p, const struct local_wish *w, struct err *e)
{
	long first = first_port(l, p, w, p->nodes.n);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->nodes.n; i++) {
		struct plan_node *n = &p->nodes.v[i];
		const char *listeners = plan_get(n, "listeners");
		if (!n->file || (w->port >= 0 && n->serves))
			rc = add_port(l, p, n, w, first, i, e);
		else if (listeners && *listeners)
			rc = add_listeners(l, p, n, str_of(listeners), e);
		else
			rc = add_old(l, p, n, e);
	}
	return rc;
}

/* ---- the quorum ------------------------------------------------------------------------------ */

static const char *const quorum_keys[] = {LOCAL_VOTERS, LOCAL_QUORUM_SERVERS};

static bool has_quorum(const struct plan_node *n)
{
	for (size_t i = 0; i < ARRAY_LEN(quorum_keys); i++) {
		const char *value = plan_get(n, quorum_keys[i]);
		if (value && *value)
			return true;
	}
	return false;
}

/* All files name a quorum or none does, and the same ZooKeeper. */
static int check_quorum(const struct plan *p, size_t n_files, bool *theirs, struct err *e)
{
	const struct plan_node *first = p->nodes.v;

	for (size_t i = 1; i < n_files; i++) {
		const struct plan_node *n = &p->nodes.v[i];
		const char *a = plan_get(first, "zookeeper.connect");
		const char *b = plan_get(n, "zookeeper.connect");
		if (has_quorum(first) != has_quorum(n))
			return err_set(e, ERR_INVALID,
				"%s names its controllers (controller.quorum.voters) and %s does "
				"not: it must stand in all of the files or in none",
				has_quorum(first) ? first->file : n->file,
				has_quorum(first) ? n->file : first->file);
		if (a && b && strcmp(a, b) != 0)
			return err_set(e, ERR_INVALID,
				"%s and %s name different clusters: zookeeper.connect=%s and %s",
				first->file, n->file, a, b);
	}
	*theirs = n_files && has_quorum(first);
	return 0;
}

/* Whoever has no file observes the quorum that the files name. */
static void join_theirs(struct plan *p)
{
	const struct plan_node *first = p->nodes.v;

	vec_foreach (n, &p->nodes)
		for (size_t i = 0; !n->file && i < ARRAY_LEN(quorum_keys); i++) {
			const char *value = plan_get(first, quorum_keys[i]);
			n->votes = false;
			if (value)
				vec_push(&n->settings,
					((struct plan_setting){
						xstrdup(quorum_keys[i]), xstrdup(value)}));
		}
}

static const struct plan_address *controller_of(const struct plan_node *n)
{
	vec_foreach (a, &n->addresses)
		if (a->is_controller)
			return a;
	return NULL;
}

static int add_voter(struct loop *l, const struct plan *p, struct plan_node *n, struct buf *voters,
	struct err *e)
{
	struct str rest = str_of(controller_names(n)), first = STR_LIT("");
	const struct plan_address *a;
	const char *host;

	if (!controller_of(n)) {
		char *name;
		int rc;
		(void)conf_list_next(&rest, &first);
		name = str_dup(first);
		rc = add_near(l, p, n, name, n->addresses.v[0].port + CONTROLLER_ABOVE, e);
		free(name);
		if (rc < 0)
			return rc;
		vec_last(&n->addresses)->is_controller = true;
	}
	a = controller_of(n);
	host = listener_everywhere(a->host) ? "127.0.0.1" : a->host;
	buf_printf(voters, "%s%d@%s%s%s:%u", voters->n ? "," : "", n->id,
		strchr(host, ':') ? "[" : "", host, strchr(host, ':') ? "]" : "", a->port);
	return 0;
}

static int choose_voters(struct loop *l, struct plan *p, struct err *e)
{
	struct buf voters = BUF_EMPTY;
	int n_voters = 0, rc = 0;

	vec_foreach (n, &p->nodes) {
		n->votes = n->votes && n_voters < PLAN_VOTERS;
		if (!n->votes && !n->serves)
			rc = err_set(e, ERR_TOO_BIG,
				"%s: process.roles=controller: at most %d controllers vote",
				n->file, PLAN_VOTERS);
		if (n->votes && rc == 0)
			rc = add_voter(l, p, n, &voters, e);
		n_voters += n->votes;
		if (rc < 0)
			break;
	}
	if (rc == 0 && !n_voters)
		rc = err_set(e, ERR_INVALID,
			"none of the files has the role controller (process.roles), and none says "
			"who the controllers are (controller.quorum.voters)");
	p->voters = buf_steal(&voters);
	return rc;
}

/* ---- HTTP ------------------------------------------------------------------------------------ */

static int add_http(struct loop *l, const struct plan *p, struct plan_node *n, struct err *e)
{
	const char *set = plan_get(n, "kdeck.http.listener");
	char *url;
	struct str name, host;
	uint16_t port;
	bool ok;

	if (!n->serves || (set && !*set))
		return 0;
	if (!set)
		return add_near(l, p, n, "", n->addresses.v[0].port + HTTP_ABOVE, e);
	url = xasprintf("http://%s", set);
	ok = conf_parse_listener(str_of(url), &name, &host, &port);
	if (ok)
		add(n, STR_LIT(""), host, port, false);
	free(url);
	return ok ? 0
		  : err_set(e, ERR_INVALID, "%s: kdeck.http.listener=%s: HOST:PORT is expected",
			    n->file, set);
}

int plan_addresses(struct loop *l, struct plan *p, const struct local_wish *w, struct err *e)
{
	bool theirs = false;
	int rc = check_quorum(p, w->n_files, &theirs, e);

	if (rc == 0)
		rc = add_clients(l, p, w, e);
	if (rc == 0 && theirs)
		join_theirs(p);
	else if (rc == 0)
		rc = choose_voters(l, p, e);
	vec_foreach (n, &p->nodes)
		if (rc == 0)
			rc = add_http(l, p, n, e);
	return rc;
}
