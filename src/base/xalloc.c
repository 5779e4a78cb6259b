/* Allocation that aborts on exhaustion, see xalloc.h. */
#include "base/xalloc.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>

#define GIVE_BACK (128 * 1024)
#endif

static void (*_Atomic exhaustion_hook)(void);

void xalloc_on_exhaustion(void (*hook)(void))
{
	atomic_store(&exhaustion_hook, hook);
}

static NORETURN void exhausted(void)
{
	static const char text[] = "out of memory\n";
	void (*hook)(void) = atomic_exchange(&exhaustion_hook, NULL);

	if (hook)
		hook();
	/* stdio may allocate; write does not */
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		abort();
	abort();
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		exhausted();
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = count && size ? calloc(count, size) : calloc(1, 1);

	if (!p)
		exhausted();
	return p;
}

void *xrealloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		exhausted();
	return q;
}

void *xreallocarray(void *p, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		exhausted();
	return xrealloc(p, n);
}

char *xstrdup(const char *z)
{
	return xmemdup(z, strlen(z) + 1);
}

void *xmemdup(const void *p, size_t n)
{
	void *q = xmalloc(n);

	if (n)
		memcpy(q, p, n);
	return q;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *out = NULL;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&out, fmt, ap);
	va_end(ap);
	if (n < 0)
		exhausted();
	return out;
}

void xalloc_give_back(void)
{
#ifdef __GLIBC__
	mallopt(M_TRIM_THRESHOLD, GIVE_BACK);
#endif
}
