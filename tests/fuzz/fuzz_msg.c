/*
 * Any bytes as any message: the first byte chooses the message, the second its version. What can be
 * read can be written, and reads back as the same.
 */
#include <stdlib.h>

#include "base/err.h"
#include "wire/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define ARENA_MAX ((size_t)8 << 20)

static void must(bool ok)
{
	if (!ok)
		abort();
}

static const struct msg_desc *choose(uint8_t choice)
{
	size_t n = 0;

	while (msg_all[n])
		n++;
	return msg_all[choice % n];
}

/* Encodes in and reads it again: the same value and, encoded once more, the same bytes. */
static void there_and_back(
	const struct msg_desc *d, int16_t version, const void *in, struct arena *a)
{
	struct buf first = BUF_EMPTY;
	struct buf second = BUF_EMPTY;
	void *out = arena_alloc(a, d->body->size);
	int rc;

	must(msg_encode_buf(d, version, in, &first) == 0);
	must(msg_size(d, version, in) == (int64_t)first.n);
	if (!out)
		goto out;
	rc = msg_decode(d, version, buf_slice(&first), a, out, NULL);
	if (rc == ERR_NOMEM)
		goto out;
	must(rc == 0 && msg_equal(d, version, in, out));
	must(msg_encode_buf(d, version, out, &second) == 0);
	must(slice_eq(buf_slice(&first), buf_slice(&second)));
out:
	buf_fini(&first);
	buf_fini(&second);
}

static void copy(const struct msg_desc *d, int16_t version, const void *in)
{
	struct arena a;
	void *out;

	arena_init(&a, ARENA_MAX);
	out = msg_copy(d, in, &a);
	if (out)
		must(msg_equal(d, version, in, out));
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf text = BUF_EMPTY;
	const struct msg_desc *d;
	struct arena a;
	int16_t version;
	size_t used = 0;
	void *in;
	int rc;

	if (n < 2)
		return 0;
	d = choose(p[0]);
	version = (int16_t)(d->min + p[1] % (d->max - d->min + 1));
	arena_init(&a, ARENA_MAX);
	in = arena_alloc(&a, d->body->size);
	must(in != NULL);
	rc = msg_decode(d, version, slice_of(p + 2, n - 2), &a, in, &used);
	must(used <= n - 2);
	msg_print(d, version, in, &text);
	if (rc == 0) {
		there_and_back(d, version, in, &a);
		copy(d, version, in);
	}
	buf_fini(&text);
	arena_fini(&a);
	return 0;
}
