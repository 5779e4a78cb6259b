/* kdeck up, status, down: a cluster of brokers on this machine that stays. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/cluster.h"
#include "cli/impl.h"
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

/* So long one up and one down may take, whoever comes next. */
#define OTHERS_MS (LOCAL_START_MS + LOCAL_STOP_MS)
#define SILENT_MS 1000

/* Whoever comes second finds what the first one did. */
MUSTCHECK static int hold(
	struct cli *c, struct local_hold *h, const char *dir, bool make, struct err *e)
{
	int rc = local_hold(h, dir, make, SILENT_MS, e);

	if (rc != ERR_IN_USE)
		return rc;
	cli_note(c, "another kdeck starts or ends brokers in %s; waiting for it", dir);
	return local_hold(h, dir, make, OTHERS_MS, e);
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

/* Files that are named for a cluster that is there are its own, or meant for another one. */
MUSTCHECK static int check_files(struct cli *c, const struct local_cluster *k, struct err *e)
{
	int32_t id;

	vec_foreach (file, &c->operands) {
		if (local_file_id(*file, &id, e) < 0)
			return e->code;
		if (!local_find(k, id))
			return err_set(e, ERR_EXISTS,
				"%s is broker %d, and the cluster in %s has no such one: --dir "
				"names "
				"a folder for a new cluster",
				*file, id, k->dir);
	}
	return 0;
}

struct adding {
	bool done;
	struct err e;
};

static void on_added(void *arg, const struct err *e)
{
	struct adding *a = arg;

	a->done = true;
	if (e)
		a->e = *e;
}

/* One after the other: each takes the ports that follow. */
MUSTCHECK static int add_brokers(
	struct loop *l, const struct local_cluster *k, size_t wanted, struct err *e)
{
	for (size_t n = k->brokers.n; n < wanted; n++) {
		struct adding a = {0};
		struct local_op *o = local_add(l, k->dir, on_added, &a, e);
		if (!o)
			return e->code;
		while (!a.done)
			loop_run_once(l, true);
		local_op_free(o);
		if (a.e.code) {
			*e = a.e;
			return e->code;
		}
	}
	return 0;
}

/* The cluster that is there, with the settings it has. */
MUSTCHECK static int go_on(struct cli *c, struct loop *l, const struct local_cluster *k,
	const struct local_wish *w, struct err *e)
{
	int rc = check_files(c, k, e);

	if (rc < 0)
		return rc;
	if (w->port >= 0)
		cli_note(c, "kdeck up: the cluster in %s keeps the ports it has", k->dir);
	if (w->n_files)
		cli_note(c,
			"kdeck up: the cluster in %s keeps the settings it has; the files are "
			"not read again",
			k->dir);
	if (w->brokers && w->brokers < k->brokers.n)
		cli_note(c, "kdeck up: the cluster in %s has %zu brokers, and keeps them", k->dir,
			k->brokers.n);
	rc = local_start_all(l, k->dir, e);
	return rc == 0 ? add_brokers(l, k, w->brokers, e) : rc;
}

MUSTCHECK static int begin(
	struct cli *c, struct loop *l, const char *dir, const struct local_wish *w, struct err *e)
{
	struct buf said = BUF_EMPTY;
	int rc = local_begin(l, dir, w, &said, e);

	if (said.n)
		cli_note(c, "kdeck up: %s", buf_z(&said));
	buf_fini(&said);
	return rc;
}

static void status_json(struct cli *c, const struct local_cluster *k)
{
	struct json j;

	json_list(&j, &c->out);
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
		json_kz(&j, "http", b->http);
		json_kz(&j, "dir", b->dir);
		json_object_end(&j);
	}
	json_list_end(&j);
}

/* Nobody would see why it does not answer. */
static void note_paused(struct cli *c, const struct local_cluster *k)
{
	vec_foreach (b, &k->brokers)
		if (b->state == LOCAL_PAUSED)
			cli_note(c, "kdeck up: broker %d is paused: kill -CONT %ld lets it go on",
				b->id, (long)b->pid);
}

static void print_addresses(struct cli *c, const struct local_cluster *k)
{
	buf_puts(&c->out, "bootstrap ");
	local_bootstrap(k, &c->out);
	buf_putc(&c->out, '\n');
	vec_foreach (b, &k->brokers)
		if (b->http)
			buf_printf(&c->out, "http node.id=%d %s\n", b->id, b->http);
}

MUSTCHECK static int bring_up(
	struct cli *c, struct loop *l, const struct local_wish *w, struct err *e)
{
	char *dir = chosen_dir(c);
	struct local_cluster k;
	struct local_hold h;
	int rc = hold(c, &h, dir, true, e);

	if (rc == 0) {
		rc = local_look(&k, dir, e) == 0 ? go_on(c, l, &k, w, e) : begin(c, l, dir, w, e);
		local_fini(&k);
		local_let_go(&h);
	}
	free(dir);
	return rc;
}

static int up(struct cli *c, const struct local_wish *w)
{
	struct local_cluster k;
	struct err e = {0};
	struct loop *l = loop_new(&e);
	int rc = l ? bring_up(c, l, w, &e) : e.code;

	if (rc == 0)
		rc = look(c, &k, &e);
	else
		k = (struct local_cluster){0};
	if (rc == 0) {
		note_paused(c, &k);
		if (c->json)
			status_json(c, &k);
		else
			print_addresses(c, &k);
	}
	local_fini(&k);
	loop_free(l);
	return rc < 0 ? cli_fail(c, "%s", e.msg) : CLI_OK;
}

static int run_up(struct cli *c)
{
	int64_t brokers, port;
	struct local_wish w = {.files = c->operands.v, .n_files = c->operands.n};

	if (cli_number(c, "brokers", 1, 100, 0, &brokers) ||
		cli_number(c, "port", 0, 65535, -1, &port))
		return CLI_USAGE;
	w.brokers = (size_t)brokers;
	w.port = (int32_t)port;
	if (brokers && w.n_files > w.brokers)
		return cli_usage(c, "--brokers %zu, but %zu files are named: a file is a broker",
			w.brokers, w.n_files);
	return up(c, &w);
}

static const struct cli_option up_options[] = {
	{"brokers", 0, CLI_VALUE, "N", "How many brokers (default 3, or one a file)", NULL},
	{"dir", 0, CLI_VALUE, "DIR", "Where data, logs and pids are (default $XDG_DATA_HOME/kdeck)",
		NULL},
	{"port", 0, CLI_VALUE, "PORT",
		"Port of the first broker, the others follow (default 9092; 0: free ones)", NULL},
	{0},
};

const struct cli_command cli_up = {.name = "up",
	.summary = "Start a cluster on this machine that stays",
	.operands = "[FILE.properties …]",
	.options = up_options,
	.local = true,
	.run = run_up};

/* ---- status ---------------------------------------------------------------------------------- */

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

static int end_all(struct cli *c, const char *dir)
{
	struct local_cluster k;
	struct err e = {0};
	int rc = CLI_OK;

	if (local_look(&k, dir, &e) < 0)
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

static int run_down(struct cli *c)
{
	char *dir = chosen_dir(c);
	struct local_hold h;
	struct err e = {0};
	int rc;

	if (hold(c, &h, dir, false, &e) < 0) {
		rc = cli_fail(c, "%s", e.msg);
	} else {
		rc = end_all(c, dir);
		local_let_go(&h);
	}
	free(dir);
	return rc;
}

const struct cli_command cli_down = {.name = "down",
	.summary = "Stop the brokers of a cluster of kdeck up",
	.options = dir_options,
	.local = true,
	.run = run_down};
