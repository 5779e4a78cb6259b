/* What moving replicas copies, how far a copy is, and the command that does it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/move.h"

static const struct replica on_three[] = {{.broker = 1, .in_sync = true, .end = 100, .size = 5000},
	{.broker = 2, .end = 40, .size = 2000}, {.broker = 3, .end = -1, .size = -1}};

static struct partition part(void)
{
	return (struct partition){.leader = 1,
		.n_replicas = 3,
		.n_isr = 1,
		.replicas = on_three,
		.start = 20,
		.hw = 100};
}

static void costs(void **state)
{
	const int32_t same[] = {3, 2, 1}, other[] = {4, 1, 5}, one[] = {2};
	struct partition p = part();
	struct move_cost c = {0};

	(void)state;
	move_add_cost(&c, &p, same, 3);
	assert_int_equal(c.added + c.removed + c.bytes, 0);
	move_add_cost(&c, &p, other, 3);
	assert_int_equal(c.added, 2);
	assert_int_equal(c.removed, 2);
	assert_int_equal(c.bytes, 10000);
	assert_false(c.partial);
	move_add_cost(&c, &p, one, 1);
	assert_int_equal(c.removed, 4);
	/* Nobody knows the size of a leader's log that is not there. */
	p.leader = -1;
	move_add_cost(&c, &p, other, 3);
	assert_int_equal(c.added, 4);
	assert_int_equal(c.bytes, 10000);
	assert_true(c.partial);
}

static void progress(void **state)
{
	struct partition p = part();

	(void)state;
	assert_int_equal(move_percent(&p, 1), 100);
	assert_int_equal(move_percent(&p, 2), 25);
	assert_int_equal(move_percent(&p, 3), -1);
	assert_int_equal(move_percent(&p, 4), -1);
	/* All that is there is not yet in sync; nothing to copy is all of it. */
	p.hw = 40;
	p.leader = -1;
	assert_int_equal(move_percent(&p, 2), 99);
	p.start = 40;
	assert_int_equal(move_percent(&p, 2), 100);
	p.start = 50;
	p.hw = 100;
	assert_int_equal(move_percent(&p, 2), 0);
	p.start = -1;
	assert_int_equal(move_percent(&p, 2), -1);
}

static void commands(void **state)
{
	const int32_t to[] = {3, 1};
	const struct replica_move begun[] = {{0, to, 2}, {7, to, 1}}, gone = {.partition = 4};
	struct buf b = BUF_EMPTY;

	(void)state;
	move_put_command(&b, "t", begun, 2);
	assert_string_equal(buf_z(&b),
		"kdeck reassign --execute --reassignment-json-file <(echo '{\"partitions\":["
		"{\"topic\":\"t\",\"partition\":0,\"replicas\":[3,1]},"
		"{\"topic\":\"t\",\"partition\":7,\"replicas\":[3]}],\"version\":1}')");
	buf_clear(&b);
	move_put_command(&b, "t", &gone, 1);
	assert_string_equal(buf_z(&b),
		"kdeck reassign --cancel --reassignment-json-file <(echo '{\"partitions\":["
		"{\"topic\":\"t\",\"partition\":4,\"replicas\":[]}],\"version\":1}')");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs),
		cmocka_unit_test(progress),
		cmocka_unit_test(commands),
	};

	return cmocka_run_group_tests_name("moves", tests, NULL, NULL);
}
