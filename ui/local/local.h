/*
 * Brokers on this machine that kdeck starts: where their folders are, who runs, how one is started,
 * held up and ended.
 *
 *   DIR/up.lock                      held by kdeck up and down while they are at it
 *   DIR/broker-1/server.properties   what it was started with
 *   DIR/broker-1/data/               log.dirs, unless the properties say otherwise; the broker
 * holds .lock in it while it runs DIR/broker-1/broker.log          what it said DIR/broker-1/pid
 *
 * A broker is known by the lock on its data folder, never by a name or a pid alone: a signal goes
 * to a process only after that process was seen to have the lock's file open.
 */
#ifndef LOCAL_LOCAL_H
#define LOCAL_LOCAL_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

struct loop;

#define LOCAL_START_MS 30000
#define LOCAL_STOP_MS  30000

/* Paused: stopped by SIGSTOP; it holds its folder and its ports and does nothing. */
enum local_state { LOCAL_STOPPED, LOCAL_RUNNING, LOCAL_PAUSED };
/* "stopped", "running", "paused". */
const char *local_state_name(enum local_state s);

struct local_broker {
	int32_t id;
	char *dir;       /* DIR/broker-ID; owned, as are all strings here */
	char *data;      /* its data folder */
	char *listeners; /* of its properties */
	char *http;      /* the address of its HTTP face as a URL; NULL: none */
	bool is_broker;  /* serves clients; else it is a controller alone */
	bool votes;      /* is a controller, too, or alone */
	enum local_state state;
	pid_t pid; /* 0 when it does not run, or when nobody knows which process it is */
};

struct local_cluster {
	char *dir;
	VEC(struct local_broker) brokers; /* by id */
};

/* $XDG_DATA_HOME/kdeck, or ~/.local/share/kdeck; heap. */
char *local_default_dir(void);
/* Looks at DIR. ERR_NOT_FOUND: no cluster there. Whatever comes back, c->dir names the folder and
 * local_fini ends c. */
int local_look(struct local_cluster *c, const char *dir, struct err *e) MUSTCHECK;
void local_fini(struct local_cluster *c);
/* NULL: it has no such broker. */
const struct local_broker *local_find(const struct local_cluster *c, int32_t id);
/* Does any of them run (or is held up)? */
bool local_any_runs(const struct local_cluster *c);
/* "127.0.0.1:9092,…" of all that serve clients. */
void local_bootstrap(const struct local_cluster *c, struct buf *out);

/* The path of kdeck-broker: beside this program, in the installation's libexec folder, then
 * $KDECK_BROKER. ERR_NOT_FOUND with the places that were looked at. */
int local_find_program(struct buf *path, struct err *e) MUSTCHECK;

/* ---- one at a time --------------------------------------------------------------------------- */

/* Nobody else makes, starts or ends brokers of the folder with kdeck up or down. */
struct local_hold {
	const char *dir; /* the caller's; NULL: shared */
	int fd;          /* -1: not held */
	bool made;       /* the folder */
};
/* Waits that long for whoever holds it now: ERR_IN_USE when it is not let go; ERR_IO. With make the
 * folder is made where there is none; else a folder in which nobody ever did anything is not
 * written to, and not held. Other processes that are started do not hold it. */
int local_hold(
	struct local_hold *h, const char *dir, bool make, int64_t wait_ms, struct err *e) MUSTCHECK;
/* For starting single brokers, as many at once as one likes: does not wait, makes nothing. */
int local_share(struct local_hold *h, const char *dir, struct err *e) MUSTCHECK;
/* What local_hold made goes again where no cluster came of it. */
void local_let_go(struct local_hold *h);

/* ---- preparing ------------------------------------------------------------------------------- */

/* What a new cluster shall be like. */
struct local_wish {
	size_t brokers;           /* 0: one a file, three without files */
	int32_t port;             /* of the first broker; 0: free ones; -1: the files', else 9092 */
	const char *const *files; /* settings, one a broker */
	size_t n_files;
	bool next_ports; /* rows of `brokers` ports are passed over when one is in use */
	bool faults;     /* kdeck.faults.enable */
};
/* Makes the folders of a cluster in DIR, where none is: one quorum, of whose nodes the first three
 * vote; each with ports, data and settings of its own; and starts it. Everything is checked before
 * anything is written: files and ids and ports named twice, ports and folders in use, settings that
 * cannot be. A cluster that does not come up is taken back: its settings, and the data under DIR
 * unless there was some before; logs stay for who wants to know why. `said` gets a line when
 * settings of the files were replaced. The loop is run. */
int local_begin(struct loop *l, const char *dir, const struct local_wish *w, struct buf *said,
	struct err *e) MUSTCHECK;
/* The node that a file of settings is for. ERR_INVALID, ERR_IO. */
int local_file_id(const char *file, int32_t *id, struct err *e) MUSTCHECK;

/* Starts all of DIR that do not run, at once, and returns when every one is ready. When one does
 * not come up those that this call has started are ended again. The loop is run. */
int local_start_all(struct loop *l, const char *dir, struct err *e) MUSTCHECK;

/* ---- acting on one broker --------------------------------------------------------------------
 * All errors name the broker. ERR_NOT_FOUND: no such broker in DIR; ERR_CLOSED: it does not run;
 * ERR_EXISTS: it runs already; ERR_DENIED: it runs, but nobody knows which process it is. */

/* Something that takes a while. fn is called once from the loop, never from within the call that
 * began it; local_op_free is allowed in it. e NULL: it is done. */
struct local_op;
typedef void local_done_fn(void *arg, const struct err *e);

/* Starts broker ID of DIR with the settings it has; done when it is ready: it has joined its
 * cluster and serves. A broker of the throw-away folder that this process holds ends with it, any
 * other outlives it. e has the broker's own last line when it does not come up in LOCAL_START_MS.
 */
struct local_op *local_start(struct loop *l, const char *dir, int32_t id, local_done_fn *fn,
	void *arg, struct err *e) MUSTCHECK;
/* SIGTERM (a paused one is continued to see it); done when it is gone. ERR_TIMEOUT: it had to be
 * killed after LOCAL_STOP_MS; it is gone then, too. */
struct local_op *local_stop(struct loop *l, const char *dir, int32_t id, local_done_fn *fn,
	void *arg, struct err *e) MUSTCHECK;
/* SIGKILL; done when it is gone. */
struct local_op *local_kill(struct loop *l, const char *dir, int32_t id, local_done_fn *fn,
	void *arg, struct err *e) MUSTCHECK;
/* SIGSTOP and SIGCONT; done at once. Pausing a paused one is no error, nor is continuing one that
 * runs. */
int local_pause(const char *dir, int32_t id, struct err *e) MUSTCHECK;
int local_continue(const char *dir, int32_t id, struct err *e) MUSTCHECK;
/* One broker more, without a vote: the next free id, a folder and ports of its own; started. When
 * it does not come up its folder is removed again. */
struct local_op *local_add(
	struct loop *l, const char *dir, local_done_fn *fn, void *arg, struct err *e) MUSTCHECK;

/* Which broker it is about. */
int32_t local_op_broker(const struct local_op *o);
/* Forgets it: what was begun goes on unseen. NULL is allowed. */
void local_op_free(struct local_op *o);

/* Ends all brokers of DIR without a loop: at once those without a vote, while there are controllers
 * that take their leaders over, then at once those with one. Each may take timeout_ms and is killed
 * then. 0; ERR_TIMEOUT: some had to be killed. Brokers whose process is not known stay. */
int local_stop_all(const char *dir, int64_t timeout_ms);

/* ---- throw-away folders ---------------------------------------------------------------------- */

/* A new folder $TMPDIR/kdeck-demo-XXXXXX; heap. NULL with e. *held is a descriptor whose lock says
 * that somebody wants the folder: keep it open as long as that is so. */
char *local_temp(int *held, struct err *e);
/* Ends its brokers and removes a folder and all in it; only a path that local_temp made. */
void local_end(const char *dir, int64_t timeout_ms);
/* Removes such folders of ours that nobody wants any more: their demo was killed together with its
 * keeper, or the machine went down. */
void local_clean_temp(void);

#endif
