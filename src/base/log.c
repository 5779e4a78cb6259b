/*
 * The logger. A line is put together in a buffer of fixed size, so that logging works when memory
 * is short, and leaves in one write, so that lines of several threads do not mix.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "base/xalloc.h"

#define LINE_MAX_BYTES 4096

static _Atomic int max_level = LOG_INFO;
static _Atomic int log_fd = STDERR_FILENO;
static char *log_path; /* NULL: standard error */
static log_sink_fn *sink;
static void *sink_arg;

static const char *const level_names[] = {"error", "warn", "info", "debug", "trace"};
static const char *const level_marks[] = {"ERROR", "WARN ", "INFO ", "DEBUG", "TRACE"};

void log_set_sink(log_sink_fn *fn, void *arg)
{
	sink = fn;
	sink_arg = arg;
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&max_level, (int)level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&max_level, memory_order_relaxed);
}

bool log_level_parse(const char *name, enum log_level *out)
{
	for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
		if (strcmp(name, level_names[i]) != 0)
			continue;
		*out = (enum log_level)i;
		return true;
	}
	return false;
}

/* Appends at most what fits; a character is put whole or not at all. */
static size_t escape(const uint8_t *p, const uint8_t *end, char *out, size_t cap)
{
	char text[UTF8_SHOWN_MAX];
	size_t at = 0, n;

	while (p < end) {
		p += utf8_show(p, end, text, &n);
		if (at + n > cap)
			break;
		memcpy(out + at, text, n);
		at += n;
	}
	return at;
}

static int open_log(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	return fd < 0 ? err_errno(e, ERR_IO, errno, "%s: cannot open the log file", path) : fd;
}

int log_to_file(const char *path, struct err *e)
{
	int fd = path ? open_log(path, e) : STDERR_FILENO;
	int before = atomic_load(&log_fd);

	if (fd < 0)
		return fd;
	atomic_store(&log_fd, fd);
	if (before != STDERR_FILENO)
		close(before);
	free(log_path);
	log_path = path ? xstrdup(path) : NULL;
	return 0;
}

/* Under the same number: a line that another thread is writing goes to one file or the other. */
int log_reopen(struct err *e)
{
	int fd, rc = 0;

	if (!log_path)
		return 0;
	fd = open_log(log_path, e);
	if (fd < 0)
		return fd;
	if (dup3(fd, atomic_load(&log_fd), O_CLOEXEC) < 0)
		rc = err_errno(e, ERR_IO, errno, "%s: cannot open the log file", log_path);
	close(fd);
	return rc;
}

static void write_out(const char *line, size_t n)
{
	int fd = atomic_load_explicit(&log_fd, memory_order_relaxed);

	/* nobody is left to tell when the log is gone */
	while (n > 0) {
		ssize_t put = write(fd, line, n);

		if (put <= 0)
			return;
		line += put;
		n -= (size_t)put;
	}
}

void log_line(enum log_level level, const char *module, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES + 1], text[LINE_MAX_BYTES], when[25];
	va_list ap;
	size_t n;
	int len;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	clock_format_iso(clock_wall_ms(&clock_system), when);
	n = (size_t)snprintf(line, 100, "%s %s %.60s: ", when, level_marks[level], module);
	n += escape((uint8_t *)text, (uint8_t *)text + min_size((size_t)len, sizeof(text) - 1),
		line + n, LINE_MAX_BYTES - n);
	if (sink) {
		line[n] = '\0';
		sink(sink_arg, level, line, n);
		return;
	}
	line[n] = '\n';
	write_out(line, n + 1);
}
