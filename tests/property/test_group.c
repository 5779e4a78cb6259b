/*
 * The coordinator under chance: clients that join, sync, commit, leave, fall silent, repeat what
 * they said and say things late; a log that stores late, refuses, and is cut by crashes; time that
 * jumps. After every answer:
 *
 *   - in one generation of a group a partition has one owner, and everybody was told the same
 * leader
 *   - a generation begins once, with one set of members
 *   - a committed offset that was acknowledged is never lost and never moves back
 *   - what was deleted stays so
 *
 * SEED=n STEPS=m repeats a run. Faults planted in the coordinator (group/planted.h) must be found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "../setting.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "group/planted.h"
#include "group_world.h"

#define STEPS 120000

enum group_fault group_planted;

/* ---- a step ---------------------------------------------------------------------------------- */

static void pass_time(struct world *w, int64_t ms)
{
	for (; ms > 0; ms -= 250) {
		clock_manual_advance_ms(&w->clock, min_i64(ms, 250));
		coordinator_run(w->c);
	}
}

/* A client does what is next for it, mostly. */
static void behave(struct client *k)
{
	if (k->joining || k->syncing)
		return;
	if (!k->id[0] || (k->rejoin && !rng_one_in(&k->w->rng, 4)) || rng_one_in(&k->w->rng, 30))
		client_join(k);
	else if (k->to_sync && !rng_one_in(&k->w->rng, 4))
		client_sync(k, k->generation);
	else if (rng_one_in(&k->w->rng, 10))
		client_sync(k, k->generation);
	else if (rng_one_in(&k->w->rng, 2))
		client_commit(k, k->generation);
	else
		client_heartbeat(k);
}

/* Late, repeated, foreign: what networks and broken clients do. */
static void misbehave(struct client *k)
{
	struct client other = *k;

	switch (rng_below(&k->w->rng, 7)) {
	case 0:
		if (!k->syncing && k->id[0])
			client_sync(k, k->generation - 1);
		break;
	case 1:
		if (k->id[0])
			client_commit(k, k->generation - 1);
		break;
	case 2:
		client_commit(k, -1);
		break;
	case 3:
		client_leave(k, k->id);
		break;
	case 4:
		client_leave(k, k->old_id);
		break;
	case 5:
		/* Its process was started again: it knows its instance id and nothing else. */
		if (k->is_static && !k->joining && !k->syncing)
			k->id[0] = 0;
		break;
	default:
		other.generation = (int32_t)rng_below(&k->w->rng, 10);
		client_heartbeat(&other);
		break;
	}
}

static void step(struct world *w)
{
	int32_t group = (int32_t)rng_below(&w->rng, GROUPS);
	struct client *k = &w->clients[group][rng_below(&w->rng, CLIENTS)];

	switch (rng_below(&w->rng, 100)) {
	case 0:
		if (rng_one_in(&w->rng, 4))
			world_crash(w);
		break;
	case 1:
		if (rng_one_in(&w->rng, 5))
			world_delete_group(w, group);
		break;
	case 2:
		pass_time(w, (int64_t)rng_below(&w->rng, 3 * SESSION_MS));
		break;
	case 3 ... 5:
		misbehave(k);
		break;
	case 6 ... 12:
		client_fetch(k);
		break;
	case 13 ... 30:
		world_store_some(w);
		break;
	case 31 ... 45:
		pass_time(w, (int64_t)rng_below(&w->rng, 600));
		break;
	default:
		behave(k);
		break;
	}
}

/* The rule that was broken first, or NULL; *at is the step. */
static const char *run(uint64_t seed, int64_t steps, int64_t *at)
{
	struct world *w = ALLOC(struct world);
	const char *fault;

	world_init(w, seed);
	for (*at = 0; *at < steps && !w->fault; (*at)++)
		step(w);
	fault = w->fault;
	if (!fault && steps >= STEPS &&
		(!w->joined || !w->joined_static || !w->synced || !w->committed || !w->deleted ||
			!w->n_crashes))
		fault = "nothing happened";
	if (getenv("VERBOSE"))
		printf("# %llu joins, %llu syncs, %llu commits, %llu deletions, %llu crashes\n",
			(unsigned long long)w->joined, (unsigned long long)w->synced,
			(unsigned long long)w->committed, (unsigned long long)w->deleted,
			(unsigned long long)w->n_crashes);
	world_fini(w);
	free(w);
	return fault;
}

static void chance_breaks_no_rule(void **state)
{
	uint64_t seed = setting("SEED", 1);
	const char *fault;
	int64_t at;

	(void)state;
	group_planted = (enum group_fault)setting("FAULT", FAULT_NONE);
	fault = run(seed, (int64_t)setting("STEPS", STEPS), &at);
	if (fault)
		fail_msg(
			"seed %llu, step %lld: %s", (unsigned long long)seed, (long long)at, fault);
	group_planted = FAULT_NONE;
}

/* Each planted fault is found, by the rule that it breaks. */
static void planted_faults_are_found(void **state)
{
	static const struct {
		enum group_fault fault;
		const char *by;
	} faults[] = {
		{FAULT_ACK_BEFORE_STORED, "an acknowledged commit is lost or moved back"},
		{FAULT_STALE_SYNC, "two owners of a partition in one generation"},
		{FAULT_GENERATION_STANDS, "two"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		const char *found;
		int64_t at;

		group_planted = faults[i].fault;
		found = run(1, STEPS, &at);
		group_planted = FAULT_NONE;
		if (!found || strncmp(found, faults[i].by, strlen(faults[i].by)) != 0)
			fail_msg("fault %d: %s", (int)faults[i].fault, found ? found : "not found");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chance_breaks_no_rule),
		cmocka_unit_test(planted_faults_are_found),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
