/* A chain against a flat array of the same bytes: memory, references and ranges of a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/chain.h"
#include "base/err.h"
#include "base/random.h"
#include "base/xalloc.h"

#define FILE_BYTES 4096

struct holder {
	struct ref ref;
	int *alive;
	uint8_t bytes[200];
};

static void release(struct ref *r)
{
	struct holder *h = CONTAINER_OF(r, struct holder, ref);

	--*h->alive;
	free(h);
}

struct world {
	struct rng rng;
	int fd, alive;
	uint8_t file[FILE_BYTES];
	struct chain chain;
	struct buf flat;
};

static int setup(void **state)
{
	char path[] = "/tmp/kdeck-chain-XXXXXX";
	struct world *w = ALLOC(struct world);

	rng_seed(&w->rng, 3);
	rng_bytes(&w->rng, w->file, FILE_BYTES);
	w->fd = mkstemp(path);
	unlink(path);
	assert_int_equal(write(w->fd, w->file, FILE_BYTES), FILE_BYTES);
	chain_init(&w->chain);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	chain_fini(&w->chain);
	buf_fini(&w->flat);
	close(w->fd);
	free(w);
	return 0;
}

static struct holder *hold(struct world *w)
{
	struct holder *h = ALLOC(struct holder);

	ref_init(&h->ref, release);
	h->alive = &w->alive;
	w->alive++;
	rng_bytes(&w->rng, h->bytes, sizeof(h->bytes));
	return h;
}

/* One piece of any kind at the end of the chain, and the same bytes at the end of the array. */
static void put_any(struct world *w, struct chain *c)
{
	size_t n = rng_below(&w->rng, 200), at = rng_below(&w->rng, FILE_BYTES - 200);
	struct holder *h = hold(w);

	switch (rng_below(&w->rng, 5)) {
	case 0:
		chain_put(c, h->bytes, n);
		buf_put(&w->flat, h->bytes, n);
		break;
	case 1:
		memcpy(chain_extend(c, n + 1), h->bytes, n + 1);
		buf_put(&w->flat, h->bytes, n + 1);
		break;
	case 2:
		chain_put_ref(c, h->bytes, n, &h->ref);
		buf_put(&w->flat, h->bytes, n);
		break;
	case 3:
		chain_put_file(c, w->fd, (int64_t)at, n, &h->ref);
		buf_put(&w->flat, w->file + at, n);
		break;
	case 4:
		chain_put_owned(c, xmemdup(h->bytes, n), n);
		buf_put(&w->flat, h->bytes, n);
		break;
	}
	ref_put(&h->ref);
}

static void same(struct world *w)
{
	uint8_t *out = xmalloc(w->chain.n);

	assert_int_equal(w->chain.n, w->flat.n);
	assert_int_equal(chain_flatten(&w->chain, out), 0);
	if (w->flat.n)
		assert_memory_equal(out, w->flat.p, w->flat.n);
	free(out);
}

static void test_against_array(void **state)
{
	struct world *w = *state;

	for (int step = 0; step < 3000; step++) {
		size_t n = rng_below(&w->rng, w->chain.n + 1);

		if (w->chain.n < 3000 && rng_below(&w->rng, 3)) {
			put_any(w, &w->chain);
		} else {
			chain_consume(&w->chain, n);
			buf_consume(&w->flat, n);
		}
		same(w);
	}
	chain_clear(&w->chain);
	assert_true(chain_empty(&w->chain));
	assert_int_equal(w->alive, 0);
}

static void test_move_and_append(void **state)
{
	struct world *w = *state;

	for (int step = 0; step < 500; step++) {
		struct chain other;

		chain_init(&other);
		put_any(w, &w->chain);
		put_any(w, &w->chain);
		chain_move(&other, &w->chain, rng_below(&w->rng, w->chain.n + 1));
		chain_append(&other, &w->chain);
		assert_true(chain_empty(&w->chain));
		chain_append(&w->chain, &other);
		assert_true(chain_empty(&other));
		same(w);
		chain_fini(&other);
		if (w->chain.n > 4000) {
			chain_clear(&w->chain);
			buf_clear(&w->flat);
		}
	}
	chain_clear(&w->chain);
	assert_int_equal(w->alive, 0);
}

static void test_iov_stops_at_a_file(void **state)
{
	struct world *w = *state;
	struct iovec iov[4];
	size_t bytes;

	chain_put_ref(&w->chain, "abc", 3, NULL);
	chain_put_ref(&w->chain, "de", 2, NULL);
	chain_put_file(&w->chain, w->fd, 0, 10, NULL);
	chain_put_ref(&w->chain, "f", 1, NULL);
	assert_int_equal(chain_iov(&w->chain, iov, 4, &bytes), 2);
	assert_int_equal(bytes, 5);
	assert_int_equal(chain_iov(&w->chain, iov, 1, &bytes), 1);
	assert_int_equal(bytes, 3);
	assert_int_equal(w->chain.n_file, 10);
	chain_consume(&w->chain, 5);
	assert_int_equal(chain_front(&w->chain)->kind, CHAIN_FILE);
	assert_int_equal(chain_iov(&w->chain, iov, 4, &bytes), 0);
}

static void test_file_that_is_too_short(void **state)
{
	struct world *w = *state;
	uint8_t out[20];

	chain_put_file(&w->chain, w->fd, FILE_BYTES - 5, 20, NULL);
	assert_int_equal(chain_flatten(&w->chain, out), ERR_IO);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_against_array),
		TEST(test_move_and_append),
		TEST(test_iov_stops_at_a_file),
		TEST(test_file_that_is_too_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
