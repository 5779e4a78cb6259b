/* What compress.c and the framing of snappy share. */
#ifndef WIRE_COMPRESS_IMPL_H
#define WIRE_COMPRESS_IMPL_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"

/* As compress_encode and compress_decode; on an error out may hold a part. */
int compress_snappy_encode(struct slice in, struct buf *out) MUSTCHECK;
int compress_snappy_decode(struct slice in, size_t cap, struct buf *out) MUSTCHECK;

#endif
