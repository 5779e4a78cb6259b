/* Machines, disks and the life of the servers, see cluster_world.h. */
#include "cluster_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/broker_config.h"
#include "server/priv.h"

void world_break(struct world *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (world_broken(w))
		return;
	n = snprintf(w->broken, sizeof(w->broken),
		"SEED=%llu NODES=%d at %lld.%06lld s: ", (unsigned long long)w->seed, w->n,
		(long long)(w->sim.now_us / 1000000), (long long)(w->sim.now_us % 1000000));
	va_start(ap, fmt);
	vsnprintf(w->broken + n, sizeof(w->broken) - (size_t)n, fmt, ap);
	va_end(ap);
}

/* ---- descriptors of the simulated disks ------------------------------------------------------ */

ssize_t __wrap_pread(int fd, void *p, size_t n, off_t at);

static struct world *the_world;

/* Pieces of files in an answer are read by their descriptor. */
ssize_t __wrap_pread(int fd, void *p, size_t n, off_t at)
{
	struct sim_disk *d = NULL;

	for (int i = 0; the_world && i < the_world->n && !d; i++)
		if (sim_disk_has(&the_world->nodes[i].disk, fd))
			d = &the_world->nodes[i].disk;
	assert_non_null(d);
	return d->io.pread(&d->io, fd, p, n, at);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void set(struct conf *c, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void set(struct conf *c, const char *key, const char *fmt, ...)
{
	char value[400];
	struct err e = {0};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (conf_set(c, str_of(key), str_of(value), CONF_FROM_OVERRIDE, NULL, &e) < 0)
		fail_msg("%s=%s: %s", key, value, e.msg);
}

/* Three of them vote; the others know them, or ask. */
static void configure_quorum(struct node *n)
{
	struct world *w = n->world;
	char voters[120] = "";

	if (w->n == 1)
		return;
	for (int i = 0; i < VOTERS; i++)
		snprintf(voters + strlen(voters), sizeof(voters) - strlen(voters), "%s%d@%s:%d",
			i ? "," : "", i, w->nodes[i].machine->host, VOTER_PORT);
	if (n->id < VOTERS || world_one_in(w, 2))
		set(&n->conf, "controller.quorum.voters", "%s", voters);
	else
		set(&n->conf, "controller.quorum.bootstrap.servers", "%s:%d,%s:%d",
			w->nodes[0].machine->host, VOTER_PORT, w->nodes[2].machine->host,
			VOTER_PORT);
	set(&n->conf, "process.roles", n->id < VOTERS ? "broker,controller" : "broker");
}

static void configure(struct node *n)
{
	struct world *w = n->world;
	struct err e = {0};

	broker_config_init(&n->conf);
	set(&n->conf, "node.id", "%d", n->id);
	set(&n->conf, "listeners", "PLAINTEXT://%s:%d", n->machine->host, CLIENT_PORT);
	set(&n->conf, "log.dirs", "/data");
	set(&n->conf, "offsets.topic.num.partitions", "2");
	set(&n->conf, "auto.create.topics.enable", "false");
	set(&n->conf, "log.message.timestamp.after.max.ms", "9223372036854775807");
	set(&n->conf, "replica.lag.time.max.ms", "%d", w->lag_ms);
	set(&n->conf, "broker.session.timeout.ms", "%d", w->session_ms);
	set(&n->conf, "broker.heartbeat.interval.ms", "%d", w->session_ms / 4);
	configure_quorum(n);
	set(&n->conf, "log.flush.offset.checkpoint.interval.ms", "%d",
		(int)world_between(w, 500, 8000));
	set(&n->conf, "replica.high.watermark.checkpoint.interval.ms", "%d",
		(int)world_between(w, 300, 5000));
	if (broker_config_settle(&n->conf, &e) < 0 ||
		server_settings_read(&n->conf, &n->set, &e) < 0)
		fail_msg("settings: %s", e.msg);
	n->set.io = &n->disk.io;
	n->set.clock = &n->machine->clock;
	n->set.recovery_threads = 1;
}

/* ---- the life of a node ---------------------------------------------------------------------- */

static void on_ready(void *arg)
{
	struct node *n = arg;

	n->ready = true;
	sim_note(&n->world->sim, 0x7ead);
}

static void on_stopped(void *arg, int rc)
{
	struct node *n = arg;

	n->exited = true;
	n->exit_rc = rc;
}

static bool is_healthy(const struct node *n)
{
	return !n->disk.dead && n->disk.room < 0 && !n->disk.failing_syncs && !n->sick;
}

void node_start(struct node *n)
{
	struct server_events ev = {n, on_ready, on_stopped};
	struct sim_machine *m = n->machine;
	const struct sim_machine *acting;
	struct err e = {0};
	struct loop *l;

	if (n->server)
		return;
	m->off = false;
	m->dying = false;
	m->stopped_until_us = 0;
	n->ready = n->exited = n->sick = false;
	l = sim_loop_new(m);
	acting = n->world->sim.acting;
	n->world->sim.acting = m;
	n->server = server_new(l, &n->set, &n->conf, &ev, &e);
	n->world->sim.acting = acting;
	if (!n->server) {
		loop_free(l);
		if (is_healthy(n))
			world_break(n->world, "node %d does not start: %s", n->id, e.msg);
	}
}

static void end_process(struct node *n)
{
	struct loop *l = n->machine->loop;
	struct sim *s = &n->world->sim;
	const struct sim_machine *acting = s->acting;

	s->acting = n->machine;
	server_free(n->server);
	n->server = NULL;
	n->ready = n->exited = false;
	loop_free(l);
	s->acting = acting;
	node_view_reset(&n->view);
}

void node_kill(struct node *n, bool power_off)
{
	n->machine->off = power_off;
	if (n->server) {
		n->disk.dead = true;
		n->machine->dying = true;
		end_process(n);
	}
	sim_disk_restart(&n->disk, power_off);
}

void node_stop(struct node *n)
{
	if (n->server)
		server_stop(n->server);
}

void node_wipe(struct node *n)
{
	uint64_t boot = n->disk.boot;

	node_kill(n, false);
	sim_disk_fini(&n->disk);
	sim_disk_init(&n->disk, n->world->seed * 31 + boot + 7, &n->machine->clock);
	n->disk.boot = boot;
	n->disk.first_fd += (n->id + 1) * 100000;
}

struct partition *node_replica(const struct node *n, const struct uuid *topic, int32_t index)
{
	const struct repl *r = n->server ? n->server->broker.repl : NULL;

	return r ? repl_partition(repl_topic_by_id(r, topic), index) : NULL;
}

static struct node *node_of(struct world *w, const struct sim_machine *m)
{
	for (int i = 0; i < w->n; i++)
		if (w->nodes[i].machine == m)
			return &w->nodes[i];
	return NULL;
}

/* ---- the world ------------------------------------------------------------------------------- */

void world_init(struct world *w, uint64_t seed, int n)
{
	char host[16];

	*w = (struct world){.seed = seed, .n = n};
	the_world = w;
	sim_init(&w->sim, seed * 2 + (uint64_t)n * 0x51ed270b);
	truth_init(&w->truth);
	w->fragile = world_one_in(w, 6);
	w->lag_ms = (int)world_between(w, 1000, world_one_in(w, 2) ? 2500 : 10000);
	w->session_ms = (int)world_between(w, 2000, 9000);
	for (int i = 0; i < n; i++) {
		struct node *node = &w->nodes[i];

		snprintf(host, sizeof(host), "node-%d", i);
		node->world = w;
		node->id = i;
		node->machine = sim_machine_add(&w->sim, host);
		node->machine->wall_skew_ms =
			world_one_in(w, 4) ? world_between(w, -7200000, 7200000) : 0;
		sim_disk_init(&node->disk, seed + (uint64_t)i * 1000003, &node->machine->clock);
		node->disk.first_fd += (i + 1) * 100000;
		node->machine->dead = &node->disk.dead;
	}
	for (int i = 0; i < n; i++)
		configure(&w->nodes[i]);
	w->office = sim_machine_add(&w->sim, "office");
	w->homes[0] = sim_machine_add(&w->sim, "home-0");
	w->homes[1] = sim_machine_add(&w->sim, "home-1");
	(void)sim_loop_new(w->office);
	(void)sim_loop_new(w->homes[0]);
	(void)sim_loop_new(w->homes[1]);
}

void world_fini(struct world *w)
{
	for (int i = 0; i < w->n; i++)
		node_kill(&w->nodes[i], false);
	loop_free(w->office->loop);
	loop_free(w->homes[0]->loop);
	loop_free(w->homes[1]->loop);
	for (int i = 0; i < w->n; i++) {
		struct node *n = &w->nodes[i];

		node_view_fini(&n->view);
		conf_fini(&n->conf);
		sim_disk_fini(&n->disk);
	}
	truth_fini(&w->truth);
	sim_fini(&w->sim);
	the_world = NULL;
}

/* After something has happened on a machine. */
static void look_at(struct world *w, struct node *n)
{
	bool died = n->disk.dead;

	if (!n->server)
		return;
	/* Also at one whose disk died in this turn: what it committed before may have been told. */
	n->disk.dead = false;
	truth_look(w, n);
	n->disk.dead = died;
	if (!n->exited)
		return;
	if (n->exit_rc < 0 && is_healthy(n))
		world_break(w, "node %d gave up on a healthy disk", n->id);
	end_process(n);
}

/* A process dies when its disk does: in the midst of a write. */
static void bury(struct world *w)
{
	for (int i = 0; i < w->n; i++)
		if (w->nodes[i].disk.dead)
			node_kill(&w->nodes[i], false);
}

void world_run(struct world *w, int64_t us, bool (*until)(struct world *w))
{
	int64_t end = w->sim.now_us + us;
	struct sim_machine *m;

	while (!world_broken(w) && sim_step(&w->sim, end, &m)) {
		struct node *n = m ? node_of(w, m) : NULL;

		if (n)
			look_at(w, n);
		bury(w);
		if (until && until(w))
			break;
	}
}
