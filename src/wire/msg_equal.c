/* Deep comparison of two messages in the fields that a version has. */
#include "wire/msg.h"

#include "wire/msg_impl.h"
#include <stdlib.h>

static bool equal_struct(int16_t version, const struct msg_struct *s, const void *a, const void *b);

/* The bytes of records, wherever they are; *heap is for the caller to free. */
static bool flat_records(const struct records *rec, struct slice *out, uint8_t **heap)
{
	struct buf b = BUF_EMPTY;

	*heap = NULL;
	*out = rec->bytes;
	if (!rec->chain)
		return true;
	if (chain_flatten(rec->chain, buf_extend(&b, rec->chain->n))) {
		buf_fini(&b);
		return false;
	}
	*out = slice_of(b.p, b.n);
	*heap = b.p;
	return true;
}

static bool equal_records(const struct records *a, const struct records *b)
{
	struct slice x, y;
	uint8_t *heap_x, *heap_y;
	bool ok_x = flat_records(a, &x, &heap_x);
	bool ok_y = flat_records(b, &y, &heap_y);
	bool same = ok_x && ok_y && x.n == y.n && (x.p == NULL) == (y.p == NULL) &&
		    (x.n == 0 || memcmp(x.p, y.p, x.n) == 0);

	free(heap_x);
	free(heap_y);
	return same;
}

static bool equal_value(int16_t version, const struct msg_field *f, const void *a, const void *b)
{
	switch (f->type) {
	case MSG_UUID:
		return uuid_eq(a, b);
	case MSG_STRING:
		return str_eq(*(const struct str *)a, *(const struct str *)b);
	case MSG_BYTES:
		return str_eq(
			str_slice(*(const struct slice *)a), str_slice(*(const struct slice *)b));
	case MSG_RECORDS:
		return equal_records(a, b);
	case MSG_STRUCT:
		return equal_struct(version, f->elem, a, b);
	default:
		return msg_get_int(f->type, a) == msg_get_int(f->type, b);
	}
}

static bool equal_array(int16_t version, const struct msg_field *f, const void *a, const void *b)
{
	const uint8_t *va = field_target(f, a);
	const uint8_t *vb = field_target(f, b);
	int32_t n = field_count_of(f, a);
	size_t size = msg_value_size(f);

	if (n != field_count_of(f, b))
		return false;
	for (int32_t i = 0; i < n; i++)
		if (!equal_value(version, f, va + (size_t)i * size, vb + (size_t)i * size))
			return false;
	return true;
}

static bool equal_field(int16_t version, const struct msg_field *f, const void *a, const void *b)
{
	const void *pa, *pb;

	if (f->shape == MSG_ARRAY)
		return equal_array(version, f, a, b);
	if (f->shape == MSG_ONE)
		return equal_value(version, f, field_of(f, a), field_of(f, b));
	pa = field_target(f, a);
	pb = field_target(f, b);
	return pa && pb ? equal_struct(version, f->elem, pa, pb) : pa == pb;
}

static bool equal_struct(int16_t version, const struct msg_struct *s, const void *a, const void *b)
{
	for (int i = 0; i < s->n_fields; i++)
		if (field_in(&s->fields[i], version) && !equal_field(version, &s->fields[i], a, b))
			return false;
	return true;
}

bool msg_equal(const struct msg_desc *d, int16_t version, const void *a, const void *b)
{
	return equal_struct(version, d->body, a, b);
}
