/* -daemon of Kafka's start scripts: the program goes on in the background. */
#ifndef SERVER_DAEMON_H
#define SERVER_DAEMON_H

#include "base/err.h"

/*
 * Returns in the process that goes on: it has left the terminal's session and all that its caller
 * gave it. Its input is /dev/null; its standard output and error are heard by the process that was
 * called, which prints the errors. That one stays until the first line comes and exits 0 then, or
 * with what the other exits with; after a while it leaves it to itself.
 * To be called while there is one thread and no loop. ERR_IO: nothing was started.
 */
int daemon_begin(struct err *e) MUSTCHECK;
/* Lets the process that was called go: the ready line has been said. No effect without
 * daemon_begin. */
void daemon_ready(void);

#endif
