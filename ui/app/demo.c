/*
 * kdeck demo: a throw-away cluster with live sample traffic, and the console on it.
 *
 *   kdeck demo --starts--> keeper: waits until we are gone, however that was; ends what is left of
 *        |                 the brokers, removes the folder
 *        |----starts--> kdeck-broker, three times (they die with us)
 *        \----starts--> the readers of its groups, members of the lab (die with us)
 *
 * The keeper comes first, so that there is no moment at which a kill leaves anything. What is left
 * when the keeper was killed too, the next demo removes.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/console.h"
#include "app/samples.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "io/child.h"
#include "io/loop.h"
#include "local/local.h"
#include "model/group.h"
#include "model/model.h"
#include "model/source.h"

#define STOP_MS      5000
#define CLEAR_MS     50
#define QUIET_ROUNDS 40
#define CLEAR_ROUNDS 400
#define LOOK_MS      500
#define GROUPS_MS    10000 /* so long a page waits for them at most */
#define FIRST_PORT   9092
#define BROKERS      3

struct demo {
	char *dir;
	int held; /* the folder's lock */
	struct child *keeper;
	size_t brokers;
	char *bootstrap;
	struct samples *samples;
	struct loop *loop; /* the console's */
	int64_t began_ms;
};

static const char hint[] =
	"Press 3 for the topics, Enter to open one, p to write a record, ? for help";

static int start_keeper(struct demo *d, struct loop *l, struct err *e)
{
	char parent[24];
	const char *argv[] = {"/proc/self/exe", "--keeper", parent, d->dir, NULL};
	struct child_options opt = {.argv = argv,
		.out = {.to = CHILD_NULL},
		.err = {.to = CHILD_NULL},
		.new_session = true};

	snprintf(parent, sizeof(parent), "%ld", (long)getpid());
	d->keeper = child_spawn(l, &opt, NULL, NULL, e);
	return d->keeper ? 0 : e->code;
}

/* port 0: free ones. */
static int start_brokers(struct demo *d, struct loop *l, int32_t port, struct err *e)
{
	struct local_wish w = {
		.brokers = d->brokers, .port = port, .next_ports = true, .faults = true};
	struct buf said = BUF_EMPTY;
	int rc = local_begin(l, d->dir, &w, &said, e);

	buf_fini(&said);
	return rc;
}

static int start(struct demo *d, struct loop *l, struct err *e)
{
	struct buf bootstrap = BUF_EMPTY;
	struct local_cluster c;
	int rc;

	local_clean_temp();
	d->dir = local_temp(&d->held, e);
	if (!d->dir)
		return e->code;
	rc = start_keeper(d, l, e);
	if (rc < 0)
		return rc;
	rc = start_brokers(d, l, FIRST_PORT, e);
	/* Somebody may take a port between our look and the broker's: then any will do. */
	if (rc < 0 && rc != ERR_TIMEOUT)
		rc = start_brokers(d, l, 0, e);
	if (rc < 0)
		return rc;
	rc = local_look(&c, d->dir, e);
	local_bootstrap(&c, &bootstrap);
	d->bootstrap = buf_steal(&bootstrap);
	local_fini(&c);
	return rc;
}

static void stop(struct demo *d)
{
	if (d->dir)
		local_end(d->dir, STOP_MS);
	if (d->held >= 0)
		close(d->held);
	child_free(d->keeper);
	free(d->dir);
	free(d->bootstrap);
}

static void on_started(void *arg, struct loop *l, struct source *s, struct lab *lab)
{
	struct demo *d = arg;

	d->loop = l;
	d->began_ms = loop_now_ms(l);
	d->samples = samples_start(l, s, lab, d->bootstrap, d->brokers);
}

static void on_ending(void *arg)
{
	struct demo *d = arg;

	samples_stop(d->samples);
	d->samples = NULL;
}

/* The groups read and commit, and the one that goes has gone. */
static bool has_groups(const struct cluster *c)
{
	size_t known = 0, stopped = 0, moving = 0;

	for (size_t i = 0; i < c->n_groups; i++) {
		const struct group *g = c->groups[i];
		known += g->lag.records >= 0;
		moving += group_state_moving((enum group_state)g->state);
		stopped += g->state == GROUP_EMPTY && g->lag.records > 0;
	}
	return known >= SAMPLE_GROUPS && stopped > 0 && moving == 0;
}

/* The page is worth printing once the first records are seen, what they take, and who
 * reads them. */
static bool is_settled(void *arg, const struct model *m)
{
	const struct cluster *c = model_cluster(m);
	const struct demo *d = arg;

	if (c->totals.topics < SAMPLE_TOPICS || c->totals.records <= 0 || c->totals.size <= 0)
		return false;
	return has_groups(c) || loop_now_ms(d->loop) - d->began_ms >= GROUPS_MS;
}

int demo_run(int64_t brokers, bool once, bool json)
{
	struct demo d = {.held = -1, .brokers = brokers ? (size_t)brokers : BROKERS};
	struct console_options o = {.command = "kdeck demo",
		.name = "demo",
		.screen = SCREEN_OVERVIEW,
		.once = once,
		.json = json,
		.ends_cluster = true,
		.hint = hint,
		.started = on_started,
		.ending = on_ending,
		.settled = is_settled,
		.arg = &d};
	struct err e = {0};
	struct loop *l;
	int rc;

	l = loop_new(&e);
	rc = l ? start(&d, l, &e) : e.code;
	o.bootstrap = d.bootstrap;
	o.local_dir = d.dir;
	if (rc < 0)
		fprintf(stderr, "kdeck demo: %s\n", e.msg);
	rc = rc < 0 ? 1 : console_run(&o);
	stop(&d);
	loop_free(l);
	return rc;
}

static int run(struct cli *c)
{
	int64_t brokers;

	if (cli_number(c, "brokers", 1, 100, 0, &brokers) != CLI_OK)
		return CLI_USAGE;
	return demo_run(brokers, cli_has(c, "once") || c->json, c->json);
}

static const struct cli_option options[] = {
	{"brokers", 0, CLI_VALUE, "N", "How many brokers (default 3)", NULL},
	{"once", 0, CLI_FLAG, NULL, "Print one plain page, also on a terminal, and end", NULL},
	{0},
};

const struct cli_command cli_demo = {.name = "demo",
	.summary = "A throw-away cluster with sample traffic, and the console on it",
	.options = options,
	.local = true,
	.run = run};

/* ---- the keeper ------------------------------------------------------------------------------ */

/* A number may be somebody else's by now; whose child we are cannot. Where the kernel gives no
 * descriptor to wait on, a look twice a second does. */
static void wait_for_end(long parent)
{
	struct pollfd p = {.events = POLLIN};

	p.fd = (int)syscall(SYS_pidfd_open, (pid_t)parent, 0);
	while (getppid() == parent)
		(void)poll(&p, 1, p.fd < 0 ? LOOK_MS : -1);
}

/* A broker that was only just begun has no lock yet and is not found; it makes its folder anew
 * behind our back, and is found then. So nothing is over until nothing was there for a while. */
static void clear_away(const char *dir)
{
	for (int rounds = 0, quiet = 0; rounds < CLEAR_ROUNDS && quiet < QUIET_ROUNDS; rounds++) {
		quiet++;
		if (access(dir, F_OK) == 0) {
			local_end(dir, STOP_MS);
			quiet = 0;
		}
		(void)poll(NULL, 0, CLEAR_MS);
	}
}

int keeper_run(int argc, char **argv)
{
	long parent = argc == 2 ? atol(argv[0]) : 0;

	if (parent <= 1)
		return 2;
	wait_for_end(parent);
	/* When the console ended in order there is nothing left to do, and nothing is done. */
	if (access(argv[1], F_OK) == 0)
		clear_away(argv[1]);
	return 0;
}
