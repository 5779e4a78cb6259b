/* What `/` takes: a part of the text, letters of any case; `*` and `?` as in a shell; a leading `!`
 * for all others. The empty filter (also a lone `!`) takes everything. */
#ifndef MODEL_FILTER_H
#define MODEL_FILTER_H

#include "base/buf.h"

struct filter {
	struct buf text; /* lower case (ASCII), without the ! */
	bool inverse;
	bool pattern; /* has * or ? */
};

void filter_init(struct filter *f);
void filter_fini(struct filter *f);
/* Text is copied, at most 256 bytes of it. True when the filter is another one now. *narrower (may
 * be NULL): what it takes is a part of what it took before. */
bool filter_set(struct filter *f, struct str text, bool *narrower);
bool filter_match(const struct filter *f, struct str s);
static inline bool filter_active(const struct filter *f)
{
	return f->text.n > 0;
}

#endif
