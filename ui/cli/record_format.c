/* A record as Kafka's DefaultMessageFormatter prints it, and as JSON. */
#include "base/json.h"
#include "cli/impl.h"
#include <string.h>

void record_format_init(struct record_format *f)
{
	*f = (struct record_format){.key_separator = "\t",
		.line_separator = "\n",
		.headers_separator = ",",
		.null_literal = "null"};
}

int record_format_set(struct record_format *f, const char *property, struct err *e)
{
	const struct text_property all[] = {
		{"print.timestamp", .flag = &f->timestamp},
		{"print.partition", .flag = &f->partition},
		{"print.offset", .flag = &f->offset},
		{"print.delivery", .flag = &f->delivery},
		{"print.epoch", .flag = &f->epoch},
		{"print.headers", .flag = &f->headers},
		{"print.key", .flag = &f->key},
		{"print.value", .flag = &f->no_value, .inverted = true},
		{"key.separator", .text = &f->key_separator},
		{"line.separator", .text = &f->line_separator},
		{"headers.separator", .text = &f->headers_separator},
		{"null.literal", .text = &f->null_literal},
	};
	return text_property_set(all, ARRAY_LEN(all), property, e);
}

static void put_bytes(const struct record_format *f, struct slice s, struct buf *out)
{
	if (s.p)
		buf_put_slice(out, s);
	else
		buf_puts(out, f->null_literal);
}

static const char *time_name(enum consumer_time t)
{
	return t == CONSUMER_CREATE_TIME       ? "CreateTime"
	       : t == CONSUMER_LOG_APPEND_TIME ? "LogAppendTime"
					       : "NO_TIMESTAMP";
}

static void put_headers(
	const struct record_format *f, const struct traffic_header *h, size_t n, struct buf *out)
{
	if (!n)
		buf_puts(out, "NO_HEADERS");
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_puts(out, f->headers_separator);
		buf_put_str(out, h[i].name);
		buf_putc(out, ':');
		put_bytes(f, h[i].value, out);
	}
}

/* The separator stands between what is printed. */
static void next(const struct record_format *f, struct buf *out, const char **sep)
{
	buf_puts(out, *sep);
	*sep = f->key_separator;
}

void record_format_put(const struct record_format *f, const struct consumer_record *r,
	const struct traffic_header *h, size_t n_headers, struct buf *out)
{
	const char *sep = "";
	bool any = f->timestamp || f->partition || f->offset || f->delivery || f->epoch ||
		   f->headers || f->key || !f->no_value;
	if (f->nothing)
		return;
	if (f->timestamp) {
		next(f, out, &sep);
		buf_puts(out, time_name(r->time));
		if (r->time != CONSUMER_NO_TIME)
			buf_printf(out, ":%lld", (long long)r->timestamp);
	}
	if (f->partition) {
		next(f, out, &sep);
		buf_printf(out, "Partition:%d", r->partition);
	}
	if (f->offset) {
		next(f, out, &sep);
		buf_printf(out, "Offset:%lld", (long long)r->offset);
	}
	if (f->delivery) {
		next(f, out, &sep);
		buf_puts(out, "Delivery:NOT_PRESENT");
	}
	if (f->epoch) {
		next(f, out, &sep);
		if (r->leader_epoch >= 0)
			buf_printf(out, "Epoch:%d", r->leader_epoch);
		else
			buf_puts(out, "Epoch:NOT_PRESENT");
	}
	if (f->headers) {
		next(f, out, &sep);
		put_headers(f, h, n_headers, out);
	}
	if (f->key) {
		next(f, out, &sep);
		put_bytes(f, r->key, out);
	}
	if (!f->no_value) {
		next(f, out, &sep);
		put_bytes(f, r->value, out);
	}
	if (any)
		buf_puts(out, f->line_separator);
}

void record_format_json(const struct consumer_record *r, const struct traffic_header *h,
	size_t n_headers, struct buf *out)
{
	struct json j;
	json_init(&j, out);
	json_object(&j);
	json_place(&j, r->topic, r->partition);
	json_kint(&j, "offset", r->offset);
	json_kint(&j, "timestamp", r->timestamp);
	json_kz(&j, "timestampType", time_name(r->time));
	json_key(&j, "headers");
	json_array(&j);
	for (size_t i = 0; i < n_headers; i++) {
		json_object(&j);
		json_kstr(&j, "key", h[i].name);
		json_kstr(&j, "value", str_slice(h[i].value));
		json_object_end(&j);
	}
	json_array_end(&j);
	json_kstr(&j, "key", str_slice(r->key));
	json_kstr(&j, "value", str_slice(r->value));
	json_object_end(&j);
	buf_putc(out, '\n');
}
