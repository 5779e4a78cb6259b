/*
 * Reads a whole JSON text (RFC 8259, nothing beyond it) into a tree that lives in an arena. The
 * arena's limit and JSON_READ_DEPTH bound what a text can make it do. Strings come out unescaped
 * and are UTF-8; a NUL may be in them. A name that stands twice in an object is there twice: who
 * cares looks.
 */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include "base/arena.h"
#include "base/err.h"

#define JSON_READ_DEPTH 32

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
	enum json_kind kind;
	bool boolean;
	double number;
	int64_t integer; /* when the number is whole and fits */
	bool is_integer;
	struct str key;    /* inside an object */
	struct str string; /* unescaped */
	struct json_value *child, *next;
};

/* The whole text is one value. ERR_INVALID with line and column; ERR_TOO_BIG: deeper than
 * JSON_READ_DEPTH, or the arena's limit. */
int json_tree_parse(
	struct str text, struct arena *a, struct json_value **out, struct err *e) MUSTCHECK;
/* NULL when v is no object or has no such key. */
const struct json_value *json_tree_get(const struct json_value *v, const char *key);
/* What kind of value it is, for messages: "a number". */
const char *json_kind_name(enum json_kind kind);

#endif
