/* Believable sample records for the demo: a shop's orders, what visitors look at, sensors; and the
 * groups that read them: one keeps up, one does not, one has gone. */
#ifndef APP_SAMPLES_H
#define APP_SAMPLES_H

#include <stddef.h>

struct lab;
struct loop;
struct source;
struct samples;

#define SAMPLE_TOPICS 3
#define SAMPLE_GROUPS 3

/* Creates the topics, with three replicas where there are as many brokers, and keeps records
 * coming; the readers are members of the lab. Strings are copied. */
struct samples *samples_start(
	struct loop *l, struct source *s, struct lab *lab, const char *bootstrap, size_t brokers);
/* NULL is allowed. */
void samples_stop(struct samples *s);

#endif
