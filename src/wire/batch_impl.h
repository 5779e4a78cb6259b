/* What the files of record batches share. */
#ifndef WIRE_BATCH_IMPL_H
#define WIRE_BATCH_IMPL_H

#include "wire/batch.h"

/* Writes the head of a batch whose records are already behind it, and computes the CRC (h->crc is
 * not looked at). */
void batch_header_put(uint8_t *batch, const struct batch_header *h);
/* The head as it stands, nothing checked; at least BATCH_HEADER bytes. */
void batch_header_get(const uint8_t *batch, struct batch_header *h);
/* The CRC of a whole batch, as it should be. */
uint32_t batch_crc(const uint8_t *batch, size_t size);

#endif
