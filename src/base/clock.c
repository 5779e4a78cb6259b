/* The machine's clocks, the hand-turned one, and time as text. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t system_wall_ms(const struct clock *c UNUSED)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_mono_us(const struct clock *c UNUSED)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

const struct clock clock_system = {system_wall_ms, system_mono_us};

static const struct clock_manual *manual_of(const struct clock *c)
{
	return (const struct clock_manual *)(const void *)c;
}

static int64_t manual_wall_ms(const struct clock *c)
{
	return manual_of(c)->wall_ms;
}

static int64_t manual_mono_us(const struct clock *c)
{
	return manual_of(c)->mono_us;
}

void clock_manual_init(struct clock_manual *m, int64_t wall_ms)
{
	m->clock = (struct clock){manual_wall_ms, manual_mono_us};
	m->wall_ms = wall_ms;
	m->mono_us = 0;
}

void clock_manual_advance_ms(struct clock_manual *m, int64_t ms)
{
	m->wall_ms += ms;
	m->mono_us += ms * 1000;
}

void clock_format_iso(int64_t wall_ms, char out[static 25])
{
	/* years 0001 to 9999: what fits the form */
	const int64_t least = -62135596800000, most = 253402300799999;
	int64_t at = max_i64(least, min_i64(most, wall_ms));
	int64_t ms = ((at % 1000) + 1000) % 1000;
	time_t s = (time_t)((at - ms) / 1000);
	struct tm t;

	gmtime_r(&s, &t);
	/* the remainders tell the compiler that every field has its width */
	snprintf(out, 25, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		(unsigned)(t.tm_year + 1900) % 10000, (unsigned)(t.tm_mon + 1) % 100,
		(unsigned)t.tm_mday % 100, (unsigned)t.tm_hour % 100, (unsigned)t.tm_min % 100,
		(unsigned)t.tm_sec % 100, (unsigned)ms % 1000);
}
