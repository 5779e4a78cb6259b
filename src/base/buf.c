/* The growing byte buffer. cap does not count the byte kept for the closing NUL. */
#include "base/buf.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

#define FIRST_CAP 63

void buf_init(struct buf *b)
{
	*b = BUF_EMPTY;
}

void buf_fini(struct buf *b)
{
	free(b->p);
	*b = BUF_EMPTY;
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	if (b->p)
		b->p[0] = '\0';
}

uint8_t *buf_reserve(struct buf *b, size_t more)
{
	if (b->p && b->cap - b->n >= more)
		return b->p + b->n;

	size_t want, cap = b->cap ? b->cap * 2 + 1 : FIRST_CAP;

	if (__builtin_add_overflow(b->n, more, &want) || want == SIZE_MAX)
		want = SIZE_MAX - 1; /* xrealloc ends the process */
	b->cap = max_size(cap, want);
	b->p = xrealloc(b->p, b->cap + 1);
	b->p[b->n] = '\0';
	return b->p + b->n;
}

uint8_t *buf_extend(struct buf *b, size_t more)
{
	uint8_t *p = buf_reserve(b, more);

	b->n += more;
	b->p[b->n] = '\0';
	return p;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (n)
		memcpy(buf_extend(b, n), p, n);
}

void buf_puts(struct buf *b, const char *z)
{
	buf_put(b, z, strlen(z));
}

void buf_put_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}

void buf_put_slice(struct buf *b, struct slice s)
{
	buf_put(b, s.p, s.n);
}

void buf_putc(struct buf *b, char c)
{
	*buf_extend(b, 1) = (uint8_t)c;
}

void buf_fill(struct buf *b, char c, size_t n)
{
	if (n)
		memset(buf_extend(b, n), c, n);
}

void buf_put_word(struct buf *b, struct str s)
{
	bool plain = s.n > 0;

	for (size_t i = 0; i < s.n && plain; i++)
		plain = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
			(s.p[i] >= '0' && s.p[i] <= '9') ||
			(s.p[i] && strchr("_-./:,=@+%", s.p[i]));
	if (plain) {
		buf_put_str(b, s);
		return;
	}
	buf_putc(b, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_puts(b, "'\\''");
		else
			buf_putc(b, s.p[i]);
	}
	buf_putc(b, '\'');
}

void buf_put_count(struct buf *b, int64_t n)
{
	uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, rest);

	if (n < 0)
		buf_putc(b, '-');
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_putc(b, ',');
		buf_putc(b, digits[i]);
	}
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int n;

	buf_reserve(b, 1);
	room = b->cap - b->n + 1;
	va_copy(again, ap);
	n = vsnprintf((char *)b->p + b->n, room, fmt, ap);
	if (n > 0 && (size_t)n >= room) {
		buf_reserve(b, (size_t)n);
		n = vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	if (n > 0)
		b->n += (size_t)n;
	b->p[b->n] = '\0';
}

void buf_put_u8(struct buf *b, uint8_t v)
{
	*buf_extend(b, 1) = v;
}

void buf_put_be16(struct buf *b, uint16_t v)
{
	put_be16(buf_extend(b, 2), v);
}

void buf_put_be32(struct buf *b, uint32_t v)
{
	put_be32(buf_extend(b, 4), v);
}

void buf_put_be64(struct buf *b, uint64_t v)
{
	put_be64(buf_extend(b, 8), v);
}

void buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->n);
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n + 1); /* the NUL too */
	b->n -= n;
}

void buf_cut(struct buf *b, size_t n)
{
	assert(n <= b->n);
	b->n = n;
	if (b->p)
		b->p[n] = '\0';
}

const char *buf_z(struct buf *b)
{
	return b->p ? (const char *)b->p : "";
}

char *buf_steal(struct buf *b)
{
	char *z = b->p ? (char *)b->p : xstrdup("");

	*b = BUF_EMPTY;
	return z;
}
