/*
 * The metadata log at work: quorum's rules over a log on the disk, the image that follows what is
 * committed, and the controller's decisions on their way from request to committed records.
 *
 *   metalog_submit(decide) --records--> log --sync (a thread)--> quorum: committed --> image
 *                                                                            `--> op->done
 *
 * The leader decides on an image that is ahead by its own uncommitted records; everybody else sees
 * `image`, which holds committed records only. An operation without records is done at once.
 */
#ifndef METALOG_METALOG_H
#define METALOG_METALOG_H

#include "base/list.h"
#include "control/control.h"
#include "quorum/quorum.h"
#include "store/store.h"

struct loop;
struct work_pool;
struct metalog;

#define METALOG_TOPIC "__cluster_metadata"

struct metalog_settings {
	struct quorum_settings quorum;
	struct control_settings control; /* kept by reference: strings live as long as this */
	struct work_pool *sync;          /* one thread: syncs in order */
};

struct metalog_events {
	void *arg;
	/* Once: the image has everything that was committed before this start. */
	void (*caught_up)(void *arg);
	/* Role, epoch or leader changed. */
	void (*changed)(void *arg);
	/* Records were applied up to `offset` (exclusive). */
	void (*applied)(void *arg, int64_t offset);
	/* The log cannot be written any more: the broker must end. */
	void (*failed)(void *arg, const char *why);
};

/* Opens `__cluster_metadata-0` in the store (made when absent) and quorum-state in it. NULL with e.
 * Nothing happens before metalog_start. */
struct metalog *metalog_new(struct loop *l, struct store *store, const struct metalog_settings *set,
	const struct metalog_events *ev, struct err *e) MUSTCHECK;
void metalog_start(struct metalog *m);
/* Waiting operations are done with ERR_CLOSED; closes the log. The sync pool must be drained. */
void metalog_free(struct metalog *m);

const struct image *metalog_image(const struct metalog *m);
/* Listens to changes of the image from here on; copied. */
void metalog_listen(struct metalog *m, const struct image_listener *l);
const struct quorum *metalog_quorum(const struct metalog *m);
static inline bool metalog_leads(const struct metalog *m)
{
	return quorum_leads(metalog_quorum(m));
}
struct plog *metalog_log(const struct metalog *m);
struct control_settings *metalog_control_settings(struct metalog *m);

struct metalog_op {
	struct list_node node;
	int64_t end; /* done when everything below is applied */
	/* 0: committed and applied; ERR_AGAIN: not the leader (any more); ERR_FULL: the disk took
	 * nothing of it, later it may; ERR_IO, ERR_CLOSED. May be called from within
	 * metalog_submit. */
	void (*done)(struct metalog_op *op, int rc);
};

/* Makes records and an answer; 0 or negative: then nothing is appended and done gets it. */
typedef int metalog_decide_fn(void *arg, const struct control_env *env, struct control_result *out);

/* arena holds what decide makes until done. */
void metalog_submit(struct metalog *m, struct metalog_op *op, struct arena *arena,
	metalog_decide_fn *decide, void *arg);

#endif
