/*
 * The logs of partitions. One that is on the disk is taken at once. New ones are made in the order
 * in which they are wanted, a few a turn, so that a thousand new topics do not stop the loop and
 * with it this broker's heartbeats and its vote.
 *
 *   wanted ──its turn──▶ has a log ──▶ leads or follows
 *      ▲         │
 *      └─────────┴─ the disk refuses: offline, tried again every half lag time
 */
#define LOG_MODULE "repl"
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "repl/priv.h"

/* Of a turn: whichever ends first. A small topic is there with the turn that learns of it. */
#define OPEN_LOGS 64
#define OPEN_US   20000

/* The partition's log: the one on the disk if it is this topic's, else a new one. NULL: e says why
 * there is none. */
static struct plog *open_log(struct partition *p, struct err *e)
{
	struct repl_topic *t = p->topic;
	struct repl *r = t->repl;
	struct plog *log = store_find(r->store, t->name, p->index);

	if (log && !uuid_is_zero(&log->topic_id) && !uuid_eq(&log->topic_id, &t->id)) {
		log_warn("%.*s-%d: its log is of a deleted topic of that name and goes",
			STR_ARG(t->name), p->index);
		if (store_delete(r->store, log) < 0) {
			(void)err_set(e, ERR_IO, "files of the deleted one cannot be removed");
			return NULL;
		}
		log = NULL;
	}
	if (log) {
		if (uuid_is_zero(&log->topic_id) && plog_set_topic_id(log, &t->id) < 0)
			log_error("%s: partition.metadata cannot be written", plog_name(log));
		plog_set_config(log, &t->config.log);
	} else if (store_create(r->store, t->name, p->index, &t->id, &t->config.log, &log, e) < 0) {
		return NULL;
	}
	return log;
}

/* Said once for all the tries. */
static void set_offline(struct partition *p, const struct err *e)
{
	if (!p->offline)
		log_error("%.*s-%d: offline, its log cannot be made: %s", STR_ARG(p->topic->name),
			p->index, e->msg);
	p->offline = true;
}

static bool open_one(struct partition *p)
{
	struct repl *r = p->topic->repl;
	int64_t began = clock_mono_us(r->store->clock);
	struct err e = {0};

	p->log = open_log(p, &e);
	r->n_opened++;
	r->opening_us += clock_mono_us(r->store->clock) - began;
	if (!p->log) {
		set_offline(p, &e);
		return false;
	}
	if (p->offline)
		log_info("%s: its log could be made at last", plog_name(p->log));
	p->offline = false;
	p->log->owner = p;
	return true;
}

static bool has_time(const struct repl *r)
{
	return r->n_opened < OPEN_LOGS && r->opening_us < OPEN_US;
}

/* ---- waiting for it ---------------------------------------------------------------------------
 */

static void forget(struct partition *p)
{
	if (!p->wanted)
		return;
	image_partition_fini(p->wanted);
	free(p->wanted);
	p->wanted = NULL;
}

static void remember(struct partition *p, const struct image_partition *ip)
{
	forget(p);
	p->wanted = ALLOC(struct image_partition);
	*p->wanted = image_partition_dup(ip);
}

void partition_unwant(struct partition *p)
{
	list_remove(&p->opening);
	forget(p);
}

void partition_try_again(struct partition *p)
{
	if (p->wanted && !list_holds(&p->opening))
		list_push_back(&p->topic->repl->opening, &p->opening);
}

void partition_want(struct partition *p, const struct image_partition *ip)
{
	struct repl *r = p->topic->repl;

	if (!p->log && !p->wanted &&
		(store_find(r->store, p->topic->name, p->index) ||
			(list_empty(&r->opening) && has_time(r))))
		open_one(p);
	partition_assign(p, ip);
	if (p->log)
		return;
	remember(p, ip);
	if (!p->offline)
		partition_try_again(p);
}

bool partitions_open(struct repl *r)
{
	struct list_node *node;
	bool any = false;

	while (has_time(r) && (node = list_pop(&r->opening))) {
		struct partition *p = CONTAINER_OF(node, struct partition, opening);

		if (!open_one(p))
			continue;
		partition_assign(p, p->wanted);
		partition_unwant(p);
		any = true;
	}
	r->n_opened = 0;
	r->opening_us = 0;
	return any;
}
