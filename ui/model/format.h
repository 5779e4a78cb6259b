/* Figures as people read them: the same number looks the same on every screen. All append. Unknown
 * (negative, or NaN) is "-". */
#ifndef MODEL_FORMAT_H
#define MODEL_FORMAT_H

#include "base/buf.h"

/* 1,234,567 */
void fmt_count(struct buf *out, int64_t n);
/* "≈ 1,234,567" where the figure is not exact. */
void fmt_count_about(struct buf *out, int64_t n, bool about);
/* "1 record", "2 records", "- records": thing in the singular. */
void fmt_things(struct buf *out, int64_t n, const char *thing);
/* "5 of 6 partitions", "1 of 1 partition". */
void fmt_things_of(struct buf *out, int64_t part, int64_t n, const char *thing);
/* 75.2 MB: decimal units, three digits at most before the unit, "812 B" below a thousand. */
void fmt_bytes(struct buf *out, int64_t n);
/* Records a second: 0, 0.3, 70, 1,240. */
void fmt_rate(struct buf *out, double per_second);
/* The same with its sign: +58, -3, 0. */
void fmt_growth(struct buf *out, double per_second);
/* 12.6 MB/s without the "/s". */
void fmt_bytes_rate(struct buf *out, double per_second);
/* "< 1 s", "12 s", "1 m 39 s", "2 h 5 m", "3 d 4 h": two units at most. */
void fmt_age(struct buf *out, int64_t ms);
/* As exact as a measured span deserves: "0.21 s", "12.4 s", then as fmt_age. */
void fmt_span(struct buf *out, int64_t ms);
/* A setting in ms: "7 d", "90 s", "1 h 30 m"; -1 is "forever"; below that "-". */
void fmt_retention(struct buf *out, int64_t ms);
/* "14:14:02" and "2026-11-21 14:14:02.123" in the process's time zone; "-" for negative. */
void fmt_clock(struct buf *out, int64_t wall_ms);
void fmt_time(struct buf *out, int64_t wall_ms);

/* Between quotes as CSV has them: those inside are doubled (RFC 4180). */
void fmt_csv_quoted(struct buf *out, struct str s);

#endif
