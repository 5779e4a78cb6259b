/*
 * Random histories of a few logs on a disk in memory that is slow to keep, full, failing, and loses
 * power (sim_disk.h), against a plain list of what was appended. After every step and every
 * recovery: what is read is what was written, nothing acknowledged is lost with the process,
 * nothing flushed with the machine, a producer's repeated batch is known. Batches come from
 * producers of several epochs, compressed or not, as a leader and as a follower takes them (with
 * gaps); logs are cut, trimmed, deleted and made anew under the same name; checkpoints and syncs
 * are under way while other things happen.
 *
 *   SEED=n   begins with that seed (default 1); ROUNDS=n: seeds tried
 *
 * A failing run names its seed and step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../setting.h"
#include "base/log.h"
#include "store_world.h"
#include "wire/kerr.h"

#define T0        INT64_C(1700000000000)
#define PRODUCERS 4 /* ids from 1; 0: no producer */
#define STEPS     90
#define ITEMS     6
#define ROUNDS    200

uint64_t __wrap_random_u64(void);

/* The order in which maps are walked is that of the calls that fail. */
uint64_t __wrap_random_u64(void)
{
	return 1;
}

static void quiet(void *arg, enum log_level level, const char *line, size_t n)
{
	if (getenv("VERBOSE"))
		print_message("# %.*s\n", (int)n, line);
	(void)arg;
	(void)level;
}

/* ---- start and end of the process --------------------------------------------------------- */

static struct str topic_of(int i)
{
	return i == 0 ? STR_LIT("orders") : i == 1 ? STR_LIT("a-b") : STR_LIT("__offsets");
}

static bool start(struct world *w)
{
	struct store_options opt = {.io = &w->disk.io,
		.clock = &w->clock.clock,
		.dir = "/data/logs",
		.node_id = 1,
		.max_open_files = 5,
		.copy_below = SIZE_MAX,
		.config = w->config};
	struct err e = {0};
	int bad = 0, r = store_open(&w->store, &opt, &e);

	if (r == 0)
		r = store_load(&w->store, 1, &bad);
	if (w->disk.dead) {
		if (w->store.dir)
			store_drop(&w->store);
		return false;
	}
	REQUIRE(w, r == 0, "the store does not open: %s", e.msg);
	REQUIRE(w, bad == 0, "%d logs do not open", bad);
	w->up = true;
	return true;
}

static bool faulty(const struct world *w);
static void create_log(struct world *w, int i);
static void delete_log(struct world *w, struct model *m);

static void make_anew(struct world *w, int i)
{
	struct model *m = &w->models[i];

	model_restart(m, 0);
	m->kept_start = 0;
	m->epoch = 0;
	create_log(w, i);
}

static void check_epochs(struct world *w, const struct model *m)
{
	const struct plog *log = m->log;

	for (size_t k = 0; k < log->epochs.entries.n; k++) {
		const struct epoch_entry *e = &log->epochs.entries.v[k];
		size_t at = entry_at(m, max_i64(e->start, log->log_start));

		/* The start may lie in a gap. */
		if (e->start <= log->log_start && at < m->entries.n &&
			m->entries.v[at].base > log->log_start)
			continue;
		REQUIRE(w, at == m->entries.n || m->entries.v[at].epoch == e->epoch,
			"log %d: epoch %d at %lld", log->partition, e->epoch, (long long)e->start);
	}
	if (m->entries.n > 0 && m->leo > log->log_start)
		REQUIRE(w, epoch_cache_latest(&log->epochs) == vec_last(&m->entries)->epoch,
			"log %d: latest epoch %d", log->partition,
			epoch_cache_latest(&log->epochs));
}

/* What came back of log i, which had `least` at least, is compared, then believed. */
static void believe(struct world *w, int i, int64_t least)
{
	struct model *m = &w->models[i];
	struct plog *log = m->log;

	/* A log that was cut below its checkpointed start begins there anew. */
	if ((m->may_restart || (least < log->leo && log->leo <= m->most_start)) &&
		log->segments.v[0]->base == log->leo) {
		least = log->leo;
		if (model_cut_end(m, log->leo) != log->leo)
			model_restart(m, log->leo);
	}
	REQUIRE(w, log->leo >= least, "log %d ends at %lld, had %lld", i, (long long)log->leo,
		(long long)least);
	REQUIRE(w, log->leo <= m->leo, "log %d ends at %lld, was %lld", i, (long long)log->leo,
		(long long)m->leo);
	REQUIRE(w, log->log_start >= min_i64(m->kept_start, log->leo),
		"log %d starts at %lld, was %lld", i, (long long)log->log_start,
		(long long)m->kept_start);
	w->cut += m->leo - log->leo;
	model_cut(m, log->leo);
	REQUIRE(w, log->leo == m->leo, "log %d ends inside a batch", i);
	check_log(w, m);
	check_all(w, m);
	check_time(w, m);
	check_epochs(w, m);
}

static void meet(struct world *w, int i, bool power_off)
{
	struct model *m = &w->models[i];
	struct plog *log = store_find(&w->store, topic_of(i), i);
	int64_t least = power_off ? min_i64(m->flushed, m->least) : m->least;
	/* Never synced: even its folder may be lost, and its owner makes it anew. */
	bool unborn = power_off && least == 0;

	m->log = log;
	if (!log) {
		REQUIRE(w, !m->there || unborn, "log %d is gone", i);
		if (m->there)
			make_anew(w, i);
		return;
	}
	if (m->there && unborn && uuid_is_zero(&log->topic_id)) {
		int r = plog_set_topic_id(log, &m->id);

		REQUIRE(w, r == 0 || faulty(w), "no partition.metadata: %s", err_name(r));
		log->topic_id = m->id;
	}
	/* Of a deleted topic, whose folder came back: its owner deletes it by the id. */
	if (!m->there || !uuid_eq(&log->topic_id, &m->id)) {
		bool there = m->there;

		REQUIRE(w, !there || unborn, "log %d is another", i);
		delete_log(w, m);
		if (there)
			make_anew(w, i);
		return;
	}
	believe(w, i, least);
}

/* The process is gone; starts it again, which may die too. */
static void come_back(struct world *w, bool power_off)
{
	w->up = false;
	w->deaths += !power_off;
	for (;;) {
		w->power_cuts += power_off;
		REQUIRE(w, w->disk.n_open == 0, "%zu files are still open", w->disk.n_open);
		sim_disk_restart(&w->disk, power_off);
		if (one_in(w, 4))
			w->disk.fuse = (int)between(w, 0, 12);
		if (start(w))
			break;
		power_off = power_off || one_in(w, 3);
		/* What was read as there may not be on the platter. */
	}
	w->disk.fuse = -1;
	for (int i = 0; i < w->n_logs; i++)
		meet(w, i, power_off);
}

static void end_job(struct world *w, bool run);

static void crash(struct world *w)
{
	end_job(w, one_in(w, 2));
	store_drop(&w->store);
	come_back(w, one_in(w, 2));
}

static void stop_clean(struct world *w)
{
	bool good;

	end_job(w, true);
	good = store_close(&w->store) == 0;
	for (int i = 0; good && i < w->n_logs; i++) {
		if (!w->models[i].there)
			continue;
		w->models[i].flushed = w->models[i].leo;
	}
	come_back(w, one_in(w, 2));
}

/* ---- steps -------------------------------------------------------------------------------- */

/* Makes the next batch of some producer, or (on a leader) its last one again (*again). */
static struct plog_append next_item(
	struct world *w, struct model *m, bool leads, struct entry *e, const struct entry **again)
{
	const struct entry *last;

	*e = (struct entry){.producer = between(w, 0, PRODUCERS),
		.n = (int32_t)between(w, 1, 4),
		.epoch = m->epoch,
		.timestamp = clock_wall_ms(&w->clock.clock) - between(w, 0, 500)};
	*again = NULL;
	last = e->producer > 0 ? model_last_of(m, e->producer) : NULL;
	e->producer_epoch = last ? last->producer_epoch : 0;
	if (leads && last && last->base >= m->log->log_start && one_in(w, 4)) {
		*again = last;
		e->sequence = last->sequence;
		e->n = last->n;
	} else if (last && one_in(w, 12)) {
		e->producer_epoch++;
	} else if (last) {
		e->sequence = last->sequence + last->n;
	}
	return entry_make(e, &w->builder, between(w, 0, INT64_MAX));
}

static bool faulty(const struct world *w)
{
	return w->disk.dead || w->disk.fuse >= 0 || w->disk.room >= 0;
}

/* The log's answer for one item, in order. */
static void take_answer(struct world *w, struct model *m, struct entry *e,
	const struct plog_append *item, int64_t original)
{
	if (item->error) {
		REQUIRE(w, faulty(w) && item->error == KERR_KAFKA_STORAGE_ERROR, "an append: %s",
			kerr_name(item->error));
		/* Of the call that died, some may be there all the same. */
		return;
	}
	REQUIRE(w, item->duplicate == (original >= 0), "a batch of producer %lld is %s",
		(long long)e->producer, item->duplicate ? "a duplicate" : "no duplicate");
	if (item->duplicate) {
		REQUIRE(w, item->base_offset == original, "the original was at %lld, not %lld",
			(long long)original, (long long)item->base_offset);
		w->duplicates++;
		return;
	}
	REQUIRE(w, item->base_offset == e->base, "appended at %lld, expected %lld",
		(long long)item->base_offset, (long long)e->base);
	model_add(m, e);
	m->least = m->leo;
	w->appended++;
}

/* A few batches of different producers. */
static size_t make_items(struct world *w, struct model *m, bool leads, struct plog_append *items,
	struct entry *e, int64_t *original)
{
	bool used[PRODUCERS + 1] = {false};
	size_t n = (size_t)between(w, 1, ITEMS), kept = 0;

	m->epoch += one_in(w, 8);
	for (size_t i = 0; i < n; i++) {
		const struct entry *again;

		items[kept] = next_item(w, m, leads, &e[kept], &again);
		original[kept] = again ? again->base : -1;
		if (e[kept].producer > 0 && used[e[kept].producer]) {
			free(items[kept].batch);
			continue;
		}
		used[e[kept].producer] = true;
		e[kept].crc = items[kept].header.crc;
		kept++;
	}
	return kept;
}

/* As the leader stamped them; now and then the compaction of its log left a gap. */
static void stamp(struct world *w, struct model *m, struct plog_append *items, struct entry *e,
	size_t n, bool leads)
{
	int64_t at = m->leo;

	for (size_t i = 0; i < n; i++) {
		if (!leads && one_in(w, 5))
			at += between(w, 1, 30);
		e[i].base = at;
		at = entry_end(&e[i]);
		if (leads)
			continue;
		items[i].header.base_offset = e[i].base;
		items[i].header.leader_epoch = e[i].epoch;
		batch_stamp(items[i].batch, e[i].base, e[i].epoch);
	}
}

static void append(struct world *w, struct model *m)
{
	struct plog_append items[ITEMS];
	struct entry e[ITEMS];
	int64_t original[ITEMS];
	bool leads = !one_in(w, 5);
	size_t n;

	if (w->disk.dead)
		return;
	n = make_items(w, m, leads, items, e, original);
	stamp(w, m, items, e, n, leads);
	plog_append(m->log, items, n, leads ? PLOG_LEADER : PLOG_FOLLOWER);
	for (size_t i = 0; i < n; i++) {
		if (leads)
			e[i].base = m->leo;
		take_answer(w, m, &e[i], &items[i], original[i]);
	}
	m->least = m->leo;
	/* Of the call that died, some may be there all the same. */
	for (size_t i = 0; i < n && w->disk.dead; i++) {
		if (items[i].error == 0 || original[i] >= 0)
			continue;
		if (leads)
			e[i].base = m->leo;
		model_add(m, &e[i]);
	}
	for (size_t i = 0; i < n; i++)
		free(items[i].batch);
}

/* Anywhere, or as a follower does it: at the end of an epoch. */
static int64_t cut_at(struct world *w, struct model *m)
{
	int64_t at = between(w, m->log->log_start, m->leo), end;
	int32_t epoch;

	if (one_in(w, 2))
		return at;
	epoch_cache_end(&m->log->epochs, (int32_t)between(w, 0, m->epoch), m->log->leo,
		m->log->log_start, &epoch, &end);
	return end >= m->log->log_start && end <= m->leo ? end : at;
}

static void truncate_log(struct world *w, struct model *m)
{
	int64_t at = cut_at(w, m);
	bool anew = one_in(w, 4);
	int r;

	if (anew) {
		at = m->leo + between(w, 0, 50);
		r = plog_truncate_fully_and_start_at(m->log, at);
	} else {
		r = plog_truncate_to(m->log, at);
	}
	if (r == 0 && anew) {
		model_restart(m, at);
	} else if (r == 0) {
		model_cut(m, at);
	} else {
		REQUIRE(w, faulty(w), "a truncation: %s", err_name(r));
		m->least = min_i64(m->least, anew ? m->first : model_cut_end(m, at));
		m->may_restart = anew;
		m->flushed = min_i64(m->flushed, m->least);
		w->disk.dead = true;
	}
}

/* The worker's turn; what is cut or deleted meanwhile is not in it. */
static void end_job(struct world *w, bool run)
{
	unsigned files = w->job.files;

	if (!w->job_on)
		return;
	w->job_on = false;
	if (run)
		store_job_run(&w->job);
	if (store_job_done(&w->store, &w->job) < 0 || !run || !(files & STORE_KEEP_START))
		return;
	for (int i = 0; i < w->n_logs; i++) {
		struct model *m = &w->models[i];

		if (m->log && m->cuts == w->job_cuts[i])
			m->kept_start = max_i64(m->kept_start, w->job_starts[i]);
	}
}

static void begin_job(struct world *w)
{
	if (w->job_on)
		return;
	for (int i = 0; i < w->n_logs; i++) {
		w->job_starts[i] = w->models[i].log ? w->models[i].log->log_start : 0;
		w->job_cuts[i] = w->models[i].cuts;
	}
	w->job_on = store_job_begin(&w->store, (unsigned)between(w, 1, 7), &w->job);
}

static void checkpoint(struct world *w)
{
	int64_t starts[LOGS];
	bool good;

	for (int i = 0; i < w->n_logs; i++)
		starts[i] = w->models[i].log ? w->models[i].log->log_start : 0;
	good = store_checkpoint(&w->store) == 0;
	for (int i = 0; good && i < w->n_logs; i++)
		w->models[i].kept_start = starts[i];
	REQUIRE(w, good || faulty(w) || w->disk.failing_syncs == 0, "no checkpoint");
}

static void create_log(struct world *w, int i)
{
	struct model *m = &w->models[i];
	struct uuid id = {{1, 2, ++w->ids}};
	struct err e = {0};
	int r = store_create(&w->store, topic_of(i), i, &id, NULL, &m->log, &e);

	m->id = id;
	if (r == 0) {
		m->there = true;
		return;
	}
	m->log = NULL;
	REQUIRE(w, faulty(w) && r != ERR_EXISTS, "no log: %s", e.msg);
}

/* With its topic; the next of the name is another. */
static void delete_log(struct world *w, struct model *m)
{
	int r = store_delete(&w->store, m->log);

	REQUIRE(w, r == 0 || faulty(w), "not deleted: %s", err_name(r));
	m->log = NULL;
	m->there = false;
	model_restart(m, 0);
	m->kept_start = 0;
	m->epoch = 0;
}

static void no_sync(void *arg, struct plog *log)
{
	(void)arg;
	(void)log;
}

static void tidy(struct world *w)
{
	char *path;

	store_attend(&w->store, no_sync, NULL);
	while ((path = store_take_trash(&w->store))) {
		store_remove(&w->disk.io, path);
		free(path);
	}
}

static void flush(struct world *w, struct model *m)
{
	if (one_in(w, 8))
		w->disk.failing_syncs = 1;
	if (plog_flush(m->log) == 0)
		m->flushed = m->leo;
	w->disk.failing_syncs = 0;
}

/* A sync as a worker does it, of full segments or of all, with other work while it is under way. */
static void sync_aside(struct world *w, struct model *m)
{
	struct plog_sync sync;
	bool rolled = one_in(w, 4), early;
	int64_t cuts = m->cuts, leo = rolled ? (*vec_last(&m->log->segments))->base : m->leo;
	int n = plog_sync_begin(m->log, rolled, &sync);

	if (n <= 0) {
		REQUIRE(w, n == 0 || faulty(w), "a sync: %s", err_name(n));
		return;
	}
	early = one_in(w, 2);
	if (early)
		plog_sync_run(&sync);
	append(w, m);
	if (!w->disk.dead && one_in(w, 4))
		truncate_log(w, m);
	if (m->log->state == PLOG_OPEN && one_in(w, 2))
		append(w, m);
	if (!early)
		plog_sync_run(&sync);
	if (plog_sync_done(&sync) == 0 && m->cuts == cuts)
		m->flushed = max_i64(m->flushed, leo);
}

static void trim(struct world *w, struct model *m)
{
	int64_t to = between(w, m->log->log_start, m->log->high_watermark);

	if (one_in(w, 2)) {
		int r = plog_delete_records(m->log, to);

		REQUIRE(w, r == 0 || faulty(w), "records not deleted: %s", err_name(r));
		REQUIRE(w, m->log->log_start == to, "starts at %lld", (long long)to);
		m->most_start = max_i64(m->most_start, to);
	} else {
		REQUIRE(w, plog_retention(m->log) >= 0 || faulty(w), "retention");
		m->most_start = max_i64(m->most_start, m->log->log_start);
	}
}

static void set_faults(struct world *w)
{
	w->disk.short_one_in = one_in(w, 2) ? 5 : 0;
	w->disk.room = one_in(w, 12) ? between(w, 0, 3000) : -1;
	w->disk.fuse = one_in(w, 12) ? (int)between(w, 0, 10) : -1;
}

static void act(struct world *w, struct model *m)
{
	int64_t what = between(w, 0, 99);

	if (what < 52)
		append(w, m);
	else if (what < 62)
		plog_set_high_watermark(m->log, between(w, m->log->high_watermark, m->leo));
	else if (what < 70)
		flush(w, m);
	else if (what < 76)
		sync_aside(w, m);
	else if (what < 80)
		REQUIRE(w, plog_roll(m->log) == 0 || faulty(w), "no roll");
	else if (what < 86)
		trim(w, m);
	else if (what < 89)
		truncate_log(w, m);
	else if (what < 95)
		one_in(w, 2) ? checkpoint(w) : begin_job(w);
	else if (what < 97)
		REQUIRE(w, plog_checkpoint_producers(m->log) == 0 || faulty(w), "no snapshot");
	else if (what < 98)
		tidy(w);
	else if (what < 99)
		delete_log(w, m);
}

static void step(struct world *w)
{
	int i = (int)between(w, 0, w->n_logs - 1);
	struct model *m = &w->models[i];

	clock_manual_advance_ms(&w->clock, between(w, 0, 700));
	set_faults(w);
	if (!m->log)
		create_log(w, i);
	else
		act(w, m);
	if (one_in(w, 3))
		end_job(w, true);
	if (w->disk.dead || (m->log && m->log->state != PLOG_OPEN) || one_in(w, 16)) {
		crash(w);
	} else if (one_in(w, 25)) {
		stop_clean(w);
	} else {
		w->disk.fuse = -1;
		w->disk.room = -1;
		check_world(w);
	}
}

/* ---- runs --------------------------------------------------------------------------------- */

static void world_run(struct world *w, uint64_t seed)
{
	w->seed = seed;
	rng_seed(&w->rng, seed);
	w->n_logs = (int)between(w, 1, LOGS);
	clock_manual_init(&w->clock, T0);
	sim_disk_init(&w->disk, seed, &w->clock.clock);
	w->ctx = compress_ctx_new();
	batch_builder_init(&w->builder, w->ctx);
	w->config = plog_config_default;
	w->config.segment_bytes = (int32_t)between(w, 4000, 40000);
	w->config.index_interval_bytes = (int32_t)between(w, 0, 3000);
	w->config.segment_index_bytes = (int32_t)between(w, 100, 2000);
	w->config.retention_bytes = one_in(w, 2) ? between(w, 10000, 80000) : -1;
	w->config.retention_ms = one_in(w, 2) ? between(w, 2000, 20000) : -1;
	w->config.file_delete_delay_ms = between(w, 0, 3000);
	REQUIRE(w, start(w), "no first start");
	for (w->step = 1; w->step <= STEPS; w->step++)
		step(w);
	end_job(w, true);
	store_drop(&w->store);
	sim_disk_fini(&w->disk);
	batch_builder_fini(&w->builder);
	compress_ctx_free(w->ctx);
	for (int i = 0; i < LOGS; i++)
		vec_fini(&w->models[i].entries);
}

static void histories(void **state)
{
	uint64_t first = setting("SEED", 1), rounds = setting("ROUNDS", ROUNDS);
	int64_t power_cuts = 0, deaths = 0, cut = 0, appended = 0, duplicates = 0;

	(void)state;
	log_set_sink(quiet, NULL);
	for (uint64_t seed = first; seed < first + rounds; seed++) {
		struct world *w = ALLOC(struct world);

		world_run(w, seed);
		power_cuts += w->power_cuts;
		deaths += w->deaths;
		cut += w->cut;
		appended += w->appended;
		duplicates += w->duplicates;
		free(w);
	}
	print_message("# %lld batches, %lld duplicates, %lld power cuts, %lld crashes, %lld "
		      "records lost by them\n",
		(long long)appended, (long long)duplicates, (long long)power_cuts,
		(long long)deaths, (long long)cut);
	assert_true(appended > (int64_t)rounds && power_cuts + deaths >= (int64_t)rounds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(histories)};

	return cmocka_run_group_tests_name("store-sim", tests, NULL, NULL);
}
