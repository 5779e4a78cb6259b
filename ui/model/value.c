/* Bytes of records as text. Characters that a terminal would obey are escaped. */
#include "model/value.h"

#include "base/err.h"
#include "base/utf8.h"

#define LOOK 65536

const char *value_kind_name(enum value_kind k)
{
	static const char *const names[] = {"null", "empty", "JSON", "text", "binary"};

	return names[k];
}

/* Controls, and what turns the direction of text or hides: never sent to a terminal. */
static bool dangerous(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x61c || cp == 0x200e ||
	       cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) ||
	       cp == 0xfeff;
}

/* A character cut by the end of the look does not make it binary. */
static bool looks_like_text(struct slice v)
{
	const uint8_t *p = v.p, *end = v.p + v.n;
	size_t odd = 0;
	uint32_t cp;

	while (p < end) {
		size_t n = utf8_decode(p, end, &cp);

		if (n == 0)
			return end - p < 4 && v.n == LOOK;
		odd += dangerous(cp) && cp != '\n' && cp != '\t' && cp != '\r';
		p += n;
	}
	return odd * 20 <= v.n;
}

enum value_kind value_kind(struct slice v)
{
	struct slice look = {v.p, min_size(v.n, LOOK)};
	struct jlex j;
	size_t at = 0;

	if (!v.p)
		return VALUE_NULL;
	if (!v.n)
		return VALUE_EMPTY;
	if (!looks_like_text(look))
		return VALUE_BINARY;
	while (at < look.n && strchr(" \t\r\n", (char)v.p[at]) && v.p[at])
		at++;
	if (at == look.n || (v.p[at] != '{' && v.p[at] != '['))
		return VALUE_TEXT;
	jlex_init(&j, NULL, NULL);
	if (!jlex_feed(&j, look))
		return VALUE_TEXT;
	return look.n < v.n || jlex_end(&j) ? VALUE_JSON : VALUE_TEXT;
}

static void put_escape(struct buf *out, uint32_t cp)
{
	if (cp == '\n' || cp == '\t' || cp == '\r')
		buf_printf(out, "\\%c", cp == '\n' ? 'n' : cp == '\t' ? 't' : 'r');
	else if (cp < 0x80)
		buf_printf(out, "\\x%02x", cp);
	else
		buf_printf(out, "\\u%04x", cp);
}

bool value_text(struct buf *out, struct slice v, bool lines, size_t max)
{
	const uint8_t *p = v.p, *end = v.p + v.n;
	size_t begin = out->n;
	uint32_t cp;

	while (p < end) {
		size_t n = utf8_decode(p, end, &cp);

		if (out->n - begin >= max) {
			buf_puts(out, "…");
			return false;
		}
		if (!n)
			buf_printf(out, "\\x%02x", *p);
		else if (dangerous(cp) && !(lines && (cp == '\n' || cp == '\t')))
			put_escape(out, cp);
		else
			buf_put(out, p, n);
		p += n ? n : 1;
	}
	return true;
}

static void hex_line(struct buf *out, const uint8_t *p, size_t n, size_t number)
{
	buf_printf(out, "%08zx ", number);
	for (size_t i = 0; i < 16; i++) {
		if (i % 8 == 0)
			buf_putc(out, ' ');
		if (i < n)
			buf_printf(out, "%02x ", p[i]);
		else
			buf_puts(out, "   ");
	}
	buf_puts(out, " ");
	for (size_t i = 0; i < n; i++)
		buf_putc(out, p[i] >= 0x20 && p[i] < 0x7f ? (char)p[i] : '.');
	buf_putc(out, '\n');
}

bool value_hex(struct buf *out, struct slice v, size_t first, size_t max)
{
	size_t n = min_size(v.n, max);

	for (size_t at = 0; at < n; at += 16)
		hex_line(out, v.p + at, min_size(16, n - at), first + at);
	return n == v.n;
}

/* ---- JSON --------------------------------------------------------------------------------- */

struct pretty {
	struct buf *out;
	size_t begin, max;
	int indent;
	size_t depth;
	bool empty; /* the last token was an opening bracket */
	bool full;
};

static void new_line(struct pretty *p)
{
	if (!p->indent)
		return;
	buf_putc(p->out, '\n');
	buf_fill(p->out, ' ', p->depth * (size_t)p->indent);
}

/* Text of a string: in JSON a dangerous character can only be one above the ASCII range, or DEL. */
static void put_json_text(struct buf *out, struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;
	uint32_t cp;

	while (p < end) {
		size_t n = utf8_decode(p, end, &cp);

		if (!n)
			buf_puts(out, "\xef\xbf\xbd");
		else if (dangerous(cp))
			buf_printf(out, "\\u%04x", cp);
		else
			buf_put(out, p, n);
		p += n ? n : 1;
	}
}

static void pretty_token(void *arg, enum jlex_token t, struct str text, bool last)
{
	struct pretty *p = arg;

	(void)last;
	if (p->full || p->out->n - p->begin > p->max) {
		p->full = true;
		return;
	}
	if (t == JLEX_CLOSE) {
		p->depth--;
		if (!p->empty)
			new_line(p);
	} else if (p->empty) {
		new_line(p);
	}
	p->empty = t == JLEX_OPEN;
	p->depth += t == JLEX_OPEN;
	if (t == JLEX_STRING || t == JLEX_KEY)
		put_json_text(p->out, text);
	else
		buf_put_str(p->out, text);
	if (t == JLEX_COLON && p->indent)
		buf_putc(p->out, ' ');
	else if (t == JLEX_COMMA)
		new_line(p);
}

/* Not longer than max, and no character cut in two. */
static void cut(struct buf *out, size_t begin, size_t max)
{
	size_t n = min_size(out->n, begin + max);

	while (n > begin && (out->p[n] & 0xc0) == 0x80)
		n--;
	out->n = n;
	buf_puts(out, "…");
}

int value_json(struct buf *out, struct slice v, int indent, size_t max)
{
	struct pretty p = {.out = out, .begin = out->n, .max = max, .indent = indent};
	struct jlex j;

	jlex_init(&j, pretty_token, &p);
	if (!jlex_feed(&j, v) || !jlex_end(&j)) {
		out->n = p.begin;
		return ERR_INVALID;
	}
	if (!p.full && out->n - p.begin <= max)
		return 0;
	cut(out, p.begin, max);
	return ERR_TOO_BIG;
}

void value_line(struct buf *out, struct slice v, size_t max)
{
	size_t n = min_size(v.n, max / 2);

	switch (value_kind(v)) {
	case VALUE_NULL:
		buf_puts(out, "null");
		return;
	case VALUE_EMPTY:
		buf_puts(out, "\"\"");
		return;
	case VALUE_JSON:
		/* A long one is not read to its end for one line. */
		if (v.n <= LOOK && value_json(out, v, 0, max) != ERR_INVALID)
			return;
		(void)value_text(out, v, false, max);
		return;
	case VALUE_TEXT:
		(void)value_text(out, v, false, max);
		return;
	case VALUE_BINARY:
		buf_puts(out, "0x");
		for (size_t i = 0; i < n; i++)
			buf_printf(out, "%02x", v.p[i]);
		if (n < v.n)
			buf_puts(out, "…");
		return;
	}
}
