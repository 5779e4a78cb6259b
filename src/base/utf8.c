/* UTF-8 (RFC 3629). */
#include "base/utf8.h"

#include "base/buf.h"

#include <assert.h>
#include <string.h>

size_t utf8_decode(const uint8_t *p, const uint8_t *end, uint32_t *cp)
{
	/* the least code point that needs so many bytes: below it is an overlong form */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t v;
	size_t n;

	if (p >= end)
		return 0;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if ((size_t)(end - p) < n)
		return 0;
	v = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*cp = v;
	return n;
}

size_t utf8_encode(uint32_t cp, char out[static 4])
{
	assert(cp <= 0x10ffff && !(cp >= 0xd800 && cp <= 0xdfff));
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool utf8_valid(struct slice s)
{
	const uint8_t *p = s.p, *end = s.p ? s.p + s.n : NULL;

	while (p < end) {
		uint32_t cp;
		size_t n = utf8_decode(p, end, &cp);

		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

/* Control characters, C1 controls, line separators and the marks that turn text around. */
static bool is_visible(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return false;
	if (cp >= 0x2028 && cp <= 0x202e)
		return false;
	return !(cp >= 0x2066 && cp <= 0x2069) && cp != 0x200e && cp != 0x200f && cp != 0xfeff;
}

size_t utf8_show(
	const uint8_t *p, const uint8_t *end, char out[static UTF8_SHOWN_MAX], size_t *shown)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t cp;
	size_t n = utf8_decode(p, end, &cp), used = n ? n : 1;

	*shown = 0;
	if (n && is_visible(cp)) {
		memcpy(out, p, n);
		*shown = n;
		return n;
	}
	for (size_t i = 0; i < used; i++) {
		out[(*shown)++] = '\\';
		if (p[i] == '\t' || p[i] == '\n' || p[i] == '\r') {
			out[(*shown)++] = p[i] == '\t' ? 't' : p[i] == '\n' ? 'n' : 'r';
			continue;
		}
		out[(*shown)++] = 'x';
		out[(*shown)++] = digits[p[i] >> 4];
		out[(*shown)++] = digits[p[i] & 15];
	}
	return used;
}

void utf8_put_visible(struct buf *out, struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = s.p ? p + s.n : p;
	char text[UTF8_SHOWN_MAX];
	size_t n;

	while (p < end) {
		p += utf8_show(p, end, text, &n);
		buf_put(out, text, n);
	}
}
