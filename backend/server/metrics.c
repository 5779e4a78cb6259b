/* The form of the text: escapes, commas, line ends. */
#include "server/metrics.h"

#include <stdio.h>

#include "base/utf8.h"

void metrics_family(struct metrics *m, const char *name, const char *type, const char *help)
{
	m->name = name;
	m->suffix = "";
	m->n_labels = 0;
	buf_printf(m->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_part(struct metrics *m, const char *suffix)
{
	m->suffix = suffix;
}

/* Backslash, quote and line end are escaped; what is no UTF-8 is replaced. */
static void put_escaped(struct buf *out, struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;
	uint32_t cp;

	while (p < end) {
		size_t n = utf8_decode(p, end, &cp);
		if (n == 0)
			buf_puts(out, "\xef\xbf\xbd");
		else if (cp == '\n')
			buf_puts(out, "\\n");
		else if (cp == '"' || cp == '\\')
			buf_printf(out, "\\%c", (char)cp);
		else
			buf_put(out, p, n);
		p += n ? n : 1;
	}
}

void metrics_label(struct metrics *m, const char *name, struct str value)
{
	if (m->n_labels++ == 0)
		buf_printf(m->out, "%s%s{", m->name, m->suffix);
	else
		buf_putc(m->out, ',');
	buf_printf(m->out, "%s=\"", name);
	put_escaped(m->out, value);
	buf_putc(m->out, '"');
}

void metrics_label_int(struct metrics *m, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	metrics_label(m, name, str_of(text));
}

static void end_name(struct metrics *m)
{
	if (m->n_labels)
		buf_puts(m->out, "} ");
	else
		buf_printf(m->out, "%s%s ", m->name, m->suffix);
	m->n_labels = 0;
}

void metrics_value(struct metrics *m, int64_t v)
{
	end_name(m);
	buf_printf(m->out, "%lld\n", (long long)v);
}

void metrics_seconds(struct metrics *m, int64_t us)
{
	end_name(m);
	buf_printf(m->out, "%lld.%06d\n", (long long)(us / 1000000), (int)(us % 1000000));
}

void metrics_one(struct metrics *m, const char *name, const char *type, const char *help, int64_t v)
{
	metrics_family(m, name, type, help);
	metrics_value(m, v);
}
