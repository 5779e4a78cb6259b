/* What the other files of this folder need of the loop's inside. */
#ifndef IO_LOOP_IMPL_H
#define IO_LOOP_IMPL_H

#include <uv.h>

struct loop;

/* For libuv's look-up of names; the loop's owner stays src/io/loop.c. */
uv_loop_t *loop_uv(struct loop *l);

/* The place for what waits for this loop's children (child.c); loop_free frees it. */
struct reaper;
struct reaper **loop_reaper(struct loop *l);
void reaper_free(struct reaper *r);

#endif
