/*
 * The descriptors of all messages, from the same rows as the structs in msg.h, and defaults. Each
 * row is one element of a field table, so that a wrong row is an error on its own line.
 */
#include "wire/msg.h"

#include "wire/msg_impl.h"

/* A struct without fields (NoOpRecord) has an empty table. */
#define CAT(a, b)       a##b
#define OPEN_TABLE(t)   static const struct msg_field CAT(t, _fields)[] = {
#define BEGIN_STRUCT(t) OPEN_TABLE(t)
#define ROW(m, first, last, ...)                                                           \
	.name = #m, .offset = offsetof(struct THIS, m), .since = (first), .until = (last), \
	##__VA_ARGS__
#define COUNTED(m)         .shape = MSG_ARRAY, .count_offset = offsetof(struct THIS, n_##m)
#define INSIDE(e)          .type = MSG_STRUCT, .elem = &e##_struct
#define FIELD(t, m, ...)   {.type = MSG_##t, ROW(m, __VA_ARGS__)},
#define ARRAY(t, m, ...)   {.type = MSG_##t, COUNTED(m), ROW(m, __VA_ARGS__)},
#define STRUCT(e, m, ...)  {INSIDE(e), ROW(m, __VA_ARGS__)},
#define POINTER(e, m, ...) {INSIDE(e), .shape = MSG_POINTER, ROW(m, __VA_ARGS__)},
#define STRUCTS(e, m, ...) {INSIDE(e), COUNTED(m), ROW(m, __VA_ARGS__)},
#define CLOSE_TABLE(t)                              \
	}                                           \
	;                                           \
	const struct msg_struct CAT(t, _struct) = { \
		#t, CAT(t, _fields), sizeof(struct t), ARRAY_LEN(CAT(t, _fields))};
#define END_STRUCT(t) CLOSE_TABLE(t)
#define MESSAGE(name, kind, key, min, max, flexible) \
	const struct msg_desc name##_desc = {#name, &name##_struct, key, min, max, flexible, kind};
#include "wire/api.def"

const struct msg_desc *const msg_all[] = {
#define MESSAGE(name, ...) &name##_desc,
#include "wire/api.def"
	NULL,
};

size_t msg_value_size(const struct msg_field *f)
{
	static const uint8_t size[] = {
		[MSG_BOOL] = sizeof(bool),
		[MSG_INT8] = 1,
		[MSG_INT16] = 2,
		[MSG_UINT16] = 2,
		[MSG_INT32] = 4,
		[MSG_INT64] = 8,
		[MSG_UUID] = sizeof(struct uuid),
		[MSG_STRING] = sizeof(struct str),
		[MSG_BYTES] = sizeof(struct slice),
		[MSG_RECORDS] = sizeof(struct records),
	};

	return f->type == MSG_STRUCT ? f->elem->size : size[f->type];
}

int64_t msg_get_int(enum msg_type type, const void *at)
{
	switch (type) {
	case MSG_BOOL:
		return *(const bool *)at;
	case MSG_INT8:
		return *(const int8_t *)at;
	case MSG_INT16:
		return *(const int16_t *)at;
	case MSG_UINT16:
		return *(const uint16_t *)at;
	case MSG_INT32:
		return *(const int32_t *)at;
	default:
		return *(const int64_t *)at;
	}
}

void msg_set_int(enum msg_type type, void *at, int64_t v)
{
	switch (type) {
	case MSG_BOOL:
		*(bool *)at = v != 0;
		break;
	case MSG_INT8:
		*(int8_t *)at = (int8_t)v;
		break;
	case MSG_INT16:
		*(int16_t *)at = (int16_t)v;
		break;
	case MSG_UINT16:
		*(uint16_t *)at = (uint16_t)v;
		break;
	case MSG_INT32:
		*(int32_t *)at = (int32_t)v;
		break;
	default:
		*(int64_t *)at = v;
		break;
	}
}

void msg_set_bytes(enum msg_type type, void *at, struct slice s)
{
	if (type == MSG_STRING)
		*(struct str *)at = str_slice(s);
	else if (type == MSG_BYTES)
		*(struct slice *)at = s;
	else
		*(struct records *)at = (struct records){.bytes = s};
}

static struct slice preset_bytes(const struct msg_field *f)
{
	return f->null_default || f->type == MSG_RECORDS ? SLICE_NULL : slice_of("", 0);
}

void msg_field_init(const struct msg_field *f, void *base)
{
	void *at = field_at(f, base);

	if (f->shape == MSG_ARRAY) {
		*(void **)at = NULL;
		*field_count(f, base) = f->null_default ? -1 : 0;
		return;
	}
	if (f->shape == MSG_POINTER) {
		*(void **)at = NULL;
		return;
	}
	if (f->type == MSG_UUID)
		memset(at, 0, sizeof(struct uuid));
	else if (msg_is_bytes(f->type))
		msg_set_bytes(f->type, at, preset_bytes(f));
	else if (f->type == MSG_STRUCT)
		msg_struct_init(f->elem, at);
	else
		msg_set_int(f->type, at, f->preset);
}

static bool struct_is_default(const struct msg_struct *s, const void *base)
{
	for (int i = 0; i < s->n_fields; i++)
		if (!msg_field_is_default(&s->fields[i], base))
			return false;
	return true;
}

bool msg_field_is_default(const struct msg_field *f, const void *base)
{
	const void *at = field_of(f, base);
	const struct records *rec;

	if (f->shape == MSG_ARRAY) {
		int32_t n = field_count_of(f, base);
		return f->null_default ? n < 0 : n <= 0;
	}
	if (f->shape == MSG_POINTER)
		return field_target(f, base) == NULL;
	switch (f->type) {
	case MSG_UUID:
		return uuid_is_zero(at);
	case MSG_STRING:
	case MSG_BYTES: {
		const struct slice *s = at;
		return f->null_default ? s->p == NULL : s->n == 0;
	}
	case MSG_RECORDS:
		rec = at;
		return rec->bytes.n == 0 && (!rec->chain || chain_empty(rec->chain));
	case MSG_STRUCT:
		return struct_is_default(f->elem, at);
	default:
		return msg_get_int(f->type, at) == f->preset;
	}
}

void msg_struct_init(const struct msg_struct *s, void *out)
{
	memset(out, 0, s->size);
	for (int i = 0; i < s->n_fields; i++)
		msg_field_init(&s->fields[i], out);
}

void msg_init(const struct msg_desc *d, void *out)
{
	msg_struct_init(d->body, out);
}

void *msg_struct_array(const struct msg_struct *s, struct arena *a, size_t n)
{
	uint8_t *v = arena_array(a, n, s->size);

	for (size_t i = 0; v && i < n; i++)
		msg_struct_init(s, v + i * s->size);
	return v;
}
