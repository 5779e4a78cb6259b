/* Moments and spans of time as people and Kafka's options write them; to ms and back. Pure: what
 * time it is now comes from elsewhere. */
#ifndef MODEL_MOMENT_H
#define MODEL_MOMENT_H

#include "base/buf.h"
#include "base/err.h"

/* ISO 8601 as Java reads it: "P1DT2H3M4.5S". In ms. */
int duration_parse(const char *z, int64_t *ms, struct err *e) MUSTCHECK;
/* The same, or as a person writes it: "2h30m", "1 d 12 h", "90s". */
int span_parse(const char *z, int64_t *ms, struct err *e) MUSTCHECK;
/* As duration_parse reads it: "PT2H30M", "-PT1.5S". */
void duration_put(struct buf *out, int64_t ms);

/* "2026-11-21T08:00:00.000", with or without fraction and zone (Z, +09:00); without one it is UTC.
 * In ms since 1970. */
int datetime_parse(const char *z, int64_t *ms, struct err *e) MUSTCHECK;
/* As typed into a screen: "2026-11-21 14:00[:30]" in the process's time zone, ms since 1970, or
 * what datetime_parse reads. */
int moment_parse(const char *z, int64_t *ms, struct err *e) MUSTCHECK;

#endif
