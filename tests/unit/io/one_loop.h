/* A loop for each test of a program, called `l`; include <cmocka.h> before. */
#ifndef TEST_IO_ONE_LOOP_H
#define TEST_IO_ONE_LOOP_H

#include "io/loop.h"

enum { PATIENCE_MS = 20000 };

static struct loop *l;

static int set_up(void **state)
{
	(void)state;
	l = loop_new(NULL);
	return l ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(l);
	return 0;
}

#define ON_A_LOOP(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
