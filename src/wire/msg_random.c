/*
 * Random messages for tests: every value can be encoded at the given version, with null, empty and
 * long values in between, and lengths on both sides of a compact length's first byte.
 */
#include "wire/msg.h"

#include "wire/msg_impl.h"

struct filler {
	struct rng *rng;
	struct arena *arena;
	int16_t version;
	bool full; /* the arena */
};

static void fill_struct(struct filler *x, const struct msg_struct *s, void *out);

static struct slice fill_bytes(struct filler *x, const struct msg_field *f)
{
	bool text = f->type == MSG_STRING;
	size_t n = rng_below(x->rng, rng_one_in(x->rng, 8) ? 300 : 12);
	uint8_t *p;

	if (field_nullable(f, x->version) && rng_one_in(x->rng, 4))
		return SLICE_NULL;
	p = arena_alloc(x->arena, n + 1);
	if (!p) {
		x->full = true;
		return SLICE_NULL;
	}
	rng_bytes(x->rng, p, n);
	for (size_t i = 0; text && i < n; i++)
		p[i] = (uint8_t)('a' + p[i] % 26);
	return slice_of(p, n);
}

static void fill_value(struct filler *x, const struct msg_field *f, void *at)
{
	switch (f->type) {
	case MSG_UUID:
		rng_bytes(x->rng, at, sizeof(struct uuid));
		break;
	case MSG_STRING:
	case MSG_BYTES:
	case MSG_RECORDS:
		msg_set_bytes(f->type, at, fill_bytes(x, f));
		break;
	case MSG_STRUCT:
		fill_struct(x, f->elem, at);
		break;
	case MSG_BOOL:
		*(bool *)at = rng_one_in(x->rng, 2);
		break;
	default:
		msg_set_int(f->type, at,
			rng_one_in(x->rng, 2) ? (int64_t)rng_u64(x->rng)
					      : rng_between(x->rng, -2, 100));
		break;
	}
}

static void fill_array(struct filler *x, const struct msg_field *f, void *base)
{
	size_t size = msg_value_size(f);
	int32_t n = (int32_t)rng_below(x->rng, 4);
	uint8_t *v;

	*field_count(f, base) = 0;
	if (f->type != MSG_STRUCT && rng_one_in(x->rng, 8))
		n = 150;
	if (field_nullable(f, x->version) && rng_one_in(x->rng, 4)) {
		*field_count(f, base) = -1;
		return;
	}
	v = arena_array(x->arena, (size_t)n, size);
	if (!v) {
		x->full = true;
		return;
	}
	*(void **)field_at(f, base) = v;
	*field_count(f, base) = n;
	for (int32_t i = 0; i < n; i++)
		fill_value(x, f, v + (size_t)i * size);
}

static void fill_pointer(struct filler *x, const struct msg_field *f, void *base)
{
	void *v;

	if (field_nullable(f, x->version) && rng_one_in(x->rng, 2))
		return;
	v = arena_alloc(x->arena, f->elem->size);
	if (!v) {
		x->full = true;
		return;
	}
	*(void **)field_at(f, base) = v;
	fill_struct(x, f->elem, v);
}

static void fill_struct(struct filler *x, const struct msg_struct *s, void *out)
{
	msg_struct_init(s, out);
	for (int i = 0; i < s->n_fields; i++) {
		const struct msg_field *f = &s->fields[i];
		if (!field_in(f, x->version))
			continue;
		if (field_tagged(f, x->version) && rng_one_in(x->rng, 2))
			continue;
		if (f->shape == MSG_ONE)
			fill_value(x, f, field_at(f, out));
		else if (f->shape == MSG_ARRAY)
			fill_array(x, f, out);
		else
			fill_pointer(x, f, out);
	}
}

bool msg_random(
	const struct msg_desc *d, int16_t version, struct rng *r, struct arena *a, void *out)
{
	struct filler x = {r, a, version, false};

	fill_struct(&x, d->body, out);
	return !x.full;
}
