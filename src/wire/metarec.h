/*
 * Values of records in __cluster_metadata: a frame of three unsigned varints, then the message.
 *
 *   frame version (1) | record type | record version | body
 *
 * The record type is the key of a message of kind MSG_METADATA.
 */
#ifndef WIRE_METAREC_H
#define WIRE_METAREC_H

#include "wire/msg.h"

#define METAREC_FRAME 1

struct metarec {
	const struct msg_desc *desc;
	int16_t version;
	void *body; /* struct topic_record and so on: see desc; in the arena */
};

/* The message of a record type, or NULL. */
const struct msg_desc *metarec_find(uint32_t type);

/*
 * Strings are borrowed from value, the body lives in the arena. ERR_VERSION for a frame, type or
 * version that is not known here (a newer cluster wrote it), else as msg_decode.
 */
int metarec_decode(struct slice value, struct arena *a, struct metarec *out) MUSTCHECK;
/* Appends frame and body. */
int metarec_encode(
	const struct msg_desc *d, int16_t version, const void *body, struct buf *out) MUSTCHECK;

#endif
