/*
 * Records of __consumer_offsets on their way to the log. Keys and values lie one behind the other
 * in one buffer; a batch of them is sent as it is, however many groups or offsets it speaks of.
 */
#include "group/impl.h"

#include "base/log.h"

void entries_init(struct entries *e)
{
	memset(e, 0, sizeof(*e));
}

void entries_fini(struct entries *e)
{
	buf_fini(&e->bytes);
	vec_fini(&e->v);
}

/* The pointers of an entry are set when nothing moves any more; until then only lengths count. */
static void add(struct entries *e, size_t key_n, size_t value_n, bool has_value)
{
	static const uint8_t something;
	struct group_entry *x = vec_add(&e->v);

	x->key.n = key_n;
	x->value.n = value_n;
	x->value.p = has_value ? &something : NULL;
}

/* Far below any max.message.bytes that makes sense, and many records. */
#define SPILL_BYTES 262144

static void spill(struct entries *e, struct group *g)
{
	entries_append(e, g, NULL);
	buf_clear(&e->bytes);
	vec_clear(&e->v);
}

void entries_forget_offset(struct entries *e, struct group *g, struct str topic, int32_t partition)
{
	size_t at;

	if (e->bytes.n > SPILL_BYTES)
		spill(e, g);
	at = e->bytes.n;
	group_record_offset_key(g->id, topic, partition, &e->bytes);
	add(e, e->bytes.n - at, 0, false);
}

void entries_forget_group(struct entries *e, struct str group)
{
	size_t at = e->bytes.n;

	group_record_group_key(group, &e->bytes);
	add(e, e->bytes.n - at, 0, false);
}

/* A key at `at`, and behind it at `value` what rc tells of: both are an entry, or gone. */
static int take(struct entries *e, size_t at, size_t value, int rc)
{
	if (rc < 0)
		e->bytes.n = at;
	else
		add(e, value - at, e->bytes.n - value, true);
	return rc;
}

int entries_offset(struct entries *e, struct str group, struct str topic, int32_t partition,
	const struct offset_commit_value *v)
{
	size_t at = e->bytes.n, value;

	group_record_offset_key(group, topic, partition, &e->bytes);
	value = e->bytes.n;
	return take(e, at, value, group_record_offset_value(v, &e->bytes));
}

int entries_group(struct entries *e, struct str group, const struct group_metadata_value *v)
{
	size_t at = e->bytes.n, value;

	group_record_group_key(group, &e->bytes);
	value = e->bytes.n;
	return take(e, at, value, group_record_group_value(v, &e->bytes));
}

/* An append that nobody waits for. */
struct quiet_write {
	struct group_write write;
	struct group *group;
};

static void quiet_done(struct group_write *w, int16_t error)
{
	struct quiet_write *q = CONTAINER_OF(w, struct quiet_write, write);

	if (error)
		log_warn("group %.*s: its state could not be written: %s", STR_ARG(q->group->id),
			kerr_name(error));
	group_put(q->group);
	free(q);
}

void entries_append(struct entries *e, struct group *g, struct group_write *w)
{
	const uint8_t *p = e->bytes.p;
	const struct group_log *log = g->c->log;

	vec_foreach (x, &e->v) {
		x->key.p = p;
		p += x->key.n;
		if (x->value.p)
			x->value.p = p;
		p += x->value.n;
	}
	if (!w) {
		struct quiet_write *q = ALLOC(struct quiet_write);

		q->write.done = quiet_done;
		q->group = group_get(g);
		w = &q->write;
	}
	log->append(log->arg, g->partition, e->v.v, e->v.n, w);
}
