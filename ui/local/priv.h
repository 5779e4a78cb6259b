/* What the files of ui/local share. */
#ifndef LOCAL_PRIV_H
#define LOCAL_PRIV_H

#include "local/local.h"

/* One setting of a broker's properties file that is asked for. */
struct local_setting {
	const char *key;
	char *value; /* NULL: the file does not have it; heap, the caller's */
};
/* Fills in what the file has; the last of several counts. A file that cannot be read has nothing.
 */
void local_settings_read(const char *path, struct local_setting *s, size_t n);

/* Makes the folder and those above it. */
int local_make_dirs(const char *path, struct err *e) MUSTCHECK;
/* A folder and all in it, whoever made it. */
void local_remove_tree(const char *dir);

/* A descriptor of the process that holds the broker's folder: it cannot come to mean another
 * process. ERR_CLOSED, ERR_DENIED or ERR_IO with e. */
int local_open_process(const struct local_broker *b, struct err *e) MUSTCHECK;
/* SIGKILL and the like to such a descriptor. ERR_CLOSED: it has gone. */
int local_signal(int pidfd, int signum);
/* Broker ID of DIR, looked up; c is to be ended whatever comes back. NULL with e. */
const struct local_broker *local_get(
	struct local_cluster *c, const char *dir, int32_t id, struct err *e) MUSTCHECK;

#endif
