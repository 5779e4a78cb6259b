/* Rings of values over time, and rates from counters. */
#include "model/history.h"

#include "base/xalloc.h"
#include <math.h>
#include <stdlib.h>

void series_init(struct series *s, uint32_t cap, int32_t step_ms)
{
	*s = (struct series){.cap = cap, .step_ms = step_ms, .step = -1};
}

void series_fini(struct series *s)
{
	free(s->v);
	s->v = NULL;
	s->n = 0;
}

static void push(struct series *s, float v)
{
	s->v[s->head] = v;
	s->head = (s->head + 1) % s->cap;
	if (s->n < s->cap)
		s->n++;
}

void series_add(struct series *s, int64_t now_ms, double value)
{
	int64_t step = now_ms / s->step_ms;
	float *newest;

	if (isnan(value) || step < s->step)
		return;
	if (!s->v)
		s->v = xcalloc(s->cap, sizeof(*s->v));
	if (step > s->step) {
		int64_t gap = s->step < 0 ? 0 : min_i64(step - s->step - 1, s->cap);

		for (int64_t i = 0; i < gap; i++)
			push(s, NAN);
		push(s, (float)value);
		s->step = step;
		s->samples = 1;
		return;
	}
	newest = &s->v[(s->head + s->cap - 1) % s->cap];
	s->samples++;
	*newest += ((float)value - *newest) / (float)s->samples;
}

/* The value of a step by its number; NaN outside. */
static double at_step(const struct series *s, int64_t step)
{
	int64_t back = s->step - step;

	if (s->step < 0 || back < 0 || back >= s->n)
		return NAN;
	return (double)s->v[(s->head + s->cap - 1 - (uint32_t)back) % s->cap];
}

void series_read(const struct series *s, int64_t now_ms, int32_t cell_ms, double *out, size_t n)
{
	int64_t per = max_i64(1, (cell_ms + s->step_ms - 1) / s->step_ms);
	/* Cells lie on fixed places in time, so that a line moves by whole cells. */
	int64_t last = now_ms / s->step_ms / per;

	for (size_t i = 0; i < n; i++) {
		int64_t cell = last - (int64_t)(n - 1 - i);
		double sum = 0;
		int found = 0;

		for (int64_t k = 0; k < per; k++) {
			double v = at_step(s, cell * per + k);

			if (isnan(v))
				continue;
			sum += v;
			found++;
		}
		out[i] = found ? sum / found : NAN;
	}
}

void rate_reset(struct rate *r)
{
	*r = (struct rate){0};
}

static void mark(struct rate *r, int64_t at_ms, int64_t value)
{
	r->value[r->head] = value;
	r->at_ms[r->head] = at_ms;
	r->head = (uint8_t)((r->head + 1) % RATE_MARKS);
	if (r->n < RATE_MARKS)
		r->n++;
}

static size_t newest_mark(const struct rate *r)
{
	return (size_t)(r->head + RATE_MARKS - 1) % RATE_MARKS;
}

void rate_add(struct rate *r, int64_t at_ms, int64_t value)
{
	if (r->n && (value < r->last || at_ms < r->last_ms))
		rate_reset(r);
	if (!r->n || at_ms - r->at_ms[newest_mark(r)] >= RATE_WINDOW_MS / (RATE_MARKS - 1))
		mark(r, at_ms, value);
	r->last = value;
	r->last_ms = at_ms;
}

double rate_get(const struct rate *r, int64_t now_ms)
{
	double rate = (double)NAN;

	if (!r->n || now_ms - r->last_ms > 2 * RATE_WINDOW_MS)
		return (double)NAN;
	/* The oldest mark within the window; when all are older, the newest of them. */
	for (size_t i = r->n; i-- > 0;) {
		size_t at = (r->head + (size_t)RATE_MARKS - 1 - i) % RATE_MARKS;
		int64_t span = r->last_ms - r->at_ms[at];

		if (span < RATE_LEAST_MS)
			break;
		rate = (double)(r->last - r->value[at]) * 1000 / (double)span;
		if (span <= RATE_WINDOW_MS + RATE_WINDOW_MS / (RATE_MARKS - 1))
			break;
	}
	return rate;
}
