/* See checkpoint.h: files that are replaced as a whole. */
#include "store/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "store/lines.h"

#define METADATA_MAX 4096

char *checkpoint_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? str_dup((struct str){path, slash > path ? (size_t)(slash - path) : 1})
		     : xstrdup(".");
}

int checkpoint_sync_parent(struct store_io *io, const char *path)
{
	char *dir = checkpoint_parent(path);
	int r = io->sync_dir(io, dir) < 0 ? ERR_IO : 0;

	free(dir);
	return r;
}

int checkpoint_replace(struct store_io *io, const char *path, struct slice text, bool sync)
{
	char *tmp = xasprintf("%s.tmp", path);
	int fd = io->open(io, tmp, O_WRONLY | O_CREAT | O_TRUNC);
	int r = fd < 0 ? store_errno(errno) : 0;

	if (r == 0)
		r = store_write_full(io, fd, text.p, text.n, 0);
	if (r == 0 && sync && io->fdatasync(io, fd) < 0)
		r = ERR_IO;
	if (fd >= 0)
		io->close(io, fd);
	if (r == 0 && io->rename(io, tmp, path) < 0)
		r = store_errno(errno);
	if (r == 0 && sync)
		r = checkpoint_sync_parent(io, path);
	if (r < 0 && fd >= 0)
		io->unlink(io, tmp);
	free(tmp);
	return r;
}

int checkpoint_read(struct store_io *io, const char *path, size_t max, struct buf *out)
{
	struct store_stat st;
	int fd = io->open(io, path, O_RDONLY);
	int r = fd < 0 ? store_errno(errno) : 0;

	buf_clear(out);
	if (r == 0 && io->fstat(io, fd, &st) < 0)
		r = ERR_IO;
	if (r == 0 && st.size > (int64_t)max)
		r = ERR_TOO_BIG;
	if (r == 0)
		r = store_read_full(io, fd, buf_extend(out, (size_t)st.size), (size_t)st.size, 0);
	if (fd >= 0)
		io->close(io, fd);
	return r;
}

void offset_list_fini(struct offset_list *l)
{
	vec_foreach (e, &l->entries)
		free(e->topic);
	vec_fini(&l->entries);
}

static int parse_offset(struct offset_list *l, struct str line)
{
	struct str topic = lines_word(&line), part = lines_word(&line), off = lines_word(&line);
	int64_t p, o;

	if (topic.n == 0 || topic.n > 249 || line.n > 0 || !lines_int(part, 0, INT32_MAX, &p) ||
		!lines_int(off, 0, INT64_MAX, &o))
		return ERR_CORRUPT;
	vec_push(&l->entries, ((struct offset_entry){str_dup(topic), (int32_t)p, o}));
	return 0;
}

int offset_list_parse(struct offset_list *l, struct str text)
{
	int64_t n;
	int r = lines_begin(&text, &n);

	offset_list_fini(l);
	for (int64_t i = 0; r == 0 && i < n; i++)
		r = text.n > 0 ? parse_offset(l, lines_next(&text)) : ERR_CORRUPT;
	if (r < 0)
		offset_list_fini(l);
	return r;
}

char *partition_metadata_path(const char *dir)
{
	return xasprintf("%s/partition.metadata", dir);
}

int partition_metadata_write(
	struct store_io *io, const char *dir, const struct uuid *topic_id, bool sync)
{
	char *path = partition_metadata_path(dir);
	struct buf text = BUF_EMPTY;
	char id[UUID_TEXT];
	int r;

	uuid_format(topic_id, id);
	buf_printf(&text, "version: 0\ntopic_id: %s", id);
	r = checkpoint_replace(io, path, buf_slice(&text), sync);
	buf_fini(&text);
	free(path);
	return r;
}

static int parse_metadata(struct str text, struct uuid *topic_id)
{
	struct str version = lines_next(&text), id = lines_next(&text);

	if (!str_eqz(version, "version: 0"))
		return str_starts(version, "version: ") ? ERR_VERSION : ERR_CORRUPT;
	if (!str_starts(id, "topic_id: ") ||
		!uuid_parse((struct str){id.p + 10, id.n - 10}, topic_id))
		return ERR_CORRUPT;
	return 0;
}

int partition_metadata_read(struct store_io *io, const char *dir, struct uuid *topic_id)
{
	char *path = partition_metadata_path(dir);
	struct buf text = BUF_EMPTY;
	int r = checkpoint_read(io, path, METADATA_MAX, &text);

	if (r == 0)
		r = parse_metadata(buf_str(&text), topic_id);
	buf_fini(&text);
	free(path);
	return r;
}

void meta_properties_print(const struct meta_properties *m, struct buf *out)
{
	buf_puts(out, "version=1\n");
	if (m->cluster_id[0])
		buf_printf(out, "cluster.id=%s\n", m->cluster_id);
	if (m->directory_id[0])
		buf_printf(out, "directory.id=%s\n", m->directory_id);
	buf_printf(out, "node.id=%d\n", m->node_id);
}

static void copy_value(char *out, size_t size, struct str v)
{
	size_t n = min_size(v.n, size - 1);

	if (n > 0)
		memcpy(out, v.p, n);
	out[n] = 0;
}

static int parse_property(struct meta_properties *m, struct str key, struct str v, struct err *e)
{
	int64_t n;

	if (str_eqz(key, "version") && !str_eqz(v, "1"))
		return err_set(
			e, ERR_VERSION, "meta.properties: version %.*s is not 1", STR_ARG(v));
	if (str_eqz(key, "node.id") || str_eqz(key, "broker.id")) {
		if (!lines_int(v, 0, INT32_MAX, &n))
			return err_set(e, ERR_CORRUPT, "meta.properties: node.id=%.*s is no id",
				STR_ARG(v));
		m->node_id = (int32_t)n;
	} else if (str_eqz(key, "cluster.id")) {
		copy_value(m->cluster_id, sizeof(m->cluster_id), v);
	} else if (str_eqz(key, "directory.id")) {
		copy_value(m->directory_id, sizeof(m->directory_id), v);
	}
	return 0;
}

int meta_properties_parse(struct str text, struct meta_properties *out, struct err *e)
{
	int r = 0;

	*out = (struct meta_properties){.node_id = -1};
	while (r == 0 && text.n > 0) {
		struct str line = lines_next(&text);
		const char *eq = line.n > 0 ? memchr(line.p, '=', line.n) : NULL;

		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (!eq)
			return err_set(e, ERR_CORRUPT, "meta.properties: \"%.*s\" is no property",
				STR_ARG(line));
		r = parse_property(out, (struct str){line.p, (size_t)(eq - line.p)},
			(struct str){eq + 1, line.n - (size_t)(eq - line.p) - 1}, e);
	}
	return r;
}

bool log_dir_parse(struct str name, struct str *topic, int32_t *partition)
{
	size_t dash = name.n;
	int64_t p;

	while (dash > 0 && name.p[dash - 1] != '-')
		dash--;
	if (dash < 2 || dash > 250 ||
		!lines_int((struct str){name.p + dash, name.n - dash}, 0, INT32_MAX, &p))
		return false;
	*topic = (struct str){name.p, dash - 1};
	*partition = (int32_t)p;
	return true;
}
