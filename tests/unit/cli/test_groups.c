/* What kdeck groups keeps of answers, and its columns of characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/groups.h"

static void columns_count_characters(void **state)
{
	struct buf b = BUF_EMPTY;
	(void)state;
	put_column(&b, STR_LIT("\xed\x95\x9c\xea\xb5\xad"), 4);
	put_column(&b, STR_LIT("longer"), 3);
	assert_string_equal("\xed\x95\x9c\xea\xb5\xad  longer", buf_z(&b));
	buf_fini(&b);
}

static void places_stand_once(void **state)
{
	group_places p = {0};
	(void)state;
	for (int i = 0; i < 6; i++)
		*vec_add(&p) = (struct group_place){
			.topic = i % 2 ? STR_LIT("a") : STR_LIT("b"), .partition = 5 - i / 4};
	group_places_unique(&p);
	assert_int_equal(4, p.n);
	assert_true(str_eqz(p.v[0].topic, "a"));
	assert_int_equal(4, p.v[0].partition);
	assert_int_equal(5, p.v[3].partition);
	vec_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_count_characters),
		cmocka_unit_test(places_stand_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
