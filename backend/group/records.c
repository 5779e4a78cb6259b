/* Records of __consumer_offsets: keys with their type, values with their version. */
#include "group/records.h"

#include "base/err.h"

#include <assert.h>

#define TYPE_OFFSET_OLD 0
#define TYPE_OFFSET     1
#define TYPE_GROUP      2

#define VERSION_GROUP          3
#define VERSION_OFFSET         3
#define VERSION_OFFSET_EXPIRES 1

static int parse_key(const struct msg_desc *d, struct slice key, struct arena *a, void *out)
{
	msg_init(d, out);
	return msg_decode(d, 0, key, a, out, NULL);
}

static int parse_offset(struct slice key, struct arena *a, struct group_record *out)
{
	struct offset_commit_key k;
	int rc = parse_key(&offset_commit_key_desc, key, a, &k);

	out->kind = GROUP_RECORD_OFFSET;
	out->group = k.group;
	out->topic = k.topic;
	out->partition = k.partition;
	return rc;
}

static int parse_group(struct slice key, struct arena *a, struct group_record *out)
{
	struct group_metadata_key k;
	int rc = parse_key(&group_metadata_key_desc, key, a, &k);

	out->kind = GROUP_RECORD_GROUP;
	out->group = k.group;
	return rc;
}

static int parse_value(const struct msg_desc *d, struct slice value, struct arena *a, void *out)
{
	int16_t version;

	if (value.n < 2)
		return ERR_SHORT;
	version = (int16_t)get_be16(value.p);
	return msg_decode(d, version, slice_of(value.p + 2, value.n - 2), a, out, NULL);
}

int group_record_parse(
	struct slice key, struct slice value, struct arena *a, struct group_record *out)
{
	int16_t type;
	int rc;

	memset(out, 0, sizeof(*out));
	if (key.n < 2)
		return ERR_SHORT;
	type = (int16_t)get_be16(key.p);
	key = slice_of(key.p + 2, key.n - 2);
	out->kind = GROUP_RECORD_OTHER;
	out->deleted = !value.p;
	if (type == TYPE_OFFSET || type == TYPE_OFFSET_OLD) {
		rc = parse_offset(key, a, out);
		if (rc == 0 && value.p)
			rc = parse_value(&offset_commit_value_desc, value, a, &out->offset);
		return rc;
	}
	if (type == TYPE_GROUP) {
		rc = parse_group(key, a, out);
		if (rc == 0 && value.p)
			rc = parse_value(&group_metadata_value_desc, value, a, &out->metadata);
		return rc;
	}
	return 0;
}

static int put(
	const struct msg_desc *d, int16_t first, int16_t version, const void *in, struct buf *out)
{
	size_t before = out->n;
	int rc;

	buf_put_be16(out, (uint16_t)first);
	rc = msg_encode_buf(d, version, in, out);
	if (rc < 0)
		out->n = before;
	return rc;
}

void group_record_offset_key(struct str group, struct str topic, int32_t partition, struct buf *out)
{
	struct offset_commit_key k = {.group = group, .topic = topic, .partition = partition};
	int rc = put(&offset_commit_key_desc, TYPE_OFFSET, 0, &k, out);

	assert(rc == 0);
	(void)rc;
}

void group_record_group_key(struct str group, struct buf *out)
{
	struct group_metadata_key k = {.group = group};
	int rc = put(&group_metadata_key_desc, TYPE_GROUP, 0, &k, out);

	assert(rc == 0);
	(void)rc;
}

int group_record_offset_value(const struct offset_commit_value *v, struct buf *out)
{
	int16_t version = v->expire_timestamp >= 0 ? VERSION_OFFSET_EXPIRES : VERSION_OFFSET;

	return put(&offset_commit_value_desc, version, version, v, out);
}

int group_record_group_value(const struct group_metadata_value *v, struct buf *out)
{
	return put(&group_metadata_value_desc, VERSION_GROUP, VERSION_GROUP, v, out);
}
