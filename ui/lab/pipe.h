/* Lines in and out of a pipe on the loop: what comes is cut into lines, what goes waits for room.
 */
#ifndef LAB_PIPE_H
#define LAB_PIPE_H

#include "base/buf.h"
#include "base/err.h"

struct loop;
struct loop_watch;

/* line[0..n] is writable, line[n] was the new line. line_reader_close is allowed inside. */
typedef void line_fn(void *arg, char *line, size_t n);
/* Nothing more will come; e: NULL at the end, else what was wrong (a line too long). */
typedef void line_end_fn(void *arg, const struct err *e);

struct line_reader {
	struct loop_watch *watch;
	int fd; /* -1: closed */
	size_t max;
	struct buf rest;
	line_fn *fn;
	line_end_fn *end;
	void *arg;
};

/* Takes fd. */
int line_reader_open(struct line_reader *r, struct loop *l, int fd, size_t max, line_fn *fn,
	line_end_fn *end, void *arg, struct err *e) MUSTCHECK;
/* Reads what is there now, without waiting for the loop. */
void line_reader_drain(struct line_reader *r);
void line_reader_close(struct line_reader *r);

struct line_writer {
	struct loop_watch *watch;
	int fd; /* -1: closed, or nobody reads it any more */
	struct buf out;
};

/* Takes fd. */
int line_writer_open(struct line_writer *w, struct loop *l, int fd, struct err *e) MUSTCHECK;
/* Sends what stands in w->out, now or as soon as there is room. */
void line_writer_flush(struct line_writer *w);
/* What has not gone is dropped. */
void line_writer_close(struct line_writer *w);

#endif
