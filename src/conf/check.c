/* What a value may be: parsing by type, bounds, choices, and the words that say what was expected.
 */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "conf/conf.h"

#define NUMBER_TEXT 64 /* longer texts are no numbers */

static struct str trim(struct str s)
{
	while (s.n && (uint8_t)s.p[0] <= ' ') {
		s.p++;
		s.n--;
	}
	while (s.n && (uint8_t)s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

static bool eq_nocase(struct str s, const char *z)
{
	return s.p && s.n == strlen(z) && strncasecmp(s.p, z, s.n) == 0;
}

bool conf_parse_bool(struct str text, bool *out)
{
	text = trim(text);
	*out = eq_nocase(text, "true");
	return *out || eq_nocase(text, "false");
}

/* Without blanks and with a NUL; 0: it cannot be a number. */
static size_t number_text(struct str text, char z[static NUMBER_TEXT])
{
	text = trim(text);
	if (text.n == 0 || text.n >= NUMBER_TEXT)
		return 0;
	memcpy(z, text.p, text.n);
	z[text.n] = 0;
	return text.n;
}

bool conf_parse_long(struct str text, int64_t *out)
{
	char z[NUMBER_TEXT], *end;
	size_t digit, n = number_text(text, z);

	if (n == 0)
		return false;
	digit = z[0] == '-' || z[0] == '+';
	if (z[digit] < '0' || z[digit] > '9')
		return false;
	errno = 0;
	*out = strtoll(z, &end, 10);
	return errno == 0 && end == z + n;
}

bool conf_parse_address(struct str text, struct str *host, uint16_t *port)
{
	const char *colon = text.n ? memrchr(text.p, ':', text.n) : NULL;
	int64_t n;

	if (!colon ||
		!conf_parse_long(
			(struct str){colon + 1, (size_t)(text.p + text.n - colon - 1)}, &n) ||
		n < 0 || n > UINT16_MAX)
		return false;
	*port = (uint16_t)n;
	*host = (struct str){text.p, (size_t)(colon - text.p)};
	if (host->n >= 2 && host->p[0] == '[' && host->p[host->n - 1] == ']')
		*host = (struct str){host->p + 1, host->n - 2};
	return true;
}

bool conf_parse_listener(struct str text, struct str *name, struct str *host, uint16_t *port)
{
	const char *mark = text.n ? memmem(text.p, text.n, "://", 3) : NULL;

	if (!mark || mark == text.p)
		return false;
	*name = (struct str){text.p, (size_t)(mark - text.p)};
	return conf_parse_address((struct str){mark + 3, text.n - name->n - 3}, host, port);
}

bool conf_parse_double(struct str text, double *out)
{
	char z[NUMBER_TEXT], *end;
	size_t n = number_text(text, z);
	locale_t c_locale;
	bool ok;

	if (n == 0 || strspn(z, "0123456789+-.eE") != n)
		return false;
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!c_locale)
		return false;
	*out = strtod_l(z, &end, c_locale);
	ok = end == z + n && isfinite(*out);
	freelocale(c_locale);
	return ok;
}

bool conf_list_next(struct str *rest, struct str *item)
{
	while (rest->n) {
		const char *comma = memchr(rest->p, ',', rest->n);
		size_t n = comma ? (size_t)(comma - rest->p) : rest->n;

		*item = trim((struct str){rest->p, n});
		rest->p += comma ? n + 1 : n;
		rest->n -= comma ? n + 1 : n;
		if (item->n)
			return true;
	}
	return false;
}

bool conf_list_has(struct str list, const char *wanted)
{
	struct str item;

	while (conf_list_next(&list, &item))
		if (str_eqz(item, wanted))
			return true;
	return false;
}

/* ---- bounds -------------------------------------------------------------------------------- */

static void bounds(const struct conf_def *def, int64_t *min, int64_t *max)
{
	int64_t low = def->type == CONF_INT     ? INT32_MIN
		      : def->type == CONF_SHORT ? INT16_MIN
						: INT64_MIN;
	int64_t high = def->type == CONF_INT     ? INT32_MAX
		       : def->type == CONF_SHORT ? INT16_MAX
						 : INT64_MAX;

	*min = low;
	*max = high;
	if (def->min == 0 && def->max == 0)
		return;
	*min = max_i64(low, def->min);
	*max = min_i64(high, def->max);
}

static bool is_bounded(const struct conf_def *def)
{
	return def->min != 0 || def->max != 0;
}

static bool fits_long(const struct conf_def *def, struct str value)
{
	int64_t v, min, max;

	bounds(def, &min, &max);
	return conf_parse_long(value, &v) && v >= min && v <= max;
}

static bool fits_double(const struct conf_def *def, struct str value)
{
	double v;

	if (!conf_parse_double(value, &v))
		return false;
	return !is_bounded(def) || (v >= (double)def->min && v <= (double)def->max);
}

/* Is s one of "a|b|c"? */
static bool is_choice(const char *values, struct str s)
{
	for (;;) {
		size_t n = strcspn(values, "|");

		if (n == s.n && memcmp(values, s.p, n) == 0)
			return true;
		if (!values[n])
			return false;
		values += n + 1;
	}
}

/* Every item is one of the choices, and none stands there twice. */
static bool fits_list(const struct conf_def *def, struct str value)
{
	struct str rest = trim(value), item, again, other;

	if (!def->values)
		return true;
	if (rest.n && rest.p[rest.n - 1] == ',')
		return false;
	while (conf_list_next(&rest, &item)) {
		if (!is_choice(def->values, item))
			return false;
		again = rest;
		while (conf_list_next(&again, &other))
			if (str_eq(item, other))
				return false;
	}
	return true;
}

static bool fits(const struct conf_def *def, struct str value)
{
	bool unused;

	switch (def->type) {
	case CONF_BOOL:
		return conf_parse_bool(value, &unused);
	case CONF_INT:
	case CONF_SHORT:
	case CONF_LONG:
		return fits_long(def, value);
	case CONF_DOUBLE:
		return fits_double(def, value);
	case CONF_LIST:
		return fits_list(def, value);
	case CONF_STRING:
	case CONF_CLASS:
	case CONF_PASSWORD:
		return !def->values || is_choice(def->values, value);
	}
	return false;
}

/* ---- words --------------------------------------------------------------------------------- */

static void put_choices(const char *values, struct buf *out)
{
	for (const char *p = values; *p; p++)
		if (*p == '|')
			buf_puts(out, ", ");
		else
			buf_putc(out, *p);
}

static void put_range(const struct conf_def *def, const char *what, struct buf *out)
{
	int64_t min, max;

	buf_puts(out, what);
	bounds(def, &min, &max);
	if (def->type == CONF_LONG || def->type == CONF_DOUBLE) {
		if (!is_bounded(def))
			return;
		if (max == INT64_MAX) {
			buf_printf(out, " of at least %lld", (long long)min);
			return;
		}
	}
	buf_printf(out, " from %lld to %lld", (long long)min, (long long)max);
}

void conf_expected(const struct conf_def *def, struct buf *out)
{
	switch (def->type) {
	case CONF_BOOL:
		buf_puts(out, "true or false");
		break;
	case CONF_INT:
	case CONF_SHORT:
	case CONF_LONG:
		put_range(def, "a whole number", out);
		break;
	case CONF_DOUBLE:
		put_range(def, "a number", out);
		break;
	case CONF_LIST:
		buf_puts(out, "a comma-separated list");
		if (def->values) {
			buf_puts(out, " of: ");
			put_choices(def->values, out);
		}
		break;
	case CONF_STRING:
	case CONF_CLASS:
	case CONF_PASSWORD:
		buf_puts(out, def->values ? "one of: " : "a text");
		if (def->values)
			put_choices(def->values, out);
		break;
	}
}

const char *conf_type_name(enum conf_type type)
{
	switch (type) {
	case CONF_BOOL:
		return "boolean";
	case CONF_STRING:
		return "string";
	case CONF_INT:
		return "int";
	case CONF_SHORT:
		return "short";
	case CONF_LONG:
		return "long";
	case CONF_DOUBLE:
		return "double";
	case CONF_LIST:
		return "list";
	case CONF_CLASS:
		return "class";
	case CONF_PASSWORD:
		return "password";
	}
	return "unknown";
}

/* The default where there is one, else the smallest number or the first choice. */
static void put_example(const struct conf_def *def, struct buf *out)
{
	if (def->def && def->def[0])
		buf_puts(out, def->def);
	else if (def->values)
		buf_put(out, def->values, strcspn(def->values, "|"));
	else if (def->type == CONF_BOOL)
		buf_puts(out, "true");
	else
		buf_printf(out, "%lld", (long long)max_i64(def->min, 1));
}

static int refuse(const struct conf_def *def, struct str value, struct err *e)
{
	struct buf text = BUF_EMPTY;

	buf_puts(&text, "expected ");
	conf_expected(def, &text);
	if (def->type != CONF_LIST || def->values) {
		buf_printf(&text, ", for example %s=", def->name);
		put_example(def, &text);
	}
	if (def->type == CONF_PASSWORD)
		value = STR_LIT("[hidden]");
	if (str_is_null(value))
		err_set(e, ERR_INVALID, "%s has no value: %s", def->name, buf_z(&text));
	else
		err_set(e, ERR_INVALID, "%s=%.*s: %s", def->name, (int)min_size(value.n, 100),
			value.p, buf_z(&text));
	buf_fini(&text);
	return ERR_INVALID;
}

int conf_check(const struct conf_def *def, struct str value, struct err *e)
{
	if (str_is_null(value))
		return def->def ? refuse(def, value, e) : 0;
	if (!fits(def, value))
		return refuse(def, value, e);
	return def->check ? def->check(def, value, e) : 0;
}
