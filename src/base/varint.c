/* Variable-length integers. A number that does not fit its width is refused, not cut. */
#include "base/varint.h"

/* At most `most` bytes, of which the last has room for a value up to `last`. */
static inline size_t get(
	const uint8_t *p, const uint8_t *end, size_t most, uint8_t last, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t n = 0; n < most && p + n < end; n++) {
		if (n == most - 1 && p[n] > last)
			return 0;
		v |= (uint64_t)(p[n] & 0x7f) << (7 * n);
		if (p[n] < 0x80) {
			*out = v;
			return n + 1;
		}
	}
	return 0;
}

size_t uvarint_get64(const uint8_t *p, const uint8_t *end, uint64_t *out)
{
	return get(p, end, VARINT_MAX_64, 1, out);
}

size_t uvarint_get(const uint8_t *p, const uint8_t *end, uint32_t *out)
{
	uint64_t v;
	size_t n = get(p, end, VARINT_MAX_32, 0xf, &v);

	if (n)
		*out = (uint32_t)v;
	return n;
}

size_t varint_get(const uint8_t *p, const uint8_t *end, int32_t *out)
{
	uint32_t v;
	size_t n = uvarint_get(p, end, &v);

	if (n)
		*out = (int32_t)(v >> 1) ^ -(int32_t)(v & 1);
	return n;
}

size_t varint_get64(const uint8_t *p, const uint8_t *end, int64_t *out)
{
	uint64_t v;
	size_t n = uvarint_get64(p, end, &v);

	if (n)
		*out = unzigzag64(v);
	return n;
}

static uint32_t zigzag32(int32_t v)
{
	return ((uint32_t)v << 1) ^ (uint32_t)(v >> 31);
}

size_t uvarint_put64(uint8_t *out, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		out[n++] = (uint8_t)(v | 0x80);
	out[n++] = (uint8_t)v;
	return n;
}

size_t uvarint_put(uint8_t *out, uint32_t v)
{
	return uvarint_put64(out, v);
}

size_t varint_put(uint8_t *out, int32_t v)
{
	return uvarint_put64(out, zigzag32(v));
}

size_t varint_put64(uint8_t *out, int64_t v)
{
	return uvarint_put64(out, zigzag64(v));
}

size_t uvarint_size64(uint64_t v)
{
	/* one byte for every seven bits begun; 0 has one */
	return (size_t)(63 - __builtin_clzll(v | 1)) / 7 + 1;
}

size_t uvarint_size(uint32_t v)
{
	return uvarint_size64(v);
}

size_t varint_size(int32_t v)
{
	return uvarint_size64(zigzag32(v));
}

size_t varint_size64(int64_t v)
{
	return uvarint_size64(zigzag64(v));
}
