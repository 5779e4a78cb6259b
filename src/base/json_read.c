/* A descent by recursion, no deeper than JSON_READ_DEPTH. */
#include "base/json_read.h"

#include <errno.h>
#include <stdlib.h>

#include "base/utf8.h"

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

static int too_long(struct reader *r)
{
	return err_set(r->e, ERR_TOO_BIG, "the text is too long");
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* The byte at hand, -1 at the end. */
static int here(const struct reader *r)
{
	return r->at < r->end ? (unsigned char)*r->at : -1;
}

/* The same, behind white space. */
static int peek(struct reader *r)
{
	while (r->at < r->end &&
		(*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n'))
		r->at++;
	return here(r);
}

static bool take(struct reader *r, char c)
{
	if (here(r) != c)
		return false;
	r->at++;
	return true;
}

/* ---- strings --------------------------------------------------------------------------------- */

static int hex_digit(int c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex4(struct reader *r, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++, r->at++) {
		int digit = hex_digit(here(r));
		if (digit < 0)
			return wrong(r, "four hexadecimal digits");
		*out = *out * 16 + (uint32_t)digit;
	}
	return 0;
}

/* Behind \u: one unit, or two that make one character. */
static int code_point(struct reader *r, uint32_t *out)
{
	uint32_t low;
	int rc = hex4(r, out);

	if (rc < 0 || *out < 0xd800 || *out > 0xdfff)
		return rc;
	if (*out >= 0xdc00)
		return wrong(r, "the first half of a pair");
	if (!take(r, '\\') || !take(r, 'u'))
		return wrong(r, "the second half of a pair");
	rc = hex4(r, &low);
	if (rc < 0)
		return rc;
	if (low < 0xdc00 || low > 0xdfff)
		return wrong(r, "the second half of a pair");
	*out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
	return 0;
}

/* Behind the backslash; what it stands for is never longer than the escape. */
static int escape(struct reader *r, char *p, size_t *n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int c = here(r);
	const char *at = c > 0 ? strchr(from, c) : NULL;
	uint32_t cp;
	int rc;

	if (at) {
		p[(*n)++] = to[at - from];
		r->at++;
		return 0;
	}
	if (!take(r, 'u'))
		return wrong(r, "an escape");
	rc = code_point(r, &cp);
	if (rc == 0)
		*n += utf8_encode(cp, p + *n);
	return rc;
}

/* Bytes up to the closing quote, which must be there; 0 when it is not. */
static const char *closing_quote(const struct reader *r)
{
	const char *p = r->at;

	while (p < r->end && *p != '"')
		p += *p == '\\' && p + 1 < r->end ? 2 : 1;
	return p < r->end ? p : NULL;
}

static int string(struct reader *r, struct str *out)
{
	const char *close;
	uint32_t cp;
	size_t n = 0, step;
	char *p;
	int rc;

	r->at++;
	close = closing_quote(r);
	if (!close)
		return wrong(r, "a closing quote");
	/* Room for one character more: utf8_encode may name four bytes. */
	p = arena_alloc(r->arena, (size_t)(close - r->at) + 4);
	if (!p)
		return too_long(r);
	while (r->at < close) {
		if (take(r, '\\')) {
			rc = escape(r, p, &n);
			if (rc < 0)
				return rc;
			continue;
		}
		step = utf8_decode((const uint8_t *)r->at, (const uint8_t *)close, &cp);
		if (step == 0 || cp < 0x20)
			return wrong(r, step ? "no control character" : "UTF-8");
		memcpy(p + n, r->at, step);
		n += step;
		r->at += step;
	}
	r->at++;
	*out = (struct str){p, n};
	return 0;
}

/* ---- numbers and words ----------------------------------------------------------------------- */

static size_t digits(struct reader *r)
{
	const char *from = r->at;

	while (is_digit(here(r)))
		r->at++;
	return (size_t)(r->at - from);
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? ; *whole without the last two */
static int number_shape(struct reader *r, bool *whole)
{
	*whole = true;
	(void)take(r, '-');
	if (!take(r, '0') && digits(r) == 0)
		return wrong(r, "a value");
	if (is_digit(here(r)))
		return wrong(r, "no digit behind a leading 0");
	if (take(r, '.')) {
		*whole = false;
		if (digits(r) == 0)
			return wrong(r, "a digit");
	}
	if (take(r, 'e') || take(r, 'E')) {
		*whole = false;
		if (!take(r, '+'))
			(void)take(r, '-');
		if (digits(r) == 0)
			return wrong(r, "a digit");
	}
	return 0;
}

static int number(struct reader *r, struct json_value *v)
{
	const char *from = r->at;
	bool whole;
	char *text;
	int rc = number_shape(r, &whole);

	if (rc < 0)
		return rc;
	text = arena_alloc(r->arena, (size_t)(r->at - from) + 1);
	if (!text)
		return too_long(r);
	memcpy(text, from, (size_t)(r->at - from));
	v->kind = JSON_NUMBER;
	v->number = strtod(text, NULL);
	errno = 0;
	v->integer = strtoll(text, NULL, 10);
	v->is_integer = whole && errno == 0;
	return 0;
}

static bool word(struct reader *r, const char *z)
{
	size_t n = strlen(z);

	if ((size_t)(r->end - r->at) < n || memcmp(r->at, z, n) != 0)
		return false;
	r->at += n;
	return true;
}

/* ---- values ---------------------------------------------------------------------------------- */

static int value(struct reader *r, struct json_value **out);

/* "name": value, or only the value. */
static int member(struct reader *r, struct json_value **out, bool named)
{
	struct str key = STR_NULL;
	int rc = 0;

	if (named) {
		if (peek(r) != '"')
			return wrong(r, "a name in quotes");
		rc = string(r, &key);
		if (rc < 0)
			return rc;
		(void)peek(r);
		if (!take(r, ':'))
			return wrong(r, "a colon");
	}
	rc = value(r, out);
	if (rc == 0)
		(*out)->key = key;
	return rc;
}

/* What stands between brackets, with both. */
static int members(struct reader *r, struct json_value *v, char close)
{
	struct json_value **tail = &v->child;
	bool named = close == '}';
	int rc;

	r->at++;
	if (peek(r) == close) {
		r->at++;
		return 0;
	}
	for (;;) {
		rc = member(r, tail, named);
		if (rc < 0)
			return rc;
		tail = &(*tail)->next;
		(void)peek(r);
		if (take(r, close))
			return 0;
		if (!take(r, ','))
			return wrong(r, named ? "a comma or }" : "a comma or ]");
	}
}

static int scalar(struct reader *r, struct json_value *v)
{
	if (here(r) == '"') {
		v->kind = JSON_STRING;
		return string(r, &v->string);
	}
	if (word(r, "null")) {
		v->kind = JSON_NULL;
		return 0;
	}
	v->kind = JSON_BOOL;
	v->boolean = word(r, "true");
	if (v->boolean || word(r, "false"))
		return 0;
	return number(r, v);
}

static int value(struct reader *r, struct json_value **out)
{
	struct json_value *v = ARENA_NEW(r->arena, struct json_value);
	int c = peek(r);
	int rc;

	if (!v)
		return too_long(r);
	if (r->depth == JSON_READ_DEPTH)
		return err_set(r->e, ERR_TOO_BIG, "the text is too deep");
	*out = v;
	if (c != '{' && c != '[')
		return scalar(r, v);
	r->depth++;
	v->kind = c == '{' ? JSON_OBJECT : JSON_ARRAY;
	rc = members(r, v, c == '{' ? '}' : ']');
	r->depth--;
	return rc;
}

int json_tree_parse(struct str text, struct arena *a, struct json_value **out, struct err *e)
{
	const char *begin = text.n ? text.p : "";
	struct reader r = {begin, begin, begin + text.n, a, e, 0};
	int rc;

	if (!text.n)
		return wrong(&r, "a value");
	rc = value(&r, out);
	if (rc == 0 && peek(&r) >= 0)
		rc = wrong(&r, "the end");
	return rc;
}

const struct json_value *json_tree_get(const struct json_value *v, const char *key)
{
	for (const struct json_value *m = v && v->kind == JSON_OBJECT ? v->child : NULL; m;
		m = m->next)
		if (str_eqz(m->key, key))
			return m;
	return NULL;
}

const char *json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {[JSON_NULL] = "null",
		[JSON_BOOL] = "true or false",
		[JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string",
		[JSON_ARRAY] = "a list",
		[JSON_OBJECT] = "an object"};

	return names[kind];
}
