/*
 * Reads Kafka's primitives from borrowed bytes. The first error sticks: later reads give zero and
 * move nothing, so that a caller checks r.err once at the end.
 */
#ifndef WIRE_READER_H
#define WIRE_READER_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/varint.h"

struct reader {
	const uint8_t *p;
	const uint8_t *end;
	int err; /* 0 or enum err */
};

static inline void reader_init(struct reader *r, struct slice in)
{
	r->p = in.p;
	r->end = in.p ? in.p + in.n : in.p;
	r->err = 0;
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->p);
}

/* Sets the error, unless there is one, and makes the rest unreadable. */
static inline void reader_fail(struct reader *r, int err)
{
	if (!r->err)
		r->err = err;
	r->p = r->end;
}

/* The next n bytes, or NULL with ERR_SHORT. */
static inline const uint8_t *reader_take(struct reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (__builtin_expect(reader_left(r) < n || r->err, 0)) {
		reader_fail(r, ERR_SHORT);
		return NULL;
	}
	r->p += n;
	return p;
}

static inline int8_t reader_i8(struct reader *r)
{
	const uint8_t *p = reader_take(r, 1);

	return p ? (int8_t)p[0] : 0;
}

static inline int16_t reader_i16(struct reader *r)
{
	const uint8_t *p = reader_take(r, 2);

	return p ? (int16_t)get_be16(p) : 0;
}

static inline int32_t reader_i32(struct reader *r)
{
	const uint8_t *p = reader_take(r, 4);

	return p ? (int32_t)get_be32(p) : 0;
}

static inline int64_t reader_i64(struct reader *r)
{
	const uint8_t *p = reader_take(r, 8);

	return p ? (int64_t)get_be64(p) : 0;
}

static inline uint32_t reader_uvarint(struct reader *r)
{
	uint32_t v = 0;
	size_t n;

	if (__builtin_expect(r->p < r->end && *r->p < 0x80, 1))
		return *r->p++;
	n = uvarint_get(r->p, r->end, &v);
	if (!n) {
		reader_fail(r, reader_left(r) < VARINT_MAX_32 ? ERR_SHORT : ERR_INVALID);
		return 0;
	}
	r->p += n;
	return v;
}

/* A compact length: one more than the length, 0 for null (-1 here). */
static inline int32_t reader_compact(struct reader *r)
{
	uint32_t v = reader_uvarint(r);

	if (v > INT32_MAX) {
		reader_fail(r, ERR_INVALID);
		return 0;
	}
	return (int32_t)v - 1;
}

#endif
