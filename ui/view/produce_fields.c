/* See produce_fields.h. */
#include "view/produce_fields.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "view/common.h"

static const char *const partitioners[] = {"by key", "sticky", "round robin", "partition", NULL};
static const char *const acks[] = {"all", "1", "0", NULL};
static const char *const codecs[] = {"none", "gzip", "snappy", "lz4", "zstd", NULL};

/* ---- what is wrong with a field -------------------------------------------------------------- */

static const struct topic *topic_of(const struct view_ctx *ctx, const struct form *f)
{
	return cluster_topic(view_cluster(ctx), form_text(f, "topic"));
}

static bool check_topic(void *arg, const struct form *f, int field, struct buf *reason)
{
	const struct view_ctx *ctx = arg;

	(void)field;
	if (topic_of(ctx, f) || view_cluster(ctx)->progress.step < PROGRESS_OFFSETS)
		return true;
	buf_puts(reason,
		"the cluster has no such topic. To create it: Esc leaves this form, then 3 n");
	return false;
}

/* Each one "name=value"; a name alone has the value null. */
static bool check_headers(void *arg, const struct form *f, int field, struct buf *reason)
{
	struct str text = edit_get(&f->fields[field].edit);
	size_t n = 0;

	(void)arg;
	while (text.n) {
		const char *comma = memchr(text.p, ',', text.n);
		size_t len = comma ? (size_t)(comma - text.p) : text.n;
		if (!len || text.p[0] == '=' || ++n > PRODUCE_HEADERS) {
			buf_printf(reason, "name=value, several separated by commas, at most %d",
				PRODUCE_HEADERS);
			return false;
		}
		text = (struct str){text.p + len + (comma != NULL), text.n - len - (comma != NULL)};
	}
	return true;
}

static bool check_partition(void *arg, const struct form *f, int field, struct buf *reason)
{
	const struct topic *t = topic_of(arg, f);
	int64_t n = form_number(f, "partition", -1);

	(void)field;
	if (!str_eqz(form_text(f, "partitioner"), "partition") || !t || n < 0 ||
		(n <= INT32_MAX && topic_partition(t, (int32_t)n)))
		return true;
	buf_printf(reason, "%s has the partitions 0 to %d", t->name_z, t->n_partitions - 1);
	return false;
}

static bool check_file(void *arg, const struct form *f, int field, struct buf *reason)
{
	char *path = str_dup(edit_get(&f->fields[field].edit));
	bool fine = !path || !*path || access(path, R_OK) == 0;

	(void)arg;
	if (!fine)
		buf_printf(reason, "%s: %s", path, strerror(errno));
	free(path);
	return fine;
}

const struct field_def produce_fields[PRODUCE_FIELDS] = {
	{.name = "topic",
		.label = "Topic",
		.type = FIELD_TEXT,
		.help = "Where the records go. Enter or Ctrl-S sends.",
		.required = true,
		.max_bytes = 249,
		.check = check_topic},
	{.name = "key",
		.label = "Key",
		.type = FIELD_TEXT,
		.help = "By key the same key goes to the same partition. Empty: no key. "
			"{n} becomes the record's number, from 0.",
		.max_bytes = 65536},
	{.name = "partitioner",
		.label = "Partitioner",
		.type = FIELD_CHOICE,
		.choices = partitioners,
		.help = "by key, sticky, round robin, or the partition below. Left and right "
			"change it."},
	{.name = "partition",
		.label = "Partition",
		.type = FIELD_NUMBER,
		.help = "Used when the partitioner is: partition",
		.initial = "0",
		.min = 0,
		.max = 1000000,
		.check = check_partition},
	{.name = "value",
		.label = "Value",
		.type = FIELD_LINES,
		.help = "Alt-Enter breaks a line; {n} becomes the record's number, from 0.",
		.max_bytes = 1 << 20},
	{.name = "null",
		.label = "Null value",
		.type = FIELD_TOGGLE,
		.help = "No value at all: in a compacted topic this deletes the key."},
	{.name = "headers",
		.label = "Headers",
		.type = FIELD_TEXT,
		.help = "name=value, several separated by commas",
		.check = check_headers},
	{.name = "count",
		.label = "Count",
		.type = FIELD_NUMBER,
		.help = "How many records; 0: until Ctrl-X stops them.",
		.initial = "1",
		.min = 0,
		.max = 1000000000},
	{.name = "rate",
		.label = "Rate",
		.type = FIELD_NUMBER,
		.help = "Records a second; 0: as fast as they go.",
		.initial = "0",
		.min = 0,
		.max = 10000000},
	{.name = "acks",
		.label = "Acks",
		.type = FIELD_CHOICE,
		.choices = acks,
		.help = "all: when every in-sync replica has it; 1: the leader; 0: nobody "
			"answers."},
	{.name = "compression", .label = "Compression", .type = FIELD_CHOICE, .choices = codecs},
	{.name = "file",
		.label = "Value from file",
		.type = FIELD_TEXT,
		.help = "A path; its bytes are the value of each record.",
		.check = check_file},
};
