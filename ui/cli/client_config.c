/* The files and flags with settings of clients: --command-config, --producer-property … */
#include "cli/cli.h"
#include "cli/impl.h"
#include "conf/properties.h"
#include <errno.h>
#include <stdlib.h>

/* "name=value" of such an option as a property; both point into z or c->kept. CLI_USAGE (printed)
 * or CLI_OK. */
static int cli_property(
	struct cli *c, const char *option, const char *z, struct traffic_property *out)
{
	const char *eq = strchr(z, '=');
	if (!eq || eq == z)
		return cli_usage(c, "--%s %s: name=value was expected", option, z);
	struct str name = cli_keep(c, (struct str){z, (size_t)(eq - z)});
	*out = (struct traffic_property){name.p, eq + 1};
	return CLI_OK;
}

enum { MOST_WRONG = 20 };

struct line_taker {
	struct cli *c;
	const char *path;
	cli_line_fn *fn;
	void *arg;
	int status, wrong;
};

static int take_line(void *arg, struct str key, struct str value, int line)
{
	struct line_taker *t = arg;
	int status;
	if (t->status == CLI_USAGE || t->wrong >= MOST_WRONG)
		return 0;
	char *where = xasprintf("%s:%d", t->path, line);
	char *text = xasprintf("%.*s=%.*s", STR_ARG(key), STR_ARG(value));
	vec_push(&t->c->kept, text);
	t->c->where = where;
	status = t->fn(t->arg, text);
	t->c->where = NULL;
	free(where);
	t->wrong += status != CLI_OK;
	if (status != CLI_OK)
		t->status = status;
	return 0;
}

int cli_property_file(
	struct cli *c, const char *option, const char *path, cli_line_fn *fn, void *arg)
{
	struct line_taker t = {.c = c, .path = path, .fn = fn, .arg = arg};
	struct err e = {0};
	if (properties_read(path, take_line, &t, &e) < 0)
		return cli_fail(c, "--%s: %s", option, e.msg);
	return t.status;
}

/* Java's settings of an admin client that mean something here. */
static int take_time(struct cli *c, const struct traffic_property *p)
{
	const struct {
		const char *name;
		int64_t *to;
	} all[] = {
		{"request.timeout.ms", &c->attempt_ms},
		{"default.api.timeout.ms", &c->timeout_ms},
	};
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		char *end;
		if (strcmp(p->name, all[i].name))
			continue;
		errno = 0;
		long long v = strtoll(p->value, &end, 10);
		if (errno || end == p->value || *end || v < 1 || v > INT32_MAX)
			return cli_fail(c, "%s=%s: a number of milliseconds was expected", p->name,
				p->value);
		*all[i].to = v;
	}
	return CLI_OK;
}

/* A setting that nobody knows is told and left out, as Java does. */
static int keep_known(struct cli *c, const struct traffic_property *p, property_list *out)
{
	struct err e = {0};
	int r = traffic_property_check(p, true, &e);
	if (r == ERR_NOT_FOUND)
		cli_warn(c, "%s is no setting of a client and has no effect", p->name);
	else if (r < 0)
		return cli_fail(c, "%s", e.msg);
	else
		vec_push(out, *p);
	return CLI_OK;
}

/* What the file says about the way to the cluster must be what this program can do. */
static int take_setting(void *arg, const char *text)
{
	struct cli *c = arg;
	struct traffic_property p;
	int status = cli_property(c, "command-config", text, &p);
	if (status != CLI_OK)
		return status;
	if (!strcmp(p.name, "bootstrap.servers")) {
		if (!cli_has(c, "bootstrap-server") && *p.value)
			c->bootstrap = p.value;
		return CLI_OK;
	}
	if (!strcmp(p.name, "security.protocol") && !strcmp(p.value, "PLAINTEXT"))
		return CLI_OK;
	if (!strcmp(p.name, "security.protocol") || !strncmp(p.name, "sasl.", 5) ||
		!strncmp(p.name, "ssl.", 4))
		return cli_fail(c,
			"%s=%s: only PLAINTEXT listeners can be used so far; name one with "
			"--bootstrap-server",
			p.name,
			strstr(p.name, "jaas") || strstr(p.name, "password") ? "(hidden)"
									     : p.value);
	status = take_time(c, &p);
	return status == CLI_OK ? keep_known(c, &p, &c->properties) : status;
}

int cli_read_config(struct cli *c)
{
	const char *path = cli_get(c, "command-config");
	return path ? cli_property_file(c, "command-config", path, take_setting, c) : CLI_OK;
}

int cli_take_properties(struct cli *c, const char *option, property_list *out)
{
	char *where = xasprintf("--%s", option);
	const char *z;
	int status = CLI_OK;
	vec_foreach (p, &c->properties)
		vec_push(out, *p);
	for (size_t i = 0; status == CLI_OK && (z = cli_nth(c, option, i)); i++) {
		struct traffic_property p;
		status = cli_property(c, option, z, &p);
		c->where = where;
		if (status == CLI_OK)
			status = keep_known(c, &p, out);
		c->where = NULL;
	}
	free(where);
	return status;
}
