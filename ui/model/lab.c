/* See lab.h. */
#include "model/lab.h"

#include <stdlib.h>

#include "base/xalloc.h"

const char *lab_state_name(enum lab_state s)
{
	static const char *const names[LAB_STATE_COUNT] = {
		[LAB_STARTING] = "starting",
		[LAB_RUNNING] = "running",
		[LAB_PAUSED] = "paused",
		[LAB_STOPPING] = "stopping",
		[LAB_STOPPED] = "stopped",
		[LAB_KILLED] = "killed",
		[LAB_FAILED] = "failed",
	};

	return s < LAB_STATE_COUNT ? names[s] : "";
}

const char *lab_assignor_name(enum lab_assignor a)
{
	static const char *const names[] = {
		[LAB_RANGE] = "range",
		[LAB_ROUND_ROBIN] = "roundrobin",
		[LAB_COOPERATIVE] = "cooperative-sticky",
	};

	return names[a];
}

const char *lab_commit_name(enum lab_commit c)
{
	return c == LAB_COMMIT_BEFORE ? "before" : "after";
}

void lab_spec_init(struct lab_spec *s, enum lab_kind kind)
{
	*s = (struct lab_spec){.kind = kind,
		.rate = 20,
		.keys = 100,
		.size = 100,
		.process_ms = 20,
		.session_ms = 10000};
}

static bool between(int64_t v, int64_t min, int64_t max)
{
	return v >= min && v <= max;
}

static int check_producer(const struct lab_spec *s, struct err *e)
{
	if (!between(s->rate, 1, LAB_RATE_MAX))
		return err_set(e, ERR_INVALID, "rate: 1 to %d records a second, to pause it is p",
			LAB_RATE_MAX);
	if (!between(s->keys, 0, LAB_KEYS_MAX))
		return err_set(e, ERR_INVALID, "keys: 0 to %d", LAB_KEYS_MAX);
	if (!between(s->hot_percent, 0, 100))
		return err_set(e, ERR_INVALID, "hot key: 0 to 100 percent");
	if (!between(s->size, 0, LAB_SIZE_MAX))
		return err_set(e, ERR_INVALID, "size: 0 to %d bytes", LAB_SIZE_MAX);
	return 0;
}

static int check_consumer(const struct lab_spec *s, struct err *e)
{
	if (!s->group[0])
		return err_set(e, ERR_INVALID, "a consumer needs a group");
	if (!between(s->process_ms, 0, LAB_PROCESS_MAX_MS))
		return err_set(e, ERR_INVALID, "processing time: 0 to %d ms", LAB_PROCESS_MAX_MS);
	if (!between(s->session_ms, LAB_SESSION_MIN_MS, LAB_SESSION_MAX_MS))
		return err_set(e, ERR_INVALID, "session time-out: %d to %d ms", LAB_SESSION_MIN_MS,
			LAB_SESSION_MAX_MS);
	if (s->stop_after < 0)
		return err_set(e, ERR_INVALID, "stop after: no fewer than 0 records");
	return 0;
}

int lab_spec_check(const struct lab_spec *s, struct err *e)
{
	if (!s->topic[0])
		return err_set(e, ERR_INVALID, "a member needs a topic");
	return s->kind == LAB_PRODUCER ? check_producer(s, e) : check_consumer(s, e);
}

const struct lab_member *lab_find(const struct lab *l, uint32_t id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->members[i]->id == id)
			return l->members[i];
	return NULL;
}

const struct lab_member *lab_find_name(const struct lab *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->members[i]->spec.name, name) == 0)
			return l->members[i];
	return NULL;
}

struct lab *lab_hold(const struct lab *l)
{
	struct lab *copy = ALLOC(struct lab);
	const struct lab_member **members = xcalloc(l->n + 1, sizeof(*members));

	for (size_t i = 0; i < l->n; i++) {
		struct lab_member *m = ALLOC(struct lab_member);
		struct lab_share *shares = xcalloc(l->members[i]->n_shares + 1, sizeof(*shares));

		*m = *l->members[i];
		for (size_t k = 0; k < m->n_shares; k++)
			shares[k] = m->shares[k];
		m->shares = shares;
		members[i] = m;
	}
	copy->members = members;
	copy->n = l->n;
	return copy;
}

/* What lab_hold has made is no longer const to its owner. */
void lab_hold_free(struct lab *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++) {
		free((void *)(uintptr_t)l->members[i]->shares);
		free((void *)(uintptr_t)l->members[i]);
	}
	free((void *)(uintptr_t)l->members);
	free(l);
}
