/*
 * The three files that say for every log how far it is on the disk, where it starts, how far it is
 * committed. They are written when something changed, by a worker; only a log that becomes shorter,
 * or is made again under the name of a deleted one, has to wait for them (plog.h, plog_keeper).
 *
 *   turn      every text made gets the next number; a text is not written over one of a later turn
 *   ghosts    names of logs that are gone and may still stand in the files: what is said there
 * would be taken for a new log of that name
 */
#define LOG_MODULE "store"
#include "store/store_internal.h"

#include <errno.h>

#include "base/log.h"

#define ALL_KEPT       ((1u << PLOG_N_KEPT) - 1)
#define SNAPSHOT_EVERY (INT64_C(16) << 20)

static const char *const names[PLOG_N_KEPT] = {"recovery-point-offset-checkpoint",
	"log-start-offset-checkpoint", "replication-offset-checkpoint"};

const char *store_offsets_name(int f)
{
	return names[f];
}

struct ghost {
	int64_t turn;   /* the last when it was deleted */
	unsigned files; /* that may have it */
};

static void forget_ghosts(struct store *s)
{
	void *g;

	for (size_t i = 0; map_next(&s->ghosts, &i, NULL, &g);)
		free(g);
	map_clear(&s->ghosts);
}

void store_offsets_fini(struct store *s)
{
	forget_ghosts(s);
	map_fini(&s->ghosts);
	for (int f = 0; f < PLOG_N_KEPT; f++)
		offset_list_fini(&s->others[f]);
	pthread_mutex_destroy(&s->offsets_lock);
}

void store_offsets_gone(struct store *s, struct str name, unsigned files)
{
	struct ghost *g = map_gets(&s->ghosts, name);

	if (!g) {
		g = ALLOC(struct ghost);
		map_puts(&s->ghosts, name, g);
	}
	g->turn = s->turn;
	g->files |= files;
}

static int64_t offset_of(const struct plog *log, int f)
{
	/* 0 also says that its folder may not be on the disk: a start of the log above it is none.
	 */
	return f == PLOG_KEPT_RECOVERY ? (log->fresh ? 0 : log->recovery_point)
	       : f == PLOG_KEPT_START  ? log->log_start
				       : log->high_watermark;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static void make_text(struct store *s, struct store_job *job, int f)
{
	struct buf *out = &job->text[f];
	struct plog *log;

	buf_printf(out, "0\n%zu\n", s->logs.n + s->others[f].entries.n);
	for (size_t i = 0; (log = store_next(s, &i));) {
		int64_t at = offset_of(log, f);

		buf_printf(out, "%s %d %lld\n", log->topic, log->partition, (long long)at);
		log->kept[f] = max_i64(log->kept[f], at);
	}
	vec_foreach (e, &s->others[f].entries)
		buf_printf(out, "%s %d %lld\n", e->topic, e->partition, (long long)e->offset);
	job->files |= 1u << f;
	s->stale &= ~(1u << f);
	s->made[f] = job->turn;
}

static void make_texts(struct store *s, struct store_job *job, unsigned files)
{
	job->turn = ++s->turn;
	for (int f = 0; f < PLOG_N_KEPT; f++) {
		if (files & (1u << f))
			make_text(s, job, f);
	}
}

/* Which files do not say what is true. */
static unsigned changed_files(const struct store *s)
{
	unsigned files = s->stale;
	struct plog *log;

	for (size_t i = 0; files != ALL_KEPT && (log = store_next(s, &i));) {
		for (int f = 0; f < PLOG_N_KEPT; f++)
			files |= (unsigned)(offset_of(log, f) != log->kept[f]) << f;
	}
	return files;
}

/* Any thread. */
static void write_text(struct store_job *job, int f)
{
	struct store *s = job->store;
	char *path = store_path(s, names[f]);
	int r = 0;

	pthread_mutex_lock(&s->offsets_lock);
	if (s->written[f] < job->turn) {
		r = checkpoint_replace(s->io, path, buf_slice(&job->text[f]), true);
		if (r == 0)
			s->written[f] = job->turn;
		else
			job->failed |= 1u << f;
		if (r < 0)
			job->errnum = errno;
	}
	pthread_mutex_unlock(&s->offsets_lock);
	free(path);
}

static void settle_ghosts(struct store *s, const struct store_job *job)
{
	VEC(struct slice) gone = {0};
	struct slice name;
	void *v;

	for (size_t i = 0; map_next(&s->ghosts, &i, &name, &v);) {
		struct ghost *g = v;

		if (g->turn < job->turn)
			g->files &= ~(job->files & ~job->failed);
		if (g->files == 0)
			vec_push(&gone, name);
	}
	vec_foreach (n, &gone)
		free(map_del(&s->ghosts, *n));
	vec_fini(&gone);
}

/* ---- at once -------------------------------------------------------------------------------- */

static int write_now(struct store *s, unsigned files)
{
	struct store_job job = {.store = s};
	struct plog *log;

	make_texts(s, &job, files);
	store_job_run(&job);
	for (size_t i = 0; (log = store_next(s, &i));) {
		for (int f = 0; f < PLOG_N_KEPT; f++) {
			if (files & ~job.failed & (1u << f))
				log->kept[f] = offset_of(log, f);
		}
	}
	return store_job_done(s, &job);
}

/* The files that say more than is true of the log. */
static unsigned too_high(const struct plog *log)
{
	unsigned files = 0;

	for (int f = 0; f < PLOG_N_KEPT; f++)
		files |= (unsigned)(log->kept[f] > offset_of(log, f)) << f;
	return files;
}

static int keep(struct plog_keeper *k, struct plog *log)
{
	struct store *s = CONTAINER_OF(k, struct store, keeper);
	unsigned files = too_high(log);

	return files ? write_now(s, files) : 0;
}

void store_offsets_init(struct store *s)
{
	s->keeper.keep = keep;
	s->stale = ALL_KEPT;
	map_init(&s->ghosts);
	pthread_mutex_init(&s->offsets_lock, NULL);
}

int store_offsets_lower(struct store *s)
{
	struct plog *log;
	unsigned files = 0;

	for (size_t i = 0; (log = store_next(s, &i));)
		files |= too_high(log);
	return files ? write_now(s, files) : 0;
}

int store_offsets_free_name(struct store *s, struct str name)
{
	return map_gets(&s->ghosts, name) ? write_now(s, ALL_KEPT) : 0;
}

/* Producers whose snapshot is far behind: recovery would have much to read. */
static int save_producers(struct store *s)
{
	struct plog *log;
	int r = 0;

	for (size_t i = 0; r == 0 && (log = store_next(s, &i));) {
		if (log->state == PLOG_OPEN && log->snapshot_size >= SNAPSHOT_EVERY)
			r = plog_checkpoint_producers(log);
	}
	return r;
}

int store_checkpoint(struct store *s)
{
	unsigned files = changed_files(s);
	int r;

	/* Nor does it rely on a job that is under way. */
	pthread_mutex_lock(&s->offsets_lock);
	for (int f = 0; f < PLOG_N_KEPT; f++)
		files |= (unsigned)(s->written[f] < s->made[f]) << f;
	pthread_mutex_unlock(&s->offsets_lock);
	r = files ? write_now(s, files) : 0;

	return r < 0 ? r : save_producers(s);
}

/* ---- by a worker ---------------------------------------------------------------------------- */

bool store_job_begin(struct store *s, unsigned what, struct store_job *job)
{
	unsigned files = what & ALL_KEPT;

	*job = (struct store_job){.store = s};
	if (files)
		files &= changed_files(s);
	if (files)
		make_texts(s, job, files);
	if ((what & STORE_KEEP_RECOVERY) && save_producers(s) < 0)
		log_warn(
			"%s: a snapshot of producers cannot be saved: %s", s->dir, strerror(errno));
	return files != 0;
}

void store_job_run(struct store_job *job)
{
	for (int f = 0; f < PLOG_N_KEPT; f++) {
		if (job->files & (1u << f))
			write_text(job, f);
	}
}

int store_job_done(struct store *s, struct store_job *job)
{
	if (job->files && s->ghosts.n > 0)
		settle_ghosts(s, job);
	for (int f = 0; f < PLOG_N_KEPT; f++) {
		if (job->failed & (1u << f))
			log_error("%s/%s: %s", s->dir, names[f], strerror(job->errnum));
		buf_fini(&job->text[f]);
	}
	s->stale |= job->failed;
	if (job->failed)
		errno = job->errnum;
	return job->failed ? ERR_IO : 0;
}
