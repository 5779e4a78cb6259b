/* Which partitions are here: follows the image, opens and deletes logs. */
#define LOG_MODULE "repl"
#include "repl/priv.h"

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "wire/kerr.h"

struct repl *repl_new(struct store *store, const struct repl_settings *set)
{
	struct repl *r = ALLOC(struct repl);

	r->store = store;
	r->set = *set;
	map_init(&r->by_name);
	map_init(&r->by_id);
	list_init(&r->dirty);
	list_init(&r->moved);
	list_init(&r->opening);
	isr_asker_init(r);
	fetchers_init(r);
	r->check_ms = repl_now(r) + max_i64(1, set->lag_ms / 2);
	return r;
}

static struct slice id_key(const struct uuid *id)
{
	return slice_of(id->b, sizeof(id->b));
}

struct partition *partition_get(struct partition *p)
{
	ref_get(&p->ref);
	return p;
}

static void partition_release(struct ref *ref)
{
	struct partition *p = CONTAINER_OF(ref, struct partition, ref);

	delay_key_fini(&p->reads);
	delay_key_fini(&p->ends);
	delay_key_fini(&p->commits);
	replicas_fini(&p->replicas);
	free(p);
}

void partition_put(struct partition *p)
{
	if (p)
		ref_put(&p->ref);
}

static struct partition *partition_new(struct repl_topic *t, int32_t index)
{
	struct partition *p = ALLOC(struct partition);

	p->topic = t;
	p->index = index;
	p->leader = META_NO_LEADER;
	p->leader_epoch = -1;
	p->partition_epoch = -1;
	p->unsynced = INT64_MAX;
	replicas_init(&p->replicas, t->repl->set.node_id);
	ref_init(&p->ref, partition_release);
	list_init(&p->pending);
	list_init(&p->syncing);
	delay_key_init(&p->reads);
	delay_key_init(&p->ends);
	delay_key_init(&p->commits);
	return p;
}

/* Detaches a partition from the topic: what is queued is refused, those who wait are woken. */
static void partition_leave(struct partition *p, int16_t error)
{
	partition_resign(p, error);
	partition_unwant(p);
	p->log = NULL;
	p->topic = NULL;
	partition_put(p);
}

static void topic_free(struct repl_topic *t)
{
	for (int32_t i = 0; i < t->n_partitions; i++)
		if (t->partitions[i])
			partition_leave(t->partitions[i], KERR_UNKNOWN_TOPIC_OR_PARTITION);
	free(t->partitions);
	free((void *)(uintptr_t)t->name.p);
	free(t);
}

void repl_free(struct repl *r)
{
	void *value;

	if (!r)
		return;
	for (size_t i = 0; map_next(&r->by_name, &i, NULL, &value);)
		topic_free(value);
	map_fini(&r->by_name);
	map_fini(&r->by_id);
	isr_asker_fini(r);
	fetchers_fini(r);
	vec_fini(&r->items);
	free(r);
}

static struct repl_topic *topic_add(struct repl *r, const struct image_topic *it)
{
	struct repl_topic *t = ALLOC(struct repl_topic);

	t->repl = r;
	t->name = str_of(str_dup(it->name));
	t->id = it->id;
	t->internal = it->internal;
	r->set.config(r->set.arg, t->name, &t->config);
	map_puts(&r->by_name, t->name, t);
	map_put(&r->by_id, id_key(&t->id), t);
	return t;
}

static void make_room(struct repl_topic *t, int32_t index)
{
	while (t->n_partitions <= index) {
		t->partitions = xreallocarray(
			t->partitions, (size_t)t->n_partitions + 1, sizeof(*t->partitions));
		t->partitions[t->n_partitions++] = NULL;
	}
}

/* This broker has no replica of it any more; error is for those who wait. */
static void drop(struct repl_topic *t, int32_t index, int16_t error)
{
	struct partition *p = t->partitions[index];
	struct plog *log = p ? p->log : NULL;

	t->partitions[index] = NULL;
	if (p)
		partition_leave(p, error);
	if (log && store_delete(t->repl->store, log) < 0)
		log_error("%.*s-%d: its files cannot be removed", STR_ARG(t->name), index);
}

static void follow(struct repl_topic *t, int32_t index, const struct image_partition *ip)
{
	struct partition *p;

	make_room(t, index);
	if (meta_ids_find(ip->replicas, t->repl->set.node_id) < 0) {
		drop(t, index, KERR_NOT_LEADER_OR_FOLLOWER);
		return;
	}
	p = t->partitions[index];
	if (!p)
		p = t->partitions[index] = partition_new(t, index);
	partition_want(p, ip);
}

void repl_topic_created(struct repl *r, const struct image_topic *it)
{
	struct repl_topic *t = topic_add(r, it);

	for (int32_t i = 0; i < it->n_partitions; i++)
		follow(t, i, &it->partitions[i]);
}

void repl_partition_changed(struct repl *r, const struct image_topic *it, int32_t index)
{
	struct repl_topic *t = repl_topic_by_id(r, &it->id);

	if (t)
		follow(t, index, &it->partitions[index]);
}

void repl_topic_deleted(struct repl *r, const struct image_topic *it)
{
	struct repl_topic *t = repl_topic_by_id(r, &it->id);

	if (!t)
		return;
	map_dels(&r->by_name, t->name);
	map_del(&r->by_id, id_key(&t->id));
	for (int32_t i = 0; i < t->n_partitions; i++)
		drop(t, i, KERR_UNKNOWN_TOPIC_OR_PARTITION);
	topic_free(t);
}

void repl_broker_changed(struct repl *r, int32_t id)
{
	struct repl_topic *t;

	for (size_t i = 0; (t = repl_next(r, &i));) {
		for (int32_t k = 0; k < t->n_partitions; k++) {
			struct partition *p = t->partitions[k];

			if (!p || !p->leads || !replicas_find(&p->replicas, id))
				continue;
			partition_look_live(p);
			partition_touch(p);
			delay_key_wake(&p->commits);
		}
	}
}

/* Logs on the disk that no topic of the image has. */
static void delete_orphans(struct repl *r)
{
	VEC(struct plog *) orphans = {0};
	struct plog *log;

	for (size_t i = 0; (log = store_next(r->store, &i));)
		if (!log->owner && !str_eqz(str_of(log->topic), "__cluster_metadata"))
			vec_push(&orphans, log);
	vec_foreach (it, &orphans) {
		log_warn("%s: no topic of this cluster: deleted", plog_name(*it));
		if (store_delete(r->store, *it) < 0)
			log_error("its files cannot be removed");
	}
	vec_fini(&orphans);
}

void repl_load(struct repl *r, const struct image *img)
{
	vec_foreach (it, &img->topics)
		repl_topic_created(r, *it);
	delete_orphans(r);
}

static void reconfigure(struct repl_topic *t)
{
	t->repl->set.config(t->repl->set.arg, t->name, &t->config);
	for (int32_t i = 0; i < t->n_partitions; i++) {
		struct partition *p = t->partitions[i];

		if (!p || !p->log)
			continue;
		plog_set_config(p->log, &t->config.log);
		/* min.insync.replicas may have let the high watermark go. */
		if (p->leads)
			partition_touch(p);
	}
}

void repl_config_changed(struct repl *r, struct str name)
{
	struct repl_topic *t;

	if (name.p) {
		t = repl_topic(r, name);
		if (t)
			reconfigure(t);
		return;
	}
	for (size_t i = 0; (t = repl_next(r, &i));)
		reconfigure(t);
}

struct repl_topic *repl_topic(const struct repl *r, struct str name)
{
	return map_gets(&r->by_name, name);
}

struct repl_topic *repl_topic_by_id(const struct repl *r, const struct uuid *id)
{
	return map_get(&r->by_id, id_key(id));
}

struct partition *repl_partition(const struct repl_topic *t, int32_t index)
{
	return t && index >= 0 && index < t->n_partitions ? t->partitions[index] : NULL;
}

struct repl_topic *repl_next(const struct repl *r, size_t *i)
{
	void *value = NULL;

	return map_next(&r->by_name, i, NULL, &value) ? value : NULL;
}

bool repl_turn(struct repl *r)
{
	bool opened = partitions_open(r);

	partitions_append(r);
	partitions_moved(r);
	if (repl_now(r) >= r->check_ms)
		partitions_check(r);
	isr_send(r);
	fetchers_send(r);
	return opened;
}

bool repl_has_work(const struct repl *r)
{
	return !list_empty(&r->dirty) || !list_empty(&r->moved) || !list_empty(&r->opening);
}

int64_t repl_due_ms(const struct repl *r)
{
	return min_i64(r->check_ms, min_i64(isr_due_ms(r), fetchers_due_ms(r)));
}
