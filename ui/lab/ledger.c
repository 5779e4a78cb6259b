/* See ledger.h. */
#include "lab/ledger.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"

struct row {
	int64_t next;     /* -1: nothing was processed */
	int64_t promised; /* highest commit asked for, -1 */
};

void ledger_init(struct ledger *l)
{
	map_init(&l->rows);
}

void ledger_fini(struct ledger *l)
{
	void *row;

	for (size_t i = 0; map_next(&l->rows, &i, NULL, &row);)
		free(row);
	map_fini(&l->rows);
}

static struct row *row_of(struct ledger *l, const char *group, const char *topic, int32_t partition)
{
	struct buf key = BUF_EMPTY;
	struct row *r;

	buf_put(&key, group, strlen(group) + 1);
	buf_put(&key, topic, strlen(topic) + 1);
	buf_put_be32(&key, (uint32_t)partition);
	r = map_get(&l->rows, buf_slice(&key));
	if (!r) {
		r = ALLOC(struct row);
		*r = (struct row){-1, -1};
		map_put(&l->rows, buf_slice(&key), r);
	}
	buf_fini(&key);
	return r;
}

struct ledger_gap ledger_begin(
	struct ledger *l, const char *group, const char *topic, int32_t partition, int64_t offset)
{
	struct row *r = row_of(l, group, topic, partition);
	struct ledger_gap gap = {0, 0};

	if (r->next > offset)
		gap.again = r->next - offset;
	else if (r->next >= 0 && offset > r->next && offset <= r->promised)
		gap.lost = offset - r->next;
	r->next = offset;
	return gap;
}

void ledger_at(
	struct ledger *l, const char *group, const char *topic, int32_t partition, int64_t next)
{
	row_of(l, group, topic, partition)->next = next;
}

void ledger_commit(
	struct ledger *l, const char *group, const char *topic, int32_t partition, int64_t next)
{
	struct row *r = row_of(l, group, topic, partition);

	r->promised = max_i64(r->promised, next);
}
