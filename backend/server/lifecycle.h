/*
 * The broker's life in the cluster: it registers (a new incarnation of its folder takes over from
 * the old one), opens its partitions, tells the active controller that it lives, takes clients once
 * it is admitted, and asks to be let go when it stops.
 *
 *   IDLE --caught up--> REGISTERING --own image has it--> ENTERING --not fenced--> SERVING
 *                                                                                     |
 *                                                              LEFT <--leaders moved-- LEAVING
 *                                                                     or nobody answers
 *
 * Heartbeats go out at intervals, and at once when anything has changed: another controller, the
 * connection to it ended, this broker was fenced. A controller that does not know this incarnation
 * any more makes it register again, while it serves; so does, once, another incarnation of its
 * folder: a dead one's request may have come late.
 */
#ifndef SERVER_LIFECYCLE_H
#define SERVER_LIFECYCLE_H

#include <stdbool.h>

struct lifecycle;
struct server;

struct lifecycle *lifecycle_new(struct server *s);
/* NULL is allowed, as in all that tell it something. */
void lifecycle_free(struct lifecycle *l);
/* The image has what was committed before this start. */
void lifecycle_begin(struct lifecycle *l);
/* The image has moved. */
void lifecycle_applied(struct lifecycle *l);
/* There may be another controller. */
void lifecycle_look(struct lifecycle *l);
/* Of one that serves: leadership moves away; server_left() is called when it has, also when nobody
 * takes it. */
void lifecycle_leave(struct lifecycle *l);

#endif
