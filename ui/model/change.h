/* What happened: the difference of two snapshots as single events, and what the user did. */
#ifndef MODEL_CHANGE_H
#define MODEL_CHANGE_H

#include "model/cluster.h"

enum change_kind {
	CHANGE_CLUSTER, /* another cluster answers at the same address */
	CHANGE_BROKER_NEW,
	CHANGE_BROKER_LOST,
	CHANGE_BROKER_STOPPED, /* lost, in order: it said so, or it was stopped from here */
	CHANGE_BROKER_BACK,
	CHANGE_CONTROLLER,
	CHANGE_LEADER, /* an election: another leader or leader epoch */
	CHANGE_ISR,
	CHANGE_TOPIC_CREATED,
	CHANGE_TOPIC_DELETED,
	CHANGE_PARTITIONS, /* added */
	CHANGE_GROUP_NEW,
	CHANGE_GROUP_GONE,
	CHANGE_MEMBER_CAME,
	CHANGE_MEMBER_LEFT,
	CHANGE_REBALANCE, /* `from` of `to` partitions moved; epochs are generations */
	CHANGE_REWIND,    /* a commit went back */
	CHANGE_COMMITS_STOPPED,
	CHANGE_ACTION, /* the user did something */
	CHANGE_FAILED, /* the user wanted something and the cluster said no */
	CHANGE_MORE,   /* so many more of the kind before, left out */
};

/* How one knows of a change. */
enum change_sure {
	CHANGE_SEEN,     /* two snapshots differ: its times are about right */
	CHANGE_TOLD,     /* a broker tells it */
	CHANGE_MEASURED, /* the controller does, which knows when the old leader was last heard of
			  */
};

struct change {
	enum change_kind kind;
	uint8_t sure; /* enum change_sure */
	uint64_t id;  /* rises by one each, from 1 */
	int64_t at_ms, wall_ms;
	int32_t broker;    /* -1 */
	const char *topic; /* NULL */
	int32_t partition; /* -1 */
	int32_t from, to;  /* leaders, controllers, partition counts; -1: none */
	int32_t epoch_from, epoch_to;
	int64_t leaderless_ms;          /* CHANGE_LEADER after an offline time; -1 */
	int64_t paused_ms;              /* CHANGE_REBALANCE, as seen; -1 */
	const char *isr_from, *isr_to;  /* "1,3,4"; NULL */
	const char *group, *member;     /* names; NULL */
	int64_t offset_from, offset_to; /* CHANGE_REWIND; -1 */
	const char *command;            /* shell command of an action; NULL */
	const char *text; /* of an action: what it was, or what the cluster said; NULL */
	/* Of an action: the change of its topic or group that it brings, until that was seen; 0:
	 * none. */
	enum change_kind effect;
};

typedef void change_fn(void *arg, const struct change *c);
/* Calls fn for each difference, at most `most` a kind and then one CHANGE_MORE with `to` = how many
 * more; everything in it is lent. Nothing when `a` has no metadata yet; one CHANGE_CLUSTER when
 * they are two clusters. Cheap where topics are shared. id is 0; times are those of b. */
void cluster_diff(
	const struct cluster *a, const struct cluster *b, size_t most, change_fn *fn, void *arg);

/* Nothing in it but its kind. */
struct change change_blank(enum change_kind kind);
const char *change_kind_name(enum change_kind k);
/* Less than ms lies between them. */
bool change_near(const struct change *a, const struct change *b, int64_t ms);
/* A broker went, in order or not. */
bool change_is_loss(enum change_kind k);
/* "p2 leader 4 > 1   epoch 6 > 7   ISR 1,3,4 > 1,3"; with_topic puts the topic's or the group's
 * name before. */
void change_put(struct buf *out, const struct change *c, bool with_topic);

/* The latest of them, bounded; the oldest fall out. */
#define CHANGES_MAX 2000
struct changes {
	struct change *ring; /* CHANGES_MAX, made with the first */
	size_t first, n;
	uint64_t next_id;
};
void changes_init(struct changes *c);
void changes_fini(struct changes *c);
/* Copies. Returns its id. What the user did and the effect of it that is seen close to it are one
 * change, in whichever order they come: the action, whose id is returned. So are what was seen and
 * what brokers tell of it: told ones stand where their time says. */
uint64_t changes_add(struct changes *c, const struct change *x);
/* 0 is the newest; NULL beyond the oldest. Valid until the next add. */
const struct change *changes_at(const struct changes *c, size_t i);

#endif
