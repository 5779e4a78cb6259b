/* kdeck up, status, down: a cluster of brokers on this machine that stays. One broker so far. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/cluster.h"
#include "io/loop.h"
#include "local/local.h"

static char *chosen_dir(struct cli *c)
{
	const char *given = cli_get(c, "dir");
	char *resolved;

	if (!given)
		return local_default_dir();
	/* Properties hold whole paths, whatever folder the broker runs in. */
	if (*given == '/')
		return xstrdup(given);
	resolved = realpath(".", NULL);
	given = xasprintf("%s/%s", resolved ? resolved : ".", given);
	free(resolved);
	return (char *)(uintptr_t)given;
}

/* The cluster in the folder that is meant. Whatever comes back, k->dir names the folder and
 * local_fini ends k. ERR_NOT_FOUND: there is none. */
MUSTCHECK static int look(struct cli *c, struct local_cluster *k, struct err *e)
{
	char *dir = chosen_dir(c);
	int rc = local_look(k, dir, e);

	free(dir);
	return rc;
}

/* ---- up -------------------------------------------------------------------------------------- */

struct starting {
	struct cli *c;
	VEC(struct local_op *) ops;
	size_t left;
	int rc;
};

static void on_started(void *arg, const struct err *e)
{
	struct starting *s = arg;

	s->left--;
	if (e)
		s->rc = cli_fail(s->c, "%s", e->msg);
}

/* All of them at once: none of a quorum is ready alone. */
static int start_all(struct cli *c, const struct local_cluster *k)
{
	struct starting s = {.c = c, .rc = CLI_OK};
	struct err e = {0};
	struct loop *l = loop_new(&e);

	if (!l)
		return cli_fail(c, "%s", e.msg);
	vec_foreach (b, &k->brokers) {
		struct local_op *o;
		if (b->state != LOCAL_STOPPED)
			continue;
		o = local_start(l, k->dir, b->id, on_started, &s, &e);
		if (o) {
			vec_push(&s.ops, o);
			s.left++;
		} else {
			s.rc = cli_fail(c, "%s", e.msg);
		}
	}
	while (s.left)
		loop_run_once(l, true);
	vec_foreach (o, &s.ops)
		local_op_free(*o);
	vec_fini(&s.ops);
	loop_free(l);
	if (s.rc == CLI_OK) {
		buf_puts(&c->out, "bootstrap ");
		local_bootstrap(k, &c->out);
		buf_putc(&c->out, '\n');
	}
	return s.rc;
}

/* A folder without a cluster gets one. */
static int look_or_prepare(struct cli *c, struct local_cluster *k, uint16_t port, struct err *e)
{
	int rc = look(c, k, e);

	if (rc == 0 && cli_has(c, "port"))
		cli_note(c, "kdeck up: the cluster in %s keeps the ports it has", k->dir);
	if (rc == 0)
		return 0;
	rc = port ? 0 : local_free_port(&port, e);
	if (rc == 0)
		rc = local_prepare(k->dir, &(struct local_node){.id = 1, .port = port}, e);
	if (rc < 0)
		return rc;
	local_fini(k);
	return look(c, k, e);
}

static int run_up(struct cli *c)
{
	int64_t brokers, port;
	struct local_cluster k;
	struct err e = {0};
	int rc;

	if (cli_number(c, "brokers", 1, 100, 1, &brokers) ||
		cli_number(c, "port", 0, 65535, 9092, &port))
		return CLI_USAGE;
	if (brokers != 1)
		return cli_usage(c, "--brokers %lld: this version runs clusters of one broker",
			(long long)brokers);
	rc = look_or_prepare(c, &k, (uint16_t)port, &e);
	rc = rc < 0 ? cli_fail(c, "%s", e.msg) : start_all(c, &k);
	local_fini(&k);
	return rc;
}

static const struct cli_option up_options[] = {
	{"brokers", 0, CLI_VALUE, "N", "How many brokers (1 in this version)", NULL},
	{"dir", 0, CLI_VALUE, "DIR", "Where data, logs and pids are (default $XDG_DATA_HOME/kdeck)",
		NULL},
	{"port", 0, CLI_VALUE, "PORT", "Port of the first broker (default 9092; 0: a free one)",
		NULL},
	{0},
};

const struct cli_command cli_up = {.name = "up",
	.summary = "Start a cluster on this machine that stays",
	.options = up_options,
	.local = true,
	.run = run_up};

/* ---- status ---------------------------------------------------------------------------------- */

static void status_json(struct cli *c, const struct local_cluster *k)
{
	struct json j;

	json_init(&j, &c->out);
	json_array(&j);
	vec_foreach (b, &k->brokers) {
		json_object(&j);
		json_kint(&j, "node.id", b->id);
		json_key(&j, "pid");
		if (b->pid)
			json_int(&j, b->pid);
		else
			json_null(&j);
		json_kz(&j, "state", local_state_name(b->state));
		json_kz(&j, "listeners", b->listeners);
		json_key(&j, "http");
		json_null(&j);
		json_kz(&j, "dir", b->dir);
		json_object_end(&j);
	}
	json_array_end(&j);
	buf_putc(&c->out, '\n');
}

static void status_text(struct cli *c, const struct local_cluster *k)
{
	buf_printf(&c->out, "%-8s %-8s %-8s %-32s %s\n", "NODE.ID", "PID", "STATE", "LISTENERS",
		"DIR");
	vec_foreach (b, &k->brokers) {
		char pid[24] = "-";
		if (b->pid)
			snprintf(pid, sizeof(pid), "%ld", (long)b->pid);
		buf_printf(&c->out, "%-8d %-8s %-8s %-32s %s\n", b->id, pid,
			local_state_name(b->state), b->listeners, b->dir);
	}
}

static int run_status(struct cli *c)
{
	struct local_cluster k;
	struct err e = {0};
	int rc = CLI_OK;

	if (look(c, &k, &e) < 0)
		rc = cli_fail(c, "%s", e.msg);
	else if (c->json)
		status_json(c, &k);
	else
		status_text(c, &k);
	local_fini(&k);
	return rc;
}

static const struct cli_option dir_options[] = {
	{"dir", 0, CLI_VALUE, "DIR", "The cluster's folder (default $XDG_DATA_HOME/kdeck)", NULL},
	{0},
};

const struct cli_command cli_status = {.name = "status",
	.summary = "Which brokers of a cluster of kdeck up run",
	.options = dir_options,
	.local = true,
	.run = run_status};

/* ---- down ------------------------------------------------------------------------------------ */

static int run_down(struct cli *c)
{
	struct local_cluster k;
	struct err e = {0};
	int rc = CLI_OK;

	if (look(c, &k, &e) < 0)
		rc = cli_fail(c, "%s", e.msg);
	vec_foreach (b, &k.brokers)
		if (b->state != LOCAL_STOPPED && !b->pid)
			rc = cli_fail(c,
				"broker %d runs (its data folder %s is locked), but %s/pid does "
				"not say which process it is: end it by hand",
				b->id, b->data, b->dir);
	if (local_stop_all(k.dir, LOCAL_STOP_MS) == ERR_TIMEOUT)
		cli_note(c, "what did not stop in %d s was killed", LOCAL_STOP_MS / 1000);
	local_fini(&k);
	return rc;
}

const struct cli_command cli_down = {.name = "down",
	.summary = "Stop the brokers of a cluster of kdeck up",
	.options = dir_options,
	.local = true,
	.run = run_down};
