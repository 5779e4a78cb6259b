/* What the other files of this folder need of the loop's inside. */
#ifndef IO_LOOP_IMPL_H
#define IO_LOOP_IMPL_H

#include <uv.h>

struct loop;

/* For libuv's look-up of names; the loop's owner stays src/io/loop.c. */
uv_loop_t *loop_uv(struct loop *l);

#endif
