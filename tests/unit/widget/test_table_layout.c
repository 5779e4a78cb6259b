/* Columns never overlap, never leave the width, and the first one stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "widget/table.h"

static const struct table_col cols[] = {
	{"PART", 4, 6, 6, 0, ALIGN_RIGHT},
	{"MEMBER", 6, 12, 0, 0, ALIGN_LEFT},
	{"HOST", 8, 14, 20, 2, ALIGN_LEFT},
	{"LAG", 5, 9, 12, 0, ALIGN_RIGHT},
	{"2 MIN", 8, 8, 8, 1, ALIGN_LEFT},
};
#define N ((int)ARRAY_LEN(cols))

static void every_width(void **state)
{
	struct table_place p[TABLE_MAX_COLS];

	(void)state;
	for (int first = 0; first < N; first++) {
		for (int width = 1; width < 160; width++) {
			int at = 0, used = table_layout(cols, N, width, first, p);
			assert_in_range(used, 1, width);
			assert_int_not_equal(p[0].cols, 0);
			for (int i = 0; i < N; i++) {
				if (!p[i].cols)
					continue;
				assert_true(p[i].x >= at);
				at = p[i].x + p[i].cols + 2;
				assert_true(p[i].x + p[i].cols <= width);
			}
		}
	}
}

static void drops_in_order(void **state)
{
	struct table_place p[TABLE_MAX_COLS];

	(void)state;
	table_layout(cols, N, 39, 0, p);
	assert_true(p[2].cols && p[4].cols);
	table_layout(cols, N, 38, 0, p);
	assert_true(!p[2].cols && p[4].cols);
	table_layout(cols, N, 28, 0, p);
	assert_true(!p[2].cols && !p[4].cols && p[3].cols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_width),
		cmocka_unit_test(drops_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
