/*
 * The HTTP face: a listener, bounded connections, and a door that says who may come in. What is
 * answered is the owner's: one function gets each request and fills the reply before it returns.
 *
 *   socket --> at most FACE_CONNECTIONS --> Host and Origin --> method and body --> face_fn
 *
 * Everything happens on the loop's thread. Each connection has FACE_PATIENCE_MS for each request,
 * from its beginning (or the end of the one before) until the answer is taken; when all places are
 * taken, the connection that is longest without a finished request gives way to a newcomer.
 *
 * Whoever can make a browser on this machine open a page could let it ask us under a name of his
 * own (DNS rebinding) or send us forms: a request must name us by an address or name that is ours,
 * and one that a page of another origin sends is refused.
 */
#ifndef HTTPD_FACE_H
#define HTTPD_FACE_H

#include "base/buf.h"
#include "base/err.h"

#define FACE_CONNECTIONS 32
#define FACE_PATIENCE_MS 10000
#define FACE_HEAD_MAX    16384 /* bytes of request line and headers, roughly */
#define FACE_BODY_MAX    65536
#define FACE_QUERY_MAX   16
#define FACE_JSON        "application/json"

struct loop;
struct face;

enum face_method { FACE_GET = 1, FACE_PUT = 2, FACE_DELETE = 4 };

struct face_param {
	struct str name, value;
};

/* Everything is borrowed until the call returns. */
struct face_request {
	enum face_method method;
	const char *path; /* decoded, without the query: "/health" */
	struct face_param query[FACE_QUERY_MAX];
	size_t n_query;
	struct slice body;
};

struct face_reply {
	int status;       /* 200 before the call */
	const char *type; /* FACE_JSON before the call; static storage */
	unsigned allow;   /* with 405: bits of enum face_method */
	struct buf body;  /* empty before the call; the face frees it */
};

typedef void face_fn(void *arg, const struct face_request *r, struct face_reply *out);

/* Makes the reply an error: {"error": status, "message": words}. */
void face_fail(struct face_reply *out, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);

struct face_settings {
	const char *host; /* as listener_new; "" is loopback */
	uint16_t port;    /* 0: a free one */
};

/* NULL with e as listener_new: nothing listens then. Serves at once. */
struct face *face_new(struct loop *l, const struct face_settings *set, face_fn *fn, void *arg,
	struct err *e) MUSTCHECK;
/* Closes all connections. Not from within fn. NULL is allowed. */
void face_free(struct face *f);
/* "127.0.0.1:19092", with the bound port. */
const char *face_name(const struct face *f);

/* This process, as the system sees it; -1: not known. */
struct face_process {
	int64_t resident, anonymous; /* bytes of memory */
	int64_t cpu_us;              /* used since its start */
	int64_t open_files;          /* descriptors, sockets included */
};
void face_process(struct face_process *out);

/* Is `host` (a Host header, or what stands behind http:// in an Origin) a name of ours, listening
 * at `own`? Loopback goes by all its names; a listener on every interface by every address that is
 * no name, and localhost. */
bool face_host_is_ours(const char *host, const char *own);

#endif
