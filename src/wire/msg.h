/*
 * Kafka's messages as plain structs, and the tables that describe them. api.def is the one source
 * of both; msg_decode.c, msg_encode.c and so on each hold one interpreter for all messages.
 *
 * A string or bytes with p == NULL is null, an array with n_x == -1 is null (x is NULL then).
 * Decoding leaves fields that the version lacks at their defaults; strings, bytes and records are
 * borrowed from the input, arrays live in the arena.
 */
#ifndef WIRE_MSG_H
#define WIRE_MSG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/chain.h"
#include "base/random.h"
#include "base/uuid.h"

/*
 * Record batches. Decoding sets bytes only. Encoding copies bytes, or, when chain is set, moves its
 * pieces into the output without a copy (the chain is empty afterwards) and ignores bytes.
 */
struct records {
	struct slice bytes;
	struct chain *chain;
};

enum msg_type {
	MSG_BOOL,
	MSG_INT8,
	MSG_INT16,
	MSG_UINT16,
	MSG_INT32,
	MSG_INT64,
	MSG_UUID,
	MSG_STRING,
	MSG_BYTES,
	MSG_RECORDS,
	MSG_STRUCT,
};

#define MSG_C_BOOL    bool
#define MSG_C_INT8    int8_t
#define MSG_C_INT16   int16_t
#define MSG_C_UINT16  uint16_t
#define MSG_C_INT32   int32_t
#define MSG_C_INT64   int64_t
#define MSG_C_UUID    struct uuid
#define MSG_C_STRING  struct str
#define MSG_C_BYTES   struct slice
#define MSG_C_RECORDS struct records

enum msg_shape { MSG_ONE, MSG_ARRAY, MSG_POINTER };

/* "Nullable since version v": zero is left for "never". */
#define FROM(v) ((v) + 1)
#define LATEST  INT16_MAX
#define NEVER   INT16_MAX

struct msg_struct;

struct msg_field {
	const char *name;
	const struct msg_struct *elem; /* MSG_STRUCT */
	int64_t preset;                /* default of an integer */
	int32_t cap;                   /* most elements of an array; 0 = MSG_CAP */
	uint16_t offset;
	uint16_t count_offset; /* MSG_ARRAY: of n_x */
	int16_t since;         /* first version */
	int16_t until;         /* last version */
	int16_t nullable;      /* FROM(version) */
	int16_t tagged;        /* FROM(version) */
	uint8_t tag;
	uint8_t type;  /* enum msg_type */
	uint8_t shape; /* enum msg_shape */
	bool null_default;
	bool ignorable; /* a value that the version lacks is dropped; others are an error */
	bool sensitive; /* never printed */
};

/* Elements of any array, unless its row says less. */
#define MSG_CAP 1000000

struct msg_struct {
	const char *name;
	const struct msg_field *fields;
	size_t size;
	uint16_t n_fields;
};

enum msg_kind { MSG_REQUEST, MSG_RESPONSE, MSG_METADATA, MSG_CONTROL, MSG_EMBEDDED };

/* One message: what the codec can read and write. */
struct msg_desc {
	const char *name;
	const struct msg_struct *body;
	int16_t key; /* API key or record type; -1 = none */
	int16_t min;
	int16_t max;
	int16_t flexible; /* first version with compact forms and tags, or NEVER */
	uint8_t kind;     /* enum msg_kind */
};

/* The structs: struct fetch_request, struct fetch_request_topics … */
#define MSG_OPEN(t)         struct t {
#define BEGIN_STRUCT(t)     MSG_OPEN(t)
#define FIELD(type, m, ...) MSG_C_##type m;
#define ARRAY(type, m, ...) \
	MSG_C_##type *m;    \
	int32_t n_##m;
#define STRUCT(elem, m, ...)  struct elem m;
#define POINTER(elem, m, ...) struct elem *m;
#define STRUCTS(elem, m, ...) \
	struct elem *m;       \
	int32_t n_##m;
#define END_STRUCT(t) \
	}             \
	;
#include "wire/api.def"

/* Their tables: fetch_request_desc, fetch_request_topics_struct … */
#define MSG_DECLARE(t)     extern const struct msg_struct t##_struct;
#define BEGIN_STRUCT(t)    MSG_DECLARE(t)
#define MESSAGE(name, ...) extern const struct msg_desc name##_desc;
#include "wire/api.def"

/* All messages, for tests and tools; ends with NULL. */
extern const struct msg_desc *const msg_all[];

static inline bool msg_has(const struct msg_desc *d, int16_t version)
{
	return version >= d->min && version <= d->max;
}

/* Every field at its default. */
void msg_init(const struct msg_desc *d, void *out);
void msg_struct_init(const struct msg_struct *s, void *out);
/* n elements at their defaults. NULL when the arena's limit is reached. */
void *msg_struct_array(const struct msg_struct *s, struct arena *a, size_t n);
/* struct fetch_response_responses *r = MSG_NEW(arena, fetch_response_responses, n); */
#define MSG_NEW(a, t, n) ((struct t *)msg_struct_array(&t##_struct, (a), (n)))

/*
 * Reads one message. out is filled even on an error, as far as it went. used, if not NULL, is how
 * much of in was read; with NULL bytes that are left over are an error. Unknown tagged fields are
 * skipped. ERR_VERSION, ERR_SHORT, ERR_INVALID (also a string over 32,767 bytes), ERR_TOO_BIG (a
 * count over its bound), ERR_NOMEM (the arena's limit).
 */
int msg_decode(const struct msg_desc *d, int16_t version, struct slice in, struct arena *a,
	void *out, size_t *used) MUSTCHECK;

/*
 * Appends the encoded message to out; on an error out is unchanged and so is in. ERR_VERSION when
 * the version is unknown or a field that it lacks and that is not ignorable holds a value,
 * ERR_INVALID for null where the version has none, ERR_TOO_BIG for a string over 32,767 bytes.
 */
int msg_encode(
	const struct msg_desc *d, int16_t version, const void *in, struct chain *out) MUSTCHECK;
/* Bytes that msg_encode would append, or its error. */
int64_t msg_size(const struct msg_desc *d, int16_t version, const void *in) MUSTCHECK;
/* Into one heap buffer instead (records as a chain are copied, file pieces read). */
int msg_encode_buf(
	const struct msg_desc *d, int16_t version, const void *in, struct buf *out) MUSTCHECK;

/* A deep copy in the arena, of the fields of all versions. Records are copied from bytes; a chain
 * is left out. NULL when the arena's limit is reached. */
void *msg_copy(const struct msg_desc *d, const void *in, struct arena *a) MUSTCHECK;

/* Readable text, one field a line; fields that the version lacks and secrets are left out. */
void msg_print(const struct msg_desc *d, int16_t version, const void *in, struct buf *out);
/* A value that can be encoded at that version. False when the arena is full. */
bool msg_random(
	const struct msg_desc *d, int16_t version, struct rng *r, struct arena *a, void *out);
/* The fields that the version has, deeply; records by their bytes. */
bool msg_equal(const struct msg_desc *d, int16_t version, const void *a, const void *b);

#endif
