/* Believable sample records for the demo: a shop's orders, what visitors look at, sensors. */
#ifndef APP_SAMPLES_H
#define APP_SAMPLES_H

struct loop;
struct source;
struct samples;

#define SAMPLE_TOPICS 3

/* Creates the topics and keeps records coming. Strings are copied. */
struct samples *samples_start(struct loop *l, struct source *s, const char *bootstrap);
/* NULL is allowed. */
void samples_stop(struct samples *s);

#endif
