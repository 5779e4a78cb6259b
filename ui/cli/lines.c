/* A line of standard input as a record, as Kafka's LineMessageReader takes it. */
#include "cli/impl.h"
#include <string.h>

void line_reader_init(struct line_reader *r)
{
	*r = (struct line_reader){.key_separator = "\t",
		.headers_delimiter = "\t",
		.headers_separator = ",",
		.headers_key_separator = ":"};
}

int line_reader_set(struct line_reader *r, const char *property, struct err *e)
{
	const struct text_property all[] = {
		{"parse.key", .flag = &r->parse_key},
		{"parse.headers", .flag = &r->parse_headers},
		{"ignore.error", .flag = &r->ignore_error},
		{"key.separator", .text = &r->key_separator, .filled = true},
		{"headers.delimiter", .text = &r->headers_delimiter, .filled = true},
		{"headers.separator", .text = &r->headers_separator, .filled = true},
		{"headers.key.separator", .text = &r->headers_key_separator, .filled = true},
		{"null.marker", .text = &r->null_marker, .filled = true},
	};
	return text_property_set(all, ARRAY_LEN(all), property, e);
}

/* Splits s at the first sep; false when there is none. */
static bool split(struct str s, const char *sep, struct str *head, struct str *tail)
{
	size_t n = strlen(sep);
	const char *at = s.n ? memmem(s.p, s.n, sep, n) : NULL;
	if (!at)
		return false;
	*head = (struct str){s.p, (size_t)(at - s.p)};
	*tail = (struct str){at + n, s.n - head->n - n};
	return true;
}

static struct slice nullable(const struct line_reader *r, struct str s)
{
	return r->null_marker && str_eqz(s, r->null_marker) ? SLICE_NULL : slice_str(s);
}

static int missing(const struct line_reader *r, struct str line, const char *what, const char *sep,
	struct err *e)
{
	return err_set(e, ERR_INVALID, "line %lld: no %s \"%s\" in \"%.*s\"",
		(long long)r->line_number, what, sep, (int)min_size(line.n, 200), line.p);
}

static int headers(
	const struct line_reader *r, struct str text, struct line_record *out, struct err *e)
{
	struct str one, rest = text;
	if (r->null_marker && str_eqz(text, r->null_marker))
		return 0;
	for (bool more = true; more;) {
		struct str name, value;
		text = rest;
		more = split(text, r->headers_separator, &one, &rest);
		if (!more)
			one = text;
		if (out->n_headers == LINE_MAX_HEADERS)
			return err_set(e, ERR_TOO_BIG, "line %lld: more than %d headers",
				(long long)r->line_number, LINE_MAX_HEADERS);
		if (!split(one, r->headers_key_separator, &name, &value))
			return missing(r, one, "header key separator", r->headers_key_separator, e);
		if (r->null_marker && str_eqz(name, r->null_marker))
			return err_set(e, ERR_INVALID, "line %lld: a header's key cannot be null",
				(long long)r->line_number);
		out->headers[out->n_headers++] = (struct traffic_header){name, nullable(r, value)};
	}
	return 0;
}

int line_reader_take(struct line_reader *r, struct str line, struct line_record *out, struct err *e)
{
	struct str head, rest = line;
	out->key = SLICE_NULL;
	out->n_headers = 0;
	r->line_number++;
	/* An empty line is an empty value, never null. */
	if (!rest.p)
		rest.p = "";
	if (r->parse_headers) {
		if (split(rest, r->headers_delimiter, &head, &rest)) {
			int status = headers(r, head, out, e);
			if (status < 0)
				return status;
		} else if (!r->ignore_error) {
			return missing(r, line, "headers delimiter", r->headers_delimiter, e);
		}
	}
	if (r->parse_key) {
		if (split(rest, r->key_separator, &head, &rest))
			out->key = nullable(r, head);
		else if (!r->ignore_error)
			return missing(r, line, "key separator", r->key_separator, e);
	}
	out->value = nullable(r, rest);
	return 0;
}
