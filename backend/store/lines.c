/* See lines.h. */
#include "store/lines.h"

#include "base/err.h"

static struct str take_until(struct str *s, char end)
{
	const char *at = s->n > 0 ? memchr(s->p, end, s->n) : NULL;
	size_t n = at ? (size_t)(at - s->p) : s->n;
	struct str got = {s->p, n};

	s->p += at ? n + 1 : n;
	s->n -= at ? n + 1 : n;
	return got;
}

struct str lines_next(struct str *text)
{
	struct str line = take_until(text, '\n');

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

struct str lines_word(struct str *line)
{
	return take_until(line, ' ');
}

bool lines_int(struct str s, int64_t lo, int64_t hi, int64_t *out)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	int64_t v = 0;

	if (s.n == (minus ? 1u : 0u))
		return false;
	for (size_t i = minus; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
			__builtin_sub_overflow(v, s.p[i] - '0', &v))
			return false;
	}
	if (!minus && __builtin_mul_overflow(v, -1, &v))
		return false;
	*out = v;
	return v >= lo && v <= hi;
}

int lines_begin(struct str *text, int64_t *n)
{
	int64_t version;

	/* Every line is ended: of a text that was cut, what is left of a number is another number.
	 */
	if (text->n == 0 || text->p[text->n - 1] != '\n')
		return ERR_CORRUPT;
	if (!lines_int(lines_next(text), 0, INT32_MAX, &version))
		return ERR_CORRUPT;
	if (version != 0)
		return ERR_VERSION;
	return lines_int(lines_next(text), 0, INT32_MAX, n) ? 0 : ERR_CORRUPT;
}
