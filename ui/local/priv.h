/* What the files of ui/local share. */
#ifndef LOCAL_PRIV_H
#define LOCAL_PRIV_H

#include "local/local.h"

/* Ports that follow from the one for clients, where they are ports and free. */
#define CONTROLLER_ABOVE 20000
#define HTTP_ABOVE       10000

/* One setting of a broker's properties file that is asked for. */
struct local_setting {
	const char *key;
	char *value; /* NULL: the file does not have it; heap, the caller's */
};
/* Fills in what the file has; the last of several counts. A file that cannot be read has nothing.
 */
void local_settings_read(const char *path, struct local_setting *s, size_t n);
/* The same of the broker's own. */
void local_settings_of(const struct local_broker *b, struct local_setting *s, size_t n);

/* Who the controllers are, in either way; and what their listener is called unless it is said. */
#define LOCAL_VOTERS         "controller.quorum.voters"
#define LOCAL_QUORUM_SERVERS "controller.quorum.bootstrap.servers"
#define LOCAL_CONTROLLER     "CONTROLLER"

/* Makes the folder and those above it. */
int local_make_dirs(const char *path, struct err *e) MUSTCHECK;
/* A folder and all in it, whoever made it. */
void local_remove_tree(const char *dir);

/* That process has the file open. */
bool local_has_open(pid_t pid, const char *path);
/* This process made the throw-away folder, and holds it. */
bool local_is_own_temp(const char *dir);
/* Is the folder's lock held? */
bool local_locked(const char *data);

/* A port of loopback that nobody listens on now, below those that the system gives to outgoing
 * connections as long as one is found there. */
int local_free_port(struct loop *l, uint16_t *out, struct err *e) MUSTCHECK;
/* Could a broker listen there now? ERR_IN_USE, or why not. "" is loopback. */
int local_try_port(struct loop *l, const char *host, uint16_t port, struct err *e) MUSTCHECK;

struct local_node {
	int32_t id;
	uint16_t port;      /* for clients */
	const char *quorum; /* the line that says who the controllers are */
	uint16_t http;      /* 0: none */
	bool faults;        /* kdeck.faults.enable */
};
/* What every file of settings begins with. */
#define LOCAL_HEAD \
	"# A broker that kdeck started. kdeck-broker --print-config shows every setting.\n"
/* Makes DIR/broker-ID of a broker without a vote. */
int local_prepare(const char *dir, const struct local_node *n, struct err *e) MUSTCHECK;
/* A file that must not be there yet; half of it never stays. */
int local_write_new(const char *path, const struct buf *text, struct err *e) MUSTCHECK;

/* A descriptor of the process that holds the broker's folder: it cannot come to mean another
 * process. ERR_CLOSED, ERR_DENIED or ERR_IO with e. */
int local_open_process(const struct local_broker *b, struct err *e) MUSTCHECK;
/* SIGKILL and the like to such a descriptor. ERR_CLOSED: it has gone. */
int local_signal(int pidfd, int signum);
/* Broker ID of DIR, looked up; c is to be ended whatever comes back. NULL with e. */
const struct local_broker *local_get(
	struct local_cluster *c, const char *dir, int32_t id, struct err *e) MUSTCHECK;

#endif
