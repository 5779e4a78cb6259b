/* Comparing and copying borrowed views. */
#include "base/bytes.h"

#include "base/xalloc.h"

int str_cmp(struct str a, struct str b)
{
	size_t n = min_size(a.n, b.n);
	int d = n ? memcmp(a.p, b.p, n) : 0;

	if (d)
		return d;
	return (a.n > b.n) - (a.n < b.n);
}

uint64_t str_id(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = id_mix(h, (uint8_t)s.p[i]);
	return h ? h : 1;
}

bool str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

bool str_ends(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && (n == 0 || memcmp(s.p + s.n - n, suffix, n) == 0);
}

char *str_dup(struct str s)
{
	char *z;

	if (!s.p)
		return NULL;
	z = xmalloc(s.n + 1);
	memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	return z;
}

bool slice_eq(struct slice a, struct slice b)
{
	return str_eq(str_slice(a), str_slice(b));
}
