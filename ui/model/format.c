/* Figures as text. */
#include "model/format.h"

#include <inttypes.h>
#include <math.h>
#include <time.h>

void fmt_count(struct buf *out, int64_t n)
{
	if (n < 0)
		buf_putc(out, '-');
	else
		buf_put_count(out, n);
}

void fmt_count_about(struct buf *out, int64_t n, bool about)
{
	buf_puts(out, about && n >= 0 ? "≈ " : "");
	fmt_count(out, n);
}

void fmt_things(struct buf *out, int64_t n, const char *thing)
{
	fmt_count(out, n);
	buf_printf(out, " %s%s", thing, n == 1 ? "" : "s");
}

void fmt_things_of(struct buf *out, int64_t part, int64_t n, const char *thing)
{
	fmt_count(out, part);
	buf_puts(out, " of ");
	fmt_things(out, n, thing);
}

static void put_scaled(struct buf *out, double v)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	size_t u = 0;

	if (v < 999.5) {
		buf_printf(out, "%.0f B", v);
		return;
	}
	/* 999.95 would print as 1000.0 */
	while (v >= 999.95 && u + 1 < ARRAY_LEN(units)) {
		v /= 1000;
		u++;
	}
	if (u == 0) {
		v /= 1000;
		u = 1;
	}
	buf_printf(out, "%.1f %s", v, units[u]);
}

void fmt_bytes(struct buf *out, int64_t n)
{
	if (n < 0)
		buf_putc(out, '-');
	else
		put_scaled(out, (double)n);
}

void fmt_rate(struct buf *out, double per_second)
{
	if (isnan(per_second) || per_second < 0)
		buf_putc(out, '-');
	else if (per_second >= 0.05 && per_second < 9.95)
		buf_printf(out, "%.1f", per_second);
	else if (per_second > 9e18)
		buf_puts(out, "-");
	else
		fmt_count(out, llround(per_second));
}

void fmt_growth(struct buf *out, double per_second)
{
	double size = fabs(per_second);

	/* What prints as 0 has no sign. */
	if (size >= 0.5 || (size >= 0.05 && size < 9.95))
		buf_putc(out, per_second < 0 ? '-' : '+');
	fmt_rate(out, size);
}

void fmt_bytes_rate(struct buf *out, double per_second)
{
	if (isnan(per_second) || per_second < 0)
		buf_putc(out, '-');
	else
		put_scaled(out, per_second);
}

struct unit {
	int64_t s;
	const char *name;
};
static const struct unit units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}};

/* Whole seconds as two neighbouring units at most. */
static void put_seconds(struct buf *out, int64_t s)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (s < units[i].s && i + 1 < ARRAY_LEN(units))
			continue;
		buf_printf(out, "%" PRId64 " %s", s / units[i].s, units[i].name);
		s %= units[i].s;
		if (i + 1 < ARRAY_LEN(units) && s >= units[i + 1].s)
			buf_printf(out, " %" PRId64 " %s", s / units[i + 1].s, units[i + 1].name);
		return;
	}
}

void fmt_age(struct buf *out, int64_t ms)
{
	if (ms < 0)
		buf_putc(out, '-');
	else if (ms < 1000)
		buf_puts(out, "< 1 s");
	else
		put_seconds(out, ms / 1000);
}

void fmt_span(struct buf *out, int64_t ms)
{
	if (ms < 0)
		buf_putc(out, '-');
	else if (ms < 10000)
		buf_printf(out, "%.2f s", (double)ms / 1000);
	else if (ms < 60000)
		buf_printf(out, "%.1f s", (double)ms / 1000);
	else
		put_seconds(out, ms / 1000);
}

void fmt_retention(struct buf *out, int64_t ms)
{
	if (ms == -1)
		buf_puts(out, "forever");
	else if (ms < 0)
		buf_putc(out, '-');
	else if (ms < 1000)
		buf_printf(out, "%" PRId64 " ms", ms);
	else if (ms < 120000)
		buf_printf(out, "%" PRId64 " s", ms / 1000);
	else
		put_seconds(out, ms / 1000);
}

static bool local_time(int64_t wall_ms, struct tm *tm)
{
	time_t s = (time_t)(wall_ms / 1000);

	return wall_ms >= 0 && localtime_r(&s, tm) != NULL;
}

void fmt_clock(struct buf *out, int64_t wall_ms)
{
	struct tm tm;

	if (local_time(wall_ms, &tm))
		buf_printf(out, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	else
		buf_putc(out, '-');
}

void fmt_time(struct buf *out, int64_t wall_ms)
{
	struct tm tm;

	if (local_time(wall_ms, &tm))
		buf_printf(out, "%04d-%02d-%02d %02d:%02d:%02d.%03d", tm.tm_year + 1900,
			tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			(int)(wall_ms % 1000));
	else
		buf_putc(out, '-');
}

void fmt_csv_quoted(struct buf *out, struct str s)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_putc(out, '"');
		buf_putc(out, s.p[i]);
	}
	buf_putc(out, '"');
}
