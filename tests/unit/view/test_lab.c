/* Screen 9: what it tells the source, and what it holds while it is frozen; how it looks is seen in
 * tests/ui. */
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

/* What is drawn has the text, or has it not. */
static void draws(struct stage *s, const char *text, bool there)
{
	struct buf out = BUF_EMPTY;

	stage_draw(s, 100, 25, &out);
	assert_true((strstr(buf_z(&out), text) != NULL) == there);
	buf_fini(&out);
}

static void test_frozen(void **state)
{
	struct lab_share share = {.topic = "letters", .partition = 7};
	struct lab_member m = {.id = 1,
		.spec = {.kind = LAB_CONSUMER, .name = "lab-1", .group = "mail"},
		.state = LAB_RUNNING,
		.shares = &share,
		.n_shares = 1,
		.done = 4711};
	const struct lab_member *const members[] = {&m};
	struct lab lab = {.members = members, .n = 1};
	struct stage s;

	(void)state;
	stage_init(&s, 1, 1);
	s.ctx.lab = &lab;
	stage_open(&s, &view_lab, NULL);
	s.ctx.frozen = true;
	draws(&s, "4,711", true);
	m.done = 815;
	draws(&s, "4,711", true);
	/* It is gone, with what it read, and still shown. */
	lab.n = 0;
	share.partition = 3;
	draws(&s, "lab-1", true);
	lab.n = 1;
	s.ctx.frozen = false;
	draws(&s, "4,711", false);
	draws(&s, "815", true);
	stage_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told_at_every_draw), cmocka_unit_test(test_frozen)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
