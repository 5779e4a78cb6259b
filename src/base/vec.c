/* Growth of typed vectors. */
#include "base/vec.h"

#define FIRST_CAP 8

void *vec_grow(void *v, size_t *cap, size_t want, size_t size)
{
	size_t n = *cap ? *cap + *cap / 2 : FIRST_CAP;

	*cap = max_size(n, want);
	return xreallocarray(v, *cap, size);
}
