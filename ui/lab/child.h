/* A lab member from inside: a process that is one producer or one consumer, does what the lines on
 * its standard input say and tells how it goes on its standard output (proto.h). It ends when its
 * input does: whoever started it is gone. */
#ifndef LAB_CHILD_H
#define LAB_CHILD_H

#include "base/vec.h"
#include "lab/pipe.h"
#include "lab/proto.h"
#include "traffic/traffic.h"

struct loop;
struct lab_child;

/* What a producer and a consumer do differently. */
struct lab_role {
	/* NULL with e. */
	void *(*begin)(struct lab_child *c, struct err *e);
	/* c->spec has changed. */
	void (*edit)(void *role);
	void (*pause)(void *role, bool on);
	/* Ends by child_finish, later. */
	void (*stop)(void *role);
	void (*end)(void *role);
};
extern const struct lab_role lab_producer_role, lab_consumer_role;

struct lab_child {
	struct loop *loop;
	struct lab_spec spec;
	char *bootstrap;
	VEC(struct traffic_property) properties;
	struct line_reader in;
	struct line_writer out;
	const struct lab_role *role;
	void *at; /* the role's; NULL before `go` */
	bool failed;
	char trouble[PROTO_TEXT_MAX + 1]; /* as it was told last */
};

/* Says a line; child_flush sends it. */
void child_say(struct lab_child *c, enum proto_word word, int64_t number);
void child_say_place(struct lab_child *c, enum proto_word word, const char *topic,
	int32_t partition, int64_t at);
/* "": it is over. Says nothing twice. */
void child_trouble(struct lab_child *c, const char *text);
void child_flush(struct lab_child *c);
/* Much is waiting to be read: figures that will be better a moment later need not be said. */
bool child_is_choked(const struct lab_child *c);
/* Its end, in order. */
void child_finish(struct lab_child *c);
/* Its end, with the reason. */
void child_give_up(struct lab_child *c, const char *why);

/* kdeck --lab-member; the exit status. */
int lab_child_run(void);

#endif
