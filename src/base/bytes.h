/*
 * Borrowed views of memory, and big-endian access. A `struct slice` or `struct str` never owns:
 * whoever made the memory says how long it lives. p == NULL is Kafka's null (n is 0 then).
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/attr.h"
#include <stdbool.h>
#include <string.h>

struct slice {
	const uint8_t *p;
	size_t n;
};

struct str {
	const char *p; /* not NUL-terminated */
	size_t n;
};

/* printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s)   (int)(s).n, (s).p ? (s).p : ""
#define STR_LIT(lit) ((struct str){"" lit, sizeof(lit) - 1})
#define STR_NULL     ((struct str){NULL, 0})
#define SLICE_NULL   ((struct slice){NULL, 0})

static inline struct str str_of(const char *z)
{
	return (struct str){z, z ? strlen(z) : 0};
}

static inline bool str_is_null(struct str s)
{
	return s.p == NULL;
}

/* Same length and bytes; null equals only null. */
static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n &&
	       (a.n == 0 ? (a.p == NULL) == (b.p == NULL) : memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_eqz(struct str a, const char *z)
{
	return a.p && strlen(z) == a.n && memcmp(a.p, z, a.n) == 0;
}

/* memcmp order, a prefix first. Null sorts as empty. */
int str_cmp(struct str a, struct str b);
/* FNV-1a of the bytes, never 0: for rows that are known by a name. */
uint64_t str_id(struct str s);
/* Of several, in their order. */
static inline uint64_t id_mix(uint64_t sum, uint64_t id)
{
	return (sum ^ id) * 0x100000001b3u;
}
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);

/* Heap copy with a closing NUL; caller frees. NULL for null. */
char *str_dup(struct str s);

static inline struct slice slice_of(const void *p, size_t n)
{
	return (struct slice){p, n};
}

static inline struct slice slice_str(struct str s)
{
	return (struct slice){(const uint8_t *)s.p, s.n};
}

static inline struct str str_slice(struct slice s)
{
	return (struct str){(const char *)s.p, s.n};
}

/* Same length and bytes; as with str_eq, null and empty differ. */
bool slice_eq(struct slice a, struct slice b);

static inline uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)((p[0] << 8) | p[1]);
}

static inline uint32_t get_be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
	return __builtin_bswap32(v);
}

static inline uint64_t get_be64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, 8);
	return __builtin_bswap64(v);
}

static inline void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, 4);
}

static inline void put_be64(uint8_t *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, 8);
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "base/bytes.h swaps for little-endian machines only"
#endif

#endif
