/*
 * API table, headers and frames. The client id keeps its two-byte length in every header version,
 * and the answer to ApiVersions never has a tag section: a peer must be able to read both before it
 * knows the other's versions (KIP-511).
 */
#include "wire/api.h"

#include "wire/reader.h"
#include "wire/writer.h"

#define B  API_BROKER
#define C  API_CONTROLLER
#define BC (API_BROKER | API_CONTROLLER)

const struct api api_table[] = {
#define API(key, NAME, name, message, min, max, flexible, listeners, sensitive)        \
	{key, name, min, max, flexible, listeners, sensitive, &message##_request_desc, \
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
	*used = r.err ? 0 : (size_t)(r.p - in.p);
	return r.err;
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
	*used = r.err ? 0 : (size_t)(r.p - in.p);
	return r.err;
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

int request_frame(const struct request_header *h, const void *body, struct chain *out)
{
	const struct api *api = api_find(h->api_key);
	struct chain frame;
	size_t before;
	uint8_t *head;
	int ret;

	if (!api)
		return ERR_VERSION;
	chain_init(&frame);
	head = frame_begin(&frame, &before);
	ret = request_header_encode(h, &frame);
	if (!ret)
		ret = msg_encode(api->request, h->api_version, body, &frame);
	if (!ret) {
		frame_end(&frame, head, before);
		chain_append(out, &frame);
	}
	chain_fini(&frame);
	return ret;
}

int response_frame(
	int16_t key, int16_t version, int32_t correlation_id, const void *body, struct chain *out)
{
	const struct api *api = api_find(key);
	const struct response_header h = {correlation_id};
	struct chain frame;
	size_t before;
	uint8_t *head;
	int ret;

	if (!api)
		return ERR_VERSION;
	chain_init(&frame);
	head = frame_begin(&frame, &before);
	response_header_encode(key, version, &h, &frame);
	ret = msg_encode(api->response, version, body, &frame);
	if (!ret) {
		frame_end(&frame, head, before);
		chain_append(out, &frame);
	}
	chain_fini(&frame);
	return ret;
}
