/* Figures as people read them. */
#include "widget/widget.h"

#include <math.h>
#include <stdio.h>

#include "base/utf8.h"

void put_symbol(struct buf *out, uint32_t cp)
{
	char bytes[4];

	if (text_env().ascii || text_env().ambiguous == 2)
		cp = text_ascii(cp);
	buf_put(out, bytes, utf8_encode(cp, bytes));
}

void put_count(struct buf *out, int64_t n)
{
	uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%ju", (uintmax_t)rest);

	if (n < 0)
		buf_putc(out, '-');
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_putc(out, ',');
		buf_putc(out, digits[i]);
	}
}

void put_bytes(struct buf *out, int64_t bytes)
{
	static const char *const units[] = {"KB", "MB", "GB", "TB", "PB", "EB"};
	double v = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 0) {
		buf_putc(out, '-');
		return;
	}
	if (bytes < 1024) {
		buf_printf(out, "%d B", (int)bytes);
		return;
	}
	/* What would be printed as 1024.0 belongs to the next unit. */
	for (; v >= 1023.95 && unit + 1 < ARRAY_LEN(units); unit++)
		v /= 1024;
	buf_printf(out, "%.1f %s", v, units[unit]);
}

static void put_two(struct buf *out, int64_t big, const char *unit, int64_t small, const char *sub)
{
	put_count(out, big);
	buf_printf(out, " %s", unit);
	if (small > 0)
		buf_printf(out, " %d %s", (int)small, sub);
}

void put_span(struct buf *out, int64_t ms)
{
	int64_t s = ms / 1000;

	if (ms < 0)
		buf_putc(out, '-');
	else if (s < 1)
		buf_puts(out, "< 1 s");
	else if (s < 60)
		buf_printf(out, "%d s", (int)s);
	else if (s < 3600)
		put_two(out, s / 60, "m", s % 60, "s");
	else if (s < 86400)
		put_two(out, s / 3600, "h", s / 60 % 60, "m");
	else
		put_two(out, s / 86400, "d", s / 3600 % 24, "h");
}

void put_rate(struct buf *out, double per_s)
{
	static const char units[] = "kMGTP";
	size_t unit = 0;

	if (!isfinite(per_s) || per_s < 0) {
		buf_putc(out, '-');
	} else if (per_s > 0 && per_s < 0.05) {
		buf_puts(out, "< 0.1");
	} else if (per_s < 9.95) {
		char z[8];
		snprintf(z, sizeof(z), "%.1f", per_s);
		z[1 + 2 * (z[2] != '0')] = 0;
		buf_puts(out, z);
	} else if (per_s < 9999.5) {
		put_count(out, (int64_t)(per_s + 0.5));
	} else {
		double v = per_s / 1000;
		for (; v >= 999.95 && units[unit + 1]; unit++)
			v /= 1000;
		buf_printf(out, "%.1f %c", v < 1e6 ? v : 1e6, units[unit]);
	}
}
