/* Bytes of records as text: JSON indented or on one line, text, hex. Everything is bounded and
 * nothing that a terminal would obey comes out. */
#ifndef MODEL_VALUE_H
#define MODEL_VALUE_H

#include "base/buf.h"

enum value_kind {
	VALUE_NULL,
	VALUE_EMPTY, /* there, and zero bytes long */
	VALUE_JSON,  /* an object or array, valid from end to end */
	VALUE_TEXT,  /* UTF-8 with few control characters */
	VALUE_BINARY,
};
/* Looks at the first 64 KiB at most (a longer JSON counts as such when it is right that far). */
enum value_kind value_kind(struct slice v);
const char *value_kind_name(enum value_kind k);

/* Control characters as \n, \t, \x1b, bad UTF-8 as \xff, direction overrides as \u202e. With lines,
 * newlines and tabs stay. Stops at max bytes of output with "…"; true when all of v was shown. */
bool value_text(struct buf *out, struct slice v, bool lines, size_t max);
/* Offset, sixteen bytes in two groups, and as text; max bytes of input. first is the number of the
 * first byte shown. */
bool value_hex(struct buf *out, struct slice v, size_t first, size_t max);
/* One line for a table cell: JSON without the blanks between tokens, text with escapes, "null" for
 * null, "" for empty, 0x… for binary. */
void value_line(struct buf *out, struct slice v, size_t max);

/* ---- JSON as tokens ---------------------------------------------------------------------- */

#define JLEX_DEPTH 256

enum jlex_token {
	JLEX_OPEN,  /* { or [ : c */
	JLEX_CLOSE, /* } or ] */
	JLEX_COLON,
	JLEX_COMMA,
	JLEX_KEY, /* a string before a colon; text with quotes */
	JLEX_STRING,
	JLEX_NUMBER,
	JLEX_WORD, /* true false null */
};
/* Text of a long token comes in pieces: last is true with its end. Lent. */
typedef void jlex_fn(void *arg, enum jlex_token t, struct str text, bool last);

/* Takes the text in pieces of any size; needs no memory beyond this struct. A key is known by its
 * place, not by the colon. */
struct jlex {
	jlex_fn *fn;
	void *arg;
	uint64_t at;                     /* bytes taken */
	uint8_t objects[JLEX_DEPTH / 8]; /* a bit a level */
	uint16_t depth;
	uint8_t expect; /* what may come, enum in jlex.c */
	uint8_t inside; /* of which token */
	uint8_t sub;    /* where in that token */
	const char *word;
	const char *why; /* what is wrong, static; NULL: nothing */
};
void jlex_init(struct jlex *j, jlex_fn *fn, void *arg);
/* False once the text is no JSON (RFC 8259); j->at is where. UTF-8 is not checked. */
bool jlex_feed(struct jlex *j, struct slice piece);
/* True when one whole value was there. */
bool jlex_end(struct jlex *j);

/* Indents by `indent` blanks a level (0: one line), as jq does: "key": value, empty {} and [] on
 * one line. Strings are as they were, but for characters that must not reach a terminal (escaped as
 * \uXXXX). Stops at max bytes of output. 0; ERR_INVALID: no JSON (out as before); ERR_TOO_BIG: cut.
 */
int value_json(struct buf *out, struct slice v, int indent, size_t max);

#endif
