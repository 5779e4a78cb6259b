/*
 * Errors inside the program: 0 or a negative `enum err_code`. At the edges, where a person reads
 * it, a `struct err` carries the code and one line of text. Kafka's error codes are another type
 * (wire/kerr.h).
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/attr.h"

enum err_code {
	ERR_OK = 0,
	ERR_NOMEM = -1,   /* a bound on memory was reached */
	ERR_IO = -2,      /* the system said no; errno or the message has the reason */
	ERR_INVALID = -3, /* input that cannot be */
	ERR_SHORT = -4,   /* input ends before it is whole */
	ERR_TOO_BIG = -5, /* a count or length over its limit */
	ERR_CORRUPT = -6, /* a checksum or a magic is wrong */
	ERR_VERSION = -7, /* a version or field that is not known here */
	ERR_NOT_FOUND = -8,
	ERR_EXISTS = -9,
	ERR_TIMEOUT = -10,
	ERR_CLOSED = -11,
	ERR_AGAIN = -12, /* not now: wait for the socket, the lock or the leader */
	ERR_DENIED = -13,
	ERR_IN_USE = -14, /* port, folder or file has another owner */
	ERR_FULL = -15,   /* no room on the disk or in a bounded queue */
	ERR_CANCELLED = -16,
	ERR_UNSUPPORTED = -17,
	ERR_REFUSED = -18, /* nobody listens there */
};

struct err {
	int code; /* 0 or enum err_code */
	char msg[400];
};

/* One or two words for a code: "not found". Static storage. */
const char *err_name(int code);

/* Sets code and message; returns code, so that `return err_set(…)` reads well. e may be NULL. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Like err_set, and adds ": " and strerror(errnum). */
int err_errno(struct err *e, int code, int errnum, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Puts "prefix: " before the message that is there. Returns e->code; ERR_INVALID without e. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
