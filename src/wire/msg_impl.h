/* What the interpreters of messages share. */
#ifndef WIRE_MSG_IMPL_H
#define WIRE_MSG_IMPL_H

#include "wire/msg.h"

static inline bool field_in(const struct msg_field *f, int16_t version)
{
	return version >= f->since && version <= f->until;
}

static inline bool field_tagged(const struct msg_field *f, int16_t version)
{
	return f->tagged && version >= f->tagged - 1;
}

static inline bool field_nullable(const struct msg_field *f, int16_t version)
{
	return f->nullable && version >= f->nullable - 1;
}

static inline int32_t field_cap(const struct msg_field *f)
{
	return f->cap ? f->cap : MSG_CAP;
}

static inline void *field_at(const struct msg_field *f, void *base)
{
	return (uint8_t *)base + f->offset;
}

static inline const void *field_of(const struct msg_field *f, const void *base)
{
	return (const uint8_t *)base + f->offset;
}

static inline int32_t *field_count(const struct msg_field *f, void *base)
{
	return (int32_t *)(void *)((uint8_t *)base + f->count_offset);
}

static inline int32_t field_count_of(const struct msg_field *f, const void *base)
{
	return *(const int32_t *)(const void *)((const uint8_t *)base + f->count_offset);
}

/* The pointer that an array or a nullable struct is behind. */
static inline const void *field_target(const struct msg_field *f, const void *base)
{
	return *(const void *const *)field_of(f, base);
}

/* Bytes of one value in memory. */
size_t msg_value_size(const struct msg_field *f);
/* An integer of any width, bools as 0 and 1. */
int64_t msg_get_int(enum msg_type type, const void *at);
void msg_set_int(enum msg_type type, void *at, int64_t v);
/* Strings, bytes and records: what is borrowed from somewhere. */
static inline bool msg_is_bytes(enum msg_type type)
{
	return type == MSG_STRING || type == MSG_BYTES || type == MSG_RECORDS;
}
/* Makes such a value borrow s. */
void msg_set_bytes(enum msg_type type, void *at, struct slice s);
/* The default of one field. */
void msg_field_init(const struct msg_field *f, void *base);
/* Does the field hold its default? A null where the default is empty counts as it. */
bool msg_field_is_default(const struct msg_field *f, const void *base);

#endif
