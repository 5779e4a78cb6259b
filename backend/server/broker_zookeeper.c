/* What a ZooKeeper's settings and addresses stand for in a cluster without one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "server/broker_config.h"

#define CLIENT_PORT "2181"

static bool names_quorum(const struct conf *c)
{
	return conf_get_str(c, "controller.quorum.voters").n ||
	       conf_get_str(c, "controller.quorum.bootstrap.servers").n;
}

/* ---- a broker's zookeeper.connect ------------------------------------------------------------ */

/* "h1:2181,h2/chroot" → "h1:2181,h2:2181"; the path is what stands behind. */
static void split(struct str connect, struct buf *servers, struct str *path)
{
	const char *slash = connect.n ? memchr(connect.p, '/', connect.n) : NULL;
	struct str rest = connect, item;

	*path = STR_LIT("");
	if (slash) {
		rest.n = (size_t)(slash - connect.p);
		*path = (struct str){slash, connect.n - rest.n};
	}
	while (conf_list_next(&rest, &item)) {
		const char *colon = memrchr(item.p, ':', item.n);
		bool has_port = colon && !memchr(colon, ']', (size_t)(item.p + item.n - colon));
		buf_printf(servers, "%s%.*s%s", servers->n ? "," : "", STR_ARG(item),
			has_port ? "" : ":" CLIENT_PORT);
	}
}

/* Where the setting stands: "server.properties:12: ". */
static void put_place(const struct conf *c, const char *name, struct buf *out)
{
	const char *where = conf_value(c, name)->where;

	if (where)
		buf_printf(out, "%s: ", where);
}

static int take_connect(struct conf *c, struct err *e)
{
	static const char name[] = "zookeeper.connect";
	struct buf servers = BUF_EMPTY, note = BUF_EMPTY;
	struct str path;
	int rc;

	split(conf_get_str(c, name), &servers, &path);
	rc = broker_config_stand_for(
		c, name, "controller.quorum.bootstrap.servers", buf_z(&servers), e);
	if (rc == 0 && !conf_is_set(c, "process.roles"))
		rc = broker_config_stand_for(c, name, "process.roles", "broker", e);
	put_place(c, name, &note);
	buf_printf(&note,
		"%s: there is no ZooKeeper any more; this node joins as a broker and asks the "
		"controller at %s (controller.quorum.bootstrap.servers)",
		name, buf_z(&servers));
	if (path.n > 1)
		buf_printf(&note,
			"; the path %.*s means nothing to it, one controller has one cluster",
			STR_ARG(path));
	if (rc == 0)
		conf_note(c, "%s", buf_z(&note));
	buf_fini(&note);
	buf_fini(&servers);
	return rc;
}

static int settle_connect(struct conf *c, struct err *e)
{
	static const char name[] = "zookeeper.connect";
	struct buf place = BUF_EMPTY;
	bool decides = conf_is_set(c, "process.roles") &&
		       conf_list_has(conf_get_str(c, "process.roles"), "controller");

	if (!conf_get_str(c, name).n)
		return 0;
	if (!names_quorum(c) && !decides)
		return take_connect(c, e);
	put_place(c, name, &place);
	conf_note(c, "%s%s: there is no ZooKeeper any more; it is not used, because %s is set",
		place.n ? buf_z(&place) : "", name,
		names_quorum(c) ? "the quorum of controllers" : "process.roles");
	buf_fini(&place);
	return 0;
}

/* ---- a ZooKeeper's own settings -------------------------------------------------------------- */

/* Several controllers that do not know of each other would be several clusters. */
static int check_ensemble(const struct conf *c, struct err *e)
{
	const char *first = NULL;

	vec_foreach (name, &c->ignored) {
		if (!str_starts(str_of(*name), "server."))
			continue;
		if (first)
			return err_set(e, ERR_UNSUPPORTED,
				"%s, %s: an ensemble of ZooKeepers becomes a quorum of "
				"controllers: "
				"give each node process.roles=controller, node.id, listeners and "
				"the "
				"same controller.quorum.voters=ID@HOST:PORT,… instead",
				first, *name);
		first = *name;
	}
	return 0;
}

static int set_unless(struct conf *c, const char *name, const char *value, struct err *e)
{
	return conf_is_set(c, name) ? 0 : broker_config_stand_for(c, "clientPort", name, value, e);
}

static int settle_server(struct conf *c, struct err *e)
{
	const char *host = conf_get_z(c, "clientPortAddress"), *dir = conf_get_z(c, "dataDir");
	char *listener, *voter, id[16];
	int rc;

	if (!conf_is_set(c, "clientPort"))
		return 0;
	rc = check_ensemble(c, e);
	if (rc < 0)
		return rc;
	snprintf(id, sizeof(id), "%d", BROKER_ZOOKEEPER_ID);
	rc = set_unless(c, "node.id", id, e);
	host = host && *host ? host : "127.0.0.1";
	listener = xasprintf("CONTROLLER://%s:%d", host, conf_get_int(c, "clientPort"));
	voter = xasprintf(
		"%d@%s:%d", conf_get_int(c, "node.id"), host, conf_get_int(c, "clientPort"));
	if (rc == 0)
		rc = set_unless(c, "process.roles", "controller", e);
	if (rc == 0)
		rc = set_unless(c, "listeners", listener, e);
	if (rc == 0)
		rc = set_unless(c, "controller.quorum.voters", voter, e);
	if (rc == 0 && dir && *dir)
		rc = set_unless(c, "log.dirs", dir, e);
	if (rc == 0)
		conf_note(c,
			"ZooKeeper's part is played by a controller now: node %d, which brokers "
			"ask "
			"at %s:%d",
			conf_get_int(c, "node.id"), host, conf_get_int(c, "clientPort"));
	free(listener);
	free(voter);
	return rc;
}

int broker_zookeeper_settle(struct conf *c, struct err *e)
{
	int rc = settle_server(c, e);

	return rc < 0 ? rc : settle_connect(c, e);
}
