/* See start.h. What `kdeck up` prints is read when it has ended: a line or two. */
#include "app/start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "io/child.h"
#include "local/local.h"

#define SAID_MAX 4096

struct start {
	struct child *child;
	start_fn *fn;
	void *arg;
};

static void read_all(int fd, struct buf *out)
{
	ssize_t n;

	while (fd >= 0 && out->n < SAID_MAX) {
		n = read(fd, buf_reserve(out, 512), 512);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_extend(out, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
}

static void on_exit_of(void *arg, struct child *c, int exit_code, int term_signal)
{
	struct start *s = arg;
	struct buf said = BUF_EMPTY;
	struct err e = {0};
	char *text, *address, *line;

	(void)term_signal;
	read_all(child_take_stdout(c), &said);
	text = xstrdup(buf_z(&said));
	address = strstr(text, "bootstrap ");
	line = address ? address + strlen("bootstrap ") : text;
	line[strcspn(line, "\n")] = 0;
	if (exit_code == 0 && address) {
		s->fn(s->arg, line, NULL);
	} else {
		(void)!err_set(&e, ERR_INVALID, "%s", *text ? text : "kdeck up said nothing");
		s->fn(s->arg, NULL, &e);
	}
	free(text);
	buf_fini(&said);
}

struct start *start_cluster(struct loop *l, start_fn *fn, void *arg, struct err *e)
{
	static const char *const argv[] = {"/proc/self/exe", "up", NULL};
	struct child_options o = {
		.argv = argv, .out = {.to = CHILD_PIPE}, .err = {.to = CHILD_STDOUT}};
	struct start *s = ALLOC(struct start);

	*s = (struct start){.fn = fn, .arg = arg};
	s->child = child_spawn(l, &o, on_exit_of, s, e);
	if (!s->child) {
		free(s);
		return NULL;
	}
	return s;
}

void start_free(struct start *s)
{
	if (!s)
		return;
	child_free(s->child);
	free(s);
}

char *default_bootstrap(void)
{
	char *dir = local_default_dir();
	struct local_cluster k;
	struct err e = {0};
	struct buf text = BUF_EMPTY;

	if (local_look(&k, dir, &e) == 0 && local_any_runs(&k))
		local_bootstrap(&k, &text);
	else
		buf_puts(&text, "127.0.0.1:9092");
	local_fini(&k);
	free(dir);
	return buf_steal(&text);
}
