/* See sim_disk.h. */
#include "sim_disk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

#define FIRST_FD 100000 /* no descriptor of the machine: a call that goes past this disk fails */

struct name {
	char *text;
	struct sim_node *node;
};

typedef VEC(struct name) name_vec;

/* A change of a folder that is not on the platter. to NULL: from goes; from NULL: to comes. */
struct change {
	char *from, *to;
	struct sim_node *node;
};

struct sim_node {
	bool is_dir;
	bool dirty; /* file: data and platter differ */
	struct buf data, platter;
	int64_t mtime_ms;
	name_vec names, platter_names;
	VEC(struct change) changes;
};

static struct sim_disk *of_io(struct store_io *io)
{
	return (struct sim_disk *)io;
}

static int no(int errnum)
{
	errno = errnum;
	return -1;
}

static struct sim_node *new_node(struct sim_disk *d, bool is_dir)
{
	struct sim_node *n = ALLOC(struct sim_node);

	n->is_dir = is_dir;
	n->mtime_ms = clock_wall_ms(d->clock);
	vec_push(&d->nodes, n);
	return n;
}

static struct name *find_name(struct sim_node *dir, struct str text)
{
	vec_foreach (n, &dir->names) {
		if (str_eqz(text, n->text))
			return n;
	}
	return NULL;
}

/* The folder that holds path and the last part of it; NULL with errno. */
static struct sim_node *parent_of(struct sim_disk *d, const char *path, struct str *last)
{
	struct sim_node *at = d->nodes.v[0];

	for (;;) {
		const char *end;
		struct name *n;

		path += strspn(path, "/");
		end = path + strcspn(path, "/");
		*last = (struct str){path, (size_t)(end - path)};
		if (!*end)
			return at;
		n = find_name(at, *last);
		if (!n || !n->node->is_dir) {
			errno = n ? ENOTDIR : ENOENT;
			return NULL;
		}
		at = n->node;
		path = end;
	}
}

static struct sim_node *find(struct sim_disk *d, const char *path)
{
	struct str last;
	struct sim_node *dir = parent_of(d, path, &last);
	struct name *n = dir && last.n > 0 ? find_name(dir, last) : NULL;

	if (!n && dir && last.n > 0)
		errno = ENOENT;
	return n ? n->node : last.n == 0 ? dir : NULL;
}

static void remove_name(name_vec *names, const char *text)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->v[i].text, text) != 0)
			continue;
		free(names->v[i].text);
		vec_remove(names, i);
		return;
	}
}

static void apply(name_vec *names, const struct change *c)
{
	if (c->from)
		remove_name(names, c->from);
	if (c->to) {
		remove_name(names, c->to);
		vec_push(names, ((struct name){xstrdup(c->to), c->node}));
	}
}

static void change(struct sim_node *dir, struct change c)
{
	apply(&dir->names, &c);
	vec_push(&dir->changes, c);
}

static void changes_done(struct sim_node *dir, size_t n)
{
	for (size_t i = 0; i < n; i++)
		apply(&dir->platter_names, &dir->changes.v[i]);
	vec_foreach (c, &dir->changes) {
		free(c->from);
		free(c->to);
	}
	vec_clear(&dir->changes);
}

/* Is a changing call still made? *last: it is the one in which the process dies. */
static bool alive(struct sim_disk *d, bool *last)
{
	*last = false;
	if (d->dead) {
		errno = EIO;
		return false;
	}
	if (d->fuse >= 0 && d->fuse-- == 0) {
		d->dead = *last = true;
		errno = EIO;
		return false;
	}
	return true;
}

static bool lives(struct sim_disk *d)
{
	bool last;

	/* Dying before the call is dying after the one before. */
	return alive(d, &last);
}

static int add_fd(struct sim_disk *d, struct sim_node *n)
{
	size_t i = 0;

	while (i < d->fds.n && d->fds.v[i])
		i++;
	if (i == d->fds.n)
		vec_push(&d->fds, n);
	else
		d->fds.v[i] = n;
	d->n_open++;
	return d->first_fd + (int)i;
}

bool sim_disk_has(const struct sim_disk *d, int fd)
{
	return fd >= d->first_fd && (size_t)(fd - d->first_fd) < d->fds.n &&
	       d->fds.v[fd - d->first_fd];
}

static struct sim_node *of_fd(struct sim_disk *d, int fd)
{
	assert(sim_disk_has(d, fd));
	return d->fds.v[fd - d->first_fd];
}

static int sim_open(struct store_io *io, const char *path, int flags)
{
	struct sim_disk *d = of_io(io);
	struct str last;
	struct sim_node *dir, *n;
	struct name *name;

	if (d->dead)
		return no(EIO);
	dir = parent_of(d, path, &last);
	if (!dir)
		return -1;
	name = find_name(dir, last);
	if (!name && !(flags & O_CREAT))
		return no(ENOENT);
	if (name && (flags & O_CREAT) && (flags & O_EXCL))
		return no(EEXIST);
	if (!name) {
		if (!lives(d))
			return -1;
		n = new_node(d, false);
		change(dir, (struct change){NULL, str_dup(last), n});
		return add_fd(d, n);
	}
	n = name->node;
	if (n->is_dir != !!(flags & O_DIRECTORY))
		return no(n->is_dir ? EISDIR : ENOTDIR);
	if ((flags & O_TRUNC) && n->data.n > 0) {
		if (!lives(d))
			return -1;
		buf_clear(&n->data);
		n->dirty = true;
	}
	return add_fd(d, n);
}

static int sim_close(struct store_io *io, int fd)
{
	struct sim_disk *d = of_io(io);

	(void)of_fd(d, fd);
	d->fds.v[fd - d->first_fd] = NULL;
	d->n_open--;
	return 0;
}

static ssize_t sim_pread(struct store_io *io, int fd, void *p, size_t n, int64_t at)
{
	struct sim_disk *d = of_io(io);
	struct sim_node *f = of_fd(d, fd);

	if (d->dead || at < 0)
		return no(d->dead ? EIO : EINVAL);
	if ((uint64_t)at >= f->data.n)
		return 0;
	n = min_size(n, f->data.n - (size_t)at);
	if (n > 0)
		memcpy(p, f->data.p + at, n);
	return (ssize_t)n;
}

static void resize(struct sim_node *f, size_t size)
{
	size_t before = f->data.n;

	if (size > before)
		memset(buf_extend(&f->data, size - before), 0, size - before);
	f->data.n = size;
}

/* Of n bytes at a position, how many find room. */
static size_t fitting(struct sim_disk *d, const struct sim_node *f, size_t n, int64_t at)
{
	int64_t grows = at + (int64_t)n - (int64_t)f->data.n;

	if (d->room < 0 || grows <= 0)
		return n;
	if (grows > d->room)
		n = (size_t)max_i64(0, (int64_t)n - (grows - d->room));
	d->room = max_i64(0, d->room - grows);
	return n;
}

static ssize_t sim_pwritev(struct store_io *io, int fd, const struct iovec *iov, int n, int64_t at)
{
	struct sim_disk *d = of_io(io);
	struct sim_node *f = of_fd(d, fd);
	size_t all = 0, want, done = 0;
	bool last;
	bool whole = alive(d, &last);

	if (!whole && !last)
		return -1;
	for (int i = 0; i < n; i++)
		all += iov[i].iov_len;
	want = whole ? fitting(d, f, all, at) : (size_t)rng_below(&d->rng, all + 1);
	if (want == 0 && all > 0)
		return no(whole ? ENOSPC : EIO);
	if (whole && want > 1 && d->short_one_in && rng_one_in(&d->rng, d->short_one_in))
		want = (size_t)rng_between(&d->rng, 1, (int64_t)want - 1);
	if ((size_t)at + want > f->data.n)
		resize(f, (size_t)at + want);
	for (int i = 0; i < n && done < want; i++) {
		size_t part = min_size(iov[i].iov_len, want - done);

		if (part > 0)
			memcpy(f->data.p + at + done, iov[i].iov_base, part);
		done += part;
	}
	f->dirty = true;
	f->mtime_ms = clock_wall_ms(d->clock);
	return whole ? (ssize_t)want : no(EIO);
}

static void settle(struct sim_node *f)
{
	buf_clear(&f->platter);
	buf_put(&f->platter, f->data.p, f->data.n);
	f->dirty = false;
}

static bool sync_fails(struct sim_disk *d)
{
	if (d->failing_syncs == 0)
		return false;
	d->failing_syncs--;
	errno = EIO;
	return true;
}

static int sync_node(struct sim_disk *d, struct sim_node *n)
{
	if (!lives(d) || sync_fails(d))
		return -1;
	if (n->is_dir)
		changes_done(n, n->changes.n);
	else if (n->dirty)
		settle(n);
	return 0;
}

static int sim_fdatasync(struct store_io *io, int fd)
{
	return sync_node(of_io(io), of_fd(of_io(io), fd));
}

static int sim_sync_dir(struct store_io *io, const char *path)
{
	struct sim_node *n = find(of_io(io), path);

	return n ? sync_node(of_io(io), n) : -1;
}

static int sim_truncate(struct store_io *io, int fd, int64_t size)
{
	struct sim_disk *d = of_io(io);
	struct sim_node *f = of_fd(d, fd);

	if (!lives(d))
		return -1;
	f->dirty |= f->data.n != (size_t)size;
	resize(f, (size_t)size);
	return 0;
}

/* Room is no part of what is told apart here. */
static int sim_reserve(
	UNUSED struct store_io *io, UNUSED int fd, UNUSED int64_t at, UNUSED int64_t n)
{
	return 0;
}

static int put_stat(const struct sim_node *n, struct store_stat *out)
{
	*out = (struct store_stat){(int64_t)n->data.n, n->mtime_ms, n->is_dir};
	return 0;
}

static int sim_fstat(struct store_io *io, int fd, struct store_stat *out)
{
	struct sim_node *n = of_fd(of_io(io), fd);

	return of_io(io)->dead ? no(EIO) : put_stat(n, out);
}

static int sim_stat(struct store_io *io, const char *path, struct store_stat *out)
{
	struct sim_node *n = of_io(io)->dead ? NULL : find(of_io(io), path);

	if (of_io(io)->dead)
		errno = EIO;
	return n ? put_stat(n, out) : -1;
}

static int sim_rename(struct store_io *io, const char *from, const char *to)
{
	struct sim_disk *d = of_io(io);
	struct str old, new;
	struct sim_node *dir = parent_of(d, from, &old), *other = parent_of(d, to, &new);
	struct name *n = dir && other ? find_name(dir, old) : NULL;

	if (!n)
		return dir && other ? no(ENOENT) : -1;
	if (dir != other)
		return no(EXDEV);
	if (!lives(d))
		return -1;
	change(dir, (struct change){str_dup(old), str_dup(new), n->node});
	return 0;
}

static int take_away(struct store_io *io, const char *path, bool is_dir)
{
	struct sim_disk *d = of_io(io);
	struct str last;
	struct sim_node *dir = parent_of(d, path, &last);
	struct name *n = dir ? find_name(dir, last) : NULL;

	if (!n)
		return dir ? no(ENOENT) : -1;
	if (n->node->is_dir != is_dir)
		return no(is_dir ? ENOTDIR : EISDIR);
	if (n->node->names.n > 0)
		return no(ENOTEMPTY);
	if (!lives(d))
		return -1;
	change(dir, (struct change){str_dup(last), NULL, NULL});
	return 0;
}

static int sim_unlink(struct store_io *io, const char *path)
{
	return take_away(io, path, false);
}

static int sim_rmdir(struct store_io *io, const char *path)
{
	return take_away(io, path, true);
}

static int put_in(struct store_io *io, const char *path, struct sim_node *node)
{
	struct sim_disk *d = of_io(io);
	struct str last;
	struct sim_node *dir = parent_of(d, path, &last);

	if (!dir)
		return -1;
	if (find_name(dir, last))
		return no(EEXIST);
	if (!lives(d))
		return -1;
	change(dir, (struct change){NULL, str_dup(last), node ? node : new_node(d, true)});
	return 0;
}

static int sim_link(struct store_io *io, const char *from, const char *to)
{
	struct sim_node *n = find(of_io(io), from);

	return n ? put_in(io, to, n) : -1;
}

static int sim_mkdir(struct store_io *io, const char *path)
{
	return put_in(io, path, NULL);
}

static int sim_list(struct store_io *io, const char *path, store_name_fn *fn, void *arg)
{
	struct sim_node *n = of_io(io)->dead ? NULL : find(of_io(io), path);
	VEC(char *) names = {0};
	bool more = true;

	if (!n || !n->is_dir)
		return of_io(io)->dead ? no(EIO) : n ? no(ENOTDIR) : -1;
	vec_foreach (name, &n->names) /* a callback may change the folder */
		vec_push(&names, xstrdup(name->text));
	vec_foreach (name, &names) {
		more = more && fn(arg, *name);
		free(*name);
	}
	vec_fini(&names);
	return 0;
}

static int sim_resident(
	UNUSED struct store_io *io, UNUSED int fd, UNUSED int64_t at, UNUSED size_t n)
{
	return 1;
}

static int sim_lock(struct store_io *io, const char *path)
{
	return sim_open(io, path, O_RDWR | O_CREAT);
}

static void sim_boot_id(struct store_io *io, char out[static STORE_BOOT_ID])
{
	snprintf(out, STORE_BOOT_ID, "00000000-0000-4000-8000-%012llu",
		(unsigned long long)of_io(io)->boot);
}

void sim_disk_init(struct sim_disk *d, uint64_t seed, const struct clock *clock)
{
	*d = (struct sim_disk){.clock = clock, .first_fd = FIRST_FD, .room = -1, .fuse = -1};
	d->io = (struct store_io){
		.open = sim_open,
		.close = sim_close,
		.pread = sim_pread,
		.pwritev = sim_pwritev,
		.fdatasync = sim_fdatasync,
		.truncate = sim_truncate,
		.reserve = sim_reserve,
		.fstat = sim_fstat,
		.stat = sim_stat,
		.rename = sim_rename,
		.unlink = sim_unlink,
		.link = sim_link,
		.mkdir = sim_mkdir,
		.rmdir = sim_rmdir,
		.list = sim_list,
		.sync_dir = sim_sync_dir,
		.resident = sim_resident,
		.lock = sim_lock,
		.boot_id = sim_boot_id,
	};
	rng_seed(&d->rng, seed);
	new_node(d, true);
}

static void names_fini(name_vec *names)
{
	vec_foreach (n, names)
		free(n->text);
	vec_fini(names);
}

void sim_disk_fini(struct sim_disk *d)
{
	assert(d->n_open == 0);
	vec_foreach (at, &d->nodes) {
		struct sim_node *n = *at;

		names_fini(&n->names);
		changes_done(n, 0);
		names_fini(&n->platter_names);
		vec_fini(&n->changes);
		buf_fini(&n->data);
		buf_fini(&n->platter);
		free(n);
	}
	vec_fini(&d->nodes);
	vec_fini(&d->fds);
}

/* One sector of what is left: the new one, or the old one. */
static void put_sector(struct buf *out, const struct buf *from, size_t n)
{
	size_t at = out->n, there = from->n > at ? min_size(n, from->n - at) : 0;
	uint8_t *p = buf_extend(out, n);

	memset(p, 0, n);
	if (there > 0)
		memcpy(p, from->p + at, there);
}

static void tear(struct sim_disk *d, struct sim_node *f)
{
	struct buf left = BUF_EMPTY;
	size_t small = min_size(f->data.n, f->platter.n), big = max_size(f->data.n, f->platter.n);
	uint64_t way = d->forgets ? 0 : rng_below(&d->rng, 8);
	size_t size = way == 0   ? f->platter.n
		      : way <= 4 ? f->data.n
				 : (size_t)rng_between(&d->rng, (int64_t)small, (int64_t)big);
	uint32_t lost = (uint32_t)rng_between(&d->rng, 1, 6);

	while (left.n < size) {
		size_t n = min_size(SIM_SECTOR, size - left.n);
		bool old = way == 0 || (way & 1 && rng_one_in(&d->rng, lost));

		put_sector(&left, old ? &f->platter : &f->data, n);
	}
	buf_fini(&f->data);
	f->data = left;
	settle(f);
}

static void lose_names(struct sim_disk *d, struct sim_node *dir)
{
	size_t n = dir->changes.n;

	if (n == 0)
		return;
	if (d->forgets)
		changes_done(dir, 0);
	else
		changes_done(dir, rng_one_in(&d->rng, 3) ? n : (size_t)rng_below(&d->rng, n + 1));
	names_fini(&dir->names);
	vec_foreach (name, &dir->platter_names)
		vec_push(&dir->names, ((struct name){xstrdup(name->text), name->node}));
}

void sim_disk_restart(struct sim_disk *d, bool power_off)
{
	assert(d->n_open == 0);
	d->dead = false;
	d->fuse = -1;
	d->room = -1;
	d->failing_syncs = 0;
	d->short_one_in = 0;
	if (!power_off)
		return;
	d->boot++;
	vec_foreach (at, &d->nodes) {
		if ((*at)->is_dir)
			lose_names(d, *at);
		else if ((*at)->dirty)
			tear(d, *at);
	}
	d->forgets = false;
}
