/*
 * Faults that a test can plant, to show that it would find them. In the programs there are none:
 * REPL_PLANTED is false there, whatever is asked.
 */
#ifndef REPL_PLANTED_H
#define REPL_PLANTED_H

enum repl_fault {
	REPL_FAULT_NONE,
	/* A follower cuts its log at its high watermark, as before KIP-101, and asks no epochs. */
	REPL_FAULT_TRUNCATE_TO_HW,
	/* The high watermark does not wait for members of the ISR that are behind. */
	REPL_FAULT_ISR_BEHIND,
	/* A leader counts a shrunken ISR before the controller has agreed. */
	REPL_FAULT_STALE_LEADER,
};

#ifdef KDECK_PLANTED
extern enum repl_fault repl_planted;
#define REPL_PLANTED(fault) (repl_planted == (fault))
#else
#define REPL_PLANTED(fault) 0
#endif

#endif
