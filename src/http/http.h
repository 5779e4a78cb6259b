/*
 * Small HTTP requests over the loop, several at once, answers of a bounded size: for the HTTP face
 * of a broker. HTTP/1.1 without TLS, without redirects, without a proxy whatever the environment
 * says. Connections are kept for the next request to the same place. libcurl is loaded with the
 * first request.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/bytes.h"
#include "base/err.h"

struct loop;
struct http;

struct http_request {
	const char *method;       /* "GET", "PUT" … */
	const char *url;          /* "http://127.0.0.1:19092/faults"; nothing but http */
	struct slice body;        /* copied; null: none */
	const char *content_type; /* NULL: "application/json"; only with a body */
	int64_t timeout_ms;       /* for all of it; 0: 5 s */
	size_t max_bytes;         /* of the answer's body; 0: 1 MiB */
};

/*
 * An answer. Success: e is NULL, status is the server's (also 404, 500 …), body is valid until the
 * callback returns. Failure: status is 0, body null, and e has a line that names the address:
 * ERR_REFUSED, ERR_TIMEOUT, ERR_CLOSED, ERR_NOT_FOUND (unknown host), ERR_TOO_BIG, ERR_INVALID (a
 * url that cannot be), ERR_CORRUPT (an answer that is no HTTP), ERR_IO, ERR_UNSUPPORTED (there is
 * no libcurl on this machine). A struct http may be freed in it.
 */
typedef void http_fn(void *arg, const struct err *e, int status, struct slice body);

struct http *http_new(struct loop *l);
/* Requests under way are dropped; their fn is not called. NULL is allowed. */
void http_free(struct http *h);

/* The request's id, > 0. Everything in r is copied. fn is called once, later, never from inside
 * here; not after http_cancel. */
int64_t http_send(struct http *h, const struct http_request *r, http_fn *fn, void *arg);
/* No effect for an id that is not under way. */
void http_cancel(struct http *h, int64_t id);
/* How many are under way. */
size_t http_pending(const struct http *h);

#endif
