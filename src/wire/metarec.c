/* The frame around a value in the metadata log. */
#include "wire/metarec.h"

#include "wire/reader.h"

const struct msg_desc *metarec_find(uint32_t type)
{
	for (const struct msg_desc *const *d = msg_all; *d; d++)
		if ((*d)->kind == MSG_METADATA && (uint32_t)(*d)->key == type)
			return *d;
	return NULL;
}

int metarec_decode(struct slice value, struct arena *a, struct metarec *out)
{
	struct reader r;
	uint32_t frame, type, version;

	*out = (struct metarec){0};
	reader_init(&r, value);
	frame = reader_uvarint(&r);
	type = reader_uvarint(&r);
	version = reader_uvarint(&r);
	if (r.err)
		return r.err;
	out->desc = metarec_find(type);
	if (frame != METAREC_FRAME || !out->desc || version > INT16_MAX)
		return ERR_VERSION;
	out->version = (int16_t)version;
	out->body = arena_alloc(a, out->desc->body->size);
	if (!out->body)
		return ERR_NOMEM;
	return msg_decode(
		out->desc, out->version, slice_of(r.p, reader_left(&r)), a, out->body, NULL);
}

int metarec_encode(const struct msg_desc *d, int16_t version, const void *body, struct buf *out)
{
	uint8_t head[3 * VARINT_MAX_32];
	size_t before = out->n;
	size_t n;
	int ret;

	n = uvarint_put(head, METAREC_FRAME);
	n += uvarint_put(head + n, (uint32_t)d->key);
	n += uvarint_put(head + n, (uint32_t)(uint16_t)version);
	buf_put(out, head, n);
	ret = msg_encode_buf(d, version, body, out);
	if (ret)
		buf_cut(out, before);
	return ret;
}
