/*
 * One reader for all messages: walks a struct's field table. A count is checked against the bytes
 * that are left (each element takes at least its smallest encoding) and against the field's cap
 * before memory is taken, and the arena has a limit of its own. Depth is that of the tables.
 */
#include "wire/msg.h"

#include "wire/msg_impl.h"
#include "wire/reader.h"

struct decoder {
	struct reader r;
	struct arena *arena;
	int16_t version;
	bool flexible;
};

static void decode_struct(struct decoder *d, const struct msg_struct *s, void *out);

/* Fewest bytes of one value (not of an array of it) at this version. */
static size_t smallest_value(const struct decoder *d, const struct msg_field *f);

static size_t smallest_struct(const struct decoder *d, const struct msg_struct *s)
{
	size_t n = d->flexible ? 1 : 0;

	for (int i = 0; i < s->n_fields; i++) {
		const struct msg_field *f = &s->fields[i];
		if (!field_in(f, d->version) || field_tagged(f, d->version))
			continue;
		if (f->shape == MSG_ARRAY)
			n += d->flexible ? 1 : 4;
		else if (f->shape == MSG_POINTER)
			n += 1;
		else
			n += smallest_value(d, f);
	}
	return n;
}

static size_t smallest_value(const struct decoder *d, const struct msg_field *f)
{
	switch (f->type) {
	case MSG_STRING:
		return d->flexible ? 1 : 2;
	case MSG_BYTES:
	case MSG_RECORDS:
		return d->flexible ? 1 : 4;
	case MSG_STRUCT:
		return smallest_struct(d, f->elem);
	default:
		return msg_value_size(f);
	}
}

/* A count, or the length of a string (`narrow`) or bytes; -1 is null and allowed. A string is never
 * longer than its 16-bit length can say, in compact form neither. */
static int32_t decode_length(struct decoder *d, const struct msg_field *f, bool narrow)
{
	int32_t n;

	if (d->flexible)
		n = reader_compact(&d->r);
	else
		n = narrow ? reader_i16(&d->r) : reader_i32(&d->r);
	if (d->r.err)
		return 0;
	if (n < -1 || (narrow && n > INT16_MAX) || (n == -1 && !field_nullable(f, d->version))) {
		reader_fail(&d->r, ERR_INVALID);
		return 0;
	}
	return n;
}

static struct slice decode_bytes(struct decoder *d, const struct msg_field *f)
{
	int32_t n = decode_length(d, f, f->type == MSG_STRING);
	const uint8_t *p;

	if (n < 0)
		return SLICE_NULL;
	p = reader_take(&d->r, (size_t)n);
	return p ? slice_of(p, (size_t)n) : slice_of("", 0);
}

static void decode_value(struct decoder *d, const struct msg_field *f, void *at)
{
	const uint8_t *p;

	switch (f->type) {
	case MSG_BOOL:
		*(bool *)at = reader_i8(&d->r) != 0;
		break;
	case MSG_INT8:
		*(int8_t *)at = reader_i8(&d->r);
		break;
	case MSG_INT16:
	case MSG_UINT16:
		*(int16_t *)at = reader_i16(&d->r);
		break;
	case MSG_INT32:
		*(int32_t *)at = reader_i32(&d->r);
		break;
	case MSG_INT64:
		*(int64_t *)at = reader_i64(&d->r);
		break;
	case MSG_UUID:
		p = reader_take(&d->r, sizeof(struct uuid));
		if (p)
			memcpy(at, p, sizeof(struct uuid));
		break;
	case MSG_STRING:
	case MSG_BYTES:
	case MSG_RECORDS:
		msg_set_bytes(f->type, at, decode_bytes(d, f));
		break;
	case MSG_STRUCT:
		decode_struct(d, f->elem, at);
		break;
	}
}

static void decode_array(struct decoder *d, const struct msg_field *f, void *base)
{
	int32_t n = decode_length(d, f, false);
	size_t size = msg_value_size(f);
	uint8_t *v = NULL;

	if (d->r.err)
		return;
	*field_count(f, base) = n < 0 ? -1 : 0;
	*(void **)field_at(f, base) = NULL;
	if (n <= 0)
		return;
	if (n > field_cap(f)) {
		reader_fail(&d->r, ERR_TOO_BIG);
		return;
	}
	if ((size_t)n > reader_left(&d->r) ||
		(size_t)n * smallest_value(d, f) > reader_left(&d->r)) {
		reader_fail(&d->r, ERR_SHORT);
		return;
	}
	v = arena_array(d->arena, (size_t)n, size);
	if (!v) {
		reader_fail(&d->r, ERR_NOMEM);
		return;
	}
	*(void **)field_at(f, base) = v;
	for (int32_t i = 0; i < n && !d->r.err; i++) {
		*field_count(f, base) = i + 1;
		decode_value(d, f, v + (size_t)i * size);
	}
}

/* A struct that may be null has a byte in front: -1 null, else there. */
static void decode_pointer(struct decoder *d, const struct msg_field *f, void *base)
{
	int8_t there = field_nullable(f, d->version) ? reader_i8(&d->r) : 1;
	void *v;

	*(void **)field_at(f, base) = NULL;
	if (d->r.err || there < 0)
		return;
	v = arena_alloc(d->arena, f->elem->size);
	if (!v) {
		reader_fail(&d->r, ERR_NOMEM);
		return;
	}
	*(void **)field_at(f, base) = v;
	decode_struct(d, f->elem, v);
}

static void decode_field(struct decoder *d, const struct msg_field *f, void *base)
{
	if (f->shape == MSG_ONE)
		decode_value(d, f, field_at(f, base));
	else if (f->shape == MSG_ARRAY)
		decode_array(d, f, base);
	else
		decode_pointer(d, f, base);
}

static const struct msg_field *find_tag(const struct msg_struct *s, int16_t version, uint32_t tag)
{
	for (int i = 0; i < s->n_fields; i++) {
		const struct msg_field *f = &s->fields[i];
		if (f->tagged && f->tag == tag && field_in(f, version) && field_tagged(f, version))
			return f;
	}
	return NULL;
}

/* The tag section: a count, then tag, size and value of each. What is not known is skipped. */
static void decode_tags(struct decoder *d, const struct msg_struct *s, void *out)
{
	uint32_t n = reader_uvarint(&d->r);

	if (n > reader_left(&d->r) / 2) {
		reader_fail(&d->r, ERR_SHORT);
		return;
	}
	while (n-- && !d->r.err) {
		uint32_t tag = reader_uvarint(&d->r);
		uint32_t size = reader_uvarint(&d->r);
		const struct msg_field *f = find_tag(s, d->version, tag);
		const uint8_t *end = d->r.end;
		const uint8_t *p = reader_take(&d->r, size);
		if (!p || !f)
			continue;
		d->r.p = p;
		d->r.end = p + size;
		decode_field(d, f, out);
		if (!d->r.err && d->r.p != d->r.end)
			reader_fail(&d->r, ERR_INVALID);
		d->r.end = end;
		if (d->r.err)
			d->r.p = end;
	}
}

static void decode_struct(struct decoder *d, const struct msg_struct *s, void *out)
{
	const struct msg_field *f = s->fields;
	const struct msg_field *end = f + s->n_fields;

	for (; f < end; f++) {
		if (field_in(f, d->version) && !field_tagged(f, d->version) && !d->r.err)
			decode_field(d, f, out);
		else
			msg_field_init(f, out);
	}
	if (d->flexible)
		decode_tags(d, s, out);
}

int msg_decode(const struct msg_desc *desc, int16_t version, struct slice in, struct arena *a,
	void *out, size_t *used)
{
	struct decoder d = {.arena = a, .version = version, .flexible = version >= desc->flexible};

	msg_init(desc, out);
	if (!msg_has(desc, version))
		return ERR_VERSION;
	reader_init(&d.r, in);
	decode_struct(&d, desc->body, out);
	if (d.r.err)
		return d.r.err;
	if (used)
		*used = (size_t)(d.r.p - in.p);
	else if (d.r.p != d.r.end)
		return ERR_INVALID;
	return 0;
}
