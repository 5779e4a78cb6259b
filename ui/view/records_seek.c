/* Where to begin reading: the last N, an end, an offset or a time; of one partition or of all. */
#include <stdlib.h>

#include "model/moment.h"
#include "view/records.h"

static const char *const from_choices[] = {"last", "earliest", "latest", "offset", "time", NULL};

static bool check_at(void *arg, const struct form *f, int field, struct buf *reason)
{
	struct str from = form_text(f, "from");
	char *z = str_dup(edit_get(&f->fields[field].edit));
	char *end = z;
	int64_t ms;
	bool number = z && *z && (strtoll(z, &end, 10), !*end);
	bool ok = true;

	(void)arg;
	if (str_eqz(from, "time") && !(z && moment_parse(z, &ms, NULL) == 0)) {
		buf_puts(reason, "2026-11-21 14:00, or milliseconds since 1970");
		ok = false;
	} else if ((str_eqz(from, "offset") || str_eqz(from, "last")) &&
		   (!number || strtoll(z, NULL, 10) < 0)) {
		buf_puts(reason, "a whole number, 0 or more");
		ok = false;
	}
	free(z);
	return ok;
}

static bool check_partition(void *arg, const struct form *f, int field, struct buf *reason)
{
	const struct records *v = arg;
	const struct topic *t = cluster_topic(view_cluster(v->ctx), buf_str(&v->topic));
	int32_t n;

	if (view_partition_of(edit_get(&f->fields[field].edit), &n) &&
		(n < 0 || !t || topic_partition(t, n)))
		return true;
	buf_puts(reason, "all, or a number");
	if (t)
		buf_printf(reason, " from 0 to %d", t->n_partitions - 1);
	return false;
}

static const struct field_def seek_fields[] = {
	{.name = "from",
		.label = "From",
		.type = FIELD_CHOICE,
		.choices = from_choices,
		.help = "Left and right choose: the last N, from earliest, only what comes, from "
			"an "
			"offset, from a time."},
	{.name = "at",
		.label = "Number or time",
		.type = FIELD_TEXT,
		.help = "How many, which offset, or a time: 2026-11-21 14:00",
		.initial = "100",
		.check = check_at},
	{.name = "partition",
		.label = "Partition",
		.type = FIELD_TEXT,
		.help = "A number, or all",
		.initial = "all",
		.check = check_partition},
};

static void submit(void *arg, struct form *f)
{
	struct records *v = arg;
	struct str from = form_text(f, "from");
	char *at_z = str_dup(form_text(f, "at"));
	int64_t ms = 0;

	v->spec.at = at_z ? strtoll(at_z, NULL, 10) : 0;
	v->spec.follow = str_eqz(from, "latest");
	v->spec.from = str_eqz(from, "earliest") ? BROWSE_EARLIEST
		       : str_eqz(from, "latest") ? BROWSE_LATEST
		       : str_eqz(from, "offset") ? BROWSE_OFFSET
		       : str_eqz(from, "time")   ? BROWSE_TIME
						 : BROWSE_LAST;
	if (v->spec.from == BROWSE_TIME && at_z && moment_parse(at_z, &ms, NULL) == 0)
		v->spec.at = ms;
	(void)!view_partition_of(form_text(f, "partition"), &v->spec.partition);
	free(at_z);
	records_browse(v);
}

void records_seek_open(struct records *v)
{
	struct buf text = BUF_EMPTY;

	formbox_open(&v->box, "go to", seek_fields, ARRAY_LEN(seek_fields), submit, v);
	if (v->spec.partition >= 0) {
		buf_printf(&text, "%d", v->spec.partition);
		form_set(&v->box.form, "partition", buf_str(&text));
	}
	buf_fini(&text);
}
