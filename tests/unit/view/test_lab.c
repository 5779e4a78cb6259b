/* Screen 9: what it tells the source; how it looks is seen in tests/ui. */
#include "model/lab.h"
#include "stage.h"

static void test_told_at_every_draw(void **state)
{
	struct lab_member m = {.id = 1, .spec = {.kind = LAB_CONSUMER, .group = "mail"}};
	const struct lab_member *const members[] = {&m};
	struct lab lab = {.members = members, .n = 1};
	struct buf text = BUF_EMPTY;
	struct stage s;

	(void)state;
	stage_init(&s, 1, 1);
	s.ctx.lab = &lab;
	stage_open(&s, &view_lab, NULL);
	assert_string_equal(buf_z(&s.wanted), "groups mail ");
	/* Another screen lay over it and told something else. */
	buf_clear(&s.wanted);
	stage_draw(&s, 80, 19, &text);
	assert_string_equal(buf_z(&s.wanted), "groups mail ");
	buf_fini(&text);
	stage_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_told_at_every_draw)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
