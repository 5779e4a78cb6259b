/* Whether a plan can be: nothing there twice, nothing taken by somebody else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "io/listener.h"
#include "local/plan.h"

/* "server0.properties" or "broker 4", for messages. */
static const char *name_of(const struct plan_node *n, char room[static 32])
{
	if (n->file)
		return n->file;
	snprintf(room, 32, "broker %d", n->id);
	return room;
}

/* ---- twice ----------------------------------------------------------------------------------- */

static const char *plain(const char *host)
{
	return strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
}

static bool clash(const struct plan_address *a, const struct plan_address *b)
{
	return a->port == b->port &&
	       (listener_everywhere(a->host) || listener_everywhere(b->host) ||
		       strcmp(plain(a->host), plain(b->host)) == 0);
}

static const struct plan_address *shared_address(
	const struct plan_node *a, const struct plan_node *b)
{
	for (size_t i = 0; i < a->addresses.n; i++)
		for (size_t j = 0; j < (a == b ? i : b->addresses.n); j++)
			if (clash(&a->addresses.v[i], &b->addresses.v[j]))
				return &a->addresses.v[i];
	return NULL;
}

static int check_pair(const struct plan_node *a, const struct plan_node *b, struct err *e)
{
	char x[32], y[32];
	const struct plan_address *at = shared_address(a, b);

	if (a != b && a->id == b->id)
		return err_set(e, ERR_EXISTS,
			"%s and %s are both broker.id=%d: every broker needs a number of its own",
			name_of(b, x), name_of(a, y), a->id);
	if (at && a == b)
		return err_set(
			e, ERR_EXISTS, "%s listens on port %u twice", name_of(a, x), at->port);
	if (at)
		return err_set(e, ERR_EXISTS,
			"%s and %s both listen on port %u: every broker needs a port of its own",
			name_of(b, x), name_of(a, y), at->port);
	if (a != b && strcmp(a->data, b->data) == 0)
		return err_set(e, ERR_EXISTS,
			"%s and %s both keep their data in %s: every broker needs log.dirs of its "
			"own",
			name_of(b, x), name_of(a, y), a->data);
	return 0;
}

/* ---- taken ----------------------------------------------------------------------------------- */

static int check_ports(struct loop *l, const struct plan_node *n, struct err *e)
{
	char room[32];

	vec_foreach (a, &n->addresses) {
		int rc = local_try_port(l, a->host, a->port, e);
		if (rc == ERR_IN_USE)
			return err_set(e, rc,
				"%s: %s:%u is in use by another program; kdeck up "
				"--port PORT takes others",
				name_of(n, room), a->host, a->port);
		if (rc < 0)
			return err_wrap(e, "%s", name_of(n, room));
	}
	return 0;
}

/* What is in the folder already belongs to this node, and to the cluster of those before it. */
static int check_data(struct plan_node *n, char **cluster, struct err *e)
{
	struct local_setting s[] = {{"node.id", NULL}, {"cluster.id", NULL}};
	char *path = xasprintf("%s/meta.properties", n->data);
	char room[32];
	int rc = 0;

	n->had_data = access(n->data, F_OK) == 0;
	local_settings_read(path, s, ARRAY_LEN(s));
	if (local_locked(n->data))
		rc = err_set(e, ERR_IN_USE,
			"%s: the data folder %s is in use by a broker that runs", name_of(n, room),
			n->data);
	else if (s[0].value && strtol(s[0].value, NULL, 10) != n->id)
		rc = err_set(e, ERR_INVALID,
			"%s: the data folder %s belongs to node.id=%s, and this is node %d",
			name_of(n, room), n->data, s[0].value, n->id);
	else if (s[1].value && *cluster && strcmp(s[1].value, *cluster) != 0)
		rc = err_set(e, ERR_INVALID,
			"%s: the data folder %s belongs to the cluster %s, another one to %s",
			name_of(n, room), n->data, s[1].value, *cluster);
	free(s[0].value);
	free(path);
	if (s[1].value && *s[1].value && !*cluster)
		*cluster = s[1].value;
	else
		free(s[1].value);
	return rc;
}

int plan_check(struct loop *l, struct plan *p, struct err *e)
{
	char *cluster = NULL;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->nodes.n; i++)
		for (size_t j = 0; rc == 0 && j <= i; j++)
			rc = check_pair(&p->nodes.v[i], &p->nodes.v[j], e);
	vec_foreach (n, &p->nodes) {
		if (rc == 0)
			rc = check_data(n, &cluster, e);
		if (rc == 0)
			rc = check_ports(l, n, e);
	}
	free(cluster);
	return rc;
}
