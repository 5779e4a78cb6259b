/* Reading files of settings into a plan, filling it up, writing it. */
#include "local/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "conf/conf.h"
#include "conf/properties.h"

static void node_fini(struct plan_node *n)
{
	vec_foreach (s, &n->settings) {
		free(s->key);
		free(s->value);
	}
	vec_foreach (a, &n->addresses) {
		free(a->name);
		free(a->host);
	}
	vec_fini(&n->settings);
	vec_fini(&n->addresses);
	free(n->data);
}

void plan_fini(struct plan *p)
{
	vec_foreach (n, &p->nodes)
		node_fini(n);
	vec_fini(&p->nodes);
	free(p->voters);
}

const char *plan_get(const struct plan_node *n, const char *key)
{
	const char *found = NULL;

	vec_foreach (s, &n->settings)
		if (strcmp(s->key, key) == 0)
			found = s->value;
	return found;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int keep(void *arg, struct str key, struct str value, int line)
{
	struct plan_node *n = arg;

	(void)line;
	vec_push(&n->settings, ((struct plan_setting){str_dup(key), str_dup(value)}));
	return 0;
}

/* By whichever name, and whole. */
static char *data_of(const struct plan_node *n)
{
	const char *set = plan_get(n, "log.dirs");
	char *here, *whole;

	if (!set || !*set)
		set = plan_get(n, "log.dir");
	if (!set || !*set)
		return NULL;
	if (*set == '/')
		return xstrdup(set);
	here = realpath(".", NULL);
	whole = xasprintf("%s/%s", here ? here : ".", set);
	free(here);
	return whole;
}

static int take_id(struct plan_node *n, struct err *e)
{
	const char *id = plan_get(n, "node.id");
	int64_t number = 0;

	if (!id)
		id = plan_get(n, "broker.id");
	if (id && (!conf_parse_long(str_of(id), &number) || number < 0 || number > INT32_MAX))
		return err_set(e, ERR_INVALID,
			"%s: broker.id=%s: every broker of the cluster needs a number of its own, "
			"from 0 on",
			n->file, id);
	n->id = (int32_t)number;
	return 0;
}

int local_file_id(const char *file, int32_t *id, struct err *e)
{
	struct plan_node n = {.file = file};
	int rc = properties_read(file, keep, &n, e);

	if (rc == 0)
		rc = take_id(&n, e);
	*id = n.id;
	node_fini(&n);
	return rc;
}

static int read_file(struct plan *p, const char *file, struct err *e)
{
	struct plan_node *n = vec_add(&p->nodes);
	const char *roles;
	int rc;

	n->file = file;
	rc = properties_read(file, keep, n, e);
	if (rc == 0)
		rc = take_id(n, e);
	if (rc < 0)
		return rc;
	roles = plan_get(n, "process.roles");
	n->serves = !roles || conf_list_has(str_of(roles), "broker");
	n->votes = !roles || conf_list_has(str_of(roles), "controller");
	n->data = data_of(n);
	if (plan_get(n, "zookeeper.connect"))
		p->zookeeper = plan_get(n, "zookeeper.connect");
	return 0;
}

/* The same file by two names is one file, too. */
static int check_twice(const char *const *files, size_t n_files, struct err *e)
{
	struct stat a, b;

	for (size_t i = 0; i < n_files; i++) {
		if (stat(files[i], &a) < 0)
			return err_errno(e, ERR_IO, errno, "%s", files[i]);
		for (size_t j = 0; j < i; j++)
			if (stat(files[j], &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
				return err_set(e, ERR_EXISTS,
					"%s is named twice: every broker needs a file of its own",
					files[i]);
	}
	return 0;
}

int plan_read_files(struct plan *p, const char *const *files, size_t n_files, struct err *e)
{
	int rc = check_twice(files, n_files, e);

	for (size_t i = 0; rc == 0 && i < n_files; i++)
		rc = read_file(p, files[i], e);
	return rc;
}

void plan_fill(struct plan *p, size_t brokers)
{
	int32_t id = 0;

	vec_foreach (n, &p->nodes)
		id = n->id > id ? n->id : id;
	while (p->nodes.n < brokers) {
		struct plan_node *n = vec_add(&p->nodes);
		n->id = ++id;
		n->serves = n->votes = true;
	}
	vec_foreach (n, &p->nodes)
		if (!n->data)
			n->data = xasprintf("%s/broker-%d/data", p->dir, n->id);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* What the plan says itself, whatever the file had. */
static bool is_ours(const struct plan *p, const char *key)
{
	static const char *const ours[] = {"node.id", "broker.id", "log.dirs", "log.dir",
		"listeners", "port", "host.name", "process.roles", "kdeck.http.listener"};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (strcmp(key, ours[i]) == 0)
			return true;
	return (p->voters && strcmp(key, "zookeeper.connect") == 0) ||
	       (p->faults && strcmp(key, "kdeck.faults.enable") == 0);
}

static void put_addresses(const struct plan_node *n, struct buf *out)
{
	bool first = true;

	buf_puts(out, "listeners=");
	vec_foreach (a, &n->addresses) {
		bool v6 = strchr(a->host, ':');
		if (!a->name)
			continue;
		buf_printf(out, "%s%s://%s%s%s:%u", first ? "" : ",", a->name, v6 ? "[" : "",
			a->host, v6 ? "]" : "", a->port);
		first = false;
	}
	buf_putc(out, '\n');
	vec_foreach (a, &n->addresses)
		if (!a->name)
			buf_printf(out, "kdeck.http.listener=%s:%u\n", a->host, a->port);
}

static void put_node(const struct plan *p, const struct plan_node *n, struct buf *out)
{
	buf_puts(out, LOCAL_HEAD);
	if (n->file)
		buf_printf(
			out, "# Its settings are those of %s, after what kdeck up set.\n", n->file);
	buf_printf(out, "node.id=%d\nprocess.roles=%s%s%s\n", n->id, n->serves ? "broker" : "",
		n->serves && n->votes ? "," : "", n->votes ? "controller" : "");
	put_addresses(n, out);
	if (p->voters)
		buf_printf(out, LOCAL_VOTERS "=%s\n", p->voters);
	properties_write(out, STR_LIT("log.dirs"), str_of(n->data));
	if (p->faults)
		buf_puts(out, "kdeck.faults.enable=true\n");
	vec_foreach (s, &n->settings)
		if (!is_ours(p, s->key))
			properties_write(out, str_of(s->key), str_of(s->value));
}

static int write_node(const struct plan *p, struct plan_node *n, struct err *e)
{
	char *broker_dir = xasprintf("%s/broker-%d", p->dir, n->id);
	char *path = xasprintf("%s/server.properties", broker_dir);
	struct buf text = BUF_EMPTY;
	int rc = local_make_dirs(broker_dir, e);

	put_node(p, n, &text);
	if (rc == 0)
		rc = local_write_new(path, &text, e);
	n->written = rc == 0;
	buf_fini(&text);
	free(path);
	free(broker_dir);
	return rc;
}

int plan_write(struct plan *p, struct err *e)
{
	int rc = 0;

	vec_foreach (n, &p->nodes)
		if (rc == 0)
			rc = write_node(p, n, e);
	return rc;
}

static void take_back(const struct plan *p, const struct plan_node *n)
{
	char *path = xasprintf("%s/broker-%d/server.properties", p->dir, n->id);
	char *pid = xasprintf("%s/broker-%d/pid", p->dir, n->id);
	char *data = xasprintf("%s/broker-%d/data", p->dir, n->id);

	unlink(path);
	unlink(pid);
	if (!n->had_data && strcmp(n->data, data) == 0)
		local_remove_tree(data);
	free(data);
	free(pid);
	free(path);
}

void plan_take_back(const struct plan *p)
{
	vec_foreach (n, &p->nodes)
		if (n->written && !local_locked(n->data))
			take_back(p, n);
}
