/* See lab.h. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/child.h"
#include "lab/worker.h"
#include "traffic/traffic.h"

#define TICK_MS  1000
#define GRACE_MS 1000

static struct engine *engine_of(struct lab *l)
{
	return CONTAINER_OF(l, struct engine, base);
}

static void tell_changed(void *arg)
{
	struct engine *g = arg;

	if (g->o.on_change && !g->closing)
		g->o.on_change(g->o.arg);
}

void engine_changed(struct engine *g)
{
	loop_defer(g->loop, &g->changed, tell_changed, g);
}

static void show(struct engine *g)
{
	vec_clear(&g->rows);
	vec_foreach (w, &g->workers)
		vec_push(&g->rows, &(*w)->m);
	g->base.members = g->rows.v;
	g->base.n = g->rows.n;
	engine_changed(g);
}

static void on_tick(void *arg)
{
	struct engine *g = arg;
	bool alive = false;

	vec_foreach (w, &g->workers) {
		worker_sample(*w);
		alive = alive || (*w)->child;
	}
	if (!alive)
		io_timer_stop(&g->tick);
	engine_changed(g);
}

/* ---- what is asked ----------------------------------------------------------------------------
 */

static int may_write(const struct engine *g, struct err *e)
{
	return g->o.read_only
		       ? err_set(e, ERR_DENIED, "read-only: kdeck was started with --read-only")
		       : 0;
}

/* NULL with e. */
static struct worker *find(struct engine *g, uint32_t id, struct err *e)
{
	if (may_write(g, e) < 0)
		return NULL;
	vec_foreach (w, &g->workers)
		if ((*w)->m.id == id)
			return *w;
	err_set(e, ERR_NOT_FOUND, "that member of the lab is not there any more");
	return NULL;
}

static int wrong_state(const struct worker *w, struct err *e)
{
	return err_set(e, ERR_INVALID, "%s is %s", w->m.spec.name, lab_state_name(w->m.state));
}

/* The next lab-N that is free. */
static void name_it(const struct engine *g, struct lab_spec *s)
{
	for (int n = 1; !s->name[0]; n++) {
		char name[24];
		snprintf(name, sizeof(name), "lab-%d", n);
		if (!lab_find_name(&g->base, name))
			memcpy(s->name, name, sizeof(name));
	}
}

static int run(struct worker *w, struct err *e)
{
	int rc = worker_start(w, e);

	if (rc == 0 && !io_timer_active(&w->engine->tick))
		io_timer_start(&w->engine->tick, TICK_MS, TICK_MS);
	return rc;
}

static int add(struct lab *l, const struct lab_spec *spec, uint32_t *id, struct err *e)
{
	struct engine *g = engine_of(l);
	struct lab_spec s = *spec;
	struct worker *w;
	int rc = may_write(g, e);

	if (rc == 0)
		rc = lab_spec_check(&s, e);
	if (rc < 0)
		return rc;
	if (g->workers.n >= LAB_MEMBERS_MAX)
		return err_set(e, ERR_FULL, "the lab has %d members already", LAB_MEMBERS_MAX);
	if (s.name[0] && lab_find_name(l, s.name))
		return err_set(e, ERR_EXISTS, "there is a member called %s", s.name);
	name_it(g, &s);
	w = worker_new(g, &s);
	rc = run(w, e);
	if (rc < 0) {
		worker_free(w);
		return rc;
	}
	vec_push(&g->workers, w);
	show(g);
	if (id)
		*id = w->m.id;
	return 0;
}

static int edit(struct lab *l, uint32_t id, const struct lab_spec *s, struct err *e)
{
	struct worker *w = find(engine_of(l), id, e);
	int rc = w ? lab_spec_check(s, e) : e->code;

	if (rc == 0)
		worker_edit(w, s);
	return rc;
}

static int pause_one(struct lab *l, uint32_t id, bool on, struct err *e)
{
	struct worker *w = find(engine_of(l), id, e);

	if (!w)
		return e->code;
	if (w->m.state != (on ? LAB_RUNNING : LAB_PAUSED))
		return wrong_state(w, e);
	worker_tell(w, on ? "pause" : "resume");
	worker_set_state(w, on ? LAB_PAUSED : LAB_RUNNING);
	return 0;
}

static int kill_one(struct lab *l, uint32_t id, struct err *e)
{
	struct worker *w = find(engine_of(l), id, e);

	if (!w)
		return e->code;
	if (!w->child)
		return wrong_state(w, e);
	return child_kill(w->child, SIGKILL, false) < 0 ? wrong_state(w, e) : 0;
}

static int stop_one(struct lab *l, uint32_t id, struct err *e)
{
	struct worker *w = find(engine_of(l), id, e);

	if (!w)
		return e->code;
	if (!w->child || w->m.state == LAB_STOPPING)
		return wrong_state(w, e);
	worker_tell(w, "stop");
	worker_set_state(w, LAB_STOPPING);
	return 0;
}

static int start_one(struct lab *l, uint32_t id, struct err *e)
{
	struct worker *w = find(engine_of(l), id, e);

	if (!w)
		return e->code;
	return w->child ? wrong_state(w, e) : run(w, e);
}

static int remove_one(struct lab *l, uint32_t id, struct err *e)
{
	struct engine *g = engine_of(l);
	struct worker *w = find(g, id, e);

	if (!w)
		return e->code;
	if (w->child)
		return wrong_state(w, e);
	for (size_t i = 0; i < g->workers.n; i++)
		if (g->workers.v[i] == w)
			vec_remove(&g->workers, i);
	worker_free(w);
	show(g);
	return 0;
}

static const struct lab_ops ops = {
	.add = add,
	.edit = edit,
	.pause = pause_one,
	.kill = kill_one,
	.stop = stop_one,
	.start = start_one,
	.remove = remove_one,
};

/* ---- life -------------------------------------------------------------------------------------
 */

struct lab *lab_engine_new(struct loop *l, const struct lab_options *o)
{
	struct engine *g = ALLOC(struct engine);

	g->base.ops = &ops;
	g->loop = l;
	g->o = *o;
	g->next_id = 1;
	g->bootstrap = xstrdup(o->bootstrap);
	g->properties = xcalloc(o->n_properties + 1, sizeof(*g->properties));
	g->o.n_properties = 0;
	for (size_t i = 0; i < o->n_properties; i++) {
		struct traffic_property *p = &g->properties[g->o.n_properties];
		/* It names the console; each member has a name of its own. */
		if (strcmp(o->properties[i].name, "client.id") == 0)
			continue;
		p->name = xstrdup(o->properties[i].name);
		p->value = xstrdup(o->properties[i].value);
		g->o.n_properties++;
	}
	ledger_init(&g->ledger);
	io_timer_init(&g->tick, l, on_tick, g);
	return &g->base;
}

static bool any_alive(const struct engine *g)
{
	vec_foreach (w, &g->workers)
		if ((*w)->child)
			return true;
	return false;
}

static void on_late(void *arg)
{
	bool *late = arg;

	*late = true;
}

/* Turns of the loop until all have ended, or the time is up. */
static void await_ends(struct engine *g)
{
	bool late = false;
	struct io_timer timer;

	io_timer_init(&timer, g->loop, on_late, &late);
	io_timer_start(&timer, GRACE_MS, 0);
	while (any_alive(g) && !late)
		loop_run_once(g->loop, true);
	io_timer_stop(&timer);
}

static void kill_all(struct engine *g)
{
	vec_foreach (w, &g->workers)
		if ((*w)->child)
			(void)!child_kill((*w)->child, SIGKILL, false);
}

void lab_engine_free(struct lab *l)
{
	struct engine *g;

	if (!l)
		return;
	g = engine_of(l);
	g->closing = true;
	vec_foreach (w, &g->workers)
		if ((*w)->child && !g->o.cluster_ends)
			worker_tell(*w, "stop");
	if (g->o.cluster_ends)
		kill_all(g);
	await_ends(g);
	kill_all(g);
	await_ends(g); /* so that none stays a zombie of ours */
	io_timer_stop(&g->tick);
	loop_defer_cancel(&g->changed);
	vec_foreach (w, &g->workers)
		worker_free(*w);
	vec_fini(&g->workers);
	vec_fini(&g->rows);
	ledger_fini(&g->ledger);
	for (size_t i = 0; i < g->o.n_properties; i++) {
		free((void *)(uintptr_t)g->properties[i].name);
		free((void *)(uintptr_t)g->properties[i].value);
	}
	free(g->properties);
	free(g->bootstrap);
	free(g);
}
