/* What the tests of the lab share: members to add, and waiting for what becomes of them. b has a
 * loop and a lab. */
#ifndef TESTS_UNIT_LAB_LAB_MEMBERS_H
#define TESTS_UNIT_LAB_LAB_MEMBERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/clock.h"
#include "io/loop.h"
#include "lab/lab.h"

enum { WAIT_MS = 60000 };

/* Waits for a condition of the member m. */
#define AWAIT(b, id_, cond)                                                                \
	do {                                                                               \
		int64_t end_ = clock_mono_ms(&clock_system) + WAIT_MS;                     \
		const struct lab_member *m = lab_find((b)->lab, id_);                      \
		while (!(cond)) {                                                          \
			if (clock_mono_ms(&clock_system) > end_)                           \
				fail_msg("%s is %s, %s: waited in vain: %s", m->spec.name, \
					lab_state_name(m->state), m->why, #cond);          \
			loop_run_once((b)->loop, true);                                    \
			m = lab_find((b)->lab, id_);                                       \
		}                                                                          \
	} while (0)

static inline struct lab_spec consumer(const char *group, int32_t process_ms)
{
	struct lab_spec s;

	lab_spec_init(&s, LAB_CONSUMER);
	snprintf(s.topic, sizeof(s.topic), "orders");
	snprintf(s.group, sizeof(s.group), "%s", group);
	s.process_ms = process_ms;
	s.session_ms = 6000;
	return s;
}

static inline struct lab_spec producer(int32_t rate)
{
	struct lab_spec s;

	lab_spec_init(&s, LAB_PRODUCER);
	snprintf(s.topic, sizeof(s.topic), "orders");
	s.rate = rate;
	return s;
}

static inline uint32_t add_member(struct lab *lab, const struct lab_spec *s)
{
	struct err e = {0};
	uint32_t id = 0;

	if (lab_add(lab, s, &id, &e) < 0)
		fail_msg("%s", e.msg);
	return id;
}

#endif
