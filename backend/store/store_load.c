/* Recovering every log of the data folder, on several threads. */
#define LOG_MODULE "store"
#include "store/store_internal.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/log.h"

/* Checkpoints by folder name, for the time of loading. */
static void index_offsets(struct map *m, struct offset_list *l)
{
	char name[300];

	map_init(m);
	vec_foreach (e, &l->entries) {
		snprintf(name, sizeof(name), "%s-%d", e->topic, e->partition);
		map_puts(m, str_of(name), e);
	}
}

static int64_t known_offset(const struct map *m, const char *name)
{
	const struct offset_entry *e = map_gets(m, str_of(name));

	return e ? e->offset : 0;
}

struct load_one {
	struct plog *log;
	bool gone; /* its folder was set aside */
	struct err err;
};

struct load {
	struct store *s;
	struct map offsets[PLOG_N_KEPT]; /* read only while loading */
	struct load_one *results;
	atomic_size_t next;
};

/* A folder whose making a power cut interrupted: partition.metadata is there, and torn. No record
 * in it was ever synced, for that begins with the folder. */
static bool is_half_made(struct store *s, const char *dir)
{
	struct uuid id;
	int r = partition_metadata_read(s->io, dir, &id);

	return r == ERR_CORRUPT || r == ERR_VERSION;
}

/* Out of the way under a name that is no partition's, as Kafka does with logs of nobody; an
 * operator may look into it and remove it. */
static bool set_aside(struct store *s, const char *dir)
{
	struct uuid id;
	char text[UUID_TEXT], *stray;
	bool done;

	uuid_random(&id);
	uuid_format(&id, text);
	stray = xasprintf("%s.%s-stray", dir, text);
	done = s->io->rename(s->io, dir, stray) == 0;
	if (done)
		log_warn("%s was being made when the machine went down; it is %s now", dir, stray);
	free(stray);
	return done;
}

static void load_folder(struct load *l, size_t i)
{
	struct store *s = l->s;
	const char *name = s->found.v[i];
	char *dir = store_path(s, name);
	struct plog_open_args a = {
		.io = s->io,
		.files = &s->files,
		.clock = s->clock,
		.dir = dir,
		.config = &s->config,
		.trust = s->trust,
		.keeper = &s->keeper,
		.recovery_point = known_offset(&l->offsets[PLOG_KEPT_RECOVERY], name),
		.log_start = known_offset(&l->offsets[PLOG_KEPT_START], name),
		.high_watermark = known_offset(&l->offsets[PLOG_KEPT_HIGH], name),
	};

	if (a.recovery_point == 0 && is_half_made(s, dir) && set_aside(s, dir))
		l->results[i].gone = true;
	else if (log_dir_parse(str_of(name), &a.topic, &a.partition) &&
		 plog_open(&a, &l->results[i].log, &l->results[i].err) < 0)
		l->results[i].log = NULL;
	free(dir);
}

static void *load_some(void *arg)
{
	struct load *l = arg;
	size_t i;

	while ((i = atomic_fetch_add(&l->next, 1)) < l->s->found.n)
		load_folder(l, i);
	return NULL;
}

static void run_threads(struct load *l, int threads)
{
	pthread_t others[16];
	int n = 0;

	while (n < threads - 1 && n < (int)ARRAY_LEN(others) &&
		pthread_create(&others[n], NULL, load_some, l) == 0)
		n++;
	load_some(l);
	while (n > 0)
		pthread_join(others[--n], NULL);
}

/* Entries of logs that are open are in them now, those of logs that do not open stay for a later
 * start; others are of no log. */
static void sort_out(struct store *s, int f, const struct map *broken)
{
	struct offset_list *l = &s->others[f];
	size_t n = 0;
	char name[300];

	for (size_t i = 0; i < l->entries.n; i++) {
		struct offset_entry *e = &l->entries.v[i];

		snprintf(name, sizeof(name), "%s-%d", e->topic, e->partition);
		if (map_gets(broken, str_of(name))) {
			l->entries.v[n++] = *e;
			continue;
		}
		if (!map_gets(&s->logs, str_of(name)))
			store_offsets_gone(s, str_of(name), 1u << f);
		free(e->topic);
	}
	l->entries.n = n;
}

/* What was opened is the store's; what cannot be is told, and goes into broken. */
static void take_results(struct load *l, struct map *broken)
{
	struct store *s = l->s;

	for (size_t i = 0; i < s->found.n; i++) {
		const struct load_one *one = &l->results[i];

		if (one->log) {
			store_adopt(s, one->log);
			map_puts(&s->logs, str_of(s->found.v[i]), one->log);
		} else if (!one->gone) {
			log_error("%s", one->err.msg);
			map_puts(broken, str_of(s->found.v[i]), s);
		}
		free(s->found.v[i]);
	}
	vec_fini(&s->found);
}

int store_load(struct store *s, int threads, int *n_bad)
{
	struct load l = {.s = s};
	struct map broken;
	char boot[STORE_BOOT_ID];
	bool all;
	int r;

	map_init(&broken);
	for (int f = 0; f < PLOG_N_KEPT; f++)
		index_offsets(&l.offsets[f], &s->others[f]);
	l.results = xcalloc(s->found.n + 1, sizeof(*l.results));
	run_threads(&l, threads);
	take_results(&l, &broken);
	free(l.results);
	for (int f = 0; f < PLOG_N_KEPT; f++) {
		map_fini(&l.offsets[f]);
		sort_out(s, f, &broken);
	}
	all = broken.n == 0;
	if (n_bad)
		*n_bad = (int)broken.n;
	map_fini(&broken);
	r = store_offsets_lower(s);
	if (r == 0 && s->trust == PLOG_UNSURE && all) {
		s->io->boot_id(s->io, boot);
		r = store_mark_dirty(s, boot);
	}
	return r;
}
