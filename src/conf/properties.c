/*
 * Java's .properties files. Two steps, as the format is defined: natural lines are joined to
 * logical lines (comments and blank lines go, continued lines are put together), then a logical
 * line is cut into key and value and its escapes are resolved.
 */
#include "conf/properties.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/utf8.h"

struct reader {
	const uint8_t *p, *end;
	int line; /* of *p */
	bool latin1;
	const char *file;
	struct err *e;
	struct buf logical; /* the logical line, escapes still in it */
	struct buf key, value;
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

static bool is_end(uint8_t c)
{
	return c == '\n' || c == '\r';
}

static void skip_blanks(struct reader *r)
{
	while (r->p < r->end && is_blank(*r->p))
		r->p++;
}

/* To the character behind the line's end; \r\n is one end. */
static void skip_end(struct reader *r)
{
	if (r->p >= r->end)
		return;
	if (*r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n')
		r->p++;
	r->p++;
	r->line++;
}

static void skip_line(struct reader *r)
{
	while (r->p < r->end && !is_end(*r->p))
		r->p++;
	skip_end(r);
}

/* Appends the rest of a natural line; true when its end is escaped, so that the next one belongs to
 * it. The backslash that says so is dropped. */
static bool take_natural(struct reader *r)
{
	bool escaped = false;

	while (r->p < r->end && !is_end(*r->p)) {
		escaped = *r->p == '\\' && !escaped;
		buf_putc(&r->logical, (char)*r->p++);
	}
	if (escaped)
		r->logical.n--;
	skip_end(r);
	return escaped;
}

/* The next logical line that is neither blank nor a comment. False: end of the text. As in Java, a
 * line of a lone backslash is as if it were not there, but at the end of the text it is an entry
 * without a key. */
static bool next_logical(struct reader *r, int *line)
{
	buf_clear(&r->logical);
	while (r->p < r->end) {
		bool more;

		skip_blanks(r);
		if (r->p >= r->end)
			break;
		*line = r->line;
		if (is_end(*r->p) || *r->p == '#' || *r->p == '!') {
			skip_line(r);
			continue;
		}
		more = take_natural(r);
		while (more && r->logical.n && r->p < r->end) {
			skip_blanks(r);
			more = take_natural(r);
		}
		if (r->logical.n || (more && r->p >= r->end))
			return true;
	}
	return false;
}

static void put_cp(struct buf *out, uint32_t cp)
{
	char text[4];

	buf_put(out, text, utf8_encode(cp, text));
}

static int hex4(const uint8_t *p, const uint8_t *end, uint32_t *out)
{
	uint32_t v = 0;

	if (end - p < 4)
		return ERR_INVALID;
	for (int i = 0; i < 4; i++) {
		uint8_t c = p[i];
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			digit = c - 'A' + 10;
		else
			return ERR_INVALID;
		v = v << 4 | digit;
	}
	*out = v;
	return 0;
}

/* p is behind "\u". Two escapes that are a UTF-16 pair are one character; half a pair is U+FFFD. */
static int put_unicode(struct buf *out, const uint8_t **p, const uint8_t *end)
{
	uint32_t high, low;

	if (hex4(*p, end, &high) < 0 || high == 0)
		return ERR_INVALID;
	*p += 4;
	if (high >= 0xd800 && high < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' &&
		hex4(*p + 2, end, &low) == 0 && low >= 0xdc00 && low < 0xe000) {
		*p += 6;
		high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	} else if (high >= 0xd800 && high < 0xe000) {
		high = 0xfffd;
	}
	put_cp(out, high);
	return 0;
}

static int put_escape(struct buf *out, const uint8_t **p, const uint8_t *end)
{
	uint8_t c = *(*p)++;

	switch (c) {
	case 'u':
		return put_unicode(out, p, end);
	case 't':
		c = '\t';
		break;
	case 'n':
		c = '\n';
		break;
	case 'r':
		c = '\r';
		break;
	case 'f':
		c = '\f';
		break;
	}
	buf_putc(out, (char)c);
	return 0;
}

/* [p, end) with its escapes resolved. A backslash at the very end stands for nothing. */
static int unescape(struct reader *r, const uint8_t *p, const uint8_t *end, struct buf *out)
{
	buf_clear(out);
	while (p < end) {
		uint8_t c = *p++;

		if (c == 0)
			return ERR_INVALID;
		if (c == '\\' && p < end) {
			if (*p >= 0x80)
				continue;
			if (put_escape(out, &p, end) < 0)
				return ERR_INVALID;
		} else if (c >= 0x80 && r->latin1) {
			put_cp(out, c);
		} else if (c != '\\') {
			buf_putc(out, (char)c);
		}
	}
	return 0;
}

/* Where the key ends and the value begins. */
static void cut(
	const uint8_t *p, const uint8_t *end, const uint8_t **key_end, const uint8_t **value)
{
	bool escaped = false, separated = false;

	for (; p < end; p++) {
		if (!escaped && (*p == '=' || *p == ':' || is_blank(*p)))
			break;
		escaped = *p == '\\' && !escaped;
	}
	*key_end = p;
	for (; p < end; p++) {
		if (is_blank(*p))
			continue;
		if (separated || (*p != '=' && *p != ':'))
			break;
		separated = true;
	}
	*value = p;
}

static int take_entry(struct reader *r, int line, properties_fn *fn, void *arg)
{
	const uint8_t *p = r->logical.p, *end = p + r->logical.n;
	const uint8_t *key_end, *value;

	cut(p, end, &key_end, &value);
	if (unescape(r, p, key_end, &r->key) < 0 || unescape(r, value, end, &r->value) < 0)
		return err_set(r->e, ERR_INVALID,
			"%s:%d: a NUL, or \\u without four hexadecimal digits; a backslash is "
			"written \\\\",
			r->file, line);
	return fn(arg, str_of(buf_z(&r->key)), str_of(buf_z(&r->value)), line);
}

int properties_parse(
	struct slice text, const char *file, properties_fn *fn, void *arg, struct err *e)
{
	struct reader r = {.p = text.p, .line = 1, .file = file, .e = e};
	int rc = 0, line;

	if (text.n > PROPERTIES_MAX_BYTES)
		return err_set(e, ERR_TOO_BIG, "%s: more than %zu bytes are no settings file", file,
			PROPERTIES_MAX_BYTES);
	if (text.n == 0)
		return 0;
	r.end = text.p + text.n;
	r.latin1 = !utf8_valid(text);
	if (!r.latin1 && text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		r.p += 3;
	while (rc == 0 && next_logical(&r, &line))
		rc = take_entry(&r, line, fn, arg);
	buf_fini(&r.logical);
	buf_fini(&r.key);
	buf_fini(&r.value);
	return rc < 0 ? rc : 0;
}

static int slurp(int fd, const char *path, struct buf *out, struct err *e)
{
	for (;;) {
		ssize_t n = read(fd, buf_reserve(out, 8192), 8192);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, ERR_IO, errno, "%s", path);
		if (n == 0)
			return 0;
		out->n += (size_t)n;
		if (out->n > PROPERTIES_MAX_BYTES)
			return 0; /* properties_parse says so */
	}
}

int properties_read(const char *path, properties_fn *fn, void *arg, struct err *e)
{
	struct buf text = BUF_EMPTY;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "%s", path);
	rc = slurp(fd, path, &text, e);
	close(fd);
	if (rc == 0)
		rc = properties_parse(buf_slice(&text), path, fn, arg, e);
	buf_fini(&text);
	return rc;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void write_escape(struct buf *out, char c)
{
	buf_putc(out, '\\');
	buf_putc(out, c);
}

/* What is not ASCII is written as \u, so that it does not matter which encoding a reader takes. */
static const uint8_t *write_cp(struct buf *out, const uint8_t *p, const uint8_t *end)
{
	uint32_t cp;
	size_t n = utf8_decode(p, end, &cp);

	if (!n) {
		cp = 0xfffd;
		n = 1;
	}
	if (cp >= 0x10000)
		buf_printf(out, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10),
			0xdc00 + ((cp - 0x10000) & 0x3ff));
	else
		buf_printf(out, "\\u%04x", cp);
	return p + n;
}

static void write_text(struct buf *out, struct str s, bool key)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;
	bool first = true;

	for (; p < end; first = false) {
		uint8_t c = *p;

		if (c == 0 || (c < 0x20 && !strchr("\t\n\r\f", c))) {
			buf_printf(out, "\\u%04x", c);
			p++;
		} else if (c >= 0x7f) {
			p = write_cp(out, p, end);
		} else {
			const char *at = c < 0x20 ? strchr("\tt\nn\rr\ff", c) : NULL;

			if (at)
				write_escape(out, at[1]);
			else if (c == '\\' || (c == ' ' && (key || first)) ||
				 (key && strchr("=:#!", c)))
				write_escape(out, (char)c);
			else
				buf_putc(out, (char)c);
			p++;
		}
	}
}

void properties_write(struct buf *out, struct str key, struct str value)
{
	write_text(out, key, true);
	buf_putc(out, '=');
	write_text(out, value, false);
	buf_putc(out, '\n');
}
