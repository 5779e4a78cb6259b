/*
 * Writes JSON with begin/end calls: commas, quoting and escapes are this file's business. Strings
 * that are no UTF-8 get U+FFFD for each bad byte. A mismatch of begin and end is a bug (assert).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"

#define JSON_MAX_DEPTH 32

struct json {
	struct buf *out; /* borrowed */
	int depth;
	bool first[JSON_MAX_DEPTH];
	bool after_key;
};

void json_init(struct json *j, struct buf *out);
/* Each begins or ends one; in an object a key goes before every value. */
void json_object(struct json *j);
void json_object_end(struct json *j);
void json_array(struct json *j);
void json_array_end(struct json *j);
void json_key(struct json *j, const char *key);

void json_str(struct json *j, struct str s); /* null for null */
void json_z(struct json *j, const char *z);
void json_int(struct json *j, int64_t v);
void json_double(struct json *j, double v); /* null for NaN and infinities */
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
/* key and value in one call */
void json_kstr(struct json *j, const char *key, struct str s);
void json_kz(struct json *j, const char *key, const char *z);
void json_kint(struct json *j, const char *key, int64_t v);
void json_kbool(struct json *j, const char *key, bool v);
void json_kdouble(struct json *j, const char *key, double v);

#endif
