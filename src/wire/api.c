/*
 * API table, headers and frames. The client id keeps its two-byte length in every header version,
 * and the answer to ApiVersions never has a tag section: a peer must be able to read both before it
 * knows the other's versions (KIP-511).
 */
#include "wire/api.h"

#include "wire/reader.h"
#include "wire/writer.h"

#define B       API_BROKER
#define C       API_CONTROLLER
#define BC      (API_BROKER | API_CONTROLLER)
#define NOBODY  API_NOBODY
#define CHANGES API_CHANGES
#define SECRET  API_SECRET

const struct api api_table[] = {
#define API(key, NAME, name, message, min, max, flexible, who, what)        \
	{key, name, min, max, flexible, who, what, &message##_request_desc, \
		&message##_response_desc},
#include "wire/api.def"
};

const size_t api_count = ARRAY_LEN(api_table);

const struct api *api_find(int16_t key)
{
	size_t lo = 0;
	size_t hi = api_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (api_table[mid].key == key)
			return &api_table[mid];
		if (api_table[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const char *api_name(int16_t key)
{
	const struct api *api = api_find(key);

	return api ? api->name : NULL;
}

int api_request_header_version(int16_t key, int16_t version)
{
	const struct api *api = api_find(key);

	return api && version >= api->flexible ? 2 : 1;
}

int api_response_header_version(int16_t key, int16_t version)
{
	const struct api *api = api_find(key);

	return api && key != API_API_VERSIONS && version >= api->flexible ? 1 : 0;
}

/* Headers have no tagged fields that are known here. */
static void skip_tags(struct reader *r)
{
	uint32_t n = reader_uvarint(r);

	while (n-- && !r->err) {
		reader_uvarint(r);
		reader_take(r, reader_uvarint(r));
	}
}

static struct str read_client_id(struct reader *r)
{
	int16_t n = reader_i16(r);
	const uint8_t *p;

	if (n < 0) {
		if (n < -1)
			reader_fail(r, ERR_INVALID);
		return STR_NULL;
	}
	p = reader_take(r, (size_t)n);
	return p ? str_slice(slice_of(p, (size_t)n)) : STR_NULL;
}

/* How much of in a header took; nothing on an error. */
static int header_end(const struct reader *r, struct slice in, size_t *used)
{
	*used = r->err ? 0 : (size_t)(r->p - in.p);
	return r->err;
}

int request_header_decode(struct slice in, struct request_header *out, size_t *used)
{
	struct reader r;

	reader_init(&r, in);
	out->api_key = reader_i16(&r);
	out->api_version = reader_i16(&r);
	out->correlation_id = reader_i32(&r);
	out->client_id = read_client_id(&r);
	if (!r.err && api_request_header_version(out->api_key, out->api_version) == 2)
		skip_tags(&r);
	return header_end(&r, in, used);
}

int request_header_encode(const struct request_header *h, struct chain *out)
{
	struct writer w;

	if (h->client_id.n > INT16_MAX)
		return ERR_TOO_BIG;
	writer_init(&w, out);
	writer_i16(&w, h->api_key);
	writer_i16(&w, h->api_version);
	writer_i32(&w, h->correlation_id);
	writer_i16(&w, h->client_id.p ? (int16_t)h->client_id.n : -1);
	writer_bytes(&w, h->client_id.p, h->client_id.n);
	if (api_request_header_version(h->api_key, h->api_version) == 2)
		writer_uvarint(&w, 0);
	writer_flush(&w);
	return 0;
}

int response_header_decode(
	int16_t key, int16_t version, struct slice in, struct response_header *out, size_t *used)
{
	struct reader r;

	reader_init(&r, in);
	out->correlation_id = reader_i32(&r);
	if (api_response_header_version(key, version) == 1)
		skip_tags(&r);
	return header_end(&r, in, used);
}

void response_header_encode(
	int16_t key, int16_t version, const struct response_header *h, struct chain *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_i32(&w, h->correlation_id);
	if (api_response_header_version(key, version) == 1)
		writer_uvarint(&w, 0);
	writer_flush(&w);
}

int frame_peek(struct slice in, size_t max, size_t *length)
{
	int32_t n;

	*length = 0;
	if (in.n < FRAME_HEAD)
		return 0;
	n = (int32_t)get_be32(in.p);
	if (n < 0)
		return ERR_INVALID;
	if ((size_t)n > max)
		return ERR_TOO_BIG;
	*length = (size_t)n;
	return 1;
}

uint8_t *frame_begin(struct chain *out, size_t *before)
{
	uint8_t *head = chain_extend(out, FRAME_HEAD);

	*before = out->n;
	return head;
}

void frame_end(const struct chain *out, uint8_t *head, size_t before)
{
	put_be32(head, (uint32_t)(out->n - before));
}

/* A frame that is being made beside the output it is for. */
struct frame {
	struct chain chain;
	uint8_t *head;
	size_t before;
};

static void frame_open(struct frame *f)
{
	chain_init(&f->chain);
	f->head = frame_begin(&f->chain, &f->before);
}

/* Appends the body and moves the frame to out, or drops it all on an error. */
static int frame_close(struct frame *f, const struct msg_desc *d, int16_t version, const void *body,
	struct chain *out)
{
	int ret = msg_encode(d, version, body, &f->chain);

	if (!ret && f->chain.n - f->before > INT32_MAX)
		ret = ERR_TOO_BIG; /* the length would be read as another one */
	if (!ret) {
		frame_end(&f->chain, f->head, f->before);
		chain_append(out, &f->chain);
	}
	chain_fini(&f->chain);
	return ret;
}

int request_frame(const struct request_header *h, const void *body, struct chain *out)
{
	const struct api *api = api_find(h->api_key);
	struct frame f;
	int ret;

	if (!api)
		return ERR_VERSION;
	frame_open(&f);
	ret = request_header_encode(h, &f.chain);
	if (!ret)
		return frame_close(&f, api->request, h->api_version, body, out);
	chain_fini(&f.chain);
	return ret;
}

int response_frame(
	int16_t key, int16_t version, int32_t correlation_id, const void *body, struct chain *out)
{
	const struct api *api = api_find(key);
	const struct response_header h = {correlation_id};
	struct frame f;

	if (!api)
		return ERR_VERSION;
	frame_open(&f);
	response_header_encode(key, version, &h, &f.chain);
	return frame_close(&f, api->response, version, body, out);
}
