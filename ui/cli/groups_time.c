/* Times as the options of kdeck groups take them. */
#include "cli/groups.h"
#include <ctype.h>
#include <stdlib.h>
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

/* One number with its unit; units that have been passed may not come any more. */
static bool part(const char **z, bool *time, const char **units, int64_t *sum)
{
	static const struct {
		char unit;
		bool time;
		int64_t ms;
	} all[] = {{'D', false, 86400000}, {'H', true, 3600000}, {'M', true, 60000},
		{'S', true, 1000}};
	int64_t v, ms;
	size_t n;
	if (!*time && toupper((unsigned char)**z) == 'T') {
		*time = true;
		++*z;
	}
	int s = sign(z);
	if (!digits(z, MAX_DIGITS, &v, &n) || !fraction(z, 9, &ms))
		return false;
	bool whole = (*z)[-1] != '.' && ms == 0;
	const char *unit = strchr(*units, toupper((unsigned char)**z));
	if (!**z || !unit)
		return false;
	*units = unit + 1;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (all[i].unit != *unit)
			continue;
		if (all[i].time != *time || (!whole && *unit != 'S'))
			return false;
		*sum += s * (v * all[i].ms + ms);
	}
	++*z;
	return true;
}

int duration_parse(const char *z, int64_t *ms, struct err *e)
{
	const char *at = z, *units = "DHMS";
	bool time = false;
	int s = sign(&at);
	*ms = 0;
	if (toupper((unsigned char)*at) == 'P' && *++at) {
		bool good = true;
		while (*at && good)
			good = part(&at, &time, &units, ms);
		if (good) {
			*ms *= s;
			return 0;
		}
	}
	return err_set(e, ERR_INVALID, "a duration such as PT1H30M or P2DT12H was expected");
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
