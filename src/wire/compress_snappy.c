/*
 * snappy as Java's clients frame it (snappy-java's SnappyOutputStream): 8 bytes of magic, version
 * and lowest compatible version as int32, then blocks: int32 length, raw snappy of at most 32 KiB.
 * The header may come again between blocks where streams were put together. Without the magic the
 * whole input is one raw snappy block.
 */
#include "wire/compress_impl.h"

#include <snappy-c.h>
#include <string.h>

#include "base/err.h"

#define FRAME_HEADER 16
#define BLOCK_PLAIN  ((size_t)32 << 10)
/* No element of raw snappy makes more than 64 bytes out of 3: a longer claim is a lie. */
#define EXPANSION_MAX 22

static const uint8_t magic[8] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};

static void block_encode(struct slice in, struct buf *out)
{
	size_t room = snappy_max_compressed_length(in.n);
	uint8_t *p = buf_reserve(out, 4 + room);
	/* The only error is too little room. */
	(void)snappy_compress((const char *)in.p, in.n, (char *)p + 4, &room);
	put_be32(p, (uint32_t)room);
	out->n += 4 + room;
}

int compress_snappy_encode(struct slice in, struct buf *out)
{
	buf_put(out, magic, sizeof(magic));
	buf_put_be32(out, 1);
	buf_put_be32(out, 1);
	for (size_t at = 0; at < in.n; at += BLOCK_PLAIN)
		block_encode(slice_of(in.p + at, min_size(BLOCK_PLAIN, in.n - at)), out);
	return 0;
}

static int block_decode(struct slice in, size_t cap, struct buf *out)
{
	size_t n;
	if (snappy_uncompressed_length((const char *)in.p, in.n, &n) != SNAPPY_OK)
		return ERR_CORRUPT;
	if (n / EXPANSION_MAX > in.n)
		return ERR_CORRUPT;
	if (n > cap)
		return ERR_TOO_BIG;
	uint8_t *p = buf_reserve(out, n);
	if (snappy_uncompress((const char *)in.p, in.n, (char *)p, &n) != SNAPPY_OK)
		return ERR_CORRUPT;
	out->n += n;
	return 0;
}

static bool has_header(struct slice in)
{
	return in.n >= sizeof(magic) && memcmp(in.p, magic, sizeof(magic)) == 0;
}

int compress_snappy_decode(struct slice in, size_t cap, struct buf *out)
{
	if (!has_header(in))
		return block_decode(in, cap, out);
	size_t start = out->n;
	while (in.n > 0) {
		if (has_header(in)) {
			if (in.n < FRAME_HEADER)
				return ERR_SHORT;
			in = slice_of(in.p + FRAME_HEADER, in.n - FRAME_HEADER);
			continue;
		}
		if (in.n < 4)
			return ERR_SHORT;
		size_t n = get_be32(in.p);
		if (n > in.n - 4)
			return ERR_SHORT;
		int rc = block_decode(slice_of(in.p + 4, n), cap - (out->n - start), out);
		if (rc != 0)
			return rc;
		in = slice_of(in.p + 4 + n, in.n - 4 - n);
	}
	return 0;
}
