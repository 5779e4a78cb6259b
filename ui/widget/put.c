/* Symbols as this terminal can draw them. */
#include "widget/widget.h"

#include "base/utf8.h"

void put_symbol(struct buf *out, uint32_t cp)
{
	char bytes[4];

	if (text_env().ascii || text_env().ambiguous == 2)
		cp = text_ascii(cp);
	buf_put(out, bytes, utf8_encode(cp, bytes));
}
