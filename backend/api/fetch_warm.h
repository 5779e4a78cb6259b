/*
 * Reading ahead for fetches, on another thread: what would wait for the disk is not read in the
 * loop, and does not hold up what the same fetch has elsewhere. A partition that is being read
 * ahead has nothing to give until that is done; then its readers are woken.
 */
#ifndef API_FETCH_WARM_H
#define API_FETCH_WARM_H

#include "api/broker.h"

#define FETCH_WARM_BYTES (8 << 20) /* at once for one fetch */

struct fetch_warming;

struct fetch_warming *fetch_warming_new(struct broker *b);
/* Nothing may be under way. NULL is allowed. */
void fetch_warming_free(struct fetch_warming *w);

/* What a fetch needs, gathered piece by piece: 0 when p can be read at once, or nothing can be done
 * ahead; else how many bytes from offset on will be ready. */
size_t fetch_warm_add(struct fetch_warming *w, struct partition *p, int64_t offset,
	size_t max_bytes, int64_t max_offset);
/* Begins what was added since the last time; its number, or 0: nothing was. */
uint64_t fetch_warm_begin(struct fetch_warming *w);
/* True while that is under way. */
bool fetch_warm_busy(const struct fetch_warming *w, uint64_t number);

#endif
