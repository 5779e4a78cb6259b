/* See move.h. */
#include "model/move.h"

void move_put_command(struct buf *out, const char *topic, const struct replica_move *v, size_t n)
{
	bool cancel = n > 0 && v[0].n == 0;

	buf_printf(out, "kdeck reassign --%s --reassignment-json-file <(echo '{\"partitions\":[",
		cancel ? "cancel" : "execute");
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s{\"topic\":\"%s\",\"partition\":%d,\"replicas\":[", i ? "," : "",
			topic, v[i].partition);
		for (int32_t k = 0; k < v[i].n; k++)
			buf_printf(out, "%s%d", k ? "," : "", v[i].replicas[k]);
		buf_puts(out, "]}");
	}
	buf_puts(out, "],\"version\":1}')");
}

static bool among(int32_t id, const int32_t *v, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		if (v[i] == id)
			return true;
	return false;
}

void move_add_cost(
	struct move_cost *c, const struct partition *p, const int32_t *replicas, int32_t n)
{
	const struct replica *leader = partition_replica(p, p->leader);
	int64_t size = leader ? leader->size : -1;

	for (int32_t i = 0; i < n; i++) {
		if (partition_replica(p, replicas[i]))
			continue;
		c->added++;
		c->bytes += max_i64(size, 0);
		c->partial |= size < 0;
	}
	for (int32_t i = 0; i < p->n_replicas; i++)
		c->removed += !among(p->replicas[i].broker, replicas, n);
}

int move_percent(const struct partition *p, int32_t broker)
{
	const struct replica *r = partition_replica(p, broker);
	int64_t end = partition_leo(p);

	if (r && r->in_sync)
		return 100;
	if (!r || r->end < 0 || p->start < 0 || end < 0)
		return -1;
	if (end <= p->start)
		return 100;
	return (int)max_i64(0, min_i64(99, (r->end - p->start) * 100 / (end - p->start)));
}
