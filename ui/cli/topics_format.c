/* The lines of kafka-topics.sh, and its replica assignments. */
#include "cli/impl.h"
#include <errno.h>
#include <stdlib.h>

void put_ids(struct buf *out, const int32_t *ids, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		buf_printf(out, i ? ",%d" : "%d", ids[i]);
}

void put_topic_head(struct buf *out, const struct admin_topic *t, struct str configs)
{
	char id[UUID_TEXT];
	uuid_format(&t->id, id);
	buf_printf(out,
		"Topic: %.*s\tTopicId: %s\tPartitionCount: %d\tReplicationFactor: %d\tConfigs: "
		"%.*s\n",
		STR_ARG(t->name), id, t->n_partitions,
		t->n_partitions ? t->partitions[0].n_replicas : 0, STR_ARG(configs));
}

static void put_elr(struct buf *out, const char *label, const int32_t *ids, int32_t n)
{
	buf_printf(out, "\t%s: ", label);
	if (ids || n == 0)
		put_ids(out, ids, n);
	else
		buf_puts(out, "N/A");
}

void put_topic_partition(struct buf *out, const struct admin_topic *t,
	const struct admin_partition *p, const struct topic_elr *elr)
{
	buf_printf(out, "\tTopic: %.*s\tPartition: %d\tLeader: ", STR_ARG(t->name), p->index);
	if (p->leader >= 0)
		buf_printf(out, "%d", p->leader);
	else
		buf_puts(out, "none");
	buf_puts(out, "\tReplicas: ");
	put_ids(out, p->replicas, p->n_replicas);
	buf_puts(out, "\tIsr: ");
	put_ids(out, p->isr, p->n_isr);
	put_elr(out, "Elr", elr->elr, elr->n_elr);
	put_elr(out, "LastKnownElr", elr->last, elr->n_last);
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
