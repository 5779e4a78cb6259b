/*
 * Writes Kafka's primitives to the end of a chain, or only counts them. Small values gather in a
 * stage that is copied when it is full, so that a field costs no call. The first error sticks.
 */
#ifndef WIRE_WRITER_H
#define WIRE_WRITER_H

#include "base/bytes.h"
#include "base/chain.h"
#include "base/err.h"
#include "base/varint.h"

#define WRITER_STAGE 512

struct writer {
	struct chain *out; /* NULL: count only */
	size_t n;          /* bytes written or counted */
	size_t staged;
	int err; /* 0 or enum err */
	uint8_t stage[WRITER_STAGE];
};

static inline void writer_init(struct writer *w, struct chain *out)
{
	w->out = out;
	w->n = 0;
	w->staged = 0;
	w->err = 0;
}

static inline void writer_fail(struct writer *w, int err)
{
	if (!w->err)
		w->err = err;
}

/* Everything written so far is in the chain. */
static inline void writer_flush(struct writer *w)
{
	if (w->staged)
		chain_put(w->out, w->stage, w->staged);
	w->staged = 0;
}

/* Room for n (at most VARINT_MAX_64 or 16) bytes; NULL when they are only counted. */
static inline uint8_t *writer_room(struct writer *w, size_t n)
{
	uint8_t *p;

	w->n += n;
	if (!w->out)
		return NULL;
	if (w->staged + n > WRITER_STAGE)
		writer_flush(w);
	p = w->stage + w->staged;
	w->staged += n;
	return p;
}

static inline void writer_i8(struct writer *w, int8_t v)
{
	uint8_t *p = writer_room(w, 1);

	if (p)
		p[0] = (uint8_t)v;
}

static inline void writer_i16(struct writer *w, int16_t v)
{
	uint8_t *p = writer_room(w, 2);

	if (p)
		put_be16(p, (uint16_t)v);
}

static inline void writer_i32(struct writer *w, int32_t v)
{
	uint8_t *p = writer_room(w, 4);

	if (p)
		put_be32(p, (uint32_t)v);
}

static inline void writer_i64(struct writer *w, int64_t v)
{
	uint8_t *p = writer_room(w, 8);

	if (p)
		put_be64(p, (uint64_t)v);
}

static inline void writer_uvarint(struct writer *w, uint32_t v)
{
	uint8_t *p = writer_room(w, v < 0x80 ? 1 : uvarint_size(v));

	if (p)
		uvarint_put(p, v);
}

/* Copies. */
static inline void writer_bytes(struct writer *w, const void *from, size_t n)
{
	if (w->out && w->staged + n <= WRITER_STAGE) {
		if (n)
			memcpy(w->stage + w->staged, from, n);
		w->staged += n;
	} else if (w->out) {
		writer_flush(w);
		chain_put(w->out, from, n);
	}
	w->n += n;
}

/* Moves the pieces of a chain to the end. */
static inline void writer_splice(struct writer *w, struct chain *from)
{
	w->n += from->n;
	if (!w->out)
		return;
	writer_flush(w);
	chain_append(w->out, from);
}

#endif
