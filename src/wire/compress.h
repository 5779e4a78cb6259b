/*
 * The four compressions of record batches: gzip, snappy, lz4, zstd. Both directions work on whole
 * payloads in memory. What is written is what Java's clients read:
 *
 *   gzip     gzip wrapper; reading also takes a zlib wrapper and several members in a row
 *   snappy   the framing of snappy-java: magic, two int32 versions, then int32 length + raw snappy,
 *            repeated; reading also takes one raw snappy block, as other clients send it
 *   lz4      LZ4 frames of independent 64 KiB blocks; reading takes several frames in a row
 *   zstd     one frame that names its content size; reading needs none and takes several frames
 *
 * Reading never trusts a size that the input claims: output grows with what was really produced and
 * stops at the caller's cap.
 */
#ifndef WIRE_COMPRESS_H
#define WIRE_COMPRESS_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include <limits.h>

/* The numbers are the low three bits of a batch's attributes. */
enum compress { COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_SNAPPY, COMPRESS_LZ4, COMPRESS_ZSTD };
#define COMPRESS_COUNT 5

#define COMPRESS_LEVEL_DEFAULT INT_MIN

/* State of the codecs that is worth keeping between calls (hundreds of kilobytes each, made when
 * first needed). One thread at a time. Wherever one is asked for, NULL stands for "make and free
 * it within the call". */
struct compress_ctx;
struct compress_ctx *compress_ctx_new(void);
void compress_ctx_free(struct compress_ctx *c);

/* "none", "gzip", …; "unknown" for a number that is no codec. Static storage. */
const char *compress_name(int codec);
/* By Kafka's name; ERR_NOT_FOUND. "uncompressed" is "none", as compression.type has it. */
int compress_by_name(struct str name) MUSTCHECK;
/* What compression.<codec>.level accepts (KIP-390, KIP-780). False: the codec has no level. gzip's
 * default, -1, is accepted too although it lies outside [1, 9]. */
bool compress_levels(enum compress codec, int *min, int *max, int *def);

/*
 * Appends the compressed form of in to out. A level outside the codec's range is taken as the
 * nearest one in it; snappy has none. 0; ERR_INVALID for a number that is no codec; ERR_TOO_BIG
 * for input over 1 GiB; ERR_NOMEM when the library has no memory. On an error out is as before.
 */
int compress_encode(struct compress_ctx *c, enum compress codec, int level, struct slice in,
	struct buf *out) MUSTCHECK;

/*
 * Appends the plain form of in, at most cap bytes, to out. All of the input must be used up. 0;
 * ERR_TOO_BIG when there would be more than cap bytes; ERR_SHORT when the input ends too soon;
 * ERR_CORRUPT; ERR_INVALID for a number that is no codec; ERR_NOMEM. On an error out is as before
 * (its memory may have grown to about twice what was produced).
 */
int compress_decode(struct compress_ctx *c, enum compress codec, struct slice in, size_t cap,
	struct buf *out) MUSTCHECK;

#endif
