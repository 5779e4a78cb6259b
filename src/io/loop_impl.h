/* What the other files of this folder need of the loop's inside. */
#ifndef IO_LOOP_IMPL_H
#define IO_LOOP_IMPL_H

struct loop;

/* The place for what waits for this loop's children (child.c), and what frees it with the loop. */
struct loop_children {
	void *p; /* NULL: nothing yet */
	void (*free)(void *p);
};
struct loop_children *loop_children(struct loop *l);

#endif
