/* "Did you mean …": the nearest name by edit distance (optimal string alignment). */
#include "conf/conf.h"

#define NAME_MAX_BYTES 100 /* longer ones are near nothing */

static size_t min3(size_t a, size_t b, size_t c)
{
	return min_size(a, min_size(b, c));
}

size_t conf_distance(struct str a, struct str b, size_t limit)
{
	size_t rows[3][NAME_MAX_BYTES + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	if (a.n > NAME_MAX_BYTES || b.n > NAME_MAX_BYTES)
		return limit + 1;
	for (size_t j = 0; j <= b.n; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *spare = before, least = i;

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t change = a.p[i - 1] != b.p[j - 1];

			row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + change);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				row[j] = min_size(row[j], before[j - 2] + 1);
			least = min_size(least, row[j]);
		}
		if (least > limit + 1)
			return limit + 1;
		before = last;
		last = row;
		row = spare;
	}
	return min_size(last[b.n], limit + 1);
}

const char *conf_nearest(const struct conf_def *defs, size_t n, struct str name)
{
	size_t best = 2 + name.n / 6;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d;

		if (defs[i].flags & (CONF_PREFIX | CONF_HIDDEN))
			continue;
		d = conf_distance(name, str_of(defs[i].name), best);
		if (d < best || (d == best && !found)) {
			best = d;
			found = defs[i].name;
		}
	}
	return found;
}
