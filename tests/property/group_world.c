/* The log, and crashes. See group_world.h. */
#include "group_world.h"

#include "base/map.h"
#include "wire/kerr.h"

void world_broken(struct world *w, const char *what)
{
	if (!w->fault)
		w->fault = what;
}

struct str world_group_name(int32_t group)
{
	static const char *const names[GROUPS] = {"orders", "billing", "재고"};

	return str_of(names[group]);
}

/* ---- the log --------------------------------------------------------------------------------- */

static void on_append(
	void *arg, int32_t shard, const struct group_entry *e, size_t n, struct group_write *done)
{
	struct world *w = arg;
	struct append *a = vec_add(&w->appends);

	a->w = done;
	a->number = ++w->n_appends;
	for (size_t i = 0; i < n; i++) {
		struct stored *s = vec_add(&w->records);

		s->shard = shard;
		s->write = a->number;
		s->deleted = !e[i].value.p;
		buf_put_slice(&s->key, e[i].key);
		buf_put_slice(&s->value, e[i].value);
	}
}

static bool on_known(void *arg, struct str topic, int32_t partition)
{
	(void)arg;
	(void)topic;
	return partition < PARTITIONS;
}

static void free_stored(struct stored *s)
{
	buf_fini(&s->key);
	buf_fini(&s->value);
}

/* What the log had not stored when the machine stopped is gone; the last of each key stays. */
static void cut_log(struct world *w, uint64_t last)
{
	struct map newest;
	size_t kept = 0;

	map_init(&newest);
	for (size_t i = 0; i < w->records.n; i++)
		if (w->records.v[i].write <= last)
			map_put(&newest, buf_slice(&w->records.v[i].key), (void *)(i + 1));
	for (size_t i = 0; i < w->records.n; i++) {
		struct stored *s = &w->records.v[i];

		if (s->write <= last && map_get(&newest, buf_slice(&s->key)) == (void *)(i + 1))
			w->records.v[kept++] = *s;
		else
			free_stored(s);
	}
	w->records.n = kept;
	map_fini(&newest);
}

static void start(struct world *w)
{
	static const uint8_t nothing;

	w->c = coordinator_new(&w->set, &w->clock.clock, &w->log, ++w->seed);
	for (int32_t p = 0; p < SHARDS; p++) {
		coordinator_load_begin(w->c, p);
		vec_foreach (s, &w->records) {
			struct slice value =
				slice_of(s->value.p ? s->value.p : &nothing, s->value.n);

			if (s->shard == p && coordinator_load_record(w->c, p, buf_slice(&s->key),
						     s->deleted ? SLICE_NULL : value) < 0)
				world_broken(w, "a record could not be read again");
		}
		coordinator_load_end(w->c, p);
	}
}

static void stop(struct world *w)
{
	for (int32_t p = 0; p < SHARDS; p++)
		coordinator_unload(w->c, p);
	while (w->appends.n) {
		struct append a = w->appends.v[0];

		vec_remove(&w->appends, 0);
		a.w->done(a.w, KERR_NOT_LEADER_OR_FOLLOWER);
	}
	coordinator_free(w->c);
}

/* A generation that nobody was given partitions in did not begin, if the log does not know it. */
static void forget_unborn(struct world *w)
{
	size_t kept = 0;

	vec_foreach (t, &w->told)
		if (t->handed_out)
			w->told.v[kept++] = *t;
	w->told.n = kept;
}
void world_crash(struct world *w)
{
	uint64_t pending = w->appends.n, survive = rng_below(&w->rng, pending + 1);
	uint64_t last = w->n_appends - pending + survive;

	w->n_crashes++;
	stop(w);
	cut_log(w, last);
	forget_unborn(w);
	start(w);
	for (int32_t g = 0; g < GROUPS; g++)
		client_fetch(&w->clients[g][0]);
}

void world_store_some(struct world *w)
{
	uint64_t n = rng_below(&w->rng, w->appends.n + 1);

	while (n-- > 0 && w->appends.n) {
		struct append a = w->appends.v[0];

		vec_remove(&w->appends, 0);
		a.w->done(a.w, KERR_NONE);
	}
}

void world_init(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	rng_seed(&w->rng, seed);
	w->seed = seed << 20;
	clock_manual_init(&w->clock, 1700000000000);
	w->set = (struct group_settings){.initial_rebalance_delay_ms = 500,
		.min_session_timeout_ms = 1000,
		.max_session_timeout_ms = 1800000,
		.max_size = CLIENTS + 2,
		.max_metadata_bytes = 4096,
		.retention_ms = INT64_MAX / 2,
		.expire_every_ms = 600000,
		.n_partitions = SHARDS};
	w->log = (struct group_log){.arg = w, .append = on_append, .known = on_known};
	for (int32_t g = 0; g < GROUPS; g++) {
		for (int32_t i = 0; i < PARTITIONS; i++)
			w->offsets[g][i] = (struct offsets){-1, -1, -1};
		for (int32_t i = 0; i < CLIENTS; i++) {
			w->clients[g][i].w = w;
			w->clients[g][i].group = g;
			w->clients[g][i].is_static = i == 0;
		}
	}
	start(w);
}

void world_fini(struct world *w)
{
	stop(w);
	vec_foreach (s, &w->records)
		free_stored(s);
	vec_fini(&w->records);
	vec_fini(&w->appends);
	vec_fini(&w->told);
}
