/* What the files of control share. */
#ifndef CONTROL_IMPL_H
#define CONTROL_IMPL_H

#include "base/buf.h"
#include "base/map.h"
#include "control/control.h"
#include "wire/kerr.h"

/* A record of that kind at its defaults in the arena, added to the result:
 * struct topic_record *t = CONTROL_RECORD(env, out, topic_record, version); NULL: arena full. */
#define CONTROL_RECORD(env, out, t, version) \
	((struct t *)control_record((env), (out), &t##_desc, (version)))
void *control_record(const struct control_env *env, struct control_result *out,
	const struct msg_desc *d, int16_t version);

/* Why one topic, resource or partition of a request is refused. */
struct control_fault {
	int16_t code; /* enum kerr */
	struct str text;
};

/*
 * Work on one part of a request gives 0, ERR_INVALID when that part is refused (the fault says
 * why), or ERR_NOMEM, which ends the whole request. control_fail fills the fault and returns
 * ERR_INVALID.
 */
int control_fail(const struct control_env *env, struct control_fault *f, int16_t code,
	const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Faults that several requests know. */
int control_fail_no_topic(const struct control_env *env, struct control_fault *f, struct str name);
int control_fail_too_many(const struct control_env *env, struct control_fault *f);

/* Takes the records back to the first n; returns ERR_NOMEM, so that a caller can end with it. */
int control_undo(struct control_result *out, size_t n);

/*
 * The parts of a request (topics, resources), each of them changed whole or not at all. work gives
 * what parts give (see above); answer is called once for every part that gets one, with an empty
 * fault when all is well. `at` is the part's place among the answers.
 */
struct control_parts {
	void *arg;
	/* Parts with the same key are the same. Length without bytes: arena full. */
	struct slice (*key)(void *arg, int32_t i);
	/* Room for n answers; ERR_NOMEM when there is none. */
	int (*begin)(void *arg, int32_t n);
	int (*work)(void *arg, int32_t i, int32_t at, struct control_fault *f);
	int (*answer)(void *arg, int32_t i, int32_t at, const struct control_fault *f);
	const char *twice; /* why a part that comes more than once is refused */
};
/* One walk over n parts; those that stand there more than once are refused, with one answer. 0 or
 * ERR_NOMEM; on that, the records are the caller's to take back. */
int control_each(const struct control_env *env, struct control_result *out, int32_t n,
	const struct control_parts *parts) MUSTCHECK;

/* Which of the keys of a request's parts come more than once. */
enum control_fate {
	CONTROL_ONCE,
	CONTROL_TWICE, /* the first of several */
	CONTROL_AGAIN, /* another one; it gets no answer of its own */
};
/* n fates in the arena, and how many are not CONTROL_AGAIN. NULL: arena full. */
uint8_t *control_fates(
	const struct control_env *env, const struct slice *keys, int32_t n, int32_t *n_distinct);

/* The partitions that a request has named so far; zeroed at first, control_named_fini at the end.
 */
struct control_named {
	struct map seen;
	struct buf key;
};
/* False: it was named before. */
bool control_named_add(struct control_named *n, struct str topic, int32_t partition);
void control_named_fini(struct control_named *n);

/* A new topic id out of the env's random numbers; never one of Kafka's reserved ids. */
struct uuid control_new_id(const struct control_env *env);
/* May lead: registered, not fenced and not on its way out. */
bool control_live(const struct image *img, int32_t id);

/* assign.c: a replica list that a client wrote. n_expected 0: the first one of the topic. */
int control_check_replicas(const struct control_env *env, int32_t partition, const int32_t *ids,
	int32_t n, int32_t n_expected, struct control_fault *f) MUSTCHECK;
/* A partition record: live replicas are in sync, the first of them leads. The list is copied. */
int control_add_partition(const struct control_env *env, struct control_result *out,
	const struct uuid *topic, int32_t index, const int32_t *replicas, int32_t n) MUSTCHECK;

/* alter_configs.c: checks a value and adds its record, unless the override is that already. */
int control_set_config(const struct control_env *env, struct control_result *out, int8_t type,
	struct str name, struct str key, struct str value, struct control_fault *f) MUSTCHECK;

#endif
