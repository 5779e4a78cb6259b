/* kdeck up, status, down: a cluster of brokers on this machine that stays. One broker so far. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/cluster.h"
#include "cli/local.h"
#include "io/loop.h"

#define START_MS 30000
#define STOP_MS  30000

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

static const char *state_of(const struct local_broker *b)
{
	return b->running ? "running" : "stopped";
}

/* ---- up -------------------------------------------------------------------------------------- */

static int start_one(struct cli *c, struct loop *l, const struct local_broker *b)
{
	struct local_start s = {.broker_dir = b->dir, .detached = true, .timeout_ms = START_MS};
	struct buf ready = BUF_EMPTY;
	struct err e = {0};
	pid_t pid;
	int rc = local_start(l, &s, &ready, &pid, &e);

	buf_fini(&ready);
	return rc < 0 ? cli_fail(c, "%s", e.msg) : CLI_OK;
}

static int start_all(struct cli *c, const struct local_cluster *k)
{
	struct err e = {0};
	struct loop *l = loop_new(&e);
	int rc = CLI_OK;

	if (!l)
		return cli_fail(c, "%s", e.msg);
	vec_foreach (b, &k->brokers)
		if (rc == CLI_OK && !b->running)
			rc = start_one(c, l, b);
	if (rc == CLI_OK) {
		buf_puts(&c->out, "bootstrap ");
		local_bootstrap(k, &c->out);
		buf_putc(&c->out, '\n');
	}
	loop_free(l);
	return rc;
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
		rc = local_prepare(k->dir, 1, port, NULL, e);
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
		if (b->running)
			json_int(&j, b->pid);
		else
			json_null(&j);
		json_kz(&j, "state", state_of(b));
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
		if (b->running)
			snprintf(pid, sizeof(pid), "%ld", (long)b->pid);
		buf_printf(&c->out, "%-8d %-8s %-8s %-32s %s\n", b->id, pid, state_of(b),
			b->listeners, b->dir);
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

static int stop_one(struct cli *c, const struct local_broker *b)
{
	int rc;

	if (!b->running)
		return CLI_OK;
	if (!b->pid)
		return cli_fail(c,
			"broker %d runs (its data folder %s/data is locked), but %s/pid does not "
			"say which process it is: end it by hand",
			b->id, b->dir, b->dir);
	rc = local_stop(b->pid, STOP_MS);
	if (rc == ERR_TIMEOUT)
		cli_note(c, "broker %d did not stop in %d s and was killed", b->id, STOP_MS / 1000);
	else if (rc < 0)
		return cli_fail(c, "broker %d (process %ld) cannot be ended", b->id, (long)b->pid);
	return CLI_OK;
}

static int run_down(struct cli *c)
{
	struct local_cluster k;
	struct err e = {0};
	int rc = CLI_OK;

	if (look(c, &k, &e) < 0)
		rc = cli_fail(c, "%s", e.msg);
	vec_foreach (b, &k.brokers)
		if (stop_one(c, b) != CLI_OK)
			rc = CLI_NO;
	local_fini(&k);
	return rc;
}

const struct cli_command cli_down = {.name = "down",
	.summary = "Stop the brokers of a cluster of kdeck up",
	.options = dir_options,
	.local = true,
	.run = run_down};
