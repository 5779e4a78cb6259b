/* kdeck get-offsets: kafka-get-offsets.sh. One question a broker, however many partitions. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/impl.h"
#include <errno.h>
#include <stdlib.h>

static const struct cli_option options[] = {
	{"topic", 0, CLI_VALUE, "NAME", "Topics, a regular expression; without it all", NULL},
	{"partitions", 0, CLI_VALUE, "0,2,…", "Partitions of these topics; without it all", NULL},
	{"topic-partitions", 0, CLI_VALUE, "NAME:0-2,…",
		"Topics with their partitions, in place of the two above", NULL},
	{"time", 0, CLI_VALUE, "-1|-2|-3|MS",
		"latest (-1, the default), earliest (-2), max-timestamp (-3), or ms since 1970",
		NULL},
	{"exclude-internal-topics", 0, CLI_FLAG, NULL, "Leave out the cluster's own topics", NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

/* One piece of a set: "5", "2-4", "3-", "-2". Moves *z behind it. */
static bool piece(const char **z, int64_t *lo, int64_t *hi)
{
	char *end;
	errno = 0;
	*lo = 0;
	*hi = INT32_MAX;
	if (**z >= '0' && **z <= '9') {
		*lo = *hi = strtoll(*z, &end, 10);
		*z = end;
	} else if (**z != '-') {
		return false;
	}
	if (**z == '-') {
		*hi = INT32_MAX;
		++*z;
		if (**z >= '0' && **z <= '9') {
			/* Kafka's upper bound is not part of the range. */
			*hi = strtoll(*z, &end, 10) - 1;
			*z = end;
		}
	}
	return !errno && *lo <= INT32_MAX && (**z == ',' || !**z);
}

bool partition_set_valid(const char *z)
{
	int64_t lo, hi;
	do {
		if (!piece(&z, &lo, &hi))
			return false;
	} while (*z == ',' && *++z);
	return true;
}

bool partition_set_has(const char *z, int32_t id)
{
	int64_t lo, hi;
	if (!z)
		return true;
	do {
		if (!piece(&z, &lo, &hi))
			return false;
		if (id >= lo && id <= hi)
			return true;
	} while (*z == ',' && *++z);
	return false;
}

/* One of the filters that --topic-partitions lists, or what the other options say. */
struct filter {
	struct name_pattern name;
	char *partitions; /* NULL: all */
};

struct job {
	VEC(struct filter) filters;
	VEC(struct admin_offset) ask;
	struct cli *c;
	int status;
	bool done;
};

static int add_filter(struct cli *c, struct job *j, const char *name, const char *partitions)
{
	struct filter *f = vec_add(&j->filters);
	struct err e;
	f->partitions = partitions ? xstrdup(partitions) : NULL;
	if (name_pattern_init(&f->name, name, &e) < 0)
		return cli_usage(c, "%s: %s", name, e.msg);
	if (partitions && !partition_set_valid(partitions))
		return cli_usage(c, "%s: partitions were expected, as in 0,2,5-8", partitions);
	return CLI_OK;
}

static int read_filters(struct cli *c, struct job *j)
{
	const char *list = cli_get(c, "topic-partitions");
	int status = CLI_OK;
	if (!list && cli_has(c, "partitions") &&
		strspn(cli_get(c, "partitions"), "0123456789,") != strlen(cli_get(c, "partitions")))
		return cli_usage(c,
			"--partitions %s: numbers with commas between were expected; ranges go "
			"with "
			"--topic-partitions NAME:0-2",
			cli_get(c, "partitions"));
	if (!list)
		return add_filter(c, j, cli_get(c, "topic"), cli_get(c, "partitions"));
	if (cli_has(c, "topic") || cli_has(c, "partitions"))
		return cli_usage(
			c, "--topic-partitions cannot be used with --topic or --partitions");
	char *copy = xstrdup(list), *rest = NULL;
	for (char *z = strtok_r(copy, ",", &rest); z && status == CLI_OK;
		z = strtok_r(NULL, ",", &rest)) {
		char *colon = strrchr(z, ':');
		if (colon)
			*colon++ = 0;
		status = add_filter(c, j, *z ? z : NULL, colon && *colon ? colon : NULL);
	}
	free(copy);
	return status;
}

static bool fits(const struct job *j, struct str topic, int32_t partition)
{
	vec_foreach (f, &j->filters)
		if (name_pattern_match(&f->name, topic) &&
			partition_set_has(f->partitions, partition))
			return true;
	return false;
}

static int read_time(struct cli *c, int64_t *out)
{
	static const struct {
		const char *name;
		int64_t value;
	} names[] = {{"latest", ADMIN_LATEST}, {"earliest", ADMIN_EARLIEST},
		{"max-timestamp", ADMIN_MAX_TIMESTAMP}, {"earliest-local", -4},
		{"latest-tiered", -5}, {"earliest-pending-upload", -6}};
	const char *z = cli_get(c, "time");
	for (size_t i = 0; z && i < ARRAY_LEN(names); i++) {
		if (!strcmp(z, names[i].name)) {
			*out = names[i].value;
			return CLI_OK;
		}
	}
	return cli_number(c, "time", -6, INT64_MAX, ADMIN_LATEST, out);
}

static void print(struct cli *c, const struct admin_offset *all, size_t n)
{
	struct json j;
	json_init(&j, &c->out);
	if (c->json)
		json_array(&j);
	for (size_t i = 0; i < n; i++) {
		const struct admin_offset *o = &all[i];
		if (o->error || o->offset < 0)
			continue;
		if (!c->json) {
			buf_printf(&c->out, "%.*s:%d:%lld\n", STR_ARG(o->topic), o->partition,
				(long long)o->offset);
			continue;
		}
		json_object(&j);
		json_place(&j, o->topic, o->partition);
		json_kint(&j, "offset", o->offset);
		json_object_end(&j);
	}
	if (c->json) {
		json_list_end(&j);
	}
}

static void on_offsets(
	void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left)
{
	struct job *j = arg;
	(void)broker;
	if (left)
		return;
	j->status = cli_tell_failed(j->c, all, n);
	print(j->c, all, n);
	j->done = true;
}

static int ask(struct cli *c, struct job *j, int64_t time)
{
	int status = cli_refresh(c, NULL, 0);
	const struct admin_metadata *m = admin_metadata(c->admin);
	for (size_t i = 0; status == CLI_OK && i < m->n_topics; i++) {
		const struct admin_topic *t = m->topics[i];
		if (t->internal && cli_has(c, "exclude-internal-topics"))
			continue;
		for (int32_t p = 0; p < t->n_partitions; p++) {
			if (!fits(j, t->name, t->partitions[p].index))
				continue;
			*vec_add(&j->ask) = (struct admin_offset){.topic = t->name,
				.partition = t->partitions[p].index,
				.replica = -1,
				.timestamp = time};
		}
	}
	if (status != CLI_OK)
		return status;
	if (!j->ask.n)
		return cli_fail(c, "no partition fits; kdeck topics --list shows the topics");
	int64_t id = admin_list_offsets(c->admin, j->ask.v, j->ask.n, NULL, on_offsets, j);
	if (cli_await(c, &j->done))
		return j->status;
	admin_cancel(c->admin, id);
	return cli_fail(c, "%s: no answer", c->bootstrap);
}

static int run(struct cli *c)
{
	struct job j = {.c = c};
	int64_t time = ADMIN_LATEST;
	int status = read_time(c, &time);
	if (status == CLI_OK)
		status = read_filters(c, &j);
	if (status == CLI_OK)
		status = cli_open(c);
	if (status == CLI_OK)
		status = ask(c, &j, time);
	vec_foreach (f, &j.filters) {
		name_pattern_fini(&f->name);
		free(f->partitions);
	}
	vec_fini(&j.filters);
	vec_fini(&j.ask);
	return status;
}

const struct cli_command cli_get_offsets = {
	.name = "get-offsets",
	.script = "kafka-get-offsets.sh",
	.summary = "Print offsets of partitions: the end, the beginning, or by time",
	.options = options,
	.run = run,
};
