/*
 * The metadata log at work: quorum's rules over a log on the disk, the image that follows what is
 * committed, and the controller's decisions on their way from request to committed records.
 *
 *   metalog_submit(decide) --records--> log --sync (a thread)--> quorum: committed --> image
 *                                                                            `--> op->done
 *
 *   others' Vote, BeginQuorumEpoch, EndQuorumEpoch, Fetch --> metalog_vote … --> quorum
 *   quorum --> struct metalog_net --> others --answers--> metalog_on_… --> quorum, log
 *
 * The leader decides on an image that is ahead by its own uncommitted records; everybody else sees
 * `image`, which holds committed records only. An operation without records is done
 * when what was decided before it is.
 */
#ifndef METALOG_METALOG_H
#define METALOG_METALOG_H

#include "base/list.h"
#include "control/control.h"
#include "delay/delay.h"
#include "quorum/quorum.h"
#include "store/store.h"

struct loop;
struct work_pool;
struct metalog;

#define METALOG_TOPIC "__cluster_metadata"
/* Kafka's id of it. */
extern const struct uuid metalog_topic_id;

/* The way to the other voters; each may be NULL in a quorum of one. Never calls back from within.
 * Answers come by metalog_on_*, or not at all. */
struct metalog_net {
	void *arg;
	void (*send_vote)(void *arg, int32_t to, const struct quorum_vote_request *r);
	void (*send_begin)(void *arg, int32_t to, const struct quorum_begin_request *r);
	void (*send_end)(void *arg, int32_t to, const struct quorum_end_request *r);
	void (*send_fetch)(void *arg, int32_t to, const struct quorum_fetch_request *r);
	/* Elected, and about to write the first record of its epoch: the last moment to make sure
	 * that the cluster has an id. Negative: it cannot lead. */
	int (*elected)(void *arg);
};

struct metalog_settings {
	struct quorum_settings quorum;   /* new_voter is found out here */
	struct control_settings control; /* kept by reference: strings live as long as this */
	struct metalog_net net;
	struct work_pool *sync; /* one thread: syncs in order */
};

/* None is called from within a function of this header. */
struct metalog_events {
	void *arg;
	/* Once: the image has everything that the leader knew committed when it was first heard. */
	void (*caught_up)(void *arg);
	/* Role, epoch or leader changed, or the leader can decide now. */
	void (*changed)(void *arg);
	/* Records were applied up to `offset` (exclusive). */
	void (*applied)(void *arg, int64_t offset);
	/* The log cannot be used any more, or is another cluster's: the broker must end. */
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
/* Leads, and its view of the cluster is whole: metalog_submit will be heard. */
bool metalog_active(const struct metalog *m);
bool metalog_caught_up(const struct metalog *m);
struct plog *metalog_log(const struct metalog *m);
struct control_settings *metalog_control_settings(struct metalog *m);

struct metalog_op {
	struct list_node node;
	int64_t end; /* done when everything below is applied */
	/* 0: committed and applied; ERR_AGAIN: not the leader (any more); ERR_FULL: the disk took
	 * nothing of it, later it may (where there are other voters, one of them leads then);
	 * ERR_IO, ERR_CLOSED. May be called from within metalog_submit. */
	void (*done)(struct metalog_op *op, int rc);
};

/* Makes records and an answer; 0 or negative: then nothing is appended and done gets it. */
typedef int metalog_decide_fn(void *arg, const struct control_env *env, struct control_result *out);

/* arena holds what decide makes until done. */
void metalog_submit(struct metalog *m, struct metalog_op *op, struct arena *arena,
	metalog_decide_fn *decide, void *arg);

/* ---- the quorum ------------------------------------------------------------------------------ */

/* An observer that was begun without voters learns who they are. */
int metalog_set_voters(
	struct metalog *m, const int32_t *voters, int32_t n_voters, struct err *e) MUSTCHECK;
/* Leader: hands over to the voter that has most, and stops leading. No effect for others. */
void metalog_resign(struct metalog *m);

/* Requests of others. What is promised in an answer is on the disk. */
void metalog_vote(
	struct metalog *m, const struct quorum_vote_request *r, struct quorum_vote_response *out);
void metalog_begin(
	struct metalog *m, const struct quorum_begin_request *r, struct quorum_epoch_response *out);
void metalog_end(
	struct metalog *m, const struct quorum_end_request *r, struct quorum_epoch_response *out);
void metalog_fetch(
	struct metalog *m, const struct quorum_fetch_request *r, struct quorum_fetch_response *out);
/* Of a fetch that metalog_fetch has taken and that has waited since: the answer now, if there is
 * one. False: nothing new for it. */
bool metalog_fetch_again(struct metalog *m, const struct quorum_fetch_request *r,
	struct quorum_fetch_response *out) MUSTCHECK;
/* Woken when there may be: records, a new high watermark, another leader. */
struct delay_key *metalog_fetches(struct metalog *m);

/* Answers of others. */
void metalog_on_vote(struct metalog *m, int32_t from, const struct quorum_vote_response *r);
void metalog_on_begin(struct metalog *m, int32_t from, const struct quorum_epoch_response *r);
/* records: whole batches that begin at the own log end; the last may be cut. Borrowed. */
void metalog_on_fetch(struct metalog *m, int32_t from, const struct quorum_fetch_response *r,
	struct slice records);
/* A connection to that node ended or was refused, or an answer could not be read. */
void metalog_on_disconnect(struct metalog *m, int32_t node);

#endif
