/* See pipe.h. */
#include "lab/pipe.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io/loop.h"

#define READ_AT_ONCE (16 * 1024)
#define READS_A_TURN 16

/* ---- in ---------------------------------------------------------------------------------------
 */

static void stop_reading(struct line_reader *r)
{
	loop_watch_free(r->watch);
	r->watch = NULL;
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

static void end(struct line_reader *r, const struct err *e)
{
	stop_reading(r);
	r->end(r->arg, e);
}

static void too_long(struct line_reader *r)
{
	struct err e;

	err_set(&e, ERR_TOO_BIG, "a line of more than %zu bytes", r->max);
	end(r, &e);
}

/* Gives the whole lines away; the callback may close the reader. */
static void cut(struct line_reader *r)
{
	size_t at = 0;
	uint8_t *nl;

	while (r->fd >= 0 && at < r->rest.n &&
		(nl = memchr(r->rest.p + at, '\n', r->rest.n - at))) {
		char *line = (char *)r->rest.p + at;
		size_t n = (size_t)(nl - (uint8_t *)line);
		if (n > r->max) {
			too_long(r);
			return;
		}
		at += n + 1;
		r->fn(r->arg, line, n);
	}
	if (r->fd < 0)
		return;
	buf_consume(&r->rest, at);
	if (r->rest.n > r->max)
		too_long(r);
}

/* True when there may be more. */
static bool read_some(struct line_reader *r)
{
	ssize_t n = read(r->fd, buf_reserve(&r->rest, READ_AT_ONCE), READ_AT_ONCE);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n <= 0) {
		end(r, NULL);
		return false;
	}
	buf_extend(&r->rest, (size_t)n);
	cut(r);
	return r->fd >= 0;
}

static void on_readable(void *arg, int events)
{
	struct line_reader *r = arg;

	(void)events;
	for (int i = 0; i < READS_A_TURN && read_some(r); i++)
		;
}

int line_reader_open(struct line_reader *r, struct loop *l, int fd, size_t max, line_fn *fn,
	line_end_fn *end_fn, void *arg, struct err *e)
{
	*r = (struct line_reader){.fd = fd, .max = max, .fn = fn, .end = end_fn, .arg = arg};
	r->watch = loop_watch_new(l, fd, on_readable, r, e);
	if (!r->watch) {
		stop_reading(r);
		return e ? e->code : ERR_IO;
	}
	loop_watch_set(r->watch, LOOP_READ);
	return 0;
}

void line_reader_drain(struct line_reader *r)
{
	while (r->fd >= 0 && read_some(r))
		;
}

void line_reader_close(struct line_reader *r)
{
	stop_reading(r);
	buf_fini(&r->rest);
}

/* ---- out --------------------------------------------------------------------------------------
 */

static void stop_writing(struct line_writer *w)
{
	loop_watch_free(w->watch);
	w->watch = NULL;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

void line_writer_flush(struct line_writer *w)
{
	while (w->fd >= 0 && w->out.n > 0) {
		ssize_t n = write(w->fd, w->out.p, w->out.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			stop_writing(w);
		if (n < 0)
			break;
		buf_consume(&w->out, (size_t)n);
	}
	if (w->fd < 0)
		buf_clear(&w->out);
	else
		loop_watch_set(w->watch, w->out.n ? LOOP_WRITE : 0);
}

static void on_writable(void *arg, int events)
{
	(void)events;
	line_writer_flush(arg);
}

int line_writer_open(struct line_writer *w, struct loop *l, int fd, struct err *e)
{
	*w = (struct line_writer){.fd = fd};
	w->watch = loop_watch_new(l, fd, on_writable, w, e);
	if (!w->watch) {
		stop_writing(w);
		return e ? e->code : ERR_IO;
	}
	return 0;
}

void line_writer_close(struct line_writer *w)
{
	stop_writing(w);
	buf_fini(&w->out);
}
