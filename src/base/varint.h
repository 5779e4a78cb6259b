/* Variable-length integers as Kafka writes them: LEB128, signed ones zig-zag (Protocol Buffers). */
#ifndef BASE_VARINT_H
#define BASE_VARINT_H

#include "base/attr.h"
#include <stdbool.h>

#define VARINT_MAX_32 5
#define VARINT_MAX_64 10

/* Bytes read, or 0 when [p, end) holds no whole number or it does not fit. */
size_t uvarint_get(const uint8_t *p, const uint8_t *end, uint32_t *out);
size_t uvarint_get64(const uint8_t *p, const uint8_t *end, uint64_t *out);
size_t varint_get(const uint8_t *p, const uint8_t *end, int32_t *out);
size_t varint_get64(const uint8_t *p, const uint8_t *end, int64_t *out);

/* Bytes written; out has VARINT_MAX_* bytes. */
size_t uvarint_put(uint8_t *out, uint32_t v);
size_t uvarint_put64(uint8_t *out, uint64_t v);
size_t varint_put(uint8_t *out, int32_t v);
size_t varint_put64(uint8_t *out, int64_t v);

/* Bytes that writing v takes. */
size_t uvarint_size(uint32_t v);
size_t uvarint_size64(uint64_t v);
size_t varint_size(int32_t v);
size_t varint_size64(int64_t v);

static inline uint64_t zigzag64(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static inline int64_t unzigzag64(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

#endif
