/* Questions to the cluster, one after the other, each on the command's own loop. */
#include "cli/cli.h"
#include "cli/impl.h"
#include "io/loop.h"
#include <signal.h>
#include <string.h>

/* Longer than any question's own time limit: it only ends what should have ended. */
enum { LONGEST_MS = 120000, GRACE_MS = 60000, MAX_TOLD = 20 };

int cli_open(struct cli *c)
{
	struct err e = {0};
	struct admin_options o = {.bootstrap = c->bootstrap,
		.timeout_ms = c->timeout_ms,
		.request_timeout_ms = c->attempt_ms};
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

static void on_signal(void *arg, int signum)
{
	struct cli *c = arg;
	c->signal = signum;
	*c->stop = true;
}

void cli_watch_signals(struct cli *c, bool *stop)
{
	static const int which[] = {SIGINT, SIGTERM};
	_Static_assert(ARRAY_LEN(which) == ARRAY_LEN(((struct cli *)0)->on), "one watch each");
	c->stop = stop;
	/* Without a watch the signal ends the process, as if nobody had asked. */
	for (size_t i = 0; i < ARRAY_LEN(which); i++)
		c->on[i] = loop_signal_new(c->loop, which[i], on_signal, c, NULL);
}

void cli_close(struct cli *c)
{
	for (size_t i = 0; i < ARRAY_LEN(c->on); i++) {
		if (c->on[i])
			loop_signal_free(c->on[i]);
		c->on[i] = NULL;
	}
	admin_free(c->admin);
	loop_free(c->loop);
	c->admin = NULL;
	c->loop = NULL;
}

bool cli_await(struct cli *c, const bool *done)
{
	return loop_run_until(c->loop, done, max_i64(LONGEST_MS, c->timeout_ms + GRACE_MS));
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
	case API_ELECT_LEADERS:
		return admin_elect_leaders(c->admin, request, answered, a);
	case API_ALTER_PARTITION_REASSIGNMENTS:
		return admin_alter_reassignments(c->admin, request, answered, a);
	case API_LIST_PARTITION_REASSIGNMENTS:
		return admin_list_reassignments(c->admin, request, answered, a);
	case API_DESCRIBE_QUORUM:
		return admin_describe_quorum(c->admin, answered, a);
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
	return e.code ? cli_fail_asking(c, &e) : status;
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
	return a.e.code ? cli_fail_asking(c, &a.e) : status;
}

int cli_tell_failed(struct cli *c, const struct admin_offset *all, size_t n)
{
	const char *last = "";
	size_t told = 0, failed = 0;
	for (size_t i = 0; i < n; i++) {
		if (!all[i].error)
			continue;
		const char *why = all[i].why ? all[i].why : kerr_text(all[i].error);
		failed++;
		if (told < MAX_TOLD && strcmp(why, last) != 0) {
			cli_fail(c, "%s", why);
			told++;
		}
		last = why;
	}
	if (failed > told)
		cli_note(c, "%zu partitions failed", failed);
	return failed ? CLI_NO : CLI_OK;
}
