/* Any bytes as record batches: checked, walked and judged. The first byte chooses the rules. */
#include <stdlib.h>

#include "base/err.h"
#include "wire/batch.h"
#include "wire/kerr.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define CAP ((size_t)1 << 20)

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void walk_headers(const struct record *r)
{
	struct slice rest = r->headers;
	struct record_header header;
	int32_t n = 0;
	while (record_header_next(&rest, &header))
		n++;
	must(n == r->n_headers && rest.n == 0);
}

static void walk(const struct batch_header *h, struct slice batch, struct buf *scratch)
{
	struct record_iter it;
	struct record r;
	int32_t n = 0;
	int rc = record_iter_init(&it, h, batch, NULL, CAP, scratch);
	if (rc != 0)
		return;
	while ((rc = record_next(&it, &r)) == 1) {
		walk_headers(&r);
		must(r.offset >= h->base_offset && r.offset <= batch_last_offset(h));
		n++;
	}
	must(rc < 0 || n == h->n_records);
	rc = record_find_offset(h, batch, NULL, CAP, scratch, h->base_offset + 1, &r);
	must(rc != 1 || r.offset > h->base_offset);
	rc = record_find_max_time(h, batch, NULL, CAP, scratch, &r);
	must(rc != 1 || r.timestamp >= h->max_timestamp);
}

/* Wrong CRCs are let through here: a fuzzer seldom guesses a right one. */
static void walk_all(struct slice in, struct buf *scratch)
{
	struct batch_iter it;
	struct batch_header h;
	struct slice batch;
	batch_iter_init(&it, in, false);
	while (batch_next(&it, &h, &batch) == 1)
		walk(&h, batch, scratch);
}

static void judge(uint8_t choice, struct slice in, struct buf *scratch)
{
	struct produce_rules rules = {
		.api_version = choice & 1 ? 6 : 11,
		.max_message_bytes = choice & 2 ? 100 : 1 << 20,
		.segment_bytes = 1 << 30,
		.now_ms = 1700000000000,
		.before_max_ms = choice & 4 ? 1000 : INT64_MAX,
		.after_max_ms = 3600000,
		.log_append_time = choice & 8,
		.need_keys = choice & 16,
		.walk = choice & 32,
		.unpack_cap = CAP,
		.scratch = scratch,
	};
	struct produce_verdict v;
	struct batch_header h;
	int16_t error = batch_validate_produce(in, &rules, &v);
	must(error == v.error && (error == KERR_NONE) == (v.message[0] == 0));
	must(error != KERR_NONE || (batch_check(in, &h) == 0 && h.size == in.n));
}

/* Gives the batch the CRC that it should have, so that what lies behind is reached. */
static void judge_mended(uint8_t choice, struct slice in, struct buf *scratch)
{
	int64_t size = batch_peek(in);
	if (size < BATCH_HEADER || (size_t)size > in.n)
		return;
	struct buf copy = BUF_EMPTY;
	buf_put(&copy, in.p, in.n);
	batch_set_log_append_time(copy.p, 1700000000000);
	judge(choice, buf_slice(&copy), scratch);
	buf_fini(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n == 0)
		return 0;
	struct buf scratch = BUF_EMPTY;
	struct slice in = slice_of(p + 1, n - 1);
	walk_all(in, &scratch);
	judge(p[0], in, &scratch);
	judge_mended(p[0], in, &scratch);
	buf_fini(&scratch);
	return 0;
}
