/* Vectors, maps, heaps and arenas against naive models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/arena.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/random.h"
#include "base/vec.h"

#define KEYS  512
#define STEPS 20000

static struct slice key_of(uint32_t *k)
{
	return slice_of(k, *k % 3 ? 4 : 3);
}

/* The model is an array by key; keys of three and four bytes must not be mixed up. */
static void test_map(void **state)
{
	static uint32_t keys[KEYS];
	void *model[KEYS] = {NULL};
	size_t n = 0;
	struct map m;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	map_init(&m);
	for (uint32_t i = 0; i < KEYS; i++)
		keys[i] = i;
	for (int step = 0; step < STEPS; step++) {
		size_t i = rng_below(&rng, KEYS);
		void *value = &keys[rng_below(&rng, KEYS)];

		if (keys[i] % 3 == 0 && keys[i] > 255)
			continue; /* three bytes do not tell these apart from others' */
		if (rng_one_in(&rng, 2)) {
			assert_ptr_equal(map_put(&m, key_of(&keys[i]), value), model[i]);
			n += model[i] == NULL;
			model[i] = value;
		} else {
			assert_ptr_equal(map_del(&m, key_of(&keys[i])), model[i]);
			n -= model[i] != NULL;
			model[i] = NULL;
		}
		i = rng_below(&rng, KEYS);
		if (keys[i] % 3 || keys[i] <= 255)
			assert_ptr_equal(map_get(&m, key_of(&keys[i])), model[i]);
		assert_int_equal(m.n, n);
	}
	map_clear(&m);
	assert_int_equal(m.n, 0);
	map_fini(&m);
}

static void test_map_is_walked_whole(void **state)
{
	uint64_t sum = 0, key64;
	struct map m;
	struct slice key;
	void *value;

	(void)state;
	map_init(&m);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_null(map_put64(&m, i << 40, &m));
	for (size_t i = 0; map_next(&m, &i, &key, &value);) {
		memcpy(&key64, key.p, 8);
		sum += key64 >> 40;
		assert_ptr_equal(map_del(&m, key), &m);
	}
	assert_int_equal(sum, 500500);
	assert_int_equal(m.n, 0);
	assert_null(map_get64(&m, (uint64_t)1 << 40));
	assert_null(map_puts(&m, STR_LIT(""), &m));
	assert_ptr_equal(map_gets(&m, STR_LIT("")), &m);
	assert_ptr_equal(map_dels(&m, STR_LIT("")), &m);
	map_fini(&m);
}

struct item {
	struct heap_node node;
	int64_t key;
	uint64_t turn;
	bool in;
};

static struct item *model_min(struct item *items, size_t n)
{
	struct item *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (items[i].in &&
			(!best || items[i].key < best->key ||
				(items[i].key == best->key && items[i].turn < best->turn)))
			best = &items[i];
	return best;
}

/* Few keys, so that many are equal: those come out in the order they went in. */
static void test_heap(void **state)
{
	static struct item items[64];
	struct heap h;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 2);
	heap_init(&h);
	for (uint64_t step = 0; step < STEPS; step++) {
		struct item *it = &items[rng_below(&rng, ARRAY_LEN(items))], *best;

		if (it->in) {
			heap_remove(&h, &it->node);
		} else {
			it->key = rng_between(&rng, -4, 4);
			it->turn = step;
			heap_insert(&h, &it->node, it->key);
		}
		it->in = !it->in;
		assert_int_equal(heap_holds(&it->node), it->in);
		best = model_min(items, ARRAY_LEN(items));
		assert_ptr_equal(heap_min(&h), best ? &best->node : NULL);
	}
	heap_remove(&h, &(struct heap_node){0});
	heap_fini(&h);
}

static void test_vec(void **state)
{
	VEC(int) v = {0};
	int sum = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		vec_push(&v, i);
	*vec_add(&v) += 1;
	assert_int_equal(v.n, 1001);
	assert_int_equal(vec_pop(&v), 1);
	vec_remove(&v, 0);
	assert_int_equal(v.v[0], 1);
	assert_int_equal(*vec_last(&v), 999);
	vec_foreach (it, &v)
		sum += *it;
	assert_int_equal(sum, 499500);
	vec_fini(&v);
	vec_foreach (it, &v)
		sum += *it;
	assert_int_equal(sum, 499500);
}

static void test_list(void **state)
{
	struct list_node nodes[5] = {{NULL, NULL}};
	struct list l;
	int n = 0;

	(void)state;
	list_init(&l);
	assert_null(list_first(&l));
	for (int i = 0; i < 5; i++)
		list_push_back(&l, &nodes[i]);
	list_foreach (it, &l)
		if (it != &nodes[n++])
			fail();
		else if (n % 2)
			list_remove(it);
	assert_int_equal(n, 5);
	assert_ptr_equal(list_first(&l), &nodes[1]);
	assert_false(list_holds(&nodes[0]));
	list_remove(&nodes[0]);
	list_push_front(&l, &nodes[0]);
	assert_ptr_equal(list_first(&l), &nodes[0]);
}

static void test_arena_limit(void **state)
{
	struct arena a;
	size_t got = 0;

	(void)state;
	arena_init(&a, 10000);
	for (uint8_t *p; (p = arena_alloc(&a, 100)) != NULL; got += 100) {
		assert_int_equal((uintptr_t)p % 16, 0);
		for (int i = 0; i < 100; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, 100);
	}
	assert_in_range(got, 5000, 10000);
	assert_null(arena_array(&a, SIZE_MAX / 2, 3));
	assert_null(arena_alloc(&a, SIZE_MAX));
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 0));
	assert_non_null(arena_alloc(&a, 5000));
	assert_true(str_is_null(arena_str(&a, STR_NULL)));
	assert_string_equal(arena_printf(&a, "%d-%s", 4, "x"), "4-x");
	assert_string_equal(arena_strdup(&a, "abc"), "abc");
	arena_fini(&a);
}

/* What one big answer took is given back with it. */
static void test_arena_gives_back(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_non_null(arena_alloc(&a, 1 << 20));
	arena_reset(&a);
	assert_null(a.head);
	assert_non_null(arena_alloc(&a, 100));
	assert_non_null(arena_alloc(&a, 1 << 20));
	arena_reset(&a);
	assert_non_null(a.head);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_is_walked_whole),
		cmocka_unit_test(test_heap),
		cmocka_unit_test(test_vec),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_arena_limit),
		cmocka_unit_test(test_arena_gives_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
