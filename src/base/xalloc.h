/*
 * Allocation that does not fail: on exhaustion the hook runs (the console gives the terminal back)
 * and the process aborts. Sizes that come from outside are bounded before they reach this.
 */
#ifndef BASE_XALLOC_H
#define BASE_XALLOC_H

#include "base/attr.h"

/* As malloc, calloc and realloc, but never NULL; n = 0 gives memory that can be freed. */
void *xmalloc(size_t n) __attribute__((malloc));
void *xcalloc(size_t count, size_t size) __attribute__((malloc));
void *xrealloc(void *p, size_t n);
/* Array growth with the multiplication checked. */
void *xreallocarray(void *p, size_t count, size_t size);
char *xstrdup(const char *z) __attribute__((malloc));
void *xmemdup(const void *p, size_t n) __attribute__((malloc));
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Runs once, before abort. NULL removes it. */
void xalloc_on_exhaustion(void (*hook)(void));

/* What is free at the heap's end goes back to the system, however large a block once was: glibc
 * learns from that, and keeps twice as much for ever. For programs that hold snapshots and decode
 * large answers now and then; costs page faults each time. Nothing where there is no glibc. */
void xalloc_give_back(void);

#define ALLOC(type) ((type *)xcalloc(1, sizeof(type)))

#endif
