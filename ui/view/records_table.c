/* The rows of the records screen: cells, filter, and rows as lines of a file. */
#include "view/records.h"

#include <stdio.h>

#include "base/json.h"
#include "base/utf8.h"
#include "model/value.h"

enum { COL_PART, COL_OFFSET, COL_TIME, COL_KEY, COL_VALUE, COL_SIZE, COL_COUNT };

static const struct table_col cols[COL_COUNT] = {
	[COL_PART] = {"PART", 4, 4, 6, 0, ALIGN_RIGHT},
	[COL_OFFSET] = {"OFFSET", 7, 7, 16, 0, ALIGN_RIGHT},
	[COL_TIME] = {"TIME", 8, 12, 12, 2, ALIGN_LEFT},
	[COL_KEY] = {"KEY", 6, 12, 28, 0, ALIGN_LEFT},
	[COL_VALUE] = {"VALUE", 12, 60, 0, 0, ALIGN_LEFT},
	[COL_SIZE] = {"SIZE", 8, 8, 9, 3, ALIGN_RIGHT},
};

/* How much of a record a filter looks at. */
#define FILTER_LOOK 65536

const struct browse_record *records_at(const struct records *v, size_t row)
{
	const struct record_window *w;
	uint64_t oldest;

	if (!v->browse || row >= v->rows.n)
		return NULL;
	w = &v->browse->window;
	oldest = w->appended - w->n;
	return v->rows.v[row] < oldest ? NULL : window_at(w, (size_t)(v->rows.v[row] - oldest));
}

/* "14:14:02.123" of today, else "11-21 14:14". */
static void put_time(const struct records *v, const struct browse_record *r, struct buf *text)
{
	struct buf then = BUF_EMPTY, now = BUF_EMPTY;
	const char *z;

	fmt_time(&then, r->timestamp);
	fmt_time(&now, clock_wall_ms(v->ctx->clock));
	z = buf_z(&then);
	if (then.n < 23 || now.n < 23)
		buf_puts(text, z);
	else if (memcmp(then.p, now.p, 10) == 0)
		buf_puts(text, z + 11);
	else if (memcmp(then.p, now.p, 4) == 0)
		buf_put(text, z + 5, 11);
	else
		buf_put(text, z, 10);
	buf_fini(&then);
	buf_fini(&now);
}

static void put_cell_bytes(struct buf *text, struct slice s, enum style *style)
{
	value_line(text, s, RECORD_LINE_MAX);
	if (!s.p)
		*style = STYLE_DIM;
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	const struct records *v = arg;
	const struct browse_record *r = records_at(v, row);

	if (!r)
		return;
	switch (col) {
	case COL_PART:
		buf_printf(text, "%d", r->partition);
		break;
	case COL_OFFSET:
		fmt_count(text, r->offset);
		break;
	case COL_TIME:
		put_time(v, r, text);
		break;
	case COL_KEY:
		put_cell_bytes(text, r->key, style);
		break;
	case COL_VALUE:
		put_cell_bytes(text, r->value, style);
		break;
	case COL_SIZE:
		fmt_bytes(text, (int64_t)(r->key.n + r->value.n));
		break;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	const struct browse_record *r = records_at(arg, row);

	return r ? r->serial : 0;
}

static const struct table_ops table_ops = {cell, row_id, NULL};

void records_table_init(struct records *v)
{
	filter_init(&v->filter);
	table_init(&v->table, cols, COL_COUNT, &table_ops, v);
	v->table.sort_col = -1;
}

void records_table_fini(struct records *v)
{
	table_fini(&v->table);
	filter_fini(&v->filter);
	vec_fini(&v->rows);
}

void records_table_restart(struct records *v)
{
	vec_clear(&v->rows);
	v->seen = 0;
	v->generation = UINT64_MAX;
}

static bool takes(const struct records *v, const struct browse_record *r)
{
	struct buf text = BUF_EMPTY;
	bool yes;

	if (!filter_active(&v->filter))
		return true;
	value_line(&text, r->key, FILTER_LOOK);
	buf_putc(&text, ' ');
	value_line(&text, r->value, FILTER_LOOK);
	yes = filter_match(&v->filter, buf_str(&text));
	buf_fini(&text);
	return yes;
}

/* Rows whose records have left the window at its old end. */
static void drop_gone(struct records *v, uint64_t oldest)
{
	size_t gone = 0;

	while (gone < v->rows.n && v->rows.v[gone] < oldest)
		gone++;
	if (!gone)
		return;
	memmove(v->rows.v, v->rows.v + gone, (v->rows.n - gone) * sizeof(*v->rows.v));
	v->rows.n -= gone;
}

/* Only what is new is looked at: a window holds tens of thousands. */
void records_table_update(struct records *v)
{
	const struct record_window *w = &v->browse->window;
	uint64_t oldest = w->appended - w->n;
	bool at_end = v->rows.n == 0 || v->table.cursor + 1 >= v->rows.n;

	if (v->generation == w->generation)
		return;
	v->generation = w->generation;
	drop_gone(v, oldest);
	if (v->seen < oldest)
		v->seen = oldest;
	for (; v->seen < w->appended; v->seen++)
		if (takes(v, window_at(w, (size_t)(v->seen - oldest))))
			vec_push(&v->rows, v->seen);
	table_set_rows(&v->table, v->rows.n);
	if (at_end && v->spec.follow && v->rows.n)
		table_set_cursor(&v->table, v->rows.n - 1);
}

/* ---- rows of a file -------------------------------------------------------------------------- */

/* Text as it is; bytes that are none as hex under another name, so that nothing is lost. */
static void put_json_bytes(struct json *j, const char *name, struct slice s)
{
	struct buf hex = BUF_EMPTY;
	char other[32];

	if (!s.p || utf8_valid(s)) {
		json_kstr(j, name, str_slice(s));
		return;
	}
	for (size_t i = 0; i < s.n; i++)
		buf_printf(&hex, "%02x", s.p[i]);
	snprintf(other, sizeof(other), "%sHex", name);
	json_kstr(j, other, buf_str(&hex));
	buf_fini(&hex);
}

static void put_json(const struct records *v, const struct browse_record *r, struct buf *out)
{
	struct slice rest = r->headers, value;
	struct str name;
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kstr(&j, "topic", buf_str(&v->topic));
	json_kint(&j, "partition", r->partition);
	json_kint(&j, "offset", r->offset);
	json_kint(&j, "timestamp", r->timestamp);
	json_kz(&j, "timestampType", r->append_time ? "LogAppendTime" : "CreateTime");
	json_key(&j, "headers");
	json_array(&j);
	while (browse_header_next(&rest, &name, &value)) {
		json_object(&j);
		json_kstr(&j, "key", name);
		put_json_bytes(&j, "value", value);
		json_object_end(&j);
	}
	json_array_end(&j);
	put_json_bytes(&j, "key", r->key);
	put_json_bytes(&j, "value", r->value);
	json_object_end(&j);
}

/* Null is nothing between the commas, an empty value is "". */
static void put_csv_bytes(struct buf *out, struct slice s)
{
	buf_putc(out, ',');
	if (!s.p)
		return;
	if (utf8_valid(s)) {
		export_csv(out, str_slice(s));
		return;
	}
	buf_puts(out, "0x");
	for (size_t i = 0; i < s.n; i++)
		buf_printf(out, "%02x", s.p[i]);
}

static void put_csv(const struct records *v, const struct browse_record *r, struct buf *out)
{
	struct slice rest = r->headers, value;
	struct buf headers = BUF_EMPTY;
	struct str name;

	export_csv(out, buf_str(&v->topic));
	buf_printf(
		out, ",%d,%lld,%lld", r->partition, (long long)r->offset, (long long)r->timestamp);
	put_csv_bytes(out, r->key);
	put_csv_bytes(out, r->value);
	while (browse_header_next(&rest, &name, &value)) {
		buf_puts(&headers, headers.n ? ";" : "");
		buf_put_str(&headers, name);
		buf_putc(&headers, '=');
		value_line(&headers, value, RECORD_LINE_MAX);
	}
	put_csv_bytes(out, headers.n ? buf_slice(&headers) : SLICE_NULL);
	buf_fini(&headers);
}

void records_export_row(void *arg, ptrdiff_t row, enum export_format format, struct buf *out)
{
	const struct records *v = arg;
	const struct browse_record *r = row < 0 ? NULL : records_at(v, (size_t)row);

	if (row < 0)
		buf_puts(out, "topic,partition,offset,timestamp,key,value,headers");
	else if (!r)
		return;
	else if (format == EXPORT_CSV)
		put_csv(v, r, out);
	else
		put_json(v, r, out);
	buf_putc(out, '\n');
}
