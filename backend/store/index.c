/* See index.h. */
#include "store/index.h"

#include <errno.h>
#include <fcntl.h>

#include "base/err.h"

#define NO_ENTRY ((struct index_entry){-1, -1})

static size_t entry_size(const struct index *x)
{
	return x->kind == INDEX_OFFSET ? INDEX_ENTRY : TIME_INDEX_ENTRY;
}

static void entry_put(const struct index *x, const struct index_entry *e, uint8_t *p)
{
	if (x->kind == INDEX_OFFSET) {
		put_be32(p, (uint32_t)(e->key - x->file.base));
		put_be32(p + 4, (uint32_t)e->value);
	} else {
		put_be64(p, (uint64_t)e->key);
		put_be32(p + 8, (uint32_t)(e->value - x->file.base));
	}
}

static struct index_entry entry_get(const struct index *x, const uint8_t *p)
{
	if (x->kind == INDEX_OFFSET)
		return (struct index_entry){
			x->file.base + (int32_t)get_be32(p), (int32_t)get_be32(p + 4)};
	return (struct index_entry){(int64_t)get_be64(p), x->file.base + (int32_t)get_be32(p + 8)};
}

void index_init(struct index *x, enum index_kind kind, int64_t base)
{
	*x = (struct index){.kind = kind, .last = NO_ENTRY};
	file_init(&x->file, base, kind == INDEX_OFFSET ? ".index" : ".timeindex");
}

void index_fini(struct index *x)
{
	file_close(&x->file);
	vec_fini(&x->pending);
}

static int read_entry(
	struct index *x, struct files *files, int fd, uint32_t i, struct index_entry *out)
{
	uint8_t b[TIME_INDEX_ENTRY];
	size_t n = entry_size(x);

	if (store_read_full(files->io, fd, b, n, (int64_t)i * (int64_t)n) < 0)
		return ERR_IO;
	*out = entry_get(x, b);
	return 0;
}

/* The newest two entries tell a file that was never finished from a whole one. */
static int check_tail(struct index *x, struct files *files, int fd, int64_t log_size)
{
	struct index_entry before;

	if (read_entry(x, files, fd, x->n_file - 1, &x->last) < 0)
		return ERR_IO;
	if (x->kind == INDEX_OFFSET &&
		(x->last.key < x->file.base || x->last.value < 0 || x->last.value >= log_size))
		return ERR_CORRUPT;
	if (x->kind == INDEX_TIME && (x->last.key < 0 || x->last.value < x->file.base))
		return ERR_CORRUPT;
	if (x->n_file == 1)
		return 0;
	if (read_entry(x, files, fd, x->n_file - 2, &before) < 0)
		return ERR_IO;
	return before.key < x->last.key && before.value < x->last.value ? 0 : ERR_CORRUPT;
}

int index_load(struct index *x, struct files *files, const char *dir, int64_t log_size)
{
	struct store_stat st;
	int fd = file_open(files, &x->file, dir, O_RDWR);
	int r;

	if (fd < 0)
		return fd;
	x->there = true;
	if (files->io->fstat(files->io, fd, &st) < 0)
		return ERR_IO;
	if (st.size % (int64_t)entry_size(x) != 0 || st.size > INT32_MAX)
		return ERR_CORRUPT;
	x->n_file = (uint32_t)(st.size / (int64_t)entry_size(x));
	x->last = NO_ENTRY;
	r = x->n_file > 0 ? check_tail(x, files, fd, log_size) : 0;
	if (r < 0) {
		x->n_file = 0;
		x->last = NO_ENTRY;
	}
	return r;
}

void index_add(struct index *x, int64_t key, int64_t value)
{
	if (key <= x->last.key || key < 0)
		return;
	x->last = (struct index_entry){key, value};
	vec_push(&x->pending, x->last);
}

uint32_t index_count(const struct index *x)
{
	return x->n_file + (uint32_t)x->pending.n;
}

int index_flush(struct index *x, struct files *files, const char *dir)
{
	uint8_t b[INDEX_PENDING * TIME_INDEX_ENTRY];
	size_t size = entry_size(x), done = 0;
	int fd, r = 0;

	if (x->there && x->pending.n == 0)
		return 0;
	fd = file_open(files, &x->file, dir, O_RDWR | O_CREAT);
	if (fd < 0)
		return fd;
	x->there = true;
	x->dirty |= x->pending.n > 0;
	while (r == 0 && done < x->pending.n) {
		size_t n = min_size(x->pending.n - done, INDEX_PENDING);

		for (size_t i = 0; i < n; i++)
			entry_put(x, &x->pending.v[done + i], b + i * size);
		r = store_write_full(
			files->io, fd, b, n * size, (int64_t)x->n_file * (int64_t)size);
		if (r < 0)
			break;
		x->n_file += (uint32_t)n;
		done += n;
	}
	if (done == 0)
		return r;
	memmove(x->pending.v, x->pending.v + done, (x->pending.n - done) * sizeof(*x->pending.v));
	x->pending.n -= done;
	return r;
}

/* How many of the entries in the file have a key (or value) <= bound. */
static int count_in_file(struct index *x, struct files *files, const char *dir, int64_t bound,
	bool by_value, uint32_t *count)
{
	uint32_t lo = 0, hi = x->n_file;
	int fd = hi > 0 ? file_open(files, &x->file, dir, O_RDWR) : 0;

	if (fd < 0)
		return fd;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		struct index_entry e;

		if (read_entry(x, files, fd, mid, &e) < 0)
			return ERR_IO;
		if ((by_value ? e.value : e.key) <= bound)
			lo = mid + 1;
		else
			hi = mid;
	}
	*count = lo;
	return 0;
}

int index_lookup(
	struct index *x, struct files *files, const char *dir, int64_t key, struct index_entry *out)
{
	uint32_t n = 0;
	int r;

	for (size_t i = x->pending.n; i > 0; i--) {
		if (x->pending.v[i - 1].key > key)
			continue;
		*out = x->pending.v[i - 1];
		return 1;
	}
	r = count_in_file(x, files, dir, key, false, &n);
	if (r < 0 || n == 0)
		return r;
	r = read_entry(x, files, x->file.fd, n - 1, out);
	return r < 0 ? r : 1;
}

int index_truncate(struct index *x, struct files *files, const char *dir, int64_t offset)
{
	bool by_value = x->kind == INDEX_TIME;
	uint32_t n = 0;
	int r;

	while (x->pending.n > 0) {
		const struct index_entry *e = vec_last(&x->pending);

		if ((by_value ? e->value : e->key) < offset)
			break;
		x->pending.n--;
	}
	r = count_in_file(x, files, dir, offset - 1, by_value, &n);
	if (r < 0)
		return r;
	/* Also when no whole entry goes: a write that failed may have left some behind. */
	r = file_open(files, &x->file, dir, O_RDWR | O_CREAT);
	if (r < 0)
		return r;
	x->there = x->dirty = true;
	if (files->io->truncate(files->io, r, (int64_t)n * (int64_t)entry_size(x)) < 0)
		return ERR_IO;
	x->n_file = n;
	x->last = NO_ENTRY;
	if (x->pending.n > 0)
		x->last = *vec_last(&x->pending);
	else if (n > 0)
		return read_entry(x, files, x->file.fd, n - 1, &x->last);
	return 0;
}

int index_reset(struct index *x, struct files *files, const char *dir)
{
	int fd = file_open(files, &x->file, dir, O_RDWR | O_CREAT);

	if (fd < 0)
		return fd;
	x->there = x->dirty = true;
	x->n_file = 0;
	x->last = NO_ENTRY;
	vec_clear(&x->pending);
	return files->io->truncate(files->io, fd, 0) < 0 ? ERR_IO : 0;
}

int index_sync(struct index *x, struct files *files, const char *dir)
{
	int fd;

	if (!x->dirty)
		return 0;
	fd = file_open(files, &x->file, dir, O_RDWR);
	if (fd < 0 || files->io->fdatasync(files->io, fd) < 0)
		return ERR_IO;
	x->dirty = false;
	return 0;
}
