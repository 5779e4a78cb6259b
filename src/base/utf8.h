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

#endif
