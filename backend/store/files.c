/* See files.h: open files in the order of their last use. */
#include "store/files.h"

#include <assert.h>
#include <errno.h>

#include "base/err.h"

void files_init(struct files *f, struct store_io *io, size_t max)
{
	*f = (struct files){.io = io, .max = max};
	list_init(&f->lru);
}

void files_fini(struct files *f)
{
	assert(f->n_open == 0);
}

void file_init(struct file *f)
{
	*f = (struct file){.fd = -1};
}

static void make_room(struct files *files)
{
	while (files->n_open >= files->max && !list_empty(&files->lru))
		file_close(CONTAINER_OF(list_first(&files->lru), struct file, node));
}

int file_open(struct files *files, struct file *f, const char *path, int flags)
{
	if (f->fd >= 0) {
		if (f->pins == 0) {
			list_remove(&f->node);
			list_push_back(&files->lru, &f->node);
		}
		return f->fd;
	}
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
	files->n_opened++;
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
