/* What the other files of this folder need of the loop's inside. */
#ifndef IO_LOOP_IMPL_H
#define IO_LOOP_IMPL_H

struct loop;

/* The place for what waits for this loop's children (child.c); loop_free frees it. */
struct reaper;
struct reaper **loop_reaper(struct loop *l);
void reaper_free(struct reaper *r);

#endif
