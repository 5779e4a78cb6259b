/*
 * The codecs behind compress.h except snappy's framing. Each decoder is a loop over one step of its
 * library into a struct sink, which hands out room in doubling steps and never more than one byte
 * past the cap: that byte tells a bomb from an input that just fits.
 */
#include "wire/compress.h"

#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/err.h"
#include "base/xalloc.h"
#include "wire/compress_impl.h"

#define ENCODE_MAX      ((size_t)1 << 30)
#define SINK_FIRST_STEP ((size_t)16 << 10)
#define SINK_LAST_STEP  ((size_t)8 << 20)
#define ZSTD_WINDOW_LOG 27 /* what every level may ask for; the library's own limit */

struct compress_ctx {
	z_stream deflate, inflate;
	int deflate_level;
	bool deflate_made, inflate_made;
	LZ4F_dctx *lz4;
	ZSTD_CCtx *zstd_c;
	ZSTD_DCtx *zstd_d;
};

static const struct {
	const char *name;
	bool levels;
	int min, max, def;
} codecs[COMPRESS_COUNT] = {
	[COMPRESS_NONE] = {"none", false, 0, 0, 0},
	[COMPRESS_GZIP] = {"gzip", true, 1, 9, -1},
	[COMPRESS_SNAPPY] = {"snappy", false, 0, 0, 0},
	[COMPRESS_LZ4] = {"lz4", true, 1, 17, 9},
	[COMPRESS_ZSTD] = {"zstd", true, -131072, 22, 3},
};

struct compress_ctx *compress_ctx_new(void)
{
	return ALLOC(struct compress_ctx);
}

static void ctx_fini(struct compress_ctx *c)
{
	if (c->deflate_made)
		deflateEnd(&c->deflate);
	if (c->inflate_made)
		inflateEnd(&c->inflate);
	LZ4F_freeDecompressionContext(c->lz4);
	ZSTD_freeCCtx(c->zstd_c);
	ZSTD_freeDCtx(c->zstd_d);
}

void compress_ctx_free(struct compress_ctx *c)
{
	if (!c)
		return;
	ctx_fini(c);
	free(c);
}

const char *compress_name(int codec)
{
	return codec >= 0 && codec < COMPRESS_COUNT ? codecs[codec].name : "unknown";
}

int compress_by_name(struct str name)
{
	for (int i = 0; i < COMPRESS_COUNT; i++)
		if (str_eqz(name, codecs[i].name))
			return i;
	return str_eqz(name, "uncompressed") ? COMPRESS_NONE : ERR_NOT_FOUND;
}

bool compress_levels(enum compress codec, int *min, int *max, int *def)
{
	*min = codecs[codec].min;
	*max = codecs[codec].max;
	*def = codecs[codec].def;
	return codecs[codec].levels;
}

static int level_clamp(enum compress codec, int level)
{
	if (level == COMPRESS_LEVEL_DEFAULT || level == codecs[codec].def)
		return codecs[codec].def;
	if (level < codecs[codec].min)
		return codecs[codec].min;
	return level > codecs[codec].max ? codecs[codec].max : level;
}

/* ---- writing ---------------------------------------------------------------------------- */

static int gzip_encode(struct compress_ctx *c, int level, struct slice in, struct buf *out)
{
	z_stream *z = &c->deflate;
	if (c->deflate_made && c->deflate_level != level) {
		deflateEnd(z);
		c->deflate_made = false;
	}
	if (!c->deflate_made) {
		memset(z, 0, sizeof(*z));
		if (deflateInit2(z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
			return ERR_NOMEM;
		c->deflate_made = true;
		c->deflate_level = level;
	} else {
		deflateReset(z);
	}
	uLong room = deflateBound(z, in.n);
	z->next_in = (Bytef *)(uintptr_t)in.p;
	z->avail_in = (uInt)in.n;
	z->next_out = buf_reserve(out, room);
	z->avail_out = (uInt)room;
	if (deflate(z, Z_FINISH) != Z_STREAM_END)
		return ERR_NOMEM;
	out->n += z->total_out;
	return 0;
}

static int lz4_encode(int level, struct slice in, struct buf *out)
{
	LZ4F_preferences_t prefs = {
		.frameInfo = {.blockSizeID = LZ4F_max64KB, .blockMode = LZ4F_blockIndependent},
		.compressionLevel = level,
	};
	size_t room = LZ4F_compressFrameBound(in.n, &prefs);
	size_t n = LZ4F_compressFrame(buf_reserve(out, room), room, in.p, in.n, &prefs);
	if (LZ4F_isError(n))
		return ERR_NOMEM;
	out->n += n;
	return 0;
}

static int zstd_encode(struct compress_ctx *c, int level, struct slice in, struct buf *out)
{
	if (!c->zstd_c)
		c->zstd_c = ZSTD_createCCtx();
	if (!c->zstd_c)
		return ERR_NOMEM;
	size_t room = ZSTD_compressBound(in.n);
	size_t n = ZSTD_compressCCtx(c->zstd_c, buf_reserve(out, room), room, in.p, in.n, level);
	if (ZSTD_isError(n))
		return ERR_NOMEM;
	out->n += n;
	return 0;
}

static int encode_with(
	struct compress_ctx *c, enum compress codec, int level, struct slice in, struct buf *out)
{
	switch (codec) {
	case COMPRESS_GZIP:
		return gzip_encode(c, level, in, out);
	case COMPRESS_SNAPPY:
		return compress_snappy_encode(in, out);
	case COMPRESS_LZ4:
		return lz4_encode(level, in, out);
	case COMPRESS_ZSTD:
		return zstd_encode(c, level, in, out);
	case COMPRESS_NONE:
		break;
	}
	buf_put_slice(out, in);
	return 0;
}

int compress_encode(
	struct compress_ctx *c, enum compress codec, int level, struct slice in, struct buf *out)
{
	if ((unsigned)codec >= COMPRESS_COUNT)
		return ERR_INVALID;
	if (in.n > ENCODE_MAX)
		return ERR_TOO_BIG;
	if (!in.p)
		in = slice_of("", 0);
	struct compress_ctx own = {0};
	size_t start = out->n;
	int rc = encode_with(c ? c : &own, codec, level_clamp(codec, level), in, out);
	buf_cut(out, rc == 0 ? out->n : start); /* also the closing NUL */
	ctx_fini(&own);
	return rc;
}

/* ---- reading ---------------------------------------------------------------------------- */

struct sink {
	struct buf *out;
	size_t start;
	size_t cap;
};

static size_t sink_used(const struct sink *s)
{
	return s->out->n - s->start;
}

/* Room for the next step: as much as is there already, within bounds. 0: the cap was passed. */
static size_t sink_room(const struct sink *s, uint8_t **p)
{
	size_t used = sink_used(s);
	if (used > s->cap)
		return 0;
	size_t step = min_size(max_size(used, SINK_FIRST_STEP), SINK_LAST_STEP);
	if (step > s->cap - used)
		step = s->cap - used + 1;
	*p = buf_reserve(s->out, step);
	return step;
}

static int gzip_rc(int rc)
{
	return rc == Z_MEM_ERROR ? ERR_NOMEM : ERR_CORRUPT;
}

static int gzip_decode(struct compress_ctx *c, struct slice in, struct sink *s)
{
	z_stream *z = &c->inflate;
	if (!c->inflate_made) {
		memset(z, 0, sizeof(*z));
		if (inflateInit2(z, 15 + 32) != Z_OK)
			return ERR_NOMEM;
		c->inflate_made = true;
	} else {
		inflateReset(z);
	}
	z->next_in = (Bytef *)(uintptr_t)in.p;
	z->avail_in = (uInt)in.n;
	for (;;) {
		uint8_t *p;
		size_t room = sink_room(s, &p);
		if (room == 0)
			return ERR_TOO_BIG;
		z->next_out = p;
		z->avail_out = (uInt)room;
		int rc = inflate(z, Z_NO_FLUSH);
		size_t got = room - z->avail_out;
		s->out->n += got;
		if (rc == Z_STREAM_END) {
			if (z->avail_in == 0)
				return 0;
			inflateReset(z);
		} else if (rc == Z_BUF_ERROR || (rc == Z_OK && z->avail_in == 0 && z->avail_out)) {
			return ERR_SHORT;
		} else if (rc != Z_OK) {
			return gzip_rc(rc);
		}
	}
}

static int lz4_decode(struct compress_ctx *c, struct slice in, struct sink *s)
{
	if (!c->lz4 && LZ4F_isError(LZ4F_createDecompressionContext(&c->lz4, LZ4F_VERSION)))
		return ERR_NOMEM;
	LZ4F_resetDecompressionContext(c->lz4);
	size_t at = 0, want = 1;
	for (;;) {
		uint8_t *p;
		size_t room = sink_room(s, &p);
		if (room == 0)
			return ERR_TOO_BIG;
		size_t put = room, took = in.n - at;
		want = LZ4F_decompress(c->lz4, p, &put, in.p + at, &took, NULL);
		if (LZ4F_isError(want))
			return ERR_CORRUPT;
		at += took;
		s->out->n += put;
		if (want == 0 && at == in.n)
			return 0;
		if (took == 0 && put == 0)
			return at == in.n ? ERR_SHORT : ERR_CORRUPT;
	}
}

static int zstd_decode(struct compress_ctx *c, struct slice in, struct sink *s)
{
	if (!c->zstd_d)
		c->zstd_d = ZSTD_createDCtx();
	if (!c->zstd_d)
		return ERR_NOMEM;
	ZSTD_DCtx_reset(c->zstd_d, ZSTD_reset_session_only);
	ZSTD_DCtx_setParameter(c->zstd_d, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	ZSTD_inBuffer src = {in.p, in.n, 0};
	for (;;) {
		uint8_t *p;
		size_t room = sink_room(s, &p);
		if (room == 0)
			return ERR_TOO_BIG;
		ZSTD_outBuffer dst = {p, room, 0};
		size_t before = src.pos;
		size_t want = ZSTD_decompressStream(c->zstd_d, &dst, &src);
		if (ZSTD_isError(want))
			return ERR_CORRUPT;
		s->out->n += dst.pos;
		if (want == 0 && src.pos == src.size)
			return 0;
		if (src.pos == before && dst.pos == 0)
			return src.pos == src.size ? ERR_SHORT : ERR_CORRUPT;
	}
}

static int decode_with(
	struct compress_ctx *c, enum compress codec, struct slice in, size_t cap, struct buf *out)
{
	struct sink s = {out, out->n, cap};
	switch (codec) {
	case COMPRESS_GZIP:
		return gzip_decode(c, in, &s);
	case COMPRESS_SNAPPY:
		return compress_snappy_decode(in, cap, out);
	case COMPRESS_LZ4:
		return lz4_decode(c, in, &s);
	case COMPRESS_ZSTD:
		return zstd_decode(c, in, &s);
	case COMPRESS_NONE:
		break;
	}
	if (in.n > cap)
		return ERR_TOO_BIG;
	buf_put_slice(out, in);
	return 0;
}

int compress_decode(
	struct compress_ctx *c, enum compress codec, struct slice in, size_t cap, struct buf *out)
{
	if ((unsigned)codec >= COMPRESS_COUNT)
		return ERR_INVALID;
	if (codec != COMPRESS_NONE && in.n == 0)
		return ERR_SHORT;
	if (in.n > INT32_MAX)
		return ERR_TOO_BIG;
	size_t start = out->n;
	struct compress_ctx own = {0};
	int rc = decode_with(c ? c : &own, codec, in, cap, out);
	if (rc == 0 && out->n - start > cap)
		rc = ERR_TOO_BIG;
	buf_cut(out, rc == 0 ? out->n : start); /* also the closing NUL */
	ctx_fini(&own);
	return rc;
}
