/* A cluster of `kdeck up`, started from the console without making it wait. */
#ifndef APP_START_H
#define APP_START_H

#include "base/err.h"

struct loop;
struct start;

/* e NULL: it runs at that address. Lent. Comes once; start_free is allowed in it. */
typedef void start_fn(void *arg, const char *address, const struct err *e);

/* Runs `kdeck up`. NULL with e. */
struct start *start_cluster(struct loop *l, start_fn *fn, void *arg, struct err *e) MUSTCHECK;
/* Forgets it: what was begun goes on. NULL is allowed. */
void start_free(struct start *s);

/* What a command without -b goes to: the cluster of kdeck up while it runs, else 127.0.0.1:9092;
 * heap. */
char *default_bootstrap(void);

#endif
