/* See store.h: the data folder. */
#define LOG_MODULE "store"
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "base/log.h"

#define CHECKPOINT_MAX (64u << 20)
#define META_MAX       65536
#define CLEAN_MARK     ".kafka_cleanshutdown"
#define DIRTY_MARK     ".kdeck_dirty"
#define METADATA_TOPIC "__cluster_metadata"

char *store_path(const struct store *s, const char *name)
{
	return xasprintf("%s/%s", s->dir, name);
}

/* Whole small file; 0, or negative with out empty. */
static int read_name(struct store *s, const char *name, size_t max, struct buf *out)
{
	char *path = store_path(s, name);
	int r = checkpoint_read(s->io, path, max, out);

	if (r < 0)
		buf_clear(out);
	free(path);
	return r;
}

static int write_name(struct store *s, const char *name, struct slice text)
{
	char *path = store_path(s, name);
	int r = checkpoint_replace(s->io, path, text, true);

	free(path);
	return r;
}

static int make_dirs(struct store *s, struct err *e)
{
	struct store_stat st;
	char *path = xstrdup(s->dir);
	int r = 0;

	for (char *at = path + 1; r == 0; at++) {
		if (*at != '/' && *at != 0)
			continue;
		char end = *at;
		*at = 0;
		if (s->io->stat(s->io, path, &st) < 0 &&
			((s->io->mkdir(s->io, path) < 0 && errno != EEXIST) ||
				checkpoint_sync_parent(s->io, path) < 0))
			r = err_errno(e, ERR_IO, errno, "%s: cannot make the data folder", path);
		*at = end;
		if (!end)
			break;
	}
	free(path);
	return r;
}

static int take_lock(struct store *s, struct err *e)
{
	char *path = store_path(s, ".lock");
	int r = 0;

	s->lock_fd = s->io->lock(s->io, path);
	if (s->lock_fd < 0 && errno == EWOULDBLOCK)
		r = err_set(e, ERR_IN_USE, "%s: another broker uses this data folder", s->dir);
	else if (s->lock_fd < 0)
		r = err_errno(e, ERR_IO, errno, "%s: cannot lock the data folder", s->dir);
	free(path);
	return r;
}

static int save_meta(struct store *s, struct err *e)
{
	struct buf text = BUF_EMPTY;
	int r;

	meta_properties_print(&s->meta, &text);
	r = write_name(s, "meta.properties", buf_slice(&text));
	if (r < 0)
		err_errno(e, r, errno, "%s/meta.properties", s->dir);
	buf_fini(&text);
	return r;
}

static int check_meta(struct store *s, const struct store_options *opt, struct err *e)
{
	const char *cluster = opt->cluster_id ? opt->cluster_id : "";

	if (s->meta.node_id != opt->node_id)
		return err_set(e, ERR_INVALID, "%s: the folder is of node.id=%d, not of node.id=%d",
			s->dir, s->meta.node_id, opt->node_id);
	if (cluster[0] && s->meta.cluster_id[0] && strcmp(cluster, s->meta.cluster_id) != 0)
		return err_set(e, ERR_INVALID, "%s: the folder is of cluster %s, not of cluster %s",
			s->dir, s->meta.cluster_id, cluster);
	return 0;
}

static int load_meta(struct store *s, const struct store_options *opt, struct err *e)
{
	struct buf text = BUF_EMPTY;
	struct uuid id;
	int r = read_name(s, "meta.properties", META_MAX, &text);
	bool fresh = r == ERR_NOT_FOUND;

	if (fresh) {
		s->meta = (struct meta_properties){.node_id = opt->node_id};
		r = 0;
	} else if (r < 0) {
		err_errno(e, r, errno, "%s/meta.properties", s->dir);
	} else {
		r = meta_properties_parse(buf_str(&text), &s->meta, e);
		if (r < 0)
			err_wrap(e, "%s", s->dir);
	}
	buf_fini(&text);
	if (r == 0)
		r = check_meta(s, opt, e);
	if (r < 0)
		return r;
	if (!s->meta.cluster_id[0] && opt->cluster_id && opt->cluster_id[0]) {
		snprintf(s->meta.cluster_id, sizeof(s->meta.cluster_id), "%s", opt->cluster_id);
		fresh = true;
	}
	if (!s->meta.directory_id[0]) {
		uuid_random(&id);
		uuid_format(&id, s->meta.directory_id);
		fresh = true;
	}
	return fresh ? save_meta(s, e) : 0;
}

int store_set_cluster_id(struct store *s, const char *cluster_id, struct err *e)
{
	snprintf(s->meta.cluster_id, sizeof(s->meta.cluster_id), "%s", cluster_id);
	return save_meta(s, e);
}

static void load_offsets(struct store *s, const char *name, struct offset_list *out)
{
	struct buf text = BUF_EMPTY;
	int r = read_name(s, name, CHECKPOINT_MAX, &text);

	if (r == 0)
		r = offset_list_parse(out, buf_str(&text));
	if (r < 0 && r != ERR_NOT_FOUND)
		log_warn("%s/%s: %s; not used", s->dir, name, err_name(r));
	buf_fini(&text);
}

int store_mark_dirty(struct store *s, const char *boot)
{
	return write_name(s, DIRTY_MARK, slice_of(boot, strlen(boot)));
}

/* How the last process ended. After a crash of the machine the mark gets its boot id only when all
 * logs were recovered: a process that dies before has made nothing sure. */
static int judge_trust(struct store *s, struct err *e)
{
	struct buf text = BUF_EMPTY;
	char boot[STORE_BOOT_ID];
	struct store_stat st;
	char *clean = store_path(s, CLEAN_MARK);
	int r;

	s->io->boot_id(s->io, boot);
	s->clean = s->io->stat(s->io, clean, &st) == 0;
	(void)!read_name(s, DIRTY_MARK, STORE_BOOT_ID, &text);
	s->trust = s->clean                                   ? PLOG_CLEAN
		   : boot[0] && str_eqz(buf_str(&text), boot) ? PLOG_SAME_BOOT
							      : PLOG_UNSURE;
	r = store_mark_dirty(s, s->trust == PLOG_UNSURE ? "" : boot);
	if (r == 0 && s->clean && s->io->unlink(s->io, clean) < 0)
		r = ERR_IO;
	if (r == 0 && s->io->sync_dir(s->io, s->dir) < 0)
		r = ERR_IO;
	if (r < 0)
		err_errno(e, r, errno, "%s: not writable", s->dir);
	buf_fini(&text);
	free(clean);
	return r;
}

static bool note_folder(void *arg, const char *name)
{
	struct store *s = arg;
	struct str topic;
	int32_t partition;

	if (str_ends(str_of(name), "-delete") && strchr(name, '.'))
		vec_push(&s->trash, store_path(s, name));
	else if (log_dir_parse(str_of(name), &topic, &partition) && !str_eqz(topic, METADATA_TOPIC))
		vec_push(&s->found, xstrdup(name));
	return true;
}

int store_open(struct store *s, const struct store_options *opt, struct err *e)
{
	int r;

	memset(s, 0, sizeof(*s));
	s->io = opt->io ? opt->io : &store_io_system;
	s->clock = opt->clock ? opt->clock : &clock_system;
	s->dir = xstrdup(opt->dir);
	s->config = opt->config;
	s->copy_below = opt->copy_below ? opt->copy_below : STORE_COPY_BELOW;
	s->lock_fd = -1;
	map_init(&s->logs);
	list_init(&s->watched);
	store_offsets_init(s);
	files_init(&s->files, s->io, opt->max_open_files ? opt->max_open_files : STORE_OPEN_FILES);
	r = make_dirs(s, e);
	if (r == 0)
		r = take_lock(s, e);
	if (r == 0)
		r = load_meta(s, opt, e);
	if (r == 0)
		r = judge_trust(s, e);
	if (r == 0 && s->io->list(s->io, s->dir, note_folder, s) < 0)
		r = err_errno(e, ERR_IO, errno, "%s: cannot list the data folder", s->dir);
	if (r < 0) {
		store_drop(s);
		return r;
	}
	for (int f = 0; f < PLOG_N_KEPT; f++)
		load_offsets(s, store_offsets_name(f), &s->others[f]);
	return 0;
}

void store_adopt(struct store *s, struct plog *log)
{
	log->copy_below = s->copy_below;
	log->watch = &s->watched;
	if (plog_has_work(log))
		list_push_back(&s->watched, &log->watched);
}

struct plog *store_find(const struct store *s, struct str topic, int32_t partition)
{
	char name[300];
	int n = snprintf(name, sizeof(name), "%.*s-%d", STR_ARG(topic), partition);

	return map_gets(&s->logs, (struct str){name, min_size((size_t)n, sizeof(name) - 1)});
}

/* A deleted log that was never synced may come back after a power cut, without the topic id that
 * tells whose it was: before its name is used again it must be gone. */
static int make_names_sure(struct store *s)
{
	if (!s->unsure_names)
		return 0;
	if (s->io->sync_dir(s->io, s->dir) < 0)
		return ERR_IO;
	s->unsure_names = false;
	return 0;
}

int store_create(struct store *s, struct str topic, int32_t partition, const struct uuid *topic_id,
	const struct plog_config *config, struct plog **out, struct err *e)
{
	char *dir = xasprintf("%s/%.*s-%d", s->dir, STR_ARG(topic), partition);
	struct plog_open_args a = {
		.io = s->io,
		.files = &s->files,
		.clock = s->clock,
		.dir = dir,
		.topic = topic,
		.partition = partition,
		.config = config ? config : &s->config,
		.keeper = &s->keeper,
	};
	int r = store_offsets_free_name(s, str_of(strrchr(dir, '/') + 1));

	*out = NULL;
	if (r == 0)
		r = make_names_sure(s);
	if (r < 0)
		err_errno(e, r, errno, "%s: what is written down of a deleted log stays", dir);
	else
		r = plog_create(&a, topic_id, 0, out, e);

	if (r == 0) {
		store_adopt(s, *out);
		map_puts(&s->logs, str_of(plog_name(*out)), *out);
	}
	free(dir);
	return r;
}

int store_delete(struct store *s, struct plog *log)
{
	char *renamed;
	int r;

	map_dels(&s->logs, str_of(plog_name(log)));
	s->unsure_names |= log->fresh;
	for (int f = 0; f < PLOG_N_KEPT; f++) {
		if (log->kept[f] >= 0)
			store_offsets_gone(s, str_of(plog_name(log)), 1u << f);
	}
	r = plog_delete(log, &renamed);
	if (renamed)
		vec_push(&s->trash, renamed);
	return r;
}

struct plog *store_next(const struct store *s, size_t *i)
{
	void *log;

	return map_next(&s->logs, i, NULL, &log) ? log : NULL;
}

int store_retention(struct store *s, size_t *cursor, size_t max,
	void (*moved)(void *arg, struct plog *log), void *arg)
{
	struct plog *log = NULL;
	int n = 0;

	while (max-- > 0 && (log = store_next(s, cursor))) {
		int64_t start = log->log_start;

		n += (int)max_i64(0, plog_retention(log));
		if (moved && log->log_start != start)
			moved(arg, log);
	}
	if (!log)
		*cursor = 0;
	return n;
}

static void put_trash(void *arg, char *path)
{
	struct store *s = arg;

	vec_push(&s->trash, path);
}

void store_attend(struct store *s, void (*sync)(void *arg, struct plog *log), void *arg)
{
	struct list line;
	struct list_node *node;

	list_init(&line);
	list_move(&line, &s->watched);
	while ((node = list_pop(&line))) {
		struct plog *log = CONTAINER_OF(node, struct plog, watched);

		plog_take_doomed(log, put_trash, s);
		if (plog_flush_due(log) || plog_fresh_due(log))
			sync(arg, log);
		if (plog_has_work(log))
			list_push_back(&s->watched, node);
	}
}

char *store_take_trash(struct store *s)
{
	return s->trash.n > 0 ? vec_pop(&s->trash) : NULL;
}

void store_remove(struct store_io *io, const char *path)
{
	struct store_stat st;

	if (io->stat(io, path, &st) < 0)
		return;
	if (!st.is_dir)
		io->unlink(io, path);
	else if (store_remove_dir(io, path) < 0)
		log_warn("%s: cannot remove: %s", path, strerror(errno));
}

static int close_logs(struct store *s)
{
	struct plog *log;
	int r = 0;

	for (size_t i = 0; (log = store_next(s, &i));) {
		if (plog_flush(log) < 0)
			r = ERR_IO;
	}
	if (r == 0)
		r = store_checkpoint(s);
	for (size_t i = 0; (log = store_next(s, &i));) {
		if (plog_close(log) < 0)
			r = ERR_IO;
	}
	map_clear(&s->logs);
	return r;
}

int store_close(struct store *s)
{
	char *path;
	int r;

	while ((path = store_take_trash(s))) {
		store_remove(s->io, path);
		free(path);
	}
	r = close_logs(s);
	/* Kafka's own brokers look at version and epoch in it. */
	if (r == 0)
		r = write_name(s, CLEAN_MARK, slice_str(STR_LIT("{\"version\":0}")));
	store_drop(s);
	return r;
}

void store_drop(struct store *s)
{
	struct plog *log;

	for (size_t i = 0; (log = store_next(s, &i));)
		plog_drop(log);
	map_fini(&s->logs);
	store_offsets_fini(s);
	vec_foreach (name, &s->found)
		free(*name);
	vec_foreach (name, &s->trash)
		free(*name);
	vec_fini(&s->found);
	vec_fini(&s->trash);
	if (s->lock_fd >= 0)
		s->io->close(s->io, s->lock_fd);
	s->lock_fd = -1;
	free(s->dir);
	s->dir = NULL;
}

int store_space(const struct store *s, int64_t *total, int64_t *usable)
{
	struct statvfs st;

	if (statvfs(s->dir, &st) < 0)
		return ERR_IO;
	*total = (int64_t)st.f_blocks * (int64_t)st.f_frsize;
	*usable = (int64_t)st.f_bavail * (int64_t)st.f_frsize;
	return 0;
}
