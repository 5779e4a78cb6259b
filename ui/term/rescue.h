/*
 * Gives the terminal back when the program cannot do it in order: fatal signals, signals that end
 * a program and that nobody here handles, exhausted memory. Everything is prepared beforehand,
 * because a signal handler may only write. Process-wide; term_emergency() (term.h) does it.
 */
#ifndef TERM_RESCUE_H
#define TERM_RESCUE_H

#include <stdbool.h>
#include <termios.h>

/* What was there before, to be put back. */
struct rescue {
	int in_fd, out_fd;
	bool has_modes;
	struct termios modes; /* of in_fd */
	int flags;            /* of in_fd; -1: not known */
	char bytes[512];      /* what ends our modes and leaves the other screen */
	unsigned n;
};

/* Copies r; from here on signals give the terminal back. Handlers that are not the default ones
 * (but for crashes) are left alone. */
void rescue_arm(const struct rescue *r);
/* The terminal was given back for a while, or taken again. */
void rescue_hold(bool armed);
/* Handlers go. */
void rescue_disarm(void);

/* All of it, a few seconds at most for a terminal that takes nothing; false when it did not. */
bool rescue_write(int fd, const void *p, unsigned long n);

#endif
