/* The filter of lists: substring or pattern, inverse. */
#include "model/filter.h"

#define FILTER_MAX 256

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

void filter_init(struct filter *f)
{
	*f = (struct filter){0};
}

void filter_fini(struct filter *f)
{
	buf_fini(&f->text);
}

static bool contains(struct str s, struct str part)
{
	for (size_t i = 0; i + part.n <= s.n; i++) {
		size_t k = 0;

		while (k < part.n && lower(s.p[i + k]) == part.p[k])
			k++;
		if (k == part.n)
			return true;
	}
	return false;
}

/* The whole of s against * and ?; goes back to the last star only, so it is never exponential. */
static bool glob(struct str s, struct str pat)
{
	size_t i = 0, k = 0, star = SIZE_MAX, mark = 0;

	while (i < s.n) {
		if (k < pat.n && pat.p[k] == '*') {
			star = k++;
			mark = i;
		} else if (k < pat.n && (pat.p[k] == '?' || pat.p[k] == lower(s.p[i]))) {
			k++;
			i++;
		} else if (star != SIZE_MAX) {
			k = star + 1;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (k < pat.n && pat.p[k] == '*')
		k++;
	return k == pat.n;
}

bool filter_set(struct filter *f, struct str text, bool *narrower)
{
	bool inverse = text.n > 0 && text.p[0] == '!';
	struct buf now = BUF_EMPTY;
	bool pattern = false, same, less;

	if (inverse)
		text = (struct str){text.p + 1, text.n - 1};
	for (size_t i = 0; i < text.n && i < FILTER_MAX; i++) {
		buf_putc(&now, lower(text.p[i]));
		pattern = pattern || text.p[i] == '*' || text.p[i] == '?';
	}
	inverse = inverse && now.n > 0;
	same = now.n == f->text.n && (now.n == 0 || memcmp(now.p, f->text.p, now.n) == 0) &&
	       inverse == f->inverse;
	less = f->text.n == 0 || (!f->inverse && !inverse && !f->pattern && !pattern &&
					 contains(buf_str(&now), buf_str(&f->text)));
	if (narrower)
		*narrower = less;
	buf_fini(&f->text);
	f->text = now;
	f->inverse = inverse;
	f->pattern = pattern;
	return !same;
}

bool filter_match(const struct filter *f, struct str s)
{
	if (!filter_active(f))
		return true;
	return (f->pattern ? glob(s, buf_str(&f->text)) : contains(s, buf_str(&f->text))) !=
	       f->inverse;
}
