/*
 * When the end of a partition passed an offset: the history of ends as a line of few marks. A look
 * that lies on the line (in time, to ENDS_EXACT_MS) costs no mark; when marks run out, the one that
 * matters least for its age goes. So a steady topic remembers an hour exactly, a restless one the
 * last minutes to a second and the rest roughly.
 */
#ifndef MODEL_LAG_ENDS_H
#define MODEL_LAG_ENDS_H

#include "model/lag.h"

#define ENDS_MARKS    24
#define ENDS_EXACT_MS 250
#define ENDS_HOUR_MS  3600000

/* Marks rise in time and never fall in offset; of a stretch where nothing came both ends are kept.
 */
struct ends {
	int64_t base_ms;         /* at_ms counts from here */
	int64_t end[ENDS_MARKS]; /* oldest first */
	uint32_t at_ms[ENDS_MARKS];
	/* ms a record that the line from the mark before the last may have */
	double slope_min, slope_max;
	uint8_t n;
};

void ends_init(struct ends *e);
/* A look. One that goes back in time is dropped; an end that went back (a truncated or a new log)
 * forgets what was above it. */
void ends_add(struct ends *e, int64_t at_ms, int64_t end);
/* When the record at offset was appended, as far as is known: AGE_ABOUT; AGE_LEAST: before
 * *at_ms; AGE_NONE: there is no such record yet, or nothing is known. */
enum lag_age ends_when(const struct ends *e, int64_t offset, int64_t *at_ms);

#endif
