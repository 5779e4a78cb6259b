/* Error names and messages. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[ERR_OK] = "ok",
	[-ERR_NOMEM] = "memory limit",
	[-ERR_IO] = "input/output error",
	[-ERR_INVALID] = "invalid",
	[-ERR_SHORT] = "incomplete",
	[-ERR_TOO_BIG] = "too big",
	[-ERR_CORRUPT] = "corrupt",
	[-ERR_VERSION] = "unknown version",
	[-ERR_NOT_FOUND] = "not found",
	[-ERR_EXISTS] = "exists already",
	[-ERR_TIMEOUT] = "timed out",
	[-ERR_CLOSED] = "closed",
	[-ERR_AGAIN] = "not now",
	[-ERR_DENIED] = "denied",
	[-ERR_IN_USE] = "in use",
	[-ERR_FULL] = "full",
	[-ERR_CANCELLED] = "cancelled",
	[-ERR_UNSUPPORTED] = "unsupported",
	[-ERR_REFUSED] = "refused",
};

const char *err_name(int code)
{
	if (code > 0 || code <= -(int)ARRAY_LEN(names))
		return "unknown error";
	return names[-code];
}

static void PRINTF_LIKE(3, 0) put(struct err *e, int code, const char *fmt, va_list ap)
{
	e->code = code;
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	va_start(ap, fmt);
	put(e, code, fmt, ap);
	va_end(ap);
	return code;
}

int err_errno(struct err *e, int code, int errnum, const char *fmt, ...)
{
	va_list ap;
	char reason[128];
	size_t n;

	if (!e)
		return code;
	va_start(ap, fmt);
	put(e, code, fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(
		e->msg + n, sizeof(e->msg) - n, ": %s", strerror_r(errnum, reason, sizeof(reason)));
	return code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char was[sizeof(e->msg)];
	va_list ap;
	size_t n;

	if (!e)
		return ERR_INVALID;
	memcpy(was, e->msg, sizeof(was));
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	/* a message that fills its room is cut at the end */
	if (snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", was) < 0)
		e->msg[n] = '\0';
	return e->code;
}
