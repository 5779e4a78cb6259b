/*
 * Any bytes as what arrives at a socket: frames, each a request's header and body. The same bytes
 * are read as the answer's header too.
 */
#include <stdlib.h>

#include "wire/api.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define FRAME_LIMIT ((size_t)1 << 20)
#define ARENA_MAX   ((size_t)8 << 20)

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* A header that was read is written so that it reads as the same; tags of peers are dropped. */
static void header_back(const struct request_header *h)
{
	struct request_header again;
	struct chain out;
	uint8_t *flat;
	size_t used;

	chain_init(&out);
	must(request_header_encode(h, &out) == 0);
	flat = malloc(out.n);
	must(flat != NULL && chain_flatten(&out, flat) == 0);
	must(request_header_decode(slice_of(flat, out.n), &again, &used) == 0 && used == out.n);
	must(again.api_key == h->api_key && again.api_version == h->api_version);
	must(again.correlation_id == h->correlation_id);
	must(str_eq(again.client_id, h->client_id));
	free(flat);
	chain_fini(&out);
}

static void body(const struct request_header *h, struct slice in)
{
	const struct api *api = api_find(h->api_key);
	struct arena a;
	void *out;

	if (!api || !msg_has(api->request, h->api_version))
		return;
	arena_init(&a, ARENA_MAX);
	out = arena_alloc(&a, api->request->body->size);
	must(out != NULL);
	if (msg_decode(api->request, h->api_version, in, &a, out, NULL) == 0)
		must(msg_size(api->request, h->api_version, out) >= 0);
	arena_fini(&a);
}

static void frame(struct slice in)
{
	struct response_header answer;
	struct request_header h;
	size_t used;
	int rc = request_header_decode(in, &h, &used);

	must(rc <= 0 && used <= in.n);
	if (rc == 0) {
		header_back(&h);
		body(&h, slice_of(in.p + used, in.n - used));
	}
	rc = response_header_decode(h.api_key, h.api_version, in, &answer, &used);
	must(rc <= 0 && used <= in.n && (rc < 0) == (used == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice rest = slice_of(p, n);
	size_t length;

	while (frame_peek(rest, FRAME_LIMIT, &length) == 1) {
		must(length <= FRAME_LIMIT);
		rest.p += FRAME_HEAD;
		rest.n -= FRAME_HEAD;
		/* The last frame may be cut short: a server would wait, here its start will do. */
		if (length > rest.n)
			length = rest.n;
		frame(slice_of(rest.p, length));
		rest.p += length;
		rest.n -= length;
	}
	return 0;
}
