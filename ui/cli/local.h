/*
 * Brokers on this machine that kdeck starts: where their folders are, who runs, how one is started
 * and ended.
 *
 *   DIR/broker-1/server.properties   what it was started with
 *   DIR/broker-1/data/               log.dirs; the broker holds data/.lock while it runs
 *   DIR/broker-1/broker.log          what it said
 *   DIR/broker-1/pid
 *
 * A broker is known by the lock on its data folder, never by a name or a pid alone.
 */
#ifndef CLI_LOCAL_H
#define CLI_LOCAL_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

struct loop;

struct local_broker {
	int32_t id;
	char *dir;       /* DIR/broker-ID; owned */
	char *listeners; /* of its properties; owned */
	bool running;
	pid_t pid; /* 0 when it does not run */
};

struct local_cluster {
	char *dir;
	VEC(struct local_broker) brokers; /* by id */
};

/* $XDG_DATA_HOME/kdeck, or ~/.local/share/kdeck; heap. */
char *local_default_dir(void);
/* Looks at DIR. ERR_NOT_FOUND: no cluster there. */
int local_look(struct local_cluster *c, const char *dir, struct err *e) MUSTCHECK;
void local_fini(struct local_cluster *c);
/* "127.0.0.1:9092,…" of all brokers. */
void local_bootstrap(const struct local_cluster *c, struct buf *out);

/* The path of kdeck-broker: beside this program, in the installation's libexec folder, then
 * $KDECK_BROKER. ERR_NOT_FOUND with the places that were looked at. */
int local_find_broker(struct buf *path, struct err *e) MUSTCHECK;

/* A port of loopback that nobody listens on now. */
int local_free_port(uint16_t *out, struct err *e) MUSTCHECK;

/* Makes DIR/broker-ID with a server.properties of its own (an existing one is kept). port 0: the
 * broker takes a free one, another at each start. extra: lines put at the end, may be NULL. */
int local_prepare(
	const char *dir, int32_t id, uint16_t port, const char *extra, struct err *e) MUSTCHECK;

struct local_start {
	const char *broker_dir; /* DIR/broker-ID */
	bool detached;          /* outlives us; else it ends with us */
	int64_t timeout_ms;     /* until it is ready */
};
/* Starts kdeck-broker and waits for its ready line, which goes to `ready` without the newline. On
 * failure e has the broker's own last line. */
int local_start(struct loop *l, const struct local_start *s, struct buf *ready, pid_t *pid,
	struct err *e) MUSTCHECK;
/* SIGTERM, waits, SIGKILL after timeout_ms. ERR_TIMEOUT when it had to be killed. */
int local_stop(pid_t pid, int64_t timeout_ms) MUSTCHECK;

/* A new folder $TMPDIR/kdeck-demo-XXXXXX; heap. NULL with e. *held is a descriptor whose lock says
 * that somebody wants the folder: keep it open as long as that is so. */
char *local_temp(int *held, struct err *e);
/* Removes a folder and all in it; only a path that local_temp made. */
void local_remove(const char *dir);
/* The same, after its brokers have been ended. */
void local_end(const char *dir, int64_t timeout_ms);
/* Removes such folders of ours that nobody wants any more: their demo was killed together with its
 * keeper, or the machine went down. */
void local_clean_temp(void);

#endif
