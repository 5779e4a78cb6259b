/*
 * The table of APIs, headers, frames, error codes, defaults, records that are spliced, and requests
 * that other clients really sent (dumps/), read and written back byte for byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/varint.h"
#include "wire/api.h"
#include "wire/kerr.h"

#define DUMPS_AT_LEAST 23

static void flatten(const struct chain *c, struct buf *out)
{
	assert_int_equal(chain_flatten(c, buf_extend(out, c->n)), 0);
}

static void api_table_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < api_count; i++) {
		const struct api *a = &api_table[i];

		assert_true(i == 0 || api_table[i - 1].key < a->key);
		assert_ptr_equal(api_find(a->key), a);
		assert_string_equal(api_name(a->key), a->name);
		assert_true(a->min <= a->max);
		assert_true(msg_has(a->request, a->min) && msg_has(a->request, a->max));
		assert_true(msg_has(a->response, a->min) && msg_has(a->response, a->max));
		assert_int_equal(a->request->key, a->key);
		assert_int_equal(a->response->key, a->key);
		assert_int_equal(a->request->kind, MSG_REQUEST);
		assert_int_equal(a->response->kind, MSG_RESPONSE);
		assert_int_equal(a->request->flexible, a->flexible);
		assert_int_equal(a->response->flexible, a->flexible);
	}
	assert_null(api_find(-1));
	assert_null(api_find(4));
	assert_null(api_find(INT16_MAX));
	assert_null(api_name(4));
}

static void secrets_are_marked(void **state)
{
	(void)state;
	assert_int_equal(api_find(API_SASL_AUTHENTICATE)->what, API_SECRET);
	assert_int_equal(api_find(API_INCREMENTAL_ALTER_CONFIGS)->what, API_CHANGES | API_SECRET);
	assert_int_equal(api_find(API_FETCH)->what, 0);
}

static void header_versions(void **state)
{
	(void)state;
	assert_int_equal(api_request_header_version(API_METADATA, 8), 1);
	assert_int_equal(api_request_header_version(API_METADATA, 9), 2);
	assert_int_equal(api_response_header_version(API_METADATA, 8), 0);
	assert_int_equal(api_response_header_version(API_METADATA, 9), 1);
	assert_int_equal(api_request_header_version(API_SASL_HANDSHAKE, 1), 1);
	assert_int_equal(api_response_header_version(API_SASL_HANDSHAKE, 1), 0);
	/* The exception: the answer to ApiVersions has no tags in any version. */
	assert_int_equal(api_request_header_version(API_API_VERSIONS, 3), 2);
	for (int16_t v = 0; v <= 5; v++)
		assert_int_equal(api_response_header_version(API_API_VERSIONS, v), 0);
}

static void header_round_trip(struct request_header h, const char *bytes, size_t n)
{
	struct request_header back;
	struct buf flat = BUF_EMPTY;
	struct chain c;
	size_t used;

	chain_init(&c);
	assert_int_equal(request_header_encode(&h, &c), 0);
	flatten(&c, &flat);
	assert_int_equal(flat.n, n);
	assert_memory_equal(flat.p, bytes, n);
	assert_int_equal(request_header_decode(buf_slice(&flat), &back, &used), 0);
	assert_int_equal(used, n);
	assert_int_equal(back.api_key, h.api_key);
	assert_int_equal(back.api_version, h.api_version);
	assert_int_equal(back.correlation_id, h.correlation_id);
	assert_true(str_eq(back.client_id, h.client_id));
	for (size_t cut = 0; cut < n; cut++) {
		assert_int_equal(
			request_header_decode(slice_of(flat.p, cut), &back, &used), ERR_SHORT);
		assert_int_equal(used, 0);
	}
	buf_fini(&flat);
	chain_fini(&c);
}

#define BYTES(lit) lit, sizeof(lit) - 1

static void request_headers(void **state)
{
	(void)state;
	header_round_trip((struct request_header){API_METADATA, 8, 7, STR_LIT("ab")},
		BYTES("\0\3\0\10\0\0\0\7\0\2ab"));
	header_round_trip((struct request_header){API_METADATA, 9, 7, STR_LIT("ab")},
		BYTES("\0\3\0\11\0\0\0\7\0\2ab\0"));
	header_round_trip((struct request_header){API_METADATA, 8, -1, STR_NULL},
		BYTES("\0\3\0\10\377\377\377\377\377\377"));
	header_round_trip(
		(struct request_header){999, 9, 1, STR_LIT("")}, BYTES("\3\347\0\11\0\0\0\1\0\0"));
}

static void request_header_faults(void **state)
{
	static const char tags[] = "\0\3\0\11\0\0\0\7\0\0\1\5\2xyrest";
	static const char negative[] = "\0\3\0\10\0\0\0\7\377\376";
	struct request_header h = {API_METADATA, 9, 1, {tags, INT16_MAX + 1}};
	struct chain c;
	size_t used;

	(void)state;
	assert_int_equal(request_header_decode(slice_of(tags, sizeof(tags) - 1), &h, &used), 0);
	assert_int_equal(used, sizeof(tags) - 1 - 4);
	assert_int_equal(request_header_decode(slice_of(negative, sizeof(negative) - 1), &h, &used),
		ERR_INVALID);
	chain_init(&c);
	h = (struct request_header){API_METADATA, 9, 1, {tags, INT16_MAX + 1}};
	assert_int_equal(request_header_encode(&h, &c), ERR_TOO_BIG);
	assert_true(chain_empty(&c));
	chain_fini(&c);
}

static void answer_header(int16_t key, int16_t version, size_t size)
{
	const struct response_header h = {77};
	struct response_header back;
	struct buf flat = BUF_EMPTY;
	struct chain c;
	size_t used;

	chain_init(&c);
	response_header_encode(key, version, &h, &c);
	assert_int_equal(c.n, size);
	flatten(&c, &flat);
	assert_int_equal(response_header_decode(key, version, buf_slice(&flat), &back, &used), 0);
	assert_int_equal(used, size);
	assert_int_equal(back.correlation_id, 77);
	assert_int_equal(
		response_header_decode(key, version, slice_of(flat.p, size - 1), &back, &used),
		ERR_SHORT);
	buf_fini(&flat);
	chain_fini(&c);
}

static void response_headers(void **state)
{
	(void)state;
	answer_header(API_METADATA, 8, 4);
	answer_header(API_METADATA, 9, 5);
	answer_header(API_API_VERSIONS, 0, 4);
	answer_header(API_API_VERSIONS, 4, 4);
}

static void frames(void **state)
{
	static const uint8_t ok[] = {0, 0, 0, 5, 1};
	static const uint8_t negative[] = {0x80, 0, 0, 0};
	size_t n;

	(void)state;
	for (size_t cut = 0; cut < FRAME_HEAD; cut++)
		assert_int_equal(frame_peek(slice_of(ok, cut), 100, &n), 0);
	assert_int_equal(frame_peek(slice_of(ok, sizeof(ok)), 5, &n), 1);
	assert_int_equal(n, 5);
	assert_int_equal(frame_peek(slice_of(ok, sizeof(ok)), 4, &n), ERR_TOO_BIG);
	assert_int_equal(frame_peek(slice_of(negative, 4), 100, &n), ERR_INVALID);
}

static void failed_frame_leaves_nothing(void **state)
{
	struct request_header h = {API_METADATA, 99, 1, STR_NULL};
	struct metadata_request body;
	struct chain c;

	(void)state;
	chain_init(&c);
	msg_init(&metadata_request_desc, &body);
	assert_int_equal(request_frame(&h, &body, &c), ERR_VERSION);
	assert_int_equal(response_frame(4, 0, 1, &body, &c), ERR_VERSION);
	assert_true(chain_empty(&c));
	chain_fini(&c);
}

static void error_codes(void **state)
{
	(void)state;
	assert_string_equal(kerr_name(KERR_NONE), "NONE");
	assert_string_equal(kerr_name(-1), "UNKNOWN_SERVER_ERROR");
	assert_string_equal(kerr_name(6), "NOT_LEADER_OR_FOLLOWER");
	assert_true(kerr_retriable(KERR_NOT_LEADER_OR_FOLLOWER));
	assert_false(kerr_retriable(KERR_TOPIC_AUTHORIZATION_FAILED));
	assert_false(kerr_known(-2));
	assert_false(kerr_known(INT16_MAX));
	assert_string_equal(kerr_name(INT16_MIN), "UNKNOWN");
	assert_false(kerr_retriable(INT16_MAX));
	for (int16_t code = -1; kerr_known(code); code++)
		assert_true(kerr_text(code)[0] != 0 && !strchr(kerr_text(code), '\n'));
}

static void defaults(void **state)
{
	struct fetch_request fetch;
	struct produce_request produce;

	(void)state;
	memset(&fetch, 0xff, sizeof(fetch));
	msg_init(&fetch_request_desc, &fetch);
	assert_int_equal(fetch.replica_id, -1);
	assert_int_equal(fetch.max_bytes, INT32_MAX);
	assert_int_equal(fetch.session_epoch, -1);
	assert_true(str_is_null(fetch.cluster_id));
	assert_true(fetch.rack_id.p != NULL && fetch.rack_id.n == 0);
	assert_int_equal(fetch.n_topics, 0);
	assert_null(fetch.topics);
	msg_init(&produce_request_desc, &produce);
	assert_true(str_is_null(produce.transactional_id));
}

static void lacking_fields(void **state)
{
	struct fetch_request in;

	(void)state;
	msg_init(&fetch_request_desc, &in);
	in.session_id = 5; /* since 7, may be dropped */
	assert_true(msg_size(&fetch_request_desc, 4, &in) > 0);
	in.n_forgotten_topics_data = 1; /* since 7, may not */
	in.forgotten_topics_data = calloc(1, sizeof(*in.forgotten_topics_data));
	assert_non_null(in.forgotten_topics_data);
	assert_int_equal(msg_size(&fetch_request_desc, 4, &in), ERR_VERSION);
	free(in.forgotten_topics_data);
}

static void build_produce(struct produce_request *in, struct produce_request_topic_data *topic,
	struct produce_request_partition_data *part)
{
	msg_init(&produce_request_desc, in);
	msg_struct_init(&produce_request_topic_data_struct, topic);
	msg_struct_init(&produce_request_partition_data_struct, part);
	topic->name = STR_LIT("t");
	topic->partition_data = part;
	topic->n_partition_data = 1;
	in->topic_data = topic;
	in->n_topic_data = 1;
}

static bool holds_piece(const struct chain *c, const void *p)
{
	const struct list_node *n;

	for (n = c->pieces.head.next; n != &c->pieces.head; n = n->next)
		if (CONTAINER_OF(n, const struct chain_piece, node)->p == p)
			return true;
	return false;
}

/* The chain's memory itself is in the output; the bytes are those of a copy. */
static void splice(int16_t version)
{
	static uint8_t big[5000];
	struct produce_request in;
	struct produce_request_topic_data topic;
	struct produce_request_partition_data part;
	struct buf copied = BUF_EMPTY, spliced = BUF_EMPTY;
	struct chain records, out;

	memset(big, 7, sizeof(big));
	build_produce(&in, &topic, &part);
	part.records.bytes = slice_of(big, sizeof(big));
	assert_int_equal(msg_encode_buf(&produce_request_desc, version, &in, &copied), 0);
	chain_init(&records);
	chain_init(&out);
	chain_put_ref(&records, big, sizeof(big), NULL);
	part.records = (struct records){.chain = &records};
	assert_int_equal(msg_size(&produce_request_desc, version, &in), copied.n);
	assert_int_equal(msg_encode(&produce_request_desc, version, &in, &out), 0);
	assert_true(chain_empty(&records));
	assert_true(holds_piece(&out, big));
	flatten(&out, &spliced);
	assert_true(slice_eq(buf_slice(&copied), buf_slice(&spliced)));
	buf_fini(&copied);
	buf_fini(&spliced);
	chain_fini(&out);
	chain_fini(&records);
}

static void records_are_spliced(void **state)
{
	(void)state;
	splice(3);
	splice(9);
}

static int decode(const struct msg_desc *d, int16_t version, const struct buf *in, void *out)
{
	struct arena a;
	int rc;

	arena_init(&a, 1 << 20);
	rc = msg_decode(d, version, buf_slice(in), &a, out, NULL);
	arena_fini(&a);
	return rc;
}

/* FindCoordinator: a key of that many bytes, whose length is written as `said`. */
static int decode_key(int16_t version, uint32_t said, size_t n)
{
	struct find_coordinator_request out;
	uint8_t compact[VARINT_MAX_32];
	struct buf in = BUF_EMPTY;
	int rc;

	if (version < 3)
		buf_put_be16(&in, (uint16_t)said);
	else
		buf_put(&in, compact, uvarint_put(compact, said));
	buf_fill(&in, 'k', n);
	buf_putc(&in, 0);
	if (version >= 3)
		buf_putc(&in, 0);
	rc = decode(&find_coordinator_request_desc, version, &in, &out);
	buf_fini(&in);
	return rc;
}

static void lengths_that_cannot_be(void **state)
{
	(void)state;
	assert_int_equal(decode_key(1, 3, 3), 0);
	assert_int_equal(decode_key(1, 0, 0), 0);
	assert_int_equal(decode_key(1, 0xffff, 0), ERR_INVALID); /* null */
	assert_int_equal(decode_key(1, 0xfffe, 0), ERR_INVALID);
	assert_int_equal(decode_key(1, 30000, 3), ERR_SHORT);
	assert_int_equal(decode_key(3, 4, 3), 0);
	assert_int_equal(decode_key(3, 1, 0), 0);
	assert_int_equal(decode_key(3, 0, 0), ERR_INVALID);
	assert_int_equal(decode_key(3, UINT32_MAX, 3), ERR_INVALID);
	assert_int_equal(decode_key(3, INT32_MAX, 3), ERR_INVALID);
	/* a string is no longer than 32,767 bytes in its compact form either */
	assert_int_equal(decode_key(3, INT16_MAX + 1, INT16_MAX), 0);
	assert_int_equal(decode_key(3, INT16_MAX + 2, INT16_MAX + 1), ERR_INVALID);
}

static int decode_count(int32_t count, int32_t *n)
{
	struct metadata_request out;
	struct buf in = BUF_EMPTY;
	int rc;

	buf_put_be32(&in, (uint32_t)count);
	buf_put_be16(&in, 1);
	buf_putc(&in, 't');
	rc = decode(&metadata_request_desc, 1, &in, &out);
	*n = out.n_topics;
	buf_fini(&in);
	return rc;
}

/* Nothing is allocated for more elements than the bytes can hold. */
static void counts_that_cannot_be(void **state)
{
	int32_t n;

	(void)state;
	assert_int_equal(decode_count(1, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(decode_count(2, &n), ERR_SHORT);
	assert_int_equal(n, 0);
	assert_int_equal(decode_count(INT32_MAX, &n), ERR_TOO_BIG);
	assert_int_equal(decode_count(-2, &n), ERR_INVALID);
	assert_int_equal(decode_count(INT32_MIN, &n), ERR_INVALID);
	assert_int_equal(decode_count(-1, &n), ERR_INVALID); /* null, and bytes behind it */
	assert_int_equal(n, -1);
}

static int decode_tail(const char *tail, size_t n)
{
	struct find_coordinator_request out;
	struct buf in = BUF_EMPTY;
	int rc;

	buf_put(&in, "\2k\0", 3);
	buf_put(&in, tail, n);
	rc = decode(&find_coordinator_request_desc, 3, &in, &out);
	buf_fini(&in);
	return rc;
}

static void tags_that_cannot_be(void **state)
{
	(void)state;
	assert_int_equal(decode_tail("\1\x7f\2ab", 5), 0); /* not known: skipped */
	assert_int_equal(decode_tail("\1\x7f\0", 3), 0);
	assert_int_equal(decode_tail("\2\x7f\0", 3), ERR_SHORT);
	assert_int_equal(decode_tail("\1\x7f\3ab", 5), ERR_SHORT);
	assert_int_equal(decode_tail("\xff\xff\xff\xff\x0f\0\0", 7), ERR_SHORT);
	assert_int_equal(decode_tail("\xff\xff\xff\xff\x1f\0\0", 7), ERR_INVALID);
	assert_int_equal(decode_tail("\0x", 2), ERR_INVALID); /* left over */
}

/* A value that cannot be written leaves what was in the buffer, as a C string too. */
static void failed_encoding_leaves_nothing(void **state)
{
	struct chain gone; /* a file that is not there */
	struct produce_request in;
	struct produce_request_topic_data topic;
	struct produce_request_partition_data part;
	struct buf out = BUF_EMPTY;

	(void)state;
	build_produce(&in, &topic, &part);
	chain_init(&gone);
	chain_put_file(&gone, -1, 0, 100, NULL);
	part.records.chain = &gone;
	buf_puts(&out, "before");
	assert_int_equal(msg_encode_buf(&produce_request_desc, 3, &in, &out), ERR_IO);
	assert_string_equal(buf_z(&out), "before");
	assert_int_equal(out.n, 6);
	chain_fini(&gone);
	buf_fini(&out);
}

/* Two halves that each fit a length, and a frame that does not. */
static void frame_that_is_too_long(void **state)
{
	const struct request_header h = {.api_key = API_PRODUCE, .api_version = 9};
	struct produce_request in;
	struct produce_request_topic_data topic;
	struct produce_request_partition_data part[2];
	struct chain half[2], out;

	(void)state;
	build_produce(&in, &topic, &part[0]);
	part[1] = part[0];
	topic.partition_data = part;
	topic.n_partition_data = 2;
	chain_init(&out);
	for (int i = 0; i < 2; i++) {
		chain_init(&half[i]);
		chain_put_file(&half[i], -1, 0, (size_t)3 << 29, NULL);
		part[i].records.chain = &half[i];
	}
	assert_int_equal(request_frame(&h, &in, &out), ERR_TOO_BIG);
	assert_true(chain_empty(&out) && chain_empty(&half[0]));
	chain_put_file(&half[0], -1, 0, (size_t)3 << 29, NULL);
	topic.n_partition_data = 1;
	assert_int_equal(request_frame(&h, &in, &out), 0);
	assert_true(out.n > (size_t)3 << 29);
	chain_fini(&out);
}

static void printed_text_is_harmless(void **state)
{
	struct find_coordinator_request in;
	struct buf text = BUF_EMPTY;

	(void)state;
	msg_init(&find_coordinator_request_desc, &in);
	in.key = STR_LIT("a\x1b[2J\xc2\x9b\"\\\xff\xc3\xbc");
	msg_print(&find_coordinator_request_desc, 1, &in, &text);
	assert_non_null(
		strstr(buf_z(&text), "key: \"a\\x1b[2J\\xc2\\x9b\\\"\\\\\\xff\xc3\xbc\"\n"));
	buf_fini(&text);
}

static void splice_stays_on_error(void **state)
{
	struct produce_request in;
	struct produce_request_topic_data topic;
	struct produce_request_partition_data part;
	struct chain records, out;

	(void)state;
	build_produce(&in, &topic, &part);
	chain_init(&records);
	chain_init(&out);
	chain_put(&records, "abc", 3);
	part.records.chain = &records;
	in.transactional_id = STR_LIT("x"); /* since 3, may not be dropped */
	assert_int_equal(msg_encode(&produce_request_desc, 2, &in, &out), ERR_VERSION);
	assert_int_equal(records.n, 3);
	assert_true(chain_empty(&out));
	chain_fini(&records);
	chain_fini(&out);
}

/* Hex digits with blanks between; lines that start with # are comments. */
static void read_hex(const char *path, struct buf *out)
{
	char line[4096];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		for (char *p = line; line[0] != '#' && isxdigit((unsigned char)p[0]); p += 2) {
			const char digits[3] = {p[0], p[1], 0};
			assert_true(isxdigit((unsigned char)p[1]));
			buf_put_u8(out, (uint8_t)strtoul(digits, NULL, 16));
		}
	}
	fclose(f);
}

static void check_dump(const char *path)
{
	struct request_header h;
	struct buf in = BUF_EMPTY, back = BUF_EMPTY;
	struct chain out;
	struct slice rest;
	struct arena a;
	const struct api *api;
	size_t length, used;
	void *body;

	print_message("# %s\n", path);
	read_hex(path, &in);
	assert_int_equal(frame_peek(buf_slice(&in), in.n, &length), 1);
	assert_int_equal(length + FRAME_HEAD, in.n);
	rest = slice_of(in.p + FRAME_HEAD, length);
	assert_int_equal(request_header_decode(rest, &h, &used), 0);
	api = api_find(h.api_key);
	assert_non_null(api);
	arena_init(&a, 1 << 20);
	body = arena_alloc(&a, api->request->body->size);
	rest = slice_of(rest.p + used, rest.n - used);
	assert_int_equal(msg_decode(api->request, h.api_version, rest, &a, body, NULL), 0);
	chain_init(&out);
	assert_int_equal(request_frame(&h, body, &out), 0);
	flatten(&out, &back);
	assert_int_equal(back.n, in.n);
	assert_memory_equal(back.p, in.p, in.n);
	chain_fini(&out);
	arena_fini(&a);
	buf_fini(&in);
	buf_fini(&back);
}

static void requests_of_other_clients(void **state)
{
	const char *top = getenv("top_srcdir");
	char folder[3072];
	char path[4096];
	struct dirent *e;
	int n = 0;
	DIR *d;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/tests/unit/wire/dumps", top ? top : ".");
	d = opendir(folder);
	assert_non_null(d);
	while ((e = readdir(d))) {
		if (!str_ends(str_of(e->d_name), ".hex"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		check_dump(path);
		n++;
	}
	closedir(d);
	assert_true(n >= DUMPS_AT_LEAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(api_table_is_whole),
		cmocka_unit_test(secrets_are_marked),
		cmocka_unit_test(header_versions),
		cmocka_unit_test(request_headers),
		cmocka_unit_test(request_header_faults),
		cmocka_unit_test(response_headers),
		cmocka_unit_test(frames),
		cmocka_unit_test(failed_frame_leaves_nothing),
		cmocka_unit_test(error_codes),
		cmocka_unit_test(defaults),
		cmocka_unit_test(lacking_fields),
		cmocka_unit_test(lengths_that_cannot_be),
		cmocka_unit_test(counts_that_cannot_be),
		cmocka_unit_test(tags_that_cannot_be),
		cmocka_unit_test(failed_encoding_leaves_nothing),
		cmocka_unit_test(frame_that_is_too_long),
		cmocka_unit_test(printed_text_is_harmless),
		cmocka_unit_test(records_are_spliced),
		cmocka_unit_test(splice_stays_on_error),
		cmocka_unit_test(requests_of_other_clients),
	};

	return cmocka_run_group_tests_name("msg", tests, NULL, NULL);
}
