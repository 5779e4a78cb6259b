/* Questions to the cluster, one after the other, each on the command's own loop. */
#include "cli/cli.h"
#include "cli/impl.h"
#include "io/loop.h"

/* Longer than any question's own time limit: it only ends what should have ended. */
enum { LONGEST_MS = 120000 };

int cli_open(struct cli *c)
{
	struct err e = {0};
	struct admin_options o = {.bootstrap = c->bootstrap};
	c->loop = loop_new(&e);
	if (!c->loop)
		return cli_fail(c, "%s", e.msg);
	vec_foreach (p, &c->properties) {
		if (str_eqz(str_of(p->name), "client.id"))
			o.client_id = p->value;
	}
	c->admin = admin_new(c->loop, &o, &e);
	return c->admin ? CLI_OK : cli_usage(c, "--bootstrap-server %s: %s", c->bootstrap, e.msg);
}

void cli_close(struct cli *c)
{
	admin_free(c->admin);
	loop_free(c->loop);
	c->admin = NULL;
	c->loop = NULL;
}

bool cli_await(struct cli *c, const bool *done)
{
	return loop_run_until(c->loop, done, LONGEST_MS);
}

struct ask {
	struct cli *c;
	cli_use_fn *use;
	void *arg;
	struct err e; /* why it failed */
	int status;
	bool done;
};

static void answered(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct ask *a = arg;
	(void)version;
	(void)arena;
	if (e)
		a->e = *e;
	else
		a->status = a->use(a->c, a->arg, response);
	a->done = true;
}

static int finish(struct cli *c, struct ask *a, int64_t id)
{
	if (!cli_await(c, &a->done)) {
		admin_cancel(c->admin, id);
		err_set(&a->e, ERR_TIMEOUT, "%s: no answer", c->bootstrap);
	}
	return a->e.code ? CLI_NO : a->status;
}

static int64_t start(struct cli *c, int16_t api_key, const void *request,
	const struct admin_target *to, struct ask *a)
{
	switch (api_key) {
	case API_DESCRIBE_CONFIGS:
		return admin_describe_configs(c->admin, request, answered, a);
	case API_INCREMENTAL_ALTER_CONFIGS:
		return admin_alter_configs(c->admin, request, answered, a);
	case API_CREATE_TOPICS:
		return admin_create_topics(c->admin, request, answered, a);
	case API_DELETE_TOPICS:
		return admin_delete_topics(c->admin, request, answered, a);
	case API_CREATE_PARTITIONS:
		return admin_create_partitions(c->admin, request, answered, a);
	default:
		return admin_call(c->admin, api_key, request, to, 0, answered, a);
	}
}

int cli_try(struct cli *c, int16_t api_key, const void *request, const struct admin_target *to,
	cli_use_fn *use, void *arg, struct err *e)
{
	struct ask a = {.c = c, .use = use, .arg = arg};
	int status = finish(c, &a, start(c, api_key, request, to, &a));
	*e = a.e;
	return status;
}

int cli_ask(struct cli *c, int16_t api_key, const void *request, const struct admin_target *to,
	cli_use_fn *use, void *arg)
{
	struct err e;
	int status = cli_try(c, api_key, request, to, use, arg, &e);
	return e.code ? cli_fail(c, "%s", e.msg) : status;
}

static void refreshed(void *arg, const struct err *e)
{
	struct ask *a = arg;
	if (e)
		a->e = *e;
	a->done = true;
}

int cli_refresh(struct cli *c, const struct str *topics, size_t n)
{
	struct ask a = {.c = c};
	int status = finish(c, &a, admin_refresh(c->admin, topics, n, 0, refreshed, &a));
	return a.e.code ? cli_fail(c, "%s", a.e.msg) : status;
}
