/*
 * Time comes in through this struct: the system's clocks in the programs, a hand-turned one in
 * tests and simulations. Wall time is for timestamps, monotonic time for every wait and age.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/attr.h"

struct clock {
	int64_t (*wall_ms)(const struct clock *c); /* since 1970 UTC */
	int64_t (*mono_us)(const struct clock *c);
};

/* The machine's clocks. */
extern const struct clock clock_system;

static inline int64_t clock_wall_ms(const struct clock *c)
{
	return c->wall_ms(c);
}

static inline int64_t clock_mono_us(const struct clock *c)
{
	return c->mono_us(c);
}

static inline int64_t clock_mono_ms(const struct clock *c)
{
	return c->mono_us(c) / 1000;
}

/* A clock that stands still until it is turned. */
struct clock_manual {
	struct clock clock; /* first: &m.clock is a struct clock * */
	int64_t wall_ms, mono_us;
};

void clock_manual_init(struct clock_manual *m, int64_t wall_ms);
/* Moves both clocks. */
void clock_manual_advance_ms(struct clock_manual *m, int64_t ms);

/* "2026-11-21T14:14:02.123Z" into out[25]. */
void clock_format_iso(int64_t wall_ms, char out[static 25]);

#endif
