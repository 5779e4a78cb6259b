/* Any bytes as compressed data (the first byte chooses the codec), and there and back again. */
#include <stdlib.h>

#include "wire/compress.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define CAP ((size_t)1 << 18)

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void unpack(enum compress codec, struct slice in)
{
	struct buf out = BUF_EMPTY;
	buf_puts(&out, "before");
	int rc = compress_decode(NULL, codec, in, CAP, &out);
	must(rc <= 0 && out.n >= 6 && out.n <= 6 + CAP);
	must(rc == 0 || out.n == 6);
	buf_fini(&out);
}

static void there_and_back(enum compress codec, int level, struct slice in)
{
	struct buf packed = BUF_EMPTY, plain = BUF_EMPTY;
	must(compress_encode(NULL, codec, level, in, &packed) == 0);
	must(compress_decode(NULL, codec, buf_slice(&packed), in.n, &plain) == 0);
	must(plain.n == in.n && (in.n == 0 || memcmp(plain.p, in.p, in.n) == 0));
	buf_fini(&packed);
	buf_fini(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n == 0)
		return 0;
	enum compress codec = (enum compress)(p[0] % COMPRESS_COUNT);
	struct slice in = slice_of(p + 1, n - 1);
	unpack(codec, in);
	there_and_back(codec, p[0] / COMPRESS_COUNT % 10, in);
	return 0;
}
