/*
 * Faults that a test can plant, to show that it would find them. In the programs there are none:
 * PLANTED is false there, whatever is asked.
 */
#ifndef GROUP_PLANTED_H
#define GROUP_PLANTED_H

enum group_fault {
	FAULT_NONE,
	FAULT_ACK_BEFORE_STORED, /* a commit is answered before its record is in the log */
	FAULT_STALE_SYNC,        /* SyncGroup does not look at the generation */
	FAULT_GENERATION_STANDS, /* a rebalance among as many members keeps the generation */
};

#ifdef GROUP_PLANTED
extern enum group_fault group_planted;
#define PLANTED(fault) (group_planted == (fault))
#else
#define PLANTED(fault) 0
#endif

#endif
