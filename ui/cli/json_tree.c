/* Reads a JSON text into a tree: the files of delete-records and the like. Bounded by the arena's
 * limit and MAX_DEPTH; recursion goes no deeper than that. */
#include "base/utf8.h"
#include "cli/impl.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

enum { MAX_DEPTH = 32 };

struct reader {
	const char *begin, *at, *end;
	struct arena *arena;
	struct err *e;
	int depth;
};

static int wrong(struct reader *r, const char *expected)
{
	size_t line = 1, column = 1;
	for (const char *p = r->begin; p < r->at; p++) {
		column = *p == '\n' ? 1 : column + 1;
		line += *p == '\n';
	}
	return err_set(
		r->e, ERR_INVALID, "line %zu, column %zu: %s was expected", line, column, expected);
}

static int peek(struct reader *r)
{
	while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at)
		r->at++;
	return r->at < r->end ? (unsigned char)*r->at : -1;
}

static int value(struct reader *r, struct json_value **out);

static int hex4(struct reader *r, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++, r->at++) {
		if (r->at == r->end || !isxdigit((unsigned char)*r->at))
			return wrong(r, "four hexadecimal digits");
		int c = tolower((unsigned char)*r->at);
		*out = *out * 16 + (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return 0;
}

static size_t put_utf8(char *p, uint32_t c)
{
	if (c < 0x80) {
		p[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n; i-- > 1; c >>= 6)
		p[i] = (char)(0x80 | (c & 0x3f));
	p[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
	return n;
}

static int escape(struct reader *r, char *p, size_t *n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint32_t c, low;
	const char *at = r->at < r->end && *r->at ? strchr(from, *r->at) : NULL;
	if (at) {
		p[(*n)++] = to[at - from];
		r->at++;
		return 0;
	}
	if (r->at == r->end || *r->at++ != 'u' || hex4(r, &c) < 0)
		return wrong(r, "an escape");
	if (c >= 0xd800 && c < 0xdc00 && r->end - r->at >= 6 && r->at[0] == '\\' &&
		r->at[1] == 'u') {
		r->at += 2;
		if (hex4(r, &low) < 0 || low < 0xdc00 || low > 0xdfff)
			return wrong(r, "the second half of a pair");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*n += put_utf8(p + *n, c);
	return 0;
}

static int string(struct reader *r, struct str *out)
{
	const char *close = ++r->at;
	while (close < r->end && *close != '"')
		close += *close == '\\' && close + 1 < r->end ? 2 : 1;
	if (close >= r->end)
		return wrong(r, "a closing quote");
	char *p = arena_alloc(r->arena, (size_t)(close - r->at) + 1);
	size_t n = 0;
	if (!p)
		return err_set(r->e, ERR_TOO_BIG, "the text is too long");
	while (r->at < r->end && *r->at != '"') {
		if ((unsigned char)*r->at < ' ')
			return wrong(r, "no control character");
		if (*r->at != '\\') {
			p[n++] = *r->at++;
			continue;
		}
		r->at++;
		int status = escape(r, p, &n);
		if (status < 0)
			return status;
	}
	r->at++;
	*out = (struct str){p, n};
	return 0;
}

static int number(struct reader *r, struct json_value *v)
{
	char text[64], *end;
	size_t n = 0;
	while (r->at + n < r->end && n < sizeof(text) - 1 && strchr("+-.0123456789eE", r->at[n]) &&
		r->at[n])
		n++;
	memcpy(text, r->at, n);
	text[n] = 0;
	v->kind = JSON_NUMBER;
	v->number = strtod(text, &end);
	if (end == text || *end)
		return wrong(r, "a value");
	errno = 0;
	v->integer = strtoll(text, &end, 10);
	v->is_integer = !*end && !errno;
	r->at += n;
	return 0;
}

/* What stands between brackets, without the first one. */
static int members(struct reader *r, struct json_value *v, char close)
{
	struct json_value **tail = &v->child;
	struct str key = STR_NULL;
	r->at++;
	if (peek(r) == close) {
		r->at++;
		return 0;
	}
	for (;;) {
		int status;
		if (close == '}') {
			if (peek(r) != '"')
				return wrong(r, "a name in quotes");
			if ((status = string(r, &key)) < 0)
				return status;
			if (peek(r) != ':')
				return wrong(r, "a colon");
			r->at++;
		}
		if ((status = value(r, tail)) < 0)
			return status;
		(*tail)->key = key;
		tail = &(*tail)->next;
		int c = peek(r);
		if (c != ',' && c != close)
			return wrong(r, close == '}' ? "a comma or }" : "a comma or ]");
		r->at++;
		if (c == close)
			return 0;
	}
}

static bool word(struct reader *r, const char *z)
{
	size_t n = strlen(z);
	if ((size_t)(r->end - r->at) < n || memcmp(r->at, z, n) != 0)
		return false;
	r->at += n;
	return true;
}

static int value(struct reader *r, struct json_value **out)
{
	struct json_value *v = ARENA_NEW(r->arena, struct json_value);
	int status = 0, c = peek(r);
	if (!v || r->depth == MAX_DEPTH)
		return err_set(r->e, ERR_TOO_BIG, "the text is too %s", v ? "deep" : "long");
	*out = v;
	r->depth++;
	if (c == '{' || c == '[') {
		v->kind = c == '{' ? JSON_OBJECT : JSON_ARRAY;
		status = members(r, v, c == '{' ? '}' : ']');
	} else if (c == '"') {
		v->kind = JSON_STRING;
		status = string(r, &v->string);
	} else if (c >= 0 && word(r, "null")) {
		v->kind = JSON_NULL;
	} else if (c >= 0 && (word(r, "true") || word(r, "false"))) {
		v->kind = JSON_BOOL;
		v->boolean = r->at[-2] == 'u';
	} else {
		status = number(r, v);
	}
	r->depth--;
	return status;
}

int json_tree_parse(struct str text, struct arena *a, struct json_value **out, struct err *e)
{
	struct reader r = {text.p, text.p, text.p + text.n, a, e, 0};
	int status = value(&r, out);
	if (status == 0 && peek(&r) >= 0)
		status = wrong(&r, "the end");
	return status;
}

const struct json_value *json_tree_get(const struct json_value *v, const char *key)
{
	for (const struct json_value *m = v && v->kind == JSON_OBJECT ? v->child : NULL; m;
		m = m->next)
		if (str_eqz(m->key, key))
			return m;
	return NULL;
}
