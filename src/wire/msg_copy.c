/* Deep copies of messages, by the same tables as everything else. */
#include "wire/msg_impl.h"

static bool copy_struct(const struct msg_struct *s, const void *in, struct arena *a, void *out);

static bool own_bytes(struct arena *a, struct slice *b)
{
	bool null = b->p == NULL;

	*b = arena_slice(a, *b);
	return null || b->p;
}

/* A copy's pointers into the original are replaced by copies of what they point at. */
static bool own_value(const struct msg_field *f, const void *in, struct arena *a, void *out)
{
	switch ((enum msg_type)f->type) {
	case MSG_STRING: {
		struct str *s = out;
		bool null = str_is_null(*s);

		*s = arena_str(a, *s);
		return null || s->p;
	}
	case MSG_BYTES:
		return own_bytes(a, out);
	case MSG_RECORDS:
		((struct records *)out)->chain = NULL;
		return own_bytes(a, &((struct records *)out)->bytes);
	case MSG_STRUCT:
		return copy_struct(f->elem, in, a, out);
	default:
		return true;
	}
}

static bool own_array(
	const struct msg_field *f, const void *from, size_t n, struct arena *a, void **target)
{
	size_t size = msg_value_size(f);
	uint8_t *to = arena_array(a, n, size);

	if (!to)
		return false;
	memcpy(to, from, n * size);
	for (size_t i = 0; i < n; i++)
		if (!own_value(f, (const uint8_t *)from + i * size, a, to + i * size))
			return false;
	*target = to;
	return true;
}

static bool copy_field(const struct msg_field *f, const void *in, struct arena *a, void *out)
{
	const void *from;
	int32_t n;

	if (f->shape == MSG_ONE)
		return own_value(f, field_of(f, in), a, field_at(f, out));
	from = field_target(f, in);
	n = f->shape == MSG_ARRAY ? field_count_of(f, in) : from != NULL;
	if (n <= 0 || !from)
		return true;
	return own_array(f, from, (size_t)n, a, (void **)field_at(f, out));
}

static bool copy_struct(const struct msg_struct *s, const void *in, struct arena *a, void *out)
{
	memcpy(out, in, s->size);
	for (size_t i = 0; i < s->n_fields; i++)
		if (!copy_field(&s->fields[i], in, a, out))
			return false;
	return true;
}

void *msg_copy(const struct msg_desc *d, const void *in, struct arena *a)
{
	void *out = arena_alloc(a, d->body->size);

	return out && copy_struct(d->body, in, a, out) ? out : NULL;
}
