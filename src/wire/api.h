/* The table of APIs, request and response headers, frames. */
#ifndef WIRE_API_H
#define WIRE_API_H

#include "wire/msg.h"

enum api_key {
#define API(key, NAME, ...) API_##NAME = key,
#include "wire/api.def"
};

enum api_listener { API_NOBODY = 0, API_BROKER = 1, API_CONTROLLER = 2 };

enum api_what {
	API_CHANGES = 1, /* a lost request is not sent again: it may have been carried out */
	API_SECRET = 2,  /* may hold secrets: keep no bytes of it in a trace */
};

struct api {
	int16_t key;
	const char *name; /* "Fetch" */
	int16_t min;      /* what our broker serves; request->min and max is what can be coded */
	int16_t max;
	int16_t flexible;  /* first flexible version, or NEVER */
	uint8_t listeners; /* enum api_listener, or-ed; API_NOBODY: it is not served */
	uint8_t what;      /* enum api_what, or-ed */
	const struct msg_desc *request;
	const struct msg_desc *response;
};

extern const struct api api_table[]; /* by key, rising */
extern const size_t api_count;

/* NULL for a key that is not known here. */
const struct api *api_find(int16_t key);
/* "Fetch", or "Api<key>" is for the caller to print: NULL when not known. */
const char *api_name(int16_t key);

struct request_header {
	int16_t api_key;
	int16_t api_version;
	int32_t correlation_id;
	struct str client_id; /* borrowed; may be null */
};

struct response_header {
	int32_t correlation_id;
};

/* Header versions: 2 with a tag section in flexible versions, else 1. */
int api_request_header_version(int16_t key, int16_t version);
/* 1 in flexible versions, except ApiVersions, whose answer always has 0 (KIP-511). */
int api_response_header_version(int16_t key, int16_t version);

/*
 * Reads the header of a request; *used is its length. A key or version that is not known is no
 * error here: such a header is read as far as the client id. ApiVersions of a version that is newer
 * than ours is read as flexible. ERR_SHORT or ERR_INVALID.
 */
int request_header_decode(struct slice in, struct request_header *out, size_t *used) MUSTCHECK;
/* ERR_TOO_BIG when the client id has over 32,767 bytes. */
int request_header_encode(const struct request_header *h, struct chain *out) MUSTCHECK;
int response_header_decode(int16_t key, int16_t version, struct slice in,
	struct response_header *out, size_t *used) MUSTCHECK;
void response_header_encode(
	int16_t key, int16_t version, const struct response_header *h, struct chain *out);

/* A frame is a 4-byte length and that many bytes. */
#define FRAME_HEAD 4
/*
 * Looks at the first bytes of a stream. 1: *length is the body's. 0: fewer than 4 bytes so far.
 * ERR_TOO_BIG: over max; ERR_INVALID: negative.
 */
int frame_peek(struct slice in, size_t max, size_t *length) MUSTCHECK;
/* Room for the length in front; give the result to frame_end when the body is appended. */
uint8_t *frame_begin(struct chain *out, size_t *before);
void frame_end(const struct chain *out, uint8_t *head, size_t before);

/* A whole request or response as a frame, appended to out; nothing is appended on an error. As
 * msg_encode; ERR_TOO_BIG also when a frame cannot hold it, records that are chains are gone then.
 */
int request_frame(const struct request_header *h, const void *body, struct chain *out) MUSTCHECK;
int response_frame(int16_t key, int16_t version, int32_t correlation_id, const void *body,
	struct chain *out) MUSTCHECK;

#endif
