/*
 * What goes wrong in a simulated cluster, and the healing of it. Trouble comes in fits: faults of
 * any kind at random times; then all is mended. A grave fault, which takes with it what only one
 * machine has (its power, its folder), strikes a cluster that is whole, and alone.
 */
#include <stdlib.h>

#include "cluster_clients.h"

struct trouble {
	struct world *world;
	struct io_timer timer;
	bool active;
	bool grave; /* one of them is still to come */
	struct io_timer starts[NODES];
};

static struct node *some_node(struct world *w)
{
	return &w->nodes[world_between(w, 0, w->n - 1)];
}

static void start_now(void *arg)
{
	struct node *n = arg;

	node_start(n);
}

static void start_later(struct trouble *t, struct node *n, int64_t lo, int64_t hi)
{
	io_timer_start(&t->starts[n->id], world_between(t->world, lo, hi), 0);
}

static void kill_one(struct trouble *t, bool power_off)
{
	struct world *w = t->world;
	struct node *n = some_node(w);

	if (!n->server)
		return;
	if (power_off)
		w->stats.power_cuts++;
	else
		w->stats.kills++;
	node_kill(n, power_off);
	if (world_one_in(w, 2))
		start_later(t, n, 1, 400);
	else
		start_later(t, n, 500, 6000);
}

static void wipe_one(struct trouble *t)
{
	struct node *n = some_node(t->world);

	t->world->stats.wipes++;
	node_wipe(n);
	start_later(t, n, 100, 4000);
}

static void stop_one(struct trouble *t)
{
	struct node *n = some_node(t->world);

	if (!n->server || !n->ready)
		return;
	node_stop(n);
	start_later(t, n, 4000, 9000);
}

static void cut_some(struct world *w)
{
	int a = (int)world_between(w, 0, w->sim.n_machines - 1);
	int b = (int)world_between(w, 0, w->sim.n_machines - 1);
	bool both = !world_one_in(w, 3);

	w->stats.cuts++;
	if (world_one_in(w, 3)) /* from everybody */
		for (int i = 0; i < w->n; i++)
			w->sim.paths[a][i].cut = w->sim.paths[i][a].cut = i != a;
	w->sim.paths[a][b].cut = a != b;
	w->sim.paths[b][a].cut = both && a != b;
}

static void join_all(struct world *w)
{
	for (int i = 0; i < SIM_MACHINES; i++)
		for (int j = 0; j < SIM_MACHINES; j++)
			w->sim.paths[i][j] = (struct sim_path){false, 0};
}

static void slow_way(struct world *w)
{
	int a = (int)world_between(w, 0, w->sim.n_machines - 1);
	int b = (int)world_between(w, 0, w->sim.n_machines - 1);

	w->sim.paths[a][b].slow_us = world_between(w, 1000, 800000);
}

static void pause_one(struct world *w)
{
	struct node *n = some_node(w);

	w->stats.pauses++;
	n->machine->stopped_until_us = w->sim.now_us + world_between(w, 20000, 5000000);
}

static void jump(struct world *w)
{
	w->stats.jumps++;
	some_node(w)->machine->wall_skew_ms += world_between(w, -7200000, 7200000);
}

static void hurt_disk(struct world *w)
{
	struct node *n = some_node(w);

	if (!n->server)
		return;
	w->stats.disk_faults++;
	switch (world_between(w, 0, 4)) {
	case 0:
		n->disk.room = world_between(w, 0, 5000);
		break;
	case 1:
		n->disk.short_one_in = (uint32_t)world_between(w, 2, 20);
		break;
	case 2: /* it dies in the midst of a write */
		n->disk.fuse = (int)world_between(w, 0, 60);
		break;
	case 3:
		n->disk.failing_syncs = 1;
		n->sick = true;
		break;
	default:
		n->machine->slow_disk_us = world_between(w, 5000, 700000);
		break;
	}
}

static void something(struct trouble *t)
{
	struct world *w = t->world;

	switch (world_between(w, 0, 11)) {
	case 0:
	case 1:
	case 2:
		kill_one(t, false);
		break;
	case 3:
		kill_one(t, w->fragile);
		break;
	case 4:
		stop_one(t);
		break;
	case 5:
	case 6:
		cut_some(w);
		break;
	case 7:
		slow_way(w);
		break;
	case 8:
		pause_one(w);
		break;
	case 9:
		jump(w);
		break;
	case 10:
		hurt_disk(w);
		break;
	default:
		join_all(w);
		break;
	}
}

static void work(void *arg)
{
	struct trouble *t = arg;
	struct world *w = t->world;

	if (t->active && t->grave) {
		t->grave = t->active = false;
		if (world_one_in(w, 2))
			wipe_one(t);
		else
			kill_one(t, true);
	} else if (t->active) {
		something(t);
	}
	/* those that died by themselves */
	for (int i = 0; i < w->n; i++)
		if (!w->nodes[i].server && !io_timer_active(&t->starts[i]))
			start_later(t, &w->nodes[i], 10, 2000);
	io_timer_start(&t->timer, world_between(w, 20, 900), 0);
}

void trouble_start(struct world *w)
{
	struct trouble *t = ALLOC(struct trouble);

	w->trouble = t;
	t->world = w;
	io_timer_init(&t->timer, w->office->loop, work, t);
	for (int i = 0; i < w->n; i++)
		io_timer_init(&t->starts[i], w->office->loop, start_now, &w->nodes[i]);
	io_timer_start(&t->timer, 500, 0);
}

void trouble_free(struct world *w)
{
	if (!w->trouble)
		return;
	io_timer_stop(&w->trouble->timer);
	for (int i = 0; i < w->n; i++)
		io_timer_stop(&w->trouble->starts[i]);
	free(w->trouble);
	w->trouble = NULL;
}

void trouble_begin(struct world *w, bool grave)
{
	w->trouble->grave = grave;
	w->trouble->active = true;
}

static void mend(struct node *n)
{
	n->machine->stopped_until_us = 0;
	n->machine->slow_disk_us = 0;
	n->disk.room = -1;
	n->disk.short_one_in = 0;
	n->disk.fuse = -1;
	n->disk.failing_syncs = 0;
	if (n->sick)
		node_kill(n, false);
}

void trouble_heal(struct world *w)
{
	w->trouble->active = w->trouble->grave = false;
	join_all(w);
	for (int i = 0; i < w->n; i++) {
		mend(&w->nodes[i]);
		if (!w->nodes[i].server)
			start_later(w->trouble, &w->nodes[i], 0, 300);
	}
	w->calm_since_us = w->sim.now_us;
}
