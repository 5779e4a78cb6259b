/* Values over time for spark lines, in rings of fixed size. */
#ifndef MODEL_HISTORY_H
#define MODEL_HISTORY_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

/* One value a step; a step that saw several keeps their mean, one that saw none is NaN. */
struct series {
	float *v; /* cap of them, made with the first value */
	uint32_t cap;
	uint32_t n;    /* filled, at most cap */
	uint32_t head; /* where the next step goes */
	int32_t step_ms;
	int64_t step;     /* number of the newest step, -1 */
	uint32_t samples; /* in the newest step */
};

void series_init(struct series *s, uint32_t cap, int32_t step_ms);
void series_fini(struct series *s);
/* Time must not go back (what does is dropped). NaN counts as no value. */
void series_add(struct series *s, int64_t now_ms, double value);
/* The last n cells of cell_ms (a multiple of the step, or it is rounded up to one) up to now,
 * oldest first; each the mean of its steps, NaN where nothing is known. Ready for spark_draw. */
void series_read(const struct series *s, int64_t now_ms, int32_t cell_ms, double *out, size_t n);

/* Mean rate of a counter over about ten seconds, from the times its values came. 6 marks, two
 * seconds apart. A counter that falls starts anew. Two looks closer than RATE_LEAST_MS say nothing:
 * one record between them would be a thousand a second. */
#define RATE_WINDOW_MS 10000
#define RATE_MARKS     6
#define RATE_LEAST_MS  500
struct rate {
	int64_t value[RATE_MARKS];
	int64_t at_ms[RATE_MARKS];
	int64_t last, last_ms;
	uint8_t head, n;
};
void rate_reset(struct rate *r);
void rate_add(struct rate *r, int64_t at_ms, int64_t value);
/* A second; NaN before there are two values, or when the newest is older than twice the window. */
double rate_get(const struct rate *r, int64_t now_ms);

#endif
