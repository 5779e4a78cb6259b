/* The JSON writer (RFC 8259). */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

void json_init(struct json *j, struct buf *out)
{
	memset(j, 0, sizeof(*j));
	j->out = out;
	j->first[0] = true;
}

/* Before every value: a comma, unless it is the first or belongs to a key. */
static void separate(struct json *j)
{
	if (!j->first[j->depth] && !j->after_key)
		buf_putc(j->out, ',');
	j->first[j->depth] = false;
	j->after_key = false;
}

static void begin(struct json *j, char c)
{
	separate(j);
	buf_putc(j->out, c);
	assert(j->depth + 1 < JSON_MAX_DEPTH);
	j->first[++j->depth] = true;
}

static void end(struct json *j, char c)
{
	assert(j->depth > 0 && !j->after_key);
	j->depth--;
	buf_putc(j->out, c);
}

void json_object(struct json *j)
{
	begin(j, '{');
}

void json_object_end(struct json *j)
{
	end(j, '}');
}

void json_array(struct json *j)
{
	begin(j, '[');
}

void json_array_end(struct json *j)
{
	end(j, ']');
}

static void put_ascii(struct buf *b, char c)
{
	static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	for (size_t i = 0; i + 1 < sizeof(shorts); i += 2) {
		if (c != shorts[i])
			continue;
		buf_putc(b, '\\');
		buf_putc(b, shorts[i + 1]);
		return;
	}
	if ((unsigned char)c < 0x20 || c == 0x7f)
		buf_printf(b, "\\u%04x", (unsigned)c);
	else
		buf_putc(b, c);
}

static void put_quoted(struct buf *b, struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p, *stop = p + s.n;

	buf_putc(b, '"');
	while (p < stop) {
		uint32_t cp = 0;
		size_t n = utf8_decode(p, stop, &cp);

		if (n == 0)
			buf_puts(b, "\xef\xbf\xbd"); /* U+FFFD */
		else if (n == 1)
			put_ascii(b, (char)*p);
		else
			buf_put(b, p, n);
		p += n ? n : 1;
	}
	buf_putc(b, '"');
}

void json_key(struct json *j, const char *key)
{
	assert(!j->after_key);
	separate(j);
	put_quoted(j->out, str_of(key));
	buf_putc(j->out, ':');
	j->after_key = true;
}

void json_str(struct json *j, struct str s)
{
	if (str_is_null(s)) {
		json_null(j);
		return;
	}
	separate(j);
	put_quoted(j->out, s);
}

void json_z(struct json *j, const char *z)
{
	json_str(j, str_of(z));
}

void json_int(struct json *j, int64_t v)
{
	separate(j);
	buf_printf(j->out, "%" PRId64, v);
}

/* The shortest of three precisions that reads back as v. The locale may have another radix. */
void json_double(struct json *j, double v)
{
	char text[40];

	if (!isfinite(v)) {
		json_null(j);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) >= v && strtod(text, NULL) <= v)
			break;
	}
	separate(j);
	for (const char *p = text; *p; p++) {
		bool number = strchr("0123456789+-e.", *p) != NULL;

		/* the bytes of one radix character become one point */
		if (number || strchr("0123456789", p[1]))
			buf_putc(j->out, number ? *p : '.');
	}
}

void json_bool(struct json *j, bool v)
{
	separate(j);
	buf_puts(j->out, v ? "true" : "false");
}

void json_null(struct json *j)
{
	separate(j);
	buf_puts(j->out, "null");
}

void json_kstr(struct json *j, const char *key, struct str s)
{
	json_key(j, key);
	json_str(j, s);
}

void json_kz(struct json *j, const char *key, const char *z)
{
	json_key(j, key);
	json_z(j, z);
}

void json_kint(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_int(j, v);
}

void json_kbool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}

void json_kdouble(struct json *j, const char *key, double v)
{
	json_key(j, key);
	json_double(j, v);
}
