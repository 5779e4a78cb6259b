/*
 * Opening and recovery (kafka-rules 5.3). What is cut or rebuilt is said in the log. Runs with a
 * file cache of its own, so that any thread may do it.
 */
#define LOG_MODULE "store"
#include "store/plog_internal.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "store/checkpoint.h"

#define OPEN_FILES 16
#define EPOCHS_MAX (64u << 20)

struct opening {
	struct plog *log;
	const struct plog_open_args *args;
	struct err *e;
	bool check_all; /* a finished compaction was interrupted: trust nothing */
	bool cut_mark;  /* a process died while it cut the log */
	bool bad_epochs;
	struct buf epochs; /* the text of the file */
	VEC(int64_t) logs;
	VEC(int64_t) indexes;
	VEC(char *) leftovers;
};

static bool has_end(const char *name, const char *end)
{
	return str_ends(str_of(name), end);
}

static bool note_name(void *arg, const char *name)
{
	struct opening *o = arg;
	int64_t base;

	if (segment_name_parse(name, ".log", &base))
		vec_push(&o->logs, base);
	else if (segment_name_parse(name, ".index", &base) ||
		 segment_name_parse(name, ".timeindex", &base))
		vec_push(&o->indexes, base);
	else if (strcmp(name, PLOG_CUT_MARK) == 0)
		o->cut_mark = true;
	else if (has_end(name, ".deleted") || has_end(name, ".cleaned") || has_end(name, ".swap") ||
		 has_end(name, ".tmp"))
		vec_push(&o->leftovers, xstrdup(name));
	return true;
}

int plog_offset_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int fail(struct opening *o, const char *what)
{
	return err_errno(o->e, ERR_IO, errno, "%s: %s", o->log->dir, what);
}

/* The smallest base of an unfinished cleaning: swaps from there on are unfinished too. */
static int64_t least_cleaned(const struct opening *o)
{
	int64_t least = INT64_MAX, base;

	for (size_t i = 0; i < o->leftovers.n; i++) {
		if (segment_name_parse(o->leftovers.v[i], ".log.cleaned", &base))
			least = min_i64(least, base);
	}
	return least;
}

static void tidy(struct opening *o)
{
	struct store_io *io = o->log->io;
	int64_t least = least_cleaned(o), base;
	char path[SEGMENT_PATH], to[SEGMENT_PATH];

	for (size_t i = 0; i < o->leftovers.n; i++) {
		const char *name = o->leftovers.v[i];

		snprintf(path, sizeof(path), "%s/%s", o->log->dir, name);
		o->log->found.leftovers++;
		if (segment_name_parse(name, ".log.swap", &base) && base < least) {
			segment_path(o->log->dir, base, ".log", to);
			log_warn("%s: finishing the compaction of segment %lld", plog_name(o->log),
				(long long)base);
			if (io->rename(io, path, to) == 0)
				vec_push(&o->logs, base);
			o->check_all = true;
		} else {
			io->unlink(io, path);
		}
	}
	vec_sort(&o->logs, plog_offset_cmp);
	for (size_t i = 1; i < o->logs.n;) {
		if (o->logs.v[i] == o->logs.v[i - 1])
			vec_remove(&o->logs, i);
		else
			i++;
	}
	for (size_t i = 0; i < o->indexes.n; i++) {
		if (o->logs.n > 0 && bsearch(&o->indexes.v[i], o->logs.v, o->logs.n,
					     sizeof(int64_t), plog_offset_cmp))
			continue;
		o->log->found.leftovers++;
		segment_path(o->log->dir, o->indexes.v[i], ".index", path);
		io->unlink(io, path);
		segment_path(o->log->dir, o->indexes.v[i], ".timeindex", path);
		io->unlink(io, path);
	}
}

static bool count_batch(
	void *arg, const struct batch_header *h, UNUSED int64_t position, UNUSED struct slice batch)
{
	struct opening *o = arg;
	struct plog *log = o->log;
	const struct epoch_cache *c = &log->epochs;

	segment_note(plog_active(log), h, (uint32_t)log->config.index_interval_bytes);
	if (h->leader_epoch > epoch_cache_latest(c))
		epoch_cache_assign(&log->epochs, h->leader_epoch, h->base_offset);
	else if (h->leader_epoch >= 0 && h->base_offset >= c->entries.v[0].start &&
		 epoch_cache_at(c, h->base_offset) != h->leader_epoch)
		o->bad_epochs = true; /* the file is of batches that were refused or cut */
	return true;
}

static int load_indexes(struct segment *s, int64_t size)
{
	int r = index_load(&s->index, s->files, s->dir, size);

	if (r < 0)
		return r;
	r = index_load(&s->times, s->files, s->dir, size);
	/* Kafka has a time entry with every offset entry: one without the other is no pair. */
	if (r == 0 && s->index.n_file > 0 && s->times.n_file == 0)
		r = ERR_CORRUPT;
	return r;
}

/* No crash did this to a segment that is trusted: it and what follows stays, so that all but the
 * records there can be read. */
static void keep_bad(
	struct opening *o, struct segment *s, int64_t stopped, int64_t size, int64_t next_base)
{
	log_error("%s: segment %lld has no good batch at position %lld; records from %lld to %lld "
		  "cannot be read",
		plog_name(o->log), (long long)s->base, (long long)stopped, (long long)s->next,
		(long long)next_base - 1);
	s->size = size;
	s->next = max_i64(s->next, next_base);
}

/* Walks from a position to the end of the file; cuts what is no batch, where a crash may have left
 * it (keep_to -1). *cut: bytes gone. */
static int walk_tail(struct opening *o, struct segment *s, int64_t from, int64_t size, bool check,
	int64_t keep_to, int64_t *cut)
{
	struct plog *log = o->log;
	int64_t stopped;
	int r;

	s->size = from;
	s->since_index = 0;
	r = segment_walk(s, from, size, check ? WALK_CHECK : 0, count_batch, o, &stopped);
	if (r == ERR_IO)
		return fail(o, "cannot read a segment");
	if (stopped < size && keep_to >= 0) {
		keep_bad(o, s, stopped, size, keep_to);
		return 0;
	}
	*cut = size - stopped;
	if (*cut == 0)
		return 0;
	log_warn("%s: cut %lld bytes at offset %lld (segment %lld, position %lld): %s",
		plog_name(log), (long long)*cut, (long long)s->next, (long long)s->base,
		(long long)stopped, r == ERR_SHORT ? "a torn batch" : "not a good batch");
	log->found.bytes_cut += *cut;
	/* Synced: what was cut must not come back with the next crash. */
	if (segment_fd(s) < 0 || log->io->truncate(log->io, s->file.fd, stopped) < 0 ||
		log->io->fdatasync(log->io, s->file.fd) < 0)
		return fail(o, "cannot cut a segment");
	return 0;
}

/* Where the walk of a segment begins: at the last index entry when the batch there is the one
 * that the index says, else at 0 with new indexes. */
static int64_t trusted_position(struct opening *o, struct segment *s, int64_t size, bool whole)
{
	uint8_t head[BATCH_HEADER];
	struct batch_header h;
	int r = whole ? 0 : load_indexes(s, size);

	if (!whole && r == 0 && s->index.last.key < 0)
		r = s->times.last.key < 0 || size == 0 ? 0 : ERR_EXISTS;
	if (!whole && r == 0 && s->index.last.key >= 0 && segment_fd(s) >= 0 &&
		store_read_full(o->log->io, s->file.fd, head, sizeof(head), s->index.last.value) ==
			0 &&
		batch_parse(slice_of(head, sizeof(head)), &h) == 0 &&
		batch_last_offset(&h) == s->index.last.key)
		return s->index.last.value;
	if (!whole && s->index.last.key >= 0)
		r = ERR_CORRUPT;
	if (!whole && size > 0 && (r < 0 && r != ERR_EXISTS)) {
		o->log->found.indexes_rebuilt++;
		log_warn("%s: rebuilding the indexes of segment %lld: %s", plog_name(o->log),
			(long long)s->base, err_name(r));
	}
	return -1;
}

/* What the machine may have lost is read as a whole. */
static bool checks_whole(const struct opening *o, int64_t next_base)
{
	return o->check_all || (o->args->trust == PLOG_UNSURE &&
				       (next_base < 0 || next_base >= o->args->recovery_point));
}

static int rebuild(struct segment *s, uint32_t interval)
{
	/* Its own idea of the latest time came from the file that is not believed. */
	s->max_timestamp = s->max_timestamp_offset = -1;
	return segment_rebuild(s, interval);
}

static int64_t first_time(struct segment *s)
{
	uint8_t head[BATCH_HEADER];
	struct batch_header h;

	if (segment_fd(s) < 0 ||
		store_read_full(s->files->io, segment_fd(s), head, sizeof(head), 0) < 0 ||
		batch_parse(slice_of(head, sizeof(head)), &h) < 0)
		return -1;
	return h.max_timestamp;
}

/* Walks over what the indexes do not vouch for. */
static int walk_segment(struct opening *o, struct segment *s, int64_t from, int64_t size,
	int64_t next_base, int64_t *cut)
{
	bool whole = checks_whole(o, next_base), unclean = o->args->trust != PLOG_CLEAN;
	int64_t keep_to = whole ? -1 : next_base;

	if (from < 0) {
		if (segment_reset_indexes(s) < 0)
			return fail(o, "cannot write an index");
		return walk_tail(o, s, 0, size, whole || unclean, keep_to, cut);
	}
	if (from > 0)
		s->first_timestamp = first_time(s);
	s->max_timestamp = s->times.last.key;
	s->max_timestamp_offset = s->times.last.value;
	s->next = s->index.last.key;
	return walk_tail(o, s, from, size, unclean && next_base < 0, keep_to, cut);
}

/* Fills in a segment; it is the last of log->segments. next_base -1: it is the active one. */
static int load_segment(struct opening *o, struct segment *s, int64_t next_base, int64_t *cut)
{
	struct plog *log = o->log;
	struct store_stat st;
	int64_t from;
	int r;

	*cut = 0;
	if (segment_fd(s) < 0 || log->io->fstat(log->io, s->file.fd, &st) < 0)
		return fail(o, "cannot open a segment");
	s->created_ms = st.mtime_ms;
	st.size = min_i64(st.size, INT32_MAX);
	from = trusted_position(o, s, st.size, checks_whole(o, next_base));
	r = walk_segment(o, s, from, st.size, next_base, cut);
	if (r == 0 && from >= 0 && s->times.last.value >= s->next) {
		log_warn("%s: the time index of segment %lld goes beyond the log; made anew",
			plog_name(log), (long long)s->base);
		r = rebuild(s, (uint32_t)log->config.index_interval_bytes);
	}
	if (r == 0 && (s->index.pending.n > 0 || s->times.pending.n > 0 || !s->index.there ||
			      !s->times.there))
		r = segment_flush_index(s, next_base >= 0);
	/* What was synced stays so: the next start may take it as it is. */
	if (r == 0 && next_base >= 0 && next_base < o->args->recovery_point)
		r = segment_sync_indexes(s);
	return r < 0 ? fail(o, "cannot write an index") : 0;
}

static void drop_rest(struct opening *o, size_t from)
{
	for (size_t i = from; i < o->logs.n; i++) {
		struct segment *s = segment_new(o->log->files, o->log->dir, o->logs.v[i], 0);

		log_warn("%s: dropped segment %lld behind the cut", plog_name(o->log),
			(long long)s->base);
		o->log->found.segments_cut++;
		segment_unlink(s);
		segment_put(s);
	}
}

/* The machine went down before the end of s was on the disk, and it was lost at a batch's end.
 * Below the recovery point a gap is what compaction left. */
static bool torn_off(const struct opening *o, const struct segment *s, int64_t next_base)
{
	return o->args->trust == PLOG_UNSURE && !o->check_all && s->next < next_base &&
	       next_base > o->args->recovery_point;
}

static int load_segments(struct opening *o)
{
	struct plog *log = o->log;

	for (size_t i = 0; i < o->logs.n; i++) {
		int64_t base = o->logs.v[i], cut = 0;
		bool last = i + 1 == o->logs.n;
		struct segment *s = segment_new(log->files, log->dir, base, 0);
		int r;

		/* What an earlier segment covers was replaced by it. */
		if (log->segments.n > 0 && base < plog_active(log)->next) {
			segment_unlink(s);
			segment_put(s);
			continue;
		}
		vec_push(&log->segments, s);
		r = load_segment(o, s, last ? -1 : o->logs.v[i + 1], &cut);
		if (r < 0)
			return r;
		if (!last && (cut > 0 || torn_off(o, s, o->logs.v[i + 1]))) {
			drop_rest(o, i + 1);
			break;
		}
		if (s->size == 0 && !last)
			plog_remove_segment(log, log->segments.n - 1);
	}
	return 0;
}

/* A clean stop synced everything; else only what the checkpoint says is on the disk. */
static void settle_synced(struct plog *log, const struct plog_open_args *a)
{
	bool clean = a->trust == PLOG_CLEAN;

	log->recovery_point =
		clean ? log->leo : min_i64(max_i64(a->recovery_point, log->log_start), log->leo);
	for (size_t i = 0; i < log->segments.n; i++) {
		struct segment *s = log->segments.v[i];

		s->synced = s->next <= log->recovery_point ? s->size : 0;
		/* Of a process that died nobody knows what it had synced. */
		if (!clean && s->next >= log->recovery_point)
			s->index.dirty = s->times.dirty = true;
	}
	/* Nothing of it was ever synced, as far as anybody knows: perhaps not even its folder. */
	log->fresh = a->recovery_point == 0;
	/* Nor whether it had made the name of an empty last segment sure. */
	log->names_changed = log->epochs_changed = 1;
	log->unflushed = log->leo - log->recovery_point;
	log->unflushed_at_ms = clock_mono_ms(log->clock);
}

static int settle_offsets(struct opening *o)
{
	struct plog *log = o->log;
	const struct plog_open_args *a = o->args;
	struct segment *s;

	log->kept[PLOG_KEPT_RECOVERY] = a->recovery_point;
	log->kept[PLOG_KEPT_START] = a->log_start;
	log->kept[PLOG_KEPT_HIGH] = a->high_watermark;
	if (log->segments.n > 0 && a->log_start > plog_active(log)->next) {
		while (log->segments.n > 0)
			plog_remove_segment(log, log->segments.n - 1);
		log_warn("%s: ends below its start %lld: begins there anew", plog_name(log),
			(long long)a->log_start);
	}
	if (log->segments.n == 0) {
		s = segment_new(log->files, log->dir, a->log_start, clock_wall_ms(log->clock));
		vec_push(&log->segments, s);
		if (segment_create(s) < 0)
			return fail(o, "cannot create a segment");
	}
	plog_recount(log);
	log->log_start = max_i64(a->log_start, log->segments.v[0]->base);
	log->high_watermark = max_i64(log->log_start, min_i64(a->high_watermark, log->leo));
	settle_synced(log, a);
	return 0;
}

static void load_epochs(struct opening *o)
{
	char *path = plog_epochs_path(o->log);
	int r = checkpoint_read(o->log->io, path, EPOCHS_MAX, &o->epochs);

	if (r == 0)
		r = epoch_cache_parse(&o->log->epochs, buf_str(&o->epochs));
	o->bad_epochs = r < 0;
	if (r < 0 && r != ERR_NOT_FOUND)
		log_warn("%s: leader-epoch-checkpoint: %s; rebuilt from the log", plog_name(o->log),
			err_name(r));
	free(path);
}

/* After a crash the file may be of a time when the log began elsewhere. */
static bool lacks_epochs(const struct opening *o)
{
	const struct plog *log = o->log;

	return o->args->trust != PLOG_CLEAN && log->leo > log->log_start &&
	       (log->epochs.entries.n == 0 || log->epochs.entries.v[0].start > log->log_start);
}

static int load_metadata(struct opening *o)
{
	struct plog *log = o->log;
	int r = partition_metadata_read(log->io, log->dir, &log->topic_id);

	if (r == ERR_NOT_FOUND)
		return 0;
	if (r < 0)
		err_set(o->e, r, "%s/partition.metadata: %s", log->dir, err_name(r));
	return r;
}

static int settle_epochs(struct opening *o)
{
	struct plog *log = o->log;
	struct buf text = BUF_EMPTY;
	int r = 0;

	epoch_cache_truncate_end(&log->epochs, log->leo);
	epoch_cache_truncate_start(&log->epochs, log->log_start);
	epoch_cache_print(&log->epochs, &text);
	if (!str_eq(buf_str(&text), buf_str(&o->epochs)) &&
		(log->epochs.entries.n > 0 || o->epochs.n > 0))
		r = plog_save_epochs(log, true);
	buf_fini(&text);
	return r;
}

static void close_files(struct plog *log, struct files *shared)
{
	for (size_t i = 0; i < log->segments.n; i++) {
		struct segment *s = log->segments.v[i];

		file_close(&s->file);
		file_close(&s->index.file);
		file_close(&s->times.file);
		s->files = shared;
	}
	log->files = shared;
}

static int finish_cut(struct opening *o)
{
	struct plog *log = o->log;
	struct segment *s = plog_active(log);

	if (segment_sync(s) < 0 || segment_sync_indexes(s) < 0 || plog_sync_fresh(log) < 0 ||
		log->io->sync_dir(log->io, log->dir) < 0)
		return fail(o, "cannot sync the cut that was under way");
	plog_unmark_cut(log);
	return 0;
}

static int recover(struct opening *o)
{
	struct plog *log = o->log;
	int r;

	if (log->io->list(log->io, log->dir, note_name, o) < 0)
		return fail(o, "cannot list the folder");
	tidy(o);
	r = load_metadata(o);
	if (r < 0)
		return r;
	load_epochs(o);
	if (o->bad_epochs)
		vec_clear(&log->epochs.entries);
	r = load_segments(o);
	if (r == 0)
		r = settle_offsets(o);
	if (r < 0)
		return r;
	/* Those of a cut that was not done may be forgotten already. */
	o->bad_epochs |= lacks_epochs(o) || o->cut_mark;
	if (o->bad_epochs)
		vec_clear(&log->epochs.entries);
	if (plog_rebuild_producers(log, o->bad_epochs && log->leo > log->log_start) < 0)
		return fail(o, "cannot read the producers' state");
	if (settle_epochs(o) < 0)
		return fail(o, "cannot write leader-epoch-checkpoint");
	/* Nor may segments and snapshots that were dropped. */
	if (o->args->trust == PLOG_UNSURE && log->io->sync_dir(log->io, log->dir) < 0)
		return fail(o, "cannot sync the folder");
	return o->cut_mark ? finish_cut(o) : 0;
}

static struct plog *plog_new(const struct plog_open_args *a, struct files *files)
{
	struct plog *log = ALLOC(struct plog);

	log->io = a->io;
	log->keeper = a->keeper;
	log->files = files;
	log->clock = a->clock;
	log->dir = xstrdup(a->dir);
	log->topic = str_dup(a->topic);
	log->partition = a->partition;
	log->config = *a->config;
	log->snapshot_at = -1;
	log->copy_below = 32 * 1024;
	epoch_cache_init(&log->epochs);
	producer_state_init(&log->producers);
	return log;
}

int plog_open(const struct plog_open_args *a, struct plog **out, struct err *e)
{
	struct files own;
	struct plog *log = plog_new(a, &own);
	struct opening o = {.log = log, .args = a, .e = e};
	int r;

	files_init(&own, a->io, OPEN_FILES);
	r = recover(&o);
	close_files(log, a->files);
	files_fini(&own);
	buf_fini(&o.epochs);
	vec_fini(&o.logs);
	vec_fini(&o.indexes);
	vec_foreach (name, &o.leftovers)
		free(*name);
	vec_fini(&o.leftovers);
	if (r < 0) {
		plog_drop(log);
		log = NULL;
	}
	*out = log;
	return r;
}

/* The folder is there, and empty but for partition.metadata. */
static int begin(struct opening *o)
{
	struct plog *log = o->log;
	int r = settle_offsets(o);

	if (r < 0)
		return r;
	close_files(log, log->files);
	log->producers.end = log->leo;
	log->fresh = true;
	for (int i = 0; i < PLOG_N_KEPT; i++)
		log->kept[i] = -1;
	/* Its start is about to be written down as what is on the disk. */
	return log->log_start > 0 && plog_sync_fresh(log) < 0 ? fail(o, "cannot sync the folder")
							      : 0;
}

int plog_create(const struct plog_open_args *a, const struct uuid *topic_id, int64_t start,
	struct plog **out, struct err *e)
{
	struct plog_open_args args = *a;
	struct opening o = {.args = &args, .e = e};
	int r = 0;

	*out = NULL;
	if (a->io->mkdir(a->io, a->dir) < 0)
		return err_errno(
			e, store_errno(errno), errno, "%s: cannot make the folder", a->dir);
	args.log_start = args.recovery_point = args.high_watermark = start;
	args.trust = PLOG_CLEAN;
	o.log = plog_new(&args, a->files);
	if (topic_id) {
		o.log->topic_id = *topic_id;
		r = partition_metadata_write(a->io, a->dir, topic_id, false);
		if (r < 0)
			err_errno(e, r, errno, "%s/partition.metadata", a->dir);
	}
	if (r == 0)
		r = begin(&o);
	if (r == 0) {
		*out = o.log;
		return 0;
	}
	plog_drop(o.log);
	(void)store_remove_dir(a->io, a->dir); /* or the next try would meet it */
	return r;
}
