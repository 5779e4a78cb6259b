/*
 * A listening socket. Accepts in batches, at most LISTENER_BATCH a turn, so that a storm of
 * connections does not starve those that are there. When the process has no descriptor left, a
 * spare one is given up to accept and close the caller at once: it learns of it, and the loop does
 * not spin.
 */
#ifndef IO_LISTENER_H
#define IO_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

struct loop;
struct listener;

enum { LISTENER_BATCH = 64 };

/* fd is non-blocking and close-on-exec, and now the callee's. */
typedef void listener_accept_fn(void *arg, int fd);

/* host: name or address, NULL or "" = 127.0.0.1, "0.0.0.0" and "::" = all. port 0: a free one.
 * NULL with e set: ERR_IN_USE "127.0.0.1:9092 is in use by another program", ERR_NOT_FOUND for an
 * unknown host, ERR_DENIED, ERR_IO. Looking up a name may block. */
struct listener *listener_new(struct loop *l, const char *host, uint16_t port,
	listener_accept_fn *fn, void *arg, struct err *e) MUSTCHECK;
/* Is it the host of all addresses? */
static inline bool listener_everywhere(const char *host)
{
	return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* NULL is allowed. */
void listener_free(struct listener *ls);
/* The port that was bound. */
uint16_t listener_port(const struct listener *ls);
/* "127.0.0.1:9092" */
const char *listener_name(const struct listener *ls);
/* Leaves newcomers in the kernel's queue. */
void listener_pause(struct listener *ls);
void listener_resume(struct listener *ls);
/* Callers that were turned away for want of descriptors. */
uint64_t listener_refused(const struct listener *ls);

#endif
