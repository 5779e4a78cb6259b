/*
 * Messages as text for a person: one field a line, two blanks a level, arrays of numbers on one
 * line. Only the fields that the version has; secrets, and the bytes of records, are not shown.
 */
#include "wire/msg.h"

#include "base/utf8.h"
#include "wire/msg_impl.h"
#include <inttypes.h>

struct printer {
	struct buf *out;
	int16_t version;
	int depth;
};

static void print_struct(struct printer *p, const struct msg_struct *s, const void *in);

/* A peer wrote it: what a terminal would obey is made visible. */
static void print_text(struct buf *out, struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = s.p ? p + s.n : p;
	char text[UTF8_SHOWN_MAX];
	size_t n;

	if (!s.p) {
		buf_puts(out, "null");
		return;
	}
	buf_putc(out, '"');
	while (p < end) {
		if (*p == '"' || *p == '\\')
			buf_putc(out, '\\');
		p += utf8_show(p, end, text, &n);
		buf_put(out, text, n);
	}
	buf_putc(out, '"');
}

static void print_hex(struct buf *out, struct slice s)
{
	if (!s.p) {
		buf_puts(out, "null");
		return;
	}
	buf_printf(out, "%zu bytes", s.n);
	for (size_t i = 0; i < s.n && i < 32; i++)
		buf_printf(out, "%s%02x", i ? "" : " ", s.p[i]);
	if (s.n > 32)
		buf_puts(out, "...");
}

static void print_records(struct buf *out, const struct records *rec)
{
	if (rec->chain)
		buf_printf(out, "%zu bytes of records", rec->chain->n);
	else if (rec->bytes.p)
		buf_printf(out, "%zu bytes of records", rec->bytes.n);
	else
		buf_puts(out, "null");
}

static void print_value(struct printer *p, const struct msg_field *f, const void *at)
{
	char text[UUID_TEXT];

	switch (f->type) {
	case MSG_BOOL:
		buf_puts(p->out, *(const bool *)at ? "true" : "false");
		break;
	case MSG_UUID:
		uuid_format(at, text);
		buf_puts(p->out, text);
		break;
	case MSG_STRING:
		print_text(p->out, *(const struct str *)at);
		break;
	case MSG_BYTES:
		print_hex(p->out, *(const struct slice *)at);
		break;
	case MSG_RECORDS:
		print_records(p->out, at);
		break;
	case MSG_STRUCT:
		print_struct(p, f->elem, at);
		break;
	default:
		buf_printf(p->out, "%" PRId64, msg_get_int(f->type, at));
		break;
	}
}

static void print_array(struct printer *p, const struct msg_field *f, const void *base)
{
	const uint8_t *v = field_target(f, base);
	int32_t n = field_count_of(f, base);

	if (n < 0) {
		buf_puts(p->out, "null");
		return;
	}
	buf_putc(p->out, '[');
	for (int32_t i = 0; i < n; i++) {
		if (i)
			buf_puts(p->out, ", ");
		print_value(p, f, v + (size_t)i * msg_value_size(f));
	}
	buf_putc(p->out, ']');
}

static void print_field(struct printer *p, const struct msg_field *f, const void *base)
{
	buf_fill(p->out, ' ', (size_t)p->depth * 2);
	buf_printf(p->out, "%s: ", f->name);
	if (f->sensitive)
		buf_puts(p->out, "(hidden)");
	else if (f->shape == MSG_ARRAY)
		print_array(p, f, base);
	else if (f->shape == MSG_ONE)
		print_value(p, f, field_of(f, base));
	else if (field_target(f, base))
		print_struct(p, f->elem, field_target(f, base));
	else
		buf_puts(p->out, "null");
	buf_putc(p->out, '\n');
}

static void print_struct(struct printer *p, const struct msg_struct *s, const void *in)
{
	buf_puts(p->out, "{\n");
	p->depth++;
	for (int i = 0; i < s->n_fields; i++) {
		const struct msg_field *f = &s->fields[i];
		if (!field_in(f, p->version))
			continue;
		if (field_tagged(f, p->version) && msg_field_is_default(f, in))
			continue;
		print_field(p, f, in);
	}
	p->depth--;
	buf_fill(p->out, ' ', (size_t)p->depth * 2);
	buf_putc(p->out, '}');
}

void msg_print(const struct msg_desc *d, int16_t version, const void *in, struct buf *out)
{
	struct printer p = {out, version, 0};

	buf_printf(out, "%s v%d ", d->name, version);
	print_struct(&p, d->body, in);
	buf_putc(out, '\n');
}
