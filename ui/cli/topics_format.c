/* The lines of kafka-topics.sh, and its replica assignments. */
#include "cli/impl.h"
#include <errno.h>
#include <stdlib.h>

static void put_column(struct buf *out, const char *label, const struct ids *ids)
{
	buf_printf(out, "\t%s: %s", label, ids->n < 0 ? "N/A" : "");
	put_ids(out, ids);
}

void put_topic_head(struct buf *out, const struct described_topic *t, int32_t factor)
{
	char id[UUID_TEXT];
	uuid_format(&t->id, id);
	buf_printf(out,
		"Topic: %.*s\tTopicId: %s\tPartitionCount: %zu\tReplicationFactor: %d\tConfigs: "
		"%.*s\n",
		STR_ARG(t->name), id, t->partitions.n, factor, STR_ARG(buf_str(&t->configs)));
}

void put_topic_partition(struct buf *out, struct str topic, const struct described_partition *p)
{
	buf_printf(out, "\tTopic: %.*s\tPartition: %d\tLeader: ", STR_ARG(topic), p->index);
	if (p->leader >= 0)
		buf_printf(out, "%d", p->leader);
	else
		buf_puts(out, "none");
	put_column(out, "Replicas", &p->replicas);
	put_column(out, "Isr", &p->isr);
	if (p->moving) {
		put_column(out, "Adding Replicas", &p->adding);
		put_column(out, "Removing Replicas", &p->removing);
	}
	put_column(out, "Elr", &p->elr);
	put_column(out, "LastKnownElr", &p->last_elr);
	buf_putc(out, '\n');
}

/* The replicas of one partition: "1:2:3". */
static int one(const char **z, struct replica_assignment *out, struct err *e)
{
	size_t begin = out->ends.n ? *vec_last(&out->ends) : 0;
	do {
		char *end;
		errno = 0;
		long id = strtol(*z, &end, 10);
		if (end == *z || errno || id < 0 || id > INT32_MAX || **z == '+' || **z == ' ')
			return err_set(e, ERR_INVALID,
				"\"%s\": broker ids were expected, as in 1:2,2:3", *z);
		for (size_t i = begin; i < out->ids.n; i++)
			if (out->ids.v[i] == id)
				return err_set(e, ERR_INVALID,
					"broker %ld stands twice among the replicas of a partition",
					id);
		vec_push(&out->ids, (int32_t)id);
		*z = end;
	} while (**z == ':' && (*z)++);
	vec_push(&out->ends, out->ids.n);
	return 0;
}

int replica_assignment_parse(const char *z, struct replica_assignment *out, struct err *e)
{
	size_t first;
	*out = (struct replica_assignment){0};
	do {
		int r = one(&z, out, e);
		if (r < 0)
			return r;
	} while (*z == ',' && z++);
	if (*z)
		return err_set(
			e, ERR_INVALID, "\"%s\": broker ids were expected, as in 1:2,2:3", z);
	first = out->ends.v[0];
	for (size_t i = 1; i < out->ends.n; i++)
		if (out->ends.v[i] - out->ends.v[i - 1] != first)
			return err_set(e, ERR_INVALID,
				"every partition needs as many replicas as the first one");
	return 0;
}

void replica_assignment_fini(struct replica_assignment *a)
{
	vec_fini(&a->ids);
	vec_fini(&a->ends);
}
