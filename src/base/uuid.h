/* 128-bit ids, shown as Kafka shows them: URL-safe base64 without padding, 22 characters. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "base/bytes.h"

struct uuid {
	uint8_t b[16];
};

#define UUID_TEXT 23 /* 22 characters and a NUL */

/* Random version 4; never one of Kafka's reserved ids and never with a leading '-' in text. */
void uuid_random(struct uuid *u);
void uuid_format(const struct uuid *u, char out[static UUID_TEXT]);
/* False when s is not 22 characters of that alphabet. */
bool uuid_parse(struct str s, struct uuid *out);

static inline bool uuid_is_zero(const struct uuid *u)
{
	static const struct uuid zero;
	return memcmp(u, &zero, sizeof(zero)) == 0;
}

static inline bool uuid_eq(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

#endif
