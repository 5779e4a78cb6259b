/* UTF-8, checked: decoding never reads past the end and never accepts overlong or surrogate forms.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/bytes.h"

/* Bytes of the code point at p (1 to 4), or 0 when [p, end) does not begin with a valid one. */
size_t utf8_decode(const uint8_t *p, const uint8_t *end, uint32_t *cp);
/* Bytes written to out[4]. cp must be a scalar value. */
size_t utf8_encode(uint32_t cp, char out[static 4]);
bool utf8_valid(struct slice s);

struct buf;
#define UTF8_SHOWN_MAX 16
/* The character at p as a terminal may have it: itself, or as \n, \t, \r or \x1b where it is a
 * control character (C0, C1, DEL), a line separator, a mark that turns the text around, or a byte
 * that is no UTF-8. Returns the bytes it takes of [p, end), which must not be empty; *shown is the
 * length of out. */
size_t utf8_show(
	const uint8_t *p, const uint8_t *end, char out[static UTF8_SHOWN_MAX], size_t *shown);
/* Appends all of s so. */
void utf8_put_visible(struct buf *out, struct str s);

#endif
