/* Glyphs: what is drawn for a piece of text, and how many cells it takes. */
#include "term/text.h"

#include "base/utf8.h"
#include <stdio.h>

static struct text_env env = {.ambiguous = 1};

struct text_env text_env(void)
{
	return env;
}

void text_env_set(struct text_env e)
{
	env.ambiguous = e.ambiguous == 2 ? 2 : 1;
	env.only_ascii = e.only_ascii;
	env.ascii = e.ascii || e.only_ascii;
}

uint32_t text_ascii(uint32_t cp)
{
	static const struct {
		uint32_t cp;
		char to;
	} map[] = {
		{0xb7, '.'},
		{0x2013, '-'},
		{0x2014, '-'},
		{0x2026, '~'},
		{0x2190, '<'},
		{0x2191, '^'},
		{0x2192, '>'},
		{0x2193, 'v'},
		{0x2248, '~'},
		{0x2591, '.'},
		{0x25b2, '^'},
		{0x25bc, 'v'},
		{0x25b8, '>'},
		{0x25be, 'v'},
		{0x25c6, '#'},
		{0x25cb, 'o'},
		{0x25cf, '+'},
		{0x2605, '*'},
		{0x2713, 'v'},
		{0x2717, 'x'},
		{0xd7, 'x'},
	};
	static const char levels[] = "__..--=#";

	if (cp < 0x80)
		return cp;
	if (cp >= 0x2581 && cp <= 0x2588)
		return (uint32_t)levels[cp - 0x2581];
	if (cp >= 0x2500 && cp <= 0x257f)
		return cp == 0x2500 ? '-' : cp == 0x2501 ? '=' : cp == 0x2502 ? '|' : '+';
	for (size_t i = 0; i < ARRAY_LEN(map); i++)
		if (map[i].cp == cp)
			return (uint32_t)map[i].to;
	return cp;
}

static void escape_cp(struct glyph *g, uint32_t cp)
{
	const char *names = cp == '\n'   ? "\\n"
			    : cp == '\r' ? "\\r"
			    : cp == '\t' ? "\\t"
			    : cp == 0    ? "\\0"
					 : NULL;
	int n;

	if (names)
		n = snprintf(g->escape, sizeof(g->escape), "%s", names);
	else if (cp < 0x80)
		n = snprintf(g->escape, sizeof(g->escape), "\\x%02x", cp);
	else
		n = snprintf(g->escape, sizeof(g->escape), "\\u%04x", cp);
	g->width = n;
}

/* Marks and joiners that follow are part of the glyph; what a joiner joins is a glyph of its own,
 * because terminals do not agree on what such a pair takes. */
static void take_marks(struct str s, size_t at, struct glyph *g)
{
	const uint8_t *end = (const uint8_t *)s.p + s.n;
	int marks = 1;

	for (;;) {
		uint32_t cp;
		const uint8_t *p = (const uint8_t *)s.p + at + g->n;
		size_t n = p < end ? utf8_decode(p, end, &cp) : 0;
		if (!n || text_cp_width(cp) != 0 || env.only_ascii)
			return;
		if (marks < 4)
			g->cp[marks++] = cp;
		g->n += n;
	}
}

bool text_glyph(struct str s, size_t at, struct glyph *g)
{
	const uint8_t *p = (const uint8_t *)s.p + at;
	uint32_t cp;

	if (at >= s.n)
		return false;
	memset(g, 0, sizeof(*g));
	g->n = utf8_decode(p, (const uint8_t *)s.p + s.n, &cp);
	if (!g->n) {
		g->n = 1;
		g->width = snprintf(g->escape, sizeof(g->escape), "\\x%02x", *p);
		return true;
	}
	int width = text_cp_width(cp);
	if (width < 0 || (env.only_ascii && text_ascii(cp) >= 0x80)) {
		escape_cp(g, cp);
		return true;
	}
	if (width == 0) {
		/* A mark with nothing before it stands on a blank. */
		g->cp[0] = ' ';
		g->cp[1] = cp;
		g->width = 1;
		return true;
	}
	g->cp[0] = env.ascii ? text_ascii(cp) : cp;
	g->width = width;
	take_marks(s, at, g);
	return true;
}

int text_width(struct str s)
{
	int width = 0;

	text_fit(s, INT32_MAX, &width);
	return width;
}

size_t text_fit(struct str s, int cells, int *used)
{
	struct glyph g;
	size_t at = 0;
	int width = 0;

	while (text_glyph(s, at, &g) && g.width <= cells - width) {
		width += g.width;
		at += g.n;
	}
	if (used)
		*used = width;
	return at;
}

size_t text_next(struct str s, size_t at)
{
	struct glyph g;

	return text_glyph(s, at, &g) ? at + g.n : s.n;
}

/* Back to a byte that surely begins a glyph, then forward: marks are bounded only by the text, so
 * a start is looked for at most 256 bytes back. */
size_t text_prev(struct str s, size_t at)
{
	size_t start = at > 256 ? at - 256 : 0;
	size_t last;

	while (start > 0 && start < at && ((uint8_t)s.p[start] & 0xc0) == 0x80)
		start++;
	last = start;
	for (size_t i = start; i < at; i = text_next(s, i))
		last = i;
	return last;
}

size_t text_wrap(struct str s, int cells, struct str *line)
{
	struct glyph g;
	size_t at = 0, space = 0;
	int width = 0;

	while (at < s.n && s.p[at] != '\n' && text_glyph(s, at, &g)) {
		if (width + g.width > cells && at > 0) {
			size_t cut = s.p[at] == ' ' ? at : space;
			*line = (struct str){s.p, cut ? cut : at};
			return cut ? cut + 1 : at;
		}
		if (s.p[at] == ' ')
			space = at;
		width += g.width;
		at += g.n;
	}
	*line = (struct str){s.p, at};
	return at < s.n ? at + 1 : at;
}

static void put_cp(struct buf *out, uint32_t cp)
{
	char bytes[4];

	buf_put(out, bytes, utf8_encode(cp, bytes));
}

void text_escape(struct buf *out, struct str s)
{
	struct glyph g;

	for (size_t at = 0; text_glyph(s, at, &g); at += g.n) {
		buf_puts(out, g.escape);
		for (int i = 0; !g.escape[0] && i < 4 && g.cp[i]; i++)
			put_cp(out, g.cp[i]);
	}
}
