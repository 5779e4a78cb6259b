/*
 * Log lines: "2026-11-21T14:14:02.123Z WARN  store: orders-2: cut 113 bytes". One sink per process,
 * set once by main; tests capture it. Input from peers is escaped before it is printed.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"
#include "base/err.h"
#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };

typedef void log_sink_fn(void *arg, enum log_level level, const char *line, size_t n);

/* Default: standard error, LOG_INFO. fn NULL restores it. `line` has no newline. */
void log_set_sink(log_sink_fn *fn, void *arg);
/* Lines go to the end of this file (made 0640 when it is not there) instead of standard error; NULL
 * ends that. ERR_IO with e: everything stays as it was. One thread at a time. */
int log_to_file(const char *path, struct err *e) MUSTCHECK;
/* Opens the file anew by its name, after a rotation; no effect without log_to_file. */
int log_reopen(struct err *e) MUSTCHECK;
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
/* "error" … "trace"; false when the name is none of them. */
bool log_level_parse(const char *name, enum log_level *out);

/* One line to the sink when the level is enabled; callers use the macros below. */
void log_line(enum log_level level, const char *module, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A file defines LOG_MODULE before it includes this. */
#ifndef LOG_MODULE
#define LOG_MODULE "kdeck"
#endif
#define log_error(...) log_line(LOG_ERROR, LOG_MODULE, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, LOG_MODULE, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, LOG_MODULE, __VA_ARGS__)
#define log_debug(...)                                                \
	do {                                                          \
		if (log_enabled(LOG_DEBUG))                           \
			log_line(LOG_DEBUG, LOG_MODULE, __VA_ARGS__); \
	} while (0)

#endif
