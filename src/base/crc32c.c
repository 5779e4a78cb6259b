/* CRC-32C by libisal, which picks the instructions of this processor. */
#include "base/crc32c.h"

#include <isa-l/crc.h>

#define PIECE ((size_t)1 << 30) /* the library takes an int */

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	/* its parameter is not const, though it only reads; it inverts neither at start nor end */
	unsigned char *at = (unsigned char *)(uintptr_t)p;

	crc = ~crc;
	while (n > 0) {
		size_t take = min_size(n, PIECE);

		crc = crc32_iscsi(at, (int)take, crc);
		at += take;
		n -= take;
	}
	return ~crc;
}
