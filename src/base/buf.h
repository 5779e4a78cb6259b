/*
 * A growing byte buffer that owns its memory: output text, encoded messages, keys. Always followed
 * by a NUL that is not counted, so that buf_z() is a C string as long as no NUL was put in.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/bytes.h"
#include <stdarg.h>

struct buf {
	uint8_t *p; /* NULL until the first byte */
	size_t n;
	size_t cap;
};

#define BUF_EMPTY ((struct buf){NULL, 0, 0})

void buf_init(struct buf *b);
void buf_fini(struct buf *b);
/* n = 0, memory kept. */
void buf_clear(struct buf *b);
/* Room for `more` bytes after n; the pointer to them is valid until the next call. */
uint8_t *buf_reserve(struct buf *b, size_t more);
/* Reserve and count. */
uint8_t *buf_extend(struct buf *b, size_t more);

/* Append; the buffer grows as it must (xalloc). */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *z);
void buf_put_str(struct buf *b, struct str s);
void buf_put_slice(struct buf *b, struct slice s);
void buf_putc(struct buf *b, char c);
void buf_fill(struct buf *b, char c, size_t n);
/* Quoted for a POSIX shell, plain where that is safe. */
void buf_put_word(struct buf *b, struct str s);
/* With a comma every three digits: -1,234,567. */
void buf_put_count(struct buf *b, int64_t n);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

/* Append numbers in network order. */
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_be16(struct buf *b, uint16_t v);
void buf_put_be32(struct buf *b, uint32_t v);
void buf_put_be64(struct buf *b, uint64_t v);

/* Drops the first n bytes (n <= b->n). */
void buf_consume(struct buf *b, size_t n);
/* Keeps the first n bytes (n <= b->n): takes back what was appended since. */
void buf_cut(struct buf *b, size_t n);

/* As a C string; never NULL. Valid until the next change. */
const char *buf_z(struct buf *b);
static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){b->p, b->n};
}
static inline struct str buf_str(const struct buf *b)
{
	return (struct str){(const char *)b->p, b->n};
}
/* The memory as a heap string, now the caller's; b is empty afterwards. */
char *buf_steal(struct buf *b);

#endif
