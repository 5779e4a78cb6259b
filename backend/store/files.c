/* See files.h: open files in the order of their last use. */
#include "store/files.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "store/lines.h"

void segment_path(const char *dir, int64_t base, const char *suffix, char out[static SEGMENT_PATH])
{
	snprintf(out, SEGMENT_PATH, "%s/%020lld%s", dir, (long long)base, suffix);
}

bool segment_name_parse(const char *name, const char *suffix, int64_t *base)
{
	return strlen(name) == 20 + strlen(suffix) && strcmp(name + 20, suffix) == 0 &&
	       lines_int((struct str){name, 20}, 0, INT64_MAX, base);
}

void files_init(struct files *f, struct store_io *io, size_t max)
{
	*f = (struct files){.io = io, .max = max};
	list_init(&f->lru);
}

void files_fini(struct files *f)
{
	assert(f->n_open == 0);
}

void file_init(struct file *f, int64_t base, const char *suffix)
{
	*f = (struct file){.fd = -1, .base = base, .suffix = suffix};
}

static void make_room(struct files *files)
{
	while (files->n_open >= files->max && !list_empty(&files->lru))
		file_close(CONTAINER_OF(list_first(&files->lru), struct file, node));
}

int file_open(struct files *files, struct file *f, const char *dir, int flags)
{
	char path[SEGMENT_PATH];

	if (f->fd >= 0) {
		if (f->pins == 0) {
			list_remove(&f->node);
			list_push_back(&files->lru, &f->node);
		}
		return f->fd;
	}
	segment_path(dir, f->base, f->suffix, path);
	make_room(files);
	f->fd = files->io->open(files->io, path, flags);
	if (f->fd < 0 && (errno == EMFILE || errno == ENFILE) && !list_empty(&files->lru)) {
		file_close(CONTAINER_OF(list_first(&files->lru), struct file, node));
		f->fd = files->io->open(files->io, path, flags);
	}
	if (f->fd < 0)
		return store_errno(errno);
	f->files = files;
	f->pins = 0;
	files->n_open++;
	list_push_back(&files->lru, &f->node);
	return f->fd;
}

void file_pin(struct file *f)
{
	assert(f->fd >= 0);
	if (f->pins++ == 0)
		list_remove(&f->node);
}

void file_unpin(struct file *f)
{
	assert(f->pins > 0);
	if (--f->pins == 0)
		list_push_back(&f->files->lru, &f->node);
}

void file_close(struct file *f)
{
	if (f->fd < 0)
		return;
	assert(f->pins == 0);
	list_remove(&f->node);
	f->files->io->close(f->files->io, f->fd);
	f->files->n_open--;
	f->files = NULL;
	f->fd = -1;
}
