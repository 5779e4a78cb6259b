/* Deep copies of every message at every version: equal, and alive when the original is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/xalloc.h"
#include "wire/msg.h"

static void copy_one(const struct msg_desc *d, int16_t version, struct rng *rng)
{
	struct arena original, kept;
	void *in, *out;
	struct buf before = BUF_EMPTY, after = BUF_EMPTY;

	arena_init(&original, 0);
	arena_init(&kept, 0);
	in = arena_alloc(&original, d->body->size);
	assert_true(msg_random(d, version, rng, &original, in));
	out = msg_copy(d, in, &kept);
	assert_non_null(out);
	assert_true(msg_equal(d, version, in, out));
	msg_print(d, version, in, &before);
	arena_fini(&original); /* what still points there is found by the sanitizer */
	msg_print(d, version, out, &after);
	assert_string_equal(buf_z(&before), buf_z(&after));
	buf_fini(&before);
	buf_fini(&after);
	arena_fini(&kept);
}

static void copies_are_equal(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 7);
	for (const struct msg_desc *const *d = msg_all; *d; d++)
		for (int16_t v = (*d)->min; v <= (*d)->max; v++)
			copy_one(*d, v, &rng);
}

static void limit_is_obeyed(void **state)
{
	struct metadata_response in;
	struct arena small;

	(void)state;
	msg_init(&metadata_response_desc, &in);
	in.cluster_id = STR_LIT("a cluster with an id that is longer than the arena");
	arena_init(&small, sizeof(in) + 32);
	assert_null(msg_copy(&metadata_response_desc, &in, &small));
	arena_fini(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_are_equal),
		cmocka_unit_test(limit_is_obeyed),
	};
	return cmocka_run_group_tests_name("msg_copy", tests, NULL, NULL);
}
