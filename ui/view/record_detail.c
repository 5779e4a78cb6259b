/* See record_detail.h. */
#include "view/record_detail.h"

#include "model/value.h"

#define SHOWN_MAX  ((size_t)4 << 20) /* bytes of text or hex that are laid out */
#define LINE_SHOWN 1000

const char *const record_tab_names[RECORD_TABS] = {"Value", "Key", "Headers"};
static const char *const format_names[RECORD_FORMATS] = {"as it is", "text", "hex"};

void record_detail_init(struct record_detail *d)
{
	*d = (struct record_detail){0};
	tree_init(&d->tree);
	viewer_init(&d->viewer, true);
}

void record_detail_fini(struct record_detail *d)
{
	tree_fini(&d->tree);
	viewer_fini(&d->viewer);
	buf_fini(&d->key);
	buf_fini(&d->value);
	buf_fini(&d->headers);
}

/* The bytes of the open tab; p == NULL for null. */
static struct slice bytes_of(const struct record_detail *d)
{
	const struct buf *b = d->tab == RECORD_TAB_VALUE ? &d->value
			      : d->tab == RECORD_TAB_KEY ? &d->key
							 : &d->headers;

	if ((d->tab == RECORD_TAB_VALUE && d->null_value) ||
		(d->tab == RECORD_TAB_KEY && d->null_key))
		return SLICE_NULL;
	return slice_of(b->p ? b->p : (const uint8_t *)"", b->n);
}

static void put_text(const struct record_detail *d, struct slice s, struct buf *out)
{
	enum value_kind kind = value_kind(s);
	bool hex = d->format == RECORD_HEX || (d->format == RECORD_AUTO && kind == VALUE_BINARY);

	if (d->tab == RECORD_TAB_HEADERS)
		buf_put_slice(out, s);
	else if (!s.p)
		buf_puts(out, d->tab == RECORD_TAB_KEY
				      ? "null: the record has no key"
				      : "null: no value at all. In a compacted topic it deletes "
					"its key.");
	else if (!s.n)
		buf_puts(out, "empty: a value of 0 bytes");
	else if (hex ? !value_hex(out, s, 0, SHOWN_MAX / 4) : !value_text(out, s, true, SHOWN_MAX))
		buf_puts(out, "\nlonger than what is shown here: x saves all of it");
}

/* Lays out what the tab shows. */
static void lay_out(struct record_detail *d)
{
	struct slice s = bytes_of(d);
	struct buf text = BUF_EMPTY;

	d->as_tree = d->tab != RECORD_TAB_HEADERS && d->format == RECORD_AUTO &&
		     value_kind(s) == VALUE_JSON && tree_set(&d->tree, str_slice(s));
	if (d->as_tree)
		return;
	(void)tree_set(&d->tree, STR_LIT(""));
	put_text(d, s, &text);
	viewer_set(&d->viewer, buf_str(&text));
	buf_fini(&text);
}

static void copy(struct buf *out, struct slice s)
{
	buf_clear(out);
	buf_put_slice(out, s);
}

static void put_headers(struct buf *out, const struct browse_record *r)
{
	struct slice rest = r->headers, value;
	struct str name;

	buf_clear(out);
	while (browse_header_next(&rest, &name, &value)) {
		value_text(out, slice_str(name), false, LINE_SHOWN);
		buf_puts(out, ": ");
		value_line(out, value, LINE_SHOWN);
		buf_putc(out, '\n');
	}
	if (!out->n)
		buf_puts(out, "the record has no headers");
}

void record_detail_show(struct record_detail *d, const struct browse_record *r)
{
	d->open = true;
	d->serial = r->serial;
	d->partition = r->partition;
	d->offset = r->offset;
	d->timestamp = r->timestamp;
	d->append_time = r->append_time;
	d->null_key = !r->key.p;
	d->null_value = !r->value.p;
	d->n_headers = r->n_headers;
	copy(&d->key, r->key);
	copy(&d->value, r->value);
	put_headers(&d->headers, r);
	lay_out(d);
}

void record_detail_tab(struct record_detail *d, int tab)
{
	d->tab = tab;
	lay_out(d);
}

const char *record_detail_format(struct record_detail *d)
{
	d->format = (d->format + 1) % RECORD_FORMATS;
	if (d->open)
		lay_out(d);
	return format_names[d->format];
}

struct str record_detail_text(const struct record_detail *d)
{
	if (d->as_tree && d->tree.cursor < d->tree.nodes.n)
		return d->tree.nodes.v[d->tree.cursor].value;
	return str_slice(bytes_of(d));
}

/* ---- drawing ------------------------------------------------------------------------------- */

static void draw_head(const struct record_detail *d, const struct surface *s)
{
	struct buf b = BUF_EMPTY;

	buf_printf(&b, "partition %d   offset ", d->partition);
	fmt_count(&b, d->offset);
	buf_puts(&b, "   ");
	fmt_time(&b, d->timestamp);
	buf_puts(&b, d->append_time ? " (broker's clock)   " : "   ");
	fmt_bytes(&b, (int64_t)(d->key.n + d->value.n));
	surface_field(s, 1, 0, s->cols - 2, ALIGN_LEFT, STYLE_NORMAL, buf_str(&b));
	buf_clear(&b);
	value_line(&b,
		d->null_key ? SLICE_NULL : slice_of(d->key.p ? d->key.p : (uint8_t *)"", d->key.n),
		LINE_SHOWN);
	surface_puts(s, 1, 1, STYLE_DIM, "key");
	surface_field(s, 5, 1, s->cols - 6, ALIGN_LEFT, d->null_key ? STYLE_DIM : STYLE_NORMAL,
		buf_str(&b));
	buf_fini(&b);
}

static void draw_rule(const struct record_detail *d, const struct surface *s, int y)
{
	static const char *const whats[RECORD_TABS] = {"value", "key", "headers"};
	struct slice v = bytes_of(d);
	struct buf b = BUF_EMPTY;

	buf_puts(&b, whats[d->tab]);
	if (d->tab == RECORD_TAB_HEADERS) {
		buf_printf(&b, "   %d", d->n_headers);
	} else if (v.p) {
		buf_printf(&b, "   %s   ", value_kind_name(value_kind(v)));
		fmt_bytes(&b, (int64_t)v.n);
	}
	if (d->format != RECORD_AUTO && d->tab != RECORD_TAB_HEADERS)
		buf_printf(&b, "   as %s", format_names[d->format]);
	surface_rule(s, y, buf_str(&b));
	buf_fini(&b);
}

void record_detail_draw(struct record_detail *d, const struct surface *s)
{
	int head = s->rows >= 6 ? 3 : 0;
	struct surface body = surface_sub(s, 1, head, s->cols - 1, s->rows - head);

	if (head) {
		draw_head(d, s);
		draw_rule(d, s, 2);
	}
	if (d->as_tree)
		tree_draw(&d->tree, &body);
	else
		viewer_draw(&d->viewer, &body);
}

unsigned record_detail_event(struct record_detail *d, const struct event *e)
{
	return d->as_tree ? tree_event(&d->tree, e) : viewer_event(&d->viewer, e);
}
