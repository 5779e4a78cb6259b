/*
 * What goes wrong in a simulated cluster, and the healing of it. Trouble comes in fits: faults of
 * any kind at random times; then all is mended. A grave fault, which takes with it what only one
 * machine has (its power, its folder), strikes a cluster that is whole, and alone.
 */
#include <stdlib.h>

#include "cluster_clients.h"
#include "server/priv.h"

#define DIM_LOOKS   40
#define DIM_LOOK_MS 50

struct trouble {
	struct world *world;
	struct io_timer timer;
	bool active;
	bool grave;                /* one of them is still to come */
	int dimmed;                /* looks until a black-out, at most */
	int64_t stranded_until_us; /* who is cut off stays so */
	/* A voter that was cut off comes back when another has lost its folder and the leader is
	 * away: what is committed has one witness. */
	struct node *witness, *cut_off, *lost; /* NULL: nothing of it under way */
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

/* From everybody; a is a machine. */
static void cut_one_off(struct world *w, int a)
{
	for (int i = 0; i < w->n; i++)
		w->sim.paths[a][i].cut = w->sim.paths[i][a].cut = i != a;
}

static void cut_some(struct trouble *t)
{
	struct world *w = t->world;
	int a = (int)world_between(w, 0, w->sim.n_machines - 1);
	int b = (int)world_between(w, 0, w->sim.n_machines - 1);
	bool both = !world_one_in(w, 3);

	w->stats.cuts++;
	w->sim.paths[a][b].cut = a != b;
	w->sim.paths[b][a].cut = both && a != b;
}

/* Long enough for a leader to see its followers fall behind; clients still reach it. */
static void strand(struct trouble *t)
{
	struct world *w = t->world;

	w->stats.cuts++;
	cut_one_off(w, some_node(w)->machine->id);
	t->stranded_until_us = w->sim.now_us + (w->lag_ms + world_between(w, 0, 1000)) * 1000;
}

static struct node *quorum_leader(struct world *w)
{
	for (int i = 0; i < w->n; i++) {
		const struct server *s = w->nodes[i].server;

		if (s && s->broker.metalog && metalog_leads(s->broker.metalog))
			return &w->nodes[i];
	}
	return NULL;
}

/* Voters are slow to hear of each other: more than one asks for votes. */
static void slow_voters(struct world *w)
{
	int64_t slow = world_between(w, 0, 40000);

	for (int i = 0; i < VOTERS && i < w->n; i++)
		for (int k = 0; k < VOTERS && k < w->n; k++)
			w->sim.paths[i][k].slow_us = slow;
}

/* The quorum's leader goes. */
static void strike_quorum(struct trouble *t)
{
	struct world *w = t->world;
	struct node *n = quorum_leader(w);

	if (!n)
		return;
	slow_voters(w);
	if (world_one_in(w, 3)) {
		w->stats.cuts++;
		cut_one_off(w, n->machine->id);
		return;
	}
	w->stats.kills++;
	node_kill(n, w->fragile && world_one_in(w, 2));
	start_later(t, n, 10, 3000);
}

/* All processes are killed and started again at once. */
static void restart_all(struct trouble *t)
{
	struct world *w = t->world;

	slow_voters(w);
	for (int i = 0; i < w->n; i++) {
		w->stats.kills += w->nodes[i].server != NULL;
		node_kill(&w->nodes[i], false);
		start_later(t, &w->nodes[i], 10, 100);
	}
}

/* The disks get slow, and soon the light goes out: much is written, little of it synced. */
static void dim(struct trouble *t)
{
	struct world *w = t->world;

	for (int i = 0; i < w->n; i++)
		w->nodes[i].machine->slow_disk_us = world_between(w, 500000, 1500000);
	t->dimmed = DIM_LOOKS;
}

/* A good moment: of the metadata something is written and not synced. */
static bool writes_metadata(struct world *w)
{
	const struct node *n = quorum_leader(w);
	const struct plog *log = n ? metalog_log(n->server->broker.metalog) : NULL;

	return log && log->recovery_point < log->leo;
}

/* All machines lose power at once. */
static void black_out(struct trouble *t)
{
	struct world *w = t->world;
	bool forget = world_one_in(w, 2);

	t->dimmed = 0;
	for (int i = 0; i < w->n; i++) {
		w->nodes[i].machine->slow_disk_us = 0;
		w->nodes[i].disk.forgets = forget;
		w->stats.power_cuts++;
		node_kill(&w->nodes[i], true);
		start_later(t, &w->nodes[i], 50, 1500);
	}
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

	switch (world_between(w, 0, 16)) {
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
		cut_some(t);
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
	case 11:
	case 12:
		strike_quorum(t);
		break;
	case 13:
		strand(t);
		break;
	case 14:
		restart_all(t);
		break;
	case 15:
		if (w->fragile)
			dim(t);
		break;
	default:
		if (w->sim.now_us >= t->stranded_until_us)
			join_all(w);
		break;
	}
}

/* So that no replica falls out of an ISR: of a partition's records the one cut off has all. */
static int64_t cut_at_most(const struct world *w)
{
	return min_i64(w->lag_ms, w->session_ms) / 2;
}

static void begin_witness(struct trouble *t)
{
	struct world *w = t->world;
	int first = (int)world_between(w, 1, 2);

	t->witness = quorum_leader(w);
	if (!t->witness)
		return;
	t->cut_off = &w->nodes[(t->witness->id + first) % VOTERS];
	t->lost = &w->nodes[(t->witness->id + 3 - first) % VOTERS];
	cut_one_off(w, t->cut_off->machine->id);
	w->stats.cuts++;
}

/* Who stays has all of the partition. */
static bool is_kept(const struct trouble *t, const struct image_partition *p)
{
	for (int32_t i = 0; i < p->isr.n; i++)
		if (p->isr.v[i] != t->lost->id && p->isr.v[i] != t->witness->id)
			return true;
	return meta_ids_find(p->isr, t->lost->id) < 0;
}

/* The clients' records outlive what is about to happen: nobody was put out of an ISR meanwhile. */
static bool are_kept(const struct trouble *t)
{
	const struct image *img = metalog_image(t->witness->server->broker.metalog);

	vec_foreach (topic, &img->topics)
		for (int32_t i = 0; i < (*topic)->n_partitions; i++)
			if (str_starts((*topic)->name, "data-") &&
				!is_kept(t, &(*topic)->partitions[i]))
				return false;
	return true;
}

static void lose_witness(struct trouble *t)
{
	struct world *w = t->world;
	struct node *away = t->witness;
	bool sound = away->server && t->lost->server && are_kept(t);

	t->witness = NULL;
	if (!sound)
		return;
	w->stats.wipes++;
	w->stats.kills++;
	node_wipe(t->lost);
	node_kill(away, false);
	join_all(w);
	start_later(t, t->lost, 10, 300);
	start_later(t, away, 2000, 5000);
}

static void strike_gravely(struct trouble *t)
{
	switch (world_between(t->world, 0, 3)) {
	case 0:
		wipe_one(t);
		break;
	case 1:
		kill_one(t, true);
		break;
	default:
		begin_witness(t);
		break;
	}
}

static int64_t next_ms(struct trouble *t)
{
	if (t->dimmed > 0)
		return DIM_LOOK_MS;
	return world_between(t->world, 20, t->witness ? cut_at_most(t->world) : 900);
}

static void work(void *arg)
{
	struct trouble *t = arg;
	struct world *w = t->world;

	if (t->witness) {
		lose_witness(t);
	} else if (t->dimmed > 0) {
		if (--t->dimmed == 0 || writes_metadata(w))
			black_out(t);
	} else if (t->active && t->grave) {
		t->grave = t->active = false;
		strike_gravely(t);
	} else if (t->active) {
		something(t);
	}
	/* those that died by themselves */
	for (int i = 0; i < w->n; i++)
		if (!w->nodes[i].server && !io_timer_active(&t->starts[i]))
			start_later(t, &w->nodes[i], 10, 2000);
	io_timer_start(&t->timer, next_ms(t), 0);
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
	w->trouble->witness = NULL;
	w->trouble->dimmed = 0;
	join_all(w);
	for (int i = 0; i < w->n; i++) {
		mend(&w->nodes[i]);
		if (!w->nodes[i].server)
			start_later(w->trouble, &w->nodes[i], 0, 300);
	}
}
