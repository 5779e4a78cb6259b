/* Writes a log of several segments into a folder, for Kafka's own DumpLogSegments to read. */
#include <stdio.h>

#include "store/store.h"

static int append(struct plog *log, struct batch_builder *b, int i)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct plog_append item = {.leader_epoch = i / 100, .coordinator_epoch = -1};
	struct slice bytes;

	opt.producer_id = 1000 + i % 3;
	opt.producer_epoch = 0;
	opt.base_sequence = i / 3 * 2;
	batch_builder_begin(b, &opt);
	for (int k = 0; k < 2; k++) {
		if (batch_builder_add(b, INT64_C(1700000000000) + i, slice_str(STR_LIT("key")),
			    slice_str(STR_LIT("a value of some length, for the segments")), NULL,
			    0) < 0)
			return -1;
	}
	if (batch_builder_finish(b, &bytes) < 0 || batch_check(bytes, &item.header) < 0)
		return -1;
	item.batch = xmemdup(bytes.p, bytes.n);
	plog_append(log, &item, 1, PLOG_LEADER);
	free(item.batch);
	return item.error ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct store_options opt = {.config = plog_config_default, .cluster_id = "sample"};
	struct batch_builder b;
	struct store s;
	struct plog *log;
	struct uuid id;
	struct err e = {0};
	int r;

	if (argc != 2)
		return 2;
	opt.dir = argv[1];
	opt.config.segment_bytes = 60000;
	uuid_random(&id);
	if (store_open(&s, &opt, &e) < 0 ||
		store_create(&s, STR_LIT("sample"), 0, &id, NULL, &log, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	batch_builder_init(&b, NULL);
	r = 0;
	for (int i = 0; r == 0 && i < 1000; i++)
		r = append(log, &b, i);
	batch_builder_fini(&b);
	return store_close(&s) < 0 || r < 0 ? 1 : 0;
}
