/* Starting a broker until it says that it is ready; adding one. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "local/op.h"

#define LINE_MAX_BYTES 4096
#define NEAR_PORTS     20

/* ---- why it failed --------------------------------------------------------------------------- */

/* The last line of a log, for the message. */
static void last_line(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	char line[512] = "", last[512] = "";

	while (f && fgets(line, sizeof(line), f))
		if (line[0] != '\n')
			memcpy(last, line, sizeof(last));
	if (f)
		fclose(f);
	last[strcspn(last, "\n")] = 0;
	buf_puts(out, last);
}

static void fail(struct local_op *o, bool late)
{
	char *log = xasprintf("%s/broker.log", o->broker_dir);
	struct buf last = BUF_EMPTY;
	struct err e = {0};

	last_line(log, &last);
	if (late)
		err_set(&e, ERR_TIMEOUT, "broker %d is not ready in time: %s (log: %s)", o->id,
			last.n ? buf_z(&last) : "it says nothing", log);
	else
		err_set(&e, ERR_IO, "broker %d did not start: %s (log: %s)", o->id,
			last.n ? buf_z(&last) : "it said nothing", log);
	if (o->is_new)
		local_remove_tree(o->broker_dir);
	buf_fini(&last);
	free(log);
	local_op_done(o, &e);
}

/* ---- until it is ready ----------------------------------------------------------------------- */

static void on_exit_of(void *arg, struct child *c, int exit_code, int term_signal)
{
	(void)c;
	(void)exit_code;
	(void)term_signal;
	fail(arg, false);
}

static void on_late(void *arg)
{
	struct local_op *o = arg;

	if (child_running(o->child))
		child_kill(o->child, SIGKILL, false);
	fail(o, true);
}

static void on_output(void *arg, int events)
{
	struct local_op *o = arg;
	char bytes[512];
	ssize_t n = read(o->fd, bytes, sizeof(bytes));
	char *end;

	(void)events;
	if (n <= 0) {
		/* Its end is told by on_exit_of. */
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			loop_watch_set(o->watch, 0);
		return;
	}
	if (o->line.n + (size_t)n > LINE_MAX_BYTES)
		return;
	buf_put(&o->line, bytes, (size_t)n);
	end = memchr(o->line.p, '\n', o->line.n);
	if (!end)
		return;
	if (str_starts(buf_str(&o->line), "ready "))
		local_op_done(o, NULL);
}

/* ---- beginning ------------------------------------------------------------------------------- */

/* A broker whose process nobody knows could not be ended again; so this comes before anything is
 * waited for. */
static int write_pid(const char *broker_dir, pid_t pid, struct err *e)
{
	char *path = xasprintf("%s/pid", broker_dir);
	FILE *f = fopen(path, "we");
	bool ok = f && fprintf(f, "%ld\n", (long)pid) > 0;

	if (f)
		ok = fclose(f) == 0 && ok;
	if (!ok)
		err_errno(e, ERR_IO, errno, "%s", path);
	free(path);
	return ok ? 0 : ERR_IO;
}

static int spawn(struct local_op *o, bool detached, struct err *e)
{
	struct buf program = BUF_EMPTY;
	char *file = xasprintf("%s/server.properties", o->broker_dir);
	char *path = xasprintf("%s/broker.log", o->broker_dir);
	char *log = xasprintf("kdeck.log.file=%s", path); /* SIGHUP opens it anew */
	const char *argv[] = {NULL, file, "--override", log, NULL};
	struct child_options opt = {
		.argv = argv,
		.out = {.to = CHILD_PIPE},
		.err = {.to = CHILD_FILE, .path = path},
		.new_session = detached,
		.die_with_parent = !detached,
	};
	int rc = local_find_program(&program, e);

	argv[0] = buf_z(&program);
	if (rc == 0) {
		o->child = child_spawn(o->loop, &opt, on_exit_of, o, e);
		rc = o->child ? 0 : e->code;
	}
	buf_fini(&program);
	free(log);
	free(path);
	free(file);
	return rc;
}

/* broker_dir becomes the op's. */
static struct local_op *begin(struct loop *l, const char *dir, char *broker_dir, int32_t id,
	local_done_fn *fn, void *arg, struct err *e)
{
	struct local_op *o = local_op_new(l, id, fn, arg);
	int rc;

	o->broker_dir = broker_dir;
	rc = spawn(o, !local_is_own_temp(dir), e);
	if (rc == 0)
		rc = write_pid(broker_dir, child_pid(o->child), e);
	if (rc == 0)
		rc = local_op_wait(
			o, child_take_stdout(o->child), on_output, on_late, LOCAL_START_MS, e);
	if (rc == 0)
		return o;
	if (o->child)
		child_kill(o->child, SIGTERM, false);
	local_op_free(o);
	return NULL;
}

struct local_op *local_start(
	struct loop *l, const char *dir, int32_t id, local_done_fn *fn, void *arg, struct err *e)
{
	struct local_cluster c;
	const struct local_broker *b = local_get(&c, dir, id, e);
	struct local_op *o = NULL;

	if (b && b->state != LOCAL_STOPPED)
		err_set(e, ERR_EXISTS, "broker %d runs already%s", id,
			b->state == LOCAL_PAUSED ? "; it is paused" : "");
	else if (b)
		o = begin(l, dir, xstrdup(b->dir), id, fn, arg, e);
	local_fini(&c);
	return o;
}

bool local_op_abort(struct local_op *o)
{
	if (!o->child)
		return false;
	if (child_running(o->child))
		child_kill(o->child, SIGKILL, false);
	return true;
}

/* ---- one more -------------------------------------------------------------------------------- */

/* The port of NAME://HOST:PORT[,…] for clients; 0: none. */
static long port_of(const struct local_broker *b)
{
	const char *end = strchr(b->listeners, ',');
	char *first = end ? xasprintf("%.*s", (int)(end - b->listeners), b->listeners)
			  : xstrdup(b->listeners);
	const char *colon = strrchr(first, ':');
	long port = colon ? strtol(colon + 1, NULL, 10) : 0;

	free(first);
	return port;
}

/* Whom a node without a vote asks: the same as one that is there. A node alone has its controller
 * where the broker puts it by default. */
static char *quorum_of(const struct local_cluster *c)
{
	const struct local_broker *first = c->brokers.v;

	vec_foreach (b, &c->brokers) {
		struct local_setting s[] = {{LOCAL_VOTERS, NULL}, {LOCAL_QUORUM_SERVERS, NULL}};
		char *line = NULL;

		local_settings_of(b, s, ARRAY_LEN(s));
		for (size_t i = 0; i < ARRAY_LEN(s); i++) {
			if (!line && s[i].value && *s[i].value)
				line = xasprintf("%s=%s", s[i].key, s[i].value);
			free(s[i].value);
		}
		if (line)
			return line;
	}
	return xasprintf(
		LOCAL_VOTERS "=%d@127.0.0.1:%ld", first->id, port_of(first) + CONTROLLER_ABOVE);
}

/* The first that nobody has from `wanted` on, not too far off; else any. */
static int choose_port(struct loop *l, long wanted, uint16_t *out, struct err *e)
{
	for (long port = wanted; port > 0 && port <= UINT16_MAX && port < wanted + NEAR_PORTS;
		port++)
		if (local_try_port(l, NULL, (uint16_t)port, e) == 0) {
			*out = (uint16_t)port;
			return 0;
		}
	return local_free_port(l, out, e);
}

static int choose_ports(
	struct loop *l, const struct local_cluster *c, struct local_node *n, struct err *e)
{
	long port = -1;
	int rc;

	vec_foreach (b, &c->brokers)
		port = port_of(b) > port ? port_of(b) : port;
	rc = choose_port(l, port + 1, &n->port, e);
	return rc < 0 ? rc : choose_port(l, n->port + HTTP_ABOVE, &n->http, e);
}

static bool with_faults(const struct local_cluster *c)
{
	struct local_setting s = {"kdeck.faults.enable", NULL};
	bool yes;

	local_settings_of(c->brokers.v, &s, 1);
	yes = s.value && strcmp(s.value, "true") == 0;
	free(s.value);
	return yes;
}

struct local_op *local_add(
	struct loop *l, const char *dir, local_done_fn *fn, void *arg, struct err *e)
{
	struct local_cluster c;
	struct local_node n = {0};
	struct local_op *o = NULL;
	char *quorum = NULL;
	int rc = local_look(&c, dir, e);

	if (rc == 0)
		rc = choose_ports(l, &c, &n, e);
	if (rc == 0) {
		n.id = vec_last(&c.brokers)->id + 1;
		n.quorum = quorum = quorum_of(&c);
		n.faults = with_faults(&c);
		rc = local_prepare(dir, &n, e);
	}
	if (rc == 0)
		o = begin(l, dir, xasprintf("%s/broker-%d", dir, n.id), n.id, fn, arg, e);
	if (o)
		o->is_new = true;
	free(quorum);
	local_fini(&c);
	return o;
}
