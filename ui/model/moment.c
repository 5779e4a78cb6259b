/* See moment.h. */
#include "model/moment.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { MAX_DIGITS = 12 };

/* Digits at *z, at most `most` of them. False: there are none, or more. */
static bool digits(const char **z, size_t most, int64_t *out, size_t *n)
{
	*out = 0;
	for (*n = 0; isdigit((unsigned char)**z); ++*n, ++*z) {
		if (*n == most)
			return false;
		*out = *out * 10 + (**z - '0');
	}
	return *n > 0;
}

/* ".5" or ",5" as milliseconds; nothing there is 0. */
static bool fraction(const char **z, size_t most, int64_t *ms)
{
	int64_t v;
	size_t n;

	*ms = 0;
	if (**z != '.' && **z != ',')
		return true;
	++*z;
	if (!digits(z, most, &v, &n))
		return false;
	for (; n < 3; n++)
		v *= 10;
	for (; n > 3; n--)
		v /= 10;
	*ms = v;
	return true;
}

static int sign(const char **z)
{
	if (**z == '-' || **z == '+')
		return *(*z)++ == '-' ? -1 : 1;
	return 1;
}

/* One number with its unit, added to the sum; units that have been passed may not come any more,
 * and only seconds have a fraction. Returns the unit, 0 when there is none. */
static char part(const char **z, const char **units, int64_t *sum)
{
	static const struct {
		char unit;
		int64_t ms;
	} all[] = {{'D', 86400000}, {'H', 3600000}, {'M', 60000}, {'S', 1000}};
	int64_t v, ms;
	size_t n;
	int s = sign(z);

	if (!digits(z, MAX_DIGITS, &v, &n))
		return 0;
	bool whole = **z != '.' && **z != ',';
	if (!fraction(z, 9, &ms))
		return 0;
	const char *unit = **z ? strchr(*units, toupper((unsigned char)**z)) : NULL;
	if (!unit || (!whole && *unit != 'S'))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i].unit == *unit &&
			(__builtin_mul_overflow(v, all[i].ms, &v) ||
				__builtin_add_overflow(*sum, s * v + s * ms, sum)))
			return 0;
	*units = unit + 1;
	++*z;
	return *unit;
}

/* What follows the P: days before the T, everything else behind it. */
static bool iso_parts(const char *z, int64_t *ms)
{
	const char *units = "DHMS";
	bool time = false;

	while (*z) {
		if (!time && toupper((unsigned char)*z) == 'T') {
			time = true;
			z++;
		}
		char unit = part(&z, &units, ms);
		if (!unit || (unit != 'D') != time)
			return false;
	}
	return true;
}

/* -1: it is no duration. */
static int read_iso(const char *z, int64_t *ms)
{
	int s = sign(&z);

	*ms = 0;
	if (toupper((unsigned char)*z) != 'P' || !z[1] || !iso_parts(z + 1, ms))
		return -1;
	/* The least number has no positive one. */
	*ms = max_i64(*ms, -INT64_MAX) * s;
	return 0;
}

int duration_parse(const char *z, int64_t *ms, struct err *e)
{
	if (read_iso(z, ms) < 0)
		return err_set(
			e, ERR_INVALID, "a duration such as PT1H30M or P2DT12H was expected");
	return 0;
}

/* "2h 30m" without its blanks. False: it is longer than any time is. */
static bool squeeze(const char *z, char *out, size_t size)
{
	size_t n = 0;

	for (; *z; z++) {
		if (*z == ' ')
			continue;
		if (n + 1 == size)
			return false;
		out[n++] = *z;
	}
	out[n] = 0;
	return n > 0;
}

int span_parse(const char *z, int64_t *ms, struct err *e)
{
	const char *units = "DHMS", *at;
	char text[80];
	bool good = squeeze(z, text, sizeof(text));

	if (good && read_iso(text, ms) == 0)
		return 0;
	*ms = 0;
	for (at = text; good && *at;)
		good = isdigit((unsigned char)*at) && part(&at, &units, ms);
	return good ? 0
		    : err_set(e, ERR_INVALID, "a time such as 2h30m, 3d or PT1H30M was expected");
}

void duration_put(struct buf *out, int64_t ms)
{
	uint64_t left = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
	uint64_t days = left / 86400000, hours = left / 3600000 % 24, minutes = left / 60000 % 60;

	buf_puts(out, ms < 0 ? "-P" : "P");
	if (days)
		buf_printf(out, "%" PRIu64 "D", days);
	if (left % 86400000 || !days)
		buf_putc(out, 'T');
	if (hours)
		buf_printf(out, "%" PRIu64 "H", hours);
	if (minutes)
		buf_printf(out, "%" PRIu64 "M", minutes);
	if (left % 1000)
		buf_printf(out, "%" PRIu64 ".%03" PRIu64 "S", left / 1000 % 60, left % 1000);
	else if (left / 1000 % 60 || !left)
		buf_printf(out, "%" PRIu64 "S", left / 1000 % 60);
}

/* "Z", "+09:00", "+0900", "+09"; nothing is UTC. */
static bool zone(const char *z, int64_t *ms)
{
	int64_t h, m = 0;
	size_t n;

	*ms = 0;
	if (!*z || !strcasecmp(z, "Z"))
		return true;
	if (*z != '+' && *z != '-')
		return false;
	int s = sign(&z);
	if (!digits(&z, 4, &h, &n) || (n != 2 && n != 4))
		return false;
	if (n == 4) {
		m = h % 100;
		h /= 100;
	} else if (*z == ':') {
		z++;
		if (!digits(&z, 2, &m, &n) || n != 2)
			return false;
	}
	*ms = s * (h * 60 + m) * 60000;
	return !*z && h <= 18 && m < 60;
}

int datetime_parse(const char *z, int64_t *ms, struct err *e)
{
	struct tm tm = {0}, read;
	int64_t fract = 0, off;
	const char *end = strptime(z, "%Y-%m-%dT%H:%M", &tm);

	if (end && *end == ':')
		end = strptime(end, ":%S", &tm);
	if (end && fraction(&end, 9, &fract) && zone(end, &off) && tm.tm_sec < 60) {
		read = tm;
		time_t t = timegm(&tm);
		/* The 31st of February would have become another day. */
		if (tm.tm_mday == read.tm_mday && tm.tm_mon == read.tm_mon) {
			*ms = (int64_t)t * 1000 + fract - off;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID,
		"a time such as 2026-01-31T18:30:00.000 was expected, in UTC unless a zone such as "
		"+09:00 follows");
}

/* The 31st of February would have become another day. */
static bool local_time(const char *z, int64_t *ms)
{
	struct tm tm = {.tm_isdst = -1}, read;
	const char *end = strptime(z, "%Y-%m-%d %H:%M", &tm);
	time_t t;

	if (end && *end == ':')
		end = strptime(end, ":%S", &tm);
	if (!end || *end)
		return false;
	read = tm;
	t = mktime(&tm);
	*ms = (int64_t)t * 1000;
	return tm.tm_mday == read.tm_mday && tm.tm_mon == read.tm_mon;
}

int moment_parse(const char *z, int64_t *ms, struct err *e)
{
	const char *at = z;
	size_t n;

	if (digits(&at, 15, ms, &n) && !*at && *ms > 9999) /* fewer are a year */
		return 0;
	if (local_time(z, ms) || datetime_parse(z, ms, NULL) == 0)
		return 0;
	return err_set(e, ERR_INVALID,
		"a time such as 2026-11-21 14:00 or 2026-11-21T05:00:00Z, or milliseconds since "
		"1970, was expected");
}
