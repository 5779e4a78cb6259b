/* CRC-32C (Castagnoli, RFC 3720 appendix B.4), as record batches use it. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include "base/attr.h"

/* Start with crc = 0; chaining calls over pieces gives the CRC of the whole. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

#endif
