/* The history of ends. */
#include "model/lag_ends.h"

#include "base/attr.h"
#include <math.h>
#include <string.h>

void ends_init(struct ends *e)
{
	*e = (struct ends){.base_ms = -1};
}

static void drop(struct ends *e, size_t i)
{
	size_t after = e->n - i - 1;

	memmove(&e->end[i], &e->end[i + 1], after * sizeof(e->end[0]));
	memmove(&e->at_ms[i], &e->at_ms[i + 1], after * sizeof(e->at_ms[0]));
	e->n--;
}

/* How wrong the time of mark i would become without it; flat stretches weigh what they last. */
static double worth(const struct ends *e, size_t i)
{
	double x = (double)(e->end[i] - e->end[i - 1]);
	double width = (double)(e->end[i + 1] - e->end[i - 1]);
	double y = (double)(e->at_ms[i] - e->at_ms[i - 1]);
	double height = (double)(e->at_ms[i + 1] - e->at_ms[i - 1]);

	return width > 0 ? fabs(y - height * x / width) : 0;
}

/* Room for one more: what is older than an hour first, then what matters least for its age. */
static void thin(struct ends *e, uint32_t now)
{
	size_t least = 1;
	double best = INFINITY;

	if (now - e->at_ms[1] > ENDS_HOUR_MS) {
		drop(e, 0);
		return;
	}
	/* The last two carry the line that is being drawn. */
	for (size_t i = 1; i + 2 < e->n; i++) {
		double w = worth(e, i) / (double)(now - e->at_ms[i] + 1000);

		if (w < best) {
			best = w;
			least = i;
		}
	}
	drop(e, least);
}

static void narrow(struct ends *e, double x, double y)
{
	e->slope_min = fmax(e->slope_min, (y - ENDS_EXACT_MS) / x);
	e->slope_max = fmin(e->slope_max, (y + ENDS_EXACT_MS) / x);
}

static void append(struct ends *e, uint32_t at, int64_t end)
{
	if (e->n == ENDS_MARKS)
		thin(e, at);
	e->slope_min = 0;
	e->slope_max = INFINITY;
	if (e->n && end > e->end[e->n - 1])
		narrow(e, (double)(end - e->end[e->n - 1]), (double)(at - e->at_ms[e->n - 1]));
	e->end[e->n] = end;
	e->at_ms[e->n++] = at;
}

/* Moves the last mark to the new look where the line allows it. */
static bool extend(struct ends *e, uint32_t at, int64_t end)
{
	size_t last = (size_t)e->n - 1;
	double x, y;

	if (e->n < 2)
		return false;
	if (e->end[last] == e->end[last - 1]) {
		if (end != e->end[last])
			return false;
		e->at_ms[last] = at;
		return true;
	}
	if (end == e->end[last])
		return false;
	x = (double)(end - e->end[last - 1]);
	y = (double)(at - e->at_ms[last - 1]);
	if (y / x < e->slope_min || y / x > e->slope_max)
		return false;
	narrow(e, x, y);
	e->end[last] = end;
	e->at_ms[last] = at;
	return true;
}

void ends_add(struct ends *e, int64_t at_ms, int64_t end)
{
	uint32_t at;

	if (e->n && at_ms <= e->base_ms + e->at_ms[e->n - 1])
		return;
	while (e->n && e->end[e->n - 1] > end) {
		e->n--;
		e->slope_max = -1;
	}
	/* A month without a restart; or nothing left. */
	if (!e->n || at_ms - e->base_ms > INT32_MAX) {
		e->n = 0;
		e->base_ms = at_ms;
	}
	at = (uint32_t)(at_ms - e->base_ms);
	if (!extend(e, at, end))
		append(e, at, end);
}

enum lag_age ends_when(const struct ends *e, int64_t offset, int64_t *at_ms)
{
	size_t i = e->n;
	double part;

	if (!e->n || offset >= e->end[e->n - 1])
		return AGE_NONE;
	if (offset < e->end[0]) {
		*at_ms = e->base_ms + e->at_ms[0];
		return AGE_LEAST;
	}
	while (e->end[i - 1] > offset)
		i--;
	/* Between marks i - 1 and i; the middle of its own share of the time. */
	part = ((double)(offset - e->end[i - 1]) + 0.5) / (double)(e->end[i] - e->end[i - 1]);
	*at_ms = e->base_ms + e->at_ms[i - 1] +
		 (int64_t)(part * (double)(e->at_ms[i] - e->at_ms[i - 1]));
	return AGE_ABOUT;
}
