/*
 * One writer for all messages. The same walk counts and writes: msg_encode counts first, which
 * finds every error before a byte is appended.
 */
#include "wire/msg.h"

#include "wire/msg_impl.h"
#include "wire/writer.h"

struct encoder {
	struct writer w;
	int16_t version;
	bool flexible;
};

static void encode_struct(struct encoder *e, const struct msg_struct *s, const void *in);

/* Length of a string, bytes or an array; -1 for null. */
static void encode_length(struct encoder *e, const struct msg_field *f, int64_t n, bool narrow)
{
	if (n < 0 && !field_nullable(f, e->version))
		writer_fail(&e->w, ERR_INVALID);
	else if (n > (narrow ? INT16_MAX : INT32_MAX - 1))
		writer_fail(&e->w, ERR_TOO_BIG);
	else if (e->flexible)
		writer_uvarint(&e->w, (uint32_t)(n + 1));
	else if (narrow)
		writer_i16(&e->w, (int16_t)n);
	else
		writer_i32(&e->w, (int32_t)n);
}

static void encode_bytes(
	struct encoder *e, const struct msg_field *f, const struct slice *s, bool narrow)
{
	encode_length(e, f, s->p ? (int64_t)s->n : -1, narrow);
	if (s->p && !e->w.err)
		writer_bytes(&e->w, s->p, s->n);
}

static void encode_records(struct encoder *e, const struct msg_field *f, const struct records *rec)
{
	if (!rec->chain) {
		encode_bytes(e, f, &rec->bytes, false);
		return;
	}
	encode_length(e, f, (int64_t)rec->chain->n, false);
	if (!e->w.err)
		writer_splice(&e->w, rec->chain);
}

static void encode_value(struct encoder *e, const struct msg_field *f, const void *at)
{
	struct slice s;

	switch (f->type) {
	case MSG_BOOL:
		writer_i8(&e->w, *(const bool *)at);
		break;
	case MSG_INT8:
		writer_i8(&e->w, *(const int8_t *)at);
		break;
	case MSG_INT16:
	case MSG_UINT16:
		writer_i16(&e->w, *(const int16_t *)at);
		break;
	case MSG_INT32:
		writer_i32(&e->w, *(const int32_t *)at);
		break;
	case MSG_INT64:
		writer_i64(&e->w, *(const int64_t *)at);
		break;
	case MSG_UUID:
		writer_bytes(&e->w, at, sizeof(struct uuid));
		break;
	case MSG_STRING:
		s = slice_str(*(const struct str *)at);
		encode_bytes(e, f, &s, true);
		break;
	case MSG_BYTES:
		encode_bytes(e, f, at, false);
		break;
	case MSG_RECORDS:
		encode_records(e, f, at);
		break;
	case MSG_STRUCT:
		encode_struct(e, f->elem, at);
		break;
	}
}

static void encode_array(struct encoder *e, const struct msg_field *f, const void *base)
{
	const uint8_t *v = field_target(f, base);
	int32_t n = field_count_of(f, base);
	size_t size = msg_value_size(f);

	if (n > field_cap(f))
		writer_fail(&e->w, ERR_TOO_BIG);
	encode_length(e, f, n, false);
	for (int32_t i = 0; i < n && !e->w.err; i++)
		encode_value(e, f, v + (size_t)i * size);
}

static void encode_pointer(struct encoder *e, const struct msg_field *f, const void *base)
{
	const void *v = field_target(f, base);

	if (field_nullable(f, e->version))
		writer_i8(&e->w, v ? 1 : -1);
	else if (!v)
		writer_fail(&e->w, ERR_INVALID);
	if (v)
		encode_struct(e, f->elem, v);
}

static void encode_field(struct encoder *e, const struct msg_field *f, const void *base)
{
	if (f->shape == MSG_ONE)
		encode_value(e, f, field_of(f, base));
	else if (f->shape == MSG_ARRAY)
		encode_array(e, f, base);
	else
		encode_pointer(e, f, base);
}

/* Tag, size and value of one field. The size comes from a walk that only counts. */
static void encode_tag(struct encoder *e, const struct msg_field *f, const void *base)
{
	struct encoder count;

	count.version = e->version;
	count.flexible = e->flexible;
	writer_init(&count.w, NULL);
	encode_field(&count, f, base);
	if (count.w.err) {
		writer_fail(&e->w, count.w.err);
		return;
	}
	writer_uvarint(&e->w, f->tag);
	writer_uvarint(&e->w, (uint32_t)count.w.n);
	encode_field(e, f, base);
}

static bool tag_is_sent(const struct encoder *e, const struct msg_field *f, const void *in)
{
	return f->tagged && field_in(f, e->version) && field_tagged(f, e->version) &&
	       !msg_field_is_default(f, in);
}

/* In the order of their numbers; those with a default are left out. */
static void encode_tags(struct encoder *e, const struct msg_struct *s, const void *in)
{
	uint32_t n = 0;
	int highest = -1;

	for (int i = 0; i < s->n_fields; i++) {
		if (!tag_is_sent(e, &s->fields[i], in))
			continue;
		n++;
		if (s->fields[i].tag > highest)
			highest = s->fields[i].tag;
	}
	writer_uvarint(&e->w, n);
	for (int tag = 0; tag <= highest; tag++)
		for (int i = 0; i < s->n_fields; i++)
			if (s->fields[i].tag == tag && tag_is_sent(e, &s->fields[i], in))
				encode_tag(e, &s->fields[i], in);
}

static void encode_struct(struct encoder *e, const struct msg_struct *s, const void *in)
{
	for (int i = 0; i < s->n_fields && !e->w.err; i++) {
		const struct msg_field *f = &s->fields[i];
		if (!field_in(f, e->version)) {
			if (!f->ignorable && !msg_field_is_default(f, in))
				writer_fail(&e->w, ERR_VERSION);
		} else if (!field_tagged(f, e->version)) {
			encode_field(e, f, in);
		}
	}
	if (e->flexible && !e->w.err)
		encode_tags(e, s, in);
}

static void encode(struct encoder *e, const struct msg_desc *d, int16_t version, const void *in,
	struct chain *out)
{
	writer_init(&e->w, out);
	e->version = version;
	e->flexible = version >= d->flexible;
	if (msg_has(d, version))
		encode_struct(e, d->body, in);
	else
		writer_fail(&e->w, ERR_VERSION);
}

int64_t msg_size(const struct msg_desc *d, int16_t version, const void *in)
{
	struct encoder e;

	encode(&e, d, version, in, NULL);
	return e.w.err ? e.w.err : (int64_t)e.w.n;
}

int msg_encode(const struct msg_desc *d, int16_t version, const void *in, struct chain *out)
{
	struct encoder e;
	int64_t n = msg_size(d, version, in);

	if (n < 0)
		return (int)n;
	encode(&e, d, version, in, out);
	writer_flush(&e.w);
	return e.w.err;
}

int msg_encode_buf(const struct msg_desc *d, int16_t version, const void *in, struct buf *out)
{
	struct chain c;
	int ret;

	chain_init(&c);
	ret = msg_encode(d, version, in, &c);
	if (!ret) {
		size_t n = out->n;
		ret = chain_flatten(&c, buf_extend(out, c.n));
		if (ret)
			buf_cut(out, n);
	}
	chain_fini(&c);
	return ret;
}
